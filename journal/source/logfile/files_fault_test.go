package logfile

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

	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/journal/journaltest"
	"hypervisor-tui/journal/source/intake"
)

// TestF28LongLine follows a line of 10 MB, one that never ends, and NULs.
func TestF28LongLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := follow(t, dir, "*.log")
	f.Health(t, "absent")
	path := filepath.Join(dir, "a.log")
	long := strings.Repeat("0123456789", 1<<20)
	journaltest.AppendFile(t, path, "before\n")
	f.Count(t, 1)
	for i := 0; i < len(long); i += 1 << 20 {
		journaltest.AppendFile(t, path, long[i:min(i+1<<20, len(long))])
	}
	journaltest.AppendFile(t, path, "\n"+strings.Repeat("\x00", 300<<10)+"after\n")
	f.Count(t, 3)
	p := f.Latest()
	if got := string(p.Message(&p.Rows[2])); got != "after" {
		t.Errorf("behind it: %q", got)
	}
	if got := len(p.Message(&p.Rows[1])); p.Rows[1].Full != len(long) || got != journal.MaxMessage || p.Truncated != 1 {
		t.Errorf("of %d bytes %d are kept and %d told, %d cut", len(long), got, p.Rows[1].Full, p.Truncated)
	}
}

// TestF28NoEnd: a line that goes on for ever is broken, in memory that does not grow with it.
func TestF28NoEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.log")
	journaltest.AppendFile(t, path, strings.Repeat("x", longest+10)+"\nend")
	x := opened(t, path)
	var got []string
	buf := make([]byte, chunk)
	put := func(line []byte, full int, at int64) error {
		got = append(got, fmt.Sprintf("%d of %d at %d", len(line), full, at))
		return nil
	}
	if more, err := x.read(buf, 2*longest, put); more || err != nil {
		t.Errorf("%v %v", more, err)
	}
	equal(t, got, fmt.Sprintf("%d of %d at 0", intake.LineMax, longest), fmt.Sprintf("10 of 10 at %d", longest))
	if x.scanned-x.offset != 3 {
		t.Errorf("%d bytes are left", x.scanned-x.offset)
	}
	if allocs := testing.AllocsPerRun(3, func() {
		got = got[:0]
		x.offset, x.scanned = 0, 0
		if _, err := x.read(buf, 2*longest, func([]byte, int, int64) error { return nil }); err != nil {
			t.Error(err)
		}
	}); allocs > 1 {
		t.Errorf("%v allocations", allocs)
	}
}

// opened is a file at its beginning.
func opened(t *testing.T, path string) *file {
	t.Helper()
	s, err := intake.StatPath(path)
	if err != nil {
		t.Fatal(err)
	}
	x := &file{number: 1, live: true, id: s.ID, path: path, size: s.Size, fd: -1, wd: -1}
	if x.fd, err = x.open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.close)
	return x
}

