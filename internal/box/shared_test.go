package box

import (
	"runtime"
	"sync"
	"testing"
)

// TestSharedValueStaysUntilTheNextLook: whatever is published meanwhile; another reader has the newest.
func TestSharedValueStaysUntilTheNextLook(t *testing.T) {
	s := NewShared(copySheet)
	slow, quick := s.Reader(), s.Reader()
	if slow.Latest() != nil {
		t.Error("there is a value before the first")
	}
	source := newSheet(1)
	s.Publish(source)
	first := slow.Latest()
	for i := 2; i < 10; i++ {
		source.fill(i)
		s.Publish(source)
		if v := quick.Latest(); v.number != i {
			t.Errorf("the newest is %d, want %d", v.number, i)
		}
		if quick.Latest().whole(t); first.number != 1 {
			t.Fatalf("the slow reader's value has become %d", first.number)
		}
	}
	if v := slow.Latest(); v.number != 9 || v != quick.Latest() {
		t.Errorf("it then has %d, not the other's", v.number)
	}
	if v := s.Reader().Latest(); v == nil || v.number != 9 {
		t.Errorf("a new reader has %+v", v)
	}
	s.Clear()
	if v := s.Reader().Latest(); v != nil || slow.Latest().number != 9 {
		t.Errorf("after it was taken back a new reader has %+v, an old one %d", v, slow.Latest().number)
	}
}

// TestSharedCopiesAreFew: as many as there are readers that lag behind, and two more; those of readers that have caught up or were
// closed go but for one to spare.
func TestSharedCopiesAreFew(t *testing.T) {
	s, source := NewShared(copySheet), newSheet(1)
	var readers []*Reader[sheet]
	for range 20 {
		s.Publish(source)
		r := s.Reader()
		r.Latest()
		readers = append(readers, r)
	}
	if s.Publish(source); len(s.slots) != 21 {
		t.Errorf("%d copies for 20 readers that lag behind", len(s.slots))
	}
	for i, r := range readers {
		if r.Latest(); i%2 == 0 {
			r.Close()
		}
	}
	for range 3 {
		s.Publish(source)
	}
	if len(s.slots) > 4 {
		t.Errorf("%d copies, and all have the same", len(s.slots))
	}
	if n := testing.AllocsPerRun(100, func() {
		s.Publish(source)
		for i := 1; i < len(readers); i += 2 {
			readers[i].Latest()
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestSharedNeverTearsNorGoesBack, for readers that come and go while the writer writes.
func TestSharedNeverTearsNorGoesBack(t *testing.T) {
	const last, each = 50_000, 50
	s := NewShared(copySheet)
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() {
		source := newSheet(0)
		for i := 1; i <= last; i++ {
			source.fill(i)
			if s.Publish(source); i%100 == 0 {
				runtime.Gosched()
			}
		}
	})
	for range 4 {
		all.Go(func() {
			for seen := 0; seen < last; {
				r := s.Reader()
				for range each {
					v := r.Latest()
					if v == nil {
						runtime.Gosched()
						continue
					}
					if v.whole(t); v.number < seen {
						t.Errorf("%d after %d", v.number, seen)
						return
					}
					seen = v.number
				}
				r.Close()
			}
		})
	}
}

func BenchmarkShared(b *testing.B) {
	s, source := NewShared(copySheet), newSheet(49)
	r := s.Reader()
	b.ReportAllocs()
	for b.Loop() {
		s.Publish(source)
		r.Latest()
	}
}
