package sample

import (
	"time"

	"hypervisor-tui/internal/health"
)

// Net is one sample of the host's network: what the links are (from sample/link) and what they count (from
// /proc/net/dev). It is good as long as a Host is; the links and the slices but Interfaces and Histories are shared, and
// nobody may change them.
type Net struct {
	At         time.Duration // CLOCK_BOOTTIME
	Changes    uint64        // rises with each change of anything but counters: what was made of the links is old then
	Interfaces []*Interface  // by index
	Addresses  []Address     // grouped by interface: Link.FirstAddress says where
	Gateways   []Gateway     // default routes: those of the main table first, then by family and metric
	DNS        []string      // nameserver lines of /etc/resolv.conf
	Services   *NetServices  // immutable; nil before the first look
	Rx, Tx     float64       // bytes a second over physical interfaces, each byte once; NaN until they have been read twice
	Counted    time.Duration // CLOCK_BOOTTIME at which Rx and Tx were true last
	Sockets    SocketCounts
	Histories  []NICHistory // of the first physical interfaces; History finds one

	counted  []Interface // what the sampler's Interfaces point to
	reading  uint64      // rises with each change of what is counted, but for the hardware's between two readings of all
	hardware []int32     // where the interfaces stand that are counted in between; shared

	remembered uint64 // the Changes that Histories fits
}

// Interface is one network link and what it counts.
type Interface struct {
	*Link      // never nil
	Plain bool // it has no cable and no Detail: a port as there are thousands

	// Counters as ip -s link shows them, valid while Counted; rates are NaN until they have been read twice. Bytes, packets
	// and errors are of one reading; on a host with so many interfaces that not all are read each sample, drops are as old
	// as the last reading of all.
	Counted                                                    bool
	RxBytes, TxBytes, RxErrors, TxErrors, RxDropped, TxDropped uint64
	RxPackets, TxPackets                                       uint64
	RxRate, TxRate                                             float64 // bytes a second, the mean between the last two readings
}

// Link is what is known of one network link beside its counters. Once published it is immutable, so that all copies of a
// Net share it. On a hypervisor there are thousands, nearly all of them plain ports: what they have in common is there once.
type Link struct {
	Index                      int // 0: no more is known than the name
	Name                       string
	MAC                        string
	FirstAddress, AddressCount int // Net.Addresses[FirstAddress : FirstAddress+AddressCount]
	CarrierChanges             int // since the link was made; -1: unknown
	// Parent is the link of this namespace that it lies on (VLAN, macvtap, VXLAN) or is the other end of (veth).
	Parent string
	// Far is the other end of a link that leads into another namespace; nil: it does not.
	Peer *Peer
	// VM is the guest at the other end; nil: none, or not known. WhyVM says which.
	VM           *AttachedVM
	*SharedAttrs // never nil
}

// SharedAttrs is what a link may have in common with others, which then share it.
type SharedAttrs struct {
	Kind       string // IFLA_INFO_KIND: bridge, bond, vlan, veth, tun ...; "loopback"; "" for a device of the hardware
	Master     string // name of the bridge or bond it belongs to
	State      string // operstate: up, down, lowerlayerdown, dormant, unknown ...
	MTU        int
	Physical   bool // has a device behind it (/sys/class/net/X/device)
	Twice      bool // another physical link counts what it counts, too
	AdminUp    bool // IFF_UP: somebody configured it up
	Carrier    bool // IFF_LOWER_UP; meaningful only while AdminUp
	WhyVM      string
	BridgePort *BridgePort
	Detail     *LinkDetail // nil: it has nothing of that
}

// Address is one address of an interface.
type Address struct {
	CIDR       string // 10.0.0.11/24, fd00::2/64
	IPv6       bool
	Scope      string // global, link, host, site
	Deprecated bool   // not to be used for new connections
	Tentative  bool   // it is still being checked whether another host has it
	Duplicate  bool   // another host has it: it is not in use
}

// Gateway is one next hop of a default route.
type Gateway struct {
	Family    int    // 4 or 6
	Address   string // empty: on-link
	Interface string
	Metric    int
	Table     int    // MainTable, or another that rules lead to
	Weight    int    // share of it among the hops of a multipath route; 0: it is the only one
	OnLink    bool   // the address is taken to be on the link whatever the prefixes say
	LinkDown  bool   // its interface has no carrier: nothing goes there
	Neighbour string // state of its neighbour entry: reachable, stale, failed, none ...; empty: not asked
	MAC       string // of its neighbour entry
	// Silent is the CLOCK_BOOTTIME from which it has not answered; 0: nobody can say that it does not. One that never has
	// is dated a minute before the host first asked it.
	Silent time.Duration
}

// MainTable is the number of the routing table that is looked in when no rule says otherwise.
const MainTable = 254

// SocketCounts is /proc/net/sockstat[6], snmp's CurrEstab and conntrack, of the host's own namespace. -1: unknown.
type SocketCounts struct {
	TCP, UDP, Established, Conntrack, ConntrackMax int
}

// LinkTable is what sample/link found at its last change. It is immutable; the Sampler merges it with the counters.
type LinkTable struct {
	Links     []*Link // by index
	Addresses []Address
	Gateways  []Gateway
	DNS       []string
	Services  *NetServices
}

// LinkReport is what sample/link hands to the Sampler after each dump: Table is the same pointer while nothing changed.
type LinkReport struct {
	Table  *LinkTable // nil before the first dump
	Health health.Health
	// Awaiting says that the host's VMs have not been looked for yet: the next report, which follows at once then, has them.
	Awaiting bool
}

// Configured reports whether somebody wants to use this link of the hardware: it is up and has an address or belongs to
// a bridge or bond.
func (l *Link) Configured() bool {
	return l.Physical && l.AdminUp && (l.AddressCount > 0 || l.Master != "")
}

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
	Active     string // name of the active slave; empty: none
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

	// What files say, the nameservers among it, is unknown while one of them does not answer or cannot be read. Empty: all
	// that are there are read.
	WhyFiles   string
	FilesSince time.Duration // CLOCK_BOOTTIME from which it has been so
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
