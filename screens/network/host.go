package network

import (
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens/widget"
)

// drawLocal says what this host's own files and links tell of the cluster's network, where there is no API to ask.
func drawLocal(view *draw.Region, f *frame.Frame) {
	s := f.Net.Services
	p := view.CutTop(1).Pen(1, 0)
	p.Text(draw.Dim, "Pod CIDR: ")
	if s == nil || s.PodCIDR == "" {
		p.Text(draw.Dim, "n/a")
	} else {
		p.Fit(draw.Text, s.PodCIDR, p.Left())
		if s.NodeCIDR != "" && p.Left() > len(s.NodeCIDR)+12 {
			p.Text(draw.Dim, ", here ").Text(draw.Text, s.NodeCIDR)
		}
	}
	p.Skip(2)
	widget.UnknownFigure(&p, "Service CIDR")
	p.Text(draw.Dim, "CNI: ")
	switch {
	case s == nil:
		p.Text(draw.Dim, "--")
	case s.CNI == "":
		p.Text(draw.Dim, "n/a")
	default:
		p.Fit(draw.Text, s.CNI, p.Left())
	}
	p.Skip(2)
	widget.UnknownFigure(&p, "Network policy")
}

// drawListeners names the ports of Kubernetes that somebody listens on here.
func drawListeners(p *draw.Pen, s *sample.NetServices) {
	p.Text(draw.Dim, "Listening: ")
	switch {
	case s == nil:
		p.Text(draw.Dim, "--")
		return
	case s.WhyListen != "":
		p.Fit(draw.Dim, s.WhyListen, p.Left())
		return
	case len(s.Listen) == 0:
		p.Text(draw.Dim, "none of Kubernetes' ports")
		return
	}
	for i := range s.Listen {
		l := &s.Listen[i]
		if i > 0 && s.Listen[i-1].Port == l.Port {
			continue
		}
		if p.Left() < len(l.Service)+len(l.Address)+10 {
			p.Glyph(draw.Dim, draw.Ellipsis)
			return
		}
		p.Int(draw.Text, int64(l.Port)).Skip(1).Text(draw.Dim, l.Service)
		if l.Address != "all" {
			p.Skip(1).Text(draw.Dim, l.Address)
		}
		p.Skip(2)
	}
}

// drawHost says where the host's own packets go, what is open in its namespace and whom it asks for names.
func drawHost(view *draw.Region, f *frame.Frame) {
	view.CutTop(1).Rule(0, "Host")
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
	case s != nil && s.WhyFiles != "":
		p.Fit(draw.Warn, s.WhyFiles, p.Left())
	case len(f.Net.DNS) == 0:
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
	if g.LinkDown {
		p.Skip(2).Glyph(draw.Bad, draw.Wrong).Skip(1).Text(draw.Bad, "no carrier")
		return
	}
	if g.Silent != 0 {
		p.Skip(2).Glyph(draw.Bad, draw.Wrong).Skip(1).Text(draw.Bad, "does not answer, for ").Age(draw.Bad, now-g.Silent)
		return
	}
	switch g.Neighbour {
	case "", "permanent", "noarp":
	case "failed":
		p.Skip(2).Text(draw.Warn, "no answer when last asked")
	case "incomplete":
		p.Skip(2).Text(draw.Warn, "no answer yet")
	case "none":
		p.Skip(2).Text(draw.Dim, "not asked for lately")
	case "stale":
		p.Skip(2).Text(draw.Dim, "known, silent lately")
	default:
		p.Skip(2).Text(draw.Good, g.Neighbour)
	}
}
