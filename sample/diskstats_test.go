package sample

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"
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
		"dm-0", "md127", "md127p1", "zd0", "zd0p1", "loop0", "ram0", "zram0", "sr0", "cciss/c0d0", "rbd0"}
	want := "sda nvme0n1 mmcblk0 mmcblk0boot0 vda dm-0 md127 zd0 sr0 cciss/c0d0 rbd0"
	virtual := "dm-0 md127 zd0 rbd0"
	root := t.TempDir()
	for _, name := range strings.Fields(want + " loop0 ram0 zram0 nvme0c1n1") {
		dir := "/sys/block/" + strings.ReplaceAll(name, "/", "!")
		put(t, root, dir+"/size", "1")
		if !strings.Contains(" "+virtual+" loop0 ram0 zram0 ", " "+name+" ") {
			put(t, root, dir+"/device/model", "Model of "+name+"  \n")
		}
	}
	for _, tree := range []string{root, t.TempDir()} { // with sysfs, and by the names alone
		put(t, tree, "/proc/diskstats", diskstatsOf(1, all...))
		var got, stacks []string
		for _, d := range sampled(t, tree).hosts.Latest().Disks {
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
		if s := strings.Join(stacks, " "); tree == root && s != virtual {
			t.Errorf("not physical: %s, want %s", s, virtual)
		}
	}
}

func TestDiskRates(t *testing.T) {
	root := t.TempDir()
	put(t, root, "/proc/diskstats", diskstatsOf(0, "sda", "dm-0"))
	c := newClock()
	s := New(Options{Root: root, Now: c.now})
	t.Cleanup(s.Close)
	s.Sample()
	h := s.hosts.Latest()
	if d := h.Disks[0]; !math.IsNaN(d.Read) || !math.IsNaN(d.Busy) || !math.IsNaN(h.DiskRead) {
		t.Errorf("first sample: %+v, total %v", d, h.DiskRead)
	}
	put(t, root, "/proc/diskstats", diskstatsOf(100, "sda", "dm-0"))
	c.pass(2 * time.Second)
	s.Sample()
	h = s.hosts.Latest()
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
	c := newClock()
	s := New(Options{Root: root, Now: c.now})
	t.Cleanup(s.Close)
	step := func(text string) *Host {
		put(t, root, "/proc/diskstats", text)
		c.pass(time.Second)
		s.Sample()
		return s.hosts.Latest()
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
	put(t, root, "/proc/diskstats", diskstatsOf(1, "sda", "sda"))
	s := sampled(t, root)
	put(t, root, "/proc/diskstats", diskstatsOf(2, "sdb", "sda", "sda"))
	s.Sample()
	if h := s.hosts.Latest(); len(h.Disks) != 3 || math.IsNaN(h.Disks[1].Read) || !h.Health[Diskstats].Has() {
		t.Errorf("%+v", h.Disks)
	}
}

func TestBadDiskstatsKeepTheLastGoodValues(t *testing.T) {
	root := t.TempDir()
	put(t, root, "/proc/diskstats", diskstatsOf(1, "sda"))
	s := sampled(t, root)
	put(t, root, "/proc/diskstats", diskstatsOf(2, "sdb")+"8 0 sdc 1 2 3\n")
	s.Sample()
	h := s.hosts.Latest()
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
		if row := newDisk(root, name); row.shown != want {
			t.Errorf("%s shown: %v, want %v", name, row.shown, want)
		}
	}
}
