package sample

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestSamplesFallOnWholeIntervals: after the first two, which do not wait.
func TestSamplesFallOnWholeIntervals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, start := range []time.Duration{0, 1400 * time.Millisecond, 100 * time.Millisecond, 800 * time.Millisecond} {
			time.Sleep(start)
			s := New(Options{Root: "testdata/bare", Interval: 2 * time.Second})
			ctx, cancel := context.WithCancel(t.Context())
			done, r := make(chan error), s.Reader(0)
			began := time.Now()
			go func() { done <- s.Run(ctx, nil) }()
			var at [4]time.Time
			for i := range at {
				<-r.Sampled
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
