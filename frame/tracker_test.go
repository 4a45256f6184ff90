package frame

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hypervisor-tui/journal"
)

// TestTrackerTellsChanges: a problem is raised once, keeps its age while it lasts, and is cleared once.
func TestTrackerTellsChanges(t *testing.T) {
	full := func(mount string, percent float64) Problem {
		return Problem{Severity: journal.Warning, Kind: FilesystemFull, Subject: mount, Percent: percent}
	}
	var tr Tracker
	for i, c := range []struct {
		found  []Problem
		open   []string // worst first
		events []string
	}{
		{nil, nil, nil},
		{[]Problem{full("/a", 90)}, []string{"/a since 1s"}, []string{"raised /a at 1s"}},
		{[]Problem{full("/b", 95), full("/a", 91)}, []string{"/b since 2s", "/a since 1s"}, []string{"raised /b at 2s"}},
		{[]Problem{full("/a", 96), full("/b", 95)}, []string{"/a since 1s", "/b since 2s"}, nil},
		{[]Problem{full("/b", 95)}, []string{"/b since 2s"}, []string{"cleared /a at 4s"}},
		{[]Problem{full("/a", 90)}, []string{"/a since 5s"}, []string{"raised /a at 5s", "cleared /b at 5s"}},
		{[]Problem{{Kind: UnitFailed, Subject: "/a", Since: time.Millisecond}}, []string{"/a since 1ms"}, []string{"raised /a at 6s", "cleared /a at 6s"}},
		{nil, nil, []string{"cleared /a at 7s"}},
	} {
		now := time.Duration(i) * time.Second
		open, events := tr.Update(now, c.found)
		var gotOpen, gotEvents []string
		for _, p := range open {
			gotOpen = append(gotOpen, fmt.Sprintf("%s since %v", p.Subject, p.Since))
		}
		for _, e := range events {
			word := "raised"
			if e.Cleared {
				word = "cleared"
			}
			gotEvents = append(gotEvents, fmt.Sprintf("%s %s at %v", word, e.Subject, e.At))
		}
		if !slices.Equal(gotOpen, c.open) || !slices.Equal(gotEvents, c.events) {
			t.Errorf("%d: open %q, events %q, want %q, %q", i, gotOpen, gotEvents, c.open, c.events)
		}
	}
}
