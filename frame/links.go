package frame

import (
	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/sample"
)

// ConntrackLimits are when the table of tracked connections is about to be full: the kernel then drops new ones.
var ConntrackLimits = Limits{Warn: 80, Critical: 95, Margin: 10}

// findNetwork tells of cables that lead nowhere, with the VMs that hang on them, of gateways that do not answer, of
// addresses that another host has and of a table of connections that fills up.
func findNetwork(dst []Problem, f *Snapshot, open []Problem) []Problem {
	n := f.Net
	for _, l := range n.Interfaces {
		if !l.Plain {
			dst = findLink(dst, n, l)
		}
	}
	for i := range n.Gateways {
		if g := &n.Gateways[i]; g.Table == sample.MainTable && g.Silent != 0 && !g.LinkDown {
			dst = append(dst, Problem{Severity: journal.Warning, Kind: GatewaySilent, Subject: g.Address, Detail: g.Interface,
				Since: g.Silent, Where: Network})
		}
	}
	for i := range n.Addresses {
		if a := &n.Addresses[i]; a.Duplicate {
			dst = append(dst, Problem{Severity: journal.Err, Kind: AddressTaken, Subject: a.CIDR, Where: Network})
		}
	}
	if s := &n.Sockets; s.Conntrack >= 0 && s.ConntrackMax > 0 {
		dst = judge(dst, open, 100*float64(s.Conntrack)/float64(s.ConntrackMax), ConntrackLimits, Problem{Kind: ConntrackFull, Where: Network})
	}
	return dst
}

// findLink judges one link. A cable is reported once: by its interface, or by the bond that this belongs to.
func findLink(dst []Problem, n *sample.Net, l *sample.Interface) []Problem {
	d := l.More()
	switch {
	case d.Bridge != nil:
		if l.AdminUp && Cut(n, l) {
			dst = findCut(dst, n, l)
		}
		return dst
	case d.Bond == nil && (l.Carrier || !l.Configured()):
		return dst
	}
	p := Problem{Severity: journal.Err, Kind: NoCarrier, Subject: l.Name, Hit: Hit{VMs: len(d.VMs)}, Where: Network}
	switch master := Link(n, l.Master); {
	case d.Bond == nil && master != nil:
		if told(n, master) {
			return dst
		}
		p.Hit.VMs = 0 // they have another cable, or their bridge is off
	case d.Bond == nil:
	case !l.AdminUp || d.Bond.Slaves == 0:
		return dst
	case l.Carrier && d.Bond.Up < d.Bond.Slaves:
		p.Severity, p.Kind, p.Hit.VMs = journal.Warning, BondDegraded, 0
	case l.Carrier || l.AddressCount == 0 && bridged(n, l):
		return dst
	}
	if p.Hit.VMs > 0 {
		p.Severity = journal.Crit
	}
	return append(dst, p)
}

// findCut tells of the cable of a bridge that has lost all of them, and of what hangs on it. Several bridges may.
func findCut(dst []Problem, n *sample.Net, bridge *sample.Interface) []Problem {
	d := bridge.More()
	up := Link(n, d.Uplinks[0])
	p := Problem{Severity: journal.Err, Kind: NoCarrier, Subject: up.Name, More: len(d.Uplinks) - 1,
		Hit: Hit{Bridge: bridge.Name, VMs: len(d.VMs)}, Where: Network}
	if bond := Link(n, up.Master); bond != nil && bond.More().Bond != nil {
		p.Subject, p.More = bond.Name, 0
	} else if !up.AdminUp {
		p.Kind = LinkDown
	}
	told := same(dst, &p)
	switch {
	case told == nil:
		dst = append(dst, p)
		told = &dst[len(dst)-1]
	case told.Hit.Bridge == "":
		told.Hit = p.Hit
	default:
		told.Hit.MoreBridges++
		told.Hit.VMs = max(told.Hit.VMs, len(up.More().VMs)) // some may hang on both
	}
	if told.Hit.VMs > 0 {
		told.Severity = journal.Crit
	}
	return dst
}

// told reports whether the state of a master tells of a port without carrier.
func told(n *sample.Net, master *sample.Interface) bool {
	d := master.More()
	return d.Bond != nil && master.AdminUp || d.Bridge != nil && master.AdminUp && Cut(n, master)
}

// Cut reports whether a link leads to hardware, and no hardware that it leads to has a carrier.
func Cut(n *sample.Net, l *sample.Interface) bool {
	uplinks := l.More().Uplinks
	for _, name := range uplinks {
		if up := Link(n, name); up == nil || up.AdminUp && up.Carrier {
			return false
		}
	}
	return len(uplinks) > 0
}

// bridged reports whether a bridge lies above a link.
func bridged(n *sample.Net, l *sample.Interface) bool {
	for _, name := range l.More().Above {
		if above := Link(n, name); above != nil && above.Kind == "bridge" {
			return true
		}
	}
	return false
}

// Link is the interface of that name, nil if none. It looks at each: the hardware's come first.
func Link(n *sample.Net, name string) *sample.Interface {
	if name == "" {
		return nil
	}
	for _, l := range n.Interfaces {
		if l.Name == name {
			return l
		}
	}
	return nil
}

// Reach is whether something that this host needs from its network is there.
type Reach uint8

// What is known of it. Nothing is asked for the sake of this: it comes of what the host does anyway.
const (
	ReachUnknown Reach = iota
	ReachOK
	ReachFailed
)

// DefaultRoute returns the default route of the main table that the host's own packets take; nil when it has none.
func DefaultRoute(n *sample.Net) *sample.Gateway {
	var best *sample.Gateway
	for i := range n.Gateways {
		if g := &n.Gateways[i]; g.Table == sample.MainTable && (best == nil || outranks(g, best)) {
			best = g
		}
	}
	return best
}

// outranks reports whether the host's own packets go to a and not to b: nothing goes where there is no carrier.
func outranks(a, b *sample.Gateway) bool {
	if a.LinkDown != b.LinkDown {
		return b.LinkDown
	}
	return a.Family < b.Family || a.Family == b.Family && a.Metric < b.Metric
}

// GatewayReach judges a next hop by the kernel's neighbour table, which knows of an answer as long as the state is
// reachable: a stale entry is one of which nobody knows.
func GatewayReach(g *sample.Gateway) Reach {
	switch {
	case g.LinkDown || g.Silent != 0:
		return ReachFailed
	case g.Neighbour == "reachable":
		return ReachOK
	}
	return ReachUnknown
}

// ClockReach judges by the kernel's clock whether a time source is followed. What the kernel said before it could not be asked
// any more is not known to be so.
func ClockReach(s *sample.System) Reach {
	switch {
	case s == nil || s.Clock.Health.State != health.OK:
		return ReachUnknown
	case s.Clock.Synchronised:
		return ReachOK
	}
	return ReachFailed
}
