package collect

import (
	"testing"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/journal"
)

// TestClosedSubscriptionsMakeRoom: however many come and go, there are as many views and readers as were open at a time.
func TestClosedSubscriptionsMakeRoom(t *testing.T) {
	c := New(config.Default(), new(guard.Guard))
	subscribe := func() *Subscription {
		s, err := c.Subscribe()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	first, second := subscribe(), subscribe()
	started := c.sampler.Load()
	for range 3 * journal.MaxViews {
		second.Close()
		if second = subscribe(); second.reader() == first.reader() || second.Log() == first.Log() {
			t.Fatal("two open subscriptions share what they read from")
		}
	}
	if n := len(c.subscribers); n != 2 || c.sampler.Load() != started {
		t.Errorf("%d places; another sampler: %v", n, c.sampler.Load() != started)
	}
	first.Sample()
	if host := second.reader().Hosts.Latest(); host == nil || host.Samples != 1 {
		t.Errorf("the one that took a place gets %+v", host)
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
