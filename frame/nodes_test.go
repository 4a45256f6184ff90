package frame

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/peer"
	"hypervisor-tui/sample"
)

const nodesBoot = time.Hour

// nodesFrame is a frame of nodes that the API calls ready as ready says, and of peers.
func nodesFrame(api health.State, ready map[string]string, peers ...peer.Peer) *Snapshot {
	f := &Snapshot{Now: time.Date(2026, 11, 22, 3, 2, 11, 0, time.UTC), Boot: nodesBoot, Settings: &Settings{}}
	if ready != nil {
		h := health.Health{State: api, At: nodesBoot - time.Second, Since: time.Minute}
		f.Kube = &kube.State{Health: h, Fleet: &kube.Fleet{}}
		f.Kube.Kinds[kube.KindNode].Health = h
		for name, status := range ready {
			r := kube.NodeRow{Node: kube.Node{Name: name, Ready: status}}
			if status != "True" {
				r.Conditions = []kube.Condition{{Type: "Ready", Status: status, Good: kube.False, Since: f.Now.Add(-12 * time.Minute)}}
			}
			f.Kube.Fleet.Rows = append(f.Kube.Fleet.Rows, r)
		}
	}
	if peers != nil {
		f.Peers = &peer.State{Viewed: true, Peers: peers}
	}
	return f
}

// asked is a peer that was asked an age ago and is in a state since a while.
func asked(name string, state health.State, age, since time.Duration, s *peer.Summary) peer.Peer {
	p := peer.Peer{Name: name, Asked: nodesBoot - age, Summary: s, Health: health.Health{State: state, At: nodesBoot - age, Since: nodesBoot - since}}
	if state != health.OK {
		p.Health.Err, p.Health.At = "no answer in 2 s", nodesBoot-since
	}
	return p
}

