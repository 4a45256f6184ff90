package history

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/frame"
	"hypervisor-tui/journal"
)

// Reader reads a recording while another process may write it. It remembers which pages there are as they were at the last
// Refresh; a page that the writer has written over since reads as one that is gone. One goroutine uses it.
type Reader struct {
	file       *os.File
	zone       *time.Location
	tiers      [tierCount][]placed // by seq, oldest first
	starts     [tierCount]int      // pages of the file before those of the tier
	counts     [tierCount]int
	converters map[uint64]*converter // by the id of an older schema; nil: it is not known
	page       reading               // the one that was read last
	vectors    int                   // that are in it
	at         Position              // whose page that is; its record does not matter
	buffer     []byte
	converted  []cell
}

// placed is a page and where it is.
type placed struct {
	pageHead
	slot int
}

// Position is one record.
type Position struct {
	tier   int
	seq    uint64
	record int // among the vectors of its page
}

// RecordInfo is what a record says of itself.
type RecordInfo struct {
	Wall   time.Time
	Boot   time.Duration // CLOCK_BOOTTIME
	BootID [16]byte
	Every  time.Duration // between two records of its tier; 0: each sample made one
	Last   bool          // it is the last one before recording was stopped in good order
}

var (
	// ErrNothing is returned when there is no recording to read.
	ErrNothing = errors.New("nothing is recorded")
	errGone    = errors.New("history: the record has been written over")
	errUnknown = errors.New("history: the record is of a version of this program that is not known")
)

// Open opens a recording for reading. Times are shown in zone.
func Open(path string, zone *time.Location) (*Reader, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNothing
	}
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	r := &Reader{file: f, zone: zone, converters: map[uint64]*converter{}, buffer: make([]byte, pageSize)}
	if r.counts, err = parseSuperblock(f); err != nil {
		return nil, errors.Join(fmt.Errorf("history: %s %w", path, err), f.Close())
	}
	first := 0
	for i, n := range r.counts {
		r.starts[i] = first
		first += n
	}
	for i := range schemaSlots {
		if text, _ := loadSchema(f, i); text != "" && text != layout().schema {
			r.converters[schemaID(text)] = newConverter(text, layout().schema)
		}
	}
	r.Refresh()
	return r, nil
}

// Close closes the file.
func (r *Reader) Close() error { return r.file.Close() }

// Refresh looks which pages there are now.
func (r *Reader) Refresh() {
	head := make([]byte, pageHeader)
	for i := range r.tiers {
		pages := r.tiers[i][:0]
		for slot := range r.counts[i] {
			if _, err := r.file.ReadAt(head, r.offset(i, slot)); err != nil {
				continue // a damaged disk loses that page
			}
			if h, ok := parseHead(head); ok && int(h.tier) == i {
				pages = append(pages, placed{h, slot})
			}
		}
		slices.SortFunc(pages, func(a, b placed) int {
			switch {
			case a.seq < b.seq:
				return -1
			case a.seq > b.seq:
				return 1
			}
			return 0
		})
		r.tiers[i] = pages
	}
	r.at = Position{}
}

func (r *Reader) offset(tier, slot int) int64 { return pagesAt + int64(r.starts[tier]+slot)*pageSize }

// find returns where the page of a seq stands in the list of its tier, or where it would.
func (r *Reader) find(tier int, seq uint64) (int, bool) {
	return slices.BinarySearchFunc(r.tiers[tier], seq, func(p placed, seq uint64) int {
		switch {
		case p.seq < seq:
			return -1
		case p.seq > seq:
			return 1
		}
		return 0
	})
}

// load reads a page and finds its vectors. It returns false when it is gone, or has none.
func (r *Reader) load(tier int, seq uint64) bool {
	if r.at.tier == tier && r.at.seq == seq && seq != 0 {
		return r.vectors > 0
	}
	r.at, r.vectors = Position{}, 0
	i, found := r.find(tier, seq)
	if !found {
		return false
	}
	slot := r.tiers[tier][i].slot
	if _, err := r.file.ReadAt(r.buffer, r.offset(tier, slot)); err != nil {
		return false
	}
	head, ok := parseHead(r.buffer)
	if !ok || head.seq != seq || int(head.tier) != tier {
		return false
	}
	r.page.head, r.page.bytes = head, r.buffer
	r.skim(func(_ *record, vector int) bool {
		r.vectors = vector + 1
		return true
	})
	r.at = Position{tier: tier, seq: seq}
	return r.vectors > 0
}

// walk calls visit with the records of the page that was loaded, in their order, until it returns false. What it gets is valid
// until it returns.
func (r *Reader) walk(visit func(rec *record, vector int) bool) {
	r.page.skim = false
	r.each(visit)
}

