package journal

import "bytes"

// How far into a message its severity is looked for, in bytes.
const (
	headReach  = 200
	fieldReach = 2048
)

// textSeverity returns the severity that a message's own text says, because the priority that the journal has for it
// says nothing: k3s prints everything at 6. ok is false when the text says none. What it knows, the first match wins:
//
//	JSON     {"component":"virt-handler","level":"error",...}: the keys of levelKey on the top, numbers as Bunyan, GELF,
//	         Monolog and OpenTelemetry have them; without one an err or error key counts as an error. In Docker's
//	         {"log":"...","stream":"stderr"} it is the text of log
//	head     what stands before the message: headScan has its forms
//	logfmt   time="2026-11-22T20:00:00Z" level=warning msg="..." (logrus, slog), the keys of levelKey
//	prefix   <3>text, <27>text
//	kmsg     3,1234,5678,-;text
//	CRI      2026-11-22T20:00:00.000000000Z stderr F payload, the payload by the rules above
//
// testdata/severity.txt has a line of each writer that was thought of. It is one pass over a bounded number of bytes and
// does not allocate.
func textSeverity(text []byte) (s Severity, ok bool) {
	return severityOf(text, true)
}

// severityOf is textSeverity; outer is false for the text within a JSON string.
func severityOf(text []byte, outer bool) (s Severity, ok bool) {
	text = criPayload(text)
	if s, _, ok := klogHead(text); ok {
		return s, true
	}
	priority, rest, prefixed := prefixHead(text)
	if prefixed {
		text = rest
	}
	if line := bytes.TrimLeft(text[:min(len(text), headReach)], " "); len(line) > 0 && line[0] == '{' {
		s, ok = jsonSeverity(text, outer)
	} else if s, ok = headSeverity(text); !ok {
		s, ok = logfmtSeverity(text)
	}
	if ok {
		return s, true
	}
	return priority, prefixed
}

// klogHead reads klog's fixed columns; rest is "file.go:12] text". klog: internal/buffer/buffer.go, FormatHeader.
func klogHead(b []byte) (s Severity, rest []byte, ok bool) {
	const form = "0000 00:00:00.000000 "
	if len(b) <= len(form) || !matches(b[1:], form) || bytes.IndexByte([]byte("IWEF"), b[0]) < 0 {
		return 0, b, false
	}
	s, _ = levelLetter(b[0])
	rest = bytes.TrimLeft(b[1+len(form):], " ")
	if _, text, hasPID := number(rest, 10); hasPID && len(text) > 0 && text[0] == ' ' {
		rest = text[1:]
	}
	return s, rest, true
}

// jsonSeverity walks over the object's own keys: what is nested in one of them is not the line's level.
func jsonSeverity(text []byte, outer bool) (Severity, bool) {
	var w struct {
		number, otel, monolog int64 // what level says as a number, -1: nothing
		gelf, mongo, failed   bool
		letter, log           []byte
	}
	w.number = -1
	f := fieldsOf(bytes.TrimLeft(text[:min(len(text), fieldReach)], " "))
	for f.next() {
		switch key := levelKey(f.key); {
		case (key == levelName || key == jsonName) && f.quoted:
			if s, ok := levelText(f.value); ok {
				return s, true
			}
			if n, ok := wholeNumber(f.value); ok {
				w.number = n
			}
		case key == levelName:
			if n, ok := wholeNumber(f.value); ok {
				w.number = n
			}
		case key == syslogName:
			if n, ok := wholeNumber(f.value); ok && n <= int64(Debug) {
				return Severity(n), true
			}
			if s, ok := levelText(f.value); ok && f.quoted {
				return s, true
			}
		case key == otelName:
			if n, ok := wholeNumber(f.value); ok && n >= 1 && n <= 24 {
				return otelSeverity(n), true
			}
		default:
			switch string(f.key) {
			case "err", "error":
				w.failed = w.failed || someError(f.value, f.quoted)
			case "L": // zap's short keys
				if s, ok := levelText(f.value); ok && f.quoted {
					return s, true
				}
			case "short_message":
				w.gelf = true
			case "s":
				w.letter = f.value
			case "t":
				w.mongo = bytes.HasPrefix(f.value, []byte(`{"$date"`))
			case "log":
				w.log = f.value
				if !f.quoted { // of the Elastic Common Schema
					if s, ok := nestedLevel(f.value); ok {
						return s, true
					}
					w.log = nil
				}
			}
		}
	}
	if s, ok := numberSeverity(w.number, w.gelf); ok {
		return s, true
	}
	if w.mongo && len(w.letter) > 0 {
		if s, ok := levelLetter(w.letter[0]); ok {
			return s, true
		}
	}
	if w.log != nil && outer {
		var buf [512]byte
		inner := w.log[:min(len(w.log), len(buf))]
		if s, ok := severityOf(appendUnquoted(buf[:0], inner), false); ok {
			return s, true
		}
	}
	return Err, w.failed
}

// nestedLevel returns what the key level of an object says.
func nestedLevel(object []byte) (Severity, bool) {
	for f := fieldsOf(object); f.next(); {
		if string(f.key) == "level" && f.quoted {
			return levelText(f.value)
		}
	}
	return 0, false
}

// someError reports whether the value of an err key is an error.
func someError(value []byte, quoted bool) bool {
	switch string(value) {
	case "", "null", "nil", "<nil>", "none", "false", "0":
		return false
	}
	return quoted || value[0] == '{'
}

