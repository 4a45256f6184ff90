package link

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"net"
	"strconv"

	"golang.org/x/sys/unix"

	"hypervisor-tui/sample"
)

const tunTypeTAP = 2 // IFF_TAP of linux/if_tun.h

// data takes IFLA_INFO_DATA of the link's own kind.
func (l *linkMessage) data(b []byte) {
	switch l.kind {
	case "bridge":
		l.extra().detail.Bridge = decodeBridge(b)
	case "bond":
		l.bond(b)
	case "vlan":
		l.extra().detail.VLAN = int(short(firstOf(b, unix.IFLA_VLAN_ID)))
	case "vxlan":
		l.extra().detail.VLAN = int(number(firstOf(b, unix.IFLA_VXLAN_ID)))
	case "macvlan", "macvtap":
		if v := firstOf(b, unix.IFLA_MACVLAN_MODE); v != nil {
			l.extra().detail.Mode = macvlanMode(number(v))
		}
	case "tun":
		l.extra().detail.Mode = "tun"
		if octet(firstOf(b, unix.IFLA_TUN_TYPE)) == tunTypeTAP {
			l.extra().detail.Mode = "tap"
		}
	}
}

// portData takes IFLA_INFO_SLAVE_DATA of the master's kind.
func (l *linkMessage) portData(masterKind string, b []byte) {
	switch masterKind {
	case "bridge":
		if v := firstOf(b, unix.IFLA_BRPORT_STATE); v != nil {
			l.port = octet(v) + 1
		}
	case "bond":
		l.extra().detail.BondPort = decodeBondPort(b)
	}
}

func decodeBridge(b []byte) *sample.Bridge {
	bridge := &sample.Bridge{FDB: -1}
	for kind, v := range attributes(b) {
		switch kind {
		case unix.IFLA_BR_STP_STATE:
			bridge.STP = number(v) != 0
		case unix.IFLA_BR_VLAN_FILTERING:
			bridge.Filtering = octet(v) != 0
		case unix.IFLA_BR_FDB_N_LEARNED:
			bridge.FDB = int(number(v))
		}
	}
	return bridge
}

func (l *linkMessage) bond(b []byte) {
	bond := &sample.Bond{}
	for kind, v := range attributes(b) {
		switch kind {
		case unix.IFLA_BOND_MODE:
			bond.Mode = bondMode(octet(v))
		case unix.IFLA_BOND_ACTIVE_SLAVE:
			l.extra().active = int(number(v))
		case unix.IFLA_BOND_AD_INFO:
			for kind, v := range attributes(v) {
				switch {
				case kind == unix.IFLA_BOND_AD_INFO_NUM_PORTS:
					bond.Ports = int(short(v))
				case kind == unix.IFLA_BOND_AD_INFO_PARTNER_MAC && !zero(v):
					bond.PartnerMAC = net.HardwareAddr(v).String()
				}
			}
		}
	}
	l.extra().detail.Bond = bond
}

func decodeBondPort(b []byte) *sample.BondPort {
	port := &sample.BondPort{}
	for kind, v := range attributes(b) {
		switch kind {
		case unix.IFLA_BOND_SLAVE_STATE:
			port.State = named(octet(v), "active", "backup")
		case unix.IFLA_BOND_SLAVE_MII_STATUS:
			port.Link = named(octet(v), "up", "going down", "down", "going back up")
		case unix.IFLA_BOND_SLAVE_LINK_FAILURE_COUNT:
			port.Failures = int(number(v))
		case unix.IFLA_BOND_SLAVE_AD_AGGREGATOR_ID:
			port.Aggregator = int(short(v))
		}
	}
	return port
}

// zero reports whether b has no byte but 0: a partner that does not answer has such an address.
func zero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// named is names[n], or the number itself for one that is newer than this program.
func named(n uint8, names ...string) string { return cmp.Or(oneOf(n, names...), strconv.Itoa(int(n))) }

// oneOf is names[n], empty where they end before.
func oneOf(n uint8, names ...string) string {
	if int(n) < len(names) {
		return names[n]
	}
	return ""
}

// portState names a state of a bridge's port as bridge(8) does.
func portState(state uint8) string {
	return named(state, "disabled", "listening", "learning", "forwarding", "blocking")
}

// bondMode names a mode as /sys/class/net/X/bonding/mode does.
func bondMode(mode uint8) string {
	return named(mode, "balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb")
}

// macvlanMode names a mode as ip(8) does; modes are bits.
func macvlanMode(mode uint32) string {
	names := [...]string{"private", "vepa", "bridge", "passthru", "source"}
	if at := bits.TrailingZeros32(mode); bits.OnesCount32(mode) == 1 && at < len(names) {
		return names[at]
	}
	return strconv.FormatUint(uint64(mode), 10)
}

// decodeVF decodes what an RTM_NEWLINK that was asked for with RTEXT_FILTER_VF says of one virtual function.
func decodeVF(b []byte) (vf sample.VF, ok bool) {
	for kind, v := range attributes(b) {
		if len(v) < 8 {
			continue
		}
		// Each attribute begins with the number of the function.
		vf.Number = int(binary.NativeEndian.Uint32(v))
		figure := binary.NativeEndian.Uint32(v[4:])
		switch kind {
		case unix.IFLA_VF_MAC: // 32 bytes, of which Ethernet has six
			ok = true
			if len(v) >= 10 && !zero(v[4:10]) {
				vf.MAC = net.HardwareAddr(v[4:10]).String()
			}
		case unix.IFLA_VF_VLAN:
			vf.VLAN = int(figure)
		case unix.IFLA_VF_SPOOFCHK:
			vf.SpoofChk = figure == 1
		case unix.IFLA_VF_TRUST:
			vf.Trust = figure == 1
		case unix.IFLA_VF_LINK_STATE:
			vf.State = named(uint8(min(figure, 255)), "auto", "enable", "disable")
		}
	}
	return vf, ok
}

// decodeVFs decodes the virtual functions in an RTM_NEWLINK payload.
func decodeVFs(b []byte) []sample.VF {
	if len(b) < unix.SizeofIfInfomsg {
		return nil
	}
	var list []sample.VF
	for kind, v := range attributes(firstOf(b[unix.SizeofIfInfomsg:], unix.IFLA_VFINFO_LIST)) {
		if vf, ok := decodeVF(v); ok && kind == unix.IFLA_VF_INFO {
			list = append(list, vf)
		}
	}
	return list
}
