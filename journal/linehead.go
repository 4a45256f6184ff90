package journal

import "bytes"

var (
	panicHead     = []byte("panic:")
	fatalHead     = []byte("fatal error:")
	goroutineHead = []byte("goroutine ")
	tracebackHead = []byte("Traceback (most recent call last)")
	memoryError   = []byte("OutOfMemoryError")
	panickedWord  = []byte("panicked at ")
)

// headSeverity reads what a message starts with: the last words of a program, or a level that stands before the text.
func headSeverity(b []byte) (Severity, bool) {
	b = b[:min(len(b), headReach)]
	first := b
	if n := bytes.IndexByte(b, '\n'); n >= 0 {
		first = b[:n]
	}
	switch {
	case bytes.HasPrefix(b, panicHead), bytes.HasPrefix(b, fatalHead), bytes.HasPrefix(b, []byte("thread '")) && bytes.Contains(first, panickedWord):
		return Crit, true
	case isGoroutine(b), bytes.HasPrefix(b, tracebackHead):
		return Err, true
	case exceptionHead(first):
		if bytes.Contains(first, memoryError) {
			return Crit, true
		}
		return Err, true
	}
	h := headScan{b: first}
	if s, ok := h.scan(); ok {
		return s, true
	}
	if h.stamped && len(first) < len(b) { // java.util.logging has it on the second line
		if word := b[len(first)+1:]; len(word) > 0 && upperCase(word[0]) {
			h = headScan{b: word}
			if n := letters(word); n > 2 && n < len(word) && word[n] == ':' {
				return h.level(0, n)
			}
		}
	}
	return 0, false
}

// headScan looks for a level in what stands before the text of a line: stamps, numbers, a host and a program, a thread, a
// logger, each alone, in brackets or between separators. The first word that is none of these ends it. The forms:
//
//	WARN text   WARNING: text   WRN text   INFO[0004] text   WARNING:root:text    capital letters
//	error: text   Warning: text   prog: error: text   stamp: 12: error : text     any letters before a colon
//	[error] text   [ warn] text   [core:error] text   [stamp WARN crate] text     in brackets
//	<warn> text   (EE) text   stamp|00012|netdev|WARN|text   stamp - name - WARNING - text
//	stamp  error  name  text                                                      between tabs
//	stamp E | text   stamp E! text   E, [stamp] text   stamp E STORAGE  [x] text   one letter
//	E1122 20:00:00.000000    1204 file.go:12] text                                 klog, E20261122 with a year
//	1:M 28 Nov 2026 00:00:00.000 # text                                            Redis
//	stamp 7f0123456700 -1 text                                                     Ceph
//	E/Tag(  123): text   11-28 04:00:01.123   123   456 E Tag: text                logcat
//	stamp,name,ERROR,text   "stamp","ERROR","text"                                 columns of CSV
//	make: *** [x] Error 1                                                          make
type headScan struct {
	b       []byte
	i       int
	open    byte // the bracket that is open, 0: none
	stamped bool // a stamp was there
	redis   bool
	columns bool // CSV's were looked at
	skipped int  // words that belong to no stamp
}

func (h *headScan) scan() (Severity, bool) {
	for h.i < len(h.b) {
		c := h.b[h.i]
		switch {
		case c == '[' || c == '(' || c == '<' || c == '{':
			if c == '{' && h.i+1 < len(h.b) && h.b[h.i+1] == '"' {
				if h.open == '[' {
					return 0, false // a list, and no line of a log
				}
				return jsonSeverity(h.b[h.i:], false)
			}
			h.open = c
			h.i++
		case c == ']' || c == ')' || c == '>' || c == '}':
			h.open = 0
			h.i++
		case digit(c) || c == '+' && h.i+1 < len(h.b) && digit(h.b[h.i+1]):
			h.number()
		case letter(c) || c >= 0x80 || c == '/' || c == '_':
			s, ok, more := h.word()
			if ok || !more {
				return s, ok
			}
		case h.redis && h.stamped && h.i+1 < len(h.b) && h.b[h.i+1] == ' ' && bytes.IndexByte([]byte(".-*#"), c) >= 0:
			return [...]Severity{Debug, Debug, Info, Warning}[bytes.IndexByte([]byte(".-*#"), c)], true
		case c == '-' && h.stamped && bytes.HasPrefix(h.b[h.i:], []byte("-1 ")) && h.i > 12 && h.b[h.i-1] == ' ' && h.b[h.i-2] != ' ':
			return Err, true // Ceph: of debug levels the one below 0
		case c == '*' && h.make():
			return Err, true
		case c == ',' && h.stamped && !h.columns:
			if s, ok := column(h.b[h.i:]); ok {
				return s, true
			}
			h.columns = true
		case c == '"' && h.i+1 < len(h.b) && (h.i == 0 && digit(h.b[1]) || h.stamped && h.b[h.i+1] == ','): // around a stamp of CSV
			h.i++
		case c == '=' && h.i == 0: // Erlang
			h.i++
		case c == '"' || c == '=' || c == '$' || c == '\\' || c == '%':
			return 0, false
		default: // blanks and separators
			h.i++
		}
	}
	return 0, false
}

