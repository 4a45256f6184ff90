// Package frame is all that the screens may draw, gathered for one frame, and what is wrong in it. It is pure: the
// collector fills a Snapshot, a Tracker derives what follows from it, the screens and the --json report read it.
package frame

import (
	"slices"
	"strings"
	"time"

	"hypervisor-tui/act"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/kube"
	"hypervisor-tui/peer"
	"hypervisor-tui/plugin"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/qemu"
	"hypervisor-tui/sample/textfile"
	"hypervisor-tui/sample/top"
)

// The pages that problems send to, by their names.
const (
	Logs      = "logs"
	Dashboard = "dashboard"
	Network   = "network"
	Nodes     = "nodes"
	Checks    = "checks"
)

// Snapshot is what is known of one host at one time. Whoever gets one may read it until he asks for the next; Tracker.Derive
// fills in what follows from the rest.
type Snapshot struct {
	Now       time.Time        // wall clock, in the zone that is shown
	Boot      time.Duration    // CLOCK_BOOTTIME: every age is counted from this
	Tick      uint64           // rises once a second, while this program runs
	Host      *sample.Host     // nil before the first sample
	Net       *sample.Net      // nil before the first sample
	VMs       *qemu.VMs        // nil before the first sample
	Counters  *sample.Counters // nil before the first sample, and for a reader that does not want them
	Units     *sample.Units    // nil before systemd was asked
	Processes *top.Processes   // nil before a page has shown some; read while a page or an overlay that is shown has ShowsProcesses
	System    *sample.System
	Kube      *kube.State           // nil before the first look
	Peers     *peer.State           // the other nodes by what they say themselves; nil: peers are off, or nothing is known yet
	Checks    *plugin.State         // what the plugins report; nil: there are none, or nothing is known yet
	Usages    *peer.Usages          // what Prometheus has of the nodes that are shown whole; nil: prometheus.url is not set
	Page      *journal.Page         // nil before the first answer
	Kernel    []journal.KernelEvent // ordered by their time, also of boots before
	Acted     []journal.Action      // what the helper has done, as it was read
	Actions   *Actions              // what it has left behind; nil: actions are off, or nothing is known yet
	Settings  *Settings             // what the configuration says
	Sampling  Busy                  // the sample that is under way
	Logging   Busy                  // the turn of the log's owner that is under way
	Final     bool                  // nothing is waited for any more: what has not answered by now is not answering

	Guests     []Guest           // derived: the VMs of both sides, by namespace and name
	Nodes      []Node            // derived: the nodes of both sides, worst first; nil: none is known one by one, or nobody looks
	Sources    []Source          // derived
	Problems   []Problem         // derived, worst first
	LateSince  time.Duration     // derived: CLOCK_BOOTTIME since which samples should have come; 0: they come
	Alerts     []Alert           // those that live first, worst first, then those that are over, newest first
	MoreAlerts int               // that live and are not among Alerts: there are too many
	Events     []Event           // of the last ten minutes, oldest first
	Watched    time.Duration     // CLOCK_BOOTTIME from which on events were looked for, where that is not ten minutes ago; 0: it is
	Textfiles  *textfile.Figures // what other programs left for the exporter; nil: it is off, or nothing is known yet
	Recording  *Source           // how recording goes; nil: it is off
	LastRun    *LastRun          // nil: nothing is recorded of the boot before, or it is not read yet
	Past       *Past             // nil: the snapshot is of now
}

// Frame is a Snapshot as one session shows it. The session owns it and fills it anew for each frame.
type Frame struct {
	Snapshot
	Self Self
	Bell Bell
	Act  *act.Dialogue // with the helper; nil: it is not asked

	Leaving time.Duration // until this session ends, for nobody has touched a key; 0: it does not, or not soon
}

// Settings is what the configuration says to the screens. It is replaced, never changed.
type Settings struct {
	Version    string
	ConfigPath string   // empty: defaults, no file
	Banner     string   // why the configuration could not be used
	Notes      []string // what is worth knowing about this run: no time zone data, a directory that cannot be written
	Quit       bool     // q ends the program
	Login      bool     // F12 hands the terminal to a login prompt
	Viewer     string   // who looks at this host from elsewhere, through --serve; empty: this is a console of its own
	HideLogs   bool     // the messages of the log are not for who looks
	Visit      bool     // who looks may look at the consoles of other nodes from here
	Slow       bool     // the terminal is a slow line: what moves costs seconds
	Refresh    time.Duration
	Tabs       []string // names of the log tabs
	Followed   string   // what one of them was asked for: the log of a pod, namespace/name, or of a unit; empty: none was
	FollowedAt int      // which
	CPU        Limits
	Memory     Limits
	Filesystem Limits
	HideLinks  []string // globs of interfaces that are folded into a count
	Plugins    int      // that are configured
	Rescue     bool     // it is the profile of a rescue system, in which no plugin is run
	Terminal   string   // TERM, glyph tier, theme and baud, for the sources overlay
}

