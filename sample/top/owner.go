package top

import (
	"bytes"
	"slices"
	"strings"

	"hypervisor-tui/sample/procfile"
)

// owner returns the systemd unit, or the UID of the pod, that a process belongs to by /proc/PID/cgroup. Of the trees of
// cgroups that is v2's, or else systemd's own. The way up to another branch, as a container with a namespace of its own sees
// it, and the mark of a cgroup that is gone are no part of a name.
//
// Kernel: cgroups(7)
func owner(text []byte) (unit, pod string) {
	var path []byte
	for line := range procfile.Lines(text) {
		_, rest, _ := bytes.Cut(line, []byte(":"))
		controllers, dir, ok := bytes.Cut(rest, []byte(":"))
		if ok && len(dir) > 1 && (len(controllers) == 0 || len(path) == 0 && string(controllers) == "name=systemd") {
			path = dir
		}
	}
	name := strings.TrimLeft(strings.TrimSuffix(procfile.Clean(path), " (deleted)"), "./")
	parts := strings.Split(name, "/")
	if at := slices.IndexFunc(parts, isKubepods); at >= 0 && parts[0] != "user.slice" {
		for _, part := range parts[at:] {
			if uid := podUID(part); uid != "" {
				return "", uid
			}
		}
		return "", ""
	}
	for _, part := range parts {
		if !strings.HasSuffix(part, ".slice") {
			if strings.Contains(part, ".") {
				unit = part
			}
			break // what lies below is the unit's own
		}
	}
	return unit, ""
}

func isKubepods(part string) bool { return strings.HasPrefix(part, "kubepods") }

// podUID is the UID that the kubelet has put into the name of a pod's cgroup: pod<uid>, or for systemd
// kubepods-burstable-pod<uid>.slice with underscores. It is empty without one.
func podUID(part string) string {
	name := strings.TrimSuffix(part, ".slice")
	at := strings.LastIndex(name, "pod")
	if at < 0 || at > 0 && name[at-1] != '-' {
		return ""
	}
	return strings.ReplaceAll(name[at+len("pod"):], "_", "-")
}