// number passes a stamp or a number, as far as it goes without a blank.
func (h *headScan) number() {
	start := h.i
	for h.i < len(h.b) && bytes.IndexByte([]byte(" []()|<>{}\";"), h.b[h.i]) < 0 {
		if h.b[h.i] == ',' && h.i+1 < len(h.b) && !digit(h.b[h.i+1]) && stampLike(h.b[start:h.i]) { // CSV, no fraction of a second
			break
		}
		h.i++
	}
	token := h.b[start:h.i]
	h.stamped = h.stamped || stampLike(token)
	if n := len(token); start == 0 && n > 2 && token[n-2] == ':' && bytes.IndexByte([]byte("MSCX"), token[n-1]) >= 0 {
		h.redis, h.stamped = true, false
	}
}

// stampLike reports whether a token that starts with a digit is taken for a stamp or part of one.
func stampLike(token []byte) bool { return len(token) >= 8 || bytes.IndexByte(token, ':') > 0 }

// column reads the first column of CSV that is a level and nothing else, in b from the comma before it on. A column with a
// blank that is neither in quotes nor starts with a digit is running text.
func column(b []byte) (Severity, bool) {
	for len(b) > 0 && b[0] == ',' {
		b = b[skipSpace(b, 1):]
		mark := byte(',')
		if len(b) > 0 && b[0] == '"' {
			mark, b = '"', b[1:]
		}
		end := bytes.IndexByte(b, mark)
		if end < 0 {
			return 0, false
		}
		switch text := b[:end]; string(text) {
		case "LOG": // of PostgreSQL
			return Info, true
		case "success", "Success", "SUCCESS", "fail", "Fail", "FAIL", "fine", "Fine", "panic", "Panic": // rather a result
		default:
			if s, ok := levelWord(text); ok && letters(text) == end {
				return s, true
			}
			if mark == ',' && end > 0 && !digit(text[0]) && bytes.IndexByte(text, ' ') >= 0 {
				return 0, false
			}
		}
		if b = b[end:]; mark == '"' {
			b = b[1:]
		}
	}
	return 0, false
}

// make reports whether the stars at h.i are of make's errors: "make[1]: *** [x] Error 1", or the last part alone.
func (h *headScan) make() bool {
	before, rest := h.b[:h.i], h.b[h.i:]
	if !bytes.HasPrefix(rest, []byte("*** ")) {
		return false
	}
	if len(before) == 0 {
		item, code, ok := bytes.Cut(rest[len("*** "):], []byte("] Error "))
		return ok && bytes.HasPrefix(item, []byte{'['}) && len(code) > 0 && digit(code[0])
	}
	before, ok := bytes.CutSuffix(before, []byte(": "))
	before = bytes.TrimRight(bytes.TrimSuffix(before, []byte{']'}), "0123456789[")
	return ok && bytes.HasSuffix(before, []byte("make"))
}

// logcat reports whether the letter at i is the level of a line of Android's log: a tag and a process follow, or a stamp,
// a process and a thread stand before it and a tag follows. Android: liblog/logprint.cpp, android_log_formatLogLine.
func (h *headScan) logcat(i int) bool {
	before, rest := h.b[:i], h.b[i+1:]
	if bytes.IndexByte([]byte("VDIWEF"), h.b[i]) < 0 || len(rest) < 2 {
		return false
	}
	if rest[0] == '/' {
		n := bytes.IndexAny(rest, " (:")
		if n < len("/ab") { // I/O
			return false
		}
		pid, ok := bytes.CutPrefix(rest[skipSpace(rest, n):], []byte{'('})
		_, after, isNumber := number(pid[skipSpace(pid, 0):], 10)
		return ok && isNumber && bytes.HasPrefix(after, []byte("):"))
	}
	const form = "00-00 00:00:00.000"
	if matches(before, "0000-") {
		before = before[len("0000-"):]
	}
	if !matches(before, form) || rest[1] == ' ' {
		return false
	}
	before = before[len(form):]
	for range 2 { // the thread, the process
		end := bytes.TrimRight(before, " ")
		before = bytes.TrimRight(end, "0123456789")
		if len(before) == len(end) || !bytes.HasSuffix(before, []byte{' '}) {
			return false
		}
	}
	tag := bytes.IndexByte(rest, ':')
	return tag > 1 && (tag+1 == len(rest) || rest[tag+1] == ' ')
}

