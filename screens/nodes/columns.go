package nodes

import (
	"math"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/screens/widget"
)

// columns are where the figures of a node stand; 0: there is no room for one.
type columns struct {
	name, state, contact, cpu, memory, disk, pods, vms, vcpus, moves, version, more int
	nameWidth, stateWidth, contactWidth                                             int

	own bool // the figures are what the nodes say themselves
}

// Widths of columns, the blanks behind them included.
const (
	mark        = 2
	cpuWidth    = 15 // used, asked, of how many CPUs
	memoryWidth = 19 // the same, of how much
	podsWidth   = 8
	vmsWidth    = 5
	vcpusWidth  = 7
	movesWidth  = 8
	versionRoom = 15
)

// columnsOf shares out w columns. Name and state come first and take what is left, then what the nodes say themselves where
// they are asked; the others come as far as there is room.
func columnsOf(w int, peers bool) (c columns) {
	left := w - mark - 1
	take := func(width, least int) bool { // least is for name and state
		if left-width < least {
			return false
		}
		left -= width
		return true
	}
	if c.contactWidth = contactRoom(w); !peers || !take(c.contactWidth, 22) {
		c.contactWidth = 0
	}
	var widths [7]int
	for i, width := range [...]int{cpuWidth, memoryWidth, podsWidth, vmsWidth, vcpusWidth, movesWidth, versionRoom} {
		if !take(width, 26) {
			break
		}
		widths[i] = width
	}
	c.nameWidth = min(max((left-1)/2, min(14, left-11), 8), 40)
	c.stateWidth = min(max(left-c.nameWidth, 0), 28)
	left -= c.nameWidth + c.stateWidth
	x := mark
	c.name = x
	x += c.nameWidth
	c.state = x
	x += c.stateWidth
	if c.contactWidth > 0 {
		c.contact = x
		x += c.contactWidth
	}
	for i, at := range [...]*int{&c.cpu, &c.memory, &c.pods, &c.vms, &c.vcpus, &c.moves, &c.version} {
		if widths[i] > 0 {
			*at = x
			x += widths[i]
		}
	}
	if left > 12 {
		c.more = x
	}
	return c
}

// contactRoom is how many columns it takes to say that a node answers and how old that is, and on a wide screen also of what
// severity its worst problem is.
func contactRoom(w int) int {
	if w >= wholeSummary {
		return 21
	}
	return 12
}

// drawHeading names the columns.
func (n *Page) drawHeading(r draw.Region, c *columns, f *frame.Frame) {
	r.Rule(0, "")
	title := func(at, width int, text string, order sorting) { widget.Caption(r, at, width, text, order == n.order) }
	title(c.name, 0, "Node", byName)
	if c.contact == 0 {
		title(c.state, 0, "State", sortings)
	} else {
		title(c.state, 0, "API says", sortings)
		title(c.contact, 0, "itself", sortings)
	}
	if c.own {
		title(c.cpu, 4, "CPU", byCPU)
		title(c.memory, 14, "memory of", byMemory)
		title(c.disk, 4, "disk", sortings)
		title(c.vms, vmsWidth-1, "VMs", byVMs)
		title(c.more, 0, "worst problem", sortings)
		return
	}
	title(c.cpu, cpuWidth-1, "CPU asked of", byCPU)
	title(c.memory, memoryWidth-1, "memory asked of", byMemory)
	title(c.pods, podsWidth-1, "pods", byPods)
	title(c.vms, vmsWidth-1, "VMs", byVMs)
	title(c.vcpus, vcpusWidth-1, "vCPUs", sortings)
	title(c.moves, movesWidth-1, "moves", sortings)
	title(c.version, 0, "kubelet", sortings)
	title(c.more, 0, "roles, zone, taints", sortings)
}

