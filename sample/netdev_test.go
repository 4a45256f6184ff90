package sample

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/sampletest"
)

func reportOf(links ...Link) *LinkReport {
	table := &LinkTable{}
	for i := range links {
		table.Links = append(table.Links, &links[i])
	}
	return &LinkReport{Table: table}
}

// lan is a Sampler of a tree in which only /proc/net/dev changes.
type lan struct {
	*testing.T
	*Sampler
	root  string
	clock *sampletest.Clock
}

func newLAN(t *testing.T) *lan {
	root, c := t.TempDir(), sampletest.NewClock()
	s := New(Options{Root: root, Now: c.Now})
	t.Cleanup(s.Close)
	return &lan{t, s, root, c}
}

// step samples a second later, after n bytes.
func (l *lan) step(n uint64, names ...string) *Net {
	sampletest.Put(l, l.root, "/proc/net/dev", sampletest.NetDevOf(n, names...))
	l.clock.Pass(time.Second)
	l.Sample()
	return l.Reader(0).Nets.Latest()
}

var (
	lo   = Link{Index: 1, Name: "lo", SharedAttrs: &SharedAttrs{Kind: "loopback"}}
	eth0 = Link{Index: 2, Name: "eth0", FirstAddress: 1, AddressCount: 2, SharedAttrs: &SharedAttrs{Physical: true}}
	br0  = Link{Index: 3, Name: "br0", SharedAttrs: &SharedAttrs{Kind: "bridge"}}
)

func TestNetJoinsLinksAndCounters(t *testing.T) {
	l := newLAN(t)
	n := l.step(100, "lo", "eth0")
	if len(n.Interfaces) != 2 || n.Interfaces[1].Name != "eth0" || n.Interfaces[1].RxBytes != 100 || !math.IsNaN(n.Rx) {
		t.Errorf("without a link table: %+v, total %v", n.Interfaces, n.Rx)
	}
	table := reportOf(lo, eth0, br0)
	table.Table.Addresses = make([]Address, 3)
	table.Table.DNS = []string{"10.0.0.1"}
	table.Health.State = 1
	l.SetLinks(table)
	n = l.step(300, "eth0", "lo", "veth1")
	if len(n.Interfaces) != 4 || len(n.Addresses) != 3 || len(n.DNS) != 1 {
		t.Fatalf("%+v", n)
	}
	e, b, v := n.Interfaces[1], n.Interfaces[2], n.Interfaces[3]
	want := Interface{Link: table.Table.Links[1], Counted: true, RxBytes: 300, TxBytes: 600, RxRate: 200, TxRate: 400,
		RxErrors: 2, RxDropped: 3, TxErrors: 4, TxDropped: 5, RxPackets: 1, TxPackets: 1}
	if *e != want {
		t.Errorf("%+v, want %+v", e, want)
	}
	if b.Counted || !math.IsNaN(b.RxRate) {
		t.Errorf("a link that has no counters yet: %+v", b)
	}
	if v.Name != "veth1" || !v.Counted || v.RxBytes != 300 || !math.IsNaN(v.RxRate) {
		t.Errorf("counters that have no link yet: %+v", v)
	}
	if n.Rx != 200 || n.Tx != 400 {
		t.Errorf("total %v, %v", n.Rx, n.Tx)
	}
	if h := l.Reader(0).Hosts.Latest(); h.Health[Links].State.String() != "ok" {
		t.Errorf("health of the links: %v", h.Health[Links])
	}
}

func TestNetTotalInAContainer(t *testing.T) {
	l := newLAN(t)
	l.SetLinks(reportOf(lo, Link{Index: 2, Name: "eth0", SharedAttrs: &SharedAttrs{Kind: "veth"}}, br0))
	l.step(0, "lo", "eth0", "br0", "veth1")
	if n := l.step(100, "lo", "eth0", "br0", "veth1"); n.Rx != 200 || n.Tx != 400 {
		t.Errorf("eth0 and br0 are %v, %v", n.Rx, n.Tx)
	}
}

