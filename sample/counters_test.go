package sample

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/procfs/blockdevice"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/sampletest"
)

// counting is a Sampler of a tree that counts, and has sampled once with all surveys done.
func counting(t *testing.T, root string) *Sampler {
	t.Helper()
	s := New(Options{Root: root})
	s.NewReader(true)
	begin(t, s)
	s.WaitSlow(context.Background())
	s.Sample()
	return s
}

var known = procfile.Known

func TestCountersOfStatLikeOracle(t *testing.T) {
	onEachMachine(t, func(t *testing.T, root string) {
		c := &counting(t, root).counters
		want, err := oracle(t, root).Stat()
		if err != nil {
			t.Fatal(err)
		}
		same(t, "CPUs", len(c.CPUs), len(want.CPU))
		for _, one := range c.CPUs {
			w := want.CPU[int64(one.ID)]
			same(t, "CPU", one, statLine(one.ID, &w))
		}
		same(t, "interrupts", c.Interrupts, known(want.IRQTotal))
		same(t, "context switches", c.ContextSwitches, known(want.ContextSwitches))
		same(t, "forks", c.Forks, known(want.ProcessCreated))
		same(t, "boot", c.BootTime, known(want.BootTime))
		same(t, "running", c.Running, known(want.ProcessesRunning))
		same(t, "blocked", c.Blocked, known(want.ProcessesBlocked))
	})
}

func has(m map[string]uint64, key string) bool {
	_, ok := m[key]
	return ok
}

// TestCountersOfMeminfoLikeOracle: there is each line that the oracle knows; it does not know all.
func TestCountersOfMeminfoLikeOracle(t *testing.T) {
	plain := func(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }
	onEachMachine(t, func(t *testing.T, root string) {
		got := map[string]uint64{}
		for _, f := range counting(t, root).counters.Memory {
			name := plain(f.Name)
			if f.Bytes {
				name += "bytes"
			}
			got[name] = f.Value
		}
		info, err := oracle(t, root).Meminfo()
		if err != nil {
			t.Fatal(err)
		}
		oracle := reflect.ValueOf(info)
		for i := range oracle.NumField() {
			name, field := oracle.Type().Field(i).Name, oracle.Field(i)
			if field.IsNil() {
				continue
			}
			if unit, ok := strings.CutSuffix(name, "Bytes"); ok {
				name = plain(unit) + "bytes"
			} else if name = plain(name); has(got, name+"bytes") {
				continue // the same in kB
			}
			value, ok := got[name]
			if !ok || value != field.Elem().Uint() {
				t.Errorf("%s: %d, the oracle says %d", name, value, field.Elem().Uint())
			}
		}
	})
}

