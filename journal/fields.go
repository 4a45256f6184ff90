package journal

import "bytes"

// fields walks over the pairs of a structured line, a JSON object or logfmt, in their order. It is lenient where a line
// was cut: what ends in the middle of a value has that value up to the end. It does not allocate.
type fields struct {
	rest  []byte // what follows the pair
	json  bool
	first bool // no pair was read yet

	key    []byte
	value  []byte // without its quotes, escapes as written
	quoted bool   // it was a string in quotes
}

// fieldRole is what a pair is in a log line.
type fieldRole uint8

const (
	plainField fieldRole = iota
	messageField
	failureField // why it failed
	levelField
	timeField
)

func fieldsOf(text []byte) fields {
	f := fields{rest: text, first: true}
	if len(text) > 0 && text[0] == '{' {
		f.rest, f.json = text[1:], true
	}
	return f
}

// next reads the next pair. It is false at the end of the pairs; rest is then what follows them.
func (f *fields) next() bool {
	if f.json {
		return f.member()
	}
	return f.pair()
}

// role says what the pair is. A level or a time that is none to us is a plain field: it must not get lost.
func (f *fields) role() fieldRole {
	switch string(f.key) {
	case "msg", "message", "@message":
		return messageField
	case "err", "error", "reason":
		return failureField
	case "t":
		if _, n := stamp(f.value); n > 0 && n == len(f.value) {
			return timeField
		}
		return plainField
	case "time", "ts", "timestamp", "@timestamp":
		if _, ok := fieldTime(f.value); ok {
			return timeField
		}
		return plainField
	}
	switch levelKey(f.key) {
	case levelName, syslogName:
		if _, ok := levelText(f.value); ok {
			return levelField
		}
		if n, ok := wholeNumber(f.value); ok && f.json && n >= 10 {
			if _, ok := numberSeverity(n, false); ok {
				return levelField
			}
		}
	}
	return plainField
}

// pair reads key=value or key="value" and the blanks before it.
func (f *fields) pair() bool {
	b := bytes.TrimLeft(f.rest, " ")
	end := 0
	for end < len(b) && keyByte(b[end]) {
		end++
	}
	if end == 0 || end == len(b) || b[end] != '=' {
		return false
	}
	f.key, b, f.first = b[:end], b[end+1:], false
	if f.quoted = len(b) > 0 && b[0] == '"'; f.quoted {
		f.value, f.rest = cutString(b)
		return true
	}
	end = 0
	for end < len(b) && b[end] != ' ' && b[end] != '\n' {
		end++
	}
	f.value, f.rest = b[:end], b[end:]
	return true
}

func keyByte(c byte) bool {
	return letter(c) || digit(c) || c == '_' || c == '-' || c == '.' || c == '/' || c == ':' || c == '@'
}

// member reads "key":value and the comma before it.
func (f *fields) member() bool {
	b := skipBlank(f.rest)
	if !f.first {
		if len(b) == 0 || b[0] != ',' {
			return false
		}
		b = skipBlank(b[1:])
	}
	if len(b) == 0 || b[0] != '"' {
		return false
	}
	key, b := cutString(b)
	if b = skipBlank(b); len(b) == 0 || b[0] != ':' {
		return false
	}
	b = skipBlank(b[1:])
	if f.quoted = len(b) > 0 && b[0] == '"'; f.quoted {
		f.value, b = cutString(b)
	} else {
		end := valueEnd(b)
		f.value, b = b[:end], b[end:]
		if end == 0 {
			return false
		}
	}
	f.key, f.rest, f.first = key, b, false
	return true
}

// end returns what follows the pairs when next is false; ok is false when that cannot follow them.
func (f *fields) end() (tail []byte, ok bool) {
	if !f.json {
		return f.rest, len(f.rest) == 0 || f.rest[0] == ' ' || f.rest[0] == '\n'
	}
	b := skipBlank(f.rest)
	switch {
	case len(b) == 0: // cut off after a value
		return nil, true
	case b[0] == ',':
		return nil, cutMember(skipBlank(b[1:]))
	case b[0] != '}':
		return nil, false
	}
	tail = bytes.TrimRight(bytes.TrimLeft(b[1:], " "), " \n")
	return tail, len(tail) == 0 || tail[0] == '\n'
}

// cutMember reports whether b can be the start of a member that was cut off before its value.
func cutMember(b []byte) bool {
	if len(b) == 0 || b[0] != '"' {
		return len(b) == 0
	}
	_, b = cutString(b)
	b = skipBlank(b)
	return len(b) == 0 || b[0] == ':' && len(skipBlank(b[1:])) == 0
}

// cutString cuts the string in quotes that b starts with off, without its quotes.
func cutString(b []byte) (inner, rest []byte) {
	end := 1 + stringEnd(b[1:])
	return b[1:end], b[min(end+1, len(b)):]
}

func skipBlank(b []byte) []byte {
	n := 0
	for n < len(b) && (b[n] == ' ' || b[n] == '\n') {
		n++
	}
	return b[n:]
}

// valueEnd returns where the JSON number, word, list or object that b starts with ends.
func valueEnd(b []byte) int {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			i += 1 + stringEnd(b[i+1:])
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth < 0 {
				return i
			}
			if depth == 0 {
				return i + 1
			}
		case depth == 0 && (c == ',' || c == ' ' || c == '\n'):
			return i
		}
	}
	return len(b)
}

// stringEnd returns where the string that b starts with ends: at the next quote that is not escaped; len(b) when there is
// none.
func stringEnd(b []byte) int {
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			return i
		case '\\':
			i++
		}
	}
	return len(b)
}
