package checks

import (
	"bytes"
	"cmp"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/plugin"
	"hypervisor-tui/screens/widget"
)

// Draw implements screens.Screen.
func (c *Page) Draw(r draw.Region, f *frame.Frame) {
	all := f.Checks.Known()
	if len(all) == 0 {
		drawNone(r, f)
		return
	}
	h := r.H()
	drawSummary(r.CutTop(headRows(f)), f)
	if c.filter.Filters() {
		c.filter.DrawFilter(r.CutTop(1), len(c.rows), len(all))
	}
	why := r.CutBottom(whyRows(h))
	x := c.columns(r.W(), all)
	c.drawHeading(r.CutTop(1), &x)
	for at := c.scroll.Top; at < len(c.rows) && !r.Empty(); at++ {
		if i := c.rows[at]; i < len(all) {
			line := r.CutTop(1)
			x.draw(line, &all[i], f)
			if all[i].Name == c.chosen {
				line.Restyle(draw.Selected)
			}
		}
	}
	c.drawWhy(why.Faded(stale(f)), all)
}

// drawNone says why there is nothing to list, and what to do about it.
func drawNone(r draw.Region, f *frame.Frame) {
	r.CutTop(1).Rule(0, "Checks")
	say := func(text string) { r = widget.Wrapped(r, 1, draw.Dim, text) }
	switch {
	case f.OfPast():
		say("no result of a check was recorded here")
	case f.Settings.Rescue:
		say("off in rescue: nothing runs checks there")
	case f.Settings.Plugins > 0 && f.Checks == nil:
		say("--")
	case f.Settings.Plugins > 0:
		p := r.Pen(1, 0)
		widget.StatePlaceholder(&p, &f.Checks.Health)
		p.Skip(1).Fit(draw.Dim, f.Checks.Health.Err, p.Left())
	case f.Settings.Banner != "":
		widget.Wrapped(r, 1, draw.Warn, "The configuration cannot be used, so nobody knows which checks are set up: "+f.Settings.Banner)
	default:
		r = widget.Wrapped(r, 1, draw.Text, "No checks are set up. They are listed in plugins.list of the configuration, on NixOS in services.hypervisor-tui.plugins; docs/plugins.md has examples.")
		r.CutTop(1)
		say("Any Nagios plugin, Prometheus exporter on this host or script of your own can be one. systemd runs each in a unit of its own, and this console reads what it said.")
	}
}

// stale reports whether the results are those of before: they cannot be read now.
func stale(f *frame.Frame) bool { return f.Checks.Health.State == health.Stale }

// headRows is how many rows the sums take, and why the results cannot be read where that is so.
func headRows(f *frame.Frame) int {
	if f.Checks != nil && f.Checks.Health.Err != "" {
		return 2
	}
	return 1
}

// whyRows is how many of h rows have what the chosen plugin says.
func whyRows(h int) int { return min(max(h/6, 1), 4) }

// drawSummary draws how many there are in each state.
func drawSummary(r draw.Region, f *frame.Frame) {
	var counts [stateCount]int
	for i := range f.Checks.Results {
		counts[stateOf(f.Checks, &f.Checks.Results[i])]++
	}
	p := r.Faded(stale(f)).Pen(1, 0)
	p.Text(draw.Dim, "Checks ").Int(draw.Accent, int64(len(f.Checks.Results)))
	for s, n := range counts {
		word := state(s).String()
		if n > 0 && p.Left() < 2+widget.Digits(n)+1+len(word) {
			break
		}
		if n > 0 {
			p.Skip(2).Int(state(s).style(), int64(n)).Skip(1).Text(state(s).style(), word)
		}
	}
	if h := &f.Checks.Health; h.Err != "" {
		p = r.Pen(1, 1)
		p.Text(draw.Bad, "results cannot be read")
		if stale(f) {
			p.Text(draw.Dim, " for ").Age(draw.Dim, max(f.Boot-h.Since, 0))
		}
		p.Text(draw.Dim, ": ").Fit(draw.Text, h.Err, p.Left())
	}
}

