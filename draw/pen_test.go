package draw

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"hypervisor-tui/draw/tty"
	"hypervisor-tui/internal/clean"
)

// FuzzPen writes bytes that nobody has sanitised.
func FuzzPen(f *testing.F) {
	for i, text := range samples {
		f.Add([]byte(text), i%5, i%9, 3)
	}
	f.Add([]byte("漢字漢字漢字漢字"), 3, 7, 0)
	f.Add([]byte("aa漢字"), 0, 4, math.MaxInt)
	f.Add([]byte("aa漢字"), math.MinInt, 4, math.MaxInt)
	f.Fuzz(func(t *testing.T, text []byte, x, n, width int) {
		c := NewCanvas(testAppearance())
		r := c.Begin(24, 3).Sub(4, 1, 5+max(width, 0)%12, 1)
		for i := range c.cells {
			c.cells[i] = outside
		}
		valid := strings.ToValidUTF8(string(text), "?")
		for name, write := range map[string]func(p *Pen){
			"Bytes":    func(p *Pen) { p.Bytes(Text, text) },
			"Text":     func(p *Pen) { p.Text(Text, valid) },
			"FitBytes": func(p *Pen) { p.FitBytes(Text, text, n) },
			"Fit":      func(p *Pen) { p.Fit(Text, valid, n) },
			"Right":    func(p *Pen) { p.Right(Text, valid, n) },
		} {
			p := r.Pen(x, 0)
			write(&p)
			wholeRunes(t, c)
			if strings.HasPrefix(name, "Fit") {
				limited(t, name, c, r, x, n, p.X())
			}
			onlyInside(t, r)
		}
	})
}

// limited holds that at most n columns were used: those are what the pen has moved by, and no cell after is drawn.
func limited(t *testing.T, name string, c *Canvas, r Region, x, n, end int) {
	t.Helper()
	n = max(min(n, r.W()), 0)
	if x < 0 {
		return // what lies left of the region is not drawn, and counts
	}
	if end < x || end-x > n {
		t.Fatalf("%s in %d columns: the pen went from %d to %d", name, n, x, end)
	}
	for i := max(min(x+n, r.W()), 0); i < r.W(); i++ {
		if v := c.cells[r.y*c.w+r.x+i]; v != outside {
			t.Fatalf("%s in %d columns from %d: column %d holds %q", name, n, x, i, v.r)
		}
	}
}

// TestF29OnlyDrawableRunesReachCells draws every code point, and each byte that is no UTF-8.
func TestF29OnlyDrawableRunesReachCells(t *testing.T) {
	c := NewCanvas(testAppearance())
	r := c.Begin(3, 1)
	draw := func(text []byte) {
		p := r.Pen(0, 0)
		p.Bytes(Text, text)
		wholeRunes(t, c)
		if w := clean.Width(firstRune(string(text))); w == 0 && c.cells[0].r != utf8.RuneError {
			t.Fatalf("%q is drawn as %q, want U+FFFD", text, c.cells[0].r)
		}
	}
	var b [utf8.UTFMax]byte
	for v := rune(0); v <= utf8.MaxRune; v++ {
		draw(utf8.AppendRune(b[:0], v))
	}
	for v := range 256 {
		draw([]byte{byte(v)})
	}
}

