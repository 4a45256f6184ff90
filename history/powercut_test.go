package history

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hypervisor-tui/frame"
)

// cut is a disk whose power fails: of what was written since the last sync any sectors are lost.
type cut struct {
	*os.File
	t   testing.TB
	old map[int64][]byte // the sectors that were written since, as they were at the sync
}

const sector = 512

func (c *cut) WriteAt(b []byte, at int64) (int, error) {
	for s := at &^ (sector - 1); s < at+int64(len(b)); s += sector {
		if c.old[s] == nil {
			c.old[s] = make([]byte, sector)
			if _, err := c.ReadAt(c.old[s], s); err != nil {
				c.t.Fatal(err)
			}
		}
	}
	return c.File.WriteAt(b, at)
}

// Fd is asked for by a sync.
func (c *cut) Fd() uintptr {
	clear(c.old)
	return c.File.Fd()
}

// fails loses each sector with the probability lost.
func (c *cut) fails(random *rand.Rand, lost float64) {
	for s := int64(0); s < MinSize; s += sector {
		if old := c.old[s]; old != nil && random.Float64() < lost {
			if _, err := c.File.WriteAt(old, s); err != nil {
				c.t.Fatal(err)
			}
		}
	}
	c.Close()
}

// TestPowerCut: whatever sectors a power cut loses, what the disk had is there, each record that is read was written, and recording
// goes on, in the boot after it as where only the disk was away.
func TestPowerCut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flight")
	random, f := rand.New(rand.NewPCG(9, 10)), small()
	i, safe, read := 0, 0, 0
	figure := func(i int) float64 { return float64(i * 7 % 100) }
	cuts := 150 // long: all that is left is read after each
	if testing.Short() || raced {
		cuts = 30
	}
	for n := range cuts {
		boot := firstBoot
		if random.IntN(2) == 0 {
			boot = secondBoot
		}
		w := recording(t, path, boot)
		disk := &cut{w.file.(*os.File), t, map[int64][]byte{}}
		w.file = disk
		for range 1 + random.IntN(40) {
			i += 5
			s := sampled(f, i, startOfTests)
			s.Host.CPU.Busy = figure(i)
			if random.IntN(10) == 0 {
				bulky(f, i)
			} else {
				f.Problems = nil
			}
			if err := w.Append(s); err != nil {
				t.Fatal(err)
			}
			if random.IntN(2) == 0 {
				if err := w.Flush(); err != nil {
					t.Fatal(err)
				}
			}
			if random.IntN(50) == 0 {
				if err := w.Burst(); err != nil {
					t.Fatal(err)
				}
			}
			if len(disk.old) == 0 && w.synced == w.boot {
				safe = i
			}
		}
		disk.fails(random, []float64{0.1, 0.5, 0.9, 1}[random.IntN(4)])
		r, err := Open(path, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		newest := 0
		for tier := range r.tiers {
			p, ok := r.lastOf(tier)
			for steps := 0; ok && p.tier == tier && steps < 100; steps++ {
				var s frame.Snapshot
				info, err := r.Load(p, &s)
				if err != nil {
					t.Fatalf("cut %d: %v", n, err)
				}
				at := int(info.Wall.Sub(startOfTests) / (2 * time.Second))
				if s.Host.Running != at || at > i || tier != 1 && tier != 2 && s.Host.CPU.Busy != figure(at) {
					t.Fatalf("cut %d: tier %d: the record of sample %d is that of %d with %v, want %v", n, tier, at, s.Host.Running, s.Host.CPU.Busy, figure(at))
				}
				newest = max(newest, at)
				read++
				p, ok = r.Step(p, -1)
			}
		}
		r.Close()
		if newest < safe {
			t.Fatalf("cut %d: the disk had sample %d, the newest that is read is %d", n, safe, newest)
		}
	}
	t.Logf("%d records read", read)
}
