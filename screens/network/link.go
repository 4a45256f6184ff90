package network

import (
	"time"

	"hypervisor-tui/act"
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/widget"
)

const linkColumn = 15 // of the figures

// item starts a row with its name and returns the pen where the figure goes.
func item(view *draw.Region, name string) draw.Pen { return widget.Field(view, name, linkColumn) }

// text is a row with a text, left out when that is empty.
func text(view *draw.Region, name, value string) {
	if value != "" {
		p := item(view, name)
		p.Fit(draw.Text, value, p.Left()-1)
	}
}

// link is the overlay with one interface whole.
type link struct {
	*screens.Sheet
	page *Page
}

// Chosen implements screens.Chooser.
func (o *link) Chosen(f *frame.Frame) (act.Kind, string, bool) { return o.page.Chosen(f) }

// newLink shows the chosen interface with everything that is known of it, and what would be cut off with it.
func newLink(n *Page) screens.Screen {
	size := func(w, _, rows int, _ *frame.Frame) (int, int) { return min(w-4, 100), rows + 2 }
	return &link{screens.NewSheet("link", "Interface", size, n.linkRows), n}
}

func (n *Page) linkRows(view draw.Region, f *frame.Frame) draw.Region {
	l := chosenLink(f, n.chosen)
	if l == nil {
		p := view.CutTop(1).Pen(1, 0)
		p.Text(draw.Dim, "it is gone")
		return view
	}
	view = view.Faded(f.LateSince != 0)
	d := l.More()
	linkIdentity(&view, l, d)
	linkAddresses(&view, f.Net, l, f.Boot)
	n.linkTraffic(&view, l)
	linkKind(&view, l, d)
	linkFunctions(&view, d)
	linkPull(&view, f, l, d)
	return view
}

func chosenLink(f *frame.Frame, index int) *sample.Interface {
	if f.Net == nil || index == 0 {
		return nil
	}
	for i := range f.Net.Interfaces {
		if f.Net.Interfaces[i].Index == index {
			return f.Net.Interfaces[i]
		}
	}
	return nil
}

func linkIdentity(view *draw.Region, l *sample.Interface, d *sample.LinkDetail) {
	p := item(view, "name")
	p.Fit(draw.Text|draw.Bold, l.Name, p.Left()-20).Skip(2).Text(draw.Dim, "number ").Int(draw.Text, int64(l.Index))
	text(view, "other names", d.AltNames)
	p = item(view, "kind")
	p.Fit(draw.Text, kindOf(l), p.Left())
	if d.Mode != "" && l.Kind != "tun" {
		p.Skip(1).Fit(draw.Text, d.Mode, p.Left())
	}
	text(view, "driver", l.More().Driver)
	text(view, "device", d.Bus)
	text(view, "firmware", d.Firmware)
	p = item(view, "state")
	drawLinkState(&p, l)
	p.Text(draw.Dim, ", operstate ").Text(draw.Text, widget.Known(l.State))
	if l.CarrierChanges >= 0 {
		p = item(view, "carrier")
		things(&p, l.CarrierChanges, "change since it was made", "changes since it was made")
	}
	if l.Physical {
		p = item(view, "settings")
		p.Text(draw.Dim, "port ").Text(draw.Text, widget.Known(d.Port)).Text(draw.Dim, ", autonegotiation ").Text(draw.Text, widget.Known(d.Autoneg))
	}
	p = item(view, "MTU")
	p.Int(draw.Text, int64(l.MTU))
	text(view, "MAC", l.MAC)
	text(view, "port of", l.Master)
	if d.VLAN > 0 {
		p = item(view, "network id")
		p.Int(draw.Text, int64(d.VLAN))
	}
	if l.Kind == "veth" {
		text(view, "other end", l.Parent)
	} else {
		text(view, "on", l.Parent)
	}
}