// skim is walk without the cells.
func (r *Reader) skim(visit func(rec *record, vector int) bool) {
	r.page.skim = true
	r.each(visit)
}

func (r *Reader) each(visit func(rec *record, vector int) bool) {
	p := &r.page
	p.rewind()
	vector := -1
	for {
		rec, ok := r.page.next()
		if !ok {
			return
		}
		if rec.isVector() {
			vector++
		}
		if !visit(&rec, vector) {
			return
		}
	}
}

// Span returns the times of the oldest and the newest record.
func (r *Reader) Span() (oldest, newest time.Time) {
	for i := range r.tiers {
		for _, p := range r.tiers[i] {
			if wall := time.UnixMilli(p.wall).In(r.zone); oldest.IsZero() || wall.Before(oldest) {
				oldest = wall
			}
		}
	}
	if p, ok := r.Last(); ok {
		newest = r.wall(p)
	}
	return oldest, newest
}

// Last returns the newest record.
func (r *Reader) Last() (Position, bool) { return r.lastOf(0) }

// lastOf returns the newest record of a tier.
func (r *Reader) lastOf(tier int) (Position, bool) {
	for i := len(r.tiers[tier]) - 1; i >= 0; i-- {
		if seq := r.tiers[tier][i].seq; r.load(tier, seq) {
			return Position{tier, seq, r.vectors - 1}, true
		}
	}
	return Position{}, false
}

// wall returns when a record was made.
func (r *Reader) wall(p Position) time.Time {
	wall := time.Time{}
	if r.load(p.tier, p.seq) {
		r.skim(func(rec *record, vector int) bool {
			if rec.isVector() && vector == p.record {
				wall = time.UnixMilli(rec.wall).In(r.zone)
			}
			return vector < p.record
		})
	}
	return wall
}

// At returns the newest record that is not after t, of the finest tier that has one near it; where none is near, the newest of
// all before t, and where there is none, the first one after it.
func (r *Reader) At(t time.Time) (Position, bool) {
	var nearest Position
	var nearestWall time.Time
	for _, tier := range [...]int{burstTier, 0, 1, 2} {
		p, wall, found := r.before(tier, t)
		if !found {
			continue
		}
		if t.Sub(wall) <= 2*max(intervals[tier], 2*time.Second) {
			return p, true
		}
		if nearestWall.IsZero() || wall.After(nearestWall) {
			nearest, nearestWall = p, wall
		}
	}
	if !nearestWall.IsZero() {
		return nearest, true
	}
	found := false
	for tier := range burstTier { // all are after t: the first of them
		for _, page := range r.tiers[tier] {
			if r.load(tier, page.seq) {
				if p := (Position{tier, page.seq, 0}); !found || r.wall(p).Before(nearestWall) {
					nearest, nearestWall, found = p, r.wall(p), true
				}
				break
			}
		}
	}
	return nearest, found
}

// end returns a wall clock, in ms, that is not before that of any record of page i of a tier. Where the clock was stepped in
// the page it is what the clock would have been without, or what it was then. Of the newest page, and of the last one of a boot,
// none is known.
func (r *Reader) end(tier, i int) int64 {
	pages := r.tiers[tier]
	if i+1 >= len(pages) || pages[i].bootID != pages[i+1].bootID {
		return math.MaxInt64
	}
	return max(pages[i+1].wall, pages[i].wall+(pages[i+1].boot-pages[i].boot)/int64(time.Millisecond))
}

// before returns the record of a tier that is nearest to t of those not after it, the newest one where the clock has shown that
// time twice.
func (r *Reader) before(tier int, t time.Time) (p Position, at time.Time, found bool) {
	ms, nearest := t.UnixMilli(), int64(math.MinInt64)
	for i := len(r.tiers[tier]) - 1; i >= 0; i-- {
		page := r.tiers[tier][i]
		if page.wall > ms || found && r.end(tier, i) <= nearest || !r.load(tier, page.seq) {
			continue
		}
		r.skim(func(rec *record, vector int) bool {
			if rec.isVector() && rec.wall <= ms && (rec.wall > nearest || found && p.seq == page.seq && rec.wall == nearest) {
				nearest, p, found = rec.wall, Position{tier, page.seq, vector}, true
			}
			return true
		})
	}
	if found {
		at = time.UnixMilli(nearest).In(r.zone)
	}
	return p, at, found
}

