package screens_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/act"
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/screentest"
)

// everything is what a helper says that may do all there is.
func everything() *act.Welcome {
	w := &act.Welcome{Units: []string{"k3s.service"}, Undo: 30 * time.Minute}
	for _, r := range act.Rules {
		w.Verbs = append(w.Verbs, r.Verb)
	}
	return w
}

// says makes of a frame one in which the helper has said what change does.
func says(change func(d *act.Dialogue, f *frame.Frame)) func(*frame.Frame) {
	return func(f *frame.Frame) {
		frametest.Nodes(5)(f)
		f.Act = &act.Dialogue{Stage: act.Choosing, Welcome: everything()}
		change(f.Act, f)
	}
}

func menu(*act.Dialogue, *frame.Frame) {}

// planned is a drain that was rehearsed.
func planned(d *act.Dialogue, f *frame.Frame) {
	d.Stage, d.Ask, d.Expires = act.Deciding, act.Ask{Verb: act.NodeDrain, Object: "hv2", Undo: true}, f.Now.Add(58*time.Second)
	d.Planned = &act.Planned{Plan: "p1", Ask: d.Ask, Type: "node-01", Will: []string{
		"nothing new is placed on hv2", "6 VMs move to other nodes while they run", "31 pods are restarted elsewhere",
		"1 VM ends, for its eviction strategy is None: web/build-runner", "9 pods stay: of DaemonSets, and the node's own",
		"systemd uncordons it after 30 minutes, even when nobody looks any more",
	}}
}

// blocked is a plan that can be committed although something blocks it.
func blocked(force bool) func(d *act.Dialogue, f *frame.Frame) {
	return func(d *act.Dialogue, f *frame.Frame) {
		planned(d, f)
		d.Planned.Force = force
		d.Planned.Blocks = []string{"database/etcd-1: Cannot evict pod as it would violate the pod's disruption budget etcd: 2 of 2 are needed", "web/legacy: its VM is not live-migratable"}
		d.Planned.Will = d.Planned.Will[:3]
	}
}

// long is a plan with more than a page.
func long(d *act.Dialogue, f *frame.Frame) {
	planned(d, f)
	d.Planned.Will = nil
	for i := range act.MaxLines {
		d.Planned.Will = append(d.Planned.Will, fmt.Sprintf("the VM tenant-%02d/worker moves to another node while it runs", i))
	}
	d.Planned.More = 13
}

func withCode(d *act.Dialogue, f *frame.Frame) {
	d.Ask = act.Ask{Verb: act.UnitRestart, Object: "k3s.service"}
	d.Stage, d.Expires, d.Welcome.Code = act.Deciding, f.Now.Add(31*time.Second), true
	d.Planned = &act.Planned{Plan: "p2", Ask: d.Ask, Type: "k3s.service", Code: true, Will: []string{
		"k3s.service, Lightweight Kubernetes, is stopped, then started", "it runs since 21 Nov 03:12 as process 1234"}}
}

func runsAt(done, of int, text string) func(d *act.Dialogue, f *frame.Frame) {
	return func(d *act.Dialogue, f *frame.Frame) {
		planned(d, f)
		d.Stage, d.Progress = act.Doing, &act.Progress{Done: done, Of: of, Text: text}
	}
}

// onNode opens what can be done to the first node of F4, onHost to units and this host.
var (
	onNode = []draw.Key{draw.KeyHome, 'x'}
	onHost = []draw.Key{'x'}
)

func keysFor(first []draw.Key, text string) []draw.Key {
	all := slices.Clone(first)
	for _, c := range text {
		all = append(all, draw.Key(c))
	}
	return all
}

