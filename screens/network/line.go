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
	lineState = 28
	linePart  = 41
	lineRates = 30 // from the right, where there is room beside lineWide
	lineWide  = 108
)

// drawLine draws one interface in one row: in a tree with its branch.
func (n *Page) drawLine(r draw.Region, f *frame.Frame, row *listRow) {
	l := f.Net.Interfaces[row.link]
	whole := r
	if r.W() >= lineWide {
		rates := r.CutRight(lineRates).Pen(0, 0)
		rates.Glyph(draw.Dim, draw.Down)
		n.rate(&rates, draw.Text, l.RxRate, 12)
		rates.Skip(1).Glyph(draw.Dim, draw.Up)
		n.rate(&rates, draw.Text, l.TxRate, 12)
	}
	p := branch(r, row)
	p.Fit(draw.Text, l.Name, lineKind-1-p.X()).To(lineKind)
	if l.Index == 0 { // nobody has said yet what it is
		p.Text(draw.Dim, "--").To(lineState).Text(draw.Dim, "--")
		return
	}
	p.Fit(draw.Dim, kindOf(l), lineState-lineKind-1).To(lineState)
	stateOf(&p, f, l)
	p.To(linePart)
	purpose(&p, f, l)
	if l.Index == n.chosen {
		whole.Restyle(draw.Selected)
		whole.Set(0, 0, '>', draw.Selected)
	}
}

// branch draws the tree's lines in front of a child.
func branch(r draw.Region, row *listRow) draw.Pen {
	p := r.Pen(1, 0)
	if row.depth == 0 {
		return p
	}
	p.Skip(2 * int(row.depth-1))
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

// stateOf writes the state of a link: of a bridge or bond that of what it leads to, of a port that of the port.
func stateOf(p *draw.Pen, f *frame.Frame, l *sample.Interface) {
	d := l.More()
	switch {
	case l.AdminUp && (d.Bridge != nil || d.Bond != nil) && frame.Cut(f.Net, l):
		p.Glyph(draw.Bad, draw.Wrong).Skip(1).Text(draw.Bad, "no carrier")
	case l.AdminUp && l.Carrier && d.BondPort != nil:
		p.Text(draw.Good, d.BondPort.State)
	case l.AdminUp && l.Carrier && l.BridgePort != nil && l.BridgePort.State != "forwarding":
		p.Text(draw.Warn, l.BridgePort.State)
	default:
		widget.LinkState(p, l, false)
	}
}

// purpose writes what a link is for: the VM behind a port, what a bridge carries, what a VLAN lies on.
func purpose(p *draw.Pen, f *frame.Frame, l *sample.Interface) {
	d := l.More()
	if all := addressesOf(f.Net, l); len(all) > 0 {
		p.Fit(draw.Text, all[0].CIDR, p.Left())
		addressMarks(p, &all[0])
		if len(all) > 1 {
			p.Text(draw.Dim, " +").Int(draw.Dim, int64(len(all)-1))
		}
		p.Skip(2)
	}
	switch {
	case l.VM != nil:
		attached(p, l.VM)
		if l.Peer != nil && l.Peer.Name != "" {
			p.Skip(1).Fit(draw.Dim, l.Peer.Name, p.Left())
		}
	case d.Bridge != nil:
		howMany(p, len(d.VMs), "VM", "VMs")
		uplinks(p, d)
	case d.Bond != nil:
		p.Fit(draw.Text, d.Bond.Mode, p.Left()).Skip(2)
		p.Int(slaveStyle(d.Bond), int64(d.Bond.Up)).Text(draw.Dim, "/").Int(draw.Text, int64(d.Bond.Slaves)).Text(draw.Dim, " up").Skip(2)
		howMany(p, len(d.VMs), "VM", "VMs")
	case l.Kind == "vlan":
		p.Text(draw.Dim, "id ").Int(draw.Text, int64(d.VLAN)).Text(draw.Dim, " on ").Fit(draw.Text, l.Parent, p.Left())
	case l.Parent != "" && l.Kind == "veth":
		p.Text(draw.Dim, "other end ").Fit(draw.Text, l.Parent, p.Left())
	case l.Parent != "":
		p.Text(draw.Dim, "on ").Fit(draw.Text, l.Parent, p.Left())
	case l.Peer != nil:
		p.Text(draw.Dim, "pod, network namespace ").Int(draw.Dim, int64(l.Peer.Namespace))
	case l.Physical && l.More().SpeedMbps > 0 && l.Carrier:
		widget.Speed(p, l.More().SpeedMbps)
	case l.Physical:
		p.Fit(draw.Dim, l.More().Driver, p.Left())
	case l.AddressCount == 0 && l.WhyVM != "":
		p.Fit(draw.Dim, l.WhyVM, p.Left())
	}
}

func slaveStyle(b *sample.Bond) draw.Style {
	if b.Up < b.Slaves {
		return draw.Warn
	}
	return draw.Text
}

func attached(p *draw.Pen, vm *sample.AttachedVM) {
	if vm.Name == "" {
		p.Text(draw.Dim, "qemu ").Int(draw.Text, int64(vm.PID))
		return
	}
	if vm.Namespace != "" {
		p.Fit(draw.Dim, vm.Namespace, p.Left()/2).Text(draw.Dim, "/")
	}
	p.Fit(draw.Text, vm.Name, p.Left())
}

// howMany writes a number of things among others.
func howMany(p *draw.Pen, n int, one, several string) {
	things(p, n, one, several)
	p.Skip(2)
}

// things writes a number of things.
func things(p *draw.Pen, n int, one, several string) {
	if n == 1 {
		several = one
	}
	p.Int(draw.Text, int64(n)).Skip(1).Text(draw.Dim, several)
}

// uplinks names the hardware that a bridge leads to.
func uplinks(p *draw.Pen, d *sample.LinkDetail) {
	if len(d.Uplinks) == 0 {
		p.Text(draw.Dim, "no uplink")
		return
	}
	p.Text(draw.Dim, "by")
	for _, name := range d.Uplinks {
		if p.Left() < len(name)+2 {
			p.Glyph(draw.Dim, draw.Ellipsis)
			return
		}
		p.Skip(1).Text(draw.Text, name)
	}
}

// drawGuests names the VMs behind folded ports, as many as fit.
func drawGuests(r draw.Region, f *frame.Frame, row *listRow, ports []int) {
	if !r.Visible() {
		return
	}
	p := branch(r, row)
	things(&p, len(ports), "VM", "VMs")
	p.Text(draw.Dim, ":")
	for i, port := range ports {
		vm := f.Net.Interfaces[port].VM
		room := len(vm.Namespace) + len(vm.Name) + 2
		if left := len(ports) - i; p.Left() < room+9 && (left > 1 || p.Left() < room) {
			p.Skip(1).Text(draw.Dim, "+").Int(draw.Text, int64(left)).Text(draw.Dim, " more")
			return
		}
		p.Skip(1)
		attached(&p, vm)
	}
}

func drawFolded(r draw.Region, row *listRow) {
	p := branch(r, row)
	if row.pods {
		things(&p, row.count, "other port folded", "other ports folded")
	} else {
		things(&p, row.count, "link of VMs and pods folded", "links of VMs and pods folded")
	}
	p.Text(draw.Dim, ": ").Text(draw.Accent|draw.Bold, "v").Text(draw.Dim, " lists them")
}
