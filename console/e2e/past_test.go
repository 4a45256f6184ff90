package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/history"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/journal"
	"hypervisor-tui/plugin"
)

const hostOfThen = "host-of-then"

// recordedPast writes half an hour that began two hours ago in the state directory dir, of two boots, and the configuration that
// reads it.
func recordedPast(t *testing.T, dir string) (config string, start time.Time) {
	t.Helper()
	f := frametest.Fixed()
	f.Host.Machine.Hostname = hostOfThen
	frametest.Checks(f)
	results := f.Checks.Results
	start = time.Now().UTC().Add(-2 * time.Hour).Truncate(time.Minute)
	for boot, id := range []string{"11111111-2222-3333-4444-555555555555", "66666666-7777-8888-9999-000000000000"} {
		w, err := history.Create(history.WriterOptions{Path: filepath.Join(dir, "flight"), Size: history.MinSize, Sync: time.Minute, BootID: id})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 450 {
			passed := time.Duration(450*boot+i) * 2 * time.Second
			f.Now, f.Boot = start.Add(passed), frametest.Boot+passed
			f.Checks = &plugin.State{Health: f.Checks.Health, Results: slices.Clone(results)}
			for k := range results {
				if at := &f.Checks.Results[k].At; *at != 0 { // it runs again and again
					*at += passed
				}
			}
			if err := w.Append(&f.Snapshot); err != nil {
				t.Fatal(err)
			}
			if i == 300 {
				if err := w.Event(&frame.Event{Kind: frame.LinkLost, At: f.Now, Severity: journal.Warning, Subject: "eth7"}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	config = filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(config, []byte("history: {size: 8MiB}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return config, start
}

// TestPastOnATerminal: back by keys through records, events and boots on every page, and to now.
func TestPastOnATerminal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config, began := recordedPast(t, dir)
	at := func(passed time.Duration) string { return began.Add(passed).Format("15:04:05") }
	s := start(t, setup{args: []string{"--config", config, "--screen", "dashboard"}, env: []string{"STATE_DIRECTORY=" + dir}})
	s.await("Node:", footer)
	s.keys("p")
	s.await(" PAST ")
	s.keys("t" + began.Add(20*time.Minute+3*time.Second).Format(time.RFC3339) + "\r")
	s.await(" PAST ", hostOfThen, at(20*time.Minute), "every 10s")
	s.keys("\x1b[D")
	s.await(at(20*time.Minute - 10*time.Second))
	s.keys("\x1b[C\x1b[C")
	s.await(at(20*time.Minute + 10*time.Second))
	s.keys("[")
	s.await(at(10 * time.Minute))
	s.keys("]")
	s.await(at(25 * time.Minute))
	s.keys("B")
	s.await(at(15*time.Minute - 10*time.Second))
	for page, text := range map[string]string{"1": " All ", "3": "eth1", "5": "md0 is degraded", "2": "database-01"} {
		s.keys(page)
		s.await(" PAST ", hostOfThen, at(15*time.Minute-10*time.Second), text)
	}
	s.keys("B")
	s.await(" PAST ", "no boot before is recorded")
	s.keys("\x1b")
	s.until("it is now", func(text string) bool { return !strings.Contains(text, hostOfThen) && !strings.Contains(text, "PAST") })
	s.keys("q")
	if code, _ := s.exit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
	s.restored()
}

// TestPastForScripts: the report and the picture of a time, and what has happened.
func TestPastForScripts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config, start := recordedPast(t, dir)
	env := environment(t, "STATE_DIRECTORY="+dir)
	at := start.Add(4*time.Minute + 7*time.Second).Format(time.RFC3339)
	var report struct {
		At     time.Time
		Host   struct{ Hostname string }
		Checks []struct {
			Name, Status string
			Silent       bool
			Age          float64 `json:"age_seconds"`
		}
	}
	r := run(t, env, "--config", config, "--once", "--json", "--at", at)
	if err := json.Unmarshal([]byte(r.out), &report); err != nil || !report.At.Equal(start.Add(4*time.Minute)) || report.Host.Hostname != hostOfThen {
		t.Errorf("%v, %+v\n%s", err, report, r.stderr)
	}
	if raid := report.Checks[2]; raid.Name != "raid" || raid.Status != "critical" || raid.Silent || raid.Age != 48 {
		t.Errorf("the checks of then: %+v", report.Checks)
	}
	for _, screen := range []string{"logs", "dashboard", "network", "checks"} {
		r := run(t, env, "--config", config, "--once", "--screen", screen, "--at", at)
		if !strings.Contains(r.out, hostOfThen) || !strings.Contains(r.out, "PAST") || r.code != 0 {
			t.Errorf("%s: exit code %d, %s\n%s", screen, r.code, r.stderr, r.out)
		}
	}
	if r := run(t, env, "--config", config, "--history"); strings.Count(r.out, "eth7 lost its carrier\n") != 2 {
		t.Errorf("%s%s", r.out, r.stderr)
	}
	if r := run(t, env, "--config", config, "--history", "--at", start.Add(15*time.Minute).Format(time.RFC3339), "--json"); strings.Count(r.out, "eth7") != 1 {
		t.Errorf("%s%s", r.out, r.stderr)
	}
	for args, want := range map[string]string{
		"--once --at noon":     "it is a time such as",
		"--once --at -20d":     "nothing is recorded at",
		"--history --at never": "it is a time such as",
	} {
		if r := run(t, env, append([]string{"--config", config}, strings.Fields(args)...)...); r.code != 1 || !strings.Contains(r.stderr, want) || r.out != "" {
			t.Errorf("%s: exit code %d, %s%s", args, r.code, r.stderr, r.out)
		}
	}
}

// TestPastOnAHungDisk: the picture stays that of now and goes on, however often the past is asked for; what answers again is shown.
func TestPastOnAHungDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	recordedPast(t, dir)
	recorded := readText(t, filepath.Join(dir, "flight"))
	path := writeFile(t, "flight", "x")
	config := writeFile(t, "config.yaml", "history: {enable: false, path: "+path+"}\n")
	h := newHungFile(t, recorded)
	h.hang()
	go h.serve()
	s := h.start(t, path, setup{args: []string{"--config", config, "--screen", "dashboard"}})
	s.await("Node:", footer)
	s.keys("p")
	s.await("this is now", "the recording is read")
	await.Until(t, "it is asked for", func() bool { return h.asked() > 0 })
	threads, reads := s.threads(), h.asked()
	for range 20 {
		s.keys("\x1b")
		s.until("it is now", func(text string) bool { return !strings.Contains(text, "this is now") })
		s.keys("p")
		s.await("this is now")
	}
	if now := s.threads(); now > threads+2 {
		t.Errorf("%d threads became %d", threads, now)
	}
	if more := h.asked() - reads; more > 1 {
		t.Errorf("the recording was asked for %d times while it hung", more)
	}
	s.until("the seconds count", func(text string) bool {
		return strings.Contains(text, "the recording is read") && !strings.Contains(text, "the recording is read 0s")
	})
	h.recover(recorded)
	s.keys("p")
	s.until("it is now", func(text string) bool { return !strings.Contains(text, "Past:") })
	s.keys("p")
	s.await(" PAST ", hostOfThen)
	s.ends()
}
