package sample

import (
	"context"
	"errors"
	"math"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample/sampletest"
)

// faulty is a reader that does as it is told.
type faulty struct{ do func() error }

func (f *faulty) read(time.Duration, *Host, *Net) error { return f.do() }
func (f *faulty) close()                                {}

func TestF41ReaderPanics(t *testing.T) {
	root, c := sampletest.CopyOf(t, "vm2"), sampletest.NewClock()
	s := New(Options{Root: root, Now: c.Now})
	t.Cleanup(s.Close)
	var none []int
	boom := &faulty{func() error { return nil }}
	s.steps[Meminfo].reader = boom
	s.Sample()
	crash := func() error { none[3] = 1; return nil }
	boom.do = crash
	s.Sample()
	h := s.Reader(0).Hosts.Latest()
	if got := h.Health[Meminfo]; got.State != health.Failed || got.Err != "crashed: runtime error: index out of range [3] with length 0" {
		t.Errorf("%v %q", got.State, got.Err)
	}
	for _, source := range []Source{Uptime, Loadavg, Stat, Diskstats, Identity, NetDev, Sockets} {
		if got := h.Health[source]; got.State != health.OK {
			t.Errorf("source %d: %v %q", source, got.State, got.Err)
		}
	}
	boom.do = func() error { panic("a word") }
	s.Sample()
	if got := s.Reader(0).Hosts.Latest().Health[Meminfo]; got.Err != "crashed: a word" {
		t.Errorf("%v %q", got.State, got.Err)
	}
	boom.do = func() error { return nil }
	s.Sample()
	if got := s.Reader(0).Hosts.Latest().Health[Meminfo]; got.State != health.OK || got.Err != "" {
		t.Errorf("afterwards: %v %q", got.State, got.Err)
	}
}

func TestCloseGivesDescriptorsBack(t *testing.T) {
	s := New(Options{Root: "testdata/vm2"})
	open := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("no /proc: ", err)
		}
		return len(entries)
	}
	before := open()
	for range 2 {
		s.Sample()
		if during := open(); during <= before {
			t.Errorf("%d descriptors before, %d while files are kept", before, during)
		}
		s.Close()
		if after := open(); after != before {
			t.Errorf("%d descriptors before, %d after", before, after)
		}
	}
	s.Sample()
	if h := s.Reader(0).Hosts.Latest(); h.Health[Stat].State != health.OK {
		t.Errorf("%+v", h.Health[Stat])
	}
	s.Close()
}

func TestEachSourceHasItsStep(t *testing.T) {
	for i, step := range New(Options{}).steps {
		want := Source(i)
		if want >= Links {
			want++ // the links come by SetLinks
		}
		if step.source != want {
			t.Errorf("step %d is of source %d, want %d", i, step.source, want)
		}
	}
}

func TestHealthOfASource(t *testing.T) {
	c := sampletest.NewClock()
	s := New(Options{Root: t.TempDir(), Now: c.Now})
	t.Cleanup(s.Close)
	f := &faulty{func() error { return errors.New("bad\x1b[2J\nthing") }}
	s.steps[Stat].reader = f
	s.Sample()
	began := c.Now()
	c.Pass(time.Minute)
	s.Sample()
	if got := s.Reader(0).Hosts.Latest().Health[Stat]; got.State != health.Failed || got.Since != began || got.At != 0 || len(got.Err) == 0 || got.Err[3] == 0x1b {
		t.Errorf("%+v", got)
	}
	f.do = func() error { c.Pass(time.Second); return nil }
	s.Sample()
	good := s.Reader(0).Hosts.Latest().Health[Stat]
	if good.State != health.OK || good.Err != "" || good.Cost != time.Second {
		t.Errorf("%+v", good)
	}
	f.do = func() error { return errors.New("bad") }
	c.Pass(time.Minute)
	s.Sample()
	if got := s.Reader(0).Hosts.Latest().Health[Stat]; got.State != health.Stale || got.At != good.At || got.Err != "bad" || got.Age(c.Now()) < time.Minute {
		t.Errorf("%+v", got)
	}
}

// The sampler knows no clock but the one since boot, so that the only jump it can see is a suspend.
func TestF17SuspendMakesNoRateAndNoAgeWrong(t *testing.T) {
	root, c := sampletest.CopyOf(t, "bare"), sampletest.NewClock()
	s := New(Options{Root: root, Now: c.Now, Interval: 2 * time.Second})
	t.Cleanup(s.Close)
	s.SetLinks(reportOf(lo, eth0))
	step := func(n int, passed time.Duration) (*Host, *Net) {
		sampletest.Put(t, root, "/proc/net/dev", sampletest.NetDevOf(uint64(n), "lo", "eth0"))
		sampletest.Put(t, root, "/proc/diskstats", diskstatsOf(n, "sda"))
		c.Pass(passed)
		s.Sample()
		return s.Reader(0).Hosts.Latest(), s.Reader(0).Nets.Latest()
	}
	step(0, 0)
	step(2000, 2*time.Second)
	const year = 365 * 24 * time.Hour
	h, n := step(4000, year+2*time.Second)
	want := 2000 / (year + 2*time.Second).Seconds()
	if n.Rx != want || h.Disks[0].ReadOps != want || h.Health[NetDev].Age(c.Now()) != 0 {
		t.Errorf("%v, %v, want %v; %v old", n.Rx, h.Disks[0].ReadOps, want, h.Health[NetDev].Age(c.Now()))
	}
	if h, n = step(6000, 2*time.Second); n.Rx != 1000 || h.Disks[0].ReadOps != 1000 {
		t.Errorf("after it: %v, %v", n.Rx, h.Disks[0].ReadOps)
	}
	if h.History.Rx.Len() != SeriesLen || h.History.Rx.At(SeriesLen-1) != 1000 || !math.IsNaN(h.History.Rx.At(SeriesLen-3)) {
		t.Errorf("the history has no gap: %v, %v", h.History.Rx.At(SeriesLen-1), h.History.Rx.At(SeriesLen-3))
	}
	if h, n = step(9000, 0); !math.IsNaN(n.Rx) || !math.IsNaN(h.Disks[0].Read) {
		t.Errorf("in no time: %v, %v", n.Rx, h.Disks[0].Read)
	}
}

