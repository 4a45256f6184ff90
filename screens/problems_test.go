package screens_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/journal"
	"hypervisor-tui/screens"
)

// TestProblemsKeepTheChoice: it stays with the problem while others come, go and move, and ends are ends.
func TestProblemsKeepTheChoice(t *testing.T) {
	problem := func(mount string) frame.Problem {
		return frame.Problem{Severity: journal.Crit, Kind: frame.FilesystemFull, Subject: mount, Percent: 97, Since: frametest.Boot, Where: frame.Dashboard}
	}
	a, b, c := problem("/a"), problem("/b"), problem("/c")
	console, f := newConsole(frame.Dashboard, nil), frametest.Fixed()
	f.Problems = []frame.Problem{a, b}
	console.Show(80, 24, f)
	console.Handle('!', f)
	for i, step := range []struct {
		key  draw.Key
		list []frame.Problem
		want string // what Enter would go to
	}{
		{draw.KeyNone, []frame.Problem{a, b}, "/a"}, {draw.KeyUp, []frame.Problem{a, b}, "/a"}, {draw.KeyDown, []frame.Problem{a, b}, "/b"},
		{draw.KeyDown, []frame.Problem{a, b}, "/b"}, {draw.KeyNone, []frame.Problem{b, c, a}, "/b"}, {draw.KeyNone, []frame.Problem{c, a}, "/c"},
		{draw.KeyEnd, []frame.Problem{c, a}, "/a"}, {draw.KeyHome, []frame.Problem{c, a}, "/c"}, {'j', []frame.Problem{c, a}, "/a"}, {'k', []frame.Problem{c, a}, "/c"},
		{draw.KeyPageDown, []frame.Problem{c, a}, "/a"}, {draw.KeyPageUp, nil, ""},
	} {
		console.Handle(step.key, f)
		f.Problems = step.list
		console.Show(80, 24, f)
		if got := console.ChosenProblem(); step.want != "" && got != step.want {
			t.Errorf("step %d: chosen is %q, want %q", i, got, step.want)
		}
	}
	if text := console.Show(80, 24, f); !strings.Contains(text, "no problem is known") {
		t.Errorf("nothing is wrong:\n%s", text)
	}
}

// TestTheNextProblemIsCutBeforeItIsHidden: where enough of its words fits it is named, with its age and page; else it is counted.
func TestTheNextProblemIsCutBeforeItIsHidden(t *testing.T) {
	f := frametest.Fixed()
	pod := frame.Problem{Severity: journal.Warning, Kind: frame.PodFailing, Of: "team-a", Subject: "payments-6c8f9d7b5-q4w2z", Detail: "CrashLoopBackOff", N: 37,
		Since: f.Boot - time.Hour, Where: frame.Dashboard}
	for name, c := range map[string]struct {
		first string
		want  string
	}{
		"enough":     {"vda", " ! vda 97% full 0s [F2]  ! pod team-a/payments-6c8f9d7b5-q4w2z> 1h 0m [F2]  [!]"},
		"not enough": {"/var/lib/longhorn/disks", " ! /var/lib/longhorn/disks 97% full 0s [F2]  +1 more [!]"},
	} {
		f.Problems = []frame.Problem{{Severity: journal.Crit, Kind: frame.FilesystemFull, Subject: c.first, Percent: 97, Since: f.Boot, Where: frame.Dashboard}, pod}
		if row := strings.TrimRight(strings.Split(shot(t, frame.Dashboard, 80, 24, f), "\n")[3], " "); row != c.want {
			t.Errorf("%s: %q, want %q", name, row, c.want)
		}
	}
}

// TestReasonsAreReadInFull: however long a reason is, on a small screen too, and with Down alone.
func TestReasonsAreReadInFull(t *testing.T) {
	for _, size := range []struct{ w, h int }{{200, 60}, {80, 24}, {40, 10}} {
		f := frametest.Fixed()
		var words []string
		for i := range 4 {
			var reason []string
			for j := range 60 {
				reason = append(reason, fmt.Sprintf("word%d_%02d", i, j))
			}
			words = append(words, reason...)
			f.Problems = append(f.Problems[:i], frame.Problem{Severity: journal.Err, Kind: frame.UnitFailed, Subject: fmt.Sprintf("unit-%d.service", i), Reason: strings.Join(reason, " "), Where: frame.Logs})
		}
		c := newConsole(frame.Dashboard, nil)
		c.Show(size.w, size.h, f)
		c.Handle('!', f)
		text := c.Show(size.w, size.h, f)
		for range 60 {
			c.Handle(draw.KeyDown, f)
			text += c.Show(size.w, size.h, f)
		}
		for _, word := range words {
			if !strings.Contains(text, word) {
				t.Fatalf("at %dx%d %s is never shown:\n%s", size.w, size.h, word, c.Show(size.w, size.h, f))
			}
		}
	}
}

