package wakeup

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestUntil(t *testing.T) {
	for _, c := range []struct {
		at     string
		period time.Duration
		want   time.Duration
	}{
		{"12:00:00", time.Second, time.Second}, // never now
		{"12:00:00.25", time.Second, 750 * time.Millisecond},
		{"12:00:03", 5 * time.Second, 2 * time.Second},
		{"12:00:59.999", time.Minute, time.Millisecond},
	} {
		at, err := time.Parse("15:04:05", c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := Until(at, c.period); got != c.want {
			t.Errorf("from %s to the next %v: %v, want %v", c.at, c.period, got, c.want)
		}
	}
}

// TestTickersMeet: whenever they were started and however long their users take, tickers tick at the same moments.
func TestTickersMeet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct{ start, period, work time.Duration }{
			{1234 * time.Millisecond, time.Second, 0},
			{300 * time.Millisecond, 2 * time.Second, 700 * time.Millisecond},
			{0, 5 * time.Second, 6 * time.Second},
		} {
			time.Sleep(c.start)
			ticks := NewTicker(c.period)
			for range 5 {
				if at := <-ticks.C; !at.Equal(at.Truncate(c.period)) {
					t.Errorf("period %v: a tick at %v", c.period, at)
				}
				time.Sleep(c.work)
				ticks.Next()
			}
			ticks.Stop()
		}
	})
}
