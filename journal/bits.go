package journal

import "math/bits"

// bitmap has a bit for each slot of a ring. Positions are slot indexes, not ids.
type bitmap []uint64

func newBitmap(n int) bitmap { return make(bitmap, (n+63)/64) }

func (b bitmap) put(i int, on bool) {
	b[i>>6] &^= 1 << (i & 63)
	if on {
		b[i>>6] |= 1 << (i & 63)
	}
}

// count returns the bits set in [from, to).
func (b bitmap) count(from, to int) int {
	if from >= to {
		return 0
	}
	first, last := from>>6, (to-1)>>6
	head, tail := ^uint64(0)<<(from&63), ^uint64(0)>>(63-(to-1)&63)
	if first == last {
		return bits.OnesCount64(b[first] & head & tail)
	}
	n := bits.OnesCount64(b[first]&head) + bits.OnesCount64(b[last]&tail)
	for _, w := range b[first+1 : last] {
		n += bits.OnesCount64(w)
	}
	return n
}

// first returns the lowest position set in [from, to), -1 if there is none.
func (b bitmap) first(from, to int) int {
	for i := from; i < to; i = i&^63 + 64 {
		if w := b[i>>6] >> (i & 63); w != 0 {
			if i += bits.TrailingZeros64(w); i < to {
				return i
			}
			return -1
		}
	}
	return -1
}

// last returns the highest position set in [from, to), -1 if there is none.
func (b bitmap) last(from, to int) int {
	for i := to - 1; i >= from; i = i&^63 - 1 {
		if w := b[i>>6] << (63 - i&63); w != 0 {
			if i -= bits.LeadingZeros64(w); i >= from {
				return i
			}
			return -1
		}
	}
	return -1
}
