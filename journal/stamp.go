package journal

import (
	"bytes"
	"time"
)

// TextTime returns the time that a raw message's own text says: that of a CRI line, of klog, or of the time, ts or
// timestamp of logfmt and JSON. klog writes neither year nor zone: they are taken from now, the time of reading, so that
// the stamp is not after it by more than a day. ok is false when the text says none. It does not allocate.
func TextTime(text []byte, now time.Time) (t time.Time, ok bool) {
	if line, isCRI := ParseCRI(text); isCRI {
		return line.Time, true
	}
	if _, _, isKlog := klogHead(text); isKlog {
		return klogTime(text, now)
	}
	f := fieldsOf(text)
	for f.next() {
		if f.role() == timeField {
			return fieldTime(f.value)
		}
	}
	return t, false
}

// klogTime reads the stamp of a text that klogHead accepts.
func klogTime(b []byte, now time.Time) (time.Time, bool) {
	month, day := pairOf(b[1:]), pairOf(b[3:])
	hour, minute, second := pairOf(b[6:]), pairOf(b[9:]), pairOf(b[12:])
	if month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60 {
		return time.Time{}, false
	}
	micros, _, _ := number(b[15:21], 6)
	at := func(year int) time.Time {
		return time.Date(year, time.Month(month), day, hour, minute, second, int(micros)*1000, now.Location())
	}
	if t := at(now.Year()); !t.After(now.AddDate(0, 0, 1)) {
		return t, true
	}
	return at(now.Year() - 1), true
}

// fieldTime reads the value of a time field: RFC 3339, as logrus, slog and KubeVirt write it, seconds since 1970, as zap
// does, or thousandths of them, as Pino does.
func fieldTime(value []byte) (time.Time, bool) {
	if t, n := stamp(value); n > 0 {
		return t, n == len(value)
	}
	seconds, rest, ok := number(value, 13)
	switch digits := len(value) - len(rest); {
	case ok && digits == 13:
		at := time.UnixMilli(int64(seconds)).UTC()
		_, rest = fraction(rest)
		return at, len(rest) == 0
	case !ok || digits != 10:
		return time.Time{}, false
	}
	nanos, rest := fraction(rest)
	return time.Unix(int64(seconds), int64(nanos)).UTC(), len(rest) == 0
}

// stamp reads the RFC 3339 stamp that b starts with, with +0100 taken for +01:00. n is its
// length, 0 if none.
func stamp(b []byte) (t time.Time, n int) {
	const form = "0000-00-00T00:00:00"
	if len(b) <= len(form) || !matches(b, form) {
		return t, 0
	}
	month, day, hour, minute, second := pairOf(b[5:]), pairOf(b[8:]), pairOf(b[11:]), pairOf(b[14:]), pairOf(b[17:])
	if month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60 {
		return t, 0
	}
	nanos, rest := fraction(b[len(form):])
	offset, size := zone(rest)
	if size == 0 {
		return t, 0
	}
	year := 100*pairOf(b) + pairOf(b[2:])
	t = time.Date(year, time.Month(month), day, hour, minute, second-offset, nanos, time.UTC)
	if t.Unix() < 0 { // no log is that old, and a Place counts from 1970
		return time.Time{}, 0
	}
	return t, len(b) - len(rest) + size
}

// matches reports whether b starts like form, in which 0 stands for any digit.
func matches(b []byte, form string) bool {
	if len(b) < len(form) {
		return false
	}
	for i := range len(form) {
		if form[i] == '0' && !digit(b[i]) || form[i] != '0' && b[i] != form[i] {
			return false
		}
	}
	return true
}

// pairOf reads two digits.
func pairOf(b []byte) int { return 10*int(b[0]-'0') + int(b[1]-'0') }

// fraction reads ".123" at the start of b, up to nine digits, as nanoseconds.
func fraction(b []byte) (nanos int, rest []byte) {
	if len(b) < 2 || b[0] != '.' || !digit(b[1]) {
		return 0, b
	}
	unit := 100_000_000
	for b = b[1:]; len(b) > 0 && digit(b[0]) && unit > 0; b = b[1:] {
		nanos += unit * int(b[0]-'0')
		unit /= 10
	}
	return nanos, b
}

// zone reads Z, +01:00 or +0100 at the start of b as seconds east of UTC.
func zone(b []byte) (seconds, size int) {
	if bytes.HasPrefix(b, []byte{'Z'}) {
		return 0, 1
	}
	if len(b) == 0 || b[0] != '+' && b[0] != '-' {
		return 0, 0
	}
	switch {
	case matches(b[1:], "00:00"):
		seconds, size = 3600*pairOf(b[1:])+60*pairOf(b[4:]), 6
	case matches(b[1:], "0000"):
		seconds, size = 3600*pairOf(b[1:])+60*pairOf(b[3:]), 5
	}
	if b[0] == '-' {
		seconds = -seconds
	}
	return seconds, size
}
