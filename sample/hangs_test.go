package sample

import (
	"testing"
	"time"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/sampletest"
)

// What a reader that hangs is like from outside: the sampler says since when, and at which source.
func TestF52SampleUnderWay(t *testing.T) {
	c := sampletest.NewClock()
	s := New(Options{Root: sampletest.CopyOf(t, "vm2"), Now: c.Now})
	t.Cleanup(s.Close)
	s.Sample()
	if since, _ := s.Busy(); since != 0 {
		t.Errorf("busy since %v between two samples", since)
	}
	reached, answer := make(chan struct{}), make(chan struct{})
	s.steps[Loadavg].reader = &faulty{func() error { close(reached); <-answer; return nil }}
	c.Pass(2 * time.Second)
	ended := make(chan struct{})
	go func() { defer close(ended); s.Sample() }()
	<-reached
	began := c.Now()
	c.Pass(time.Minute)
	if since, at := s.Busy(); since != began || at != Loadavg {
		t.Errorf("busy since %v with source %d, want %v with %d", since, at, began, Loadavg)
	}
	close(answer)
	<-ended
	if since, _ := s.Busy(); since != 0 {
		t.Errorf("busy since %v after the answer", since)
	}
}

// An os-release that never answers costs the sample nothing but the identity, which says so and comes back.
func TestF53IdentityHangs(t *testing.T) {
	c := sampletest.NewClock()
	s := New(Options{Root: sampletest.CopyOf(t, "vm2"), Now: c.Now})
	t.Cleanup(s.Close)
	answer := make(chan struct{})
	s.identity.look = func(root string) *identity { <-answer; return readIdentity(root) }
	s.Sample()
	same := await.Goroutines(t)
	h := s.Reader(0).Hosts.Latest()
	if h.Health[Identity].State != health.Init || h.Health[Stat].State != health.OK || h.Machine.Hostname != "hypervisor-01" {
		t.Errorf("identity %+v, cpu %+v, hostname %q", h.Health[Identity], h.Health[Stat], h.Machine.Hostname)
	}
	for range 20 {
		c.Pass(2 * procfile.WorkTimeout)
		s.identity.ask() // as the worker does each minute
		s.Sample()
	}
	same()
	if got := s.Reader(0).Hosts.Latest().Health[Identity]; got.State != health.Failed || got.Err != procfile.NotAnswering {
		t.Errorf("%+v", got)
	}
	close(answer)
	await.Until(t, "the answer", func() bool { return s.identity.asked.Since() == 0 })
	s.Sample()
	h = s.Reader(0).Hosts.Latest()
	if h.Health[Identity].State != health.OK || h.Machine.OS == "" || h.Machine.Hostname != "hypervisor-01" {
		t.Errorf("afterwards %+v, %+v", h.Health[Identity], h.Machine)
	}
	s.identity.look = func(string) *identity { panic("a word") }
	s.identity.ask()
	await.Until(t, "the crash", func() bool { return s.identity.asked.Since() == 0 })
	s.Sample()
	if got := s.Reader(0).Hosts.Latest().Health[Identity]; got.State != health.Failed || got.Err != "crashed: a word" {
		t.Errorf("%+v", got)
	}
}

// Each worker that does not come back from its look says so, from the start and later.
func TestF55WorkersHang(t *testing.T) {
	for name, c := range map[string]struct {
		source Source
		work   func(s *Sampler) *procfile.Stopwatch
		found  func(s *Sampler)
	}{
		"filesystems": {Filesystems, func(s *Sampler) *procfile.Stopwatch { return &s.filesystems.pool.work },
			func(s *Sampler) { s.filesystems.pool.set(t.Context(), nil) }},
		"sensors": {Sensors, func(s *Sampler) *procfile.Stopwatch { return &s.sensors.pool.work },
			func(s *Sampler) { s.sensors.pool.set(t.Context(), nil) }},
	} {
		t.Run(name, func(t *testing.T) {
			clock := sampletest.NewClock()
			s := New(Options{Root: t.TempDir(), Now: clock.Now})
			t.Cleanup(s.Close)
			state := func() health.Health {
				s.Sample()
				return s.Reader(0).Hosts.Latest().Health[c.source]
			}
			work := c.work(s)
			work.Start(clock.Now())
			if got := state(); got.State != health.Init {
				t.Errorf("at once: %+v", got)
			}
			clock.Pass(procfile.WorkTimeout + time.Second)
			if got := state(); got.State != health.Failed || got.Err != procfile.NotAnswering {
				t.Errorf("from the start: %+v", got)
			}
			work.Stop()
			c.found(s)
			if got := state(); got.State != health.OK {
				t.Errorf("it has answered: %+v", got)
			}
			work.Start(clock.Now())
			clock.Pass(procfile.WorkTimeout + time.Second)
			if got := state(); got.State != health.Stale || got.Err != procfile.NotAnswering || got.Age(clock.Now()) == 0 {
				t.Errorf("later: %+v", got)
			}
			work.Stop()
			if got := state(); got.State != health.OK || got.Err != "" {
				t.Errorf("afterwards: %+v", got)
			}
		})
	}
}
