package nixos

import (
	"context"
	"errors"
	"math"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample"
)

// running is a Run in a bubble: last is the newest value, count how many there were.
type running struct {
	last  atomic.Pointer[sample.System]
	count atomic.Int64
}

// watcher returns a Watcher of the tree in a bubble whose clock is synchronised.
func (x tree) watcher() *Watcher {
	w := New(Options{Root: x.root})
	begin := time.Now()
	w.now = func() time.Duration { return time.Hour + time.Since(begin) }
	w.adjust = func(t *unix.Timex) (int, error) {
		*t = unix.Timex{Status: unix.STA_UNSYNC, Maxerror: 1500}
		return unix.TIME_ERROR, nil
	}
	return w
}

// run starts w.Run in a bubble and returns after its first value, or when it hangs.
func run(t *testing.T, w *Watcher) *running {
	ctx, stop := context.WithCancel(context.Background())
	r := &running{}
	ended := make(chan error, 1)
	go func() {
		ended <- w.Run(ctx, func(s *sample.System) {
			r.last.Store(s)
			r.count.Add(1)
		})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
	})
	synctest.Wait()
	return r
}

// beats lets n beats pass.
func beats(n int) {
	time.Sleep(time.Duration(n) * beat)
	synctest.Wait()
}

func TestRunPublishesEachBeat(t *testing.T) {
	x := nixos(t)
	synctest.Test(t, func(t *testing.T) {
		r := run(t, x.watcher())
		first := r.last.Load()
		before := *first
		if first.NixOS.Generation != 42 || first.NixOS.Health.State != health.OK || !first.Clock.Synchronised {
			t.Errorf("got %+v", first)
		}
		if first.LastBoot.Health.State != health.Absent || first.Clock.Health.State != health.OK {
			t.Errorf("got %+v", first)
		}
		x.generation(43, x.system("ccc", "26.05.3", "6.18.3"))
		x.link(profiles+"/system", "system-43-link")
		beats(1)
		last := r.last.Load()
		if r.count.Load() != 2 || last.NixOS.Generation != 43 || !last.NixOS.RebootNeeded {
			t.Errorf("%d values, the last %+v", r.count.Load(), last)
		}
		if *first != before {
			t.Error("a value changed after it was published")
		}
	})
}

func TestLastGoodValueStaysStale(t *testing.T) {
	x := nixos(t)
	synctest.Test(t, func(t *testing.T) {
		var refuse atomic.Bool
		w := x.watcher()
		adjust := w.adjust
		w.adjust = func(t *unix.Timex) (int, error) {
			if refuse.Load() {
				return -1, syscall.EPERM
			}
			return adjust(t)
		}
		r := run(t, w)
		refuse.Store(true)
		os.Remove(x.root + "/run/current-system")
		x.file("/run/current-system", "")
		beats(2)
		last := r.last.Load()
		if n := last.NixOS; n.Generation != 42 || n.Health.State != health.Stale || n.Health.Err != "read /run/current-system: invalid argument" {
			t.Errorf("got %+v", n)
		}
		if c := last.Clock; !c.Synchronised || c.Health.State != health.Stale || c.Health.Err != "adjtimex: operation not permitted" {
			t.Errorf("got %+v", c)
		}
	})
}

// A disk that hangs keeps neither the clock nor the news of the hang waiting.
func TestHungDiskIsTold(t *testing.T) {
	x := nixos(t)
	synctest.Test(t, func(t *testing.T) {
		var hang atomic.Bool
		release := make(chan struct{})
		w := x.watcher()
		wall := w.wall
		w.wall = func() time.Time { // the one call of a reading that a test can hold up
			if hang.Load() {
				<-release
			}
			return wall()
		}
		r := run(t, w)
		hang.Store(true)
		beats(3)
		last := r.last.Load()
		if h := last.NixOS.Health; h.State != health.Stale || h.Err != "not answering 20s" {
			t.Errorf("got %+v", h)
		}
		if last.LastBoot.Health.State != health.Failed || last.Clock.Health.State != health.OK || last.NixOS.Generation != 42 {
			t.Errorf("got %+v", last)
		}
		hang.Store(false)
		close(release)
		beats(1)
		if h := r.last.Load().NixOS.Health; h.State != health.OK || h.Err != "" {
			t.Errorf("got %+v", h)
		}
	})
}

func TestClockThatFollowsNothing(t *testing.T) {
	for maxerror, want := range map[int64]bool{0: true, 1500: true, 15_999_999: true, 16_000_000: false} {
		w := newTree(t).watcher()
		w.adjust = func(t *unix.Timex) (int, error) {
			if t.Modes != 0 {
				return -1, syscall.EPERM // it would set the clock
			}
			t.Maxerror = maxerror
			return unix.TIME_OK, nil
		}
		var c sample.Clock
		if w.clock(&c); c.Synchronised != want || c.Health.State != health.OK {
			t.Errorf("%d: %+v", maxerror, c)
		}
	}
}

// TestFiguresOfTheClock: they are the kernel's own, in whichever unit it has them.
func TestFiguresOfTheClock(t *testing.T) {
	for _, c := range []struct {
		state int
		timex unix.Timex
		want  sample.Clock
	}{
		{unix.TIME_OK, unix.Timex{Status: unix.STA_PLL | unix.STA_NANO, Offset: -250_000, Maxerror: 1500}, sample.Clock{Synchronised: true, Offset: -250e-6, MaxError: 1500e-6}},
		{unix.TIME_OK, unix.Timex{Status: unix.STA_PLL, Offset: 250, Maxerror: 0}, sample.Clock{Synchronised: true, Offset: 250e-6}},
		{unix.TIME_ERROR, unix.Timex{Status: unix.STA_UNSYNC, Maxerror: 1500}, sample.Clock{Synchronised: true, Flagged: true, MaxError: 1500e-6}},
		{unix.TIME_ERROR, unix.Timex{Status: unix.STA_UNSYNC, Maxerror: 16_000_000}, sample.Clock{Flagged: true, MaxError: 16}},
	} {
		w := newTree(t).watcher()
		w.adjust = func(t *unix.Timex) (int, error) { *t = c.timex; return c.state, nil }
		var got sample.Clock
		w.clock(&got)
		near := func(a, b float64) bool { return math.Abs(a-b) < 1e-12 }
		if got.Synchronised != c.want.Synchronised || got.Flagged != c.want.Flagged || !near(got.Offset, c.want.Offset) || !near(got.MaxError, c.want.MaxError) {
			t.Errorf("%+v: %+v, want %+v", c.timex, got, c.want)
		}
	}
}

func TestRealClockNeedsNoPrivilege(t *testing.T) {
	var c sample.Clock
	New(Options{}).clock(&c)
	if c.Health.State != health.OK {
		t.Skip("the kernel does not tell:", c.Health.Err) // a sandbox may forbid the call
	}
	t.Logf("%+v", c)
}

// Whoever runs Run recovers; a panic on the reading's own goroutine would end the program with the terminal in ruins.
func TestPanicInAReadingReachesRunsCaller(t *testing.T) {
	w := nixos(t).watcher()
	w.wall = func() time.Time { panic("broken parser") }
	defer func() {
		text, _ := recover().(string)
		if !strings.HasPrefix(text, "broken parser\n") || !strings.Contains(text, "watcher_test.go") {
			t.Errorf("recovered %q", text)
		}
	}()
	t.Error(w.Run(context.Background(), func(*sample.System) {}))
}
