package box

import (
	"runtime"
	"sync"
	"testing"
)

// sheet is a value that shows when it is torn: each cell holds its number.
type sheet struct {
	number int
	cells  []int
}

func newSheet(number int) *sheet {
	s := &sheet{cells: make([]int, 0, 50)}
	s.fill(number)
	return s
}

func copySheet(dst, src *sheet) {
	cells := append(dst.cells[:0], src.cells...)
	*dst = *src
	dst.cells = cells
}

func (s *sheet) fill(number int) {
	s.number = number
	s.cells = s.cells[:number%50+1]
	for i := range s.cells {
		s.cells[i] = number
	}
}

// whole fails where the sheet is torn.
func (s *sheet) whole(t *testing.T) {
	t.Helper()
	if len(s.cells) != s.number%50+1 {
		t.Errorf("value %d has %d cells", s.number, len(s.cells))
	}
	for _, c := range s.cells {
		if c != s.number {
			t.Errorf("value %d is torn: %v", s.number, s.cells)
		}
	}
}

func TestEmptyBox(t *testing.T) {
	b := New(copySheet)
	if b.Latest() != nil {
		t.Error("there is a value before the first")
	}
	s := newSheet(1)
	b.Publish(s)
	first := b.Latest()
	if first == nil || first.number != 1 || len(first.cells) != 2 {
		t.Fatalf("%+v", first)
	}
	if b.Latest() != first {
		t.Error("nothing was published, and there is another value")
	}
	s.fill(2)
	if first.cells[0] != 1 {
		t.Error("the writer still writes into what the reader has")
	}
	b.Publish(s)
	s.fill(3)
	b.Publish(s)
	if first.number != 1 {
		t.Error("the reader's value changed before its next call")
	}
	if v := b.Latest(); v.number != 3 {
		t.Errorf("the newest is %d", v.number)
	}
}

func TestNothingTearsAndNothingGoesBack(t *testing.T) {
	const last = 200_000
	b := New(copySheet)
	var writer sync.WaitGroup
	writer.Go(func() {
		s := newSheet(0)
		for i := 1; i <= last; i++ {
			s.fill(i)
			b.Publish(s)
			if i%1000 == 0 {
				runtime.Gosched()
			}
		}
	})
	defer writer.Wait()
	seen, values := 0, 0
	for seen < last {
		v := b.Latest()
		if v == nil {
			runtime.Gosched()
			continue
		}
		if v.number < seen {
			t.Fatalf("%d after %d", v.number, seen)
		}
		if v.number > seen {
			values++
		}
		seen = v.number
		v.whole(t)
	}
	t.Logf("%d of %d values were seen", values, last)
}

func TestBoxDoesNotAllocate(t *testing.T) {
	b := New(copySheet)
	s := newSheet(49) // the largest
	for range 3 {
		b.Publish(s)
		b.Latest()
	}
	if n := testing.AllocsPerRun(100, func() {
		b.Publish(s)
		b.Latest()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkBox(b *testing.B) {
	box := New(copySheet)
	s := newSheet(49)
	b.ReportAllocs()
	for b.Loop() {
		box.Publish(s)
		box.Latest()
	}
}
