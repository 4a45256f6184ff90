package logfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/journal"
	"hypervisor-tui/journal/journaltest"
	"hypervisor-tui/journal/source/intake"
)

// TestFilesForgetWhatIsGone: a file that several looks have not found takes its watch and its memory along; until then it
// is known.
func TestFilesForgetWhatIsGone(t *testing.T) {
	f, sink, dir := idle(t, 3)
	watches := len(f.notify.files)
	if err := os.RemoveAll(filepath.Join(dir, "ns_pod-1_uid")); err != nil {
		t.Fatal(err)
	}
	for look := 1; look <= missedMax+1; look++ {
		f.rescan(sink)
		if want := map[bool]int{true: 3, false: 2}[look <= missedMax]; len(f.files) != want || len(f.ids) != want {
			t.Fatalf("look %d: %d files, %d numbers, want %d", look, len(f.files), len(f.ids), want)
		}
	}
	if len(f.notify.files) != watches-1 || f.archive.kept.Load() == nil || len(*f.archive.kept.Load()) != 2 {
		t.Errorf("%d watches of %d", len(f.notify.files), watches)
	}
}

// TestFilesHardLinkOfTheLiveFile: a second name that looks like a rotated one's changes nothing.
func TestFilesHardLinkOfTheLiveFile(t *testing.T) {
	f, sink, dir := idle(t, 1)
	path := filepath.Join(dir, "ns_pod-0_uid/c/0.log")
	if err := os.Link(path, path+".20261122-200000"); err != nil {
		t.Skip("no hard links here: ", err)
	}
	for range 3 {
		f.rescan(sink)
	}
	if len(f.files) != 1 || !f.files[0].live || f.files[0].path != path || f.files[0].missed != 0 {
		t.Errorf("%d files, %+v", len(f.files), f.files[0])
	}
}

// TestFilesCountWhatGoesWithAFile: the rest of a file that is gone counts as one line lost, nothing else does.
func TestFilesCountWhatGoesWithAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.log")
	journaltest.AppendFile(t, path, "one\ntwo\nthree\n")
	w := journaltest.Watch(t)
	f := &Files{buf: make([]byte, chunk), notify: newNotifier()}
	defer f.notify.Close()
	x := opened(t, path)
	if f.drop(x, w.Input); w.Until(t, "a line is lost", func(p *journal.Page) bool { return p.Dropped > 0 }).Dropped != 1 {
		t.Error("more than one")
	}
	x.scanned = x.size
	f.drop(x, w.Input)
	w.Input.Try(journal.Entry{Message: []byte("x")})
	w.Input.Flush()
	if p := w.Until(t, "an entry", func(p *journal.Page) bool { return p.Total == 1 }); p.Dropped != 1 {
		t.Errorf("%d lost", p.Dropped)
	}
}

// TestSeen: what a source leaves begins with the first line that was not put, and is not believed of a file that has
// become shorter.
func TestSeen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.log")
	journaltest.AppendFile(t, path, "one\ntwo\nthree\n")
	seen := &Seen{}
	x := opened(t, path)
	x.offset = 14
	x.parts[1] = &part{seq: x.seq(4)}
	x.trace = &trace{part: part{seq: x.seq(8)}}
	seen.leave([]*file{x})
	if got := seen.files[x.id]; got != 4 {
		t.Errorf("left at %d", got)
	}
	journaltest.AppendFile(t, path, strings.Repeat("line\n", backfillMax+1))
	size := opened(t, path).size
	const begins = 19 // with the last backfillMax lines
	for left, want := range map[int64]int64{4: begins, 24: 24, size: size, size + 1: begins} {
		seen.files[x.id] = left
		f := &Files{Seen: seen, buf: make([]byte, chunk), notify: newNotifier(), Globs: []string{path}}
		f.begins(time.Now().Add(time.Second))
		f.rescan(journaltest.Watch(t).Input)
		if f.files[0].offset != want {
			t.Errorf("left at %d, goes on at %d, want %d", left, f.files[0].offset, want)
		}
		f.close()
	}
}

// TestSeenIsBounded: a copy, of which nothing was read, is not remembered, a file that was taken over not any longer, and
// never more than seenMax files.
func TestSeenIsBounded(t *testing.T) {
	seen, copied, x := &Seen{}, intake.FileID{Born: 1}, &file{id: intake.FileID{Born: 2}, offset: 5}
	seen.leave([]*file{x, {id: copied, copied: true}})
	if _, known := seen.take(copied); known {
		t.Error("a copy is remembered")
	}
	if at, known := seen.take(x.id); !known || at != 5 {
		t.Errorf("left at %d, known %v", at, known)
	}
	if _, known := seen.take(x.id); known {
		t.Error("taken twice")
	}
	for i := range int64(seenMax + 1) {
		x.id.Born = i
		if seen.leave([]*file{x}); len(seen.files) > seenMax {
			t.Fatalf("%d files are remembered", len(seen.files))
		}
	}
	if _, known := seen.take(x.id); !known {
		t.Error("the last one is not")
	}
}

