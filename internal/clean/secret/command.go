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
	end := run(text, name, "-_.")
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
	if bytes.HasSuffix(text[name:end], []byte("user")) {
		s := span{start, w.bare(start)}
		if n := bytes.IndexByte(text[s.start:s.end], ':'); n >= 0 && (w.runs(curl) || mixed(text[s.start+n+1:s.end])) {
			return span{s.start + n + 1, s.end}
		}
		return span{}
	}
	switch kind := keyAt(text, end); kind {
	case nameKey:
		w.name(start)
	case strongKey, passKey, secretKey, pathKey, weakKey, pinKey, valueKey:
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
// list; end if none.
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
		"can", "requires", "argument", "are", "value", "if", "when", "should", "instead", "on", "of", "as", "be", "the", "|", "\\", "=",
		"path", "print", "prune", "perm", "pid", "port":
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
	value, inQuotes := quoted(text, end)
	attached := end > name+1 || inQuotes && alnumAt(text, value.start) || end < len(text) && text[end] == '='
	if attached && text[name] == 'p' && filler(text[name:end]) { // of find
		return span{}, false
	}
	word := func() span {
		if attached {
			start, end = name+1, name
			if text[start] == '=' {
				start++
			}
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
