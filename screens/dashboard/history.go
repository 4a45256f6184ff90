package dashboard

import (
	"math"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens/widget"
)

const (
	historyRows = 3 // fewer rows draw no chart: two of picture and the axis
	mirrorRows  = 5 // the same with two series, above and below the axis
	chartLabel  = 11
)

// history draws a share over the rows of r, each column in the style of its level, with a true time axis below. Several
// points share a column when they are more than the columns; a column then shows their peak.
func history(r draw.Region, s *sample.Series, l frame.Limits, f *frame.Frame) {
	r = r.Inset(1)
	if r.H() < historyRows || r.W() < 12 {
		return
	}
	axis := r.CutBottom(1)
	each := pointsEach(r.W())
	r.SparkLevels(s, each, 100, func(percent float64) draw.Style { return widget.Level(percent, l) })
	timeAxis(axis, s, each, axis.W(), f)
}

// pointsEach is how many points share a column of a chart so wide.
func pointsEach(columns int) int { return max(sample.SeriesLen/max(columns, 1), 1) }

// mirror draws two rates on one scale, the first above and the second below the time axis, each with its name and peak.
func mirror(r draw.Region, name1 string, s1 *sample.Series, name2 string, s2 *sample.Series, f *frame.Frame) {
	r = r.Inset(1)
	if r.H() < mirrorRows || r.W() < 12+chartLabel {
		return
	}
	above := r.CutTop(r.H() / 2)
	axis := r.CutTop(1)
	below := r
	chartName(above.CutLeft(chartLabel), name1, s1, draw.Good)
	chartName(below.CutLeft(chartLabel), name2, s2, draw.Accent)
	axis.CutLeft(chartLabel)
	each, top := pointsEach(axis.W()), max(s1.Max(), s2.Max())
	above.Spark(s1, each, top, draw.Good)
	below.SparkDown(s2, each, top, draw.Accent)
	timeAxis(axis, s1, each, axis.W(), f)
}

// chartName writes the name of a series and its peak below it.
func chartName(r draw.Region, name string, s *sample.Series, style draw.Style) {
	p := r.Pen(0, 0)
	p.Text(style, name).Text(draw.Dim, " peak")
	p = r.Pen(0, 1)
	p.Rate(draw.Text, peakOf(s), 0)
}

// timeAxis says how far back the picture reaches.
func timeAxis(axis draw.Region, s *sample.Series, each, columns int, f *frame.Frame) {
	shown := min(s.Len(), each*columns)
	if shown < 2 || f.Host == nil {
		return
	}
	span := time.Duration(shown) * f.Host.History.Interval
	p := axis.Pen(max(axis.W()-(shown+each-1)/each, 0), 0)
	if axis.W()-p.X() < 14 {
		p.To(axis.W() - 14)
	}
	p.To(max(p.X(), 0)).Text(draw.Dim, "-")
	if span < 2*time.Minute {
		p.Uptime(draw.Dim, span)
	} else {
		p.Age(draw.Dim, span)
	}
	end := "now"
	if f.OfPast() {
		end = "then"
	}
	p.To(axis.W()-len(end)).Text(draw.Dim, end)
}

// peakOf is the highest value of a series, for its label; NaN when it is empty.
func peakOf(s *sample.Series) float64 {
	if s.Len() == 0 {
		return math.NaN()
	}
	return s.Max()
}