// TestF27Flood: what comes faster than it can be read is read in fixed memory, and what is left out is counted.
func TestF27Flood(t *testing.T) {
	dir := t.TempDir()
	f := follow(t, dir, "*.log")
	f.Health(t, "absent")
	const lines, size = 900_000, 100
	line := strings.Repeat("x", size-1) + "\n"
	path := filepath.Join(dir, "a.log")
	journaltest.AppendFile(t, path+".tmp", strings.Repeat(line, lines)) // 90 MB at once: more than behindMax
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	journaltest.Rename(t, path+".tmp", path)
	p := f.Until(t, "all lines", func(p *journal.Page) bool { return p.Total+p.Dropped >= lines })
	runtime.ReadMemStats(&after)
	if p.Total+p.Dropped != lines || p.Dropped == 0 || p.Total == 0 {
		t.Errorf("%d lines taken in and %d dropped of %d", p.Total, p.Dropped, lines)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 4<<20 {
		t.Errorf("%d KiB were allocated for %d lines", grown>>10, p.Total)
	}
}

func TestF46FewDescriptors(t *testing.T) {
	dir := t.TempDir()
	const pods = 300
	for i := range pods {
		journaltest.AppendFile(t, filepath.Join(makeDir(t, dir, fmt.Sprintf("ns_pod-%d_uid/c", i)), "0.log"), criHead+"F hello\n")
	}
	before := descriptors(t)
	f := follow(t, dir, "ns_*/c/*.log")
	f.Count(t, pods)
	f.Health(t, "ok", fmt.Sprint(pods, " files"))
	for i := range pods {
		journaltest.AppendFile(t, filepath.Join(dir, fmt.Sprintf("ns_pod-%d_uid/c/0.log", i)), criHead+"F again\n")
	}
	f.Count(t, 2*pods)
	if n := descriptors(t) - before; n > openMax+4 { // inotify's own, the poller's, one that is being opened
		t.Errorf("%d descriptors for %d files", n, pods)
	}
	if err := f.stop(); err != context.Canceled {
		t.Error(err)
	}
	if n := descriptors(t) - before; n > 2 {
		t.Errorf("%d descriptors stay open", n)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc/self/fd here")
	}
	return len(names)
}

// TestF30DeniedFile says of a file and of a directory who may read it, and how to mend it.
func TestF30DeniedFile(t *testing.T) {
	t.Parallel()
	if os.Getuid() == 0 {
		t.Skip("root may read everything: run as another user")
	}
	dir := t.TempDir()
	pods := makeDir(t, dir, "pods")
	journaltest.AppendFile(t, filepath.Join(dir, "a.log"), "x\n")
	for _, path := range []string{pods, filepath.Join(dir, "a.log")} {
		if err := os.Chmod(path, 0); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { os.Chmod(pods, 0o700) })
	follow(t, dir, "a.log").Health(t, "failed", dir+"/a.log: permission denied (mode 0000,", "setfacl -m u:", ":r "+dir+"/a.log")
	follow(t, dir, "pods/*/c/*.log").Health(t, "failed", pods+": permission denied (mode 0000,", "setfacl -R -m u:", pods)
}

// TestF30Denial: no more is given away than needed.
func TestF30Denial(t *testing.T) {
	dir := t.TempDir()
	secret := makeDir(t, dir, "secret")
	log := filepath.Join(secret, "a.log")
	journaltest.AppendFile(t, log, "x\n")
	patterns := []string{log, filepath.Join(dir, "pods/ns_*/c/*.log")}
	pod := makeDir(t, dir, "pods/ns_a/c")
	me := os.Getuid()
	for path, want := range map[string]string{
		log:                             fmt.Sprintf("setfacl -m u:%d:r %s", me, log),
		filepath.Join(log, "x"):         fmt.Sprintf("setfacl -m u:%d:x %s", me, log),
		secret:                          fmt.Sprintf("setfacl -m u:%d:rx %s", me, secret),
		filepath.Join(pod, "gone.log"):  fmt.Sprintf("setfacl -R -m u:%d:rX,d:u:%d:rX %s/pods", me, me, dir),
		filepath.Join(dir, "elsewhere"): fmt.Sprintf("setfacl -m u:%d:x %s", me, dir),
	} {
		if got := denial(path, patterns); !strings.HasSuffix(got, "give this user access with "+want) {
			t.Errorf("%s: %s", path, got)
		}
	}
}

// TestFilesRefuseWhatIsNoFile: a FIFO, a directory and a device are not opened, and hold nothing up.
func TestFilesRefuseWhatIsNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := unix.Mkfifo(filepath.Join(dir, "fifo.log"), 0o600); err != nil {
		t.Fatal(err)
	}
	makeDir(t, dir, "dir.log")
	if err := os.Symlink("/dev/zero", filepath.Join(dir, "zero.log")); err != nil {
		t.Fatal(err)
	}
	f := follow(t, dir, "*.log")
	if s := f.Health(t, "failed", "is not a regular file"); s.Health.State != health.Failed {
		t.Errorf("%+v", s)
	}
	journaltest.AppendFile(t, filepath.Join(dir, "good.log"), "good\n")
	equal(t, f.Rows(t, 1), "pods: good")
	f.Health(t, "ok", "1 file")
}

