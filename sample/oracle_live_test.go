package sample

import (
	"cmp"
	"os"
	"reflect"
	"testing"

	"github.com/prometheus/procfs"
	"github.com/prometheus/procfs/blockdevice"

	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/sample/procfile"
)

// The live kernel counts on between two reads. So ours is read before and after the oracle, and the oracle's figure has
// to lie between.

func live(t *testing.T) procfs.FS {
	t.Helper()
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		t.Skip("no /proc: ", err)
	}
	return fs
}

// between checks each field of a struct of counters. slack is how far one may step back by itself.
func between(t *testing.T, what string, before, oracle, after any, slack uint64) {
	t.Helper()
	b, o, a := reflect.ValueOf(before), reflect.ValueOf(oracle), reflect.ValueOf(after)
	for i := range o.NumField() {
		if o.Field(i).Kind() != reflect.Uint64 {
			continue
		}
		least, v, most := b.Field(i).Uint(), o.Field(i).Uint(), a.Field(i).Uint()
		if cmp.Compare(least, v+slack) > 0 || cmp.Compare(v, most+slack) > 0 {
			t.Errorf("%s, %s: the oracle says %d, we said %d before and %d after", what, o.Type().Field(i).Name, v, least, most)
		}
	}
}

func TestLiveStatLikeOracle(t *testing.T) {
	fs := live(t)
	read := func() []CPUTicks {
		file := procfile.New("", "/proc/stat")
		defer file.Close()
		text, err := file.Read()
		if err != nil {
			t.Skip(err)
		}
		got, _, err := parseStat(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	before := read()
	want, err := fs.Stat()
	if err != nil {
		t.Fatal(err)
	}
	after := read()
	if len(before) != len(after) || len(want.CPU)+1 != len(before) {
		t.Skip("a CPU came or went")
	}
	const slack = 100 // idle and iowait of a CPU that sleeps are guesses
	between(t, "all", before[0], statLine(allCPUs, &want.CPUTotal), after[0], slack)
	for i := range before[1:] {
		w := want.CPU[int64(before[i+1].ID)]
		between(t, "one", before[i+1], statLine(before[i+1].ID, &w), after[i+1], slack)
	}
}

func TestLiveDiskstatsLikeOracle(t *testing.T) {
	fs, err := blockdevice.NewDefaultFS()
	if err != nil {
		t.Skip(err)
	}
	read := func() []diskLine {
		file := procfile.New("", "/proc/diskstats")
		text, err := file.Read()
		if err != nil {
			t.Skip(err)
		}
		defer file.Close()
		got, err := parseDiskstats(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	before := read()
	want, err := fs.ProcDiskstats()
	if err != nil {
		t.Fatal(err)
	}
	after := read()
	if len(before) != len(want) || len(after) != len(want) {
		t.Skip("a disk came or went")
	}
	for i := range want {
		between(t, want[i].DeviceName, before[i].diskCounters, diskColumns(&want[i]), after[i].diskCounters, 0)
	}
}

func TestLiveNetDevLikeOracle(t *testing.T) {
	fs := live(t)
	read := func() map[string]procfile.NetCounters {
		file := procfile.New("", "/proc/net/dev")
		defer file.Close()
		text, err := file.Read()
		if err != nil {
			t.Skip(err)
		}
		got, err := procfile.ParseNetDev(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		counters := map[string]procfile.NetCounters{}
		for _, line := range got {
			counters[string(line.Name)] = line.NetCounters
		}
		return counters
	}
	before := read()
	want, err := fs.NetDev()
	if err != nil {
		t.Fatal(err)
	}
	after := read()
	for name, w := range want {
		b, inBefore := before[name]
		a, inAfter := after[name]
		if inBefore && inAfter {
			between(t, name, b, procfile.NetCounters{RxBytes: w.RxBytes, RxPackets: w.RxPackets, RxErrors: w.RxErrors, RxDropped: w.RxDropped, TxBytes: w.TxBytes, TxPackets: w.TxPackets, TxErrors: w.TxErrors, TxDropped: w.TxDropped}, a, 0)
		}
	}
}

func TestLiveHostLikeOracle(t *testing.T) {
	fs := live(t)
	s := sampled(t, "")
	h := s.Reader(0).Hosts.Latest()
	if want, err := fs.Meminfo(); err == nil && h.Health[Meminfo].Has() {
		same(t, "Total", h.Memory.Total, *want.MemTotalBytes)
		same(t, "SwapTotal", h.Memory.SwapTotal, *want.SwapTotalBytes)
	}
	if h.Health[Huge].Has() && h.Memory.HugePageSize > 0 {
		for _, p := range h.Huge {
			if p.Size == h.Memory.HugePageSize {
				same(t, "huge pages", p.Total, h.Memory.HugePages)
			}
		}
	}
	if since := boottime.Now() - h.Uptime; h.Health[Uptime].Has() && since < 0 {
		t.Errorf("up for %v, but the clock says %v", h.Uptime, boottime.Now())
	}
}

// TestLiveCountersLikeOracle: what the kernel counts of itself goes on between two samples, and the rest is there.
func TestLiveCountersLikeOracle(t *testing.T) {
	fs := live(t)
	want, err := fs.Stat()
	if err != nil {
		t.Skip(err)
	}
	s := New(Options{})
	t.Cleanup(s.Close)
	s.NewReader(true)
	figures := func() (v struct{ Interrupts, Switches, Forks uint64 }) {
		s.Sample()
		v.Interrupts, v.Switches, v.Forks = s.counters.Interrupts.Value, s.counters.ContextSwitches.Value, s.counters.Forks.Value
		return v
	}
	before := figures()
	if want, err = fs.Stat(); err != nil {
		t.Fatal(err)
	}
	between(t, "stat", before, struct{ Interrupts, Switches, Forks uint64 }{want.IRQTotal, want.ContextSwitches, want.ProcessCreated}, figures(), 0)
	c := &s.counters
	if !c.BootTime.Known || !c.Running.Known || len(c.CPUs) == 0 || len(c.Memory) < 20 {
		t.Errorf("%+v", c)
	}
	if _, err := os.Stat("/proc/sys/fs/file-nr"); err == nil && (c.Files.Allocated.Value == 0 || c.Files.Maximum.Value == 0) {
		t.Errorf("%+v", c.Files)
	}
}
