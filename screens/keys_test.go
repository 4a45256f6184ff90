package screens_test

import (
	"slices"
	"strings"
	"testing"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/pages"
)

// keyNames are what the special keys are called on labels.
var keyNames = map[draw.Key]string{
	draw.KeyF1: "F1", draw.KeyF2: "F2", draw.KeyF3: "F3", draw.KeyF4: "F4", draw.KeyF5: "F5", draw.KeyUp: "Up", draw.KeyDown: "Down", draw.KeyLeft: "Left", draw.KeyRight: "Right",
	draw.KeyPageUp: "PgUp", draw.KeyPageDown: "PgDn", draw.KeyHome: "Home", draw.KeyEnd: "End", draw.KeyEnter: "Enter", draw.KeyEsc: "Esc",
	draw.KeyTab: "Tab", draw.KeyBackTab: "S-Tab", draw.KeyCtrlC: "Ctrl-C", draw.KeyCtrlL: "Ctrl-L", draw.KeyCtrlU: "Ctrl-U", draw.KeyCtrlD: "Ctrl-D",
	draw.KeyCtrlZ: "Ctrl-Z", draw.KeyF12: "F12", draw.KeyCtrlBracket: "Ctrl-]", ' ': "Space",
}

// TestHelpNamesEveryKey holds that the help tells of each key that is handled, that each handled key does one thing
// only, and that the help fits its columns.
func TestHelpNamesEveryKey(t *testing.T) {
	for _, screen := range pages.Names() {
		c := newConsole(screen, nil)
		bound := map[draw.Key]string{}
		for _, b := range c.Bindings() {
			if b.Label == "" || b.Does == "" || !b.Bound() || len(b.Label) > 17 {
				t.Errorf("%s: binding %+v", screen, b)
			}
			for _, k := range b.Keys {
				name, special := keyNames[k]
				if !special {
					name = string(rune(k))
				}
				if !slices.Contains(strings.Fields(b.Label), name) && !strings.Contains(b.Does, name) {
					t.Errorf("%s: %q (%s) does not name the key %s", screen, b.Label, b.Does, name)
				}
				if other, twice := bound[k]; twice {
					t.Errorf("%s: %s is bound twice: %s, and %s", screen, name, other, b.Does)
				}
				bound[k] = b.Does
			}
		}
		f := frametest.Fixed()
		text := c.Show(80, 24, f) // opens nothing yet: sizes must be known
		c.Handle('?', f)
		for range 30 {
			text += c.Show(80, 24, f)
			c.Handle(draw.KeyDown, f)
		}
		for _, does := range bound {
			if !strings.Contains(text, does) {
				t.Errorf("%s: the help does not say %q", screen, does)
			}
		}
	}
}

func TestScreensAreReached(t *testing.T) {
	const logs, dashboard, network, nodes, checks = frame.Logs, frame.Dashboard, frame.Network, frame.Nodes, frame.Checks
	for _, c := range []struct {
		from string
		key  draw.Key
		to   string
	}{
		{dashboard, draw.KeyF1, logs}, {logs, draw.KeyF2, dashboard}, {logs, draw.KeyF3, network}, {network, '1', logs}, {logs, '2', dashboard},
		{dashboard, '3', network}, {dashboard, draw.KeyF2, dashboard}, {logs, draw.KeyTab, dashboard}, {dashboard, draw.KeyTab, network},
		{network, draw.KeyTab, nodes}, {nodes, draw.KeyTab, checks}, {checks, draw.KeyTab, logs}, {logs, draw.KeyBackTab, checks}, {logs, draw.KeyF5, checks}, {network, '5', checks}, {dashboard, draw.KeyF4, nodes}, {logs, '4', nodes}, {nodes, '3', network}, {network, draw.KeyBackTab, dashboard}, {dashboard, draw.KeyBackTab, logs},
		{logs, draw.KeyNone, logs}, {logs, '9', logs}, {logs, 'Q', logs},
	} {
		for _, open := range []draw.Key{draw.KeyNone, '?', 'i'} {
			console, f := newConsole(c.from, nil), frametest.Fixed()
			console.Show(80, 24, f)
			console.Handle(open, f)
			if cmd := console.Handle(c.key, f); cmd.Kind != screens.None || console.Active() != c.to {
				t.Errorf("%s, key %d, key %d: %s, command %d; want %s", c.from, open, c.key, console.Active(), cmd.Kind, c.to)
			}
			if c.from != c.to && console.OverlayName() != "" {
				t.Errorf("%s, key %d, key %d: the overlay stays open", c.from, open, c.key)
			}
		}
	}
}

