//go:build !nokube

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/frame"
	"hypervisor-tui/internal/apart"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/plugin"
)

// reports are the results of plugins, as their units leave them.
type reports struct {
	t   *testing.T
	dir string
}

// newReports returns the directory of results of no plugin yet.
func newReports(t *testing.T) reports {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "plugins")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return reports{t, dir}
}

// put leaves what a plugin has printed in a run that ended a time ago.
func (r reports) put(name string, exit uint8, ago time.Duration, output string) {
	r.t.Helper()
	const took = 12 * time.Millisecond
	h := plugin.Header{Began: boottime.Now() - ago - took, Took: took, End: plugin.End{How: plugin.Exited, Code: exit}}
	dir := filepath.Join(r.dir, name)
	err := os.Mkdir(dir, 0o755)
	if err != nil && !os.IsExist(err) {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "new"), append(h.Append(nil), output...), 0o644); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, plugin.File)); err != nil {
		r.t.Fatal(err)
	}
}

// config is what asks for these plugins, each by its name, kind and interval.
func (r reports) config(plugins ...string) string {
	var b strings.Builder
	b.WriteString("plugins:\n  path: " + r.dir + "\n  list:\n")
	for _, p := range plugins {
		f := strings.Fields(p)
		b.WriteString("  - {name: " + f[0] + ", kind: " + f[1] + ", command: [/bin/true], interval: " + f[2] + ", timeout: 1s}\n")
	}
	return b.String()
}

const (
	diskFine   = "DISK OK - free space: / 198 GiB | /=702GB;810;855;0;900\n"
	raidFine   = "md0 is whole\n"
	raidBroken = "md0 is degraded: 1 of 2 disks\nmd0 : active raid1 nvme1n1p3[1](F) nvme0n1p3[0]\n"
	cephScreen = `{"v":1,"title":"Ceph","status":"warning","summary":"1 osd down","blocks":[{"kv":[["health","HEALTH_WARN"]]},` +
		`{"table":{"columns":["osd","used",">rate"],"rows":[["osd.3","81 %","12 MiB/s"]]}}]}`
)

// TestBrokenCheckCalls: a check that turns critical is an alarm on the terminal, in the journal, in the recording and in the past.
func TestBrokenCheckCalls(t *testing.T) {
	if testing.Short() {
		t.Skip("long: half a minute of recording")
	}
	t.Parallel()
	if !apart.Inside(t, unix.CLONE_NEWNS, programVariable+"="+program(t, "")) {
		return
	}
	journald := journaldSocket(t)
	r := newReports(t)
	r.put("raid", 0, 0, raidFine)
	calls(t, journald, breakage{
		kind: frame.CheckFailed, says: `check raid: md0 is degraded`, where: frame.Checks,
		config: r.config("raid check 1h"),
		begin:  func() { r.put("raid", 2, 0, raidBroken) },
		mend:   func() { r.put("raid", 0, 0, raidFine) },
	})
}

// checksJSON is what these tests read of --json.
type checksJSON struct {
	Problems []struct{ Kind, Severity, What, Where string }
	Checks   []struct {
		Name, Kind string
		Status     *string
		Silent     bool
		Age        *float64 `json:"age_seconds"`
		Text       *string
		Lines      []string
		Figures    []struct {
			Label    string
			Value    *float64
			Critical *string
		}
	}
}

