package link

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/order"
	"hypervisor-tui/sample"
)

// table joins what is known: links sorted by index, addresses grouped by link in the kernel's order, default routes of
// the main table first, then by family and metric. An address whose link is not there is left out. Links that are as they
// were in old, which may be nil, are the same pointers.
func (w *linkState) table(old *sample.LinkTable) *sample.LinkTable {
	t := &sample.LinkTable{
		Links:     make([]*sample.Link, 0, len(w.links)),
		Addresses: make([]sample.Address, 0, len(w.addresses)),
		Gateways:  w.gateways(),
		Services:  w.services(),
		DNS:       w.around.dns,
	}
	var former []*sample.Link
	if old != nil {
		former = old.Links
	}
	wires, ports, traits := w.wire(), pool[sample.BridgePort]{}, pool[sample.SharedAttrs]{}
	addresses := w.addresses
	for i := range w.links {
		l := &w.links[i]
		n, common := w.describe(l)
		if l.port > 0 {
			common.BridgePort = ports.once(w.bridgePort(l))
		}
		common.Detail = wires.detail(i)
		n.SharedAttrs = traits.once(common)
		for len(addresses) > 0 && addresses[0].index < l.index {
			addresses = addresses[1:]
		}
		n.FirstAddress = len(t.Addresses)
		for len(addresses) > 0 && addresses[0].index == l.index {
			t.Addresses = append(t.Addresses, addresses[0].describe())
			addresses = addresses[1:]
		}
		n.AddressCount = len(t.Addresses) - n.FirstAddress
		for len(former) > 0 && former[0].Index < l.index {
			former = former[1:]
		}
		if len(former) > 0 && sameLink(former[0], &n) {
			t.Links = append(t.Links, former[0])
			continue
		}
		kept := n // n itself stays on the stack
		t.Links = append(t.Links, &kept)
	}
	return t
}

// describe is the link as the screens know it, and what it may have in common with others, but for its addresses, its
// port and its detail.
func (w *linkState) describe(l *linkMessage) (n sample.Link, common sample.SharedAttrs) {
	n = sample.Link{Index: l.index, Name: clean.String(l.name), MAC: l.mac, CarrierChanges: int(l.changes)}
	common = sample.SharedAttrs{
		Kind:     clean.String(l.kind),
		Master:   w.nameOf(l.master),
		State:    operstate(l.state),
		MTU:      int(l.mtu),
		Physical: w.devices[l.index].physical,
		Twice:    w.twice(l),
		AdminUp:  l.flags&unix.IFF_UP != 0,
		Carrier:  l.flags&unix.IFF_LOWER_UP != 0,
	}
	if l.hardware == unix.ARPHRD_LOOPBACK {
		common.Kind = "loopback"
	}
	if l.netns >= 0 {
		name := w.around.owners.names[farKey{l.netns, l.parent}]
		n.Peer = &sample.Peer{Namespace: l.netns, Index: l.parent, Name: name}
	} else if l.parent != l.index { // a tunnel's or a DSA port's own index means nothing
		n.Parent = w.nameOf(l.parent)
	}
	n.VM, common.WhyVM = w.around.owners.of(l, &w.around.fdb)
	return n, common
}

// twice reports whether what a link of the hardware counts is counted by another one of it, too: by the one that it lies on
// (a port of a switch in this host, an IPoIB child), by the one that it belongs to (the function behind a netvsc or
// failover), or by that of the cable, of which it stands for a function that somebody else has (a representor).
func (w *linkState) twice(l *linkMessage) bool {
	d := w.devices[l.index]
	switch {
	case !d.physical:
		return false
	case d.stands || l.kind == "dsa":
		return true
	case w.devices[l.master].physical, l.netns < 0 && l.parent != l.index && w.devices[l.parent].physical:
		return true
	}
	if l.mac == "" || d.driver == netvsc {
		return false
	}
	for i := range w.links {
		if o := &w.links[i]; o.mac == l.mac && w.devices[o.index].driver == netvsc {
			return true
		}
	}
	return false
}

const netvsc = "hv_netvsc" // whose function has its address

// bridgePort is the state of a link that is a port of a bridge.
func (w *linkState) bridgePort(l *linkMessage) sample.BridgePort {
	port := sample.BridgePort{State: portState(l.port - 1), Learned: -1}
	if w.around.fdb.known {
		port.Learned = w.around.fdb.learned[l.index]
	}
	return port
}

// pool has values, each once: those of thousands of links are the same.
type pool[T comparable] map[T]*T

func (p pool[T]) once(v T) *T {
	if p[v] == nil {
		p[v] = &v
	}
	return p[v]
}

