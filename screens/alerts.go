package screens

import (
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/journal"
	"hypervisor-tui/screens/widget"
)

// alertKey tells an alert from others, also from an earlier one of the same problem.
type alertKey struct {
	problem problemKey
	fired   time.Duration
}

func alertKeyOf(a *frame.Alert) alertKey {
	return alertKey{problemKey{a.Kind, a.Of, a.Subject}, a.Fired}
}

// The columns of the alerts: severity and words from the left, the others from the right.
const (
	alertWords = 12
	alertState = 26
	alertCame  = 13
	alertAge   = 8

	alertNarrow = 3 // where the words begin on a screen that has room for them and an age alone
)

// openAlerts lists the alerts that live and those that are over, one in a row. Enter shows one whole, and on that goes to
// where it is seen.
func (c *Console) openAlerts(*frame.Frame) Screen {
	var whole alertKey // the one that is shown whole
	shown := false
	l := NewList("alerts", "Alerts", Wide, "choose an alert", "show it whole, then go to where it is seen", "Whole", Items[alertKey]{
		Len:   func(f *frame.Frame) int { return len(f.Alerts) },
		Key:   func(i int, f *frame.Frame) alertKey { return alertKeyOf(&f.Alerts[i]) },
		Above: aboveAlert,
		Draw: func(view draw.Region, i int, f *frame.Frame) draw.Region {
			a := &f.Alerts[i]
			alertRow(view.CutTop(1), a, f)
			if shown && whole == alertKeyOf(a) {
				view = c.alertWhole(view, a, f)
			}
			return view
		},
		Enter: func(i int, f *frame.Frame) Command {
			a := &f.Alerts[i]
			if shown && whole == alertKeyOf(a) {
				return lookAt(&a.Problem)
			}
			whole, shown = alertKeyOf(a), true
			return Command{}
		},
	})
	l.keys = append(l.keys,
		command("A", "acknowledge all that fire", "Acknowledge", ofNow(Acknowledge), 'A'),
		command("M", "mute this terminal for an hour, or unmute", "Mute", ofNow(Mute), 'M'))
	return l
}

// aboveAlert draws how the terminal calls and the heading above the first alert, and a title above those that are over.
func aboveAlert(view draw.Region, i int, f *frame.Frame) draw.Region {
	n := len(f.Alerts)
	if i == 0 {
		bellRow(&view, f)
		if n == 0 {
			p := view.CutTop(1).Pen(1, 0)
			p.Text(draw.Dim, "no alert is known")
			return view
		}
		if view.W() >= widget.Narrow-2 {
			p := view.CutTop(1).Pen(alertWords, 0)
			p.Text(draw.Dim, "what").To(view.W()-alertState).Text(draw.Dim, "state")
			p.To(view.W()-alertCame).Text(draw.Dim, "came").To(view.W()-alertAge).Text(draw.Dim, "for/ago")
		}
	}
	if i < n && f.Alerts[i].State == frame.Over && (i == 0 || f.Alerts[i-1].State != frame.Over) {
		widget.Section(view.CutTop(1), "Over")
	}
	if i == n && f.MoreAlerts > 0 {
		p := view.CutTop(1).Pen(1, 0)
		p.Text(draw.Warn, "+").Int(draw.Warn, int64(f.MoreAlerts)).Text(draw.Warn, " more: there are too many")
	}
	return view
}

// bellRow says what this terminal rings for.
func bellRow(view *draw.Region, f *frame.Frame) {
	if f.Past != nil {
		return
	}
	p := view.CutTop(1).Pen(1, 0)
	p.Text(draw.Dim, "bell: ")
	switch b := &f.Bell; {
	case !b.Rings:
		p.Text(draw.Text, "off on this terminal (alerts.bell)")
	case !b.Muted.IsZero():
		p.Text(draw.Warn, "muted on this terminal until ").Time(draw.Warn, b.Muted)
	case b.Quiet:
		p.Text(draw.Warn, "quiet hours (alerts.quiet)")
	default:
		p.Text(draw.Text, "rings for ").Text(draw.Text, b.From.String())
		if b.From > journal.Emerg {
			p.Text(draw.Text, " and worse")
		}
	}
}