func TestCountersOfDiskstatsLikeOracle(t *testing.T) {
	onEachMachine(t, func(t *testing.T, root string) {
		textOf(t, root, "/proc/diskstats")
		c := &counting(t, root).counters
		fs, err := blockdevice.NewFS(root+"/proc", t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		want, err := fs.ProcDiskstats()
		if err != nil {
			t.Fatal(err)
		}
		want = slices.DeleteFunc(want, func(d blockdevice.Diskstats) bool { return hiddenByDefault.MatchString(d.DeviceName) })
		same(t, "devices", len(c.Disks), len(want))
		for i := range min(len(c.Disks), len(want)) {
			w := &want[i]
			same(t, w.DeviceName, c.Disks[i], DiskCounts{
				Name: w.DeviceName, Columns: w.IoStatsCount - 3, // it counts the numbers and the name, too
				Reads: w.ReadIOs, ReadsMerged: w.ReadMerges, ReadSectors: w.ReadSectors, ReadMillis: w.ReadTicks,
				Writes: w.WriteIOs, WritesMerged: w.WriteMerges, WrittenSectors: w.WriteSectors, WriteMillis: w.WriteTicks,
				InFlight: w.IOsInProgress, BusyMillis: w.IOsTotalTicks, WeightedMillis: w.WeightedIOTicks,
				Discards: w.DiscardIOs, DiscardsMerged: w.DiscardMerges, DiscardedSectors: w.DiscardSectors, DiscardMillis: w.DiscardTicks,
				Flushes: w.FlushRequestsCompleted, FlushMillis: w.TimeSpentFlushing,
			})
		}
	})
}

func TestCountersOfPressureLikeOracle(t *testing.T) {
	onEachMachine(t, func(t *testing.T, root string) {
		textOf(t, root, "/proc/pressure/cpu")
		got := counting(t, root).counters.Pressure
		var want PressureTotals
		for name, into := range map[string][2]*Count{
			"cpu": {&want.CPUSome, &want.CPUFull}, "memory": {&want.MemorySome, &want.MemoryFull}, "io": {&want.IOSome, &want.IOFull}, "irq": {new(Count), &want.IRQFull},
		} {
			stats, err := oracle(t, root).PSIStatsForResource(name)
			if errors.Is(err, os.ErrNotExist) && name == "irq" {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if stats.Some != nil {
				*into[0] = known(stats.Some.Total)
			}
			if stats.Full != nil {
				*into[1] = known(stats.Full.Total)
			}
		}
		same(t, "pressure", got, want)
	})
}

func TestCountersOfSmallFiles(t *testing.T) {
	root := sampletest.CopyOf(t, "vm2")
	sampletest.Put(t, root, "/proc/sys/fs/file-nr", "1728\t0\t9223372036854775807\n")
	sampletest.Put(t, root, "/proc/pressure/irq", "full avg10=0.00 avg60=0.00 avg300=0.00 total=24093\n")
	sampletest.Put(t, root, vmstat, "nr_free_pages 1\npgpgin 2\npgpgout 3\npswpin 4\npswpout 5\npgfault 6\npgmajfault 7\npgfaultier 8\noom_kill 9\n")
	c := &counting(t, root).counters
	same(t, "files", c.Files, FileHandles{known(1728), known(9223372036854775807)})
	same(t, "irq", c.Pressure.IRQFull, known(24093))
	want := []NamedCount{{"pgpgin", 2}, {"pgpgout", 3}, {"pswpin", 4}, {"pswpout", 5}, {"pgfault", 6}, {"pgmajfault", 7}, {"oom_kill", 9}}
	if !slices.Equal(c.VM, want) {
		t.Errorf("%+v", c.VM)
	}
	for _, text := range []string{"", "1728 0", "1728\t0\tmany\n"} {
		sampletest.Put(t, root, "/proc/sys/fs/file-nr", text)
		if c := &counting(t, root).counters; c.Files != (FileHandles{}) {
			t.Errorf("%q: %+v", text, c.Files)
		}
	}
}

// TestMemoryNames: they are what node_exporter's rule makes of them, up to 1.8: (x) becomes _x.
func TestMemoryNames(t *testing.T) {
	rule := regexp.MustCompile(`\((.*)\)`)
	for _, line := range lines(sampletest.Fixture(t, "vm2/proc/meminfo")) {
		raw, _, _ := strings.Cut(line, ":")
		if got, want := string(appendMemoryName(nil, []byte(raw))), rule.ReplaceAllString(raw, "_${1}"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	got := parseMemoryFigures([]byte("Active(file):  7 kB\nHugePages_Total: 3\n1st: 1 kB\nA\x1bB: 1 kB\n: 2\nNone\nBad: x kB\nHuge: 18446744073709551615 kB\n"+
		strings.Repeat("Long", 100)+": 1\n"), nil)
	want := []MemoryFigure{{"Active_file", 7 << 10, true}, {"HugePages_Total", 3, false}, {"Huge", 1<<63 - 1, true}, {strings.Repeat("Long", 100), 1, false}}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}

// hiddenByDefault is what node_exporter 1.12 leaves out of its disks.
var hiddenByDefault = regexp.MustCompile(`^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$`)

func FuzzExportedDisk(f *testing.F) {
	for _, name := range strings.Fields(`sda sda1 sdaa sdaa1 sdA1 hdb2 vdc3 vd1 xvda xvda15 xvd1 nvme0n1 nvme0n1p1 nvme0n1p nvme0c0n1 nvme0c0n1p1
		nvme10n22p333 nvmen1p1 nvme0np1 nvme0n1p1p1 nvme0n1n1p1 ram ram0 zram0 loop7 loopback fd0 fd sr0 md0 md0p1 dm-0 mmcblk0p1 nbd0p1 cciss/c0d0 bcache0 rbd0`) {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if got, want := exported(name), !hiddenByDefault.MatchString(name); got != want {
			t.Errorf("%q: %v, node_exporter says %v", name, got, want)
		}
	})
}

// TestDisksOfOlderKernels: figures that a kernel does not have are not taken for those that it counts none of.
func TestDisksOfOlderKernels(t *testing.T) {
	root := sampletest.CopyOf(t, "bare")
	for _, c := range []struct {
		text    string
		columns int
		last    uint64 // of all that there are
	}{
		{"1 2 3 4 5 6 7 8 9 10", 10, 10},
		{"1 2 3 4 5 6 7 8 9 10 11", 11, 11},
		{"1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", 15, 15},
		{"1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", 17, 17},
		{"1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19", 17, 17}, // of a kernel to come
		{"1 2 3 4 5 6 7 8 9 10 11 twelve", 0, 0},
	} {
		sampletest.Put(t, root, "/proc/diskstats", "   7       0 loop0 "+c.text+"\n 253       0 vda "+c.text+"\n")
		disks := counting(t, root).counters.Disks
		if c.columns == 0 && len(disks) == 0 {
			continue
		}
		if len(disks) != 1 || disks[0].Name != "vda" || disks[0].Columns != c.columns || reflect.ValueOf(disks[0]).Field(1+c.columns).Uint() != c.last {
			t.Errorf("%q: %+v", c.text, disks)
		}
	}
}

// TestCountersOfAMultipathDisk: what the paths count is not counted once more for the disk, as it is in the rates.
func TestCountersOfAMultipathDisk(t *testing.T) {
	root := sampletest.CopyOf(t, "bare")
	sampletest.Put(t, root, "/proc/diskstats", ` 259       0 nvme0c0n1 7 0 70 0 0 0 0 0 0 0 0
 259       1 nvme0n1 0 0 0 0 0 0 0 0 0 0 0
`)
	s := counting(t, root)
	same(t, "path", s.counters.Disks[0].Reads, 7)
	same(t, "disk", s.counters.Disks[1].Reads, 0)
	same(t, "disks", len(s.host.Disks), 1)
}

// cpuLine is a line of /proc/stat with everything else 0.
func cpuLine(id, user, idle, iowait int) string {
	return fmt.Sprintf("cpu%d %d 0 0 %d %d 0 0 0 0 0\n", id, user, idle, iowait)
}

// TestTicksOfACPU: whoever makes rates of a counter takes one that went back for a new one, and would make hours of a tick.
func TestTicksOfACPU(t *testing.T) {
	root := sampletest.CopyOf(t, "bare")
	s := New(Options{Root: root})
	t.Cleanup(s.Close)
	s.NewReader(true)
	for _, c := range []struct {
		what  string
		lines string
		want  [][4]uint64 // id, user, idle, iowait
	}{
		{"the first", cpuLine(0, 1000, 9000, 500) + cpuLine(2, 1, 2, 3), [][4]uint64{{0, 1000, 9000, 500}, {2, 1, 2, 3}}},
		{"it goes on", cpuLine(0, 1001, 9001, 501) + cpuLine(2, 2, 3, 4), [][4]uint64{{0, 1001, 9001, 501}, {2, 2, 3, 4}}},
		{"waiting was idling after all", cpuLine(0, 1002, 9100, 490) + cpuLine(2, 2, 3, 4), [][4]uint64{{0, 1002, 9100, 501}, {2, 2, 3, 4}}},
		{"and waiting again", cpuLine(0, 1002, 9080, 520) + cpuLine(2, 2, 3, 4), [][4]uint64{{0, 1002, 9100, 520}, {2, 2, 3, 4}}},
		{"another between them", cpuLine(0, 1002, 9080, 519) + cpuLine(1, 7, 7, 7) + cpuLine(2, 2, 3, 5), [][4]uint64{{0, 1002, 9100, 520}, {1, 7, 7, 7}, {2, 2, 3, 5}}},
		{"the last is switched off", cpuLine(0, 1002, 9101, 519) + cpuLine(1, 7, 7, 6), [][4]uint64{{0, 1002, 9101, 520}, {1, 7, 7, 7}}},
		{"and on, and counts on from where it was", cpuLine(0, 1002, 9101, 519) + cpuLine(1, 7, 7, 6) + cpuLine(2, 2, 3, 4), [][4]uint64{{0, 1002, 9101, 520}, {1, 7, 7, 7}, {2, 2, 3, 4}}},
		{"one was reset", cpuLine(0, 3, 2, 1) + cpuLine(1, 7, 7, 6) + cpuLine(2, 2, 3, 4), [][4]uint64{{0, 3, 2, 1}, {1, 7, 7, 7}, {2, 2, 3, 4}}},
	} {
		sampletest.Put(t, root, "/proc/stat", "cpu  1 1 1 1 1 1 1 1 1 1\n"+c.lines)
		s.Sample()
		var got [][4]uint64
		for _, one := range s.counters.CPUs {
			got = append(got, [4]uint64{uint64(one.ID), one.User, one.Idle, one.IOWait})
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
}

// TestStatOfAContainer: a made-up file has the CPUs alone, and what it does not have nobody knows.
func TestStatOfAContainer(t *testing.T) {
	root := sampletest.CopyOf(t, "bare")
	sampletest.Put(t, root, "/proc/stat", "cpu  1 2 3 4 5 6 7\ncpu0 1 2 3 4 5 6 7\nctxt 0\nbtime soon\n")
	c := &counting(t, root).counters
	if want := []CPUTicks{{ID: 0, User: 1, Nice: 2, System: 3, Idle: 4, IOWait: 5, IRQ: 6, SoftIRQ: 7}}; !slices.Equal(c.CPUs, want) {
		t.Errorf("%+v", c.CPUs)
	}
	same(t, "context switches", c.ContextSwitches, known(0))
	same(t, "the rest", [5]Count{c.Interrupts, c.Forks, c.BootTime, c.Running, c.Blocked}, [5]Count{})
}

// TestCountersAreReadWhileWanted: nothing is kept while nobody wants them, and a source that fails keeps its last ones.
func TestCountersAreReadWhileWanted(t *testing.T) {
	root := sampletest.CopyOf(t, "vm2")
	sampletest.Put(t, root, "/proc/sys/fs/file-nr", "1728\t0\t2000\n")
	s := New(Options{Root: root})
	t.Cleanup(s.Close)
	s.Sample()
	if !reflect.DeepEqual(s.counters, Counters{}) || s.files.file.Opened {
		t.Errorf("nobody wants them: %+v", s.counters)
	}
	r := s.NewReader(true)
	s.Sample()
	if c := &s.counters; c.At != s.host.At || len(c.CPUs) == 0 || len(c.Disks) == 0 || len(c.Memory) == 0 || !c.Pressure.CPUSome.Known || !c.Files.Allocated.Known {
		t.Errorf("%+v", c)
	}
	memory := slices.Clone(s.counters.Memory)
	sampletest.Put(t, root, "/proc/meminfo", "MemTotal: many kB\n")
	s.Sample()
	if !slices.Equal(s.counters.Memory, memory) || s.host.Health[Meminfo].State != health.Stale {
		t.Errorf("%v, %+v", s.host.Health[Meminfo].State, s.counters.Memory)
	}
	r.Close()
	s.Sample()
	s.NewReader(true)
	s.Sample()
	if s.counters.Memory != nil || len(s.counters.CPUs) == 0 {
		t.Errorf("wanted anew: %+v", s.counters)
	}
	s.Close()
	if s.files.file.Opened {
		t.Error("a descriptor is left")
	}
}

func TestCountersDoNotAllocate(t *testing.T) {
	m := newBigMachine(t)
	s := m.sampler()
	s.NewReader(true)
	s.Sample()
	var copied Counters
	CopyCounters(&copied, &s.counters)
	n := sampletest.Allocations(func() {
		s.Sample()
		CopyCounters(&copied, &s.counters)
	})
	if n != 0 || len(copied.CPUs) != bigCPUs || len(copied.Disks) < bigDisks || len(copied.Memory) != 30 {
		t.Errorf("%v allocations, %d CPUs, %d disks, %d of memory", n, len(copied.CPUs), len(copied.Disks), len(copied.Memory))
	}
}

func FuzzMemoryFigures(f *testing.F) {
	seed(f, "/proc/meminfo")
	name := regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, m := range parseMemoryFigures(text, nil) {
			if !name.MatchString(m.Name) {
				t.Errorf("%q", m.Name)
			}
		}
	})
}

// BenchmarkCounters is what they cost a sample of a machine that has a lot of everything.
func BenchmarkCounters(b *testing.B) {
	for _, on := range []bool{false, true} {
		b.Run(map[bool]string{false: "off", true: "on"}[on], func(b *testing.B) {
			s := newBigMachine(b).sampler()
			if on {
				s.NewReader(true)
			}
			b.ReportAllocs()
			begin := processTime(b)
			for b.Loop() {
				s.Sample()
			}
			b.ReportMetric(float64((processTime(b)-begin).Microseconds())/float64(b.N), "µs-CPU")
		})
	}
}
