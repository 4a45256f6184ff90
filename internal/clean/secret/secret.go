// Package secret is the one way in for text from outside that may hold a secret: a password, a token, a key. The console
// shows logs, errors and command lines on a screen without login, so a secret is replaced by three stars before anything
// keeps the text.
//
// What is known as a secret: the value of a name that says so (password=, "token":, --secret-key, PGPASSWORD, Cookie:,
// Authorization:), what stands where a secret stands (scheme://user:X@, Bearer X, curl -u user:X, the data of a Kubernetes
// Secret), what looks like no other thing (a JSON Web Token, a private key, the tokens of k3s, GitHub, GitLab, Slack and
// AWS, a hash of crypt(3)), and this program's own credentials (Own) wherever they turn up. In prose, "token: expired"
// stays readable: after a name and a colon a bare word is a secret when it has a digit, a sign or 12 characters, and after
// a name and a blank when it has a digit and a letter and no object of Kubernetes can have it for a name.
//
// Text must be clean already, since escape sequences and invisible characters would split a name or a value; String
// cleans first. The walk over a text is linear in it and does not allocate.
package secret

import (
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
	return keyAt(name, len(name))&(sureKeys|headerKey|cookieKey) != 0
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

// next returns the first secret that is left, false if none.
func (w *walk) next() (span, bool) {
	for {
		i := w.trigger()
		if i == len(w.text) {
			return span{}, false
		}
		w.at = i + 1
		s := w.secretAt(i)
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
}

// triggers are the bytes at which a secret is looked for, and those that stand before them: one such pair is in or next
// to each form. No bytes before: any.
var triggers = []struct{ before, at string }{
	{"", "=:>@%|$\\\n\xef"}, // 0xef starts U+FF1A and U+FF1D, the colon and the equals sign of East Asian text
	{"sSpP", "sS"},          // password, psk
	{"oO", "kK"},            // token
	{"cC", "rR"},            // secret
	{"eE", "yY"},            // key
	{"aA", "uU"},            // AUTH
	{"I", "N"},              // PIN
	{"u", "l"},              // vault
	{"_", "u"},              // add_user
	{"bB", "eEaAyY"},        // Bearer, Basic, IDENTIFIED BY
	{"-", "BE"},             // -----BEGIN, -----END
	{beforeOption, "-"},
}

// A byte is a trigger when a bit of at, of it, is one of prior, of the byte before it as well: a bit for each trigger, the
// first for those that may follow any. formsAt has the forms by their last bytes.
var at, prior, formsAt = index()

func index() (at, prior [256]uint32, formsAt [256][]form) {
	bit := uint32(1)
	pair := func(before string, c byte) {
		if at[c] == 0 {
			bit <<= 1
			at[c] = bit
		}
		for i := range len(before) {
			prior[before[i]] |= at[c]
		}
	}
	for i := range prior {
		prior[i] = 1
	}
	for _, t := range triggers {
		for i := range len(t.at) {
			if t.before == "" {
				at[t.at[i]] = 1
			} else {
				pair(t.before, t.at[i])
			}
		}
	}
	for _, f := range forms {
		n := len(f.text) - 1
		pair(f.text[n-1:n], f.text[n])
		formsAt[f.text[n]] = append(formsAt[f.text[n]], f)
	}
	for c := 0x80; c < 0x100; c++ {
		prior[c] |= at['-']
	}
	return at, prior, formsAt
}

// trigger returns where the next trigger stands, the text's end if none.
func (w *walk) trigger() int {
	text, i := w.text, w.at
	before := 1 | at['-']
	if i > 0 {
		before = prior[text[i-1]]
	}
	for ; i < len(text); i++ {
		c := text[i]
		if at[c]&before != 0 {
			return i
		}
		before = prior[c]
	}
	return i
}

// secretAt returns the secret that the byte at i gives away, an empty span if none.
func (w *walk) secretAt(i int) span {
	switch c := w.text[i]; c {
	case '=':
		return w.assigned(i, i+1)
	case ':':
		if s := w.userinfo(i); s.end > 0 {
			return s
		}
		return w.member(i, i+1)
	case '\\':
		return w.escaped(i)
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
	case '\n':
		return w.keyLine(i + 1)
	case 0xef:
		return w.wideSign(i)
	case 's', 'S', 'k', 'K', 'r', 'R', 'u', 'U', 'N', 'l':
		return w.prose(i)
	default:
		if s := w.formed(i); s.end > 0 {
			return s
		}
		switch {
		case c == '-':
			return w.option(i)
		case i > 4 && w.text[i-1] == '-':
			return w.private(i - 5)
		case i > 0 && lower(w.text[i-1]) == 'b':
			return w.scheme(i - 1)
		case lower(c) == 'y':
			return w.prose(i)
		}
	}
	return span{}
}

// escaped takes the signs that JSON writes as escapes as what they are.
func (w *walk) escaped(i int) span {
	if len(w.text)-i < 6 || w.text[i+1] != 'u' {
		return span{}
	}
	switch string(w.text[i+2 : i+6]) {
	case "003d", "003D":
		return w.assigned(i, i+6)
	case "003a", "003A":
		return w.member(i, i+6)
	case "003e":
		return w.element(i)
	}
	return span{}
}
