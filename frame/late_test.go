package frame

import (
	"strings"
	"testing"
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/qemu"
)

// ticking is a frame whose loop goes on: each beat is a second.
func ticking() *tracked {
	f := wellFrame()
	f.Settings.Refresh = 2 * time.Second
	good := health.Health{State: health.OK, At: now, Since: time.Minute}
	f.Host.At, f.Tick = now, 100
	for i := range f.Host.Health {
		f.Host.Health[i] = good
	}
	f.VMs = &qemu.VMs{Health: good}
	f.Units = &sample.Units{Health: good}
	f.System = &sample.System{NixOS: sample.NixOS{Health: good}, Clock: sample.Clock{Health: good}, LastBoot: sample.LastBoot{Health: good}}
	f.Kube = &kube.State{Health: good}
	f.Derive()
	return f
}

func (f *tracked) pass(beats int) {
	for range beats {
		f.Tick++
		f.Boot += time.Second
		f.Derive()
	}
}

func (f *tracked) row(name string) health.Health {
	for i := range f.Sources {
		if f.Sources[i].Name == name {
			return f.Sources[i].Health
		}
	}
	return health.Health{}
}

func (f *tracked) told(words string) *Problem {
	for i := range f.Problems {
		if strings.HasPrefix(string(f.Problems[i].AppendWhat(nil)), words) {
			return &f.Problems[i]
		}
	}
	return nil
}

// TestLateSampleIsLeftAsItIs: others have it, too. What is late is marked in a copy.
func TestLateSampleIsLeftAsItIs(t *testing.T) {
	f := ticking()
	host, vms := f.Host, f.VMs
	before, health := *host, vms.Health
	f.pass(40)
	if f.row("links").State.String() != "stale" || f.row("VMs").State.String() != "stale" || f.LateSince == 0 {
		t.Errorf("they are not late: %+v", f.row("links"))
	}
	if host.Health != before.Health || vms.Health != health {
		t.Error("the sample itself is marked")
	}
	if n := testing.AllocsPerRun(10, func() { f.Host, f.VMs = host, vms; f.pass(1) }); n != 0 {
		t.Errorf("%v allocations while it is late", n)
	}
}

// TestF52SamplerHangs: a sample that stops coming makes every source of the host stale, with its age, and one problem
// that says what is waited for; it ends with the next sample.
func TestF52SamplerHangs(t *testing.T) {
	f := ticking()
	f.Sampling = Busy{Since: now + 2*time.Second, Source: sample.Loadavg}
	f.Host.Health[sample.Sensors] = health.Health{}
	f.Host.Health[sample.EDAC].Gone(now, "none")
	f.Host.Health[sample.Pools] = health.Health{State: health.Failed, Err: "read it: EIO", Since: now}
	f.pass(5)
	if f.LateSince != 0 || f.told("sampler") != nil || f.row("load").State != health.OK {
		t.Fatalf("late already: %v, %+v", f.LateSince, f.row("load"))
	}
	f.pass(1)
	p := f.told("sampler not answering, waits for /proc/loadavg")
	if p == nil || p.Since != now+2*time.Second || p.Where != Dashboard {
		t.Fatalf("%+v", f.Problems)
	}
	if len(f.Problems) != 1 {
		t.Errorf("one cause, %d problems: %s", len(f.Problems), words(f.Problems))
	}
	for i, name := range sampleNames {
		h, want, why := f.row(name), health.Stale, "the sampler waits for /proc/loadavg"
		switch sample.Source(i) {
		case sample.Loadavg:
			why = "not answering"
		case sample.Sensors:
			want = health.Failed
		case sample.EDAC:
			want, why = health.Absent, "none"
		case sample.Pools:
			want, why = health.Failed, "read it: EIO"
		}
		if h.State != want || h.Err != why || want == health.Stale && h.Age(f.Boot) != 6*time.Second {
			t.Errorf("%s: %+v, want %v %q", name, h, want, why)
		}
	}
	if f.VMs.Health.State != health.Stale {
		t.Errorf("VMs: %+v", f.VMs.Health)
	}
	f.pass(20)
	if p := f.told("sampler"); p == nil || p.Since != now+2*time.Second {
		t.Errorf("%+v", f.Problems)
	}
	f.Sampling = Busy{}
	f.Host = wellFrame().Host
	f.Host.At = f.Boot
	f.VMs.Health.Good(f.Boot)
	f.pass(3)
	if f.told("sampler") != nil || f.row("load").State != health.OK || f.LateSince != 0 {
		t.Errorf("afterwards: %v %+v", f.LateSince, f.Problems)
	}
}

