package e2e

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/history"
	"hypervisor-tui/journal"
)

// TestLastRun: of a host whose recording just ends, the next boot knows the last figures, what was wrong and what had happened, in
// --json and under B; Enter on an event goes to the log.
func TestLastRun(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "flight")
	config := writeFile(t, "config.yaml", "refreshInterval: 1s\nhistory: {path: "+path+"}\n")
	// Nobody closes this Writer: its boot ends without a shutdown.
	w, err := history.Create(history.WriterOptions{Path: path, Size: history.MinSize, Sync: time.Minute, BootID: "11111111-2222-3333-4444-555555555555"})
	if err != nil {
		t.Fatal(err)
	}
	f, end := frametest.Fixed(), time.Now().Add(-24*365*time.Hour).Truncate(time.Second)
	f.Now = end.Add(-10 * time.Minute)
	for ; !f.Now.After(end); f.Now, f.Boot = f.Now.Add(2*time.Second), f.Boot+2*time.Second {
		if f.Now.Equal(end.Add(-4 * time.Minute)) {
			err = w.Event(&frame.Event{Kind: frame.UnitHasFailed, At: f.Now, Severity: journal.Err, Subject: "k3s.service", Detail: "exit code 1", Where: frame.Logs})
		}
		if err == nil {
			err = w.Append(&f.Snapshot)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var got struct {
		Host struct {
			LastRun struct {
				Until    time.Time `json:"recorded_until"`
				Stopped  *bool     `json:"recording_stopped"`
				Gap      float64   `json:"seconds_before_boot"`
				Memory   float64   `json:"memory_used_percent"`
				VMs      int
				Problems []struct{ What string }
				Events   []struct{ What string }
			} `json:"last_run"`
		}
	}
	once := run(t, environment(t), "--once", "--json", "--config", config)
	if err := json.Unmarshal([]byte(once.out), &got); err != nil || once.code != exitFine {
		t.Fatalf("%v, exit code %d, %s", err, once.code, once.stderr)
	}
	run := &got.Host.LastRun
	if late := end.Sub(run.Until); late < 0 || late >= 10*time.Second || run.Stopped == nil || *run.Stopped || run.Gap <= 0 {
		t.Errorf("recorded until %v of %v, stopped %v, %v s before the boot", run.Until, end, run.Stopped, run.Gap)
	}
	if run.Memory != 62.5 || run.VMs != 3 || len(run.Problems) != len(f.Problems) || run.Problems[0].What != string(f.Problems[0].AppendWhat(nil)) {
		t.Errorf("memory %v%%, %d VMs, problems %v", run.Memory, run.VMs, run.Problems)
	}
	if len(run.Events) != 1 || run.Events[0].What != "k3s.service failed: exit code 1" {
		t.Errorf("events %v", run.Events)
	}
	s := start(t, setup{args: []string{"--config", config, "--screen", frame.Network}, h: 40})
	s.await(footer)
	s.keys("B")
	s.await("Before this boot", "last record "+run.Until.Local().Format("Jan 02 15:04:05"), "memory 62.5%", "k3s.service failed: exit code 1")
	s.keys("\r")
	s.await("virt-handler") // one of its tabs
}