// word looks at the word at h.i. When it is no level, more says that what follows may still be one, and h.i is there.
func (h *headScan) word() (s Severity, ok, more bool) {
	b, i := h.b, h.i
	n := letters(b[i:])
	if s, ok := h.level(i, n); ok {
		return s, true, false
	}
	if i+n < len(b) && n == 1 && digit(b[i+1]) {
		if s, _, ok := klogHead(b[i:]); ok {
			return s, true, false
		}
		if s, ok := levelLetter(b[i]); ok && matches(b[i+1:], "00000000 00:00:00.") {
			return s, true, false
		}
	}
	if len(b)-i >= len(fatalHead) && foldEqualBytes(b[i:i+len(fatalHead)], fatalHead) {
		return Crit, true, false
	}
	if calendar(b[i : i+n]) {
		h.stamped = true
		h.i += n
		return 0, false, true
	}
	end := i + n
	for end < len(b) && bytes.IndexByte([]byte(" |]>}="), b[end]) < 0 {
		end++
	}
	switch {
	case h.open != 0:
		return h.inBrackets(i, end)
	case end < len(b) && b[end] == '=':
		return 0, false, false
	case end < len(b) && b[end] == '|', // Open vSwitch
		i == 0 && matches(b[min(end+1, len(b)):], "0000-00-00T00:00"): // the channel of Ceph's cluster log
		h.i = end
		return 0, false, true
	case end < len(b) && b[end] == ']' && bytes.IndexByte(b[i:end], '[') > 0: // app[12]:
		end++
		if end < len(b) && b[end] == ':' {
			end++
		}
		h.i = end
		return 0, false, h.skip()
	}
	switch token := b[i:end]; {
	case h.stamped && token[len(token)-1] == ':' && bytes.IndexByte(token, '.') > 0 && upperCase(token[len(token)-2]): // Monolog: app.ERROR
		s, ok = levelWord(token[bytes.LastIndexByte(token, '.')+1:])
		return s, ok, false
	case token[len(token)-1] == ':' && (n > 0 || token[0] == '/'), string(token) == "PHP", string(token) == "npm", bytes.IndexByte(token, '@') > 0,
		h.stamped && bytes.HasPrefix(b[end:], []byte(" - ")): // Python: a logger
		h.i = end
		return 0, false, h.skip()
	case bytes.HasPrefix(b[end:], []byte(" **")): // GLib: Gtk-WARNING **
		if dash := bytes.LastIndexByte(token, '-'); dash > 0 {
			s, ok = levelWord(token[dash+1:])
		}
		return s, ok, false
	case h.stamped && h.program(end):
		return 0, false, h.skip()
	case h.stamped:
		s, ok = bracketedCapitals(b[end:])
	}
	return s, ok, false
}

// skip counts a word that is passed over; it is false when there were too many.
func (h *headScan) skip() bool {
	h.skipped++
	return h.skipped <= 3
}

// program passes a host, which ends at end, and the program after it, which has a colon at its end.
func (h *headScan) program(end int) bool {
	start := skipSpace(h.b, end)
	n := start
	for n < len(h.b) && h.b[n] != ' ' {
		n++
	}
	if n == start || h.b[n-1] != ':' || bytes.IndexByte(h.b[start:n], '=') >= 0 {
		return false
	}
	if _, isLevel := h.level(start, letters(h.b[start:])); isLevel {
		h.i = start
		return true
	}
	h.i = n
	return true
}

// inBrackets looks at what follows a word in brackets, from i to end: module:level, or nothing to us.
func (h *headScan) inBrackets(i, end int) (s Severity, ok, more bool) {
	b := h.b
	if colon := bytes.LastIndexByte(b[i:end], ':'); colon > 0 && end < len(b) && b[end] == ']' && letters(b[i+colon+1:end]) > 0 {
		level := b[i+colon+1 : end]
		if s, ok := levelWord(level[:letters(level)]); ok { // Apache: core:error, core:trace3
			return s, true, false
		}
	}
	last := closing(h.open)
	n := bytes.IndexByte(b[i:], last)
	if n < 0 {
		return 0, false, false
	}
	h.i = i + n
	return 0, false, true
}

// closing is the bracket that closes another.
func closing(open byte) byte {
	if open == '(' {
		return ')'
	}
	return open + 2
}