func TestCommands(t *testing.T) {
	for _, screen := range pages.Names() {
		for _, open := range []draw.Key{draw.KeyNone, '?', 'i'} {
			for _, quit := range []bool{true, false} {
				f := frametest.Fixed()
				settings := *f.Settings
				settings.Quit = quit
				f.Settings = &settings
				leave := screens.None
				if quit {
					leave = screens.Quit
				}
				for key, want := range map[draw.Key]screens.CommandKind{'q': leave, draw.KeyCtrlC: leave, 'r': screens.Refresh, draw.KeyCtrlL: screens.Repaint, 'x': screens.None, draw.KeyNone: screens.None} {
					c := newConsole(screen, nil)
					c.Show(80, 24, f)
					c.Handle(open, f)
					if got := c.Handle(key, f).Kind; got != want {
						t.Errorf("%s, key %d then %d, quit %v: command %d, want %d", screen, open, key, quit, got, want)
					}
				}
				if c := newConsole(screen, nil); strings.Contains(c.Show(80, 24, f), "q Quit") != quit {
					t.Errorf("%s: the footer offers to quit, or not, where quit is %v", screen, quit)
				}
			}
		}
	}
}

func TestPause(t *testing.T) {
	for _, key := range []draw.Key{' ', draw.KeyCtrlZ} {
		c, f := newConsole(frame.Dashboard, nil), frametest.Fixed()
		if c.Handle(key, f); !c.Paused() || !strings.Contains(c.Show(80, 24, f), "PAUSED") {
			t.Errorf("key %d does not pause, or does not say so", key)
		}
		if c.Handle(draw.KeyF3, f); !c.Paused() {
			t.Error("another screen ends the pause")
		}
		if c.Handle(key, f); c.Paused() || strings.Contains(c.Show(80, 24, f), "PAUSED") {
			t.Errorf("key %d does not end the pause", key)
		}
	}
}

func TestOverlays(t *testing.T) {
	c, f := newConsole(frame.Logs, nil), frametest.Fixed()
	c.Show(80, 24, f)
	for _, step := range []struct {
		key  draw.Key
		want string
	}{
		{'?', "help"}, {'i', "sources"}, {'i', ""}, {'?', "help"}, {'?', ""}, {'i', "sources"}, {'?', "help"},
		{draw.KeyEsc, ""}, {draw.KeyEsc, ""}, {draw.KeyEnter, "entry"}, {'/', "entry"}, {'?', "help"}, {draw.KeyEsc, ""},
		{draw.KeyEnter, "entry"}, {draw.KeyEsc, ""},
	} {
		if c.Handle(step.key, f); c.OverlayName() != step.want {
			t.Fatalf("key %d: overlay %q, want %q", step.key, c.OverlayName(), step.want)
		}
		c.Show(80, 24, f)
	}
	if c.Typing() {
		t.Error("a prompt was opened below an overlay")
	}
}

// TestOverlaysScroll reads each overlay to its end and back.
func TestOverlaysScroll(t *testing.T) {
	for name, c := range map[string]struct {
		open        draw.Key
		first, last string
	}{
		"help":    {'?', "previous, next entry", "quit, where the config allows it"},
		"sources": {'i', "uptime", "terminal linux"},
	} {
		f := frametest.Fixed()
		f.Problems = nil // the verdict counts "more" too
		console := newConsole(frame.Logs, nil)
		console.Show(80, 24, f)
		console.Handle(c.open, f)
		for _, step := range []struct {
			key  draw.Key
			top  bool
			want string
		}{
			{draw.KeyNone, true, c.first}, {draw.KeyEnd, false, c.last}, {draw.KeyPageDown, false, c.last}, {draw.KeyHome, true, c.first},
			{draw.KeyUp, true, c.first}, {'G', false, c.last}, {'j', false, c.last}, {'g', true, c.first}, {'k', true, c.first},
		} {
			console.Handle(step.key, f)
			text := console.Show(80, 24, f)
			if !strings.Contains(text, step.want) || strings.Contains(text, " more ") != step.top {
				t.Errorf("%s, key %d: want %q, more below: %v\n%s", name, step.key, step.want, step.top, text)
			}
		}
		moved := 0 // by the key before: each moves further than the last
		for _, keys := range [][2]draw.Key{{draw.KeyDown, draw.KeyUp}, {draw.KeyCtrlD, draw.KeyCtrlU}, {draw.KeyPageDown, draw.KeyPageUp}} {
			console.Handle(keys[0], f)
			console.Show(80, 24, f)
			down := console.Top()
			console.Handle(keys[1], f)
			console.Show(80, 24, f)
			if down <= moved || console.Top() != 0 {
				t.Errorf("%s: keys %v: from 0 to %d, not further than %d, and back to %d", name, keys, down, moved, console.Top())
			}
			moved = down
		}
	}
}
