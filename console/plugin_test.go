//go:build !nokube

package console

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/plugin"
)

// TestCheckPlugins: of each plugin its last word or why there is none, whether its command is there, and how to try it. None is run.
func TestCheckPlugins(t *testing.T) {
	dir, c := t.TempDir(), config.Default()
	ran := filepath.Join(dir, "ran")
	script, plain := filepath.Join(dir, "script"), filepath.Join(dir, "plain")
	for path, mode := range map[string]os.FileMode{script: 0o755, plain: 0o644} {
		if err := os.WriteFile(path, []byte("#!/bin/sh\ntouch "+ran+"\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	f := &frame.Frame{Snapshot: frame.Snapshot{Boot: time.Hour, Checks: &plugin.State{Directory: "/r", Health: health.Health{State: health.OK, At: time.Hour}}}}
	add := func(name, command string, r plugin.Result) {
		r.Name, r.Interval, r.Timeout = name, time.Minute, 10*time.Second
		f.Checks.Results = append(f.Checks.Results, r)
		s := plugin.Spec{Name: name, Kind: plugin.Scrape, URL: "http://127.0.0.1/?token=x"}
		if command != "" {
			s = plugin.Spec{Name: name, Command: []string{command, "--password", "hidden"}}
		}
		c.Plugins.List = append(c.Plugins.List, s)
	}
	add("raid", script, plugin.Result{Status: plugin.Critical, At: time.Hour - 12*time.Second, Text: "md0 degraded (fast), now;"})
	add("quiet", plain, plugin.Result{At: time.Hour - 10*time.Minute, Text: "fine"})
	add("new", dir, plugin.Result{Status: plugin.Unknown, Begun: time.Hour})
	add("never", filepath.Join(dir, "none"), plugin.Result{Status: plugin.Unknown, Begun: time.Minute})
	add("refused", "", plugin.Result{Status: plugin.Unknown, Begun: time.Minute, Text: "/x/result: is a link"})
	plainSays := plain + " may not be run by this user"
	tell := func() string {
		var b strings.Builder
		checkPlugins(t.Context(), &b, c, "/x.yaml", f)
		return b.String()
	}
	try := "; to try it: hypervisor-tui --plugin "
	want := "plugin raid          critical 12s ago: md0 degraded (fast), now; " + script + " can be run" + try + "raid --config /x.yaml\n" +
		"plugin quiet         ok      silent, last 10m0s ago: fine; " + plainSays + try + "quiet --config /x.yaml\n" +
		"plugin new           unknown has not run yet: /r/new/result is not there; " + dir + " is a folder" + try + "new --config /x.yaml\n" +
		"plugin never         unknown has not run, as /r/never/result is not there: is its timer started?; " + dir + "/none: no such file or directory" + try + "never --config /x.yaml\n" +
		"plugin refused       unknown /x/result: is a link" + try + "refused --config /x.yaml\n"
	if got := tell(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("a plugin was run")
	}
	c.Plugins.List, f.Checks = c.Plugins.List[:1], nil
	if got := tell(); !strings.Contains(got, "raid          init    its result was not read in time; ") {
		t.Error(got)
	}
	c.Profile = config.Rescue
	if got := tell(); !strings.Contains(got, "raid          absent  profile rescue reads no plugins; ") {
		t.Error(got)
	}
	c.Plugins.List = nil
	if got := tell(); got != "" {
		t.Errorf("without plugins: %q", got)
	}
}
