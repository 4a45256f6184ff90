package draw

import (
	"encoding/binary"
	"math"
	"testing"
)

// number is a coordinate from a fuzzer, of any size and sign.
func (s *script) number() int {
	edges := [...]int{0, 1, -1, 2, 7, 32767, -32768, math.MaxInt, math.MinInt, math.MaxInt32, math.MaxInt - 3, math.MinInt + 3}
	switch n := s.next(); {
	case n < len(edges):
		return edges[n]
	case n < 64:
		var b [8]byte
		for i := range b {
			b[i] = byte(s.next())
		}
		return int(binary.LittleEndian.Uint64(b[:]))
	default:
		return n%40 - 8
	}
}

// cut makes a part of r in one of the ways there are, and reports whether that took it off r.
func (s *script) cut(r *Region) (part Region, taken bool) {
	switch s.next() % 8 {
	case 0:
		return r.CutTop(s.number()), true
	case 1:
		return r.CutBottom(s.number()), true
	case 2:
		return r.CutLeft(s.number()), true
	case 3:
		return r.CutRight(s.number()), true
	case 4:
		return r.Inset(s.number()), false
	case 5:
		return r.Scrolled(s.number(), s.number()), false
	}
	return r.Sub(s.number(), s.number(), s.number(), s.number()), false
}

// ramp is a series whose points rise.
type ramp int

func (n ramp) Len() int               { return int(n) }
func (n ramp) Peak(_, to int) float64 { return float64(to - 1) }
func (n ramp) Pushed() uint64         { return uint64(n) + 5 }

// paint draws in r by every method that a Region has.
func (s *script) paint(r Region) {
	text := samples[s.next()%len(samples)]
	style := Style(s.next()) % roleCount
	x, y := s.number(), s.number()
	switch s.next() % 10 {
	case 0:
		r.Fill(firstRune(text), style)
	case 1:
		r.Set(x, y, firstRune(text), style)
	case 2:
		r.Rule(y, text)
	case 3:
		r.Divide(x)
	case 4:
		r.Frame(text, style)
	case 5:
		r.Gauge(y, float64(x), style)
	case 6:
		r.Spark(ramp(s.next()), s.number(), float64(y), style)
	case 7:
		r.Heat(float64(x), style)
	case 8:
		r.Restyle(style)
	default:
		p := r.Pen(x, y)
		p.Text(style, text).Skip(s.number()).Fit(style, text, s.number()).To(s.number()).FitBytes(style, []byte(text), s.number())
	}
}

// outside is a cell that nothing may draw over.
var outside = cell{'#', Accent}

// onlyInside fails when a cell outside r was drawn, and makes every cell outside again.
func onlyInside(t *testing.T, r Region) {
	t.Helper()
	for i, v := range r.c.cells {
		x, y := i%r.c.w, i/r.c.w
		if v != outside && (x < r.x0 || x >= r.x1 || y < r.y0 || y >= r.y1) {
			t.Fatalf("cell %d,%d was drawn from a region of %d,%d to %d,%d", x, y, r.x0, r.y0, r.x1, r.y1)
		}
		r.c.cells[i] = outside
	}
}

// clipped is how many cells r may draw.
func (r Region) clipped() int {
	if r.x1 <= r.x0 || r.y1 <= r.y0 {
		return 0
	}
	return (r.x1 - r.x0) * (r.y1 - r.y0)
}

