package history

import (
	"math"
	"testing"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/plugin"
)

// TestMeansAreOfOneThing: the mean that a coarser record keeps is that of one VM, one disk and one link, also where another has
// taken its place in the list.
func TestMeansAreOfOneThing(t *testing.T) {
	f := frametest.Fixed()
	c := newCodec()
	var v vector
	var g gathered
	vm, disk, link := &f.VMs.VMs[1], &f.Host.Disks[0], f.Net.Interfaces[1]
	for i := range 6 {
		vm.CPU, disk.Busy, link.RxRate = 80, 80, 80
		if i >= 4 {
			vm.CPU, disk.Busy, link.RxRate = 20, 20, 20
		}
		f.Host.CPU.Busy = 10 * float64(i)
		c.encode(&v, &f.Snapshot)
		g.add(&v)
		if i == 3 {
			other := *link.Link
			other.Name = "eth9"
			vm.Name, disk.Name, link.Link = "database-02", "nvme9n1", &other
		}
	}
	var s frame.Snapshot
	decode(&s, g.take().cells[peakCount:], c.texts.text, f.Now, f.Boot)
	if got := s.VMs.VMs[1]; got.Name != "database-02" || got.CPU != 20 {
		t.Errorf("%s uses %g %%, want 20", got.Name, got.CPU)
	}
	if got := s.Host.Disks[0]; got.Name != "nvme9n1" || got.Busy != 20 {
		t.Errorf("%s is busy %g %%, want 20", got.Name, got.Busy)
	}
	if got := s.Net.Interfaces[1]; got.Name != "eth9" || got.RxRate != 20 {
		t.Errorf("%s receives %g, want 20", got.Name, got.RxRate)
	}
	if s.Host.CPU.Busy != 45 { // of the two since
		t.Errorf("CPU %g %%, want 45", s.Host.CPU.Busy)
	}
}

// TestMeansOfWhatIsKnown: an unknown figure takes no part in a mean, and none is made of nothing.
func TestMeansOfWhatIsKnown(t *testing.T) {
	f := frametest.Fixed()
	c := newCodec()
	var v vector
	var g gathered
	for i := range 6 {
		f.Host.CPU.Busy, f.Host.DiskRead, f.Host.Tasks = 30, math.NaN(), 100+i
		if i%2 == 0 {
			f.Host.CPU.Busy = math.NaN()
		}
		f.Boot += 10 * time.Second
		c.encode(&v, &f.Snapshot)
		g.add(&v)
	}
	var s frame.Snapshot
	decode(&s, g.take().cells[peakCount:], c.texts.text, f.Now, f.Boot)
	if h := s.Host; h.CPU.Busy != 30 || !math.IsNaN(h.DiskRead) || h.Tasks != 105 {
		t.Errorf("CPU %g %%, want 30; %g read, want none; %d tasks, want the last 105", h.CPU.Busy, h.DiskRead, h.Tasks)
	}
}

// TestEncodeDoesNotAllocate: a record of a host on which nothing came or went is made without memory.
func TestEncodeDoesNotAllocate(t *testing.T) {
	for name, change := range map[string]func(*frame.Frame){"small": frametest.Sick, "large": large} {
		f := frametest.Fixed()
		change(f)
		c := newCodec()
		var v vector
		var g gathered
		i, said := 0, [...]*plugin.State{usual(f.Boot, 1), usual(f.Boot, 7)}
		least := math.Inf(1)
		for range 5 { // the least: another goroutine may allocate meanwhile
			least = min(least, testing.AllocsPerRun(5, func() {
				i++
				f.Boot += 10 * time.Second
				age(f)
				wander(f, i)
				f.Checks = said[i%2]
				c.encode(&v, &f.Snapshot)
				g.add(&v)
			}))
		}
		if least != 0 {
			t.Errorf("%s: %g allocations a record", name, least)
		}
	}
}
