package screens

import (
	"math"
	"path"

	"hypervisor-tui/draw"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens/frame"
)

// network is the view state of F3.
type network struct {
	scroll scroll
	all    bool // folded interfaces are listed too
}

const pairWidth = 140 // from here on two interfaces stand side by side

func networkKeys() []binding {
	return []binding{
		{[]draw.Key{draw.KeyUp, draw.KeyDown, 'k', 'j'}, arrows, "scroll", "Scroll", scrollNetwork},
		{[]draw.Key{draw.KeyPageUp, draw.KeyPageDown, draw.KeyCtrlU, draw.KeyCtrlD}, "PgUp PgDn", "a page; Ctrl-U Ctrl-D half of it", "", scrollNetwork},
		{[]draw.Key{draw.KeyHome, draw.KeyEnd, 'g', 'G'}, "Home End g G", "top, bottom", "", scrollNetwork},
		{[]draw.Key{'v'}, "v", "list the interfaces of VMs and pods too", "Virtual", foldLinks},
	}
}

func scrollNetwork(c *Console, k draw.Key, _ *frame.Frame) Wish {
	c.network.scroll.key(k)
	return Nothing
}

func foldLinks(c *Console, _ draw.Key, _ *frame.Frame) Wish {
	c.network.all = !c.network.all
	return Nothing
}

// drawNetwork is F3: the hardware's interfaces one frame each, the other links as a tree, the cluster's network.
func drawNetwork(c *Console, r draw.Region, f *frame.Frame) {
	if f.Net == nil || f.Host == nil || len(f.Net.Interfaces) == 0 {
		r.Rule(0, "Physical interfaces")
		r.CutTop(1)
		missing(r, f, sample.Links)
		return
	}
	s := &c.network.scroll
	view := r.Scrolled(s.top, math.MaxInt16)
	start := view.H()
	physical(&view, f)
	c.virtual(&view, f)
	clusterNetwork(&view, f)
	s.fit(r.H(), start-view.H())
	if n := s.below(); n > 0 {
		p := r.Pen(r.W()-12, r.H()-1)
		p.Text(draw.Border, " ").Glyph(draw.Accent, draw.Down).Text(draw.Dim, " more ")
	}
}

// physical draws a frame for each interface of the hardware, two side by side on wide screens.
func physical(view *draw.Region, f *frame.Frame) {
	heading(view.CutTop(1), "Physical interfaces", f, sample.Links)
	n := f.Net
	found := false
	var beside draw.Region
	for i := range n.Interfaces {
		l := &n.Interfaces[i]
		if !l.Physical {
			continue
		}
		found = true
		height := linkRows(n, l, view.W())
		if beside.H() >= height {
			drawLink(beside.CutTop(height), f, l)
			beside = draw.Region{}
			continue
		}
		row := view.CutTop(height)
		if row.W() >= pairWidth {
			drawLink(row.CutLeft(row.W()/2), f, l)
			beside = row
			continue
		}
		drawLink(row, f, l)
	}
	if !found {
		p := view.CutTop(1).Pen(1, 0)
		p.Text(draw.Dim, "none: no interface here has a device behind it")
	}
}

const mostAddresses = 4

// linkRows is the height of an interface's frame that is width columns wide.
func linkRows(n *sample.Net, l *sample.Interface, width int) int {
	pairs := 4
	if faulty(l) {
		pairs++
	}
	if width < pairColumns {
		pairs *= 2
	}
	more := max(min(l.AddressCount, mostAddresses)-1, 0)
	if l.AddressCount > mostAddresses {
		more++
	}
	return 2 + pairs + more
}

func faulty(l *sample.Interface) bool {
	return l.RxErrors+l.TxErrors+l.RxDropped+l.TxDropped > 0
}

const (
	secondColumn = 42
	pairColumns  = 72 // a frame narrower than this stacks what else stands side by side
)

