package procfile

import (
	"bytes"
	"errors"
	"iter"
	"math"
	"math/bits"

	"hypervisor-tui/internal/clean"
)

// What is wrong with a text that a reader refuses.
var (
	ErrShort  = errors.New("line too short")
	ErrNumber = errors.New("not a number")
	ErrOrder  = errors.New("out of order")
	ErrFields = errors.New("lines missing")
)

// CutLine cuts the first line off text, without its end.
func CutLine(text []byte) (line, rest []byte) {
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		return text[:i], text[i+1:]
	}
	return text, nil
}

// Lines yields the lines of text, without their ends.
func Lines(text []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for len(text) > 0 {
			line, rest := CutLine(text)
			if !yield(line) {
				return
			}
			text = rest
		}
	}
}

// Value returns what follows key at the start of a line of text, up to the line's end; false: no line starts with key.
func Value(text []byte, key string) ([]byte, bool) {
	for line := range Lines(text) {
		if value, ok := bytes.CutPrefix(line, []byte(key)); ok {
			return value, true
		}
	}
	return nil, false
}

// CutWord cuts the first word off line; it is empty without one.
func CutWord(line []byte) (word, rest []byte) {
	start := 0
	for start < len(line) && Blank(line[start]) {
		start++
	}
	end := start
	for end < len(line) && !Blank(line[end]) {
		end++
	}
	return line[start:end], line[end:]
}

// Numbers fills into with the unsigned decimals at the start of line and returns how many there were, len(into) at
// most. Anything else before that, a sign or more than 64 bits included, is errNumber.
func Numbers(line []byte, into []uint64) (int, error) {
	n, i := 0, 0
	for n < len(into) {
		for i < len(line) && Blank(line[i]) {
			i++
		}
		if i == len(line) {
			break
		}
		var v uint64
		for i < len(line) && !Blank(line[i]) {
			digit := uint64(line[i] - '0') // below '0' it wraps to more than 9
			if digit > 9 || v > (math.MaxUint64-digit)/10 {
				return n, ErrNumber
			}
			v = v*10 + digit
			i++
		}
		into[n] = v
		n++
	}
	return n, nil
}

// Number is the whole of word as an unsigned decimal.
func Number(word []byte) (uint64, error) {
	var v [1]uint64
	if n, err := Numbers(word, v[:]); err != nil || n == 0 {
		return 0, ErrNumber
	}
	return v[0], nil
}

// Decimal is the whole of word as digits with at most one point among them, such as 0.25.
func Decimal(word []byte) (float64, error) {
	var v, scale uint64 = 0, 1
	point, digits := false, 0
	for _, c := range word {
		if c == '.' && !point {
			point = true
			continue
		}
		digit := uint64(c - '0')
		if digit > 9 || v > (math.MaxUint64-digit)/10 || digits == 18 {
			return 0, ErrNumber
		}
		v = v*10 + digit
		digits++
		if point {
			scale *= 10
		}
	}
	if digits == 0 {
		return 0, ErrNumber
	}
	return float64(v) / float64(scale), nil
}

// Blank reports whether c lies between two words of a line.
func Blank(c byte) bool { return c == ' ' || c == '\t' }

// Clean is the one way in for text that is not our own: what it returns may be drawn.
func Clean(text []byte) string {
	return clean.String(string(bytes.TrimSpace(text)))
}

// Intern returns old when it already is the outside text, so that text read each tick is a string made once.
func Intern(old string, text []byte) string {
	if text = bytes.TrimSpace(text); string(text) == old {
		return old
	}
	return Clean(text)
}

// Times is a * b, or the most there is: a broken FUSE server may say anything.
func Times(a, b uint64) uint64 {
	if high, low := bits.Mul64(a, b); high == 0 && low < math.MaxInt64 {
		return low
	}
	return math.MaxInt64 // so that two of them still add up
}
