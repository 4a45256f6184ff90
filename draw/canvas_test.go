package draw

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gdamore/tcell/v2"

	"hypervisor-tui/draw/tty"
)

func testAppearance() Appearance { return Appearance{Theme: DarkTheme(16), Glyphs: UnicodeGlyphs()} }

// script reads a fuzzer's bytes as numbers; at its end they are zeros.
type script []byte

func (s *script) next() int {
	if len(*s) == 0 {
		return 0
	}
	b := (*s)[0]
	*s = (*s)[1:]
	return int(b)
}

// samples are texts that a terminal and a clipped cell have trouble with.
var samples = []string{
	"a", "plain text", "漢", "漢字漢字", "a漢b字c", "ｱ", "é─│█░", "🚀🚀", "e\u0301x\u200by", "\x1b[31m\x07\r\n\x00", "\xff\xfe\xc3",
	"\u202eabc\u2066", "\u0085\u009b1m", "👨\u200d👩", "", " ",
}

// scribble draws one random thing on the canvas that r is the whole of, or on a part of it.
func scribble(r Region, s *script) {
	w, h := r.W(), r.H()
	if s.next()%2 == 0 {
		r = r.Sub(s.next()%max(w, 1), s.next()%max(h, 1), s.next()%20, s.next()%6)
	}
	style := Style(s.next()) % roleCount
	text := samples[s.next()%len(samples)]
	p := r.Pen(s.next()%(w+3)-2, s.next()%(h+2)-1)
	switch s.next() % 8 {
	case 0:
		r.Fill(firstRune(text), style)
	case 1:
		r.Restyle(style | Bold)
	case 2:
		r.Frame(text, style)
	case 3:
		p.FitBytes(style, []byte(text), s.next()%12)
	case 4:
		p.Fit(style, text, s.next()%12).Text(style, text)
	case 5:
		r.Gauge(p.y, float64(s.next()), style)
	default:
		p.Bytes(style, []byte(text))
	}
}

// FuzzFlush draws frame after frame, with other sizes and looks and with other programs writing in between.
func FuzzFlush(f *testing.F) {
	f.Add([]byte{20, 5, 3, 1, 1, 4, 0, 0, 6, 1, 2, 4, 1, 0, 6})
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		seed := make([]byte, 300)
		for i := range seed {
			seed[i] = byte(random.Uint32())
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := script(data)
		looks := [...]Appearance{testAppearance(), {Theme: MonoTheme(), Glyphs: ASCIIGlyphs()}, {Theme: LightTheme(8), Glyphs: VTGlyphs(tty.NewFont(consoleFont)), Font: tty.NewFont(consoleFont)}}
		c := NewCanvas(looks[0])
		w, h := s.next()%40, s.next()%12
		m := newModel(t, w, h)
		for range 200 {
			if len(s) == 0 {
				return
			}
			if s.next()%16 == 0 {
				w, h = s.next()%40, s.next()%12
			}
			if w != m.w || h != m.h {
				m = newModel(t, w, h)
			}
			r := c.Begin(w, h)
			for range s.next() % 8 {
				scribble(r, &s)
				wholeRunes(t, c)
			}
			switch s.next() % 16 {
			case 0:
				m.garble()
				c.Invalidate()
			case 1:
				c.SetAppearance(looks[s.next()%len(looks)])
			}
			m.flush(c)
		}
	})
}

func TestF33CanvasSizes(t *testing.T) {
	for _, size := range []struct{ w, h, drawnW, drawnH int }{
		{0, 0, 0, 0}, {-1, -1, 0, 0}, {0, 24, 0, 24}, {80, 0, 80, 0}, {1, 1, 1, 1}, {20, 5, 20, 5}, {1000, 1000, tty.MaxWidth, tty.MaxHeight},
		{1 << 40, 1, tty.MaxWidth, 1},
	} {
		c := NewCanvas(testAppearance())
		r := c.Begin(size.w, size.h)
		if r.W() != size.drawnW || r.H() != size.drawnH {
			t.Errorf("%dx%d is drawn as %dx%d", size.w, size.h, r.W(), r.H())
		}
		r.Fill('漢', Text)
		r.Frame("title", Title)
		wholeRunes(t, c)
		newModel(t, r.W(), r.H()).flush(c)
	}
}

