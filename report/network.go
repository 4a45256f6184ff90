package report

import (
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
)

type network struct {
	Interfaces  []link      `json:"interfaces"`
	Bridges     []bridge    `json:"bridges"`
	Gateways    []gateway   `json:"gateways"`
	DNS         []string    `json:"dns"`
	Connections connections `json:"connections"`
	Search      []string    `json:"dns_search"`
	Upstream    []string    `json:"dns_upstream"`
	Listening   []listener  `json:"listening"`
	Pods        podNetwork  `json:"pods"`
}

// podNetwork is what the host's own files say of the cluster's network, without the API.
type podNetwork struct {
	CNI      *string `json:"cni"`
	Source   *string `json:"cni_source"`
	CIDR     *string `json:"cidr"`
	NodeCIDR *string `json:"node_cidr"`
}

type listener struct {
	Port    int    `json:"port"`
	Service string `json:"service"`
	Address string `json:"address"`
}

type link struct {
	Name           string     `json:"name"`
	Kind           *string    `json:"kind"`
	Master         *string    `json:"master"`
	MAC            *string    `json:"mac"`
	Driver         *string    `json:"driver"`
	State          *string    `json:"state"`
	Carrier        *bool      `json:"carrier"`
	Speed          *int       `json:"speed_mbps"`
	Duplex         *string    `json:"duplex"`
	MTU            *int       `json:"mtu"`
	Addresses      []string   `json:"addresses"`
	Gateway4       *string    `json:"gateway4"`
	Gateway6       *string    `json:"gateway6"`
	RxBytes        *uint64    `json:"rx_bytes"`
	TxBytes        *uint64    `json:"tx_bytes"`
	RxRate         *float64   `json:"rx_bytes_per_second"`
	TxRate         *float64   `json:"tx_bytes_per_second"`
	RxErrors       *uint64    `json:"rx_errors"`
	TxErrors       *uint64    `json:"tx_errors"`
	RxDropped      *uint64    `json:"rx_dropped"`
	TxDropped      *uint64    `json:"tx_dropped"`
	AltNames       []string   `json:"altnames"`
	Parent         *string    `json:"parent"`
	Bus            *string    `json:"bus"`
	Firmware       *string    `json:"firmware"`
	Port           *string    `json:"port"`
	Autoneg        *string    `json:"autoneg"`
	CarrierChanges *int       `json:"carrier_changes"`
	Mode           *string    `json:"mode"`
	VLAN           *int       `json:"vlan"`
	Details        []address  `json:"address_details"`
	Bond           bond       `json:"bond"`
	Slave          bondSlave  `json:"bond_slave"`
	Far            farEnd     `json:"far_end"`
	VM             *string    `json:"vm"`
	WhyVM          *string    `json:"vm_unknown"`
	Uplinks        []string   `json:"uplinks"`
	Above          []string   `json:"above"`
	VMs            []string   `json:"vms"`
	VFs            []function `json:"vfs"`
}

type bridge struct {
	Name      string   `json:"name"`
	Addresses []string `json:"addresses"`
	STP       *bool    `json:"stp"`
	Ports     []port   `json:"ports"`
	Filtering *bool    `json:"vlan_filtering"`
	Learned   *int     `json:"learned"`
	Uplinks   []string `json:"uplinks"`
	VMs       []string `json:"vms"`
}

type port struct {
	Name  string  `json:"name"`
	State *string `json:"state"`
	VM    *string `json:"vm"`
	WhyVM *string `json:"vm_unknown"`
	STP   *string `json:"port_state"`
}

type gateway struct {
	Family    int     `json:"family"`
	Address   *string `json:"address"`
	Interface *string `json:"interface"`
	Metric    int     `json:"metric"`
	Table     int     `json:"table"`
	Weight    *int    `json:"weight"`
	OnLink    bool    `json:"onlink"`
	Neighbour *string `json:"neighbour"`
	MAC       *string `json:"neighbour_mac"`

	Silent   *float64 `json:"silent_seconds"`
	LinkDown bool     `json:"link_down"`
}

type connections struct {
	TCP          *int `json:"tcp"`
	UDP          *int `json:"udp"`
	Established  *int `json:"established"`
	Conntrack    *int `json:"conntrack"`
	ConntrackMax *int `json:"conntrack_max"`
}

