package clean

import "unicode/utf8"

// class is what happens to a rune beyond ASCII.
type class uint8

const (
	narrow  class = iota // drawn in one cell
	wide                 // drawn in two cells
	drop                 // invisible, or attaches to the rune before it
	replace              // becomes U+FFFD
)

// span is a range of runes, both ends included, that are not narrow.
type span struct {
	lo, hi rune
	class  class
}

// lookup returns the class of r, which lies beyond ASCII.
//
// The table replaces a call to go-runewidth, which at the first rune beyond U+02FF fills 2 MB of memory; the tests
// hold the two equal.
func lookup(r rune) class {
	if r >= 0xae && r < 0x300 || r >= 0x2500 && r < 0x25fd || r == utf8.RuneError { // Latin, lines and blocks
		return narrow
	}
	lo, hi := 0, len(spans)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if spans[mid].hi < r {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(spans) && spans[lo].lo <= r {
		return spans[lo].class
	}
	return narrow
}
