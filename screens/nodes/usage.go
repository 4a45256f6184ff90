package nodes

import (
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/peer"
	"hypervisor-tui/screens/widget"
)

// usage draws the course of the node's CPU and memory, as Prometheus has it: on one time axis, with gaps where it has nothing.
func (n *node) usage(view *draw.Region, f *frame.Frame) {
	if f.Usages == nil {
		return
	}
	const title = "CPU and memory, by Prometheus"
	view.CutTop(1)
	row := view.CutTop(1)
	widget.Section(row, title)
	p := row.Pen(1+len(title)+1, 0)
	u := f.Usages.Of(n.name)
	if u == nil {
		p.Text(draw.Dim, "--")
		return
	}
	widget.StaleMark(&p, &u.Health, f)
	if u.Health.State == health.Init {
		p.Text(draw.Dim, "--")
	}
	if u.Health.Err != "" {
		*view = widget.Wrapped(*view, 2, widget.StateStyle(u.Health.State), u.Health.Err)
	}
	if !u.Health.Has() {
		return
	}
	const left = 2
	points := max(u.CPU.Points.Len(), u.Memory.Points.Len())
	each := max((points+view.W()-2*left-1)/max(view.W()-2*left, 1), 1)
	columns := (points + each - 1) / each
	*view = view.Faded(u.Health.State == health.Stale)
	summary(view, "CPU", &u.CPU, u)
	course(view.CutTop(2).Sub(left, 0, columns, 2), &u.CPU, each, f.Settings.CPU)
	summary(view, "memory", &u.Memory, u)
	course(view.CutTop(2).Sub(left, 0, columns, 2), &u.Memory, each, f.Settings.Memory)
	axis(view.CutTop(1).Sub(left, 0, columns, 1), u, f)
	*view = view.Faded(false)
}

// summary writes the name of a figure, its least, average and most, and how much of the time is known where that is not all.
func summary(view *draw.Region, name string, figure *peer.Figure, u *peer.Usage) {
	p := view.CutTop(1).Pen(2, 0)
	p.Text(draw.Text, name).To(10)
	if figure.Known == 0 {
		p.Text(draw.Dim, "no figures")
		return
	}
	p.Text(draw.Dim, "min ").Share(draw.Text, figure.Min).Text(draw.Dim, "  avg ").Share(draw.Text, figure.Avg).Text(draw.Dim, "  max ").Share(draw.Text, figure.Points.Max())
	if points := figure.Points.Len(); figure.Known < points {
		step := u.To.Sub(u.From) / time.Duration(max(points-1, 1))
		p.Text(draw.Dim, "  known of ").Age(draw.Text, step*time.Duration(figure.Known)).Text(draw.Dim, " of ").Age(draw.Dim, step*time.Duration(points))
	}
}

// course draws a share over the rows of r, in the styles of its levels.
func course(r draw.Region, figure *peer.Figure, each int, l frame.Limits) {
	r.SparkLevels(&figure.Points, each, 100, func(percent float64) draw.Style { return widget.Level(percent, l) })
}

// axis writes the times of the first and the last point.
func axis(r draw.Region, u *peer.Usage, f *frame.Frame) {
	const width = len("15:04:05")
	if p := r.Pen(0, 0); r.W() >= 2*width+2 {
		p.Time(draw.Dim, u.From.In(f.Now.Location()))
	}
	p := r.Pen(max(r.W()-width, 0), 0)
	p.Time(draw.Dim, u.To.In(f.Now.Location()))
}
