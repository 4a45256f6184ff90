package tty

import (
	"strings"
	"time"
	"unicode/utf8"

	"hypervisor-tui/internal/clean"
)

// keyFilter lets keys through to tcell and keeps from it what no key sends: mouse, focus, paste of the clipboard,
// answers of the terminal, keyboard protocols that we never ask for. tcell would act on them: one Windows key record
// stands for as many key presses as its repeat count says, up to 2^31; and after half an OSC, which is what Alt-] or a
// disturbed line sends, it swallows every key until somebody happens to type Ctrl-G. Nor do bytes pass that are no
// UTF-8: at the first one tcell's input goroutine spins for ever and no key arrives any more.
//
// It follows the states of tcell's parser and holds nothing back but unfinished runes, since that parser times the Esc
// key. What turns out to be unwanted ends in CAN, at which tcell forgets the sequence.
type keyFilter struct {
	state   keyState
	console bool      // of keySS3: it began with `ESC [ [`
	length  int       // of the sequence so far
	bad     bool      // the sequence cannot be a key's
	last    time.Time // when bytes came last
	held    [utf8.UTFMax]byte
	holds   int // bytes of an unfinished rune

	mouse  int  // bytes of an old mouse report that are still to come
	cut    bool // the last of them began a rune
	accept bool // pasted text is for who types
	pasted bool // it has begun
	ending int  // bytes of its end that have come

	numbers [2]int // the parameters of the sequence so far, as a cursor report has them
	second  bool   // the second one has begun
	report  [2]int // row and column of the newest cursor report
}

type keyState uint8

const (
	keyGround keyState = iota
	keyEscape
	keyCSI
	keySS3    // the next byte belongs to the sequence, as after `ESC O` and after the console's `ESC [ [`
	keyString // OSC, DCS, SOS, PM, APC: nothing passes until it ends
	keyStringEscape
)

const (
	can = 0x18
	// escapeTime is when tcell takes an ESC for the Esc key.
	escapeTime = 60 * time.Millisecond
	// sequenceTime is when a sequence that does not go on is given up: its rest was lost.
	sequenceTime = 500 * time.Millisecond
	longestCSI   = 32
	longestOSC   = 4096
	// keyFinals end the CSI sequences that are keys.
	keyFinals = "ABCDEFHLPQSZabcdqz^@~"
)

// The output of pass is at most keyGrowth times its input, for keys that are sent as others, and keyRoom: what was held,
// and a CAN.
const (
	keyRoom   = utf8.UTFMax
	keyGrowth = 3
)

// pass appends to dst what is left of src, which has just been read.
func (k *keyFilter) pass(dst, src []byte, now time.Time) []byte {
	if len(src) == 0 {
		return dst
	}
	pause := now.Sub(k.last)
	k.last = now
	if pause > sequenceTime { // the rest was lost
		k.mouse, k.pasted = 0, false
	}
	switch {
	case k.state == keyEscape && pause > escapeTime:
		k.state = keyGround
	case k.state != keyGround && k.state != keyEscape && pause > sequenceTime:
		if k.state == keyCSI || k.state == keySS3 { // tcell does not know of the others
			dst = append(dst, can)
		}
		k.state = keyGround
	}
	for _, c := range src {
		dst = k.next(dst, c)
	}
	return dst
}

// next appends to dst what tcell gets for the byte c.
func (k *keyFilter) next(dst []byte, c byte) []byte {
	switch {
	case k.mouse > 0:
		k.inMouse(c)
		return dst
	case k.pasted:
		return k.inPaste(dst, c)
	case k.state == keyString || k.state == keyStringEscape:
		k.inString(c)
		return dst
	case c >= utf8.RuneSelf:
		return k.inRune(dst, c)
	}
	k.holds = 0
	switch k.state {
	case keyEscape:
		if key := functionKey(c); key != "" {
			k.state = keyGround
			return append(dst, key...)
		}
		return append(dst, k.afterEscape(c))
	case keyCSI:
		return k.inCSI(dst, c)
	case keySS3:
		if key := keypadKey(c); key != 0 && !k.console {
			k.state = keyGround
			return append(dst, can, key)
		}
	}
	k.state = keyGround
	if c == 0x1b {
		k.state = keyEscape
	}
	return append(dst, c)
}

// inRune holds the bytes of a rune until it is whole. What is no rune, or none that can be drawn, vanishes.
func (k *keyFilter) inRune(dst []byte, c byte) []byte {
	if utf8.RuneStart(c) {
		k.holds = 0
	}
	k.held[k.holds] = c
	k.holds++
	rune := k.held[:k.holds]
	if !utf8.FullRune(rune) {
		return dst
	}
	k.holds = 0
	if r, n := utf8.DecodeRune(rune); n > 1 && clean.Width(r) > 0 {
		k.state = keyGround // a rune ends any sequence for tcell
		return append(dst, rune...)
	}
	return dst
}

