package report

import (
	"math"
	"strconv"
	"strings"

	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
)

var networkFigures = figures[frame.Frame]{
	{key: "interfaces", kind: list, help: "All interfaces, those of VMs and pods included.", inner: linkFigures, value: func(f *frame.Frame) any {
		return linkFigures.list(links(f, func(*sample.Interface) bool { return true }))
	}},
	{key: "bridges", kind: list, help: "The bridges among the interfaces.", inner: bridgeFigures, value: func(f *frame.Frame) any {
		return bridgeFigures.list(links(f, func(l *sample.Interface) bool { return l.Kind == "bridge" }))
	}},
	{key: "gateways", kind: list, help: "Default routes, those of the main table first.", inner: gatewayFigures,
		value: func(f *frame.Frame) any { return gatewayFigures.list(each(f, netOf(f).Gateways)) }},
	{key: "dns", kind: list, help: "Name servers of /etc/resolv.conf.", value: func(f *frame.Frame) any { return plain(netOf(f).DNS) }},
	{key: "connections", help: "Sockets of the host's own namespace.", inner: connectionsFigures,
		value: func(f *frame.Frame) any { return connectionsFigures.of(sockets(f)) }},
	{key: "dns_search", kind: list, help: "Search domains of /etc/resolv.conf.", value: func(f *frame.Frame) any { return plain(services(f).Search) }},
	{key: "dns_upstream", kind: list, help: "Name servers that systemd-resolved asks, where resolv.conf names systemd-resolved itself.",
		value: func(f *frame.Frame) any { return plain(services(f).Upstream) }},
	{key: "listening", kind: list, help: "TCP ports of Kubernetes that somebody listens on, in the host's own namespace.", inner: listenerFigures,
		value: func(f *frame.Frame) any { return listenerFigures.list(services(f).Listen) }},
	{key: "pods", help: "The cluster's network as this host's own files and links tell it.", inner: podNetworkFigures,
		value: func(f *frame.Frame) any { return podNetworkFigures.of(services(f)) }},
}

var podNetworkFigures = figures[sample.NetServices]{
	{key: "cni", kind: "text", help: "Network plugin, as its configuration calls it.", null: "not known",
		value: func(s *sample.NetServices) any { return text(s.CNI) }},
	{key: "cni_source", kind: "text", help: "The file or interface that says so.", null: "not known",
		value: func(s *sample.NetServices) any { return text(s.CNISource) }},
	{key: "cidr", kind: "text", help: "Addresses of pods in the whole cluster, by flannel's subnet.env.", null: "not known",
		value: func(s *sample.NetServices) any { return text(s.PodCIDR) }},
	{key: "node_cidr", kind: "text", help: "Those of this node.", null: "not known", value: func(s *sample.NetServices) any { return text(s.NodeCIDR) }},
}

var listenerFigures = figures[sample.Listener]{
	{key: "port", kind: "integer", help: "Port.", value: func(l *sample.Listener) any { return l.Port }},
	{key: "service", kind: "text", help: "Whose port it is.", value: func(l *sample.Listener) any { return l.Service }},
	{key: "address", kind: "text", help: "all, loopback, or an address.", value: func(l *sample.Listener) any { return l.Address }},
}