func TestF15InterfacesComeGoAndAreRenamed(t *testing.T) {
	l := newLAN(t)
	l.SetLinks(reportOf(lo, eth0))
	for i := range 200 {
		names := []string{"lo"}
		for j := range i % 7 {
			names = append(names, fmt.Sprint("veth", (i*31+j)%50))
		}
		names = append(names, "eth0")
		n := l.step(uint64(1000*(i+1)), names...)
		if len(n.Interfaces) != len(names) || n.Interfaces[1].RxBytes != uint64(1000*(i+1)) {
			t.Fatalf("step %d: %+v", i, n.Interfaces)
		}
		if i > 0 && (n.Rx != 1000 || n.Interfaces[1].RxRate != 1000) {
			t.Fatalf("step %d: total %v, eth0 %v", i, n.Rx, n.Interfaces[1].RxRate)
		}
	}
	if n := l.step(300_000, "lo", "lan0"); n.Interfaces[1].Counted || n.Interfaces[2].Name != "lan0" || !math.IsNaN(n.Rx) {
		t.Errorf("renamed: %+v, total %v", n.Interfaces, n.Rx)
	}
}

func TestF15FiveThousandInterfaces(t *testing.T) {
	l := newLAN(t)
	names := make([]string, 5000)
	for i := range names {
		names[i] = fmt.Sprint("veth", i)
	}
	l.step(1, names...)
	if n := l.step(2, names...); len(n.Interfaces) != 5000 || n.Interfaces[4999].RxRate != 1 {
		t.Errorf("%d interfaces", len(n.Interfaces))
	}
}

func TestF16NetDevCountersResetAfterReplug(t *testing.T) {
	l := newLAN(t)
	l.SetLinks(reportOf(lo, eth0))
	l.step(math.MaxUint32-10, "lo", "eth0")
	l.step(math.MaxUint32, "lo", "eth0")
	n := l.step(90, "lo", "eth0")
	if !math.IsNaN(n.Interfaces[1].RxRate) || !math.IsNaN(n.Rx) || n.Interfaces[1].RxBytes != 90 {
		t.Errorf("after the wrap: %+v, total %v", n.Interfaces[1], n.Rx)
	}
	if n = l.step(190, "lo", "eth0"); n.Interfaces[1].RxRate != 100 || n.Rx != 100 {
		t.Errorf("and on: %+v, total %v", n.Interfaces[1], n.Rx)
	}
	l.SetLinks(reportOf(lo, eth0, Link{Index: 4, Name: "eth1", SharedAttrs: &SharedAttrs{Physical: true}}))
	if n = l.step(290, "lo", "eth0", "eth1"); n.Rx != 100 || n.Tx != 200 {
		t.Errorf("total while eth1 appears: %v, %v", n.Rx, n.Tx)
	}
	if n = l.step(390, "lo", "eth0", "eth1"); n.Rx != 200 {
		t.Errorf("total with eth1: %v", n.Rx)
	}
	l.SetLinks(reportOf(lo, eth0))
	if n = l.step(9000, "lo"); n.Interfaces[1].Counted {
		t.Errorf("pulled: %+v", n.Interfaces[1])
	}
	if n = l.step(9100, "lo", "eth0"); !math.IsNaN(n.Interfaces[1].RxRate) || !math.IsNaN(n.Rx) {
		t.Errorf("plugged: %+v, total %v", n.Interfaces[1], n.Rx)
	}
}

func TestLinksChangeWhileCountersFail(t *testing.T) {
	l := newLAN(t)
	l.SetLinks(reportOf(lo))
	l.step(5, "lo")
	sampletest.Put(t, l.root, "/proc/net/dev", "1\n2\nlo: x\n")
	l.SetLinks(reportOf(lo, eth0))
	l.Sample()
	n := l.Reader(0).Nets.Latest()
	if len(n.Interfaces) != 2 || n.Interfaces[0].RxBytes != 5 || n.Interfaces[1].Counted {
		t.Errorf("%+v", n.Interfaces)
	}
	if h := l.Reader(0).Hosts.Latest().Health[NetDev]; h.State.String() != "stale" {
		t.Errorf("%v", h)
	}
}

