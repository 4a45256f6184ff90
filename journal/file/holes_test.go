package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
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
		if _, err := m.Rescan(); err != nil {
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
	if _, err := m.Rescan(); err != nil {
		t.Fatal(err)
	}
	if got := numbers(t, m.Next, e); len(got) != 20 || got[0] != 50 {
		t.Errorf("%v", got)
	}
}
