package link

import (
	"context"
	"os"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/sample"
)

// sockets counts those that this process has open.
func sockets(t *testing.T) (n int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc: ", err)
	}
	for _, e := range entries {
		if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.HasPrefix(target, "socket:") {
			n++
		}
	}
	return n
}

// Each question has a socket of its own, which is closed whether it is answered or not, and so is that of the events. The
// garbage collector, which closes what nobody has any more, is not asked.
func TestDNetlinkSocketsAreClosed(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	w := New(Options{})
	if _, err := w.Dump(t.Context()); err != nil {
		t.Skip("no rtnetlink: ", err)
	}
	before := sockets(t)
	over, end := context.WithCancel(t.Context())
	end()
	for range 20 {
		if _, err := w.Dump(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Dump(over); err == nil {
			t.Error("a dump that is over has an answer")
		}
	}
	if n := sockets(t); n != before {
		t.Errorf("%d sockets became %d with the dumps", before, n)
	}
	w.dialEvents = func() (*netlink.Conn, error) { // one that fails
		c, err := listenRoute()
		if err == nil {
			err = c.SetDeadline(time.Unix(1, 0))
		}
		return c, err
	}
	for range 5 {
		for range w.listen(t.Context()) {
			t.Error("an event of a socket that fails")
		}
	}
	await.Until(t, "the sockets that failed to close", func() bool { return sockets(t) <= before })
	w.dialEvents = listenRoute
	for range 5 {
		ctx, stop := context.WithCancel(t.Context())
		if err := w.Run(ctx, func(*sample.LinkReport) { stop() }); err == nil {
			t.Error("it ended by itself")
		}
	}
	await.Until(t, "the sockets of events to close", func() bool { return sockets(t) <= before })
}

// The kernel gives a number again, and what the hardware behind it was set to is not told of the next one.
func TestDSettingsOfAGoneDeviceAreForgotten(t *testing.T) {
	f := findings{
		links:   []linkMessage{{index: 3, name: "eth0", netns: -1}, {index: 4, name: "eth1", netns: -1}},
		devices: map[int]device{3: {physical: true, driver: "igb", mbps: 1000}, 4: {physical: true, mbps: 100}},
	}
	var w linkState
	w.merge(&pollRequest{everything: true, around: true, listeners: true}, &f)
	w.apply(&netlink.Message{Header: netlink.Header{Type: unix.RTM_DELLINK}, Data: newLink(3, "eth0")})
	w.apply(&netlink.Message{Header: netlink.Header{Type: unix.RTM_NEWLINK}, Data: newLink(3, "veth7")})
	links := w.table(nil).Links
	if l := links[0]; l.Name != "veth7" || l.Physical || l.More().Driver != "" || l.More().SpeedMbps != 0 {
		t.Errorf("%+v, %+v", l.SharedAttrs, l.More())
	}
	if l := links[1]; !l.Physical || l.More().SpeedMbps != 100 || len(w.devices) != 1 {
		t.Errorf("%+v, %d devices", l.More(), len(w.devices))
	}
}

// Events that come while a dump hangs are kept for it, but not for ever.
func TestDHeldEventsAreBounded(t *testing.T) {
	r := follower{Watcher: New(Options{}), busy: true, asked: pollRequest{everything: true}}
	b := batch{messages: make([]netlink.Message, mostHeld/4)}
	most := 0
	for range 40 {
		r.take(&b)
		most = max(most, len(r.held))
	}
	if most > mostHeld || !r.wanted.everything {
		t.Errorf("%d events held, another dump wanted: %v", most, r.wanted.everything)
	}
	r.held, r.wanted = nil, pollRequest{}
	r.take(&b)
	if len(r.held) != mostHeld/4 || r.wanted.everything {
		t.Errorf("%d of a few events held, another dump wanted: %v", len(r.held), r.wanted.everything)
	}
}
