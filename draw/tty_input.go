package draw

import (
	"strings"
	"time"
	"unicode/utf8"

	"hypervisor-tui/draw/clean"
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
	state  keyState
	length int       // of the sequence so far
	bad    bool      // the sequence cannot be a key's
	last   time.Time // when bytes came last
	held   [utf8.UTFMax]byte
	holds  int // bytes of an unfinished rune

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

// keyRoom is by how many bytes the output of pass may exceed its input: what was held, and a CAN.
const keyRoom = utf8.UTFMax

// pass appends to dst what is left of src, which has just been read.
func (k *keyFilter) pass(dst, src []byte, now time.Time) []byte {
	if len(src) == 0 {
		return dst
	}
	pause := now.Sub(k.last)
	k.last = now
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
	case k.state == keyString || k.state == keyStringEscape:
		k.inString(c)
		return dst
	case c >= utf8.RuneSelf:
		return k.inRune(dst, c)
	}
	k.holds = 0
	switch k.state {
	case keyEscape:
		return append(dst, k.afterEscape(c))
	case keyCSI:
		return k.inCSI(dst, c)
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
		k.state = keySS3
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
		k.state = keySS3
	default:
		k.state = keyGround
		if c == 'R' && !k.bad && k.second { // also what an xterm sends for F3 with Shift: no key of ours
			k.report = k.numbers
		}
		if k.bad || strings.IndexByte(keyFinals, c) < 0 {
			c = can
		}
	}
	return append(dst, c)
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

// takeReport returns the newest cursor report, once, as columns and rows; zeros when there is none.
func (k *keyFilter) takeReport() (w, h int) {
	w, h = k.report[1], k.report[0]
	k.report = [2]int{}
	return w, h
}
