package draw

import "math"

// Points is a series of values, oldest first. Peak is the largest of the values from to to-1, NaN when they are gaps.
// Pushed is how many values it ever had: columns keep their points while the series moves on.
type Points interface {
	Len() int
	Peak(from, to int) float64
	Pushed() uint64
}

// Spark draws the newest points over the whole region, each points to a column, the newest on the right; top is the
// value of a full column. A column shows the peak of its points: a gap when it has none, at least the lowest level
// when it is above 0.
func (r Region) Spark(p Points, each int, top float64, s Style) {
	r.spark(p, each, top, false, func(float64) Style { return s })
}

// SparkLevels is Spark with a style for each column, by its peak.
func (r Region) SparkLevels(p Points, each int, top float64, style func(peak float64) Style) {
	r.spark(p, each, top, false, style)
}

// SparkDown is Spark with columns that hang from the top of the region: the other side of an axis.
func (r Region) SparkDown(p Points, each int, top float64, s Style) {
	r.spark(p, each, top, true, func(float64) Style { return s })
}

func (r Region) spark(p Points, each int, top float64, down bool, style func(float64) Style) {
	if r.Empty() || each < 1 || p.Len() == 0 {
		return
	}
	levels := r.c.appearance.Glyphs.Sparks
	if down {
		levels = r.c.appearance.Glyphs.Drops
	}
	end := p.Len()
	size := int((p.Pushed()-1)%uint64(each)) + 1 // the newest column is still filling
	for x := r.w - 1; x >= 0 && end > 0; x-- {
		if peak := p.Peak(max(end-size, 0), end); peak >= 0 {
			r.column(x, peak, top, levels, down, style(peak))
		}
		end -= size
		size = each
	}
}

// Heat draws one cell as high as percent says, in the style s; NaN is a dot.
func (r Region) Heat(percent float64, s Style) {
	if math.IsNaN(percent) {
		r.Set(0, 0, '.', Dim)
		return
	}
	r.column(0, max(percent, 0.1), 100, r.c.appearance.Glyphs.Sparks, false, s)
}

// column fills column x to the height that v has of top: from the bottom up, or from the top down.
func (r Region) column(x int, v, top float64, levels []rune, down bool, s Style) {
	steps := len(levels)
	height := 0
	if top > 0 {
		height = int(min(v/top, 1)*float64(r.h*steps) + 0.5) // min: infinity has no int
	}
	if height == 0 && v > 0 {
		height = 1
	}
	height = min(height, r.h*steps)
	for row := 0; height > 0; row++ {
		y := r.h - 1 - row
		if down {
			y = row
		}
		part := min(height, steps)
		r.Set(x, y, levels[part-1], s)
		height -= part
	}
}
