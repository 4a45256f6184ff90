package prometheus

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/internal/viewers"
	"hypervisor-tui/peer"
)

// asker is one in a bubble, whose Prometheus is a function.
type asker struct {
	whole *viewers.Names
	mu    sync.Mutex  // guards asked
	asked []string    // nodes, in order
	hangs atomic.Bool // each question waits for its end
	empty atomic.Bool // it has nothing
	known atomic.Pointer[peer.Usages]
}

func runAsker(t *testing.T) *asker {
	t.Helper()
	began, s := time.Now(), &asker{whole: viewers.NewNames()}
	a := New(Options{
		Now: func() time.Duration { return time.Hour + time.Since(began) }, Whole: s.whole,
		Addresses: func(node string) []string { return []string{"10.0.0.2"} },
	})
	a.put = func(q *question, ctx context.Context, _ config.Prometheus) (cpu, memory peer.Figure, err error) {
		s.mu.Lock()
		s.asked = append(s.asked, q.node)
		s.mu.Unlock()
		if s.hangs.Load() {
			<-ctx.Done()
			return cpu, memory, ctx.Err()
		}
		if s.empty.Load() {
			return cpu, memory, nil
		}
		return peer.NewFigure([]float64{1, 2}), peer.NewFigure([]float64{3}), nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		if err := a.Run(ctx, s.known.Store); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { cancel(); <-over })
	synctest.Wait()
	return s
}

// nodes are those that were asked for by now.
func (s *asker) nodes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

func (s *asker) after(d time.Duration) *peer.Usages {
	time.Sleep(d)
	synctest.Wait()
	return s.known.Load()
}

// TestAsksOnlyForViewers, of the node that they look at, every 30 seconds; and knows nothing any more some time after they left.
func TestAsksOnlyForViewers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := runAsker(t)
		if known := s.after(time.Hour); known == nil || len(*known) != 0 || len(s.nodes()) != 0 {
			t.Fatalf("nobody looks: %v, asked %q", known, s.nodes())
		}
		s.whole.Turn("", "b")
		u := s.after(0).Of("b")
		if u == nil || u.Health.State != health.OK || u.CPU.Known != 2 || u.Memory.Avg != 3 || u.To.Sub(u.From) != span-step || u.To.After(time.Now()) {
			t.Fatalf("%+v", u)
		}
		s.after(fresh - time.Second)
		s.whole.Turn("b", "")
		s.whole.Turn("", "b")
		if s.after(0); len(s.nodes()) != 1 {
			t.Errorf("asked again within %s: %q", fresh, s.nodes())
		}
		s.after(10 * fresh)
		if len(s.nodes()) != 11 {
			t.Errorf("asked %d times in 11 times %s", len(s.nodes()), fresh)
		}
		s.whole.Turn("", "a")
		if known := s.after(0); known.Of("a") == nil || known.Of("b") == nil || known.Of("c") != nil {
			t.Errorf("two look: %+v", known)
		}
		s.whole.Turn("a", "")
		s.whole.Turn("b", "")
		asked := len(s.nodes())
		if known := s.after(2 * fresh); len(*known) != 0 {
			t.Errorf("kept for nobody: %+v", known)
		}
		if s.after(time.Hour); len(s.nodes()) != asked || !slices.Contains(s.nodes(), `node="a"`) {
			t.Errorf("asked for nobody: %q", s.nodes()[asked:])
		}
	})
}

// TestKeepsWhatItKnew while Prometheus does not answer, and says so.
func TestKeepsWhatItKnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := runAsker(t)
		s.whole.Turn("", "b")
		good := s.after(0).Of("b")
		s.hangs.Store(true)
		u := s.after(fresh + timeout).Of("b")
		if u.Health.State != health.Stale || u.Health.Err != "no answer in 2 s" || u.Health.At != good.Health.At || u.CPU.Known != 2 || !u.To.Equal(good.To) {
			t.Errorf("%+v", u)
		}
		s.whole.Turn("", "a")
		if u := s.after(timeout).Of("a"); u.Health.State != health.Failed || u.CPU.Points.Len() != 0 {
			t.Errorf("one that never answered: %+v", u)
		}
		s.hangs.Store(false)
		if u := s.after(2 * fresh).Of("b"); u.Health.State != health.OK || u.Health.Err != "" {
			t.Errorf("it answers again: %+v", u)
		}
		s.empty.Store(true)
		if u := s.after(fresh).Of("b"); u.Health.State != health.Failed || u.CPU.Points.Len() != 0 {
			t.Errorf("it has nothing any more: %+v", u)
		}
		s.hangs.Store(true)
		if u := s.after(2 * fresh).Of("b"); u.Health.State != health.Failed || u.Health.Err != "no answer in 2 s" {
			t.Errorf("nor does it answer: %+v", u)
		}
	})
}
