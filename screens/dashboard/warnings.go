package dashboard

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/kube"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/widget"
)

// warning writes how long ago, about what, why, how often, and the message as far as it fits.
func warning(p *draw.Pen, w *kube.Event, f *frame.Frame) {
	if age, known := f.Age(w.Last); known {
		p.AgeRight(draw.Dim, age, 7)
	} else {
		p.Right(draw.Dim, "--", 7)
	}
	p.Skip(2).Fit(draw.Dim, w.Kind, 16).Skip(1)
	widget.Namespaced(p, w.Namespace, w.Name, min(40, max(p.Left()/3, 12)))
	p.Skip(1).Fit(draw.Warn, w.Reason, 24)
	times(p, w)
	p.Skip(1).Fit(draw.Text, w.Message, p.Left()-1)
}

// times writes how often a warning came, if more than once.
func times(p *draw.Pen, w *kube.Event) {
	if w.Count > 1 {
		p.Text(draw.Text, " x").Int(draw.Text, int64(w.Count))
	}
}

// openWarnings lists the newest events of type Warning, newest first.
func openWarnings(*frame.Frame) screens.Screen {
	return screens.NewSheet("warnings", "Warnings of the cluster", screens.Whole, warnings)
}

func warnings(view draw.Region, f *frame.Frame) draw.Region {
	if !widget.ClusterKnown(f) {
		p := view.CutTop(1).Pen(1, 0)
		p.Text(draw.Dim, "API: ")
		widget.APIState(&p, f, false)
		return view
	}
	kept := &f.Kube.Kinds[kube.KindEvent]
	all := f.Kube.Events
	if !kept.Has() || len(all) == 0 {
		p := view.CutTop(1).Pen(1, 0)
		if kept.Has() {
			p.Text(draw.Dim, "none")
		} else {
			widget.KindState(&p, kept, f, p.Left()-1)
		}
		return view
	}
	for i := range all {
		if row := view.CutTop(1); row.Visible() {
			p := row.Pen(0, 0)
			warning(&p, &all[i], f)
		}
	}
	return view
}
