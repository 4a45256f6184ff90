package sample

import (
	"math"
	"testing"
	"time"

	"hypervisor-tui/sample/sampletest"
)

// TestNICHistoriesFollowTheirLinks: points go to the interface that they were counted of, wherever it stands; one that
// has come begins with none, one that has gone takes its own along, and a virtual function has none.
func TestNICHistoriesFollowTheirLinks(t *testing.T) {
	l := newLAN(t)
	eth1 := Link{Index: 5, Name: "eth1", SharedAttrs: &SharedAttrs{Physical: true}}
	vf := Link{Index: 6, Name: "eth1v0", Parent: "eth1", SharedAttrs: &SharedAttrs{Physical: true}}
	want := func(n *Net, index, points int, newest float64) {
		t.Helper()
		h := n.History(index)
		if h == nil || h.Rx.Len() != points || h.Tx.Len() != points || h.Rx.At(points-1) != newest {
			t.Errorf("link %d: %+v, want %d points, the newest %v", index, h, points, newest)
		}
	}
	second := func(n uint64, names ...string) *Net {
		l.clock.Pass(time.Second)
		return l.step(n, names...)
	}
	l.SetLinks(reportOf(lo, eth0, br0))
	second(0, "lo", "eth0", "br0")
	n := second(200, "lo", "eth0", "br0")
	want(n, 2, 2, 100)
	if n.History(1) != nil || n.History(3) != nil {
		t.Error("links without a cable have a history")
	}
	l.SetLinks(reportOf(lo, eth1, vf, eth0))
	second(400, "lo", "eth1", "eth1v0", "eth0")
	n = second(800, "lo", "eth1", "eth1v0", "eth0")
	want(n, 2, 4, 200)
	want(n, 5, 2, 200)
	if n.History(6) != nil {
		t.Error("a virtual function has a history")
	}
	l.clock.Pass(4 * time.Second)
	n = second(800+1200, "lo", "eth1", "eth1v0", "eth0")
	want(n, 2, 7, 200)
	if h := n.History(2); !math.IsNaN(h.Rx.At(4)) || !math.IsNaN(h.Rx.At(5)) {
		t.Error("there is no gap where nobody sampled")
	}
	l.SetLinks(reportOf(lo, eth1))
	if n = second(3000, "lo", "eth1"); n.History(2) != nil {
		t.Error("what has gone has a history")
	}
	if n := sampletest.Allocations(func() { l.clock.Pass(2 * time.Second); l.Sample(); l.Reader(0).Nets.Latest() }); n != 0 {
		t.Errorf("%v allocations of a sample", n)
	}
}

// TestF15HistoriesAreBounded: a host with thousands of physical interfaces keeps the points of a few.
func TestF15HistoriesAreBounded(t *testing.T) {
	l, names := newLAN(t), manyLinks(300)
	links := make([]Link, len(names))
	for i, name := range names {
		links[i] = Link{Index: 1 + i, Name: name, SharedAttrs: &SharedAttrs{Physical: true}}
	}
	l.SetLinks(reportOf(links...))
	if n := l.step(100, names...); len(n.Histories) != maxNICHistories || n.History(1) == nil || n.History(300) != nil {
		t.Errorf("%d histories", len(n.Histories))
	}
}
