package frame_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/journal"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/qemu"
)

// watched is a host that is looked at each five minutes; change is made before each look.
func watched(t *testing.T, looks int, change func(f *frame.Frame, i int)) map[frame.Kind]frame.Problem {
	t.Helper()
	f, tracker := frametest.Fixed(), new(frame.Tracker)
	for i := range looks {
		f.Now, f.Boot = f.Now.Add(5*time.Minute), f.Boot+5*time.Minute
		for s := range f.Host.Health {
			f.Host.Health[s].Good(f.Boot)
		}
		change(f, i)
		tracker.Derive(&f.Snapshot)
	}
	found := map[frame.Kind]frame.Problem{}
	for _, p := range f.Problems {
		found[p.Kind] = p
	}
	return found
}

// TestFillsSoon: a filesystem that grows steadily says when it is full; one that does not grow, or by a single file, or for too
// short a time, or that shrinks again and again, does not.
func TestFillsSoon(t *testing.T) {
	const total, gib = 1000 << 30, 1 << 30
	grows := func(used func(i int) int) func(f *frame.Frame, i int) {
		return func(f *frame.Frame, i int) {
			u := uint64(used(i)) * gib
			f.Host.Filesystems = []sample.Filesystem{{Mount: "/data", Type: "xfs", Total: total, Used: u, Available: total - u,
				UsedPercent: 100 * float64(u) / total, InodesPercent: math.NaN(), Health: frametest.OK()}}
			f.Host.Filesystems[0].Health.Good(f.Boot)
		}
	}
	for name, c := range map[string]struct {
		looks int
		used  func(i int) int
		want  string
	}{
		"steadily":                 {13, func(i int) int { return 100 + 10*i }, "/data full in 7 hours"},
		"fast":                     {13, func(i int) int { return 100 + 40*i }, "/data full in 1 hour"},
		"slowly":                   {70, func(i int) int { return 100 + i }, ""},
		"not at all":               {70, func(int) int { return 700 }, ""},
		"by one file":              {13, func(i int) int { return 100 + 500*min(i/6, 1) }, ""},
		"for a quarter hour":       {4, func(i int) int { return 100 + 40*i }, ""},
		"up and down":              {40, func(i int) int { return 300 + 100*(i%5) }, ""},
		"it has stopped":           {40, func(i int) int { return 100 + 20*min(i, 20) }, ""},
		"of which some is deleted": {30, func(i int) int { return 100 + 20*i - 5*(i%2) }, "/data full in 2 hours"},
	} {
		p, got := watched(t, c.looks, grows(c.used))[frame.FillsSoon], ""
		if p.Kind == frame.FillsSoon {
			got = string(p.AppendShort(nil))
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestTrendsOfWhatIsGoneMakeRoom: filesystems and cables that came and went, as many as are followed, leave room for new ones.
func TestTrendsOfWhatIsGoneMakeRoom(t *testing.T) {
	const total, gib = 1000 << 30, 1 << 30
	found := watched(t, 20, func(f *frame.Frame, i int) {
		f.Host.Filesystems, f.Net.Interfaces = nil, nil
		add := func(name string, used, packets, errors uint64) {
			fs := sample.Filesystem{Mount: name, Type: "xfs", Total: total, Used: used, Available: total - used, Health: frametest.OK()}
			fs.Health.Good(f.Boot)
			f.Host.Filesystems = append(f.Host.Filesystems, fs)
			f.Net.Interfaces = append(f.Net.Interfaces, &sample.Interface{
				Link: &sample.Link{Name: name, SharedAttrs: &sample.SharedAttrs{Physical: true}}, Counted: true, RxPackets: packets, RxErrors: errors})
		}
		if i == 0 {
			for n := range 64 {
				add(fmt.Sprint("gone", n), gib, 1, 0)
			}
			return
		}
		add("new", uint64(100+40*i)*gib, uint64(i)*1e6, uint64(i)*50000)
	})
	for _, kind := range []frame.Kind{frame.FillsSoon, frame.LinkErrors} {
		if p := found[kind]; p.Subject != "new" {
			t.Errorf("%v: %+v", kind, p)
		}
	}
}

// TestHeatAndFans: what a sensor itself calls too hot, and a fan that has turned; a limit that is none and a plug without a fan
// are left out.
func TestHeatAndFans(t *testing.T) {
	nan := math.NaN()
	for i, c := range []struct {
		celsius, high float64
		hot           bool
	}{{79, 80, false}, {80, 80, true}, {101, 100, true}, {50, 0, false}, {50, -1, false}, {50, nan, false}, {nan, 80, false}, {130, 127, false}, {40, 30, false}, {255, 90, false}} {
		found := watched(t, 1, func(f *frame.Frame, _ int) {
			f.Host.Sensors = []sample.Sensor{{Name: "coretemp Package", Celsius: c.celsius, High: c.high}}
		})
		if _, hot := found[frame.TooHot]; hot != c.hot {
			t.Errorf("%d: %g of %g is too hot: %v", i, c.celsius, c.high, hot)
		}
	}
	for name, c := range map[string]struct {
		rpm     []float64
		low     float64
		stopped bool
	}{
		"turns": {[]float64{900, 900}, nan, false}, "has stopped": {[]float64{900, 0}, nan, true}, "never turned": {[]float64{0, 0}, 300, false},
		"slow": {[]float64{900, 200}, 300, true}, "cannot be read": {[]float64{900, nan}, nan, false}, "turns again": {[]float64{900, 0, 900}, nan, false},
	} {
		found := watched(t, len(c.rpm), func(f *frame.Frame, i int) {
			f.Host.Fans = []sample.Fan{{Name: "nct6775 fan1", RPM: c.rpm[i], Low: c.low}}
		})
		if want := map[bool]journal.Severity{true: journal.Err, false: journal.Warning}[c.low > 0]; c.stopped && found[frame.FanStopped].Severity != want {
			t.Errorf("a fan that %s: %v, want %v: without a limit it may be meant to stop", name, found[frame.FanStopped].Severity, want)
		}
		if _, stopped := found[frame.FanStopped]; stopped != c.stopped {
			t.Errorf("a fan that %s: stopped %v", name, stopped)
		}
	}
}

// TestLinkErrors: more than a hundredth of the packets of a minute is broken, by more than chance.
func TestLinkErrors(t *testing.T) {
	for name, c := range map[string]struct {
		packets, errors uint64 // each five minutes
		told            bool
	}{"none": {1e6, 0, false}, "few": {1e6, 5000, false}, "many": {1e6, 50000, true}, "of hardly any packets": {3, 3, false}, "nothing else": {0, 500, true}} {
		found := watched(t, 3, func(f *frame.Frame, i int) {
			for _, l := range f.Net.Interfaces {
				if l.Physical && l.Counted {
					l.RxPackets, l.RxErrors = uint64(i)*c.packets, uint64(i)*c.errors
					l.TxPackets, l.TxErrors = 0, 0
				}
			}
		})
		if _, told := found[frame.LinkErrors]; told != c.told {
			t.Errorf("%s: told %v", name, told)
		}
	}
	found := watched(t, 3, func(f *frame.Frame, i int) { // the counters were reset, as a driver does that is loaded anew
		for _, l := range f.Net.Interfaces {
			l.RxPackets, l.RxErrors = 1000-uint64(i)*400, 1000-uint64(i)*400
		}
	})
	if _, told := found[frame.LinkErrors]; told {
		t.Error("counters that were reset are errors")
	}
}

// TestClockAdrift: a clock that was synchronised and is not any more; one that never was is how the host is.
func TestClockAdrift(t *testing.T) {
	for _, c := range []struct {
		synced []bool
		told   bool
	}{{[]bool{true, true}, false}, {[]bool{true, false}, true}, {[]bool{false, false}, false}, {[]bool{true, false, true}, false}} {
		found := watched(t, len(c.synced), func(f *frame.Frame, i int) {
			f.System = new(*f.System)
			f.System.Clock.Synchronised = c.synced[i]
			f.System.Clock.Health.Good(f.Boot)
		})
		if _, told := found[frame.ClockAdrift]; told != c.told {
			t.Errorf("%v: told %v", c.synced, told)
		}
	}
}

// TestOrphanedVMs: VMs of KubeVirt run here and no virt-handler works on this node; as long as that is not known, nothing is told.
func TestOrphanedVMs(t *testing.T) {
	handler := kube.NamedPod{Namespace: "kubevirt", Name: "virt-handler-x7k2p", Pod: kube.Pod{Phase: "Running", Ready: kube.True}}
	for name, c := range map[string]struct {
		change func(f *frame.Frame)
		want   string
	}{
		"none works": {func(f *frame.Frame) {}, "2 VMs here without a virt-handler"},
		"one works":  {func(f *frame.Frame) { f.Kube.Pods.List = append(f.Kube.Pods.List, handler) }, ""},
		"one crashes": {func(f *frame.Frame) {
			broken := handler
			broken.Why = "CrashLoopBackOff"
			f.Kube.Pods.List = append(f.Kube.Pods.List, broken)
		}, "2 VMs here without a virt-handler"},
		"no VMs":         {func(f *frame.Frame) { f.VMs.VMs = nil }, ""},
		"others' VMs":    {func(f *frame.Frame) { f.VMs.VMs = []qemu.VM{{Name: "rescue"}} }, ""},
		"pods not known": {func(f *frame.Frame) { f.Kube.Kinds[kube.KindPod].Bad(f.Boot, "x") }, ""},
		"more pods":      {func(f *frame.Frame) { f.Kube.Pods.List = make([]kube.NamedPod, kube.MaxPods) }, ""},
		"no node":        {func(f *frame.Frame) { f.Kube.Local = nil }, ""},
	} {
		f := frametest.Fixed()
		frametest.Healthy(f)
		f.Kube = new(*f.Kube)
		f.Kube.Pods.List = nil
		f.VMs.VMs = []qemu.VM{{Namespace: "prod", Name: "a", PID: 1}, {Namespace: "prod", Name: "b", PID: 2}}
		c.change(f)
		new(frame.Tracker).Derive(&f.Snapshot)
		got := ""
		for i := range f.Problems {
			if p := &f.Problems[i]; p.Kind == frame.OrphanedVMs {
				got = string(p.AppendShort(nil))
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestGuestPaused by an I/O error, on this node, and not by somebody.
func TestGuestPaused(t *testing.T) {
	for i, c := range []struct {
		reason string
		here   bool
		told   bool
	}{{"PausedIOError", true, true}, {"PausedByUser", true, false}, {"PausedIOError", false, false}} {
		f := frametest.Fixed()
		frametest.Healthy(f)
		f.Kube = new(*f.Kube)
		node := "other"
		if c.here {
			node = f.Kube.Local.Name
		}
		f.Kube.Virt.VMIs = []kube.VMI{{Namespace: "prod", Name: "db", Phase: "Running", Node: node, Paused: kube.True,
			Conditions: []kube.Condition{{Type: "Paused", Status: "True", Reason: c.reason, Message: "VMI was paused, low-level IO error detected"}}}}
		new(frame.Tracker).Derive(&f.Snapshot)
		told := false
		for i := range f.Problems {
			told = told || f.Problems[i].Kind == frame.GuestPaused && fmt.Sprint(string(f.Problems[i].AppendShort(nil))) == "VM prod/db paused by an I/O error"
		}
		if told != c.told {
			t.Errorf("%d: told %v", i, told)
		}
	}
}
