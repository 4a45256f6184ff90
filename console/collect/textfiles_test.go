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

// TestTextfiles: they come into the frame and among its sources where the exporter is on and has a directory for them.
func TestTextfiles(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.prom"), []byte("x 1\nnode_load1 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, on := range []bool{false, true} {
		conf := config.Default()
		conf.Serve.Exporter.Enable, conf.Serve.Exporter.Textfiles = on, dir
		c := New(conf, new(guard.Guard))
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
		c.FollowTextfiles(ctx, func(name string) bool { return name == "node_load1" })
		if !on {
			if source() != nil || f.Textfiles != nil {
				t.Error("they are read without an exporter")
			}
			continue
		}
		await.Until(t, "the files", func() bool { return source() != nil })
		if f.Textfiles.Series != 0 || source().Detail != dir || source().Health.Err != "x.prom:2: hypervisor-tui has a metric node_load1 itself" {
			t.Errorf("%+v", source())
		}
	}
}