// TestEnterGoesToTheProblem: to the page and the overlay where it is seen, from every page.
func TestEnterGoesToTheProblem(t *testing.T) {
	for kind := frame.Kind(0); kind < frame.KindCount; kind++ {
		for _, where := range []string{frame.Logs, frame.Dashboard, frame.Network} {
			f := frametest.Fixed()
			frametest.Healthy(f)
			f.Problems = []frame.Problem{{Severity: journal.Err, Kind: kind, Subject: "smartd.service", Of: "default", Detail: "ill", Since: f.Boot - time.Minute, Where: where}}
			c := newConsole(frame.Network, func(panel string, v any) { t.Errorf("kind %d: %s crashed: %v", kind, panel, v) })
			c.Show(80, 24, f)
			c.Handle('!', f)
			c.Show(80, 24, f)
			c.Handle(draw.KeyEnter, f)
			page := where
			if slices.Contains([]frame.Kind{frame.PodFailing, frame.ServiceDown, frame.UnitFailed, frame.UnitRestarting}, kind) {
				page = frame.Logs
			}
			if c.Active() != page || c.OverlayName() == "problems" {
				t.Errorf("kind %d leads to %s, overlay %q, want %s", kind, c.Active(), c.OverlayName(), page)
			}
			c.Show(80, 24, f)
		}
	}
	for kind, overlay := range map[frame.Kind]string{frame.APIDown: "sources", frame.FilesystemFull: "storage", frame.MemoryShort: "hardware", frame.NodeFault: "node"} {
		f := frametest.Fixed()
		f.Problems = []frame.Problem{{Kind: kind, Where: frame.Dashboard}}
		c := newConsole(frame.Logs, nil)
		c.Show(80, 24, f)
		c.Handle('!', f)
		c.Handle(draw.KeyEnter, f)
		if c.OverlayName() != overlay {
			t.Errorf("kind %d opens %q, want %q", kind, c.OverlayName(), overlay)
		}
	}
	for _, kind := range []frame.Kind{frame.UnitFailed, frame.UnitRestarting, frame.ServiceDown, frame.APIDown} {
		f := frametest.Fixed()
		f.Problems = []frame.Problem{{Kind: kind, Subject: "smartd.service", Where: frame.Logs}}
		c := newConsole(frame.Dashboard, nil)
		c.Show(80, 24, f)
		c.Handle('!', f)
		if cmd := c.Handle(draw.KeyEnter, f); cmd.Kind != screens.Follow || cmd.Of != "smartd.service" {
			t.Errorf("kind %d: %+v, want the log of the unit", kind, cmd)
		}
		c.Update(80, 24, f)
		if q, asked := c.Newest(); !asked || q.Filter.Text != "smartd" {
			t.Errorf("kind %d: the log is asked for %q, want the unit", kind, q.Filter.Text)
		}
	}
}

// TestEnterOnANodeChoosesIt on F4, whatever was filtered there.
func TestEnterOnANodeChoosesIt(t *testing.T) {
	f := frametest.Fixed()
	frametest.Peers(8)(f)
	c := newConsole(frame.Nodes, nil)
	c.Show(80, 24, f)
	for _, k := range []draw.Key{'/', 'x', draw.KeyEnter, draw.KeyF1} {
		c.Handle(k, f)
		c.Show(80, 24, f)
	}
	f.Problems = []frame.Problem{{Kind: frame.PeerClock, Subject: "hypervisor-06", Where: frame.Nodes}}
	c.Handle('!', f)
	c.Show(80, 24, f)
	c.Handle(draw.KeyEnter, f)
	if text := c.Show(80, 24, f); c.Active() != frame.Nodes || !strings.Contains(text, "\n hypervisor-06: its clock is 10m ahead") {
		t.Errorf("%s:\n%s", c.Active(), text)
	}
}

// TestEnterOnAStallGoesToWhoMakesIt: the VM that uses most of the CPUs, or the processes where none does.
func TestEnterOnAStallGoesToWhoMakesIt(t *testing.T) {
	f := frametest.Fixed()
	frametest.Healthy(f)
	for overlay, hit := range map[string]frame.Hit{"vm": {Namespace: "team-0", Name: "vm-04", CPUs: 2.5}, "processes": {}} {
		f.Problems = []frame.Problem{{Kind: frame.CPUStalled, Hit: hit, Where: frame.Dashboard}}
		c := newConsole(frame.Logs, nil)
		c.Show(80, 24, f)
		c.Handle('!', f)
		c.Handle(draw.KeyEnter, f)
		if text := c.Show(80, 24, f); c.OverlayName() != overlay || !strings.Contains(text, hit.Name) {
			t.Errorf("%q of %+v, want %q:\n%s", c.OverlayName(), hit, overlay, text)
		}
	}
}

// TestEnterWhereNothingIsChosen opens the problems, where there are some, and not while a text is typed.
func TestEnterWhereNothingIsChosen(t *testing.T) {
	for _, c := range []struct {
		keys []draw.Key
		none bool // nothing is wrong
		want string
	}{
		{[]draw.Key{draw.KeyEnter}, false, "problems"},
		{[]draw.Key{draw.KeyEnter}, true, ""},
		{[]draw.Key{draw.KeyDown, draw.KeyEnter}, false, "vm"},
		{[]draw.Key{draw.KeyF3, '/', draw.KeyEnter}, false, ""},
		{[]draw.Key{draw.KeyF3, draw.KeyEnter}, false, "link"},
		{[]draw.Key{draw.KeyF1, draw.KeyEnter}, false, "entry"},
		{[]draw.Key{'?', draw.KeyEnter}, false, "help"},
	} {
		console, f := newConsole(frame.Dashboard, nil), frametest.Fixed()
		if c.none {
			f.Problems = nil
		}
		for _, k := range c.keys {
			console.Show(80, 24, f)
			console.Handle(k, f)
		}
		if console.OverlayName() != c.want {
			t.Errorf("%v, nothing wrong %v: %q, want %q", c.keys, c.none, console.OverlayName(), c.want)
		}
	}
}

// TestFailingVMIsShownWhole: Enter on its problem, wherever its table stands, is the way to its conditions.
func TestFailingVMIsShownWhole(t *testing.T) {
	f := frametest.Fixed()
	frametest.Sick(f)
	text := shot(t, frame.Logs, 80, 24, f, '!', draw.KeyEnter)
	for _, want := range []string{"Virtual machine", "team-0/vm-04", "FailedCreate"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing:\n%s", want, text)
		}
	}
}
