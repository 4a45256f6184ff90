package checks

import (
	"math"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/plugin"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/widget"
)

// whole is the overlay with one plugin whole.
type whole struct {
	*screens.Sheet
	name string
	keys []screens.Binding
}

func newWhole(name string) *whole {
	o := &whole{name: name}
	size := func(_, _, rows int, _ *frame.Frame) (int, int) { return 150, rows + 2 }
	o.Sheet = screens.NewSheet("check", "Check", size, o.rows)
	o.keys = append(o.Sheet.Keys(), screens.Binding{Label: "Enter", Does: "the log of its unit", Hint: "Log"})
	return o
}

// Keys implements screens.Screen.
func (o *whole) Keys() []screens.Binding { return o.keys }

// Handle implements screens.Screen.
func (o *whole) Handle(k draw.Key, f *frame.Frame) (screens.Command, bool) {
	if k == draw.KeyEnter {
		return screens.UnitLog("hypervisor-tui-plugin@" + o.name + ".service"), true
	}
	return o.Sheet.Handle(k, f)
}

// rows draws the plugin, as far as it is there still.
func (o *whole) rows(view draw.Region, f *frame.Frame) draw.Region {
	p := view.CutTop(1).Pen(1, 0)
	p.Fit(draw.Accent|draw.Bold, o.name, 40).Skip(2)
	var res *plugin.Result
	for i, all := 0, f.Checks.Known(); i < len(all); i++ {
		if all[i].Name == o.name {
			res = &all[i]
		}
	}
	if res == nil {
		p.Text(draw.Dim, "is not known here, or not any more")
		return view
	}
	s, old := stateOf(f.Checks, res), f.Checks.Silent(res)
	p.Fade(stale(f))
	p.Text(s.style(), s.String()).Skip(2)
	if began, ill := since(res.Name, f); ill && s < silent {
		p.Text(draw.Dim, "for ").Age(draw.Text, f.Boot-began).Skip(2)
	}
	if old {
		if s != silent {
			p.Text(draw.Warn, "silent").Skip(1)
		}
		p.Text(draw.Dim, "for ").Age(draw.Warn, f.Boot-res.SilentSince())
	}
	if s == silent && res.At != 0 {
		p.Text(draw.Dim, ", was ").Text(draw.Text, res.Status.String())
	}
	if stale(f) {
		p.Skip(2)
		widget.StaleMark(&p, &f.Checks.Health, f)
	}
	drawRun(view.CutTop(1), res, f.Boot)
	view.CutTop(1)
	view = view.Faded(old || stale(f))
	text, style := words(res)
	view = widget.Wrapped(view, 1, style, text)
	for _, line := range res.More {
		view = widget.Wrapped(view, 1, draw.Dim, line)
	}
	if len(res.Figures) > 0 {
		view.CutTop(1)
		drawFigures(&view, res)
	}
	if res.Page != nil {
		view = drawPage(view, res.Page)
	}
	if res.Cut {
		view.CutTop(1)
		view = widget.Wrapped(view, 1, draw.Dim, "Not all of it is here: its lines, figures or screen were too large to be recorded.")
	}
	return view.Faded(false)
}

// drawRun draws when the plugin ran, for how long, and how it is run.
func drawRun(r draw.Region, res *plugin.Result, now time.Duration) {
	p := r.Pen(1, 0)
	part := func(name string, s span, behind string) {
		var room [24]byte
		text := s.append(room[:0])
		if !s.known {
			behind = ""
		}
		if p.Left() > len(name)+1+len(text)+len(behind) {
			p.Text(draw.Dim, name).Skip(1).Bytes(draw.Text, text).Text(draw.Dim, behind).Skip(2)
		}
	}
	part("ran", ageOf(res, now), " ago")
	part("took", tookOf(res), "")
	part("every", span{Duration: res.Interval, known: true}, "")
	part("timeout", span{Duration: res.Timeout, known: true}, "")
	if kind := res.Kind.String(); p.Left() > len("kind ")+len(kind) {
		p.Text(draw.Dim, "kind ").Text(draw.Text, kind)
	}
}

// Widths of the columns of figures, on their plugin's page.
const (
	gaugeWidth   = 12
	rangeWidth   = 24 // where there is room
	extremeWidth = 12
)

// drawFigures draws the figures as a table, on a narrow screen each with its ranges below.
func drawFigures(view *draw.Region, res *plugin.Result) {
	w, label, value, trust := view.W(), len("Figure"), len("value"), believed(res)
	for i := range res.Figures {
		label = max(label, draw.Columns(res.Figures[i].Label))
		value = max(value, trust.figure(&res.Figures[i]).valueWidth())
	}
	label = min(label, max(w/4, 10))
	value = min(value, max(w-label-4, 1))
	values := 1 + label + 1
	gauges := values + value + 2
	warnings := gauges + gaugeWidth + 2
	limit := min(max((w-warnings)/2, 17), rangeWidth)
	criticals := warnings + limit
	least := criticals + limit
	most := least + extremeWidth
	roomy, whole := w >= widget.Narrow, w >= most+extremeWidth
	p := view.CutTop(1).Pen(1, 0)
	p.Text(draw.Title|draw.Bold, "Figure").To(values).Right(draw.Dim, "value", value)
	if roomy {
		p.To(gauges).Text(draw.Dim, "of max/crit").To(warnings).Text(draw.Dim, "warning").To(criticals).Text(draw.Dim, "critical")
	}
	if roomy && whole {
		p.To(least).Right(draw.Dim, "min", extremeWidth).Right(draw.Dim, "max", extremeWidth)
	}
	for i := range res.Figures {
		f, line := trust.figure(&res.Figures[i]), view.CutTop(1)
		p := line.Pen(1, 0)
		fitLabel(&p, draw.Text, f.Label, label)
		f.drawValue(&p, values, value)
		if w >= gauges+gaugeWidth {
			f.drawGauge(line.Sub(gauges, 0, gaugeWidth, 1))
		}
		if !roomy {
			f.drawRange(view, "warning ", &f.Warn)
			f.drawRange(view, "critical ", &f.Critical)
			continue
		}
		var room [64]byte
		p.To(warnings).FitBytes(draw.Dim, f.appendRange(room[:0], &f.Warn), limit-1)
		p.To(criticals).FitBytes(draw.Dim, f.appendRange(room[:0], &f.Critical), limit-1)
		if whole && !math.IsNaN(f.Min) {
			flushRight(&p, least, extremeWidth, draw.Dim, appendValue(room[:0], f.Min, f.Unit))
		}
		if whole && !math.IsNaN(f.Max) {
			flushRight(&p, most, extremeWidth, draw.Dim, appendValue(room[:0], f.Max, f.Unit))
		}
	}
	if res.Left > 0 {
		p := view.CutTop(1).Pen(1, 0)
		p.Text(draw.Dim, "and ").Int(draw.Text, int64(res.Left)).Text(draw.Dim, " more, which are left out")
	}
}

// drawRange draws a range on a row of its own, if there is one.
func (f figure) drawRange(view *draw.Region, what string, r *plugin.Range) {
	if r.Set {
		var room [64]byte
		p := view.CutTop(1).Pen(3, 0)
		p.Text(draw.Dim, what).FitBytes(draw.Dim, f.appendRange(room[:0], r), p.Left())
	}
}
