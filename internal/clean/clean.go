// Package clean is the one way in for text from outside: it turns bytes of any origin into text that is safe to draw,
// one rune a cell, and says how many cells a rune takes. It depends on nothing but the standard library.
//
// Clean text is valid UTF-8 in which every rune is drawn in one or two cells (Width) and stands alone: no rune joins,
// reorders, hides or moves another. It holds no control character; only AppendLines leaves LF in.
package clean

import (
	"encoding/binary"
	"unicode/utf8"
)

// tab is what a TAB becomes. It is short, since columns are scarce and a log line uses tabs as mere separators.
const tab = "  "

// Append appends one clean line made of src, a name or an error, to dst and returns the extended slice. Nothing is left
// out unseen, so that two names look alike only when they are. A control character is in caret notation (LF is ^J).
// U+FFFD stands for each terminal control sequence (CSI, OSC, DCS, SOS, PM, APC in their 7- and 8-bit forms;
// of one that does not end, the introducer only), for each rune that is invisible, attaches to its neighbour or is a space
// other than ASCII's, for bad UTF-8, and for what terminals disagree about.
//
// It is idempotent, writes at most 3 bytes for one of src, and does not allocate when dst has the room. dst and src
// must not overlap.
func Append(dst, src []byte) []byte { return appendClean(dst, src, false) }

// AppendLines is Append for what a program prints, a text of several lines that is read and tells nothing apart: LF stays,
// a TAB becomes two spaces, other spaces stay, and CR, control sequences and runes that are invisible or attach to their
// neighbour are left out.
func AppendLines(dst, src []byte) []byte { return appendClean(dst, src, true) }

// String is Append for a string. It returns s itself, without allocating, when s is clean already.
func String(s string) string {
	for i, r := range s {
		if r == utf8.RuneError {
			// Ambiguous in a range over a string: a real U+FFFD, which is clean, or a bad byte.
			if _, size := utf8.DecodeRuneInString(s[i:]); size > 1 {
				continue
			}
		} else if r >= 0x20 && r < 0x7f || Width(r) > 0 && !space(r) {
			continue
		}
		return string(Append(make([]byte, 0, len(s)+utf8.UTFMax), []byte(s)))
	}
	return s
}

// Width returns the cells that r takes when drawn, 1 or 2, and 0 for a rune that is never drawn because Append drops
// or replaces it. It does not depend on the locale.
func Width(r rune) int {
	switch {
	case r < 0x7f:
		if r < 0x20 {
			return 0
		}
		return 1
	case r > utf8.MaxRune:
		return 0
	}
	switch lookup(r) {
	case narrow:
		return 1
	case wide:
		return 2
	}
	return 0
}

func appendClean(dst, src []byte, lines bool) []byte {
	for {
		n := plainRun(src)
		dst = append(dst, src[:n]...)
		src = src[n:]
		if len(src) == 0 {
			return dst
		}
		c := src[0]
		n = sequence(src)
		switch {
		case n > 0:
			if !lines {
				dst = utf8.AppendRune(dst, utf8.RuneError)
			}
		case c >= utf8.RuneSelf:
			dst, n = appendRune(dst, src, lines)
		default:
			n = 1
			switch {
			case c == '\n' && lines:
				dst = append(dst, c)
			case c == '\t' && lines:
				dst = append(dst, tab...)
			case c == '\r' && lines:
			default:
				dst = append(dst, '^', c^0x40)
			}
		}
		src = src[n:]
	}
}

// plainRun returns how many bytes at the start of src are printable ASCII.
func plainRun(src []byte) int {
	const each = 0x0101010101010101
	n := 0
	for ; len(src)-n >= 8; n += 8 {
		// A byte's top bit comes up in w when it is not ASCII, in w-0x20 when it is a control character and in w+1
		// when it is DEL. Borrow and carry can only come from a byte that has been found already.
		w := binary.LittleEndian.Uint64(src[n:])
		if (w|(w-each*0x20)|(w+each))&(each*0x80) != 0 {
			break
		}
	}
	for n < len(src) && src[n] >= 0x20 && src[n] < 0x7f {
		n++
	}
	return n
}

// appendRune appends what becomes of the non-ASCII rune or bad byte that starts src, and returns how many bytes of src
// that took.
func appendRune(dst, src []byte, lines bool) ([]byte, int) {
	r, n := utf8.DecodeRune(src)
	c := lookup(r)
	switch {
	case c == drop && lines:
		return dst, n
	case r == utf8.RuneError, c == drop, c == replace, space(r) && !lines:
		return utf8.AppendRune(dst, utf8.RuneError), n
	}
	return append(dst, src[:n]...), n
}

// space reports whether a rune beyond ASCII is drawn as nothing but room.
func space(r rune) bool {
	switch {
	case r < 0x1680:
		return r == 0xa0
	case r == 0x1680, r >= 0x2000 && r <= 0x200a, r == 0x202f, r == 0x205f, r == 0x2800, r == 0x3000:
		return true
	}
	return false
}
