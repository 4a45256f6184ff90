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

// TestRememberedProblemsKeepTheirAge: what was wrong before this process, and still is, is as old as it was; what has ended
// meanwhile, or comes later, or is dated by somebody else, is not.
func TestRememberedProblemsKeepTheirAge(t *testing.T) {
	cable, unit := Problem{Kind: NoCarrier, Subject: "eth0"}, Problem{Kind: UnitFailed, Subject: "x.service", Since: 55 * time.Minute}
	was := func(p Problem, since time.Duration) Problem { p.Since = since; return p }
	type step struct {
		at    time.Duration
		found []Problem
		want  time.Duration // of the first; 0: nothing is found
	}
	for _, c := range []struct {
		name   string
		before []Problem
		late   bool // it is remembered after the first step
		steps  []step
	}{
		{"at once", []Problem{was(cable, time.Minute)}, false, []step{{time.Hour, []Problem{cable}, time.Minute}, {time.Hour + time.Hour, []Problem{cable}, time.Minute}}},
		{"a source that answers later", []Problem{was(cable, time.Minute)}, false, []step{{time.Hour, nil, 0}, {time.Hour + time.Minute, []Problem{cable}, time.Minute}}},
		{"remembered when it was found already", []Problem{was(cable, time.Minute)}, true, []step{{time.Hour, []Problem{cable}, time.Hour}, {time.Hour + 1, []Problem{cable}, time.Minute}}},
		{"too late", []Problem{was(cable, time.Minute)}, false, []step{{time.Hour, nil, 0}, {time.Hour + 3*time.Minute, []Problem{cable}, time.Hour + 3*time.Minute}}},
		{"another cable", []Problem{was(Problem{Kind: NoCarrier, Subject: "eth1"}, time.Minute)}, false, []step{{time.Hour, []Problem{cable}, time.Hour}}},
		{"it ended, and came anew", []Problem{was(cable, time.Minute)}, false, []step{{time.Hour, []Problem{cable}, time.Minute}, {time.Hour + 1, nil, 0}, {time.Hour + 2, []Problem{cable}, time.Hour + 2}}},
		{"systemd says since when", []Problem{was(unit, time.Minute)}, false, []step{{time.Hour, []Problem{unit}, 55 * time.Minute}}},
	} {
		var tr Tracker
		if !c.late {
			tr.Remember(c.before)
		}
		for i, s := range c.steps {
			open, _ := tr.Update(s.at, s.found)
			if len(open) != len(s.found) || len(open) > 0 && open[0].Since != s.want {
				t.Errorf("%s, step %d: %+v, want since %v", c.name, i, open, s.want)
			}
			if c.late && i == 0 {
				tr.Remember(c.before)
			}
		}
	}
}
