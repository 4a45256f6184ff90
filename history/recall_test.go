package history

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/sample"
)

// grows is a host at a minute of its life: its disk fills by 100 GiB an hour, its fan turns and its clock is right.
func grows(f *frame.Frame, minute int) {
	const gib = frametest.GiB
	used := uint64(100*gib + minute*gib*100/60)
	f.Host.Filesystems = []sample.Filesystem{{Mount: "/data", Type: "xfs", Total: 2000 * gib, Used: used, Available: 2000*gib - used,
		UsedPercent: 100 * float64(used) / (2000 * gib), Health: frametest.OK()}}
	for i := range f.Host.Health {
		f.Host.Health[i].Good(f.Boot)
	}
	f.Host.Fans = []sample.Fan{{Name: "dell FAN1", RPM: 4200, Low: 600}}
	f.System.Clock.Synchronised = true
	f.System.Clock.Health.Good(f.Boot)
}

// TestRecallKnowsTrends: a program that is started anew knows from the recording how filesystems grow, which fans have turned and that
// the clock was synchronised, as one does that was there all the time. Of another boot, or before a gap, it knows nothing of growth.
func TestRecallKnowsTrends(t *testing.T) {
	const recorded = 3 * 60 // minutes
	for name, c := range map[string]struct {
		boot             string
		gap              int // minutes without a record before the program starts
		grows, otherwise bool
	}{
		"a restart":    {firstBoot, 2, true, true},
		"a long pause": {firstBoot, 60, false, true},
		"a reboot":     {secondBoot, 2, false, false},
	} {
		path := filepath.Join(t.TempDir(), "flight")
		w, f := recording(t, path, firstBoot), frametest.Fixed()
		start := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
		for i := range recorded * 6 { // each ten seconds, a little sooner each time
			late := time.Duration(recorded*6-i) * time.Millisecond
			f.Now, f.Boot = start.Add(time.Duration(i)*10*time.Second+late), frametest.Boot+time.Duration(i)*10*time.Second+late
			grows(f, i/6)
			if err := w.Append(&f.Snapshot); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		up := frametest.Boot + (recorded+time.Duration(c.gap))*time.Minute
		if c.boot != firstBoot {
			f.Now, f.Boot, up = f.Now.Add(time.Minute), 30*time.Second, time.Minute
			f.Host.Fans, f.System.Clock.Synchronised = nil, false
			w := recording(t, path, c.boot)
			if err := errors.Join(w.Append(&f.Snapshot), w.Close()); err != nil {
				t.Fatal(err)
			}
		}
		known, err := Recall(path, c.boot, f.Now.Add(time.Duration(c.gap)*time.Minute), up)
		if err != nil {
			t.Fatal(err)
		}
		var tracker frame.Tracker
		f.Boot, f.Now, f.Final = up, f.Now.Add(time.Duration(c.gap)*time.Minute), true
		grows(f, recorded+c.gap)
		f.Host.Fans[0].RPM, f.System.Clock.Synchronised = 0, false
		tracker.Derive(&f.Snapshot)
		tracker.Inherit(&known.Tracker)
		tracker.Derive(&f.Snapshot)
		found := map[frame.Kind]frame.Problem{}
		for _, p := range f.Problems {
			found[p.Kind] = p
		}
		if p, ok := found[frame.FillsSoon]; ok != c.grows || ok && (p.N < 16 || p.N > 17) { // 1597 GiB are left
			t.Errorf("%s: %v in %d hours, want that to be %v", name, ok, p.N, c.grows)
		}
		_, fan := found[frame.FanStopped]
		if _, clock := found[frame.ClockAdrift]; fan != c.otherwise || clock != c.otherwise {
			t.Errorf("%s: a fan stopped %v, clock adrift %v; want %v", name, fan, clock, c.otherwise)
		}
	}
}

// BenchmarkRecall is what a start reads of a day.
func BenchmarkRecall(b *testing.B) {
	path := filepath.Join(b.TempDir(), "flight")
	w, f := recording(b, path, firstBoot), frametest.Fixed()
	for i := range 24 * 360 {
		f.Now, f.Boot = f.Now.Add(10*time.Second), f.Boot+10*time.Second
		grows(f, i/6)
		if err := w.Append(&f.Snapshot); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Recall(path, firstBoot, f.Now, f.Boot); err != nil {
			b.Fatal(err)
		}
	}
}
