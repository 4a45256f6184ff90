package sample

import (
	"context"
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

// TestSamplesFallOnWholeIntervals: after the first two, which do not wait.
func TestSamplesFallOnWholeIntervals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, start := range []time.Duration{0, 1400 * time.Millisecond, 100 * time.Millisecond, 800 * time.Millisecond} {
			time.Sleep(start)
			s := New(Options{Root: "testdata/bare", Interval: 2 * time.Second})
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			began := time.Now()
			go func() { done <- s.Run(ctx, nil) }()
			var at [4]time.Time
			for i := range at {
				<-s.Sampled()
				at[i] = time.Now()
			}
			cancel()
			<-done
			if at[0] != began || at[1] != began.Add(firstInterval) {
				t.Errorf("the first two come %v and %v after the start", at[0].Sub(began), at[1].Sub(began))
			}
			if wait := at[2].Sub(at[1]); wait < leastInterval || wait > 2*time.Second+leastInterval {
				t.Errorf("the third comes %v after the second", wait)
			}
			for _, whole := range at[2:] {
				if !whole.Equal(whole.Truncate(2 * time.Second)) {
					t.Errorf("a sample at %v", whole)
				}
			}
		}
	})
}
