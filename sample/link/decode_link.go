package link

import (
	"bytes"
	"encoding/binary"
	"net"
	"reflect"
	"strings"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/sample"
)

// linkMessage is what an RTM_NEWLINK says. name is as the kernel has it: any bytes but NUL, / and white space. Links are
// named by their index here; the table has their names. A hypervisor has thousands: what few have is in more.
//
// Kernel: Documentation/netlink/specs/rt-link.yaml
type linkMessage struct {
	index, master int
	parent        int // IFLA_LINK: the link below, or the other end; 0: none
	netns         int // the namespace that parent is of; -1: this one
	name, kind    string
	mac           string // as text; empty where the hardware address is none of Ethernet's
	flags         uint32 // IFF_...
	mtu           uint32
	changes       int32  // of the carrier since the link was made; -1: unknown
	hardware      uint16 // ARPHRD_...
	state         uint8  // RFC 2863 operstate
	port          uint8  // 1 more than the state as a port of a bridge; 0: it is none
	whole         bool   // it says all that a dump would; the notices of wireless drivers do not
	more          *linkMore
}

// linkMore is the rest of what an RTM_NEWLINK says.
type linkMore struct {
	detail sample.LinkDetail
	active int // the active slave of a bond
}

// same reports whether both say the same.
func (l *linkMessage) same(o *linkMessage) bool {
	a, b := *l, *o
	a.more, b.more = nil, nil
	return a == b && (l.more == o.more || reflect.DeepEqual(l.more, o.more))
}

// extra is more, made for writing.
func (l *linkMessage) extra() *linkMore {
	if l.more == nil {
		l.more = &linkMore{}
	}
	return l.more
}

// mode is the mode of a macvlan or TUN device.
func (l *linkMessage) mode() string {
	if l.more == nil {
		return ""
	}
	return l.more.detail.Mode
}

// decodeLink decodes an RTM_NEWLINK or RTM_DELLINK payload; false: it is not a link with an index and a name. The notices
// of bridges about their ports are of another family: see decodePort.
func decodeLink(b []byte) (l linkMessage, ok bool) {
	if len(b) < unix.SizeofIfInfomsg || b[0] != unix.AF_UNSPEC {
		return l, false
	}
	l = linkMessage{
		hardware: binary.NativeEndian.Uint16(b[2:]),
		index:    int(int32(binary.NativeEndian.Uint32(b[4:]))),
		flags:    binary.NativeEndian.Uint32(b[8:]),
		netns:    -1,
		changes:  -1,
	}
	for kind, v := range attributes(b[unix.SizeofIfInfomsg:]) {
		l.attribute(kind, v)
	}
	return l, l.index > 0 && l.name != ""
}

func (l *linkMessage) attribute(kind uint16, v []byte) {
	switch kind {
	case unix.IFLA_IFNAME:
		l.name = text(v)
	case unix.IFLA_MASTER:
		l.master = int(number(v))
	case unix.IFLA_LINK:
		l.parent = int(number(v))
	case unix.IFLA_LINK_NETNSID:
		l.netns = int(int32(number(v)))
	case unix.IFLA_MTU:
		l.mtu, l.whole = number(v), true
	case unix.IFLA_OPERSTATE:
		l.state = octet(v)
	case unix.IFLA_ADDRESS:
		switch l.hardware {
		case unix.ARPHRD_ETHER, unix.ARPHRD_INFINIBAND: // a tunnel's hardware address is an IP address
			l.mac = net.HardwareAddr(v).String()
		}
	case unix.IFLA_CARRIER_CHANGES:
		l.changes = int32(number(v))
	case unix.IFLA_LINKINFO:
		l.info(v)
	case unix.IFLA_PROP_LIST:
		l.altNames(v)
	}
}

// decodeMove decodes where a link of an RTM_DELLINK payload has moved to: the namespace, and its index there. The namespace
// is -1 when it is gone.
func decodeMove(b []byte) (netns, index int) {
	netns = -1
	for kind, v := range attributes(b[unix.SizeofIfInfomsg:]) {
		switch kind {
		case unix.IFLA_NEW_NETNSID:
			netns = int(int32(number(v)))
		case unix.IFLA_NEW_IFINDEX:
			index = int(int32(number(v)))
		}
	}
	return netns, index
}

func (l *linkMessage) altNames(b []byte) {
	var names []string
	for kind, v := range attributes(b) {
		if kind == unix.IFLA_ALT_IFNAME {
			names = append(names, clean.String(text(v)))
		}
	}
	if len(names) > 0 {
		l.extra().detail.AltNames = strings.Join(names, " ")
	}
}

// info takes IFLA_LINKINFO. The kernel names a kind before its data.
func (l *linkMessage) info(b []byte) {
	var masterKind string
	for kind, v := range attributes(b) {
		switch kind {
		case unix.IFLA_INFO_KIND:
			l.kind = kindName(v)
		case unix.IFLA_INFO_DATA:
			l.data(v)
		case unix.IFLA_INFO_SLAVE_KIND:
			masterKind = kindName(v)
		case unix.IFLA_INFO_SLAVE_DATA:
			l.portData(masterKind, v)
		}
	}
}

// kindName is a kind of link; of the usual ones, of which there may be thousands, it is the same string each time.
func kindName(v []byte) string {
	v, _, _ = bytes.Cut(v, []byte{0})
	for _, usual := range [...]string{"veth", "tun", "macvtap", "bridge", "bond", "vlan", "vxlan", "dummy"} {
		if string(v) == usual {
			return usual
		}
	}
	return string(v)
}

// decodePort decodes what a bridge says of one of its ports (family AF_BRIDGE, in RTM_NEWLINK). RTM_DELLINK of that
// family means that the link has left the bridge, not that it is gone.
func decodePort(b []byte) (index int, state uint8, ok bool) {
	if len(b) < unix.SizeofIfInfomsg || b[0] != unix.AF_BRIDGE {
		return 0, 0, false
	}
	index = int(int32(binary.NativeEndian.Uint32(b[4:])))
	v := firstOf(firstOf(b[unix.SizeofIfInfomsg:], unix.IFLA_PROTINFO), unix.IFLA_BRPORT_STATE)
	return index, octet(v), v != nil
}
