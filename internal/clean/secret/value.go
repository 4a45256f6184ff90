package secret

import "bytes"

// assigned returns the value of name=value, which starts at start, with the sign at text[at].
func (w *walk) assigned(at, start int) span {
	text := w.text
	if at > 0 && (text[at-1] == ':' || text[at-1] == '?') { // := ?=
		at--
	}
	kind := keyAt(text, at)
	if kind == plainKey {
		return span{}
	}
	for start < len(text) && (text[start] == '=' || text[start] == '>') { // == =>
		start++
	}
	if bytes.HasPrefix(text[start:], escapedClose) {
		start += len(escapedClose)
	}
	first := skipBlank(text, start)
	strict := bytes.IndexByte(text[start:first], ' ') < 0 || at > 0 && text[at-1] == ' '
	if !strict && bytes.IndexByte(text[first:wordEnd(text, first)], '=') >= 0 {
		return span{} // the value is empty, another pair follows
	}
	return w.value(kind, at, first, strict)
}

// member returns the value of name: value, which starts at start, with the colon at text[at].
func (w *walk) member(at, start int) span {
	text := w.text
	if start < len(text) && (text[start] == ':' || text[start] == '=' || text[start] == '/' && start+1 < len(text) && text[start+1] == '/') {
		return span{}
	}
	kind := keyAt(text, at)
	if kind == plainKey {
		return span{}
	}
	if s := w.block(kind, at, start); s.end > 0 {
		return s
	}
	name := at
	for name > 0 && text[name-1] == ' ' {
		name--
	}
	inQuotes := name > 0 && (text[name-1] == '"' || text[name-1] == '\'') && quotedName(text, name-1)
	first := skipBlank(text, start)
	if inQuotes {
		for first < len(text) && (text[first] == ' ' || text[first] == '\n') {
			first++
		}
	}
	if inQuotes && (alnumAt(text, first) || first < len(text) && text[first] == '-') {
		end := run(text, first, ".-+") // a number or a word of JSON
		if after := skipBlank(text, end); after == len(text) || bytes.IndexByte([]byte(",}]\n"), text[after]) >= 0 {
			return w.checked(kind, at, span{first, end}, true)
		}
	}
	if first < len(text) && bytes.IndexByte(text[start:first], '\n') >= 0 && bytes.IndexByte([]byte(`"'\[{`), text[first]) < 0 {
		return span{} // of JSON only a value goes on below
	}
	return w.value(kind, at, first, inQuotes || bytes.IndexByte(text[start:first], ' ') < 0)
}

// quotedName reports whether the quote at i closes a name, and not a sentence.
func quotedName(text []byte, i int) bool {
	for n := i - 1; n >= 0 && i-n < 128; n-- {
		switch text[n] {
		case '"', '\'':
			return true
		case ' ', ':', '\n':
			return false
		}
	}
	return false
}

