package file

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"hypervisor-tui/journal/file/jwrite"
)

// TestF25OverlookedOnce: a closed file that one listing lacks keeps its place; one that two lack is gone.
func TestF25OverlookedOnce(t *testing.T) {
	folder := filepath.Join(t.TempDir(), machine)
	writeAll(t, folder, wrote{"system@a.journal", "a", "boot", 0, 10, year2026, 1, jwrite.Archived})
	m, e := merged(t, folder)
	for range 5 {
		if err := m.Next(e); err != nil {
			t.Fatal(err)
		}
	}
	m.Close()
	look := func(list func([]Root) Listing) {
		t.Helper()
		m.list = list
		if _, err := m.Look(); err != nil {
			t.Fatal(err)
		}
	}
	none := func([]Root) Listing { return Listing{} }
	if look(none); m.Files() != 1 {
		t.Errorf("overlooked once: %d files", m.Files())
	}
	look(List)
	if got := numbers(t, m.Next, e); len(got) != 5 || got[0] != 5 {
		t.Errorf("it goes on with %v", got)
	}
	look(none)
	if look(none); m.Files() != 0 {
		t.Errorf("overlooked twice: %d files", m.Files())
	}
}

// TestF25InodeUsedAgain: another file under the name and the number of one that is known is not read as that.
func TestF25InodeUsedAgain(t *testing.T) {
	folder, other := filepath.Join(t.TempDir(), machine), filepath.Join(t.TempDir(), machine)
	writeAll(t, folder, wrote{"system@a.journal", "a", "boot", 0, 10, year2026, 1, jwrite.Archived})
	writeAll(t, other, wrote{"system@b.journal", "b", "boot", 50, 20, year2026, 100, jwrite.Archived})
	m, e := merged(t, folder)
	text, err := os.ReadFile(filepath.Join(other, "system@b.journal"))
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "system@a.journal"), text, 0o644) // the same inode
	}
	if err != nil {
		t.Fatal(err)
	}
	c := m.members[0]
	if err := c.open(m.fields); !errors.Is(err, fs.ErrNotExist) || c.file != nil {
		t.Errorf("opened as the one before: %v", err)
	}
	if _, err := m.Look(); err != nil {
		t.Fatal(err)
	}
	if got := numbers(t, m.Next, e); len(got) != 20 || got[0] != 50 {
		t.Errorf("%v", got)
	}
}

// resident is how many bytes of the mappings of a file are in this process' memory.
func resident(t *testing.T, path string) (bytes int) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Skip("no smaps here: ", err)
	}
	ours, seen := false, false
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		switch {
		case len(f) > 4 && strings.Contains(f[0], "-"):
			ours = f[len(f)-1] == path
			seen = seen || ours
		case ours && f[0] == "Rss:":
			n, err := strconv.Atoi(f[1])
			if err != nil {
				t.Fatal(err)
			}
			bytes += n << 10
		}
	}
	if !seen {
		t.Fatalf("%s is not mapped", path)
	}
	return bytes
}

// TestPagesAreGivenBack: reading keeps no more than a few MiB of a file, and nothing when it rests.
func TestPagesAreGivenBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "system.journal")
	w := create(t, path, jwrite.Options{File: id("file")})
	text := bytes.Repeat([]byte("x"), 64<<10)
	for n := range 320 { // 20 MiB
		add(t, w, jwrite.Entry{Realtime: uint64(n), Monotonic: uint64(n), Boot: id("boot"), Fields: []string{fmt.Sprintf("MESSAGE=%d%s", n, text)}})
	}
	if err := w.Close(jwrite.Online); err != nil {
		t.Fatal(err)
	}
	fields := NewFields(Wish{"MESSAGE", 128 << 10})
	f, err := Open(path, fields)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	e := fields.NewEntry()
	for n := range f.Len() {
		if err := f.Read(n, e); err != nil {
			t.Fatal(err)
		}
		if n%16 == 0 {
			if got := resident(t, path); got > 3*restEvery {
				t.Fatalf("after %d entries %d KiB are ours", n, got>>10)
			}
		}
	}
	if got := resident(t, path); got == 0 {
		t.Skip("pages of a mapping do not count here")
	}
	if f.Rest(); resident(t, path) != 0 {
		t.Errorf("%d KiB stay", resident(t, path)>>10)
	}
}
