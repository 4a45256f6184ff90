package network

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens/widget"
)

const (
	pairWidth     = 140 // from here on two interfaces stand side by side
	mostAddresses = 4   // that a frame lists
	secondColumn  = 42
	pairColumns   = 72 // a frame narrower than this stacks what else stands side by side
)

// cardRows is the height of an interface's frame on a screen of that width.
func cardRows(n *sample.Net, l *sample.Interface, width int) int {
	pairs := 4
	if faulty(l) {
		pairs++
	}
	if width >= pairWidth {
		width /= 2
	}
	if width < pairColumns {
		pairs *= 2
	}
	addresses := len(addressesOf(n, l))
	more := max(min(addresses, mostAddresses)-1, 0)
	if addresses > mostAddresses {
		more++
	}
	return 2 + pairs + more
}

// addressesOf are the addresses of an interface that are worth a place: not those that the kernel makes for the link alone, as
// far as the interface is but a port of another.
func addressesOf(n *sample.Net, l *sample.Interface) []sample.Address {
	all := n.Addresses[l.FirstAddress : l.FirstAddress+l.AddressCount]
	if l.Master == "" {
		return all
	}
	for i := range all {
		if all[i].Scope != "link" || !all[i].IPv6 {
			return all
		}
	}
	return nil
}

func faulty(l *sample.Interface) bool {
	return l.RxErrors+l.TxErrors+l.RxDropped+l.TxDropped > 0
}

// pair takes a row for two figures side by side, or two rows where the frame is narrow.
func pair(in *draw.Region, narrow bool) (left, right draw.Pen) {
	if narrow {
		return in.CutTop(1).Pen(1, 0), in.CutTop(1).Pen(1, 0)
	}
	return split(in, secondColumn)
}

// split takes a row for two figures, of which the second begins at the given column.
func split(in *draw.Region, second int) (left, right draw.Pen) {
	row := in.CutTop(1)
	first := row.CutLeft(second - 1)
	return first.Pen(1, 0), row.Pen(1, 0)
}

// drawCard draws one interface as the hardware's owner asks for it: address, state, gateway, MTU, traffic. Where it has
// no address it says what it is a part of, and how many VMs hang on it.
func (n *Page) drawCard(r draw.Region, f *frame.Frame, l *sample.Interface) {
	if !r.Visible() {
		return
	}
	title := draw.Accent
	if l.Index == n.chosen {
		title = draw.Selected
		r.Set(0, 0, '>', draw.Selected)
	}
	in := r.Inset(1).Frame(l.Name, title)
	narrow := r.W() < pairColumns
	p, q := pair(&in, narrow)
	address(&p, f.Net, l)
	q.Text(draw.Dim, "State: ")
	drawLinkState(&q, l)
	moreAddresses(&in, addressesOf(f.Net, l))
	p, q = pair(&in, narrow)
	if d := l.More(); l.Master != "" || len(d.VMs) > 0 {
		p.Text(draw.Dim, "VMs on it: ").Int(draw.Text, int64(len(d.VMs)))
	} else {
		p.Text(draw.Dim, "Gateway: ")
		gateway(&p, f.Net, l.Name)
	}
	q.Text(draw.Dim, "MTU: ").Int(draw.Text, int64(l.MTU))
	if l.MTU >= 9000 {
		q.Text(draw.Dim, " (Jumbo)")
	}
	if port := l.More().Port; port != "" && q.Left() > len(port)+7 {
		q.Text(draw.Dim, ", port ").Text(draw.Text, port)
	}
	p, q = pair(&in, narrow)
	p.Text(draw.Dim, "Driver: ").Fit(draw.Text, widget.Known(l.More().Driver), p.Left())
	q.Text(draw.Dim, "MAC: ").Fit(draw.Text, widget.Known(l.MAC), q.Left())
	p, q = pair(&in, narrow)
	n.traffic(&p, "RX: ", l.Counted, l.RxBytes, l.RxRate)
	n.traffic(&q, "TX: ", l.Counted, l.TxBytes, l.TxRate)
	if faulty(l) {
		p, q = pair(&in, narrow)
		faults(&p, "RX", l.RxErrors, l.RxDropped)
		faults(&q, "TX", l.TxErrors, l.TxDropped)
	}
}

// address writes the first address of an interface, or what it is a part of.
func address(p *draw.Pen, n *sample.Net, l *sample.Interface) {
	all := addressesOf(n, l)
	switch {
	case len(all) > 0:
		p.Text(draw.Dim, "IP: ").Fit(draw.Text, all[0].CIDR, p.Left())
		addressMarks(p, &all[0])
	case l.Master != "":
		p.Text(draw.Dim, "Port of: ").Fit(draw.Text, l.Master, p.Left())
	default:
		p.Text(draw.Dim, "IP: none")
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

// addressMarks says what is out of the ordinary with an address.
func addressMarks(p *draw.Pen, a *sample.Address) {
	if a.Scope != "global" && p.Left() > len(a.Scope) {
		p.Skip(1).Text(draw.Dim, a.Scope)
	}
	switch {
	case a.Duplicate:
		p.Skip(1).Text(draw.Bad, "duplicate")
	case a.Tentative:
		p.Skip(1).Text(draw.Warn, "tentative")
	case a.Deprecated:
		p.Skip(1).Text(draw.Warn, "deprecated")
	}
}

func drawLinkState(p *draw.Pen, l *sample.Interface) {
	if l.Configured() && !l.Carrier {
		p.Glyph(draw.Bad, draw.Wrong).Skip(1).Text(draw.Bad, "configured, no carrier")
		return
	}
	if switchedOff(l) {
		p.Glyph(draw.Bad, draw.Wrong).Skip(1).Text(draw.Bad, "switched off")
		return
	}
	widget.LinkState(p, l, true)
	if l.AdminUp && l.Carrier && l.More().Duplex != "" && p.Left() > len(l.More().Duplex)+2 {
		p.Skip(1).Text(draw.Dim, l.More().Duplex)
	}
}

// gateway writes the default routes of an interface in the main table.
func gateway(p *draw.Pen, n *sample.Net, name string) {
	found := false
	for i := range n.Gateways {
		g := &n.Gateways[i]
		if g.Interface != name || g.Table != sample.MainTable {
			continue
		}
		if found {
			p.Skip(1)
		}
		hop(p, g)
		found = true
	}
	if !found {
		p.Text(draw.Dim, "none")
	}
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

func faults(p *draw.Pen, name string, errors, dropped uint64) {
	if errors+dropped == 0 {
		return
	}
	style := draw.Dim
	if errors > 0 {
		style = draw.Warn
	}
	p.Text(style, name).Text(style, " errors ").Int(style, int64(errors))
	p.Text(draw.Dim, ", dropped ").Int(draw.Text, int64(dropped))
}
