package link

import (
	"cmp"
	"math"
	"reflect"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"hypervisor-tui/draw/clean"
	"hypervisor-tui/sample"
)

// table joins what is known: links sorted by index, addresses grouped by link in the kernel's order, default routes of
// the main table first, then by family and metric. An address whose link is not there is left out.
func (w *world) table() *sample.LinkTable {
	links := w.links
	t := &sample.LinkTable{
		Interfaces: make([]sample.Interface, 0, len(links)),
		Addresses:  make([]sample.Address, 0, len(w.addresses)),
		Gateways:   make([]sample.Gateway, 0, len(w.hops)),
		DNS:        w.around.dns,
	}
	names := make(map[int]string, len(links))
	for i := range links {
		names[links[i].index] = clean.String(links[i].name)
	}
	details := make([]sample.LinkDetail, len(links))
	addresses := w.addresses
	for i := range links {
		l := &links[i]
		d := w.devices[l.index]
		n := l.describe(d)
		n.Name, n.Master = names[l.index], names[l.master]
		details[i] = w.detail(l, d, names)
		n.Detail = &details[i]
		for len(addresses) > 0 && addresses[0].index < l.index {
			addresses = addresses[1:]
		}
		n.FirstAddress = len(t.Addresses)
		for len(addresses) > 0 && addresses[0].index == l.index {
			t.Addresses = append(t.Addresses, addresses[0].describe())
			addresses = addresses[1:]
		}
		n.AddressCount = len(t.Addresses) - n.FirstAddress
		t.Interfaces = append(t.Interfaces, n)
	}
	t.Gateways = w.gateways(t.Gateways, names)
	t.Services = w.services(t.Interfaces)
	w.wire(t.Interfaces, details)
	return t
}

// describe is the link as the screens know it, but for names, addresses and detail.
func (l *linkMessage) describe(d device) sample.Interface {
	n := sample.Interface{
		Index:     l.index,
		Kind:      clean.String(l.kind),
		Physical:  d.physical,
		MAC:       l.mac,
		Driver:    d.driver,
		State:     operstate(l.state),
		AdminUp:   l.flags&unix.IFF_UP != 0,
		Carrier:   l.flags&unix.IFF_LOWER_UP != 0,
		SpeedMbps: d.mbps,
		Duplex:    d.duplex,
		MTU:       int(l.mtu),
		RxRate:    math.NaN(), // the Sampler counts
		TxRate:    math.NaN(),
	}
	if l.hardware == unix.ARPHRD_LOOPBACK {
		n.Kind = "loopback"
	}
	return n
}

// detail is what is known of a link but for what hangs on it. What lies in l is shared by all tables, so that what is
// joined to it goes into copies.
func (w *world) detail(l *linkMessage, d device, names map[int]string) sample.LinkDetail {
	detail := l.detail
	detail.Bus, detail.Firmware, detail.Port, detail.Autoneg = d.bus, d.firmware, d.port, d.autoneg
	around := &w.around
	if l.netns >= 0 {
		far := farKey{l.netns, l.parent}
		detail.Far = &sample.FarEnd{Namespace: l.netns, Index: l.parent, Name: around.owners.names[far]}
	} else if l.parent != l.index { // a tunnel's or a DSA port's own index means nothing
		detail.Parent = names[l.parent]
	}
	if b := detail.Bridge; b != nil {
		bridge := *b
		if bridge.FDB < 0 && around.fdb.known {
			bridge.FDB = around.fdb.learned[l.index]
		}
		detail.Bridge = &bridge
	}
	if p := detail.BridgePort; p != nil && around.fdb.known {
		detail.BridgePort = &sample.BridgePort{State: p.State, Learned: around.fdb.learned[l.index]}
	}
	if b := detail.Bond; b != nil {
		bond := *b
		bond.Active = names[l.active]
		detail.Bond = &bond
	}
	if vfs := around.functions[l.index]; len(vfs) > 0 {
		detail.VFs = slices.Clone(vfs)
		for i := range detail.VFs {
			if guest, ok := around.owners.devices[detail.VFs[i].Bus]; ok {
				detail.VFs[i].VM = around.owners.attached(guest)
			}
		}
	}
	detail.VM, detail.WhyVM = around.owners.of(l, &around.fdb)
	return detail
}

