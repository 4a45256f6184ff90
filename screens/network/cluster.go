package network

import (
	"strings"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/screens/widget"
)

// drawCluster says how the cluster's network is set up, each fact with its source, and what the API serves in it.
func drawCluster(view *draw.Region, f *frame.Frame) {
	p := view.CutTop(1).Rule(0, "K8s network")
	if !widget.ClusterKnown(f) {
		drawLocal(view, f)
		p = view.CutTop(1).Pen(1, 0)
		p.Text(draw.Dim, "API: ")
		widget.APIState(&p, f, false)
		p.Skip(2)
		widget.UnknownFigure(&p, "K8s Services")
		return
	}
	widget.StaleMark(&p, &f.Kube.Health, f)
	n := &f.Kube.Network
	left, right := halves(view)
	sourced(&left, f, "Pod CIDR: ", &n.PodCIDR)
	sourced(&right, f, "Service CIDR: ", &n.ServiceCIDR)
	left, right = halves(view)
	sourced(&left, f, "CNI: ", &n.CNI)
	sourced(&right, f, "Network policy: ", &n.Policy)
	p = view.CutTop(1).Pen(1, 0)
	services(&p, f)
	p = view.CutTop(1).Pen(1, 0)
	widget.Counted(&p, "Network policies", &f.Kube.Kinds[kube.KindNetworkPolicy], n.Policies, -1, draw.Text)
	widget.Counted(&p, "VM networks (Multus)", &f.Kube.Kinds[kube.KindNAD], n.NADs, -1, draw.Text)
}

// halves is pair for texts, which have no width of their own.
func halves(view *draw.Region) (left, right draw.Pen) {
	if view.W() < 2*secondColumn {
		return pair(view, view.W() < pairColumns)
	}
	return split(view, view.W()/2)
}

// sourced writes a fact and, as far as it fits, where it was learned.
func sourced(p *draw.Pen, f *frame.Frame, name string, s *kube.Sourced) {
	p.Text(draw.Dim, name)
	if s.Value == "" {
		p.Text(draw.Dim, "n/a")
		return
	}
	style := draw.Text
	if f.Kube.Health.State == health.Stale {
		style = draw.Dim
	}
	p.Fit(style, s.Value, p.Left())
	source, room := s.Source, p.Left()-4
	if draw.Columns(source) > room {
		source, _, _ = strings.Cut(source, " of ") // whose it is goes before what it is
	}
	if source != "" && room >= 8 {
		p.Text(draw.Dim, " (").Fit(draw.Dim, source, room).Text(draw.Dim, ")")
	}
}

// services writes how many there are, and of each type, the most first: 23 (12 LoadBalancer, 8 ClusterIP, 3 NodePort).
func services(p *draw.Pen, f *frame.Frame) {
	kept, s := &f.Kube.Kinds[kube.KindService], &f.Kube.Services
	p.Text(draw.Dim, "K8s Services: ")
	if !kept.Has() {
		widget.KindState(p, kept, f, p.Left()-1)
		return
	}
	style := widget.KindStyle(kept, draw.Text)
	p.Int(style, int64(s.Total))
	last, before, after := kube.Count{N: s.Total + 1}, " (", ""
	for range s.ByType {
		next := following(s.ByType, last)
		if p.Left() < len(next.Name)+10 {
			p.Skip(1).Glyph(draw.Dim, draw.Ellipsis)
			break
		}
		p.Text(draw.Dim, before).Int(style, int64(next.N)).Skip(1).Text(draw.Dim, next.Name)
		last, before, after = next, ", ", ")"
	}
	p.Text(draw.Dim, after)
}

// following is the count that comes after last when the largest come first, equal ones by name.
func following(all []kube.Count, last kube.Count) kube.Count {
	best := kube.Count{N: -1}
	for _, c := range all {
		after := c.N < last.N || c.N == last.N && c.Name > last.Name
		if after && (c.N > best.N || c.N == best.N && c.Name < best.Name) {
			best = c
		}
	}
	return best
}
