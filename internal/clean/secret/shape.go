package secret

import "bytes"

// userinfo returns the password of scheme://user:password@host, with the colon at text[i]. Without a user, that of HTTP
// is a token. An @ that follows the host and its port belongs to the path.
//
// RFC 3986, section 3.2.1
func (w *walk) userinfo(i int) span {
	text := w.text
	start := i + 1
	for range 2 {
		for start < len(text) && text[start] == '\\' { // as PHP's JSON writes it
			start++
		}
		if start == len(text) || text[start] != '/' {
			return span{}
		}
		start++
	}
	if hook := []byte("hooks.slack.com/services/"); bytes.HasPrefix(text[start:], hook) {
		return span{start + len(hook), w.bare(start)}
	}
	end := start
	for end < len(text) && end-start < 512 && text[end] > ' ' && text[end] != '"' && text[end] != '<' && text[end] != '>' && text[end] != '`' {
		end++
	}
	host := end
	if n := bytes.IndexAny(text[start:end], "/?#"); n >= 0 {
		host = start + n
	}
	at := bytes.LastIndexByte(text[start:host], '@')
	colon := bytes.IndexByte(text[start:host], ':')
	if at < 0 && colon >= 0 && text[start] != '[' && !number(text[start+colon+1:host]) {
		at = bytes.LastIndexByte(text[start:end], '@') // a password with a slash
	}
	switch {
	case at < 0:
		return span{}
	case colon >= 12 && colon < at && mixed(text[start:start+colon]): // a key and its secret
		return span{start, start + at}
	case colon >= 0 && colon < at:
		return span{start + colon + 1, start + at}
	case i >= 4 && (fold(text[i-4:i], "http") || i >= 5 && fold(text[i-5:i], "https")) && random(text[start:start+at]):
		return span{start, start + at}
	}
	return span{}
}

// address returns the password of user:password@host without a scheme, with the @ at text[i]. An image with its digest is
// none.
func (w *walk) address(i int) span {
	text := w.text
	rest := text[i+1:]
	if bytes.HasPrefix(rest, []byte("sha256:")) || bytes.HasPrefix(rest, []byte("sha512:")) {
		return span{}
	}
	start := i
	for start > w.done && i-start < 128 && text[start-1] > ' ' && bytes.IndexByte([]byte("\"'`(=,<>{}[]"), text[start-1]) < 0 {
		start--
	}
	colon := bytes.IndexByte(text[start:i], ':')
	if colon < 1 {
		return span{}
	}
	s := span{start + colon + 1, i}
	v := text[s.start:s.end]
	for _, form := range [...]string{"tcp(", "unix(", "udp(", "("} { // of Go's MySQL driver
		if bytes.HasPrefix(rest, []byte(form)) {
			return s
		}
	}
	if mixed(v) && !bytes.ContainsAny(v, "/:") && alnumAt(rest, 0) {
		return s
	}
	return span{}
}

// encoded returns the value of name%3Dvalue or name%3Avalue in a URL.
func (w *walk) encoded(i int) span {
	text := w.text
	if i+3 > len(text) || text[i+1] != '3' || lower(text[i+2]) != 'd' && lower(text[i+2]) != 'a' {
		return span{}
	}
	if !Named(text[:i]) {
		return span{}
	}
	start := i + 3
	for bytes.HasPrefix(text[start:], []byte("%2")) && start+2 < len(text) && (text[start+2] == '0' || text[start+2] == '2' || text[start+2] == '7') {
		start += 3
	}
	end := start
	for end < len(text) && text[end] > ' ' && text[end] != '&' && text[end] != '"' && text[end] != '\'' &&
		!bytes.HasPrefix(text[end:], []byte("%26")) && !bytes.HasPrefix(text[end:], []byte("%22")) {
		end++
	}
	return span{start, end}
}

