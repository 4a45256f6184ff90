package draw

import (
	"math"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/gdamore/tcell/v2"

	"hypervisor-tui/draw/tty"
	"hypervisor-tui/internal/clean"
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

// Putter is the part of a Screen that Flush needs.
type Putter interface {
	Put(x, y int, str string, style tcell.Style)
}

// Canvas is a frame of cells, and the memory of what the terminal shows. One goroutine owns it.
type Canvas struct {
	w, h       int
	cells      []cell // being composed
	shown      []cell // what the terminal has
	appearance Appearance
	names      runeNames
	next       int // row where the next FlushSome goes on
	repair     int // row that the next Repair starts with
}

// NewCanvas returns an empty canvas that is drawn as a says. Begin gives it a size.
func NewCanvas(a Appearance) *Canvas {
	return &Canvas{appearance: a, names: runeNames{usual(), make(map[rune]string)}}
}

// Begin starts a frame of w by h cells, all blank, and returns the whole of it. It allocates when the size changed;
// every cell then counts as unknown.
func (c *Canvas) Begin(w, h int) Region {
	w, h = min(max(w, 0), tty.MaxWidth), min(max(h, 0), tty.MaxHeight)
	if w != c.w || h != c.h {
		c.w, c.h = w, h
		c.cells = make([]cell, w*h)
		c.shown = make([]cell, w*h)
		c.Invalidate()
	}
	for i := range c.cells {
		c.cells[i] = blank
	}
	return Region{c: c, w: w, h: h, x1: w, y1: h}
}

// Invalidate makes the next Flush send every cell: the terminal shows something else than we think.
func (c *Canvas) Invalidate() {
	for i := range c.shown {
		c.shown[i] = cell{r: unknown}
	}
}

// Cleared says that the terminal shows nothing but blanks, as after Screen.Clear.
func (c *Canvas) Cleared() {
	for i := range c.shown {
		c.shown[i] = blank
	}
	c.next = 0
}

// Repair makes the next Flush send the next n rows whatever the terminal shows of them, the first after the last.
func (c *Canvas) Repair(n int) {
	for range min(n, c.h) {
		c.repair %= c.h
		for i := c.repair * c.w; i < (c.repair+1)*c.w; i++ {
			c.shown[i] = cell{r: unknown}
		}
		c.repair++
	}
}

// Appearance is what the canvas is drawn in.
func (c *Canvas) Appearance() Appearance { return c.appearance }

// SetAppearance changes theme and glyphs; the next Flush sends every cell.
func (c *Canvas) SetAppearance(a Appearance) {
	c.appearance = a
	c.Invalidate()
}

// Flush gives p each cell that differs from what it has, exactly once, and returns how many. It does not allocate,
// but for a rune outside the table that is met for the first time.
func (c *Canvas) Flush(p Putter) (sent int) {
	left := math.MaxInt
	for y := range c.h {
		sent += c.flushRow(p, y, &left)
	}
	return sent
}

// FlushSome is Flush for a slow line: it stops after about so many bytes on the wire and reports whether there is more
// to send. The first rows, head of them, always come first; below them it goes on where it stopped.
func (c *Canvas) FlushSome(p Putter, bytes, head int) (sent int, more bool) {
	left := bytes
	head = min(head, c.h)
	for y := range head {
		sent += c.flushRow(p, y, &left)
	}
	started := -1
	for range c.h - head {
		if c.next < head || c.next >= c.h {
			c.next = head
		}
		if started < 0 {
			started = c.next
		}
		sent += c.flushRow(p, c.next, &left)
		if left <= 0 {
			if c.next == started {
				c.next++ // a row that is longer than what there is room for must not keep the others waiting
			}
			return sent, true
		}
		c.next++
	}
	return sent, left <= 0
}

// FromTop makes the next FlushSome go through the rows from the first one on.
func (c *Canvas) FromTop() { c.next = 0 }

// What tcell sends besides the runes, about: for a cell that does not follow the one before it, and for another style.
const (
	jumpBytes  = 8  // ESC [ 24 ; 80 H
	styleBytes = 10 // attributes off, and on again
)

// noStyle is none.
const noStyle Style = 0xff

// flushRow gives p what differs in row y until left, in bytes on the wire, is used up. Blanks are drawn in the style that
// is in force, and a few cells that have not changed are sent again where that is shorter than a jump over them.
func (c *Canvas) flushRow(p Putter, y int, left *int) (sent int) {
	row := c.cells[y*c.w : (y+1)*c.w]
	old := c.shown[y*c.w : (y+1)*c.w]
	last, style := -1, noStyle
	for x := range row {
		if c.alike(row[x], old[x]) {
			old[x] = row[x]
			continue
		}
		if *left <= 0 {
			return sent
		}
		old[x] = row[x]
		r := row[x].r
		if r == right {
			r = row[x-1].r
			if c.appearance.Font.Has(r) {
				continue // drawn with its left half, which differs too or is shown already
			}
		}
		from := x
		if last >= 0 && c.bridges(row[last+1:x], style) {
			from = last + 1
		} else if last != x-1 {
			*left -= jumpBytes
		}
		for ; from < x; from++ {
			p.Put(from, y, c.names.name(row[from].r), c.appearance.Theme.style(style))
			*left--
		}
		s := row[x].style
		if c.empty(row[x]) {
			s = c.around(row[x:], style)
		}
		if style != s {
			*left -= styleBytes
		}
		name := c.names.name(drawn(c.appearance.Font, r))
		p.Put(x, y, name, c.appearance.Theme.style(s))
		*left -= len(name)
		last, style = x, s
		sent++
	}
	return sent
}

// empty reports whether v shows nothing but the terminal's own ground, whatever its style is else.
func (c *Canvas) empty(v cell) bool { return v.r == ' ' && !c.appearance.Theme.fills(v.style) }

// alike reports whether a and b look the same.
func (c *Canvas) alike(a, b cell) bool { return a == b || c.empty(a) && c.empty(b) }

// around is the style to draw the empty first cell of row in: the one in force, or the one that is in force next.
func (c *Canvas) around(row []cell, style Style) Style {
	if style != noStyle && !c.appearance.Theme.fills(style) {
		return style
	}
	i := slices.IndexFunc(row, func(v cell) bool { return !c.empty(v) })
	if i < 0 || c.appearance.Theme.fills(row[i].style) {
		i = 0
	}
	return row[i].style
}

// bridges reports whether cells can be drawn in style, and that in fewer bytes than a jump takes.
func (c *Canvas) bridges(cells []cell, style Style) bool {
	for _, v := range cells {
		if v.r < ' ' || v.r > '~' || v.style != style && !(c.empty(v) && !c.appearance.Theme.fills(style)) {
			return false
		}
	}
	return len(cells) < jumpBytes-1
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
	*usualNames
	other map[rune]string
}

// usualNames are those that all canvases share.
type usualNames struct {
	latin [0x180]string
	boxes [0x2900 - 0x2500]string
}

const maxOther = 4096

var usual = sync.OnceValue(func() *usualNames {
	n := new(usualNames)
	for i := range n.latin {
		n.latin[i] = string(rune(i))
	}
	for i := range n.boxes {
		n.boxes[i] = string(rune(0x2500 + i))
	}
	return n
})

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
