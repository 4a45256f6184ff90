package dashboard

import (
	"math"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
)

const (
	historyRows = 3 // fewer rows draw no sparkline: two of picture and the axis
	historyMost = 64
)

// history draws a series over the last rows of r with a true time axis below it. Several points share a column when
// they are more than the columns; a column then shows their peak. top is the value of a full column; 0 takes the
// series' own peak.
func history(r draw.Region, s *sample.Series, top float64, style draw.Style, f *frame.Frame) {
	r = r.Inset(1)
	if r.H() < historyRows || r.W() < 12 {
		return
	}
	r = r.CutTop(historyMost)
	axis := r.CutBottom(1)
	peak := s.Max()
	if top == 0 {
		top = peak
	}
	each := max(sample.SeriesLen/r.W(), 1)
	r.Spark(s, each, top, style)
	timeAxis(axis, s, each, r.W(), f)
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
	p.To(axis.W()-3).Text(draw.Dim, "now")
}

// peakOf is the highest value of a series, for a caption; NaN when it is empty.
func peakOf(s *sample.Series) float64 {
	if s.Len() == 0 {
		return math.NaN()
	}
	return s.Max()
}

// twin draws two series side by side on one scale, each with its name and peak.
func twin(r draw.Region, name1 string, s1 *sample.Series, name2 string, s2 *sample.Series, f *frame.Frame) {
	if r.H() < historyRows+1 {
		return
	}
	r.CutBottom(max(r.H()-historyMost-1, 0))
	top := max(s1.Max(), s2.Max())
	right := r
	left := right.CutLeft(r.W() / 2)
	caption(left.CutTop(1), name1, s1)
	caption(right.CutTop(1), name2, s2)
	history(left, s1, top, draw.Good, f)
	history(right, s2, top, draw.Accent, f)
}

// caption names a series, by its first letter where a rate beside the whole name would be cut.
func caption(r draw.Region, name string, s *sample.Series) {
	const peak, rate = " peak ", len("1023 KiB/s")
	if p := r.Pen(1, 0); p.Left() < len(name)+len(peak)+rate {
		name = name[:1]
	}
	p := r.Pen(1, 0)
	p.Text(draw.Dim, name).Text(draw.Dim, peak).Rate(draw.Dim, peakOf(s), 0)
}
