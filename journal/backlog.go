package journal

import "slices"

// Ids rise with time: those of the ring from firstID on, below them those of each backlog in a block of its own.
const (
	firstID = 1 << 62
	idBlock = 1 << 32
)

// What a backlog keeps: chunksKept chunks of at most so many rows and bytes, so about half a MiB.
const (
	chunksKept = 6
	chunkRows  = 512
	chunkBytes = 48 << 10
)

// archived is a source that can be read again.
type archived struct {
	source  uint16
	archive *Archive // never nil
}

// position is a border between two entries of the merged archives: for each of them the place where the newer side
// begins.
type position []Place

// chunk is a piece of the backlog: the rows that pass the filter between two positions. The reader makes it, then it is
// the Log's.
type chunk struct {
	rows         []chunkRow // oldest first
	text         []byte     // their messages, clean
	older, newer position
	atStart      bool // the archives have nothing older
	atRing       bool // the ring goes on right after it
}

// chunkRow is a run of equal entries: the newest, and how many they are.
type chunkRow struct {
	record
	source  uint16
	name    string // of the unit
	start   int    // of the message in chunk.text
	repeats int
}

func (c *chunk) message(r *chunkRow) []byte { return c.text[r.start : r.start+r.message] }

// backlog is a window on what the archives hold beyond the ring, under one filter: chunks without a gap between them.
// The Log's goroutine owns it. Its zero value is empty.
type backlog struct {
	sources   []archived
	chunks    []*chunk // oldest first
	low, high uint64   // ids of its rows: [low, high)
	joined    uint64   // id of the ring's entry right after it; 0: other entries lie between
	parted    bool     // the ring has lost that entry since
}

func (p *backlog) empty() bool { return len(p.chunks) == 0 }

// atStart reports whether the archives have nothing older than the backlog.
func (p *backlog) atStart() bool { return len(p.chunks) > 0 && p.chunks[0].atStart }

// older is where to read on towards older entries, newer towards newer ones. The backlog must not be empty.
func (p *backlog) older() position { return p.chunks[0].older }
func (p *backlog) newer() position { return p.chunks[len(p.chunks)-1].newer }

// begin puts c in the place of all that is there, under ids that were never used.
func (p *backlog) begin(c *chunk, block uint64) {
	p.chunks = append(p.chunks[:0], c)
	p.low = firstID - block*idBlock - idBlock/2
	p.high = p.low + uint64(len(c.rows))
	p.joined, p.parted = 0, false
}

// addOlder adds the chunk before the backlog; what is too much goes at the newer end.
func (p *backlog) addOlder(c *chunk) {
	p.chunks = slices.Insert(p.chunks, 0, c)
	p.low -= uint64(len(c.rows))
	if n := len(p.chunks) - 1; n >= chunksKept {
		p.high -= uint64(len(p.chunks[n].rows))
		p.chunks = p.chunks[:n]
		p.joined, p.parted = 0, false
	}
}

// addNewer adds the chunk after the backlog; what is too much goes at the older end.
func (p *backlog) addNewer(c *chunk) {
	p.high += uint64(len(c.rows))
	last := p.chunks[len(p.chunks)-1]
	if len(last.rows)+len(c.rows) <= chunkRows && len(last.text)+len(c.text) <= chunkBytes {
		last.append(c)
		return
	}
	p.chunks = append(p.chunks, c)
	if len(p.chunks) > chunksKept {
		p.low += uint64(len(p.chunks[0].rows))
		p.chunks = slices.Delete(p.chunks, 0, 1)
	}
}

// join says that the ring goes on, with entry id, right after the backlog.
func (p *backlog) join(id uint64) { p.joined, p.parted = id, false }

// evicted follows the ring's oldest entry. A hit that the ring has lost leaves a gap.
func (p *backlog) evicted(oldest uint64, hit bool) {
	switch {
	case p.joined == 0 || p.joined >= oldest || p.parted:
	case hit:
		p.parted = true
	default:
		p.joined = oldest
	}
}

// reaches reports whether the ring goes on right after the backlog.
func (p *backlog) reaches() bool { return p.joined != 0 && !p.parted }

// reset forgets all chunks.
func (p *backlog) reset() { *p = backlog{sources: p.sources, chunks: p.chunks[:0]} }

// has reports whether the row with that id is in the backlog.
func (p *backlog) has(id uint64) bool { return p.low <= id && id < p.high }

// at returns the row with that id, which must be in the backlog.
func (p *backlog) at(id uint64) (*chunk, *chunkRow) {
	i := int(id - p.low)
	for _, c := range p.chunks {
		if i < len(c.rows) {
			return c, &c.rows[i]
		}
		i -= len(c.rows)
	}
	panic("journal: no such row in the backlog")
}

// rowIndex are the rows that a view walks over: the backlog's, as far as it is read and reaches the ring, and the
// ring's, as far as they are tested.
type rowIndex struct {
	search
	backlog backlog
}

// before returns the newest row older than id, 0 when none is at hand.
func (l *rowIndex) before(id uint64) uint64 {
	if id >= firstID {
		if row := l.search.before(id); row != 0 {
			return row
		}
		if !l.toOldest() || !l.backlog.reaches() {
			return 0
		}
	}
	if id = min(id, l.backlog.high); id > l.backlog.low {
		return id - 1
	}
	return 0
}

// after returns the oldest row newer than id, 0 when none is at hand.
func (l *rowIndex) after(id uint64) uint64 {
	if id < firstID {
		if next := max(id+1, l.backlog.low); next < l.backlog.high {
			return next
		}
		if !l.backlog.empty() && (!l.backlog.reaches() || !l.toOldest()) {
			return 0
		}
		id = firstID - 1
	}
	return l.search.after(id)
}

// upTo counts the rows at hand that are not newer than id.
func (l *rowIndex) upTo(id uint64) int {
	if id < firstID {
		return int(max(min(id+1, l.backlog.high), l.backlog.low) - l.backlog.low)
	}
	n := l.rows(l.low, id+1)
	if l.backlog.reaches() && l.toOldest() {
		n += int(l.backlog.high - l.backlog.low)
	}
	return n
}

// has reports whether the entry with that id is at hand.
func (l *rowIndex) has(id uint64) bool {
	if id < firstID {
		return l.backlog.has(id)
	}
	return l.ring.oldest() <= id && id < l.ring.next
}

// severity of the row with that id.
func (l *rowIndex) severity(id uint64) Severity {
	if id < firstID {
		_, r := l.backlog.at(id)
		return r.severity
	}
	return l.ring.at(id).severity()
}

// stamp is where the row with that id is found again.
func (l *rowIndex) stamp(id uint64) (source uint16, at Place) {
	if id < firstID {
		_, r := l.backlog.at(id)
		return r.source, r.place()
	}
	e := l.ring.at(id)
	return e.source, e.place()
}

// border is the position where the ring begins: for each source its oldest entry in the ring, or behind all it has.
func (l *rowIndex) border(sources []archived) position {
	c := make(position, len(sources))
	for i := range c {
		c[i] = endPlace
	}
	missing := len(sources)
	for id := l.ring.oldest(); id < l.ring.next && missing > 0; id++ {
		e := l.ring.at(id)
		if e.seq == 0 {
			continue
		}
		for i := range sources {
			if sources[i].source == e.source && c[i] == endPlace {
				c[i] = e.place()
				missing--
			}
		}
	}
	return c
}
