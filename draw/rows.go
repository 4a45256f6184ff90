package draw

import (
	"slices"
	"strconv"
	"unicode/utf8"
)

// AppendRows appends the rows that differ from those of the last AppendRows to dst, for a display that is no terminal: it
// chooses the colours of the roles itself, and need not know how wide a character is. It appends nothing when no row
// differs, and does not allocate once dst is large enough. A canvas serves AppendRows or Flush, not both.
//
// First come width and height, then each row behind a tab: its number, its runs, and its text up to the last cell that
// shows anything, separated by blanks. A run is a letter for the role ('a' is Text, in the order of the roles; a capital is
// bold), a mark, and the number of its characters. Without a mark these are ASCII or box drawing, of one column each;
// after '-' they are others of one column each, after '=' of two.
//
//	80 24	0 a7B2 hello, ok	7 a5d=2 name 漢字	8
//
// The text has no control characters, so that all of it is one line.
func (c *Canvas) AppendRows(dst []byte) []byte {
	start := len(dst)
	for y := range c.h {
		row, old := c.cells[y*c.w:(y+1)*c.w], c.shown[y*c.w:(y+1)*c.w]
		if slices.Equal(row, old) {
			continue
		}
		copy(old, row)
		if len(dst) == start {
			dst = strconv.AppendInt(dst, int64(c.w), 10)
			dst = append(dst, ' ')
			dst = strconv.AppendInt(dst, int64(c.h), 10)
		}
		dst = append(dst, '\t')
		dst = strconv.AppendInt(dst, int64(y), 10)
		dst = append(dst, ' ')
		dst = appendRow(dst, row)
	}
	return dst
}

// appendRow appends runs and text of one row.
func appendRow(dst []byte, row []cell) []byte {
	end := len(row)
	for end > 0 && row[end-1] == blank {
		end--
	}
	row = row[:end]
	for x := 0; x < end; {
		style, mark := row[x].style, columnMark(row, x)
		n := 0
		for x < end && row[x].style == style && columnMark(row, x) == mark {
			n++
			x++
			if mark == '=' {
				x++
			}
		}
		letter := 'a' + byte(style.role())
		if style&Bold != 0 {
			letter -= 'a' - 'A'
		}
		dst = append(dst, letter)
		if mark != 0 {
			dst = append(dst, mark)
		}
		dst = strconv.AppendInt(dst, int64(n), 10)
	}
	dst = append(dst, ' ')
	for _, v := range row {
		if v.r != right {
			dst = utf8.AppendRune(dst, v.r)
		}
	}
	return dst
}

// columnMark is the mark of the run that the character at row[x] belongs to, 0 for none.
func columnMark(row []cell, x int) byte {
	switch r := row[x].r; {
	case r < utf8.RuneSelf, r >= '─' && r <= '▟':
		return 0
	case x+1 < len(row) && row[x+1].r == right:
		return '='
	}
	return '-'
}