// detail is what only few links have: nil for all others. What lies in the message is shared by all tables, so that what is
// joined to it goes into copies.
func (g *topology) detail(i int) *sample.LinkDetail {
	w, l := g.linkState, &g.links[i]
	device, known := w.devices[l.index]
	uplinks := len(g.below[i]) > 0 && (l.master == 0 || len(g.above[i]) > 0) // of a mere port its bridge says it
	if l.more == nil && !known && !uplinks && len(g.above[i]) == 0 && len(w.around.functions[l.index]) == 0 {
		return nil
	}
	detail := &sample.LinkDetail{}
	if l.more != nil {
		*detail = l.more.detail
	}
	detail.Driver, detail.SpeedMbps, detail.Duplex = device.driver, device.mbps, device.duplex
	detail.Bus, detail.Firmware, detail.Port, detail.Autoneg = device.bus, device.firmware, device.port, device.autoneg
	if b := detail.Bridge; b != nil {
		bridge := *b
		bridge.Ports = len(g.ports[i])
		if bridge.FDB < 0 && w.around.fdb.known {
			bridge.FDB = w.around.fdb.learned[l.index]
		}
		detail.Bridge = &bridge
	}
	if b := detail.Bond; b != nil {
		bond := *b
		bond.Active = w.nameOf(l.more.active)
		bond.Slaves, bond.Up = g.slaves(i)
		detail.Bond = &bond
	}
	detail.VFs = w.functions(l.index)
	if uplinks {
		detail.Uplinks = g.uplinks(i)
	}
	if len(g.above[i]) > 0 || len(detail.VFs) > 0 {
		detail.Above, detail.VMs = g.hanging(i)
	}
	return detail
}

// functions are the virtual functions of a device, with the guests that have them.
func (w *linkState) functions(index int) []sample.VF {
	vfs := slices.Clone(w.around.functions[index])
	for i := range vfs {
		if guest, ok := w.around.owners.devices[vfs[i].Bus]; ok {
			vfs[i].VM = w.around.owners.attached(guest)
		}
	}
	return vfs
}

func (a *addressMessage) describe() sample.Address {
	return sample.Address{
		CIDR: a.prefix.String(), IPv6: a.prefix.Addr().Is6(), Scope: scope(a.scope),
		Deprecated: a.flags&unix.IFA_F_DEPRECATED != 0,
		Tentative:  a.flags&unix.IFA_F_TENTATIVE != 0,
		Duplicate:  a.flags&unix.IFA_F_DADFAILED != 0,
	}
}

func (w *linkState) gateways() []sample.Gateway {
	list := make([]sample.Gateway, 0, len(w.hops))
	hops := slices.Clone(w.hops)
	order.By(hops, func(a, b *nextHop) int {
		return cmp.Or(cmp.Compare(rank(a.table), rank(b.table)), cmp.Compare(a.family, b.family),
			cmp.Compare(a.metric, b.metric), cmp.Compare(a.less, b.less))
	})
	for i := range hops {
		h := &hops[i]
		g := sample.Gateway{Family: h.family, Interface: w.nameOf(h.index), Metric: h.metric, Table: h.table, Weight: h.weight, OnLink: h.onLink,
			LinkDown: w.down(h)}
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

// down reports whether nothing goes out over a hop's link. The kernel sends no event of the route when that changes, but one of
// the link.
func (w *linkState) down(h *nextHop) bool {
	if at, known := w.find(h.index); known {
		return w.links[at].flags&unix.IFF_UP == 0 || w.links[at].flags&unix.IFF_LOWER_UP == 0
	}
	return h.dead
}

// rank puts the main table before the others.
func rank(table int) int {
	if table == sample.MainTable {
		return -1
	}
	return table
}

// services is what the files said, with the network plugin by its links where no file names it.
func (w *linkState) services() *sample.NetServices {
	if w.around.services == nil {
		return nil
	}
	n := *w.around.services
	for i := range w.links {
		if n.CNI != "" {
			break
		}
		name := clean.String(w.links[i].name)
		if plugin := pluginOf(name); plugin != "" {
			n.CNI, n.CNISource = plugin, "interface "+name
		}
	}
	return &n
}

// operstate names a state of RFC 2863 as /sys/class/net/X/operstate does.
//
// Kernel: Documentation/networking/operstates.rst
func operstate(state uint8) string {
	return cmp.Or(oneOf(state, "unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up"), "unknown")
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

// same reports whether two tables hold the same.
func same(a, b *sample.LinkTable) bool {
	return slices.EqualFunc(a.Links, b.Links, sameLink) && slices.Equal(a.Addresses, b.Addresses) &&
		slices.Equal(a.Gateways, b.Gateways) && slices.Equal(a.DNS, b.DNS) && reflect.DeepEqual(a.Services, b.Services)
}

// sameLink reports whether two links are the same in all that is known of them.
func sameLink(a, b *sample.Link) bool {
	if a == b {
		return true
	}
	c, d := *a, *b
	c.Peer, c.VM, c.SharedAttrs = nil, nil, nil
	d.Peer, d.VM, d.SharedAttrs = nil, nil, nil
	return c == d && equal(a.Peer, b.Peer) && equal(a.VM, b.VM) && sameTraits(a.SharedAttrs, b.SharedAttrs)
}

func sameTraits(a, b *sample.SharedAttrs) bool {
	if a == b {
		return true
	}
	c, d := *a, *b
	c.BridgePort, c.Detail = nil, nil
	d.BridgePort, d.Detail = nil, nil
	return c == d && equal(a.BridgePort, b.BridgePort) && reflect.DeepEqual(a.Detail, b.Detail)
}

// equal compares what two pointers point to, which may be nothing.
func equal[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }
