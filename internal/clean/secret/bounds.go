package secret

import "bytes"

// quoted returns what stands in the quotes that start at start. A quote may be escaped, any number of times, as in JSON
// within a string: it ends at the next one that is escaped as often, or less. A string that does not end is one to the
// text's end.
func quoted(text []byte, start int) (span, bool) {
	open := start
	for open < len(text) && text[open] == '\\' {
		open++
	}
	if open == len(text) || text[open] != '"' && text[open] != '\'' && text[open] != '`' {
		return span{}, false
	}
	level, mark := open-start, text[open]
	for i := open + 1; i < len(text); i++ {
		n := bytes.IndexByte(text[i:], mark)
		if n < 0 {
			break
		}
		i += n
		slashes := 0
		for text[i-1-slashes] == '\\' { // stops at the opening quote at the latest
			slashes++
		}
		if slashes < level {
			return span{open + 1, i - slashes}, true
		}
		if slashes%(2*(level+1)) == level {
			return span{open + 1, i - level}, true
		}
	}
	return span{open + 1, len(text)}, true
}

// balanced returns where the list or object that starts at start ends: the place of its last bracket, the text's end
// when it has none. Brackets in strings do not count.
func balanced(text []byte, start int) int {
	depth := 0
	for i := start; i < len(text); i++ {
		switch text[i] {
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth == 0 {
				return i
			}
		case '"', '\\':
			if inner, ok := quoted(text, i); ok {
				i = inner.end
				for i < len(text) && text[i] == '\\' {
					i++
				}
			}
		}
	}
	return len(text)
}

// bare returns where the word without quotes that starts at start ends. A quote within it is a part of it, unless it
// closes one that opened before the word.
func (w *walk) bare(start int) int {
	text, end := w.text, start
	for end < len(text) {
		switch c := text[end]; {
		case c == ' ' && end > start && text[end-1] == '\\': // the shell's escape
		case c <= ' ':
			return end
		case c == '\\' && end+1 < len(text) && (text[end+1] == '"' || text[end+1] == '\''):
			if !alnumAt(text, end+2) {
				return end
			}
			end++
		case c == '"' && w.inQuotes(start):
			if !alnumAt(text, end+1) {
				return end
			}
		case c == '"':
			if n := bytes.IndexAny(text[end+1:min(end+256, len(text))], "\"\n"); n >= 0 && text[end+1+n] == '"' {
				end += n + 1
			}
		case c == '\'' || c == '`':
			if !alnumAt(text, end+1) {
				return end
			}
		case c == '&' && pair(text[end+1:]), c == '<' && end+1 < len(text) && text[end+1] == '/':
			return end
		}
		end++
	}
	return min(end, len(text))
}

// inQuotes reports whether a double quote that opened on the same line is still open at i, which is not far from where
// the search is.
func (w *walk) inQuotes(i int) bool {
	base := min(w.at, i)
	w.inside = openAfter(w.text[min(w.quotes, base):base], w.inside)
	w.quotes = max(w.quotes, base)
	return openAfter(w.text[base:i], w.inside)
}

func openAfter(text []byte, open bool) bool {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			open = !open
		case '\n':
			open = false
		}
	}
	return open
}

// lineEnd returns where what stands at start ends: with its line, or at the quote that opened before it.
func (w *walk) lineEnd(start int) int {
	text, end := w.text, start
	for end < len(text) && text[end] != '\n' {
		switch text[end] {
		case '"':
			if w.inQuotes(start) {
				return end
			}
		case '\\':
			if next := text[min(end+1, len(text)-1)]; next == 'n' || next == 'r' || (next == '"' || next == '\'') && !w.inQuotes(start) {
				return end
			}
			end++
		case '\'':
			if end+1 == len(text) || text[end+1] == ' ' || text[end+1] == ']' || text[end+1] == ',' {
				return end
			}
		}
		end++
	}
	return min(end, len(text))
}

// trimmed returns s without the marks at its end that belong to the text around it.
func trimmed(text []byte, s span) span {
	end := s.end
	for end > s.start && bytes.IndexByte([]byte(",.;:)]}>"), text[end-1]) >= 0 {
		end--
	}
	if end == s.start {
		return s
	}
	return span{s.start, end}
}

// pair reports whether b starts with name=.
func pair(b []byte) bool {
	n := run(b[:min(len(b), 64)], 0, "_-.%")
	return n > 0 && n < len(b) && b[n] == '='
}

// skipBlank passes blanks, what clean leaves for a tab and for what cannot be seen, and escapes that mean such.
func skipBlank(text []byte, i int) int {
	for i < len(text) {
		switch c := text[i]; {
		case c == ' ':
			i++
		case c == 0xef && bytes.HasPrefix(text[i:], hidden):
			i += len(hidden)
		case c == '^' && bytes.HasPrefix(text[i:], []byte("^I")):
			i += 2
		case c == '\\' || c == '^' || c == '#':
			n := escapeAfter(text[i:])
			if n == 0 {
				return i
			}
			i += n
		default:
			return i
		}
	}
	return i
}

var hidden = []byte("\ufffd")

// escapeAfter returns the length of the escape at the start of b that means a tab or sets a colour, 0 if none.
func escapeAfter(b []byte) int {
	if bytes.HasPrefix(b, []byte(`\t`)) {
		return 2
	}
	for _, form := range escapeForms {
		if !bytes.HasPrefix(b, []byte(form)) || len(b) <= len(form) || b[len(form)] != '[' {
			continue
		}
		n := len(form) + 1
		for n < len(b) && (digit(b[n]) || b[n] == ';') {
			n++
		}
		if n < len(b) && b[n] == 'm' {
			return n + 1
		}
	}
	return 0
}

// wordEnd returns where the word that starts at i ends, at a blank.
func wordEnd(text []byte, i int) int {
	for i < len(text) && text[i] > ' ' {
		i++
	}
	return i
}

// word returns the string in quotes at start, or the word without them.
func (w *walk) word(start int) (s span, inQuotes bool) {
	if s, inQuotes = quoted(w.text, start); inQuotes {
		return s, true
	}
	return trimmed(w.text, span{start, w.bare(start)}), false
}
