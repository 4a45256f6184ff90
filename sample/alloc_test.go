package sample

import (
	"context"
	"testing"
	"time"
)

func TestNoReaderAllocates(t *testing.T) {
	for _, root := range []string{"testdata/vm2", "testdata/bare", "testdata/hostile", ""} {
		s := New(Options{Root: root})
		s.SetLinks(reportOf(lo, eth0, br0))
		begin(t, s)
		s.WaitSlow(context.Background())
		s.Sample()
		for i := range s.steps {
			step := &s.steps[i]
			if n := allocations(func() { s.run(step, s.now()) }); n != 0 && !(root == "testdata/hostile" && step.source == Identity) {
				t.Errorf("%q, source %d: %v allocations", root, step.source, n)
			}
		}
	}
}

func TestSampleDoesNotAllocate(t *testing.T) {
	m := newBigMachine(t)
	s := m.sampler()
	i := 0
	n := allocations(func() {
		i++
		s.Sample()
		if h, n := s.Hosts().Latest(), s.Nets().Latest(); len(h.Cores) != bigCPUs || len(h.Disks) != bigDisks || len(n.Interfaces) != bigNICs {
			t.Fatalf("%d cores, %d disks, %d interfaces", len(h.Cores), len(h.Disks), len(n.Interfaces))
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Of all that the probes do, only statfs allocates: a copy of the path.
func TestProbesHardlyAllocate(t *testing.T) {
	root, c := hwmonTree(t), newClock()
	put(t, root, mountinfo, mountinfoOf("/", "/proc"))
	s := New(Options{Root: root, Now: c.now})
	begin(t, s)
	s.WaitSlow(context.Background())
	s.Sample()
	const mounts = 2
	n := allocations(func() {
		c.pass(time.Minute)
		s.Sample()
		for s.filesystems.idle() < mounts {
			time.Sleep(10 * time.Microsecond)
		}
	})
	if n > mounts {
		t.Errorf("%v allocations", n)
	}
}

func TestBoottime(t *testing.T) {
	before := Boottime()
	if after := Boottime(); before <= 0 || after < before {
		t.Errorf("%v, then %v", before, after)
	}
	if n := allocations(func() { Boottime() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestCopiesShareNothing(t *testing.T) {
	src := &Host{Cores: make([]CPU, 1), Disks: make([]Disk, 1), Filesystems: make([]Filesystem, 1), Sensors: make([]Sensor, 1)}
	var dst Host
	CopyHost(&dst, src)
	src.Cores[0].ID, src.Disks[0].Name, src.Filesystems[0].Mount, src.Sensors[0].Name = 9, "x", "x", "x"
	if dst.Cores[0].ID != 0 || dst.Disks[0].Name+dst.Filesystems[0].Mount+dst.Sensors[0].Name != "" {
		t.Errorf("%+v", dst)
	}
	if n := allocations(func() { CopyHost(&dst, src) }); n != 0 {
		t.Errorf("%v allocations of a host", n)
	}
	net := &Net{Interfaces: make([]Interface, 1), Addresses: make([]Address, 1), Gateways: make([]Gateway, 1), DNS: make([]string, 1)}
	var copied Net
	CopyNet(&copied, net)
	net.Interfaces[0].Name, net.Addresses[0].CIDR, net.Gateways[0].Address, net.DNS[0] = "x", "x", "x", "x"
	if copied.Interfaces[0].Name+copied.Addresses[0].CIDR+copied.Gateways[0].Address+copied.DNS[0] != "" {
		t.Errorf("%+v", copied)
	}
	if n := allocations(func() { CopyNet(&copied, net) }); n != 0 {
		t.Errorf("%v allocations of a net", n)
	}
}
