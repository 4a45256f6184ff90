package collect

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/await"
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
