package secret

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// keyKind is what a name says of its value: one of these, or a set of them.
type keyKind uint16

const (
	strongKey keyKind = 1 << iota // a secret
	passKey                       // a secret, but PWD is a directory
	secretKey                     // a secret, but a Kubernetes Secret has a name of its own
	pinKey                        // a secret when it is a number of the length of a PIN
	pathKey                       // a key, or the path of the file that has it
	weakKey                       // a secret when it looks like one
	queryKey                      // a secret in the query of a URL
	headerKey                     // Authorization: a scheme, then a secret
	cookieKey                     // Cookie: pairs to the end of the line
	listKey                       // several secrets, in quotes
	nameKey                       // the name of a variable
	valueKey                      // its value
	dataKey                       // of a Kubernetes Secret, or of a secret of QEMU
	wordKey                       // key: a secret when it looks like a base64 key

	plainKey keyKind = 0
	sureKeys         = strongKey | passKey | secretKey
)

// words are how names may end, by the kind that makes them. A blank is a place where names may have one of _-. or a blank,
// or nothing; ^ means that no letter may stand before the word. A word that others end in stands below them.
var words = [...]struct {
	kind  keyKind
	texts string
}{
	{strongKey, "password,passwd,token,password in,passphrase,passcode,secret value,^psk,requirepass,^pass,pw,^jwt,^bearer,api key," +
		"access key,secret key,shared key,account key,storage key,unseal key,recovery key,unlock key,luks key,volume key,auth key," +
		"join key,license key,key data,dockerconfigjson,dockercfg,masterauth,wachtwoord,lösenord,mot de passe,passwort,kennwort," +
		"contraseña,senha,salasana,hasło,haslo,пароль,密码,密碼,口令,パスワード,비밀번호"},
	{passKey, "pwd"},
	{secretKey, "secret"},
	{pinKey, "passkey,^pin,^puk"},
	{pathKey, "private key,encryption key,signing key,master key,certificate key"},
	{weakKey, "session id,sess id,session key,credential,credentials,^auth,^creds,^otp"},
	{queryKey, "signature,^sig"},
	{headerKey, "authorization"},
	{cookieKey, "cookie"},
	{listKey, "tokens,passwords,passphrases,api keys"},
	{nameKey, "name"},
	{valueKey, "^value"},
	{dataKey, "string data,^data"},
	{wordKey, "^key"},
}

// ending is a word, backwards.
type ending struct {
	runes []rune
	kind  keyKind
	alone bool
}

// endings has the words that end in a letter, in [0] those that end in none of ASCII's. tails has, for
// the last letter and the one before it, a bit for each that stands before these in a word, and bit 0 for any: most names
// end in none.
var endings, tails = indexWords()

func indexWords() (endings [128][]ending, tails [32][32]uint32) {
	for _, w := range words {
		for text := range strings.SplitSeq(w.texts, ",") {
			text, alone := strings.CutPrefix(text, "^")
			back := []rune(text)
			slices.Reverse(back)
			last := back[0]
			if last >= utf8.RuneSelf {
				last = 0
			}
			endings[last] = append(endings[last], ending{back, w.kind, alone})
			text = strings.ReplaceAll(text, " ", "")
			n := len(text)
			bits := &tails[text[n-1]&31][text[n-2]&31]
			if n == 2 {
				*bits = ^uint32(0)
			} else {
				*bits |= 1 | 1<<(text[n-3]&31)
			}
		}
	}
	return endings, tails
}

// noTail reports whether the last letters of the name before end are those of no word.
func noTail(text []byte, end int) bool {
	if end < 2 || !unescaped(text, end) || !unescaped(text, end-1) {
		return false
	}
	third := uint32(1)
	if end > 2 && unescaped(text, end-2) {
		third <<= text[end-3] & 31
	}
	return tails[text[end-1]&31][text[end-2]&31]&third == 0
}

// nameMax is how many runes of a name are looked at.
const nameMax = 16

// keyAt returns what the name that ends at end says of its value. Quotes, brackets and dots after the name, and a number
// at its end, are no part of it.
func keyAt(text []byte, end int) keyKind {
	end = nameEnd(text, end)
	if end == 0 || noTail(text, end) {
		return plainKey
	}
	list := endings[0]
	if c := text[end-1]; c < utf8.RuneSelf {
		if list = endings[lower(c)]; len(list) == 0 {
			return plainKey
		}
	}
	if end >= 3 && fold(text[end-3:end], "key") { // a frequent name, and the end of many words
		if before := bytes.TrimRight(text[max(0, end-5):end-3], " "); len(before) == 0 || bytes.IndexByte([]byte(`",={(:`), before[len(before)-1]) >= 0 {
			return wordKey
		}
	}
	name := name{text: text, from: end}
	if c := name.rune(0); c > 0 && c < utf8.RuneSelf { // of full width, perhaps
		list = endings[c]
	}
	second := name.rune(1)
	for i := range list {
		e := &list[i]
		if e.runes[1] != second {
			continue
		}
		if n := name.ends(e.runes); n > 0 && (!e.alone || aloneAt(text, name.at[n-1])) {
			return e.kind
		}
	}
	return plainKey
}

// name is the end of a name backwards, in small letters, without the marks that join its parts, as far as it was read.
type name struct {
	text  []byte
	from  int // what is before it was not read
	n     int
	runes [nameMax]rune
	at    [nameMax]int // where each rune stands
}

