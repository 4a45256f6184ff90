package logs

import (
	"math"

	"hypervisor-tui/draw"
	"hypervisor-tui/journal"
)

// hourRows is the height below which the log screen has no strip of the last hour.
const hourRows = 12

// drawHour draws the last hour, a column or more a minute: the number of errors where there were some, w for warnings,
// else a bar for how much came, a dot for nothing. What was not taken in stays empty.
func drawHour(r draw.Region, hour *journal.Hour) {
	p := r.Pen(1, 0)
	p.Text(draw.Dim, "-60m ")
	strip := r.Sub(p.X(), 0, max(r.W()-p.X()-5, 1), 1)
	merged, wide := (len(hour.Minutes)+strip.W()-1)/strip.W(), max(strip.W()/len(hour.Minutes), 1)
	most := int32(1)
	for i := 0; i < len(hour.Minutes); i += merged {
		m := minutes(hour, i, merged)
		most = max(most, m.Errors+m.Warnings+m.Others)
	}
	columns := (len(hour.Minutes) + merged - 1) / merged
	strip = strip.Sub(strip.W()-columns*wide, 0, columns*wide, 1)
	for i := range columns {
		first := len(hour.Minutes) - (columns-i)*merged
		if first+merged > len(hour.Minutes)-hour.Known {
			drawMinute(strip.Sub(i*wide, 0, wide, 1), minutes(hour, first, merged), most)
		}
	}
	p = r.Pen(r.W()-5, 0)
	p.Text(draw.Dim, " now")
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

// drawMinute fills r with the bar of m, its height on a logarithmic scale up to most.
func drawMinute(r draw.Region, m journal.Minute, most int32) {
	style, sign := draw.Dim, rune(0)
	switch {
	case m.Errors > 9:
		style, sign = draw.Bad, '+'
	case m.Errors > 0:
		style, sign = draw.Bad, '0'+rune(m.Errors)
	case m.Warnings > 0:
		style, sign = draw.Warn, 'w'
	}
	if m == (journal.Minute{}) {
		for x := range r.W() {
			r.Set(x, 0, '.', draw.Dim)
		}
		return
	}
	height := 100 * math.Log1p(float64(m.Errors+m.Warnings+m.Others)) / math.Log1p(float64(most))
	for x := range r.W() {
		r.Sub(x, 0, 1, 1).Heat(height, style)
	}
	if sign != 0 {
		r.Set(0, 0, sign, style)
	}
}
