package alert

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/plugin"
	"hypervisor-tui/sample"
)

// TestEachKindHasARule, with sources that there are.
func TestEachKindHasARule(t *testing.T) {
	f := frame.Snapshot{Host: &sample.Host{}, Settings: &frame.Settings{}, Actions: new(frame.Actions), Checks: new(plugin.State)}
	new(frame.Tracker).Derive(&f)
	needs := []string{"", api, answers, samples}
	for k := range kube.KindCount {
		needs = append(needs, k.String())
	}
	for k := range frame.KindCount {
		r := &defaultRules[k]
		if r.Keep == 0 {
			t.Errorf("%s has no rule", k)
		}
		if r.Source != "" && !slices.ContainsFunc(f.Sources, func(s frame.Source) bool { return s.Name == r.Source }) {
			t.Errorf("%s: there is no source %q", k, r.Source)
		}
		if !slices.Contains(needs, r.Needs) {
			t.Errorf("%s: there is no %q", k, r.Needs)
		}
	}
}

// TestNothingIsItsOwnCause, over as many others as there are.
func TestNothingIsItsOwnCause(t *testing.T) {
	var follow func(from, kind frame.Kind, deep int)
	follow = func(from, kind frame.Kind, deep int) {
		for _, effect := range defaultRules[kind].Hides {
			if effect == from || deep > int(frame.KindCount) {
				t.Fatalf("%s follows from itself", from)
			}
			follow(from, effect, deep+1)
		}
	}
	for k := range frame.KindCount {
		follow(k, k, 0)
	}
}

// TestWanderingValueRingsOnce: memory that wanders round its limit for a day, judged each 2 seconds. Each of the three measures
// leaves fewer calls, and all of them leave one.
func TestWanderingValueRingsOnce(t *testing.T) {
	called := func(wait, keep time.Duration, margin float64) (raised, began int) {
		f := frame.Snapshot{Host: &sample.Host{Memory: sample.Memory{Total: 10000}}, Boot: time.Hour,
			Settings: &frame.Settings{Memory: frame.Limits{Warn: 90, Critical: 97, Margin: margin}, Refresh: 2 * time.Second}}
		rules := DefaultRules()
		rules[frame.MemoryShort].For, rules[frame.MemoryShort].Keep = wait, keep
		e, random, value := New(), rand.New(rand.NewPCG(1, 2)), 90.0
		e.Configure(&rules)
		var tracker frame.Tracker
		for range 24 * time.Hour / (2 * time.Second) {
			f.Boot += 2 * time.Second
			f.Tick += 2
			for i := range f.Host.Health {
				f.Host.Health[i] = health.Health{State: health.OK, At: f.Boot}
			}
			f.Host.At = f.Boot
			value += (90-value)/120 + random.NormFloat64()/16 // about 0.5 to either side, over some minutes
			f.Host.Memory.Used = uint64(math.Round(value * 100))
			for _, c := range tracker.Derive(&f) {
				if !c.Cleared && c.Kind == frame.MemoryShort {
					raised++
				}
			}
			for _, c := range e.Step(&f) {
				if !c.Over && c.Kind == frame.MemoryShort {
					began++
				}
			}
		}
		return raised, began
	}
	const minute = time.Minute
	raised, waited := called(minute, 0, 0)
	_, kept := called(minute, 2*minute, 0)
	_, all := called(minute, 2*minute, 5)
	if raised < 500 || waited*4 > raised || kept*2 > waited || all != 1 { // 855, 147, 60 and 1; not each processor rounds alike
		t.Errorf("it calls %d times a day with nothing, %d with For, %d with Keep too, %d with a margin too", raised, waited, kept, all)
	}
}
