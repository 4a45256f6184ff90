package qemu

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"hypervisor-tui/sample/procfile"
)

const (
	cgroup2 = "/sys/fs/cgroup"

	whyCgroup1  = "cgroup v1: only v2 says what one VM reads and writes"
	whyNoIO     = "its cgroup has no io.stat: the io controller is off"
	whyNoCgroup = "it has no cgroup of its own"
	whyOutside  = "its cgroup lies outside of those seen from here"
	whyShared   = "it shares its cgroup with another VM"
)

// parseCgroup returns the path in the v2 tree according to /proc/PID/cgroup. It is empty without one, and when
// a v1 tree has the block devices: then v2's says nothing of them.
//
// Kernel: Documentation/admin-guide/cgroup-v2.rst, cgroups(7)
func parseCgroup(text []byte) string {
	var path string
	for line := range procfile.Lines(text) {
		_, rest, _ := bytes.Cut(line, []byte(":"))
		controllers, dir, ok := bytes.Cut(rest, []byte(":"))
		switch {
		case !ok:
		case len(controllers) == 0 && bytes.HasPrefix(dir, []byte("/")):
			path = string(dir)
		case bytes.Contains(controllers, []byte("blkio")):
			return ""
		}
	}
	return path
}

// ofTheHost reports whether /proc/PID/cgroup places a process in a machine of libvirt's, in a service or in somebody's
// login, and not in a pod, whose cgroup the kubelet calls kubepods wherever that lies.
func ofTheHost(text []byte) bool {
	if bytes.Contains(text, []byte("kubepods")) {
		return false
	}
	for _, place := range []string{":/machine", ":/qemu.slice", ":/user.slice", ".service"} {
		if bytes.Contains(text, []byte(place)) {
			return true
		}
	}
	return false
}

// rank is who has put a process where it is: the lower ones are shown first.
type rank uint8

const (
	ofManager rank = iota // one that runs virtual machines: kubelet, libvirt, Proxmox
	ofSystem
	ofUser // anybody who has logged in
)

// rankOf says it by /proc/PID/cgroup. Below its own slice a user may call cgroups whatever it likes.
func rankOf(text []byte) rank {
	switch {
	case bytes.Contains(text, []byte(":/user.slice")):
		return ofUser
	case bytes.Contains(text, []byte("kubepods")) || ofVMs(text):
		return ofManager
	}
	return ofSystem
}

// ofVMs reports whether /proc/PID/cgroup places a process where virtual machines are put: libvirt's, Proxmox' and
// microvm.nix' scopes and services. A pod may hold anything.
func ofVMs(text []byte) bool {
	if bytes.Contains(text, []byte(":/user.slice")) {
		return false
	}
	for _, place := range []string{":/machine", ":/qemu.slice", "/machine-qemu", "/microvm@"} {
		if bytes.Contains(text, []byte(place)) {
			return true
		}
	}
	return false
}

// ownCgroup cuts path behind the part that is all a VM's: its pod, or else its scope or service. It is empty when there
// is no such part. A login session's scope has everything in it that was started there.
func ownCgroup(path string) string {
	if strings.HasPrefix(path, "/user.slice") {
		return ""
	}
	own := 0
	pods := strings.HasPrefix(path, "/kubepods") || strings.Contains(path, "/kubelet")
	for end := 1; end <= len(path); end++ {
		if end < len(path) && path[end] != '/' {
			continue
		}
		part := path[strings.LastIndexByte(path[:end], '/')+1 : end]
		if pods && (strings.HasPrefix(part, "pod") || strings.Contains(part, "-pod")) {
			return path[:end]
		}
		if strings.HasSuffix(part, ".scope") || strings.HasSuffix(part, ".service") {
			own = end
		}
	}
	if pods {
		return ""
	}
	return path[:own]
}

