package sample

import (
	"slices"
	"time"

	"hypervisor-tui/internal/box"
	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/qemu"
	"hypervisor-tui/sample/top"
)

// Reader is where one goroutine gets each sample. It shares it with the others: nobody may change it.
type Reader struct {
	Hosts    *box.Reader[Host]
	Nets     *box.Reader[Net]
	VMs      *box.Reader[qemu.VMs]
	Counters *box.Reader[Counters] // nil: it does not want them
	Sampled  chan struct{}         // gets a value after each sample; those that nobody has waited for are one

	processes *box.Box[top.Processes]
	sampler   *Sampler
	viewing   bool
}

// NewReader returns another reader, which has the last sample at once, but for counters that nobody has wanted so far. Any goroutine
// may call it.
func (s *Sampler) NewReader(counters bool) *Reader {
	r := &Reader{
		Hosts: s.hosts.Reader(), Nets: s.nets.Reader(), VMs: s.vms.Reader(), Sampled: make(chan struct{}, 1),
		processes: box.New(top.Copy), sampler: s,
	}
	if counters {
		r.Counters = s.counted.Reader()
	}
	box.Change(&s.readers, func(readers []*Reader) []*Reader { return append(readers, r) })
	if r.Hosts.Latest() != nil {
		r.tell()
	}
	return r
}

// Close ends the reader: what it had is not to be used any more. Any goroutine may call it, once the reader's own has left it.
func (r *Reader) Close() {
	r.ViewProcesses(false)
	box.Change(&r.sampler.readers, func(readers []*Reader) []*Reader {
		return slices.DeleteFunc(readers, func(o *Reader) bool { return o == r })
	})
	r.Hosts.Close()
	r.Nets.Close()
	r.VMs.Close()
	if r.counts() {
		r.Counters.Close()
	}
}

func (r *Reader) counts() bool { return r.Counters != nil }

func (r *Reader) tell() {
	select {
	case r.Sampled <- struct{}{}:
	default:
	}
}

// publish hands the sample over.
func (s *Sampler) publish() {
	s.hosts.Publish(&s.host)
	s.nets.Publish(&s.net)
	s.vms.Publish(&s.qemu.VMs)
	if s.counting {
		s.counted.Publish(&s.counters)
	}
	for _, r := range *s.readers.Load() {
		r.tell()
	}
}

// ViewProcesses sets whether this reader shows processes; only its goroutine may call it. They are read only while one of
// the readers does.
func (r *Reader) ViewProcesses(on bool) {
	if on != r.viewing {
		r.viewing = on
		r.sampler.top.View(on)
	}
}

// Processes returns those that use the most, valid until the reader's next call; nil before the first reader wanted them.
func (r *Reader) Processes(now time.Duration) *top.Processes {
	p := r.processes.Latest()
	if since := r.sampler.top.Hangs(now); p != nil && since != 0 {
		p.Health.Bad(since, procfile.NotAnswering)
	}
	return p
}

func (s *Sampler) publishProcesses(p *top.Processes) {
	for _, r := range *s.readers.Load() {
		r.processes.Publish(p)
	}
}
