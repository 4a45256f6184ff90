// Package secret is the one door for text from outside that may hold a secret: a password, a token, a key. The console
// shows logs, errors and command lines on a screen without login, so a secret is replaced by three stars before anything
// keeps the text.
//
// What is known as a secret: the value of a name that says so (password=, "token":, --secret-key, PGPASSWORD, Cookie:,
// Authorization:), what stands where a secret stands (scheme://user:X@, Bearer X, curl -u user:X, the data of a Kubernetes
// Secret), what looks like no other thing (a JSON Web Token, a private key, the tokens of k3s, GitHub, GitLab, Slack and
// AWS, a hash of crypt(3)), and this program's own credentials (Own) wherever they turn up. In prose, "token: expired"
// stays readable: after a name and a colon or blank a bare word is a secret when it has a digit or 12 characters.
//
// Text must be clean already, since escape sequences and invisible characters would split a name or a value; String
// cleans first. The walk over a text is linear in it and does not allocate.
package secret

import (
	"bytes"

	"hypervisor-tui/internal/clean"
)

const stars = "***"

// String returns s clean and without its secrets. It does not allocate when s is that already, and not long.
func String(s string) string {
	s = clean.String(s)
	var buf [512]byte
	if masked, found := Append(nil, append(buf[:0], s...)); found {
		return string(masked)
	}
	return s
}

// Append appends text to dst with three stars in place of each secret. When text has none, found is false and dst comes
// back as it was. text is clean, and is not written to.
func Append(dst, text []byte) (masked []byte, found bool) {
	w := walk{text: text}
	return w.appendTo(dst)
}

// Named reports whether name is one of a secret, so that whatever it has for a value is one.
func Named(name []byte) bool {
	k := keyAt(name, len(name))
	return k == strongKey || k == passKey || k == secretKey || k == headerKey || k == cookieKey
}

// span is a part of a text: [start, end).
type span struct{ start, end int }

// walk finds the secrets of a text one after the other.
type walk struct {
	text []byte
	at   int // where the search goes on
	done int // end of the last secret

	named  int  // a pair "name: PASSWORD" ended here, so that the pair "value: ..." after it has a secret; 0: none
	tools  tool // what the text runs, once looked up
	object bool // the text has a Kubernetes Secret, once looked up
	looked bool
	quotes int  // up to where double quotes were counted
	inside bool // a double quote is open there
	key    edge // what the text has of a private key that is not whole
}

func (w *walk) appendTo(dst []byte) (masked []byte, found bool) {
	masked = dst
	first, from := len(dst), 0
	for s, ok := w.next(); ok; s, ok = w.next() {
		masked = append(masked, w.text[from:s.start]...)
		masked = append(masked, stars...)
		from, found = s.end, true
	}
	own := owned.Load()
	if own == nil {
		if found {
			masked = append(masked, w.text[from:]...)
		}
		return masked, found
	}
	if !found && !own.in(w.text) {
		return dst, false
	}
	masked = append(masked, w.text[from:]...)
	return own.mask(masked, first), true
}

// next returns the first secret that is left, false when there is none.
func (w *walk) next() (span, bool) {
	for w.at < len(w.text) {
		i := w.at
		for i < len(w.text) && !triggers[w.text[i]] {
			i++
		}
		if i == len(w.text) {
			w.at = i
			break
		}
		w.at = i + 1
		s := w.look(i)
		s.start = max(s.start, w.done)
		if s.end <= s.start {
			continue
		}
		w.at = max(w.at, s.end)
		if string(w.text[s.start:s.end]) == stars {
			continue
		}
		w.done = s.end
		return s, true
	}
	return span{}, false
}

// triggers are the bytes at which a secret is looked for: one of them stands in or next to each form.
var triggers = [256]bool{'=': true, ':': true, '-': true, '>': true, '@': true, '%': true, '|': true, '$': true, '\\': true, '_': true, '\n': true,
	'w': true, 'W': true, 'h': true, '.': true, 'k': true, 'K': true, 'B': true, 'b': true, 'J': true, 'I': true, 'L': true, fullwidth: true}

// fullwidth is the first byte of U+FF1A and U+FF1D, the colon and the equals sign of East Asian text.
const fullwidth = 0xef

// look returns the secret that the byte at i gives away, an empty span when there is none.
func (w *walk) look(i int) span {
	switch w.text[i] {
	case '=':
		return w.assigned(i, i+1)
	case ':':
		if s := w.userinfo(i); s.end > 0 {
			return s
		}
		return w.member(i, i+1)
	case '-':
		return w.dash(i)
	case '\\':
		if bytes.HasPrefix(w.text[i:], []byte(`\u003d`)) || bytes.HasPrefix(w.text[i:], []byte(`\u003D`)) {
			return w.assigned(i, i+6)
		}
		if bytes.HasPrefix(w.text[i:], []byte(`\u003a`)) || bytes.HasPrefix(w.text[i:], []byte(`\u003A`)) {
			return w.member(i, i+6)
		}
		return w.element(i)
	case '>':
		return w.element(i)
	case '@':
		return w.address(i)
	case '%':
		return w.encoded(i)
	case '|':
		return w.cell(i)
	case '$':
		return w.hash(i)
	case '.':
		if i > 1 && i+1 < len(w.text) && w.text[i+1] > ' ' && upper(w.text[i-1]) || i > 2 && w.text[i-2] == 'v' { // hvs. SG.
			return w.shaped(i)
		}
	case '_', 'J', 'I', 'L', 'K':
		if s := w.shaped(i); s.end > 0 {
			return s
		}
		if w.text[i] == 'K' {
			return w.prose(i)
		}
	case 'h':
		if i > 4 && lower(w.text[i-1]) == 'p' { // passphrase
			return w.prose(i)
		}
	case 'w', 'W', 'k':
		return w.prose(i)
	case 'B', 'b':
		return w.scheme(i)
	case '\n':
		return w.keyLine(i + 1)
	case fullwidth:
		return w.wideSign(i)
	}
	return span{}
}