var linkFigures = figures[of[sample.Interface]]{
	{key: "name", kind: "text", help: "Name.", value: func(l *of[sample.Interface]) any { return l.v.Name }},
	{key: "kind", kind: "text", help: "physical, loopback, or the kernel's word: bridge, bond, vlan, veth, tun and so on.", null: "the kernel has no word for it",
		value: func(l *of[sample.Interface]) any { return text(linkKind(l.v)) }},
	{key: "master", kind: "text", help: "Bridge or bond that it belongs to.", null: "it belongs to none",
		value: func(l *of[sample.Interface]) any { return text(l.v.Master) }},
	{key: "mac", kind: "text", help: "Hardware address.", null: "it has none", value: func(l *of[sample.Interface]) any { return text(l.v.MAC) }},
	{key: "driver", kind: "text", help: "Driver.", null: "there is no device behind it",
		value: func(l *of[sample.Interface]) any { return text(l.v.More().Driver) }},
	{key: "state", kind: "text", help: "operstate: up, down, lowerlayerdown, dormant, unknown and so on.", null: "not known",
		value: func(l *of[sample.Interface]) any { return text(l.v.State) }},
	{key: "carrier", kind: "boolean", help: "Whether there is a signal.", null: "it is switched off: nobody can know",
		value: func(l *of[sample.Interface]) any { return known(l.v.Carrier, l.v.AdminUp) }},
	{key: "speed_mbps", kind: "integer", help: "Speed in Mbit/s.", null: "not known, as without a carrier",
		value: func(l *of[sample.Interface]) any { return positive(l.v.More().SpeedMbps) }},
	{key: "duplex", kind: "text", help: "full or half.", null: "not known", value: func(l *of[sample.Interface]) any { return text(l.v.More().Duplex) }},
	{key: "mtu", kind: "integer", help: "Largest packet, in bytes.", null: "not known", value: func(l *of[sample.Interface]) any { return positive(l.v.MTU) }},
	{key: "addresses", kind: list, help: "Addresses with their prefix length, such as 10.0.0.11/24.",
		value: func(l *of[sample.Interface]) any { return plain(cidrs(l)) }},
	{key: "gateway4", kind: "text", help: "Gateway of its IPv4 default route with the lowest metric.", null: "there is none, or it is on-link",
		value: func(l *of[sample.Interface]) any { return text(gatewayOf(l.f.Net, l.v.Name, 4)) }},
	{key: "gateway6", kind: "text", help: "The same for IPv6.", null: "there is none, or it is on-link",
		value: func(l *of[sample.Interface]) any { return text(gatewayOf(l.f.Net, l.v.Name, 6)) }},
	{key: "rx_bytes", kind: "integer", help: "Received since the interface was made.", null: "not known",
		value: func(l *of[sample.Interface]) any { return known(l.v.RxBytes, counted(l)) }},
	{key: "tx_bytes", kind: "integer", help: "Sent since then.", null: "not known",
		value: func(l *of[sample.Interface]) any { return known(l.v.TxBytes, counted(l)) }},
	{key: "rx_packets", kind: "integer", help: "Packets received since the interface was made.", null: "not known",
		value: func(l *of[sample.Interface]) any { return known(l.v.RxPackets, counted(l)) }},
	{key: "tx_packets", kind: "integer", help: "Packets sent since then.", null: "not known",
		value: func(l *of[sample.Interface]) any { return known(l.v.TxPackets, counted(l)) }},
	{key: "rx_bytes_per_second", kind: "number", help: "Received now.", null: "not known",
		value: func(l *of[sample.Interface]) any { return number(rate(l, l.v.RxRate)) }},
	{key: "tx_bytes_per_second", kind: "number", help: "Sent now.", null: "not known",
		value: func(l *of[sample.Interface]) any { return number(rate(l, l.v.TxRate)) }},
	{key: "rx_errors", kind: "integer", help: "Packets received with errors.", null: "not known",
		value: func(l *of[sample.Interface]) any { return known(l.v.RxErrors, counted(l)) }},
	{key: "tx_errors", kind: "integer", help: "Packets not sent because of errors.", null: "not known",
		value: func(l *of[sample.Interface]) any { return known(l.v.TxErrors, counted(l)) }},
	{key: "rx_dropped", kind: "integer", help: "Packets received and dropped.", null: "not known",
		value: func(l *of[sample.Interface]) any { return known(l.v.RxDropped, counted(l)) }},
	{key: "tx_dropped", kind: "integer", help: "Packets dropped instead of sent.", null: "not known",
		value: func(l *of[sample.Interface]) any { return known(l.v.TxDropped, counted(l)) }},
	{key: "altnames", kind: list, help: "Other names that it answers to.",
		value: func(l *of[sample.Interface]) any { return plain(strings.Fields(l.v.More().AltNames)) }},
	{key: "parent", kind: "text", help: "Interface that it lies on (VLAN, macvtap, a virtual function), or the other end of a veth.", null: "there is none here",
		value: func(l *of[sample.Interface]) any { return text(l.v.Parent) }},
	{key: "bus", kind: "text", help: "Address of its device, such as 0000:3b:00.0.", null: "there is no device behind it",
		value: func(l *of[sample.Interface]) any { return text(l.v.More().Bus) }},
	{key: "firmware", kind: "text", help: "Firmware as the driver names it.", null: "not known",
		value: func(l *of[sample.Interface]) any { return text(l.v.More().Firmware) }},
	{key: "port", kind: "text", help: "What the cable goes into: twisted pair, fibre, direct attach and so on; none for an empty cage.", null: "not known",
		value: func(l *of[sample.Interface]) any { return text(l.v.More().Port) }},
	{key: "autoneg", kind: "text", help: "on or off.", null: "not known", value: func(l *of[sample.Interface]) any { return text(l.v.More().Autoneg) }},
	{key: "carrier_changes", kind: "integer", help: "How often the signal came or went since the interface was made.", null: "not known",
		value: func(l *of[sample.Interface]) any { return count(l.v.CarrierChanges) }},
	{key: "mode", kind: "text", help: "Mode of a macvtap or macvlan; tap or tun.", null: "it has none",
		value: func(l *of[sample.Interface]) any { return text(l.v.More().Mode) }},
	{key: "vlan", kind: "integer", help: "Id of a VLAN or of a VXLAN network.", null: "it has none",
		value: func(l *of[sample.Interface]) any { return positive(l.v.More().VLAN) }},
	{key: "address_details", kind: list, help: "The same addresses with what the kernel says of them.", inner: addressFigures,
		value: func(l *of[sample.Interface]) any { return addressFigures.list(addresses(l)) }},
	{key: "bond", help: "State of a bond; each key is null of what is none.", inner: bondFigures,
		value: func(l *of[sample.Interface]) any { return bondFigures.of(l.v.More().Bond) }},
	{key: "bond_slave", help: "State of an interface as a slave of a bond; each key is null of what is none.", inner: bondPortFigures,
		value: func(l *of[sample.Interface]) any { return bondPortFigures.of(l.v.More().BondPort) }},
	{key: "far_end", help: "Where the other end of a link to another network namespace is; each key is null of what leads to none.", inner: peerFigures,
		value: func(l *of[sample.Interface]) any { return peerFigures.of(l.v.Peer) }},
	{key: "vm", kind: "text", help: "The virtual machine at its other end: namespace/name, its name alone when it is not KubeVirt's, qemu-PID when it has none.", null: "there is none, or nobody knows",
		value: func(l *of[sample.Interface]) any { return vmName(l.v.VM) }},
	{key: "vm_unknown", kind: "text", help: "Why there is no virtual machine.", null: "there is one, or none is to be expected",
		value: func(l *of[sample.Interface]) any { return text(l.v.WhyVM) }},
	{key: "uplinks", kind: list, help: "Interfaces of the hardware that it lies on, through bonds, VLANs and bridges.",
		value: func(l *of[sample.Interface]) any { return plain(l.v.More().Uplinks) }},
	{key: "above", kind: list, help: "Interfaces that lie on it.", value: func(l *of[sample.Interface]) any { return plain(l.v.More().Above) }},
	{key: "vms", kind: list, help: "Virtual machines that hang on it.", value: func(l *of[sample.Interface]) any { return plain(vmNames(l.v.More().VMs)) }},
	{key: "vfs", kind: list, help: "Virtual functions of an SR-IOV device.", inner: functionFigures,
		value: func(l *of[sample.Interface]) any { return functionFigures.list(l.v.More().VFs) }},
}

