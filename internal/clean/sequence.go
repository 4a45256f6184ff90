package clean

import "unicode/utf8"

// sequence returns the length of the control sequence that starts src, 0 if none does. Of one that is cut short or
// broken by another control character only the introducer counts: what follows is text.
//
// Standard: ECMA-48, 5.4 and 5.6.
func sequence(src []byte) int {
	kind, n := introducer(src)
	switch kind {
	case 0:
		return 0
	case '[':
		return n + csi(src[n:])
	}
	return n + controlString(src[n:], kind == ']')
}

// introducer returns the final byte of the 7-bit form of the introducer that starts src ('[' for CSI) and its length,
// 0 if src starts with none. An 8-bit form comes as U+0080-9F or as that bare byte, which is no UTF-8.
func introducer(src []byte) (kind byte, n int) {
	switch {
	case src[0] == 0x1b && len(src) > 1:
		kind, n = src[1], 2
	case src[0] == 0xc2 && len(src) > 1:
		kind, n = src[1]-0x40, 2
	case src[0]&0xe0 == 0x80:
		kind, n = src[0]-0x40, 1
	}
	switch kind {
	case '[', ']', 'P', 'X', '^', '_': // CSI, OSC, DCS, SOS, PM, APC
		return kind, n
	}
	return 0, 0
}

// csi returns the length of what follows a CSI: parameters, intermediates and the final byte; 0 if it is no such.
func csi(src []byte) int {
	i := 0
	for i < len(src) && src[i] >= 0x30 && src[i] <= 0x3f {
		i++
	}
	for i < len(src) && src[i] >= 0x20 && src[i] <= 0x2f {
		i++
	}
	if i < len(src) && src[i] >= 0x40 && src[i] <= 0x7e {
		return i + 1
	}
	return 0
}

// controlString returns the length of the text that follows an OSC, DCS, SOS, PM or APC with its terminator ST, or BEL
// where that counts; 0 if another control character comes first. That keeps the whole pass linear, since no byte is
// scanned for two introducers, and lets no unfinished title swallow the lines after it.
func controlString(src []byte, bell bool) int {
	for i := 0; i < len(src); {
		c := src[i]
		switch {
		case c == 0x1b && i+1 < len(src) && src[i+1] == '\\':
			return i + 2
		case c == 0x07 && bell, c == 0x9c:
			return i + 1
		case c < 0x20 || c == 0x7f:
			return 0
		case c < utf8.RuneSelf:
			i++
			continue
		}
		r, n := utf8.DecodeRune(src[i:])
		switch {
		case r == 0x9c:
			return i + n
		case r < 0xa0, n == 1 && c < 0xa0: // another C1, in either form
			return 0
		}
		i += n
	}
	return 0
}
