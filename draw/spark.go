package draw

import "math"

// Points is a series of values, oldest first. NaN is a gap.
type Points interface {
	Len() int
	At(i int) float64
}

// Spark draws the newest points over the whole region, one column a point, the newest on the right; top is the value
// of a full column. A gap stays empty; a value above 0 shows at least the lowest level.
func (r Region) Spark(p Points, top float64, s Style) {
	levels := r.c.look.Glyphs.Sparks
	n := min(p.Len(), r.w)
	for i := 0; i < n; i++ {
		v := p.At(p.Len() - n + i)
		if math.IsNaN(v) || v < 0 {
			continue
		}
		r.column(r.w-n+i, v, top, levels, s)
	}
}

// column fills column x from the bottom to the height that v has of top.
func (r Region) column(x int, v, top float64, levels []rune, s Style) {
	steps := len(levels)
	height := 0
	if top > 0 {
		height = int(v/top*float64(r.h*steps) + 0.5)
	}
	if height == 0 && v > 0 {
		height = 1
	}
	height = min(height, r.h*steps)
	for y := r.h - 1; y >= 0 && height > 0; y-- {
		part := min(height, steps)
		r.Set(x, y, levels[part-1], s)
		height -= part
	}
}