var bridgeFigures = figures[of[sample.Interface]]{
	{key: "name", kind: "text", help: "Name.", value: func(l *of[sample.Interface]) any { return l.v.Name }},
	{key: "addresses", kind: list, help: "Addresses with their prefix length.", value: func(l *of[sample.Interface]) any { return plain(cidrs(l)) }},
	{key: "stp", kind: "boolean", help: "Whether it takes part in the spanning tree.", null: "not known",
		value: func(l *of[sample.Interface]) any { return known(bridgeOf(l).STP, l.v.More().Bridge != nil) }},
	{key: "ports", kind: list, help: "Interfaces that belong to it.", inner: portFigures, value: func(l *of[sample.Interface]) any {
		return portFigures.list(links(l.f, func(p *sample.Interface) bool { return p.Master == l.v.Name }))
	}},
	{key: "vlan_filtering", kind: "boolean", help: "Whether its ports are kept apart by VLANs.", null: "not known",
		value: func(l *of[sample.Interface]) any { return known(bridgeOf(l).Filtering, l.v.More().Bridge != nil) }},
	{key: "learned", kind: "integer", help: "Hardware addresses that it has learned.", null: "not known",
		value: func(l *of[sample.Interface]) any { return count(bridgeOf(l).FDB) }},
	{key: "uplinks", kind: list, help: "Interfaces of the hardware that it leads to, through bonds and VLANs too.",
		value: func(l *of[sample.Interface]) any { return plain(l.v.More().Uplinks) }},
	{key: "vms", kind: list, help: "Virtual machines that hang on it, as namespace/name.",
		value: func(l *of[sample.Interface]) any { return plain(vmNames(l.v.More().VMs)) }},
}

