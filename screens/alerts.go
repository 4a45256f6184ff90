package screens

import (
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/screens/widget"
)

// alertKey tells an alert from others: the same may have been there before.
type alertKey struct {
	problemKey
	fired time.Duration
}

// openAlerts lists the alerts that live, then those that are over. Enter goes to where one is seen.
func (c *Console) openAlerts(*frame.Frame) Screen {
	size := func(_, _, rows int, _ *frame.Frame) (int, int) { return 110, rows + 2 }
	return NewList("alerts", "Alerts", size, "choose an alert", "go to where it is seen", "Go there", Items[alertKey]{
		Len: func(f *frame.Frame) int { return len(f.Alerts) },
		Key: func(i int, f *frame.Frame) alertKey {
			a := &f.Alerts[i]
			return alertKey{problemKey{a.Kind, a.Of, a.Subject}, a.Fired}
		},
		Above: aboveAlert,
		Draw:  func(view draw.Region, i int, f *frame.Frame) draw.Region { return alertRows(view, &f.Alerts[i], c, f) },
		Enter: func(i int, f *frame.Frame) Command { return lookAt(&f.Alerts[i].Problem) },
	})
}

// aboveAlert says above the first alert how this terminal rings, and what follows.
func aboveAlert(view draw.Region, i int, f *frame.Frame) draw.Region {
	if i == 0 && f.Past == nil {
		p := view.CutTop(1).Pen(1, 0)
		if f.Self.Muted > f.Boot {
			p.Text(draw.Warn, "muted here for ").Age(draw.Warn, f.Self.Muted-f.Boot).Text(draw.Warn, ": M ends it")
		} else {
			p.Text(draw.Accent|draw.Bold, "A").Text(draw.Dim, " acknowledges all, ").Text(draw.Accent|draw.Bold, "M").Text(draw.Dim, " mutes this terminal for an hour")
		}
	}
	if i == 0 && len(f.Alerts) == 0 {
		p := view.CutTop(1).Pen(1, 0)
		p.Text(draw.Dim, "nothing has called since this program was started")
	}
	if i < len(f.Alerts) && f.Alerts[i].State == frame.Over && (i == 0 || f.Alerts[i-1].State != frame.Over) {
		widget.Section(view.CutTop(1), "Over")
	}
	return view
}

// alertRows draws one alert: the problem in full, its state, and what else is to be known of it.
func alertRows(view draw.Region, a *frame.Alert, c *Console, f *frame.Frame) (rest draw.Region) {
	const severity, right = 9, 25 // columns
	var room [512]byte
	style, what := SeverityStyle(a.Severity), a.AppendWhat(room[:0])
	if a.State == frame.Over || a.Hidden {
		style = draw.Dim
	}
	indent := 3
	if view.W() >= widget.Narrow-2 {
		indent += severity
	}
	pen := view.CutTop(1).Pen(1, 0)
	if a.State == frame.Firing && !a.Acked && !a.Hidden {
		pen.Glyph(style|draw.Bold, draw.Attention)
	}
	pen.To(3)
	if indent > severity {
		pen.Text(style, a.Severity.String())
	}
	line, what, more := widget.WrapLine(what, max(view.W()-indent-right, 1))
	pen.To(indent).Bytes(style, line).To(view.W() - right + 1)
	switch a.State {
	case frame.Pending:
		pen.Text(draw.Dim, "for ").Age(draw.Dim, f.Boot-a.Since).Text(draw.Dim, ", not yet")
	case frame.Over:
		pen.Text(draw.Dim, "over ").Age(draw.Dim, f.Boot-a.Seen)
	case frame.Fading:
		pen.Text(draw.Dim, "gone for ").Age(draw.Dim, f.Boot-a.Seen)
	default:
		pen.Text(draw.Text, "for ").Age(draw.Text, f.Boot-a.Since)
	}
	pen.To(view.W() - 5)
	c.where(&pen, a.Where)
	for more {
		line, what, more = widget.WrapLine(what, max(view.W()-indent-right, 1))
		pen = view.CutTop(1).Pen(indent, 0)
		pen.Bytes(style, line)
	}
	if a.Acked || a.Hidden || a.Unsure || a.Came > 1 {
		pen, between := view.CutTop(1).Pen(indent, 0), ""
		for _, c := range [...]struct {
			is   bool
			word string
		}{{a.Acked, "acknowledged"}, {a.Hidden, "follows from another"}, {a.Unsure, "whether it is there still is not known"}} {
			if c.is {
				pen.Text(draw.Dim, between).Text(draw.Dim, c.word)
				between = ", "
			}
		}
		if a.Came > 1 {
			pen.Text(draw.Dim, between).Text(draw.Dim, "came ").Int(draw.Dim, int64(a.Came)).Text(draw.Dim, " times")
		}
	}
	return view
}
