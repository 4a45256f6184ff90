package note

import (
	"os"
	"testing"
	"time"

	"hypervisor-tui/act"
)

// TestStopped: what is under way is not stopped, what nobody does any more is, and what has ended is gone.
func TestStopped(t *testing.T) {
	dir := t.TempDir()
	want := func(when string, stopped bool) {
		t.Helper()
		n, err := Stopped(dir)
		if err != nil || (n != nil) != stopped {
			t.Errorf("%s: %v, %v", when, n, err)
		}
	}
	want("before the first", false)
	n := &Note{Ask: act.Ask{Verb: act.NodeDrain, Object: "hv2"}, When: time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC), Done: 12, Of: 37}
	holds, err := Hold(dir)
	if err != nil {
		t.Fatal(err)
	}
	want("before it is written", false)
	if err := n.Write(dir); err != nil {
		t.Fatal(err)
	}
	want("while it runs", false)
	if _, err := Hold(dir); err == nil {
		t.Error("two do it at once")
	}
	if err := holds.Close(); err != nil {
		t.Fatal(err)
	}
	want("nobody does it any more", true)
	got, err := Read(dir)
	if err != nil || got.String() != "drain of hv2, begun 22 Nov 03:00, stopped at 12 of 37" {
		t.Errorf("%v, %v", got, err)
	}
	if err := os.Remove(Path(dir)); err != nil {
		t.Fatal(err)
	}
	want("it has ended", false)
	for _, text := range []string{"", "{", `{"ask":{"verb":"rm","object":"x"}}`} {
		if err := os.WriteFile(Path(dir), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if n, err := Stopped(dir); err == nil {
			t.Errorf("%q is taken for %v", text, n)
		}
	}
}