// draw draws a row. What is old is dim: what the API said before it stopped to answer, what a node said that is not asked.
func (c *columns) draw(r draw.Region, n *frame.Node, f *frame.Frame) {
	kinds := kindsOf(f)
	old := n.API != nil && kinds[kube.KindNode].State == health.Stale
	p := r.Pen(0, 0)
	p.Fade(old && n.Contact == frame.Unasked)
	switch n.Rank {
	case frame.NodeNotReady, frame.NodeSilent:
		p.Glyph(draw.Bad|draw.Bold, draw.Wrong)
	case frame.NodeFaulty, frame.NodeCordoned:
		p.Glyph(draw.Warn, draw.Attention)
	}
	name := draw.Text
	if n.Here {
		name = draw.Accent | draw.Bold
	}
	p.To(c.name).Fit(name, n.Name, c.nameWidth-1)
	c.drawState(p.Fade(old), n, f)
	c.drawContact(p.Fade(false), n, f)
	p.Fade(old || n.API == nil && n.Contact != frame.Answers)
	if c.own {
		c.drawOwnFigures(&p, n, f)
		return
	}
	row := n.API
	if row == nil {
		row = &unheard
	}
	uses := measured(n) && kinds[kube.KindNodeMetrics].Has() || !measured(n)
	asked := n.API != nil && kinds[kube.KindPod].Has()
	if c.cpu > 0 {
		used := usedCPU(n)
		wholePercent(p.To(c.cpu), used, uses, usedStyle(n, f, used, f.Settings.CPU))
		wholePercent(&p, percent(row.AskedCPU, row.CPU), asked, widget.KindStyle(&kinds[kube.KindPod], draw.Text))
		number(&p, c.cpu+cpuWidth-1, row.CPU/1000, row.CPU > 0)
	}
	if c.memory > 0 {
		used := usedMemory(n)
		wholePercent(p.To(c.memory), used, uses, usedStyle(n, f, used, f.Settings.Memory))
		wholePercent(&p, percent(row.AskedMemory, row.Memory), asked, widget.KindStyle(&kinds[kube.KindPod], draw.Text))
		if memory := memoryOf(n); memory > 0 {
			p.To(c.memory+10).Size(draw.Text, memory, memoryWidth-11)
		}
	}
	if c.pods > 0 {
		if p.To(c.pods); asked {
			ratioRight(&p, int64(row.PodCount), row.Pods, podsWidth-1)
		} else {
			p.Right(draw.Dim, "--", podsWidth-1)
		}
	}
	if c.vms > 0 {
		vms := vmsOn(n, f)
		number(&p, c.vms+vmsWidth-1, int64(vms), vms >= 0)
	}
	if c.vcpus > 0 {
		if p.To(c.vcpus); n.API != nil && kinds[kube.KindVMI].Has() && row.CapacityCPU > 0 {
			p.Float(draw.Text, row.Overcommit(), 1, vcpusWidth-2).Text(draw.Dim, "x")
		} else {
			p.Right(draw.Dim, "--", vcpusWidth-1)
		}
	}
	if c.moves > 0 && row.MigratingIn+row.MigratingOut > 0 {
		p.To(c.moves + 1)
		if row.MigratingIn > 0 {
			p.Glyph(draw.Accent, draw.Down).Int(draw.Accent, int64(row.MigratingIn)).Skip(1)
		}
		if row.MigratingOut > 0 {
			p.Glyph(draw.Accent, draw.Up).Int(draw.Accent, int64(row.MigratingOut))
		}
	}
	if c.version > 0 {
		style, version := draw.Dim, "--"
		if row.Behind > 0 {
			style = draw.Warn
		}
		if n.API != nil {
			version = widget.Known(row.Version)
		}
		p.To(c.version).Fit(style, version, versionRoom-1)
	}
	c.drawMore(&p, n, row)
}

// drawState writes how a node is by the API, and for how long, or how long ago that was said.
func (c *columns) drawState(p *draw.Pen, n *frame.Node, f *frame.Frame) {
	if c.state == 0 {
		return
	}
	end := c.state + c.stateWidth - 1
	style, since := draw.Dim, time.Time{}
	if row := n.API; row != nil {
		style = stateStyle(row)
		if fault := row.Fault(); fault != nil {
			since = fault.Since
		} else if row.Rank() == kube.RankFine && len(row.Conditions) > 0 { // of a cordon nobody says
			since = row.Conditions[0].Since // Ready
		}
	} else if !tells(f) {
		since = n.Peer.Said.At
	}
	p.To(c.state).Fit(style, apiWord(n, f), end-c.state)
	if age, known := f.Age(since); known && p.X() < end {
		p.Skip(1)
		widget.ShortAge(p, draw.Dim, age, end)
	}
}

