package collect

import (
	"math"
	"reflect"
	"slices"
	"testing"
	"time"
	"unsafe"

	"hypervisor-tui/alert"
	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/history"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/journal"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/qemu"
)

// afternoon is a host to which things happen, second by second. What happens does so at even ones.
type afternoon struct {
	fixed  *frame.Frame
	units  *sample.Units
	system *sample.System
}

// within reports whether second is in one of the pairs of from and to.
func within(second int, times ...int) bool {
	for i := 0; i < len(times); i += 2 {
		if second >= times[i] && second < times[i+1] {
			return true
		}
	}
	return false
}

// look fills f with what is known at a second.
func (a *afternoon) look(f *frame.Snapshot, second int) {
	fixed := a.fixed
	now := fixed.Boot + time.Duration(second)*time.Second
	f.Now, f.Boot, f.Settings = fixed.Now.Add(now-fixed.Boot), now, fixed.Settings
	if f.Settings.Banner = ""; within(second, 0, 200, 310, 4000) {
		f.Settings.Banner = "line 3: unknown key"
	}
	if second >= 2600 { // somebody sets the clock
		f.Now = f.Now.Add(time.Hour)
	}
	if f.Host == nil {
		f.Host, f.VMs, f.Net, f.Kube = new(sample.Host), new(qemu.VMs), fixed.Net, fixed.Kube
	}
	sample.CopyHost(f.Host, fixed.Host)
	qemu.Copy(f.VMs, fixed.VMs)
	h := f.Host
	sampled := now.Truncate(2 * time.Second)
	if f.Sampling = (frame.Busy{}); within(second, 3300, 3400) { // the sampler hangs
		sampled = fixed.Boot + 3298*time.Second
		f.Sampling = frame.Busy{Since: sampled + 2*time.Second, Source: sample.Diskstats}
	}
	h.At = sampled
	for i := range h.Health {
		h.Health[i].Good(sampled)
	}
	f.VMs.Health.Good(sampled)
	h.Filesystems[0].Health.Good(sampled)
	h.Filesystems[0].Used += uint64(second) * 10 * frametest.MiB // full in some hours
	h.Filesystems[0].Available -= uint64(second) * 10 * frametest.MiB
	if within(second, 100, 140, 400, 440, 700, 740, 1000, 1040, 2000, 2600, 3000, 3040) {
		h.Filesystems[0].UsedPercent = 96
	}
	if within(second, 1800, 2400) {
		h.Fans[0].RPM = 0
	}
	f.Net.Interfaces[1].Carrier = !within(second, 900, 1000, 1010, 1020, 3500, 3700)
	f.Net.Changes++
	if within(second, 1500, 1600) {
		f.VMs.VMs = f.VMs.VMs[:3]
	}
	if second%4 == 0 {
		units, system := *fixed.Units, *fixed.System
		since := fixed.Now
		if second >= 1200 { // it was started anew
			since = since.Add(20 * time.Minute)
		}
		units.Watched = append(slices.Clone(units.Watched), sample.Unit{Name: "containerd.service", Active: "active", Sub: "running", Since: since})
		a.units, a.system = &units, &system
		a.units.Health.Good(now)
		a.system.NixOS.Health.Good(now)
		a.system.LastBoot.Health.Good(now)
		a.system.Clock.Health.Good(now)
		if a.system.Clock.Synchronised = second < 3000; within(second, 600, 700, 2000, 2030) {
			a.units.Watched[0] = sample.Unit{Name: "k3s.service", Active: "failed", Sub: "failed", Why: "exit code 1"}
			a.units.Failed = a.units.Watched[:1]
		}
	}
	f.Units, f.System = a.units, a.system
	f.Kube.Health.Good(now)
}

// looked is the alerts as who looks at even seconds has them.
func looked(alerts []frame.Alert) []frame.Alert {
	alerts = append([]frame.Alert{}, alerts...)
	for i := range alerts {
		alerts[i].Seen -= (alerts[i].Seen - frametest.Boot) % (2 * time.Second)
	}
	return alerts
}

// happened is the events but the last that are kept, as who looks at even seconds has them.
func happened(f *frame.Snapshot) []frame.Event {
	events := append([]frame.Event{}, f.Events...)
	for i := range events {
		events[i].At = events[i].At.Add(f.Now.Sub(events[i].At) % (2 * time.Second))
	}
	return slices.DeleteFunc(events, func(e frame.Event) bool { return f.Now.Sub(e.At) > frame.EventsKept-2*time.Second })
}

// memory adds to known where the lists and maps of v are. What is replaced and never changed may be shared.
func memory(v reflect.Value, known map[unsafe.Pointer]bool) {
	switch v.Interface().(type) {
	case sample.Units, sample.System, qemu.VMs, kube.State, frame.Source, *alert.Rules:
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Field(i)
			memory(reflect.NewAt(field.Type(), field.Addr().UnsafePointer()).Elem(), known)
		}
	case reflect.Slice, reflect.Map:
		if v.Kind() == reflect.Map || v.Cap() > 0 {
			known[v.UnsafePointer()] = true
		}
	}
}

// sharing reports whether one subscription's memory is another's, too.
func sharing(a, b *Subscription) bool {
	of := func(s *Subscription) map[unsafe.Pointer]bool {
		known := map[unsafe.Pointer]bool{}
		for _, p := range []any{&s.tracker, s.alerts, &s.timeline} {
			memory(reflect.ValueOf(p).Elem(), known)
		}
		return known
	}
	theirs := of(b)
	for p := range of(a) {
		if theirs[p] {
			return true
		}
	}
	return false
}

