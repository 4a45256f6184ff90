package sample

import "math"

// SeriesLen is how many points a Series remembers.
const SeriesLen = 300

// Series is a ring of the newest SeriesLen points of one figure; NaN is a gap. The zero value is empty and ready, and
// a copy shares nothing with its original.
type Series struct {
	points [SeriesLen]float32
	next   uint16 // where the next point goes
	length uint16
	pushed uint64
}

// Push adds the newest point and drops the oldest of a full series.
func (s *Series) Push(v float64) {
	s.points[s.next] = float32(v)
	s.next = (s.next + 1) % SeriesLen
	s.pushed++
	if s.length < SeriesLen {
		s.length++
	}
}

// Len is the number of points, SeriesLen at most.
func (s *Series) Len() int { return int(s.length) }

// Pushed is how many points the series ever had.
func (s *Series) Pushed() uint64 { return s.pushed }

// At is point i; 0 is the oldest. Outside of 0 to Len()-1 it is NaN.
func (s *Series) At(i int) float64 { return s.Peak(i, i+1) }

// Max is the largest point, gaps left out; NaN without one.
func (s *Series) Max() float64 { return s.Peak(0, s.Len()) }

// Peak is the largest of the points from, from+1 ... to-1, gaps left out; NaN without one.
func (s *Series) Peak(from, to int) float64 {
	from, to = max(from, 0), min(to, s.Len())
	largest := float32(math.NaN())
	at := (int(s.next) - int(s.length) + SeriesLen + from) % SeriesLen
	for range to - from {
		if v := s.points[at]; v > largest || largest != largest {
			largest = v
		}
		if at++; at == SeriesLen {
			at = 0
		}
	}
	return float64(largest)
}
