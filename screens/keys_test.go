package screens

import (
	"slices"
	"strings"
	"testing"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
)

// keyNames are what the special keys are called on labels.
var keyNames = map[draw.Key]string{
	draw.KeyF1: "F1", draw.KeyF2: "F2", draw.KeyF3: "F3", draw.KeyUp: "Up", draw.KeyDown: "Down", draw.KeyLeft: "Left", draw.KeyRight: "Right",
	draw.KeyPageUp: "PgUp", draw.KeyPageDown: "PgDn", draw.KeyHome: "Home", draw.KeyEnd: "End", draw.KeyEnter: "Enter", draw.KeyEsc: "Esc",
	draw.KeyTab: "Tab", draw.KeyBackTab: "S-Tab", draw.KeyCtrlC: "Ctrl-C", draw.KeyCtrlL: "Ctrl-L", draw.KeyCtrlU: "Ctrl-U", draw.KeyCtrlD: "Ctrl-D",
	draw.KeyCtrlZ: "Ctrl-Z", draw.KeyF12: "F12", draw.KeyCtrlBracket: "Ctrl-]", ' ': "Space",
}

// TestHelpNamesEveryKey holds that the help tells of each key that is handled, that each handled key does one thing
// only, and that the help fits its columns.
func TestHelpNamesEveryKey(t *testing.T) {
	for screen := range frame.ScreenCount {
		c := NewConsole(screen, nil)
		bound := map[draw.Key]string{}
		for _, b := range slices.Concat(c.own[screen], c.windows[screen], c.common) {
			if b.label == "" || b.does == "" || b.apply == nil || len(b.label) > helpKeys-3 {
				t.Errorf("%s: binding %+v", screen, b)
			}
			for _, k := range b.keys {
				name, special := keyNames[k]
				if !special {
					name = string(rune(k))
				}
				if !slices.Contains(strings.Fields(b.label), name) && !strings.Contains(b.does, name) {
					t.Errorf("%s: %q (%s) does not name the key %s", screen, b.label, b.does, name)
				}
				if other, twice := bound[k]; twice {
					t.Errorf("%s: %s is bound twice: %s, and %s", screen, name, other, b.does)
				}
				bound[k] = b.does
			}
		}
		f := fixedFrame()
		text := show24(c, f) // opens nothing yet: sizes must be known
		c.Key('?', f)
		for range 30 {
			text += show24(c, f)
			c.Key(draw.KeyDown, f)
		}
		for _, does := range bound {
			if !strings.Contains(text, does) {
				t.Errorf("%s: the help does not say %q", screen, does)
			}
		}
	}
}

// show24 draws c at 80x24 and returns the text.
func show24(c *Console, f *frame.Frame) string {
	canvas := draw.NewCanvas(looks["ascii"])
	c.Draw(canvas.Begin(80, 24), f)
	return string(canvas.AppendText(nil))
}

func TestScreensAreReached(t *testing.T) {
	const logs, dashboard, network = frame.Logs, frame.Dashboard, frame.Network
	for _, c := range []struct {
		from frame.Screen
		key  draw.Key
		to   frame.Screen
	}{
		{dashboard, draw.KeyF1, logs}, {logs, draw.KeyF2, dashboard}, {logs, draw.KeyF3, network}, {network, '1', logs}, {logs, '2', dashboard},
		{dashboard, '3', network}, {dashboard, draw.KeyF2, dashboard}, {logs, draw.KeyTab, dashboard}, {dashboard, draw.KeyTab, network},
		{network, draw.KeyTab, logs}, {logs, draw.KeyBackTab, network}, {network, draw.KeyBackTab, dashboard}, {dashboard, draw.KeyBackTab, logs},
		{logs, draw.KeyNone, logs}, {logs, '4', logs}, {logs, 'Q', logs},
	} {
		for _, open := range []draw.Key{draw.KeyNone, '?', 'i'} {
			console, f := NewConsole(c.from, nil), fixedFrame()
			show24(console, f)
			console.Key(open, f)
			if w := console.Key(c.key, f); w != Nothing || console.Active() != c.to {
				t.Errorf("%s, key %d, key %d: %s, wish %d; want %s", c.from, open, c.key, console.Active(), w, c.to)
			}
			if c.from != c.to && console.overlay != noOverlay {
				t.Errorf("%s, key %d, key %d: the overlay stays open", c.from, open, c.key)
			}
		}
	}
}

