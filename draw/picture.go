package draw

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"hypervisor-tui/draw/tty"
	"hypervisor-tui/internal/clean"
)

// Picture is what a canvas elsewhere shows, made of what its AppendRows said. Its zero value is empty. One goroutine owns it.
type Picture struct {
	w, h  int
	cells []cell
}

// Size is how many cells it has.
func (p *Picture) Size() (w, h int) { return p.w, p.h }

// Copy makes p equal to from, in memory of its own.
func (p *Picture) Copy(from *Picture) {
	p.w, p.h, p.cells = from.w, from.h, append(p.cells[:0], from.cells...)
}

// Apply takes in one answer of AppendRows, from whoever sent it: a character that is no such, controls anything or is not as
// wide as it is said to be becomes U+FFFD, and a role that is not known is Text. After an error, which says what is wrong, some
// rows may be new and others not. It does not allocate once the picture has had its size.
func (p *Picture) Apply(data []byte) error {
	size, rows, more := bytes.Cut(data, []byte{'\t'})
	w, rest, okW := number(size)
	if len(rest) == 0 || rest[0] != ' ' {
		okW = false
	} else {
		rest = rest[1:]
	}
	h, rest, okH := number(rest)
	if !okW || !okH || len(rest) > 0 || w < 1 || h < 1 || w > tty.MaxWidth || h > tty.MaxHeight {
		return fmt.Errorf("a picture of %.20q cells", size)
	}
	if w != p.w || h != p.h {
		p.w, p.h = w, h
		if cap(p.cells) < w*h {
			p.cells = make([]cell, w*h)
		}
		p.cells = p.cells[:w*h]
		for i := range p.cells {
			p.cells[i] = blank
		}
	}
	for more {
		var row []byte
		row, rows, more = bytes.Cut(rows, []byte{'\t'})
		y, rest, ok := number(row)
		if !ok || y >= h || len(rest) == 0 || rest[0] != ' ' {
			return fmt.Errorf("row %.20q of %d", row, h)
		}
		if err := applyRow(p.cells[y*w:(y+1)*w], rest[1:]); err != nil {
			return fmt.Errorf("row %d: %w", y, err)
		}
	}
	return nil
}

var (
	errRun   = errors.New("a run that is none")
	errText  = errors.New("runs and text that are not as long as each other")
	errWidth = errors.New("more columns than the picture has")
)

// applyRow makes row what the runs and the text of line say.
func applyRow(row []cell, line []byte) error {
	for i := range row {
		row[i] = blank
	}
	runs, text, ok := bytes.Cut(line, []byte{' '})
	if !ok {
		return errText
	}
	x := 0
	for len(runs) > 0 {
		style, ok := styleOf(runs[0])
		if !ok {
			return errRun
		}
		wide := false
		if runs = runs[1:]; len(runs) > 0 && (runs[0] == '-' || runs[0] == '=') {
			wide, runs = runs[0] == '=', runs[1:]
		}
		n, rest, ok := number(runs)
		if !ok || n == 0 {
			return errRun
		}
		runs = rest
		width := 1
		if wide {
			width = 2
		}
		if n*width > len(row)-x {
			return errWidth
		}
		for range n {
			r, size := utf8.DecodeRune(text)
			if size == 0 {
				return errText
			}
			text = text[size:]
			switch {
			case clean.Width(r) != width:
				for range width {
					row[x] = cell{utf8.RuneError, style}
					x++
				}
			case wide:
				row[x], row[x+1] = cell{r, style}, cell{right, style}
				x += 2
			default:
				row[x] = cell{r, style}
				x++
			}
		}
	}
	if len(text) > 0 {
		return errText
	}
	return nil
}

// styleOf is the style that a run's letter stands for.
func styleOf(letter byte) (Style, bool) {
	bold := Style(0)
	if letter >= 'A' && letter <= 'Z' {
		letter, bold = letter+'a'-'A', Bold
	}
	if letter < 'a' || letter > 'z' {
		return 0, false
	}
	if s := Style(letter - 'a'); s < roleCount {
		return s | bold, true
	}
	return Text | bold, true
}

// number is the number of at most four digits that text begins with, and what comes after it.
func number(text []byte) (n int, rest []byte, ok bool) {
	i := 0
	for ; i < len(text) && text[i] >= '0' && text[i] <= '9'; i++ {
		if n = n*10 + int(text[i]-'0'); n > math.MaxInt16 {
			return 0, nil, false
		}
	}
	return n, text[i:], i > 0
}

// Picture draws p from the top left corner on, in the colours and glyphs of this canvas.
func (r Region) Picture(p *Picture) {
	g := r.c.appearance.Glyphs
	for y := range min(p.h, r.h) {
		for x, v := range p.cells[y*p.w : (y+1)*p.w] {
			if v.r != right {
				r.Set(x, y, g.redrawn(v.r), v.style)
			}
		}
	}
}

// redrawn is what stands in g for a rune of a picture that was drawn in UnicodeGlyphs.
func (g *Glyphs) redrawn(r rune) rune {
	if r >= utf8.RuneSelf {
		if other, known := g.twins[r]; known {
			return other
		}
	}
	return r
}

// twinned returns g with what stands in it for the runes of UnicodeGlyphs, one for each, since no column may move: those of the
// mark where it has as many, else what is drawn in place of one that a font lacks.
func twinned(g *Glyphs) *Glyphs {
	g.twins = make(map[rune]rune)
	from := UnicodeGlyphs()
	// Each of from is the i-th of so many steps; what is too low for the first of to is nothing.
	levels := func(from, to []rune, nothing rune) {
		for i, r := range from {
			g.twins[r] = nothing
			if level := ((i+1)*len(to) + len(from)/2) / len(from); level > 0 {
				g.twins[r] = to[level-1]
			}
		}
	}
	levels(from.Sparks, g.Sparks, g.Sparks[0])
	levels(from.Drops, g.Drops, g.Drops[0])
	full := firstRune(g.name(Full))
	levels(append(from.Eighths, '█'), append(slices.Clone(g.Eighths), full), firstRune(g.name(Empty)))
	for id, name := range from.names {
		for i, r := range []rune(name) {
			if _, known := g.twins[r]; known || r < utf8.RuneSelf { // Beat2 is a horizontal line as well
				continue
			}
			g.twins[r] = fallback(r)
			if other := []rune(g.names[id]); len(other) == utf8.RuneCountInString(name) {
				g.twins[r] = other[i]
			}
		}
	}
	return g
}
