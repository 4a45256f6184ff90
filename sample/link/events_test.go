package link

import (
	"context"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mdlayher/netlink"
	"github.com/mdlayher/netlink/nltest"
	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/link/linktest"
)

// event is what the kernel sends to those who follow it: a message, or an error of the socket.
type event struct {
	kind    netlink.HeaderType
	payload []byte
	err     error
}

// followed makes w follow the events that are sent on the channel it returns. The channel is to be closed in the end.
func followed(w *Watcher) chan<- event {
	events := make(chan event, 100)
	w.dialEvents = func() (*netlink.Conn, error) {
		return nltest.Dial(func([]netlink.Message) ([]netlink.Message, error) {
			e, open := <-events
			if !open {
				return nil, net.ErrClosed
			}
			return []netlink.Message{{Header: netlink.Header{Type: e.kind}, Data: e.payload}}, e.err
		}), nil
	}
	return events
}

// settled lets events come to rest.
func settled() {
	time.Sleep(settle)
	synctest.Wait()
}

func TestEventsChangeTheTableWithoutADump(t *testing.T) {
	k := twoLinks()
	synctest.Test(t, func(t *testing.T) {
		w := k.watcher(t)
		events := followed(w)
		defer close(events)
		r := run(t, w)
		first, asked := r.last.Load().Table, k.questions.Load()
		find := func(name string) *sample.Link {
			settled()
			links := r.last.Load().Table.Links
			if i := slices.IndexFunc(links, func(l *sample.Link) bool { return l.Name == name }); i >= 0 {
				return links[i]
			}
			return &sample.Link{SharedAttrs: &sample.SharedAttrs{}}
		}
		events <- event{kind: unix.RTM_NEWLINK, payload: newLink(3, "eth1")}
		if l := find("eth1"); l.Index != 3 || len(first.Links) != 2 {
			t.Errorf("a new link: %+v; the old table has %d", l, len(first.Links))
		}
		events <- event{kind: unix.RTM_NEWADDR, payload: newAddress(3, 24, attribute(unix.IFA_LOCAL, []byte{10, 9, 0, 1}))}
		if l := find("eth1"); l.AddressCount != 1 {
			t.Errorf("an address: %+v", l)
		}
		events <- event{kind: unix.RTM_NEWLINK, payload: newLink(3, "lan0", attribute(unix.IFLA_MASTER, word(1)))}
		if l := find("lan0"); l.Index != 3 || l.AddressCount != 1 || l.Master != "br0" || find("eth1").Index != 0 {
			t.Errorf("renamed: %+v", l)
		}
		events <- event{kind: unix.RTM_NEWLINK, payload: portNotice(3, 4)}
		if l := find("lan0"); l.BridgePort == nil || l.BridgePort.State != "blocking" || l.MTU != 1500 {
			t.Errorf("a port's state: %+v", l)
		}
		events <- event{kind: unix.RTM_DELLINK, payload: portNotice(3, 0)}
		events <- event{kind: unix.RTM_NEWLINK, payload: newLink(3, "lan0")[:40]} // such as wireless drivers send
		if l := find("lan0"); l.Index != 3 || l.MTU != 1500 {
			t.Errorf("it left the bridge, and is there still: %+v", l)
		}
		events <- event{kind: unix.RTM_DELADDR, payload: newAddress(3, 24, attribute(unix.IFA_LOCAL, []byte{10, 9, 0, 1}))}
		if l := find("lan0"); l.AddressCount != 0 {
			t.Errorf("the address went: %+v", l)
		}
		events <- event{kind: unix.RTM_DELLINK, payload: newLink(3, "lan0")}
		if find("lan0").Index != 0 || !same(first, r.last.Load().Table) {
			t.Errorf("the link went: %+v", r.last.Load().Table)
		}
		if n := k.questions.Load() - asked; n != 0 {
			t.Errorf("%d questions for it", n)
		}
		if h := r.last.Load().Health; h.State != health.OK {
			t.Errorf("%+v", h)
		}
	})
}

