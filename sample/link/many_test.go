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
	"hypervisor-tui/sample/link/linktest"
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
		// There is a look each 2 beats at most, and for so many entries each 6.
		if n, want := looks.Load(), int64(1+(rest-1)/6); n != want {
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
	before := linktest.LiveBytes()
	var f findings
	for _, b := range k.links {
		l, ok := decodeLink(b)
		if !ok {
			t.Fatal("no link")
		}
		f.links = append(f.links, l)
	}
	var w linkState
	j := pollRequest{everything: true, around: true, learned: true, listeners: true}
	w.merge(&j, &f)
	f = findings{}
	table := w.table(nil)
	if each := (linktest.LiveBytes() - before) / links; each > 320 {
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

// TestWhatIsTheSameOfLinksIsThereOnce: of thousands of ports nearly all are alike.
func TestWhatIsTheSameOfLinksIsThereOnce(t *testing.T) {
	var w linkState
	w.around.fdb = fdb{known: true, learned: map[int]int{4: 2}}
	for _, b := range [][]byte{newLink(1, "br0", linkKind("bridge")), newLink(2, "va"), newLink(3, "vb"), newLink(4, "vc"), newLink(5, "vd")} {
		l, _ := decodeLink(b)
		if l.index > 1 {
			l.master, l.port = 1, 1+3
		}
		w.links = append(w.links, l)
	}
	w.links[4].state = 2
	links := w.table(nil).Links
	va, vb, vc, vd := links[1], links[2], links[3], links[4]
	if va.SharedAttrs != vb.SharedAttrs || va.Master != "br0" || *va.BridgePort != (sample.BridgePort{State: "forwarding"}) || va.Name == vb.Name {
		t.Errorf("%+v, %+v", va, vb)
	}
	if vc.BridgePort.Learned != 2 || va.BridgePort.Learned != 0 || vd.State != "down" || vd.BridgePort != va.BridgePort {
		t.Errorf("%+v, %+v", vc.SharedAttrs, vd.SharedAttrs)
	}
}
