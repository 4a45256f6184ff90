package journal

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// matcher is a Filter made ready for a table of units.
type matcher struct {
	filter  Filter
	units   *unitSet // nil: all
	text    needle
	re      *regexp.Regexp
	nothing bool // the filter cannot be used: nothing passes
	unpacks bool // a message is looked through as it is shown, too
	shown   []byte
}

// newMatcher compiles f; err says in one line why it cannot be used, then nothing passes.
func newMatcher(f Filter, u *units) (m matcher, err string) {
	m.filter = f
	switch {
	case f.Tab < 0 || f.Tab > 0 && f.Tab >= len(u.sets):
		m.nothing = true
		return m, "there is no such tab"
	case f.Tab > 0:
		m.units = &u.sets[f.Tab]
	}
	if f.Text == "" {
		return m, ""
	}
	m.unpacks = !f.Raw && (f.Regexp || strings.ContainsFunc(f.Text, unpacked))
	if !f.Regexp {
		m.text = newNeedle(f.Text)
		return m, ""
	}
	re, e := regexp.Compile(f.Text)
	if e != nil {
		m.nothing = true
		return m, e.Error()
	}
	m.re = re
	return m, ""
}

// unpacked reports whether a rune that is shown may stand for others in a message: what is neither quoted nor escaped
// there, and joins no pair, is the same in both.
func unpacked(r rune) bool {
	return r >= utf8.RuneSelf || !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:", r)
}

// match reports whether an entry passes; unit is its number in the table the matcher was made for. Text is looked for in
// the message as it was written and, unless the filter is Raw, as AppendPayload shows it. It allocates nothing when its
// buffer has grown.
func (m *matcher) match(severity Severity, unit uint16, message []byte) bool {
	if m.nothing || severity > m.filter.Least || m.units != nil && !m.units.has(unit) {
		return false
	}
	if m.filter.Text == "" {
		return true
	}
	found := m.in(message)
	if !found && m.unpacks {
		m.shown = AppendPayload(m.shown[:0], message)
		found = len(m.shown) < len(message) && m.in(m.shown)
	}
	return found != m.filter.Exclude
}

// in reports whether the filter's text is in another.
func (m *matcher) in(text []byte) bool {
	if m.re != nil {
		return m.re.Match(text)
	}
	start, _ := m.text.find(text)
	return start >= 0
}

// highlight returns the first match within the text that is shown of an entry; equal when there is nothing to show. With
// a regular expression it allocates.
func (m *matcher) highlight(message []byte) (start, end int) {
	if m.filter.Text == "" || m.filter.Exclude || m.nothing {
		return 0, 0
	}
	if m.re != nil {
		if at := m.re.FindIndex(message); at != nil {
			return at[0], at[1]
		}
		return 0, 0
	}
	if start, end = m.text.find(message); start >= 0 {
		return start, end
	}
	return 0, 0
}

// cost is about how many nanoseconds match takes for an entry. It cuts the scan into slices whose length does not
// depend on a clock.
func (m *matcher) cost(s *slot) (cost int) {
	switch {
	case m.re != nil:
		cost = 200 + 20*int(s.size)
	case m.text.runes != nil:
		cost = 50 + 20*int(s.size)
	case m.filter.Text != "":
		cost = 40 + int(s.size)/4
	default:
		return 10
	}
	if m.unpacks {
		cost += cost + 10*int(s.size)
	}
	return cost
}

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
	first := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		if f >= utf8.RuneSelf {
			first = min(first, f)
		}
	}
	return first
}
