package sample

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/sample/sampletest"
)

// diskstatsOf is a /proc/diskstats in which each device has done n times: a read and two writes of 8 sectors each, 5 ms of work, of which 3 ms in
// the read and 8 ms in the writes.
func diskstatsOf(n int, names ...string) string {
	var b strings.Builder
	for i, name := range names {
		fmt.Fprintf(&b, "%4d %7d %s %d 0 %d %d %d 0 %d %d 0 %d 0 0 0 0 0 0 0\n", 8, i, name, n, 8*n, 3*n, 2*n, 16*n, 8*n, 5*n)
	}
	return b.String()
}

func TestWhichDevicesAreDisks(t *testing.T) {
	all := []string{"sda", "sda1", "nvme0n1", "nvme0n1p2", "nvme0c1n1", "mmcblk0", "mmcblk0p1", "mmcblk0boot0", "vda", "xvda1",
		"dm-0", "md127", "md127p1", "zd0", "zd0p1", "loop0", "ram0", "zram0", "sr0", "fd0", "cciss/c0d0", "rbd0"}
	want := "sda nvme0n1 mmcblk0 mmcblk0boot0 vda dm-0 md127 zd0 cciss/c0d0 rbd0"
	virtual := "dm-0 md127 zd0 rbd0"
	root := t.TempDir()
	for _, name := range strings.Fields(want + " loop0 ram0 zram0 nvme0c1n1 sr0 fd0") {
		dir := "/sys/block/" + strings.ReplaceAll(name, "/", "!")
		sampletest.Put(t, root, dir+"/size", "1")
		if !strings.Contains(" "+virtual+" loop0 ram0 zram0 ", " "+name+" ") {
			sampletest.Put(t, root, dir+"/device/model", "Model of "+name+"  \n")
		}
	}
	for _, tree := range []string{root, t.TempDir()} { // with sysfs, and by the names alone
		sampletest.Put(t, tree, "/proc/diskstats", diskstatsOf(1, all...))
		var got, stacks []string
		for _, d := range sampled(t, tree).Reader(0).Hosts.Latest().Disks {
			got = append(got, d.Name)
			if !d.Physical {
				stacks = append(stacks, d.Name)
			}
			if model := "Model of " + d.Name; tree == root && d.Physical && d.Model != model {
				t.Errorf("model %q, want %q", d.Model, model)
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("disks %s\nwant  %s", s, want)
		}
		if s := strings.Join(stacks, " "); s != virtual {
			t.Errorf("not physical: %s, want %s", s, virtual)
		}
	}
}

func TestDiskRates(t *testing.T) {
	root := t.TempDir()
	sampletest.Put(t, root, "/proc/diskstats", diskstatsOf(0, "sda", "dm-0"))
	c := sampletest.NewClock()
	s := New(Options{Root: root, Now: c.Now})
	t.Cleanup(s.Close)
	s.Sample()
	h := s.Reader(0).Hosts.Latest()
	if d := h.Disks[0]; !math.IsNaN(d.Read) || !math.IsNaN(d.Busy) || !math.IsNaN(h.DiskRead) {
		t.Errorf("first sample: %+v, total %v", d, h.DiskRead)
	}
	sampletest.Put(t, root, "/proc/diskstats", diskstatsOf(100, "sda", "dm-0"))
	c.Pass(2 * time.Second)
	s.Sample()
	h = s.Reader(0).Hosts.Latest()
	want := Disk{Name: "sda", Physical: true, Read: 50 * 4096, Write: 100 * 4096, ReadOps: 50, WriteOps: 100, Busy: 25, ReadLatency: 3, WriteLatency: 4}
	if d := h.Disks[0]; d != want {
		t.Errorf("%+v, want %+v", d, want)
	}
	if h.DiskRead != want.Read || h.DiskWrite != want.Write {
		t.Errorf("total %v, %v: a mapped device counts twice", h.DiskRead, h.DiskWrite)
	}
}

func TestF16DiskReplug(t *testing.T) {
	root := t.TempDir()
	c := sampletest.NewClock()
	s := New(Options{Root: root, Now: c.Now})
	t.Cleanup(s.Close)
	step := func(text string) *Host {
		sampletest.Put(t, root, "/proc/diskstats", text)
		c.Pass(time.Second)
		s.Sample()
		return s.Reader(0).Hosts.Latest()
	}
	step(diskstatsOf(1000, "sda", "sdb"))
	step(diskstatsOf(2000, "sda", "sdb"))
	h := step(diskstatsOf(3000, "sda")) // sdb is pulled
	if len(h.Disks) != 1 || h.Disks[0].ReadOps != 1000 {
		t.Errorf("one left: %+v", h.Disks)
	}
	h = step(diskstatsOf(4000, "sdb", "sda")) // another sdb in its place, before sda
	if h.Disks[0].Name != "sdb" || !math.IsNaN(h.Disks[0].Read) || h.Disks[1].ReadOps != 1000 || h.DiskRead != 1000*4096 {
		t.Errorf("plugged again: %+v, total %v", h.Disks, h.DiskRead)
	}
	h = step(diskstatsOf(1, "sdb", "sda")) // both reset
	if !math.IsNaN(h.Disks[0].Read) || !math.IsNaN(h.Disks[1].Busy) || !math.IsNaN(h.DiskRead) {
		t.Errorf("reset: %+v, total %v", h.Disks, h.DiskRead)
	}
	h = step(diskstatsOf(2, "sdb", "sda"))
	if h.Disks[0].ReadOps != 1 || h.DiskRead != 2*4096 {
		t.Errorf("and on: %+v, total %v", h.Disks, h.DiskRead)
	}
}

func TestDisksOfOneName(t *testing.T) {
	root := t.TempDir()
	sampletest.Put(t, root, "/proc/diskstats", diskstatsOf(1, "sda", "sda"))
	s := sampled(t, root)
	sampletest.Put(t, root, "/proc/diskstats", diskstatsOf(2, "sdb", "sda", "sda"))
	s.Sample()
	if h := s.Reader(0).Hosts.Latest(); len(h.Disks) != 3 || math.IsNaN(h.Disks[1].Read) || !math.IsNaN(h.Disks[2].Read) || !h.Health[Diskstats].Has() {
		t.Errorf("%+v", h.Disks)
	}
}

func TestBadDiskstatsKeepTheLastGoodValues(t *testing.T) {
	root := t.TempDir()
	sampletest.Put(t, root, "/proc/diskstats", diskstatsOf(1, "sda"))
	s := sampled(t, root)
	sampletest.Put(t, root, "/proc/diskstats", diskstatsOf(2, "sdb")+"8 0 sdc 1 2 3\n")
	s.Sample()
	h := s.Reader(0).Hosts.Latest()
	if len(h.Disks) != 1 || h.Disks[0].Name != "sda" {
		t.Errorf("%+v", h.Disks)
	}
	if got := h.Health[Diskstats]; got.State.String() != "stale" || got.Err != "read /proc/diskstats: line too short" {
		t.Errorf("%v %q", got.State, got.Err)
	}
}

// TestDiskThatSysfsDoesNotKnow: a device in /proc/diskstats alone is judged by its name, whatever else sysfs has.
func TestDiskThatSysfsDoesNotKnow(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"/sys/block/sda", "/sys/class/block/sda", "/sys/class/block/sdq"} {
		if err := os.MkdirAll(root+dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]bool{"sda": true, "sdb": true, "sdb1": false, "sdq": false, "loop0": false} {
		if row := newDisk(root, name); row.disk != want {
			t.Errorf("%s is a disk: %v, want %v", name, row.disk, want)
		}
	}
}

// diskTree has disks below /sys/block, each a link to where sysfs has the device, or a plain directory.
func diskTree(t *testing.T, disks map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, where := range disks {
		dir := "/sys/block/" + name
		if where != "" {
			dir = "/sys/devices/" + where + "/" + name
			if err := errors.Join(os.MkdirAll(root+"/sys/block", 0o755), os.Symlink("../devices/"+where+"/"+name, root+"/sys/block/"+name)); err != nil {
				t.Fatal(err)
			}
		}
		sampletest.Put(t, root, dir+"/device/model", "x\n")
		sampletest.Put(t, root, dir+"/size", "1000\n")
	}
	return root
}

// twice samples what the devices did n[0] times, and a second later n[1] times.
func twice(t *testing.T, root string, n [2][]int, names ...string) *Host {
	t.Helper()
	c := sampletest.NewClock()
	s := New(Options{Root: root, Now: c.Now})
	t.Cleanup(s.Close)
	for _, counts := range n {
		var text strings.Builder
		for i, name := range names {
			line := diskstatsOf(counts[i], name)
			text.WriteString(line)
		}
		sampletest.Put(t, root, "/proc/diskstats", text.String())
		s.Sample()
		c.Pass(time.Second)
	}
	return s.Reader(0).Hosts.Latest()
}

func TestB10NVMeMultipath(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name      string
		counts    [2][]int // of nvme0n1, nvme0c0n1, nvme0c1n1, nvme1n1
		ops, busy float64
	}{
		{"before 6.4", [2][]int{{0, 10, 20, 0}, {0, 40, 70, 0}}, 80, nan},
		{"one of two works", [2][]int{{0, 10, 0, 0}, {0, 40, 0, 0}}, 30, nan},
		{"since 6.4", [2][]int{{30, 10, 20, 0}, {110, 40, 70, 0}}, 80, 40},
		{"nothing yet", [2][]int{{0, 0, 0, 0}, {0, 0, 0, 0}}, 0, nan},
		{"a path is reset", [2][]int{{0, 10, 20, 0}, {0, 0, 20, 0}}, nan, nan},
	} {
		h := twice(t, diskTree(t, map[string]string{"nvme0n1": "virtual/nvme-subsystem/nvme-subsys0", "nvme1n1": "pci0000:00/nvme1", "nvme0c0n1": "pci0000:00/nvme0", "nvme0c1n1": "pci0000:00/nvme2"}),
			c.counts, "nvme0n1", "nvme0c0n1", "nvme0c1n1", "nvme1n1")
		if len(h.Disks) != 2 || h.Disks[0].Name != "nvme0n1" {
			t.Fatalf("%s: %+v", c.name, h.Disks)
		}
		same := func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }
		if d := h.Disks[0]; !same(d.ReadOps, c.ops) || !same(d.Read, 4096*c.ops) || !same(d.WriteOps, 2*c.ops) || !same(d.Busy, c.busy) || !same(h.DiskRead, 4096*c.ops) {
			t.Errorf("%s: %+v, total %v", c.name, d, h.DiskRead)
		}
	}
	h := twice(t, diskTree(t, map[string]string{"nvme0n1": "x", "nvme0c0n1": "x"}), [2][]int{{0, 10}, {0, 40}}, "nvme0n1", "nvme0c0n1")
	if d := h.Disks[0]; d.Busy != 15 || d.ReadLatency != 3 || h.DiskWrite != 8192*30 {
		t.Errorf("a single path: %+v", d)
	}
}

