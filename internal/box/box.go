// Package box is how a snapshot changes hands without a lock: Box is a triple buffer from one writer to one reader, Shared lets
// many readers have one copy, and Change replaces a list that others go through.
package box

import "sync/atomic"

const fresh = 1 << 2 // set in Box.between when the slot there has not been seen by the reader

// Box hands copies of a T from one writing goroutine to one reading goroutine. Of its three slots the writer owns
// one, the reader owns one and one lies between; an atomic swap moves ownership, so nothing tears, nobody waits and
// nothing is allocated once the slots have grown to size. A second reader needs a Box of its own.
type Box[T any] struct {
	slots   [3]T
	copy    func(dst, src *T)
	between atomic.Uint32 // index of the slot in between, plus fresh
	write   uint32        // the writer's slot
	read    uint32        // the reader's slot
	seen    bool          // the reader has had a value
}

// New returns an empty Box. copy must make dst equal to src without sharing memory that the writer later changes;
// slices are copied with append(dst.S[:0], src.S...) so that they keep their memory.
func New[T any](copy func(dst, src *T)) *Box[T] {
	b := &Box[T]{copy: copy, write: 0, read: 1}
	b.between.Store(2)
	return b
}

// Publish copies src into the box as its newest value. Only the one writer may call it; src stays the writer's.
func (b *Box[T]) Publish(src *T) {
	b.copy(&b.slots[b.write], src)
	b.write = b.between.Swap(b.write|fresh) &^ fresh
}

// Latest returns the newest value, or nil when nothing was published yet. Only the one reader may call it; the value
// is the reader's until its next call.
func (b *Box[T]) Latest() *T {
	if b.between.Load()&fresh != 0 {
		b.read = b.between.Swap(b.read) &^ fresh
		b.seen = true
	}
	if !b.seen {
		return nil
	}
	return &b.slots[b.read]
}
