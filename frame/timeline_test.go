package frame_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/journal"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/qemu"
)

// lived is a host that is followed.
type lived struct {
	*frame.Frame
	tracker  frame.Tracker
	timeline frame.Timeline
}

func newLived() *lived {
	l := &lived{Frame: frametest.Fixed()}
	l.Net.Changes = 1
	l.step(0)
	l.step(time.Minute)
	return l
}

// step goes on by d and returns what was new then.
func (l *lived) step(d time.Duration, boot ...time.Duration) (words []string) {
	l.Now, l.Boot = l.Now.Add(d), l.Boot+d
	for _, d := range boot { // that pass by CLOCK_BOOTTIME alone
		l.Boot += d
	}
	l.Units = new(*l.Units)
	l.Net.Changes++
	for _, e := range l.timeline.Step(&l.Snapshot, l.tracker.Derive(&l.Snapshot)) {
		words = append(words, string(e.AppendWhat(nil)))
	}
	return words
}

// TestTimeline: what happens is told once, and what was there at the start is not.
func TestTimeline(t *testing.T) {
	for name, c := range map[string]struct {
		change func(l *lived)
		want   []string
	}{
		"nothing": {func(*lived) {}, nil},
		"a unit restarts": {func(l *lived) {
			l.Units.Watched = []sample.Unit{{Name: "k3s.service", Active: "active", Sub: "running", Restarts: 1}}
		}, []string{"k3s.service restarted"}},
		"a unit stops": {func(l *lived) {
			l.Units.Watched = []sample.Unit{{Name: "k3s.service", Active: "inactive", Sub: "dead"}}
		}, []string{"k3s.service stopped"}},
		"a VM starts": {func(l *lived) {
			l.VMs.VMs = append(l.VMs.VMs, qemu.VM{Namespace: "prod", Name: "new", PID: 99999})
		}, []string{"VM prod/new now runs here"}},
		"a VM stops":   {func(l *lived) { l.VMs.VMs = l.VMs.VMs[1:] }, []string{"VM " + first().Name + " runs here no longer"}},
		"a generation": {func(l *lived) { l.System = new(*l.System); l.System.NixOS.Current = 43 }, []string{"switched to generation 43: was 42"}},
		"a problem": {func(l *lived) {
			l.Units.Failed = append(slices.Clone(l.Units.Failed), sample.Unit{Name: "x.service", Active: "failed", Why: "exit code 1"})
		}, []string{"x.service failed: exit code 1"}},
		"a problem ends": {func(l *lived) { l.Units.Failed = nil }, []string{"over: smartd.service failed"}},
	} {
		l := newLived()
		c.change(l)
		if got := l.step(2 * time.Second); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if got := l.step(2 * time.Second); len(got) != 0 {
			t.Errorf("%s, the sample after it: %q", name, got)
		}
	}
}

// TestTimelineGoesByTheWallClock: a host that slept has no clock that stepped, and one whose clock was set has, whatever Go's
// monotonic reading in the time says: that stands still while a host sleeps.
func TestTimelineGoesByTheWallClock(t *testing.T) {
	for name, c := range map[string]struct {
		wall, monotonic, boot time.Duration // that have passed
		late                  bool          // the snapshot after it has the clock of before
		want                  []string
	}{
		"a snapshot that took long": {time.Minute, time.Minute, 2 * time.Minute, true, nil},
		"slept":                     {time.Hour, time.Minute, time.Hour, false, nil},
		"set":                       {time.Hour, time.Minute, time.Minute, false, []string{"clock stepped: 59m0s ahead"}},
		"back":                      {-time.Hour, time.Minute, time.Minute, false, []string{"clock stepped: 1h1m0s back"}},
	} {
		l := newLived()
		l.Now = time.Now()
		for range 3 { // that is a step by itself
			l.step(time.Minute)
		}
		set := l.Now.Add(c.wall)
		(*struct {
			wall uint64
			ext  int64
		})(unsafe.Pointer(&set)).ext += int64(c.monotonic - c.wall)
		if passed := set.Sub(l.Now); passed != c.monotonic {
			t.Fatalf("%s: %v have passed by Go's clock", name, passed)
		}
		l.Now = set
		got := l.step(0, c.boot)
		if c.late {
			l.Now = l.Now.Add(c.boot - c.wall)
		}
		if got = append(got, l.step(2*time.Second)...); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if got := l.step(time.Minute); len(got) > 0 {
			t.Errorf("%s, a minute later: %q", name, got)
		}
	}
}

// TestTimelineTellsOnce: what a problem says is not told by another event, too.
func TestTimelineTellsOnce(t *testing.T) {
	l := newLived()
	at := slices.IndexFunc(l.Net.Interfaces, func(i *sample.Interface) bool { return i.Name == "eth0" })
	old := l.Net.Interfaces[at]
	shared := *old.SharedAttrs
	shared.Carrier = false
	link := *old.Link
	link.SharedAttrs, link.CarrierChanges = &shared, old.CarrierChanges+1
	l.Net.Interfaces[at] = &sample.Interface{Link: &link}
	k3s := l.Units.Watched[0]
	l.Units.Watched = []sample.Unit{{Name: "k3s.service", Active: "failed", Sub: "failed", Why: "exit code 1"}}
	l.Units.Failed = append(slices.Clone(l.Units.Failed), l.Units.Watched[0])
	about := func(words []string) (n int) {
		for _, w := range words {
			if strings.Contains(w, "eth0") || strings.Contains(w, "k3s") {
				n++
			}
		}
		return n
	}
	if got := l.step(2 * time.Second); about(got) != 2 {
		t.Errorf("a cable and a unit are told of as %q", got)
	}
	l.Net.Interfaces[at], l.Units.Watched = old, []sample.Unit{k3s}
	l.Units.Failed = l.Units.Failed[:1]
	if got := l.step(time.Minute); about(got) != 2 {
		t.Errorf("their end is told as %q", got)
	}
}

