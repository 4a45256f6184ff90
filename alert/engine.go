// Package alert makes of the problems of each snapshot the alerts that somebody is called for: a problem that lasts becomes one,
// one that comes and goes stays one, and what follows from another calls nobody. It is pure.
package alert

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/journal"
)

const (
	maxLive = 256             // alerts that live; more problems than that are counted
	maxPast = 50              // alerts that are over and are kept
	hold    = 3 * time.Second // for its cause to arrive, before an alert is told
	unseen  = time.Minute     // without a tick in which the host or this program was stopped: nobody has looked meanwhile
)

// Engine follows the problems of one subscriber. One goroutine uses it. The zero value has no rules: use New.
type Engine struct {
	rules  *Rules
	live   []alert
	at     map[key]int   // where in live
	over   []frame.Alert // newest first
	told   []Change
	order  []*alert      // of live, to sort it
	last   time.Duration // CLOCK_BOOTTIME of the last step,
	tick   uint64        // and its tick
	awake  time.Duration // CLOCK_BOOTTIME from which nothing has stopped; no time before counts for For or Keep
	beyond int
}

// Change is an alert that has begun or become worse, or that is over. Nothing is told of one that another hides.
type Change struct {
	frame.Alert
	Over bool
}

// alert is one that lives. Its Severity is what it calls with: a problem that becomes worse is to be so for as long as a new one.
type alert struct {
	frame.Alert
	present  bool // its problem was there in the last step
	told     bool
	worst    journal.Severity // that it has called with, or would have
	severity journal.Severity // of its problem,
	from     time.Duration    // and the CLOCK_BOOTTIME since which
	gone     time.Duration    // CLOCK_BOOTTIME since which its problem is known not to be there, while it fades
}

type key struct {
	kind        frame.Kind
	subject, of string
}

func keyOf(p *frame.Problem) key { return key{p.Kind, p.Subject, p.Of} }

// New returns an Engine with the rules that every host has.
func New() *Engine { return &Engine{rules: &defaultRules, at: map[key]int{}} }

// Clone returns an Engine that knows what e does and goes on by itself. What e has told of it does not tell again.
func (e *Engine) Clone() *Engine {
	c := *e
	c.live, c.at, c.over = slices.Clone(e.live), maps.Clone(e.at), slices.Clone(e.over)
	c.told, c.order = nil, nil
	return &c
}

// Configure puts other rules in force, which nobody may change from then on.
func (e *Engine) Configure(rules *Rules) { e.rules = rules }

// Step takes in a snapshot with its problems and sources, and sets its Alerts. It returns what has begun and what is over, valid
// until the next call.
func (e *Engine) Step(f *frame.Snapshot) []Change {
	e.told, e.beyond = e.told[:0], 0
	e.wake(f)
	for i := range e.live {
		e.live[i].present = false
	}
	unknown := 0
	for i := range f.Problems {
		p := &f.Problems[i]
		if at, known := e.at[keyOf(p)]; known {
			e.see(&e.live[at], p, f)
		} else {
			unknown++
		}
	}
	for i := 0; i < len(e.live); {
		if !e.live[i].present && e.missing(&e.live[i], f) {
			e.drop(i)
			continue
		}
		i++
	}
	for i := 0; i < len(f.Problems) && unknown > 0; i++ {
		if _, known := e.at[keyOf(&f.Problems[i])]; !known {
			if !e.add(&f.Problems[i], f) {
				e.beyond += unknown // those that follow are no worse
				break
			}
			unknown--
		}
	}
	e.hide()
	e.tell(f)
	e.list(f)
	return e.told
}

// wake notices that nothing was looked at for a while: the host was suspended, or this program stopped.
func (e *Engine) wake(f *frame.Snapshot) {
	ticks := time.Duration(f.Tick-e.tick) * time.Second
	if e.last != 0 && f.Tick > 0 && f.Boot-e.last-ticks > unseen {
		e.awake = f.Boot
	}
	e.last, e.tick = f.Boot, f.Tick
}

// add begins the life of an alert. When there are too many it takes the place of the least of those that are less severe; it
// returns false when there is none such.
func (e *Engine) add(p *frame.Problem, f *frame.Snapshot) bool {
	if len(e.live) == maxLive {
		least := 0
		for i := range e.live {
			if e.live[i].Compare(&e.live[least].Problem) > 0 {
				least = i
			}
		}
		if e.live[least].Severity <= p.Severity {
			return false
		}
		if e.live[least].present {
			e.beyond++
		}
		e.drop(least)
	}
	e.at[keyOf(p)] = len(e.live)
	e.live = append(e.live, alert{Alert: frame.Alert{Problem: *p, Came: 1, Seen: f.Boot}, worst: p.Severity, severity: p.Severity, from: f.Boot})
	e.see(&e.live[len(e.live)-1], p, f)
	return true
}

