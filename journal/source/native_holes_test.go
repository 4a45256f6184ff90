package source

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hypervisor-tui/journal"
	"hypervisor-tui/journal/file/jwrite"
	"hypervisor-tui/journal/journaltest"
)

// TestF25RotatedAwayUnread: entries that were removed before they were read are counted, each once, and told.
func TestF25RotatedAwayUnread(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	path := filepath.Join(root, machine, "system.journal")
	live := create(t, path, "first")
	add(t, live, 0, 10)
	n := nativeIn(root)
	w := journaltest.Watch(t)
	stop := journaltest.Run(n, w.Input)
	total(t, w, 10)
	stop()
	add(t, live, 10, 20)
	live.Close(jwrite.Archived)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	add(t, create(t, path, "second"), 20, 30)
	stop = journaltest.Run(n, w.Input)
	defer stop()
	p := w.Until(t, "the rest", func(p *journal.Page) bool { return p.Total >= 21 })
	told := 0
	for i := range p.Rows {
		if strings.HasPrefix(string(p.Message(&p.Rows[i])), "10 entries of the journal were rotated away") {
			told++
		}
	}
	if p.Dropped != 10 || p.Total != 21 || told != 1 {
		t.Errorf("%d dropped, %d in all, told %d times", p.Dropped, p.Total, told)
	}
}

// TestF26MessageIsDamaged: an entry without its message is one that is lost.
func TestF26MessageIsDamaged(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	path := filepath.Join(root, machine, "system.journal")
	live := create(t, path, "first")
	add(t, live, 0, 10)
	live.Close(jwrite.Online)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const head = 72 // of a DATA object in a compact file
	at := bytes.Index(text, []byte("MESSAGE=entry 4")) - head
	text[at] = 9 // no kind of object
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	w := journaltest.Watch(t)
	stop := journaltest.Run(nativeIn(root), w.Input)
	defer stop()
	if p := w.Until(t, "the others", func(p *journal.Page) bool { return p.Total == 9 && p.Dropped > 0 }); p.Dropped != 1 {
		t.Errorf("%d dropped", p.Dropped)
	}
}

// TestNativeDoesNotMissWhatWasGoneBefore: what was removed before this program came was not lost by it.
func TestNativeDoesNotMissWhatWasGoneBefore(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	first := create(t, filepath.Join(root, machine, "system@first.journal"), "first")
	add(t, first, 0, 10)
	first.Close(jwrite.Archived)
	add(t, create(t, filepath.Join(root, machine, "system.journal"), "second"), 20, 30)
	w := journaltest.Watch(t)
	stop := journaltest.Run(nativeIn(root), w.Input)
	defer stop()
	total(t, w, 20)
}