func TestPenLine(t *testing.T) {
	at := time.Date(2026, 11, 2, 3, 4, 5, 678901000, time.UTC)
	for _, c := range []struct {
		want  string
		write func(p *Pen)
	}{
		{"abc", func(p *Pen) { p.Text(Text, "abc") }},
		{"  a b", func(p *Pen) { p.Skip(2).Text(Text, "a").Skip(1).Text(Text, "b") }},
		{"a    b", func(p *Pen) { p.Text(Text, "a").To(5).Text(Text, "b") }},
		{"12345678901234567890", func(p *Pen) { p.Text(Text, "1234567890123456789012") }},
		{"abc…", func(p *Pen) { p.Fit(Text, "abcdef", 4) }},
		{"abcd", func(p *Pen) { p.Fit(Text, "abcd", 4) }},
		{"漢… x", func(p *Pen) { p.Fit(Text, "漢字", 3).Text(Text, " x") }},
		{"abc» x", func(p *Pen) { p.FitBytes(Text, []byte("abcdef"), 4).Text(Text, " x") }},
		{"漢 » x", func(p *Pen) { p.FitBytes(Text, []byte("漢字字"), 4).Text(Text, " x") }},
		{"x", func(p *Pen) { p.Fit(Text, "abc", 0).FitBytes(Text, []byte("abc"), -1).Text(Text, "x") }},
		{"-5    42", func(p *Pen) { p.Int(Text, -5).IntRight(Text, 42, 6) }},
		{" 45.2%  100%    --", func(p *Pen) { p.Percent(Text, 45.2).Percent(Text, 100).Percent(Text, math.NaN()) }},
		{"45.2%|--", func(p *Pen) { p.Share(Text, 45.2).Text(Text, "|").Share(Text, math.NaN()) }},
		{"  32.1 GiB", func(p *Pen) { p.Size(Text, 321<<30/10, 10) }},
		{"32.1/64.0 GiB", func(p *Pen) { p.SizeOf(Text, 321<<30/10, 64<<30) }},
		{" 1.2 MiB/s    --", func(p *Pen) { p.Rate(Text, 1.2*(1<<20), 10).Rate(Text, math.NaN(), 6) }},
		{"  2.34", func(p *Pen) { p.Float(Text, 2.341, 2, 6) }},
		{"   漢字", func(p *Pen) { p.Right(Text, "漢字", 7) }},
		{"15d 7h  15d 7h", func(p *Pen) { p.Age(Text, 367*time.Hour).AgeRight(Text, 367*time.Hour, 8) }},
		{"15d 7h 0m", func(p *Pen) { p.Uptime(Text, 367*time.Hour) }},
		{"Nov 02 03:04:05", func(p *Pen) { p.Date(Text, at).Skip(1).Time(Text, at) }},
		{"2026-11-02 03:04:05.", func(p *Pen) { p.Stamp(Text, at) }},
		{"✓ √", func(p *Pen) { p.Glyph(Good, OK).Skip(1).Text(Good, VTGlyphs(tty.NewFont(consoleFont)).name(OK)) }},
	} {
		canvas := NewCanvas(testAppearance())
		p := canvas.Begin(20, 1).Pen(0, 0)
		c.write(&p)
		if got := strings.TrimSuffix(string(canvas.AppendText(nil)), "\n"); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
		if p.Left() != max(20-p.X(), 0) {
			t.Errorf("%q: %d columns left after column %d", c.want, p.Left(), p.X())
		}
	}
}

func TestColumns(t *testing.T) {
	for _, c := range []struct {
		text           string
		columns, cutAt int // cut at 3 columns
	}{
		{"", 0, 0}, {"abc", 3, 3}, {"abcd", 4, 3}, {"漢字", 4, 3}, {"漢a字", 5, 4}, {"\x00a", 2, 2}, {"e\u0301x", 3, 4}, {"\xff\xff\xff\xff", 4, 3},
	} {
		if n := Columns(c.text); n != c.columns {
			t.Errorf("%q has %d columns, want %d", c.text, n, c.columns)
		}
		if n := ColumnsBytes([]byte(c.text), 100); n != c.columns {
			t.Errorf("%q has %d columns as bytes, want %d", c.text, n, c.columns)
		}
		if n := CutColumns([]byte(c.text), 3); n != c.cutAt {
			t.Errorf("%q is cut at byte %d, want %d", c.text, n, c.cutAt)
		}
	}
	if n := ColumnsBytes([]byte(strings.Repeat("x", 1000)), 10); n != 10 {
		t.Errorf("counted to %d, no further than 10", n)
	}
	if n := CutColumns([]byte("漢字"), 1); n != 3 {
		t.Errorf("cut at byte %d: at least one rune, or a caller never ends", n)
	}
}

// TestFiguresAreWholeOrMarked: a number of which the end is cut off is another number.
func TestFiguresAreWholeOrMarked(t *testing.T) {
	for name, write := range map[string]func(p *Pen){
		"metric 1024": func(p *Pen) { p.Text(Text, "metric ").Int(Text, 1024) },
		"45.2%":       func(p *Pen) { p.Share(Text, 45.2) },
		"32.1/64.0 GiB": func(p *Pen) {
			p.SizeOf(Text, 32*1<<30+1<<27, 64<<30)
		},
		"   1.2 MiB/s": func(p *Pen) { p.Rate(Text, 1.2*(1<<20), 12) },
		"for 15d 7h":   func(p *Pen) { p.Text(Text, "for ").Age(Text, (15*24+7)*time.Hour) },
	} {
		for w := range len(name) + 1 {
			canvas := NewCanvas(Appearance{Theme: MonoTheme(), Glyphs: ASCIIGlyphs()})
			p := canvas.Begin(w+1, 1).Pen(0, 0)
			write(&p)
			got := strings.TrimRight(string(canvas.AppendText(nil)), "\n ")
			if whole := w+1 >= len(name); whole && got != name || !whole && strings.ContainsAny(got, "0123456789") {
				t.Errorf("%q on %d columns: %q", name, w+1, got)
			}
		}
	}
}