// TestChecksOnATerminal: F5 has what plugins report as it comes, at both sizes, and so have the reports for scripts and for
// Prometheus: one that has not run, one that turns critical and is well again, one that falls silent, and a screen of its own.
func TestChecksOnATerminal(t *testing.T) {
	t.Parallel()
	if boottime.Now() < time.Minute {
		t.Skip("this host was booted just now: nothing can have been silent for long")
	}
	for _, size := range [][2]int{{80, 24}, {200, 60}} {
		r := newReports(t)
		config := writeFile(t, "config.yaml", "refreshInterval: 1s\nhistory: {enable: false}\n"+r.config("disk check 10s", "raid check 1h", "ceph screen 1h"))
		s := start(t, setup{w: size[0], h: size[1], args: []string{"--config", config, "--screen", "dashboard"}, env: []string{"TERM=linux"}})
		s.await(footer)
		s.keys("\x1b[[E") // F5, as the Linux console has it
		s.await("disk", "raid", "ceph", "has not run")
		broken := func(text string) bool { return strings.Contains(text, "md0 is degraded: 1 of 2 disks") }
		r.put("disk", 0, 0, diskFine)
		r.put("ceph", 0, 0, cephScreen)
		s.await("DISK OK - free space: / 198 GiB", "1 osd down")
		r.put("raid", 2, 0, raidBroken)
		s.until("it is critical", broken)
		once, text := checksOnce(t, config)
		if raid := once.Checks[1]; len(once.Checks) != 3 || raid.Name != "raid" || *raid.Status != "critical" || raid.Silent || *raid.Text != "md0 is degraded: 1 of 2 disks" || len(raid.Lines) != 1 || *raid.Age < 0 {
			t.Errorf("--json: %s", text)
		}
		if disk := once.Checks[0]; *disk.Status != "ok" || len(disk.Figures) != 1 || *disk.Figures[0].Value != 702 || *disk.Figures[0].Critical != "855" {
			t.Errorf("--json: %s", text)
		}
		if !once.has("crit", `check raid: md0 is degraded`) || !once.has("warning", `check ceph: 1 osd down`) {
			t.Errorf("--json: %+v", once.Problems)
		}
		metrics := run(t, environment(t), "--config", config, "--once", "--metrics").out
		for _, line := range []string{`hypervisor_check_status{check="raid"} 2`, `hypervisor_check_status{check="disk"} 0`, `hypervisor_check_silent{check="raid"} 0`,
			`hypervisor_check_value{check="disk",label="/",unit="GB"} 702`, `hypervisor_problem{kind="check-failed",severity="crit",subject="raid",namespace=""} 1`} {
			if !strings.Contains(metrics, "\n"+line+"\n") {
				t.Errorf("--metrics does not have %s", line)
			}
		}
		r.put("raid", 0, 0, raidFine)
		s.until("it is well again", func(text string) bool { return strings.Contains(text, "md0 is whole") && !broken(text) })
		s.keys("/ceph\r\r")
		s.await("HEALTH_WARN", "osd.3", "81 %", "12 MiB/s")
		s.keys("\x1b")
		s.until("the list", func(text string) bool { return !strings.Contains(text, "HEALTH_WARN") })
		s.keys("/\x15\r") // all of them
		r.put("disk", 0, 40*time.Second, diskFine)
		s.until("the disk is silent", func(text string) bool { return regexp.MustCompile(`(?m)silent.*disk`).MatchString(text) })
		if once, text = checksOnce(t, config); !once.Checks[0].Silent || *once.Checks[0].Status != "ok" || !once.has("warning", "check disk silent") {
			t.Errorf("--json: %s", text)
		}
		s.ends()
	}
}

// checksOnce is what --once --json says with a configuration, and that as text.
func checksOnce(t *testing.T, config string) (once checksJSON, text string) {
	t.Helper()
	r := run(t, environment(t), "--config", config, "--once", "--json")
	if err := json.Unmarshal([]byte(r.out), &once); err != nil || len(once.Checks) != 3 || r.code != exitFine {
		t.Fatalf("%v, exit code %d, %d checks\n%s%s", err, r.code, len(once.Checks), r.stderr, r.out)
	}
	return once, r.out
}

// has reports whether there is a problem that a plugin has found, so bad and in these words.
func (j *checksJSON) has(severity, what string) bool {
	return slices.ContainsFunc(j.Problems, func(p struct{ Kind, Severity, What, Where string }) bool {
		return p.Kind == frame.CheckFailed.String() && p.Severity == severity && strings.HasPrefix(p.What, what) && p.Where == frame.Checks
	})
}

// TestChecksInABrowser: who looks through --serve sees F5 as it changes.
func TestChecksInABrowser(t *testing.T) {
	t.Parallel()
	r := newReports(t)
	r.put("raid", 0, 0, raidFine)
	s := serve(t, "refreshInterval: 1s\nserve: {web: {enable: true}}\n"+r.config("raid check 1h"))
	w := s.watch()
	defer w.leave()
	w.picture(t)
	s.press(w, "F5\n")
	await.Until(t, "it is well", func() bool { return strings.Contains(w.picture(t), "md0 is whole") })
	r.put("raid", 2, 0, raidBroken)
	await.Until(t, "it is broken", func() bool { return strings.Contains(w.picture(t), "md0 is degraded") })
}

// TestPluginsRunAreShown: what --plugin leaves of a run, as in a unit, is what F5 and the report say, also of one that cannot be run.
func TestPluginsRunAreShown(t *testing.T) {
	t.Parallel()
	r := newReports(t)
	h := &pluginHost{t, r.dir, writeFile(t, "config.yaml", "history: {enable: false}\nplugins:\n  path: "+r.dir+"\n  list:\n"+
		"  - "+shell("disk", "check", `echo "DISK WARNING - 8% free | /=92%;90;95"; exit 1`)+"\n"+
		"  - {name: gone, command: [/nonexistent/check]}\n"+
		"  - "+shell("never", "check", "exit 0")+"\n")}
	h.unit("disk")
	h.unit("gone")
	once, text := checksOnce(t, h.config)
	if disk := once.Checks[0]; *disk.Status != "warning" || *disk.Text != "DISK WARNING - 8% free" || len(disk.Figures) != 1 || *disk.Figures[0].Value != 92 {
		t.Errorf("disk: %s", text)
	}
	if gone, never := once.Checks[1], once.Checks[2]; *gone.Status != "unknown" || !strings.Contains(*gone.Text, "/nonexistent/check") || never.Status != nil || never.Age != nil || never.Silent {
		t.Errorf("gone and never: %s", text)
	}
	shown := run(t, environment(t), "--config", h.config, "--once", "--screen", "checks").out
	if !strings.Contains(shown, "DISK WARNING - 8% free") || !strings.Contains(shown, "/nonexistent/check") || !strings.Contains(shown, "has not run") {
		t.Errorf("F5:\n%s", shown)
	}
}