// TestFilesStartWithTheLastLines: of what is there at the start, the last lines come, and whole ones.
func TestFilesStartWithTheLastLines(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var short, long strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&short, "s%d\n", i)
		fmt.Fprintf(&long, "l%d %s\n", i, strings.Repeat("x", 200))
	}
	journaltest.AppendFile(t, filepath.Join(dir, "short.log"), short.String())
	f := &followed{Watched: journaltest.Watch(t), src: &Files{Unit: "pods", Globs: []string{dir + "/*.log"}}}
	f.src.old()
	f.start(t)
	f.Count(t, backfillMax)
	got := f.all(t)
	equal(t, []string{got[0], got[len(got)-1], fmt.Sprint(len(got))}, "pods: s4999", "pods: s4000", fmt.Sprint(backfillMax))
	path := filepath.Join(dir, "long.txt")
	journaltest.AppendFile(t, path, long.String())
	x := opened(t, path)
	if cut, err := x.backfill(make([]byte, chunk), backfillMax, Auto); !cut || err != nil {
		t.Errorf("%v %v", cut, err)
	}
	if c := long.String()[x.offset-1:]; x.size-x.offset > chunk || x.size-x.offset < chunk-300 || !strings.HasPrefix(c, "\nl") {
		t.Errorf("%d bytes from %.20q", x.size-x.offset, c)
	}
}

// TestFilesGoOnAfterARestart: a source that is started again goes on where it was.
func TestFilesGoOnAfterARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.log")
	journaltest.AppendFile(t, path, "one\n")
	f := follow(t, dir, "a.log")
	f.Count(t, 1)
	f.stop()
	journaltest.AppendFile(t, path, "two\n")
	journaltest.Rename(t, path, path+".1")
	journaltest.AppendFile(t, path, "three\n")
	f.start(t)
	equal(t, f.Rows(t, 3), "pods: one", "pods: two", "pods: three")
}

// TestFilesLineWithoutAnEnd comes when nothing has been added to it for a while.
func TestFilesLineWithoutAnEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.log")
	journaltest.AppendFile(t, path, "no end")
	x := opened(t, path)
	s, err := intake.StatPath(path)
	if err != nil {
		t.Fatal(err)
	}
	if x.update(path, s); x.resting {
		t.Error("the end could still come")
	}
	if err := os.Chtimes(path, time.Now(), time.Now().Add(-restAfter)); err != nil {
		t.Fatal(err)
	}
	f := follow(t, dir, "a.log")
	equal(t, f.Rows(t, 1), "pods: no end")
	journaltest.AppendFile(t, path, "ing\nnext\n")
	equal(t, f.Rows(t, 3)[1:], "pods: ing", "pods: next")
}

// TestF25RotatedTwiceWhileLookedAt: a file that came after the live one, and was rotated away before its name was looked
// at, is no copy of that.
func TestF25RotatedTwiceWhileLookedAt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.log")
	statted := func(text string) intake.Stat {
		journaltest.AppendFile(t, path, text)
		s, err := intake.StatPath(path)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	live := statted("first\n")
	if live.ID.Born == 0 {
		t.Skip("this filesystem does not keep when files were made")
	}
	journaltest.Rename(t, path, path+".2")
	second := statted("second\n")
	second.ID.Born = max(second.ID.Born, live.ID.Born+1) // its clock may be coarse
	journaltest.Rename(t, path, path+".1")
	statted("third\n")
	f := &Files{}
	f.seeRotated(path+".1", path, second, live)
	if x := f.files[0]; x.copied || x.offset != 0 {
		t.Errorf("taken for a copy, read from offset %d", x.offset)
	}
}

// TestFilesLargeFileIsCut: of a file of many MiB the last chunk is read, and it is known that there was more.
func TestFilesLargeFileIsCut(t *testing.T) {
	for _, size := range []int64{chunk, 32 << 20, 100 << 20} {
		path := filepath.Join(t.TempDir(), "a.log")
		journaltest.AppendFile(t, path, "")
		if err := os.Truncate(path, size); err != nil { // it takes no room
			t.Fatal(err)
		}
		journaltest.AppendFile(t, path, "\nlast\n")
		x := opened(t, path)
		if cut, err := x.backfill(make([]byte, chunk), backfillMax, Auto); !cut || err != nil || x.offset != size+1 {
			t.Errorf("of %d bytes from %d on, cut %v: %v", size, x.offset, cut, err)
		}
	}
}
