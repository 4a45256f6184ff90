package sample

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// Whatever the counters of a disk do, no figure is beyond what the disk has done.
func TestF16DiskFiguresAreNeverHuge(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	rows := []diskRow{{disk: true}}
	var n diskCounters
	for range 20000 {
		const step = 1000
		for _, c := range []*uint64{&n.reads, &n.readSectors, &n.readTime, &n.writes, &n.writtenSectors, &n.writeTime, &n.busy} {
			switch random.IntN(20) {
			case 0:
				*c = 0 // reset
			case 1:
				*c = math.MaxUint32 - random.Uint64N(step)
			default:
				*c = (*c + random.Uint64N(step)) & math.MaxUint32
			}
		}
		lines := []diskLine{{diskCounters: n}}
		jump := lines[0].diskCounters != rows[0].before && largest(&rows[0].before, &n) > step
		d := deriveDisks(rows, lines, time.Second, nil)[0]
		for _, v := range []float64{d.Read, d.Write, d.ReadOps, d.WriteOps, d.ReadLatency, d.WriteLatency} {
			if v < 0 || !jump && v > sector*step {
				t.Fatalf("from %+v to %+v: %+v", rows[0].before, n, d)
			}
		}
		if d.Busy < 0 || d.Busy > 100 {
			t.Fatalf("busy %v", d.Busy)
		}
		rows[0].before = n
	}
}

// largest is the largest step forward of the counters.
func largest(before, now *diskCounters) uint64 {
	most := uint64(0)
	for _, c := range [][2]uint64{{before.reads, now.reads}, {before.readSectors, now.readSectors}, {before.readTime, now.readTime},
		{before.writes, now.writes}, {before.writtenSectors, now.writtenSectors}, {before.writeTime, now.writeTime}} {
		if c[1] > c[0] {
			most = max(most, c[1]-c[0])
		}
	}
	return most
}
