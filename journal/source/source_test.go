package source

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/journal/journaltest"
)

type sourceFunc func(ctx context.Context, sink *journal.Sink) error

func (f sourceFunc) Run(ctx context.Context, sink *journal.Sink) error { return f(ctx, sink) }

func TestF41SupervisorRestartsAfterPanicAndError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := journaltest.Watch(t)
		ctx, cancel := context.WithCancel(context.Background())
		var starts []time.Duration
		began := time.Now()
		src := sourceFunc(func(ctx context.Context, sink *journal.Sink) error {
			starts = append(starts, time.Since(began))
			switch len(starts) {
			case 1, 3:
				var none []int
				_ = none[len(starts)]
			case 9: // long enough to begin with short waits again
				good(sink)
				time.Sleep(steady)
			}
			return errors.New("broken \x1b[31mpipe")
		})
		ended := make(chan struct{})
		go func() { defer close(ended); Supervise(ctx, "test", src, w.Input) }()
		synctest.Wait()
		if s := w.Input.State().Health; s.State != health.Failed || !strings.HasPrefix(s.Err, "crashed: runtime error") {
			t.Errorf("after a panic: %+v", s)
		}
		time.Sleep(1300 * time.Millisecond)
		if s := w.Input.State().Health; s.State != health.Failed || s.Err != "broken \ufffdpipe" {
			t.Errorf("after an error: %+v", s)
		}
		time.Sleep(10 * time.Minute)
		cancel()
		<-ended
		waits := slices.Clone(starts)
		for i := len(waits) - 1; i > 0; i-- {
			waits[i] -= waits[i-1]
		}
		for i, want := range []time.Duration{0, 1, 2, 4, 8, 16, 24, 24, 24, 61, 2} {
			want *= time.Second
			if waits[i] < want || waits[i] > want+want/4 {
				t.Errorf("start %d after %v, want %v or up to a quarter more: %v", i, waits[i], want, waits)
			}
		}
		if s := w.Input.State().Health; s.State != health.Stale {
			t.Errorf("a source that was good once: %+v", s)
		}
		synctest.Wait()
		time.Sleep(time.Second)
		p := w.Latest()
		if p.Total != 2 || p.Rows[0].Unit != selfUnit || p.Rows[0].Severity != journal.Crit ||
			!strings.Contains(string(p.Message(&p.Rows[0])), "log source test crashed: runtime error: index out of range") {
			t.Errorf("%d entries about 2 crashes", p.Total)
		}
	})
}

func TestSupervisorLeavesWhatCanNeverWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := journaltest.Watch(t)
		Supervise(context.Background(), "test", sourceFunc(func(ctx context.Context, sink *journal.Sink) error {
			bad(sink, "there is no such log")
			return nil
		}), w.Input)
		if s := w.Input.State().Health; s.State != health.Absent || s.Err != "there is no such log" {
			t.Errorf("%+v", s)
		}
	})
}

func TestSupervisorEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := journaltest.Watch(t)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		began := time.Now()
		Supervise(ctx, "test", sourceFunc(func(context.Context, *journal.Sink) error { return errors.New("x") }), w.Input)
		Supervise(ctx, "test", sourceFunc(func(ctx context.Context, _ *journal.Sink) error { return ctx.Err() }), w.Input)
		if d := time.Since(began); d != 10*time.Second {
			t.Errorf("ended after %v", d)
		}
	})
}
