package sample

import (
	"context"
	"math"
	"os"
	"testing"
	"time"

	"github.com/prometheus/procfs"
	"github.com/prometheus/procfs/blockdevice"

	"hypervisor-tui/sample/procfile"
)

// The oracle is prometheus/procfs: slower, older and read by far more people than our own parsers. It is asked on each
// machine of the fixtures, where both must agree on each figure.

func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, the oracle says %v", what, got, want)
	}
}

// textOf is a file of a machine; the test is skipped where it has none.
func textOf(t *testing.T, root, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(root + name)
	if os.IsNotExist(err) {
		t.Skip("this machine has no ", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// statLine is a line of /proc/stat as the oracle has it: it turns USER_HZ into seconds.
func statLine(id int, s *procfs.CPUStat) CPUTicks {
	n := func(seconds float64) uint64 { return uint64(math.Round(seconds * 100)) }
	return CPUTicks{
		ID: id, User: n(s.User), Nice: n(s.Nice), System: n(s.System), Idle: n(s.Idle), IOWait: n(s.Iowait),
		IRQ: n(s.IRQ), SoftIRQ: n(s.SoftIRQ), Steal: n(s.Steal), Guest: n(s.Guest), GuestNice: n(s.GuestNice), HasGuest: true,
	}
}

func TestStatLikeOracle(t *testing.T) {
	onEachMachine(t, func(t *testing.T, root string) {
		want, err := oracle(t, root).Stat()
		if err != nil {
			t.Fatal(err)
		}
		got, rest, err := parseStat(textOf(t, root, "/proc/stat"), nil)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "CPUs", len(got), len(want.CPU)+1)
		same(t, "all", got[0], statLine(allCPUs, &want.CPUTotal))
		for _, c := range got[1:] {
			w := want.CPU[int64(c.ID)]
			same(t, "CPU", c, statLine(c.ID, &w))
		}
		blocked, err := parseBlocked(rest)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "blocked", blocked, int(want.ProcessesBlocked))
	})
}

func TestMeminfoLikeOracle(t *testing.T) {
	value := func(v *uint64) uint64 {
		if v == nil {
			return 0
		}
		return *v
	}
	onEachMachine(t, func(t *testing.T, root string) {
		w, err := oracle(t, root).Meminfo()
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := parseMeminfo(textOf(t, root, "/proc/meminfo"))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "memory", got, Memory{
			Total: value(w.MemTotalBytes), Available: value(w.MemAvailableBytes), Free: value(w.MemFreeBytes),
			Used:   value(w.MemTotalBytes) - value(w.MemAvailableBytes),
			Cached: value(w.CachedBytes) + value(w.SReclaimableBytes), Buffers: value(w.BuffersBytes),
			Dirty: value(w.DirtyBytes), SwapTotal: value(w.SwapTotalBytes),
			SwapUsed:  value(w.SwapTotalBytes) - value(w.SwapFreeBytes),
			HugePages: value(w.HugePagesTotal), HugePagesFree: value(w.HugePagesFree), HugePageSize: value(w.HugepagesizeBytes),
		})
	})
}

func TestLoadavgLikeOracle(t *testing.T) {
	onEachMachine(t, func(t *testing.T, root string) {
		want, err := oracle(t, root).LoadAvg()
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseLoadavg(textOf(t, root, "/proc/loadavg"))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "load", got.load, [3]float64{want.Load1, want.Load5, want.Load15})
	})
}

func TestPressureLikeOracle(t *testing.T) {
	onEachMachine(t, func(t *testing.T, root string) {
		for _, resource := range []string{"cpu", "memory", "io"} {
			some, full, err := parsePressure(textOf(t, root, "/proc/pressure/"+resource))
			if err != nil {
				t.Fatal(err)
			}
			want, err := oracle(t, root).PSIStatsForResource(resource)
			if err != nil {
				t.Fatal(err)
			}
			same(t, resource+" some", some, stalls{want.Some.Avg10, want.Some.Avg60, known(want.Some.Total)})
			same(t, resource+" full", full, stalls{want.Full.Avg10, want.Full.Avg60, known(want.Full.Total)})
		}
	})
}

