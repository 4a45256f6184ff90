// Package alert makes of the problems of each snapshot the alerts that somebody is called for: a problem that lasts becomes one,
// one that comes and goes stays one, and what follows from another calls nobody. It is pure.
package alert

import (
	"slices"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
)

const (
	maxLive = 256             // alerts that live; more problems than that are counted
	maxPast = 50              // alerts that are over and are kept
	hold    = 3 * time.Second // for its cause to arrive, before an alert is told
)

// Engine follows the problems of one subscriber. One goroutine uses it. The zero value has no rules: use New.
type Engine struct {
	rules [frame.KindCount]Rule
	live  []alert
	at    map[key]int // where in live
	over  []frame.Alert
	told  []Change
	// Beyond is how many problems of the last step are no alerts, since there are too many.
	Beyond int
}

// Change is an alert that has begun, or that is over. Nothing is told of one that another hides.
type Change struct {
	frame.Alert
	Over bool
}

// alert is one that lives.
type alert struct {
	frame.Alert
	present bool // its problem was there in the last step
	told    bool
}

type key struct {
	kind        frame.Kind
	subject, of string
}

func keyOf(p *frame.Problem) key { return key{p.Kind, p.Subject, p.Of} }

// New returns an Engine with the rules that every host has.
func New() *Engine { return &Engine{rules: rules, at: map[key]int{}} }

// Configure puts other rules in force.
func (e *Engine) Configure(rules [frame.KindCount]Rule) { e.rules = rules }

// Step takes in a snapshot with its problems and sources, and sets its Alerts. It returns what has begun and what is over, valid
// until the next call.
func (e *Engine) Step(f *frame.Snapshot) []Change {
	e.told, e.Beyond = e.told[:0], 0
	for i := range e.live {
		e.live[i].present = false
	}
	for i := range f.Problems {
		e.see(&f.Problems[i], f)
	}
	for i := 0; i < len(e.live); {
		if !e.live[i].present && e.missing(&e.live[i], f) {
			e.drop(i)
			continue
		}
		i++
	}
	e.hide()
	for i := range e.live {
		if a := &e.live[i]; a.State != frame.Pending && !a.told && !a.Hidden && f.Boot-a.Fired >= hold {
			a.told = true
			e.told = append(e.told, Change{Alert: a.Alert})
		}
	}
	f.Alerts = f.Alerts[:0]
	for i := range e.live {
		f.Alerts = append(f.Alerts, e.live[i].Alert)
	}
	slices.SortFunc(f.Alerts, compare)
	f.Alerts = append(f.Alerts, e.over...)
	return e.told
}

// compare sorts alerts that live: those that fire before those that do not yet, the worst first, the newest first.
func compare(a, b frame.Alert) int {
	pending := func(a *frame.Alert) int {
		if a.State == frame.Pending {
			return 1
		}
		return 0
	}
	switch {
	case pending(&a) != pending(&b):
		return pending(&a) - pending(&b)
	case a.Severity != b.Severity:
		return int(a.Severity) - int(b.Severity)
	case a.Kind != b.Kind:
		return int(a.Kind) - int(b.Kind)
	case a.Since != b.Since && a.Since > b.Since:
		return -1
	case a.Since != b.Since:
		return 1
	case a.Subject != b.Subject && a.Subject < b.Subject, a.Subject == b.Subject && a.Of < b.Of:
		return -1
	}
	return 1
}

// see takes in a problem that is there.
func (e *Engine) see(p *frame.Problem, f *frame.Snapshot) {
	i, known := e.at[keyOf(p)]
	if !known {
		if len(e.live) == maxLive {
			e.Beyond++
			return
		}
		i = len(e.live)
		e.live = append(e.live, alert{Alert: frame.Alert{Problem: *p, Came: 1}, present: true})
		e.at[keyOf(p)] = i
	}
	a := &e.live[i]
	since, worse := a.Since, p.Severity < a.Severity
	if known && a.State == frame.Fading {
		a.State = frame.Firing
		a.Came++
	}
	a.Problem, a.present, a.Unsure, a.Seen = *p, true, false, f.Boot
	switch {
	case a.State == frame.Pending && f.Boot-p.Since >= e.wait(p, f):
		a.State, a.Fired = frame.Firing, f.Boot
	case a.State == frame.Firing:
		a.Since = min(since, p.Since)
		if worse { // it calls again
			a.Fired, a.Acked, a.told = f.Boot, false, false
		}
	}
}

// wait is how long a problem must be there.
func (e *Engine) wait(p *frame.Problem, f *frame.Snapshot) time.Duration {
	r := &e.rules[p.Kind]
	if f.Boot < r.AfterBoot {
		return max(r.For, r.AfterBoot-p.Since)
	}
	return r.For
}

// missing takes in that an alert's problem is not there, and reports whether the alert goes with it.
func (e *Engine) missing(a *alert, f *frame.Snapshot) (gone bool) {
	r := &e.rules[a.Kind]
	if a.State == frame.Pending {
		return true
	}
	if a.Unsure = !fresh(r.Source, f); a.Unsure || r.Latch && !a.Acked {
		return false
	}
	if a.State = frame.Fading; f.Boot-a.Seen < r.Keep {
		return false
	}
	a.State = frame.Over
	if a.told {
		e.told = append(e.told, Change{Alert: a.Alert, Over: true})
	}
	if len(e.over) == maxPast {
		e.over = e.over[:maxPast-1]
	}
	e.over = slices.Insert(e.over, 0, a.Alert)
	return true
}

// fresh reports whether a source says how things are now.
func fresh(name string, f *frame.Snapshot) bool {
	for i := range f.Sources {
		if s := &f.Sources[i]; s.Name == name {
			return s.Health.State == health.OK || s.Health.State == health.Absent
		}
	}
	return true
}

// drop forgets alert i.
func (e *Engine) drop(i int) {
	delete(e.at, keyOf(&e.live[i].Problem))
	last := len(e.live) - 1
	if i < last {
		e.live[i] = e.live[last]
		e.at[keyOf(&e.live[i].Problem)] = i
	}
	e.live[last] = alert{}
	e.live = e.live[:last]
}

// hide finds what follows from another.
func (e *Engine) hide() {
	for i := range e.live {
		e.live[i].Hidden = false
	}
	for i := range e.live {
		cause := &e.live[i]
		r := &e.rules[cause.Kind]
		if len(r.Hides) == 0 || cause.Elsewhere {
			continue
		}
		for j := range e.live {
			a := &e.live[j]
			if slices.Contains(r.Hides, a.Kind) && (!r.OfSubject || a.Subject == cause.Subject) {
				a.Hidden = true
			}
		}
	}
}

// Acknowledge says that somebody has seen all that fires.
func (e *Engine) Acknowledge() {
	for i := range e.live {
		if e.live[i].State != frame.Pending {
			e.live[i].Acked = true
		}
	}
}

// Restore takes in the alerts that a record of this boot has: those that live go on as they were. What it knows already it leaves.
func (e *Engine) Restore(alerts []frame.Alert) {
	for i := range alerts {
		a := &alerts[i]
		switch _, known := e.at[keyOf(&a.Problem)]; {
		case a.State == frame.Pending || known && a.State != frame.Over:
		case a.State == frame.Over && len(e.over) < maxPast:
			e.over = append(e.over, *a)
		case a.State != frame.Over && len(e.live) < maxLive:
			e.at[keyOf(&a.Problem)] = len(e.live)
			e.live = append(e.live, alert{Alert: *a, told: true})
		}
	}
}