var portFigures = figures[of[sample.Interface]]{
	{key: "name", kind: "text", help: "Name of the interface.", value: func(l *of[sample.Interface]) any { return l.v.Name }},
	{key: "state", kind: "text", help: "operstate of the interface.", null: "not known", value: func(l *of[sample.Interface]) any { return text(l.v.State) }},
	{key: "vm", kind: "text", help: "The virtual machine behind it, as `network.interfaces[].vm`.", null: "there is none, or nobody knows",
		value: func(l *of[sample.Interface]) any { return vmName(l.v.VM) }},
	{key: "vm_unknown", kind: "text", help: "Why there is no virtual machine.", null: "there is one, or none is to be expected",
		value: func(l *of[sample.Interface]) any { return text(l.v.WhyVM) }},
	{key: "port_state", kind: "text", help: "What the bridge does with it: forwarding, blocking, listening, learning, disabled.", null: "not known",
		value: func(l *of[sample.Interface]) any { return text(portState(l)) }},
}

var gatewayFigures = figures[of[sample.Gateway]]{
	{key: "family", kind: "integer", help: "4 or 6.", value: func(g *of[sample.Gateway]) any { return g.v.Family }},
	{key: "address", kind: "text", help: "Address of the gateway.", null: "the route is on-link",
		value: func(g *of[sample.Gateway]) any { return text(g.v.Address) }},
	{key: "interface", kind: "text", help: "Interface of the route.", null: "not known", value: func(g *of[sample.Gateway]) any { return text(g.v.Interface) }},
	{key: "metric", kind: "integer", help: "The lowest one wins.", value: func(g *of[sample.Gateway]) any { return g.v.Metric }},
	{key: "table", kind: "integer", help: "Routing table: 254 is the main one.", value: func(g *of[sample.Gateway]) any { return g.v.Table }},
	{key: "weight", kind: "integer", help: "Its share among the hops of one route.", null: "it is the only one",
		value: func(g *of[sample.Gateway]) any { return positive(g.v.Weight) }},
	{key: "onlink", kind: "boolean", help: "The gateway is taken to be on the link whatever the addresses say.",
		value: func(g *of[sample.Gateway]) any { return g.v.OnLink }},
	{key: "neighbour", kind: "text", help: "State of the gateway's neighbour entry: reachable, stale, delay, probe, incomplete, failed, permanent, noarp or none.", null: "the route is on-link, or not known",
		value: func(g *of[sample.Gateway]) any { return text(g.v.Neighbour) }},
	{key: "neighbour_mac", kind: "text", help: "Hardware address of the gateway.", null: "not known",
		value: func(g *of[sample.Gateway]) any { return text(g.v.MAC) }},
	{key: "silent_seconds", kind: "number", help: "How long the gateway has not answered, if it was asked within the last five minutes. One that never has counts from a minute before it was first asked.", null: "it answers, or nobody has asked it lately",
		value: func(g *of[sample.Gateway]) any { return known((g.f.Boot - g.v.Silent).Seconds(), g.v.Silent != 0) }},
	{key: "link_down", kind: "boolean", help: "Its interface has no carrier: nothing goes there.", value: func(g *of[sample.Gateway]) any { return g.v.LinkDown }},
}

