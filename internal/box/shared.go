package box

import "sync/atomic"

// Shared hands the newest T from one writing goroutine to any number of reading ones, which all get the same copy of it. A copy is
// used again once no reader has it any more, so that nothing tears, nobody waits, and nothing is allocated as long as each reader
// looks between two values. There are as many copies as readers lag behind, and two more. Make one with NewShared.
type Shared[T any] struct {
	copy   func(dst, src *T)
	newest atomic.Pointer[slot[T]] // nil: there is none
	slots  []*slot[T]              // the writer's
}

type slot[T any] struct {
	value   T
	readers atomic.Int32 // that have it
}

// Reader is one of the readers of a Shared. One goroutine uses it.
type Reader[T any] struct {
	of   *Shared[T]
	held *slot[T] // nil: it has had no value
}

// NewShared returns one without a value. copy is as in New.
func NewShared[T any](copy func(dst, src *T)) *Shared[T] { return &Shared[T]{copy: copy} }

// Publish makes a copy of src the newest value. Only the one writer may call it; src stays the writer's.
func (s *Shared[T]) Publish(src *T) {
	newest, kept, free := s.newest.Load(), s.slots[:0], 0
	var into *slot[T]
	for _, one := range s.slots {
		if one == newest || one.readers.Load() != 0 {
			kept = append(kept, one)
			continue
		}
		// A reader may take it yet, sees that it is not the newest any more, and lets go of it without a look.
		if free++; free <= 2 { // one to spare
			into, kept = one, append(kept, one)
		}
	}
	clear(s.slots[len(kept):])
	s.slots = kept
	if into == nil {
		into = new(slot[T])
		s.slots = append(s.slots, into)
	}
	s.copy(&into.value, src)
	s.newest.Store(into)
}

// Clear takes the newest value back: who has not had it yet does not get it. Only the one writer may call it.
func (s *Shared[T]) Clear() { s.newest.Store(nil) }

// Reader returns another reader. Any goroutine may call it.
func (s *Shared[T]) Reader() *Reader[T] { return &Reader[T]{of: s} }

// Latest returns the newest value, nil when there was none yet. It stays as it is until the next call. The readers share it:
// nobody may change it.
func (r *Reader[T]) Latest() *T {
	for {
		newest := r.of.newest.Load()
		if newest == nil || newest == r.held {
			break
		}
		newest.readers.Add(1)
		if r.of.newest.Load() == newest { // from here on the writer leaves it alone
			r.Close()
			r.held = newest
			break
		}
		newest.readers.Add(-1)
	}
	if r.held == nil {
		return nil
	}
	return &r.held.value
}

// Close gives back what Latest returned last.
func (r *Reader[T]) Close() {
	if r.held != nil {
		r.held.readers.Add(-1)
		r.held = nil
	}
}