// columns are where the parts of a row begin; 0: there is no room for one.
type columns struct{ state, name, since, age, took, every, says, figures, width int }

// Widths of columns, the blanks behind them included.
const (
	markWidth   = 2
	stateWidth  = 9
	sinceWidth  = 5
	ageWidth    = 5
	tookWidth   = 7
	everyWidth  = 6
	figureWidth = 30
	textLeast   = 50  // that figures leave
	roomForMore = 40  // columns of a page whose heading says how many rows it does not show
	wide        = 110 // columns of a page with more than what is said, and how old that is
)

// columns shares out w columns. What a plugin says comes before all but its name.
func (c *Page) columns(w int, all []plugin.Result) columns {
	x, name, shown := columns{width: w}, len("Check"), 0
	for _, i := range c.rows {
		if i < len(all) {
			name, shown = max(name, draw.Columns(all[i].Name)), max(shown, len(all[i].Figures))
		}
	}
	at := markWidth
	take := func(column *int, width int) {
		*column = at
		at += width
	}
	if w >= widget.Narrow {
		take(&x.state, stateWidth)
	}
	take(&x.name, min(name, w/4)+1)
	if w >= wide {
		take(&x.since, sinceWidth)
	}
	if w >= widget.Narrow-24 {
		take(&x.age, ageWidth)
	}
	if w >= wide {
		take(&x.took, tookWidth)
		take(&x.every, everyWidth)
	}
	x.says, x.figures = at, w
	if n := min((w-at-textLeast)/figureWidth, shown, 4); n > 0 && w >= wide {
		x.figures = w - n*figureWidth
	}
	return x
}

// drawHeading names the columns.
func (c *Page) drawHeading(r draw.Region, x *columns) {
	r.Rule(0, "")
	title := func(at, width int, text string, order sorting) { widget.Caption(r, at, width, text, order == c.order) }
	title(x.state, 0, "State", byWorst)
	title(x.name, 0, "Check", byName)
	title(x.since, sinceWidth-1, "for", sortings)
	title(x.age, ageWidth-1, "age", byAge)
	title(x.took, tookWidth-1, "took", sortings)
	title(x.every, everyWidth-1, "every", sortings)
	title(x.says, 0, "says", sortings)
	title(x.figures, 0, "figures", sortings)
	if r.W() >= roomForMore {
		widget.MoreRows(r, &c.scroll)
	}
}

// draw draws a row. What a silent one said is dim, all of it what cannot be read now.
func (x *columns) draw(r draw.Region, res *plugin.Result, f *frame.Frame) {
	s, old := stateOf(f.Checks, res), f.Checks.Silent(res)
	r = r.Faded(stale(f))
	p := r.Pen(0, 0)
	s.mark(&p)
	if x.state > 0 {
		p.To(x.state).Text(s.style(), s.String())
	}
	p.To(x.name).Fade(old || stale(f))
	name := draw.Text
	if s == critical {
		name |= draw.Bold
	}
	p.Fit(name, res.Name, cmp.Or(x.since, x.age, x.says)-1-x.name)
	if began, ill := since(res.Name, f); ill && x.since > 0 {
		right(&p, x.since, sinceWidth-1, span{Duration: f.Boot - began, known: true})
	}
	if x.age > 0 {
		right(&p, x.age, ageWidth-1, ageOf(res, f.Boot))
	}
	if x.took > 0 {
		right(&p, x.took, tookWidth-1, tookOf(res))
		right(&p, x.every, everyWidth-1, span{Duration: res.Interval, known: true})
	}
	p.To(x.says)
	if len(res.Figures) == 0 {
		says(&p, res, f, x.width-x.says)
		return
	}
	says(&p, res, f, x.figures-1-x.says)
	for i, at := 0, x.figures; at < x.width; i, at = i+1, at+figureWidth {
		if figure, there := nth(res, i); there {
			figure.draw(r.Sub(at, 0, figureWidth-1, 1).Faded(old || stale(f)))
		}
	}
}