// acts are pictures of each stage of the overlay.
var acts = []picture{
	{name: "act-connecting", screen: frame.Nodes, keys: onNode, change: says(func(d *act.Dialogue, _ *frame.Frame) { *d = act.Dialogue{} })},
	{name: "act-node", screen: frame.Nodes, keys: onNode, change: says(menu)},
	{name: "act-host", screen: frame.Logs, keys: append(slices.Clone(onHost), 'j'), change: says(menu)},
	{name: "act-vm", screen: frame.Dashboard, keys: []draw.Key{draw.KeyDown, 'x'}, change: says(menu)},
	{name: "act-link", screen: frame.Network, keys: []draw.Key{draw.KeyDown, 'x'}, change: says(menu)},
	{name: "act-nothing", screen: frame.Network, keys: []draw.Key{draw.KeyDown, 'x'}, change: says(func(d *act.Dialogue, _ *frame.Frame) { d.Welcome.Verbs = []act.Verb{act.NodeDrain} })},
	{name: "act-stopped", screen: frame.Nodes, keys: onNode, change: says(func(d *act.Dialogue, _ *frame.Frame) {
		d.Welcome.Stopped = "drain of hv3, begun 22 Nov 02:58, stopped at 12 of 37"
	})},
	{name: "act-planning", screen: frame.Nodes, keys: onNode, change: says(func(d *act.Dialogue, _ *frame.Frame) {
		d.Stage, d.Ask = act.Planning, act.Ask{Verb: act.NodeCordon, Object: "hv2", Undo: true}
	})},
	{name: "act-plan", screen: frame.Nodes, keys: keysFor(onNode, "node-0"), change: says(planned)},
	{name: "act-plan-long", screen: frame.Nodes, keys: onNode, change: says(long)},
	{name: "act-plan-blocked", screen: frame.Nodes, keys: onNode, change: says(blocked(false))},
	{name: "act-plan-anyway", screen: frame.Nodes, keys: onNode, change: says(blocked(true))},
	{name: "act-plan-old", screen: frame.Nodes, keys: onNode, change: says(func(d *act.Dialogue, f *frame.Frame) { planned(d, f); d.Expires = f.Now })},
	{name: "act-plan-slip", screen: frame.Nodes, keys: onNode, change: says(func(d *act.Dialogue, f *frame.Frame) {
		planned(d, f)
		d.Refused = &act.Outcome{Text: "another name was typed than node-01"}
	})},
	{name: "act-name", screen: frame.Logs, keys: keysFor(onHost, "k3s.serv"), change: says(withCode)},
	{name: "act-code", screen: frame.Logs, keys: append(keysFor(onHost, "k3s.service"), draw.KeyEnter, '2', '8', '7', '0'), change: says(withCode)},
	{name: "act-locked", screen: frame.Logs, keys: onHost, change: says(func(d *act.Dialogue, f *frame.Frame) {
		withCode(d, f)
		d.Refused = &act.Outcome{Text: "after 5 wrong codes none is looked at for 59s"}
	})},
	{name: "act-changed", screen: frame.Nodes, keys: onNode, change: says(func(d *act.Dialogue, f *frame.Frame) {
		planned(d, f)
		d.Stage, d.Planned = act.Choosing, nil
		d.Refused = &act.Outcome{Text: "it is not done, since something has changed in between: look at what it would do now", Over: true,
			Will: []string{"nothing new is placed on hv2", "5 VMs move to other nodes while they run", "32 pods are restarted elsewhere"}}
	})},
	{name: "act-runs", screen: frame.Nodes, keys: onNode, change: says(runsAt(12, 37, "web/db-0: the VM is moving"))},
	{name: "act-ending", screen: frame.Nodes, keys: append(slices.Clone(onNode), 'c'), change: says(runsAt(12, 37, "web/db-0: the VM is moving"))},
	{name: "act-doing", screen: frame.Logs, keys: onHost, change: says(func(d *act.Dialogue, f *frame.Frame) { withCode(d, f); d.Stage = act.Doing })},
	{name: "act-done", screen: frame.Nodes, keys: onNode, change: says(func(d *act.Dialogue, _ *frame.Frame) {
		d.Done = &act.Outcome{Text: "hv2 is drained: 6 VMs have moved, 31 pods are restarted elsewhere, 9 stay"}
	})},
	{name: "act-failed", screen: frame.Nodes, keys: onNode, change: says(func(d *act.Dialogue, _ *frame.Frame) {
		d.Failed = &act.Outcome{Text: "cancelled: 12 of 37 had left when it was ended; hv2 stays cordoned until somebody uncordons it"}
	})},
	{name: "act-gone", screen: frame.Nodes, keys: onNode, change: says(func(d *act.Dialogue, f *frame.Frame) {
		d.Stage, d.Ask = act.Doing, act.Ask{Verb: act.NodeDrain, Object: "hv2"}
		d.End("the helper has ended: journalctl -u hypervisor-tui-act says why")
	})},
	{name: "act-denied", screen: frame.Nodes, keys: onNode, change: says(func(d *act.Dialogue, f *frame.Frame) {
		*d = act.Dialogue{Stage: act.Gone, Err: "this console may not ask the helper: log in as an operator first (F12)"}
	})},
}