// level reads the n letters at i as a level, if they stand as one.
func (h *headScan) level(i, n int) (Severity, bool) {
	b := h.b
	if n == 0 || n > wordMax {
		return 0, false
	}
	next := byte(' ')
	if i+n < len(b) {
		next = b[i+n]
	}
	if n <= 2 {
		return h.short(i, n, next)
	}
	word := b[i : i+n]
	after := skipSpace(b, i+n)
	if h.open != 0 && after < len(b) && b[after] == closing(h.open) { // alone in brackets
		before := i
		for before > 0 && b[before-1] == ' ' {
			before--
		}
		if before > 0 && b[before-1] == h.open {
			if s, ok := levelWord(word); ok {
				return s, true
			}
			switch string(word) {
			case "Note", "NOTE", "System", "note": // of MySQL
				return Info, true
			case "FAILED": // of systemd
				return Err, true
			}
			return 0, false
		}
	}
	capitals := upperCase(word[0]) && upperCase(word[1]) && upperCase(word[n-1])
	colon := next == ':' && !(i+n+1 < len(b) && b[i+n+1] == ':') || next == ' ' && i+n+1 < len(b) && b[i+n+1] == ':'
	if colon && capitals {
		switch string(word) { // of PostgreSQL and java.util.logging
		case "LOG", "DETAIL", "HINT", "CONTEXT", "STATEMENT", "QUERY", "CONFIG", "NOTE":
			return Info, true
		case "FAILED", "FAIL": // of ninja and of tests; a number is a count
			after = skipSpace(b, after+1)
			return Err, after < len(b) && !digit(b[after])
		}
	}
	s, ok := levelWord(word)
	switch {
	case !ok:
		return 0, false
	case colon:
		return s, true
	case capitals:
		switch string(word) {
		case "FINE", "FAIL", "SUCCESS", "VERBOSE":
			return s, h.stamped && next == ' '
		}
		switch next {
		case ' ', ']', '[', '(', '|', ',', ';', '!':
			return s, true
		case '/':
			return s, h.open != 0
		case '-':
			return s, i+n+1 < len(b) && b[i+n+1] == ' '
		}
	case next == '|' && h.stamped, i == 0 && bytes.HasPrefix(b[n:], []byte("[E")): // rustc: error[E0308]
		return s, true
	case h.stamped && h.open == 0: // between tabs
		return s, i >= 2 && b[i-1] == ' ' && b[i-2] == ' ' && next == ' ' && i+n+1 < len(b) && b[i+n+1] == ' '
	}
	return 0, false
}

// short reads a level of one or two letters.
func (h *headScan) short(i, n int, next byte) (Severity, bool) {
	b := h.b
	rest := b[i+n:]
	if n == 2 {
		if h.open == '(' && next == ')' && b[i] == b[i+1] && bytes.IndexByte([]byte("EWI"), b[i]) >= 0 { // Xorg
			return levelLetter(b[i])
		}
		return 0, false
	}
	switch {
	case (next == '/' && (i == 0 || h.stamped) || next == ' ' && h.stamped) && h.logcat(i):
		if b[i] == 'V' { // verbose
			return Debug, true
		}
	case i == 0 && bytes.HasPrefix(rest, []byte(", [")): // Ruby
	case i == 0 && bytes.HasPrefix(rest, []byte(": ")) && bytes.IndexByte([]byte("EWI"), b[0]) >= 0: // apt
	case !h.stamped:
		return 0, false
	case bytes.HasPrefix(rest, []byte(" | ")), next == '!': // capnslog, Telegraf
	case next == ']' && h.open == '[' && b[i-1] == '[':
	case next == ' ' && len(rest) > 4 && (letters(rest[1:]) > 2 && upperCase(rest[1]) && upperCase(rest[2]) && upperCase(rest[3]) || rest[1] == '-'): // MongoDB before 4.4
	default:
		return 0, false
	}
	return levelLetter(b[i])
}

// bracketedCapitals looks for [WARN] or [E] not far behind a stamp.
func bracketedCapitals(b []byte) (Severity, bool) {
	const reach = 96
	b = b[:min(len(b), reach)]
	for {
		open := bytes.IndexByte(b, '[')
		if open < 0 {
			return 0, false
		}
		b = b[open+1:]
		n := 0
		for n < len(b) && upperCase(b[n]) {
			n++
		}
		if n == 0 || n == len(b) || b[n] != ']' {
			continue
		}
		if n == 1 {
			if s, ok := levelLetter(b[0]); ok {
				return s, true
			}
		} else if s, ok := levelWord(b[:n]); ok {
			return s, true
		}
	}
}

// calendar reports whether b is a day, a month, a time zone or half of a day, as stamps have them.
func calendar(b []byte) bool {
	if len(b) < 2 || len(b) > 4 {
		return false
	}
	switch string(b) {
	case "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
		"UTC", "GMT", "CET", "CEST", "EST", "EDT", "PST", "PDT", "CST", "CDT", "MST", "MSK", "JST", "IST", "BST", "AM", "PM":
		return true
	}
	return false
}

// letters returns how many letters b starts with.
func letters(b []byte) int {
	n := 0
	for n < len(b) && letter(b[n]) {
		n++
	}
	return n
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && b[i] == ' ' {
		i++
	}
	return i
}

func upperCase(c byte) bool { return c >= 'A' && c <= 'Z' }
