package draw

import (
	"strconv"
	"unicode/utf8"

	"hypervisor-tui/internal/clean"
)

// The controls that drawing sends, all of them a VT220's.
//
// ECMA-48: CUP, CUF, EL, SGR; DEC VT220 Programmer Reference: the line drawing set
const (
	csi         = "\x1b["
	lineDrawing = "\x1b)0" // G1
	shiftOut    = 0x0e     // to G1
	shiftIn     = 0x0f     // and back to G0
)

// drawnLines are the characters of the line drawing set from firstLine on.
const (
	drawnLines = "◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·"
	firstLine  = '`'
)

// wire turns cells into what a terminal is sent: the shortest way from each cell to the next one. It counts on nothing that
// was sent before the frame but the modes of modesSequence.
type wire struct {
	unicode bool // it takes UTF-8
	width   int  // of the terminal
	lines   map[rune]byte

	frame  []byte // not sent yet
	x, y   int    // of the cursor; an x of none is unknown
	exact  bool   // where the cursor is does not depend on how wide the terminal draws a character
	attr   attr   // in force
	styled bool   // attr is known
	shift  bool   // the line drawing set is in use
	blanks int    // still to be drawn, from the cursor on
}

// none is no column.
const none = -1

func newWire(unicode bool) wire {
	w := wire{unicode: unicode, x: none, lines: make(map[rune]byte)}
	c := byte(firstLine)
	for _, r := range drawnLines {
		w.lines[r] = c
		c++
	}
	return w
}

// put draws r at (x, y) and returns how many bytes have been added to the frame: those of blanks come with what follows.
func (w *wire) put(x, y int, r rune, a attr) int {
	before := len(w.frame)
	blank := r == ' ' && a.hidden()
	if w.blanks > 0 && (y != w.y || x != w.x+w.blanks || !blank) {
		w.flushBlanks()
	}
	switch {
	case blank && w.blanks > 0:
		w.blanks++
		return 0
	case blank:
		w.moveTo(x, y)
		w.blanks = 1
	default:
		w.moveTo(x, y)
		w.setAttr(a)
		w.rune(r)
	}
	return len(w.frame) - before
}

// end ends the frame and returns it. It is the wire's again with the next put.
func (w *wire) end() []byte {
	w.flushBlanks()
	w.shiftTo(false)
	frame := w.frame
	w.frame, w.x, w.styled = w.frame[:0], none, false
	return frame
}

// flushBlanks draws the blanks that were put, or erases the rest of the row when that is shorter.
func (w *wire) flushBlanks() {
	n := w.blanks
	w.blanks = 0
	if n == 0 {
		return
	}
	if !w.styled || !w.attr.hidden() {
		w.setAttr(plain)
	}
	if w.x+n >= w.width && n > len(csi+"K") {
		w.frame = append(w.frame, csi+"K"...)
		return
	}
	w.shiftTo(false)
	for range n {
		w.frame = append(w.frame, ' ')
	}
	w.advance(n)
}

// advance moves the cursor as n characters do. After the last column it depends on the terminal where it is.
func (w *wire) advance(n int) {
	if w.x += n; w.x >= w.width {
		w.x = none
	}
}

func (w *wire) moveTo(x, y int) {
	switch {
	case x == w.x && y == w.y:
		return
	case w.exact && y == w.y && x > w.x && w.x != none:
		w.frame = append(w.frame, csi...)
		if n := x - w.x; n > 1 {
			w.frame = strconv.AppendInt(w.frame, int64(n), 10)
		}
		w.frame = append(w.frame, 'C')
	default:
		w.frame = append(w.frame, csi...)
		w.frame = strconv.AppendInt(w.frame, int64(y)+1, 10)
		if x > 0 {
			w.frame = append(w.frame, ';')
			w.frame = strconv.AppendInt(w.frame, int64(x)+1, 10)
		}
		w.frame = append(w.frame, 'H')
		w.exact = true
	}
	w.x, w.y = x, y
}

// setAttr brings a in force. What is to go out again needs everything off first.
func (w *wire) setAttr(a attr) {
	old := w.attr
	if w.styled && a == old {
		return
	}
	w.frame = append(w.frame, csi...)
	if !w.styled || old.bold && !a.bold || old.reverse && !a.reverse {
		old = plain
		if a != plain {
			w.frame = append(w.frame, '0', ';')
		}
	}
	w.attr, w.styled = a, true
	if a.bold && !old.bold {
		w.frame = append(w.frame, '1', ';')
	}
	if a.reverse && !old.reverse {
		w.frame = append(w.frame, '7', ';')
	}
	if a.fg != old.fg {
		w.colour(30, a.fg)
	}
	if a.bg != old.bg {
		w.colour(40, a.bg)
	}
	if last := len(w.frame) - 1; w.frame[last] == ';' {
		w.frame = w.frame[:last]
	}
	w.frame = append(w.frame, 'm')
}

// colour adds the parameter for colour c to an SGR sequence: base is 30 for the text's, 40 for the ground's. Bright grounds
// are asked for dark: a console draws them so.
func (w *wire) colour(base int, c colour) {
	n := base + 9
	switch {
	case c >= brightBlack && base == 30:
		n = 90 + int(c-brightBlack)
	case c != own:
		n = base + int(c&7)
	}
	w.frame = strconv.AppendInt(w.frame, int64(n), 10)
	w.frame = append(w.frame, ';')
}

// shiftTo puts the line drawing set in use, or ASCII.
func (w *wire) shiftTo(lines bool) {
	switch {
	case lines && !w.shift:
		w.frame = append(w.frame, shiftOut)
	case !lines && w.shift:
		w.frame = append(w.frame, shiftIn)
	}
	w.shift = lines
}

// rune draws r at the cursor. A terminal without UTF-8 gets a line of its own set, or what is nearest in ASCII.
func (w *wire) rune(r rune) {
	width := max(clean.Width(r), 1)
	switch c, line := w.lines[r]; {
	case r < 0x80:
		w.shiftTo(false)
		w.frame = append(w.frame, byte(r))
	case !w.unicode && line:
		w.shiftTo(true)
		w.frame = append(w.frame, c)
	case !w.unicode:
		w.shiftTo(false)
		w.frame = append(w.frame, byte(fallback(r)))
		if width == 2 {
			w.frame = append(w.frame, ' ')
		}
	case width == 2:
		if w.x+width < w.width {
			w.frame = append(w.frame, "  \b\b"...) // some terminals leave what was in the right half
		}
		w.frame = utf8.AppendRune(w.frame, r)
		w.x = none
		return
	default:
		w.frame = utf8.AppendRune(w.frame, r)
		w.exact = false
	}
	w.advance(width)
}