func TestGoldenActs(t *testing.T) {
	for _, p := range acts {
		p.acts = true
		golden(t, p, 200, 60, "colour")
		golden(t, p, 80, 24, "mono")
		golden(t, p, 40, 10, "ascii")
	}
	golden(t, picture{name: "act-help", screen: frame.Nodes, keys: []draw.Key{'?', draw.KeyEnd}, acts: true}, 80, 24, "mono")
	golden(t, picture{name: "act-offered", screen: frame.Logs, acts: true}, 80, 24, "mono")
}

// open is a console that offers actions, with the overlay open as p is reached.
func open(p picture) (*screentest.Stand, *frame.Frame) {
	f := frametest.Fixed()
	p.change(f)
	f.Guests = frame.MergeGuests(nil, &f.Snapshot)
	c := newConsole(p.screen, nil)
	c.OfferActions()
	c.Show(80, 24, f)
	for _, k := range p.keys {
		c.Handle(k, f)
		c.Show(80, 24, f)
	}
	return c, f
}

// allKeys are all keys that a terminal sends, and some that none does.
func allKeys() (all []draw.Key) {
	for k := range keyNames {
		all = append(all, k)
	}
	for k := draw.Key(' '); k < 0x7f; k++ {
		all = append(all, k)
	}
	return append(all, draw.KeyBackspace, 'ä', draw.KeyNone)
}

// TestNothingIsDoneByAKeyAlone: at no stage does a key, twice, and then Enter, again and again, send a commit, but with what was
// typed by that.
func TestNothingIsDoneByAKeyAlone(t *testing.T) {
	for _, p := range acts {
		p.keys = p.keys[:slices.Index(p.keys, 'x')+1] // nothing is typed yet
		for _, k := range allKeys() {
			c, f := open(p)
			if c.OverlayName() != "actions" {
				t.Fatalf("%s: %q is open", p.name, c.OverlayName())
			}
			typed := strings.TrimSpace(strings.Repeat(string(rune(k)), 2))
			for _, k := range []draw.Key{k, k, draw.KeyEnter, draw.KeyEnter, draw.KeyEnter} {
				cmd := c.Handle(k, f)
				c.Show(80, 24, f)
				if cmd.Kind == screens.Act && cmd.Request.Commit != nil && (cmd.Request.Commit.Typed != typed || typed == "" || f.Act.Planned.Code) {
					t.Errorf("%s, key %d: it commits %+v", p.name, k, cmd.Request.Commit)
				}
			}
		}
	}
}

// pictureOf is the picture of a name.
func pictureOf(t *testing.T, name string) picture {
	t.Helper()
	i := slices.IndexFunc(acts, func(p picture) bool { return p.name == name })
	if i < 0 {
		t.Fatal(name)
	}
	return acts[i]
}

