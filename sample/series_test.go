package sample

import (
	"math"
	"testing"
)

func TestSeries(t *testing.T) {
	var s Series
	if s.Len() != 0 || !math.IsNaN(s.At(0)) || !math.IsNaN(s.Max()) {
		t.Error("the zero value is not empty")
	}
	var want []float64 // the slow twin
	for i := range 3*SeriesLen + 7 {
		v := float64(i * 37 % 101)
		if i%11 == 0 {
			v = math.NaN()
		}
		s.Push(v)
		want = append(want, v)
		want = want[max(0, len(want)-SeriesLen):]
		if s.Len() != len(want) {
			t.Fatalf("after %d: %d points, want %d", i, s.Len(), len(want))
		}
		largest := math.NaN()
		for j, w := range want {
			if got := s.At(j); got != w && !(math.IsNaN(got) && math.IsNaN(w)) {
				t.Fatalf("after %d: point %d is %v, want %v", i, j, got, w)
			}
			if !math.IsNaN(w) && (math.IsNaN(largest) || w > largest) {
				largest = w
			}
			if got := s.Peak(-1, j+1); got != largest && !(math.IsNaN(got) && math.IsNaN(largest)) {
				t.Fatalf("after %d: the largest of the first %d is %v, want %v", i, j+1, got, largest)
			}
		}
		if got := s.Max(); got != largest && !(math.IsNaN(got) && math.IsNaN(largest)) {
			t.Fatalf("after %d: largest is %v, want %v", i, got, largest)
		}
	}
	if !math.IsNaN(s.At(-1)) || !math.IsNaN(s.At(SeriesLen)) {
		t.Error("there are points outside")
	}
	was := s
	s.Push(1e6)
	if was.Max() == 1e6 {
		t.Error("a copy shares its points")
	}
}
