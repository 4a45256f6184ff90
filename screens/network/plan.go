package network

import (
	"math"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
)

// layPlan finds the columns that the rows of bridges, bonds and VLANs share: of the name, of what follows it, and of what
// it carries.
func (n *Page) layPlan(w int, f *frame.Frame) {
	lead, names, details := 0, 8, 0
	for i := range n.rows {
		row := &n.rows[i]
		l := f.Net.Interfaces[row.link]
		switch {
		case row.kind == lineRow && row.child:
			names = max(names, draw.Columns(l.Name)+3)
		case row.kind == planRow:
			lead = max(lead, n.drawLead(draw.Nowhere(w), f, row))
			names = max(names, draw.Columns(l.Name))
			if all := addressesOf(f.Net, l); len(all) > 0 && l.More().Bridge != nil {
				details = max(details, len(all[0].CIDR)+3*min(len(all)-1, 1))
			}
		}
	}
	n.planName = min(1+lead, w/2)
	n.planDetail = n.planName + min(names, lineKind) + 1
	n.planCarries = n.planDetail + min(details, w/3) + 2
	if w >= lineWide {
		n.planCarries += kindColumns + stateColumns
	}
}

// noCarrier reports whether nothing comes through a physical interface.
func noCarrier(l *sample.Interface) bool { return l.Physical && !(l.AdminUp && l.Carrier) }

// drawPlan draws a bridge, bond or VLAN between what it lies on and what it carries: eno3 = bond0 = br0 ... 12 VMs. It
// returns how many rows that takes, with the names of all VMs where r is high enough.
func (n *Page) drawPlan(r draw.Region, f *frame.Frame, row *listRow) (rows int) {
	l := f.Net.Interfaces[row.link]
	all, wide := r, r.W() >= lineWide
	if wide {
		n.drawRates(r.CutRight(lineRates), l)
	}
	n.drawLead(r.Sub(1, 0, n.planName-2, 1), f, row)
	p := r.Pen(n.planName, 0)
	p.Fit(draw.Text|draw.Bold, l.Name, n.planDetail-1-n.planName).To(n.planDetail)
	switch {
	case wide:
		p.Fit(draw.Dim, kindOf(l), kindColumns-1).To(n.planDetail + kindColumns)
		stateOf(&p, f, l)
		p.To(n.planDetail + kindColumns + stateColumns)
	case !l.AdminUp || !l.Carrier && !isCut(f.Net, l): // drawLead marks what is cut
		stateOf(&p, f, l)
		p.Skip(1)
	}
	if addresses := addressesOf(f.Net, l); len(addresses) > 0 {
		address(&p, addresses, true)
		p.Skip(2)
	}
	if l.More().Bridge != nil {
		p.To(max(p.X(), n.planCarries))
	}
	carries(&p, l)
	rows = 1
	if n.density != full && !n.all { // where ports are listed each VM has a row
		rows = n.guests(r, p, l.More().VMs)
	}
	n.markChosen(all, l)
	return rows
}

// drawLead draws the way from the physical interfaces to a link, those that nothing comes through marked, and returns how
// many columns it needs with a blank at either end of the last cable.
func (n *Page) drawLead(r draw.Region, f *frame.Frame, row *listRow) (columns int) {
	p := r.Pen(0, 0)
	if row.count == 0 {
		if f.Net.Interfaces[row.link].Kind == "bridge" {
			p.Text(draw.Dim, "no uplink")
		}
		return p.X() + 1
	}
	line := draw.Border
	if isCut(f.Net, f.Net.Interfaces[row.link]) {
		line = draw.Bad
	}
	for k, at := range n.members[row.first : row.first+row.count] {
		l := f.Net.Interfaces[at]
		switch {
		case k > 0 && k < row.cables:
			p.Skip(1)
		case k > 0:
			p.Skip(1).Glyph(line, draw.Cable).Skip(1)
		}
		style := draw.Text
		if noCarrier(l) {
			style = draw.Bad
			p.Glyph(style, draw.Wrong).Skip(1)
		} else if l.BridgePort != nil && l.BridgePort.State != "forwarding" {
			style = draw.Warn
		}
		p.Fit(style, l.Name, p.Left())
	}
	columns = p.Skip(1).X() + len("= ")
	for p.Left() > 0 {
		p.Glyph(line, draw.Cable)
	}
	return columns
}

// carries writes what a bridge, bond or VLAN is, beyond its name, and how much hangs on it.
func carries(p *draw.Pen, l *sample.Interface) {
	d := l.More()
	switch {
	case d.Bond != nil:
		p.Fit(draw.Text, d.Bond.Mode, p.Left()).Skip(1)
		p.Int(slaveStyle(d.Bond), int64(d.Bond.Up)).Text(draw.Dim, "/").Int(draw.Text, int64(d.Bond.Slaves)).Text(draw.Dim, " up").Skip(2)
	case l.Kind == "vlan":
		p.Text(draw.Dim, "id ").Int(draw.Text, int64(d.VLAN)).Text(draw.Dim, " on ").Fit(draw.Text, l.Parent, p.Left()).Skip(2)
	case d.Bridge != nil && len(d.VMs) == 0:
		things(p, d.Bridge.Ports, "port", "ports")
		return
	}
	if (d.Bridge != nil || len(d.VMs) > 0) && p.Left() > len("100 VMs") {
		things(p, len(d.VMs), "VM", "VMs")
	}
}

func slaveStyle(b *sample.Bond) draw.Style {
	if b.Up < b.Slaves {
		return draw.Warn
	}
	return draw.Text
}

// guests names VMs from p on, in as many rows of r as it takes and r has, and returns how many; their namespace once when
// it is that of all.
func (n *Page) guests(r draw.Region, p draw.Pen, vms []sample.AttachedVM) (rows int) {
	rows = 1
	if len(vms) == 0 || p.Left() < 16 {
		return rows
	}
	shared, longest := vms[0].Namespace, 0
	for i := range vms {
		if vms[i].Namespace != shared {
			shared = ""
		}
	}
	if p.Left() <= draw.Columns(shared)+16 {
		shared = ""
	}
	for i := range vms {
		longest = max(longest, guestColumns(&vms[i], shared))
	}
	high := r.H()
	if n.planCarries+longest > r.W() {
		high = 1
	}
	if shared != "" {
		p.Text(draw.Dim, " in ").Text(draw.Dim, shared)
	}
	p.Text(draw.Dim, ":")
	for i := range vms {
		room, more := guestColumns(&vms[i], shared), 0
		if p.Left() < room && rows < high {
			p = r.Pen(n.planCarries-1, rows)
			rows++
		}
		if i < len(vms)-1 && rows == high {
			more = len(" +100")
		}
		switch {
		case p.Left() >= room+more:
			p.Skip(1)
			attached(&p, &vms[i], shared)
		case i == 0:
			p.Skip(1).Fit(draw.Text, vms[i].Name, p.Left()-more)
		default:
			p.Text(draw.Dim, " +").Int(draw.Text, int64(len(vms)-i))
			return rows
		}
	}
	return rows
}

// guestColumns is the width of what attached writes behind a blank.
func guestColumns(vm *sample.AttachedVM, shared string) int {
	p := draw.Nowhere(math.MaxInt16).Pen(1, 0)
	attached(&p, vm, shared)
	return p.X()
}