// Actions is what the helper has left behind: a drain that was begun and has not ended, though nobody does it any more.
type Actions struct {
	Health  health.Health
	Path    string    // where it notes that
	Stopped string    // the node; empty: nothing
	At      string    // how far it was: "at 12 of 37"; empty: not known
	Begun   time.Time // wall clock
}

// Limits are the shares, in percent, from which on a value is worth a look and critical, and by how much it is to fall below
// one until it is not so any more.
type Limits struct{ Warn, Critical, Margin float64 }

// Self is what this program uses and did.
type Self struct {
	RSS        uint64  // bytes
	CPU        float64 // seconds since its start
	Goroutines int
	Frames     uint64 // drawn
	Skipped    uint64 // not drawn because the terminal was busy
	Crashes    uint64 // panics caught in panels and workers
	Viewers    int    // who look through --serve
}

// Source is one row of the sources overlay.
type Source struct {
	Name   string
	Health health.Health
	Detail string
}

// sampleNames are the names of the host's sources.
var sampleNames = [sample.SourceCount]string{
	sample.Uptime: "uptime", sample.Loadavg: "load", sample.Stat: "cpu", sample.Meminfo: "memory",
	sample.Pressure: "pressure", sample.Diskstats: "disks", sample.Filesystems: "filesystems",
	sample.Sensors: "sensors", sample.Identity: "identity", sample.NetDev: "interface counters",
	sample.Links: "links", sample.Sockets: "sockets", sample.Huge: "huge pages", sample.Frequency: "CPU frequency",
	sample.Arrays: "md arrays", sample.Pools: "ZFS pools", sample.EDAC: "memory errors", sample.VMStat: "OOM kills", sample.QEMU: "VMs",
}

// SourceName is what a source of the host is called.
func SourceName(s sample.Source) string { return sampleNames[s] }

var sampleDetails = [sample.SourceCount]string{
	sample.Uptime: "/proc/uptime", sample.Loadavg: "/proc/loadavg", sample.Stat: "/proc/stat",
	sample.Meminfo: "/proc/meminfo", sample.Pressure: "/proc/pressure", sample.Diskstats: "/proc/diskstats",
	sample.Filesystems: "statfs of each mount", sample.Sensors: "/sys/class/hwmon",
	sample.Identity: "os-release, DMI", sample.NetDev: "/proc/net/dev", sample.Links: "rtnetlink, ethtool",
	sample.Sockets: "/proc/net/sockstat, snmp, conntrack", sample.Huge: "/sys/kernel/mm/hugepages",
	sample.Frequency: "cpufreq, /proc/cpuinfo", sample.Arrays: "/proc/mdstat", sample.Pools: "/proc/spl/kstat/zfs",
	sample.EDAC: "/sys/devices/system/edac", sample.VMStat: "/proc/vmstat", sample.QEMU: "QEMU processes",
}

// Recording is the name of the source that says how recording goes.
const Recording = "history"

// Processes is the name of the source that is read only while somebody looks.
const Processes = "processes"

const cluster = "kubernetes" // the name of its source

// sources lists every source of f in dst, which it reuses.
func (t *Tracker) sources(dst []Source, f *Snapshot) []Source {
	dst = dst[:0]
	for i := range sampleNames {
		s := Source{Name: sampleNames[i], Detail: sampleDetails[i]}
		switch {
		case f.Host != nil:
			s.Health = f.Host.Health[i]
		case f.LateSince != 0:
			markSample(f, &s.Health, sample.Source(i))
		}
		dst = append(dst, s)
	}
	if f.Page != nil {
		for i := range f.Page.Sources {
			s := Source{Name: f.Page.Sources[i].Name, Health: f.Page.Sources[i].Health, Detail: f.Page.Sources[i].Detail}
			if f.Logging.Since != 0 && f.Boot-f.Logging.Since > lateLog && s.Health.State == health.OK {
				s.Health.Bad(f.Logging.Since, notAnswering)
			}
			dst = append(dst, s)
		}
	}
	if f.Net != nil && f.Net.Services != nil && f.Net.Services.WhyFiles != "" {
		dst = append(dst, Source{Name: "network files", Detail: "resolv.conf, CNI",
			Health: health.Health{State: health.Failed, Since: f.Net.Services.FilesSince, Err: f.Net.Services.WhyFiles}})
	}
	dst = t.machineSources(dst, f)
	kubernetes := Source{Name: cluster}
	if f.Kube != nil {
		kubernetes.Health, kubernetes.Detail = f.Kube.Health, f.Kube.Kubeconfig
	}
	t.cluster.await(&kubernetes.Health, f.Kube == nil, lateCluster, f)
	dst = append(dst, kubernetes)
	for i := range dst {
		if h := &dst[i].Health; f.Final && h.State == health.Init && (dst[i].Name != Processes || f.Processes != nil) {
			h.Bad(f.Boot, notAnswering)
		}
	}
	return dst
}

