package journal

import (
	"cmp"
	"slices"
	"time"
)

// clockSlack is by how many microseconds stamps of one lane may go back without the clock having been set.
const clockSlack = int64(time.Minute / time.Microsecond)

// lane names what keeps its own order: the entries of one source and Entry.Lane.
type lane struct{ source, number uint16 }

func (s *slot) laneOf() lane { return lane{s.source, s.lane &^ earlierBit} }

// rank is where an entry belongs in a merge: first by how often the clock was set back after it, then by its stamp.
type rank struct {
	steps int // the more, the older
	time  int64
}

func (r rank) compare(o rank) int {
	return cmp.Or(cmp.Compare(o.steps, r.steps), cmp.Compare(r.time, o.time))
}

func later(r, o rank) rank {
	if r.compare(o) > 0 {
		return r
	}
	return o
}

// sorted reports whether the entries' times never go back.
func (r *ring) sorted() bool {
	for id := r.oldest() + 1; id < r.next; id++ {
		if r.at(id).time < r.at(id-1).time {
			return false
		}
	}
	return true
}

// merged returns a ring with r's entries merged by their stamps: those of a lane stay in its order, which no clock
// changes, and so do those that came when their sources had begun, in the order of their arrival. now is the time in
// microseconds since 1970. r is not usable afterwards.
func (r *ring) merged(now int64) *ring {
	first := r.oldest()
	ranks := r.ranks(now)
	ends := make(map[lane]rank)
	var arrived rank
	arrived.steps = r.count
	order := make([]uint64, 0, r.count)
	for id := first; id < r.next; id++ {
		s, own := r.at(id), &ranks[id-first]
		if end, known := ends[s.laneOf()]; known {
			*own = later(*own, end)
		}
		if !s.earlier() {
			*own = later(*own, arrived)
			arrived = *own
		}
		ends[s.laneOf()] = *own
		order = append(order, id)
		r.units.leave(s.unit(), s.severity())
	}
	slices.SortStableFunc(order, func(a, b uint64) int { return ranks[a-first].compare(ranks[b-first]) })
	n := newRing(len(r.slots), first, r.units)
	for _, id := range order {
		s := r.at(id)
		n.store(*s, r.message(s))
	}
	return n
}

// ranks returns the rank of each entry, oldest first. Where later entries of a lane, or the clock, are behind a stamp,
// the clock was set back in between; a single stamp that runs ahead is one that somebody wrote wrong.
func (r *ring) ranks(now int64) []rank {
	type state struct {
		limit int64 // the latest stamp since the clock was set
		newer int64 // the time of the entry after this one
		steps int
	}
	first := r.oldest()
	ranks, before := make([]rank, r.count), make([]uint64, r.count)
	newest := make(map[lane]uint64)
	for id := first; id < r.next; id++ {
		s := r.at(id)
		before[id-first] = newest[s.laneOf()] // 0: none
		newest[s.laneOf()] = id
	}
	lanes := make(map[lane]*state, len(newest))
	for id := r.next; id > first; {
		id--
		s := r.at(id)
		at := lanes[s.laneOf()]
		fresh := at == nil
		if fresh {
			at = &state{limit: now, newer: now}
			lanes[s.laneOf()] = at
		}
		ahead := func(e *slot) bool { return e.time > at.limit+clockSlack }
		prev := before[id-first]
		t := s.time
		switch {
		case ahead(s) && (prev == 0 || ahead(r.at(prev))):
			at.steps++
			at.limit = t
		case ahead(s):
			t = at.newer
		case fresh:
			at.limit = t
		default:
			at.limit = max(at.limit, t)
		}
		at.newer = t
		ranks[id-first] = rank{at.steps, t}
	}
	return ranks
}
