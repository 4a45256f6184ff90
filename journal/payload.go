package journal

import (
	"bytes"
	"encoding/hex"
	"unicode/utf16"
	"unicode/utf8"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/order"
)

// AppendPayload appends to dst what a reader wants to see of a message, which is clean text: without the time, level
// and process id that its own prefix repeats, the message first. What is in none of these layouts is appended as it is:
//
//	klog     E1122 20:00:00.000000  1204 file.go:12] "text" key="value"   file.go:12] text key="value"
//	logfmt   time="..." level=info msg="text" key=value                   text key=value
//	JSON     {"level":"info","msg":"text","pos":"a.go:1","err":"gone"}    text err=gone pos=a.go:1
//	prefix   <3>text                                                      text
//	kmsg     3,1234,5678,-;text                                           text
//	CRI      2026-11-22T20:00:00.000000000Z stderr F payload              the payload by the rules above
//
// Keys keep their order, but err, error and reason follow the message. Lists and objects stay JSON. A line that was cut
// is shown as far as it goes. At most len(text) bytes are appended, clean text again; nothing is allocated when dst has
// the room. text is only read.
func AppendPayload(dst, text []byte) []byte {
	text = criPayload(text)
	if _, rest, ok := klogHead(text); ok {
		return appendKlog(dst, rest)
	}
	if out, ok := appendFields(dst, text); ok {
		return out
	}
	if _, rest, ok := prefixHead(text); ok {
		return append(dst, rest...)
	}
	return append(dst, text...)
}

// appendKlog appends what follows klog's columns. Of a structured line the quotes round its message go.
func appendKlog(dst, text []byte) []byte {
	head := bytes.Index(text, []byte("] "))
	if head < 0 || head+2 == len(text) || text[head+2] != '"' {
		return append(dst, text...)
	}
	message, rest := cutString(text[head+2:])
	if len(rest) > 0 && rest[0] != ' ' {
		return append(dst, text...)
	}
	dst = append(dst, text[:head+2]...)
	return append(appendUnquoted(dst, message), rest...)
}

// appendFields appends a line of logfmt or JSON. It is false for a text that is neither, or that has no message.
func appendFields(dst, text []byte) ([]byte, bool) {
	message, failed, ok := findMessage(text)
	if !ok {
		return dst, false
	}
	out := message.appendText(dst)
	for _, failures := range [...]bool{true, false} {
		if failures && !failed {
			continue
		}
		f := fieldsOf(text)
		for f.next() {
			role := f.role()
			repeated := role == levelField || role == timeField || len(f.rest) == len(message.rest)
			if !repeated && failures == (role == failureField) {
				if len(out) > len(dst) {
					out = append(out, ' ')
				}
				out = f.appendPair(out)
			}
		}
		if failures {
			continue
		}
		tail, _ := f.end()
		out = append(out, tail...)
	}
	return out, true
}

// findMessage returns the walk over text at its message, ok is false when text is no structured line with one. logfmt must
// have a level or a time as well: prose may hold an equals sign. failed reports whether it says why it failed.
func findMessage(text []byte) (message fields, failed, ok bool) {
	found, isLog := false, false
	f := fieldsOf(text)
	for f.next() {
		role := f.role()
		if role == messageField && !found {
			message, found = f, true
		}
		failed = failed || role == failureField
		isLog = isLog || f.json || role == levelField || role == timeField
	}
	_, whole := f.end()
	return message, failed, found && isLog && whole
}

// appendText appends the value as text to read.
func (f *fields) appendText(dst []byte) []byte {
	if f.quoted {
		return appendUnquoted(dst, f.value)
	}
	return f.appendValue(dst)
}

// appendPair appends key=value, the value in quotes where it would not end otherwise.
func (f *fields) appendPair(dst []byte) []byte {
	dst = append(dst, f.key...)
	return f.appendValue(append(dst, '='))
}

func (f *fields) appendValue(dst []byte) []byte {
	switch {
	case f.quoted && !bare(f.value):
		dst = append(dst, '"')
		dst = append(dst, f.value...)
		return append(dst, '"')
	case f.quoted || !f.json:
		return append(dst, f.value...)
	}
	return appendCompact(dst, f.value)
}

// bare reports whether a string can stand without quotes.
func bare(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c == '"' || c == '\\' || c == '=' {
			return false
		}
	}
	return len(b) > 0
}