// TestF52SamplerCrashed: no sample is under way, and none comes.
func TestF52SamplerCrashed(t *testing.T) {
	f := ticking()
	f.pass(5)
	if f.LateSince != 0 {
		t.Errorf("late since %v", f.LateSince)
	}
	f.pass(1)
	if p := f.told("sampler not answering"); p == nil || p.Since != now || p.Detail != "" || f.row("cpu").State != health.Stale {
		t.Errorf("%+v, cpu %+v", f.Problems, f.row("cpu"))
	}
}

// TestF52NoSampleEver: a file hangs before the first sample.
func TestF52NoSampleEver(t *testing.T) {
	for name, busy := range map[string]Busy{"hangs": {Since: now, Source: sample.Stat}, "crashes": {}} {
		t.Run(name, func(t *testing.T) {
			f := ticking()
			f.Host, f.Net, f.VMs, f.Tick, f.Tracker, f.Sampling = nil, nil, nil, 0, Tracker{}, busy
			f.Derive()
			f.pass(4)
			if f.LateSince != 0 || f.row("cpu").State != health.Init {
				t.Errorf("late already: %+v", f.row("cpu"))
			}
			f.pass(1)
			if p := f.told("sampler not answering"); p == nil || p.Since > now+time.Second || len(f.Problems) != 1 {
				t.Errorf("%s %+v", words(f.Problems), f.Problems)
			}
			if h := f.row("cpu"); h.State != health.Failed || h.Err != notAnswering {
				t.Errorf("cpu: %+v", h)
			}
		})
	}
}

// TestKindsAreNoFresherThanTheCluster: while the API server is not ready nobody knows whether what it sends is all there is.
func TestKindsAreNoFresherThanTheCluster(t *testing.T) {
	f := ticking()
	for i := range f.Kube.Kinds {
		f.Kube.Kinds[i].Health = f.Kube.Health
	}
	f.Kube.Kinds[kube.KindPod].At += time.Second // a stream goes on
	f.Kube.Kinds[kube.KindVM].Health = health.Health{State: health.Failed, Err: "forbidden"}
	f.Kube.Kinds[kube.KindPVC].Health = health.Health{State: health.Stale, At: now - time.Minute, Since: now - time.Minute, Err: "gone"}
	published := f.Kube
	f.pass(1)
	if f.Kube != published {
		t.Error("what is fresh is a copy")
	}
	published.Health.Bad(f.Boot, "not ready: etcd")
	since := f.Boot
	f.pass(5)
	for k, want := range map[kube.Kind]health.Health{
		kube.KindPod: {State: health.Stale, At: now, Since: since, Err: "not ready: etcd"},
		kube.KindVM:  {State: health.Failed, Err: "forbidden"},
		kube.KindPVC: {State: health.Stale, At: now - time.Minute, Since: now - time.Minute, Err: "gone"},
	} {
		if got := f.Kube.Kinds[k].Health; got != want {
			t.Errorf("%v: %+v, want %+v", k, got, want)
		}
	}
	if published.Kinds[kube.KindPod].State != health.OK {
		t.Error("what is published was changed")
	}
}

// TestF17SuspendIsNoHang: while the host sleeps or the program is stopped no beat passes, and nobody is to blame.
func TestF17SuspendIsNoHang(t *testing.T) {
	f := ticking()
	f.pass(1)
	f.Boot += 10 * time.Hour
	f.pass(1)
	if f.LateSince != 0 || len(f.Problems) > 0 || f.row("units").State != health.OK {
		t.Errorf("late since %v: %s", f.LateSince, words(f.Problems))
	}
}