// TestF34ResizesKeepNothingStale draws 1,000 frames of another size each; every one is a full paint.
func TestF34ResizesKeepNothingStale(t *testing.T) {
	c := NewCanvas(testAppearance())
	for i := range 1000 {
		w, h := 1+i*7%90, 1+i*5%30
		r := c.Begin(w, h)
		p := r.Pen(0, 0)
		p.Text(Text, "漢字").Int(Bad, int64(i))
		newModel(t, w, h).flush(c)
	}
}

func TestWideRuneIsNeverSplit(t *testing.T) {
	for _, c := range []struct{ name, first, then, want string }{
		{"left half overwritten", "漢", "a", "a"},
		{"right half overwritten", "漢", "\ta", " a"},
		{"wide over the right half", "漢字", "\t語", " 語"},
		{"wide over wide", "漢字", "語", "語字"},
		{"at the edge", "123456", "\t\t\t\t\t漢", "12345"},
		{"just fits", "123456", "\t\t\t\t漢", "1234漢"},
	} {
		canvas := NewCanvas(testAppearance())
		r := canvas.Begin(6, 1)
		p := r.Pen(0, 0)
		p.Text(Text, c.first)
		then := strings.TrimLeft(c.then, "\t")
		p = r.Pen(len(c.then)-len(then), 0)
		p.Text(Text, then)
		wholeRunes(t, canvas)
		if got := strings.TrimRight(string(canvas.AppendText(nil)), "\n"); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// keeper keeps what it is given, as tcell does.
type keeper []string

func (k *keeper) Put(_, _ int, text string, _ tcell.Style) {
	*k = append(*k, text)
}

// TestNamesNeverChange holds that strings that tcell keeps stay what they were while ever more runes are met.
func TestNamesNeverChange(t *testing.T) {
	c := NewCanvas(testAppearance())
	const rows = 20
	r := c.Begin(tty.MaxWidth, rows)
	var want []string
	next := rune(0x3400)
	for y := range rows {
		for x := 0; x < tty.MaxWidth; x += 2 {
			r.Set(x, y, next, Text)
			want = append(want, string(next))
			next++
		}
	}
	var got keeper
	c.Flush(&got)
	if strings.Join(got, "") != strings.Join(want, "") {
		t.Error("runes reach the terminal changed")
	}
	if len(want) <= maxOther*3/4 || len(c.names.other) > maxOther {
		t.Errorf("%d runes drawn, %d remembered, at most %d", len(want), len(c.names.other), maxOther)
	}
	for i := range 3 {
		for x := 0; x < tty.MaxWidth; x += 2 {
			r.Set(x, i, next, Text)
			next++
		}
		c.Flush(&got)
	}
	for y := range rows {
		for x := 0; x < tty.MaxWidth; x += 2 {
			r.Set(x, y, next, Text)
			next++
		}
	}
	c.Flush(&got)
	if len(c.names.other) > maxOther {
		t.Errorf("%d runes remembered, at most %d", len(c.names.other), maxOther)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("string %d was %q and is now %q", i, want[i], got[i])
		}
	}
}

func TestAppendTextAndRoles(t *testing.T) {
	c := NewCanvas(testAppearance())
	r := c.Begin(8, 3)
	p := r.Pen(0, 0)
	p.Text(Dim, "é漢").Text(Bad|Bold, "!")
	p = r.Pen(2, 2)
	p.Text(Text, "x")
	if got, want := string(c.AppendText([]byte(">"))), ">é漢!\n\n  x\n"; got != want {
		t.Errorf("text %q, want %q", got, want)
	}
	if got := c.AppendRoles(nil); !bytes.HasPrefix(got, []byte("ddd!\n\n\n")) {
		t.Errorf("roles %q", got)
	}
	if !utf8.Valid(c.AppendText(nil)) {
		t.Error("not UTF-8")
	}
}

// TestCanvasesShareTheirNames: the strings of the runes that nearly all are drawn with are there once, however many canvases there are.
func TestCanvasesShareTheirNames(t *testing.T) {
	var c *Canvas
	if n := testing.AllocsPerRun(10, func() { c = NewCanvas(Appearance{}) }); n > 4 {
		t.Errorf("a canvas makes %v allocations", n)
	}
	for _, r := range []rune{0, 'a', 'é', 0x17f, 0x180, '─', 0x28ff, '界'} {
		if got := c.names.name(r); got != string(r) {
			t.Errorf("%q is called %q", r, got)
		}
	}
}
