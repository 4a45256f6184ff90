package history

import (
	"math"
	"testing"
)

// TestCellsKeepWhatTheyPromise: a figure that became a cell and back is off by half a step at most, and order stays.
func TestCellsKeepWhatTheyPromise(t *testing.T) {
	for _, c := range []struct {
		kind cellKind
		step func(v float64) float64
	}{
		{stateCell, func(float64) float64 { return 1 }},
		{shareCell, func(float64) float64 { return 0.1 }},
		{percentCell, func(float64) float64 { return 1 }},
		{rateCell, func(v float64) float64 { return math.Abs(v) / 64 }},
		{totalCell, func(v float64) float64 { return math.Abs(v) / 2048 }},
	} {
		last, lastCell := math.Inf(-1), cell(math.MinInt64)
		for v := -1e12; v < 1e12; v = next(v) {
			got := c.kind.cell(v)
			if back := c.kind.value(got); math.Abs(back-v) > c.step(v)/2*1.000001 {
				t.Fatalf("kind %d: %g comes back as %g", c.kind, v, back)
			}
			if got < lastCell {
				t.Fatalf("kind %d: %g is %d, and %g is %d", c.kind, last, lastCell, v, got)
			}
			last, lastCell = v, got
		}
		if v := c.kind.value(c.kind.cell(math.NaN())); !math.IsNaN(v) {
			t.Errorf("kind %d: unknown comes back as %g", c.kind, v)
		}
		if v := c.kind.value(c.kind.cell(0)); v != 0 {
			t.Errorf("kind %d: 0 comes back as %g", c.kind, v)
		}
	}
}

// next is a figure a bit larger than v, by fewer and fewer digits round 0.
func next(v float64) float64 {
	switch {
	case v < -1e-3:
		return v * 0.97
	case v < 1e-3:
		return v + 1e-4
	}
	return v * 1.03
}