// TestF52SlowSourcesHaveTimeouts: each source that is read beside the samples, when it says nothing any more and when it
// never has.
func TestF52SlowSourcesHaveTimeouts(t *testing.T) {
	for name, timeout := range map[string]time.Duration{
		"units": lateUnits, "nixos": lateSystem, "clock": lateSystem, "last boot": lateSystem, "kubernetes": lateCluster, "links": lateLinks,
	} {
		t.Run(name, func(t *testing.T) {
			f := ticking()
			fresh := func() { // but for the links
				f.Host.At = f.Boot
				for i := range f.Host.Health {
					if sample.Source(i) != sample.Links {
						f.Host.Health[i].Good(f.Boot)
					}
				}
			}
			for range int(timeout / time.Second) {
				fresh()
				f.pass(1)
			}
			if h := f.row(name); h.State != health.OK {
				t.Fatalf("too early: %+v", h)
			}
			fresh()
			f.pass(1)
			if h := f.row(name); h.State != health.Stale || h.Err != notAnswering || h.Age(f.Boot) != timeout+time.Second {
				t.Errorf("%+v", h)
			}
			if name == "links" {
				return
			}
			f = ticking()
			f.Units, f.System, f.Kube, f.Tick, f.Tracker = nil, nil, nil, 0, Tracker{}
			f.pass(int(timeout/time.Second) - 1)
			if h := f.row(name); h.State != health.Init {
				t.Fatalf("too early: %+v", h)
			}
			f.pass(1)
			if h := f.row(name); h.State != health.Failed || h.Err != notAnswering {
				t.Errorf("never: %+v", h)
			}
		})
	}
}

// TestF52PublishedIsNotChanged: what others have published is marked in a copy.
func TestF52PublishedIsNotChanged(t *testing.T) {
	f := ticking()
	units, system, cluster := f.Units, f.System, f.Kube
	f.pass(100)
	if f.Units.Health.State != health.Stale || f.System.Clock.Health.State != health.Stale || f.Kube.Health.State != health.Stale {
		t.Errorf("%+v %+v %+v", f.Units.Health, f.System.Clock.Health, f.Kube.Health)
	}
	if units.Health.State != health.OK || system.Clock.Health.State != health.OK || cluster.Health.State != health.OK {
		t.Error("a published value was changed")
	}
}

// TestF52RecorderHangs: a recording of which nothing is heard is not called well, and what was published of it is not changed.
func TestF52RecorderHangs(t *testing.T) {
	f := ticking()
	published := Source{Name: Recording, Health: health.Health{State: health.OK, At: now, Since: now}}
	f.Recording = &published
	seconds := int(lateHistory / time.Second)
	for range seconds {
		f.Host.At = f.Boot
		f.pass(1)
	}
	if h := f.row(Recording); h.State != health.OK {
		t.Fatalf("too early: %+v", h)
	}
	f.pass(1)
	if h := f.row(Recording); h.State != health.Stale || h.Err != notAnswering || published.Health.State != health.OK {
		t.Errorf("%+v, published %+v", h, published.Health)
	}
}

// TestF52LogOwnerHangs: the log's own sources are not called fresh either.
func TestF52LogOwnerHangs(t *testing.T) {
	f := ticking()
	f.Logging.Since = f.Boot
	f.pass(5)
	if h := f.row("journalctl"); h.State != health.OK {
		t.Errorf("%+v", h)
	}
	f.pass(1)
	if h := f.row("journalctl"); h.State != health.Stale || h.Err != notAnswering {
		t.Errorf("%+v", h)
	}
}

// TestF53FinalFrame: a frame that nothing is waited for any more says what has not answered.
func TestF53FinalFrame(t *testing.T) {
	f := wellFrame()
	f.Host, f.Net, f.Units, f.Kube, f.Final, f.Settings.Refresh = nil, nil, nil, nil, true, 2*time.Second
	f.Sampling = Busy{Since: f.Boot - time.Second, Source: sample.Stat}
	f.Page.Sources[0].Health = health.Health{}
	f.Derive()
	for _, name := range []string{"cpu", "units", "clock", "kubernetes", "journalctl"} {
		if h := f.row(name); h.State != health.Failed || h.Err != notAnswering {
			t.Errorf("%s: %+v", name, h)
		}
	}
	if f.told("sampler not answering, waits for /proc/stat") == nil || f.told("journalctl: not answering") == nil {
		t.Error(words(f.Problems))
	}
	f = wellFrame()
	f.Final, f.Settings.Refresh, f.Host.At = true, 2*time.Second, f.Boot
	f.Derive()
	if f.LateSince != 0 || f.row("cpu").State != health.OK {
		t.Errorf("all have answered: %v %s", f.LateSince, words(f.Problems))
	}
}