func newNetwork(f *frame.Frame) network {
	n := f.Net
	if n == nil {
		n = &sample.Net{}
	}
	services := n.Services
	if services == nil {
		services = &sample.NetServices{}
	}
	return network{
		Search:      append([]string{}, services.Search...),
		Upstream:    append([]string{}, services.Upstream...),
		Listening:   newListeners(services.Listen),
		Pods:        podNetwork{text(services.CNI), text(services.CNISource), text(services.PodCIDR), text(services.NodeCIDR)},
		Interfaces:  newLinks(n, has(f, sample.NetDev)),
		Bridges:     newBridges(n),
		Gateways:    newGateways(n.Gateways, f.Boot),
		DNS:         append([]string{}, n.DNS...),
		Connections: newConnections(&n.Sockets, f.Net != nil && has(f, sample.Sockets)),
	}
}

// newLinks lists all interfaces. Before the links are known there are those that count, with nothing but their name
// and counters.
func newLinks(n *sample.Net, counting bool) []link {
	list := make([]link, 0, len(n.Interfaces))
	for i := range n.Interfaces {
		l := n.Interfaces[i]
		item := link{
			Name:      l.Name,
			Kind:      text(kind(l)),
			Master:    text(l.Master),
			MAC:       text(l.MAC),
			Driver:    text(l.More().Driver),
			State:     text(l.State),
			Carrier:   known(l.Carrier, l.AdminUp),
			Speed:     known(l.More().SpeedMbps, l.More().SpeedMbps > 0),
			Duplex:    text(l.More().Duplex),
			MTU:       known(l.MTU, l.MTU > 0),
			Addresses: addresses(n, l),
			Gateway4:  text(gatewayOf(n, l.Name, 4)),
			Gateway6:  text(gatewayOf(n, l.Name, 6)),
		}
		item.detail(n, l)
		if l.Counted && counting {
			item.RxBytes, item.TxBytes = &l.RxBytes, &l.TxBytes
			item.RxRate, item.TxRate = number(l.RxRate), number(l.TxRate)
			item.RxErrors, item.TxErrors = &l.RxErrors, &l.TxErrors
			item.RxDropped, item.TxDropped = &l.RxDropped, &l.TxDropped
		}
		list = append(list, item)
	}
	return list
}

// kind is the kernel's word for a virtual link, for which it has none for the hardware's.
func kind(l *sample.Interface) string {
	if l.Kind == "" && l.Physical {
		return "physical"
	}
	return l.Kind
}

func addresses(n *sample.Net, l *sample.Interface) []string {
	list := make([]string, 0, l.AddressCount)
	for _, a := range n.Addresses[l.FirstAddress : l.FirstAddress+l.AddressCount] {
		list = append(list, a.CIDR)
	}
	return list
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

func newBridges(n *sample.Net) []bridge {
	list := []bridge{}
	for i := range n.Interfaces {
		if l := n.Interfaces[i]; l.Kind == "bridge" {
			list = append(list, newBridge(n, l))
		}
	}
	return list
}

func newBridge(n *sample.Net, l *sample.Interface) bridge {
	d := l.More()
	one := bridge{Name: l.Name, Addresses: addresses(n, l), Ports: ports(n, l.Name), Uplinks: append([]string{}, d.Uplinks...), VMs: vmNames(d.VMs)}
	if b := d.Bridge; b != nil {
		one.STP, one.Filtering, one.Learned = &b.STP, &b.Filtering, count(b.FDB)
	}
	return one
}

func newListeners(all []sample.Listener) []listener {
	list := make([]listener, 0, len(all))
	for _, l := range all {
		list = append(list, listener(l))
	}
	return list
}

func ports(n *sample.Net, master string) []port {
	list := []port{}
	for i := range n.Interfaces {
		if l := n.Interfaces[i]; l.Master == master {
			one := port{Name: l.Name, State: text(l.State), VM: vmName(l.VM), WhyVM: text(l.WhyVM)}
			if l.BridgePort != nil {
				one.STP = text(l.BridgePort.State)
			}
			list = append(list, one)
		}
	}
	return list
}

func newGateways(gateways []sample.Gateway, now time.Duration) []gateway {
	list := make([]gateway, 0, len(gateways))
	for i := range gateways {
		g := &gateways[i]
		list = append(list, gateway{g.Family, text(g.Address), text(g.Interface), g.Metric, g.Table,
			known(g.Weight, g.Weight > 0), g.OnLink, text(g.Neighbour), text(g.MAC),
			known((now - g.Silent).Seconds(), g.Silent != 0), g.LinkDown})
	}
	return list
}

func newConnections(s *sample.SocketCounts, ok bool) connections {
	if !ok {
		return connections{}
	}
	return connections{count(s.TCP), count(s.UDP), count(s.Established), count(s.Conntrack), count(s.ConntrackMax)}
}
