package frame

import (
	"cmp"
	"sort"
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/kube"
	"hypervisor-tui/peer"
)

// Node is one node with what both sides say of it: the API, and the node itself. What it points to is valid as long as the
// Snapshot's Kube and Peers are.
type Node struct {
	Name     string
	API      *kube.NodeRow // nil: the API has not told of it, or there is none
	Peer     *peer.Peer    // nil: it is no peer
	Contact  Contact
	Disagree Disagreement
	Rank     NodeRank
}

// Contact is how a peer takes it to be asked, as far as that was tried within peer.Recent.
type Contact uint8

// The contacts.
const (
	Unasked Contact = iota // not tried, not lately, or it is no peer
	Answers
	Refuses // somebody is there, and does not answer as a peer does
	Silent  // nobody is heard
)

// String is the contact in a word, empty for Unasked.
func (c Contact) String() string {
	return [...]string{Unasked: "", Answers: "answers", Refuses: "error", Silent: "silent"}[min(c, Silent)]
}

// Disagreement is what the API and the node do not agree on. It is seen only while both are fresh.
type Disagreement uint8

// The disagreements.
const (
	Agree       Disagreement = iota
	NodeOnly                 // the node answers, and the API does not say Ready
	ClusterOnly              // the API says Ready, and the node is silent
)

// String is the disagreement in words, empty for Agree.
func (d Disagreement) String() string {
	return [...]string{Agree: "", NodeOnly: "API says NotReady, node answers", ClusterOnly: "API says Ready, node does not answer"}[min(d, ClusterOnly)]
}

// NodeRank is how much a node needs somebody, the most first.
type NodeRank uint8

// The ranks. What the API said before it stopped to answer counts only of a node that nobody asks.
const (
	NodeNotReady   NodeRank = iota // the API says so, whether the node answers or not
	NodeSilent                     // it does not answer
	NodeFaulty                     // a condition of it is bad, it says that something is, its clock is off, or it refuses
	NodeCordoned                   //
	NodeRemembered                 // nobody says how it is now
	NodeFine
)

// longSilence is how long a node is silent before that is held against an API that calls it ready: of a node that is dead the
// API says so by then.
const longSilence = time.Minute

// clockOff is by how much the clock of a peer is off before it is told: etcd complains of a second, and a summary may be made
// of a sample of some seconds before.
const clockOff = 5 * time.Second

// ClockOff reports whether the node's clock is known to be another than this host's.
func (n *Node) ClockOff() bool { return n.Contact == Answers && n.Peer.Offset.Abs() >= clockOff }

// Ill reports whether the node itself says that something is wrong with it that somebody is to look at.
func (n *Node) Ill() bool {
	if n.Contact != Answers || n.Peer.Summary == nil {
		return false
	}
	s := n.Peer.Summary.Severity
	return s == journal.Crit.String() || s == journal.Err.String()
}

// Told reports whether the API says now how the node is.
func (n *Node) Told(f *Snapshot) bool { return n.API != nil && apiTells(f) }

// apiTells reports whether the API says now which nodes there are, and how they are.
func apiTells(f *Snapshot) bool {
	return f.Kube != nil && f.Kube.Kinds[kube.KindNode].State == health.OK
}

// mergeNodes lists every node that is known one by one in dst, which it reuses: by its rank, then by its name. Nobody looks at
// them: nil. The peers are by name.
func (t *Tracker) mergeNodes(dst []Node, f *Snapshot) []Node {
	dst = dst[:0]
	if k := f.Kube; k != nil && k.Fleet != nil && k.Health.Has() && k.Kinds[kube.KindNode].Has() {
		for i := range k.Fleet.Rows {
			dst = append(dst, Node{Name: k.Fleet.Rows[i].Name, API: &k.Fleet.Rows[i]})
		}
	}
	if f.Peers != nil && (f.Peers.Viewed || len(dst) > 0) {
		t.nodes = nodeOrder{all: dst}
		sort.Sort(&t.nodes)
		dst = addPeers(dst, f.Peers.Peers)
	}
	if len(dst) == 0 {
		return nil
	}
	for i := range dst {
		dst[i].judge(f)
	}
	t.nodes = nodeOrder{all: dst, ranked: true}
	sort.Sort(&t.nodes)
	t.nodes = nodeOrder{}
	return dst
}

