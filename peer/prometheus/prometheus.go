// Package prometheus asks a Prometheus what the CPUs and the memory of nodes did in the last hours, while somebody looks at
// them.
package prometheus

import (
	"context"
	"slices"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/internal/viewers"
	"hypervisor-tui/peer"
)

// What is asked for, and how often.
const (
	span    = 6 * time.Hour
	points  = 144 // of a figure: two to a column of 80 columns
	step    = span / points
	fresh   = 30 * time.Second // so long an answer is good, and nothing is asked again
	timeout = 2 * time.Second  // of a question, from the look-up of a name to the last byte
)

// Options says where an Asker asks, and for whom.
type Options struct {
	Config    config.Prometheus          // its URL is not empty
	Now       func() time.Duration       // CLOCK_BOOTTIME
	Whole     *viewers.Names             // who look at which node
	Addresses func(node string) []string // its IP addresses, as far as they are known
}

// Asker asks. It belongs to the goroutine that runs it.
type Asker struct {
	o     Options
	known []answered
	put   func(*question, context.Context, config.Prometheus) (cpu, memory peer.Figure, err error) // question.ask, but in tests
}

// answered is what came of the last question about a node, and when.
type answered struct {
	peer.Usage
	at time.Duration
}

// New returns an Asker that has asked nothing yet.
func New(o Options) *Asker { return &Asker{o: o, put: (*question).ask} }

// Run asks until ctx ends, whose error it returns. It calls store with what is known, which is immutable from then on. While
// nobody looks, and what was known has become old, it waits for somebody and holds nothing.
func (a *Asker) Run(ctx context.Context, store func(*peer.Usages)) error {
	due := time.NewTimer(0)
	defer due.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-a.o.Whole.Came():
		case <-due.C:
		}
		looked := a.o.Whole.All()
		a.forget(looked)
		store(a.usages())
		for _, node := range looked {
			if k := a.of(node); a.old(k) {
				a.ask(ctx, k)
				store(a.usages())
			}
		}
		if len(a.known) > 0 {
			due.Reset(a.next())
		}
	}
}

// Once asks once about a node, and returns what came of that. It may wait for a disk.
func Once(ctx context.Context, o Options, node string) peer.Usage {
	a := New(o)
	k := a.of(node)
	a.ask(ctx, k)
	return k.Usage
}

// of returns what is known of a node; it is there from now on.
func (a *Asker) of(node string) *answered {
	i := slices.IndexFunc(a.known, func(k answered) bool { return k.Node == node })
	if i < 0 {
		i = len(a.known)
		a.known = append(a.known, answered{Usage: peer.Usage{Node: node}})
	}
	return &a.known[i]
}

// old reports whether the last question about a node is too long ago, or there was none.
func (a *Asker) old(k *answered) bool { return k.at == 0 || a.o.Now()-k.at >= fresh }

// forget drops what is old and is not among those that are looked at, which are sorted.
func (a *Asker) forget(looked []string) {
	a.known = slices.DeleteFunc(a.known, func(k answered) bool {
		_, found := slices.BinarySearch(looked, k.Node)
		return !found && a.old(&k)
	})
}

// next is the time until something that is known is old.
func (a *Asker) next() time.Duration {
	oldest := slices.MinFunc(a.known, func(a, b answered) int { return int(a.at - b.at) })
	return max(oldest.at+fresh-a.o.Now(), 0)
}

// usages is what is known.
func (a *Asker) usages() *peer.Usages {
	list := make(peer.Usages, len(a.known))
	for i := range a.known {
		list[i] = a.known[i].Usage
	}
	return &list
}

// ask asks about a node. What is known of it from before stays while no answer comes.
func (a *Asker) ask(ctx context.Context, k *answered) {
	began := a.o.Now()
	limit, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	q := newQuestion(k.Node, a.o.Addresses(k.Node), time.Now())
	cpu, memory, err := a.put(&q, limit, a.o.Config)
	k.at = a.o.Now()
	k.Health.Cost = k.at - began
	switch {
	case err != nil:
		k.Health.Bad(k.at, why(err, a.o.Config))
	case cpu.Known+memory.Known == 0:
		k.Usage = peer.Usage{Node: k.Node} // what it had before is not its last good value
		k.Health.Fail(k.at, "it has no figures of this node: looked for "+q.wanted())
	default:
		k.From, k.To, k.CPU, k.Memory = q.from, q.to, cpu, memory
		k.Health.Good(k.at)
	}
}
