package link

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"
)

const (
	sizeofNhMsg = 8  // struct nhmsg
	mostMembers = 64 // of a group of nexthop objects
)

// resolve puts what nexthop objects say in the place of the hops that name them. Of one that cannot be had nothing is
// known, and it is left out. The kernel says it of itself unless net.ipv4.nexthop_compat_mode is off.
//
// Kernel: Documentation/netlink/specs/rt-nexthop.yaml, uapi/linux/nexthop.h
func (s *session) resolve(hops []nextHop) []nextHop {
	var all []nextHop
	for i, h := range hops {
		if h.object == 0 {
			if all != nil {
				all = append(all, h)
			}
			continue
		}
		if all == nil {
			all = append(make([]nextHop, 0, len(hops)), hops[:i]...)
		}
		o := s.object(h.object)
		if o.members == nil {
			o.members = []member{{id: h.object}}
		}
		single := len(o.members) == 1
		for _, m := range o.members {
			if m.id != h.object {
				o = s.object(m.id)
			}
			one := h
			one.object, one.index, one.gateway, one.weight = 0, o.index, o.gateway, m.weight
			one.flags(o.flags)
			if single {
				one.weight = 0
			}
			if o.index != 0 {
				all = append(all, one)
			}
		}
	}
	if all == nil {
		return hops
	}
	return all
}

// object is what is known of a nexthop object: of one that is a group its members.
type object struct {
	index   int // 0: it leads nowhere
	gateway netip.Addr
	flags   byte
	members []member
}

// member is one of a group, with its share.
type member struct {
	id     uint32
	weight int
}

func (s *session) object(id uint32) (o object) {
	answers, err := s.question(unix.RTM_GETNEXTHOP, appendUint32(make([]byte, sizeofNhMsg), unix.NHA_ID, id))
	if err != nil || len(answers) == 0 {
		return o
	}
	return decodeObject(answers[0].Data)
}

// decodeObject decodes an RTM_NEWNEXTHOP payload.
func decodeObject(b []byte) (o object) {
	if len(b) < sizeofNhMsg {
		return o
	}
	o.flags = b[4]
	for kind, v := range attributes(b[sizeofNhMsg:]) {
		switch kind {
		case unix.NHA_OIF:
			o.index = int(int32(number(v)))
		case unix.NHA_GATEWAY:
			o.gateway, _ = netip.AddrFromSlice(v)
		case unix.NHA_GROUP: // struct nexthop_grp: id, share less 1, three bytes more
			const size = 8
			for len(v) >= size && len(o.members) < mostMembers {
				o.members = append(o.members, member{binary.NativeEndian.Uint32(v), int(v[4]) + 1})
				v = v[size:]
			}
		}
	}
	return o
}