// appendCompact appends JSON without the blanks between its parts.
func appendCompact(dst, b []byte) []byte {
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case ' ', '\n':
		case '"':
			end := min(i+2+stringEnd(b[i+1:]), len(b))
			dst = append(dst, b[i:end]...)
			i = end - 1
		default:
			dst = append(dst, b[i])
		}
	}
	return dst
}

// appendUnquoted appends what stood between quotes with the escapes of JSON and Go undone, as far as the result is
// clean text; others stay as they are. Blanks and line ends at the end go.
func appendUnquoted(dst, b []byte) []byte {
	first := len(dst)
	for i := 0; i < len(b); {
		plain := bytes.IndexByte(b[i:], '\\')
		if plain < 0 {
			dst = append(dst, b[i:]...)
			break
		}
		dst = append(dst, b[i:i+plain]...)
		var n int
		dst, n = appendEscape(dst, b[i+plain:])
		i += plain + n
	}
	return dst[:first+len(bytes.TrimRight(dst[first:], " \n"))]
}

// appendEscape appends what the escape that b starts with means and returns the escape's length.
func appendEscape(dst, b []byte) ([]byte, int) {
	if len(b) < 2 {
		return append(dst, b...), len(b)
	}
	switch b[1] {
	case '"', '\\', '/':
		return append(dst, b[1]), 2
	case 'n':
		return append(dst, '\n'), 2
	case 'r':
		return dst, 2
	case 't':
		return append(dst, "  "...), 2
	case 'u':
		r, n := escapedRune(b)
		if clean.Width(r) > 0 {
			return utf8.AppendRune(dst, r), n
		}
	}
	return append(dst, b[0]), 1
}

// escapedRune reads \u1234, or two of them that are a surrogate pair; -1 when b does not start with one.
func escapedRune(b []byte) (r rune, n int) {
	r = codeUnit(b)
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if len(b) < 12 {
		return -1, 0
	}
	if r = utf16.DecodeRune(r, codeUnit(b[6:])); r == utf8.RuneError {
		return -1, 0
	}
	return r, 12
}

// codeUnit reads \u1234, -1 when b does not start with it.
func codeUnit(b []byte) rune {
	var unit [2]byte
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	if _, err := hex.Decode(unit[:], b[2:6]); err != nil {
		return -1
	}
	return rune(unit[0])<<8 | rune(unit[1])
}

// Unpack takes a message, which is clean text, apart by the layouts of AppendPayload: what it says, and its own fields in
// their order, but err, error and reason first. The file and line of klog are the field source. A message in no such
// layout says all of itself and has no fields.
func Unpack(text []byte) (says []byte, own []WholeField) {
	text = criPayload(text)
	if _, rest, ok := klogHead(text); ok {
		return unpackKlog(rest)
	}
	if message, _, ok := findMessage(text); ok {
		f := fieldsOf(text)
		for f.next() {
			if len(f.rest) != len(message.rest) {
				own = append(own, f.whole())
			}
		}
		tail, _ := f.end()
		return append(message.appendText(nil), tail...), failuresFirst(own)
	}
	if _, rest, ok := prefixHead(text); ok {
		return rest, nil
	}
	return text, nil
}

// unpackKlog takes apart what follows klog's columns.
func unpackKlog(text []byte) (says []byte, own []WholeField) {
	place, says, ok := bytes.Cut(text, []byte("] "))
	if !ok {
		return text, nil
	}
	if len(says) > 0 && says[0] == '"' {
		if message, rest := cutString(says); len(rest) == 0 || rest[0] == ' ' {
			f := fields{rest: rest, first: true}
			for f.next() {
				own = append(own, f.whole())
			}
			says = append(appendUnquoted(nil, message), f.rest...)
		}
	}
	return says, append(failuresFirst(own), WholeField{Name: "source", Text: place, Full: len(place)})
}

// whole returns the pair as a field of an entry.
func (f *fields) whole() WholeField {
	text := f.appendText(nil)
	return WholeField{Name: string(f.key), Text: text, Full: len(text)}
}

// failuresFirst sorts what says why it failed to the front.
func failuresFirst(own []WholeField) []WholeField {
	order.By(own, func(a, b *WholeField) int { return failureRank(a.Name) - failureRank(b.Name) })
	return own
}

func failureRank(name string) int {
	if f := (fields{key: []byte(name)}); f.role() == failureField {
		return 0
	}
	return 1
}
