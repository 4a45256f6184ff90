// Package vtscreen is a terminal for tests: it interprets exactly the sequences that draw's terminal entries make
// tcell send, and keeps a record of all others. Only tests import it.
package vtscreen

import (
	"strings"
)

// Attr is how a cell is drawn. Colours are palette numbers; -1 is the terminal's own.
type Attr struct {
	Fg, Bg                                                  int
	Bold, Dim, Italic, Underline, Blink, Reverse, Struckout bool
}

// Plain is the attribute of text that nothing was said about.
var Plain = Attr{Fg: -1, Bg: -1}

// Cell is one character cell. The right half of a wide rune has Rune 0.
type Cell struct {
	Rune rune
	Attr Attr
}

// Screen is what a terminal shows after the bytes written to it. One goroutine owns it.
type Screen struct {
	W, H       int
	X, Y       int // the cursor
	Visible    bool
	Alt        bool            // the alternate screen is on
	Keypad     bool            // application keypad mode
	CursorKeys bool            // and that of the cursor keys
	Paste      bool            // pasted text is marked
	Reports    map[string]bool // modes that make it send reports: mouse, focus
	Autowrap   bool            // a rune after the last column goes on in the next row
	Inverse    bool            // the whole screen is shown in reverse
	Broken     int             // sequences that the next one cut off
	Rings      int             // beeps of a Linux console with their pitch
	Foreign    []string        // sequences, control characters and bad bytes that are none of ours, as they came
	Replies    []byte          // what it answers: the caller takes it away and sends it

	cells []Cell
	attr  Attr
	wrap  bool    // the last column was written: with Autowrap the next rune wraps
	sets  [2]byte // G0 and G1: 'B' is ASCII, '0' line drawing
	shift int     // which of them is in use

	bytewise    bool // text is not UTF-8
	altFont     bool // nor with the Linux console's second font
	origin      bool // rows are counted from the first that scrolls
	insertion   bool // a rune moves the rest of its row
	top, bottom int  // rows that scroll

	saved   [2]int // the cursor, by ESC 7
	partial []byte // a sequence or rune whose end has not come yet
}

// New returns a blank terminal as it is after power-on, of one cell at least.
func New(w, h int) *Screen {
	w, h = max(w, 1), max(h, 1)
	s := &Screen{W: w, H: h, Visible: true, Autowrap: true, attr: Plain, sets: [2]byte{'B', 'B'}, Reports: map[string]bool{}}
	s.cells, s.bottom = make([]Cell, w*h), h-1
	s.blank(0, len(s.cells))
	return s
}

// Resize changes the size as a terminal's window does: what still fits stays.
func (s *Screen) Resize(w, h int) {
	n := New(w, h)
	for y := range min(n.H, s.H) {
		copy(n.cells[y*n.W:(y+1)*n.W], s.cells[y*s.W:(y+1)*s.W])
	}
	s.W, s.H, s.cells, s.top, s.bottom = n.W, n.H, n.cells, 0, n.bottom
	s.moveTo(s.X, s.Y)
}

// Cell returns the cell at x, y, which must lie on the screen.
func (s *Screen) Cell(x, y int) Cell { return s.cells[y*s.W+x] }

// String is the text on the screen: a line for each row, without the blanks at its end.
func (s *Screen) String() string {
	var b strings.Builder
	for y := range s.H {
		var row strings.Builder
		for _, c := range s.cells[y*s.W : (y+1)*s.W] {
			if c.Rune != 0 {
				row.WriteRune(c.Rune)
			}
		}
		b.WriteString(strings.TrimRight(row.String(), " "))
		b.WriteByte('\n')
	}
	return b.String()
}

// Pending returns what was written of a sequence or rune that has not ended.
func (s *Screen) Pending() string { return string(s.partial) }

func (s *Screen) foreign(b []byte) { s.Foreign = append(s.Foreign, string(b)) }

// blank clears cells i up to but not including j, with the background in force.
func (s *Screen) blank(i, j int) {
	for ; i < j; i++ {
		s.cells[i] = Cell{Rune: ' ', Attr: Attr{Fg: -1, Bg: s.attr.Bg}}
	}
}

func (s *Screen) moveTo(x, y int) {
	s.X, s.Y, s.wrap = min(max(x, 0), s.W-1), min(max(y, 0), s.H-1), false
}

// lineFeed moves down a row, and scrolls at the bottom.
func (s *Screen) lineFeed() {
	s.wrap = false
	if s.Y != s.bottom {
		s.Y = min(s.Y+1, s.H-1)
		return
	}
	rows := s.cells[s.top*s.W : (s.bottom+1)*s.W]
	copy(rows, rows[s.W:])
	s.blank(s.bottom*s.W, (s.bottom+1)*s.W)
}

// put draws a rune of the given width at the cursor.
func (s *Screen) put(r rune, width int) {
	if width > s.W {
		return
	}
	if s.Autowrap && (s.wrap || s.X+width > s.W) {
		s.X = 0
		s.lineFeed()
	}
	s.X = min(s.X, s.W-width)
	if s.insertion {
		for range width {
			s.insert()
		}
	}
	row := s.cells[s.Y*s.W : (s.Y+1)*s.W]
	s.split(row, s.X)
	s.split(row, s.X+width)
	row[s.X] = Cell{r, s.attr}
	if width == 2 {
		row[s.X+1] = Cell{0, s.attr}
	}
	s.X += width
	if s.X >= s.W {
		s.X, s.wrap = s.W-1, true
	}
}

// split blanks a wide rune that stands across the border before column x: half of it is about to be overwritten.
func (s *Screen) split(row []Cell, x int) {
	if x > 0 && x < len(row) && row[x].Rune == 0 {
		row[x-1].Rune, row[x].Rune = ' ', ' '
	}
}

// insert makes room for a blank at the cursor; the row's last cell is lost.
func (s *Screen) insert() {
	at, end := s.Y*s.W+s.X, (s.Y+1)*s.W
	copy(s.cells[at+1:end], s.cells[at:end-1])
	s.blank(at, at+1)
}
