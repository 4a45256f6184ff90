package screens

import (
	"math"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/kube"
)

// warningOnALine is the cluster's newest warning on one line.
func warningOnALine(r draw.Region, f *frame.Frame) {
	kept := &f.Kube.Kinds[kube.KindWarning]
	p := r.Pen(1, 0)
	p.Text(draw.Dim, "Last warning: ").To(clusterFigures)
	switch {
	case !kept.Has():
		kindState(&p, kept, f, p.Left()-1)
	case len(f.Kube.Warnings) == 0:
		p.Text(draw.Dim, "none")
	default:
		warning(&p, &f.Kube.Warnings[0], f)
	}
}

// warning writes how long ago, about what, why, how often, and the message as far as it fits.
func warning(p *draw.Pen, w *kube.Warning, f *frame.Frame) {
	if age, known := f.Age(w.Last); known {
		p.AgeRight(draw.Dim, age, 7)
	} else {
		p.Right(draw.Dim, "--", 7)
	}
	p.Skip(2).Fit(draw.Dim, w.Kind, 16).Skip(1)
	namespaced(p, w.Namespace, w.Name, min(40, max(p.Left()/3, 12)))
	p.Skip(1).Fit(draw.Warn, w.Reason, 24)
	if w.Count > 1 {
		p.Text(draw.Text, " x").Int(draw.Text, int64(w.Count))
	}
	p.Skip(1).Fit(draw.Text, w.Message, p.Left()-1)
}

// drawWarnings is the overlay with the newest events of type Warning, newest first.
func drawWarnings(c *Console, r draw.Region, f *frame.Frame) {
	inside := window(r, r.W(), r.H(), "Warnings of the cluster")
	if !clusterKnown(f) {
		p := inside.Pen(1, 0)
		p.Text(draw.Dim, "API: ")
		apiState(&p, f, false)
		return
	}
	kept := &f.Kube.Kinds[kube.KindWarning]
	all := f.Kube.Warnings
	if !kept.Has() || len(all) == 0 {
		p := inside.Pen(1, 0)
		if kept.Has() {
			p.Text(draw.Dim, "none")
		} else {
			kindState(&p, kept, f, p.Left()-1)
		}
		return
	}
	view := inside.Scrolled(c.scroll.top, math.MaxInt16)
	start := view.H()
	for i := range all {
		if row := view.CutTop(1); row.Visible() {
			p := row.Pen(0, 0)
			warning(&p, &all[i], f)
		}
	}
	c.scroll.fit(inside.H(), start-view.H())
	moreBelow(inside, &c.scroll)
}