// FuzzRegion cuts regions out of regions by numbers that make no sense and draws in each.
func FuzzRegion(f *testing.F) {
	f.Add([]byte{0, 70, 1, 80, 5, 7, 8, 4, 7, 6, 6, 0, 1, 2, 3})
	f.Add([]byte{5, 7, 7, 0, 0, 1, 1, 3, 4, 5, 8, 8, 2, 2, 2, 2, 4})
	f.Add([]byte{6, 7, 8, 9, 10, 6, 1, 2, 3, 4, 5, 8, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		s := script(data)
		c := NewCanvas(testAppearance())
		r := c.Begin(30, 12).Sub(3, 2, 22, 8)
		for i := range c.cells {
			c.cells[i] = outside
		}
		for range 200 {
			if len(s) == 0 {
				return
			}
			was := r
			part, taken := s.cut(&r)
			if taken && part.clipped()+r.clipped() != was.clipped() {
				t.Fatalf("%d cells were cut into %d and %d", was.clipped(), part.clipped(), r.clipped())
			}
			if part.clipped() > 0 && (part.x0 < was.x0 || part.x1 > was.x1 || part.y0 < was.y0 || part.y1 > was.y1) {
				t.Fatalf("%+v is larger than %+v that it came from", part, was)
			}
			s.paint(part)
			wholeRunes(t, c)
			if part.Empty() {
				part.x1 = part.x0 // a region without area draws nothing
			}
			onlyInside(t, part)
			if s.next()%2 == 0 {
				r = part
			}
		}
	})
}

func TestCuts(t *testing.T) {
	c := NewCanvas(testAppearance())
	whole := c.Begin(20, 10)
	r := whole
	top, bottom := r.CutTop(3), r.CutBottom(2)
	left, rest := r.CutLeft(5), r.CutRight(100)
	for _, g := range []struct {
		name string
		r    Region
		x, y int
		w, h int
	}{
		{"top", top, 0, 0, 20, 3}, {"bottom", bottom, 0, 8, 20, 2}, {"left", left, 0, 3, 5, 5}, {"all of the rest", rest, 5, 3, 15, 5},
		{"nothing left", r, 5, 3, 0, 5}, {"inset", whole.Inset(2), 2, 0, 16, 10}, {"inset by too much", whole.Inset(11), 11, 0, 0, 10},
		{"part", whole.Sub(18, 9, 5, 5), 18, 9, 2, 1}, {"part of a part", whole.Sub(4, 4, 8, 4).Sub(2, 1, 99, 99), 6, 5, 6, 3},
		{"negative corner", whole.Sub(-3, -3, 5, 5), 0, 0, 5, 5}, {"negative size", whole.Sub(1, 1, -1, -1), 1, 1, 0, 0},
	} {
		if g.r.x != g.x || g.r.y != g.y || g.r.W() != g.w || g.r.H() != g.h || g.r.Empty() != (g.w == 0 || g.h == 0) {
			t.Errorf("%s: %dx%d at %d,%d, want %dx%d at %d,%d", g.name, g.r.W(), g.r.H(), g.r.x, g.r.y, g.w, g.h, g.x, g.y)
		}
	}
}

func TestScrolledShowsItsRows(t *testing.T) {
	c := NewCanvas(testAppearance())
	r := c.Begin(4, 5).Sub(0, 1, 4, 3)
	view := r.Scrolled(2, 10)
	for range view.H() {
		row := view.CutTop(1)
		p := row.Pen(0, 0)
		p.Int(Text, int64(row.y))
	}
	if got, want := string(c.AppendText(nil)), "\n1\n2\n3\n\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	c.Begin(4, 5)
	r.Scrolled(1, 2).Fill('x', Text)
	if got, want := string(c.AppendText(nil)), "\nxxxx\n\n\n\n"; got != want {
		t.Errorf("rows beyond the scrolled ones are filled: %q, want %q", got, want)
	}
}

func TestFrameAndRule(t *testing.T) {
	c := NewCanvas(Appearance{Theme: MonoTheme(), Glyphs: ASCIIGlyphs()})
	r := c.Begin(10, 5)
	r.CutTop(1).Rule(0, "ab")
	in := r.Frame("title too long", Title)
	in.Divide(in.W() - 1)
	want := "-- ab ----\n+- tit> -+\n|       ||\n|       ||\n+--------+\n"
	if got := string(c.AppendText(nil)); got != want {
		t.Errorf("%s, want\n%s", got, want)
	}
	if in.W() != 8 || in.H() != 2 {
		t.Errorf("the inside is %dx%d", in.W(), in.H())
	}
	if small := r.Sub(0, 0, 1, 1); small.Frame("x", Text) != small {
		t.Error("a region too small for a frame should be left whole")
	}
}
