package journal

import "bytes"

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
