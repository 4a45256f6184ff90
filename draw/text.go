package draw

import (
	"unicode/utf8"

	"hypervisor-tui/draw/tty"
)

// AppendText appends the canvas as text to dst: one line a row, blanks at the end of a row left out.
func (c *Canvas) AppendText(dst []byte) []byte { return c.appendText(dst, nil) }

// AppendDrawn is AppendText with what the appearance's font lacks replaced, as a terminal shows it. It is what --once prints.
func (c *Canvas) AppendDrawn(dst []byte) []byte { return c.appendText(dst, c.appearance.Font) }

func (c *Canvas) appendText(dst []byte, font *tty.Font) []byte {
	for y := 0; y < c.h; y++ {
		end := len(dst)
		row := c.cells[y*c.w : (y+1)*c.w]
		for x, v := range row {
			r := v.r
			if r == right {
				if r = row[x-1].r; font.Has(r) {
					continue
				}
			}
			dst = utf8.AppendRune(dst, drawn(font, r))
			if v.r != ' ' {
				end = len(dst)
			}
		}
		dst = append(dst[:end], '\n')
	}
	return dst
}

// AppendRoles appends the roles of all cells to dst, one letter a cell and one line a row: the second half of a
// golden screen.
func (c *Canvas) AppendRoles(dst []byte) []byte {
	for y := 0; y < c.h; y++ {
		end := len(dst)
		for _, v := range c.cells[y*c.w : (y+1)*c.w] {
			dst = append(dst, v.style.letter())
			if v.style != Text {
				end = len(dst)
			}
		}
		dst = append(dst[:end], '\n')
	}
	return dst
}