func (a *addressMessage) describe() sample.Address {
	return sample.Address{
		CIDR: a.prefix.String(), IPv6: a.prefix.Addr().Is6(), Scope: scope(a.scope),
		Deprecated: a.flags&unix.IFA_F_DEPRECATED != 0,
		Tentative:  a.flags&unix.IFA_F_TENTATIVE != 0,
		Duplicate:  a.flags&unix.IFA_F_DADFAILED != 0,
	}
}

func (w *world) gateways(list []sample.Gateway, names map[int]string) []sample.Gateway {
	hops := slices.Clone(w.hops)
	slices.SortStableFunc(hops, func(a, b hop) int {
		return cmp.Or(cmp.Compare(rank(a.table), rank(b.table)), cmp.Compare(a.family, b.family), cmp.Compare(a.metric, b.metric))
	})
	for i := range hops {
		h := &hops[i]
		g := sample.Gateway{Family: h.family, Interface: names[h.index], Metric: h.metric, Table: h.table, Weight: h.weight, OnLink: h.onLink}
		// The unspecified address is no gateway: some programs write it for on-link.
		if h.gateway.IsValid() && !h.gateway.IsUnspecified() {
			g.Address = h.gateway.String()
			n := w.around.neighbours[hopKey{h.index, h.gateway}]
			g.Neighbour, g.MAC, g.Silent = n.state, n.mac, n.silent
		}
		list = append(list, g)
	}
	return list
}

// rank puts the main table before the others.
func rank(table int) int {
	if table == sample.MainTable {
		return -1
	}
	return table
}

// services is what the files said, with the network plugin by its links where no file names it.
func (w *world) services(links []sample.Interface) *sample.NetServices {
	if w.around.services == nil {
		return nil
	}
	n := *w.around.services
	for i := range links {
		if n.CNI != "" {
			break
		}
		if plugin := pluginOf(links[i].Name); plugin != "" {
			n.CNI, n.CNISource = plugin, "interface "+links[i].Name
		}
	}
	return &n
}

// operstate names a state of RFC 2863 as /sys/class/net/X/operstate does.
//
// Kernel: Documentation/networking/operstates.rst
func operstate(state uint8) string {
	names := [...]string{"unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up"}
	if int(state) < len(names) {
		return names[state]
	}
	return "unknown"
}

// scope names an address's scope as ip does.
func scope(s uint8) string {
	switch s {
	case unix.RT_SCOPE_UNIVERSE:
		return "global"
	case unix.RT_SCOPE_SITE:
		return "site"
	case unix.RT_SCOPE_LINK:
		return "link"
	case unix.RT_SCOPE_HOST:
		return "host"
	case unix.RT_SCOPE_NOWHERE:
		return "nowhere"
	}
	return strconv.Itoa(int(s))
}

// same says whether two tables hold the same.
func same(a, b *sample.LinkTable) bool {
	return slices.EqualFunc(a.Interfaces, b.Interfaces, sameInterface) && slices.Equal(a.Addresses, b.Addresses) &&
		slices.Equal(a.Gateways, b.Gateways) && slices.Equal(a.DNS, b.DNS) && reflect.DeepEqual(a.Services, b.Services)
}

// sameInterface compares all but the rates: they are NaN, which equals nothing.
func sameInterface(a, b sample.Interface) bool {
	if !reflect.DeepEqual(a.Detail, b.Detail) {
		return false
	}
	a.RxRate, a.TxRate, b.RxRate, b.TxRate = 0, 0, 0, 0
	a.Detail, b.Detail = nil, nil
	return a == b
}