// drawContact writes how a node takes it to be asked: the age of its answer and the severity of its worst problem, or since when
// there is none.
func (c *columns) drawContact(p *draw.Pen, n *frame.Node, f *frame.Frame) {
	if c.contact == 0 {
		return
	}
	p.To(c.contact)
	end, style := c.contact+c.contactWidth-1, contactStyle(n)
	if n.Contact == frame.Unasked {
		switch age, known := heard(n, f); {
		case n.Here:
			p.Text(draw.Dim, "this host")
		case known:
			p.Text(draw.Dim, "heard ")
			widget.ShortAge(p, draw.Dim, age, end)
		default:
			p.Text(draw.Dim, "--")
		}
		return
	}
	h := &n.Peer.Health
	age := h.Age(f.Boot)
	if n.Contact != frame.Answers {
		age = max(f.Boot-h.Since, 0)
	}
	p.Text(style, n.Contact.String()).Skip(1)
	widget.ShortAge(p, draw.Dim, age, end)
	for _, word := range [...]string{severity(n), clockWord(n)} {
		if word != "" && word != "notice" && p.X()+2+len(word) <= end {
			p.Text(draw.Dim, ", ").Text(style, word)
		}
	}
}

// clockWord says that the clock of a node is off.
func clockWord(n *frame.Node) string {
	if n.ClockOff() {
		return "clock"
	}
	return ""
}

// heard is how long ago a node said something of itself; of a run before by the clock, which may have jumped since.
func heard(n *frame.Node, f *frame.Frame) (age time.Duration, known bool) {
	if n.Peer == nil {
		return 0, false
	}
	if h := &n.Peer.Health; h.At != 0 {
		return h.Age(f.Boot), true
	}
	return f.Age(n.Peer.Heard)
}

// drawMore writes a node's worst problem by its own word, its roles, zone and taints, as far as there is room.
func (c *columns) drawMore(p *draw.Pen, n *frame.Node, row *kube.NodeRow) {
	if c.more == 0 {
		return
	}
	p.To(c.more)
	if s := summaryOf(n); s != nil && n.Contact == frame.Answers && s.Worst != "" {
		p.Fit(contactStyle(n), s.Worst, p.Left()).Skip(1)
	}
	for _, role := range row.Roles {
		p.Fit(draw.Dim, role, p.Left()).Skip(1)
	}
	if row.Zone != "" {
		p.Fit(draw.Dim, row.Zone, p.Left()).Skip(1)
	}
	for _, taint := range row.Taints {
		p.Fit(draw.Warn, taint, p.Left()).Skip(1)
	}
}

// wholePercent writes a share without digits behind the point, and a blank.
func wholePercent(p *draw.Pen, percent float64, known bool, style draw.Style) {
	if !known || math.IsNaN(percent) {
		p.Right(draw.Dim, "--", 4).Skip(1)
		return
	}
	p.Float(style, min(percent, 999), 0, 3).Text(style, "%").Skip(1)
}

// number writes n up to column end, -- where it is not known.
func number(p *draw.Pen, end int, n int64, known bool) {
	p.To(end - 4)
	if known {
		p.IntRight(draw.Text, n, 4)
	} else {
		p.Right(draw.Dim, "--", 4)
	}
}

// ratioRight writes n/of in so many columns, n alone where it does not fit.
func ratioRight(p *draw.Pen, n, of int64, width int) {
	var room [40]byte
	text := draw.AppendInt(room[:0], n)
	short := len(text)
	if text = draw.AppendInt(append(text, '/'), of); len(text) > width || of <= 0 {
		text = text[:short]
	}
	p.Skip(max(width-len(text), 0)).Bytes(draw.Text, text)
}
