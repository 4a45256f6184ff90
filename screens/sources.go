package screens

import (
	"strings"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/screens/widget"
)

const (
	sourceName  = 20
	sourceState = 8
	sourceAge   = 9
	sourceCost  = 8
	sourceWhy   = 20 // columns; where there are fewer it stands below
)

// openSources lists each source's state, age, cost and error, where the kubeconfig was looked for, and what this program
// uses itself.
func (c *Console) openSources(*frame.Frame) Screen {
	return NewSheet("sources", "Sources", Wide, c.sourceRows)
}

func (c *Console) sourceRows(view draw.Region, f *frame.Frame) draw.Region {
	c.problemList(&view, f)
	ladder(&view, f)
	p := view.CutTop(1).Pen(1, 0)
	p.Text(draw.Dim, "source").To(1+sourceName).Text(draw.Dim, "state").Right(draw.Dim, "age", sourceState+sourceAge-5-1)
	p.To(1+sourceName+sourceState+sourceAge).Right(draw.Dim, "cost", sourceCost).Skip(2).Text(draw.Dim, "what, and why not")
	for i := range f.Sources {
		sourceRow(&view, &f.Sources[i], f)
	}
	drawKubeSources(&view, f)
	selfRows(&view, f)
	return view
}

// sourceRow takes as many rows as what is said of a source.
func sourceRow(view *draw.Region, s *frame.Source, f *frame.Frame) {
	p := view.Pen(1, 0)
	p.Fit(draw.Text, s.Name, sourceName-1).To(1+sourceName).Text(widget.StateStyle(s.Health.State), s.Health.State.String())
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
	style, said := draw.Dim, s.Detail
	switch {
	case s.Health.Err == "":
	case s.Health.State == health.OK: // a remark
		style, said = draw.Text, s.Health.Err
	default:
		style, said = draw.Warn, s.Health.Err
	}
	x := 1 + sourceName + sourceState + sourceAge + sourceCost + 2
	if view.W()-x < sourceWhy {
		x = 3
		view.CutTop(1)
	}
	*view = widget.Wrapped(*view, x, style, said)
}

// problemList lists everything that is wrong, not only the worst, a row each.
func (c *Console) problemList(view *draw.Region, f *frame.Frame) {
	if len(f.Problems) == 0 {
		return
	}
	p := view.CutTop(1).Pen(1, 0)
	p.Text(draw.Title|draw.Bold, "Problems").Text(draw.Dim, ", with their reasons: ").Text(draw.Accent, "[!]")
	for i := range f.Problems {
		p := view.CutTop(1).Pen(3, 0)
		c.drawProblem(&p, f, &f.Problems[i], p.Left()-1, true)
	}
	view.CutTop(1)
}

// selfRows says what this program is and uses.
func selfRows(view *draw.Region, f *frame.Frame) {
	view.CutTop(1)
	widget.Section(view.CutTop(1), "This program")
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

// drawKubeSources says where the kubeconfig was looked for, how the API is asked and how good what is known of each kind
// is.
func drawKubeSources(view *draw.Region, f *frame.Frame) {
	if f.Kube == nil {
		return
	}
	for i := range f.Kube.Candidates {
		c := &f.Kube.Candidates[i]
		p := view.CutTop(1).Pen(3, 0)
		p.Text(draw.Dim, "looked at ").Text(draw.Text, c.Path).Text(draw.Dim, ": ")
		if draw.Columns(c.Result) < p.Left() {
			p.Text(draw.Text, c.Result)
		} else {
			*view = widget.Wrapped(*view, 5, draw.Text, c.Result)
		}
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
	p, version := view.CutTop(1).Pen(3, 0), widget.Known(k.Version)
	p.Text(draw.Dim, "server ")
	p.Fit(draw.Text, widget.Known(k.Server), max(p.Left()/2, p.Left()-len("  version ")-draw.Columns(version)-1))
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
	if widget.APITrouble(f) == "" {
		return
	}
	l := frame.Diagnose(&f.Snapshot)
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
		switch {
		case step.State == frame.Broken:
			style = draw.Bad
			p.Glyph(style, draw.Wrong)
		case step.State == frame.Fine && step.Old == nil:
			style = draw.Good
			p.Glyph(style, draw.OK)
		default:
			p.Text(style, "-")
		}
		p.To(6).Text(style, step.Name).To(20)
		word, detail := "", strings.TrimLeft(strings.TrimPrefix(step.Detail, step.Subject), ": ")
		switch step.State {
		case frame.NotReached:
			word = "not reached"
		case frame.NotKnown:
			word = "not judged "
		}
		if step.Subject != "" {
			rest := len(word) + draw.Columns(detail) + 1
			p.Fit(draw.Text, step.Subject, max(p.Left()/2, p.Left()-1-rest)).Skip(1)
		}
		p.Text(draw.Dim, word)
		if step.Old == nil && draw.Columns(detail) >= p.Left() {
			*view = widget.Wrapped(*view, 20, style, detail)
			continue
		}
		p.Fit(style, detail, p.Left()-1)
		if step.Old != nil {
			widget.StaleAge(&p, step.Old, f, view.W()-1)
		}
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
			p.IntRight(widget.KindStyle(k, draw.Text), int64(k.Count), 7)
		}
		p.To(46)
		widget.KindState(&p, k, f, p.Left()-1)
	}
}
