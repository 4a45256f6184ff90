package nodes

import (
	"math"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/screens/widget"
)

// Draw implements screens.Screen.
func (n *Page) Draw(r draw.Region, f *frame.Frame) {
	if len(f.Nodes) == 0 {
		drawNone(r, f)
		return
	}
	w, h, old := r.W(), r.H(), fleet(f) != nil && !tells(f)
	sums := sumOf(f.Nodes)
	top := r.CutTop(summaryRows(w, h, f))
	if bothSides(h, f) {
		drawContacts(top.CutBottom(1), &sums, f)
	}
	drawSummary(top.Faded(old), &sums, f)
	if n.filter.Filters() {
		n.filter.DrawFilter(r.CutTop(1), len(n.rows), len(f.Nodes))
	}
	why := r.CutBottom(whyRows(w, h, f))
	if n.strip > 0 {
		n.drawStrip(r.CutTop(n.strip), f)
	}
	c := columnsOf(w, f.Peers != nil)
	if fleet(f) == nil {
		c = ownColumns(w, f.Nodes)
	}
	n.drawHeading(r.CutTop(1), &c, f)
	for at := n.scroll.Top; at < len(n.rows) && !r.Empty(); at++ {
		if i := n.rows[at]; i < len(f.Nodes) {
			line := r.CutTop(1)
			c.draw(line, &f.Nodes[i], f)
			if f.Nodes[i].Name == n.chosen {
				line.Restyle(draw.Selected)
			}
		}
	}
	n.drawWhy(why, f, old)
}

// drawNone says why there are no nodes to list.
func drawNone(r draw.Region, f *frame.Frame) {
	r.Rule(0, "Nodes")
	p := r.Pen(1, 1)
	switch {
	case f.OfPast():
		p.Text(draw.Dim, "the nodes one by one are not recorded: ").Text(draw.Text, "F2, n").Text(draw.Dim, " has this one, as it was")
	case !widget.ClusterKnown(f):
		p.Text(draw.Dim, "API: ")
		widget.APIState(&p, f, false)
	case !f.Kube.Kinds[kube.KindNode].Has():
		widget.KindState(&p, &f.Kube.Kinds[kube.KindNode], f, p.Left())
	default:
		p.Text(draw.Dim, "--")
	}
	if f.Peers != nil && f.Peers.Viewed {
		r.CutTop(3)
		r = widget.Wrapped(r, 1, draw.Dim, "no node is known that could be asked: neither the API, nor peers.nodes, nor the list of before names one")
		widget.Wrapped(r, 1, draw.Bad, f.Peers.Health.Err)
	}
}

// wholeSummary is from how many columns on the sums stand in one row.
const wholeSummary = 110

// sums are what all nodes have together.
type sums struct {
	told, notReady, faulty, cordoned int // by the API
	contacts                         [frame.Silent + 1]int
	peers, disagree, clocks, ill     int
	cpu, askedCPU                    int64
	memory, askedMemory              int64
	usedCPU, usedMemory              int64 // of those that are measured,
	usableCPU, usableMemory          int64 // and what these have
	pods, maxPods                    int64
	vms, measured                    int
}

func sumOf(all []frame.Node) (s sums) {
	for i := range all {
		n := &all[i]
		s.addPeer(n)
		r := n.API
		if r == nil {
			continue
		}
		s.told++
		switch r.Rank() {
		case kube.RankNotReady:
			s.notReady++
		case kube.RankFaulty:
			s.faulty++
		}
		if r.Cordoned {
			s.cordoned++
		}
		s.cpu += r.CPU
		s.askedCPU += r.AskedCPU
		s.memory += r.Memory
		s.askedMemory += r.AskedMemory
		s.pods += int64(r.PodCount)
		s.maxPods += r.Pods
		s.vms += r.VMs
		if r.Measured {
			s.measured++
			s.usedCPU += r.Used.CPU
			s.usedMemory += r.Used.Memory
			s.usableCPU += r.CPU
			s.usableMemory += r.Memory
		}
	}
	return s
}

// addPeer counts a node by what it says itself.
func (s *sums) addPeer(n *frame.Node) {
	if n.Peer == nil || n.Here {
		return
	}
	s.peers++
	s.contacts[n.Contact]++
	if n.Disagree != frame.Agree {
		s.disagree++
	}
	if n.ClockOff() {
		s.clocks++
	}
	if n.Ill() {
		s.ill++
	}
}

// tally writes how many there are of what, whole or not at all, and nothing for 0.
func tally(p *draw.Pen, n int, style draw.Style, word string) {
	if n > 0 && widget.Digits(n)+1+len(word) <= p.Left() {
		p.Int(style, int64(n)).Skip(1).Text(style, word).Skip(2)
	}
}

