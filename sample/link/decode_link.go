package link

import (
	"encoding/binary"
	"net"
	"strings"

	"golang.org/x/sys/unix"

	"hypervisor-tui/draw/clean"
	"hypervisor-tui/sample"
)

// linkMessage is what an RTM_NEWLINK says. name is as the kernel has it: any bytes but NUL, / and white space. Links are
// named by their index here; the table has their names.
//
// Kernel: Documentation/netlink/specs/rt-link.yaml
type linkMessage struct {
	index, master int
	parent        int // IFLA_LINK: the link below, or the other end; 0: none
	netns         int // the namespace that parent is of; -1: this one
	name, kind    string
	masterKind    string // IFLA_INFO_SLAVE_KIND: bridge, bond ...
	hardware      uint16 // ARPHRD_...
	flags         uint32 // IFF_...
	state         uint8  // RFC 2863 operstate
	mac           string // as text; empty where the hardware address is none of Ethernet's
	rawMAC        string // its bytes
	mtu           uint32
	active        int // the active slave of a bond
	detail        sample.LinkDetail
	whole         bool // it says all that a dump would; the notices of wireless drivers do not

	// Of an RTM_DELLINK of a link that moved to another namespace: the namespace, and its index there. -1: it is gone.
	newNetns, newIndex int
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
		newNetns: -1,
	}
	l.detail.CarrierChanges = -1
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
	case unix.IFLA_NEW_NETNSID:
		l.newNetns = int(int32(number(v)))
	case unix.IFLA_NEW_IFINDEX:
		l.newIndex = int(int32(number(v)))
	case unix.IFLA_MTU:
		l.mtu, l.whole = number(v), true
	case unix.IFLA_OPERSTATE:
		l.state = octet(v)
	case unix.IFLA_ADDRESS:
		l.rawMAC = string(v)
		switch l.hardware {
		case unix.ARPHRD_ETHER, unix.ARPHRD_INFINIBAND: // a tunnel's hardware address is an IP address
			l.mac = net.HardwareAddr(v).String()
		}
	case unix.IFLA_CARRIER_CHANGES:
		l.detail.CarrierChanges = int(number(v))
	case unix.IFLA_LINKINFO:
		l.info(v)
	case unix.IFLA_PROP_LIST:
		l.altNames(v)
	}
}

func (l *linkMessage) altNames(b []byte) {
	var names []string
	for kind, v := range attributes(b) {
		if kind == unix.IFLA_ALT_IFNAME {
			names = append(names, clean.String(text(v)))
		}
	}
	l.detail.AltNames = strings.Join(names, " ")
}

// info takes IFLA_LINKINFO. The kernel names a kind before its data.
func (l *linkMessage) info(b []byte) {
	for kind, v := range attributes(b) {
		switch kind {
		case unix.IFLA_INFO_KIND:
			l.kind = text(v)
		case unix.IFLA_INFO_DATA:
			l.data(v)
		case unix.IFLA_INFO_SLAVE_KIND:
			l.masterKind = text(v)
		case unix.IFLA_INFO_SLAVE_DATA:
			l.portData(v)
		}
	}
}

// decodePort decodes what a bridge says of one of its ports (family AF_BRIDGE, in RTM_NEWLINK). RTM_DELLINK of that
// family means that the link has left the bridge, not that it is gone.
func decodePort(b []byte) (index int, state uint8, ok bool) {
	if len(b) < unix.SizeofIfInfomsg || b[0] != unix.AF_BRIDGE {
		return 0, 0, false
	}
	index = int(int32(binary.NativeEndian.Uint32(b[4:])))
	for kind, v := range attributes(b[unix.SizeofIfInfomsg:]) {
		if kind != unix.IFLA_PROTINFO {
			continue
		}
		for kind, v := range attributes(v) {
			if kind == unix.IFLA_BRPORT_STATE {
				return index, octet(v), true
			}
		}
	}
	return index, 0, false
}
