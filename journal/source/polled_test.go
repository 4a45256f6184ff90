package source

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/apart"
	"hypervisor-tui/journal/file"
	"hypervisor-tui/journal/file/jwrite"
	"hypervisor-tui/journal/journaltest"
	"hypervisor-tui/journal/source/intake"
	"hypervisor-tui/journal/source/logfile"
)

// limited runs f in a user namespace of its own in which the limit is 0.
func limited(t *testing.T, limit string, f func(*testing.T)) {
	t.Helper()
	if testing.Short() {
		t.Skip("long: polls for seconds")
	}
	t.Parallel()
	if !apart.Inside(t, unix.CLONE_NEWUSER) {
		return
	}
	path := "/proc/sys/user/" + limit
	if err := os.WriteFile(path, []byte("0"), 0); err != nil {
		t.Skip(err)
	}
	if text, err := os.ReadFile(path); err != nil || strings.TrimSpace(string(text)) != "0" {
		t.Skipf("%s is %q", path, text)
	}
	f(t)
}

func TestF60UserWithoutInstances(t *testing.T) { limited(t, "max_inotify_instances", polled) }
func TestF60UserWithoutWatches(t *testing.T)   { limited(t, "max_inotify_watches", polled) }

// polled: journal and log files are followed nevertheless, and both sources say how.
func polled(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, machine)
	makeJournal(t, dir, 100, 1)
	live := create(t, filepath.Join(dir, "user-1000.journal"), "live")
	n := nativeIn(root)
	n.slow = slowRescan
	w := journaltest.Watch(t)
	journaltest.Run(n, w.Input)
	total(t, w, 100)
	add(t, live, 100, 110)
	if got := total(t, w, 110); got != "entry 109" {
		t.Errorf("%q", got)
	}
	live.Close(jwrite.Archived)
	journaltest.Rename(t, filepath.Join(dir, "user-1000.journal"), filepath.Join(dir, "user-1000@1.journal"))
	add(t, create(t, filepath.Join(dir, "user-1000.journal"), "next"), 110, 120)
	total(t, w, 120)
	if s := w.Input.State(); !strings.Contains(s.Detail, "polled: no inotify") || s.Health.State.String() != "ok" {
		t.Errorf("%+v", s)
	}
	f := journaltest.Watch(t)
	stop := journaltest.Run(&logfile.Files{Globs: []string{filepath.Join(root, "*.log")}}, f.Input)
	t.Cleanup(func() { stop() })
	f.Health(t, "absent", "polled: no inotify")
	journaltest.AppendFile(t, filepath.Join(root, "a.log"), "a line\n")
	f.Count(t, 1)
	f.Health(t, "ok", "1 file of", "polled: no inotify")
}

// TestF60NativeIsPolled is the same without a namespace.
func TestF60NativeIsPolled(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	dir := filepath.Join(root, machine)
	live := create(t, filepath.Join(dir, "system.journal"), "live")
	add(t, live, 0, 10)
	n := &Native{Roots: []file.Root{{Path: root}}, boot: id("boot")}
	n.watch = intake.Inotify{Init: func(int) (int, error) { return -1, unix.EMFILE }}
	w := journaltest.Watch(t)
	w.Input.Report(w.Input.State().Health, "the journal")
	stop := journaltest.Run(n, w.Input)
	total(t, w, 10)
	add(t, live, 10, 20)
	total(t, w, 20)
	if s := w.Input.State(); !strings.HasPrefix(s.Detail, "the journal; polled: no inotify instance") {
		t.Errorf("%+v", s)
	}
	if err := stop(); err != context.Canceled {
		t.Error(err)
	}
}
