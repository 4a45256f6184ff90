package link

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/qemu"
)

// running is a Run in a bubble: last is the newest report, count how many there were.
type running struct {
	last  atomic.Pointer[sample.LinkReport]
	count atomic.Int64
	ended chan error
	stop  context.CancelFunc
}

// run starts w.Run in a bubble and returns after its first report, or when it hangs.
func run(t *testing.T, w *Watcher) *running {
	ctx, stop := context.WithCancel(context.Background())
	r := &running{stop: stop, ended: make(chan error, 1)}
	go func() {
		r.ended <- w.Run(ctx, func(report *sample.LinkReport) {
			r.last.Store(report)
			r.count.Add(1)
		})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-r.ended; !errors.Is(err, context.Canceled) {
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

func TestRunPublishesAtOnceAndTheSameTableWhileNothingChanges(t *testing.T) {
	k := twoLinks()
	synctest.Test(t, func(t *testing.T) {
		r := run(t, k.watcher(t))
		first := r.last.Load()
		if r.count.Load() != 1 || first.Table == nil || first.Health.State != health.OK || first.Health.At == 0 {
			t.Fatalf("after the start: %d reports, %+v", r.count.Load(), first)
		}
		before := *first
		beats(3)
		last := r.last.Load()
		if r.count.Load() != 4 || last == first || last.Table != first.Table {
			t.Errorf("%d reports; a new one %v, the same table %v", r.count.Load(), last != first, last.Table == first.Table)
		}
		if last.Health.At != before.Health.At+3*beat || last.Health.Since != before.Health.Since {
			t.Errorf("health %+v, before %+v", last.Health, before.Health)
		}
		if *first != before {
			t.Error("a report changed after it was published")
		}
	})
}

func TestRunPublishesAnotherTableAfterAChange(t *testing.T) {
	var gone atomic.Bool
	k := twoLinks()
	k.answer = func(_ int64, ask netlink.HeaderType, msgs []netlink.Message) ([]netlink.Message, error) {
		if gone.Load() && ask == unix.RTM_GETLINK {
			msgs = msgs[1:]
		}
		return msgs, nil
	}
	synctest.Test(t, func(t *testing.T) {
		r := run(t, k.watcher(t))
		first := r.last.Load().Table
		gone.Store(true)
		beats(1)
		if last := r.last.Load().Table; last == first || len(last.Links) != 1 || len(first.Links) != 2 {
			t.Errorf("got %+v after %+v", last, first)
		}
	})
}

// TestVMsAreKnownBeforeTheNextBeat: links that were dumped before anybody had looked for VMs are looked at again as soon
// as somebody has, without a second dump.
func TestVMsAreKnownBeforeTheNextBeat(t *testing.T) {
	var looked atomic.Bool
	var dumps atomic.Int64
	k := twoLinks()
	k.answer = func(_ int64, ask netlink.HeaderType, msgs []netlink.Message) ([]netlink.Message, error) {
		if ask == unix.RTM_GETLINK {
			dumps.Add(1)
		}
		return msgs, nil
	}
	synctest.Test(t, func(t *testing.T) {
		w := k.watcher(t)
		w.guests = func() ([]qemu.Guest, string) {
			if looked.Load() {
				return nil, ""
			}
			return nil, qemu.NotLooked
		}
		r := run(t, w)
		if r.count.Load() != 1 || !r.last.Load().Awaiting {
			t.Fatalf("%d reports, the last %+v", r.count.Load(), r.last.Load())
		}
		looked.Store(true)
		time.Sleep(2 * settle)
		synctest.Wait()
		if r.count.Load() != 2 || r.last.Load().Awaiting || dumps.Load() != 1 {
			t.Errorf("%d reports, %d dumps, the last %+v", r.count.Load(), dumps.Load(), r.last.Load())
		}
	})
}

func TestF22LastGoodTableStaysStale(t *testing.T) {
	var refuse atomic.Bool
	k := twoLinks()
	k.answer = func(_ int64, _ netlink.HeaderType, msgs []netlink.Message) ([]netlink.Message, error) {
		if refuse.Load() {
			return errno(syscall.EPERM, msgs), nil
		}
		return msgs, nil
	}
	synctest.Test(t, func(t *testing.T) {
		r := run(t, k.watcher(t))
		good := r.last.Load()
		refuse.Store(true)
		beats(2)
		last := r.last.Load()
		h := last.Health
		if last.Table != good.Table || h.State != health.Stale || h.Err != "rtnetlink links: operation not permitted" {
			t.Errorf("refused: %+v", last)
		}
		if h.At != good.Health.At || h.Since != good.Health.At+beat {
			t.Errorf("refused: health %+v, the good one %+v", h, good.Health)
		}
		refuse.Store(false)
		beats(1)
		if last := r.last.Load(); last.Table != good.Table || last.Health.State != health.OK || last.Health.Err != "" {
			t.Errorf("allowed again: %+v", last)
		}
	})
}

func TestF22RefusedFromTheStartIsFailed(t *testing.T) {
	k := twoLinks()
	k.answer = func(_ int64, _ netlink.HeaderType, msgs []netlink.Message) ([]netlink.Message, error) {
		return errno(syscall.EPERM, msgs), nil
	}
	synctest.Test(t, func(t *testing.T) {
		r := run(t, k.watcher(t))
		if last := r.last.Load(); last.Table != nil || last.Health.State != health.Failed || last.Health.At != 0 {
			t.Errorf("got %+v", last)
		}
	})
}

// A driver that hangs while it holds the kernel's rtnl lock hangs every dump with it.
func TestHungDumpIsTold(t *testing.T) {
	k := twoLinks()
	synctest.Test(t, func(t *testing.T) {
		var hang atomic.Bool
		release := make(chan struct{})
		k.answer = func(_ int64, _ netlink.HeaderType, msgs []netlink.Message) ([]netlink.Message, error) {
			if hang.Load() {
				<-release
			}
			return msgs, nil
		}
		r := run(t, k.watcher(t))
		good := r.last.Load()
		hang.Store(true)
		asked := k.questions.Load()
		beats(1)
		if r.count.Load() != 1 {
			t.Errorf("a report before the dump is late: %+v", r.last.Load())
		}
		beats(2)
		last := r.last.Load()
		if last.Health.State != health.Stale || last.Health.Err != "rtnetlink: not answering" || last.Table != good.Table {
			t.Errorf("got %+v", last)
		}
		if n := k.questions.Load() - asked; n != 1 {
			t.Errorf("%d questions while one hangs", n)
		}
		hang.Store(false)
		close(release)
		beats(1) // what hung was given up; the next is good
		beats(1)
		if last := r.last.Load(); last.Health.State != health.OK || last.Table != good.Table {
			t.Errorf("after it answered: %+v", last)
		}
	})
}

func TestRunLeavesWhileADumpHangs(t *testing.T) {
	k := twoLinks()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		k.answer = func(_ int64, _ netlink.HeaderType, msgs []netlink.Message) ([]netlink.Message, error) {
			<-release
			return msgs, nil
		}
		r := run(t, k.watcher(t))
		r.stop()
		synctest.Wait()
		if len(r.ended) != 1 || r.count.Load() != 0 {
			t.Errorf("ended %d times after %d reports", len(r.ended), r.count.Load())
		}
	})
}

// Whoever runs Run recovers; a panic on the dump's own goroutine would end the program with the terminal in ruins.
func TestPanicInADumpReachesRunsCaller(t *testing.T) {
	w := twoLinks().watcher(t)
	w.dial = func() (*netlink.Conn, error) { panic("broken parser") }
	defer func() {
		text, _ := recover().(string)
		if !strings.HasPrefix(text, "broken parser\n") || !strings.Contains(text, "watcher_test.go") {
			t.Errorf("recovered %q", text)
		}
	}()
	t.Error(w.Run(context.Background(), func(*sample.LinkReport) {}))
}
