package history

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
)

const (
	firstBoot  = "11111111-2222-3333-4444-555555555555"
	secondBoot = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
)

// recording makes a Writer of a small file for one boot.
func recording(t testing.TB, path, boot string) *Writer {
	t.Helper()
	w, err := Create(WriterOptions{Path: path, Size: MinSize, Sync: time.Minute, BootID: boot})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// sampled is what was known at a time: the load says which sample it was.
func sampled(f *frame.Frame, i int, start time.Time) *frame.Snapshot {
	f.Now, f.Boot = start.Add(time.Duration(i)*2*time.Second), frametest.Boot+time.Duration(i)*2*time.Second
	f.Host.Running = i
	return &f.Snapshot
}

// TestRecordingIsRead: hours that were recorded are read back, by time and by steps, with what happened in them.
func TestRecordingIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flight")
	w := recording(t, path, firstBoot)
	f, start := frametest.Fixed(), time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	const samples = 3 * 1800 // 3 hours
	for i := range samples {
		s := sampled(f, i, start)
		if err := w.Append(s); err != nil {
			t.Fatal(err)
		}
		if i == 1800 {
			if err := w.Event(&frame.Event{Kind: frame.LinkLost, At: f.Now, Subject: "enp2s0", Detail: "no carrier", Where: frame.Network}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	r, err := Open(path, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var s frame.Snapshot
	for _, minute := range []int{0, 1, 59, 60, 61, 179} {
		at := start.Add(time.Duration(minute)*time.Minute + 7*time.Second)
		p, ok := r.At(at)
		if !ok {
			t.Fatalf("nothing at minute %d", minute)
		}
		info, err := r.Load(p, &s)
		if err != nil || at.Sub(info.Wall) >= 10*time.Second || at.Before(info.Wall) {
			t.Errorf("minute %d: %v at %v, %v", minute, info, at, err)
		}
		if want := int(info.Wall.Sub(start) / (2 * time.Second)); s.Host.Running != want || !s.Now.Equal(info.Wall) {
			t.Errorf("minute %d: sample %d, want %d", minute, s.Host.Running, want)
		}
		if next, ok := r.Step(p, 1); ok {
			if back, ok := r.Step(next, -1); !ok || back != p {
				t.Errorf("minute %d: a step and back leads to %v, %v", minute, back, ok)
			}
			if later, err := r.Load(next, &s); err != nil || later.Wall.Sub(info.Wall) != 10*time.Second {
				t.Errorf("minute %d: the next is %v later", minute, later.Wall.Sub(info.Wall))
			}
		}
	}
	events := r.Events(nil, start, start.Add(3*time.Hour))
	if len(events) != 1 || events[0].Subject != "enp2s0" || !events[0].At.Equal(start.Add(time.Hour)) {
		t.Errorf("events %+v", events)
	}
	last, _ := r.Last()
	points, previous := 0, time.Time{}
	r.Peaks(last, 300, func(at time.Time, peaks []float64) {
		if points++; !previous.IsZero() && at.Sub(previous) != 10*time.Second {
			t.Errorf("two points are %v apart", at.Sub(previous))
		}
		previous = at
	})
	if points != 300 {
		t.Errorf("%d points", points)
	}
	strip := make([]frame.StripCell, 8)
	r.Strip(strip, start.Add(-time.Hour), start.Add(7*time.Hour))
	var recorded []bool
	for _, c := range strip {
		recorded = append(recorded, c.Recorded)
	}
	if !slices.Equal(recorded, []bool{false, true, true, true, false, false, false, false}) {
		t.Errorf("recorded %v", recorded)
	}
}

// TestTwoBoots: the last record before this boot is found, whether its recorder was stopped in good order, and the file goes on.
func TestTwoBoots(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flight")
	start := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	for _, clean := range []bool{true, false} {
		w, f := recording(t, path, firstBoot), frametest.Fixed()
		for i := range 100 {
			if err := w.Append(sampled(f, i, start)); err != nil {
				t.Fatal(err)
			}
		}
		if clean {
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		} else {
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			w.file.Close() // as a power cut does: nothing more is written
		}
		w = recording(t, path, secondBoot)
		f.Boot = 0
		for i := range 20 {
			s := sampled(f, i, start.Add(10*time.Minute))
			s.Boot -= frametest.Boot - time.Minute
			if err := w.Append(s); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := Open(path, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		p, ok := r.BeforeBoot(secondBoot)
		var s frame.Snapshot
		info, err := r.Load(p, &s)
		if !ok || err != nil || info.Last != clean || s.Host.Running != 95 {
			t.Errorf("clean %v: %v %v, %+v, sample %d", clean, ok, err, info, s.Host.Running)
		}
		r.Close()
		start = start.Add(time.Hour)
	}
}

func BenchmarkAppend(b *testing.B) {
	w := recording(b, filepath.Join(b.TempDir(), "flight"), firstBoot)
	f, start := frametest.Fixed(), time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	frametest.Sick(f)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Append(sampled(f, 5*i, start)); err != nil {
			b.Fatal(err)
		}
		i++
	}
}
