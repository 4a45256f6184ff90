package sample

import (
	"testing"
	"time"

	"hypervisor-tui/sample/sampletest"
)

// Reader returns reader i of a sampler that no other goroutine runs now. One that is not there yet is added, with the last sample.
func (s *Sampler) Reader(i int) *Reader {
	for len(*s.readers.Load()) <= i {
		r := s.NewReader(false)
		if s.host.Samples > 0 {
			r.Publish(&s.host, &s.net, &s.qemu.VMs, nil)
			<-r.Sampled
		}
		s.AddReader(r)
	}
	return (*s.readers.Load())[i]
}

// TestReadersComeAndGo: one that is added later has at once what it is seeded with, and then what the others have; one that is
// removed gets nothing any more, and views no processes.
func TestReadersComeAndGo(t *testing.T) {
	c := sampletest.NewClock()
	s := New(Options{Root: "testdata/vm2", Now: c.Now})
	t.Cleanup(s.Close)
	sample := func() {
		c.Pass(2 * time.Second)
		s.Sample()
	}
	first := s.Reader(0)
	sample()
	later := s.NewReader(false)
	later.Publish(first.Hosts.Latest(), first.Nets.Latest(), first.VMs.Latest(), nil)
	<-later.Sampled
	s.AddReader(later)
	if got := later.Hosts.Latest(); got.Samples != 1 || len(got.Cores) == 0 || later.Nets.Latest() == nil {
		t.Errorf("at once it has %d samples of %d cores", got.Samples, len(got.Cores))
	}
	sample()
	<-later.Sampled
	if a, b := first.Hosts.Latest(), later.Hosts.Latest(); a.Samples != 2 || b.Samples != 2 || len(a.Cores) != len(b.Cores) || a.Memory != b.Memory {
		t.Errorf("then the first has sample %d, it %d", a.Samples, b.Samples)
	}
	later.ViewProcesses(true)
	s.RemoveReader(later)
	sample()
	if got := later.Hosts.Latest().Samples; got != 2 || len(later.Sampled) != 0 || later.viewing || len(*s.readers.Load()) != 1 {
		t.Errorf("once removed it gets sample %d", got)
	}
}

// TestCountersAreForThoseWhoWantThem: they are read while a reader wants them, and only such a one gets them.
func TestCountersAreForThoseWhoWantThem(t *testing.T) {
	c := sampletest.NewClock()
	s := New(Options{Root: "testdata/vm2", Now: c.Now})
	t.Cleanup(s.Close)
	plain, exporter := s.Reader(0), s.NewReader(true)
	s.Sample()
	if s.counting {
		t.Error("they are read and nobody wants them")
	}
	s.AddReader(exporter)
	c.Pass(time.Second)
	s.Sample()
	if got := exporter.Counters.Latest(); !s.counting || plain.Counters != nil || got == nil || got.At != c.Now() {
		t.Errorf("it gets %+v, another one %v", got, plain.Counters)
	}
	s.RemoveReader(exporter)
	if s.Sample(); s.counting {
		t.Error("they are still read")
	}
}