func TestHistoryHasAPointAnInterval(t *testing.T) {
	root, c := sampletest.CopyOf(t, "bare"), sampletest.NewClock()
	s := New(Options{Root: root, Now: c.Now, Interval: 2 * time.Second})
	t.Cleanup(s.Close)
	length := func(passed time.Duration) int {
		c.Pass(passed)
		s.Sample()
		return s.Reader(0).Hosts.Latest().History.Memory.Len()
	}
	for i, step := range []struct {
		passed time.Duration
		want   int
	}{
		{0, 1}, {500 * time.Millisecond, 2}, {2 * time.Second, 3}, // the second comes early
		{400 * time.Millisecond, 3}, {1600 * time.Millisecond, 4}, // someone asked for one between
		{6 * time.Second, 7}, // two were missed
	} {
		if got := length(step.passed); got != step.want {
			t.Errorf("sample %d: %d points, want %d", i, got, step.want)
		}
	}
	h := s.Reader(0).Hosts.Latest().History
	if h.Interval != 2*time.Second || !math.IsNaN(h.Memory.At(5)) || math.IsNaN(h.Memory.At(6)) || !math.IsNaN(h.CPU.At(0)) {
		t.Errorf("%v: %v %v %v", h.Interval, h.Memory.At(5), h.Memory.At(6), h.CPU.At(0))
	}
	sampletest.Put(t, root, "/proc/meminfo", "")
	length(2 * time.Second)
	if h = s.Reader(0).Hosts.Latest().History; !math.IsNaN(h.Memory.At(7)) {
		t.Error("an old value became a point")
	}
}

// TestChangedLinksAreSampledWithinASecond: whatever the interval, and once a second however many changes there are.
func TestChangedLinksAreSampledWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Root: "testdata/vm2", Interval: 20 * time.Second})
		ctx, stop := context.WithCancel(t.Context())
		done, r := make(chan error), s.Reader(0)
		go func() { done <- s.Run(ctx, nil) }()
		time.Sleep(21 * time.Second)
		synctest.Wait()
		count := func() uint64 { return r.Hosts.Latest().Samples }
		before := count()
		same := reportOf(Link{Index: 1, Name: "lo", SharedAttrs: &SharedAttrs{}})
		for range 20 {
			s.SetLinks(reportOf(Link{Index: 1, Name: "lo", SharedAttrs: &SharedAttrs{}}, Link{Index: 2, Name: "eth0", SharedAttrs: &SharedAttrs{}}))
			s.SetLinks(same)
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
		}
		if n := count() - before; n != 2 && n != 3 {
			t.Errorf("%d samples in 2 seconds full of changes, want one a second", n)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		before = count()
		for range 20 {
			s.SetLinks(&LinkReport{Table: same.Table, Health: same.Health})
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
		}
		if n := count() - before; n != 0 {
			t.Errorf("%d samples though no link has changed", n)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		s := New(Options{Root: "testdata/vm2", Now: func() time.Duration { return time.Hour + time.Since(began) }})
		ctx, stop := context.WithCancel(t.Context())
		now := make(chan struct{})
		done, r := make(chan error), s.Reader(0)
		go func() { done <- s.Run(ctx, now) }()
		at := func() time.Duration {
			<-r.Sampled
			return r.Hosts.Latest().At - time.Hour
		}
		for _, want := range []time.Duration{0, 500, 2000, 4000} {
			if got := at(); got != want*time.Millisecond {
				t.Errorf("sample at %v, want %v ms", got, int64(want))
			}
		}
		time.Sleep(100 * time.Millisecond)
		now <- struct{}{} // too early to mean anything
		time.Sleep(400 * time.Millisecond)
		now <- struct{}{}
		if got := at(); got != 4500*time.Millisecond {
			t.Errorf("asked for: sample at %v", got)
		}
		time.Sleep(9 * time.Second) // nobody takes these
		synctest.Wait()
		if got := at(); got != 12*time.Second {
			t.Errorf("newest sample at %v", got)
		}
		select {
		case <-r.Sampled:
			t.Error("they were more than one value")
		default:
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