func TestDiskstatsLikeOracle(t *testing.T) {
	onEachMachine(t, func(t *testing.T, root string) {
		got, err := parseDiskstats(textOf(t, root, "/proc/diskstats"), nil)
		if err != nil {
			t.Fatal(err)
		}
		fs, err := blockdevice.NewFS(root+"/proc", t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		want, err := fs.ProcDiskstats()
		if err != nil {
			t.Fatal(err)
		}
		same(t, "devices", len(got), len(want))
		for i := range min(len(got), len(want)) {
			same(t, "name", string(got[i].name), want[i].DeviceName)
			same(t, want[i].DeviceName, got[i].diskCounters, diskColumns(&want[i]))
		}
	})
}

func diskColumns(w *blockdevice.Diskstats) diskCounters {
	return diskCounters{w.ReadIOs, w.ReadSectors, w.ReadTicks, w.WriteIOs, w.WriteSectors, w.WriteTicks, w.IOsTotalTicks}
}

func TestNetDevLikeOracle(t *testing.T) {
	onEachMachine(t, func(t *testing.T, root string) {
		got, err := procfile.ParseNetDev(textOf(t, root, "/proc/net/dev"), nil)
		if err != nil {
			t.Fatal(err)
		}
		want, err := oracle(t, root).NetDev()
		if err != nil {
			t.Fatal(err)
		}
		same(t, "interfaces", len(got), len(want))
		for _, g := range got {
			w := want[string(g.Name)]
			same(t, w.Name, g.NetCounters, procfile.NetCounters{RxBytes: w.RxBytes, RxPackets: w.RxPackets, RxErrors: w.RxErrors, RxDropped: w.RxDropped, TxBytes: w.TxBytes, TxPackets: w.TxPackets, TxErrors: w.TxErrors, TxDropped: w.TxDropped})
		}
	})
}

func TestSocketsLikeOracle(t *testing.T) {
	onEachMachine(t, func(t *testing.T, root string) {
		textOf(t, root, "/proc/net/sockstat")
		got := sampled(t, root).Reader(0).Nets.Latest().Sockets
		inUse := map[string]int{}
		fs := oracle(t, root)
		for _, read := range []func() (*procfs.NetSockstat, error){fs.NetSockstat, fs.NetSockstat6} {
			s, err := read()
			if os.IsNotExist(err) {
				continue // a host without IPv6
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range s.Protocols {
				inUse[p.Protocol] = p.InUse
			}
		}
		same(t, "TCP", got.TCP, inUse["TCP"]+inUse["TCP6"])
		same(t, "UDP", got.UDP, inUse["UDP"]+inUse["UDP6"])
	})
}

func TestClockLikeOracle(t *testing.T) {
	onEachMachine(t, func(t *testing.T, root string) {
		got, err := parseCPUInfo(textOf(t, root, cpuinfo))
		if err != nil {
			t.Skip("this machine has ", err)
		}
		want, err := oracle(t, root).CPUInfo()
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for i := range want {
			sum += want[i].CPUMHz
		}
		same(t, "MHz", math.Round(1000*got), math.Round(1000*sum/float64(len(want))))
	})
}

func TestSlowSourcesOfEachMachine(t *testing.T) {
	onEachMachine(t, func(t *testing.T, root string) {
		s := New(Options{Root: root, Interval: time.Second})
		begin(t, s)
		s.WaitSlow(context.Background())
		s.Sample()
		for _, source := range []Source{Huge, Frequency, Arrays, Pools, EDAC, Sensors, Filesystems} {
			if h := &s.Reader(0).Hosts.Latest().Health[source]; h.State.String() != "ok" && h.State.String() != "absent" {
				t.Errorf("source %d: %v %s", source, h.State, h.Err)
			}
		}
	})
}

// sampled is a Sampler that has read a tree once.
func sampled(t testing.TB, root string) *Sampler {
	t.Helper()
	s := New(Options{Root: root, Interval: time.Second})
	t.Cleanup(s.Close)
	s.Sample()
	return s
}