// TestPlansAreAskedFor: what the list offers is asked for, for a time where that is wanted.
func TestPlansAreAskedFor(t *testing.T) {
	for _, s := range []struct {
		of   string
		keys string
		want act.Ask
	}{
		{"act-node", "", act.Ask{Verb: act.NodeCordon, Object: "", Undo: true}},
		{"act-node", "u", act.Ask{Verb: act.NodeCordon, Object: ""}},
		{"act-node", "uu", act.Ask{Verb: act.NodeCordon, Object: "", Undo: true}},
		{"act-node", "j", act.Ask{Verb: act.NodeUncordon, Object: ""}},
		{"act-node", "kjjjjjjj", act.Ask{Verb: act.NodeDrain, Object: "", Undo: true}},
		{"act-host", "k", act.Ask{Verb: act.UnitRestart, Object: "k3s.service"}},
		{"act-host", "jjjj", act.Ask{Verb: act.HostReboot, Object: "hypervisor-01"}},
		{"act-vm", "", act.Ask{Verb: act.VMStart, Object: ""}},
		{"act-link", "", act.Ask{Verb: act.LinkBlink, Object: ""}},
	} {
		p := pictureOf(t, s.of)
		p.keys = keysFor(p.keys, s.keys)
		c, f := open(p)
		cmd := c.Handle(draw.KeyEnter, f)
		if cmd.Kind != screens.Act || cmd.Request.Plan == nil {
			t.Errorf("%s, keys %q: %+v", s.of, s.keys, cmd)
			continue
		}
		if s.want.Object == "" { // what the page has chosen
			s.want.Object = chosenOn(c, f)
		}
		if *cmd.Request.Plan != s.want {
			t.Errorf("%s, keys %q: %+v, want %+v", s.of, s.keys, *cmd.Request.Plan, s.want)
		}
	}
}

// chosenOn is the title of the first group that the overlay lists.
func chosenOn(c *screentest.Stand, f *frame.Frame) string {
	_, rest, _ := strings.Cut(c.Show(80, 24, f), " Actions ")
	_, rest, _ = strings.Cut(rest, "\n")
	row, _, _ := strings.Cut(rest, "\n")
	return strings.Trim(row, " │|")
}

// TestCommit: the name is typed, a word more where something blocks, and the code where one is asked for.
func TestCommit(t *testing.T) {
	for _, s := range []struct {
		of   string
		keys []draw.Key
		want *act.Commit
	}{
		{"act-plan", keysFor(onNode, "node-01"), &act.Commit{Plan: "p1", Typed: "node-01"}},
		{"act-plan", keysFor(onNode, " hv2 "), &act.Commit{Plan: "p1", Typed: "hv2"}}, // the helper says what is wrong with it
		{"act-plan", append(keysFor(onNode, "wrong"), draw.KeyCtrlU, 'n'), &act.Commit{Plan: "p1", Typed: "n"}},
		{"act-plan", keysFor(onNode, "   "), nil},
		{"act-plan", append(keysFor(onNode, "n"), draw.KeyBackspace), nil},
		{"act-plan-anyway", keysFor(onNode, "node-01 anyway"), &act.Commit{Plan: "p1", Typed: "node-01", Force: true}},
		{"act-plan-anyway", keysFor(onNode, "node-01"), &act.Commit{Plan: "p1", Typed: "node-01"}},
		{"act-name", keysFor(onHost, "k3s.service"), nil},
		{"act-name", keysFor(append(keysFor(onHost, "k3s.service"), draw.KeyEnter), "287082"), &act.Commit{Plan: "p2", Typed: "k3s.service", Code: "287082"}},
	} {
		p := pictureOf(t, s.of)
		p.keys = s.keys
		c, f := open(p)
		cmd := c.Handle(draw.KeyEnter, f)
		switch {
		case s.want == nil && cmd.Kind != screens.None:
			t.Errorf("%s, %v: %+v", s.of, s.keys, cmd)
		case s.want != nil && (cmd.Kind != screens.Act || cmd.Request.Commit == nil || *cmd.Request.Commit != *s.want):
			t.Errorf("%s, %v: %+v", s.of, s.keys, cmd.Request)
		}
		if s.want != nil {
			if cmd := c.Handle(draw.KeyEnter, f); cmd.Kind != screens.None {
				t.Errorf("%s: a second Enter: %+v", s.of, cmd)
			}
		}
	}
}

