package collect

import (
	"os"
	"testing"
	"time"

	"hypervisor-tui/act"
	"hypervisor-tui/act/note"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
)

// TestReadActions: a drain that nobody goes on with is told, one that runs is not, and what cannot be read is what was read last.
func TestReadActions(t *testing.T) {
	dir := t.TempDir()
	var a frame.Actions
	want := func(when, stopped string, state health.State) {
		t.Helper()
		if readActions(&a, dir, time.Minute); a.Stopped != stopped || a.Health.State != state {
			t.Errorf("%s: %+v", when, a)
		}
	}
	want("before the first", "", health.OK)
	holds, err := note.Hold(dir)
	if err != nil {
		t.Fatal(err)
	}
	n := note.Note{Ask: act.Ask{Verb: act.NodeDrain, Object: "hv2"}, When: time.Unix(1_800_000_000, 0), Done: 12, Of: 37}
	if err := n.Write(dir); err != nil {
		t.Fatal(err)
	}
	want("while it runs", "", health.OK)
	if err := holds.Close(); err != nil {
		t.Fatal(err)
	}
	want("nobody does it", "hv2", health.OK)
	if a.At != "at 12 of 37" || !a.Begun.Equal(n.When) {
		t.Errorf("%+v", a)
	}
	if err := os.WriteFile(note.Path(dir), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	want("it cannot be read", "hv2", health.Stale)
	if err := os.Remove(note.Path(dir)); err != nil {
		t.Fatal(err)
	}
	want("it is undone", "", health.OK)
}
