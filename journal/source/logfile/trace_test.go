package logfile

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/journal"
	"hypervisor-tui/journal/journaltest"
	"hypervisor-tui/journal/source/intake"
)

const goPanic = `panic: runtime error: index out of range [3] with length 3 [recovered]
	panic: again

goroutine 17 [running]:
testing.tRunner.func1.2({0x5d0e60, 0xc000014018})
	/usr/local/go/src/testing/testing.go:1632 +0x230
panic({0x5d0e60?, 0xc000014018?})
	/usr/local/go/src/runtime/panic.go:785 +0x132
k8s.io/kubernetes/pkg/kubelet.(*Kubelet).syncLoop(...)
	/src/pkg/kubelet/kubelet.go:12
created by main.main in goroutine 1
	/src/main.go:7 +0x1d
`

const javaTrace = `java.lang.IllegalStateException: no leader
	at com.example.Raft.leader(Raft.java:12)
	at com.example.Main.main(Main.java:7)
Caused by: java.io.IOException: connection refused
	... 2 more`

// TestTracesAreOneEntry follows a log file in which a program panics, another goroutine stands, and a JVM throws.
func TestTracesAreOneEntry(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := follow(t, dir, "*.log")
	f.Health(t, "absent")
	text := "before\n" + goPanic + "goroutine 1 [chan receive]:\nmain.main()\n\t/src/main.go:5 +0x1\n" + "  indented\nafter (all) of it\n" + javaTrace + "\nend\n"
	journaltest.AppendFile(t, filepath.Join(dir, "a.log"), text)
	p := f.Until(t, "all", func(p *journal.Page) bool { return len(p.Rows) >= 6 })
	var got []string
	for i := range p.Rows {
		got = append(got, p.Rows[i].Severity.String()+" "+string(p.Message(&p.Rows[i])))
	}
	equal(t, got, "info before", "crit "+strings.TrimRight(strings.ReplaceAll(goPanic, "\t", "  "), "\n"),
		"err goroutine 1 [chan receive]:\nmain.main()\n  /src/main.go:5 +0x1\n  indented", "info after (all) of it",
		"err "+strings.ReplaceAll(javaTrace, "\t", "  "), "info end")
}

// TestTracesAreReadAgainAsTheyWereFollowed: the same entries come from following and from the archive in both
// directions, of files of lines in any order, as text and in a container's streams.
func TestTracesAreReadAgainAsTheyWereFollowed(t *testing.T) {
	if testing.Short() {
		t.Skip("long: a dozen files of random traces")
	}
	t.Parallel()
	kinds := append(strings.Split(goPanic+javaTrace, "\n"), "ordinary", "ordinary", "goroutine 5 [select]:", "  indented", "")
	for seed := range uint64(12) {
		random := rand.New(rand.NewPCG(seed, 0))
		dir := t.TempDir()
		f := follow(t, dir, "*.log")
		f.Health(t, "absent")
		var text strings.Builder
		for i := range 150 {
			line := kinds[random.IntN(len(kinds))]
			if i == 149 {
				line = "end"
			}
			if seed%2 == 1 {
				head := fmt.Sprintf("2026-11-22T20:00:%02d.%09dZ %s ", i/10, i, [...]string{"stdout", "stderr", "stderr", "stderr"}[random.IntN(4)])
				if random.IntN(6) == 0 {
					text.WriteString(head + "P broken, \n")
				}
				text.WriteString(head + "F ")
			}
			text.WriteString(line + "\n")
		}
		journaltest.AppendFile(t, filepath.Join(dir, "a.log"), text.String())
		f.Ask(journal.Query{Number: 1, Rows: journal.MaxRows, Filter: journal.Filter{Least: journal.Debug, Each: true}})
		p := f.Until(t, "the end", func(p *journal.Page) bool {
			return p.Query == 1 && len(p.Rows) > 0 && strings.HasSuffix(string(p.Message(&p.Rows[len(p.Rows)-1])), "end")
		})
		var followed []uint64
		for i := range p.Rows {
			followed = append(followed, p.Rows[i].Seq)
		}
		f.stop()
		again(t, seed, &f.src.archive, followed)
	}
}

// again reads an archive in both directions, and from each of its entries, and wants the numbers.
func again(t *testing.T, seed uint64, a *fileArchive, want []uint64) {
	t.Helper()
	read := func(from journal.Place, walk func(context.Context, journal.Place, func(journal.Entry) bool) error) (list []uint64) {
		if err := walk(context.Background(), from, func(e journal.Entry) bool {
			list = append(list, e.Place.Seq)
			return true
		}); err != nil {
			t.Fatal(err)
		}
		return list
	}
	if got := read(journal.Place{}, journaltest.On(a)); !slices.Equal(got, want) {
		t.Errorf("seed %d: forwards %v, followed %v", seed, offsets(got), offsets(want))
	}
	got := read(journal.Place{Time: time.Now().Add(time.Hour).UnixMicro()}, a.Older)
	slices.Reverse(got)
	if !slices.Equal(got, want) {
		t.Errorf("seed %d: backwards %v, followed %v", seed, offsets(got), offsets(want))
	}
	for i, seq := range want {
		got := read(journal.Place{Seq: seq}, a.Older)
		slices.Reverse(got)
		if !slices.Equal(got, want[:i]) {
			t.Fatalf("seed %d: before entry %d %v, followed %v", seed, i, offsets(got), offsets(want[:i]))
		}
	}
}

func offsets(list []uint64) (at []uint64) {
	for _, seq := range list {
		at = append(at, seq&offsetMask-1)
	}
	return at
}

