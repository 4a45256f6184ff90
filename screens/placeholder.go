package screens

import (
	"math"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample"
)

// old reports whether what is shown of a source is its last good value and not a fresh one.
func old(f *frame.Frame, s sample.Source) bool {
	return f.Host != nil && f.Host.Health[s].State == health.Stale
}

// word writes what is said in place of a value that is not there and reports true; with a value it writes nothing, and
// what is written next is dim when that is old.
func placeholder(p *draw.Pen, f *frame.Frame, s sample.Source) bool {
	if f.Host == nil {
		p.Text(draw.Dim, "--")
		return true
	}
	return stateWord(p, &f.Host.Health[s])
}

func stateWord(p *draw.Pen, h *health.Health) bool {
	p.Fade(h.State == health.Stale)
	switch h.State {
	case health.Init:
		p.Text(draw.Dim, "--")
	case health.Absent:
		p.Text(draw.Dim, "n/a")
	case health.Failed:
		p.Text(draw.Bad, "err")
	default:
		return false
	}
	return true
}

// missing draws, in place of a panel without a value, why there is none, and reports true. A panel whose value is old is
// drawn dim from here on.
func missing(r *draw.Region, f *frame.Frame, s sample.Source) bool {
	*r = r.Faded(old(f, s))
	p := r.Pen(1, 0)
	if !placeholder(&p, f, s) {
		return false
	}
	if f.Host != nil {
		p.Skip(1).Fit(draw.Dim, f.Host.Health[s].Err, p.Left()-1)
	}
	return true
}

// staleMark adds the age of a value that is not fresh.
func staleMark(p *draw.Pen, h *health.Health, f *frame.Frame) {
	if h.State == health.Stale {
		p.Text(draw.Warn, "stale ").Age(draw.Warn, h.Age(f.Boot)).Text(draw.Warn, " ")
	}
}

// heading draws a panel's rule with its title, and the age when what it shows is stale.
func heading(r draw.Region, title string, f *frame.Frame, s sample.Source) {
	p := r.Rule(0, title)
	if f.Host != nil {
		staleMark(&p, &f.Host.Health[s], f)
	}
}

// level is the style of a share: good, worth a look, critical.
func level(percent float64, l frame.Limits) draw.Style {
	switch {
	case math.IsNaN(percent):
		return draw.Dim
	case percent >= l.Critical:
		return draw.Bad
	case percent >= l.Warn:
		return draw.Warn
	}
	return draw.Good
}

// levelMark is the sign that goes with level where there is no colour.
func levelMark(percent float64, l frame.Limits) string {
	switch {
	case percent >= l.Critical:
		return "!!"
	case percent >= l.Warn:
		return "! "
	}
	return "  "
}

// stateStyle is the style of the word for a state.
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

// known is text, or n/a for what nobody tells.
func known(text string) string {
	if text == "" {
		return "n/a"
	}
	return text
}

// narrow is the width below which pages and header are short ones.
const narrow = 72

func digits(n int) int {
	d := 1
	for ; n >= 10; n /= 10 {
		d++
	}
	return d
}
