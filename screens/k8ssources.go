package screens

import (
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
)

// kubeRows is how many rows drawKubeSources takes.
func kubeRows(f *frame.Frame) int {
	if f.Kube == nil {
		return 0
	}
	rows := len(f.Kube.Looked)
	if f.Kube.Health.State == health.Absent {
		return rows
	}
	return rows + len(frame.Ladder{}) + len(f.Kube.Kinds) + 8
}

// drawKubeSources says where the kubeconfig was looked for, how the API is asked and how good what is known of each kind
// is.
func drawKubeSources(view *draw.Region, f *frame.Frame) {
	if f.Kube == nil {
		return
	}
	for i := range f.Kube.Looked {
		p := view.CutTop(1).Pen(3, 0)
		p.Text(draw.Dim, "looked at ").Text(draw.Text, f.Kube.Looked[i].Path).Text(draw.Dim, ": ").Fit(draw.Text, f.Kube.Looked[i].Result, p.Left()-1)
	}
	if f.Kube.Health.State == health.Absent {
		return
	}
	access(view, f)
	kinds(view, f)
}

// access says which server is asked, with what credentials and how long the certificates are good.
func access(view *draw.Region, f *frame.Frame) {
	k := f.Kube
	p, version := view.CutTop(1).Pen(3, 0), known(k.Version)
	p.Text(draw.Dim, "server ")
	p.Fit(draw.Text, known(k.Server), max(p.Left()/2, p.Left()-len("  version ")-draw.Columns(version)-1))
	p.Text(draw.Dim, "  version ").Fit(draw.Text, version, p.Left()-1)
	if k.Admin {
		p = view.CutTop(1).Pen(3, 0)
		p.Text(draw.Warn, "credentials of an administrator: a read-only account is enough")
	}
	p = view.CutTop(1).Pen(3, 0)
	p.Text(draw.Dim, "certificates  server: ")
	validity(&p, &k.ServerCert, f)
	p.Text(draw.Dim, "  client: ")
	validity(&p, &k.ClientCert, f)
}

func validity(p *draw.Pen, c *kube.Certificate, f *frame.Frame) {
	left := c.NotAfter.Sub(f.Now)
	switch {
	case c.NotAfter.IsZero():
		p.Text(draw.Dim, "n/a")
	case left < 0:
		p.Text(draw.Bad, "expired ").Age(draw.Bad, -left).Text(draw.Bad, " ago")
	case left < 30*24*time.Hour:
		p.Age(draw.Warn, left).Text(draw.Warn, " left")
	default:
		p.Age(draw.Text, left).Text(draw.Dim, " left")
	}
}

// ladder lists what the API stands on while it does not answer.
func ladder(view *draw.Region, f *frame.Frame) {
	if apiTrouble(f) == "" {
		return
	}
	l := frame.Climb(&f.Snapshot)
	p := view.CutTop(1).Pen(1, 0)
	p.Text(draw.Title|draw.Bold, "Why there is no answer from the API")
	if f.Kube.Health.Since > 0 {
		p.Text(draw.Dim, ", since ").Age(draw.Text, f.Boot-f.Kube.Health.Since)
	}
	if wait := f.Kube.Cause.Retry - f.Boot; wait >= time.Second {
		p.Text(draw.Dim, ", next try in ").Age(draw.Text, wait)
	}
	for i := range l {
		step := &l[i]
		p = view.CutTop(1).Pen(3, 0)
		style := draw.Dim
		switch step.State {
		case frame.Fine:
			style = draw.Good
			p.Glyph(style, draw.OK)
		case frame.Broken:
			style = draw.Bad
			p.Glyph(style, draw.Wrong)
		default:
			p.Text(style, "-")
		}
		p.To(6).Text(style, step.Name).To(20)
		word := ""
		switch step.State {
		case frame.NotReached:
			word = "not reached"
		case frame.NotKnown:
			word = "not judged "
		}
		if step.Subject != "" {
			rest := len(word) + draw.Columns(step.Detail) + 1
			p.Fit(draw.Text, step.Subject, max(p.Left()/2, p.Left()-1-rest)).Skip(1)
		}
		p.Text(draw.Dim, word).Fit(style, step.Detail, p.Left()-1)
	}
	view.CutTop(1)
}

// kinds lists each kind of object with its health in words, and how many there are.
func kinds(view *draw.Region, f *frame.Frame) {
	p := view.CutTop(1).Pen(1, 0)
	p.Text(draw.Title|draw.Bold, "Kinds of objects")
	for i := range f.Kube.Kinds {
		k := &f.Kube.Kinds[i]
		row := view.CutTop(1)
		if !row.Visible() {
			continue
		}
		p = row.Pen(3, 0)
		p.Text(draw.Text, kube.Kind(i).String()).To(37)
		if k.Has() {
			p.IntRight(kindStyle(k, draw.Text), int64(k.Count), 7)
		}
		p.To(46)
		kindState(&p, k, f, p.Left()-1)
	}
}
