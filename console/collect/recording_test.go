package collect

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/frame"
	"hypervisor-tui/history"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/internal/health"
)

// TestReloadFollowsAnotherRecording: what is said of the recording is of the one that the configuration in force names.
func TestReloadFollowsAnotherRecording(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) config.Config {
		c := config.Default()
		c.History.Path = filepath.Join(dir, name)
		return c
	}
	first := at("first")
	c := New(first, new(guard.Guard))
	news, err := c.Subscribe()
	if err != nil {
		t.Fatal(err)
	}
	defer news.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.StartSampler(ctx)
	c.FollowHistory(ctx, first.History, false)
	var f frame.Snapshot
	says := func(what string) {
		t.Helper()
		await.Until(t, "it says "+what, func() bool {
			news.recall(&f)
			return f.Recording != nil && strings.Contains(f.Recording.Detail+": "+f.Recording.Health.Err, what)
		})
	}
	says(filepath.Join(dir, "first") + ": nobody records")
	c.Reconfigure(ctx, at("second"))
	says(filepath.Join(dir, "second") + ": nobody records")
	off := at("second")
	off.History.Enable = false
	c.Reconfigure(ctx, off)
	says("off: history.enable is false")
	c.Reconfigure(ctx, first)
	says(filepath.Join(dir, "first") + ": nobody records")
}

// TestRecorderThatHangs: a process that has the file and writes nothing is not called one that records.
func TestRecorderThatHangs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flight")
	w, err := history.Create(history.WriterOptions{Path: path, Size: history.MinSize, Sync: time.Minute, BootID: BootID()})
	if err != nil {
		t.Fatal(err)
	}
	sync := time.Minute
	says := func(what string, state health.State, watched time.Duration) {
		t.Helper()
		if s := readHistory(config.History{Path: path, Sync: sync}, nil, watched); s.Health.State != state || !strings.Contains(s.Detail+": "+s.Health.Err, what) {
			t.Errorf("it is %v and says %s: %s; want %v, %s", s.Health.State, s.Detail, s.Health.Err, state, what)
		}
	}
	boot := boottime.Now()
	record := func(at time.Time) {
		t.Helper()
		boot += 10 * time.Second // it is time for another record
		f := frame.Snapshot{Now: at, Boot: boot}
		if err := w.Append(&f); err != nil {
			t.Fatal(err)
		}
	}
	says("has not come yet", health.Init, 0)
	says("records nothing", health.Failed, time.Hour)
	record(time.Now().Add(-time.Hour))
	says("has not come yet", health.Init, 0)
	says("has recorded nothing since ", health.Failed, time.Hour)
	record(time.Now().Add(-8 * time.Minute))
	if err := w.Sync(); err != nil {
		t.Fatal(err)
	}
	says("has recorded nothing since ", health.Failed, time.Hour)
	sync = 10 * time.Minute // between two writes
	says("by another process", health.OK, time.Hour)
	sync = time.Minute
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	says("nobody records", health.Absent, time.Hour)
	if w, err = history.Create(history.WriterOptions{Path: path, Size: history.MinSize, Sync: time.Minute, BootID: BootID()}); err != nil {
		t.Fatal(err)
	}
	record(time.Now())
	says("by another process", health.OK, time.Hour)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
