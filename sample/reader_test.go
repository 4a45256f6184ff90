package sample

import (
	"testing"
	"time"

	"hypervisor-tui/sample/sampletest"
)

// Reader returns reader i of a sampler. One that is not there yet is made.
func (s *Sampler) Reader(i int) *Reader {
	for len(*s.readers.Load()) <= i {
		s.NewReader(false)
	}
	return (*s.readers.Load())[i]
}

// TestReadersComeAndGo: one that comes later has at once what the others have, and then each sample; one that is closed gets nothing
// any more, and views no processes.
func TestReadersComeAndGo(t *testing.T) {
	c := sampletest.NewClock()
	s := New(Options{Root: "testdata/vm2", Now: c.Now})
	t.Cleanup(s.Close)
	sample := func() {
		c.Pass(2 * time.Second)
		s.Sample()
	}
	first := s.NewReader(false)
	if len(first.Sampled) != 0 || first.Hosts.Latest() != nil {
		t.Error("it is told of a sample before the first")
	}
	sample()
	later := s.NewReader(false)
	for want := range 2 {
		<-later.Sampled
		h := later.Hosts.Latest()
		if h == nil || h.Samples != uint64(want)+1 || h != first.Hosts.Latest() || later.Nets.Latest() != first.Nets.Latest() || later.VMs.Latest() != first.VMs.Latest() {
			t.Errorf("it has %+v, the first %+v", h, first.Hosts.Latest())
		}
		sample()
	}
	later.ViewProcesses(true)
	<-later.Sampled
	later.Close()
	sample()
	if len(later.Sampled) != 0 || later.viewing || len(*s.readers.Load()) != 1 {
		t.Error("once closed it gets another sample")
	}
}

// TestCountersAreForThoseWhoWantThem: they are read while a reader wants them, and only such a one gets them.
func TestCountersAreForThoseWhoWantThem(t *testing.T) {
	c := sampletest.NewClock()
	s := New(Options{Root: "testdata/vm2", Now: c.Now})
	t.Cleanup(s.Close)
	plain := s.NewReader(false)
	s.Sample()
	if s.counting {
		t.Error("they are read and nobody wants them")
	}
	for range 2 { // the second begins anew
		exporter := s.NewReader(true)
		if got := exporter.Counters.Latest(); got != nil {
			t.Errorf("at once there are some of %v", got.At)
		}
		c.Pass(time.Second)
		s.Sample()
		if got := exporter.Counters.Latest(); !s.counting || plain.Counters != nil || got == nil || got.At != c.Now() {
			t.Errorf("it gets %+v, another one %v", got, plain.Counters)
		}
		exporter.Close()
		if s.Sample(); s.counting {
			t.Error("they are still read")
		}
	}
}

// BenchmarkReader is what one costs that comes, looks and goes, on a machine that has a lot of everything.
func BenchmarkReader(b *testing.B) {
	s := newBigMachine(b).sampler()
	b.ReportAllocs()
	for b.Loop() {
		r := s.NewReader(false)
		r.Hosts.Latest()
		r.Nets.Latest()
		r.VMs.Latest()
		r.Close()
	}
}
