package screens

import (
	"math"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
)

const (
	sourceName  = 20
	sourceState = 8
	sourceAge   = 9
	sourceCost  = 8
)

// drawSources lists each source's state, age, cost and error, where the kubeconfig was looked for, and what this
// program uses itself.
func drawSources(c *Console, r draw.Region, f *frame.Frame) {
	all := len(f.Sources) + len(f.Problems) + len(f.Settings.Notes) + 16 + kubeRows(f)
	inside := window(r, 110, all+2, "Sources")
	view := inside.Scrolled(c.scroll.top, math.MaxInt16)
	start := view.H()
	ladder(&view, f)
	p := view.CutTop(1).Pen(1, 0)
	p.Text(draw.Dim, "source").To(1+sourceName).Text(draw.Dim, "state").Right(draw.Dim, "age", sourceState+sourceAge-5-1)
	p.To(1+sourceName+sourceState+sourceAge).Right(draw.Dim, "cost", sourceCost).Skip(2).Text(draw.Dim, "what, and why not")
	for i := range f.Sources {
		sourceRow(view.CutTop(1), &f.Sources[i], f)
	}
	drawKubeSources(&view, f)
	c.problemRows(&view, f)
	selfRows(&view, f)
	c.scroll.fit(inside.H(), start-view.H())
	moreBelow(inside, &c.scroll)
}

func sourceRow(r draw.Region, s *frame.Source, f *frame.Frame) {
	p := r.Pen(1, 0)
	p.Fit(draw.Text, s.Name, sourceName-1).To(1+sourceName).Text(stateStyle(s.Health.State), s.Health.State.String())
	p.To(1 + sourceName + sourceState)
	if s.Health.Has() {
		p.AgeRight(draw.Text, s.Health.Age(f.Boot), sourceAge)
	}
	p.To(1 + sourceName + sourceState + sourceAge)
	switch us := s.Health.Cost.Microseconds(); {
	case us >= 10_000: // in microseconds it would run into the age
		p.IntRight(draw.Text, us/1000, sourceCost-3).Text(draw.Dim, " ms")
	case s.Health.Cost > 0:
		p.IntRight(draw.Text, us, sourceCost-3).Text(draw.Dim, " us")
	}
	p.To(1 + sourceName + sourceState + sourceAge + sourceCost + 2)
	switch {
	case s.Health.Err == "":
		p.Fit(draw.Dim, s.Detail, p.Left()-1)
	case s.Health.State == health.OK: // a remark
		p.Fit(draw.Text, s.Health.Err, p.Left()-1)
	default:
		p.Fit(draw.Warn, s.Health.Err, p.Left()-1)
	}
}

func stateStyle(s health.State) draw.Style {
	switch s {
	case health.OK:
		return draw.Good
	case health.Stale:
		return draw.Warn
	case health.Failed:
		return draw.Bad
	}
	return draw.Dim
}

// problemRows lists everything that is wrong, not only the worst.
func (c *Console) problemRows(view *draw.Region, f *frame.Frame) {
	if len(f.Problems) == 0 {
		return
	}
	view.CutTop(1)
	section(view.CutTop(1), "Problems")
	for i := range f.Problems {
		p := view.CutTop(1).Pen(3, 0)
		c.text = f.Problems[i].AppendWhat(c.text[:0])
		p.FitBytes(draw.Warn, c.text, p.Left()-16).Skip(1)
		if !f.Problems[i].Dated() {
			p.Age(draw.Dim, f.Boot-f.Problems[i].Since).Skip(1)
		}
		p.Text(draw.Accent, whereToLook[f.Problems[i].Where])
	}
}

// selfRows says what this program is and uses.
func selfRows(view *draw.Region, f *frame.Frame) {
	view.CutTop(1)
	section(view.CutTop(1), "This program")
	p := view.CutTop(1).Pen(3, 0)
	p.Text(draw.Dim, "version ").Text(draw.Text, f.Settings.Version).Text(draw.Dim, "  memory ")
	if f.Self.RSS == 0 {
		p.Text(draw.Dim, "--")
	} else {
		p.Size(draw.Text, f.Self.RSS, 0)
	}
	p.Text(draw.Dim, "  CPU ").Float(draw.Text, f.Self.CPU, 1, 0).Text(draw.Dim, " s  goroutines ").Int(draw.Text, int64(f.Self.Goroutines))
	p = view.CutTop(1).Pen(3, 0)
	if f.Host != nil {
		p.Text(draw.Dim, "samples ").Int(draw.Text, int64(f.Host.Samples)).Skip(2)
	}
	p.Text(draw.Dim, "frames ").Int(draw.Text, int64(f.Self.Frames)).Text(draw.Dim, "  skipped ").Int(draw.Text, int64(f.Self.Skipped))
	p.Text(draw.Dim, "  crashes ").Int(draw.Text, int64(f.Self.Crashes))
	if f.Page != nil {
		p = view.CutTop(1).Pen(3, 0)
		p.Text(draw.Dim, "log entries ").Int(draw.Text, int64(f.Page.Entries)).Text(draw.Dim, " of ").Int(draw.Text, int64(f.Page.Capacity))
		p.Text(draw.Dim, "  taken ").Int(draw.Text, int64(f.Page.Total)).Text(draw.Dim, "  dropped ").Int(draw.Text, int64(f.Page.Dropped))
		p.Text(draw.Dim, "  cut ").Int(draw.Text, int64(f.Page.Truncated))
	}
	p = view.CutTop(1).Pen(3, 0)
	p.Text(draw.Dim, "config ")
	if f.Settings.ConfigPath == "" {
		p.Text(draw.Text, "none, defaults")
	} else {
		p.Fit(draw.Text, f.Settings.ConfigPath, p.Left()-1)
	}
	if f.Settings.Banner != "" {
		p = view.CutTop(1).Pen(3, 0)
		p.Fit(draw.Bad, f.Settings.Banner, p.Left()-1)
	}
	p = view.CutTop(1).Pen(3, 0)
	p.Text(draw.Dim, "terminal ").Fit(draw.Text, f.Settings.Terminal, p.Left()-1)
	for _, note := range f.Settings.Notes {
		p = view.CutTop(1).Pen(3, 0)
		p.Fit(draw.Warn, note, p.Left()-1)
	}
}
