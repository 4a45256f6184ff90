package procfile

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func TestF16CounterGoesBack(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name        string
		before, now uint64
		over        time.Duration
		want        float64
	}{
		{"steady", 1000, 3000, 2 * time.Second, 1000},
		{"still", 7, 7, time.Second, 0},
		{"first sample", 0, 5000, 0, nan},
		{"clock back", 0, 5000, -time.Second, nan},
		{"wrap at 2^32", math.MaxUint32 - 10, 20, time.Second, nan},
		{"wrap at 2^64", math.MaxUint64 - 10, 20, time.Second, nan},
		{"reset", 1 << 40, 0, time.Second, nan},
		{"suspend of a day", 0, 86400, 24 * time.Hour, 1},
	} {
		if got := PerSecond(c.before, c.now, c.over); got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// A counter that follows any true rate, with wraps, resets and odd intervals, is never said to run faster than it did.
func TestF16RateIsNeverHuge(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		const most = 1e6 // a second
		counter, wrap := random.Uint64N(1<<33), random.IntN(2) == 0
		for range 50 {
			over := time.Duration(random.Int64N(int64(10 * time.Second)))
			before := counter
			counter += uint64(random.Float64() * most * over.Seconds())
			if wrap {
				counter &= math.MaxUint32
			}
			if random.IntN(10) == 0 {
				counter = uint64(random.Float64() * min(float64(counter), most*over.Seconds()))
			}
			if rate := PerSecond(before, counter, over); rate < 0 || rate > most*1.001 {
				t.Fatalf("from %d to %d in %v: %v", before, counter, over, rate)
			}
		}
	}
}

func FuzzPerSecond(f *testing.F) {
	f.Add(uint64(0), uint64(0), int64(0))
	f.Add(uint64(math.MaxUint32), uint64(1), int64(time.Second))
	f.Fuzz(func(t *testing.T, before, now uint64, over int64) {
		rate := PerSecond(before, now, time.Duration(over))
		if known := over > 0 && now >= before; known == math.IsNaN(rate) || rate < 0 || math.IsInf(rate, 0) {
			t.Errorf("from %d to %d in %d: %v", before, now, over, rate)
		}
	})
}

func TestTotal(t *testing.T) {
	var none, some, gap Total
	some.Add(1)
	some.Add(2)
	gap.Add(1)
	gap.Add(math.NaN())
	if v := none.Value(); !math.IsNaN(v) {
		t.Errorf("of nothing: %v", v)
	}
	if v := some.Value(); v != 3 {
		t.Errorf("of 1 and 2: %v", v)
	}
	if v := gap.Value(); !math.IsNaN(v) {
		t.Errorf("with one unknown: %v", v)
	}
	if v := Percent(1, 0); !math.IsNaN(v) {
		t.Errorf("percent of nothing: %v", v)
	}
}

func TestF16LatencyIsOfWhatEnded(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name                               string
		before, now, opsBefore, operations uint64
		want                               float64
	}{
		{"ten of 2 ms", 100, 120, 5, 15, 2},
		{"none ended", 100, 100, 5, 5, nan},
		{"wrap of the time", math.MaxUint32, 5, 5, 15, nan},
		{"reset", 100, 120, 15, 5, nan},
	} {
		got := PerOperation(c.before, c.now, c.opsBefore, c.operations)
		if got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestStopwatch: only the first start counts, whatever the time is.
func TestStopwatch(t *testing.T) {
	var w Stopwatch
	if w.Hangs(time.Hour) || !w.Start(0) || w.Start(time.Minute) || w.Since() == 0 || w.Hangs(WorkTimeout) || !w.Hangs(2*WorkTimeout) {
		t.Errorf("since %v", w.Since())
	}
	if w.Stop(); w.Since() != 0 || !w.Start(time.Minute) || w.Since() != time.Minute {
		t.Errorf("started again: since %v", w.Since())
	}
}
