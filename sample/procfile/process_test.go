package procfile

import (
	"encoding/binary"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/prometheus/procfs"
)

func TestProcessStatOfAnyName(t *testing.T) {
	const rest = " S 1 1 1 0 -1 4194560 1 2 3 4 70 30 0 0 20 -5 6 0 4711 4096 200\n"
	for _, name := range []string{"qemu-kvm", "", "a b", "a) R 1 (b", ")", "a\nb", "((("} {
		s, got, err := ParseProcessStat([]byte("12 (" + name + ")" + rest))
		if want := (ProcessStat{State: 'S', Ticks: 100, Start: 4711, Resident: 200 * uint64(os.Getpagesize())}); err != nil || s != want || string(got) != name {
			t.Errorf("%q: %q, %+v, %v", name, got, s, err)
		}
	}
	for _, text := range []string{"", "12 (a", "12 (a)", "12 (a) S 1 1 1", "12 (a) SS" + rest[2:], "12 (a) S 1 1 1 0 -1 4194560 1 2 3 4 -70 30 0 0 20 -5 6 0 4711"} {
		if s, _, err := ParseProcessStat([]byte(text)); err == nil {
			t.Errorf("%q: %+v", text, s)
		}
	}
	for state, ended := range map[string]bool{"R": false, "D": false, "t": false, "Z": true, "X": true, "x": true} {
		if s, _, err := ParseProcessStat([]byte("1 (a) " + state + rest[2:])); err != nil || s.Ended() != ended {
			t.Errorf("state %s: %+v, %v", state, s, err)
		}
	}
}

// What grows between the two looks, grows.
func TestProcessStatAgreesWithProcfs(t *testing.T) {
	dir := "/proc/" + strconv.Itoa(os.Getpid()) + "/"
	text, err := os.ReadFile(dir + "stat")
	if err != nil {
		t.Skip("no /proc: ", err)
	}
	s, name, err := ParseProcessStat(text)
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
	if later := uint64(oracle.UTime + oracle.STime); s.Start != oracle.Starttime || s.Ended() || s.Kernel || s.Ticks > later || s.Resident == 0 || string(name) != oracle.Comm {
		t.Errorf("%s, %+v, procfs has %+v", name, s, oracle)
	}
}

// TestProcessStatOfTheKernelsThreads: the flag says it, whatever the thread is called.
func TestProcessStatOfTheKernelsThreads(t *testing.T) {
	s, name, err := ParseProcessStat([]byte("9 (kworker/0:1H-kblockd) I 2 0 0 0 -1 69238880 0 0 0 0 7 30 0 0 0 -20 1 0 58 0 0 18446744073709551615\n"))
	if err != nil || !s.Kernel || s.Resident != 0 || s.Ticks != 37 || string(name) != "kworker/0:1H-kblockd" {
		t.Errorf("%q, %+v, %v", name, s, err)
	}
}

func TestSinceBootDoesNotOverflow(t *testing.T) {
	if d := SinceBoot(150); d.String() != "1.5s" {
		t.Error(d)
	}
	if d := SinceBoot(1 << 63); d <= 0 {
		t.Error(d)
	}
}

func FuzzProcessStat(f *testing.F) {
	f.Add([]byte("12 (a) R 1 (b) S 1 1 1 0 -1 4194560 1 2 3 4 70 30 0 0 20 -5 6 0 4711 4096 200\n"))
	f.Add([]byte("1 ())"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if s, _, err := ParseProcessStat(text); err == nil && SinceBoot(s.Start) < 0 {
			t.Errorf("%q: %+v", text, s)
		}
	})
}

// direntOf is an entry as getdents64(2) writes it.
func direntOf(ino uint64, name string) []byte {
	d := make([]byte, (direntName+len(name)+8)&^7)
	binary.NativeEndian.PutUint64(d, ino)
	binary.NativeEndian.PutUint16(d[direntTotal:], uint16(len(d)))
	copy(d[direntName:], name)
	return d
}

func TestProcessesOfADirectory(t *testing.T) {
	var dirents []byte
	for i, name := range []string{".", "..", "1", "self", "4194304", "01", "0", "-1", "99999999999999999999", "2"} {
		dirents = append(dirents, direntOf(uint64(i), name)...)
	}
	want := []Process{{1, 2}, {4194304, 4}, {2, 9}}
	if got := appendProcesses(nil, dirents); !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
	if got := appendProcesses(nil, dirents[:len(dirents)-1]); len(got) != 2 {
		t.Errorf("cut off: %+v", got)
	}
}

func FuzzDirents(f *testing.F) {
	f.Add(append(direntOf(7, "12"), direntOf(8, "cpuinfo")...))
	f.Add(make([]byte, 24))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, p := range appendProcesses(nil, text) {
			if p.PID <= 0 {
				t.Errorf("%x: %+v", text, p)
			}
		}
	})
}
