package guard

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestGuardRunCatches: a panic is an error and is counted; an error stays what it is.
func TestGuardRunCatches(t *testing.T) {
	g := new(Guard)
	ctx := t.Context()
	if err := g.Run(ctx, "worker", func(context.Context) error { panic("oops") }); err == nil || err.Error() != "worker crashed: oops" {
		t.Errorf("error %v", err)
	}
	own := errors.New("own")
	if err := g.Run(ctx, "worker", func(context.Context) error { return own }); err != own {
		t.Errorf("error %v", err)
	}
	if err := g.Run(ctx, "worker", func(context.Context) error { return nil }); err != nil {
		t.Errorf("error %v", err)
	}
	if n := g.Crashes.Load(); n != 1 {
		t.Errorf("%d crashes, want 1", n)
	}
}

// TestF41GuardBackOff: what fails is started again after 1, 2, 4 ... 30 seconds, and after 1 again once it has run for long.
func TestF41GuardBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		g := new(Guard)
		var starts []time.Duration
		began, last := time.Now(), time.Now()
		done := g.Supervise(ctx, "worker", func(context.Context) error {
			starts = append(starts, time.Since(last))
			if len(starts) == 8 {
				time.Sleep(time.Minute)
			}
			last = time.Now()
			return errors.New("again")
		})
		time.Sleep(5 * time.Minute)
		cancel()
		<-done
		want := []time.Duration{0, 1, 2, 4, 8, 16, 30, 30, 1, 2, 4, 8, 16, 30, 30, 30}
		for i := range want {
			want[i] *= time.Second
		}
		if n := min(len(starts), len(want)); n < 12 || !slices.Equal(starts[:n], want[:n]) {
			t.Errorf("started after %v", starts)
		}
		if time.Since(began) != 5*time.Minute {
			t.Errorf("the end of its context was seen after %v", time.Since(began)-5*time.Minute)
		}
	})
}

// TestGuardEnds: what returns without an error, or after its context ended, is not started again.
func TestGuardEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := new(Guard)
		runs := 0
		<-g.Supervise(t.Context(), "done", func(context.Context) error { runs++; return nil })
		ctx, cancel := context.WithCancel(t.Context())
		done := g.Supervise(ctx, "ended", func(ctx context.Context) error {
			runs++
			<-ctx.Done()
			return ctx.Err()
		})
		cancel()
		<-done
		if runs != 2 || g.Crashes.Load() != 0 {
			t.Errorf("%d runs, %d crashes", runs, g.Crashes.Load())
		}
	})
}

// TestAnswerThatIsThereCounts, however late it is looked for; one that is not there does not.
func TestAnswerThatIsThereCounts(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	answer := make(chan int, 1)
	for range 100 { // of two that are ready a select takes either
		answer <- 1
		if v, ok := Within(ctx, answer, 2); v != 1 || !ok {
			t.Fatalf("%d, %v", v, ok)
		}
	}
	if v, ok := Within(ctx, answer, 2); v != 2 || ok {
		t.Errorf("without an answer: %d, %v", v, ok)
	}
}
