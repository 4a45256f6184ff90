package collect

import (
	"testing"
	"time"
)

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
