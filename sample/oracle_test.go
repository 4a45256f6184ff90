package sample

import (
	"math"
	"testing"
	"time"

	"github.com/prometheus/procfs"
	"github.com/prometheus/procfs/blockdevice"
)

// The oracle is prometheus/procfs: slower, older and read by far more people than our own parsers. It is asked on the
// fixture, where both must agree on each figure.

func oracle(t testing.TB) procfs.FS {
	t.Helper()
	fs, err := procfs.NewFS("testdata/vm2/proc")
	if err != nil {
		t.Fatal(err)
	}
	return fs
}

func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, the oracle says %v", what, got, want)
	}
}

func TestStatLikeOracle(t *testing.T) {
	want, err := oracle(t).Stat()
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := parseStat(fixture(t, "vm2/proc/stat"), nil)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "CPUs", len(got), len(want.CPU)+1)
	lines := map[int]procfs.CPUStat{allCPUs: want.CPUTotal}
	for id, c := range want.CPU {
		lines[int(id)] = c
	}
	for _, c := range got {
		w := lines[c.id]
		for _, f := range []struct {
			name string
			got  uint64
			want float64
		}{
			{"user", c.user, w.User}, {"nice", c.nice, w.Nice}, {"system", c.system, w.System}, {"idle", c.idle, w.Idle},
			{"iowait", c.iowait, w.Iowait}, {"irq", c.irq, w.IRQ}, {"softirq", c.softirq, w.SoftIRQ}, {"steal", c.steal, w.Steal},
		} {
			same(t, f.name, float64(f.got), math.Round(f.want*100)) // it turns USER_HZ into seconds
		}
	}
}

func TestMeminfoLikeOracle(t *testing.T) {
	want, err := oracle(t).Meminfo()
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := parseMeminfo(fixture(t, "vm2/proc/meminfo"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "Total", got.Total, *want.MemTotalBytes)
	same(t, "Available", got.Available, *want.MemAvailableBytes)
	same(t, "Used", got.Used, *want.MemTotalBytes-*want.MemAvailableBytes)
	same(t, "Free", got.Free, *want.MemFreeBytes)
	same(t, "Cached", got.Cached, *want.CachedBytes+*want.SReclaimableBytes)
	same(t, "Buffers", got.Buffers, *want.BuffersBytes)
	same(t, "Dirty", got.Dirty, *want.DirtyBytes)
	same(t, "SwapTotal", got.SwapTotal, *want.SwapTotalBytes)
	same(t, "SwapUsed", got.SwapUsed, *want.SwapTotalBytes-*want.SwapFreeBytes)
	same(t, "HugePages", got.HugePages, *want.HugePagesTotal)
	same(t, "HugePagesFree", got.HugePagesFree, *want.HugePagesFree)
	same(t, "HugePageSize", got.HugePageSize, *want.HugepagesizeBytes)
}

func TestLoadavgLikeOracle(t *testing.T) {
	want, err := oracle(t).LoadAvg()
	if err != nil {
		t.Fatal(err)
	}
	got, err := parseLoadavg(fixture(t, "vm2/proc/loadavg"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "load", got.load, [3]float64{want.Load1, want.Load5, want.Load15})
}

func TestPressureLikeOracle(t *testing.T) {
	for _, resource := range []string{"cpu", "memory", "io"} {
		want, err := oracle(t).PSIStatsForResource(resource)
		if err != nil {
			t.Fatal(err)
		}
		some, full, err := parsePressure(fixture(t, "vm2/proc/pressure/"+resource))
		if err != nil {
			t.Fatal(err)
		}
		same(t, resource+" some", some, averages{want.Some.Avg10, want.Some.Avg60})
		same(t, resource+" full", full, averages{want.Full.Avg10, want.Full.Avg60})
	}
}

func TestDiskstatsLikeOracle(t *testing.T) {
	fs, err := blockdevice.NewFS("testdata/vm2/proc", "testdata/vm2/sys")
	if err != nil {
		t.Fatal(err)
	}
	want, err := fs.ProcDiskstats()
	if err != nil {
		t.Fatal(err)
	}
	got, err := parseDiskstats(fixture(t, "vm2/proc/diskstats"), nil)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "devices", len(got), len(want))
	for i := range min(len(got), len(want)) {
		g, w := got[i], want[i]
		same(t, "name", string(g.name), w.DeviceName)
		same(t, w.DeviceName, g.diskCounters, diskCounters{w.ReadIOs, w.ReadSectors, w.ReadTicks, w.WriteIOs, w.WriteSectors, w.WriteTicks, w.IOsTotalTicks})
	}
}

func TestNetDevLikeOracle(t *testing.T) {
	want, err := oracle(t).NetDev()
	if err != nil {
		t.Fatal(err)
	}
	got, err := parseNetDev(fixture(t, "vm2/proc/net/dev"), nil)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "interfaces", len(got), len(want))
	for _, g := range got {
		w := want[string(g.name)]
		same(t, w.Name, g.netCounters, netCounters{w.RxBytes, w.RxErrors, w.RxDropped, w.TxBytes, w.TxErrors, w.TxDropped})
	}
}

func TestSocketsLikeOracle(t *testing.T) {
	n := sampled(t, "testdata/vm2").nets.Latest()
	inUse := map[string]int{}
	for _, read := range []func() (*procfs.NetSockstat, error){oracle(t).NetSockstat, oracle(t).NetSockstat6} {
		s, err := read()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range s.Protocols {
			inUse[p.Protocol] = p.InUse
		}
	}
	same(t, "TCP", n.Sockets.TCP, inUse["TCP"]+inUse["TCP6"])
	same(t, "UDP", n.Sockets.UDP, inUse["UDP"]+inUse["UDP6"])
	same(t, "Established", n.Sockets.Established, 9) // Tcp CurrEstab of the fixture
	same(t, "Conntrack", n.Sockets.Conntrack, 17)
	same(t, "ConntrackMax", n.Sockets.ConntrackMax, 262144)
}

// The live kernel moves on between two reads, so only what stays as it is can be compared.
func TestLiveLikeOracle(t *testing.T) {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		t.Skip("no /proc: ", err)
	}
	s := sampled(t, "")
	h, n := s.hosts.Latest(), s.nets.Latest()
	if want, err := fs.Stat(); err == nil && h.Health[Stat].Has() {
		same(t, "cores", len(h.Cores), len(want.CPU))
	}
	if want, err := fs.Meminfo(); err == nil && h.Health[Meminfo].Has() {
		same(t, "Total", h.Memory.Total, *want.MemTotalBytes)
	}
	if want, err := fs.NetDev(); err == nil && h.Health[NetDev].Has() {
		same(t, "interfaces", len(n.Interfaces), len(want))
		for _, i := range n.Interfaces {
			if w, ok := want[i.Name]; !ok || w.RxBytes < i.RxBytes {
				t.Errorf("%s: %d bytes, the oracle says %d after that", i.Name, i.RxBytes, w.RxBytes)
			}
		}
	}
	if since := Boottime() - h.Uptime; h.Health[Uptime].Has() && since < 0 {
		t.Errorf("up for %v, but the clock says %v", h.Uptime, Boottime())
	}
}

// sampled is a Sampler that has read a tree once.
func sampled(t testing.TB, root string) *Sampler {
	t.Helper()
	s := New(Options{Root: root, Interval: time.Second})
	t.Cleanup(s.Close)
	s.Sample()
	return s
}