// alertWord is the state of an alert in one word or two.
func alertWord(a *frame.Alert) string {
	switch {
	case a.State == frame.Over:
		return "over"
	case a.Unsure:
		return "not known"
	case a.State == frame.Pending:
		return "not yet"
	case a.Hidden:
		return "follows"
	case a.Acked:
		return "acknowledged"
	}
	return a.State.String()
}

// alertStyle is that of an alert's words: what calls nobody is grey.
func alertStyle(a *frame.Alert) draw.Style {
	switch {
	case a.State == frame.Over || a.State == frame.Pending || a.Hidden:
		return draw.Dim
	case a.Acked || a.State == frame.Fading || a.Unsure:
		return SeverityStyle(a.Severity)
	}
	return SeverityStyle(a.Severity) | draw.Bold
}

// alertRow draws an alert in one row: how bad, what, its state, how often it came, and for how long it has been so, or how long
// ago it was seen last.
func alertRow(row draw.Region, a *frame.Alert, f *frame.Frame) {
	var room [512]byte
	style := alertStyle(a)
	p := row.Pen(1, 0)
	if a.State != frame.Over {
		p.Glyph(style, draw.Attention)
	}
	if what := a.AppendWhat(room[:0]); row.W() < widget.Narrow-2 {
		p.To(alertNarrow).FitBytes(style, what, max(row.W()-alertNarrow-alertAge-1, 1))
	} else {
		p.To(alertNarrow).Text(style, a.Severity.String())
		p.To(alertWords).FitBytes(style, what, max(row.W()-alertWords-alertState-1, 1))
		p.To(row.W()-alertState).Text(style, alertWord(a))
		if a.Came > 1 {
			p.To(row.W()-alertCame).Int(style, int64(a.Came)).Text(style, "x")
		}
	}
	since := a.Since
	if a.State == frame.Over {
		since = a.Seen
	}
	if a.State == frame.Over || !a.Dated() {
		p.To(row.W()-alertAge).Age(draw.Dim, f.Boot-since)
	}
}

// alertWhole draws what the row of an alert has no room for: its words and its reason in full, its times, and where to look.
func (c *Console) alertWhole(view draw.Region, a *frame.Alert, f *frame.Frame) draw.Region {
	var room [512]byte
	indent := alertWords
	if view.W() < widget.Narrow-2 {
		indent = alertNarrow
	}
	for what, more := a.AppendWhat(room[:0]), true; more; {
		var line []byte
		line, what, more = widget.WrapLine(what, max(view.W()-indent-1, 1))
		p := view.CutTop(1).Pen(indent, 0)
		p.Bytes(draw.Text, line)
	}
	if a.Reason != "" {
		view = widget.Wrapped(view, indent, draw.Text, a.Reason)
	}
	when := func(name string, at time.Duration) draw.Pen {
		then := f.Now.Add(at - f.Boot)
		p := view.CutTop(1).Pen(indent, 0)
		p.Text(draw.Dim, name).To(indent+len("since  ")).Date(draw.Text, then).Skip(1).Time(draw.Text, then)
		return p
	}
	if !a.Dated() {
		when("since", a.Since)
	}
	if a.Fired != 0 {
		p := when("fired", a.Fired)
		if a.Came > 1 {
			p.Text(draw.Dim, ", came ").Int(draw.Text, int64(a.Came)).Text(draw.Dim, " times")
		}
	}
	if a.State == frame.Over || a.State == frame.Fading || a.Unsure {
		when("seen", a.Seen)
	}
	p := view.CutTop(1).Pen(indent, 0)
	p.Text(draw.Dim, a.Severity.String()).Text(draw.Dim, ", ").Text(draw.Dim, alertWord(a)).Skip(2)
	c.where(&p, a.Where)
	why := ""
	switch {
	case a.State == frame.Over:
	case a.Unsure:
		why = "its source does not answer: whether it is there still is not known"
	case a.Hidden:
		why = "it follows from another alert and calls nobody"
	case a.State == frame.Pending:
		why = "it has not been there for long enough yet"
	}
	if why == "" {
		return view
	}
	return widget.Wrapped(view, indent, draw.Dim, why)
}
