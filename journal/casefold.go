package journal

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// needle is a text to find. With smart case it is found in any case unless it has an upper-case letter. Folding is
// Unicode's simple one, but between ASCII letters and others nothing folds (k is not the Kelvin sign).
type needle struct {
	text  []byte
	fold  bool
	ascii bool
	rare  int    // position in text of its rarest byte, where an ASCII search looks first
	runes []rune // canonical, for a search that is not ASCII
}

func newNeedle(text string) needle {
	n := needle{text: []byte(text), fold: true, ascii: true}
	for _, r := range text {
		n.fold = n.fold && !unicode.IsUpper(r)
		n.ascii = n.ascii && r < utf8.RuneSelf
	}
	if n.fold && !n.ascii {
		for _, r := range text {
			n.runes = append(n.runes, canonical(r))
		}
	}
	for i := range n.text {
		if rarity(n.text[i]) > rarity(n.text[n.rare]) {
			n.rare = i
		}
	}
	return n
}

// rarity ranks bytes by how seldom they stand in log lines, roughly; a wrong guess costs time only.
func rarity(c byte) int {
	const common = " etaoinsr0123456789dlcupmh:.-/=\"gfbvwy_"
	if i := bytes.IndexByte([]byte(common), c); i >= 0 {
		return i
	}
	return len(common)
}

// find returns where n stands first in b, as [start, end); start is -1 when it does not. It does not allocate.
func (n *needle) find(b []byte) (start, end int) {
	switch {
	case !n.fold:
		start = bytes.Index(b, n.text)
	case n.ascii:
		start = n.findASCII(b)
	default:
		return n.findRunes(b)
	}
	return start, start + len(n.text)
}

// findASCII looks for the rarest byte in both cases, and compares only there.
func (n *needle) findASCII(b []byte) int {
	if len(n.text) == 0 {
		return 0
	}
	small := n.text[n.rare]
	large := small
	if small >= 'a' && small <= 'z' {
		large -= 'a' - 'A'
	}
	last := len(b) - len(n.text) // the last place to start at
	nextSmall, nextLarge := -1, -1
	if large == small {
		nextLarge = len(b)
	}
	for at := 0; at <= last; at++ {
		nextSmall = nextByte(b, small, at+n.rare, nextSmall)
		nextLarge = nextByte(b, large, at+n.rare, nextLarge)
		at = min(nextSmall, nextLarge) - n.rare
		if at <= last && foldEqualBytes(b[at:at+len(n.text)], n.text) {
			return at
		}
	}
	return -1
}

// nextByte returns where c stands at or after from, len(b) when it does not; known is its last answer.
func nextByte(b []byte, c byte, from, known int) int {
	if known >= from {
		return known
	}
	if i := bytes.IndexByte(b[from:], c); i >= 0 {
		return from + i
	}
	return len(b)
}

// foldEqualBytes reports whether b is small, which is in lower case and as long, in any case of its ASCII letters.
func foldEqualBytes(b, small []byte) bool {
	for i, c := range small {
		if lower(b[i]) != c {
			return false
		}
	}
	return true
}

func (n *needle) findRunes(b []byte) (start, end int) {
	for start < len(b) {
		if end, ok := n.matchRunes(b, start); ok {
			return start, end
		}
		_, size := utf8.DecodeRune(b[start:])
		start += size
	}
	return -1, -1
}

func (n *needle) matchRunes(b []byte, at int) (end int, ok bool) {
	for _, want := range n.runes {
		r, size := utf8.DecodeRune(b[at:])
		if size == 0 || canonical(r) != want {
			return at, false
		}
		at += size
	}
	return at, true
}

// canonical returns one and the same rune for all runes that fold into each other.
func canonical(r rune) rune {
	if r < utf8.RuneSelf {
		return rune(lower(byte(r)))
	}
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		if f >= utf8.RuneSelf {
			least = min(least, f)
		}
	}
	return least
}
