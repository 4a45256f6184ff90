package journal

import "bytes"

// How far into a message its severity is looked for, in bytes.
const (
	logfmtReach = 256
	jsonReach   = 512
	wordMax     = 11 // "information"
)

// textSeverity returns the severity that a message's own text says, because the priority that the journal has for it
// says nothing: k3s prints everything at 6. ok is false when the text says none. The layouts, the first match wins:
//
//	klog     E1122 20:00:00.000000    1204 file.go:12] text
//	JSON     {"component":"virt-handler","level":"error",...}, an "err" key without a level counts as an error
//	logfmt   time="2026-11-22T20:00:00Z" level=warning msg="..." (logrus, slog)
//	prefix   <3>text
//	kmsg     3,1234,5678,-;text
//	CRI      2026-11-22T20:00:00.000000000Z stderr F payload, the payload by the rules above
//	heads    panic: fatal error: goroutine 7 [running]: java.lang.Error: ERROR [WARN] INFO[0004]
//
// It reads a bounded number of bytes and does not allocate.
func textSeverity(text []byte) (s Severity, ok bool) {
	text = criPayload(text)
	if s, _, ok = klogHead(text); ok {
		return s, true
	}
	if len(text) > 0 && text[0] == '{' {
		return jsonSeverity(text)
	}
	if s, ok = logfmtSeverity(text); ok {
		return s, true
	}
	if s, _, ok = prefixHead(text); ok {
		return s, true
	}
	return headSeverity(text)
}

// klogHead reads klog's fixed columns; rest is "file.go:12] text". klog: internal/buffer/buffer.go, FormatHeader.
func klogHead(b []byte) (s Severity, rest []byte, ok bool) {
	const form = "0000 00:00:00.000000 "
	if len(b) <= len(form) || !matches(b[1:], form) {
		return 0, b, false
	}
	switch b[0] {
	case 'I':
		s = Info
	case 'W':
		s = Warning
	case 'E':
		s = Err
	case 'F':
		s = Crit
	default:
		return 0, b, false
	}
	rest = bytes.TrimLeft(b[1+len(form):], " ")
	if _, text, hasPID := number(rest, 10); hasPID && len(text) > 0 && text[0] == ' ' {
		rest = text[1:]
	}
	return s, rest, true
}

var (
	jsonLevel = []byte(`"level":`)
	jsonErr   = []byte(`"err":`)
	jsonNull  = []byte("null")
)

// jsonSeverity looks for keys in the text without parsing it. A key inside a string value has its quotes escaped, so
// it does not match.
func jsonSeverity(b []byte) (Severity, bool) {
	b = b[:min(len(b), jsonReach)]
	if i := bytes.Index(b, jsonLevel); i >= 0 {
		value := bytes.TrimLeft(b[i+len(jsonLevel):], " ")
		if len(value) > 0 && value[0] == '"' {
			return levelWord(value[1:])
		}
		return 0, false
	}
	if i := bytes.Index(b, jsonErr); i >= 0 {
		value := bytes.TrimLeft(b[i+len(jsonErr):], " ")
		return Err, !bytes.HasPrefix(value, jsonNull)
	}
	return 0, false
}

// logfmtSeverity walks from one = to the next, over quoted values, so that a level inside msg="..." does not count.
func logfmtSeverity(b []byte) (Severity, bool) {
	b = b[:min(len(b), logfmtReach)]
	for i := 0; ; {
		j := bytes.IndexByte(b[i:], '=')
		if j < 0 {
			return 0, false
		}
		i += j + 1
		value := b[i:]
		quoted := len(value) > 0 && value[0] == '"'
		if quoted {
			value = value[1:]
		}
		if levelKey(b[:i-1]) {
			if s, ok := levelWord(value); ok {
				return s, true
			}
		}
		if quoted {
			i += 1 + stringEnd(value)
		}
		i = min(i, len(b))
	}
}

// levelKey says whether b ends in the key level, in any case, and not in a longer one.
func levelKey(b []byte) bool {
	const key = "level"
	n := len(b) - len(key)
	return n >= 0 && foldEqual(b[n:], key) && (n == 0 || b[n-1] == ' ' || b[n-1] == ',')
}

// prefixHead reads the prefix of sd-daemon(3) or of a record of /dev/kmsg; rest is what follows it.
//
// Kernel: Documentation/ABI/testing/dev-kmsg
func prefixHead(b []byte) (s Severity, rest []byte, ok bool) {
	if len(b) >= 3 && b[0] == '<' && b[1] >= '0' && b[1] <= '7' && b[2] == '>' {
		return Severity(b[1] - '0'), b[3:], true
	}
	priority, rest, ok := number(b, 3)
	if !ok || priority > 191 { // local7.debug
		return 0, b, false
	}
	for range 2 { // sequence, microseconds
		if len(rest) == 0 || rest[0] != ',' {
			return 0, b, false
		}
		if _, rest, ok = number(rest[1:], 19); !ok {
			return 0, b, false
		}
	}
	if len(rest) < 3 || rest[0] != ',' {
		return 0, b, false
	}
	flags := bytes.IndexByte(rest[:min(len(rest), 40)], ';')
	if flags < 0 {
		return 0, b, false
	}
	return Severity(priority & 7), rest[flags+1:], true
}

var (
	panicHead     = []byte("panic:")
	fatalHead     = []byte("fatal error:")
	goroutineHead = []byte("goroutine ")
)

// headSeverity reads the first word of a message: what a Go program says when it dies, or a level in capitals.
func headSeverity(b []byte) (Severity, bool) {
	if bytes.HasPrefix(b, panicHead) || bytes.HasPrefix(b, fatalHead) {
		return Crit, true
	}
	if isGoroutine(b) || exceptionHead(b) {
		return Err, true
	}
	if len(b) > 0 && b[0] == '[' {
		b = b[1:]
	}
	n := 0
	for n < len(b) && n <= wordMax && b[n] >= 'A' && b[n] <= 'Z' {
		n++
	}
	if n == 0 || n < len(b) && bytes.IndexByte([]byte(" :][\t|"), b[n]) < 0 {
		return 0, false
	}
	return levelWord(b[:n])
}

// levelWord reads the level that b starts with, in any case, and that no further letter follows.
func levelWord(b []byte) (Severity, bool) {
	var word [wordMax]byte
	n := 0
	for ; n < len(b) && letter(b[n]); n++ {
		if n == wordMax {
			return 0, false
		}
		word[n] = lower(b[n])
	}
	switch string(word[:n]) {
	case "trace", "debug":
		return Debug, true
	case "info", "information":
		return Info, true
	case "notice":
		return Notice, true
	case "warn", "warning":
		return Warning, true
	case "err", "error":
		return Err, true
	case "crit", "critical", "fatal", "panic", "dpanic":
		return Crit, true
	case "alert":
		return Alert, true
	case "emerg", "emergency":
		return Emerg, true
	}
	return 0, false
}

// number reads up to most digits at the start of b.
func number(b []byte, most int) (n uint64, rest []byte, ok bool) {
	i := 0
	for i < len(b) && i < most && digit(b[i]) {
		n = n*10 + uint64(b[i]-'0')
		i++
	}
	return n, b[i:], i > 0
}

func digit(c byte) bool  { return c >= '0' && c <= '9' }
func letter(c byte) bool { return lower(c) >= 'a' && lower(c) <= 'z' }

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// foldEqual says whether b is word, which is in lower case, in any case of its ASCII letters.
func foldEqual(b []byte, word string) bool {
	if len(b) != len(word) {
		return false
	}
	for i := range b {
		if lower(b[i]) != word[i] {
			return false
		}
	}
	return true
}
