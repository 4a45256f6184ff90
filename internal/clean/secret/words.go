package secret

import (
	"bytes"
	"strings"
)

// kind is a set of kinds of bytes.
type kind uint16

const (
	isSmall kind = 1 << iota
	isLarge
	isDigit
	isLine   // _
	isJoint  // - and .
	isSlash  // /
	isColon  // :
	isPlus   // +
	isEqual  // =
	isSign   // what neither words nor names have
	isEscape // \
	isOther

	isLetter = isSmall | isLarge
	isAlnum  = isLetter | isDigit
)

// kindOf has the kind of each byte.
var kindOf = func() (of [256]kind) {
	for c := range of {
		switch {
		case c >= 'a' && c <= 'z':
			of[c] = isSmall
		case c >= 'A' && c <= 'Z':
			of[c] = isLarge
		case c >= '0' && c <= '9':
			of[c] = isDigit
		default:
			of[c] = isOther
		}
	}
	for i, signs := range [...]string{"_", "-.", "/", ":", "+", "=", "!#$%^&*", `\`} {
		for _, c := range signs {
			of[c] = isLine << i
		}
	}
	return of
}()

func digit(c byte) bool  { return kindOf[c] == isDigit }
func upper(c byte) bool  { return kindOf[c] == isLarge }
func letter(c byte) bool { return kindOf[c]&isLetter != 0 }

func lower(c byte) byte {
	if upper(c) {
		return c + 'a' - 'A'
	}
	return c
}

// kinds returns which kinds of bytes b has.
func kinds(b []byte) (k kind) {
	for _, c := range b {
		k |= kindOf[c]
	}
	return k
}

func alnumAt(text []byte, i int) bool { return i < len(text) && kindOf[text[i]]&isAlnum != 0 }

// run returns where the letters, the digits and the bytes of also from i on end.
func run(text []byte, i int, also string) int {
	for i < len(text) && (kindOf[text[i]]&isAlnum != 0 || strings.IndexByte(also, text[i]) >= 0) {
		i++
	}
	return i
}

// runBefore returns where the bytes of the kinds and those of also before i start, from at the earliest.
func runBefore(text []byte, i, from int, of kind, also string) int {
	for i > from && (kindOf[text[i-1]]&of != 0 || strings.IndexByte(also, text[i-1]) >= 0) {
		i--
	}
	return i
}

// fold reports whether b is one of the words, which are in small letters, in any case.
func fold(b []byte, words ...string) bool {
	for _, word := range words {
		i := 0
		for len(b) == len(word) && i < len(b) && lower(b[i]) == word[i] {
			i++
		}
		if i == len(word) && len(b) == len(word) {
			return true
		}
	}
	return false
}

// plainWord reports whether b, up to where it could end in a list, says that there is no value or none to be seen.
func plainWord(b []byte) bool {
	n := 0
	for n < len(b) && n < 12 && b[n] != ',' && b[n] != '}' && b[n] != ')' && b[n] != ';' && (b[n] != ']' || b[0] == '[') {
		n++
	}
	var small [12]byte
	for i := range n {
		small[i] = lower(b[i])
	}
	switch string(small[:n]) {
	case "true", "false", "nil", "null", "none", "on", "off", "yes", "no", "undefined", "<nil>", "<none>", "(null)", "[]", "{}",
		"all", "amd64", "arm64", // of a package
		"[redacted]", "<redacted>", "redacted", "[filtered]", "<hidden>", "<unset>", "***":
		return true
	}
	return masked(b)
}

// masked reports whether b is nothing but the stars or crosses that stand for a secret.
func masked(b []byte) bool {
	for _, c := range b {
		if c != '*' && (c != 'x' && c != 'X' || len(b) < 3) {
			return false
		}
	}
	return len(b) > 0
}

// random reports whether a bare word after a name is a secret rather than prose.
func random(b []byte) bool { return len(b) >= 12 || signs(b) || kinds(b)&isDigit != 0 }

// mixed reports whether b has a digit and a letter and is no number with its unit.
func mixed(b []byte) bool { return len(b) >= 6 && digitAndLetter(b) }

func digitAndLetter(b []byte) bool {
	k := kinds(b)
	return k&isDigit != 0 && k&isLetter != 0
}

// likely reports whether b, which prose says to be a secret, is one: it has a digit and a letter, is a number of the
// length of a PIN, or has a sign within that no word has. A pair is none.
func likely(b []byte) bool {
	body := bytes.TrimRight(b, "=")
	return alnumAt(b, 0) && kinds(body)&isEqual == 0 && (digitAndLetter(body) && len(b) >= 4 && !clock(b) || pin(b) || signs(b))
}

// number reports whether b has nothing but digits.
func number(b []byte) bool { return kinds(b)&^isDigit == 0 }

// pin reports whether b is a number of 4 to 8 digits.
func pin(b []byte) bool { return len(b) >= 4 && len(b) <= 8 && number(b) }

// signs reports whether b has a sign within that neither words nor names have.
func signs(b []byte) bool {
	return len(b) > 2 && alnumAt(b, 0) && kinds(b[1:len(b)-1])&isSign != 0 && kinds(b)&isEscape == 0
}

// clock reports whether b is a stamp or a time span.
func clock(b []byte) bool {
	for _, c := range b {
		if !digit(c) && bytes.IndexByte([]byte(".:+-hmsudnTZ"), c) < 0 {
			return false
		}
	}
	return !number(b)
}

// named reports whether b may be the name of an object, in small letters, or of a variable.
func named(b []byte) bool {
	k := kinds(b)
	return k&^(isAlnum|isLine|isJoint|isSlash|isColon) == 0 && (k&isLarge == 0 || k&isLine != 0 && k&isSmall == 0)
}

// objectName reports whether b is namespace/name of a Kubernetes object.
func objectName(b []byte) bool {
	return kinds(b)&^(isSmall|isDigit|isJoint|isSlash) == 0 && bytes.Count(b, []byte{'/'}) == 1 && b[0] != '/'
}

// camel reports whether a large letter follows a small one, as in base64 of more than some bytes.
func camel(b []byte) bool {
	for i := 1; i < len(b); i++ {
		if upper(b[i]) && kindOf[b[i-1]] == isSmall && len(b) >= 8 {
			return true
		}
	}
	return false
}

// path reports whether b is an absolute path, or one of a file of keys.
func path(b []byte) bool {
	if b[0] == '~' || bytes.HasPrefix(b, []byte("./")) {
		return true
	}
	return b[0] == '/' && bytes.IndexByte(b[1:], '/') >= 0 && kinds(b)&(isPlus|isEqual) == 0
}

// base64Text reports whether b consists of the letters of base64, with what fills it up at the end.
func base64Text(b []byte) bool {
	return kinds(bytes.TrimRight(b, "="))&^(isAlnum|isPlus|isSlash) == 0
}
