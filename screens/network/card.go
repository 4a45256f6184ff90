package network

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens/widget"
)

// A frame's inside is at most one of these narrower than its place on the screen.
const (
	cardBorder    = 4   // columns of border and margin at both sides
	pairWidth     = 132 // from here on two frames stand side by side
	pairColumns   = 56  // an inside that is narrower stacks its figures
	graphColumns  = 72  // an inside that is narrower stacks what it received and sent, which have a graph each
	mostAddresses = 4   // that a frame lists
)

// addressesOf returns the addresses of l that are worth a place. Those that the kernel makes for the link alone come last,
// and stand for a NIC that has no others.
func addressesOf(n *sample.Net, l *sample.Interface) []sample.Address {
	all := n.Addresses[l.FirstAddress : l.FirstAddress+l.AddressCount]
	worth := len(all)
	for worth > 0 && all[worth-1].IPv6 && all[worth-1].Scope == "link" {
		worth--
	}
	if worth == 0 && l.Physical && l.Master == "" {
		return all
	}
	return all[:worth]
}

// pair takes a row of view for two figures side by side, or two rows where it is narrower than least.
func pair(view *draw.Region, least int) (left, right draw.Pen) {
	if view.W() < least {
		return view.CutTop(1).Pen(1, 0), view.CutTop(1).Pen(1, 0)
	}
	row := view.CutTop(1)
	first := row.CutLeft((view.W() - 1) / 2)
	return first.Pen(1, 0), row.Pen(1, 0)
}

// drawCard draws a physical interface in a frame, with what was lost in its border.
func (n *Page) drawCard(r draw.Region, f *frame.Frame, l *sample.Interface) {
	if !r.Visible() {
		return
	}
	title := draw.Accent
	if l.Index == n.chosen {
		title = draw.Selected
		r.Set(0, 0, '>', draw.Selected)
	}
	r = r.Inset(1)
	in := r.Frame(l.Name, title)
	errors := r.Sub(2, r.H()-1, r.W()-4, 1).Pen(0, 0)
	faults(&errors, " RX", l.RxErrors, l.RxDropped)
	faults(&errors, " TX", l.TxErrors, l.TxDropped)
	n.drawFigures(&in, f, l)
}

// drawFigures draws what stands in the frame of l: address, state, gateway, MTU, traffic. Where it has no address it says
// what it is a part of, and how many VMs hang on it.
func (n *Page) drawFigures(in *draw.Region, f *frame.Frame, l *sample.Interface) {
	p, q := pair(in, pairColumns)
	all := addressesOf(f.Net, l)
	switch {
	case len(all) > 0:
		p.Text(draw.Dim, "IP: ")
		address(&p, all, n.density >= compact)
	case l.Master != "":
		p.Text(draw.Dim, "Port of: ").Fit(draw.Text, l.Master, p.Left())
	default:
		p.Text(draw.Dim, "IP: none")
	}
	q.Text(draw.Dim, "State: ")
	drawLinkState(&q, l)
	if n.density < compact {
		moreAddresses(in, all)
	}
	p, q = pair(in, pairColumns)
	switch vms, leads := len(l.More().VMs), gateway(&p, f.Net, l.Name); {
	case leads && vms > 0 && p.Left() > len("  VMs: 1000"):
		p.Text(draw.Dim, "  VMs: ").Int(draw.Text, int64(vms))
	case leads:
	case l.Master != "" || vms > 0:
		guestCount(p.Text(draw.Dim, "VMs on it: "), l.More(), f)
	default:
		p.Text(draw.Dim, "Gateway: none")
	}
	q.Text(draw.Dim, "MTU: ").Int(draw.Text, int64(l.MTU))
	if l.MTU >= 9000 {
		q.Text(draw.Dim, " (Jumbo)")
	}
	if port := l.More().Port; port != "" && q.Left() > len(port)+7 {
		q.Text(draw.Dim, ", port ").Text(draw.Text, port)
	}
	if n.density < compact {
		p, q = pair(in, pairColumns)
		p.Text(draw.Dim, "Driver: ").Fit(draw.Text, widget.Known(l.More().Driver), p.Left()-1)
		q.Text(draw.Dim, "MAC: ").Fit(draw.Text, widget.Known(l.MAC), q.Left())
	}
	n.drawTraffic(in, f, l)
}

