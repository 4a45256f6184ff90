package link

import (
	"testing"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// TestVethWhoseOtherEndMoves: of the end that stays the kernel sends nothing.
func TestVethWhoseOtherEndMoves(t *testing.T) {
	end := func(index int, name string, parent uint32, more ...[]byte) []byte {
		return newLink(index, name, append(more, linkKind("veth"), attribute(unix.IFLA_LINK, word(parent)))...)
	}
	event := func(kind netlink.HeaderType, b []byte) *netlink.Message {
		return &netlink.Message{Header: netlink.Header{Type: kind}, Data: b}
	}
	var w linkState
	for _, b := range [][]byte{end(2, "va", 3), end(3, "vb", 2), newLink(4, "br0", linkKind("bridge"))} {
		l, ok := decodeLink(b)
		if !ok {
			t.Fatal("no link")
		}
		w.links = append(w.links, l)
	}
	moved := end(3, "vb", 2, attribute(unix.IFLA_NEW_NETNSID, word(7)), attribute(unix.IFLA_NEW_IFINDEX, word(9)))
	if c := w.apply(event(unix.RTM_DELLINK, moved)); !c.any || !c.guests {
		t.Errorf("moved away: %+v, want VMs to be looked for", c)
	}
	if va := w.table(nil).Links[0]; va.Peer == nil || va.Peer.Namespace != 7 || va.Peer.Index != 9 || va.Parent != "" {
		t.Errorf("moved away: %+v", va)
	}
	w.apply(event(unix.RTM_NEWLINK, end(12, "vb", 2, attribute(unix.IFLA_MTU, word(1500)))))
	if va := w.table(nil).Links[0]; va.Peer != nil || va.Parent != "vb" {
		t.Errorf("come back: %+v", va)
	}
	gone := event(unix.RTM_DELLINK, end(12, "vb", 2))
	if c := w.apply(gone); !c.any || c.guests || len(w.links) != 2 {
		t.Errorf("gone: %+v, %d links", c, len(w.links))
	}
	if va := w.table(nil).Links[0]; va.Peer != nil || va.Parent != "" {
		t.Errorf("gone: %+v", va)
	}
}
