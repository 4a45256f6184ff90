package draw

import (
	"testing"
	"unicode/utf8"

	"github.com/gdamore/tcell/v2"

	"hypervisor-tui/internal/clean"
)

// model is a terminal as far as Flush is concerned: a wide rune takes two cells, and whatever overwrites half of one
// leaves a blank in the other half.
type model struct {
	t     *testing.T
	w, h  int
	cells []modelCell
	puts  []int // of each cell since reset
}

// modelCell is one cell. The right half of a wide rune has no text.
type modelCell struct {
	text  string
	style tcell.Style
}

// newModel returns a terminal that shows something else than any canvas.
func newModel(t *testing.T, w, h int) *model {
	m := &model{t: t, w: w, h: h, cells: make([]modelCell, w*h), puts: make([]int, w*h)}
	m.garble()
	return m
}

// garble is another program that writes on the terminal.
func (m *model) garble() {
	for i := range m.cells {
		m.cells[i] = modelCell{text: "\a"}
	}
}

func (m *model) Put(x, y int, text string, style tcell.Style) {
	m.t.Helper()
	r, n := utf8.DecodeRuneInString(text)
	width := clean.Width(r)
	if n != len(text) || width == 0 {
		m.t.Fatalf("%q reaches the terminal at %d,%d", text, x, y)
	}
	if x < 0 || y < 0 || x+width > m.w || y >= m.h {
		m.t.Fatalf("%q of %d columns at %d,%d reaches a terminal of %dx%d", text, width, x, y, m.w, m.h)
	}
	m.puts[y*m.w+x]++
	row := m.cells[y*m.w : (y+1)*m.w]
	for i := x; i < x+width; i++ {
		m.halve(row, i)
	}
	if _, ground, attributes := style.Decompose(); text == " " && ground == tcell.ColorDefault && attributes&tcell.AttrReverse == 0 {
		style = tcell.StyleDefault // there is nothing to see of it
	}
	row[x] = modelCell{text, style}
	if width == 2 {
		row[x+1] = modelCell{"", style}
	}
}

// halve blanks the other half of the wide rune that cell x belongs to, if it does.
func (m *model) halve(row []modelCell, x int) {
	if row[x].text == "" && x > 0 {
		row[x-1].text = " "
	}
	if x+1 < len(row) && row[x+1].text == "" {
		row[x+1].text = " "
	}
}

// flush flushes c, and holds that each cell that looks different was sent exactly once, and of the others only some that
// lie between two such ones, that what is shown is what one full paint shows, and that flushing again sends nothing.
func (m *model) flush(c *Canvas) {
	m.t.Helper()
	changed := 0
	want := make([]bool, len(c.cells))
	for i, v := range c.cells {
		marked := v.r == right && !c.appearance.Font.Has(c.cells[i-1].r) // both halves of what the font lacks are marks
		if !c.alike(v, c.shown[i]) && (v.r != right || marked) {
			want[i] = true
			changed++
		}
	}
	clear(m.puts)
	if sent := c.Flush(m); sent != changed {
		m.t.Fatalf("%d cells sent, %d changed", sent, changed)
	}
	for i := range want {
		switch n := m.puts[i]; {
		case want[i] && n != 1, n > 1:
			m.t.Fatalf("cell %d,%d was sent %d times, changed: %v", i%m.w, i/m.w, n, want[i])
		case !want[i] && n > 0 && !m.between(want, i):
			m.t.Fatalf("cell %d,%d was sent, and no jump is spared by that", i%m.w, i/m.w)
		}
	}
	full := *c
	full.shown = make([]cell, len(c.cells))
	full.Invalidate()
	painted := newModel(m.t, m.w, m.h)
	full.Flush(painted)
	for i := range painted.cells {
		if m.cells[i] != painted.cells[i] {
			m.t.Fatalf("cell %d,%d shows %+v, after one full paint %+v", i%m.w, i/m.w, m.cells[i], painted.cells[i])
		}
	}
	if again := c.Flush(m); again != 0 {
		m.t.Fatalf("the same frame again sends %d cells", again)
	}
}

// between reports whether cell i lies in a gap of its row between two changed ones that is shorter than a jump.
func (m *model) between(changed []bool, i int) bool {
	row := changed[i/m.w*m.w : (i/m.w+1)*m.w]
	from, to := i%m.w, i%m.w
	for from >= 0 && !row[from] {
		from--
	}
	for to < m.w && !row[to] {
		to++
	}
	return from >= 0 && to < m.w && to-from-1 < jumpBytes
}

// wholeRunes holds that each wide rune has both of its halves and that only drawable runes are in cells.
func wholeRunes(t *testing.T, c *Canvas) {
	t.Helper()
	for i, v := range c.cells {
		x := i % c.w
		switch clean.Width(v.r) {
		case 2:
			if x+1 == c.w || c.cells[i+1].r != right {
				t.Fatalf("cell %d,%d: %q has no right half", x, i/c.w, v.r)
			}
		case 0:
			if v.r != right {
				t.Fatalf("cell %d,%d: %U is not drawable", x, i/c.w, v.r)
			}
			if x == 0 || clean.Width(c.cells[i-1].r) != 2 {
				t.Fatalf("cell %d,%d: a right half without its left", x, i/c.w)
			}
		}
	}
}
