package frame

import (
	"fmt"
	"math"
	"testing"
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample"
)

const now = 100 * time.Hour

// tracked is a snapshot with the tracker that follows it.
type tracked struct {
	Snapshot
	Tracker
}

// Derive derives as a subscriber does.
func (f *tracked) Derive() []Change { return f.Tracker.Derive(&f.Snapshot) }

// wellFrame is a host with nothing wrong.
func wellFrame() *tracked {
	good := health.Health{State: health.OK, At: now - time.Second, Since: time.Minute}
	f := &tracked{Snapshot: Snapshot{
		Boot: now,
		Host: &sample.Host{Memory: sample.Memory{Total: 1000, Used: 100}},
		Net:  &sample.Net{},
		Page: &journal.Page{Sources: []journal.SourceState{{Name: "journalctl", Health: good}}},
		Kube: &kube.State{Health: health.Health{State: health.Absent, Err: "no kubeconfig"}},
		Settings: &Settings{CPU: Limits{90, 98, 0}, Memory: Limits{90, 97, 5},
			Filesystem: Limits{85, 95, 2}},
	}}
	for i := range f.Host.Health {
		f.Host.Health[i] = good
	}
	return f
}

// find judges f as Derive does, with known as what was wrong before.
func find(known []Problem, f *tracked) []Problem {
	f.Sources = f.sources(f.Sources, &f.Snapshot)
	f.open = append(f.open[:0], known...)
	f.found = findProblems(f.found, &f.Snapshot, f.open)
	open, _ := f.Update(f.Boot, f.found)
	return open
}

// words is what a reader is told of the problems: severity, words and place of each.
func words(all []Problem) string {
	text := ""
	for i := range all {
		text += fmt.Sprintf("%s %s [%s]; ", all[i].Severity, all[i].AppendWhat(nil), all[i].Where)
	}
	return text
}

func filesystem(mount string, percent, inodes float64) sample.Filesystem {
	return sample.Filesystem{Mount: mount, UsedPercent: percent, InodesPercent: inodes, Health: health.Health{State: health.OK, At: now}}
}