// addPeers gives the nodes of dst, which are by name, their peers, and adds those of which the API does not know.
func addPeers(dst []Node, peers []peer.Peer) []Node {
	at, told := 0, len(dst)
	for i := range peers {
		p := &peers[i]
		for at < told && dst[at].Name < p.Name {
			at++
		}
		if at < told && dst[at].Name == p.Name {
			dst[at].Peer = p
		} else {
			dst = append(dst, Node{Name: p.Name, Peer: p})
		}
	}
	return dst
}

// judge finds out what is said of n, and whether it needs somebody.
func (n *Node) judge(f *Snapshot) {
	n.Contact = contact(n.Peer, f)
	told, ready := n.Told(f), n.API != nil && n.API.Ready == "True"
	switch {
	case told && !ready && n.Contact == Answers:
		n.Disagree = NodeOnly
	case told && ready && n.Contact == Silent && f.Boot-n.Peer.Health.Since >= longSilence:
		n.Disagree = ClusterOnly
	}
	believed, rank := told || n.API != nil && n.Contact == Unasked, kube.RankFine
	if believed {
		rank = n.API.Rank()
	}
	switch {
	case rank == kube.RankNotReady:
		n.Rank = NodeNotReady
	case n.Contact == Silent:
		n.Rank = NodeSilent
	case rank == kube.RankFaulty, n.Contact == Refuses, n.Ill(), n.ClockOff():
		n.Rank = NodeFaulty
	case n.API != nil && n.API.Cordoned:
		n.Rank = NodeCordoned
	case believed, n.Contact == Answers:
		n.Rank = NodeFine
	default:
		n.Rank = NodeRemembered
	}
}

// contact is how p takes it to be asked.
func contact(p *peer.Peer, f *Snapshot) Contact {
	switch {
	case p == nil || p.Asked == 0 || f.Boot-p.Asked > peer.Recent || p.Health.State == health.Init:
		return Unasked
	case p.Health.State == health.OK:
		return Answers
	case p.Reached:
		return Refuses
	}
	return Silent
}

// nodeOrder sorts nodes by name, or by rank before that. It is kept so that sorting costs no memory.
type nodeOrder struct {
	all    []Node
	ranked bool
}

func (o *nodeOrder) Len() int      { return len(o.all) }
func (o *nodeOrder) Swap(i, j int) { o.all[i], o.all[j] = o.all[j], o.all[i] }
func (o *nodeOrder) Less(i, j int) bool {
	a, b := &o.all[i], &o.all[j]
	if o.ranked && a.Rank != b.Rank {
		return a.Rank < b.Rank
	}
	return a.Name < b.Name
}

// findPeers tells of nodes of which the API and the node say two things, and of clocks that differ, each by name; the last of
// many counts those that are left. Nothing is known of that while nobody looks at the nodes.
func findPeers(dst []Problem, f *Snapshot) []Problem {
	if f.Peers == nil || !f.Peers.Viewed {
		return dst
	}
	disagree, clocks := 0, 0
	own := ownClock(f)
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if n.Disagree != Agree {
			dst = many(dst, &disagree, n.disagreement(f))
		}
		if own == 0 && n.ClockOff() {
			dst = many(dst, &clocks, clockProblem(n.Name, n.Peer.Offset))
		}
	}
	if own != 0 {
		p := clockProblem("", own)
		p.Elsewhere, p.Subject = false, cmp.Or(hostname(f), "this host")
		p.Reason = "It differs from that of most nodes that answer, by at least so much: it is this host's that is off."
		dst = append(dst, p)
	}
	return dst
}

// many appends the problem of a further node; of more than some it counts them.
func many(dst []Problem, told *int, p Problem) []Problem {
	const some = 8
	if *told++; *told <= some {
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