var connectionsFigures = figures[sample.SocketCounts]{
	{key: "tcp", kind: "integer", help: "TCP sockets in use, IPv6 included.", null: "not known", value: func(s *sample.SocketCounts) any { return count(s.TCP) }},
	{key: "udp", kind: "integer", help: "UDP sockets in use, IPv6 included.", null: "not known", value: func(s *sample.SocketCounts) any { return count(s.UDP) }},
	{key: "established", kind: "integer", help: "Established TCP connections.", null: "not known",
		value: func(s *sample.SocketCounts) any { return count(s.Established) }},
	{key: "conntrack", kind: "integer", help: "Connections that the firewall tracks.", null: "conntrack is not loaded",
		value: func(s *sample.SocketCounts) any { return count(s.Conntrack) }},
	{key: "conntrack_max", kind: "integer", help: "As many as it can track.", null: "conntrack is not loaded",
		value: func(s *sample.SocketCounts) any { return count(s.ConntrackMax) }},
}

var addressFigures = figures[sample.Address]{
	{key: "address", kind: "text", help: "Address with its prefix length.", value: func(a *sample.Address) any { return a.CIDR }},
	{key: "scope", kind: "text", help: "global, site, link, host, or a number.", value: func(a *sample.Address) any { return a.Scope }},
	{key: "deprecated", kind: "boolean", help: "Not to be used for new connections.", value: func(a *sample.Address) any { return a.Deprecated }},
	{key: "tentative", kind: "boolean", help: "It is still being checked whether another host has it.", value: func(a *sample.Address) any { return a.Tentative }},
	{key: "duplicate", kind: "boolean", help: "Another host has it.", value: func(a *sample.Address) any { return a.Duplicate }},
}

var bondFigures = figures[sample.Bond]{
	{key: "mode", kind: "text", help: "Such as 802.3ad or active-backup.", null: "not known", value: func(b *sample.Bond) any { return text(b.Mode) }},
	{key: "active_slave", kind: "text", help: "The slave that carries the traffic.", null: "the mode has none, or there is none",
		value: func(b *sample.Bond) any { return text(b.Active) }},
	{key: "partner_mac", kind: "text", help: "Address of the LACP partner.", null: "the mode has none, or none answers",
		value: func(b *sample.Bond) any { return text(b.PartnerMAC) }},
	{key: "aggregator_ports", kind: "integer", help: "Slaves in the active aggregator of LACP.", null: "the mode has none",
		value: func(b *sample.Bond) any { return positive(b.Ports) }},
	{key: "slaves", kind: "integer", help: "Slaves.", null: "it is no bond", value: func(b *sample.Bond) any { return b.Slaves }},
	{key: "slaves_up", kind: "integer", help: "Of these, those with a carrier.", null: "it is no bond", value: func(b *sample.Bond) any { return b.Up }},
}

var bondPortFigures = figures[sample.BondPort]{
	{key: "state", kind: "text", help: "active or backup.", null: "not known", value: func(b *sample.BondPort) any { return text(b.State) }},
	{key: "link", kind: "text", help: "up, going down, down or going back up.", null: "not known", value: func(b *sample.BondPort) any { return text(b.Link) }},
	{key: "failures", kind: "integer", help: "How often its link has failed.", null: "it is no slave", value: func(b *sample.BondPort) any { return b.Failures }},
	{key: "aggregator", kind: "integer", help: "Its aggregator of LACP.", null: "it has none",
		value: func(b *sample.BondPort) any { return positive(b.Aggregator) }},
}

var peerFigures = figures[sample.Peer]{
	{key: "namespace", kind: "integer", help: "The kernel's id of that namespace, as this one counts.", null: "it leads to none",
		value: func(p *sample.Peer) any { return p.Namespace }},
	{key: "index", kind: "integer", help: "Number of the interface there.", null: "it leads to none", value: func(p *sample.Peer) any { return p.Index }},
	{key: "name", kind: "text", help: "Name of the interface there.", null: "not known", value: func(p *sample.Peer) any { return text(p.Name) }},
}

