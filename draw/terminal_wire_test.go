package draw

import (
	"strings"
	"testing"

	"github.com/gdamore/tcell/v2"

	"hypervisor-tui/draw/vtscreen"
	"hypervisor-tui/internal/clean"
)

// entries are the names of all terminal entries in use.
var entries = []string{"linux", "vt220", "xterm", "xterm-256color", "screen", "screen-256color", "tmux", "tmux-256color"}

// onTheWire draws text, one clean rune a cell, and returns what the terminal shows.
func onTheWire(t *testing.T, term, charset, text string, w, h int) *vtscreen.Screen {
	t.Helper()
	p := newPaper(w, h)
	s := onPaper(t, p, term, charset)
	x, y, i := 0, 0, 0
	for _, r := range text {
		n := clean.Width(r)
		if n == 0 {
			t.Fatalf("%U is not clean", r)
		}
		if x+n > w {
			x, y = 0, y+1
		}
		if y == h {
			break
		}
		style := tcell.StyleDefault.Foreground(tcell.PaletteColor(i % 20)).Bold(i%3 == 0).Reverse(i%5 == 0)
		if i%4 == 0 {
			style = style.Background(tcell.PaletteColor(i % 16)).Underline(true)
		}
		s.Put(x, y, string(r), style)
		x, i = x+n, i+1
	}
	s.Show()
	p.mu.Lock()
	defer p.mu.Unlock()
	v := p.screen
	p.screen = vtscreen.New(w, h)
	p.mu.Unlock()
	s.tcell.Fini()
	p.mu.Lock()
	if end := p.screen; len(end.Foreign) > 0 || !end.Visible || end.Pending() != "" {
		t.Errorf("%s: Fini sends %q, cursor %v", term, end.Foreign, end.Visible)
	}
	return v
}

func TestOnlyOurSequences(t *testing.T) {
	quietEnv(t)
	text := `K3s: √ ok │ 10.0.0.11 世界 ▁▂▃ ├─┤ "quoted" %s $<5> ~` + "\ufffd"
	for _, term := range entries {
		t.Setenv("COLORTERM", "truecolor")
		v := onTheWire(t, term, "C.UTF-8", text, 60, 3)
		if len(v.Foreign) > 0 || v.Pending() != "" {
			t.Errorf("%s: %q, unfinished %q", term, v.Foreign, v.Pending())
		}
		if got := strings.TrimRight(v.String(), "\n"); got != text {
			t.Errorf("%s shows %q", term, got)
		}
	}
	v := onTheWire(t, "vt220", "C", "┌─┐│x│└─┘√世", 20, 2)
	if got := strings.TrimRight(v.String(), "\n"); got != "┌─┐│x│└─┘??" || len(v.Foreign) > 0 {
		t.Errorf("vt220 in ASCII shows %q, foreign %q", got, v.Foreign)
	}
}

// FuzzBytesOnTheWire holds that whatever comes in, only our own sequences come out, and the text stays where it is put.
func FuzzBytesOnTheWire(f *testing.F) {
	f.Add([]byte("\x1b[31mred\x1b]0;title\x07\x1bc\x9b2J\u202eabc\u200b"), uint8(0))
	f.Add([]byte("e\u0301👨\u200d👩\u200d👧 世界\xff\xfe🇨🇭\u1100\u1161"), uint8(3))
	f.Add([]byte("\x1b(0qqq\x0e\x0f\x08\x7f\r\n\t%p1%d$<50>"), uint8(1))
	quietEnv(f)
	f.Fuzz(func(t *testing.T, in []byte, which uint8) {
		term := entries[int(which)%len(entries)]
		text := string(clean.Append(nil, in))
		v := onTheWire(t, term, "C.UTF-8", text, 33, 5)
		if len(v.Foreign) > 0 || v.Pending() != "" {
			t.Fatalf("%s: %q sends %q, unfinished %q", term, in, v.Foreign, v.Pending())
		}
		want := onlyText(text, 33, 5)
		if got := v.String(); got != want {
			t.Fatalf("%s shows\n%s, want\n%s", term, got, want)
		}
	})
}

// onlyText lays text out in rows of w cells, the slow way.
func onlyText(text string, w, h int) string {
	rows := make([]string, h)
	x, y := 0, 0
	for _, r := range text {
		if x+clean.Width(r) > w {
			x, y = 0, y+1
		}
		if y == h {
			break
		}
		rows[y] += string(r)
		x += clean.Width(r)
	}
	for i := range rows {
		rows[i] = strings.TrimRight(rows[i], " ") + "\n"
	}
	return strings.Join(rows, "")
}
