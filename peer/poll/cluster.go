package poll

import (
	"net/netip"
	"slices"
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/peer"
)

// look takes in what the API server says of its nodes: while somebody looks, and for a moment now and then.
func (p *Poller) look(now time.Duration) {
	switch {
	case p.viewed && p.glimpseEnd != 0:
		p.endGlimpse(now + glimpses)
	case p.glimpseEnd != 0 && now >= p.glimpseEnd:
		p.endGlimpse(now + soon)
	case !p.viewed && p.glimpseEnd == 0 && now >= p.glimpseAt:
		p.glimpseEnd = now + glimpse
		p.o.Nodes.Come()
		return // what is made now does not know of this
	}
	if !p.viewed && p.glimpseEnd == 0 {
		return
	}
	s := p.o.Cluster()
	if s == nil || s == p.seen || s.Fleet == nil || s.Health.State != health.OK || s.Kinds[kube.KindNode].State != health.OK {
		return
	}
	p.seen = s
	p.merge(now, s.Fleet)
	if p.glimpseEnd != 0 {
		p.endGlimpse(now + glimpses)
	}
}

func (p *Poller) endGlimpse(next time.Duration) {
	p.o.Nodes.Leave()
	p.glimpseEnd, p.glimpseAt = 0, next
}

// merge makes the nodes of the cluster known, and forgets those that it has not had for long. Those that the configuration
// names stay, where it says.
func (p *Poller) merge(now time.Duration, fleet *kube.Fleet) {
	at := time.Now()
	p.over = false
	for i := range fleet.Rows {
		row := &fleet.Rows[i]
		n := p.byName[row.Name]
		address, err := netip.ParseAddr(row.InternalIP)
		switch {
		case n == nil && (err != nil || !peer.Nameable(row.Name)):
			continue // nowhere to ask
		case n == nil && len(p.nodes) >= peer.MaxPeers:
			p.over = true
			continue
		}
		where := netip.AddrPortFrom(address.Unmap(), uint16(p.o.Config.Port))
		if n == nil {
			n = p.add(row.Name, where)
		} else if err == nil && !n.Named && n.Address != where {
			n.Address, n.due, n.fails = where, now, 0
		}
		n.present, n.missing, n.Said = true, 0, peer.Said{Ready: row.Ready, At: at}
	}
	p.touch()
	p.nodes = slices.DeleteFunc(p.nodes, func(n *node) bool {
		switch {
		case n.present || n.Named:
			n.present = false
			return false
		case n.missing == 0:
			n.missing = now
		}
		if now-n.missing < gone {
			return false
		}
		delete(p.byName, n.Name)
		return true
	})
}
