package config

import (
	"path"
	"slices"
	"strings"

	"hypervisor-tui/journal"
)

// allTab is the name of the first tab; no entry of logs may take it.
const allTab = "All"

// rescueLogBuffer is logBufferSize under profile rescue, unless the file sets it: about 0.6 MiB.
const rescueLogBuffer = "2000"

// defaultLogs are the logs where k3s, kubeadm and KubeVirt put them. k3s has the kubelet within k3s.service and lets
// containerd write a file; KubeVirt runs in pods, whose output the kubelet keeps under /var/log/pods.
const defaultLogs = `
- {name: k3s, journalUnits: [k3s, k3s-agent]}
- {name: kubelet, journalUnits: [kubelet]}
- {name: containerd, journalUnits: [containerd], files: [/var/lib/rancher/k3s/agent/containerd/containerd.log]}
- {name: virt-handler, journalUnits: [virt-handler], files: [/var/log/pods/kubevirt_virt-handler-*/virt-handler/*.log]}
- name: kubevirt
  files:
  - /var/log/pods/*_virt-launcher-*/compute/*.log
  - /var/log/pods/kubevirt_virt-api-*/virt-api/*.log
  - /var/log/pods/kubevirt_virt-controller-*/virt-controller/*.log
  - /var/log/pods/kubevirt_virt-operator-*/virt-operator/*.log
- {name: kernel, journalUnits: [kernel]}
`

// Logging is what the log and its sources go by.
type Logging struct {
	LogBufferSize int   // entries that the ring keeps
	Logs          []Log // the tabs of the log screen after All
}

// Log is one tab of the log screen. It has units, or files, or both.
type Log struct {
	Name         string
	JournalUnits []string // without .service
	Files        []string // absolute patterns in the sense of path.Match
	Format       string   // auto, cri or plain
}

func (l *Logging) keys() []key {
	return []key{
		{"logBufferSize", "10000", whole(&l.LogBufferSize, 100, 1_000_000),
			"Log entries kept in memory, about 300 bytes each. Profile rescue makes the default " + rescueLogBuffer + "."},
		{"logs", defaultLogs, entries(&l.Logs, maxLogs, (*Log).keys, func(l *Log) string { return l.Name }, (*reader).following),
			"The tabs of the log screen after " + allTab + ". A list here replaces the default one."},
	}
}

// keys lists the keys of one entry of logs, bound to l.
func (l *Log) keys() []key {
	return []key{
		{"name", "", label(&l.Name), "Title of the tab."},
		{"journalUnits", "null", orNull(unitNames(&l.JournalUnits)),
			"systemd units, with or without .service, or syslog identifiers; kernel is the kernel's own log."},
		{"files", "null", orNull(filePatterns(&l.Files)),
			"Log files, followed through their rotation and compressed ones left out; * does not cross a slash."},
		{"format", "auto", oneOf(&l.Format, "auto", "cri", "plain"),
			"How the lines of files are read; see below."},
	}
}

// following finds a tab that has no source.
func (r *reader) following(l *Log, at string, line int) {
	if len(l.JournalUnits)+len(l.Files) == 0 {
		r.problem(line, "%s has neither journalUnits nor files: the tab would stay empty", at)
	}
}

// podLogs is where the kubelet keeps the logs of pods: below it NAMESPACE_POD_UID/CONTAINER/RESTART.log.
//
// Kubernetes: pkg/kubelet/kuberuntime/helpers.go, BuildPodLogsDirectory
const podLogs = "/var/log/pods/"

// PodLog returns an entry of logs with the log files of a pod. It is false where c has one already that follows them, and
// for what can be the name of no pod.
func PodLog(c Config, namespace, name string) (Log, bool) {
	const allowed = "abcdefghijklmnopqrstuvwxyz0123456789-."
	if namespace == "" || name == "" || strings.Trim(namespace+name, allowed) != "" {
		return Log{}, false
	}
	dir := namespace + "_" + name + "_"
	for _, l := range c.Logs {
		for _, pattern := range l.Files {
			pods, below := strings.CutPrefix(pattern, podLogs)
			pods, _, _ = strings.Cut(pods, "/")
			if followed, err := path.Match(pods, dir+"uid"); below && followed && err == nil {
				return Log{}, false
			}
		}
	}
	return Log{Name: "pod log", Files: []string{podLogs + dir + "*/*/*.log"}, Format: "auto"}, true
}

// Tabs returns the tabs of the log screen: All, then those of c.Logs in their order.
func Tabs(c Config) []journal.Tab {
	tabs := []journal.Tab{{Name: allTab}}
	for _, l := range c.Logs {
		tab := journal.Tab{Name: l.Name, Units: l.JournalUnits}
		if len(l.Files) > 0 && !slices.Contains(tab.Units, l.Name) {
			tab.Units = append(slices.Clone(tab.Units), l.Name) // what is read from files goes by the tab's name
		}
		tabs = append(tabs, tab)
	}
	return tabs
}
