package link

import (
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/mdlayher/netlink"
	"github.com/mdlayher/netlink/nltest"
	"golang.org/x/sys/unix"

	"hypervisor-tui/sample"
)

// TestManyLinksAreDumpedMoreRarely: the more there are the rarer everything is asked for, and the more bridges have
// learned the rarer that is.
func TestManyLinksAreDumpedMoreRarely(t *testing.T) {
	const links, learned = 1000, 2000
	k := many(links)
	entry := make([]byte, unix.SizeofNdMsg)
	entry[0], entry[8] = unix.AF_BRIDGE, unix.NUD_PERMANENT
	var dumps, looks atomic.Int64
	k.answer = func(_ int64, ask netlink.HeaderType, msgs []netlink.Message) ([]netlink.Message, error) {
		switch ask {
		case unix.RTM_GETLINK:
			dumps.Add(1)
		case unix.RTM_GETNEIGH:
			looks.Add(1)
			h := netlink.Header{Type: unix.RTM_NEWNEIGH, Sequence: msgs[0].Header.Sequence, PID: nltest.PID}
			one := netlink.Message{Header: h, Data: entry}
			msgs = append(slices.Repeat([]netlink.Message{one}, learned), msgs...)
		}
		return msgs, nil
	}
	synctest.Test(t, func(t *testing.T) {
		w := k.watcher(t)
		events := followed(w)
		defer close(events)
		run(t, w)
		const rest = 32 // of 5 seconds
		beats(rest - 1)
		if dumps.Load() != 1 {
			t.Errorf("%d dumps in %d beats", dumps.Load(), rest-1)
		}
		// There is a look each 2 beats at most, and each takes two for so many entries.
		if n, want := looks.Load(), int64(1+(rest-1)/4); n != want {
			t.Errorf("%d looks at what was learned, want %d", n, want)
		}
		beats(1)
		if dumps.Load() != 2 {
			t.Errorf("%d dumps in %d beats", dumps.Load(), rest)
		}
	})
}

// TestF15FiveThousandLinksInMemory bounds what is kept of them, and holds that a new table shares what has not changed.
func TestF15FiveThousandLinksInMemory(t *testing.T) {
	const links = 5000
	k := many(links)
	before := liveBytes()
	var f findings
	for _, b := range k.links {
		l, ok := decodeLink(b)
		if !ok {
			t.Fatal("no link")
		}
		f.links = append(f.links, l)
	}
	var w world
	j := job{everything: true, around: true, learned: true}
	w.merge(&j, &f)
	f = findings{}
	table := w.table(nil)
	if each := (liveBytes() - before) / links; each > 420 {
		t.Errorf("%d bytes a link", each)
	}
	at, _ := w.find(4000)
	w.links[at].state = 2
	again := w.table(table)
	for i, l := range again.Links {
		if shared := l == table.Links[i]; shared != (i != at) {
			t.Errorf("%s: shared %v", l.Name, shared)
		}
	}
	runtime.KeepAlive(k)
}

// TestKindsAreNamedOnce: a name that thousands of links have is one string.
func TestKindsAreNamedOnce(t *testing.T) {
	if n := testing.AllocsPerRun(10, func() { kindName([]byte("veth\x00")) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if got := kindName([]byte(strings.Repeat("x", 9))); got != "xxxxxxxxx" {
		t.Errorf("%q", got)
	}
}

// TestPortsThatAreTheSameShareTheirState: of thousands of ports nearly all are.
func TestPortsThatAreTheSameShareTheirState(t *testing.T) {
	ports, learned := portPool{}, &fdb{known: true, learned: map[int]int{3: 2}}
	one, two, other := ports.of(&linkMessage{index: 1, port: 4}, learned), ports.of(&linkMessage{index: 2, port: 4}, learned), ports.of(&linkMessage{index: 3, port: 4}, learned)
	if one != two || *one != (sample.BridgePort{State: "forwarding"}) || *other != (sample.BridgePort{State: "forwarding", Learned: 2}) {
		t.Errorf("%+v, %+v, %+v", one, two, other)
	}
	if ports.of(&linkMessage{}, learned) != nil {
		t.Error("a link without a bridge is a port")
	}
}

// liveBytes is what is in use on the heap.
func liveBytes() int {
	var m runtime.MemStats
	for range 2 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
