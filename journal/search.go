package journal

import (
	"bytes"
	"math/bits"
)

// The work of one slice of a scan, in the nanoseconds of matcher.cost: at most, and right after entries have come.
const (
	sliceCost  = 1_000_000
	firstSlice = 16_000
)

// search knows which entries of a ring pass the filter, and which of those are a row: a run of equal entries is one,
// named after its newest. Two bits for each entry are found once and kept, so turning pages, counting and following a
// filtered ring read bits and not messages. The scan runs in slices: new entries first, then from the newest towards
// the oldest.
type search struct {
	ring   *ring
	m      matcher
	err    string // why the filter cannot be used
	hits   bitmap // by slot index; good for the entries in [low, high)
	leads  bitmap // hits that no equal hit follows
	low    uint64
	high   uint64
	newest uint64 // hit so far, 0: none
	oldest uint64
	shown  [2][]byte // scratch of equal
}

// start begins a scan with another filter or another ring.
func (s *search) start(r *ring, f Filter) {
	if s.ring == nil || len(s.ring.slots) != len(r.slots) {
		s.hits, s.leads = newBitmap(len(r.slots)), newBitmap(len(r.slots))
	}
	s.ring = r
	s.m, s.err = newMatcher(f, r.units)
	s.low, s.high = r.next, r.next
	s.newest, s.oldest = 0, 0
}

// evicted forgets what the ring no longer holds, and reports whether a hit was among it. When entries come faster than
// they can be tested, that may be all.
func (s *search) evicted() (hit bool) {
	oldest := s.ring.oldest()
	if oldest > s.low {
		// The bits of what is gone are whole until its successors are tested.
		hit = oldest > s.high || s.count(s.low, oldest) > 0
	}
	s.low = max(s.low, oldest)
	s.high = max(s.high, oldest)
	return hit
}

// step does a slice of the scan that costs about budget. It returns what is left of that.
func (s *search) step(budget int) int {
	for ; s.high < s.ring.next && budget > 0; s.high++ {
		budget -= s.test(s.high)
	}
	for oldest := s.ring.oldest(); s.low > oldest && budget > 0; {
		s.low--
		budget -= s.test(s.low)
	}
	return budget
}

// test finds the bits of the entry at an end of the tested ones.
func (s *search) test(id uint64) (cost int) {
	e, i := s.ring.at(id), s.ring.index(id)
	cost = s.m.cost(e)
	hit := s.m.match(e.severity(), e.unit(), s.ring.message(e))
	s.hits.put(i, hit)
	s.leads.put(i, hit)
	if !hit {
		return cost
	}
	newer := id == s.high
	neighbour := s.oldest
	if newer {
		neighbour = s.newest
	}
	if neighbour >= s.ring.oldest() && !s.m.filter.Each {
		equal, compared := s.equal(id, neighbour)
		cost += compared
		if equal && newer {
			s.leads.put(s.ring.index(neighbour), false)
		} else if equal {
			s.leads.put(i, false)
		}
	}
	if newer || s.newest == 0 {
		s.newest = id
	}
	if !newer || s.oldest == 0 {
		s.oldest = id
	}
	return cost
}

// equal reports whether two entries are shown alike but for their time and process.
func (s *search) equal(a, b uint64) (equal bool, cost int) {
	x, y := s.ring.at(a), s.ring.at(b)
	if x.mark != y.mark || x.hash != y.hash && !s.m.filter.Raw {
		return false, 0
	}
	m, n := s.ring.message(x), s.ring.message(y)
	if s.m.filter.Raw || bytes.Equal(m, n) {
		return bytes.Equal(m, n), len(m) / 8
	}
	s.shown[0], s.shown[1] = AppendPayload(s.shown[0][:0], m), AppendPayload(s.shown[1][:0], n)
	return bytes.Equal(s.shown[0], s.shown[1]), 2 * (len(m) + len(n))
}

// complete reports whether every entry of the ring has been tested.
func (s *search) complete() bool { return s.toOldest() && s.toNewest() }

// toOldest reports whether no untested entry is older than the tested ones; toNewest likewise.
func (s *search) toOldest() bool { return s.low <= s.ring.oldest() }
func (s *search) toNewest() bool { return s.high == s.ring.next }

// percent is how much of the ring has been tested.
func (s *search) percent() int {
	if s.ring.count == 0 {
		return 100
	}
	return int((s.high - s.low) * 100 / uint64(s.ring.count))
}

// count returns how many tested entries in [from, to) pass, rows how many rows they make.
func (s *search) count(from, to uint64) int { return s.bits(s.hits, from, to) }
func (s *search) rows(from, to uint64) int  { return s.bits(s.leads, from, to) }

func (s *search) bits(b bitmap, from, to uint64) int {
	from, to = max(from, s.low), min(to, s.high)
	if from >= to {
		return 0
	}
	i, j := s.ring.index(from), s.ring.index(to-1)+1
	if i < j {
		return b.count(i, j)
	}
	return b.count(i, len(s.ring.slots)) + b.count(0, j)
}

// before returns the newest row older than id, among the tested entries, 0 if none.
func (s *search) before(id uint64) uint64 {
	id = min(id, s.high)
	if id <= s.low {
		return 0
	}
	a, b := s.ring.index(s.low), s.ring.index(id-1)+1
	if a < b {
		return s.id(s.leads.last(a, b))
	}
	if i := s.leads.last(0, b); i >= 0 {
		return s.id(i)
	}
	return s.id(s.leads.last(a, len(s.ring.slots)))
}

// after returns the oldest row newer than id, among the tested entries, 0 if none.
func (s *search) after(id uint64) uint64 { return s.next(s.leads, id) }

// rowOf returns the row that the entry id is part of, 0 when it is in none.
func (s *search) rowOf(id uint64) uint64 {
	if id < s.low || id >= s.high || s.bits(s.hits, id, id+1) == 0 {
		return 0
	}
	return s.after(id - 1)
}

// run returns the oldest entry of the row id and how many it stands for, as far as tested.
func (s *search) run(id uint64) (oldest uint64, n int) {
	before := s.before(id)
	oldest = s.next(s.hits, before)
	return oldest, s.count(oldest, id+1)
}

func (s *search) next(b bitmap, id uint64) uint64 {
	id = max(id+1, s.low)
	if id >= s.high {
		return 0
	}
	i, j := s.ring.index(id), s.ring.index(s.high-1)+1
	if i < j {
		return s.id(b.first(i, j))
	}
	if k := b.first(i, len(s.ring.slots)); k >= 0 {
		return s.id(k)
	}
	return s.id(b.first(0, j))
}

// id turns the slot index of a tested entry back into its id, -1 into 0.
func (s *search) id(index int) uint64 {
	if index < 0 {
		return 0
	}
	distance := index - s.ring.index(s.low)
	if distance < 0 {
		distance += len(s.ring.slots)
	}
	return s.low + uint64(distance)
}

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

// first returns the lowest position set in [from, to), -1 if none.
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

// last returns the highest position set in [from, to), -1 if none.
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