// TestTraceEndsWithItsFile: a pod panics and its log is removed before anything follows.
func TestTraceEndsWithItsFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.log")
	journaltest.AppendFile(t, path, goPanic)
	w := journaltest.Watch(t)
	f := &Files{buf: make([]byte, chunk), notify: newNotifier(), files: []*file{opened(t, path)}}
	defer f.notify.Close()
	if more, err := f.read(t.Context(), f.files[0], w.Input); more || err != nil {
		t.Fatal(more, err)
	}
	f.drop(f.files[0], w.Input)
	w.Input.Flush()
	if got := w.Rows(t, 1); len(got) != 1 || !strings.HasPrefix(got[0], ": panic: runtime error") || !strings.HasSuffix(got[0], "main.go:7 +0x1d") {
		t.Errorf("%q", got)
	}
}

// TestC7BrokenByARotation: what begins at the end of a file and goes on in the one that takes its place is one entry, at
// its place: the parts of a container's line, of two streams at once, and a trace.
func TestC7BrokenByARotation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := follow(t, dir, "*.log")
	f.Health(t, "absent")
	path := filepath.Join(dir, "0.log")
	stderr := strings.Replace(criHead, "stdout", "stderr", 1)
	journaltest.AppendFile(t, path, criHead+"F first\n"+criHead+"P one \n"+stderr+"P other \n"+criHead+"P two \n")
	f.Count(t, 1)
	journaltest.Rename(t, path, path+".20261122-200000")
	journaltest.AppendFile(t, path, criHead+"P three \n"+stderr+"F half\n"+criHead+"F four\n")
	equal(t, f.Rows(t, 3), "pods: first", "pods: other half", "pods: one two three four")
	plain := filepath.Join(dir, "p.log")
	journaltest.AppendFile(t, plain, "panic: boom\n\ngoroutine 1 [running]:\n")
	f.Health(t, "2 files")
	journaltest.Rename(t, plain, plain+".1")
	journaltest.AppendFile(t, plain, "main.main()\n  /src/main.go:7 +0x1d\nnext\n")
	rows := f.Rows(t, 5)
	equal(t, rows[3:], "pods: panic: boom\n\ngoroutine 1 [running]:\nmain.main()\n  /src/main.go:7 +0x1d", "pods: next")
}

// TestC7JoinsOnlyWhatFollows: files that were rotated while nobody looked go on with each other. Into one that was read
// already nothing comes that is written to the one before it later, nor does a file go on with a newer one.
func TestC7JoinsOnlyWhatFollows(t *testing.T) {
	line := func(tag, text string) string { return criHead + tag + " " + text + "\n" }
	born := func(path string) int64 {
		s, err := intake.StatPath(path)
		if err != nil {
			t.Fatal(err)
		}
		return s.ID.Born
	}
	if born(t.TempDir()) == 0 {
		t.Skip("this filesystem does not keep when files were made")
	}
	newer := func(old, path string) { // makes a file that is newer, though the filesystem's clock is coarse
		for journaltest.AppendFile(t, path, ""); born(path) == born(old); journaltest.AppendFile(t, path, "") {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, c := range map[string]struct {
		write func(f *Files, path string, look func())
		want  []string
	}{
		"rotated twice": {func(_ *Files, path string, look func()) {
			journaltest.AppendFile(t, path, line("P", "one "))
			look()
			journaltest.Rename(t, path, path+".2")
			journaltest.AppendFile(t, path, line("P", "two "))
			journaltest.Rename(t, path, path+".1")
			newer(path+".1", path)
			journaltest.AppendFile(t, path, line("F", "three"))
			look()
		}, []string{"one two three"}},
		"written to late": {func(_ *Files, path string, look func()) {
			journaltest.AppendFile(t, path, line("F", "one"))
			look()
			journaltest.Rename(t, path, path+".1")
			journaltest.AppendFile(t, path, line("F", "two"))
			look()
			journaltest.AppendFile(t, path+".1", line("P", "late "))
			journaltest.AppendFile(t, path, line("F", "three"))
			look()
		}, []string{"one", "two", "three"}},
		"copied and truncated": {func(_ *Files, path string, look func()) {
			journaltest.AppendFile(t, path, line("P", "one and more "))
			look()
			newer(path, path+".1")
			journaltest.AppendFile(t, path+".1", line("P", "one and more "))
			look()
			if err := os.Truncate(path, 0); err != nil {
				t.Fatal(err)
			}
			journaltest.AppendFile(t, path, line("F", "two"))
			look()
		}, []string{"one and more two"}},
		"the newer first": {func(f *Files, path string, _ func()) { // rotated between the looks at the two names
			for _, at := range []string{path, path + ".1"} {
				journaltest.AppendFile(t, at, map[bool]string{true: line("F", "first"), false: line("P", "newer ")}[at == path])
				s, err := intake.StatPath(at)
				if err != nil {
					t.Fatal(err)
				}
				f.add(at, path, s).live = at == path
			}
			slices.Reverse(f.files)
		}, []string{"first"}},
	} {
		w := journaltest.Watch(t)
		path := filepath.Join(t.TempDir(), "0.log")
		f := &Files{Unit: "pods", Globs: []string{path}, buf: make([]byte, chunk), notify: newNotifier()}
		f.begins(time.Now().Add(-time.Second))
		read := func() {
			t.Helper()
			if _, err := f.readAll(t.Context(), w.Input); err != nil {
				t.Fatal(err)
			}
		}
		c.write(f, path, func() {
			f.rescan(w.Input)
			for _, x := range f.files {
				x.resting = false // however slow this is
			}
			read()
		})
		read()
		w.Input.Flush()
		var got []string
		p := w.Until(t, name, func(p *journal.Page) bool { return len(p.Rows) >= len(c.want) })
		for i := range p.Rows {
			got = append(got, string(p.Message(&p.Rows[i])))
		}
		equal(t, got, c.want...)
		f.close()
	}
}
