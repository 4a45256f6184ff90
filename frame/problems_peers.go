package frame

import (
	"cmp"
	"time"

	"hypervisor-tui/journal"
)

// findPeers tells of nodes of which the API and the node say two things, and of clocks that differ, each by name; the last of
// many counts those that are left. Nothing is known of that while nobody looks at the nodes.
func findPeers(dst []Problem, f *Snapshot) []Problem {
	const some = 8
	if f.Peers == nil || !f.Peers.Viewed {
		return dst
	}
	disagree, silent, clocks := 0, 0, 0
	clock, cutOff := ownClock(f), mostlySilent(f)
	for i := range f.Nodes {
		n := &f.Nodes[i]
		switch {
		case n.Disagree == ClusterOnly && cutOff:
			p := n.disagreement(f)
			p.Elsewhere, p.Reason = false, "Most nodes that are asked do not answer here, and the API hears them: it is this host's way to them."
			dst = many(dst, &silent, 1, p)
		case n.Disagree != Agree:
			dst = many(dst, &disagree, some, n.disagreement(f))
		}
		if clock == 0 && n.ClockOff() {
			dst = many(dst, &clocks, some, clockProblem(n.Name, n.Peer.Offset))
		}
	}
	if clock != 0 {
		p := clockProblem(cmp.Or(hostname(f), "this host"), clock)
		p.Elsewhere, p.Reason = false, "It differs from that of most nodes that answer, by at least so much: it is this host's that is off."
		dst = append(dst, p)
	}
	return dst
}

// mostlySilent reports whether most nodes that are asked are silent although the API hears them.
func mostlySilent(f *Snapshot) bool {
	asked, silent := 0, 0
	for i := range f.Nodes {
		if n := &f.Nodes[i]; n.Contact != Unasked {
			asked++
			if n.Disagree == ClusterOnly {
				silent++
			}
		}
	}
	return silent >= 2 && 2*silent > asked
}

// many appends the problem of a further node, as long as there are at most so many, and counts those beyond with the last.
func many(dst []Problem, told *int, most int, p Problem) []Problem {
	if *told++; *told <= most {
		return append(dst, p)
	}
	for i := len(dst) - 1; i >= 0; i-- {
		if dst[i].Kind == p.Kind {
			dst[i].More++
			break
		}
	}
	return dst
}

// disagreement is the problem that API and node say two things of it. It is worth a look and no more: that a node is not ready
// is a problem by itself, and one that the API hears is at work.
func (n *Node) disagreement(f *Snapshot) Problem {
	p := Problem{Severity: journal.Warning, Kind: NodeDisagrees, Elsewhere: !n.API.Here, Subject: n.Name, Detail: n.Disagree.String(), Where: Nodes}
	if n.Disagree == ClusterOnly {
		p.Since, p.Reason = n.Peer.Health.Since, n.Peer.Health.Err
		return p
	}
	if c := n.API.Fault(); c != nil {
		p.Since = ago(f, c.Since)
	}
	p.Reason = n.WhyNodeOnly()
	return p
}

// WhyNodeOnly is where to look when a node answers that the API does not call ready, by what it says of its own way to the API.
func (n *Node) WhyNodeOnly() string {
	switch s := n.Peer.Summary; {
	case s == nil || s.API == "":
		return "its kubelet, or its way to the API server"
	case s.API == "ok":
		return "its kubelet: it reaches the API server"
	}
	return "it does not reach the API server"
}

// clockProblem is that of a node whose clock is ahead by offset, behind where that is negative. Differing clocks make leases and
// certificates fail, and logs of two nodes impossible to put in order.
func clockProblem(node string, offset time.Duration) Problem {
	p := Problem{Severity: journal.Warning, Kind: PeerClock, Elsewhere: true, Subject: node, Where: Nodes}
	for _, unit := range [...]struct {
		of            time.Duration
		ahead, behind string
	}{{24 * time.Hour, "days ahead", "days behind"}, {time.Hour, "hours ahead", "hours behind"}, {time.Minute, "minutes ahead", "minutes behind"}, {time.Second, "seconds ahead", "seconds behind"}} {
		if p.N = int(offset.Abs() / unit.of); p.N < 2 {
			continue
		}
		p.Detail = unit.ahead
		if offset < 0 {
			p.Detail = unit.behind
		}
		break
	}
	return p
}

// ownClock is by how much, at least, this host's clock is ahead of that of most nodes that answer, negative where it is behind;
// 0 where most have the same. With two clocks nobody knows which is right.
func ownClock(f *Snapshot) time.Duration {
	answer := 0
	var off [2]int // nodes that are ahead of this host, and behind it,
	var by [2]time.Duration
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if n.Contact != Answers {
			continue
		}
		answer++
		if !n.ClockOff() {
			continue
		}
		way := 0
		if n.Peer.Offset < 0 {
			way = 1
		}
		if d := n.Peer.Offset.Abs(); off[way] == 0 || d < by[way] {
			by[way] = d
		}
		off[way]++
	}
	switch {
	case off[0] >= 2 && 2*off[0] > answer:
		return -by[0]
	case off[1] >= 2 && 2*off[1] > answer:
		return by[1]
	}
	return 0
}

func hostname(f *Snapshot) string {
	switch {
	case f.Kube != nil && f.Kube.Local != nil:
		return f.Kube.Local.Name
	case f.Host != nil:
		return f.Host.Machine.Hostname
	}
	return ""
}