// TestNodesOfBothSides: what the API and a node say of it, each fresh, old or not there, and how much it needs somebody.
func TestNodesOfBothSides(t *testing.T) {
	const s = time.Second
	well := &peer.Summary{API: "ok"}
	refused := asked("a", health.Failed, 5*s, 5*time.Minute, nil)
	refused.Reached = true
	ahead := asked("a", health.OK, 5*s, 0, well)
	ahead.Offset = 10 * time.Minute
	slightly := ahead
	slightly.Offset = -4 * s
	listed := peer.Peer{Name: "a", Summary: well, Said: peer.Said{Ready: "True"}}
	gone := asked("a", health.Stale, 7*s, 12*time.Minute, well)
	for _, c := range []struct {
		what  string
		api   health.State
		ready string // what the API says, empty: nothing
		peer  *peer.Peer
		want  string
	}{
		{"both well", health.OK, "True", ptr(asked("a", health.OK, 4*s, time.Hour, well)), "answers, , fine"},
		{"API alone", health.OK, "True", nil, ", , fine"},
		{"API alone, bad", health.OK, "False", nil, ", , not ready"},
		{"API alone, old and bad", health.Stale, "False", nil, ", , not ready"},
		{"the node alone answers", health.OK, "Unknown", ptr(asked("a", health.OK, 4*s, time.Hour, well)), "answers, API says NotReady, node answers, not ready"},
		{"the node alone answers, and the API does not", health.Stale, "Unknown", ptr(asked("a", health.OK, 4*s, time.Hour, well)), "answers, , fine"},
		{"the API alone says it is well", health.OK, "True", &gone, "silent, API says Ready, node does not answer, silent"},
		{"it is silent since just now", health.OK, "True", ptr(asked("a", health.Stale, 2*s, 20*s, well)), "silent, , silent"},
		{"the API said it was well", health.Stale, "True", &gone, "silent, , silent"},
		{"neither", health.OK, "False", &gone, "silent, , not ready"},
		{"somebody is there", health.OK, "True", &refused, "error, , faulty"},
		{"its clock is off", health.OK, "True", &ahead, "answers, , faulty"},
		{"its clock is as good as this one", health.OK, "True", &slightly, "answers, , fine"},
		{"it says something is wrong", health.OK, "True", ptr(asked("a", health.OK, 4*s, time.Hour, &peer.Summary{Severity: "crit"})), "answers, , faulty"},
		{"it says something is worth a look", health.OK, "True", ptr(asked("a", health.OK, 4*s, time.Hour, &peer.Summary{Severity: "warning"})), "answers, , fine"},
		{"it answered long ago", health.OK, "True", ptr(asked("a", health.OK, 4*time.Minute, time.Hour, well)), ", , fine"},
		{"it was silent long ago", health.OK, "True", ptr(asked("a", health.Stale, 4*time.Minute, time.Hour, well)), ", , fine"},
		{"it was never asked", health.OK, "True", &listed, ", , fine"},
		{"of the list alone", health.Init, "", &listed, ", , remembered"},
		{"without a cluster", health.Init, "", ptr(asked("a", health.OK, 4*s, time.Hour, well)), "answers, , fine"},
		{"without a cluster, silent", health.Init, "", &gone, "silent, , silent"},
	} {
		var ready map[string]string
		if c.ready != "" {
			ready = map[string]string{"a": c.ready}
		}
		var peers []peer.Peer
		if c.peer != nil {
			peers = []peer.Peer{*c.peer}
		}
		f := nodesFrame(c.api, ready, peers...)
		f.Nodes = new(Tracker).mergeNodes(nil, f)
		if len(f.Nodes) != 1 {
			t.Errorf("%s: %d nodes", c.what, len(f.Nodes))
			continue
		}
		n := &f.Nodes[0]
		rank := [...]string{NodeNotReady: "not ready", NodeSilent: "silent", NodeFaulty: "faulty", NodeCordoned: "cordoned", NodeRemembered: "remembered", NodeFine: "fine"}[n.Rank]
		if got := fmt.Sprintf("%s, %s, %s", n.Contact, n.Disagree, rank); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}

// TestThisHostIsNotAsked: whether its own --serve answers it says nothing of it.
func TestThisHostIsNotAsked(t *testing.T) {
	f := nodesFrame(health.OK, map[string]string{"a": "True"}, asked("a", health.Stale, 5*time.Second, 5*time.Minute, nil))
	f.Kube.Fleet.Rows[0].Here = true
	if f.Nodes = new(Tracker).mergeNodes(nil, f); f.Nodes[0].Peer != nil || f.Nodes[0].Contact != Unasked || f.Nodes[0].Rank != NodeFine {
		t.Errorf("%+v", f.Nodes[0])
	}
}

// TestThisHostAmongPeers: a list of nodes that is the same on all of them has this host, by its name or by its address.
func TestThisHostAmongPeers(t *testing.T) {
	f := nodesFrame(health.OK, nil, asked("hv1", health.Failed, 5*time.Second, 0, nil), asked("hv2", health.Failed, 5*time.Second, 0, nil),
		asked("hv3", health.Failed, 5*time.Second, 0, nil), asked("hv4", health.Failed, 5*time.Second, 0, nil))
	f.Host = &sample.Host{}
	f.Host.Machine.Hostname = "hv1"
	f.Net = &sample.Net{Addresses: []sample.Address{{CIDR: "127.0.0.1/8"}, {CIDR: "10.0.0.22/24"}, {CIDR: "fd00::3/64"}}}
	for i, at := range []string{"10.0.0.1:9101", "10.0.0.2:9101", "[fd00::3]:9101", "127.0.0.1:9104"} {
		f.Peers.Peers[i].Address = netip.MustParseAddrPort(at)
	}
	here := ""
	for _, n := range new(Tracker).mergeNodes(nil, f) {
		if n.Here {
			here += n.Name + " "
		}
		if n.Peer == nil || n.Here && (n.Rank != NodeFine || n.Contact != Unasked) || !n.Here && n.Contact == Unasked {
			t.Errorf("%+v", n)
		}
	}
	if here != "hv1 hv3 " {
		t.Errorf("here are %s", here)
	}
}

func ptr[T any](v T) *T { return &v }

// TestNodesAreMergedByName, worst first; those that nobody looks at are not kept.
func TestNodesAreMergedByName(t *testing.T) {
	f := nodesFrame(health.OK, map[string]string{"b": "True", "d": "False", "a": "True"},
		asked("a", health.OK, time.Second, time.Hour, nil), asked("c", health.Stale, time.Second, time.Hour, nil), asked("d", health.OK, time.Second, time.Hour, nil), asked("e", health.OK, time.Second, time.Hour, nil))
	var tracker Tracker
	f.Nodes = tracker.mergeNodes(f.Nodes, f)
	got := ""
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if n.API != nil && n.API.Name != n.Name || n.Peer != nil && n.Peer.Name != n.Name {
			t.Errorf("%s has another's word", n.Name)
		}
		got += fmt.Sprintf("%s %t %t; ", n.Name, n.API != nil, n.Peer != nil)
	}
	if want := "d true true; c false true; a true true; b true false; e false true; "; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	f.Kube.Fleet, f.Peers = nil, &peer.State{Peers: f.Peers.Peers}
	if f.Nodes = tracker.mergeNodes(f.Nodes, f); f.Nodes != nil {
		t.Errorf("%d nodes are kept", len(f.Nodes))
	}
}

