package journal

import "math"

const entryBytes = 256 // arena for each entry: ample for a mean log line of 200 bytes

// slot is a ring entry's index: 40 bytes, its message lies in the arena.
type slot struct {
	time   int64  // realtime, microseconds since 1970
	seq    uint64 // of its Place, 0: it cannot be read again
	hash   uint32 // of what is shown of the message
	off    uint32 // of the message in the arena; a message never wraps
	full   uint32 // length of the uncut message, saturated
	pid    uint32
	size   uint16 // of the message, at most MaxMessage
	mark   uint16 // unit<<3 | severity
	source uint16 // number of the Sink
	lane   uint16 // of the entry in its source, with earlierBit
}

const earlierBit = 1 << 15 // in slot.lane and record.lane: the entry was there when its source began

func (s *slot) unit() uint16       { return s.mark >> 3 }
func (s *slot) place() Place       { return Place{s.time, s.seq} }
func (s *slot) earlier() bool      { return s.lane&earlierBit != 0 }
func (s *slot) severity() Severity { return Severity(s.mark & 7) }

// ring holds the newest entries: an arena for the messages and an index of slots, both of fixed size. A push evicts
// the oldest entries until both have room. An entry's id rises by one with each push and is never used again; the
// first is 1. One goroutine owns it.
type ring struct {
	slots []slot
	arena []byte
	head  int    // arena offset of the next message
	used  int    // arena bytes between the oldest message and head, with what a wrap left unused
	next  uint64 // id of the next entry
	count int
	units *units
}

// newRing returns an empty ring for capacity entries whose first id is first.
func newRing(capacity int, first uint64, u *units) *ring {
	capacity = max(capacity, 1)
	return &ring{
		slots: make([]slot, capacity),
		arena: make([]byte, max(capacity*entryBytes, 2*MaxMessage)),
		next:  first,
		units: u,
	}
}

// oldest is the id of the oldest entry, next if none.
func (r *ring) oldest() uint64 { return r.next - uint64(r.count) }

func (r *ring) index(id uint64) int { return int(id % uint64(len(r.slots))) }

// at returns the entry with that id, which must be in the ring.
func (r *ring) at(id uint64) *slot { return &r.slots[r.index(id)] }

// message returns the text of an entry; it is the arena's memory, good until the next push.
func (r *ring) message(s *slot) []byte { return r.arena[s.off : int(s.off)+int(s.size)] }

// push takes in an entry of the source with that number, copies its bytes and returns its id. The message is cut at
// MaxMessage by the intake. It allocates only for a unit that is new.
func (r *ring) push(source uint16, h *record, unit, message []byte) uint64 {
	return r.store(slot{
		time:   h.micros,
		seq:    h.seq,
		hash:   h.hash,
		full:   uint32(min(max(h.full, len(message)), math.MaxUint32)),
		pid:    uint32(max(h.pid, 0)),
		mark:   r.units.intern(unit)<<3 | uint16(h.severity),
		source: source,
		lane:   h.lane,
	}, message)
}

// store takes in an entry of which all but the place of its message is known.
func (r *ring) store(s slot, message []byte) uint64 {
	size := len(message)
	off, waste := r.head, 0
	if off+size > len(r.arena) {
		off, waste = 0, len(r.arena)-r.head
	}
	for r.count == len(r.slots) || r.count > 0 && r.used+waste+size > len(r.arena) {
		r.evict()
	}
	if r.count == 0 {
		off, waste, r.used = 0, 0, 0
	}
	copy(r.arena[off:], message)
	r.head = off + size
	r.used += waste + size

	s.off, s.size = uint32(off), uint16(size)
	id := r.next
	r.slots[r.index(id)] = s
	r.units.enter(s.unit(), s.severity())
	r.next++
	r.count++
	return id
}

// evict forgets the oldest entry. The distance to the next message, not the own size, is what comes free: it covers
// what was left unused at the arena's end.
func (r *ring) evict() {
	old := r.at(r.oldest())
	r.units.leave(old.unit(), old.severity())
	r.count--
	if r.count == 0 {
		return
	}
	free := int(r.at(r.oldest()).off) - int(old.off)
	if free < 0 {
		free += len(r.arena)
	}
	r.used -= free
}

// resized returns a ring of another capacity with r's newest entries, under their old ids. r is not usable afterwards.
func (r *ring) resized(capacity int) *ring {
	keep := min(r.count, max(capacity, 1))
	n := newRing(capacity, r.next-uint64(keep), r.units)
	for id := r.oldest(); id < r.next; id++ {
		s := r.at(id)
		r.units.leave(s.unit(), s.severity())
		if id >= n.next {
			n.store(*s, r.message(s))
		}
	}
	return n
}