// see takes in that an alert's problem is there.
func (e *Engine) see(a *alert, p *frame.Problem, f *frame.Snapshot) {
	r := &e.rules[p.Kind]
	since := a.Since
	a.Problem, a.present, a.Rings = *p, true, r.Bell && !p.Elsewhere
	if a.State != frame.Pending {
		a.Since = min(since, p.Since)
	}
	if p.Severity != a.severity {
		a.severity, a.from = p.Severity, f.Boot
	}
	a.Severity = max(p.Severity, a.worst)
	if a.Unsure = stale(r.Source, f); a.Unsure {
		return
	}
	a.Seen = f.Boot
	if a.State == frame.Fading {
		a.State = frame.Firing
		a.Came++
	}
	held, wait := f.Boot-max(a.from, e.awake), r.wait(p, f)
	switch {
	case p.Severity < a.worst && held >= wait: // it calls again
		a.worst, a.Severity, a.Acked, a.told = p.Severity, p.Severity, false, false
		if a.State == frame.Firing {
			a.Fired = f.Boot
		}
	case p.Severity > a.worst && held >= r.Keep:
		a.worst = p.Severity
	}
	if a.State == frame.Pending && f.Boot-max(p.Since, e.awake) >= wait {
		a.State, a.Fired = frame.Firing, f.Boot
	}
}

// missing takes in that an alert's problem is not there, and reports whether the alert goes with it.
func (e *Engine) missing(a *alert, f *frame.Snapshot) (gone bool) {
	r := &e.rules[a.Kind]
	if a.State == frame.Pending {
		return true
	}
	if blamed(a, f.Problems) {
		a.gone = 0
		return false
	}
	if a.Unsure = !r.known(f); a.Unsure || r.Latch && !a.Acked {
		a.gone = 0
		return false
	}
	if a.State != frame.Fading || a.gone == 0 {
		a.State, a.gone = frame.Fading, f.Boot
	}
	if f.Boot-max(a.gone, e.awake) < r.Keep {
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

// blamed reports whether a unit is not listed only since the problem of the API has it as its reason.
func blamed(a *alert, problems []frame.Problem) bool {
	for i := range problems {
		if p := &problems[i]; p.Kind == frame.APIDown && p.Subject == a.Subject {
			return a.Kind == frame.ServiceDown || a.Kind == frame.UnitFailed
		}
	}
	return false
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

// hide finds what follows from another. A cause hides what follows from it before it fires, and until it is over: what is
// left then calls.
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
			if a := &e.live[j]; slices.Contains(r.Hides, a.Kind) && r.Of.holds(&a.Problem, &cause.Problem) {
				a.Hidden = true
			}
		}
	}
}

// tell gathers the alerts that have begun.
func (e *Engine) tell(f *frame.Snapshot) {
	for i := range e.live {
		if a := &e.live[i]; a.State == frame.Firing && !a.told && !a.Hidden && f.Boot-a.Fired >= hold {
			a.told = true
			e.told = append(e.told, Change{Alert: a.Alert})
		}
	}
}

// list sets the alerts of f: those that live and then those that are over.
func (e *Engine) list(f *frame.Snapshot) {
	e.order = e.order[:0]
	for i := range e.live {
		e.order = append(e.order, &e.live[i])
	}
	slices.SortFunc(e.order, compare)
	f.Alerts = f.Alerts[:0]
	for _, a := range e.order {
		f.Alerts = append(f.Alerts, a.Alert)
	}
	f.Alerts, f.MoreAlerts = append(f.Alerts, e.over...), e.beyond
}

// compare sorts alerts that live: those that fire before those that do not yet, the worst first, the newest first.
func compare(a, b *alert) int {
	pending := func(a *alert) int {
		if a.State == frame.Pending {
			return 1
		}
		return 0
	}
	return cmp.Or(pending(a)-pending(b), int(a.Severity)-int(b.Severity), int(a.Kind)-int(b.Kind), cmp.Compare(b.Since, a.Since),
		strings.Compare(a.Subject, b.Subject), strings.Compare(a.Of, b.Of))
}

// Acknowledge says that somebody has seen all that fires. What is hidden calls once its cause is over.
func (e *Engine) Acknowledge() {
	for i := range e.live {
		if a := &e.live[i]; a.State != frame.Pending && !a.Hidden {
			a.Acked = true
		}
	}
}

// Restore takes in the alerts that a record of this boot has: those that live go on as they were, also where their problem
// is known already. They are not told again.
func (e *Engine) Restore(alerts []frame.Alert) {
	for i := range alerts {
		then := &alerts[i]
		at, known := e.at[keyOf(&then.Problem)]
		switch {
		case then.State == frame.Pending:
		case then.State == frame.Over && len(e.over) < maxPast:
			e.over = append(e.over, *then)
		case then.State == frame.Over:
		case known:
			a := &e.live[at]
			a.State, a.Fired, a.Acked, a.told = frame.Firing, then.Fired, then.Acked, true
			a.Since, a.Came = min(a.Since, then.Since), max(a.Came, then.Came)
		case len(e.live) < maxLive:
			e.at[keyOf(&then.Problem)] = len(e.live)
			e.live = append(e.live, alert{Alert: *then, told: true, worst: then.Severity, severity: then.Severity})
		}
	}
}
