package history

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/frame"
)

// TestMoreThanAPageHolds: while a cluster says more than a page can hold, each 10 seconds have a record of what fits, and
// afterwards lists are whole again. A single text that is too long costs only its own end.
func TestMoreThanAPageHolds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flight")
	w, f := recording(t, path, firstBoot), small()
	long := make([]frame.Problem, 300)
	const long1, long2, samples = 5 * 100, 5 * 200, 5 * 500
	for i := 0; i < samples; i += 5 {
		s := sampled(f, i, startOfTests)
		s.Problems = long[:200]
		for k := range s.Problems {
			s.Problems[k].Subject = strconv.Itoa(k)
			if i >= long1 && i < long2 {
				s.Problems[k].Subject = strconv.Itoa(k+i*1000) + noise[900*k:900*(k+1)]
			}
		}
		if i >= long2 {
			s.Problems = append(s.Problems, frame.Problem{Subject: strings.Repeat("é", 1<<20)})
		}
		if err := w.Append(s); err != nil {
			t.Fatalf("sample %d: %v", i, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := reader(t, path)
	n, least := 0, 1000
	for p, ok := r.lastOf(0); ok && p.tier == 0; p, ok = r.Step(p, -1) {
		var s frame.Snapshot
		info, err := r.Load(p, &s)
		i := int(info.Wall.Sub(startOfTests) / (2 * time.Second))
		if err != nil || s.Host.Running != i || i != samples-5-5*n {
			t.Fatalf("the record of sample %d is that of %d, %v", samples-5-5*n, s.Host.Running, err)
		}
		least = min(least, len(s.Problems))
		if i == samples-5 && len(s.Problems) != 201 {
			t.Errorf("sample %d: %d of 201 problems", i, len(s.Problems))
		}
		n++
	}
	if n < (samples-long1)/5/2 || least < 50 || least >= 200 {
		t.Errorf("%d records, %d problems at least", n, least)
	}
}
