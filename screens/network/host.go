package network

import (
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens/widget"
)

// drawReach says in one row whether gateway, resolver and time source are there, and how many connections are open.
func drawReach(r draw.Region, f *frame.Frame) {
	wide := r.W() >= pairWidth
	p := r.Faded(widget.Old(f, sample.Links)).Pen(1, 0)
	p.Text(draw.Dim, "Gateway ")
	if g := frame.DefaultRoute(f.Net); g == nil {
		p.Text(draw.Warn, "no default route")
	} else {
		reach := frame.GatewayReach(g)
		if reach == frame.ReachOK && widget.Old(f, sample.Links) {
			reach = frame.ReachUnknown
		}
		reachMark(&p, reach).Skip(1)
		if g.Address == "" {
			p.Text(draw.Text, "on-link")
		} else {
			p.Fit(draw.Text, g.Address, p.Left()/3)
		}
		if r.W() >= 160 {
			p.Text(draw.Dim, " on ").Text(draw.Text, g.Interface)
		}
		switch {
		case reach == frame.ReachFailed:
			p.Skip(1).Text(draw.Bad, silence(g))
		case reach == frame.ReachUnknown && wide:
			p.Skip(1)
			neighbour(&p, g, f.Boot)
		}
	}
	p.Skip(2).Text(draw.Dim, "DNS ")
	resolver(&p, f.Net, wide)
	p.Skip(2).Text(draw.Dim, "NTP ")
	clock := frame.ClockReach(f.System)
	if reachMark(&p, clock); wide && clock == frame.ReachFailed {
		p.Skip(1).Text(draw.Warn, "not synchronised")
	}
	p.Skip(2)
	if p.Left() >= len("Connections 100000") {
		widget.Connections(&p, f)
	}
}

// reachMark writes the mark of what is known.
func reachMark(p *draw.Pen, r frame.Reach) *draw.Pen {
	switch r {
	case frame.ReachOK:
		return p.Glyph(draw.Good, draw.OK)
	case frame.ReachFailed:
		return p.Glyph(draw.Bad, draw.Wrong)
	}
	return p.Text(draw.Dim, "?")
}

// resolver writes the first nameserver that is asked for names. Whether it answers nobody here knows.
func resolver(p *draw.Pen, n *sample.Net, wide bool) {
	servers := n.DNS
	switch s := n.Services; {
	case s != nil && s.WhyFiles != "" && len(servers) == 0:
		p.Fit(draw.Warn, s.WhyFiles, p.Left()/2)
		return
	case s != nil && len(s.Upstream) > 0:
		servers = s.Upstream
	}
	if len(servers) == 0 {
		p.Text(draw.Dim, "none configured")
		return
	}
	reachMark(p, frame.ReachUnknown).Skip(1)
	p.Fit(draw.Text, servers[0], p.Left()/2)
	if len(servers) > 1 {
		p.Text(draw.Dim, " +").Int(draw.Dim, int64(len(servers)-1))
	}
	if wide {
		p.Text(draw.Dim, " not checked")
	}
}

// drawHost says where the host's own packets go, what is open in its namespace and whom it asks for names.
func drawHost(view *draw.Region, f *frame.Frame) {
	for i := range f.Net.Gateways {
		drawGateway(view.CutTop(1), &f.Net.Gateways[i], f.Boot)
	}
	if len(f.Net.Gateways) == 0 {
		p := view.CutTop(1).Pen(1, 0)
		p.Text(draw.Dim, "Default   ").Text(draw.Warn, "no default route")
	}
	p := view.CutTop(1).Pen(1, 0)
	widget.Connections(&p, f)
	p = view.CutTop(1).Pen(1, 0)
	p.Text(draw.Dim, "DNS       ")
	switch s := f.Net.Services; {
	case len(f.Net.DNS) > 0:
	case s != nil && s.WhyFiles != "":
		p.Fit(draw.Warn, s.WhyFiles, p.Left())
	default:
		p.Text(draw.Dim, "none configured")
	}
	list(&p, f.Net.DNS)
	if s := f.Net.Services; s != nil {
		if len(s.Upstream) > 0 {
			p.Text(draw.Dim, "by ")
			list(&p, s.Upstream)
		}
		if len(s.Search) > 0 {
			p.Text(draw.Dim, "search ")
			list(&p, s.Search)
		}
	}
}

// list writes words side by side, as many as fit.
func list(p *draw.Pen, words []string) {
	for _, word := range words {
		if p.Left() < draw.Columns(word)+2 {
			p.Glyph(draw.Dim, draw.Ellipsis)
			return
		}
		p.Text(draw.Text, word).Skip(2)
	}
}

// drawGateway draws one hop of a default route, with whether its neighbour answers.
func drawGateway(r draw.Region, g *sample.Gateway, now time.Duration) {
	p := r.Pen(1, 0)
	p.Text(draw.Dim, "Default   ")
	if g.Address == "" {
		p.Text(draw.Text, "on-link")
	} else {
		p.Fit(draw.Text, g.Address, p.Left())
	}
	p.Text(draw.Dim, " on ").Fit(draw.Text, g.Interface, p.Left())
	p.Text(draw.Dim, " metric ").Int(draw.Text, int64(g.Metric))
	if g.Weight > 0 {
		p.Text(draw.Dim, " weight ").Int(draw.Text, int64(g.Weight))
	}
	if g.OnLink {
		p.Text(draw.Dim, " onlink")
	}
	if g.Table != sample.MainTable {
		p.Text(draw.Dim, " table ").Int(draw.Text, int64(g.Table))
	}
	p.Skip(2)
	neighbour(&p, g, now)
}

// neighbour writes what the kernel knows of a next hop.
func neighbour(p *draw.Pen, g *sample.Gateway, now time.Duration) {
	if frame.GatewayReach(g) == frame.ReachFailed {
		p.Glyph(draw.Bad, draw.Wrong).Skip(1).Text(draw.Bad, silence(g))
		if !g.LinkDown {
			p.Text(draw.Bad, ", for ").Age(draw.Bad, now-g.Silent)
		}
		return
	}
	switch g.Neighbour {
	case "", "permanent", "noarp": // by its MAC, if it has one
	case "failed":
		p.Text(draw.Warn, "no answer when last asked")
	case "incomplete":
		p.Text(draw.Warn, "no answer yet")
	case "none":
		p.Text(draw.Dim, "not asked for lately")
	case "stale":
		p.Text(draw.Dim, "known, silent lately")
	case "reachable":
		p.Text(draw.Good, g.Neighbour)
	default: // delay, probe
		p.Text(draw.Dim, "being asked")
	}
}

// silence is why nothing gets to a next hop.
func silence(g *sample.Gateway) string {
	if g.LinkDown {
		return "no carrier"
	}
	return "unreachable"
}
