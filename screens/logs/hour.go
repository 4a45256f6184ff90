package logs

import (
	"math"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/journal"
	"hypervisor-tui/screens/widget"
)

// tallHour is how many rows the strip of the last hour has where there is room: two of bars, counts, the time.
const tallHour = 4

// hourRows is how many of h rows the strip of the last hour takes.
func hourRows(h int) int {
	switch {
	case h < 12:
		return 0
	case h < 40:
		return 1
	}
	return tallHour
}

// hourGutter is how many columns are left of the strip at least.
const hourGutter = 14

// drawHour draws the last hour, a column or more a minute: a bar for how much came, in the colour of the worst, and how
// many errors there were, or w for warnings. A dot is a minute in which nothing came; what was not taken in stays empty.
// On one row the count stands in the place of the bar.
func drawHour(r draw.Region, f *frame.Frame) {
	hour := f.Page.Hour.Until(f.Now)
	gutter := hourGutter
	if r.H() < tallHour {
		gutter = 6
	}
	room := max(r.W()-gutter-5, 1)
	merged, wide := (len(hour.Minutes)+room-1)/room, max(room/len(hour.Minutes), 1)
	columns := (len(hour.Minutes) + merged - 1) / merged
	strip := r.Sub(r.W()-5-columns*wide, 0, columns*wide, r.H())
	most := int32(0)
	for i := range columns {
		m := minutes(&hour, len(hour.Minutes)-(columns-i)*merged, merged)
		most = max(most, m.Errors+m.Warnings+m.Others)
	}
	for i := range columns {
		first := len(hour.Minutes) - (columns-i)*merged
		if first+merged > len(hour.Minutes)-hour.Known {
			drawMinute(strip.Sub(i*wide, 0, wide, strip.H()), minutes(&hour, first, merged), most)
		}
	}
	if r.H() < tallHour {
		p := r.Pen(1, 0)
		p.Text(draw.Dim, "-60m ").To(r.W()-5).Text(draw.Dim, " now")
		return
	}
	p := r.Pen(1, 0)
	p.Int(draw.Dim, int64(most)).Text(draw.Dim, " a minute")
	p = r.Pen(1, 1)
	p.Text(draw.Dim, "logarithmic")
	p = r.Pen(1, 2)
	p.Text(draw.Dim, "errors/warn")
	drawTimes(strip.Sub(0, tallHour-1, strip.W()+5, 1), f.Now, wide)
}

// drawTimes writes the time of day below each tenth minute of a strip whose last one is now's.
func drawTimes(r draw.Region, now time.Time, wide int) {
	end := r.W() - 5
	for i := range 60 {
		at := now.Add(time.Duration(i-59) * time.Minute)
		x := i * wide
		if at.Minute()%10 == 0 && x+5 < end-4 {
			var room [5]byte
			p := r.Pen(x, 0)
			p.Bytes(draw.Dim, at.AppendFormat(room[:0], "15:04"))
		}
	}
	p := r.Pen(end-1, 0)
	p.Text(draw.Dim, "now")
}

// minutes sums n minutes from first on.
func minutes(hour *journal.Hour, first, n int) (sum journal.Minute) {
	for i := max(first, 0); i < min(first+n, len(hour.Minutes)); i++ {
		sum.Errors += hour.Minutes[i].Errors
		sum.Warnings += hour.Minutes[i].Warnings
		sum.Others += hour.Minutes[i].Others
	}
	return sum
}

// drawMinute draws a minute, the height of its bar on a logarithmic scale up to most. What is wider than a column ends with
// an empty one.
func drawMinute(r draw.Region, m journal.Minute, most int32) {
	bars, wide := r, max(r.W()-1, 1)
	if r.H() == tallHour {
		bars = r.Sub(0, 0, r.W(), 2)
		r = r.Sub(0, 2, r.W(), 1)
	}
	style := draw.Dim
	switch {
	case m.Errors > 0:
		style = draw.Bad
	case m.Warnings > 0:
		style = draw.Warn
	}
	if m == (journal.Minute{}) {
		p := bars.Pen(0, bars.H()-1)
		for range wide {
			p.Glyph(draw.Dim, draw.Dot)
		}
		return
	}
	height := 100 * math.Log1p(float64(m.Errors+m.Warnings+m.Others)) / math.Log1p(float64(most))
	for x := range wide {
		bars.Sub(x, 0, 1, bars.H()).Heat(height, style)
	}
	p := r.Pen(0, 0)
	switch {
	case m.Errors > 0 && widget.Digits(int(m.Errors)) > wide:
		p.Text(style, "+")
	case m.Errors > 0:
		p.Int(style, int64(m.Errors))
	case m.Warnings > 0:
		p.Text(style, "w")
	}
}
