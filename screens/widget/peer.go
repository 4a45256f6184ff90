package widget

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/peer"
)

// Summary draws what a node has said of itself last, and how long ago; dim when it does not answer any more. It returns the rest
// of view.
func Summary(view draw.Region, p *peer.Peer, f *frame.Frame) (rest draw.Region) {
	const column = 22
	s := p.Summary
	pen := Field(&view, "It said", column)
	if s == nil {
		pen.Text(draw.Dim, "nothing yet")
		return view
	}
	switch age, known := f.Age(p.Heard); {
	case p.Health.At != 0:
		pen.Age(draw.Text, p.Health.Age(f.Boot)).Text(draw.Dim, " ago")
	case known:
		pen.Age(draw.Text, age).Text(draw.Dim, " ago")
	default:
		pen.Text(draw.Dim, "--")
	}
	view = view.Faded(p.Health.State != health.OK)
	pen = Field(&view, "Problems", column)
	switch pen.Int(draw.Text, int64(s.Problems)).Skip(2); {
	case s.Severity != "" && s.Worst != "":
		pen.Text(draw.Dim, "the worst ").Fit(draw.Text, s.Severity, 10)
		if !s.Since.IsZero() {
			SinceThen(&pen, f, ", for ", s.Since.Add(-p.Offset), "") // by its clock
		}
		view = Wrapped(view, column, draw.Text, s.Worst)
	case s.Worst != "":
		view = Wrapped(view, column, draw.Text, s.Worst)
	}
	if pen = Field(&view, "CPUs", column); s.CPU != nil {
		pen.Share(Level(*s.CPU, f.Settings.CPU), *s.CPU)
		pen.Text(draw.Dim, " busy")
	} else {
		pen.Text(draw.Dim, "--")
	}
	if pen = Field(&view, "Memory", column); s.MemoryUsed != nil && s.Memory != nil && *s.Memory > 0 {
		percent := 100 * float64(*s.MemoryUsed) / float64(*s.Memory)
		pen.Share(Level(percent, f.Settings.Memory), percent).Text(draw.Dim, " of ").Size(draw.Text, *s.Memory, 0)
	} else {
		pen.Text(draw.Dim, "--")
	}
	if pen = Field(&view, "Fullest filesystem", column); s.Fullest != nil {
		pen.Share(Level(*s.Fullest, f.Settings.Filesystem), *s.Fullest)
	} else {
		pen.Text(draw.Dim, "--")
	}
	if pen = Field(&view, "VMs that run", column); s.VMs != nil {
		pen.Int(draw.Text, int64(*s.VMs))
	} else {
		pen.Text(draw.Dim, "--")
	}
	if s.API != "" {
		pen = Field(&view, "API server, from it", column)
		pen.Fit(draw.Text, s.API, pen.Left()-1)
	}
	pen = Field(&view, "hypervisor-tui", column)
	pen.Fit(draw.Text, Known(s.Version), 30)
	if s.Generation > 0 {
		pen.Text(draw.Dim, ", generation ").Int(draw.Text, int64(s.Generation))
	}
	return view.Faded(false)
}
