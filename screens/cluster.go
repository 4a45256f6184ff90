package screens

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/screens/frame"
)

const clusterFigures = 22 // the column where the figures start

// drawCluster is the dashboard's last lines. What is not known is said to be so, with the reason.
func drawCluster(_ *Console, r draw.Region, f *frame.Frame) {
	whole := r.H() > 2
	p := r.Rule(0, "Kubernetes and KubeVirt")
	p = r.Pen(1, 1)
	p.Text(draw.Dim, "API: ")
	apiState(&p, f)
	p.To(max(p.X()+2, clusterFigures))
	for _, name := range [...]string{"Nodes", "Pods", "Services", "PVCs"} {
		unknownFigure(&p, name)
	}
	if !whole {
		return
	}
	p = r.Pen(1, 2)
	p.Text(draw.Dim, "VMs here: ")
	localVMs(&p, f)
	p.To(max(p.X()+2, clusterFigures))
	for _, name := range [...]string{"Running", "Stopped", "Migrating", "Errors"} {
		unknownFigure(&p, name)
	}
	drawSystem(r.Sub(0, 3, r.W(), 1), f)
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

// apiState writes the state of the API and, when there is none, why.
func apiState(p *draw.Pen, f *frame.Frame) {
	if f.Kube == nil {
		p.Text(draw.Dim, "--")
		return
	}
	if f.Kube.Health.Err != "" {
		p.Fit(draw.Warn, f.Kube.Health.Err, min(p.Left(), 40))
		return
	}
	stateWord(p, &f.Kube.Health)
}

// unknownFigure writes a figure that only the API knows, whole or not at all.
func unknownFigure(p *draw.Pen, name string) {
	if p.Left() < len(name)+6 {
		return
	}
	p.Text(draw.Dim, name).Text(draw.Dim, ": ").Text(draw.Dim, "n/a").Skip(2)
}
