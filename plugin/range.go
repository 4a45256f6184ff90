package plugin

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ParseRange reads a range as Nagios writes it, [@][start:][end]: 10 alerts outside of 0 to 10, 10: below 10, ~:10 above 10, 10:20
// outside of 10 to 20, @10:20 within 10 to 20.
//
// Format: monitoring-plugins.org/doc/guidelines.html, threshold and ranges.
func ParseRange(s string) (Range, error) {
	r := Range{Set: true, High: math.Inf(1)}
	rest, inside := strings.CutPrefix(s, "@")
	r.Inside = inside
	start, end, both := strings.Cut(rest, ":")
	if !both {
		start, end = "", start
	}
	ok := start != "" || end != ""
	switch {
	case start == "~":
		r.Low = math.Inf(-1)
	case start != "":
		r.Low, ok = decimal(start)
	}
	if end != "" && ok {
		r.High, ok = decimal(end)
	}
	if !ok || r.Low > r.High {
		return Range{}, fmt.Errorf("%q is no range: 10 alerts outside of 0 to 10, 10: below 10, ~:10 above 10, 10:20 outside of 10 to 20, @10:20 within", s)
	}
	return r, nil
}

// String is the range as ParseRange reads it; empty when it is not set.
func (r Range) String() string {
	if !r.Set {
		return ""
	}
	var b []byte
	if r.Inside {
		b = append(b, '@')
	}
	switch {
	case math.IsInf(r.Low, -1):
		b = append(b, "~:"...)
	case r.Low != 0 || math.IsInf(r.High, 1):
		b = append(appendNumber(b, r.Low), ':')
	}
	if !math.IsInf(r.High, 1) {
		b = appendNumber(b, r.High)
	}
	return string(b)
}

// decimal reads a whole string as a number, without words, hexadecimals or underscores.
func decimal(s string) (float64, bool) {
	v, rest, ok := cutNumber(s)
	return v, ok && rest == ""
}

// cutNumber reads the decimal number that s begins with. It is finite.
func cutNumber(s string) (v float64, rest string, ok bool) {
	digits := func(i int) int {
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		return i
	}
	sign := func(i int) int {
		if i < len(s) && (s[i] == '-' || s[i] == '+') {
			i++
		}
		return i
	}
	end := digits(sign(0))
	if end < len(s) && s[end] == '.' {
		end = digits(end + 1)
	}
	if end < len(s) && (s[end] == 'e' || s[end] == 'E') {
		if from := sign(end + 1); digits(from) > from {
			end = digits(from)
		}
	}
	v, err := strconv.ParseFloat(s[:end], 64)
	return v, s[end:], err == nil
}

// appendNumber appends v with all its digits, without an exponent where people write none.
func appendNumber(dst []byte, v float64) []byte {
	if a := math.Abs(v); a != 0 && (a < 1e-4 || a >= 1e15) {
		return strconv.AppendFloat(dst, v, 'g', -1, 64)
	}
	return strconv.AppendFloat(dst, v, 'f', -1, 64)
}