func linkAddresses(view *draw.Region, n *sample.Net, l *sample.Interface, now time.Duration) {
	name := "addresses"
	for i := range l.AddressCount {
		a := &n.Addresses[l.FirstAddress+i]
		p := item(view, name)
		p.Fit(draw.Text, a.CIDR, p.Left())
		addressMarks(&p, a)
		name = ""
	}
	name = "default route"
	for i := range n.Gateways {
		if g := &n.Gateways[i]; g.Interface == l.Name {
			p := item(view, name)
			hop(&p, g)
			p.Text(draw.Dim, " metric ").Int(draw.Text, int64(g.Metric))
			if g.Table != sample.MainTable {
				p.Text(draw.Dim, " table ").Int(draw.Text, int64(g.Table))
			}
			if g.Neighbour != "" {
				p.Text(draw.Dim, ", ")
				neighbour(&p, g, now)
				p.Skip(1).Text(draw.Dim, g.MAC)
			}
			name = ""
		}
	}
}

func (n *Page) linkTraffic(view *draw.Region, l *sample.Interface) {
	for i, name := range [...]string{"received", "sent"} {
		p := item(view, name)
		if !l.Counted {
			p.Text(draw.Dim, "--")
			continue
		}
		total, rate, errors, dropped := l.RxBytes, l.RxRate, l.RxErrors, l.RxDropped
		if i == 1 {
			total, rate, errors, dropped = l.TxBytes, l.TxRate, l.TxErrors, l.TxDropped
		}
		p.Size(draw.Text, total, 9)
		n.rate(&p, draw.Text|draw.Bold, rate, 14)
		p.Text(draw.Dim, "  errors ").Int(draw.Text, int64(errors)).Text(draw.Dim, " dropped ").Int(draw.Text, int64(dropped))
	}
}

// linkKind writes what a bridge, a bond, their ports and a link to a guest have.
func linkKind(view *draw.Region, l *sample.Interface, d *sample.LinkDetail) {
	if b := d.Bridge; b != nil {
		p := item(view, "bridge")
		p.Text(draw.Dim, "STP ").Text(draw.Text, onOff(b.STP)).Text(draw.Dim, ", VLAN filtering ").Text(draw.Text, onOff(b.Filtering))
		p.Skip(2).Int(draw.Text, int64(b.Ports)).Text(draw.Dim, " ports, addresses learned: ")
		entries(&p, b.FDB)
	}
	if b := l.BridgePort; b != nil {
		p := item(view, "bridge port")
		p.Text(draw.Text, b.State).Text(draw.Dim, ", addresses learned behind it: ")
		entries(&p, b.Learned)
	}
	if b := d.Bond; b != nil {
		p := item(view, "bond")
		p.Text(draw.Text, b.Mode).Skip(2).Int(slaveStyle(b), int64(b.Up)).Text(draw.Dim, " of ").Int(draw.Text, int64(b.Slaves)).Text(draw.Dim, " slaves up")
		text(view, "active slave", b.Active)
		if b.Mode == "802.3ad" {
			p = item(view, "LACP")
			p.Text(draw.Dim, "partner ").Text(draw.Text, widget.Known(b.PartnerMAC)).Skip(2).Int(draw.Text, int64(b.Ports)).Text(draw.Dim, " ports in the aggregator")
		}
	}
	if b := d.BondPort; b != nil {
		p := item(view, "slave")
		p.Text(draw.Text, b.State).Text(draw.Dim, ", link ").Text(draw.Text, b.Link).Text(draw.Dim, ", failed ").Int(draw.Text, int64(b.Failures)).Text(draw.Dim, " times")
		if b.Aggregator > 0 {
			p.Text(draw.Dim, ", aggregator ").Int(draw.Text, int64(b.Aggregator))
		}
	}
	if l.Peer != nil {
		p := item(view, "other end")
		p.Text(draw.Dim, "interface ").Fit(draw.Text, l.Peer.Name, 20).Text(draw.Dim, " number ").Int(draw.Text, int64(l.Peer.Index))
		p.Text(draw.Dim, " in network namespace ").Int(draw.Text, int64(l.Peer.Namespace))
	}
	if l.VM != nil {
		p := item(view, "VM")
		attached(&p, l.VM, "")
		p.Text(draw.Dim, ", pid ").Int(draw.Text, int64(l.VM.PID))
	} else {
		text(view, "VM", l.WhyVM)
	}
}

