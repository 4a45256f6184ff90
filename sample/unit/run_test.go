package unit

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample"
)

func TestRunPublishesAndEndsWithItsContext(t *testing.T) {
	h := busyHost(t)
	w := New(Options{Root: h.root})
	w.every = time.Millisecond
	ctx, stop := context.WithCancel(context.Background())
	var got []*sample.Units
	err := w.Run(ctx, func(u *sample.Units) {
		if got = append(got, u); len(got) == 5 {
			stop()
		}
	})
	if !errors.Is(err, context.Canceled) || len(got) != 5 || got[0] == got[4] {
		t.Fatalf("%v, %d values", err, len(got))
	}
	if u := got[4]; u.Health.State != health.OK || len(u.Watched) != 1 {
		t.Errorf("got %+v", u)
	}
	if n := ours(); n != 0 {
		t.Errorf("%d goroutines after the end", n)
	}
}

func TestRunAgainKeepsWhatWasKnown(t *testing.T) {
	h := busyHost(t)
	w := New(Options{Root: h.root})
	w.every = time.Millisecond
	var last *sample.Units
	err := w.Run(context.Background(), func(u *sample.Units) {
		if last = u; u.Health.State == health.OK {
			h.stopBus()
		}
	})
	if err == nil || last.Health.State != health.Stale || len(last.Failed) != 1 {
		t.Fatalf("%v: %+v", err, last)
	}
	err = w.Run(context.Background(), func(u *sample.Units) { last = u })
	if err == nil || last.Health.State != health.Stale || len(last.Failed) != 1 {
		t.Errorf("%v: %+v", err, last)
	}
}

func TestHostWithoutSystemdOrBus(t *testing.T) {
	root := t.TempDir()
	w := New(Options{Root: root})
	mustBeat(t, w)
	if h := w.units.Health; h.State != health.Absent || h.Err != "not booted with systemd" || h.Has() {
		t.Errorf("got %+v", h)
	}
	if err := os.MkdirAll(root+"/run/systemd/system", 0o755); err != nil {
		t.Fatal(err)
	}
	since := w.units.Health.Since
	mustBeat(t, w)
	if h := w.units.Health; h.State != health.Absent || h.Err != "no system bus" || h.Since != since {
		t.Errorf("got %+v", h)
	}
}

func TestBusThatIsRemovedIsAbsent(t *testing.T) {
	h := busyHost(t)
	w, c := h.watcher()
	mustBeat(t, w)
	os.Remove(h.socket())
	c.pass(beat)
	mustBeat(t, w)
	if u := w.units; u.Health.State != health.Absent || u.Health.At != 0 || u.Watched != nil || w.bus != nil {
		t.Errorf("got %+v", u)
	}
}

// TestTimeThatIsOver: a dial that ran out of time is a bus that does not answer, though its context may not know yet.
func TestTimeThatIsOver(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	past, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	_, late := new(net.Dialer).DialContext(past, "unix", "/nowhere")
	if err := reason(t.Context(), late); err != errNotAnswering {
		t.Errorf("out of time: %v", err)
	}
	if err := reason(cancelled, late); err != late {
		t.Errorf("cancelled: %v", err)
	}
}

// A bus that takes the connection and says nothing must not hold Run beyond its timeout.
func TestBusThatSaysNothing(t *testing.T) {
	root, err := os.MkdirTemp("", "bus")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(root)
	for _, dir := range []string{"/run/systemd/system", "/run/dbus"} {
		if err := os.MkdirAll(root+dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("unix", root+"/run/dbus/system_bus_socket")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	w := New(Options{Root: root})
	w.timeout = 20 * time.Millisecond
	for range 5 {
		if err := w.beat(context.Background()); !errors.Is(err, errNotAnswering) {
			t.Fatal(err)
		}
	}
	if h := w.units.Health; h.State != health.Failed || h.At != 0 {
		t.Errorf("got %+v", h)
	}
	ctx, stop := context.WithCancel(context.Background())
	w.timeout = time.Hour
	go func() {
		if c, err := l.Accept(); err == nil {
			defer c.Close()
			stop()
			c.Read(make([]byte, 1))
			<-ctx.Done()
		}
	}()
	if err := w.Run(ctx, func(*sample.Units) { t.Error("published") }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func BenchmarkQuietBeat(b *testing.B) {
	h := busyHost(b)
	w, c := h.watcher()
	mustBeat(b, w)
	b.ReportAllocs()
	for b.Loop() {
		c.pass(time.Millisecond)
		mustBeat(b, w)
	}
}

func BenchmarkSurvey(b *testing.B) {
	h := busyHost(b)
	w, c := h.watcher()
	mustBeat(b, w)
	b.ReportAllocs()
	for b.Loop() {
		c.pass(full)
		mustBeat(b, w)
	}
}
