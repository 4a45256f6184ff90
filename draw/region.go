package draw

import (
	"math"

	"hypervisor-tui/internal/clean"
)

// Region is a clipped rectangle of a Canvas. It is a value: cutting one never touches another. Everything drawn is
// clipped to it, so that panels need no bounds checks; a Region with no area draws nothing. Coordinates in its
// methods count from its own top left corner.
type Region struct {
	c              *Canvas
	x, y, w, h     int // origin on the canvas, and size
	x0, y0, x1, y1 int // what may be drawn, on the canvas
	faded          bool
}

// W is the width in cells.
func (r Region) W() int { return r.w }

// H is the height in rows.
func (r Region) H() int { return r.h }

// Empty says that nothing can be drawn here.
func (r Region) Empty() bool { return r.w <= 0 || r.h <= 0 }

// Sub returns the part at (x, y) of w by h cells, clipped to r.
func (r Region) Sub(x, y, w, h int) Region {
	x, y = max(x, 0), max(y, 0)
	s := r
	s.x, s.y = r.x+x, r.y+y
	s.w, s.h = max(min(w, r.w-x), 0), max(min(h, r.h-y), 0)
	s.x0, s.y0 = max(r.x0, s.x), max(r.y0, s.y)
	s.x1, s.y1 = min(r.x1, s.x+s.w), min(r.y1, s.y+s.h)
	return s
}

// CutTop takes n rows off the top of r and returns them.
func (r *Region) CutTop(n int) Region {
	n = min(max(n, 0), r.h)
	top := r.Sub(0, 0, r.w, n)
	*r = r.Sub(0, n, r.w, r.h-n)
	return top
}

// CutBottom takes n rows off the bottom of r and returns them.
func (r *Region) CutBottom(n int) Region {
	n = min(max(n, 0), r.h)
	bottom := r.Sub(0, r.h-n, r.w, n)
	*r = r.Sub(0, 0, r.w, r.h-n)
	return bottom
}

// CutLeft takes n columns off the left of r and returns them.
func (r *Region) CutLeft(n int) Region {
	n = min(max(n, 0), r.w)
	left := r.Sub(0, 0, n, r.h)
	*r = r.Sub(n, 0, r.w-n, r.h)
	return left
}

// CutRight takes n columns off the right of r and returns them.
func (r *Region) CutRight(n int) Region {
	n = min(max(n, 0), r.w)
	right := r.Sub(r.w-n, 0, n, r.h)
	*r = r.Sub(0, 0, r.w-n, r.h)
	return right
}

// Visible reports whether any of r can be seen.
func (r Region) Visible() bool { return r.x0 < r.x1 && r.y0 < r.y1 }

// Inset returns r without n columns on the left and on the right.
func (r Region) Inset(n int) Region { return r.Sub(n, 0, r.w-2*n, r.h) }

// Scrolled returns a region h rows high, math.MaxInt16 at most, that shows through r from its row top on: drawing
// into it at row top lands on r's first row.
func (r Region) Scrolled(top, h int) Region {
	s := r
	s.y -= top
	s.h = min(max(h, 0), math.MaxInt16)
	s.y0, s.y1 = max(r.y0, s.y), min(r.y1, s.y+s.h)
	return s
}

// Faded returns r, in which all roles but those of lines are drawn dim while on: what it shows is old. What is cut off it
// is as it is.
func (r Region) Faded(on bool) Region {
	r.faded = on
	return r
}

// nothing is a canvas without cells.
var nothing = &Canvas{appearance: Appearance{Theme: MonoTheme(), Glyphs: ASCIIGlyphs()}}

// Nowhere is a region w columns wide and as high as a region may be, that shows nothing: what is drawn there is only
// measured.
func Nowhere(w int) Region { return Region{c: nothing, w: max(w, 0), h: math.MaxInt16} }

// Set draws one rune at (x, y) and returns the columns it takes, 0 when that is outside.
func (r Region) Set(x, y int, v rune, s Style) int {
	cx, cy := r.x+x, r.y+y
	if cx < r.x0 || cx >= r.x1 || cy < r.y0 || cy >= r.y1 {
		return 0
	}
	if r.faded {
		s = s.faded()
	}
	return r.c.set(cx, cy, r.x1, v, s)
}