// pair takes a row for two figures side by side, or two rows where the frame is narrow.
func pair(in *draw.Region, narrow bool) (left, right draw.Pen) {
	row := in.CutTop(1)
	if narrow {
		return row.Pen(1, 0), in.CutTop(1).Pen(1, 0)
	}
	first := row.CutLeft(secondColumn - 1)
	return first.Pen(1, 0), row.Pen(1, 0)
}

// drawLink draws one interface as the hardware's owner asks for it: address, state, gateway, MTU, traffic.
func drawLink(r draw.Region, f *frame.Frame, l *sample.Interface) {
	if !r.Visible() {
		return
	}
	in := r.Inset(1).Frame(l.Name, draw.Accent)
	narrow := r.W() < pairColumns
	p, q := pair(&in, narrow)
	p.Text(draw.Dim, "IP: ")
	if l.AddressCount == 0 {
		p.Text(draw.Dim, "none")
	} else {
		p.Fit(draw.Text, f.Net.Addresses[l.FirstAddress].CIDR, p.Left())
	}
	q.Text(draw.Dim, "State: ")
	drawLinkState(&q, l)
	moreAddresses(&in, f.Net.Addresses[l.FirstAddress:l.FirstAddress+l.AddressCount])
	p, q = pair(&in, narrow)
	p.Text(draw.Dim, "Gateway: ")
	gateway(&p, f.Net, l.Name)
	q.Text(draw.Dim, "MTU: ").Int(draw.Text, int64(l.MTU))
	if l.MTU >= 9000 {
		q.Text(draw.Dim, " (Jumbo)")
	}
	p, q = pair(&in, narrow)
	p.Text(draw.Dim, "Driver: ").Fit(draw.Text, known(l.Driver), p.Left())
	q.Text(draw.Dim, "MAC: ").Fit(draw.Text, known(l.MAC), q.Left())
	p, q = pair(&in, narrow)
	traffic(&p, "RX: ", l.Counted, l.RxBytes, l.RxRate)
	traffic(&q, "TX: ", l.Counted, l.TxBytes, l.TxRate)
	if faulty(l) {
		p, q = pair(&in, narrow)
		faults(&p, "RX", l.RxErrors, l.RxDropped)
		faults(&q, "TX", l.TxErrors, l.TxDropped)
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
		if all[i].Scope != "global" && p.Left() > len(all[i].Scope) {
			p.Skip(1).Text(draw.Dim, all[i].Scope)
		}
	}
}

func drawLinkState(p *draw.Pen, l *sample.Interface) {
	if l.Configured() && !l.Carrier {
		p.Glyph(draw.Bad, draw.Wrong).Skip(1).Text(draw.Bad, "configured, no carrier")
		return
	}
	linkState(p, l, true)
	if l.AdminUp && l.Carrier && l.Duplex != "" && p.Left() > len(l.Duplex)+2 {
		p.Skip(1).Text(draw.Dim, l.Duplex)
	}
}

// known is text, or n/a for what the kernel does not tell.
func known(text string) string {
	if text == "" {
		return "n/a"
	}
	return text
}

func gateway(p *draw.Pen, n *sample.Net, name string) {
	found := false
	for i := range n.Gateways {
		g := &n.Gateways[i]
		if g.Interface != name {
			continue
		}
		to := g.Address
		if to == "" {
			to = "on-link"
		}
		if found {
			p.Skip(1)
		}
		p.Fit(draw.Text, to, p.Left())
		found = true
	}
	if !found {
		p.Text(draw.Dim, "none")
	}
}

