package journal

// sliceCost is the work of one slice of a scan, in the nanoseconds of matcher.cost.
const sliceCost = 1_000_000

// search knows which entries of a ring pass the filter. A bit for each entry is found once and kept, so turning pages,
// counting and following a filtered ring read bits and not messages. The scan runs in slices: new entries first, then
// from the newest towards the oldest.
type search struct {
	ring *ring
	m    matcher
	err  string // why the filter cannot be used
	hits bitmap // by slot index; good for the entries in [low, high)
	low  uint64
	high uint64
}

// start begins a scan with another filter or another ring.
func (s *search) start(r *ring, f Filter) {
	if s.ring == nil || len(s.ring.slots) != len(r.slots) {
		s.hits = newBitmap(len(r.slots))
	}
	s.ring = r
	s.m, s.err = newMatcher(f, r.units)
	s.low, s.high = r.next, r.next
}

// evicted forgets what the ring no longer holds. When entries come faster than they can be tested, that may be all.
func (s *search) evicted() {
	oldest := s.ring.oldest()
	s.low = max(s.low, oldest)
	s.high = max(s.high, oldest)
}

// step does one slice of the scan.
func (s *search) step() {
	s.evicted()
	budget := sliceCost
	for ; s.high < s.ring.next && budget > 0; s.high++ {
		budget -= s.test(s.high)
	}
	for oldest := s.ring.oldest(); s.low > oldest && budget > 0; {
		s.low--
		budget -= s.test(s.low)
	}
}

func (s *search) test(id uint64) (cost int) {
	e := s.ring.at(id)
	s.hits.put(s.ring.index(id), s.m.match(s.ring, e))
	return s.m.cost(e)
}

// complete says whether every entry of the ring has been tested.
func (s *search) complete() bool { return s.toOldest() && s.toNewest() }

// toOldest says whether no untested entry is older than the tested ones; toNewest likewise.
func (s *search) toOldest() bool { return s.low <= s.ring.oldest() }
func (s *search) toNewest() bool { return s.high == s.ring.next }

// percent is how much of the ring has been tested.
func (s *search) percent() int {
	if s.ring.count == 0 {
		return 100
	}
	return int((s.high - s.low) * 100 / uint64(s.ring.count))
}

// count returns how many tested entries in [from, to) pass.
func (s *search) count(from, to uint64) int {
	from, to = max(from, s.low), min(to, s.high)
	if from >= to {
		return 0
	}
	a, b := s.ring.index(from), s.ring.index(to-1)+1
	if a < b {
		return s.hits.count(a, b)
	}
	return s.hits.count(a, len(s.ring.slots)) + s.hits.count(0, b)
}

// before returns the newest tested entry older than id that passes, 0 when there is none.
func (s *search) before(id uint64) uint64 {
	id = min(id, s.high)
	if id <= s.low {
		return 0
	}
	a, b := s.ring.index(s.low), s.ring.index(id-1)+1
	if a < b {
		return s.id(s.hits.last(a, b))
	}
	if i := s.hits.last(0, b); i >= 0 {
		return s.id(i)
	}
	return s.id(s.hits.last(a, len(s.ring.slots)))
}

// after returns the oldest tested entry newer than id that passes, 0 when there is none.
func (s *search) after(id uint64) uint64 {
	id = max(id+1, s.low)
	if id >= s.high {
		return 0
	}
	a, b := s.ring.index(id), s.ring.index(s.high-1)+1
	if a < b {
		return s.id(s.hits.first(a, b))
	}
	if i := s.hits.first(a, len(s.ring.slots)); i >= 0 {
		return s.id(i)
	}
	return s.id(s.hits.first(0, b))
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