// cell returns the value in a table: | password | value |.
func (w *walk) cell(i int) span {
	text := w.text
	if keyAt(text, i)&sureKeys == 0 || bytes.IndexByte(text[max(0, i-64):i], '|') < 0 {
		return span{}
	}
	s := span{skipBlank(text, i+1), len(text)}
	n := bytes.IndexAny(text[i+1:], "|\n")
	if n < 0 || text[i+1+n] != '|' {
		return span{}
	}
	s.end = i + 1 + n
	for s.end > s.start && text[s.end-1] == ' ' {
		s.end--
	}
	return s
}

var (
	escapedOpen  = []byte(`\u003c`) // as Go's JSON writes < and >
	escapedClose = []byte(`\u003e`)
)

// element returns the text of an XML element, or what an arrow points to: password -> value. The > at i may be escaped.
func (w *walk) element(i int) span {
	text, open, size := w.text, []byte("<"), 1
	if text[i] == '\\' {
		if !bytes.HasPrefix(text[i:], escapedClose) {
			return span{}
		}
		open, size = escapedOpen, len(escapedClose)
	}
	if i == 0 {
		return span{}
	}
	switch text[i-1] {
	case '-':
		if kind := keyAt(text, i-1); kind != plainKey {
			return w.value(kind, i, skipBlank(text, i+size), true)
		}
		return span{}
	case '/', '=':
		return span{}
	case ' ': // Redis: user NAME on >VALUE
		if alnumAt(text, i+1) && (bytes.HasSuffix(text[:i], []byte(" on ")) || bytes.Contains(text[max(0, i-64):i], []byte("SETUSER "))) {
			return span{i + 1, w.bare(i + 1)}
		}
	}
	from := max(0, i-64)
	tag := bytes.LastIndex(text[from:i], open)
	if tag < 0 {
		return span{}
	}
	name := from + tag + len(open)
	end := run(text[:i], name, "_-.:")
	if end == name || end < i && text[end] != ' ' || keyAt(text, end)&(sureKeys|pathKey) == 0 {
		return span{}
	}
	s := span{i + size, len(text)}
	if n := bytes.Index(text[s.start:], open); n >= 0 {
		s.end = s.start + n
	}
	if len(bytes.TrimSpace(text[s.start:s.end])) == 0 {
		return span{}
	}
	return s
}

// wideSign takes the colon and the equals sign of East Asian text as what they are.
func (w *walk) wideSign(i int) span {
	switch {
	case bytes.HasPrefix(w.text[i:], []byte("：")):
		return w.member(i, i+3)
	case bytes.HasPrefix(w.text[i:], []byte("＝")):
		return w.assigned(i, i+3)
	}
	return span{}
}

// scheme returns the credentials after the word Bearer or Basic. Prose is left alone: "invalid bearer token" has a word in
// small letters after a word in small letters, and Basic needs what looks like base64.
//
// RFC 6750, RFC 7617
func (w *walk) scheme(i int) span {
	text := w.text
	if inWord(text, i) {
		return span{}
	}
	if n := i + 3; i >= 11 && n < len(text) && fold(text[i:n], "by ") && fold(text[i-11:i], "identified ") { // of SQL
		s, _ := quoted(text, skipBlank(text, n))
		return s
	}
	end := run(text, i, "")
	bearer := fold(text[i:end], "bearer")
	if !bearer && !fold(text[i:end], "basic") {
		return span{}
	}
	start := skipBlank(text, end)
	if bytes.HasPrefix(text[start:], []byte("%20")) {
		start += 3
	}
	if start == end || start >= len(text) {
		return span{}
	}
	s, _ := w.word(start)
	v := text[s.start:s.end]
	switch {
	case len(v) == 0:
		return span{}
	case bearer:
		if fold(v, "bearer", "token", "tokens", "authentication", "authorization", "auth") || bytes.HasPrefix(v, []byte("realm=")) ||
			text[i] == 'b' && kinds(v) == isSmall {
			return span{}
		}
		return s
	case !base64Text(v) || len(v) < 4 || !(v[len(v)-1] == '=' || mixed(v) || camel(v)):
		return span{}
	}
	return s
}