func TestB11DisksThatCountOnce(t *testing.T) {
	hardware := map[string]string{"sda": "pci0000:00/0000:00:17.0/ata1/host0/target0:0:0", "vda": "pci0000:00/virtio1"}
	others := map[string]string{
		"rbd0": "rbd/0", "sdb": "platform/host3/session1/target3:0:0", "nvme1n1": "virtual/nvme-fabrics/ctl/nvme1", "nbd0": "virtual/block",
		"sdc": "pseudo_0/adapter0/host5", "bcache0": "", "drbd0": "", "dm-1": "", "md1": "", "zd0": "", "ublkb0": "virtual/block", "nvme2n1": "virtual/nvme-subsystem/nvme-subsys2",
	}
	all := map[string]string{"nvme2c0n1": "virtual/nvme-fabrics/ctl/nvme3"}
	var names []string
	for _, set := range []map[string]string{hardware, others} {
		for name, where := range set {
			all[name] = where
			names = append(names, name)
		}
	}
	names = append(names, "nvme2c0n1", "stack0")
	root := diskTree(t, all)
	sampletest.Put(t, root, "/sys/block/stack0/device/model", "lies on another\n")
	sampletest.Put(t, root, "/sys/block/stack0/slaves/sda/size", "1000\n")
	var counts [2][]int
	for range names {
		counts[0], counts[1] = append(counts[0], 10), append(counts[1], 20)
	}
	h := twice(t, root, counts, names...)
	if h.DiskRead != 2*10*4096 || h.DiskWrite != 2*10*8192 || len(h.Disks) != len(names)-1 {
		t.Errorf("%v read, %v written by %d disks: two are hardware", h.DiskRead, h.DiskWrite, len(h.Disks))
	}
	for _, d := range h.Disks {
		if _, is := hardware[d.Name]; d.Physical != is || d.Physical && d.Remote {
			t.Errorf("%+v", d)
		}
	}
	// A host without disks of its own counts what it has.
	h = twice(t, root, [2][]int{{10, 10, 10}, {20, 20, 20}}, "rbd0", "sdb", "dm-1")
	if h.DiskRead != 2*10*4096 {
		t.Errorf("without hardware %v", h.DiskRead)
	}
}

func TestB11DrivesWithoutADisk(t *testing.T) {
	root := diskTree(t, map[string]string{"sda": "", "sdb": "", "nbd0": "", "nbd1": "", "sr0": "", "fd0": ""})
	for _, name := range []string{"sdb", "nbd0", "nbd1"} {
		sampletest.Put(t, root, "/sys/block/"+name+"/size", "0\n")
	}
	h := twice(t, root, [2][]int{{1, 0, 0, 5, 5, 5}, {2, 0, 0, 6, 6, 6}}, "sda", "sdb", "nbd0", "nbd1", "sr0", "fd0")
	if len(h.Disks) != 2 || h.Disks[0].Name != "sda" || h.Disks[1].Name != "nbd1" || h.Disks[1].ReadOps != 1 || h.DiskRead != 4096 {
		t.Errorf("%+v, %v", h.Disks, h.DiskRead)
	}
}