// TestFilesOfPatternsAreNotHidden: as in a shell, what begins with a dot is only meant by a dot.
func TestFilesOfPatternsAreNotHidden(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.log", ".a.log"} {
		journaltest.AppendFile(t, filepath.Join(dir, name), "one\n")
	}
	for pattern, want := range map[string]string{"*": "a.log", "*.log": "a.log", ".*": ".a.log"} {
		m := expand([]string{filepath.Join(dir, pattern)}, func(*string) {})
		if len(m.files) != 1 || filepath.Base(m.files[0]) != want {
			t.Errorf("%s: %q, want %s", pattern, m.files, want)
		}
	}
}

// TestTraceIsBounded: what comes beyond a trace's bytes or lines are entries of their own.
func TestTraceIsBounded(t *testing.T) {
	goesOn := &part{text: []byte("\t/src/main.go:7 +0x1d"), full: 20}
	for _, c := range []struct {
		full, lines int
		want        bool
	}{{0, 1, true}, {traceMax - 21, traceLines - 1, true}, {traceMax - 20, 1, false}, {0, traceLines, false}} {
		x := &trace{part: part{full: c.full}, lines: c.lines}
		if !x.Begin([]byte("goroutine 1 [running]:")) || x.takes(goesOn) != c.want {
			t.Errorf("%d bytes in %d lines: takes a line %v", c.full, c.lines, !c.want)
		}
	}
}

// TestC5AStampHoldsForAMoment: a line that says no time has that of the one before it if it came at once, else that of
// reading.
func TestC5AStampHoldsForAMoment(t *testing.T) {
	said := time.Now().Add(-time.Hour)
	for _, c := range []struct {
		saidAt time.Time
		want   bool
	}{{time.Now().Add(time.Hour), true}, {time.Now().Add(-2 * restAfter), false}} {
		x := &file{said: said, saidAt: c.saidAt}
		if at := new(Files).timeOf(x, []byte("no time"), 0); at.Equal(said) != c.want {
			t.Errorf("read %v later: %v", time.Since(c.saidAt), at)
		}
	}
}

// TestF46OldestIsClosed: a descriptor that is needed is taken from the file that was not read for longest.
func TestF46OldestIsClosed(t *testing.T) {
	f := new(Files)
	for i, used := range []uint64{2, 1, 3} {
		path := filepath.Join(t.TempDir(), "a.log")
		journaltest.AppendFile(t, path, "one\n")
		f.files = append(f.files, opened(t, path))
		f.files[i].used = used
	}
	if f.closeIdle(2); f.files[0].fd < 0 || f.files[1].fd >= 0 || f.files[2].fd < 0 {
		t.Errorf("open are %d, %d, %d", f.files[0].fd, f.files[1].fd, f.files[2].fd)
	}
}

// TestTruncatedIsLookedAt: that a file has become shorter is found when it is read, and its name looked at at once.
func TestTruncatedIsLookedAt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.log")
	journaltest.AppendFile(t, path, "one\ntwo\n")
	x := opened(t, path)
	x.offset, x.scanned = 8, 8
	if err := os.Truncate(path, 4); err != nil {
		t.Fatal(err)
	}
	f := &Files{buf: make([]byte, chunk), files: []*file{x}}
	if more, err := f.read(t.Context(), x, journaltest.Watch(t).Input); more || err != nil || !f.again {
		t.Errorf("more %v, again %v: %v", more, f.again, err)
	}
}

// TestTouchedStays: whoever asks what a source reads holds on to the name while the source goes on, through links, too.
func TestTouchedStays(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "real"), 0o755); err != nil {
		t.Fatal(err)
	}
	journaltest.AppendFile(t, filepath.Join(dir, "real", "a.log"), "x\n")
	for _, link := range [][2]string{{"real", "folder"}, {"a.log", "real/b.log"}} {
		if err := os.Symlink(link[0], filepath.Join(dir, link[1])); err != nil {
			t.Fatal(err)
		}
	}
	touched := map[*string]string{}
	m := expand([]string{dir + "/folder/b.log", dir + "/*/*.log"}, func(path *string) { touched[path] = *path })
	if len(m.files) != 1 || len(touched) < 4 {
		t.Fatalf("%d files, touched %v", len(m.files), touched)
	}
	for now, then := range touched {
		if *now != then {
			t.Errorf("%s became %s", then, *now)
		}
	}
}
