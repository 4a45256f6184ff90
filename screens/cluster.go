package screens

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
)

const clusterFigures = 22 // the column where the figures start

// clusterRows is how many rows of a body the cluster takes.
func clusterRows(f *frame.Frame, body int) int {
	switch {
	case !shows(clusterLine, body):
		return 0
	case !shows(clusterBlock, body):
		return 2
	}
	rows := 4
	if clusterKnown(f) && shows(nodeLine, body) {
		rows++
	}
	if clusterKnown(f) && shows(warningLine, body) {
		rows++
	}
	return rows
}

// drawCluster is the dashboard's last lines. What is not known is said to be so, with the reason.
func drawCluster(c *Console, r draw.Region, f *frame.Frame) {
	whole := r.H() > 2
	p := r.CutTop(1).Rule(0, "Kubernetes and KubeVirt")
	if clusterKnown(f) {
		p.Fit(draw.Dim, f.Kube.Version, 24).Text(draw.Dim, " ")
		staleMark(&p, &f.Kube.Health, f)
	}
	clusterLeft(r.CutTop(1), f)
	if !whole {
		return
	}
	drawSystem(r.CutBottom(1), f)
	kubevirtLine(r.CutTop(1), f)
	if r.H() > 0 {
		drawNodeLine(r.CutTop(1), f)
	}
	if r.H() > 0 {
		warningOnALine(r.CutTop(1), f)
	}
}

// clusterLeft is the line on the cluster: what this node has of it, or why nobody knows; then the cluster's counts.
func clusterLeft(r draw.Region, f *frame.Frame) {
	p := r.Pen(1, 0)
	k := f.Kube
	switch {
	case !clusterKnown(f) || k.Health.State != health.OK:
		p.Text(draw.Dim, "API: ")
		apiState(&p, f, clusterKnown(f))
	case k.Here != nil && k.Kinds[kube.KindPod].Has():
		p.Text(draw.Dim, "Pods here: ").Int(draw.Accent, int64(k.Pods.Here))
	default:
		p.Text(draw.Dim, "API: ").Text(draw.Good, "ok")
	}
	p.To(max(p.X()+2, clusterFigures))
	if !clusterKnown(f) {
		for _, name := range [...]string{"Nodes", "Pods", "Services", "PVCs"} {
			unknownFigure(&p, name)
		}
		return
	}
	nodes, pods := &k.Kinds[kube.KindNode], &k.Kinds[kube.KindPod]
	style := draw.Good
	if k.Nodes.Ready < k.Nodes.Total {
		style = draw.Bad
	}
	counted(&p, "Nodes", nodes, k.Nodes.Ready, k.Nodes.Total, style)
	if nodes.Has() && p.Left() > 40 {
		p.Skip(-1).Text(kindStyle(nodes, style), "Ready").Skip(2)
	}
	counted(&p, "Pods", pods, k.Pods.Running, k.Pods.Total, draw.Text)
	if pods.Has() && k.Pods.NotReady > 0 {
		counted(&p, "Not ready", pods, k.Pods.NotReady, -1, draw.Warn)
	}
	counted(&p, "Services", &k.Kinds[kube.KindService], k.Services.Total, -1, draw.Text)
	counted(&p, "PVCs", &k.Kinds[kube.KindClaim], k.Claims.Bound, k.Claims.Total, draw.Text)
	counted(&p, "Namespaces", &k.Kinds[kube.KindNamespace], k.Namespaces, -1, draw.Text)
	if pods.Has() {
		otherCounts(&p, k.Pods.ByPhase, "Running", kindStyle(pods, draw.Text))
	}
}

// otherCounts writes the counts but for one of them, each whole or not at all.
func otherCounts(p *draw.Pen, all []kube.Count, but string, style draw.Style) {
	for i := range all {
		if c := &all[i]; c.Name != but && p.Left() > draw.Columns(c.Name)+9 {
			p.Text(draw.Dim, c.Name).Text(draw.Dim, ": ").Int(style, int64(c.N)).Skip(2)
		}
	}
}

// kubevirtLine is the line on the VMs: those here, then the cluster's by status.
func kubevirtLine(r draw.Region, f *frame.Frame) {
	p := r.Pen(1, 0)
	p.Text(draw.Dim, "VMs here: ")
	localVMs(&p, f)
	p.To(max(p.X()+2, clusterFigures))
	if !clusterKnown(f) {
		for _, name := range [...]string{"Running", "Stopped", "Migrating", "Errors"} {
			unknownFigure(&p, name)
		}
		return
	}
	vms := &f.Kube.Kinds[kube.KindVM]
	if !vms.Has() {
		p.Text(draw.Dim, "VMs: ")
		kindState(&p, vms, f, p.Left()-1)
		return
	}
	t := &f.Kube.Virt.Tally
	errors := draw.Text
	if t.Error > 0 {
		errors = draw.Bad
	}
	counted(&p, "Running", vms, t.Running, -1, draw.Text)
	counted(&p, "Stopped", vms, t.Stopped, -1, draw.Text)
	counted(&p, "Migrating", vms, t.Migrating, -1, draw.Text)
	counted(&p, "Errors", vms, t.Error, -1, errors)
	if t.Paused > 0 {
		counted(&p, "Paused", vms, t.Paused, -1, draw.Warn)
	}
	if t.Other > 0 {
		counted(&p, "Other", vms, t.Other, -1, draw.Text)
	}
	if v := f.Kube.Virt.Version; v != "" && p.Left() > len(v)+12 {
		p.Text(draw.Dim, "KubeVirt ").Text(draw.Text, v)
	}
}

// localVMs writes how many VMs run on this host, as the QEMU processes tell.
func localVMs(p *draw.Pen, f *frame.Frame) {
	switch {
	case f.VMs == nil:
		p.Text(draw.Dim, "--")
	case !stateWord(p, &f.VMs.Health):
		p.Int(draw.Accent, int64(len(f.VMs.VMs)))
	}
}

// apiState writes the state of the API and, when there is none, why; short when figures follow.
func apiState(p *draw.Pen, f *frame.Frame, short bool) {
	if f.Kube == nil {
		p.Text(draw.Dim, "--")
		return
	}
	h := &f.Kube.Health
	switch trouble := apiTrouble(f); {
	case short && trouble != "":
		p.Text(draw.Bad, trouble).Skip(1)
		shortAge(p, draw.Bad, f.Boot-h.Since, p.X()+4)
	case f.Kube.Cause.Why != "" && trouble != "":
		p.Fit(draw.Warn, f.Kube.Cause.Why, min(p.Left(), 40))
	case h.Err != "":
		p.Fit(draw.Warn, h.Err, min(p.Left(), 40))
	case !stateWord(p, h):
		p.Text(draw.Good, "ok")
	}
}

// unknownFigure writes a figure that only the API knows, whole or not at all.
func unknownFigure(p *draw.Pen, name string) {
	if p.Left() < len(name)+6 {
		return
	}
	p.Text(draw.Dim, name).Text(draw.Dim, ": ").Text(draw.Dim, "n/a").Skip(2)
}
