//go:build !nokube

package console

import (
	"bytes"
	"testing"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/report/metrics"
)

// newTestHost is a host that nothing reads.
func newTestHost(t *testing.T) *host {
	t.Helper()
	c := config.Default()
	c.Serve.Exporter.Enable = true
	h, err := newHost(t.Context(), new(guard.Guard), loaded{config: c}, Options{Version: "1.0.0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.news.Close)
	return h
}

// TestExpositionBeforeTheFirstFrame: nothing is no exposition.
func TestExpositionBeforeTheFirstFrame(t *testing.T) {
	h := newTestHost(t)
	if got := h.render(metrics.Text); got != nil {
		t.Errorf("%q before the first frame", got.bytes)
	}
	h.fill(time.Now())
	if got := h.render(metrics.Text); got == nil || !bytes.Contains(got.bytes, []byte("hypervisor_build_info")) {
		t.Errorf("%v after it", got)
	}
}

// TestExpositionIsRenderedOnce for all who ask for the figures of a frame; a text that somebody still takes is not written anew.
func TestExpositionIsRenderedOnce(t *testing.T) {
	h := newTestHost(t)
	h.fill(time.Now())
	first := h.render(metrics.Text)
	if h.render(metrics.Text) != first || first.users.Load() != 2 {
		t.Errorf("%d users, or another text of the same frame", first.users.Load())
	}
	if other := h.render(metrics.OpenMetrics); other == nil || other == first || !bytes.HasSuffix(other.bytes, []byte("# EOF\n")) {
		t.Error("the other format is not a text of its own")
	}
	before := bytes.Clone(first.bytes)
	for range len(h.texts[metrics.Text]) - 1 {
		h.fill(time.Now())
		if next := h.render(metrics.Text); next == nil || next == first {
			t.Fatalf("%v while there is room", next)
		}
	}
	h.fill(time.Now())
	if more := h.render(metrics.Text); more == nil || more == first || !bytes.Equal(first.bytes, before) {
		t.Error("a text that is taken was written anew, or keeps somebody from the newest figures")
	}
	first.users.Store(0)
	if h.render(metrics.Text) != first {
		t.Error("a text that nobody takes any more stays unused")
	}
}

// TestTicksOfServeAreSeconds, as whoever judges what is late takes them.
func TestTicksOfServeAreSeconds(t *testing.T) {
	h := newTestHost(t)
	h.loaded.config.RefreshInterval = 5 * time.Second
	for range 3 {
		h.fill(time.Now())
	}
	if h.frame.Tick != 15 {
		t.Errorf("%d ticks in 15 seconds", h.frame.Tick)
	}
}