// portNotice is what a bridge says of a port.
func portNotice(index int, state byte) []byte {
	b := make([]byte, unix.SizeofIfInfomsg)
	b[0] = unix.AF_BRIDGE
	b[4] = byte(index)
	return join(b, attribute(unix.IFLA_PROTINFO|netlink.Nested, attribute(unix.IFLA_BRPORT_STATE, []byte{state})))
}

func TestDefaultRoutesAreAskedForWhenTheyChange(t *testing.T) {
	ip := []byte{10, 0, 0, 1}
	for name, e := range map[string]event{
		"a default route":                {kind: unix.RTM_DELROUTE, payload: newRoute(unix.AF_INET)},
		"the link of one goes down":      {kind: unix.RTM_NEWLINK, payload: newLink(1, "br0")},
		"the link of one goes":           {kind: unix.RTM_DELLINK, payload: newLink(1, "br0")},
		"an address of its link goes":    {kind: unix.RTM_DELADDR, payload: newAddress(1, 24, attribute(unix.IFA_LOCAL, ip))},
		"another link goes":              {kind: unix.RTM_DELLINK, payload: newLink(2, "eth0")},
		"a route to some network":        {kind: unix.RTM_NEWROUTE, payload: append([]byte{unix.AF_INET, 24}, newRoute(unix.AF_INET)[2:]...)},
		"a network namespace got its id": {kind: unix.RTM_NEWNSID, payload: make([]byte, 4)},
	} {
		if name == "the link of one goes down" {
			e.payload[8] = 0 // flags
		}
		k := twoLinks()
		synctest.Test(t, func(t *testing.T) {
			w := k.watcher(t)
			events := followed(w)
			defer close(events)
			r := run(t, w)
			asked := k.questions.Load()
			events <- e
			settled()
			want := int64(2)
			switch name {
			case "another link goes", "a route to some network":
				want = 0
			case "a network namespace got its id": // then what has no events: the gateway's neighbour, the bridge's addresses
				want = 2
			}
			if n := k.questions.Load() - asked; n != want {
				t.Errorf("%s: %d questions, want %d", name, n, want)
			}
			_ = r
		})
	}
}

func TestF22LostEventsAreADump(t *testing.T) {
	k := twoLinks()
	synctest.Test(t, func(t *testing.T) {
		w := k.watcher(t)
		events := followed(w)
		defer close(events)
		r := run(t, w)
		beats(2) // far enough from the first dump
		k.links = append(k.links, newLink(9, "late"))
		asked := k.questions.Load()
		events <- event{err: unix.ENOBUFS}
		settled()
		if n := len(r.last.Load().Table.Links); n != 3 || k.questions.Load() == asked {
			t.Errorf("%d links", n)
		}
		// A host that loses events all the time is not asked all the time.
		asked = k.questions.Load()
		for range 50 {
			events <- event{err: unix.ENOBUFS}
			synctest.Wait()
		}
		settled()
		if n := k.questions.Load() - asked; n != 0 {
			t.Errorf("%d questions within a second of the dump", n)
		}
		beats(1)
		if n := k.questions.Load() - asked; n != 6 {
			t.Errorf("%d questions at the next beat, want one dump", n)
		}
	})
}

// What happens during a dump may be older or newer than what the dump says; in the end it is right.
func TestEventsDuringADumpAreNotLost(t *testing.T) {
	k := twoLinks()
	synctest.Test(t, func(t *testing.T) {
		w := k.watcher(t)
		events := followed(w)
		defer close(events)
		release := make(chan struct{})
		k.answer = func(n int64, _ netlink.HeaderType, msgs []netlink.Message) ([]netlink.Message, error) {
			if n == 1 {
				<-release
			}
			return msgs, nil
		}
		r := run(t, w)
		events <- event{kind: unix.RTM_NEWLINK, payload: newLink(3, "eth1")}
		events <- event{kind: unix.RTM_DELLINK, payload: newLink(2, "eth0")}
		settled()
		close(release)
		synctest.Wait()
		var names []string
		for _, l := range r.last.Load().Table.Links {
			names = append(names, l.Name)
		}
		if !slices.Equal(names, []string{"br0", "eth1"}) {
			t.Errorf("got %q", names)
		}
	})
}

