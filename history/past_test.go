package history

import (
	"path/filepath"
	"testing"
	"time"
)

// TestPastIsWrittenOver: who looks at a record while it is written over is led on to what is left of its time, and not to now.
func TestPastIsWrittenOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flight")
	w, f := recording(t, path, firstBoot), small()
	i := 0
	record := func(n int) {
		for range n {
			s := sampled(f, i, startOfTests)
			bulky(f, i)
			if err := w.Append(s); err != nil {
				t.Fatal(err)
			}
			i += 5
		}
	}
	record(100)
	q := Query{Path: path, Zone: time.UTC, At: startOfTests.Add(10 * time.Minute)}
	from, err := Read(&q)
	if err != nil || from.at.tier != 0 {
		t.Fatalf("%+v, %v", from, err)
	}
	record(100) // more than the finest tier holds, fewer than the next one
	for _, n := range []int{1, -1} {
		m, err := Read(&Query{Path: path, Zone: time.UTC, From: from, Step: n})
		if err != nil {
			t.Errorf("a step of %d: %v", n, err)
		} else if gone := m.Snapshot.Now.Sub(from.Snapshot.Now); m.at.tier == 0 || gone*time.Duration(n) <= 0 || gone.Abs() > 2*time.Minute {
			t.Errorf("a step of %d leads %v away, to tier %d", n, gone, m.at.tier)
		}
	}
}
