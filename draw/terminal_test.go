package draw

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gdamore/tcell/v2"

	"hypervisor-tui/draw/tty"
	"hypervisor-tui/draw/tty/ttytest"
	"hypervisor-tui/draw/vtscreen"
	"hypervisor-tui/internal/await"
)

// quietEnv gives the test an environment of its own, since NewScreen sets parts of it.
func quietEnv(t testing.TB) {
	t.Helper()
	for _, name := range []string{"TERM", "LC_ALL", "LC_CTYPE", "LANG", "COLORTERM", "NO_COLOR", "LINES", "COLUMNS",
		"TCELL_TRUECOLOR", "TCELL_ALTSCREEN"} {
		t.Setenv(name, "")
	}
}

// TestF35AnyTERM starts on whatever $TERM says, without executing infocmp.
func TestF35AnyTERM(t *testing.T) {
	quietEnv(t)
	dir := t.TempDir()
	trap := filepath.Join(dir, "executed")
	script := "#!/bin/sh\n: > " + trap + "\n"
	if err := os.WriteFile(filepath.Join(dir, "infocmp"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	for _, c := range []struct {
		term, locale string
		want         Caps
	}{
		{"", "C", Caps{Term: "vt220"}},
		{"dumb", "C", Caps{Term: "vt220"}},
		{"dumb", "en_US.UTF-8", Caps{UTF8: true, Term: "vt220"}},
		{"unknown", "POSIX", Caps{Term: "vt220"}},
		{"-x", "C", Caps{Term: "vt220"}},
		{"../../x", "C", Caps{Term: "vt220"}},
		{"/etc/passwd\x00\n", "C", Caps{Term: "vt220"}},
		{strings.Repeat("x", 10_000), "C", Caps{Term: "vt220"}},
		{"xterm-truecolor", "C", Caps{Term: "vt220"}},
		{"vt100", "de_CH", Caps{UTF8: true, Term: "vt220"}},
		{"vt100", "de_DE.ISO-8859-1@euro", Caps{Term: "vt220"}},
		{"linux", "C", Caps{Colors: 16, UTF8: true, Linux: true, Term: "linux"}},
		{"linux", "xx.no-such-charset", Caps{Colors: 16, Linux: true, Term: "linux"}},
		{"xterm", "C.utf8", Caps{Colors: 8, UTF8: true, Term: "xterm"}},
		{"xterm-256color", "POSIX", Caps{Colors: 256, UTF8: true, Term: "xterm-256color"}},
		{"alacritty", "C.UTF-8", Caps{Colors: 256, UTF8: true, Term: "xterm-256color"}},
		{"screen", "C.UTF-8", Caps{Colors: 8, UTF8: true, Term: "screen"}},
		{"tmux-256color", "C.UTF-8", Caps{Colors: 256, UTF8: true, Term: "tmux-256color"}},
	} {
		t.Setenv("TERM", c.term[:strings.IndexByte(c.term+"\x00", 0)])
		t.Setenv("COLORTERM", "truecolor")
		device, master := openTty(t, 80, 24)
		v := ttytest.View(master, 80, 24)
		s, caps, err := NewScreen(device, ScreenOptions{Term: c.term, Locale: c.locale})
		if err != nil {
			t.Errorf("%.20q: %v", c.term, err)
			continue
		}
		if caps != c.want {
			t.Errorf("%.20q, %s: %+v, want %+v", c.term, c.locale, caps, c.want)
		}
		if err := s.Init(); err != nil {
			t.Errorf("%.20q, %s: %v", c.term, c.locale, err)
		}
		s.Put(3, 4, "@", tcell.StyleDefault.Foreground(tcell.ColorRed))
		s.Show()
		await.Until(t, "first frame", v.Shows("@"))
		ttytest.Within(t, "Fini", s.Fini)
		master.Close()
		<-v.Done
		if len(v.Screen.Foreign) > 0 {
			t.Errorf("%.20q: foreign %q", c.term, v.Screen.Foreign)
		}
	}
	if _, err := os.Stat(trap); err == nil {
		t.Error("infocmp was executed")
	}
}

func TestNoColor(t *testing.T) {
	quietEnv(t)
	t.Setenv("NO_COLOR", "1")
	device, _ := openTty(t, 80, 24)
	if _, caps, err := NewScreen(device, ScreenOptions{Term: "xterm-256color"}); err != nil || caps.Colors != 0 {
		t.Errorf("%+v, %v", caps, err)
	}
}

// TestLinuxHasBrightForegroundsOnly: bright backgrounds come out dark on the kernel's console.
func TestLinuxHasBrightForegroundsOnly(t *testing.T) {
	e, err := lookupEntry("linux")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ got, want string }{
		{e.TParm(e.SetFg, 1), "\x1b[31m"}, {e.TParm(e.SetFg, 9), "\x1b[91m"},
		{e.TParm(e.SetBg, 2), "\x1b[42m"}, {e.TParm(e.SetBg, 10), "\x1b[42m"},
		{e.TParm(e.SetFgBg, 15, 12), "\x1b[97;44m"}, {e.TParm(e.SetFgBg, 3, 4), "\x1b[33;44m"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestF33AnySize(t *testing.T) {
	quietEnv(t)
	device, master := openTty(t, 80, 24)
	v := ttytest.View(master, tty.MaxWidth, tty.MaxHeight)
	s, _, err := NewScreen(device, ScreenOptions{Term: "linux", Locale: "C.UTF-8"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Init(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ w, h, wantW, wantH int }{
		{0, 0, 80, 24}, {0, 50, 80, 50}, {1, 1, 1, 1}, {20, 5, 20, 5}, {1000, 1000, 400, 150}, {65535, 1, 400, 1}, {80, 24, 80, 24},
	} {
		ttytest.SetSize(t, master, c.w, c.h)
		if w, h := device.Size(); w != c.wantW || h != c.wantH {
			t.Errorf("%dx%d counts as %dx%d", c.w, c.h, w, h)
		}
		s.Clear()
		if w, _ := s.tcell.Size(); w != c.wantW {
			t.Errorf("tcell has %d columns for %dx%d", w, c.w, c.h)
		}
		for y := range c.wantH {
			for x := range c.wantW {
				s.Put(x, y, "x", tcell.StyleDefault)
			}
		}
		s.Show()
		await.Until(t, "idle", device.Idle)
	}
	ttytest.Within(t, "Fini", s.Fini)
	master.Close()
	<-v.Done
}

// TestF33SizeFromEnvironment: tcell would make as many cells as $COLUMNS and $LINES say, or panic.
func TestF33SizeFromEnvironment(t *testing.T) {
	quietEnv(t)
	t.Setenv("COLUMNS", "132")
	t.Setenv("LINES", "43")
	device, _ := openTty(t, 100, 30)
	if w, h := device.Size(); w != 100 || h != 30 {
		t.Errorf("a terminal that knows its size is %dx%d", w, h)
	}
	for _, c := range []struct {
		columns, lines string
		w, h           int
	}{
		{"132", "43", 132, 43}, {"-3", "x", 80, 24}, {"99999", "99999", 400, 150}, {"9999999999999999999999", "", 80, 24},
	} {
		t.Setenv("COLUMNS", c.columns)
		t.Setenv("LINES", c.lines)
		device, _ := openTty(t, 0, 0)
		s, _, err := NewScreen(device, ScreenOptions{Term: "vt100", Locale: "C"})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Init(); err != nil {
			t.Fatal(err)
		}
		if w, h := device.Size(); w != c.w || h != c.h {
			t.Errorf("%s, %s: %dx%d", c.columns, c.lines, w, h)
		}
		s.Fini()
	}
}

// stuck is a tcell that does not end, as after a panic with its lock held.
type stuck struct {
	oneRow
	release chan struct{}
}

func (s stuck) Fini() { <-s.release }

func TestFiniWithoutTcell(t *testing.T) {
	quietEnv(t)
	before := ttytest.Goroutines()
	master, slave := ttytest.OpenPty(t, 80, 24)
	mode := ttytest.TermiosOf(t, slave)
	device, err := tty.Open(slave.Name(), 0)
	if err != nil {
		t.Fatal(err)
	}
	made, _, err := NewScreen(device, ScreenOptions{Term: "xterm", Locale: "C.UTF-8"})
	if err != nil {
		t.Fatal(err)
	}
	if err := made.Init(); err != nil {
		t.Fatal(err)
	}
	v := ttytest.View(master, 80, 24)
	s := made
	release, inner := make(chan struct{}), s.tcell
	s.tcell = stuck{inner, release}
	ttytest.Within(t, "Fini", s.Fini)
	if got := ttytest.TermiosOf(t, slave); got != mode {
		t.Errorf("mode %+v, before %+v", got, mode)
	}
	await.Until(t, "the terminal as before", func() (ok bool) {
		v.See(func(s *vtscreen.Screen) { ok = s.Visible && !s.Alt && !s.Keypad && s.Autowrap })
		return ok
	})
	close(release)
	inner.Fini()
	slave.Close()
	master.Close()
	<-v.Done
	ttytest.NoMoreGoroutines(t, before)
}

// TestFiniWithKeysThatNobodyTook: tcell waits for room for them, and still ends.
func TestFiniWithKeysThatNobodyTook(t *testing.T) {
	quietEnv(t)
	before := ttytest.Goroutines()
	device, master := openTty(t, 80, 24)
	s, _, err := NewScreen(device, ScreenOptions{Term: "xterm", Locale: "C.UTF-8"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Init(); err != nil {
		t.Fatal(err)
	}
	events := s.tcell.EventQ()
	master.WriteString(strings.Repeat("x", 2*cap(events)))
	await.Until(t, "a full queue", func() bool { return len(events) == cap(events) })
	ttytest.Within(t, "Fini", s.Fini)
	ttytest.NoMoreGoroutines(t, before)
}

func TestFiniWithoutInit(t *testing.T) {
	quietEnv(t)
	before := ttytest.Goroutines()
	device, _ := openTty(t, 80, 24)
	s, _, err := NewScreen(device, ScreenOptions{Term: "xterm"})
	if err != nil {
		t.Fatal(err)
	}
	s.Fini()
	s.Fini()
	ttytest.NoMoreGoroutines(t, before)
}

// TestF39ModeRestored goes through start and end, twice.
func TestF39ModeRestored(t *testing.T) {
	quietEnv(t)
	master, slave := ttytest.OpenPty(t, 80, 24)
	mode := ttytest.TermiosOf(t, slave)
	v := ttytest.View(master, 80, 24)
	for range 2 {
		device, err := tty.Open(slave.Name(), 0)
		if err != nil {
			t.Fatal(err)
		}
		s, _, err := NewScreen(device, ScreenOptions{Term: "xterm-256color", Locale: "C.UTF-8"})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Init(); err != nil {
			t.Fatal(err)
		}
		if ttytest.TermiosOf(t, slave) == mode {
			t.Error("not raw after Init")
		}
		s.Put(0, 0, "@", tcell.StyleDefault)
		s.Show()
		await.Until(t, "a frame", v.Shows("@"))
		ttytest.Within(t, "Fini", s.Fini)
		if got := ttytest.TermiosOf(t, slave); got != mode {
			t.Errorf("after Fini: %+v, before %+v", got, mode)
		}
	}
	await.Until(t, "the terminal as before", func() (ok bool) {
		v.See(func(s *vtscreen.Screen) {
			ok = s.Visible && !s.Alt && !s.Keypad && s.Autowrap && strings.TrimSpace(s.String()) == ""
		})
		return ok
	})
	if len(v.Screen.Foreign) > 0 {
		t.Errorf("foreign %q", v.Screen.Foreign)
	}
}