// form is the beginning of a token that is known by it.
type form struct {
	text string
	more int // bytes that must follow
	kind formKind
}

var forms = [...]form{
	{"eyJ", 4, wordForm},                                                 // a JSON Web Token: {" in base64
	{"AKIA", 6, wordForm}, {"ASIA", 6, wordForm}, {"AIza", 20, wordForm}, // AWS, Google
	{"ghp_", 6, wordForm}, {"gho_", 6, wordForm}, {"ghu_", 6, wordForm}, {"ghs_", 6, wordForm}, {"ghr_", 6, wordForm}, {"github_pat_", 6, wordForm},
	{"sk_live_", 6, wordForm}, {"rk_live_", 6, wordForm}, {"sk_test_", 6, wordForm}, {"whsec_", 6, wordForm}, {"sk-", 20, wordForm},
	{"hvs.", 20, wordForm}, {"hvb.", 20, wordForm}, {"hvr.", 20, wordForm}, {"SG.", 20, wordForm}, // Vault, SendGrid
	{"glpat-", 6, wordForm}, {"gldt-", 6, wordForm}, {"glrt-", 6, wordForm}, {"glptt-", 6, wordForm},
	{"xoxb-", 6, wordForm}, {"xoxp-", 6, wordForm}, {"xoxa-", 6, wordForm}, {"xoxr-", 6, wordForm}, {"xoxs-", 6, wordForm},
	{"xoxe-", 6, wordForm}, {"xapp-", 6, wordForm},
	{"AGE-SECRET-KEY-", 6, anyForm},
	{"LS0tLS1CRUdJTi", 0, keyForm}, // -----BEGIN in base64
	{"K10", 0, k3sForm},
}

type formKind uint8

const (
	wordForm formKind = iota // the beginning of a word
	anyForm                  // anywhere
	keyForm                  // anywhere, if it does not begin a certificate
	k3sForm                  // K10, a hash, ::, user and password
)

// formed returns the token whose form ends with the byte at i.
func (w *walk) formed(i int) span {
	text := w.text
	if i == 0 {
		return span{}
	}
	list := formsAt[text[i]]
	for n := range list {
		f := &list[n]
		start := i + 1 - len(f.text)
		if text[i-1] != f.text[len(f.text)-2] || !bytes.HasSuffix(text[:i+1], []byte(f.text)) || f.kind != anyForm && f.kind != keyForm && inWord(text, start) {
			continue
		}
		rest := text[i+1:]
		switch {
		case f.kind == keyForm && bytes.HasPrefix(rest, []byte("BDRVJUSUZJQ0FURS0t")):
			return span{}
		case f.kind == k3sForm:
			if s := (span{start, w.bare(start)}); bytes.Contains(text[s.start:s.end], []byte("::")) {
				return trimmed(text, s)
			}
			return span{}
		}
		s := trimmed(text, span{start, run(text, i+1, "_-.+/=~")})
		if s.end-(i+1) < f.more {
			return span{}
		}
		return s
	}
	return span{}
}

// inWord reports whether a letter or digit stands before start.
func inWord(text []byte, start int) bool { return start > 0 && alnumAt(text, start-1) }

// hash returns what follows the $id$ of a hash of crypt(3), htpasswd and Argon2, with the second sign at text[i].
func (w *walk) hash(i int) span {
	text := w.text
	open := bytes.LastIndexByte(text[max(0, i-10):i], '$')
	if open < 0 {
		return span{}
	}
	open += max(0, i-10)
	switch string(text[open+1 : i]) {
	case "1", "2a", "2b", "2y", "5", "6", "7", "y", "gy", "apr1", "argon2i", "argon2d", "argon2id", "sha1":
	default:
		return span{}
	}
	s := trimmed(text, span{i + 1, run(text, i+1, "./$=,+-")})
	if s.end-s.start < 6 {
		return span{}
	}
	return s
}
