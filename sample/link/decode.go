package link

import (
	"bytes"
	"encoding/binary"
	"iter"
	"net/netip"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// linkMessage is what an RTM_NEWLINK says, names as the kernel has them: any bytes but NUL, / and white space.
//
// Kernel: Documentation/netlink/specs/rt-link.yaml
type linkMessage struct {
	index, master int
	name, kind    string
	hardware      uint16 // ARPHRD_...
	flags         uint32 // IFF_...
	state         uint8  // RFC 2863 operstate
	mac           string // the hardware address's bytes
	mtu           uint32
}

// addressMessage is what an RTM_NEWADDR says.
//
// Kernel: Documentation/netlink/specs/rt-addr.yaml
type addressMessage struct {
	index  int
	prefix netip.Prefix
	scope  uint8
}

// hop is one next hop of a default route.
//
// Kernel: Documentation/netlink/specs/rt-route.yaml
type hop struct {
	family  int        // 4 or 6
	gateway netip.Addr // zero: on-link
	index   int        // of the interface
	metric  int
}

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

// appendLink adds the link of an RTM_NEWLINK payload, if it is one with an index and a name.
func appendLink(list []linkMessage, b []byte) []linkMessage {
	if len(b) < unix.SizeofIfInfomsg {
		return list
	}
	l := linkMessage{
		hardware: binary.NativeEndian.Uint16(b[2:]),
		index:    int(int32(binary.NativeEndian.Uint32(b[4:]))),
		flags:    binary.NativeEndian.Uint32(b[8:]),
	}
	for kind, v := range attributes(b[unix.SizeofIfInfomsg:]) {
		switch kind {
		case unix.IFLA_IFNAME:
			l.name = text(v)
		case unix.IFLA_MASTER:
			l.master = int(number(v))
		case unix.IFLA_MTU:
			l.mtu = number(v)
		case unix.IFLA_OPERSTATE:
			if len(v) > 0 {
				l.state = v[0]
			}
		case unix.IFLA_ADDRESS:
			l.mac = string(v)
		case unix.IFLA_LINKINFO:
			for kind, v := range attributes(v) {
				if kind == unix.IFLA_INFO_KIND {
					l.kind = text(v)
				}
			}
		}
	}
	if l.index <= 0 || l.name == "" {
		return list
	}
	return append(list, l)
}

// appendAddress adds the address of an RTM_NEWADDR payload, if it is an IP address.
func appendAddress(list []addressMessage, b []byte) []addressMessage {
	if len(b) < unix.SizeofIfAddrmsg {
		return list
	}
	var local, peer netip.Addr
	for kind, v := range attributes(b[unix.SizeofIfAddrmsg:]) {
		switch kind {
		case unix.IFA_LOCAL:
			local, _ = netip.AddrFromSlice(v)
		case unix.IFA_ADDRESS:
			peer, _ = netip.AddrFromSlice(v)
		}
	}
	// IFA_ADDRESS is the other end of a point-to-point link; only where there is no IFA_LOCAL is it our own address.
	if !local.IsValid() {
		local = peer
	}
	prefix := netip.PrefixFrom(local, int(b[1]))
	if !prefix.IsValid() {
		return list
	}
	index := int(int32(binary.NativeEndian.Uint32(b[4:])))
	return append(list, addressMessage{index: index, prefix: prefix, scope: b[3]})
}

// appendHops adds the next hops of an RTM_NEWROUTE payload, if it is a default route of the family in the main table
// that leads somewhere (unreachable and blackhole defaults do not). A kernel without IPv6 answers a question for IPv6
// routes with those of IPv4.
func appendHops(list []hop, b []byte, family byte) []hop {
	if len(b) < unix.SizeofRtMsg || b[0] != family || b[1] != 0 || b[7] != unix.RTN_UNICAST {
		return list
	}
	h := hop{family: 4}
	if family == unix.AF_INET6 {
		h.family = 6
	}
	table := uint32(b[4])
	var several []byte
	for kind, v := range attributes(b[unix.SizeofRtMsg:]) {
		switch kind {
		case unix.RTA_TABLE:
			table = number(v)
		case unix.RTA_PRIORITY:
			h.metric = int(number(v))
		case unix.RTA_MULTIPATH:
			several = v
		default:
			h.attribute(kind, v)
		}
	}
	if table != unix.RT_TABLE_MAIN {
		return list
	}
	if several != nil {
		return appendMultipath(list, several, h)
	}
	if h.index == 0 {
		return list
	}
	return append(list, h)
}

// appendMultipath adds a hop for each struct rtnexthop in b.
func appendMultipath(list []hop, b []byte, h hop) []hop {
	for len(b) >= unix.SizeofRtNexthop {
		size := int(binary.NativeEndian.Uint16(b))
		if size < unix.SizeofRtNexthop || size > len(b) {
			break
		}
		h.gateway, h.index = netip.Addr{}, int(int32(binary.NativeEndian.Uint32(b[4:])))
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

// attribute takes what a route and a part of a multipath route have in common.
func (h *hop) attribute(kind uint16, v []byte) {
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

// text is a payload up to its NUL.
func text(v []byte) string {
	v, _, _ = bytes.Cut(v, []byte{0})
	return string(v)
}