// drawSummary draws the sums, on a narrow screen in two rows.
func drawSummary(r draw.Region, s *sums, f *frame.Frame) {
	p := r.CutTop(1).Pen(1, 0)
	p.Text(draw.Dim, "Nodes ").Int(draw.Accent, int64(len(f.Nodes))).Skip(2)
	if fleet(f) == nil {
		p.Text(draw.Dim, "API: ")
		widget.APIState(&p, f, false)
		if p.Left() > 32 {
			widget.SinceThen(&p, f, "  they are listed as of ", f.Peers.Kept, " ago")
		}
		return
	}
	tally(&p, s.told-s.notReady, draw.Good, "ready")
	tally(&p, s.notReady, draw.Bad|draw.Bold, "not ready")
	tally(&p, s.faulty, draw.Warn, "with a fault")
	tally(&p, s.cordoned, draw.Warn, "cordoned")
	if stale := &f.Kube.Kinds[kube.KindNode].Health; stale.State == health.Stale {
		widget.StaleMark(&p, stale, f)
		p.Skip(1)
	}
	if !r.Empty() {
		p = r.CutTop(1).Pen(1, 0)
	}
	pods, instances := &f.Kube.Kinds[kube.KindPod], &f.Kube.Kinds[kube.KindVMI]
	known := s.measured > 0 && f.Kube.Kinds[kube.KindNodeMetrics].Has()
	p.Text(draw.Dim, "CPU ")
	share(&p, percent(s.usedCPU, s.usableCPU), known, f.Settings.CPU)
	p.Text(draw.Dim, " asked ")
	share(&p, percent(s.askedCPU, s.cpu), pods.Has(), frame.Limits{Warn: math.Inf(1), Critical: math.Inf(1)})
	p.Text(draw.Dim, " of ").Int(draw.Text, s.cpu/1000).Text(draw.Dim, "  Memory ")
	share(&p, percent(s.usedMemory, s.usableMemory), known, f.Settings.Memory)
	p.Text(draw.Dim, " asked ")
	share(&p, percent(s.askedMemory, s.memory), pods.Has(), frame.Limits{Warn: math.Inf(1), Critical: math.Inf(1)})
	p.Text(draw.Dim, " of ").Size(draw.Text, uint64(max(s.memory, 0)), 0).Skip(2)
	widget.Counted(&p, "Pods", pods, int(s.pods), int(s.maxPods), draw.Text)
	widget.Counted(&p, "VMs", instances, s.vms, -1, draw.Text)
}

// drawContacts draws how many nodes answer, and what is wrong with asking at all.
func drawContacts(r draw.Region, s *sums, f *frame.Frame) {
	p := r.Pen(1, 0)
	p.Text(draw.Dim, "Asked ").Int(draw.Accent, int64(s.peers-s.contacts[frame.Unasked])).Skip(2)
	tally(&p, s.contacts[frame.Answers], draw.Good, "answer")
	tally(&p, s.contacts[frame.Silent], draw.Bad|draw.Bold, "silent")
	tally(&p, s.contacts[frame.Refuses], draw.Warn, "error")
	tally(&p, s.disagree, draw.Bad|draw.Bold, "disagree")
	tally(&p, s.clocks, draw.Warn, "clock off")
	tally(&p, s.ill, draw.Warn, "with a problem")
	tally(&p, s.contacts[frame.Unasked], draw.Dim, "not asked")
	if h := &f.Peers.Health; h.State == health.Failed || h.State == health.Stale {
		p.Fit(draw.Bad, h.Err, p.Left())
	}
}

// share writes a share with what its level says, -- where it is not known.
func share(p *draw.Pen, percent float64, known bool, l frame.Limits) {
	if !known || math.IsNaN(percent) {
		p.Text(draw.Dim, "--")
		return
	}
	p.Share(widget.Level(percent, l), percent)
}

// drawStrip draws a cell for each listed node, in the order of the list: its CPU, or a letter for one that needs somebody.
func (n *Page) drawStrip(r draw.Region, f *frame.Frame) {
	for at, i := range n.rows {
		if i >= len(f.Nodes) || at >= r.W()*r.H() {
			return
		}
		node, cell := &f.Nodes[i], r.Sub(at%r.W(), at/r.W(), 1, 1)
		old := !node.Told(&f.Snapshot) && node.Contact != frame.Answers
		cell = cell.Faded(old && node.Contact == frame.Unasked)
		switch node.Rank {
		case frame.NodeNotReady:
			cell.Set(0, 0, 'X', draw.Bad|draw.Bold)
		case frame.NodeSilent:
			cell.Set(0, 0, '?', draw.Bad|draw.Bold)
		case frame.NodeFaulty:
			cell.Set(0, 0, '!', draw.Warn|draw.Bold)
		case frame.NodeCordoned:
			cell.Set(0, 0, '-', draw.Warn)
		case frame.NodeRemembered:
			cell.Set(0, 0, '.', draw.Dim)
		default:
			used := usedCPU(node)
			cell.Heat(used, usedStyle(node, f, used, f.Settings.CPU))
		}
	}
}
