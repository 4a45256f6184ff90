package config

import (
	"time"

	"hypervisor-tui/screens/pages"
)

// allTab is the name of the first tab; no entry of logs may take it.
const allTab = "All"

// Rescue is the profile for little memory.
const Rescue = "rescue"

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

// key is one key of the configuration file. The reader, docs/config.md and config.example.yaml are held to the same
// rows by tests.
type key struct {
	name     string // dotted where mappings nest
	fallback string // the default as the file would write it; empty: must be given
	value    value  // what it may be and where it goes
	doc      string
}

// keys lists every key of the file, bound to c. Rows keep the order of docs/config.md.
func (c *Config) keys() []key {
	t := &c.Thresholds
	return []key{
		{"refreshInterval", "2s", duration(&c.RefreshInterval, time.Second, time.Minute),
			"Time between two samples of the host. The clock on screen moves each second all the same."},
		{"logBufferSize", "10000", whole(&c.LogBufferSize, 100, 1_000_000),
			"Log entries kept in memory, about 300 bytes each. Profile rescue makes the default " + rescueLogBuffer + "."},
		{"screen", "dashboard", oneOf(&c.Screen, pages.Names()...),
			"The first screen; the flag --screen goes before it."},
		{"theme", "auto", oneOf(&c.Theme, "auto", "dark", "light", "mono"),
			"Colours. auto takes what the terminal has; light on a Linux console sets its palette too; NO_COLOR in the environment means mono."},
		{"glyphs", "auto", oneOf(&c.Glyphs, "auto", "unicode", "vt", "ascii"),
			"Characters for lines and gauges. auto asks the console which ones its font has."},
		{"size", "null", orNull(size(&c.Size)),
			"Columns x rows for a terminal that does not know its size. null asks it."},
		{"quit", "true", truth(&c.Quit),
			"Whether q ends the program. The NixOS module sets false: a console has nothing behind it."},
		{"profile", "full", oneOf(&c.Profile, "full", Rescue),
			"rescue keeps memory small, for a rescue system of 128 MiB: fewer log entries, no cluster."},
		{"kubeconfigPath", "null", orNull(absolutePath(&c.KubeconfigPath)),
			"Credentials for the cluster. null looks in the places where k3s and kubeadm put them."},
		{"logs", defaultLogs, logList(&c.Logs),
			"The tabs of the log screen after " + allTab + ". A list here replaces the default one."},
		{"interfaces.deny", "[veth*, cali*, lxc*]", globs(&c.Interfaces.Deny),
			"Interfaces, by name, that are folded into a count."},
		{"filesystems.deny", "[]", globs(&c.Filesystems.Deny),
			"Filesystems, by mount point, that are left out. * does not cross a slash."},
		{"thresholds.cpu.warn", "90", whole(&t.CPU.Warn, 1, 100), "Percent busy from which the CPU is a warning."},
		{"thresholds.cpu.critical", "98", whole(&t.CPU.Critical, 1, 100), "Percent busy from which it is critical."},
		{"thresholds.memory.warn", "90", whole(&t.Memory.Warn, 1, 100), "Percent used from which memory is a warning."},
		{"thresholds.memory.critical", "97", whole(&t.Memory.Critical, 1, 100), "Percent used from which it is critical."},
		{"thresholds.filesystem.warn", "85", whole(&t.Filesystem.Warn, 1, 100),
			"Percent used, of bytes or of inodes, from which a filesystem is a warning."},
		{"thresholds.filesystem.critical", "95", whole(&t.Filesystem.Critical, 1, 100),
			"Percent used from which it is critical."},
		{"baud", "null", orNull(whole(&c.Baud, 300, 4_000_000)),
			"Speed of a serial line in bits a second; the picture is sent no faster. null asks the terminal."},
		{"login", "false", truth(&c.Login),
			"Whether F12 or Ctrl-] and then y ends the program with exit code 3, for a unit that starts a login prompt on this terminal. Never over SSH."},
		{"palette", "null", orNull(colours(&c.Palette)),
			"Colours of a Linux console: black, red, green, yellow, blue, magenta, cyan, white, then the bright ones. null keeps the console's own."},
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