// findCgroup returns the directory whose io.stat counts for the process of that path: its own cgroup, or the nearest
// one above it that has the file, as far as all in it belongs to the VM.
func findCgroup(root, path string) (dir, why string) {
	switch {
	case path == "":
		return "", whyCgroup1
	case strings.HasPrefix(path, "/.."):
		return "", whyOutside
	case ownCgroup(path) == "":
		return "", whyNoCgroup
	}
	for top := ownCgroup(path); len(path) >= len(top); path = path[:strings.LastIndexByte(path, '/')] {
		if unix.Access(root+cgroup2+path+"/io.stat", unix.F_OK) == nil {
			return cgroup2 + path, ""
		}
	}
	return "", whyNoIO
}

// ioDevice is what a cgroup has read from and written to one block device.
type ioDevice struct {
	major, minor uint64
	read, write  uint64 // bytes
}

// parseIOStat appends the devices of a cgroup's io.stat to d. Some kernels put the number of a device without figures
// in front of the next one's, on one line.
//
// Kernel: Documentation/admin-guide/cgroup-v2.rst, "IO Interface Files"
func parseIOStat(text []byte, d []ioDevice) ([]ioDevice, error) {
	for line := range procfile.Lines(text) {
		var v ioDevice
		figures := 0
		for {
			var word []byte
			if word, line = procfile.CutWord(line); len(word) == 0 {
				break
			}
			key, figure, pair := bytes.Cut(word, []byte("="))
			var err error
			switch {
			case !pair:
				v.major, v.minor, err = parseDevice(word)
			case string(key) == "rbytes":
				v.read, err = procfile.Number(figure)
				figures++
			case string(key) == "wbytes":
				v.write, err = procfile.Number(figure)
				figures++
			}
			if err != nil {
				return d, err
			}
		}
		if figures > 0 {
			d = append(d, v)
		}
	}
	return d, nil
}

// parseDevice parses the major:minor of a block device.
func parseDevice(word []byte) (major, minor uint64, err error) {
	first, second, ok := bytes.Cut(word, []byte(":"))
	if !ok {
		return 0, 0, procfile.ErrNumber
	}
	if major, err = procfile.Number(first); err != nil {
		return 0, 0, err
	}
	minor, err = procfile.Number(second)
	return major, minor, err
}

// growth is by how much the counters of several devices have grown.
type growth struct {
	low, high uint64 // of those that lie on no other, together, and the most of each that does
	back      bool   // one has gone back: nobody knows
}

func (g *growth) add(before, now uint64, stacked bool) {
	switch {
	case now < before:
		g.back = true
	case stacked:
		g.high = max(g.high, now-before)
	default:
		g.low += now - before
	}
}

func (g *growth) count() procfile.Count {
	if g.back {
		return procfile.Count{}
	}
	return procfile.Known(max(g.low, g.high))
}

// grownIO returns the bytes between two looks at one io.stat. A device that was not there before has counted from 0.
//
// Where devices lie on others the same bytes are counted in each layer, but not always: what dm-crypt and RAID 5 write
// below is a kernel thread's. So it is the most of what went to the devices that lie on no other, together, and to each
// of those that do.
func grownIO(before, now []ioDevice, stacked []uint64) (read, written procfile.Count) {
	var r, w growth
	for i := range now {
		d := &now[i]
		var was ioDevice
		for j := range before {
			if before[j].major == d.major && before[j].minor == d.minor {
				was = before[j]
				break
			}
		}
		high := slices.Contains(stacked, d.major)
		r.add(was.read, d.read, high)
		w.add(was.write, d.write, high)
	}
	return r.count(), w.count()
}

// parseStacked returns the major numbers of the drivers whose block devices lie on others, according to /proc/devices.
//
// Kernel: Documentation/filesystems/proc.rst
func parseStacked(text []byte) []uint64 {
	_, text, _ = bytes.Cut(text, []byte("Block devices:"))
	var majors []uint64
	for line := range procfile.Lines(text) {
		figure, rest := procfile.CutWord(line)
		name, _ := procfile.CutWord(rest)
		switch string(name) {
		case "device-mapper", "md", "mdp", "loop", "bcache", "drbd":
			if major, err := procfile.Number(figure); err == nil {
				majors = append(majors, major)
			}
		}
	}
	return majors
}