// Step returns the record n records later than p, or earlier where n is negative. Behind the ends of its tier it goes on in
// another; false: there is none.
func (r *Reader) Step(p Position, n int) (Position, bool) {
	tier := p.tier
	i, found := r.find(tier, p.seq)
	if !found || !r.load(tier, p.seq) {
		return Position{}, false
	}
	from := r.wall(p)
	p.record += n
	for p.record < 0 {
		if i--; i < 0 {
			return r.older(tier, from)
		}
		if seq := r.tiers[tier][i].seq; r.load(tier, seq) {
			p.seq = seq
			p.record += r.vectors
		}
	}
	for !r.load(tier, p.seq) || p.record >= r.vectors {
		p.record -= r.vectors
		if i++; i >= len(r.tiers[tier]) {
			return r.newer(tier, from)
		}
		p.seq = r.tiers[tier][i].seq
	}
	// Between two bursts the finest tier is nearer.
	if gap := r.wall(p).Sub(from); tier == burstTier && gap.Abs() > time.Duration(max(n, -n))*intervals[0] {
		if n < 0 {
			return r.older(tier, from)
		}
		return r.newer(tier, from)
	}
	return p, true
}

// older returns the newest record before t of a tier that is coarser, or of the finest where bursts end.
func (r *Reader) older(tier int, t time.Time) (Position, bool) {
	if tier == burstTier {
		tier = -1
	}
	for tier++; tier < burstTier; tier++ {
		if p, _, found := r.before(tier, t.Add(-time.Millisecond)); found {
			return p, true
		}
	}
	return Position{}, false
}

// newer returns the oldest record after t of a tier that is finer.
func (r *Reader) newer(tier int, t time.Time) (Position, bool) {
	if tier == burstTier {
		tier = 1
	}
	for tier--; tier >= 0; tier-- {
		if p, ok := r.after(tier, t); ok {
			return p, true
		}
	}
	return Position{}, false
}

// after returns the oldest record of a tier that is after t.
func (r *Reader) after(tier int, t time.Time) (p Position, found bool) {
	ms := t.UnixMilli()
	from := 0
	for i, page := range r.tiers[tier] {
		if page.wall <= ms {
			from = i
		}
	}
	for _, page := range r.tiers[tier][min(from, len(r.tiers[tier])):] {
		if !r.load(tier, page.seq) {
			continue
		}
		r.skim(func(rec *record, vector int) bool {
			if rec.isVector() && rec.wall > ms {
				p, found = Position{tier, page.seq, vector}, true
			}
			return !found
		})
		if found {
			return p, true
		}
	}
	return p, false
}

// BeforeBoot returns the last record that is of another boot than bootID and was made before the first of that one.
func (r *Reader) BeforeBoot(bootID string) (Position, bool) {
	id := parseBootID(bootID)
	of := func(p placed) bool { return p.bootID == id }
	known := slices.ContainsFunc(r.tiers[:burstTier], func(pages []placed) bool { return slices.ContainsFunc(pages, of) })
	for tier := range burstTier {
		pages := r.tiers[tier]
		i := len(pages) - 1
		for known && i >= 0 && !of(pages[i]) { // of a later boot
			i--
		}
		for ; i >= 0; i-- {
			if seq := pages[i].seq; !of(pages[i]) && r.load(tier, seq) {
				return Position{tier, seq, r.vectors - 1}, true
			}
		}
	}
	return Position{}, false
}

// Load reads a record into s. Settings, Page and what else is not recorded are as in a new Snapshot.
func (r *Reader) Load(p Position, s *frame.Snapshot) (info RecordInfo, err error) {
	if !r.load(p.tier, p.seq) || p.record < 0 || p.record >= r.vectors {
		return info, errGone
	}
	err = errGone
	var left []cell
	r.walk(func(rec *record, vector int) bool {
		if vector == p.record {
			info = RecordInfo{Wall: time.UnixMilli(rec.wall).In(r.zone), Boot: rec.boot, BootID: r.page.head.bootID, Every: intervals[p.tier]}
			if left = r.own(rec.cells); len(left) < peakCount {
				err = errUnknown
				return false
			}
			decode(s, left[peakCount:], r.page.text, info.Wall, info.Boot)
			err = nil
		}
		return vector < p.record
	})
	info.Last = err == nil && r.ends(p)
	return info, err
}

// ends reports whether recording was stopped in good order after a record, before the next one. The mark may be in a later page.
func (r *Reader) ends(p Position) (end bool) {
	i, _ := r.find(p.tier, p.seq)
	for more := true; more && i < len(r.tiers[p.tier]); i++ {
		seq := r.tiers[p.tier][i].seq
		r.load(p.tier, seq)
		if r.at.seq != seq {
			return false
		}
		r.skim(func(rec *record, vector int) bool {
			if seq == p.seq && vector < p.record {
				return true
			}
			end = rec.kind == markRecord && len(rec.body) == 1 && mark(rec.body[0]) == markEnd
			more = !end && (!rec.isVector() || seq == p.seq && vector == p.record)
			return more
		})
	}
	return end
}

