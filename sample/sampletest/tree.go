// Package sampletest has what the tests of the samplers share: trees of /proc and /sys, and a clock that they move.
package sampletest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// CopyOf is a copy of a fixture tree that the test may change.
func CopyOf(t testing.TB, machine string) string {
	t.Helper()
	root := t.TempDir()
	CopyTo(t, root, machine)
	return root
}

// CopyTo copies a fixture tree to root.
func CopyTo(t testing.TB, root, machine string) {
	t.Helper()
	if err := os.CopyFS(root, os.DirFS(filepath.Join("testdata", machine))); err != nil {
		t.Fatal(err)
	}
}

// Put writes a file of a tree in place, as the kernel changes a file that is kept open.
func Put(t testing.TB, root, name, text string) {
	t.Helper()
	file := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Fixture is the text of a file of a fixture tree.
func Fixture(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Clock is a CLOCK_BOOTTIME that moves only when the test says so.
type Clock struct{ at atomic.Int64 }

// NewClock returns a Clock an hour after the boot.
func NewClock() *Clock {
	c := &Clock{}
	c.at.Store(int64(time.Hour))
	return c
}

// Now is the time that the test has made it.
func (c *Clock) Now() time.Duration { return time.Duration(c.at.Load()) }

// Pass moves the clock on.
func (c *Clock) Pass(time time.Duration) { c.at.Add(int64(time)) }

// Allocations is the least that f allocates a call: what the runtime does on the side now and then does not count.
func Allocations(f func()) float64 {
	least := testing.AllocsPerRun(5, f)
	for range 20 {
		least = min(least, testing.AllocsPerRun(5, f))
	}
	return least
}

// NetDevOf is a /proc/net/dev in which each interface has received n bytes and sent 2n.
func NetDevOf(n uint64, names ...string) string {
	var b strings.Builder
	b.WriteString("Inter-|   Receive\n face |bytes\n")
	for _, name := range names {
		fmt.Fprintf(&b, "%6s: %d 1 2 3 0 0 0 0 %d 1 4 5 0 0 0 0\n", name, n, 2*n)
	}
	return b.String()
}

// PutHuge writes a file of 31 MiB that begins with text and goes on with what is repeated, and then with NULs.
func PutHuge(t *testing.T, root, name, text, again string) {
	t.Helper()
	if again != "" {
		text += strings.Repeat(again, (4<<20)/len(again))
	}
	Put(t, root, name, text)
	if err := os.Truncate(filepath.Join(root, name), 31<<20); err != nil { // NULs, which take no room
		t.Fatal(err)
	}
}
