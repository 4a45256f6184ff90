package journal

// Ids rise with time: those of the ring from firstID on, below them those of each past in a block of its own.
const (
	firstID   = 1 << 62
	pastBlock = 1 << 32
)

// What is kept of the past: stretchesKept stretches of at most so many rows and bytes, so about half a MiB.
const (
	stretchesKept = 6
	stretchRows   = 512
	stretchBytes  = 48 << 10
)

// archived is a source that can be read again.
type archived struct {
	source  uint16
	archive *Archive // never nil
}

// position is a border between two entries of the merged archives: for each of them the position where the newer side
// begins.
type position []Place

// stretch is a piece of the past, read from the archives by the reader and then the Log's: the rows that pass the
// filter between two cuts.
type stretch struct {
	rows         []pastRow // oldest first
	text         []byte    // their messages, clean
	older, newer position
	atStart      bool // the archives have nothing older
	atRing       bool // the ring goes on right after it
}

// pastRow is a run of equal entries: the newest, and how many they are.
type pastRow struct {
	head
	source  uint16
	name    string // of the unit
	start   int    // of the message in stretch.text
	repeats int
}

func (t *stretch) message(r *pastRow) []byte { return t.text[r.start : r.start+r.message] }

// backlog is a window on what the archives hold beyond the ring, under one filter: stretches without a gap between them.
// The Log's goroutine owns it. Its zero value is empty.
type backlog struct {
	sources   []archived
	stretches []*stretch // oldest first
	low, high uint64     // ids of its rows: [low, high)
	joined    uint64     // id of the ring's entry right after it; 0: there is none, other entries lie between
	parted    bool       // the ring has lost that entry since
}

func (p *backlog) empty() bool { return len(p.stretches) == 0 }

// atStart reports whether the archives have nothing older than the past.
func (p *backlog) atStart() bool { return len(p.stretches) > 0 && p.stretches[0].atStart }

// older is where to read on towards older entries, newer towards newer ones. The past must not be empty.
func (p *backlog) older() position { return p.stretches[0].older }
func (p *backlog) newer() position { return p.stretches[len(p.stretches)-1].newer }

// begin puts t in the place of all that is there, under ids that were never used.
func (p *backlog) begin(t *stretch, block uint64) {
	p.stretches = append(p.stretches[:0], t)
	p.low = firstID - block*pastBlock - pastBlock/2
	p.high = p.low + uint64(len(t.rows))
	p.joined, p.parted = 0, false
}

// addOlder adds the stretch before the past; what is too much goes at the newer end.
func (p *backlog) addOlder(t *stretch) {
	p.stretches = append(p.stretches, nil)
	copy(p.stretches[1:], p.stretches)
	p.stretches[0] = t
	p.low -= uint64(len(t.rows))
	if n := len(p.stretches) - 1; n >= stretchesKept {
		p.high -= uint64(len(p.stretches[n].rows))
		p.stretches = p.stretches[:n]
		p.joined, p.parted = 0, false
	}
}

// addNewer adds the stretch after the past; what is too much goes at the older end.
func (p *backlog) addNewer(t *stretch) {
	p.high += uint64(len(t.rows))
	last := p.stretches[len(p.stretches)-1]
	if len(last.rows)+len(t.rows) <= stretchRows && len(last.text)+len(t.text) <= stretchBytes {
		last.append(t)
		return
	}
	p.stretches = append(p.stretches, t)
	if len(p.stretches) > stretchesKept {
		p.low += uint64(len(p.stretches[0].rows))
		p.stretches = append(p.stretches[:0], p.stretches[1:]...)
	}
}

// join says that the ring goes on, with entry id, right after the past.
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

// reaches reports whether the ring goes on right after the past.
func (p *backlog) reaches() bool { return p.joined != 0 && !p.parted }

// reset forgets the past.
func (p *backlog) reset() { *p = backlog{sources: p.sources, stretches: p.stretches[:0]} }

// has reports whether the row with that id is in the past.
func (p *backlog) has(id uint64) bool { return p.low <= id && id < p.high }

// at returns the row with that id, which must be in the past.
func (p *backlog) at(id uint64) (*stretch, *pastRow) {
	i := int(id - p.low)
	for _, t := range p.stretches {
		if i < len(t.rows) {
			return t, &t.rows[i]
		}
		i -= len(t.rows)
	}
	panic("journal: no such row in the past")
}

// rowIndex are the rows that a view walks over: the past's, as far as it is read and reaches the ring, and the ring's, as
// far as they are tested.
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

// border is the cut where the ring begins: for each source its oldest entry in the ring, or behind all it has.
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