// TestPlanThatDoesNotCount: of one that is too old or blocked, Enter asks for another, and nothing is typed.
func TestPlanThatDoesNotCount(t *testing.T) {
	for _, name := range []string{"act-plan-old", "act-plan-blocked"} {
		p := pictureOf(t, name)
		p.keys = keysFor(onNode, "node-01")
		c, f := open(p)
		if text := c.Show(80, 24, f); strings.Contains(text, "node-01_") {
			t.Errorf("%s: it takes a name:\n%s", name, text)
		}
		if cmd := c.Handle(draw.KeyEnter, f); cmd.Kind != screens.Act || cmd.Request.Plan == nil || *cmd.Request.Plan != f.Act.Ask {
			t.Errorf("%s: Enter: %+v", name, cmd)
		}
	}
}

// TestPlanIsSeenFirst: what was typed for a plan, or before it was drawn, is no answer to the next one.
func TestPlanIsSeenFirst(t *testing.T) {
	p := pictureOf(t, "act-plan")
	p.keys = keysFor(onNode, "node-01")
	c, f := open(p)
	other := *f.Act.Planned
	other.Plan = "p9"
	f.Act.Planned = &other
	for _, k := range keysFor([]draw.Key{draw.KeyEnter}, "node-01") { // not drawn yet
		if cmd := c.Handle(k, f); cmd.Kind != screens.None {
			t.Errorf("key %d: %+v", k, cmd)
		}
	}
	if cmd := c.Handle(draw.KeyEnter, f); cmd.Kind != screens.None {
		t.Errorf("before it was drawn: %+v", cmd)
	}
	c.Show(80, 24, f)
	if cmd := c.Handle(draw.KeyEnter, f); cmd.Kind != screens.None {
		t.Errorf("with what was typed for another: %+v", cmd)
	}
}

// TestCodeIsNeverSeen, nor how the digits of it look.
func TestCodeIsNeverSeen(t *testing.T) {
	p := pictureOf(t, "act-code")
	for _, digits := range []string{"2", "28", "287082", "287082287082287082"} {
		p.keys = keysFor(append(keysFor(onHost, "k3s.service"), draw.KeyEnter), digits)
		c, f := open(p)
		text := c.Show(80, 24, f)
		if !strings.Contains(text, " "+strings.Repeat("*", len(digits))+"_") || len(digits) > 2 && strings.Contains(text, digits[:3]) {
			t.Errorf("%s digits:\n%s", digits, text)
		}
	}
}

// TestNothingHidesWhatRuns: while a drain runs no key takes the overlay away or stops the picture, but c ends the drain; then Esc
// closes, should the helper not answer.
func TestNothingHidesWhatRuns(t *testing.T) {
	for _, k := range allKeys() {
		c, f := open(pictureOf(t, "act-runs"))
		cmd := c.Handle(k, f)
		c.Show(80, 24, f)
		ends := cmd.Kind == screens.Act && cmd.Request.Cancel != nil
		if ends != (k == 'c' || k == 'C') || !ends && cmd.Kind != screens.None && cmd.Kind != screens.Repaint || c.OverlayName() != "actions" || c.Paused() || !c.ActionRuns(f) {
			t.Errorf("key %d: %+v, overlay %q, paused %v", k, cmd, c.OverlayName(), c.Paused())
		}
	}
	for _, k := range allKeys() {
		c, f := open(pictureOf(t, "act-ending"))
		if cmd := c.Handle(k, f); cmd.Kind != screens.None && cmd.Kind != screens.Repaint || (c.OverlayName() == "") != (k == draw.KeyEsc) {
			t.Errorf("told to end, key %d: %+v, overlay %q", k, cmd, c.OverlayName())
		}
	}
}

