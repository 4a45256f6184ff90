package secret

import "bytes"

// beforeOption is what the dash of an option may follow, with the last bytes of escapes.
const beforeOption = " \"'[(,`\n@mtI0123456789abcdefABCDEF"

// option returns what follows an option that names a secret, with its dash at text[i].
func (w *walk) option(i int) span {
	text := w.text
	if i > 0 && text[i-1] < 0x80 && escapeBefore(text, i) == i && bytes.IndexByte([]byte(" \"'[(,`\n@"), text[i-1]) < 0 {
		return span{}
	}
	name := i + 1
	if name < len(text) && text[name] == '-' {
		name++
	}
	end := name
	for end < len(text) && (letter(text[end]) || digit(text[end]) || text[end] == '-' || text[end] == '_' || text[end] == '.') {
		end++
	}
	if end == name {
		return span{}
	}
	start := argument(text, end)
	if string(text[name:end]) == "from-literal" { // of kubectl create: =name=value
		first := min(max(start, end+1), len(text))
		s := span{first, w.bare(first)}
		if n := bytes.IndexByte(text[s.start:s.end], '='); n >= 0 {
			return span{s.start + n + 1, s.end}
		}
		return span{}
	}
	if name == i+1 {
		if s, ok := w.short(name, end, start); ok {
			return s
		}
	}
	if start == end || start >= len(text) {
		return span{}
	}
	if bytes.HasSuffix(text[name:end], []byte("user")) && w.runs(curl) {
		s := span{start, w.bare(start)}
		if n := bytes.IndexByte(text[s.start:s.end], ':'); n >= 0 {
			return span{s.start + n + 1, s.end}
		}
		return span{}
	}
	switch kind := keyAt(text, end); kind {
	case nameKey:
		w.name(start)
	case strongKey, passKey, secretKey, pathKey, weakKey, valueKey:
		if _, inQuotes := quoted(text, start); inQuotes {
			return w.value(kind, end, start, true)
		}
		s := span{start, w.bare(start)}
		if text[s.start] == '-' || filler(text[s.start:s.end]) {
			return span{}
		}
		return w.value(kind, end, start, true)
	}
	return span{}
}

// argument returns where the argument after an option that ends at end starts: behind a blank, or as the next string of a
// list; end when there is none.
func argument(text []byte, end int) int {
	i := end
	for i < len(text) && text[i] == '\\' {
		i++
	}
	list := i < len(text) && (text[i] == '"' || text[i] == '\'' || text[i] == '`')
	if list {
		i++
	} else {
		i = end
	}
	first := i
	if i < len(text) && text[i] == ',' {
		i++
	}
	for i < len(text) {
		next := skipBlank(text, i)
		if bytes.HasPrefix(text[next:], []byte("^@")) { // of /proc/PID/cmdline
			next += 2
		}
		if next == i {
			break
		}
		i = next
	}
	if i == first { // a closing quote alone, or nothing
		return end
	}
	return i
}

// filler reports whether b is a word that goes on with a sentence about an option.
func filler(b []byte) bool {
	switch string(b) {
	case "is", "or", "and", "flag", "flags", "option", "options", "must", "has", "was", "to", "not", "in", "for", "with", "cannot",
		"can", "requires", "argument", "are", "value", "if", "when", "should", "instead", "on", "of", "as", "be", "the", "|", "\\", "=":
		return true
	}
	return false
}

// tool is a set of programs whose short options carry passwords.
type tool uint32

const (
	sshpass  tool = 1 << iota // -p value, -pvalue
	mysql                     // -pvalue
	login                     // docker login -p value
	curl                      // -u user:value
	upperP                    // -P value
	ldap                      // -w value
	redis                     // -a value
	samba                     // -U user%value
	useradd                   // -p hash
	snmp                      // -A value -X value -c value
	htpasswd                  // -b file user value
	iscsiadm                  // -n name -v value
	lookedUp
)

// programs are looked for in the text before an option.
var programs = [...]struct {
	name string
	tool tool
}{
	{"sshpass", sshpass}, {"mysql", mysql}, {"mariadb", mysql}, {"login", login}, {"curl", curl}, {"ipmitool", upperP},
	{"mosquitto", upperP}, {"zip", upperP}, {"sqlcmd", upperP}, {"ldap", ldap}, {"redis-cli", redis}, {"smbclient", samba},
	{"rpcclient", samba}, {"useradd", useradd}, {"usermod", useradd}, {"mongo", sshpass}, {"snmp", snmp}, {"htpasswd", htpasswd},
	{"iscsiadm", iscsiadm}, {"7z", mysql}, {"cqlsh", useradd},
}

func (w *walk) runs(t tool) bool {
	if w.tools&lookedUp == 0 {
		w.tools = lookedUp
		for _, p := range programs {
			if bytes.Contains(w.text, []byte(p.name)) {
				w.tools |= p.tool
			}
		}
	}
	return w.tools&t != 0
}