// entries writes a number that is -1 when unknown.
func entries(p *draw.Pen, n int) {
	if n < 0 {
		p.Text(draw.Dim, "n/a")
		return
	}
	p.Int(draw.Text, int64(n))
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// linkFunctions lists the virtual functions of an SR-IOV device.
func linkFunctions(view *draw.Region, d *sample.LinkDetail) {
	for i := range d.VFs {
		vf := &d.VFs[i]
		p := item(view, "")
		p.Text(draw.Dim, "VF ").Int(draw.Text, int64(vf.Number)).Skip(2).Text(draw.Text, widget.Known(vf.Bus)).Skip(2).Fit(draw.Text, vf.MAC, p.Left())
		if vf.VLAN > 0 {
			p.Text(draw.Dim, "  VLAN ").Int(draw.Text, int64(vf.VLAN))
		}
		if vf.State != "" {
			p.Text(draw.Dim, "  link ").Text(draw.Text, vf.State)
		}
		if vf.VM != nil {
			p.Skip(2)
			attached(&p, vf.VM, "")
		} else if vf.Name != "" {
			p.Skip(2).Fit(draw.Text, vf.Name, p.Left())
		}
	}
}

// linkPull says what hangs on a link, and what it hangs on.
func linkPull(view *draw.Region, f *frame.Frame, l *sample.Interface, d *sample.LinkDetail) {
	if len(d.Uplinks) > 0 {
		p := item(view, "cables below")
		list(&p, d.Uplinks)
	}
	if len(d.Above) == 0 && len(d.VMs) == 0 {
		return
	}
	title := view.CutTop(1).Pen(1, 0)
	switch {
	case !l.Physical:
		title.Text(draw.Title|draw.Bold, "What hangs on it")
	case spared(f.Net, l):
		title.Text(draw.Title|draw.Bold, "What hangs on this cable").Text(draw.Dim, ", and on another of ").Text(draw.Text, l.Master)
	default:
		title.Text(draw.Title|draw.Bold, "Pull this cable, and it cuts off")
	}
	p := item(view, "VMs")
	guestCount(&p, d, f)
	for i := range d.VMs {
		p = item(view, "")
		attached(&p, &d.VMs[i], "")
	}
	p = item(view, "links")
	p.Int(draw.Text, int64(len(d.Above))).Skip(2)
	list(&p, d.Above)
}

// guestCount writes how many VMs hang on a link: -- in place of 0 while the processes of VMs are not seen.
func guestCount(p *draw.Pen, d *sample.LinkDetail, f *frame.Frame) {
	if len(d.VMs) == 0 && (f.VMs == nil || !f.VMs.Health.Has()) {
		p.Text(draw.Dim, "--")
		return
	}
	p.Int(draw.Text, int64(len(d.VMs)))
}

// spared reports whether what hangs on an interface has another way: another slave of its bond that is up, another uplink
// of its bridge with a carrier.
func spared(n *sample.Net, l *sample.Interface) bool {
	master := frame.Link(n, l.Master)
	if master == nil {
		return false
	}
	d := master.More()
	if d.Bond != nil {
		return d.Bond.Up > 1 || d.Bond.Up == 1 && !(l.AdminUp && l.Carrier)
	}
	for _, name := range d.Uplinks {
		if up := frame.Link(n, name); name != l.Name && up != nil && up.AdminUp && up.Carrier {
			return true
		}
	}
	return false
}