// TestLaterSubscriptionBetweenTwoSamples: where they are a minute apart, that the first has not looked for so long is no time in which
// nobody could.
func TestLaterSubscriptionBetweenTwoSamples(t *testing.T) {
	in := config.Default()
	in.RefreshInterval = time.Minute
	rules := *in.Alerts.Rules
	rules[frame.ConfigBad].For = 30 * time.Second
	in.Alerts.Rules = &rules
	c := New(in, new(guard.Guard))
	now := boottime.Now()
	if now < 2*time.Minute {
		t.Skip("the machine has just booted: there is no minute ago")
	}
	f := frame.Snapshot{Settings: &frame.Settings{Banner: "line 3: unknown key", Refresh: time.Minute}, Boot: now - 61*time.Second, Tick: 120}
	first := subscribe(t, c)
	first.derive(&f)
	g := frame.Snapshot{Settings: f.Settings}
	subscribe(t, c).Fill(&g)
	bad := func(f *frame.Snapshot) string {
		for i := range f.Alerts {
			if f.Alerts[i].Kind == frame.ConfigBad {
				return f.Alerts[i].State.String()
			}
		}
		return "none"
	}
	if bad(&f) != "pending" || bad(&g) != "firing" {
		t.Errorf("the alert was %s and is %s", bad(&f), bad(&g))
	}
}

// TestLaterSubscriptionKnowsWhatTheFirstDoes: whenever one comes, it shows the same problems, as old, the same alerts and the same
// events as one that was there from the start, and what happens from then on makes the same of both.
func TestLaterSubscriptionKnowsWhatTheFirstDoes(t *testing.T) {
	c := New(config.Default(), new(guard.Guard))
	a := &afternoon{fixed: frametest.Fixed()}
	frametest.Healthy(a.fixed)
	open := []*Subscription{subscribe(t, c)}
	frames := []*frame.Snapshot{{}}
	told := []int{0} // alerts and events, those before it came counted as the first was told them
	kinds := map[frame.Kind]bool{}
	events := map[frame.EventKind]bool{}
	states := map[frame.AlertState]bool{}
	for second := range 4200 {
		if second == 60 { // what was recorded has been read
			p := frame.Problem{Severity: journal.Err, Kind: frame.ConfigBad, Since: time.Hour}
			c.recalled.Store(&history.Recalled{Newest: &frame.Snapshot{Boot: frames[0].Boot - time.Minute, Problems: []frame.Problem{p}}, LastRun: new(frame.LastRun)})
		}
		switch second { // some come between two looks of the first, some while things last
		case 5, 301, 617, 921, 1013, 1855, 2021, 2605, 3001, 3303, 3351, 3601:
			later := subscribe(t, c)
			if sharing(open[0], later) {
				t.Errorf("second %d: it shares memory with the first", second)
			}
			open = append(open, later)
			frames = append(frames, new(frame.Snapshot))
			told = append(told, told[0])
		}
		for i, s := range open {
			f := frames[i]
			if i == 0 && second%2 == 1 {
				continue
			}
			a.look(f, second)
			if f.Tick++; i == 0 {
				f.Tick++
			}
			h := s.derive(f)
			told[i] += len(h.Alerts) + len(h.Events)
		}
		if second%2 == 1 {
			continue
		}
		first, none := frames[0], []frame.Problem{}
		for _, p := range first.Problems {
			kinds[p.Kind] = true
		}
		for _, e := range first.Events {
			events[e.Kind] = true
		}
		for _, one := range first.Alerts {
			states[one.State] = true
		}
		for i, f := range frames {
			for what, got := range map[string][2]any{
				"problems": {append(none, first.Problems...), append(none, f.Problems...)}, "alerts": {looked(first.Alerts), looked(f.Alerts)}, "events": {happened(first), happened(f)},
				"sources": {first.Sources, f.Sources}, "late since": {first.LateSince, f.LateSince}, "watched since": {first.Watched, f.Watched},
				"last run": {first.LastRun, f.LastRun},
			} {
				if !reflect.DeepEqual(got[0], got[1]) {
					t.Fatalf("second %d, subscription %d: %s\n%+v\nthe first has\n%+v", second, i, what, got[1], got[0])
				}
			}
		}
	}
	for i, n := range told {
		if n != told[0] {
			t.Errorf("subscription %d was told %d changes, the first %d", i, n, told[0])
		}
	}
	if len(open) != 13 || math.Abs(float64(frames[0].Tick)-4200) > 2 {
		t.Errorf("%d subscriptions, tick %d", len(open), frames[0].Tick)
	}
	for _, k := range []frame.Kind{frame.FillsSoon, frame.FilesystemFull, frame.FanStopped, frame.ClockAdrift, frame.ServiceDown, frame.NoCarrier, frame.SamplerHangs} {
		if !kinds[k] {
			t.Errorf("the afternoon had no problem of kind %v", k)
		}
	}
	for _, k := range []frame.EventKind{frame.ProblemBegan, frame.ProblemEnded, frame.UnitRestarted, frame.VMStarted, frame.VMStopped, frame.ClockStepped} {
		if !events[k] {
			t.Errorf("the afternoon had no event of kind %v", k)
		}
	}
	if len(states) != 4 {
		t.Errorf("its alerts were %v", states)
	}
}
