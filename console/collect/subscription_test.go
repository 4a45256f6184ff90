package collect

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/journal"
)

// subscribe is Subscribe where it must do.
func subscribe(t testing.TB, c *Collector, wants ...Want) *Subscription {
	t.Helper()
	s, err := c.Subscribe(wants...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestClosedSubscriptionsMakeRoom: however many come and go, there are as many views and readers as are open.
func TestClosedSubscriptionsMakeRoom(t *testing.T) {
	c := New(config.Default(), new(guard.Guard))
	first, second := subscribe(t, c), subscribe(t, c)
	for range 3 * journal.MaxViews {
		second.Close()
		second = subscribe(t, c)
	}
	if n := len(c.subscribers); n != 2 {
		t.Errorf("%d subscriptions are open", n)
	}
	for range journal.MaxViews - 2 {
		subscribe(t, c)
	}
	if _, err := c.Subscribe(); err == nil {
		t.Error("there is one more than there are views")
	}
	var f frame.Snapshot
	f.Settings = &frame.Settings{Refresh: time.Second}
	first.Sample()
	if second.Fill(&f); f.Host == nil || f.Host.Samples != 1 {
		t.Errorf("the one that took a place gets %+v", f.Host)
	}
}

// TestLaterSubscriptionHasThePictureAtOnce: it does not wait for the next sample. Only one that wants counters gets them.
func TestLaterSubscriptionHasThePictureAtOnce(t *testing.T) {
	c := New(config.Default(), new(guard.Guard))
	first := subscribe(t, c, WantCounters)
	f := frame.Snapshot{Settings: &frame.Settings{Refresh: time.Second}}
	first.Sample()
	first.Fill(&f)
	for _, want := range []bool{false, true} {
		var wants []Want
		if want {
			wants = append(wants, WantCounters)
		}
		later := subscribe(t, c, wants...)
		select {
		case <-later.Sampled():
		default:
			t.Error("it is not told that there is a sample")
		}
		g := frame.Snapshot{Settings: f.Settings}
		later.Fill(&g)
		if g.Host == nil || g.Host != f.Host || g.Net != f.Net || g.VMs != f.VMs {
			t.Error("at once it has not what the first has")
		}
		if f.Counters == nil || f.Counters.At != f.Host.At || (g.Counters != nil) != want {
			t.Errorf("the first has counters %+v, the later %+v, wanted: %v", f.Counters, g.Counters, want)
		}
		later.Close()
	}
}

// TestReconfigureGivesEachSubscriptionTheNewSamples, one that came later among them, and none to one that is closed.
func TestReconfigureGivesEachSubscriptionTheNewSamples(t *testing.T) {
	c := New(config.Default(), new(guard.Guard))
	first, later, closed := subscribe(t, c), subscribe(t, c), subscribe(t, c)
	closed.Close()
	old := closed.reader.Load()
	ctx := t.Context()
	c.StartSampler(ctx)
	next := *c.Config()
	next.RefreshInterval += time.Second
	c.Reconfigure(ctx, next)
	settings := &frame.Settings{Refresh: next.RefreshInterval}
	for _, s := range []*Subscription{first, later} {
		<-s.Sampled()
		f := frame.Snapshot{Settings: settings}
		if s.Fill(&f); f.Host == nil || f.Host.History.Interval != next.RefreshInterval {
			t.Error("it gets none, or an old one")
		}
	}
	if closed.reader.Load() != old {
		t.Error("the closed one does, too")
	}
}

// TestManyComeAndGo: viewers on goroutines of their own come, look and go while the first looks and samples are taken. Then
// nothing of them is left.
func TestManyComeAndGo(t *testing.T) {
	const rounds, each, most = 50, 4, 64 << 10
	c := New(config.Default(), new(guard.Guard))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	first, f := subscribe(t, c, WantCounters), frame.Snapshot{Settings: &frame.Settings{Refresh: time.Second}}
	defer first.Close()
	c.guard.Supervise(ctx, "log", c.log.Run)
	c.StartSampler(ctx)
	<-first.Sampled()
	view := func(s *Subscription) {
		f := frame.Snapshot{Settings: f.Settings}
		for i := range 3 {
			f.Tick++
			s.ViewProcesses(i == 1)
			s.Log().Ask(journal.Query{Number: f.Tick, Rows: 10, Filter: journal.Filter{Least: journal.Debug}})
			f.Page = s.Log().Latest()
			if s.Fill(&f); f.Host == nil || len(f.Sources) == 0 {
				t.Error("a viewer has no picture")
			}
		}
	}
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	come := func() {
		var viewers []*Subscription
		var all sync.WaitGroup
		for range each {
			s := subscribe(t, c)
			viewers = append(viewers, s)
			all.Go(func() { view(s) })
		}
		f.Tick++
		first.Fill(&f)
		c.Refresh()
		all.Wait()
		for _, s := range viewers {
			s.Close()
		}
	}
	come() // what grows once has grown
	same, before := await.Goroutines(t), heap()
	for range rounds {
		come()
	}
	same()
	await.Until(t, "their memory is free", func() bool { return heap()-before < most })
	if n := len(c.subscribers); n != 1 {
		t.Errorf("%d subscriptions are open", n)
	}
}

// TestF52TurnThatDoesNotEnd: a log that is busy each time one looks works, as long as it is not with the same turn.
func TestF52TurnThatDoesNotEnd(t *testing.T) {
	var s Subscription
	for i, c := range []struct {
		turns uint64
		since time.Duration
	}{{0, 0}, {0, 0}, {1, 0}, {3, 0}, {5, 0}, {5, 5}, {5, 5}, {6, 0}, {7, 0}, {7, 9}, {9, 0}} {
		if since := s.sameTurn(c.turns, time.Duration(i)); since != c.since {
			t.Errorf("%d, turn %d: since %d, want %d", i, c.turns, since, c.since)
		}
	}
}