// drawTraffic draws what l received and sent, with a graph of the newest minutes; both graphs have one scale.
func (n *Page) drawTraffic(in *draw.Region, f *frame.Frame, l *sample.Interface) {
	const graph = 28 // columns before it
	row := in.CutTop(1)
	left, right := row, row
	if in.W() >= graphColumns {
		left = right.CutLeft((row.W() - 1) / 2)
	} else {
		right = in.CutTop(1)
	}
	p, q := left.Pen(1, 0), right.Pen(1, 0)
	n.traffic(&p, "RX: ", l.Counted, l.RxBytes, l.RxRate)
	n.traffic(&q, "TX: ", l.Counted, l.TxBytes, l.TxRate)
	h := f.Net.History(l.Index)
	if h == nil || f.Settings.Slow || left.W() < graph+8 {
		return
	}
	left.CutLeft(graph)
	right.CutLeft(graph)
	top := max(h.Rx.Max(), h.Tx.Max())
	each := max(sample.SeriesLen/(left.W()-1), 1)
	left.Sub(0, 0, left.W()-1, 1).Spark(&h.Rx, each, top, draw.Good)
	right.Sub(0, 0, right.W()-1, 1).Spark(&h.Tx, each, top, draw.Accent)
}

// address writes the first of some addresses, and how many more there are when they are not listed.
func address(p *draw.Pen, all []sample.Address, count bool) {
	p.Fit(draw.Text, all[0].CIDR, p.Left()-1)
	addressMarks(p, &all[0])
	if more := len(all) - 1; count && more > 0 && p.Left() >= len(" +")+widget.Digits(more) {
		p.Text(draw.Dim, " +").Int(draw.Dim, int64(more))
	}
}

// moreAddresses lists the addresses after the first, and counts those beyond mostAddresses.
func moreAddresses(in *draw.Region, all []sample.Address) {
	for i := 1; i < len(all); i++ {
		p := in.CutTop(1).Pen(5, 0)
		if i == mostAddresses {
			p.Text(draw.Dim, "+").Int(draw.Dim, int64(len(all)-i)).Text(draw.Dim, " more addresses")
			return
		}
		p.Fit(draw.Text, all[i].CIDR, p.Left())
		addressMarks(&p, &all[i])
	}
}

// addressMarks says what is out of the ordinary with an address, as far as there is room.
func addressMarks(p *draw.Pen, a *sample.Address) {
	if a.Scope != "global" {
		addressMark(p, draw.Dim, a.Scope)
	}
	switch {
	case a.Duplicate:
		addressMark(p, draw.Bad, "duplicate")
	case a.Tentative:
		addressMark(p, draw.Warn, "tentative")
	case a.Deprecated:
		addressMark(p, draw.Warn, "deprecated")
	}
}

func addressMark(p *draw.Pen, style draw.Style, word string) {
	if p.Left() > len(word) {
		p.Skip(1).Text(style, word)
	}
}

// drawLinkState writes the state of a physical interface: its speed where it is up.
func drawLinkState(p *draw.Pen, l *sample.Interface) {
	switch {
	case l.Configured() && !l.Carrier:
		p.Glyph(draw.Bad, draw.Wrong).Skip(1)
		if p.Left() > len("configured, no carrier") {
			p.Text(draw.Bad, "configured, ")
		}
		p.Text(draw.Bad, "no carrier")
		return
	case switchedOff(l):
		p.Glyph(draw.Bad, draw.Wrong).Skip(1).Text(draw.Bad, "switched off")
		return
	}
	widget.LinkState(p, l, true)
	if l.AdminUp && l.Carrier && l.More().Duplex != "" && p.Left() > len(l.More().Duplex)+2 {
		p.Skip(1).Text(draw.Dim, l.More().Duplex)
	}
}

// gateway writes the default routes of an interface in the main table, and reports whether there are any.
func gateway(p *draw.Pen, n *sample.Net, name string) (found bool) {
	for i := range n.Gateways {
		g := &n.Gateways[i]
		if g.Interface != name || g.Table != sample.MainTable {
			continue
		}
		if found {
			p.Skip(1)
		} else {
			p.Text(draw.Dim, "Gateway: ")
		}
		hop(p, g)
		found = true
	}
	return found
}

