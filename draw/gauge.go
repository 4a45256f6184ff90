package draw

import "math"

// Gauge draws a bar of the whole width of row y that is filled to percent (0-100). The filled part has style s. NaN
// draws a dotted track without a fill, which looks different from 0.
func (r Region) Gauge(y int, percent float64, s Style) {
	if r.w <= 0 {
		return
	}
	g := r.c.appearance.Glyphs
	if math.IsNaN(percent) {
		for x := 0; x < r.w; x++ {
			r.Set(x, y, '-', Track)
		}
		return
	}
	percent = min(max(percent, 0), 100)
	steps := len(g.Eighths) + 1
	filled := int(percent/100*float64(r.w*steps) + 0.5)
	if filled == 0 && percent > 0.5 {
		filled = 1
	}
	full, track := firstRune(g.name(Full)), firstRune(g.name(Empty))
	for x := 0; x < r.w; x++ {
		switch part := filled - x*steps; {
		case part >= steps:
			r.Set(x, y, full, s)
		case part > 0:
			r.Set(x, y, g.Eighths[part-1], s)
		default:
			r.Set(x, y, track, Track)
		}
	}
}
