package network

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens/widget"
)

// The columns of a line: name, kind, state, what it is for, rates.
const (
	lineKind  = 18
	lineState = lineKind + kindColumns
	linePart  = lineState + stateColumns
	lineRates = 30  // from the right,
	lineWide  = 108 // where there is that much room

	kindColumns  = 10
	stateColumns = 13
)

// drawLine draws one link in one row; a port below the name of what it is a port of.
func (n *Page) drawLine(r draw.Region, f *frame.Frame, row *listRow) {
	l := f.Net.Interfaces[row.link]
	all := r
	if r.W() >= lineWide {
		n.drawRates(r.CutRight(lineRates), l)
	}
	p, kind := r.Pen(1, 0), lineKind
	if row.child {
		p, kind = n.branch(r, row), n.planDetail
	}
	p.Fit(draw.Text, l.Name, kind-1-p.X()).To(kind)
	if l.Index == 0 { // nobody has said yet what it is
		p.Text(draw.Dim, "--").To(kind+kindColumns).Text(draw.Dim, "--")
		return
	}
	p.Fit(draw.Dim, kindOf(l), kindColumns-1).To(kind + kindColumns)
	stateOf(&p, f, l)
	p.To(kind + kindColumns + stateColumns)
	purpose(&p, f, l)
	n.markChosen(all, l)
}

// drawRates draws what a link receives and sends a second.
func (n *Page) drawRates(r draw.Region, l *sample.Interface) {
	p := r.Pen(1, 0) // away from what stands before
	columns := min((r.W()-4)/2, 12)
	p.Glyph(draw.Dim, draw.Down)
	n.rate(&p, draw.Text, l.RxRate, columns)
	p.Skip(1).Glyph(draw.Dim, draw.Up)
	n.rate(&p, draw.Text, l.TxRate, columns)
}

// markChosen marks the row of the chosen link.
func (n *Page) markChosen(r draw.Region, l *sample.Interface) {
	if l.Index == n.chosen {
		r.Restyle(draw.Selected)
		r.Set(0, 0, '>', draw.Selected)
	}
}

// branch draws the tree's line in front of a child.
func (n *Page) branch(r draw.Region, row *listRow) draw.Pen {
	p := r.Pen(n.planName, 0)
	if row.last {
		p.Glyph(draw.Border, draw.LastBranch)
	} else {
		p.Glyph(draw.Border, draw.Branch)
	}
	p.Skip(1)
	return p
}

// kindOf is the kernel's word for a kind of link; a tap is not called tun.
func kindOf(l *sample.Interface) string {
	d := l.More()
	switch {
	case l.Kind == "tun" && d.Mode != "":
		return d.Mode
	case l.Kind == "" && l.Physical && l.Parent != "":
		return "VF"
	case l.Kind == "" && l.Physical:
		return "physical"
	case l.Kind == "":
		return "n/a"
	}
	return l.Kind
}

// isCut reports whether a bridge or bond that is up leads to hardware of which none has a carrier.
func isCut(n *sample.Net, l *sample.Interface) bool {
	d := l.More()
	return l.AdminUp && (d.Bridge != nil || d.Bond != nil) && frame.Cut(n, l)
}

// stateOf writes the state of a link: of a bridge or bond that of what it leads to, of a port that of the port.
func stateOf(p *draw.Pen, f *frame.Frame, l *sample.Interface) {
	d := l.More()
	switch {
	case isCut(f.Net, l):
		p.Glyph(draw.Bad, draw.Wrong).Skip(1).Text(draw.Bad, "no carrier")
	case l.AdminUp && l.Carrier && d.BondPort != nil:
		p.Text(draw.Good, d.BondPort.State)
	case l.AdminUp && l.Carrier && l.BridgePort != nil && l.BridgePort.State != "forwarding":
		p.Text(draw.Warn, l.BridgePort.State)
	default:
		widget.LinkState(p, l, false)
	}
}

// purpose writes what a link is for: its addresses, the VM behind a port, what it lies on.
func purpose(p *draw.Pen, f *frame.Frame, l *sample.Interface) {
	d := l.More()
	if all := addressesOf(f.Net, l); len(all) > 0 {
		address(p, all, true)
		p.Skip(2)
	}
	switch {
	case l.VM != nil:
		attached(p, l.VM, "")
		if l.Peer != nil && l.Peer.Name != "" {
			p.Skip(1).Fit(draw.Dim, l.Peer.Name, p.Left())
		}
	case d.Bridge != nil, d.Bond != nil, l.Kind == "vlan":
		carries(p, l)
	case l.Parent != "" && l.Kind == "veth":
		p.Text(draw.Dim, "other end ").Fit(draw.Text, l.Parent, p.Left())
	case l.Parent != "":
		p.Text(draw.Dim, "on ").Fit(draw.Text, l.Parent, p.Left())
	case l.Peer != nil:
		p.Text(draw.Dim, "pod, network namespace ").Int(draw.Dim, int64(l.Peer.Namespace))
	case l.Physical && d.SpeedMbps > 0 && l.Carrier:
		widget.Speed(p, d.SpeedMbps)
	case l.Physical:
		p.Fit(draw.Dim, d.Driver, p.Left())
	case l.AddressCount == 0 && l.WhyVM != "":
		p.Fit(draw.Dim, l.WhyVM, p.Left())
	}
}

// attached names a VM, with its namespace unless it is said already, or the process of one that nobody has named.
func attached(p *draw.Pen, vm *sample.AttachedVM, said string) {
	if vm.Name == "" {
		p.Text(draw.Dim, "qemu ").Int(draw.Text, int64(vm.PID))
		return
	}
	if vm.Namespace != said {
		p.Fit(draw.Dim, vm.Namespace, max(p.Left()/2, p.Left()-draw.Columns(vm.Name)-1)).Text(draw.Dim, "/")
	}
	p.Fit(draw.Text, vm.Name, p.Left())
}

// things writes a number of things.
func things(p *draw.Pen, n int, one, several string) {
	if n == 1 {
		several = one
	}
	p.Int(draw.Text, int64(n)).Skip(1).Text(draw.Dim, several)
}

func (n *Page) drawFolded(r draw.Region, row *listRow) {
	p := r.Pen(1, 0)
	if row.child {
		p = n.branch(r, row)
		things(&p, row.count, "other port folded", "other ports folded")
	} else {
		things(&p, row.count, "link of VMs and pods folded", "links of VMs and pods folded")
	}
	p.Text(draw.Dim, ": ").Text(draw.Accent|draw.Bold, "v").Text(draw.Dim, " lists them")
}