// wholeNumber reads a number that is all there is.
func wholeNumber(b []byte) (int64, bool) {
	n, rest, ok := number(b, 4)
	return int64(n), ok && len(rest) == 0
}

// numberSeverity reads a level that is a number: tens are Bunyan's and Pino's, hundreds Monolog's, GELF has syslog's own.
func numberSeverity(n int64, gelf bool) (Severity, bool) {
	switch {
	case n < 0:
		return 0, false
	case n <= int64(Debug):
		return Severity(n), gelf
	case n >= 10 && n < 70:
		return [...]Severity{Debug, Debug, Info, Warning, Err, Crit}[n/10-1], true
	case n >= 100 && n <= 600:
		return [...]Severity{Debug, Info, Warning, Err, Crit, Emerg}[n/100-1], true
	}
	return 0, false
}

// otelSeverity reads the SeverityNumber of OpenTelemetry's log data model, from 1 to 24.
func otelSeverity(n int64) Severity {
	return [...]Severity{Debug, Debug, Info, Warning, Err, Crit}[(n-1)/4]
}

// logfmtSeverity walks from one = to the next, over quoted values, so that a level inside msg="..." does not count.
func logfmtSeverity(b []byte) (Severity, bool) {
	b = b[:min(len(b), fieldReach)]
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
		if key := levelKey(keyBefore(b[:i-1])); key == levelName || key == syslogName {
			if s, ok := levelText(value); ok {
				return s, true
			}
		}
		if quoted {
			i += 1 + stringEnd(value)
		}
		i = min(i, len(b))
	}
}

// keyBefore returns the key that b ends in: back to a blank, a comma or a bracket.
func keyBefore(b []byte) []byte {
	n := len(b)
	for n > 0 && len(b)-n <= longestKey && bytes.IndexByte([]byte(" ,[({\n"), b[n-1]) < 0 {
		n--
	}
	return b[n:]
}

// prefixHead reads the prefix of sd-daemon(3) and syslog, or of a record of /dev/kmsg; rest is what follows it.
//
// Kernel: Documentation/ABI/testing/dev-kmsg
func prefixHead(b []byte) (s Severity, rest []byte, ok bool) {
	if len(b) > 0 && b[0] == '<' {
		priority, rest, ok := number(b[1:], 3)
		if !ok || priority > 191 || len(rest) == 0 || rest[0] != '>' { // local7.debug
			return 0, b, false
		}
		return Severity(priority & 7), rest[1:], true
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

// number reads up to limit digits at the start of b.
func number(b []byte, limit int) (n uint64, rest []byte, ok bool) {
	i := 0
	for i < len(b) && i < limit && digit(b[i]) {
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

const (
	wordMax    = 13 // "informational"
	longestKey = 14 // "severitynumber"
)

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
	case "trace", "trc", "trce", "debug", "dbg", "dbug", "fine", "finer", "finest", "verbose", "vrb", "silly":
		return Debug, true
	case "info", "inf", "information", "informational", "success":
		return Info, true
	case "notice", "ntc":
		return Notice, true
	case "warn", "warning", "wrn":
		return Warning, true
	case "err", "error", "eror", "severe", "fail":
		return Err, true
	case "crit", "critical", "crt", "fatal", "ftl", "panic", "pnc", "dpanic":
		return Crit, true
	case "alert":
		return Alert, true
	case "emerg", "emergency", "emer":
		return Emerg, true
	}
	return 0, false
}

// levelLetter reads a level of one capital letter, as klog, capnslog, Ruby and MongoDB have them.
func levelLetter(c byte) (Severity, bool) {
	switch c {
	case 'D', 'T':
		return Debug, true
	case 'I':
		return Info, true
	case 'N':
		return Notice, true
	case 'W':
		return Warning, true
	case 'E':
		return Err, true
	case 'F', 'C':
		return Crit, true
	}
	return 0, false
}

// levelText reads the value of a level's key: a word, one letter, or zap's Level(-2), which is finer than debug.
func levelText(b []byte) (Severity, bool) {
	if s, ok := levelWord(b); ok {
		return s, true
	}
	if bytes.HasPrefix(b, []byte("Level(-")) {
		return Debug, true
	}
	if len(b) > 0 && (len(b) == 1 || b[1] == ' ' || b[1] == '"') {
		return levelLetter(b[0])
	}
	return 0, false
}

// keyKind is what a key says of its value.
type keyKind uint8

const (
	otherName  keyKind = iota
	levelName          // a level, in words or as a number of its writer's
	jsonName           // a level in JSON; in a line of text it is about an option
	syslogName         // a level, in words or as syslog's number
	otelName           // OpenTelemetry's number
)

// levelKey knows the keys of levels, in any case.
func levelKey(key []byte) keyKind {
	if len(key) < 2 || len(key) > longestKey {
		return otherName
	}
	switch lower(key[0]) { // most keys end here
	case 'l', 's', 'p', '@':
	default:
		return otherName
	}
	var small [longestKey]byte
	for i, c := range key {
		small[i] = lower(c)
	}
	switch string(small[:len(key)]) {
	case "loglevel":
		return jsonName
	case "level", "lvl", "log.level", "log_level", "@level", "@l", "levelname", "level_name", "severitytext":
		return levelName
	case "severity", "priority":
		return syslogName
	case "severitynumber":
		return otelName
	}
	return otherName
}