// TestNothingStandsStillWhileItIsLookedAt: no key pauses the picture of what can be done or goes to the past.
func TestNothingStandsStillWhileItIsLookedAt(t *testing.T) {
	for _, p := range acts {
		p.keys = p.keys[:slices.Index(p.keys, 'x')+1]
		for _, k := range allKeys() {
			c, f := open(p)
			if cmd := c.Handle(k, f); c.Paused() && c.OverlayName() != "" || cmd.Kind == screens.Past {
				t.Errorf("%s, key %d: %+v, paused %v", p.name, k, cmd, c.Paused())
			}
		}
	}
	p := pictureOf(t, "act-node")
	p.keys = append([]draw.Key{' '}, p.keys...)
	if c, _ := open(p); c.Paused() {
		t.Error("it opens on a paused picture")
	}
}

// TestChosenActionIsInSight, whatever is offered, and so is what a plan asks for.
func TestChosenActionIsInSight(t *testing.T) {
	p := pictureOf(t, "act-host")
	p.keys = onHost
	change := p.change
	p.change = func(f *frame.Frame) {
		change(f)
		for i := range 63 {
			f.Act.Welcome.Units = append(f.Act.Welcome.Units, fmt.Sprintf("unit-%02d.service", i))
		}
	}
	for _, size := range []struct{ w, h int }{{80, 24}, {200, 60}} {
		c, f := open(p)
		c.Show(size.w, size.h, f)
		for _, key := range []draw.Key{draw.KeyDown, draw.KeyUp} {
			for i := range 200 {
				c.Handle(key, f)
				if text := c.Show(size.w, size.h, f); !strings.Contains(text, c.ChosenAction()) {
					t.Fatalf("%dx%d, %d times key %d: %s is out of sight:\n%s", size.w, size.h, i, key, c.ChosenAction(), text)
				}
			}
		}
	}
	c, f := open(pictureOf(t, "act-plan-long"))
	for range 30 {
		if text := c.Show(80, 24, f); !strings.Contains(text, "type       node-01") || !strings.Contains(text, "58 s more") {
			t.Fatalf("what is to be typed is out of sight:\n%s", text)
		}
		c.Handle(draw.KeyDown, f)
	}
	if text := c.Show(80, 24, f); !strings.Contains(text, "and 13 more") {
		t.Errorf("the end of the plan is not reached:\n%s", text)
	}
}

// TestNoActionInThePast, nor where nothing was offered.
func TestNoAction(t *testing.T) {
	for _, screen := range []string{frame.Logs, frame.Dashboard, frame.Network, frame.Nodes} {
		c, f := newConsole(screen, nil), frametest.Fixed()
		for _, b := range c.Bindings() {
			if slices.Contains(b.Keys, 'x') || strings.Contains(b.Hint, "Action") {
				t.Errorf("%s: nothing is offered, and there is %+v", screen, b)
			}
		}
		c.Show(80, 24, f)
		for _, open := range []draw.Key{draw.KeyNone, draw.KeyEnter, '!', 'i', '?'} {
			c.Handle(open, f)
			if c.Handle('x', f); c.OverlayName() == "actions" || c.ShowsActions() {
				t.Errorf("%s: nothing is offered, and x opens it", screen)
			}
		}
		c = newConsole(screen, nil)
		c.OfferActions()
		yesterday(f)
		c.Show(80, 24, f)
		if c.Handle('x', f); c.OverlayName() == "actions" {
			t.Errorf("%s: x opens it in the past", screen)
		}
	}
}

// TestActionsAreOfWhatIsSeen: over an overlay with a VM, an interface or a node whole x is for that.
func TestActionsAreOfWhatIsSeen(t *testing.T) {
	for screen, whole := range map[string]string{frame.Dashboard: "vm", frame.Network: "link", frame.Nodes: "one-node"} {
		p := picture{screen: screen, keys: []draw.Key{draw.KeyDown}, change: says(menu)}
		c, f := open(p)
		c.Handle('x', f)
		want := chosenOn(c, f)
		c, f = open(p)
		c.Handle(draw.KeyEnter, f)
		if c.OverlayName() != whole {
			t.Fatalf("%s: %q is open", screen, c.OverlayName())
		}
		c.Handle('x', f)
		if got := chosenOn(c, f); got != want || got == "" {
			t.Errorf("%s: over the whole of it for %q, else for %q", screen, got, want)
		}
	}
}