func TestWishes(t *testing.T) {
	for screen := range frame.ScreenCount {
		for _, open := range []draw.Key{draw.KeyNone, '?', 'i'} {
			for _, quit := range []bool{true, false} {
				f := fixedFrame()
				settings := *f.Settings
				settings.Quit = quit
				f.Settings = &settings
				leave := Nothing
				if quit {
					leave = Quit
				}
				for key, want := range map[draw.Key]Wish{'q': leave, draw.KeyCtrlC: leave, 'r': Refresh, draw.KeyCtrlL: Repaint, 'x': Nothing, draw.KeyNone: Nothing} {
					c := NewConsole(screen, nil)
					show24(c, f)
					c.Key(open, f)
					if got := c.Key(key, f); got != want {
						t.Errorf("%s, key %d then %d, quit %v: wish %d, want %d", screen, open, key, quit, got, want)
					}
				}
				if c := NewConsole(screen, nil); strings.Contains(show24(c, f), "q Quit") != quit {
					t.Errorf("%s: the footer offers to quit, or not, where quit is %v", screen, quit)
				}
			}
		}
	}
}

func TestPause(t *testing.T) {
	for _, key := range []draw.Key{' ', draw.KeyCtrlZ} {
		c, f := NewConsole(frame.Dashboard, nil), fixedFrame()
		if c.Key(key, f); !c.Paused() || !strings.Contains(show24(c, f), "PAUSED") {
			t.Errorf("key %d does not pause, or does not say so", key)
		}
		if c.Key(draw.KeyF3, f); !c.Paused() {
			t.Error("another screen ends the pause")
		}
		if c.Key(key, f); c.Paused() || strings.Contains(show24(c, f), "PAUSED") {
			t.Errorf("key %d does not end the pause", key)
		}
	}
}

func TestOverlays(t *testing.T) {
	c, f := NewConsole(frame.Logs, nil), fixedFrame()
	show24(c, f)
	for _, step := range []struct {
		key  draw.Key
		want overlay
	}{
		{'?', helpOverlay}, {'i', sourcesOverlay}, {'i', noOverlay}, {'?', helpOverlay}, {'?', noOverlay}, {'i', sourcesOverlay}, {'?', helpOverlay},
		{draw.KeyEsc, noOverlay}, {draw.KeyEsc, noOverlay}, {draw.KeyEnter, entryOverlay}, {'/', entryOverlay}, {'?', helpOverlay}, {draw.KeyEsc, noOverlay},
		{draw.KeyEnter, entryOverlay}, {draw.KeyEsc, noOverlay},
	} {
		if c.Key(step.key, f); c.overlay != step.want {
			t.Fatalf("key %d: overlay %d, want %d", step.key, c.overlay, step.want)
		}
		show24(c, f)
	}
	if c.logs.typing() {
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
		f := fixedFrame()
		console := NewConsole(frame.Logs, nil)
		show24(console, f)
		console.Key(c.open, f)
		for _, step := range []struct {
			key  draw.Key
			top  bool
			want string
		}{
			{draw.KeyNone, true, c.first}, {draw.KeyEnd, false, c.last}, {draw.KeyPageDown, false, c.last}, {draw.KeyHome, true, c.first},
			{draw.KeyUp, true, c.first}, {'G', false, c.last}, {'j', false, c.last}, {'g', true, c.first}, {'k', true, c.first},
		} {
			console.Key(step.key, f)
			text := show24(console, f)
			if !strings.Contains(text, step.want) || strings.Contains(text, " more ") != step.top {
				t.Errorf("%s, key %d: want %q, more below: %v\n%s", name, step.key, step.want, step.top, text)
			}
		}
		moved := 0 // by the key before: each moves further than the last
		for _, keys := range [][2]draw.Key{{draw.KeyDown, draw.KeyUp}, {draw.KeyCtrlD, draw.KeyCtrlU}, {draw.KeyPageDown, draw.KeyPageUp}} {
			console.Key(keys[0], f)
			show24(console, f)
			down := console.scroll.top
			console.Key(keys[1], f)
			show24(console, f)
			if down <= moved || console.scroll.top != 0 {
				t.Errorf("%s: keys %v: from 0 to %d, not further than %d, and back to %d", name, keys, down, moved, console.scroll.top)
			}
			moved = down
		}
	}
}