func TestProblems(t *testing.T) {
	nan := math.NaN()
	hung := filesystem("/mnt", 99, nan)
	hung.Health = health.Health{State: health.Stale, At: now - time.Minute, Since: now - time.Minute, Err: "not answering"}
	broken := filesystem("/mnt", 50, nan)
	broken.Health = health.Health{State: health.Stale, At: now - time.Minute, Since: now - time.Minute, Err: "stale NFS file handle"}
	neverAnswered := filesystem("/mnt", 0, 0)
	neverAnswered.Health = health.Health{State: health.Failed, Since: now, Err: "not answering"}
	image := filesystem("/nix/.ro-store", 100, 100)
	image.ReadOnly = true
	closed := filesystem("/srv/closed", 99, 99)
	closed.Health.Gone(now, "may not look")
	notYet := filesystem("/new", 100, 100)
	notYet.Health = health.Health{}
	mounts := func(all ...sample.Filesystem) func(*tracked) {
		return func(f *tracked) { f.Host.Filesystems = all }
	}
	memory := func(used uint64) func(*tracked) {
		return func(f *tracked) { f.Host.Memory.Used = used }
	}
	links := func(all ...*sample.Interface) func(*tracked) {
		return func(f *tracked) { f.Net.Interfaces = all }
	}
	units := func(u sample.Units) func(*tracked) {
		return func(f *tracked) {
			f.Units = &u
			f.Units.Health = health.Health{State: health.OK, At: now}
		}
	}
	for _, c := range []struct {
		name   string
		change func(*tracked)
		want   string
	}{
		{"nothing", func(*tracked) {}, ""},
		{"nothing sampled", func(f *tracked) { f.Host, f.Net, f.Page, f.Kube = nil, nil, nil, nil }, ""},
		{"memory below", memory(899), ""},
		{"memory at the first limit", memory(900), "warning memory 90% used [dashboard]; "},
		{"memory below the second", memory(969), "warning memory 97% used [dashboard]; "},
		{"memory at the second limit", memory(970), "crit memory 97% used [dashboard]; "},
		{"memory not read", func(f *tracked) {
			f.Host.Memory.Used = 1000
			f.Host.Health[sample.Meminfo] = health.Health{}
		}, ""},
		{"no total", func(f *tracked) { f.Host.Memory = sample.Memory{} }, ""},
		{"filesystem below", mounts(filesystem("/", 84.9, 84.9)), ""},
		{"filesystem at the first limit", mounts(filesystem("/", 85, 1)), "warning / 85% full [dashboard]; "},
		{"filesystem at the second limit", mounts(filesystem("/", 95, nan)), "crit / 95% full [dashboard]; "},
		{"inodes", mounts(filesystem("/", 1, 85)), "warning / inodes 85% used [dashboard]; "},
		{"both", mounts(filesystem("/", 96, 99)), "crit / 96% full [dashboard]; crit / inodes 99% used [dashboard]; "},
		{"unknown shares", mounts(filesystem("/", nan, nan)), ""},
		{"a read-only image is always full", mounts(image), ""},
		{"not asked yet", mounts(notYet), ""},
		{"hangs, and was full", mounts(hung), "crit /mnt not answering [dashboard]; crit /mnt 99% full [dashboard]; "},
		{"B4 its server does not know it any more", mounts(broken), "crit /mnt broken: stale NFS file handle [dashboard]; "},
		{"hangs from the start", mounts(neverAnswered), "crit /mnt not answering [dashboard]; "},
		{"B4 what this user may not look at", mounts(closed), ""},
		{"a cable nobody uses", links(&sample.Interface{Link: &sample.Link{Name: "eth3", SharedAttrs: &sample.SharedAttrs{Physical: true, AdminUp: true}}}), ""},
		{"down on purpose", links(&sample.Interface{Link: &sample.Link{Name: "eth3", AddressCount: 1, SharedAttrs: &sample.SharedAttrs{Physical: true}}}), ""},
		{"configured, no carrier", links(&sample.Interface{Link: &sample.Link{Name: "eth3", AddressCount: 1, SharedAttrs: &sample.SharedAttrs{Physical: true, AdminUp: true}}}), "err eth3 no carrier [network]; "},
		{"in a bridge, no carrier", links(&sample.Interface{Link: &sample.Link{Name: "eth3", SharedAttrs: &sample.SharedAttrs{Physical: true, AdminUp: true, Master: "br0"}}}), "err eth3 no carrier [network]; "},
		{"fine", links(&sample.Interface{Link: &sample.Link{Name: "eth3", AddressCount: 1, SharedAttrs: &sample.SharedAttrs{Physical: true, AdminUp: true, Carrier: true}}}), ""},
		{"a bridge without ports", links(&sample.Interface{Link: &sample.Link{Name: "br0", AddressCount: 1, SharedAttrs: &sample.SharedAttrs{Kind: "bridge", AdminUp: true}}}), ""},
		{"a source failed", func(f *tracked) {
			f.Host.Health[sample.Sockets] = health.Health{State: health.Failed, Err: "read /proc/net/sockstat: permission denied"}
		}, "warning sockets: read /proc/net/sockstat: permission denied [dashboard]; "},
		{"a log source is stale", func(f *tracked) {
			f.Page.Sources[0].Health = health.Health{State: health.Stale, Err: "ended"}
		}, "warning journalctl: ended [dashboard]; "},
		{"the API failed", func(f *tracked) {
			f.Kube.Health = health.Health{State: health.Failed, Err: "refused"}
		}, "warning cluster not seen: refused [dashboard]; "},
		{"absent is not wrong", func(f *tracked) { f.Host.Health[sample.Pressure] = health.Health{State: health.Absent, Err: "no PSI"} }, ""},
		{"why a unit failed", units(sample.Units{Failed: []sample.Unit{{Name: "smartd.service", Why: "exit code 17"}}, Restarting: []sample.Unit{{Name: "loop.service", Why: "killed by SIGSEGV"}}}),
			"err smartd.service failed: exit code 17 [logs]; err loop.service keeps restarting: killed by SIGSEGV [logs]; "},
		{"a unit failed", units(sample.Units{Failed: []sample.Unit{{Name: "smartd.service"}}}), "err smartd.service failed [logs]; "},
		{"a unit of the cluster failed", units(sample.Units{Failed: []sample.Unit{{Name: "k3s.service"}}, Watched: []sample.Unit{{Name: "k3s.service"}}}),
			"crit k3s.service failed [logs]; "},
		{"a unit restarts", units(sample.Units{Restarting: []sample.Unit{{Name: "dhcpcd.service"}}}), "err dhcpcd.service keeps restarting [logs]; "},
		{"systemd was not asked", func(f *tracked) { f.Units = &sample.Units{Failed: []sample.Unit{{Name: "k3s.service"}}} }, ""},
		{"a remounted filesystem", func(f *tracked) {
			f.Host.Filesystems = []sample.Filesystem{filesystem("/", 99, nan)}
			f.Host.Filesystems[0].ReadOnly, f.Host.Filesystems[0].RemountedRO = true, true
		}, "crit / has become read-only [logs]; "},
		{"arrays", func(f *tracked) {
			f.Host.Arrays = []sample.Array{{Name: "md0", State: "active"}, {Name: "md1", State: "recovering", Degraded: true}, {Name: "md2", State: "broken", Degraded: true}}
		}, "crit md2 is broken [dashboard]; err md1 is degraded [dashboard]; "},
		{"B5 arrays that do not run, have a failed disk, or hold others", func(f *tracked) {
			f.Host.Arrays = []sample.Array{{Name: "md3", State: "active", Failed: 1}, {Name: "md4", State: "inactive"},
				{Name: "md5", State: "container"}, {Name: "md6", State: "unknown"}, {Name: "md7", State: "read-only"}}
		}, "err md4 is inactive [dashboard]; warning md3 has a failed disk [dashboard]; "},
		{"pools", func(f *tracked) {
			f.Host.Pools = []sample.Pool{{Name: "tank", State: "ONLINE"}, {Name: "pond", State: "FAULTED"}}
		}, "crit pond is FAULTED [dashboard]; "},
		{"memory errors", func(f *tracked) {
			f.Host.EDAC = []sample.MemoryController{{Name: "mc0", Corrected: 1000}, {Name: "mc1", Uncorrected: 1}}
		}, "crit mc1 counts memory errors that could not be corrected [dashboard]; "},
		{"bad config", func(f *tracked) { f.Settings.Banner = "line 3: no such key" }, "err config: line 3: no such key [dashboard]; "},
		{"worst first", func(f *tracked) {
			f.Settings.Banner = "bad"
			f.Host.Memory.Used = 980
			f.Host.Filesystems = []sample.Filesystem{filesystem("/a", 86, nan), filesystem("/b", 99, nan), filesystem("/c", 96, nan), hung}
			f.Host.Health[sample.Sensors] = health.Health{State: health.Failed, Err: "EIO"}
			f.Net.Interfaces = []*sample.Interface{{Link: &sample.Link{Name: "eth0", AddressCount: 1, SharedAttrs: &sample.SharedAttrs{Physical: true, AdminUp: true}}}}
		}, "crit /mnt not answering [dashboard]; crit memory 98% used [dashboard]; crit /b 99% full [dashboard]; crit /mnt 99% full [dashboard]; " +
			"crit /c 96% full [dashboard]; err eth0 no carrier [network]; err config: bad [dashboard]; warning /a 86% full [dashboard]; " +
			"warning sensors: EIO [dashboard]; "},
	} {
		f := wellFrame()
		c.change(f)
		if got := words(find(nil, f)); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

// TestProblemAgesLastWhileItLasts follows one problem through its life, among others that come and go.
func TestProblemAgesLastWhileItLasts(t *testing.T) {
	f := wellFrame()
	bad := []*sample.Interface{{Link: &sample.Link{Name: "eth0", AddressCount: 1, SharedAttrs: &sample.SharedAttrs{Physical: true, AdminUp: true}}}}
	fine := []*sample.Interface{{Link: &sample.Link{Name: "eth0", AddressCount: 1, SharedAttrs: &sample.SharedAttrs{Physical: true, AdminUp: true, Carrier: true}}}}
	var problems []Problem
	since := func() time.Duration {
		problems = find(problems, f)
		for i := range problems {
			if problems[i].Kind == NoCarrier {
				return problems[i].Since
			}
		}
		return -1
	}
	for _, step := range []struct {
		name  string
		at    time.Duration
		links []*sample.Interface
		used  uint64
		want  time.Duration
	}{
		{"well", now, fine, 100, -1},
		{"the cable is pulled", now + 10, bad, 100, now + 10},
		{"still", now + 20, bad, 100, now + 10},
		{"something worse comes", now + 30, bad, 990, now + 10},
		{"and goes", now + 40, bad, 100, now + 10},
		{"the link flaps", now + 50, fine, 100, -1},
		{"a new time", now + 60, bad, 100, now + 60},
	} {
		f.Boot, f.Net.Interfaces, f.Host.Memory.Used = step.at, step.links, step.used
		if got := since(); got != step.want {
			t.Errorf("%s: since %d, want %d", step.name, got, step.want)
		}
	}
}

// TestWanderingRoundALimitIsOneProblem: what is a problem stays one until it is below the limit by the margin, and a critical
// one critical likewise; it begins no sooner than without a margin.
func TestWanderingRoundALimitIsOneProblem(t *testing.T) {
	f := wellFrame()
	f.Net.Sockets.ConntrackMax = 1000
	for i, c := range []struct {
		used      uint64 // of 1000
		fs        float64
		conntrack int
		want      string
	}{
		{899, 84.9, 799, ""},
		{900, 85, 800, "warning memory 90% used [dashboard]; warning / 85% full [dashboard]; warning conntrack 80% full [network]; "},
		{851, 83, 701, "warning memory 85% used [dashboard]; warning / 83% full [dashboard]; warning conntrack 70% full [network]; "},
		{849, 82.9, 699, ""},
		{899, 84.9, 799, ""},
		{969, 94.9, 949, "warning memory 97% used [dashboard]; warning / 95% full [dashboard]; warning conntrack 95% full [network]; "},
		{970, 95, 950, "crit memory 97% used [dashboard]; crit / 95% full [dashboard]; crit conntrack 95% full [network]; "},
		{921, 93, 851, "crit memory 92% used [dashboard]; crit / 93% full [dashboard]; crit conntrack 85% full [network]; "},
		{919, 92.9, 849, "warning memory 92% used [dashboard]; warning / 93% full [dashboard]; warning conntrack 85% full [network]; "},
		{969, 94.9, 949, "warning memory 97% used [dashboard]; warning / 95% full [dashboard]; warning conntrack 95% full [network]; "},
		{100, 10, 100, ""},
	} {
		f.Host.Memory.Used, f.Net.Sockets.Conntrack = c.used, c.conntrack
		f.Host.Filesystems = []sample.Filesystem{filesystem("/", c.fs, 1)}
		f.Derive()
		if got := words(f.Problems); got != c.want {
			t.Errorf("step %d: %q, want %q", i, got, c.want)
		}
	}
}

// TestProblemOfASourceIsAsOldAsItsState: the source knows since when, even if nobody looked.
func TestProblemOfASourceIsAsOldAsItsState(t *testing.T) {
	f := wellFrame()
	f.Host.Health[sample.Sensors] = health.Health{State: health.Failed, Since: now - time.Hour, Err: "EIO"}
	if all := find(nil, f); len(all) != 1 || all[0].Since != now-time.Hour {
		t.Errorf("%+v", all)
	}
}

// TestProblemOfAUnitIsAsOldAsSystemdSays, also when the clock is set while it lasts.
func TestProblemOfAUnitIsAsOldAsSystemdSays(t *testing.T) {
	f := wellFrame()
	f.Now = time.Date(2026, 11, 22, 3, 2, 11, 0, time.UTC)
	unit := sample.Unit{Name: "smartd.service", Since: f.Now.Add(-time.Hour)}
	f.Units = &sample.Units{Failed: []sample.Unit{unit, {Name: "unknown.service"}}, Restarting: []sample.Unit{unit}, Health: health.Health{State: health.OK, At: now}}
	problems := find(nil, f)
	check := func(when string) {
		t.Helper()
		for i, want := range []time.Duration{now - time.Hour, now, now - time.Hour} {
			if problems[i].Since != want {
				t.Errorf("%s: %s since %v, want %v", when, problems[i].AppendWhat(nil), problems[i].Since, want)
			}
		}
	}
	check("at first")
	f.Now, f.Boot = f.Now.AddDate(1, 0, 0), f.Boot+time.Second
	problems = find(problems, f)
	check("after the clock jumped")
	for _, since := range []time.Time{f.Now.Add(time.Hour), f.Now.AddDate(-50, 0, 0)} {
		f.Units.Failed[0].Since = since
		if p := find(nil, f)[0]; p.Since <= 0 || p.Since > f.Boot {
			t.Errorf("failed at %v by a wrong clock: since %v", since, p.Since)
		}
	}
}

func TestProblemsAllocateNothing(t *testing.T) {
	f := wellFrame()
	f.Host.Memory.Used = 980
	for i := range 20 {
		f.Host.Filesystems = append(f.Host.Filesystems, filesystem(fmt.Sprint("/", i), float64(80+i), 99))
		f.Host.Filesystems[i].Total = 1000 // its growth is followed
	}
	f.Host.Sensors = []sample.Sensor{{Name: "coretemp Package", Celsius: 90, High: 80}}
	f.Host.Fans = []sample.Fan{{Name: "nct6775 fan1", RPM: 900}}
	f.System = &sample.System{Clock: sample.Clock{Synchronised: true}}
	f.System.Clock.Health.Good(now)
	for i := range 20 {
		f.Net.Interfaces = append(f.Net.Interfaces, &sample.Interface{Counted: true,
			Link: &sample.Link{Name: fmt.Sprint("eth", i), SharedAttrs: &sample.SharedAttrs{Physical: true, AdminUp: true, Carrier: true}}})
	}
	cluster := clustered()
	manyMachines(cluster, 500)
	cluster.Kube.Virt.VMs[7].Status = "ErrorUnschedulable"
	down(cluster, kube.Dial, "refused")
	f.Kube = cluster.Kube
	f.Derive()
	f.Host.Fans[0].RPM, f.System.Clock.Synchronised = 0, false
	var problems []Problem
	least := math.Inf(1)
	for range 5 {
		least = min(least, testing.AllocsPerRun(1, func() { // of all 20: the average is rounded down
			for range 20 {
				problems = find(problems, f)
				f.Derive()
			}
		}))
	}
	if least != 0 || len(problems) < 20 {
		t.Errorf("%v allocations for %d problems", least, len(problems))
	}
}

// TestDrainStopped: a drain that nobody goes on with is a problem, as old as it is; nothing is said while that is not known.
func TestDrainStopped(t *testing.T) {
	f := wellFrame()
	for _, c := range []struct {
		actions *Actions
		want    string
	}{
		{nil, ""}, {&Actions{}, ""}, {&Actions{Stopped: "hv2", Health: health.Health{State: health.Failed, Err: "permission denied"}}, "warning actions: permission denied [dashboard]; "}, {&Actions{Health: health.Health{State: health.OK}}, ""},
		{&Actions{Stopped: "hv2", Begun: f.Now.Add(-3 * time.Minute), Health: health.Health{State: health.OK}}, "warning drain of hv2 stopped [nodes]; "},
		{&Actions{Stopped: "hv2", At: "at 12 of 37", Begun: f.Now.Add(-3 * time.Minute), Health: health.Health{State: health.OK}}, "warning drain of hv2 stopped at 12 of 37 [nodes]; "},
	} {
		f.Actions = c.actions
		found := find(nil, f)
		if got := words(found); got != c.want {
			t.Errorf("%+v: %q, want %q", c.actions, got, c.want)
		}
		if len(found) == 1 && found[0].Kind == DrainStopped && found[0].Since != f.Boot-3*time.Minute {
			t.Errorf("since %v at %v", found[0].Since, f.Boot)
		}
	}
}