func TestNameOfAnInterfaceEndsAtTheLastColon(t *testing.T) {
	for line, want := range map[string]string{
		"  eth0: 1 2": "eth0", "eth0:1:3 4": "eth0:1", "a::9": "a:", ":": "", "tap3f2a91c0-4e:1": "tap3f2a91c0-4e",
	} {
		name, figures, ok := procfile.CutName([]byte(line))
		if !ok || string(name) != want || strings.Contains(string(figures), ":") {
			t.Errorf("%q: %q and %q", line, name, figures)
		}
	}
	if _, _, ok := procfile.CutName([]byte("eth0 1 2")); ok {
		t.Error("a line without a colon has a name")
	}
}

// A reading that fails half way adds no interfaces that nobody counts.
func TestF58FailedReadingsDoNotAddUp(t *testing.T) {
	root := t.TempDir()
	const head = "Inter-|\n face |\n"
	sampletest.Put(t, root, "/proc/net/dev", head+"a: 1 0 0 0 0 0 0 0 1 0 0 0 0 0 0 0\n")
	s := sampled(t, root)
	sampletest.Put(t, root, "/proc/net/dev", head+"a: 2 0 0 0 0 0 0 0 1 0 0 0 0 0 0 0\nb: 1 0 0 0 0 0 0 0 1 0 0 0 0 0 0 0\nc: 1\n")
	for range 5 {
		s.Sample()
	}
	if n := s.Reader(0).Nets.Latest(); len(n.Interfaces) != 1 || n.Interfaces[0].RxBytes != 2 {
		t.Errorf("%d interfaces", len(n.Interfaces))
	}
	sampletest.Put(t, root, "/proc/net/dev", head+"a: 3 0 0 0 0 0 0 0 1 0 0 0 0 0 0 0\nb: 1 0 0 0 0 0 0 0 1 0 0 0 0 0 0 0\n")
	s.Sample()
	if n := s.Reader(0).Nets.Latest(); len(n.Interfaces) != 2 || n.Interfaces[1].Name != "b" {
		t.Errorf("%d interfaces when it is whole", len(n.Interfaces))
	}
}

func TestB11NetTotalsCountOnce(t *testing.T) {
	physical := func(index int, name string, twice bool) Link {
		return Link{Index: index, Name: name, SharedAttrs: &SharedAttrs{Physical: true, Twice: twice}}
	}
	l := newLAN(t)
	l.SetLinks(reportOf(physical(2, "netvsc", false), physical(3, "vf", true), Link{Index: 4, Name: "bond0", SharedAttrs: &SharedAttrs{Kind: "bond"}}))
	l.step(0, "netvsc", "vf", "bond0")
	one := l.step(100, "netvsc", "vf", "bond0")
	if rate := one.Interfaces[0].RxRate; rate <= 0 || one.Rx != rate || one.Tx != one.Interfaces[0].TxRate {
		t.Errorf("total %v, of each %v", one.Rx, rate)
	}
	// Inside a container nothing is hardware, and what lies on or belongs to another link here counts there.
	l = newLAN(t)
	l.SetLinks(reportOf(lo, Link{Index: 2, Name: "eth0", SharedAttrs: &SharedAttrs{Kind: "veth"}}, Link{Index: 3, Name: "eth0.5", Parent: "eth0", SharedAttrs: &SharedAttrs{Kind: "vlan"}},
		Link{Index: 4, Name: "port", SharedAttrs: &SharedAttrs{Kind: "veth", Master: "br0"}}))
	l.step(0, "lo", "eth0", "eth0.5", "port")
	one = l.step(100, "lo", "eth0", "eth0.5", "port")
	if rate := one.Interfaces[1].RxRate; rate <= 0 || one.Rx != rate {
		t.Errorf("in a container: total %v, of each %v", one.Rx, rate)
	}
}
