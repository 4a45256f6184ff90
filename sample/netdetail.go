package sample

import "time"

// LinkDetail is what only links of the hardware, bridges, bonds and others that lie on or under another have.
type LinkDetail struct {
	AltNames  string // other names that it answers to, a space between two
	Driver    string
	SpeedMbps int    // 0: unknown
	Duplex    string // full, half or empty when unknown
	Bus       string // where its device is: 0000:3b:00.0
	Firmware  string // as the driver names it
	Port      string // what the cable goes into: twisted pair, fibre, direct attach, none ...; empty: unknown
	Autoneg   string // on, off or empty: unknown
	Mode      string // of a macvlan or macvtap; tap or tun of a TUN device
	VLAN      int    // id of a VLAN, or of the network of a VXLAN; 0: has none
	Bridge    *Bridge
	Bond      *Bond
	BondPort  *BondPort
	VFs       []VF // of an SR-IOV device, by number
	// Uplinks are the interfaces of the hardware that this link reaches through bridges, bonds and VLANs, itself left out.
	Uplinks []string
	// Above are the links that hang on this one, and VMs the guests: what would be cut off with it. Only links that
	// others lie on have them.
	Above []string
	VMs   []AttachedVM
}

// Bridge is the state of a bridge.
//
// Kernel: Documentation/networking/bridge.rst
type Bridge struct {
	STP       bool
	Filtering bool // VLAN filtering
	FDB       int  // addresses that it has learned; -1: unknown
	Ports     int
}

// BridgePort is a link as a port of a bridge.
type BridgePort struct {
	State   string // forwarding, blocking, listening, learning, disabled
	Learned int    // addresses learned behind it; -1: unknown
}

// Bond is the state of a bond.
//
// Kernel: Documentation/networking/bonding.rst
type Bond struct {
	Mode       string // 802.3ad, active-backup ...
	Active     string // name of the active slave; empty: the mode has none, or there is none
	PartnerMAC string // of the LACP partner; empty: the mode has none, or none answers
	Ports      int    // that LACP has in the active aggregator; 0: not known
	Slaves, Up int    // slaves in all, and of these those whose link is up
}

// BondPort is a link as a slave of a bond.
type BondPort struct {
	State      string // active or backup
	Link       string // up, going down, down, going back up
	Failures   int    // times that the link has failed
	Aggregator int    // of LACP; 0: none
}

// VF is one virtual function of an SR-IOV device. What its driver does not say is empty.
type VF struct {
	Number   int
	Bus      string // where its device is, as passed through to a guest
	Name     string // of its interface, while the host has it
	MAC      string
	VLAN     int
	State    string // of its link: auto, enable, disable
	VM       *AttachedVM
	Trust    bool
	SpoofChk bool
}

// Peer is where the other end of a link lies.
type Peer struct {
	Namespace int    // the kernel's id of it, which is our own and used again
	Index     int    // of the interface there
	Name      string // of the interface there; empty: unknown
}

// AttachedVM is a guest that a link leads to, as its QEMU process tells.
type AttachedVM struct {
	Namespace, Name string // as in VM
	PID             int
}

// NetServices is what the host's files and sockets say of its network. Once published it is immutable.
type NetServices struct {
	Search    []string // search domains of /etc/resolv.conf
	Upstream  []string // nameservers that systemd-resolved asks, where resolv.conf names but its stub
	CNI       string   // network plugin; empty: unknown
	CNISource string   // what says so
	PodCIDR   string   // addresses of pods in the whole cluster
	NodeCIDR  string   // those of this node
	WhyCNI    string   // why CNI or the addresses are unknown
	Listen    []Listener
	WhyListen string // why Listen says nothing

	// What files say, the nameservers among it, is unknown while one of them does not answer. Empty: they do.
	WhyFiles   string
	FilesSince time.Duration // CLOCK_BOOTTIME from which it has not
}

// Listener is a TCP port of Kubernetes that somebody listens on, in the host's own namespace.
type Listener struct {
	Port    int
	Service string // API server, kubelet ...
	Address string // all, loopback, or an address
}

// noTraits and noDetail stand for what is not known of a link, and for what it does not have.
var (
	noTraits SharedAttrs
	noDetail LinkDetail
)

// More is what the link has beyond what all have; never nil.
func (l *Link) More() *LinkDetail {
	if l.Detail == nil {
		return &noDetail
	}
	return l.Detail
}
