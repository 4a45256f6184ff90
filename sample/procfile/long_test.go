package procfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hypervisor-tui/sample/sampletest"
)

// A file that was long for once gives its memory back, and one that was too long is read again when it may be shorter.
func TestF58MemoryIsGivenBack(t *testing.T) {
	root := t.TempDir()
	sampletest.Put(t, root, "/file", strings.Repeat("x", keptLong-1))
	k := NewLong(root, "/file")
	defer k.Close()
	if text, err := k.Read(); err != nil || len(text) != keptLong-1 {
		t.Fatalf("%d bytes, %v", len(text), err)
	}
	sampletest.Put(t, root, "/file", "short")
	for range 2 {
		if text, err := k.Read(); err != nil || string(text) != "short" {
			t.Fatalf("%q, %v", text, err)
		}
	}
	if cap(k.Buf) > PageSize {
		t.Errorf("%d bytes kept", cap(k.Buf))
	}
	sampletest.Put(t, root, "/file", strings.Repeat("x", keptLong))
	_, err := k.Read()
	if err == nil || err.Error() != "read /file: longer than 2 MiB" || k.Buf != nil {
		t.Fatalf("%v, %d bytes kept", err, cap(k.Buf))
	}
	if n := sampletest.Allocations(func() { k.Read() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	sampletest.Put(t, root, "/file", "short")
	for range tiresome {
		if text, err := k.Read(); err == nil {
			if string(text) != "short" {
				t.Errorf("%q", text)
			}
			return
		}
	}
	if text, err := k.Read(); err != nil || string(text) != "short" {
		t.Errorf("it stays too long: %q, %v", text, err)
	}
}

func TestF58LinesAreCut(t *testing.T) {
	root := t.TempDir()
	endless := strings.Repeat("y", 5*longestLine)
	for text, want := range map[string]string{
		"a\n" + endless + "\nb\n": "a y b", endless: "y", endless + "\n\nb": "y  b", "a\n" + endless + endless: "a y", "": "", "a": "a", "\n": "",
	} {
		sampletest.Put(t, root, "/file", text)
		k := New(root, "/file")
		var got []string
		err := k.Lines(func(line []byte) error {
			if len(line) > 2*longestLine+PageSize {
				t.Errorf("a line of %d bytes", len(line))
			}
			got = append(got, string(line[:min(1, len(line))]))
			return nil
		})
		if s := strings.Join(got, " "); s != want || err != nil || len(k.Buf) > 4*longestLine {
			t.Errorf("%.5q: %q, want %q, %v, %d bytes kept", text, s, want, err, len(k.Buf))
		}
		k.Close()
	}
	sampletest.PutHuge(t, root, "/file", "", "line\n")
	if err := os.Truncate(filepath.Join(root, "/file"), 40<<20); err != nil {
		t.Fatal(err)
	}
	k := New(root, "/file")
	if err := k.Lines(func([]byte) error { return nil }); err == nil || err.Error() != "read /file: longer than 32 MiB" || k.Opened {
		t.Errorf("%v", err)
	}
}
