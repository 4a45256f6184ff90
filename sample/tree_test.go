package sample

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// copyOf is a copy of a fixture tree that the test may change.
func copyOf(t testing.TB, machine string) string {
	t.Helper()
	root := t.TempDir()
	copyTo(t, root, machine)
	return root
}

func copyTo(t testing.TB, root, machine string) {
	t.Helper()
	if err := os.CopyFS(root, os.DirFS(filepath.Join("testdata", machine))); err != nil {
		t.Fatal(err)
	}
}

// put writes a file of a tree in place, as the kernel changes a file that is kept open.
func put(t testing.TB, root, name, text string) {
	t.Helper()
	file := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// fixture is the text of a file of a fixture tree.
func fixture(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// clock is a CLOCK_BOOTTIME that moves only when the test says so.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(int64(time.Hour))
	return c
}

func (c *clock) now() time.Duration      { return time.Duration(c.at.Load()) }
func (c *clock) pass(time time.Duration) { c.at.Add(int64(time)) }

// allocations is the least that f allocates a call: what the runtime does on the side now and then does not count.
func allocations(f func()) float64 {
	least := testing.AllocsPerRun(5, f)
	for range 20 {
		least = min(least, testing.AllocsPerRun(5, f))
	}
	return least
}

// netDevOf is a /proc/net/dev in which each interface has received n bytes and sent 2n.
func netDevOf(n uint64, names ...string) string {
	var b strings.Builder
	b.WriteString("Inter-|   Receive\n face |bytes\n")
	for _, name := range names {
		fmt.Fprintf(&b, "%6s: %d 1 2 3 0 0 0 0 %d 1 4 5 0 0 0 0\n", name, n, 2*n)
	}
	return b.String()
}
