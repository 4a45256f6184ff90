package draw

import (
	"fmt"
	"strings"
	"testing"

	"hypervisor-tui/draw/tty"
	"hypervisor-tui/draw/tty/ttytest"
	"hypervisor-tui/draw/vtscreen"
	"hypervisor-tui/internal/await"
)

// leftBehind is what another program may leave behind on the terminal, or somebody else's terminal come with.
var leftBehind = []string{
	"\x1b(0", "\x0e", "\x1b)0\x0e", "\x1b(0\x0e", // line drawing in the place of letters
	"\x1b[31;1;7m",                              // colours
	"\x1b[5;9r", "\x1b[5;9r\x1b[?6h", "\x1b[4h", // margins, rows counted from them, insertion
	"\x1b[?5h", "\x1b[?7h", "\x1b[?25h", // all in reverse, wrapping, a cursor
	"\x1b=", "\x1b[?1h", "\x1b[?1h\x1b=", // keys that send something else
	"\x1b[38;5", "\x1b]0;title", "\x1bP1", "\x1b(", "\xe2\x94", // the beginning of something
}

// leftOnConsole are those of the kernel's console alone: no UTF-8, and the second font.
var leftOnConsole = []string{"\x1b%@", "\x1b[11m"}

// repaired is what a terminal shows after another program wrote foreign on it and repair was called.
func repaired(t *testing.T, term, foreign string, repair func(*Screen, *Canvas)) string {
	t.Helper()
	device, master := openTty(t, 40, 12)
	defer master.Close()
	v := ttytest.View(master, 40, 12)
	s, _, err := NewScreen(device, ScreenOptions{Term: term, Locale: "C.UTF-8"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Init(); err != nil {
		t.Fatal(err)
	}
	defer s.Fini()
	c := NewCanvas(testAppearance())
	draw := func() {
		for y := range 12 {
			r := c.Begin(40, 12)
			r.Fill('x', Text)
			q := r.Sub(0, 2, 40, 4).Frame("title", Title).Pen(0, 0)
			q.Text(Bad, "bad é √")
			q = r.Sub(0, y, 40, 1).Pen(0, 0)
			q.Text(Good, "abc")
			if y == 0 {
				repair(s, c)
			}
			c.Flush(s)
			s.Show()
		}
	}
	draw()
	if _, err := device.Write([]byte(foreign)); err != nil {
		t.Fatal(err)
	}
	draw()
	return settled(t, device, v)
}

// settled describes what the terminal shows once it has had all that was written.
func settled(t *testing.T, device *tty.Terminal, v *ttytest.Viewer) (shown string) {
	t.Helper()
	if _, err := device.Write([]byte("\x1b[6n")); err != nil {
		t.Fatal(err)
	}
	await.Until(t, "the terminal answers", func() (ok bool) {
		v.See(func(s *vtscreen.Screen) {
			ok = len(s.Replies) > 0
			shown = describe(s)
		})
		return ok
	})
	return shown
}

// describe is all of a screen: its text, how it is drawn, and its modes.
func describe(s *vtscreen.Screen) string {
	d := fmt.Sprintf("%sinverse %v, cursor %v, wrapping %v, keypad %v", s, s.Inverse, s.Visible, s.Autowrap, s.Keypad)
	attr := vtscreen.Plain
	for y := range s.H {
		for x := range s.W {
			if a := s.Cell(x, y).Attr; a != attr {
				attr = a
				d += fmt.Sprintf("\n%d,%d %+v", x, y, a)
			}
		}
	}
	return d
}

// TestF38ModesLeftBehind: whatever modes another program has left, a wipe and the slow repair bring the same picture.
func TestF38ModesLeftBehind(t *testing.T) {
	quietEnv(t)
	repairs := map[string]func(*Screen, *Canvas){
		"wipe":        func(s *Screen, c *Canvas) { s.Clear(); c.Cleared() },
		"slow repair": func(s *Screen, c *Canvas) { s.SetModes(); c.Repair(12) },
	}
	for _, term := range entries {
		all := leftBehind
		if term == "linux" {
			all = append(all, leftOnConsole...)
		}
		for name, repair := range repairs {
			want := repaired(t, term, "", repair)
			for _, foreign := range all {
				got := repaired(t, term, foreign, repair)
				if got != want {
					t.Errorf("%s: after %q a %s shows\n%s\nwant\n%s", term, foreign, name, got, want)
				}
			}
		}
	}
}

// TestF38LettersAtTheEnd: what is written after the program is letters, whatever character set another one has left.
func TestF38LettersAtTheEnd(t *testing.T) {
	quietEnv(t)
	ends := map[string]func(*Screen){"Fini": (*Screen).Fini, "Abandon": (*Screen).Abandon}
	for _, term := range entries {
		for name, end := range ends {
			for _, foreign := range []string{"\x1b(0", "\x1b)0\x0e", "\x1b(0\x0e"} {
				master, beside := ttytest.OpenPty(t, 40, 12)
				device, err := tty.Open(beside.Name(), 0)
				if err != nil {
					t.Fatal(err)
				}
				v := ttytest.View(master, 40, 12)
				s, _, err := NewScreen(device, ScreenOptions{Term: term, Locale: "C.UTF-8"})
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Init(); err != nil {
					t.Fatal(err)
				}
				if _, err := device.Write([]byte("\x1b[?25l" + foreign + "xyz")); err != nil {
					t.Fatal(err)
				}
				await.Until(t, "it is there", func() (ok bool) {
					v.See(func(s *vtscreen.Screen) { ok = s.X == 3 })
					return ok
				})
				end(s)
				if _, err := beside.Write([]byte("lqk")); err != nil { // it comes behind what the end has sent
					t.Fatal(err)
				}
				device.Close()
				got := ""
				await.Until(t, "the letters are there", func() bool {
					v.See(func(s *vtscreen.Screen) { got = s.String() })
					return strings.Contains(got, "lqk") || strings.Contains(got, "┌─┐")
				})
				if !strings.Contains(got, "lqk") {
					t.Errorf("%s: %q and %s, then lqk, shows %q", term, foreign, name, got)
				}
				v.See(func(s *vtscreen.Screen) {
					if !s.Visible {
						t.Errorf("%s: %q and %s: the cursor is not back", term, foreign, name)
					}
				})
				master.Close()
				<-v.Done
			}
		}
	}
}

// TestModesAreShort: the slow repair sends them each second, also at 9600 baud.
func TestModesAreShort(t *testing.T) {
	for _, term := range entries {
		e, err := lookupEntry(term)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(modesSequence(e, Caps{Linux: term == "linux", UTF8: true})); n > 40 {
			t.Errorf("%s: %d bytes", term, n)
		}
	}
}