func TestWithoutEventsEachBeatIsADump(t *testing.T) {
	k := twoLinks()
	synctest.Test(t, func(t *testing.T) {
		w := k.watcher(t)
		events := followed(w)
		dial, refuse := w.dialEvents, atomic.Bool{}
		w.dialEvents = func() (*netlink.Conn, error) {
			if refuse.Load() {
				return nil, unix.EPERM
			}
			return dial()
		}
		r := run(t, w)
		refuse.Store(true)
		close(events) // the socket fails
		synctest.Wait()
		asked := k.questions.Load()
		beats(3)
		if n := k.questions.Load() - asked; n != 3*6 {
			t.Errorf("%d questions in 3 beats, want 3 dumps of 6", n)
		}
		if h := r.last.Load().Health; h.State != health.OK {
			t.Errorf("%+v", h)
		}
	})
}

// A host at rest is looked at seldom.
func TestEventsSpareTheDumps(t *testing.T) {
	k := twoLinks()
	synctest.Test(t, func(t *testing.T) {
		w := k.watcher(t)
		events := followed(w)
		defer close(events)
		var dumps atomic.Int64
		k.answer = func(_ int64, ask netlink.HeaderType, msgs []netlink.Message) ([]netlink.Message, error) {
			if ask == unix.RTM_GETLINK {
				dumps.Add(1)
			}
			return msgs, nil
		}
		r := run(t, w)
		first := r.last.Load()
		beats(slow - 1)
		if dumps.Load() != 1 || r.last.Load().Table != first.Table {
			t.Errorf("%d dumps before the slow one", dumps.Load())
		}
		if age := w.now() - r.last.Load().Health.At; age > 2*beat {
			t.Errorf("last heard of %v ago", age)
		}
		beats(1)
		if dumps.Load() != 2 || r.last.Load().Table != first.Table {
			t.Errorf("%d dumps with the slow one", dumps.Load())
		}
	})
}

