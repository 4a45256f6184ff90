package sample

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/sample/link/linktest"
	"hypervisor-tui/sample/sampletest"
)

// manyLinks are that many names of veths.
func manyLinks(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("veth%d", i)
	}
	return names
}

// pass samples after n bytes and an interval of the sampler's own.
func (l *lan) pass(n uint64, names ...string) *Net {
	l.clock.Pass(usualInterval - time.Second)
	return l.step(n, names...)
}

// TestF15ManyInterfacesAreCountedMoreRarely: the first two samples count, for rates from the start, and then one of so
// many that the kernel writes few enough lines a second. Rates are means over what lies between.
func TestF15ManyInterfacesAreCountedMoreRarely(t *testing.T) {
	for lines, every := range map[int]int{1: 1, 200: 1, 201: 2, 1000: 5, 5000: 25} {
		l, names := newLAN(t), manyLinks(lines)
		counted, last := []int{}, uint64(0)
		bytes := uint64(0)
		for i := range 2 + 2*every {
			bytes += uint64(i * 1000)
			n := l.pass(bytes, names...)
			one := n.Interfaces[lines-1]
			if one.RxBytes == bytes && (i == 0 || bytes != last) {
				if over := float64(usualInterval.Seconds()) * float64(i-lastOf(counted)); len(counted) > 0 && one.RxRate != float64(bytes-last)/over {
					t.Errorf("%d lines, sample %d: %v B/s, want %v", lines, i, one.RxRate, float64(bytes-last)/over)
				}
				counted, last = append(counted, i), bytes
			}
		}
		if want := []int{0, 1, 1 + every, 1 + 2*every}; fmt.Sprint(counted) != fmt.Sprint(want) {
			t.Errorf("%d lines: counted in samples %v, want %v", lines, counted, want)
		}
		h := l.Reader(0).Hosts.Latest().Health[NetDev]
		if said := strings.Contains(h.Err, fmt.Sprintf("%d interfaces", lines)); said != (every > 1) || h.State.String() != "ok" {
			t.Errorf("%d lines: %v, %q", lines, h.State, h.Err)
		}
	}
}

func lastOf(list []int) int {
	if len(list) == 0 {
		return 0
	}
	return list[len(list)-1]
}

// TestHardwareIsCountedEachSample: of thousands of interfaces, those with a cable.
func TestHardwareIsCountedEachSample(t *testing.T) {
	l := newLAN(t)
	links, names := []Link{lo, eth0}, []string{"lo", "eth0"}
	for i, name := range manyLinks(500) {
		links, names = append(links, Link{Index: 10 + i, Name: name, SharedAttrs: &SharedAttrs{Kind: "veth"}}), append(names, name)
	}
	l.SetLinks(reportOf(links...))
	put := func(i uint64) {
		for name, v := range map[string]uint64{"rx_bytes": 1000 * i, "tx_bytes": 2000 * i, "rx_packets": 10 * i, "tx_packets": 20 * i, "rx_errors": 3 * i, "tx_errors": 4 * i} {
			sampletest.Put(l, l.root, "/sys/class/net/eth0/statistics/"+name, fmt.Sprintln(v))
		}
	}
	put(1)
	l.pass(500, names...)
	l.pass(1000, names...)
	for i := range uint64(5) {
		put(i + 2)
		n := l.pass(1000*(i+2), names...)
		e := n.Interfaces[1]
		if e.RxBytes != 1000*(i+2) || e.RxRate != 500 || e.TxRate != 1000 || n.Rx != 500 || n.Tx != 1000 || e.RxDropped != 3 {
			t.Errorf("sample %d: %+v, total %v, %v", i, e, n.Rx, n.Tx)
		}
		got := [4]uint64{e.RxPackets, e.TxPackets, e.RxErrors, e.TxErrors}
		want := [4]uint64{10 * (i + 2), 20 * (i + 2), 3 * (i + 2), 4 * (i + 2)}
		if i == 2 {
			want = [4]uint64{1, 1, 2, 4} // all of the file of all
		}
		if got != want {
			t.Errorf("sample %d: packets and errors %v, want %v", i, got, want)
		}
	}
	if rx := &l.Reader(0).Hosts.Latest().History.Rx; rx.Len() != 7 || rx.At(6) != 500 || rx.At(3) != 500 {
		t.Errorf("the history has %d points", rx.Len())
	}
	l.Close()
	if n := l.pass(99_000, names...); n.Interfaces[1].RxBytes < 6000 {
		t.Errorf("opened again: %+v", n.Interfaces[1])
	}
}

// TestHistoryHasGapsWhereNobodyCounted: a mean that stands for a while is no point of its own.
func TestHistoryHasGapsWhereNobodyCounted(t *testing.T) {
	l, names := newLAN(t), manyLinks(300)
	links := make([]Link, len(names))
	for i, name := range names {
		links[i] = Link{Index: 1 + i, Name: name, SharedAttrs: &SharedAttrs{Kind: "veth"}}
	}
	l.SetLinks(reportOf(links...))
	var total float64
	for i := range 6 {
		total = l.pass(uint64(1000*(i+1)), names...).Rx
	}
	rx := &l.Reader(0).Hosts.Latest().History.Rx
	for i, gap := range []bool{true, false, true, false, true, false} {
		if math.IsNaN(rx.At(i)) != gap {
			t.Errorf("point %d is %v", i, rx.At(i))
		}
	}
	if total != 300*500 {
		t.Errorf("total %v", total)
	}
}

