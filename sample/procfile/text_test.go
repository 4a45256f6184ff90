package procfile

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"hypervisor-tui/sample/sampletest"
)

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		line string
		n    int
		ok   bool
	}{
		{"", 0, true},
		{"  \t ", 0, true},
		{"1 22  333\t4", 3, true}, // three are asked for
		{"18446744073709551615", 1, true},
		{"18446744073709551616", 0, false},
		{"99999999999999999999999", 0, false},
		{"1 -2 3", 1, false},
		{"1 2x", 1, false},
		{"1\n2", 0, false},
	} {
		var v [3]uint64
		if n, err := Numbers([]byte(c.line), v[:]); n != c.n || (err == nil) != c.ok {
			t.Errorf("%q: %d, %v", c.line, n, err)
		}
	}
}

func FuzzNumbers(f *testing.F) {
	for _, s := range []string{"1 2 3", "-1", "18446744073709551615 0", " 7"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var v [4]uint64
		n, err := Numbers(line, v[:])
		words := strings.FieldsFunc(string(line), func(r rune) bool { return r == ' ' || r == '\t' })
		for i := range min(len(words), len(v)) {
			want, e := strconv.ParseUint(words[i], 10, 64)
			if e != nil {
				if err == nil || n != i {
					t.Fatalf("%q: %d, %v; word %d is none", line, n, err, i)
				}
				return
			}
			if i >= n || v[i] != want {
				t.Fatalf("%q: word %d of %d is %d, want %d", line, i, n, v[i], want)
			}
		}
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
	})
}

func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"0.25", "1240.09", "", ".", "1.2.3", "-1", "1e9", "12345678901234567890.5", "0." + strings.Repeat("0", 21) + "1"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, word []byte) {
		v, err := Decimal(word)
		if err != nil {
			return
		}
		want, e := strconv.ParseFloat(string(word), 64)
		if e != nil || math.Abs(v-want) > want*1e-15 {
			t.Errorf("%q: %v, want %v", word, v, want)
		}
	})
}

func TestOutsideText(t *testing.T) {
	if s := Clean([]byte(" Intel\x1b[31m Xeon\x07 \n")); strings.ContainsAny(s, "\x1b\x07\n") || !strings.HasPrefix(s, "Intel") {
		t.Errorf("%q", s)
	}
	old := Clean([]byte("host"))
	if n := sampletest.Allocations(func() { old = Intern(old, []byte("host\n")) }); n != 0 || old != "host" {
		t.Errorf("%v allocations for %q", n, old)
	}
}
