package frame

import (
	"slices"
	"time"

	"hypervisor-tui/kube"
	"hypervisor-tui/plugin"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/qemu"
)

// Tracker follows the snapshots of one subscriber: it gives problems their age, tells which were raised and cleared, and
// notices sources that have stopped. It remembers no more than one snapshot. The zero value is ready; one goroutine uses it.
type Tracker struct {
	samples, links, units, nixos, clock, lastBoot, cluster, checks, recording arrival

	staleHost      *sample.Host // copies of what had to be marked as old; nil: it never had
	staleVMs       qemu.VMs
	staleUnits     sample.Units
	staleSystem    sample.System
	staleCluster   kube.State
	staleChecks    plugin.State
	staleRecording Source

	open, found []Problem
	changes     []Change
	nodes       nodeOrder // in use during Derive alone
	trends      trends
	remembered  []Problem     // what Remember was given,
	until       time.Duration // and the CLOCK_BOOTTIME from which it is not believed any more; 0: no Update has seen it
}

// remembers is how long after Remember a problem is taken for the one of then: by then each source has answered.
const remembers = 2 * time.Minute

// Change is a problem that was raised, or one that is over.
type Change struct {
	Problem
	Cleared bool
	At      time.Duration // CLOCK_BOOTTIME
}

// Derive fills in what follows from the rest of f: what is too old to be called fresh, then Guests, Nodes, Sources and Problems,
// in the memory that they have. The changes are those since the last snapshot, valid until the next call.
func (t *Tracker) Derive(f *Snapshot) []Change {
	t.markLate(f)
	f.Guests = MergeGuests(f.Guests, f)
	f.Nodes = t.mergeNodes(f.Nodes, f)
	f.Sources = t.sources(f.Sources, f)
	t.found = t.trends.find(findProblems(t.found, f, t.open), f)
	open, changes := t.Update(f.Boot, t.found)
	f.Problems = append(f.Problems[:0], open...)
	return changes
}

// Update takes what was found wrong at the time now. It returns that with its age, worst first, and what has changed since
// the last call; both are valid until the next one. A problem is the same as long as its kind, subject and owner are.
func (t *Tracker) Update(now time.Duration, found []Problem) (open []Problem, changes []Change) {
	t.changes = t.changes[:0]
	t.forget(now)
	known := len(t.open)
	for i := range found {
		p := found[i]
		old, undated := same(t.open[:known], &p), p.Since == 0 || p.atLeast
		switch {
		case old != nil && p.said.Equal(old.said):
			p.Since = old.Since
		case p.Since == 0:
			p.Since = now
		}
		if before := same(t.remembered, &p); before != nil && undated {
			p.Since = min(p.Since, before.Since)
		}
		if old == nil {
			t.changes = append(t.changes, Change{Problem: p, At: now})
		}
		t.open = append(t.open, p)
	}
	for i := range t.open[:known] {
		if same(t.open[known:], &t.open[i]) == nil {
			t.changes = append(t.changes, Change{Problem: t.open[i], Cleared: true, At: now})
			t.disremember(&t.open[i])
		}
	}
	t.open = append(t.open[:0], t.open[known:]...)
	sortProblems(t.open)
	return t.open, t.changes
}

// Remember takes the problems that were open when this host was looked at last in this boot, before this process did. One that
// is found in the next two minutes, or was found already, and whose age nobody else knows, is as old as it was then; it is
// still told as raised. The list is copied.
func (t *Tracker) Remember(problems []Problem) { t.remembered, t.until = slices.Clone(problems), 0 }

// Clone returns a Tracker that knows what t does and goes on by itself.
func (t *Tracker) Clone() Tracker {
	c := *t
	c.open, c.remembered, c.trends = slices.Clone(t.open), slices.Clone(t.remembered), t.trends.clone()
	c.found, c.changes, c.staleHost = nil, nil, nil
	return c
}

// Learn takes in of a record of before, of this boot, what no single snapshot tells: how filesystems have grown, which fans have turned,
// and whether the clock was synchronised. The records come in their order. It finds no problems; Inherit hands on what was learned.
func (t *Tracker) Learn(f *Snapshot) { t.found = t.trends.find(t.found[:0], f) }

// Inherit takes in what another Tracker has learned, where t does not know better by itself. How many packets were broken is not
// handed on: counters are recorded too roughly for that.
func (t *Tracker) Inherit(learned *Tracker) { t.trends.inherit(&learned.trends) }

// forget drops what is remembered once it has had its time.
func (t *Tracker) forget(now time.Duration) {
	switch {
	case t.remembered == nil:
	case t.until == 0:
		t.until = now + remembers
	case now > t.until:
		t.remembered = nil
	}
}

// disremember says that p is over: one that comes after it is a new one.
func (t *Tracker) disremember(p *Problem) {
	if before := same(t.remembered, p); before != nil {
		*before = Problem{Kind: KindCount}
	}
}

// Is reports whether p and q are the same problem, seen at two times.
func (p *Problem) Is(q *Problem) bool {
	return p.Kind == q.Kind && p.Subject == q.Subject && p.Of == q.Of
}

// same is the problem among all that p is, nil when none is.
func same(all []Problem, p *Problem) *Problem {
	for i := range all {
		if all[i].Is(p) {
			return &all[i]
		}
	}
	return nil
}
