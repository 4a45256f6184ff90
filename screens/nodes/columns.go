package nodes

import (
	"math"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/kube"
	"hypervisor-tui/screens/widget"
)

// columns are where the figures of a node stand; 0: there is no room for one.
type columns struct {
	name, state, cpu, memory, pods, vms, vcpus, moves, version, more int
	nameWidth, stateWidth                                            int
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

// columnsOf shares out w columns. Name and state come first and take what is left; the others come as far as there is room.
func columnsOf(w int) (c columns) {
	left := w - mark - 1
	take := func(width int) bool {
		const least = 26 // for name and state
		if left-width < least {
			return false
		}
		left -= width
		return true
	}
	var widths [7]int
	for i, width := range [...]int{cpuWidth, memoryWidth, podsWidth, vmsWidth, vcpusWidth, movesWidth, versionRoom} {
		if !take(width) {
			break
		}
		widths[i] = width
	}
	c.nameWidth = min(max((left-1)/2, 8), 40)
	c.stateWidth = min(max(left-c.nameWidth, 0), 28)
	left -= c.nameWidth + c.stateWidth
	x := mark
	c.name = x
	x += c.nameWidth
	c.state = x
	x += c.stateWidth
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

// drawHeading names the columns.
func (n *Page) drawHeading(r draw.Region, c *columns, f *frame.Frame) {
	r.Rule(0, "")
	title := func(at, width int, text string, order sorting) {
		if at == 0 {
			return
		}
		style := draw.Dim
		if order == n.order {
			style = draw.Title
		}
		p := r.Pen(at, 0)
		if width > 0 {
			p.To(at + max(width-draw.Columns(text), 0))
		}
		p.Text(style, text)
	}
	title(c.name, 0, "Node", byName)
	title(c.state, 0, "State", sortings)
	title(c.cpu, cpuWidth-1, "CPU asked of", byCPU)
	title(c.memory, memoryWidth-1, "memory asked of", byMemory)
	title(c.pods, podsWidth-1, "pods", byPods)
	title(c.vms, vmsWidth-1, "VMs", byVMs)
	title(c.vcpus, vcpusWidth-1, "vCPUs", sortings)
	title(c.moves, movesWidth-1, "moves", sortings)
	title(c.version, 0, "kubelet", sortings)
	title(c.more, 0, "roles, zone, taints", sortings)
}

// draw draws a row.
func (c *columns) draw(r draw.Region, row *kube.NodeRow, f *frame.Frame) {
	p := r.Pen(0, 0)
	switch row.Rank() {
	case kube.RankNotReady:
		p.Glyph(draw.Bad|draw.Bold, draw.Wrong)
	case kube.RankFaulty, kube.RankCordoned:
		p.Glyph(draw.Warn, draw.Attention)
	}
	name := draw.Text
	if row.Here {
		name = draw.Accent | draw.Bold
	}
	p.To(c.name).Fit(name, row.Name, c.nameWidth-1)
	c.drawState(&p, row, f)
	uses, pods := &f.Kube.Kinds[kube.KindNodeMetrics], &f.Kube.Kinds[kube.KindPod]
	if c.cpu > 0 {
		shares(p.To(c.cpu), usedCPU(row), percent(row.AskedCPU, row.CPU), uses, pods, f.Settings.CPU)
		number(&p, c.cpu+cpuWidth-1, row.CPU/1000, row.CPU > 0)
	}
	if c.memory > 0 {
		shares(p.To(c.memory), usedMemory(row), percent(row.AskedMemory, row.Memory), uses, pods, f.Settings.Memory)
		if row.Memory > 0 {
			p.To(c.memory+10).Size(draw.Text, uint64(row.Memory), memoryWidth-11)
		}
	}
	if c.pods > 0 {
		if p.To(c.pods); pods.Has() {
			ratioRight(&p, int64(row.PodCount), row.Pods, podsWidth-1)
		} else {
			p.Right(draw.Dim, "--", podsWidth-1)
		}
	}
	instances := &f.Kube.Kinds[kube.KindVMI]
	if c.vms > 0 {
		number(&p, c.vms+vmsWidth-1, int64(row.VMs), instances.Has())
	}
	if c.vcpus > 0 {
		if p.To(c.vcpus); instances.Has() && row.CapacityCPU > 0 {
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
		style := draw.Dim
		if row.Behind > 0 {
			style = draw.Warn
		}
		p.To(c.version).Fit(style, widget.Known(row.Version), versionRoom-1)
	}
	c.drawMore(&p, row)
}

// drawState writes how a node is, and for how long.
func (c *columns) drawState(p *draw.Pen, row *kube.NodeRow, f *frame.Frame) {
	end := c.state + c.stateWidth - 1
	p.To(c.state).Fit(stateStyle(row), stateWord(row), end-c.state)
	since := row.Fault()
	if row.Rank() == kube.RankFine && len(row.Conditions) > 0 {
		since = &row.Conditions[0] // Ready
	}
	if since == nil { // of a cordon nobody says
		return
	}
	if age, known := f.Age(since.Since); known && p.X() < end {
		p.Skip(1)
		widget.ShortAge(p, draw.Dim, age, end)
	}
}

// drawMore writes roles, zone and taints as far as there is room.
func (c *columns) drawMore(p *draw.Pen, row *kube.NodeRow) {
	if c.more == 0 {
		return
	}
	p.To(c.more)
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

// shares writes what is used and what is asked for, 4 columns each.
func shares(p *draw.Pen, used, asked float64, uses, pods *kube.KindStatus, l frame.Limits) {
	wholePercent(p, used, uses.Has(), widget.KindStyle(uses, widget.Level(used, l)))
	wholePercent(p, asked, pods.Has(), widget.KindStyle(pods, draw.Text))
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
