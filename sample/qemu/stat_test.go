package qemu

import (
	"os"
	"strconv"
	"testing"
)

func word(v uint64) string { return strconv.FormatUint(v, 10) }

func TestStatm(t *testing.T) {
	if v, err := parseStatm([]byte("1000 200 30 4 0 5 0\n")); err != nil || v != 200*uint64(os.Getpagesize()) {
		t.Errorf("%v, %v", v, err)
	}
	for _, text := range []string{"", "1000", "1000 -1"} {
		if v, err := parseStatm([]byte(text)); err == nil {
			t.Errorf("%q: %v", text, v)
		}
	}
}

func FuzzMemoryOfProcess(f *testing.F) {
	f.Add([]byte("1000 200 30 4 0 5 0\n"))
	f.Add([]byte("Name:\ta\nHugetlbPages:\t 1024 kB\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		parseStatm(text)
		parseHugetlb(text)
	})
}