// rune returns a rune of the name, counted from its end; -1 when it has no so many.
func (m *name) rune(i int) rune {
	for m.n <= i {
		if m.n == nameMax {
			return -1
		}
		if m.from > 0 && unescaped(m.text, m.from) {
			m.from--
			m.runes[m.n], m.at[m.n] = rune(lower(m.text[m.from])), m.from
			m.n++
			continue
		}
		r, size := runeBefore(m.text, m.from)
		if letter, n := codeBefore(m.text, m.from); letter >= '0' && letter < 0x7f { // JSON may write any letter so
			r, size = rune(lower(byte(letter))), n
		}
		if before := escapeBefore(m.text, m.from); before < m.from {
			m.from = before
			continue
		}
		m.from -= size
		if r == '_' || r == '-' || r == '.' || r == utf8.RuneError && size == 3 { // what clean leaves of an invisible one
			continue
		}
		m.runes[m.n], m.at[m.n] = r, m.from
		m.n++
	}
	return m.runes[i]
}

// ends returns how many of the name's runes are word, 0 when the name does not end in it. A blank in word may be missing.
func (m *name) ends(word []rune) int {
	n := 0
	for _, want := range word {
		if m.rune(n) == want {
			n++
		} else if want != ' ' {
			return 0
		}
	}
	return n
}

// nameEnd returns where the name before end ends.
func nameEnd(text []byte, end int) int {
	for end > 0 {
		if unescaped(text, end) {
			return end
		}
		if before := escapeBefore(text, end); before < end {
			end = before
			continue
		}
		switch c := text[end-1]; {
		case c == ' ', c == '"', c == '\'', c == '`', c == '\\', c == ']', c == '.', c == '*', c == '_':
			end--
		case c == ';' && bytes.HasSuffix(text[:end], []byte("quot;")): // of HTML
			if end -= len("quot;"); end > 0 && text[end-1] == '&' {
				end--
			}
		case c == '2' && end >= 3 && text[end-3] == '%' && text[end-2] == '2': // %22
			end -= 3
		case digit(c):
			if end = runBefore(text, end, 0, isDigit, ""); end > 0 && text[end-1] == ' ' { // Unseal Key 1
				end--
			}
			return end
		default:
			return end
		}
	}
	return 0
}

// unescaped reports whether the byte before end is a letter and no escape's last one, which most are.
func unescaped(text []byte, end int) bool {
	c := text[end-1]
	return letter(c) && (c != 'm' && c != 't' && c != 'I' || end > 1 && letter(text[end-2])) && (end < 6 || text[end-5] != 'u')
}

// escapeForms are the escape character as JSON, Go, C, syslog and clean write it.
var escapeForms = [...]string{`\u001b`, `\u001B`, `\x1b`, `\x1B`, `\033`, `#033`, `^[`, `\e`}

// escapeBefore returns where the escape that ends at end starts, as JSON, Go or syslog write what is no text: a sequence
// that sets a colour, a tab, a rune beyond ASCII, a bracket of HTML. It returns end if none.
func escapeBefore(text []byte, end int) int {
	if r, size := codeBefore(text, end); r >= 0 && (r < '0' || r == '<' || r == '>' || r > 0x7e) {
		return end - size
	}
	switch {
	case end >= 2 && (text[end-1] == 't' && text[end-2] == '\\' || text[end-1] == 'I' && text[end-2] == '^'):
		return end - 2
	case end == 0 || text[end-1] != 'm':
		return end
	}
	i := runBefore(text, end-1, max(0, end-12), isDigit, ";")
	if i == 0 || text[i-1] != '[' {
		return end
	}
	for _, form := range escapeForms {
		if start := i - 1 - len(form); start >= 0 && string(text[start:i-1]) == form {
			return start
		}
	}
	return end
}

// codeBefore returns the rune of the \u0061 that ends at end, and the length of it with all its backslashes; -1 when there
// is none.
func codeBefore(text []byte, end int) (r rune, size int) {
	var unit [2]byte
	if end < 6 || text[end-5] != 'u' || text[end-6] != '\\' {
		return -1, 0
	}
	if _, err := hex.Decode(unit[:], text[end-4:end]); err != nil {
		return -1, 0
	}
	r = rune(unit[0])<<8 | rune(unit[1])
	for size = 6; size < end && text[end-size-1] == '\\'; {
		size++
	}
	return r, size
}

// runeBefore returns the rune before end as a small letter, whatever width and style it has; -1 if none.
func runeBefore(text []byte, end int) (rune, int) {
	if end <= 0 {
		return -1, 0
	}
	if c := text[end-1]; c < utf8.RuneSelf {
		return rune(lower(c)), 1
	}
	r, size := utf8.DecodeLastRune(text[:end])
	switch {
	case r >= 0xff01 && r <= 0xff5e: // full width
		return rune(lower(byte(r - 0xfee0))), size
	case r == 'ſ':
		return 's', size
	case r == '\u212a':
		return 'k', size
	}
	return unicode.ToLower(r), size
}

// aloneAt reports whether a name's part starts at start: no letter of the same part stands before it.
func aloneAt(text []byte, start int) bool {
	if start == 0 || !letter(text[start-1]) && text[start-1] < utf8.RuneSelf {
		return true
	}
	return upper(text[start]) && !upper(text[start-1])
}