// TestLinksChangeBetweenTwoReadings: what went is not shown, what came has no figures yet, and another interface of the
// same name does not go on with the counters of the old one.
func TestLinksChangeBetweenTwoReadings(t *testing.T) {
	l, names := newLAN(t), append([]string{"lo", "eth0", "tap0"}, manyLinks(300)...)
	table := func(tap, last Link) *LinkReport {
		links := []Link{lo, eth0, tap}
		for i, name := range names[3:] {
			links = append(links, Link{Index: 100 + i, Name: name, SharedAttrs: &SharedAttrs{}})
		}
		links[len(links)-1] = last
		return reportOf(links...)
	}
	tap := Link{Index: 3, Name: "tap0", SharedAttrs: &SharedAttrs{}}
	l.SetLinks(table(tap, Link{Index: 399, Name: "veth299", SharedAttrs: &SharedAttrs{}}))
	l.pass(0, names...)
	l.pass(1000, names...)
	if n := l.pass(2000, names...); n.Interfaces[2].RxRate != 500 || len(n.Interfaces) != 303 {
		t.Fatalf("%+v of %d", n.Interfaces[2], len(n.Interfaces))
	}
	l.pass(3000, names...)
	tap.Index = 500
	l.SetLinks(table(tap, Link{Index: 501, Name: "new", SharedAttrs: &SharedAttrs{}}))
	names[302] = "new"
	n := l.pass(4000, names...)
	if len(n.Interfaces) != 303 || n.Interfaces[2].Counted || !math.IsNaN(n.Interfaces[2].RxRate) || n.Interfaces[302].Name != "new" || n.Interfaces[302].Counted {
		t.Errorf("between two readings: %+v, %+v of %d", n.Interfaces[2], n.Interfaces[302], len(n.Interfaces))
	}
	if n.Interfaces[3].RxBytes != 3000 || n.Interfaces[3].RxRate != 500 {
		t.Errorf("the others: %+v", n.Interfaces[3])
	}
	n = l.pass(5000, names...)
	if tap := n.Interfaces[2]; tap.RxBytes != 5000 || !math.IsNaN(tap.RxRate) || !math.IsNaN(n.Interfaces[302].RxRate) || n.Interfaces[3].RxRate != 500 {
		t.Errorf("counted once: %+v", tap)
	}
	l.pass(6000, names...)
	if n = l.pass(7000, names...); n.Interfaces[2].RxRate != 500 || n.Interfaces[302].RxRate != 500 {
		t.Errorf("counted twice: %+v, %+v", n.Interfaces[2], n.Interfaces[302])
	}
}

// TestF15FiveThousandInterfacesInMemory bounds what a sampler keeps, with all copies that are under way, and holds that
// a sample that counts them all allocates nothing.
func TestF15FiveThousandInterfacesInMemory(t *testing.T) {
	const links = 5000
	l, names := newLAN(t), manyLinks(links)
	table := make([]Link, links)
	for i, name := range names {
		table[i] = Link{Index: 1 + i, Name: name, SharedAttrs: &SharedAttrs{}}
	}
	report := reportOf(table...)
	sampletest.Put(t, l.root, "/proc/net/dev", sampletest.NetDevOf(1, names...))
	before := linktest.LiveBytes()
	l.SetLinks(report)
	sample := func(after time.Duration) {
		l.clock.Pass(after)
		l.Sample()
		l.Reader(0).Nets.Latest()
	}
	for range 45 {
		sample(usualInterval)
	}
	if each := (linktest.LiveBytes() - before) / links; each > 470 {
		t.Errorf("%d bytes an interface", each)
	}
	for range 4 { // until each copy has grown to size
		sample(time.Minute)
	}
	if n := sampletest.Allocations(func() { sample(time.Minute) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if n := l.Reader(0).Nets.Latest(); len(n.Interfaces) != links || !n.Interfaces[links-1].Counted {
		t.Errorf("%d interfaces", len(n.Interfaces))
	}
	runtime.KeepAlive(report)
}

// TestRateOfAnInterfaceThatIsInNoTable: it was taken away with a table and is in the file still: what it has counted since it
// was made is no rate.
func TestRateOfAnInterfaceThatIsInNoTable(t *testing.T) {
	l, names := newLAN(t), append([]string{"lo", "eth0", "odd"}, manyLinks(300)...)
	table := func(n int) *LinkReport {
		links := []Link{lo, eth0}
		for i, name := range names[3:n] {
			links = append(links, Link{Index: 100 + i, Name: name, SharedAttrs: &SharedAttrs{}})
		}
		return reportOf(links...)
	}
	l.SetLinks(table(303))
	l.pass(1_000_000, names...)
	l.pass(1_001_000, names...)
	l.SetLinks(table(302))
	n := l.pass(1_002_000, names...)
	for range 3 {
		n = l.pass(1_003_000, names...)
		for _, i := range n.Interfaces {
			if i.RxRate > 1000 {
				t.Fatalf("%s: %v bytes a second", i.Name, i.RxRate)
			}
		}
	}
	if last := n.Interfaces[len(n.Interfaces)-1]; len(n.Interfaces) != 303 || last.RxBytes != 1_003_000 {
		t.Errorf("%d interfaces, the last is %+v", len(n.Interfaces), last)
	}
}