// says writes in n columns what a plugin says, and what is to be known before it.
func says(p *draw.Pen, res *plugin.Result, f *frame.Frame, n int) {
	end := p.X() + n
	if f.Checks.Silent(res) && !res.Pending() {
		p.Fade(stale(f)).Fit(draw.Warn, "silent", end-p.X()).Fade(true).Fit(draw.Dim, ", was ", end-p.X()).
			Fit(draw.Dim, res.Status.String(), end-p.X()).Fit(draw.Dim, ": ", end-p.X())
	}
	text, style := words(res)
	p.Fit(style, text, end-p.X())
}

// words is the line that a plugin says, or that it says none.
func words(res *plugin.Result) (string, draw.Style) {
	switch {
	case res.Pending():
		return "has not run yet", draw.Dim
	case res.Mute():
		return "(nothing)", draw.Dim
	case res.Text == "":
		return "(no text)", draw.Dim
	}
	return res.Text, draw.Text
}

// drawWhy writes in full what the chosen plugin, or the first one, says.
func (c *Page) drawWhy(r draw.Region, all []plugin.Result) {
	at := max(c.position(all), 0)
	if at >= len(c.rows) || c.rows[at] >= len(all) {
		p := r.Pen(1, 0)
		p.Text(draw.Dim, "no check has that")
		return
	}
	res := &all[c.rows[at]]
	p := r.Pen(1, 0)
	p.Fit(draw.Accent, res.Name, max(p.Left()/3, 20)).Text(draw.Dim, ": ")
	text, style := words(res)
	behind := res.More
	for {
		if r.H() == 1 {
			p.Fit(style, text, p.Left()-1)
			return
		}
		line, rest, more := widget.WrapLine(text, max(p.Left()-1, 1))
		p.Text(style, line)
		if !more {
			if len(behind) == 0 {
				return
			}
			rest, behind, style = behind[0], behind[1:], draw.Text
		}
		text = rest
		r.CutTop(1)
		p = r.Pen(3, 0)
	}
}

// span is a time span; one that is not known is --.
type span struct {
	time.Duration
	known bool
	exact bool // below 10 seconds in parts of one
}

// ageOf is how old the result is.
func ageOf(res *plugin.Result, now time.Duration) span {
	return span{Duration: now - res.At, known: res.At != 0}
}

// tookOf is how long the run took.
func tookOf(res *plugin.Result) span { return span{res.Took, res.At != 0, true} }

// append appends the span in its largest unit: 14m, 3h, and where it is exact 12ms, 4.2s.
func (s span) append(dst []byte) []byte {
	switch {
	case !s.known:
		return append(dst, "--"...)
	case s.exact && s.Duration < time.Second:
		return append(draw.AppendInt(dst, max(s.Milliseconds(), 0)), "ms"...)
	case s.exact && s.Duration < 10*time.Second && s.Duration%time.Second != 0:
		return append(draw.AppendFloat(dst, s.Seconds(), 1), 's')
	}
	start := len(dst)
	dst = draw.AppendAge(dst, s.Duration)
	if at := bytes.IndexByte(dst[start:], ' '); at >= 0 {
		dst = dst[:start+at]
	}
	return dst
}

// right writes a span flush right in n columns from column x on.
func right(p *draw.Pen, x, n int, s span) {
	var room [24]byte
	flushRight(p, x, n, draw.Dim, s.append(room[:0]))
}

// flushRight writes text flush right in n columns from column x on, whole or an ellipsis: a number without its end is another one.
func flushRight(p *draw.Pen, x, n int, style draw.Style, text []byte) {
	if width := draw.ColumnsBytes(text, len(text)); width <= n {
		p.To(x+n-width).Bytes(style, text)
	} else {
		p.To(x+n-1).Glyph(style, draw.Ellipsis)
	}
}
