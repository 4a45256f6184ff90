// Package widget is what several pages draw alike: what is said in place of a value, lists that scroll, prompts, boxes.
package widget

import (
	"bytes"
	"math"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample"
)

// Old reports whether what is shown of a source is its last good value and not a fresh one.
func Old(f *frame.Frame, s sample.Source) bool {
	return f.Host != nil && f.Host.Health[s].State == health.Stale
}

// Placeholder writes what is said in place of a value that is not there and reports true; with a value it writes nothing, and
// what is written next is dim when that is old.
func Placeholder(p *draw.Pen, f *frame.Frame, s sample.Source) bool {
	if f.Host == nil {
		p.Text(draw.Dim, "--")
		return true
	}
	return StatePlaceholder(p, &f.Host.Health[s])
}

// StatePlaceholder is Placeholder for a value with a health of its own.
func StatePlaceholder(p *draw.Pen, h *health.Health) bool {
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

// Missing draws, in place of a panel without a value, why there is none, and reports true. A panel whose value is old is
// drawn dim from here on.
func Missing(r *draw.Region, f *frame.Frame, s sample.Source) bool {
	*r = r.Faded(Old(f, s))
	p := r.Pen(1, 0)
	if !Placeholder(&p, f, s) {
		return false
	}
	if f.Host != nil {
		p.Skip(1).Fit(draw.Dim, f.Host.Health[s].Err, p.Left()-1)
	}
	return true
}

// StaleMark writes how old a value is that is not fresh, and a blank. The value itself is drawn dim, without a good mark.
func StaleMark(p *draw.Pen, h *health.Health, f *frame.Frame) {
	if h.State == health.Stale {
		p.Text(draw.Dim, "(").Age(draw.Dim, h.Age(f.Boot)).Text(draw.Dim, " old) ")
	}
}

// StaleAge is StaleMark behind a value, after a blank and up to column end: in its largest unit, in little room as (39s), in
// less not at all.
func StaleAge(p *draw.Pen, h *health.Health, f *frame.Frame, end int) {
	if h.State != health.Stale {
		return
	}
	var room [32]byte
	text, _, _ := bytes.Cut(draw.AppendAge(append(room[:0], '('), h.Age(f.Boot)), []byte{' '})
	if p.X()+1+len(text)+len(" old)") <= end {
		text = append(text, " old"...)
	}
	if p.X()+1+len(text)+1 <= end {
		p.Skip(1).Bytes(draw.Dim, append(text, ')'))
	}
}

// Heading draws a panel's rule with its title, and the age when what it shows is stale. It returns the pen behind them.
func Heading(r draw.Region, title string, f *frame.Frame, s sample.Source) draw.Pen {
	p := r.Rule(0, title)
	if f.Host != nil {
		StaleMark(&p, &f.Host.Health[s], f)
	}
	return p
}

// Level is the style of a share: good, worth a look, critical.
func Level(percent float64, l frame.Limits) draw.Style {
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

// LevelMark is the sign that goes with level where there is no colour.
func LevelMark(percent float64, l frame.Limits) string {
	switch {
	case percent >= l.Critical:
		return "!!"
	case percent >= l.Warn:
		return "! "
	}
	return "  "
}

// StateStyle is the style of the word for a state.
func StateStyle(s health.State) draw.Style {
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

// Known is text, or n/a for what nobody tells.
func Known(text string) string {
	if text == "" {
		return "n/a"
	}
	return text
}

// Narrow is the width below which pages and header are short ones.
const Narrow = 72

// Digits is how many digits n has, which is not negative.
func Digits(n int) int {
	d := 1
	for ; n >= 10; n /= 10 {
		d++
	}
	return d
}
