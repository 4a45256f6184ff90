package frame

import (
	"time"

	"hypervisor-tui/kube"
	"hypervisor-tui/sample"
)

// Tracker follows the snapshots of one subscriber: it gives problems their age, tells which were raised and cleared, and
// notices sources that have stopped. It remembers no more than one snapshot. The zero value is ready; one goroutine uses it.
type Tracker struct {
	samples, links, units, nixos, clock, lastBoot, cluster arrival

	staleUnits   sample.Units // copies of what had to be marked as old
	staleSystem  sample.System
	staleCluster kube.State

	open, found []Problem
	changes     []Change
}

// Change is a problem that was raised, or one that is over.
type Change struct {
	Problem
	Cleared bool
	At      time.Duration // CLOCK_BOOTTIME
}

// Derive fills in what follows from the rest of f: what is too old to be called fresh, then Machines, Sources and Problems,
// in the memory that they have. The changes are those since the last snapshot, valid until the next call.
func (t *Tracker) Derive(f *Snapshot) []Change {
	t.markLate(f)
	f.Guests = MergeGuests(f.Guests, f)
	f.Sources = t.sources(f.Sources, f)
	t.found = findProblems(t.found, f, t.open)
	open, changes := t.Update(f.Boot, t.found)
	f.Problems = append(f.Problems[:0], open...)
	return changes
}

// Update takes what was found wrong at the time now. It returns that with its age, worst first, and what has changed since
// the last call; both are valid until the next one. A problem is the same as long as its kind, subject and owner are.
func (t *Tracker) Update(now time.Duration, found []Problem) (open []Problem, changes []Change) {
	t.changes = t.changes[:0]
	known := len(t.open)
	for i := range found {
		p := found[i]
		if old := same(t.open[:known], &p); old == nil {
			if p.Since == 0 {
				p.Since = now
			}
			t.changes = append(t.changes, Change{Problem: p, At: now})
		} else if p.said.Equal(old.said) {
			p.Since = old.Since
		}
		t.open = append(t.open, p)
	}
	for i := range t.open[:known] {
		if same(t.open[known:], &t.open[i]) == nil {
			t.changes = append(t.changes, Change{Problem: t.open[i], Cleared: true, At: now})
		}
	}
	t.open = append(t.open[:0], t.open[known:]...)
	sortProblems(t.open)
	return t.open, t.changes
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
