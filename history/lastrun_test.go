package history

import (
	"errors"
	"math"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/sample"
)

// TestLastRun: of a host that lost its power the boot after it knows the last figures, problems and events; what was not known
// then is unknown, and of another boot or none there is nothing.
func TestLastRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flight")
	start := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	w, f := recording(t, path, firstBoot), frametest.Fixed()
	f.Host.Health[sample.Pressure].State = 0
	for i := range 1800 { // an hour
		if i == 300 || i == 1790 {
			e := frame.Event{Kind: frame.UnitHasFailed, At: start.Add(time.Duration(i) * 2 * time.Second), Subject: "k3s.service", Where: frame.Logs}
			if err := w.Event(&e); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Append(sampled(f, i, start)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Flush(), w.file.Close()); err != nil { // as a kill does
		t.Fatal(err)
	}
	last := start.Add(1795 * 2 * time.Second)
	w = recording(t, path, secondBoot)
	defer w.Close()
	for _, recorded := range []bool{false, true} {
		if recorded { // of the new boot
			s := sampled(f, 0, last.Add(time.Minute))
			s.Boot = 10 * time.Second
			if err := w.Append(s); err != nil {
				t.Fatal(err)
			}
		}
		r, err := Open(path, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		run := r.LastRun(secondBoot)
		if run == nil {
			t.Fatal("nothing is known of the boot before")
		}
		if !run.End.Equal(last) || run.Stopped || run.Boot != frametest.Boot+1795*2*time.Second {
			t.Errorf("end %v, stopped %v, boot %v", run.End, run.Stopped, run.Boot)
		}
		if want := f.Host.Memory.UsedPercent(); math.Abs(run.Memory-want) > 0.5 || run.CPU != f.Host.CPU.Busy || !math.IsNaN(run.IOFull) || run.VMs != len(f.VMs.VMs) {
			t.Errorf("memory %v of %v, CPU %v, I/O %v, %d VMs", run.Memory, want, run.CPU, run.IOFull, run.VMs)
		}
		if !slices.EqualFunc(run.Problems, f.Problems, func(a, b frame.Problem) bool { return a.Is(&b) && a.Since == b.Since }) {
			t.Errorf("problems %+v, want %+v", run.Problems, f.Problems)
		}
		if len(run.Events) != 1 || !run.Events[0].At.Equal(start.Add(1790*2*time.Second)) || run.Events[0].Subject != "k3s.service" {
			t.Errorf("events %+v", run.Events)
		}
		for _, boot := range []string{firstBoot, ""} {
			if run := r.LastRun(boot); run != nil {
				t.Errorf("before the boot %q there is %+v", boot, run)
			}
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}