// hop writes where a default route leads, and whether nothing gets there or nobody answers.
func hop(p *draw.Pen, g *sample.Gateway) {
	if g.Address == "" {
		p.Fit(draw.Text, "on-link", p.Left())
		return
	}
	p.Fit(draw.Text, g.Address, p.Left())
	switch {
	case g.LinkDown && p.Left() > 12:
		p.Skip(1).Text(draw.Bad, "no carrier")
	case g.Silent != 0 && p.Left() > 12:
		p.Skip(1).Text(draw.Bad, "no answer")
	}
}

func (n *Page) traffic(p *draw.Pen, name string, counted bool, total uint64, rate float64) {
	p.Text(draw.Dim, name)
	if !counted {
		p.Text(draw.Dim, "--")
		return
	}
	p.Size(draw.Text, total, 9)
	n.rate(p, draw.Text|draw.Bold, rate, 13)
}

// rate writes bytes a second in the unit that was chosen.
func (n *Page) rate(p *draw.Pen, s draw.Style, rate float64, columns int) {
	if n.bits {
		p.BitRate(s, rate, columns)
		return
	}
	p.Rate(s, rate, columns)
}

// faults writes how much was lost on the way in or out, if anything was.
func faults(p *draw.Pen, name string, errors, dropped uint64) {
	if errors+dropped == 0 {
		return
	}
	style := draw.Dim
	if errors > 0 {
		style = draw.Warn
	}
	p.Text(style, name).Text(style, " errors ").Int(style, int64(errors))
	p.Text(draw.Dim, ", dropped ").Int(draw.Text, int64(dropped)).Text(draw.Dim, " ")
}

// The columns of a row for a physical interface.
const (
	nicState   = 15
	nicMTU     = 28
	nicAddress = 33
	nicRates   = 27 // from the right
)

// drawNIC draws a physical interface in one row.
func (n *Page) drawNIC(r draw.Region, f *frame.Frame, l *sample.Interface) {
	row := r
	if r.W() >= lineWide {
		n.drawRates(r.CutRight(lineRates), l)
		p := r.CutRight(28).Pen(0, 0)
		p.Text(draw.Dim, "RX").Size(draw.Text, l.RxBytes, 9).Text(draw.Dim, "  TX").Size(draw.Text, l.TxBytes, 9)
	} else if r.W() >= widget.Narrow {
		n.drawRates(r.CutRight(nicRates), l)
	}
	state, mtu, at := nicState, nicMTU, nicAddress
	if r.W() < nicAddress+20 {
		state, mtu, at = 9, 22, 22
	}
	p := r.Pen(1, 0)
	p.Fit(draw.Text, l.Name, state-2).To(state)
	word := r.Sub(state, 0, mtu-state-1, 1).Pen(0, 0)
	nicWord(&word, l)
	if p.To(mtu); mtu < at {
		p.Int(draw.Dim, int64(l.MTU)).To(at)
	}
	switch all := addressesOf(f.Net, l); {
	case len(all) > 0:
		address(&p, all, true)
	case l.Master != "":
		p.Text(draw.Dim, "port of ").Fit(draw.Text, l.Master, p.Left()-1)
	default:
		p.Fit(draw.Dim, l.More().Driver, p.Left()-1)
	}
	n.markChosen(row, l)
}

// nicWord writes the speed of a physical interface that is up, or why it is not.
func nicWord(p *draw.Pen, l *sample.Interface) {
	if !l.AdminUp || !l.Carrier {
		drawLinkState(p, l)
		return
	}
	p.Glyph(draw.Good, draw.OK).Skip(1)
	if speed := l.More().SpeedMbps; speed > 0 {
		widget.Speed(p, speed)
		return
	}
	p.Text(draw.Good, "up")
}

// drawSpares names the physical interfaces that nobody uses.
func (n *Page) drawSpares(r draw.Region, f *frame.Frame, row *listRow) {
	p := r.Pen(1, 0)
	p.Int(draw.Text, int64(row.count)).Text(draw.Dim, " not in use:")
	for i, at := range n.members[row.first : row.first+row.count] {
		name := f.Net.Interfaces[at].Name
		if p.Left() < len(name)+9 && i < row.count-1 || p.Left() < len(name)+1 {
			p.Text(draw.Dim, " +").Int(draw.Text, int64(row.count-i))
			return
		}
		p.Skip(1).Text(draw.Text, name)
	}
}
