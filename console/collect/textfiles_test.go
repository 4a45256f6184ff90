package collect

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/await"
)

// TestTextfiles: they come into the frame and among its sources, and follow the configuration.
func TestTextfiles(t *testing.T) {
	dir := t.TempDir()
	at := func(name, text string) config.Config {
		c := config.Default()
		c.Serve.Exporter.Enable, c.Serve.Exporter.Textfiles = true, filepath.Join(dir, name)
		if err := os.Mkdir(c.Serve.Exporter.Textfiles, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name, "x.prom"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return c
	}
	first, second := at("first", "x 1\n"), at("second", "x 1\nnode_load1 2\n")
	c := New(first, new(guard.Guard))
	s := subscribe(t, c)
	f := frame.Snapshot{Settings: &frame.Settings{Refresh: time.Second}}
	source := func() *frame.Source {
		s.Fill(&f)
		if i := slices.IndexFunc(f.Sources, func(s frame.Source) bool { return s.Name == "textfiles" }); i >= 0 {
			return &f.Sources[i]
		}
		return nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.StartSampler(ctx)
	if source() != nil || f.Textfiles != nil {
		t.Error("they are read without an exporter")
	}
	c.FollowTextfiles(ctx, func(name string) bool { return name == "node_load1" })
	await.Until(t, "the first directory", func() bool { return source() != nil })
	if f.Textfiles.Series != 1 || source().Detail != filepath.Join(dir, "first") || source().Health.Err != "" {
		t.Errorf("%+v", source())
	}
	c.Reconfigure(ctx, second)
	await.Until(t, "the second directory", func() bool { s := source(); return s != nil && s.Detail == filepath.Join(dir, "second") })
	if f.Textfiles.Series != 0 || source().Health.Err != "x.prom:2: hypervisor-tui has a metric node_load1 itself" {
		t.Errorf("%+v", source())
	}
	second.Serve.Exporter.Enable = false
	c.Reconfigure(ctx, second)
	if source() != nil || f.Textfiles != nil {
		t.Error("the exporter is off, and they stay")
	}
}
