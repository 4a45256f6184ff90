package logfile

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hypervisor-tui/journal"
	"hypervisor-tui/journal/journaltest"
)

// idle is a source of so many pods that has begun. It is skipped where changes are not told.
func idle(t *testing.T, pods int) (*Files, *journal.Sink, string) {
	dir := t.TempDir()
	for i := range pods {
		journaltest.AppendFile(t, filepath.Join(makeDir(t, dir, fmt.Sprintf("ns_pod-%d_uid/c", i)), "0.log"), criHead+"F hello\n")
	}
	f := &Files{Unit: "pods", Globs: []string{dir + "/*/*/*.log"}, notify: newNotifier(), buf: make([]byte, chunk)}
	t.Cleanup(f.close)
	f.begins(time.Now())
	sink := journaltest.Watch(t).Input
	for range 3 { // until nothing is new
		f.turn(true, sink)
		if _, err := f.readAll(t.Context(), sink); err != nil {
			t.Fatal(err)
		}
	}
	if f.seen.untold || f.notify.Lacks != "" {
		t.Skipf("changes are not told here: untold %v, %s", f.seen.untold, f.notify.Lacks)
	}
	return f, sink, dir
}

// TestC7IdleCostDoesNotGrowWithTheFiles: in an hour in which nothing happens the names are looked at a few times, each
// directory and file once a time.
func TestC7IdleCostDoesNotGrowWithTheFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("long: a thousand log files")
	}
	for _, pods := range []int{10, 1000} {
		f, sink, _ := idle(t, pods)
		looks, calls := 0, 0
		for range time.Hour / rescanInterval {
			before := f.seen
			f.turn(true, sink)
			if f.seen != before {
				looks++
				calls += f.seen.calls
			}
		}
		if len(f.files) != pods || looks < 2 || looks > 20 {
			t.Errorf("%d files, looked at %d times in an hour", len(f.files), looks)
		}
		if most := 10 * pods; calls/looks > most+30 {
			t.Errorf("%d calls a look for %d files", calls/looks, pods)
		}
	}
}

// TestC7CalmEnds: what is told ends it; while something is not watched, may not be read or is missing it does not begin.
func TestC7CalmEnds(t *testing.T) {
	f, sink, dir := idle(t, 5)
	calm := func() bool { return f.pauses > 0 }
	if !calm() {
		t.Fatal("there is no calm")
	}
	log := filepath.Join(dir, "ns_pod-1_uid/c/0.log")
	for what, change := range map[string]func(){
		"a pod":    func() { journaltest.AppendFile(t, filepath.Join(makeDir(t, dir, "ns_new_uid/c"), "0.log"), "x\n") },
		"a file":   func() { journaltest.AppendFile(t, filepath.Join(dir, "ns_pod-0_uid/c/1.log"), "x\n") },
		"rotation": func() { journaltest.Rename(t, log, log+".20261122-200000") },
	} {
		change()
		if !f.notify.wait(t.Context(), time.Now().Add(2*time.Minute)) {
			t.Errorf("%s: not told", what)
		}
	}
	for f.again = true; f.again; {
		f.rescan(sink)
	}
	if len(f.files) != 7 || calm() {
		t.Errorf("%d files, calm %v while one is missing", len(f.files), calm())
	}
	journaltest.AppendFile(t, log, "x\n")
	for f.again = true; f.again || f.pauses == 0 && len(f.files) < 8; {
		f.rescan(sink)
	}
	if f.rescan(sink); !calm() {
		t.Error("no calm afterwards")
	}
	for what, change := range map[string]func() (undo func()){
		"no watch": func() func() {
			x := f.files[0]
			for _, y := range f.files {
				if y.live {
					x = y
				}
			}
			wd := x.wd
			x.wd, f.notify.Lacks = -1, "x"
			return func() { x.wd = wd }
		},
		"error":  func() func() { f.err = os.ErrInvalid; return func() { f.err = nil } },
		"denied": func() func() { f.seen.denied = "x"; return func() { f.seen.denied = "" } },
		"other":  func() func() { f.seen.other = os.ErrInvalid; return func() { f.seen.other = nil } },
		"untold": func() func() { f.seen.untold = true; return func() { f.seen.untold = false } },
		"a directory": func() func() {
			f.seen.dirs = append(f.seen.dirs, "/x")
			return func() { f.seen.dirs = f.seen.dirs[:len(f.seen.dirs)-1] }
		},
		"a file": func() func() { f.files[0].missed++; return func() { f.files[0].missed-- } },
	} {
		undo := change()
		if f.calm() {
			t.Errorf("%s: it is calm", what)
		}
		undo()
		f.notify.Lacks = ""
	}
	if !f.calm() {
		t.Error("it is not calm")
	}
	for kind, want := range map[int64]bool{0xef53: true, 0x01021994: true, 0x6969: false, 0xff534d42: false, 0x65735546: false, 0x01021997: false, 0: false} {
		if tells(kind) != want {
			t.Errorf("filesystem %#x: %v", kind, !want)
		}
	}
}

// TestC7UnfinishedInACalm: a line without an end comes without a look at the names.
func TestC7UnfinishedInACalm(t *testing.T) {
	f, sink, dir := idle(t, 3)
	path := filepath.Join(dir, "ns_pod-1_uid/c/0.log")
	journaltest.AppendFile(t, path, criHead+"F no end")
	x := f.ids[f.seen.stats[path].ID]
	x.dirty = true
	read := func() {
		t.Helper()
		if _, err := f.readAll(t.Context(), sink); err != nil {
			t.Fatal(err)
		}
	}
	read()
	looked := f.seen
	f.left = 10
	if err := os.Chtimes(path, time.Now(), time.Now().Add(-2*restAfter)); err != nil {
		t.Fatal(err)
	}
	f.turn(true, sink)
	read()
	if f.seen != looked || x.unfinished() {
		t.Errorf("looked %v, unfinished %v", f.seen != looked, x.unfinished())
	}
}

// TestC7FileOnAnotherDisk: a file may lie on a disk that does not tell of changes though its folder does not, by a link or
// a mount.
func TestC7FileOnAnotherDisk(t *testing.T) {
	const untold = "/proc/version"
	dir := t.TempDir()
	journaltest.AppendFile(t, filepath.Join(dir, "a.log"), "x\n")
	look := func() *matches { return expand([]string{dir + "/*.log"}, func(*string) {}) }
	if look().untold {
		t.Skip("changes are not told here")
	}
	if err := os.Symlink(untold, filepath.Join(dir, "b.log")); err != nil {
		t.Fatal(err)
	}
	m := look()
	if _, seen := m.stats[untold]; !seen {
		t.Skip("no ", untold)
	}
	if !m.untold {
		t.Error("changes of a file in /proc are said to be told")
	}
}