// value returns the secret of a name of a kind, whose sign is at at and whose value starts at start. strict means that
// what stands there is a value for certain; else it may be prose.
func (w *walk) value(kind keyKind, at, start int, strict bool) span {
	text := w.text
	if start >= len(text) || text[start] == '\n' {
		return span{}
	}
	switch kind {
	case nameKey:
		w.name(start)
		return span{}
	case dataKey:
		return w.data(at, start)
	case headerKey:
		return w.header(start, strict)
	case cookieKey:
		return w.cookie(at, start)
	case valueKey:
		if w.named == 0 || at-w.named > 64 {
			return span{}
		}
		kind = strongKey
	}
	if next := start + 1; next < len(text) && (text[start] == 'b' || text[start] == 'u') && (text[next] == '\'' || text[next] == '"') {
		start = next // Python's b'' and u''
	}
	if inner, ok := quoted(text, start); ok {
		if text[start] == '"' && !alnumAt(text, start+1) && w.inQuotes(start) {
			return span{} // it closes what opened before
		}
		for { // the shell joins 'a'"b"
			next := inner.end
			for next < len(text) && text[next] == '\\' {
				next++
			}
			more, ok := quoted(text, min(next+1, len(text)))
			if !ok || !alnumAt(text, more.start) {
				break
			}
			inner.end = more.end
		}
		return w.checked(kind, at, inner, true)
	}
	if c := text[start]; c == '[' || c == '{' {
		end := balanced(text, start)
		body := span{start + 1, end}
		if c == '[' && kind != weakKey && !plainWord(text[start:min(end+1, len(text))]) ||
			c == '{' && kind == strongKey && (strict || bytes.IndexByte([]byte(`"\`), text[min(start+1, len(text)-1)]) >= 0) && !bytes.Contains(text[start:end], []byte("expirationSeconds")) {
			return w.checked(strongKey, at, body, true)
		}
		return span{}
	}
	if kind == listKey {
		return span{}
	}
	end := w.bare(start)
	if fold(text[start:end], "bearer", "basic") {
		if next := skipBlank(text, end); next < len(text) {
			end = w.bare(next)
		}
	}
	if at > 0 && end < len(text) && fields(text, at) { // Password=two words;Server=x
		if n := bytes.IndexAny(text[end:], ";\n"); n >= 0 && text[end+n] == ';' {
			end += n
		}
	}
	return w.checked(kind, at, trimmed(text, span{start, end}), strict)
}

// fields reports whether the name before at is one in a list that semicolons separate.
func fields(text []byte, at int) bool {
	at = runBefore(text, at, 0, isLetter, " _")
	return at > 0 && text[at-1] == ';'
}

// checked returns s when a name of the kind makes it a secret.
func (w *walk) checked(kind keyKind, at int, s span, strict bool) span {
	text := w.text
	v := text[s.start:max(s.end, s.start)]
	if len(v) == 0 || plainWord(v) || !strict && (!random(v) || bytes.Contains(v, []byte("://"))) {
		return span{}
	}
	switch kind {
	case strongKey:
		if bytes.HasPrefix(v, []byte("Test")) && bytes.HasSuffix(text[:at], []byte("PASS")) { // of go test
			return span{}
		}
	case pinKey:
		if !pin(v) {
			return span{}
		}
	case passKey:
		if v[0] == '/' || v[0] == '~' || v[0] == '$' {
			return span{}
		}
	case secretKey:
		if objectName(v) || v[0] == '&' || bytes.IndexByte(v, '{') > 0 {
			return span{}
		}
	case pathKey:
		if path(v) {
			return span{}
		}
	case weakKey:
		if v[0] == '/' || !(mixed(v) || len(v) >= 12) || bytes.HasPrefix(v, []byte("0x")) {
			return span{}
		}
	case wordKey:
		if Named(v) {
			w.named = s.end // {"key":"password","value":"..."}
		}
		if inQuery(text, at) && mixed(v) {
			return s
		}
		if len(v) < 40 || len(v) > 128 || v[len(v)-1] != '=' || !base64Text(v) {
			return span{}
		}
	case queryKey:
		if !inQuery(text, at) {
			return span{}
		}
	}
	return s
}

// inQuery reports whether the name before at is one of the query of a URL.
func inQuery(text []byte, at int) bool {
	at = runBefore(text, at, 0, isLetter, "-")
	return at > 0 && (text[at-1] == '?' || text[at-1] == '&' || bytes.HasSuffix(text[:at], []byte(`\u0026`)))
}

// name remembers that a pair "name: DB_PASSWORD" stands here.
func (w *walk) name(start int) {
	if inner, ok := quoted(w.text, start); ok {
		start = inner.start
	}
	if end := run(w.text[:min(len(w.text), start+256)], start, "_-."); Named(w.text[start:end]) {
		w.named = end
	}
}

// header returns the credentials of an Authorization header: what follows the scheme.
//
// RFC 9110, section 11.6.2
func (w *walk) header(start int, strict bool) span {
	text := w.text
	body := span{start, w.lineEnd(start)}
	inner, inQuotes := quoted(text, start)
	if inQuotes {
		body = inner
	} else if text[start] == '[' {
		body = span{start + 1, balanced(text, start)}
		if q, ok := quoted(text, body.start); ok {
			body = q
		}
		inQuotes = true
	}
	first := span{body.start, min(wordEnd(text, body.start), body.end)}
	next := skipBlank(text, first.end)
	single := false
	switch scheme := text[first.start:first.end]; {
	case next >= body.end:
	case fold(scheme, "bearer", "basic", "token", "negotiate", "ntlm", "apikey"):
		single = true
		fallthrough
	case fold(scheme, "digest", "hawk", "oauth"), bytes.HasPrefix(scheme, []byte("AWS4-")), bytes.HasPrefix(scheme, []byte("SCRAM-")):
		s := span{next, body.end}
		if single && !inQuotes {
			s.end = w.bare(next)
		}
		if string(text[s.start:min(s.start+6, s.end)]) == "Bearer" { // twice
			return span{}
		}
		return trimmed(text, s)
	}
	if inQuotes {
		return body
	}
	return w.checked(weakKey, start, trimmed(text, span{start, w.bare(start)}), strict)
}

// cookie returns the pairs of a Cookie header, the value of cookie=.
func (w *walk) cookie(at, start int) span {
	text := w.text
	if inner, ok := quoted(text, start); ok {
		return inner
	}
	if text[at] == '=' {
		return w.checked(weakKey, at, trimmed(text, span{start, w.bare(start)}), true)
	}
	if text[start] == '[' {
		return span{start + 1, balanced(text, start)}
	}
	if !pair(text[start:]) {
		return span{}
	}
	return span{start, w.lineEnd(start)}
}

// block returns the lines of a YAML block below "name: |", or the value on the line below "name:".
func (w *walk) block(kind keyKind, at, start int) span {
	text := w.text
	i := skipBlank(text, start)
	marked := i < len(text) && (text[i] == '|' || text[i] == '>')
	for marked && i < len(text) && text[i] != '\n' && text[i] != ' ' {
		i++
	}
	i = skipBlank(text, i)
	if i >= len(text) || text[i] != '\n' || text[at-1] == '"' {
		return span{}
	}
	line := bytes.LastIndexByte(text[:at], '\n') + 1
	indent := skipBlank(text, line) - line
	end := blockEnd(text, i+1, indent)
	if end <= i+1 {
		return span{}
	}
	first := skipBlank(text, i+1)
	switch body := text[first:end]; {
	case kind == dataKey:
		if !w.hasObject() {
			return span{}
		}
	case kind&(nameKey|headerKey|cookieKey) != 0 || kind == valueKey && (w.named == 0 || at-w.named > 64):
		return span{}
	case !marked && (kind != strongKey || bytes.Contains(body, []byte(":"))):
		return span{}
	}
	return span{first, end}
}

// blockEnd returns where the lines from i on end that are indented deeper than indent.
func blockEnd(text []byte, i, indent int) int {
	end := i - 1
	for i < len(text) {
		next := len(text)
		if n := bytes.IndexByte(text[i:], '\n'); n >= 0 {
			next = i + n
		}
		if first := skipBlank(text, i); first < next && first-i <= indent {
			break
		}
		end, i = next, next+1
	}
	return min(end, len(text))
}

// data returns the data of a Kubernetes Secret, or that of QEMU's -object secret.
func (w *walk) data(at, start int) span {
	text := w.text
	body := start
	if bytes.HasPrefix(text[start:], []byte("map[")) { // of Go
		body = start + max(0, bytes.IndexByte(text[start:min(len(text), start+32)], '{'))
	}
	if text[body] == '{' {
		if w.hasObject() {
			return span{body + 1, balanced(text, body)}
		}
		return span{}
	}
	if !bytes.Contains(text[max(0, at-160):at], []byte("secret")) {
		return span{}
	}
	s, _ := w.word(start)
	return s
}

// hasObject reports whether the text has a Kubernetes Secret: kind: Secret, in any quotes, or Go's Secret{.
func (w *walk) hasObject() bool {
	if w.looked {
		return w.object
	}
	w.looked = true
	word, kind := []byte("Secret"), []byte("kind")
	for i := 0; i < len(w.text); i += len(word) {
		n := bytes.Index(w.text[i:], word)
		if n < 0 {
			return false
		}
		i += n
		end := i + len(word)
		if end < len(w.text) && w.text[end] == '{' {
			w.object = true
			return true
		}
		before := bytes.TrimRight(w.text[max(0, i-24):i], `:"'\ `)
		if bytes.HasSuffix(before, kind) && (end == len(w.text) || !letter(w.text[end])) {
			w.object = true
			return true
		}
	}
	return false
}