// own makes the cells of a record those of this version's schema, nil when its schema is not known.
func (r *Reader) own(record []cell) []cell {
	if r.page.head.schema == layout().id {
		return record
	}
	c := r.converters[r.page.head.schema]
	if c == nil {
		return nil
	}
	converted := c.convert(r.converted[:0], record)
	if converted != nil {
		r.converted = converted
	}
	return converted
}

// Events appends what happened from one time to another, oldest first.
func (r *Reader) Events(dst []frame.Event, from, to time.Time) []frame.Event {
	start := len(dst)
	// What is older than the finest tier the coarsest one has. The wall clock does not say what is older.
	finest := r.tiers[0]
	older := func(boot [16]byte, at time.Duration) bool {
		if len(finest) > 0 && finest[0].bootID == boot {
			return int64(at) < finest[0].boot
		}
		return !slices.ContainsFunc(finest, func(p placed) bool { return p.bootID == boot })
	}
	for _, tier := range [...]int{2, 0} {
		for i, page := range r.tiers[tier] {
			if page.wall > to.UnixMilli() && tier != 2 || r.end(tier, i) < from.Add(-time.Hour).UnixMilli() {
				continue
			}
			r.load(tier, page.seq) // one of events alone counts, too
			if r.at.seq != page.seq {
				continue
			}
			r.skim(func(rec *record, _ int) bool {
				if rec.kind == eventRecord && rec.wall >= from.UnixMilli() && rec.wall <= to.UnixMilli() &&
					(tier == 0 || older(page.bootID, rec.boot)) {
					if e, ok := parseEvent(rec, r.zone); ok {
						dst = append(dst, e)
					}
				}
				return true
			})
		}
	}
	slices.SortStableFunc(dst[start:], func(a, b frame.Event) int { return a.At.Compare(b.At) })
	return dst
}

// Peaks calls visit with the peaks of the n records of p's tier up to p, oldest first; fewer where there are fewer. What visit
// gets is valid until it returns.
func (r *Reader) Peaks(p Position, n int, visit func(at time.Time, peaks []float64)) {
	i, found := r.find(p.tier, p.seq)
	if !found || !r.load(p.tier, p.seq) {
		return
	}
	// Back to the page that the first of them is in.
	first, before := i, p.record+1
	for ; before < n && first > 0; first-- {
		if r.load(p.tier, r.tiers[p.tier][first-1].seq) {
			before += r.vectors
		}
	}
	left := before - n
	peaks := make([]float64, peakCount)
	for ; first <= i; first++ {
		seq := r.tiers[p.tier][first].seq
		if !r.load(p.tier, seq) {
			continue
		}
		r.walk(func(rec *record, vector int) bool {
			if seq == p.seq && vector > p.record {
				return false
			}
			if rec.cells == nil {
				return true
			}
			if left--; left >= 0 {
				return true
			}
			own := r.own(rec.cells)
			if len(own) < peakCount {
				return true
			}
			for i := range peaks {
				peaks[i] = peakCell.value(own[i])
			}
			visit(time.UnixMilli(rec.wall).In(r.zone), peaks)
			return true
		})
	}
}

// Strip fills dst, whose parts are equally long and not shorter than the longest interval, with what is recorded from one
// time to another.
func (r *Reader) Strip(dst []frame.StripCell, from, to time.Time) {
	for i := range dst {
		dst[i] = frame.StripCell{Worst: journal.Debug}
	}
	span := to.Sub(from)
	if span <= 0 || len(dst) == 0 {
		return
	}
	part := func(ms int64) int {
		since := time.UnixMilli(ms).Sub(from)
		if since < 0 || since >= span {
			return -1
		}
		return int(int64(since) * int64(len(dst)) / int64(span))
	}
	for tier := range burstTier {
		for i, page := range r.tiers[tier] {
			if page.wall >= to.UnixMilli() || r.end(tier, i) < from.UnixMilli() {
				continue
			}
			if !r.load(tier, page.seq) {
				continue
			}
			if at := part(page.wall); at >= 0 && i > 0 && r.tiers[tier][i-1].bootID != page.bootID {
				dst[at].Boot = true
			}
			r.skim(func(rec *record, _ int) bool {
				at := part(rec.wall)
				switch {
				case at < 0:
				case rec.isVector():
					dst[at].Recorded = true
				case rec.kind == eventRecord:
					if e, ok := parseEvent(rec, r.zone); ok && e.Kind == frame.ProblemBegan {
						dst[at].Worst = min(dst[at].Worst, e.Severity)
					}
				}
				return true
			})
		}
	}
}
