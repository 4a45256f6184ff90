package journal

import "bytes"

const stars = "***"

// span is a secret within a text: [start, end). A start beyond the text means there is none.
type span struct{ start, end int }

// secrets walks over the secrets in a text that name themselves: the value after token=, password= or passwd= (also
// as the end of a longer key, access_token=), the string or number after the quoted keys "token":, "password": and
// "passwd":, and what follows Bearer. Quotes may be escaped, as in JSON within msg="...". It is linear in the text.
type secrets struct {
	text  []byte
	from  int
	found [3]span // the next one of each kind, not before from
}

func secretsIn(text []byte) secrets {
	w := secrets{text: text}
	for kind := range w.found {
		w.found[kind] = w.find(kind)
	}
	return w
}

// next returns the first secret that is left, false when there is none.
func (w *secrets) next() (span, bool) {
	best := w.found[0]
	for _, f := range w.found[1:] {
		if f.start < best.start {
			best = f
		}
	}
	if best.start >= len(w.text) {
		return span{}, false
	}
	w.from = best.end
	for kind := range w.found {
		if w.found[kind].start < w.from {
			w.found[kind] = w.find(kind)
		}
	}
	return best, true
}

func (w *secrets) find(kind int) span {
	switch kind {
	case 0:
		return findAfter(w.text, w.from, '=', assigned)
	case 1:
		return findAfter(w.text, w.from, ':', member)
	}
	return findBearer(w.text, w.from)
}

// any says whether there is a secret at all.
func (w *secrets) any() bool {
	return min(w.found[0].start, w.found[1].start, w.found[2].start) < len(w.text)
}

// appendMasked appends the text to dst with three stars in place of each secret that is left.
func (w *secrets) appendMasked(dst []byte) []byte {
	done := w.from
	for s, ok := w.next(); ok; s, ok = w.next() {
		dst = append(dst, w.text[done:s.start]...)
		dst = append(dst, stars...)
		done = s.end
	}
	return append(dst, w.text[done:]...)
}

// findAfter looks for the first secret at or after from that separator introduces.
func findAfter(text []byte, from int, separator byte, value func(text []byte, at int) (span, bool)) span {
	for i := from; i < len(text); i++ {
		j := bytes.IndexByte(text[i:], separator)
		if j < 0 {
			break
		}
		i += j
		if s, ok := value(text, i); ok {
			return s
		}
	}
	return span{len(text), len(text)}
}

// assigned returns the value of key=value, with the = at text[at].
func assigned(text []byte, at int) (span, bool) {
	if !secretKey(text[:at]) {
		return span{}, false
	}
	start := at + 1
	if n := quote(text[start:]); n > 0 {
		return quoted(text, start, n)
	}
	end := start
	for end < len(text) && text[end] > ' ' && text[end] != '&' && text[end] != '"' && text[end] != '\'' {
		if text[end] == '\\' && quote(text[end:]) > 0 {
			break
		}
		end++
	}
	return span{start, end}, end > start
}

// member returns the value of "key": "value" or "key": 123, with the : at text[at].
func member(text []byte, at int) (span, bool) {
	key := bytes.TrimRight(text[:at], " ")
	last := len(key) - 1
	if last < 0 || key[last] != '"' && key[last] != '\'' || !secretKey(bytes.TrimSuffix(key[:last], []byte{'\\'})) {
		return span{}, false
	}
	start := at + 1
	for start < len(text) && text[start] == ' ' {
		start++
	}
	if n := quote(text[start:]); n > 0 {
		return quoted(text, start, n)
	}
	end := start
	for end < len(text) && digit(text[end]) {
		end++
	}
	return span{start, end}, end > start
}

// findBearer looks for the credentials of RFC 6750 after the word Bearer. Prose is left alone: "invalid bearer token"
// has a word in small letters after a word in small letters.
func findBearer(text []byte, from int) span {
	const word = "bearer "
	best := span{len(text), len(text)}
	for _, first := range [...]byte{'B', 'b'} { // and not an e, of which a line has many
		for i := from; i+len(word) < best.start; i++ {
			j := bytes.IndexByte(text[i:best.start], first)
			if j < 0 || i+j+len(word) >= best.start {
				break
			}
			i += j
			start := i + len(word)
			if !foldEqual(text[i:start], word) {
				continue
			}
			end := start
			for end < len(text) && text[end] > ' ' && text[end] != '"' && text[end] != '\'' && text[end] != ',' {
				end++
			}
			if value := text[start:end]; len(value) > 0 && !foldEqual(value, word[:6]) && !(first == 'b' && prose(value)) {
				best = span{start, end}
			}
		}
	}
	return best
}

// prose says whether b is a word in small letters with no more than a mark after it.
func prose(b []byte) bool {
	b = bytes.TrimRight(b, ".:;)]")
	for _, c := range b {
		if c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

// secretKey says whether b ends in the name of a secret.
func secretKey(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	switch lower(b[len(b)-1]) {
	case 'n':
		return foldSuffix(b, "token")
	case 'd':
		return foldSuffix(b, "password") || foldSuffix(b, "passwd")
	}
	return false
}

func foldSuffix(b []byte, word string) bool {
	n := len(b) - len(word)
	return n >= 0 && foldEqual(b[n:], word)
}

// quote returns the length of the quote that b starts with, an escaped one has 2 bytes; 0 when there is none.
func quote(b []byte) int {
	switch {
	case len(b) > 0 && (b[0] == '"' || b[0] == '\''):
		return 1
	case len(b) > 1 && b[0] == '\\' && (b[1] == '"' || b[1] == '\''):
		return 2
	}
	return 0
}

// quoted returns what stands between the quote of n bytes at text[at] and its like; a string that does not end is
// secret to the text's end.
func quoted(text []byte, at, n int) (span, bool) {
	start := at + n
	end := start + stringEnd(text[start:], text[start-1], n == 2)
	return span{start, end}, end > start
}

// stringEnd returns where the string that b starts with ends: at the next quote that is not escaped, or, for one that
// began with an escaped quote, at the next escaped quote. len(b) when there is none.
func stringEnd(b []byte, mark byte, escaped bool) int {
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == mark:
			return i // also ends an escaped string: the text around it ends here
		case b[i] == '\\' && escaped && i+1 < len(b) && b[i+1] == mark:
			return i
		case b[i] == '\\':
			i++
			if escaped && i+2 < len(b) && b[i+1] == '\\' && b[i+2] == mark {
				i += 2 // \\\" is a quote within the string, escaped twice
			}
		}
	}
	return len(b)
}
