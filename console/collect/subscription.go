package collect

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"hypervisor-tui/alert"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/kube"
	"hypervisor-tui/peer"
	"hypervisor-tui/sample"
)

// Subscription is how one goroutine gets what the Collector knows.
type Subscription struct {
	collector *Collector
	nodes     bool                          // it shows the nodes one by one
	node      string                        // the one that it shows whole; empty: none
	counters  bool                          // it wants them
	reader    atomic.Pointer[sample.Reader] // of the sampler in force
	tick      uint64                        // of its last snapshot; before that what it would be
	boot      time.Duration                 // CLOCK_BOOTTIME of it; 0: there was none
	tracker   frame.Tracker
	alerts    *alert.Engine
	timeline  frame.Timeline
	recalled  bool // what was recorded before this program started has been taken in
	log       *journal.View
	turns     uint64        // of the log's owner, as Fill saw them last,
	turn      time.Duration // and since when it has been in the same one; 0: it is not
}

// Want is what only some subscribers get, because it costs something to read.
type Want uint8

// WantCounters fills Snapshot.Counters.
const WantCounters Want = iota

// Happened is what two snapshots that follow on each other tell together.
type Happened struct {
	Alerts []alert.Change // that have begun or are over
	Events []frame.Event  // oldest first
}

// Subscribe returns another subscription, an error when there are journal.MaxViews; Close gives its place back. It may come at any
// time, and has the newest sample at once, and what the first one has found out by its last Fill: how old problems are, the alerts and
// what has happened. It belongs to the goroutine that calls Reconfigure and fills the first.
func (c *Collector) Subscribe(wants ...Want) (*Subscription, error) {
	view, err := c.log.NewView()
	if err != nil {
		return nil, err
	}
	s := &Subscription{collector: c, log: view, alerts: alert.New(), counters: slices.Contains(wants, WantCounters)}
	s.reader.Store(c.sampler.Load().NewReader(s.counters))
	if c.first == nil {
		c.first = s
	} else {
		s.seed(c.first)
	}
	c.subscribers = append(c.subscribers, s)
	return s, nil
}

// seed makes s know what the first subscription has found out.
func (s *Subscription) seed(first *Subscription) {
	passed := min(boottime.Now()-first.boot, s.collector.Config().RefreshInterval+time.Second) // more is a time in which it was stopped
	s.tick = first.tick + uint64(max(passed, 0)/time.Second)
	s.recalled, s.turns, s.turn = first.recalled, first.turns, first.turn
	s.tracker, s.alerts, s.timeline = first.tracker.Clone(), first.alerts.Clone(), first.timeline.Clone()
}

// Close ends the subscription and what is read for it. Like Subscribe it belongs to the goroutine that calls Reconfigure,
// and no other may use the subscription any more.
func (s *Subscription) Close() {
	s.ViewNodes(false)
	s.ViewNode("")
	c := s.collector
	s.log.Close()
	s.reader.Load().Close()
	c.subscribers = slices.DeleteFunc(c.subscribers, func(o *Subscription) bool { return o == s })
	if c.first == s {
		c.first = nil
	}
}

// Log is the subscription's view of the log.
func (s *Subscription) Log() *journal.View { return s.log }

// Alerts is what makes the subscriber's alerts. Only the goroutine that calls Fill may use it.
func (s *Subscription) Alerts() *alert.Engine { return s.alerts }

// Sampled gets a value after each sample. It is another channel after Collector.Reconfigure.
func (s *Subscription) Sampled() <-chan struct{} { return s.reader.Load().Sampled }

// ViewProcesses says whether the subscriber shows processes from now on; they are read only while one does. A subscriber says
// so before each Fill, and that it does not when it ends.
func (s *Subscription) ViewProcesses(on bool) { s.reader.Load().ViewProcesses(on) }

// ViewNodes is ViewProcesses for the nodes of the cluster one by one, State.Fleet, and for what they say of themselves.
func (s *Subscription) ViewNodes(on bool) {
	if on == s.nodes {
		return
	}
	if s.nodes = on; on {
		s.collector.nodes.Come()
		s.collector.peerViewers.Come()
	} else {
		s.collector.peerViewers.Leave()
		s.collector.nodes.Leave()
	}
}

