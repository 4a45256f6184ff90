package draw

import (
	"unicode/utf8"

	"github.com/gdamore/tcell/v2"

	"hypervisor-tui/draw/clean"
)

// MaxWidth and MaxHeight are the most cells that are drawn: what lies beyond stays empty. tcell needs 389 MB at
// 1000x1000.
const (
	MaxWidth  = 400
	MaxHeight = 150
)

// cell is one character cell. A wide rune is followed by a cell whose rune is right.
type cell struct {
	r     rune
	style Style
}

// right is the right half of a wide rune; unknown is a shown cell that must be sent again.
const (
	right   rune = 0
	unknown rune = -1
)

var blank = cell{r: ' '}

// Putter is the part of a tcell.Screen that Flush needs.
type Putter interface {
	Put(x, y int, str string, style tcell.Style) (string, int)
}

// Canvas is a frame of cells, and the memory of what the terminal shows. One goroutine owns it.
type Canvas struct {
	w, h  int
	cells []cell // being composed
	shown []cell // what the terminal has
	look  Look
	names runeNames
}

// NewCanvas returns an empty canvas that is drawn in the given look. Begin gives it a size.
func NewCanvas(look Look) *Canvas {
	return &Canvas{look: look, names: newRuneNames()}
}

// Begin starts a frame of w by h cells, all blank, and returns the whole of it. It allocates when the size changed;
// every cell then counts as unknown.
func (c *Canvas) Begin(w, h int) Region {
	w, h = min(max(w, 0), MaxWidth), min(max(h, 0), MaxHeight)
	if w != c.w || h != c.h {
		c.w, c.h = w, h
		c.cells = make([]cell, w*h)
		c.shown = make([]cell, w*h)
		c.Forget()
	}
	for i := range c.cells {
		c.cells[i] = blank
	}
	return Region{c: c, w: w, h: h, x1: w, y1: h}
}

// Forget makes the next Flush send every cell: the terminal shows something else than we think.
func (c *Canvas) Forget() {
	for i := range c.shown {
		c.shown[i] = cell{r: unknown}
	}
}

// Look is what the canvas is drawn in.
func (c *Canvas) Look() Look { return c.look }

// SetLook changes theme and glyphs; the next Flush sends every cell.
func (c *Canvas) SetLook(l Look) {
	c.look = l
	c.Forget()
}

// Flush gives p each cell that differs from what it has, exactly once, and returns how many. It does not allocate,
// but for a rune outside the table that is met for the first time.
func (c *Canvas) Flush(p Putter) int {
	sent := 0
	for y := 0; y < c.h; y++ {
		row := c.cells[y*c.w : (y+1)*c.w]
		old := c.shown[y*c.w : (y+1)*c.w]
		for x := range row {
			if row[x] == old[x] {
				continue
			}
			old[x] = row[x]
			if row[x].r == right {
				continue // drawn with its left half, which differs too or is shown already
			}
			p.Put(x, y, c.names.name(row[x].r), c.look.Theme.style(row[x].style))
			sent++
		}
	}
	return sent
}

// set puts one rune at (x, y), which the caller has clipped to [x0, x1): a wide rune that does not fit there becomes
// a blank, and what it cuts in half is blanked. It returns the width used.
func (c *Canvas) set(x, y, x1 int, r rune, s Style) int {
	w := clean.Width(r)
	if w == 0 {
		r, w = utf8.RuneError, 1
	}
	if w == 2 && x+2 > x1 {
		c.put(x, y, cell{' ', s})
		return 2
	}
	c.put(x, y, cell{r, s})
	if w == 2 {
		c.put(x+1, y, cell{right, s})
	}
	return w
}

// put stores one cell and blanks the halves of wide runes that it breaks.
func (c *Canvas) put(x, y int, v cell) {
	i := y*c.w + x
	if c.cells[i].r == right && v.r != right && x > 0 {
		c.cells[i-1] = cell{' ', c.cells[i-1].style}
	}
	if x+1 < c.w && c.cells[i+1].r == right && clean.Width(v.r) != 2 {
		c.cells[i+1] = cell{' ', c.cells[i+1].style}
	}
	c.cells[i] = v
}

// runeNames are the ready strings that tcell is given: it keeps them, so they must never change.
type runeNames struct {
	latin [0x180]string
	boxes [0x2900 - 0x2500]string
	other map[rune]string
}

const maxOther = 4096

func newRuneNames() runeNames {
	n := runeNames{other: make(map[rune]string)}
	for i := range n.latin {
		n.latin[i] = string(rune(i))
	}
	for i := range n.boxes {
		n.boxes[i] = string(rune(0x2500 + i))
	}
	return n
}

func (n *runeNames) name(r rune) string {
	switch {
	case r >= 0 && int(r) < len(n.latin):
		return n.latin[r]
	case r >= 0x2500 && r < 0x2900:
		return n.boxes[r-0x2500]
	}
	s, ok := n.other[r]
	if !ok {
		if len(n.other) >= maxOther {
			clear(n.other)
		}
		s = string(r)
		n.other[r] = s
	}
	return s
}
