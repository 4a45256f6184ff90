package sample

import (
	"slices"
	"time"

	"hypervisor-tui/internal/box"
	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/qemu"
	"hypervisor-tui/sample/top"
)

// Reader is where one goroutine gets each sample.
type Reader struct {
	Hosts    *box.Box[Host]
	Nets     *box.Box[Net]
	VMs      *box.Box[qemu.VMs]
	Counters *box.Box[Counters] // nil: it does not want them
	Sampled  chan struct{}      // gets a value after each sample; those that nobody has waited for are one

	processes *box.Box[top.Processes]
	top       *top.Watcher
	viewing   bool
}

// NewReader returns a reader that gets nothing before AddReader.
func (s *Sampler) NewReader(counters bool) *Reader {
	r := &Reader{
		Hosts: box.New(CopyHost), Nets: box.New(CopyNet), VMs: box.New(qemu.Copy), Sampled: make(chan struct{}, 1),
		processes: box.New(top.Copy), top: s.top,
	}
	if counters {
		r.Counters = box.New(CopyCounters)
	}
	return r
}

// AddReader makes r get each sample from the next one on. Any goroutine may call it.
func (s *Sampler) AddReader(r *Reader) {
	box.Change(&s.readers, func(readers []*Reader) []*Reader { return append(readers, r) })
}

// RemoveReader ends what AddReader began: r costs nothing any more once the sample under way has ended. Any goroutine may call
// it, once that of r has left r.
func (s *Sampler) RemoveReader(r *Reader) {
	r.ViewProcesses(false)
	box.Change(&s.readers, func(readers []*Reader) []*Reader {
		return slices.DeleteFunc(readers, func(o *Reader) bool { return o == r })
	})
}

func (r *Reader) counts() bool { return r.Counters != nil }

// Publish gives r a sample, of which it takes a copy; c may be nil. Only the Sampler may call it, and before AddReader who has a sample already.
func (r *Reader) Publish(h *Host, n *Net, v *qemu.VMs, c *Counters) {
	r.Hosts.Publish(h)
	r.Nets.Publish(n)
	r.VMs.Publish(v)
	if r.counts() && c != nil {
		r.Counters.Publish(c)
	}
	select {
	case r.Sampled <- struct{}{}:
	default:
	}
}

// ViewProcesses sets whether this reader shows processes; only its goroutine may call it. They are read only while one of
// the readers does.
func (r *Reader) ViewProcesses(on bool) {
	if on != r.viewing {
		r.viewing = on
		r.top.View(on)
	}
}

// Processes returns those that use the most, valid until the reader's next call; nil before the first reader wanted them.
func (r *Reader) Processes(now time.Duration) *top.Processes {
	p := r.processes.Latest()
	if since := r.top.Hangs(now); p != nil && since != 0 {
		p.Health.Bad(since, procfile.NotAnswering)
	}
	return p
}

func (s *Sampler) publishProcesses(p *top.Processes) {
	for _, r := range *s.readers.Load() {
		r.processes.Publish(p)
	}
}
