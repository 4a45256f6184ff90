package link

import (
	"bytes"
	"encoding/binary"
	"iter"
	"net/netip"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// addressMessage is what an RTM_NEWADDR says.
//
// Kernel: Documentation/netlink/specs/rt-addr.yaml
type addressMessage struct {
	index  int
	prefix netip.Prefix
	scope  uint8
	flags  uint32 // IFA_F_...
}

// same reports whether both are one address of one link: what the kernel tells them apart by.
func (a *addressMessage) same(b *addressMessage) bool {
	return a.index == b.index && a.prefix == b.prefix
}

// nextHop is one next hop of a default route.
//
// Kernel: Documentation/netlink/specs/rt-route.yaml
type nextHop struct {
	family  int        // 4 or 6
	gateway netip.Addr // zero: on-link
	index   int        // of the interface
	metric  int
	table   int
	weight  int // among several; 0: it is the only one
	onLink  bool
	dead    bool   // the kernel says that the link is down
	less    int    // how much less than others of its metric the router wants to be used: -1 to 1
	object  uint32 // the nexthop object that it is still to be asked for; 0: none
}

const routeObject = 30 // RTA_NH_ID of linux/rtnetlink.h

// attributes yields the netlink attributes in b: type without its two flag bits, and payload, which is b's memory. A
// broken one ends it.
func attributes(b []byte) iter.Seq2[uint16, []byte] {
	return func(yield func(uint16, []byte) bool) {
		for len(b) >= unix.SizeofNlAttr {
			size := int(binary.NativeEndian.Uint16(b))
			kind := binary.NativeEndian.Uint16(b[2:]) &^ (netlink.Nested | netlink.NetByteOrder)
			if size < unix.SizeofNlAttr || size > len(b) || !yield(kind, b[unix.SizeofNlAttr:size]) {
				return
			}
			b = b[min((size+3)&^3, len(b)):]
		}
	}
}

// firstOf returns the payload of the first attribute of a kind in b, nil without one.
func firstOf(b []byte, kind uint16) []byte {
	for is, v := range attributes(b) {
		if is == kind {
			return v
		}
	}
	return nil
}

// decodeAddress decodes an RTM_NEWADDR or RTM_DELADDR payload; false: it is not an IP address.
func decodeAddress(b []byte) (a addressMessage, ok bool) {
	if len(b) < unix.SizeofIfAddrmsg {
		return a, false
	}
	a = addressMessage{index: int(int32(binary.NativeEndian.Uint32(b[4:]))), scope: b[3], flags: uint32(b[2])}
	var local, peer netip.Addr
	for kind, v := range attributes(b[unix.SizeofIfAddrmsg:]) {
		switch kind {
		case unix.IFA_LOCAL:
			local, _ = netip.AddrFromSlice(v)
		case unix.IFA_ADDRESS:
			peer, _ = netip.AddrFromSlice(v)
		case unix.IFA_FLAGS: // all of them: the header has room for eight
			a.flags = number(v)
		}
	}
	// IFA_ADDRESS is the other end of a point-to-point link; only where there is no IFA_LOCAL is it our own address.
	if !local.IsValid() {
		local = peer
	}
	a.prefix = netip.PrefixFrom(local, int(b[1]))
	return a, a.prefix.IsValid()
}

// isDefault reports whether an RTM_NEWROUTE or RTM_DELROUTE payload is a default route, whatever it does.
func isDefault(b []byte) bool { return len(b) >= unix.SizeofRtMsg && b[1] == 0 }

// appendNextHops adds the next hops of an RTM_NEWROUTE payload, if it is a default route of the family that leads
// somewhere (unreachable and blackhole defaults do not). A kernel without IPv6 answers a question for IPv6 routes with
// those of IPv4. A route for packets of one type of service is not where the others go.
func appendNextHops(list []nextHop, b []byte, family byte) []nextHop {
	if !isDefault(b) || b[0] != family || b[3] != 0 || b[7] != unix.RTN_UNICAST {
		return list
	}
	if binary.NativeEndian.Uint32(b[8:])&unix.RTM_F_CLONED != 0 { // a cached copy
		return list
	}
	h := nextHop{family: 4, table: int(b[4])}
	h.flags(b[8])
	if family == unix.AF_INET6 {
		h.family = 6
	}
	var several []byte
	for kind, v := range attributes(b[unix.SizeofRtMsg:]) {
		switch kind {
		case unix.RTA_TABLE:
			h.table = int(number(v))
		case unix.RTA_PRIORITY:
			h.metric = int(number(v))
		case unix.RTA_PREF: // 1 is high, 3 is low
			h.less = [...]int{0, -1, 0, 1}[octet(v)&3]
		case routeObject:
			h.object = number(v)
		case unix.RTA_MULTIPATH:
			several = v
		default:
			h.attribute(kind, v)
		}
	}
	if several != nil || h.index != 0 {
		h.object = 0 // the kernel says itself what is in it
	}
	if several != nil {
		return appendMultipath(list, several, h)
	}
	if h.index == 0 && h.object == 0 {
		return list
	}
	return append(list, h)
}

// appendMultipath adds a hop for each struct rtnexthop in b.
func appendMultipath(list []nextHop, b []byte, h nextHop) []nextHop {
	for len(b) >= unix.SizeofRtNexthop {
		size := int(binary.NativeEndian.Uint16(b))
		if size < unix.SizeofRtNexthop || size > len(b) {
			break
		}
		h.gateway, h.index = netip.Addr{}, int(int32(binary.NativeEndian.Uint32(b[4:])))
		h.weight = int(b[3]) + 1
		h.flags(b[2])
		for kind, v := range attributes(b[unix.SizeofRtNexthop:size]) {
			if kind != unix.RTA_OIF {
				h.attribute(kind, v)
			}
		}
		list = append(list, h)
		b = b[min((size+3)&^3, len(b)):]
	}
	return list
}

func (h *nextHop) flags(f byte) {
	h.onLink, h.dead = f&unix.RTNH_F_ONLINK != 0, f&(unix.RTNH_F_DEAD|unix.RTNH_F_LINKDOWN) != 0
}

// attribute takes what a route and a part of a multipath route have in common.
func (h *nextHop) attribute(kind uint16, v []byte) {
	switch kind {
	case unix.RTA_OIF:
		h.index = int(int32(number(v)))
	case unix.RTA_GATEWAY:
		h.gateway, _ = netip.AddrFromSlice(v)
	case unix.RTA_VIA: // a gateway of the other family, after two bytes that name it
		if len(v) > 2 {
			h.gateway, _ = netip.AddrFromSlice(v[2:])
		}
	}
}

// number is a payload of four bytes, 0 if it is shorter.
func number(v []byte) uint32 {
	if len(v) < 4 {
		return 0
	}
	return binary.NativeEndian.Uint32(v)
}

// short is a payload of two bytes, 0 if it is shorter.
func short(v []byte) uint16 {
	if len(v) < 2 {
		return 0
	}
	return binary.NativeEndian.Uint16(v)
}

// octet is a payload of one byte, 0 if it is empty.
func octet(v []byte) uint8 {
	if len(v) == 0 {
		return 0
	}
	return v[0]
}

// text is a payload up to its NUL.
func text(v []byte) string {
	v, _, _ = bytes.Cut(v, []byte{0})
	return string(v)
}