// TestProblemsOfPeers: where two sides differ, and only while they are asked.
func TestProblemsOfPeers(t *testing.T) {
	off := func(name string, by time.Duration) peer.Peer {
		p := asked(name, health.OK, time.Second, time.Hour, &peer.Summary{API: "dial: no route to host"})
		p.Offset = by
		return p
	}
	silent := func(name string) peer.Peer {
		return asked(name, health.Stale, time.Second, 12*time.Minute, nil)
	}
	well := func(name string) peer.Peer { return asked(name, health.OK, time.Second, time.Hour, nil) }
	const both = "warning node a: API says NotReady, node answers [nodes]; "
	for _, c := range []struct {
		what  string
		ready map[string]string
		peers []peer.Peer
		want  string
	}{
		{"well", map[string]string{"a": "True"}, []peer.Peer{well("a")}, ""},
		{"the node alone", map[string]string{"a": "False"}, []peer.Peer{well("a")}, both},
		{"the API alone", map[string]string{"a": "True"}, []peer.Peer{silent("a")}, "warning node a: API says Ready, node does not answer [nodes]; "},
		{"neither", map[string]string{"a": "False"}, []peer.Peer{silent("a")}, ""},
		{"two of three are silent", map[string]string{"a": "True", "b": "True", "c": "True"}, []peer.Peer{silent("a"), well("b"), silent("c")},
			"warning node a: API says Ready, node does not answer (and 1 more) [nodes]; "},
		{"most are silent, and one the API does not hear", map[string]string{"a": "False", "b": "True", "c": "True"}, []peer.Peer{well("a"), silent("b"), silent("c")},
			both + "warning node b: API says Ready, node does not answer (and 1 more) [nodes]; "},
		{"two of four are silent", map[string]string{"a": "True", "b": "True", "c": "True", "d": "True"}, []peer.Peer{silent("a"), well("b"), silent("c"), well("d")},
			"warning node a: API says Ready, node does not answer [nodes]; warning node c: API says Ready, node does not answer [nodes]; "},
		{"a clock", nil, []peer.Peer{well("a"), off("b", 10*time.Minute+3*time.Second), well("c")}, "warning clock of b 10 minutes ahead [nodes]; "},
		{"a clock behind", nil, []peer.Peer{well("a"), off("b", -119*time.Second)}, "warning clock of b 119 seconds behind [nodes]; "},
		{"one of two clocks", nil, []peer.Peer{off("b", -49*time.Hour)}, "warning clock of b 2 days behind [nodes]; "},
		{"the other of two", nil, []peer.Peer{off("b", 49*time.Hour)}, "warning clock of b 2 days ahead [nodes]; "},
		{"the own clock, behind", nil, []peer.Peer{off("a", -3*time.Hour), off("b", -2*time.Hour-2*time.Minute), well("c")}, "warning clock of this host 2 hours ahead [nodes]; "},
		{"the own clock", nil, []peer.Peer{off("a", 3*time.Hour), off("b", 2*time.Hour+2*time.Minute), well("c")}, "warning clock of this host 2 hours behind [nodes]; "},
		{"many", nil, []peer.Peer{off("a", time.Hour), off("b", time.Hour), off("c", time.Hour), off("d", time.Hour), off("e", time.Hour),
			off("f", -time.Hour), off("g", -time.Hour), off("h", -time.Hour), off("i", -time.Hour), off("j", -time.Hour)}, "eight, and 2 more"},
	} {
		f := nodesFrame(health.OK, c.ready, c.peers...)
		f.Nodes = new(Tracker).mergeNodes(nil, f)
		found := findPeers(nil, f)
		if c.what == "many" {
			if len(found) != 8 || found[7].More != 2 {
				t.Errorf("many: %s", words(found))
			}
			continue
		}
		if got := words(found); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
		if c.want == both && (found[0].Since != nodesBoot-12*time.Minute || found[0].Reason != "its kubelet, or its way to the API server") {
			t.Errorf("%s: %+v", c.what, found[0])
		}
		f.Peers.Viewed = false
		if got := words(findPeers(nil, f)); got != "" {
			t.Errorf("%s, not asked any more: %q", c.what, got)
		}
	}
}