// ViewNode says which node the subscriber shows whole from now on, State.Detail and Snapshot.Usages; the empty name is none.
func (s *Subscription) ViewNode(name string) {
	if name == s.node {
		return
	}
	s.collector.whole.Turn(s.node, name)
	s.collector.measured.Turn(s.node, name)
	s.node = name
}

// Fill brings f up to date with what is known of host and cluster, and with what follows from that. The subscriber has set
// its Now, Tick, Settings and Page. What f then points to stays as it is until the next Fill; others may have it, too: nobody
// may change it. It returns what has happened since the last one, valid until the next.
func (s *Subscription) Fill(f *frame.Snapshot) Happened {
	s.take(f)
	return s.derive(f)
}

// take sets what is known.
func (s *Subscription) take(f *frame.Snapshot) {
	c, r := s.collector, s.reader.Load()
	if h := r.Hosts.Latest(); h != nil {
		f.Host = h
	}
	if n := r.Nets.Latest(); n != nil {
		f.Net = n
	}
	if v := r.VMs.Latest(); v != nil {
		f.VMs = v
	}
	if s.counters {
		if k := r.Counters.Latest(); k != nil {
			f.Counters = k
		}
	}
	f.Boot = boottime.Now()
	if p := r.Processes(f.Boot); p != nil {
		f.Processes = p
	}
	f.Kube, f.Units, f.System, f.Textfiles = c.kube.Load(), c.units.Load(), c.system.Load(), c.textfiles.Load()
	f.Peers, f.Usages, f.Checks = c.peers.Load(), c.usages.Load(), c.plugins.Load()
	f.Kernel, f.Acted, f.Actions = c.log.KernelEvents(), c.log.Actions(), c.actions.Load()
	f.Sampling.Since, f.Sampling.Source = c.sampler.Load().Busy()
	f.Logging.Since = s.sameTurn(c.log.Turns(), f.Boot)
}

// derive sets what follows from it.
func (s *Subscription) derive(f *frame.Snapshot) Happened {
	f.Tick = max(f.Tick, s.tick)
	s.tick, s.boot = f.Tick, f.Boot
	s.recall(f)
	changes := s.tracker.Derive(f)
	s.alerts.Configure(s.collector.rules.Load())
	return Happened{Alerts: s.alerts.Step(f), Events: s.timeline.Step(f, changes)}
}

// sameTurn returns since when the log's owner has been in a turn, 0 when it is in none or in another one than before. Within
// a turn their number is odd.
func (s *Subscription) sameTurn(turns uint64, now time.Duration) time.Duration {
	switch {
	case turns != s.turns || turns%2 == 0:
		s.turns, s.turn = turns, 0
	case s.turn == 0:
		s.turn = now
	}
	return s.turn
}

// Sample samples at once, on the caller's goroutine, while the sampler is not started.
func (s *Subscription) Sample() { s.collector.sampler.Load().Sample() }

// WaitSlow returns when all that is slower than a sample has answered once, or when ctx ends. The next Sample has the
// answers.
func (s *Subscription) WaitSlow(ctx context.Context) {
	sampler := s.collector.sampler.Load()
	sampler.WaitSlow(ctx)
	sampler.WaitLinks(ctx)
}

// ClusterSettled reports whether what is known of the cluster is all there is to wait for.
func (s *Subscription) ClusterSettled() bool {
	state := s.collector.kube.Load()
	return state != nil && state.Settled()
}

// PeersSettled reports whether nobody is to be waited for: each peer has been asked, those that the cluster tells of among
// them, or none is.
func (s *Subscription) PeersSettled() bool {
	c := s.collector
	if c.asksPeers.stop == nil || !c.Config().Peers.Enable {
		return true
	}
	state, cluster := c.peers.Load(), c.kube.Load()
	switch {
	case state == nil:
		return false
	case state.Health.State == health.Absent || state.Health.State == health.Failed:
		return true
	case cluster != nil && cluster.Fleet != nil && slices.ContainsFunc(cluster.Fleet.Rows, func(r kube.NodeRow) bool { return r.InternalIP != "" && state.Find(r.Name) == nil }):
		return false
	}
	return !slices.ContainsFunc(state.Peers, func(p peer.Peer) bool { return p.Asked == 0 })
}
