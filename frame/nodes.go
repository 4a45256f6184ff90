package frame

import (
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
	Peer     *peer.Peer    // nil: it is no peer, or this host and the API tells of it
	Here     bool          // it is this host, whose peer is not asked
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
	n.Here = n.API != nil && n.API.Here || n.API == nil && isHere(n.Peer, f)
	switch { // this host knows itself
	case !n.Here:
		n.Contact = contact(n.Peer, f)
	case n.API != nil:
		n.Peer = nil
	}
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
	case believed, n.Here, n.Contact == Answers:
		n.Rank = NodeFine
	default:
		n.Rank = NodeRemembered
	}
}

// isHere reports whether a peer that the API does not tell of is this host: by its name, or by an address that no other host has.
func isHere(p *peer.Peer, f *Snapshot) bool {
	if p.Name == hostname(f) {
		return true
	}
	at := p.Address.Addr()
	if f.Net == nil || at.IsLoopback() { // of a tunnel's near end
		return false
	}
	var room [64]byte
	text := at.AppendTo(room[:0])
	for i := range f.Net.Addresses {
		if own := f.Net.Addresses[i].CIDR; len(own) > len(text) && own[len(text)] == '/' && own[:len(text)] == string(text) {
			return true
		}
	}
	return false
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
