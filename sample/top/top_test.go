package top

import (
	"context"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/qemu"
)

// TestTopWorksOnlyForViewers counts the scans of hours with and without them.
func TestTopWorksOnlyForViewers(t *testing.T) {
	tree := newTree(t)
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		now := func() time.Duration { return time.Hour + time.Since(began) }
		w := New(tree.root, now, noVMs)
		w.clock = tree.clock
		ctx, cancel := context.WithCancel(t.Context())
		var mu sync.Mutex
		var got struct {
			published, scans int
			last             Processes
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			w.Run(ctx, func(p *Processes) {
				mu.Lock()
				defer mu.Unlock()
				got.published++
				if p.Health.State == health.OK {
					got.scans++
				}
				Copy(&got.last, p)
			})
		}()
		sofar := func() (published, scans int, last Processes) {
			mu.Lock()
			defer mu.Unlock()
			Copy(&last, &got.last)
			return got.published, got.scans, last
		}
		hour := func() int {
			_, before, _ := sofar()
			time.Sleep(time.Hour)
			synctest.Wait()
			_, after, _ := sofar()
			return after - before
		}
		n := hour()
		if published, _, _ := sofar(); n != 0 || published != 0 {
			t.Errorf("nobody looks: %d scans, %d published", n, published)
		}
		w.Wait(ctx)
		w.View(true)
		w.View(true)
		w.View(false)
		w.Wait(ctx)
		if _, scans, last := sofar(); scans != 2 || last.ByCPU[0].CPU != 0 {
			t.Errorf("settled after %d scans: %+v", scans, last.ByCPU)
		}
		if n := hour(); n < 700 || n > 721 {
			t.Errorf("somebody looks: %d scans", n)
		}
		w.View(false)
		time.Sleep(scanEvery)
		synctest.Wait()
		before, _, last := sofar()
		if last.Health.State != health.Init || len(last.ByCPU) != 0 {
			t.Errorf("nobody looks any more: %+v", last)
		}
		n = hour()
		if published, _, _ := sofar(); n != 0 || published != before {
			t.Errorf("nobody looks any more: %d scans, %d published", n, published-before)
		}
		w.View(true)
		if n := hour(); n < 700 {
			t.Errorf("somebody looks again: %d scans", n)
		}
		cancel()
		<-ended
		if _, _, last := sofar(); last.Health.State != health.Failed || last.Health.Err != procfile.ErrStopped.Error() {
			t.Errorf("ended: %+v", last.Health)
		}
	})
}

// TestTopKeepsNoDescriptors when nobody looks any more.
func TestTopKeepsNoDescriptors(t *testing.T) {
	p := newTree(t)
	s := p.scan()
	for range 3 {
		p.next(s)
	}
	open := func() (n int) {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("no /proc: ", err)
		}
		for _, e := range entries {
			if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && len(target) >= len(p.root) && target[:len(p.root)] == p.root {
				n++
			}
		}
		return n
	}
	if n := open(); n != 1 {
		t.Errorf("%d files are open while somebody looks, want /proc alone", n)
	}
	s.close()
	if n := open(); n != 0 {
		t.Errorf("%d files are open", n)
	}
}

// TestF55TopHangs: a scan that does not end is told by those that wait for it.
func TestF55TopHangs(t *testing.T) {
	p := newTree(t)
	hung := make(chan struct{})
	w := New(p.root, p.Now, func() ([]qemu.Guest, string) { <-hung; return nil, "" })
	w.clock = p.clock
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.Run(ctx, func(*Processes) {})
	}()
	w.View(true)
	await.Until(t, "a scan is under way", func() bool { return w.scanning.Since() != 0 })
	began := p.Now()
	if since := w.Hangs(began + procfile.WorkTimeout); since != 0 {
		t.Errorf("at once: %v", since)
	}
	p.Pass(procfile.WorkTimeout + time.Second)
	if since := w.Hangs(p.Now()); since != began {
		t.Errorf("hangs since %v, want %v", since, began)
	}
	close(hung)
	await.Until(t, "the scan has ended", func() bool { return w.Hangs(p.Now()) == 0 })
	cancel()
	<-ended
}

// TestTopPacesItself: after a scan that took long it rests a hundred times as long, but not after the first, since shares need
// a second, and not after one that hung.
func TestTopPacesItself(t *testing.T) {
	tree := newTree(t)
	for _, c := range []struct {
		scan  time.Duration
		scans int // in an hour
	}{{time.Millisecond, 720}, {200 * time.Millisecond, 178}, {10 * time.Minute, 5}} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			w := New(tree.root, func() time.Duration { return time.Hour + time.Since(began) }, func() ([]qemu.Guest, string) {
				time.Sleep(c.scan / 2) // it is asked twice in a scan
				return nil, ""
			})
			w.clock = tree.clock
			var scans atomic.Int64
			ctx, cancel := context.WithCancel(t.Context())
			go w.Run(ctx, func(p *Processes) {
				if p.Health.State == health.OK {
					scans.Add(1)
				}
			})
			w.View(true)
			if w.Wait(ctx); time.Since(began) != 2*c.scan+firstScan {
				t.Errorf("scans of %v: shares are known after %v", c.scan, time.Since(began))
			}
			time.Sleep(time.Hour)
			synctest.Wait()
			if n := int(scans.Load()); n < c.scans || n > c.scans+2 {
				t.Errorf("%d scans of %v in an hour, want %d", n, c.scan, c.scans)
			}
			cancel()
			time.Sleep(c.scan) // until the last one is over
		})
	}
}

// TestTopFindsWhatIsBusy finds this process while it burns CPU time.
func TestTopFindsWhatIsBusy(t *testing.T) {
	s := newScan("", boottime.Now, cpuTime, noVMs)
	defer s.close()
	if err := s.run(); err != nil {
		t.Skip("processes cannot be seen here: ", err)
	}
	for end := s.last + time.Second; boottime.Now() < end; {
	}
	if err := s.run(); err != nil {
		t.Fatal(err)
	}
	for i := range s.out.ByCPU {
		if p := &s.out.ByCPU[i]; p.PID == os.Getpid() {
			if !(p.CPU > 0 && p.CPU < 100*1024) {
				t.Errorf("%+v", p)
			}
			return
		}
	}
	t.Error("not among those that use most: " + strconv.Itoa(os.Getpid()))
}