// TestAddressesStandWhereTheKernelListsThem: as ip does.
func TestAddressesStandWhereTheKernelListsThem(t *testing.T) {
	var w linkState
	for _, a := range []struct {
		index  int
		prefix string
		scope  uint8
		flags  uint32
	}{
		{index: 3, prefix: "10.0.0.1/24"}, {index: 2, prefix: "fe80::1/64", scope: unix.RT_SCOPE_LINK}, {index: 2, prefix: "10.0.0.1/24"},
		{index: 2, prefix: "10.0.0.2/24", flags: unix.IFA_F_SECONDARY}, {index: 2, prefix: "10.1.0.1/24"}, {index: 2, prefix: "10.2.0.1/24", scope: unix.RT_SCOPE_LINK},
		{index: 2, prefix: "fd00::1/64"}, {index: 2, prefix: "fd00::2/64"}, {index: 1, prefix: "127.0.0.1/8"},
		{index: 2, prefix: "fd00::2/64", flags: unix.IFA_F_DEPRECATED},
	} {
		w.setAddress(&addressMessage{index: a.index, prefix: netip.MustParsePrefix(a.prefix), scope: a.scope, flags: a.flags})
	}
	var got []string
	for _, a := range w.addresses {
		got = append(got, a.prefix.String())
	}
	want := []string{"127.0.0.1/8", "10.2.0.1/24", "10.0.0.1/24", "10.1.0.1/24", "10.0.0.2/24", "fd00::2/64", "fd00::1/64", "fe80::1/64", "10.0.0.1/24"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if w.addresses[5].flags != unix.IFA_F_DEPRECATED {
		t.Errorf("flags were not taken: %+v", w.addresses[5])
	}
}

// TestF15ChangesOfTheKernelAreSeenFromEvents makes the changes that a host's administrator makes and waits until the
// table is what ip says. Only events can have brought them: nothing was dumped for them.
func TestF15ChangesOfTheKernelAreSeenFromEvents(t *testing.T) {
	if testing.Short() {
		t.Skip("long: 27 changes of a network, each held to what ip says")
	}
	if !linktest.Inside(t) {
		return
	}
	linktest.IP(t, "link", "add", "br0", "type", "bridge")
	linktest.IP(t, "link", "add", "va", "type", "veth", "peer", "name", "vb")
	w := New(Options{})
	var dials atomic.Int64
	dial := w.dial
	w.dial = func() (*netlink.Conn, error) { dials.Add(1); return dial() }
	reports := make(chan *sample.LinkReport, 1000)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.Run(ctx, func(r *sample.LinkReport) { reports <- r })
	}()
	defer func() { stop(); <-ended }()
	last := (<-reports).Table
	far := linktest.Play(t, "far", unix.CLONE_NEWNET)
	pid := strconv.Itoa(far.PID())
	before, began := dials.Load(), time.Now()
	for _, change := range [][]string{
		{"addr", "add", "10.1.0.1/24", "dev", "va"}, {"addr", "add", "10.1.0.2/24", "dev", "va"}, {"addr", "add", "10.2.0.1/24", "dev", "va"}, {"addr", "add", "10.3.0.1/24", "dev", "va", "scope", "link"},
		{"link", "set", "va", "addrgenmode", "none", "up"}, {"link", "set", "vb", "addrgenmode", "none", "up"}, {"addr", "add", "fd00::1/64", "dev", "va", "nodad"},
		{"addr", "add", "fd00::2/64", "dev", "va", "nodad"}, {"addr", "change", "fd00::2/64", "dev", "va", "preferred_lft", "0"},
		{"link", "set", "vb", "master", "br0"}, {"link", "set", "br0", "up"}, {"link", "set", "va", "mtu", "1400"},
		{"link", "property", "add", "dev", "va", "altname", "a-long-name"}, {"link", "set", "vb", "down"}, // older kernels rename only what is down
		{"link", "set", "vb", "name", "renamed"}, {"link", "set", "renamed", "up"},
		{"link", "add", "link", "va", "name", "mv0", "type", "macvtap", "mode", "bridge"},
		{"link", "set", "mv0", "addrgenmode", "none", "up"}, // of one that is down the kernel tells no carrier
		{"link", "set", "renamed", "down"},
		{"link", "set", "renamed", "nomaster"}, {"addr", "del", "10.1.0.1/24", "dev", "va"}, {"link", "del", "mv0"},
		{"link", "set", "renamed", "netns", pid}, {"link", "set", "va", "down"}, {"link", "del", "va"},
		{"link", "add", "vc", "type", "veth", "peer", "name", "vd", "netns", pid}, {"link", "del", "br0"},
	} {
		linktest.IP(t, change...)
		last = untilLikeIP(t, last, reports, change)
	}
	// One look a beat, and one for the namespace that got an id.
	if n, most := dials.Load()-before, int64(time.Since(began)/beat)+2; n > most {
		t.Errorf("%d questions in these changes, want none but %d at the beats", n, most)
	}
}

// untilLikeIP waits until the last report says what ip says.
func untilLikeIP(t *testing.T, last *sample.LinkTable, reports <-chan *sample.LinkReport, change []string) *sample.LinkTable {
	t.Helper()
	deadline := time.After(await.Limit)
	again := time.NewTicker(50 * time.Millisecond) // ip may be ahead of a report, or behind it
	defer again.Stop()
	for {
		select {
		case r := <-reports:
			last = r.Table
		case <-again.C:
		case <-deadline:
			t.Fatalf("after ip %q: got  %s\nwant %s", change, written(oracleTable(last)), written(fromIP(t)))
		}
		if same(oracleTable(last), fromIP(t)) {
			return last
		}
	}
}