func first() *qemu.VM { return &frametest.Fixed().VMs.VMs[0] }

// TestTimelineOfACable: a cable that goes and comes back, also between two looks, and one that does so all the time.
func TestTimelineOfACable(t *testing.T) {
	l := newLived()
	at := slices.IndexFunc(l.Net.Interfaces, func(i *sample.Interface) bool { return i.Physical && i.AdminUp && i.Carrier })
	set := func(carrier bool, changes int) {
		old := l.Net.Interfaces[at]
		link, shared := *old.Link, *old.SharedAttrs
		shared.Carrier, link.CarrierChanges, link.SharedAttrs = carrier, old.CarrierChanges+changes, &shared
		link.AddressCount, shared.Master = 0, "" // nobody wants to use it: there is no problem that tells of it
		l.Net.Interfaces[at] = &sample.Interface{Link: &link}
	}
	name := l.Net.Interfaces[at].Name
	tell := func(want ...string) {
		t.Helper()
		var got []string
		for _, e := range l.step(40 * time.Second) {
			if strings.HasPrefix(e, name) {
				got = append(got, e)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	set(false, 1)
	tell(name + " lost its carrier")
	set(true, 1)
	tell(name + " has a carrier again")
	set(true, 4)
	tell(name + " lost its carrier: and back, 2 times")
	for range 1000 {
		set(false, 1)
		l.step(100 * time.Millisecond)
		set(true, 1)
		l.step(100 * time.Millisecond)
	}
	if n := len(l.Events); n > 100 {
		t.Errorf("a cable that flaps made %d events", n)
	}
}

// TestTimelineOfMigrations: one that ends well is told with where it went.
func TestTimelineOfMigrations(t *testing.T) {
	l := newLived()
	frametest.Healthy(l.Frame)
	l.step(2 * time.Second)
	l.Kube = new(*l.Kube)
	l.Kube.Virt.Migrations = []kube.Migration{{Namespace: "prod", Name: "m1", VMI: "web", Phase: "Succeeded", Moving: kube.Moving{Source: "node-01", Target: "node-02"}}}
	if got := l.step(2 * time.Second); !slices.Contains(got, "VM prod/web migrated: from node-01 to node-02") {
		t.Errorf("%q", got)
	}
}

// TestTimelineIsBounded: it keeps ten minutes and 256 events, the newest, and allocates nothing while nothing happens.
func TestTimelineIsBounded(t *testing.T) {
	l := newLived()
	l.VMs.VMs = append(l.VMs.VMs, qemu.VM{Namespace: "prod", Name: "new", PID: 99999})
	l.step(time.Second)
	if len(l.Events) != 1 {
		t.Fatalf("events %v", l.Events)
	}
	if l.Watched != l.Boot-time.Minute-time.Second {
		t.Errorf("events are known from %v on, at %v", l.Watched, l.Boot)
	}
	if l.step(frame.EventsKept + time.Second); len(l.Events) != 0 || l.Watched != 0 {
		t.Errorf("after ten minutes: %v", l.Events)
	}
	for i := range 400 {
		l.VMs.VMs = append(l.VMs.VMs, qemu.VM{Namespace: "prod", Name: strconv.Itoa(i), PID: 100000 + i})
	}
	if told := l.step(time.Second); len(told) != 400 || len(l.Events) != 256 || l.Events[255].Subject != "399" {
		t.Errorf("of 400 events %d were told and %d are kept", len(told), len(l.Events))
	}
	if n := testing.AllocsPerRun(100, func() { l.Now, l.Boot = l.Now.Add(time.Second), l.Boot+time.Second; l.timeline.Step(&l.Snapshot, nil) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestTimelineOfActions: what the helper does is told once, with its own time; what it did before the start is not.
func TestTimelineOfActions(t *testing.T) {
	l := newLived()
	l.Acted = []journal.Action{{N: 1, Time: l.Now.Add(-2 * time.Hour), Severity: journal.Notice, Verb: "unit.stop", Object: "a.service", Done: true, Text: "long ago"}}
	if got := l.step(time.Second); len(got) != 0 {
		t.Errorf("what was done before the start: %q", got)
	}
	l.Acted = append(l.Acted,
		journal.Action{N: 2, Time: l.Now, Severity: journal.Notice, Verb: "unit.restart", Object: "k3s.service", Done: true, Text: "k3s.service is restarted (uid 1000, login 1000)"},
		journal.Action{N: 3, Time: l.Now, Severity: journal.Warning, Verb: "node.drain", Object: "hv2", Text: "cancelled: 12 of 37 had left (uid 1000, login 1000)"})
	want := []string{"restart k3s.service done: k3s.service is restarted (uid 1000, login 1000)", "drain hv2 failed: cancelled: 12 of 37 had left (uid 1000, login 1000)"}
	if got := l.step(time.Second); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := l.step(time.Second); len(got) != 0 {
		t.Errorf("again: %q", got)
	}
	if e := l.Events[len(l.Events)-1]; e.Kind != frame.ActionDone || e.Severity != journal.Warning || e.Where != frame.Logs || !e.At.Equal(l.Acted[2].Time) {
		t.Errorf("%+v", e)
	}
}
