package screens

import (
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/journal"
	"hypervisor-tui/screens/widget"
)

// eventKey tells an event from others.
type eventKey struct {
	kind        frame.EventKind
	at          int64
	of, subject string
}

// eventItems are the events that of returns, the newest first: it is what one looks for, and it stays in sight where not all have
// room. Enter goes to where one is seen; above draws what stands above the first, and below the last.
func (c *Console) eventItems(of func(*frame.Frame) []frame.Event, above func(view draw.Region, i int, f *frame.Frame) (rest draw.Region)) Items[eventKey] {
	at := func(i int, f *frame.Frame) *frame.Event {
		events := of(f)
		return &events[len(events)-1-i]
	}
	return Items[eventKey]{
		Len: func(f *frame.Frame) int { return len(of(f)) },
		Key: func(i int, f *frame.Frame) eventKey {
			e := at(i, f)
			return eventKey{e.Kind, e.At.UnixNano(), e.Of, e.Subject}
		},
		Above: above,
		Draw:  func(view draw.Region, i int, f *frame.Frame) draw.Region { return c.eventRows(view, at(i, f)) },
		Enter: func(i int, f *frame.Frame) Command { return lookAtEvent(at(i, f)) },
	}
}

// openTimeline lists what has happened in the last ten minutes, in the past in those before the time that is shown.
func (c *Console) openTimeline(*frame.Frame) Screen {
	size := func(_, _, rows int, _ *frame.Frame) (int, int) { return 110, rows + 2 }
	return NewList("timeline", "The last ten minutes", size, "choose an event", "go to where it is seen", "Go there",
		c.eventItems(func(f *frame.Frame) []frame.Event { return f.Events }, func(view draw.Region, i int, f *frame.Frame) draw.Region {
			if len(f.Events) == 0 {
				p := view.CutTop(1).Pen(1, 0)
				p.Text(draw.Dim, "no event is known")
			}
			if i == len(f.Events) && f.Watched != 0 {
				p := view.CutTop(1).Pen(1, 0)
				p.Time(draw.Dim, f.Now.Add(f.Watched-f.Boot)).Text(draw.Dim, "   events are looked for from here on")
			}
			return view
		}))
}

// eventRows draws one event: when it was, how bad, what it was, in full, and where to look.
func (c *Console) eventRows(view draw.Region, e *frame.Event) (rest draw.Region) {
	const indent, where = 12, 6 // columns
	var room [512]byte
	what := e.AppendWhat(room[:0])
	style := draw.Text
	p := view.CutTop(1).Pen(1, 0)
	p.Time(draw.Dim, e.At).Skip(1)
	if e.Severity <= journal.Warning {
		style = SeverityStyle(e.Severity)
		p.Glyph(style|draw.Bold, draw.Attention)
	}
	width := max(view.W()-indent-where, 1)
	line, what, more := widget.WrapLine(what, width)
	p.To(indent).Bytes(style, line).To(view.W() - where + 1)
	c.where(&p, e.Where)
	for more {
		line, what, more = widget.WrapLine(what, width)
		p = view.CutTop(1).Pen(indent, 0)
		p.Bytes(style, line)
	}
	return view
}

// lookAtEvent is the way to where an event is seen: its page, which in the log is what was written from shortly before on,
// since what a sample finds has happened before it.
func lookAtEvent(e *frame.Event) Command {
	const before = 10 * time.Second
	if e.Where == "" {
		return Command{}
	}
	cmd := Command{Kind: Show, Page: e.Where}
	switch e.Kind {
	case frame.VMStarted, frame.VMStopped, frame.VMMigrated:
		cmd.Query = e.Of + "/" + e.Subject
	}
	if e.Where == frame.Logs {
		cmd.At = e.At.Add(-before)
	}
	return cmd
}
