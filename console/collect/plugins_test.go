//go:build !nokube

package collect

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/console/guard"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/plugin"
)

// leave writes the result of a plugin as its unit does.
func leave(t *testing.T, dir, name string, code uint8, output string) {
	t.Helper()
	at := filepath.Join(dir, name)
	if err := os.MkdirAll(at, 0o755); err != nil {
		t.Fatal(err)
	}
	text := plugin.Header{Began: boottime.Now(), End: plugin.End{Code: code}}.Append(nil)
	for _, path := range []string{dir, at} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(at, plugin.File), append(text, output...), 0o600); err != nil {
		t.Fatal(err)
	}
}

func withPlugins(dir string, names ...string) config.Config {
	c := config.Default()
	c.Plugins.Path = dir
	for _, n := range names {
		c.Plugins.List = append(c.Plugins.List, plugin.Spec{Name: n, Command: []string{"/bin/true"}, Interval: time.Hour, Timeout: time.Minute})
	}
	return c
}

// TestPlugins: what they report comes into the frame, and what is bad among its problems; another configuration is followed at once,
// what was known until then stays, and without plugins it is over.
func TestPlugins(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "results")
	leave(t, dir, "raid", 2, "md0 degraded")
	leave(t, dir, "disk", 1, "nearly full")
	conf := withPlugins(dir, "raid")
	c := New(conf, new(guard.Guard))
	s := subscribe(t, c)
	f := frame.Snapshot{Settings: &frame.Settings{Refresh: time.Second}}
	problems := func() (subjects []string) {
		s.Fill(&f)
		for i := range f.Problems {
			if f.Problems[i].Kind == frame.CheckFailed {
				subjects = append(subjects, f.Problems[i].Subject)
			}
		}
		return subjects
	}
	if !s.PluginsSettled() || problems() != nil || f.Checks != nil {
		t.Error("something is known before anybody reads")
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.FollowPlugins(ctx, conf)
	await.Until(t, "the first reading", s.PluginsSettled)
	if got := problems(); !slices.Equal(got, []string{"raid"}) || f.Checks.Health.State != health.OK {
		t.Errorf("%v, %+v", got, f.Checks)
	}
	next := withPlugins(dir, "raid", "disk")
	next.Sampling = conf.Sampling
	c.Reconfigure(ctx, next)
	await.Until(t, "the next configuration", func() bool {
		got := problems()
		if !slices.Contains(got, "raid") {
			t.Fatalf("for a moment nothing is known: %v", got)
		}
		return len(got) == 2
	})
	none := withPlugins(dir)
	c.Reconfigure(ctx, none)
	await.Until(t, "the end", func() bool { return problems() == nil })
	if f.Checks.Health.State != health.Absent {
		t.Errorf("%+v", f.Checks)
	}
	c.Reconfigure(ctx, conf)
	await.Until(t, "them again", func() bool { return slices.Equal(problems(), []string{"raid"}) })
}

// TestPluginsOff: without plugins, and in a rescue system, nothing is started, opened or kept.
func TestPluginsOff(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "results")
	leave(t, dir, "raid", 2, "md0 degraded")
	rescue := withPlugins(dir, "raid")
	rescue.Profile = config.Rescue
	for name, conf := range map[string]config.Config{"none": withPlugins(dir), "rescue": rescue} {
		c := New(conf, new(guard.Guard))
		s := subscribe(t, c)
		before := runtime.NumGoroutine()
		if n := testing.AllocsPerRun(10, func() { c.FollowPlugins(t.Context(), conf) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
		f := frame.Snapshot{Settings: &frame.Settings{Refresh: time.Second}}
		s.Fill(&f)
		if f.Checks != nil || !s.PluginsSettled() || c.readPlugins.stop != nil || runtime.NumGoroutine() > before ||
			slices.ContainsFunc(f.Sources, func(s frame.Source) bool { return s.Name == "plugins" }) {
			t.Errorf("%s: %+v", name, f.Checks)
		}
	}
}
