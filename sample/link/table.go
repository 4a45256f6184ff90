package link

import (
	"math"
	"net"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"hypervisor-tui/draw/clean"
	"hypervisor-tui/sample"
)

// findings is what one dump found, not yet joined.
type findings struct {
	links     []linkMessage
	addresses []addressMessage
	hops      []hop
	devices   map[int]device // by index
	dns       []string
}

// table joins the findings: links sorted by index, addresses grouped by link in the kernel's order, default routes by
// family and metric. An address whose link is not there, since it went between two dumps, is left out.
func (f *findings) table() *sample.LinkTable {
	links := byIndex(f.links)
	names := make(map[int]string, len(links))
	for i := range links {
		names[links[i].index] = clean.String(links[i].name)
	}
	t := &sample.LinkTable{
		Interfaces: make([]sample.Interface, 0, len(links)),
		Addresses:  make([]sample.Address, 0, len(f.addresses)),
		Gateways:   make([]sample.Gateway, 0, len(f.hops)),
		DNS:        f.dns,
	}
	slices.SortStableFunc(f.addresses, func(a, b addressMessage) int { return a.index - b.index })
	addresses := f.addresses
	for i := range links {
		l := &links[i]
		d := f.devices[l.index]
		n := l.describe(d)
		n.Name, n.Master = names[l.index], names[l.master]
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
	slices.SortStableFunc(f.hops, func(a, b hop) int {
		if a.family != b.family {
			return a.family - b.family
		}
		return a.metric - b.metric
	})
	for _, h := range f.hops {
		t.Gateways = append(t.Gateways, h.describe(names[h.index]))
	}
	return t
}

// byIndex sorts links by index and keeps the last of those that the kernel named twice: a link that was renamed while
// it was being listed.
func byIndex(links []linkMessage) []linkMessage {
	slices.SortStableFunc(links, func(a, b linkMessage) int { return a.index - b.index })
	kept := links[:0]
	for _, l := range links {
		if n := len(kept); n > 0 && kept[n-1].index == l.index {
			kept[n-1] = l
			continue
		}
		kept = append(kept, l)
	}
	return kept
}

// describe is the link as the screens know it, but for names and addresses.
func (l *linkMessage) describe(d device) sample.Interface {
	n := sample.Interface{
		Index:     l.index,
		Kind:      clean.String(l.kind),
		Physical:  d.physical,
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
	switch l.hardware {
	case unix.ARPHRD_LOOPBACK:
		n.Kind = "loopback"
	case unix.ARPHRD_ETHER, unix.ARPHRD_INFINIBAND: // a tunnel's hardware address is an IP address
		n.MAC = net.HardwareAddr(l.mac).String()
	}
	return n
}

func (a *addressMessage) describe() sample.Address {
	return sample.Address{CIDR: a.prefix.String(), IPv6: a.prefix.Addr().Is6(), Scope: scope(a.scope)}
}

func (h *hop) describe(name string) sample.Gateway {
	g := sample.Gateway{Family: h.family, Interface: name, Metric: h.metric}
	// The unspecified address is no gateway: some programs write it for on-link.
	if h.gateway.IsValid() && !h.gateway.IsUnspecified() {
		g.Address = h.gateway.String()
	}
	return g
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
		slices.Equal(a.Gateways, b.Gateways) && slices.Equal(a.DNS, b.DNS)
}

// sameInterface compares all but the rates: they are NaN, which equals nothing.
func sameInterface(a, b sample.Interface) bool {
	a.RxRate, a.TxRate, b.RxRate, b.TxRate = 0, 0, 0, 0
	return a == b
}
