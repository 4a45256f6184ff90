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
	all := fleet(f)
	if all == nil {
		drawNone(r, f)
		return
	}
	nodes := &f.Kube.Kinds[kube.KindNode]
	r = r.Faded(nodes.State == health.Stale)
	n.drawSummary(r.CutTop(n.summaryRows(r.W())), all, f)
	if n.filtered() {
		n.drawFilter(r.CutTop(1), all)
	}
	why := r.CutBottom(1)
	if n.strip > 0 {
		n.drawStrip(r.CutTop(n.strip), all, f)
	}
	c := columnsOf(r.W())
	n.drawHeading(r.CutTop(1), &c, f)
	for at := n.scroll.Top; at < len(n.rows) && !r.Empty(); at++ {
		if i := n.rows[at]; i < len(all.Rows) {
			line := r.CutTop(1)
			c.draw(line, &all.Rows[i], f)
			if all.Rows[i].Name == n.chosen {
				line.Restyle(draw.Selected)
			}
		}
	}
	n.drawWhy(why, all, f)
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
}

// wholeSummary is from how many columns on the sums stand in one row.
const wholeSummary = 110

// sums are what all nodes have together.
type sums struct {
	notReady, faulty, cordoned int
	cpu, askedCPU              int64
	memory, askedMemory        int64
	usedCPU, usedMemory        int64 // of those that are measured,
	usableCPU, usableMemory    int64 // and what these have
	pods, maxPods              int64
	vms, measured              int
}

func sumOf(all *kube.Fleet) (s sums) {
	for i := range all.Rows {
		r := &all.Rows[i]
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

// drawSummary draws the sums, on a narrow screen in two rows.
func (n *Page) drawSummary(r draw.Region, all *kube.Fleet, f *frame.Frame) {
	s := sumOf(all)
	p := r.CutTop(1).Pen(1, 0)
	p.Text(draw.Dim, "Nodes ").Int(draw.Accent, int64(len(all.Rows))).Skip(2)
	count := func(n int, style draw.Style, word string) {
		if n > 0 {
			p.Int(style, int64(n)).Skip(1).Text(style, word).Skip(2)
		}
	}
	count(len(all.Rows)-s.notReady, draw.Good, "ready")
	count(s.notReady, draw.Bad|draw.Bold, "not ready")
	count(s.faulty, draw.Warn, "with a fault")
	count(s.cordoned, draw.Warn, "cordoned")
	widget.StaleMark(&p, &f.Kube.Kinds[kube.KindNode].Health, f)
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

// share writes a share with what its level says, -- where it is not known.
func share(p *draw.Pen, percent float64, known bool, l frame.Limits) {
	if !known || math.IsNaN(percent) {
		p.Text(draw.Dim, "--")
		return
	}
	p.Share(widget.Level(percent, l), percent)
}

func (n *Page) drawFilter(r draw.Region, all *kube.Fleet) {
	p := r.Pen(1, 0)
	p.Text(draw.Dim, "filter ").Text(draw.Accent, n.filter)
	if n.input.Open {
		p.Text(draw.Accent|draw.Bold, "_")
	}
	p.Skip(2).Int(draw.Text, int64(len(n.rows))).Text(draw.Dim, " of ").Int(draw.Text, int64(len(all.Rows)))
}

// drawStrip draws a cell for each listed node, in the order of the list: its CPU, or a letter for one that needs somebody.
func (n *Page) drawStrip(r draw.Region, all *kube.Fleet, f *frame.Frame) {
	for at, i := range n.rows {
		if i >= len(all.Rows) || at >= r.W()*r.H() {
			return
		}
		row, cell := &all.Rows[i], r.Sub(at%r.W(), at/r.W(), 1, 1)
		switch row.Rank() {
		case kube.RankNotReady:
			cell.Set(0, 0, 'X', draw.Bad|draw.Bold)
		case kube.RankFaulty:
			cell.Set(0, 0, '!', draw.Warn|draw.Bold)
		case kube.RankCordoned:
			cell.Set(0, 0, '-', draw.Warn)
		default:
			cell.Heat(usedCPU(row), widget.Level(usedCPU(row), f.Settings.CPU))
		}
	}
}

// drawWhy says why the chosen node, or the worst one, is as it is.
func (n *Page) drawWhy(r draw.Region, all *kube.Fleet, f *frame.Frame) {
	at := n.position(all)
	if at < 0 {
		at = 0
	}
	if at >= len(n.rows) || n.rows[at] >= len(all.Rows) {
		p := r.Pen(1, 0)
		p.Text(draw.Dim, "no node has that")
		return
	}
	row := &all.Rows[n.rows[at]]
	p := r.Pen(1, 0)
	p.Fit(draw.Accent, row.Name, max(p.Left()/3, 20)).Text(draw.Dim, ": ")
	fault := row.Fault()
	switch {
	case fault == nil && row.Cordoned:
		p.Text(draw.Warn, "nothing new is placed on it")
	case fault == nil:
		p.Text(draw.Good, "all its conditions are as they should be")
	default:
		p.Text(stateStyle(row), fault.Type).Text(draw.Dim, " is ").Text(draw.Text, widget.Known(fault.Status))
		widget.SinceThen(&p, f, ", for ", fault.Since, "")
		if fault.Reason != "" {
			p.Text(draw.Dim, ", ").Fit(draw.Text, fault.Reason, p.Left())
		}
		if fault.Message != "" && p.Left() > 10 {
			p.Text(draw.Dim, ": ").Fit(draw.Dim, fault.Message, p.Left())
		}
	}
}