// TestPeersAreNoEvents: that somebody looks at the nodes, or does not any more, is nothing that happened to them.
func TestPeersAreNoEvents(t *testing.T) {
	var tracker Tracker
	var line Timeline
	f := nodesFrame(health.OK, map[string]string{"a": "False"}, asked("a", health.OK, time.Second, time.Hour, nil))
	f.Host = &sample.Host{}
	step := func(seconds time.Duration) int {
		f.Boot += seconds * time.Second
		f.Now = f.Now.Add(seconds * time.Second)
		return len(line.Step(f, tracker.Derive(f)))
	}
	f.Peers.Viewed = false
	step(1)
	step(20)
	f.Peers.Viewed = true
	if n := step(1); n != 0 || same(f.Problems, &Problem{Kind: NodeDisagrees, Subject: "a"}) == nil {
		t.Errorf("looked at: %d events, problems %s", n, words(f.Problems))
	}
	f.Peers.Viewed = false
	if n := step(1); n != 0 {
		t.Errorf("looked away: %d events", n)
	}
}

// TestMergingNodesAllocatesNothing, a thousand of them in disorder.
func TestMergingNodesAllocatesNothing(t *testing.T) {
	f, tracker := thousandNodes(), new(Tracker)
	once := func() {
		f.Nodes = tracker.mergeNodes(f.Nodes, f)
		tracker.found = findPeers(tracker.found[:0], f)
	}
	once()
	if n := testing.AllocsPerRun(10, once); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func thousandNodes() *Snapshot {
	ready, peers := map[string]string{}, []peer.Peer{}
	for i := range 1000 {
		name, status, state := fmt.Sprintf("node-%04d", i), "True", health.OK
		if i%9 == 0 {
			status = "False"
		}
		if i%7 == 0 {
			state = health.Stale
		}
		if i%10 != 3 {
			ready[name] = status
		}
		if i%10 != 4 {
			peers = append(peers, asked(name, state, 2*time.Second, 20*time.Second, &peer.Summary{}))
		}
	}
	return nodesFrame(health.OK, ready, peers...)
}

func BenchmarkMergeThousandNodes(b *testing.B) {
	f, tracker := thousandNodes(), new(Tracker)
	b.ReportAllocs()
	for b.Loop() {
		f.Nodes = tracker.mergeNodes(f.Nodes, f)
	}
}
