package logfile

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hypervisor-tui/journal"
	"hypervisor-tui/journal/journaltest"
)

// followed is a file source that runs until the test ends.
type followed struct {
	journaltest.Watched
	src  *Files
	stop func() error
}

// follow starts a source on patterns below a new directory.
func follow(t *testing.T, dir string, patterns ...string) *followed {
	f := &followed{Watched: journaltest.Watch(t), src: &Files{Unit: "pods"}}
	for _, p := range patterns {
		f.src.Globs = append(f.src.Globs, filepath.Join(dir, p))
	}
	f.start(t)
	return f
}

// old makes all files that there are now older than the source.
func (f *Files) old() { f.begins(time.Now().Add(time.Second)) }

func (f *followed) start(t *testing.T) {
	stop := sync.OnceValue(journaltest.Run(f.src, f.Input))
	f.stop = stop
	t.Cleanup(func() { stop() })
}

func makeDir(t *testing.T, path ...string) string {
	t.Helper()
	dir := filepath.Join(path...)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func equal(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

const criHead = "2026-11-22T20:00:00.5Z stdout "

func TestFilesFollowAPod(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := follow(t, dir, "pods/*_virt-*/compute/*.log")
	f.Health(t, "absent", "none yet", "pods/*_virt-*")
	pod := makeDir(t, dir, "pods/ns_virt-launcher-vm1_uid/compute")
	journaltest.AppendFile(t, pod+"/0.log", criHead+"F one\n"+criHead+"P tw\n"+strings.Replace(criHead, "stdout", "stderr", 1)+"F err\n"+criHead+"F o\n")
	equal(t, f.Rows(t, 3), "pods: one", "pods: err", "pods: two")
	journaltest.AppendFile(t, pod+"/1.log", criHead+"F restarted\n")
	journaltest.AppendFile(t, pod+"/1.log", criHead+"F half")
	equal(t, f.Rows(t, 4)[3:], "pods: restarted")
	journaltest.AppendFile(t, pod+"/1.log", " and half\n")
	equal(t, f.Rows(t, 5)[4:], "pods: half and half")
	f.Health(t, "ok", "2 files")
	p := f.Latest()
	if at := time.UnixMicro(p.Rows[0].Time).UTC().Format(time.RFC3339Nano); at != "2026-11-22T20:00:00.5Z" {
		t.Errorf("the time is %s", at)
	}
	if pod := p.Rows[0].Pod; pod != "ns/virt-launcher-vm1" {
		t.Errorf("the pod is %q", pod)
	}
	if err := os.RemoveAll(filepath.Join(dir, "pods")); err != nil {
		t.Fatal(err)
	}
	f.Health(t, "absent")
}

// TestFilesStorm rotates a file by rename while lines are written, faster than anyone can look: every line comes once.
func TestFilesStorm(t *testing.T) {
	if testing.Short() {
		t.Skip("long: hundreds of rotations")
	}
	t.Parallel()
	dir := t.TempDir()
	f := follow(t, dir, "app.log")
	f.Health(t, "absent")
	live := filepath.Join(dir, "app.log")
	const lines = 4500
	var want []string
	for i := range lines {
		line := fmt.Sprintf("line %d", i)
		want = append(want, "pods: "+line)
		journaltest.AppendFile(t, live, line+"\n")
		if rand.N(15) == 0 {
			for n := 400; n > 0; n-- {
				os.Rename(fmt.Sprintf("%s.%d", live, n), fmt.Sprintf("%s.%d", live, n+1))
			}
			journaltest.Rename(t, live, live+".1")
		}
	}
	f.once(t, want)
}

// TestFilesCopyTruncate does the same by copy and truncation. Lines between the two are lost by the rotation itself, so
// none are written there.
func TestFilesCopyTruncate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := follow(t, dir, "app.log")
	live := filepath.Join(dir, "app.log")
	journaltest.AppendFile(t, live, "")
	f.Health(t, "ok", "1 file")
	var want []string
	for i := range 2000 {
		line := fmt.Sprintf("line %d", i)
		want = append(want, "pods: "+line)
		journaltest.AppendFile(t, live, line+"\n")
		if i%400 == 399 {
			f.Count(t, i) // a file that is longer again before anyone looked would not be known as truncated
			text, err := os.ReadFile(live)
			if err != nil {
				t.Fatal(err)
			}
			os.Remove(live + ".2")
			os.Rename(live+".1", live+".2")
			journaltest.AppendFile(t, live+".1", string(text))
			if err := os.Truncate(live, 0); err != nil {
				t.Fatal(err)
			}
			journaltest.AppendFile(t, live, fmt.Sprintf("turn %d\n", i))
			want = append(want, fmt.Sprintf("pods: turn %d", i))
			f.Count(t, len(want))
		}
	}
	f.once(t, want)
}

// once checks that the log holds each of the lines once, in any order.
func (f *followed) once(t *testing.T, want []string) {
	t.Helper()
	f.Count(t, len(want))
	got := f.all(t)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d lines, want %d: %s", len(got), len(want), firstDifference(got, want))
	}
}

func firstDifference(a, b []string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("%q is not %q", a[i], b[i])
		}
	}
	return "one is longer"
}

// all returns what the log holds, newest first.
func (f *followed) all(t *testing.T) (list []string) {
	t.Helper()
	q := journal.Query{Rows: journal.MaxRows, Filter: journal.Filter{Least: journal.Debug}}
	for {
		q.Number++
		f.Ask(q)
		p := f.Await(t, "a page", func(p *journal.Page) bool { return p.Query == q.Number && !p.Pending })
		for i := len(p.Rows) - 1; i >= 0; i-- {
			list = append(list, p.Rows[i].Unit+": "+string(p.Message(&p.Rows[i])))
		}
		if p.Older == 0 {
			return list
		}
		q.Anchor = p.Rows[0].ID - 1
	}
}