func (k *keyFilter) afterEscape(c byte) byte {
	k.length, k.bad = 0, false
	k.numbers, k.second = [2]int{}, false
	switch c {
	case '[':
		k.state = keyCSI
	case 'O', 'N':
		k.state, k.console = keySS3, false
	case ']', 'P', 'X', '^', '_':
		k.state = keyString
		return '\\' // `ESC \` is nothing to tcell
	case 0x1b:
	default:
		k.state = keyGround
	}
	return c
}

func (k *keyFilter) inCSI(dst []byte, c byte) []byte {
	switch {
	case c == 0x1b:
		k.state = keyEscape
	case c < 0x20: // ends the sequence for tcell too
		k.state = keyGround
	case c < 0x40:
		k.length++
		if c >= '<' && c <= '?' || k.length > longestCSI {
			k.bad = true
		}
		if k.bad {
			return dst
		}
		k.parameter(c)
	case c == '[' && k.length == 0:
		k.state, k.console = keySS3, true
	default:
		k.state = keyGround
		switch {
		case c == 'M' && k.length == 0:
			k.mouse, k.cut = 3, false
		case c == '~' && k.numbers[0] == pasteBegin && !k.second:
			k.pasted, k.ending = true, 0
			c = can
		}
		if c == 'R' && !k.bad && k.second { // also what an xterm sends for F3 with Shift: no key of ours
			k.report = k.numbers
		}
		if k.bad || strings.IndexByte(keyFinals, c) < 0 {
			c = can
		}
	}
	return append(dst, c)
}

// inMouse takes a byte of an X10 mouse report, `ESC [ M` and three: button, column and row, each of them a rune where the
// terminal was told so.
func (k *keyFilter) inMouse(c byte) {
	if k.cut && c >= 0x80 && c < 0xc0 {
		k.cut = false
		return
	}
	k.cut = c >= 0xc2
	k.mouse--
}

// Pasted text lies between these two.
const (
	pasteBegin = 200
	pasteEnd   = "\x1b[201~"
)

// inPaste takes a byte of pasted text, which is no keys: what can be drawn of it passes where somebody types a text.
func (k *keyFilter) inPaste(dst []byte, c byte) []byte {
	switch {
	case c == pasteEnd[k.ending]:
		if k.ending++; k.ending == len(pasteEnd) {
			k.pasted = false
		}
		return dst
	case c == pasteEnd[0]:
		k.ending = 1
		return dst
	}
	k.ending = 0
	switch {
	case !k.accept || c < ' ' || c == 0x7f:
		return dst
	case c >= utf8.RuneSelf:
		return k.inRune(dst, c)
	}
	k.holds = 0
	return append(dst, c)
}

// keypadKey is what is printed on the key of an application keypad that sends `ESC O` and c; 0 is none.
//
// DEC VT220 Programmer Reference, 3.2.3; xterm, ctlseqs, PC-Style Function Keys
func keypadKey(c byte) byte {
	switch {
	case c >= 'p' && c <= 'y':
		return '0' + c - 'p'
	case c >= 'j' && c <= 'o':
		return '*' + c - 'j'
	case c == 'M':
		return '\r'
	case c == 'X':
		return '='
	}
	return 0
}

// functionKey is the rest of the sequence for the function key that VT-UTF8, a BMC's console, sends as ESC and c.
func functionKey(c byte) string {
	switch c {
	case '1', '2', '3':
		return "O" + string('P'+rune(c-'1'))
	case '@':
		return "[24~"
	}
	return ""
}

func (k *keyFilter) inString(c byte) {
	k.length++
	switch {
	case k.state == keyStringEscape && c == '\\', c == 0x07, k.length > longestOSC:
		k.state = keyGround
	case c == 0x1b:
		k.state = keyStringEscape
	default:
		k.state = keyString
	}
}

// parameter takes in a byte of a sequence's parameters.
func (k *keyFilter) parameter(c byte) {
	switch {
	case c == ';' && !k.second:
		k.second = true
	case c >= '0' && c <= '9':
		i := 0
		if k.second {
			i = 1
		}
		k.numbers[i] = min(k.numbers[i]*10+int(c-'0'), 9999)
	}
}

// takeReport returns the newest cursor report, once, as columns and rows; zeros if none.
func (k *keyFilter) takeReport() (w, h int) {
	w, h = k.report[1], k.report[0]
	k.report = [2]int{}
	return w, h
}
