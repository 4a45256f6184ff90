//go:build !nokube

package console

import (
	"encoding/json"
	"testing"
	"time"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/peer"
	"hypervisor-tui/sample"
)

// TestSummaryIsMadeOncePerFrame, and is of now all the same: others judge this host's clock by it. Before the first sample
// there is none, since no problem is seen before anything is.
func TestSummaryIsMadeOncePerFrame(t *testing.T) {
	h := newTestHost(t)
	go func() { // as run does, of what it is asked
		for {
			select {
			case f := <-h.asked:
				f()
			case <-h.ended:
				return
			}
		}
	}()
	h.do(t.Context(), func() { h.fill(time.Now()) })
	if text, err := h.summary(t.Context()); err != errNoFrame {
		t.Errorf("before the first sample: %s, %v", text, err)
	}
	h.do(t.Context(), func() {
		h.frame.Host = &sample.Host{Machine: sample.Machine{Hostname: "hv1"}}
		h.frame.Now = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	})
	of := func() (s peer.Summary) {
		t.Helper()
		text, err := h.summary(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	first := of()
	if first.Node != "hv1" || first.Version != "1.0.0" || first.Time.Year() == 2020 {
		t.Errorf("%+v", first)
	}
	h.do(t.Context(), func() { h.frame.Host.Machine.Hostname = "another" })
	await.Until(t, "its time goes on", func() bool { return of().Time.After(first.Time) })
	if s := of(); s.Node != "hv1" {
		t.Errorf("it is made anew for a frame that it was made of: %+v", s)
	}
	h.do(t.Context(), func() { h.filled++ })
	if s := of(); s.Node != "another" {
		t.Errorf("it is not of the newest frame: %+v", s)
	}
}