var functionFigures = figures[sample.VF]{
	{key: "number", kind: "integer", help: "Number.", value: func(v *sample.VF) any { return v.Number }},
	{key: "bus", kind: "text", help: "Address of its device.", null: "not known", value: func(v *sample.VF) any { return text(v.Bus) }},
	{key: "name", kind: "text", help: "Its interface, while the host has it.", null: "the host does not have it",
		value: func(v *sample.VF) any { return text(v.Name) }},
	{key: "mac", kind: "text", help: "Hardware address.", null: "the driver does not say", value: func(v *sample.VF) any { return text(v.MAC) }},
	{key: "vlan", kind: "integer", help: "VLAN that it is kept in.", null: "none, or the driver does not say",
		value: func(v *sample.VF) any { return positive(v.VLAN) }},
	{key: "state", kind: "text", help: "Its link: auto, enable or disable.", null: "the driver does not say",
		value: func(v *sample.VF) any { return text(v.State) }},
	{key: "vm", kind: "text", help: "The virtual machine that it was given to.", null: "to none, or nobody knows",
		value: func(v *sample.VF) any { return vmName(v.VM) }},
}

// netOf is the network, an empty one before the first sample.
func netOf(f *frame.Frame) *sample.Net {
	if f.Net == nil {
		return &sample.Net{}
	}
	return f.Net
}

func services(f *frame.Frame) *sample.NetServices {
	if s := netOf(f).Services; s != nil {
		return s
	}
	return &sample.NetServices{}
}

func sockets(f *frame.Frame) *sample.SocketCounts {
	if f.Net == nil || !has(f, sample.Sockets) {
		return nil
	}
	return &f.Net.Sockets
}

// links are the interfaces that are wanted. Before the links are known there are those that count, with nothing but their
// name and counters.
func links(f *frame.Frame, wanted func(*sample.Interface) bool) []of[sample.Interface] {
	var all []of[sample.Interface]
	for _, l := range netOf(f).Interfaces {
		if wanted(l) {
			all = append(all, of[sample.Interface]{f, l})
		}
	}
	return all
}

func counted(l *of[sample.Interface]) bool { return l.v.Counted && has(l.f, sample.NetDev) }

func rate(l *of[sample.Interface], v float64) float64 {
	if !counted(l) {
		return math.NaN()
	}
	return v
}

func bridgeOf(l *of[sample.Interface]) *sample.Bridge {
	if b := l.v.More().Bridge; b != nil {
		return b
	}
	return &sample.Bridge{FDB: -1}
}

func portState(l *of[sample.Interface]) string {
	if l.v.BridgePort == nil {
		return ""
	}
	return l.v.BridgePort.State
}

func addresses(l *of[sample.Interface]) []sample.Address {
	return l.f.Net.Addresses[l.v.FirstAddress : l.v.FirstAddress+l.v.AddressCount]
}

func cidrs(l *of[sample.Interface]) []string {
	var all []string
	for _, a := range addresses(l) {
		all = append(all, a.CIDR)
	}
	return all
}

// linkKind is the kernel's word for a virtual link, for which it has none for the hardware's.
func linkKind(l *sample.Interface) string {
	if l.Kind == "" && l.Physical {
		return "physical"
	}
	return l.Kind
}

// gatewayOf is the address of an interface's default route with the lowest metric; empty: it has none, or an on-link one.
func gatewayOf(n *sample.Net, name string, family int) string {
	var best *sample.Gateway
	for i := range n.Gateways {
		g := &n.Gateways[i]
		if g.Interface == name && g.Family == family && g.Table == sample.MainTable && (best == nil || best.LinkDown && !g.LinkDown || g.LinkDown == best.LinkDown && g.Metric < best.Metric) {
			best = g
		}
	}
	if best == nil {
		return ""
	}
	return best.Address
}

// vmName is namespace/name, the name alone of a guest that is not KubeVirt's, qemu-PID of one without a name; null for
// none.
func vmName(vm *sample.AttachedVM) *string {
	if vm == nil {
		return nil
	}
	name := vm.Name
	switch {
	case name == "":
		name = "qemu-" + strconv.Itoa(vm.PID)
	case vm.Namespace != "":
		name = vm.Namespace + "/" + name
	}
	return &name
}

func vmNames(vms []sample.AttachedVM) []string {
	list := make([]string, 0, len(vms))
	for i := range vms {
		list = append(list, *vmName(&vms[i]))
	}
	return list
}