// Fill puts v into every cell.
func (r Region) Fill(v rune, s Style) {
	if !r.Visible() {
		return
	}
	narrow := clean.Width(v) == 1
	for y := r.y0; y < r.y1; y++ {
		if !narrow {
			for x := r.x0; x < r.x1; x++ {
				r.c.set(x, y, r.x1, v, s)
			}
			continue
		}
		r.c.put(r.x0, y, cell{v, s}) // only the ends can break a wide rune of which half lies outside
		r.c.put(r.x1-1, y, cell{v, s})
		row := r.c.cells[y*r.c.w+r.x0 : y*r.c.w+r.x1]
		for i := range row {
			row[i] = cell{v, s}
		}
	}
}

// Cover blanks the part of r at (x, y) of w by h cells and returns it. Of a figure that it cuts nothing is left: a number
// without its end is another one.
func (r Region) Cover(x, y, w, h int) Region {
	s := r.Sub(x, y, w, h)
	if !s.Visible() {
		return s
	}
	for y := s.y0; y < s.y1; y++ {
		row := r.c.cells[y*r.c.w : (y+1)*r.c.w]
		for x := s.x0 - 1; x >= r.x0 && inFigure(row[s.x0]) && inFigure(row[x]); x-- {
			row[x].r = ' '
		}
		for x := s.x1; x < r.x1 && inFigure(row[s.x1-1]) && inFigure(row[x]); x++ {
			row[x].r = ' '
		}
	}
	s.Fill(' ', Text)
	return s
}

// inFigure reports whether v may be part of a number, a share or an address.
func inFigure(v cell) bool { return v.r >= '.' && v.r <= '9' || v.r == '%' }

// Restyle gives every cell the style s and keeps the text: the row that is chosen.
func (r Region) Restyle(s Style) {
	for y := r.y0; y < r.y1; y++ {
		for x := r.x0; x < r.x1; x++ {
			r.c.cells[y*r.c.w+x].style = s
		}
	}
}

// Glyph returns the runes of g in the canvas' tier.
func (r Region) Glyph(g Glyph) string { return r.c.appearance.Glyphs.name(g) }

// Rule draws a horizontal line along row y with a title in it.
func (r Region) Rule(y int, title string) Pen {
	r.Sub(0, y, r.w, 1).Fill(firstRune(r.Glyph(Horizontal)), Border)
	p := r.Pen(1, y)
	if title != "" {
		p.Skip(1).Text(Title|Bold, " ").Text(Title|Bold, title).Text(Title, " ")
	}
	return p
}

// Divide draws a vertical line along column x.
func (r Region) Divide(x int) {
	line := firstRune(r.Glyph(Vertical))
	for y := 0; y < r.h; y++ {
		r.Set(x, y, line, Border)
	}
}

// Frame draws a border with a title and returns what is inside it.
func (r Region) Frame(title string, s Style) Region {
	if r.w < 2 || r.h < 2 {
		return r
	}
	r.Rule(0, "")
	r.Rule(r.h-1, "")
	r.Divide(0)
	r.Divide(r.w - 1)
	r.Set(0, 0, firstRune(r.Glyph(TopLeft)), Border)
	r.Set(r.w-1, 0, firstRune(r.Glyph(TopRight)), Border)
	r.Set(0, r.h-1, firstRune(r.Glyph(BottomLeft)), Border)
	r.Set(r.w-1, r.h-1, firstRune(r.Glyph(BottomRight)), Border)
	if title != "" && r.w > 6 {
		p := r.Sub(2, 0, r.w-4, 1).Pen(0, 0)
		p.Text(s, " ").Fit(s|Bold, title, r.w-6).Text(s, " ")
	}
	return r.Sub(1, 1, r.w-2, r.h-2)
}

func firstRune(s string) rune {
	for _, v := range s {
		return v
	}
	return ' '
}
