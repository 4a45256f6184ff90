package sample

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/sampletest"
)

// Whatever lies in the place of a file of the kernel, little of it is held, nothing is kept, and it is said.
func TestF58HugeFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("long: files of 450 MiB")
	}
	root := sampletest.CopyOf(t, "vm2")
	const counters = "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
	sampletest.PutHuge(t, root, "/proc/stat", "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\nintr ", "0 ")
	sampletest.PutHuge(t, root, "/proc/meminfo", "MemTotal: 1000 kB\n", "")
	sampletest.PutHuge(t, root, "/proc/loadavg", "0.1 0.2 0.3 1/2 3", "")
	sampletest.PutHuge(t, root, "/proc/uptime", "1.0 ", "")
	sampletest.PutHuge(t, root, "/proc/pressure/cpu", "some avg10=0.00 ", "")
	sampletest.PutHuge(t, root, "/proc/net/sockstat", "", "TCP: inuse 1 orphan 0 tw 0 alloc 1 mem 0\n")
	sampletest.PutHuge(t, root, "/proc/sys/kernel/hostname", "host", "x")
	sampletest.PutHuge(t, root, "/proc/sys/kernel/osrelease", "6", "x")
	sampletest.PutHuge(t, root, "/etc/os-release", "PRETTY_NAME=", "x")
	sampletest.PutHuge(t, root, "/proc/cpuinfo", "", "cpu MHz : 1\n")
	sampletest.PutHuge(t, root, mdstat, mdHead, "md0 : active raid1 sda[0]\n      10 blocks [1/1] [U]\n\n")
	var disks, interfaces, mounts strings.Builder
	for i := range 300_000 {
		fmt.Fprintf(&disks, "8 %d sd%d 1 0 8 1 1 0 8 1 0 1 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n", i, i)
		fmt.Fprintf(&interfaces, "veth%d: %s", i, counters)
		fmt.Fprintf(&mounts, "%d 1 8:%d / /pods/%d/and/a/directory/in/which/it/lies rw - ext4 /dev/sd%d rw\n", i+30, i, i, i)
	}
	sampletest.Put(t, root, "/proc/diskstats", disks.String())
	sampletest.Put(t, root, "/proc/net/dev", "Inter-|\n face |\n"+interfaces.String())
	sampletest.Put(t, root, mountinfo, mounts.String())
	disks, interfaces, mounts = strings.Builder{}, strings.Builder{}, strings.Builder{}

	before := inUse()
	c := sampletest.NewClock()
	s := New(Options{Root: root, Now: c.Now, statfs: func(_ string, st *unix.Statfs_t) error { st.Blocks, st.Bsize = 1, 1; return nil }})
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	allocated := m.TotalAlloc
	begin(t, s)
	s.WaitSlow(context.Background())
	for range 5 {
		s.Sample()
		c.Pass(2 * time.Second)
	}
	runtime.ReadMemStats(&m)
	if n := m.TotalAlloc - allocated; n > 96<<20 {
		t.Errorf("%d MiB allocated, some 450 were there", n>>20)
	}
	if n := inUse() - before; n > 24<<20 {
		t.Errorf("%d MiB kept", n>>20)
	}
	h := s.Reader(0).Hosts.Latest()
	for source, want := range map[Source]string{
		Stat: "longer than 2 MiB", Diskstats: "longer than 2 MiB", Meminfo: "longer than 64 KiB", Loadavg: "longer than 64 KiB",
		Sockets: "longer than 64 KiB", Filesystems: procfile.ErrLeftOut.Error(), NetDev: procfile.ErrLeftOut.Error(), Arrays: "longer than 2 MiB",
		Identity: "longer than 64 KiB", Uptime: "longer than 64 KiB",
	} {
		if got := h.Health[source]; !strings.Contains(got.Err, want) {
			t.Errorf("source %d: %v %q, want %q", source, got.State, got.Err, want)
		}
	}
	if n := len(s.Reader(0).Nets.Latest().Interfaces); n != mostInterfaces {
		t.Errorf("%d interfaces", n)
	}
	for i := range s.steps {
		step := &s.steps[i]
		if n := sampletest.Allocations(func() { s.run(step, s.now()) }); n != 0 && step.source != NetDev {
			t.Errorf("source %d: %v allocations", step.source, n)
		}
	}
}

func inUse() int {
	var m runtime.MemStats
	for range 2 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
