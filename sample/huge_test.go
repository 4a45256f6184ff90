package sample

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// putHuge writes a file of 31 MiB that begins with text and goes on with what is repeated, and then with NULs.
func putHuge(t *testing.T, root, name, text, again string) {
	t.Helper()
	if again != "" {
		text += strings.Repeat(again, (4<<20)/len(again))
	}
	put(t, root, name, text)
	if err := os.Truncate(filepath.Join(root, name), 31<<20); err != nil { // NULs, which take no room
		t.Fatal(err)
	}
}

// Whatever lies in the place of a file of the kernel, little of it is held, nothing is kept, and it is said.
func TestF58HugeFiles(t *testing.T) {
	root := copyOf(t, "vm2")
	const counters = "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
	putHuge(t, root, "/proc/stat", "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\nintr ", "0 ")
	putHuge(t, root, "/proc/meminfo", "MemTotal: 1000 kB\n", "")
	putHuge(t, root, "/proc/loadavg", "0.1 0.2 0.3 1/2 3", "")
	putHuge(t, root, "/proc/uptime", "1.0 ", "")
	putHuge(t, root, "/proc/pressure/cpu", "some avg10=0.00 ", "")
	putHuge(t, root, "/proc/net/sockstat", "", "TCP: inuse 1 orphan 0 tw 0 alloc 1 mem 0\n")
	putHuge(t, root, "/proc/sys/kernel/hostname", "host", "x")
	putHuge(t, root, "/proc/sys/kernel/osrelease", "6", "x")
	putHuge(t, root, "/etc/os-release", "PRETTY_NAME=", "x")
	putHuge(t, root, "/proc/cpuinfo", "", "cpu MHz : 1\n")
	putHuge(t, root, mdstat, mdHead, "md0 : active raid1 sda[0]\n      10 blocks [1/1] [U]\n\n")
	var disks, interfaces, mounts strings.Builder
	for i := range 300_000 {
		fmt.Fprintf(&disks, "8 %d sd%d 1 0 8 1 1 0 8 1 0 1 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n", i, i)
		fmt.Fprintf(&interfaces, "veth%d: %s", i, counters)
		fmt.Fprintf(&mounts, "%d 1 8:%d / /pods/%d/and/a/directory/in/which/it/lies rw - ext4 /dev/sd%d rw\n", i+30, i, i, i)
	}
	put(t, root, "/proc/diskstats", disks.String())
	put(t, root, "/proc/net/dev", "Inter-|\n face |\n"+interfaces.String())
	put(t, root, mountinfo, mounts.String())
	disks, interfaces, mounts = strings.Builder{}, strings.Builder{}, strings.Builder{}

	before := inUse()
	c := newClock()
	s := New(Options{Root: root, Now: c.now, statfs: func(_ string, st *unix.Statfs_t) error { st.Blocks, st.Bsize = 1, 1; return nil }})
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	allocated := m.TotalAlloc
	begin(t, s)
	s.WaitSlow(context.Background())
	for range 5 {
		s.Sample()
		c.pass(2 * time.Second)
	}
	runtime.ReadMemStats(&m)
	if n := m.TotalAlloc - allocated; n > 96<<20 {
		t.Errorf("%d MiB allocated, some 450 were there", n>>20)
	}
	if n := inUse() - before; n > 24<<20 {
		t.Errorf("%d MiB kept", n>>20)
	}
	h := s.hosts.Latest()
	for source, want := range map[Source]string{
		Stat: "longer than 2 MiB", Diskstats: "longer than 2 MiB", Meminfo: "longer than 64 KiB", Loadavg: "longer than 64 KiB",
		Sockets: "longer than 64 KiB", Filesystems: errLeftOut.Error(), NetDev: errLeftOut.Error(), Arrays: "longer than 2 MiB",
		Identity: "longer than 64 KiB", Uptime: "longer than 64 KiB",
	} {
		if got := h.Health[source]; !strings.Contains(got.Err, want) {
			t.Errorf("source %d: %v %q, want %q", source, got.State, got.Err, want)
		}
	}
	if n := len(s.nets.Latest().Interfaces); n != mostInterfaces {
		t.Errorf("%d interfaces", n)
	}
	for i := range s.steps {
		step := &s.steps[i]
		if n := allocations(func() { s.run(step, s.now()) }); n != 0 && step.source != NetDev {
			t.Errorf("source %d: %v allocations", step.source, n)
		}
	}
}

func inUse() int {
	var m runtime.MemStats
	for range 2 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// A file that was long for once gives its memory back, and one that was too long is read again when it may be shorter.
func TestF58MemoryIsGivenBack(t *testing.T) {
	root := t.TempDir()
	put(t, root, "/file", strings.Repeat("x", keptLong-1))
	k := keepLong(root, "/file")
	defer k.close()
	if text, err := k.read(); err != nil || len(text) != keptLong-1 {
		t.Fatalf("%d bytes, %v", len(text), err)
	}
	put(t, root, "/file", "short")
	for range 2 {
		if text, err := k.read(); err != nil || string(text) != "short" {
			t.Fatalf("%q, %v", text, err)
		}
	}
	if cap(k.buf) > keptSize {
		t.Errorf("%d bytes kept", cap(k.buf))
	}
	put(t, root, "/file", strings.Repeat("x", keptLong))
	_, err := k.read()
	if err == nil || err.Error() != "read /file: longer than 2 MiB" || k.buf != nil {
		t.Fatalf("%v, %d bytes kept", err, cap(k.buf))
	}
	if n := allocations(func() { k.read() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	put(t, root, "/file", "short")
	for range tiresome {
		if text, err := k.read(); err == nil {
			if string(text) != "short" {
				t.Errorf("%q", text)
			}
			return
		}
	}
	if text, err := k.read(); err != nil || string(text) != "short" {
		t.Errorf("it stays too long: %q, %v", text, err)
	}
}

func TestF58LinesAreCut(t *testing.T) {
	root := t.TempDir()
	endless := strings.Repeat("y", 5*longestLine)
	for text, want := range map[string]string{
		"a\n" + endless + "\nb\n": "a y b", endless: "y", endless + "\n\nb": "y  b", "a\n" + endless + endless: "a y", "": "", "a": "a", "\n": "",
	} {
		put(t, root, "/file", text)
		k := keep(root, "/file")
		var got []string
		err := k.lines(func(line []byte) error {
			if len(line) > 2*longestLine+keptSize {
				t.Errorf("a line of %d bytes", len(line))
			}
			got = append(got, string(line[:min(1, len(line))]))
			return nil
		})
		if s := strings.Join(got, " "); s != want || err != nil || len(k.buf) > 4*longestLine {
			t.Errorf("%.5q: %q, want %q, %v, %d bytes kept", text, s, want, err, len(k.buf))
		}
		k.close()
	}
	putHuge(t, root, "/file", "", "line\n")
	if err := os.Truncate(filepath.Join(root, "/file"), 40<<20); err != nil {
		t.Fatal(err)
	}
	k := keep(root, "/file")
	if err := k.lines(func([]byte) error { return nil }); err == nil || err.Error() != "read /file: longer than 32 MiB" || k.opened {
		t.Errorf("%v", err)
	}
}
