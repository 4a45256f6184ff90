package screens

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/screens/widget"
)

// LastRecord writes when what is recorded before this boot ends, and how long before it.
func LastRecord(p *draw.Pen, run *frame.LastRun, f *frame.Frame) {
	if run.Stopped {
		p.Text(draw.Dim, "recording stopped ")
	} else {
		p.Text(draw.Dim, "last record ")
	}
	p.Date(draw.Text, run.End).Skip(1).Time(draw.Accent|draw.Bold, run.End)
	if gap, known := run.Before(&f.Snapshot); known {
		p.Text(draw.Dim, ", ").Age(draw.Text, gap).Text(draw.Dim, " before this boot")
	}
}

// LastFigures writes the figures of the last record before this boot.
func LastFigures(p *draw.Pen, run *frame.LastRun, f *frame.Frame) {
	p.Text(draw.Dim, "memory ").Share(widget.Level(run.Memory, f.Settings.Memory), run.Memory)
	p.Text(draw.Dim, "  CPU ").Share(widget.Level(run.CPU, f.Settings.CPU), run.CPU)
	p.Text(draw.Dim, "  I/O full ").Share(draw.Text, run.IOFull).Text(draw.Dim, "  VMs ")
	if run.VMs < 0 {
		p.Text(draw.Dim, "--")
	} else {
		p.Int(draw.Accent, int64(run.VMs))
	}
}

// NotShutDown reports whether the boot before this one is known to have ended without a shutdown.
func NotShutDown(f *frame.Frame) bool {
	return f.System != nil && f.System.LastBoot.Health.Has() && f.System.LastBoot.Known && !f.System.LastBoot.Clean
}

// openLastBoot shows how the boot before ended and all that was recorded last of it: the figures, what was wrong, and what had
// happened, the newest first.
func (c *Console) openLastBoot(*frame.Frame) Screen {
	size := func(_, _, rows int, _ *frame.Frame) (int, int) { return 110, rows + 2 }
	return NewList("before boot", "Before this boot", size, "choose an event", "go to where it is seen", "Go there",
		c.eventItems(func(f *frame.Frame) []frame.Event {
			if f.LastRun == nil {
				return nil
			}
			return f.LastRun.Events
		}, c.lastBoot))
}

// lastBoot draws what stands above the events of the boot before.
func (c *Console) lastBoot(view draw.Region, i int, f *frame.Frame) (rest draw.Region) {
	if i > 0 {
		return view
	}
	const column = 8
	p := widget.Field(&view, "ended", column)
	switch {
	case NotShutDown(f):
		p.Text(draw.Warn, "without a shutdown")
	case f.System != nil && f.System.LastBoot.Health.Has() && f.System.LastBoot.Known:
		p.Text(draw.Good, "by a shutdown")
	default:
		p.Text(draw.Dim, "not known")
	}
	if f.System != nil {
		b := &f.System.LastBoot
		widget.StaleAge(&p, &b.Health, f, view.W()-1)
		if b.Health.Has() && b.Why != "" {
			view = widget.Wrapped(view, column, draw.Text, b.Why)
		} else if b.Health.Err != "" {
			view = widget.Wrapped(view, column, draw.Dim, b.Health.Err)
		}
	}
	run := f.LastRun
	if run == nil {
		p = view.CutTop(1).Pen(1, 0)
		p.Text(draw.Dim, "no record of it is known")
		return view
	}
	p = widget.Field(&view, "until", column)
	LastRecord(&p, run, f)
	p = widget.Field(&view, "with", column)
	LastFigures(&p, run, f)
	view.CutTop(1)
	widget.Section(view.CutTop(1), "Wrong then, and for how long")
	if len(run.Problems) == 0 {
		p = view.CutTop(1).Pen(1, 0)
		p.Text(draw.Dim, "no problem was known")
	}
	for i := range run.Problems {
		view = problemRows(view, &run.Problems[i], c, run.Boot)
	}
	view.CutTop(1)
	widget.Section(view.CutTop(1), "The ten minutes before")
	if len(run.Events) == 0 {
		p = view.CutTop(1).Pen(1, 0)
		p.Text(draw.Dim, "no event was known")
	}
	return view
}