// short returns the secret of an option of one letter, which stands at name; start is its argument when it is not
// attached. ok is false when the option is not one of those.
func (w *walk) short(name, end, start int) (s span, ok bool) {
	text := w.text
	attached := end > name+1
	word := func() span {
		if attached {
			return span{name + 1, w.bare(name + 1)}
		}
		if start == end || start >= len(text) || text[start] == '-' {
			return span{}
		}
		if inner, inQuotes := quoted(text, start); inQuotes {
			return inner
		}
		return span{start, w.bare(start)}
	}
	after := func(mark byte) span {
		s := word()
		if n := bytes.IndexByte(text[s.start:s.end], mark); n >= 0 {
			return span{s.start + n + 1, s.end}
		}
		return span{}
	}
	switch c := text[name]; {
	case c == 'p' && (w.runs(sshpass|login) || !attached && w.runs(useradd) || attached && w.runs(mysql)):
		return word(), true
	case (c == 'u' || c == 'U') && w.runs(curl) && !attached:
		return after(':'), true
	case c == 'P' && w.runs(upperP), c == 'w' && !attached && w.runs(ldap), c == 'a' && !attached && w.runs(redis),
		(c == 'A' || c == 'X' || c == 'c') && !attached && w.runs(snmp):
		return word(), true
	case c == 'U' && w.runs(samba):
		return after('%'), true
	case c == 'n' && !attached && w.runs(iscsiadm):
		if start < len(text) {
			w.name(start)
		}
		return span{}, true
	case c == 'v' && !attached && w.named > 0 && name-w.named < 64:
		return word(), true
	case bytes.IndexByte(text[name:end], 'b') >= 0 && w.runs(htpasswd):
		at := 2
		if bytes.IndexByte(text[name:end], 'n') >= 0 {
			at = 1
		}
		return wordAfter(text, start, at), true
	}
	return span{}, false
}

// wordAfter returns the word that n words after that at start stands.
func wordAfter(text []byte, start, n int) span {
	for range n {
		start = skipBlank(text, wordEnd(text, start))
	}
	return span{start, wordEnd(text, start)}
}

// prose returns the value in "password VALUE", "password is VALUE", "token VALUE" and "password for NAME: VALUE", with the
// w or the k at text[i]: a string in quotes, or a word with digits and letters. chpasswd is given user:VALUE.
func (w *walk) prose(i int) span {
	text := w.text
	end, password := 0, true
	switch {
	case i >= 4 && fold(text[i-4:i], "pass") && i+3 < len(text) && fold(text[i+1:i+4], "ord"):
		end = i + 4
	case i >= 4 && fold(text[i-4:i], "pass") && i+1 < len(text) && lower(text[i+1]) == 'd':
		end = i + 2
		if i >= 6 && string(text[i-6:i-4]) == "ch" {
			return w.chpasswd(i-6, end)
		}
	case text[i] == 'h' && i >= 5 && fold(text[i-5:i], "passp") && i+5 <= len(text) && fold(text[i+1:i+5], "rase"):
		end = i + 5
	case i >= 2 && fold(text[i-2:i], "to") && i+2 < len(text) && fold(text[i+1:i+3], "en"):
		end, password = i+3, false
	default:
		return span{}
	}
	start := skipBlank(text, end)
	for range 4 {
		if start == end || start >= len(text) {
			return span{}
		}
		next := wordEnd(text, start)
		switch word := bytes.TrimSuffix(text[start:next], []byte{':'}); string(word) {
		case "is", "was", "to", "of", "set", "changed", "generated", "now", "used", "using", "=", "be", "will", "as":
			start, end = skipBlank(text, next), next
			continue
		case "for", "FOR":
			if !password {
				return span{}
			}
			return w.passwordFor(skipBlank(text, next))
		}
		break
	}
	if inner, ok := quoted(text, start); ok {
		if v := text[inner.start:inner.end]; len(v) > 0 && !plainWord(v) && (password && bytes.IndexByte(v, ' ') < 0 || mixed(v)) && inner.end < len(text) {
			return inner
		}
		return span{}
	}
	s := trimmed(text, span{start, w.bare(start)})
	v := text[s.start:s.end]
	if !mixed(v) || bytes.IndexByte([]byte(`/-\(`), v[0]) >= 0 || bytes.IndexByte(v, '=') >= 0 || bytes.Contains(v, []byte("://")) {
		return span{}
	}
	return s
}

// passwordFor returns the VALUE of "NAME: VALUE" at start.
func (w *walk) passwordFor(start int) span {
	text := w.text
	for range 3 {
		end := wordEnd(text, start)
		if end == start {
			return span{}
		}
		start = skipBlank(text, end)
		if text[end-1] == ':' || start < len(text) && text[start] == '=' {
			break
		}
	}
	if start+2 < len(text) && text[start] == '=' {
		start = skipBlank(text, start+1)
	}
	if start >= len(text) {
		return span{}
	}
	if inner, ok := quoted(text, start); ok { // of SQL
		return inner
	}
	s := trimmed(text, span{start, w.bare(start)})
	if !random(text[s.start:s.end]) {
		return span{}
	}
	return s
}

// chpasswd returns the password of "echo user:VALUE | chpasswd" or "chpasswd <<< user:VALUE".
func (w *walk) chpasswd(start, end int) span {
	const reach = 256
	text := w.text
	from := max(w.done, start-reach)
	if before := bytes.TrimSuffix(bytes.TrimRight(text[from:start], " "), []byte("sudo")); bytes.HasSuffix(bytes.TrimRight(before, " "), []byte{'|'}) {
		before = bytes.TrimRight(before, ` |"'`)
		first := bytes.LastIndexAny(before, " \n\"'") + 1
		if colon := bytes.IndexByte(before[first:], ':'); colon > 0 {
			return span{from + first + colon + 1, from + len(before)}
		}
		return span{}
	}
	line := text[end:min(len(text), end+reach)]
	if n := bytes.IndexByte(line, '\n'); n >= 0 {
		line = line[:n]
	}
	for i := 1; i+1 < len(line); i++ { // the first user:VALUE
		if line[i] == ':' && line[i-1] > ' ' && line[i+1] > ' ' {
			return trimmed(text, span{end + i + 1, w.bare(end + i + 1)})
		}
	}
	return span{}
}