func traffic(p *draw.Pen, name string, counted bool, total uint64, rate float64) {
	p.Text(draw.Dim, name)
	if !counted {
		p.Text(draw.Dim, "--")
		return
	}
	p.Size(draw.Text, total, 9).Rate(draw.Text|draw.Bold, rate, 13)
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

// virtual lists the links without hardware: each bridge or bond with its members below it.
func (c *Console) virtual(view *draw.Region, f *frame.Frame) {
	n := f.Net
	rows, hidden := 0, 0
	for i := range n.Interfaces {
		l := &n.Interfaces[i]
		if l.Physical || l.Master != "" {
			continue
		}
		if c.folded(l, f) {
			hidden++
			continue
		}
		if rows == 0 {
			heading(view.CutTop(1), "Bridges, bonds and other links", f, sample.Links)
		}
		rows++
		drawVirtual(view.CutTop(1), f, l, "")
		if hasMembers(l.Kind) {
			hidden += c.members(view, f, l.Name)
		}
	}
	if hidden > 0 {
		p := view.CutTop(1).Pen(1, 0)
		p.Int(draw.Text, int64(hidden)).Text(draw.Dim, " links of VMs and pods folded: ").Text(draw.Accent|draw.Bold, "v").Text(draw.Dim, " lists them")
	}
}

// hasMembers says whether links of this kind are masters of others.
func hasMembers(kind string) bool {
	switch kind {
	case "bridge", "bond", "team", "vrf", "openvswitch":
		return true
	}
	return false
}

// folded says whether l is one of the many links of VMs and pods that are not listed unless asked for.
func (c *Console) folded(l *sample.Interface, f *frame.Frame) bool {
	if c.network.all || l.Physical {
		return false
	}
	for _, glob := range f.Settings.HideLinks {
		if ok, err := path.Match(glob, l.Name); ok && err == nil {
			return true
		}
	}
	return false
}

// members draws the ports of a bridge or bond as a tree and returns how many are folded.
func (c *Console) members(view *draw.Region, f *frame.Frame, master string) (hidden int) {
	last := -1
	for i := range f.Net.Interfaces {
		l := &f.Net.Interfaces[i]
		if l.Master != master {
			continue
		}
		if c.folded(l, f) {
			hidden++
			continue
		}
		last = i
	}
	for i := 0; i <= last; i++ {
		if l := &f.Net.Interfaces[i]; l.Master == master && !c.folded(l, f) {
			branch := draw.Branch
			if i == last {
				branch = draw.LastBranch
			}
			drawVirtual(view.CutTop(1), f, l, view.Glyph(branch))
		}
	}
	return hidden
}

func drawVirtual(r draw.Region, f *frame.Frame, l *sample.Interface, branch string) {
	if !r.Visible() {
		return
	}
	p := r.Pen(1, 0)
	if branch != "" {
		p.Text(draw.Border, branch).Skip(1)
	}
	p.Fit(draw.Text, l.Name, 16-p.X()).To(17)
	kind := l.Kind
	if kind == "" {
		kind = "device"
	}
	p.Fit(draw.Dim, kind, 9).To(27)
	linkState(&p, l, false)
	p.To(38)
	if l.AddressCount > 0 {
		p.Fit(draw.Text, f.Net.Addresses[l.FirstAddress].CIDR, 20)
		if l.AddressCount > 1 && p.Left() > 3 {
			p.Text(draw.Dim, " +").Int(draw.Dim, int64(l.AddressCount-1))
		}
	}
	if r.W()-62 < 18 {
		return
	}
	p.To(62).Text(draw.Dim, "mtu ").Int(draw.Text, int64(l.MTU))
	if r.W() >= 110 {
		p.To(74).Glyph(draw.Dim, draw.Down).Rate(draw.Text, l.RxRate, 12).Skip(1).Glyph(draw.Dim, draw.Up).Rate(draw.Text, l.TxRate, 12)
	}
}

// clusterNetwork says what is known of the cluster's network, and what is open on this host.
func clusterNetwork(view *draw.Region, f *frame.Frame) {
	drawK8sNetwork(view, f)
	view.CutTop(1).Rule(0, "Host")
	p := view.CutTop(1).Pen(1, 0)
	connections(&p, f)
	p = view.CutTop(1).Pen(1, 0)
	p.Text(draw.Dim, "DNS ")
	if len(f.Net.DNS) == 0 {
		p.Text(draw.Dim, "none configured")
	}
	for _, server := range f.Net.DNS {
		if p.Left() < len(server)+2 {
			p.Glyph(draw.Dim, draw.Ellipsis)
			break
		}
		p.Text(draw.Text, server).Skip(2)
	}
}
