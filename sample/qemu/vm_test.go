package qemu

import (
	"math"
	"testing"
)

// TestRecent: the newest points in their order, gaps left out.
func TestRecent(t *testing.T) {
	var r Recent
	if r.Len() != 0 || !math.IsNaN(r.Peak(0, 1)) {
		t.Errorf("the empty one has %d points, %v", r.Len(), r.Peak(0, 1))
	}
	for i := range RecentLen + 3 {
		r.Push(float64(i))
	}
	r.Push(math.NaN())
	for _, c := range []struct {
		from, to int
		want     float64
	}{{0, 1, 4}, {0, RecentLen, RecentLen + 2}, {RecentLen - 2, RecentLen - 1, RecentLen + 2}, {-3, 2, 5}, {RecentLen - 3, RecentLen + 9, RecentLen + 2}} {
		if got := r.Peak(c.from, c.to); got != c.want {
			t.Errorf("from %d to %d: %v, want %v", c.from, c.to, got, c.want)
		}
	}
	if r.Len() != RecentLen || r.Pushed() != RecentLen+4 || !math.IsNaN(r.Peak(RecentLen-1, RecentLen)) || !math.IsNaN(r.Peak(5, 2)) {
		t.Errorf("%d points of %d", r.Len(), r.Pushed())
	}
}
