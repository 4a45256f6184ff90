package qemu

import (
	"os"
	"strconv"
	"testing"

	"github.com/prometheus/procfs"
)

func word(v uint64) string { return strconv.FormatUint(v, 10) }

func TestProcStatOfAnyName(t *testing.T) {
	const rest = " S 1 1 1 0 -1 4194560 1 2 3 4 70 30 0 0 20 -5 6 0 4711 4096 200\n"
	for _, name := range []string{"qemu-kvm", "", "a b", "a) R 1 (b", ")", "a\nb", "((("} {
		s, err := parseProcStat([]byte("12 (" + name + ")" + rest))
		if err != nil || s != (procStat{ticks: 100, start: 4711}) {
			t.Errorf("%q: %+v, %v", name, s, err)
		}
	}
	for _, text := range []string{"", "12 (a", "12 (a)", "12 (a) S 1 1 1", "12 (a) SS" + rest[2:], "12 (a) S 1 1 1 0 -1 4194560 1 2 3 4 -70 30 0 0 20 -5 6 0 4711"} {
		if s, err := parseProcStat([]byte(text)); err == nil {
			t.Errorf("%q: %+v", text, s)
		}
	}
	for state, ended := range map[string]bool{"R": false, "D": false, "t": false, "Z": true, "X": true, "x": true} {
		if s, err := parseProcStat([]byte("1 (a) " + state + rest[2:])); err != nil || s.ended != ended {
			t.Errorf("state %s: %+v, %v", state, s, err)
		}
	}
}

// What grows between the two looks, grows.
func TestProcStatAgreesWithProcfs(t *testing.T) {
	dir := procDir(os.Getpid())
	text, err := os.ReadFile(dir + "stat")
	if err != nil {
		t.Skip("no /proc: ", err)
	}
	s, err := parseProcStat(text)
	if err != nil {
		t.Fatal(err)
	}
	p, err := procfs.Self()
	if err != nil {
		t.Fatal(err)
	}
	oracle, err := p.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if later := uint64(oracle.UTime + oracle.STime); s.start != oracle.Starttime || s.ended || s.ticks > later {
		t.Errorf("%+v, procfs has %+v", s, oracle)
	}
}

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

func TestSinceBootDoesNotOverflow(t *testing.T) {
	if d := sinceBoot(150); d.String() != "1.5s" {
		t.Error(d)
	}
	if d := sinceBoot(1 << 63); d <= 0 {
		t.Error(d)
	}
}

func FuzzProcStat(f *testing.F) {
	f.Add([]byte("12 (a) R 1 (b) S 1 1 1 0 -1 4194560 1 2 3 4 70 30 0 0 20 -5 6 0 4711 4096 200\n"))
	f.Add([]byte("1 ())"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if s, err := parseProcStat(text); err == nil && sinceBoot(s.start) < 0 {
			t.Errorf("%q: %+v", text, s)
		}
		parseStatm(text)
		parseHugetlb(text)
	})
}