// await says of a source that has never told anything that it does not answer, once it has had its time.
func (a *arrival) await(h *health.Health, silent bool, timeout time.Duration, f *Snapshot) {
	if silent && a.late(0, timeout, f) {
		h.Bad(f.Boot, notAnswering)
	}
}

// PrimaryAddress is the address that others reach this host by, without its prefix length, and its interface: the
// first global address of the interface that holds the default route (IPv4 before IPv6, lowest metric first), else
// the first global address there is. An interface without carrier comes behind all that lead to a cable with one.
// Empty: there is none.
func PrimaryAddress(n *sample.Net) (address, name string) {
	best := DefaultRoute(n)
	if best != nil && best.LinkDown {
		for _, l := range n.Interfaces {
			if l.AdminUp && l.Carrier && (l.Physical || len(l.More().Uplinks) > 0) {
				if a := globalAddress(n, l, false); a != "" {
					return a, l.Name
				}
			}
		}
	}
	if best != nil {
		if l := Link(n, best.Interface); l != nil {
			if a := globalAddress(n, l, best.Family == 6); a != "" {
				return a, l.Name
			}
		}
	}
	if !slices.ContainsFunc(n.Addresses, isGlobal) { // then none of thousands of links has one
		return "", ""
	}
	for _, l := range n.Interfaces {
		if a := globalAddress(n, l, false); a != "" {
			return a, l.Name
		}
	}
	return "", ""
}

func globalAddress(n *sample.Net, l *sample.Interface, v6First bool) string {
	found := ""
	for _, a := range n.Addresses[l.FirstAddress : l.FirstAddress+l.AddressCount] {
		if !isGlobal(a) {
			continue
		}
		if a.IPv6 == v6First {
			return bare(a.CIDR)
		}
		if found == "" {
			found = bare(a.CIDR)
		}
	}
	return found
}

func isGlobal(a sample.Address) bool { return a.Scope == "global" }

func bare(cidr string) string {
	address, _, _ := strings.Cut(cidr, "/")
	return address
}

// machineSources adds the sources beside the samples: systemd and the system's own files.
func (t *Tracker) machineSources(dst []Source, f *Snapshot) []Source {
	units := Source{Name: "units", Detail: "systemd over D-Bus"}
	if f.Units != nil {
		units.Health = f.Units.Health
	}
	nixos, clock, boot := Source{Name: "nixos", Detail: "/run/current-system"}, Source{Name: "clock", Detail: "adjtimex"}, Source{Name: "last boot"}
	if f.System != nil {
		nixos.Health, clock.Health, boot.Health = f.System.NixOS.Health, f.System.Clock.Health, f.System.LastBoot.Health
		boot.Detail = f.System.LastBoot.Why
	}
	t.units.await(&units.Health, f.Units == nil, lateUnits, f)
	t.nixos.await(&nixos.Health, f.System == nil, lateSystem, f)
	t.clock.await(&clock.Health, f.System == nil, lateSystem, f)
	t.lastBoot.await(&boot.Health, f.System == nil, lateSystem, f)
	top := Source{Name: Processes, Detail: "/proc/[pid]/stat, while some are shown"}
	if f.Processes != nil {
		top.Health = f.Processes.Health
	}
	dst = append(dst, units, nixos, clock, boot, top)
	if f.Peers != nil {
		dst = append(dst, Source{Name: "peers", Detail: f.Peers.Detail, Health: f.Peers.Health})
	}
	if f.Checks != nil {
		plugins := Source{Name: "plugins", Detail: f.Checks.Directory, Health: f.Checks.Health}
		t.checks.await(&plugins.Health, f.Checks.Health.State == health.Init, lateChecks, f)
		dst = append(dst, plugins)
	}
	if f.Actions != nil {
		dst = append(dst, Source{Name: "actions", Detail: f.Actions.Path, Health: f.Actions.Health})
	}
	if f.Textfiles != nil {
		dst = append(dst, Source{Name: "textfiles", Detail: f.Textfiles.Directory, Health: f.Textfiles.Health})
	}
	if f.Recording != nil {
		dst = append(dst, *f.Recording)
	}
	return dst
}
