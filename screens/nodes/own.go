package nodes

import (
	"math"
	"slices"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/screens/widget"
)

// ownColumns are those of nodes of which the API says nothing: what they say themselves, and what it has said before.
func ownColumns(w int, all []frame.Node) (c columns) {
	c.own = true
	said := slices.ContainsFunc(all, func(n frame.Node) bool { return n.Peer != nil && n.Peer.Said.Ready != "" })
	c.nameWidth, c.stateWidth, c.contactWidth = 16, 18, contactRoom(w)
	switch {
	case w >= wholeSummary:
		c.nameWidth = 30
	case w < 60:
		c.nameWidth, c.stateWidth = 14, 11
	}
	if !said {
		c.stateWidth = 0
	}
	x := mark
	for _, column := range [...]struct {
		at    *int
		width int
	}{{&c.name, c.nameWidth}, {&c.state, c.stateWidth}, {&c.contact, c.contactWidth}, {&c.cpu, 5}, {&c.memory, 15}, {&c.disk, 5}, {&c.vms, vmsWidth}} {
		if column.width == 0 {
			continue
		}
		if x+column.width > w {
			return c
		}
		*column.at = x
		x += column.width
	}
	if w-x > 12 {
		c.more = x + 1
	}
	return c
}

// drawOwnFigures draws what a node has said last of what it uses.
func (c *columns) drawOwnFigures(p *draw.Pen, n *frame.Node, f *frame.Frame) {
	share := func(at int, percent float64, l frame.Limits) {
		if at > 0 {
			wholePercent(p.To(at), percent, true, widget.Level(percent, l))
		}
	}
	share(c.cpu, usedCPU(n), f.Settings.CPU)
	share(c.memory, usedMemory(n), f.Settings.Memory)
	if memory := memoryOf(n); c.memory > 0 && memory > 0 {
		p.To(c.memory+5).Size(draw.Text, memory, 9)
	}
	fullest := math.NaN()
	if s := summaryOf(n); s != nil && s.Fullest != nil {
		fullest = *s.Fullest
	}
	share(c.disk, fullest, f.Settings.Filesystem)
	if c.vms > 0 {
		vms := vmsOn(n, f)
		number(p, c.vms+vmsWidth-1, int64(vms), vms >= 0)
	}
	c.drawMore(p, n, &unheard)
}
