package network

import (
	"cmp"
	"slices"
	"strings"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens/widget"
)

// drawCluster says how the cluster's network is set up, each fact with its source, and what the API serves in it; without
// the API, what this host's own files and links tell.
func drawCluster(view *draw.Region, f *frame.Frame) {
	p, q := pair(view, widget.Narrow)
	known := widget.ClusterKnown(f)
	if known {
		sourced(&p, f, "Pod CIDR: ", &f.Kube.Network.PodCIDR)
		sourced(&q, f, "Service CIDR: ", &f.Kube.Network.ServiceCIDR)
		p, q = pair(view, widget.Narrow)
		sourced(&p, f, "CNI: ", &f.Kube.Network.CNI)
		policies(&q, f)
		p = view.CutTop(1).Pen(1, 0)
		services(&p, f)
		p = view.CutTop(1).Pen(1, 0)
		widget.Counted(&p, "VM networks (Multus)", &f.Kube.Kinds[kube.KindNAD], f.Kube.Network.NADs, -1, draw.Text)
	} else {
		localCIDR(&p, f.Net.Services)
		widget.UnknownFigure(&q, "Service CIDR")
		p, q = pair(view, widget.Narrow)
		p.Text(draw.Dim, "CNI: ")
		switch s := f.Net.Services; {
		case s == nil:
			p.Text(draw.Dim, "--")
		case s.CNI == "":
			p.Text(draw.Dim, "n/a")
		default:
			p.Fit(draw.Text, s.CNI, p.Left()-1)
		}
		widget.UnknownFigure(&q, "Network policies")
		p = view.CutTop(1).Pen(1, 0)
		widget.UnknownFigure(&p, "K8s Services")
		p.Text(draw.Dim, "API: ")
		widget.APIState(&p, f, false)
	}
	p = view.CutTop(1).Pen(1, 0)
	drawListeners(&p, f.Net.Services)
}

// sourced writes a fact and, as far as it fits, where it was learned.
func sourced(p *draw.Pen, f *frame.Frame, name string, s *kube.Sourced) {
	p.Text(draw.Dim, name)
	if s.Value == "" {
		p.Text(draw.Dim, "n/a")
		return
	}
	p.Fit(factStyle(f), s.Value, p.Left())
	learned(p, s.Source)
}

func factStyle(f *frame.Frame) draw.Style {
	if f.Kube.Health.State == health.Stale {
		return draw.Dim
	}
	return draw.Text
}

// learned writes where a fact was learned, as far as it fits.
func learned(p *draw.Pen, source string) {
	room := p.Left() - len(" ()")
	if draw.Columns(source) > room {
		source, _, _ = strings.Cut(source, " of ") // whose it is goes before what it is
	}
	if source != "" && room >= 8 {
		p.Text(draw.Dim, " (").Fit(draw.Dim, source, room).Text(draw.Dim, ")")
	}
}

// policies writes how many network policies there are, and whether anybody enforces them.
func policies(p *draw.Pen, f *frame.Frame) {
	kept, n := &f.Kube.Kinds[kube.KindNetworkPolicy], &f.Kube.Network
	p.Text(draw.Dim, "Network policies: ")
	if kept.Has() {
		p.Int(widget.KindStyle(kept, draw.Text), int64(n.Policies))
	} else {
		widget.KindState(p, kept, f, p.Left()/2)
	}
	p.Text(draw.Dim, ", ")
	if n.Policy.Value == "" {
		p.Text(draw.Dim, "enforcement unknown")
		return
	}
	p.Text(factStyle(f), n.Policy.Value)
	learned(p, n.Policy.Source)
}

// services writes how many there are, and of each type, the most first, with what has no IP beside them:
// 23 (12 LoadBalancer, 8 ClusterIP, 3 NodePort), 2 headless.
func services(p *draw.Pen, f *frame.Frame) {
	kept, s := &f.Kube.Kinds[kube.KindService], &f.Kube.Services
	p.Text(draw.Dim, "K8s Services: ")
	if !kept.Has() {
		widget.KindState(p, kept, f, p.Left()-1)
		return
	}
	style := widget.KindStyle(kept, draw.Text)
	p.Int(style, int64(s.Total))
	var space [8]kube.Count
	types, headless := kubectlTypes(append(space[:0], s.ByType...))
	before, after := " (", ""
	for _, one := range types {
		if p.Left() < len(one.Name)+10 {
			p.Skip(1).Glyph(draw.Dim, draw.Ellipsis)
			break
		}
		p.Text(draw.Dim, before).Int(style, int64(one.N)).Skip(1).Text(draw.Dim, one.Name)
		before, after = ", ", ")"
	}
	p.Text(draw.Dim, after)
	if headless > 0 && p.Left() > len(", 1000 headless") {
		p.Text(draw.Dim, ", ").Int(style, int64(headless)).Text(draw.Dim, " headless")
	}
}

// kubectlTypes sorts the counts of services, the largest first, equal ones by name, and counts headless ones as what kubectl
// prints for them, ClusterIP. It changes counts and returns a part of it.
func kubectlTypes(counts []kube.Count) (types []kube.Count, headless int) {
	of := func(name string) int {
		return slices.IndexFunc(counts, func(c kube.Count) bool { return c.Name == name })
	}
	if i, j := of("Headless"), of("ClusterIP"); i >= 0 {
		headless = counts[i].N
		if j >= 0 {
			counts[j].N += headless
			counts = slices.Delete(counts, i, i+1)
		} else {
			counts[i].Name = "ClusterIP"
		}
	}
	slices.SortFunc(counts, func(a, b kube.Count) int { return cmp.Or(b.N-a.N, strings.Compare(a.Name, b.Name)) })
	return counts, headless
}

// localCIDR writes the pods' addresses as this host's files tell them.
func localCIDR(p *draw.Pen, s *sample.NetServices) {
	p.Text(draw.Dim, "Pod CIDR: ")
	if s == nil || s.PodCIDR == "" {
		p.Text(draw.Dim, "n/a")
		return
	}
	p.Fit(draw.Text, s.PodCIDR, p.Left()-1)
	if s.NodeCIDR != "" && p.Left() > len(s.NodeCIDR)+8 {
		p.Text(draw.Dim, ", here ").Text(draw.Text, s.NodeCIDR)
	}
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
