package secret

import "bytes"

// commands are what has a secret for an argument: what stands up to a trigger and behind it, and how many arguments come
// before. Those of a file of settings have it as the last word of a line.
var commands = [...]struct {
	head, tail string
	skip       int
	setting    bool
}{
	{"requirepass", "", 0, true}, {"masterau", "th", 0, true}, {"auth-pass", "", 1, true}, // Redis
	{"vaul", "t login", 0, false}, {"vaul", "t operator unseal", 0, false}, {"vaul", "t unwrap", 0, false},
	{"secr", "et-set-value", 1, false}, {"set-user-pass", "word", 2, false}, // virsh
	{"add_u", "ser", 1, false}, {"change_pass", "word", 1, false}, // RabbitMQ
	{"wpa_pass", "phrase", 1, false},
}

// prose returns the secret that follows a word with a trigger at text[i]: "password VALUE", "the token is VALUE",
// "password for NAME: VALUE", AUTH NAME VALUE, PIN 1234, or the argument of a command. A value is in quotes or is a word
// that no prose has there; chpasswd is given user:VALUE.
func (w *walk) prose(i int) span {
	text := w.text
	end := i
	for end < len(text) && end-i < nameMax && letter(text[end]) {
		end++
	}
	if bytes.HasSuffix(text[:end], []byte("chpasswd")) {
		return w.chpasswd(end-len("chpasswd"), end)
	}
	if end < len(text) && (text[end] == '=' || text[end] == ':') { // most are names
		return span{}
	}
	for n := range commands {
		c := &commands[n]
		if n := len(c.head); c.head[n-1] == text[i] && c.head[n-2] == text[i-1] && bytes.HasSuffix(text[:i+1], []byte(c.head)) && bytes.HasPrefix(text[i+1:], []byte(c.tail)) {
			if s := w.lastArgument(i+1-len(c.head), i+1+len(c.tail), c.skip, c.setting); s.end > 0 {
				return s
			}
		}
	}
	start := nextWord(text, end)
	if start == end || start >= len(text) || ofPath(text[:i]) {
		return span{}
	}
	kind := keyAt(text, end)
	token := lower(text[i]) == 'k'
	sure := token || i+1 < end && bytes.IndexByte([]byte("wWpPcC"), text[i+1]) >= 0 // no name of an object follows
	switch {
	case kind == weakKey && (bytes.HasSuffix(text[:end], []byte("AUTH")) && !bytes.HasSuffix(text[:end], []byte("_AUTH")) || text[end] != ' '):
		return w.auth(start)
	case kind == pinKey && (upper(text[i]) || text[i] == 's'):
	case kind != strongKey && kind != secretKey, !sure && fold(text[i-1:end], "ss"): // a verb, pass
		return span{}
	}
	linked := false
	for range 4 {
		next := wordEnd(text, start)
		switch word := bytes.TrimSuffix(text[start:next], []byte{':'}); string(word) {
		case "is", "was", "to", "=", "be", "as", "now", "-":
			linked = true
		case "set", "changed", "generated", "used", "using", "will", "1", "2", "3": // of a user of ipmitool
		case "for", "of", "FOR":
			return w.valueOf(skipBlank(text, next))
		default:
			return w.proseValue(start, kind, sure, token, linked)
		}
		if start = skipBlank(text, next); start == next || start == len(text) {
			return span{}
		}
	}
	return w.proseValue(start, kind, sure, token, linked)
}

// ofPath reports whether what follows text is of an absolute path: what is said of a file is no secret.
func ofPath(text []byte) bool {
	const reach = 256
	text = text[max(len(text)-reach, 0):]
	word := text[bytes.LastIndexAny(text, " \t\n")+1:]
	return len(word) > 0 && word[0] == '/'
}

// nextWord returns where the word after the one that ends at end starts, which may be the next of strings in quotes;
// end if none.
func nextWord(text []byte, end int) int {
	i := end
	for i < len(text) && text[i] == '\\' {
		i++
	}
	if i+2 < len(text) && text[i] == '"' && text[i+1] == ' ' {
		if _, ok := quoted(text, i+2); ok {
			return i + 2
		}
	}
	return skipBlank(text, end)
}

// proseValue returns the word or the string at start when a noun of the kind makes it a secret.
func (w *walk) proseValue(start int, kind keyKind, sure, token, linked bool) span {
	text := w.text
	if text[start] == '(' && sure && start+1 < len(text) && letter(text[start+1]) {
		start++
	}
	s, inQuotes := w.word(start)
	v := text[s.start:s.end]
	switch {
	case len(v) == 0 || plainWord(v) || inQuotes && s.end == len(text):
	case kind == pinKey:
		if pin(v) {
			return s
		}
	case sure && !token && inQuotes && bytes.IndexByte(v, ' ') < 0:
		return s
	case !mixed(v) && !(linked && likely(v)), !sure && (named(v) || !alnumAt(v, 0) || bytes.IndexByte(v, '/') >= 0), clock(v):
	case inQuotes, bytes.IndexByte([]byte(`/-\(`), v[0]) < 0 && bytes.IndexByte(v, '=') < 0 && !bytes.Contains(v, []byte("://")):
		return s
	}
	return span{}
}

// auth returns VALUE of Redis' "AUTH [NAME] VALUE", and that of AUTH PLAIN in SMTP, with the first argument at start.
func (w *walk) auth(start int) span {
	text := w.text
	s, _ := w.word(start)
	name := text[s.start:s.end]
	if likely(name) && (!number(name) || text[s.start-1] == '"') {
		return s
	}
	next := nextWord(text, s.end)
	if next == s.end || next == len(text) {
		return span{}
	}
	s, _ = w.word(next)
	v := text[s.start:s.end]
	last := skipBlank(text, s.end) == len(text) || text[s.end] != ' '
	if likely(v) && !number(v) && (last && !bytes.HasPrefix(v, []byte("sha")) || string(name) == "default" || string(name) == "PLAIN" || string(name) == "LOGIN") {
		return s
	}
	return span{}
}

// lastArgument returns the argument that so many others come before of the command from from to end.
func (w *walk) lastArgument(from, end, skip int, setting bool) span {
	text, start := w.text, nextWord(w.text, end)
	for start > end && start < len(text) {
		s, _ := w.word(start)
		switch {
		case text[start] == '-':
		case skip > 0:
			skip--
		case likely(text[s.start:s.end]), setting && (from == 0 || text[from-1] == '\n') && skipBlank(text, s.end) == len(text):
			return s
		default:
			return span{}
		}
		end = s.end
		start = nextWord(text, end)
	}
	return span{}
}

// valueOf returns the VALUE of "NAME: VALUE" or "NAME is VALUE" at start; NAME has three words at most.
func (w *walk) valueOf(start int) span {
	text := w.text
	for range 4 {
		end := wordEnd(text, start)
		if end == start {
			break
		}
		word := text[start:end]
		if start = skipBlank(text, end); start == len(text) {
			break
		}
		switch {
		case string(word) == "=", string(word) == "is", string(word) == "to", string(word) == "was":
			if inner, ok := quoted(text, start); ok { // of SQL
				return inner
			}
			return w.proseValue(start, strongKey, true, true, true)
		case word[len(word)-1] == ':':
			s, _ := w.word(start)
			if !random(text[s.start:s.end]) {
				return span{}
			}
			return s
		}
	}
	return span{}
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
