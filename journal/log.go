package journal

import (
	"context"
	"hash/maphash"
	"slices"
	"sync/atomic"
	"time"

	"hypervisor-tui/internal/box"
)

// pageInterval is the shortest time between pages that differ by new entries or counts only.
const pageInterval = time.Second / 8

// firstEntries is how many entries are merged at most.
const firstEntries = 50_000

// Log keeps the newest entries and answers queries about them. One goroutine, Run, owns the ring: it takes in the
// sinks' batches, and between two of them does a slice of the scan for the newest query, so that neither stalls the
// other. What the ring does not have, older entries and whole ones, another goroutine, Read, reads from the archives of
// the sources and hands over. All methods but these two may be called from any goroutine.
type Log struct {
	wake    chan struct{} // capacity 1: there is something to look at
	changed chan struct{} // capacity 1: there is a new page
	pages   *box.Box[Page]
	asked   atomic.Pointer[Query]
	config  atomic.Pointer[config]
	sinks   atomic.Pointer[[]*Sink]
	kernel  [Debug + 1]atomic.Uint64 // entries of the kernel that came, by their own severity
	made    atomic.Uint32            // sinks so far
	turns   atomic.Uint64            // see Turns
	seed    maphash.Seed             // of the doors

	reading   chan struct{} // capacity 1: there is a request
	requested atomic.Pointer[request]
	answered  atomic.Pointer[answer]

	// Run's own from here on.
	ring    *ring
	lines   lines
	view    view
	page    Page
	request *request // that the reader is at
	blocks  uint64   // of ids that pasts have taken
	hours   []hour   // a tab each
	watched int      // the tab whose newest entries someone looks at, -1: none
	total   uint64
	later   uint64                              // of them, those that came when their source had begun
	gone    struct{ dropped, truncated uint64 } // of closed sinks
	sent    time.Time                           // when the last page was published
	torn    time.Time                           // since when rows of the page are being read again
	stale   bool                                // that page is older than the ring or the counts
	urgent  bool                                // and someone waits for a newer one
	asking  bool                                // the scan for the newest query has not been complete yet
}

type config struct {
	capacity int
	tabs     []Tab
}

// New returns a Log for capacity entries, all its memory taken. The first tab is everything, whatever its units.
func New(capacity int, tabs []Tab) *Log {
	l := &Log{
		wake:    make(chan struct{}, 1),
		changed: make(chan struct{}, 1),
		pages:   box.New(copyPage),
		ring:    newRing(capacity, firstID, newUnits(tabs)),
		reading: make(chan struct{}, 1),
		hours:   make([]hour, len(tabs)),
		watched: -1,
		seed:    maphash.MakeSeed(),
		urgent:  true,
	}
	l.sinks.Store(new([]*Sink))
	l.lines.start(l.ring, Filter{Least: Debug})
	return l
}

// Sink returns a new source's door. Its name is the row's in Page.Sources.
func (l *Log) Sink(name string) *Sink {
	s := newSink(l, name)
	for {
		old := l.sinks.Load()
		sinks := append(append(make([]*Sink, 0, len(*old)+1), *old...), s)
		if l.sinks.CompareAndSwap(old, &sinks) {
			l.poke()
			return s
		}
	}
}

// Ask makes q the query that the next page answers. It never blocks; a query that has not been answered yet is
// forgotten. Until the next Ask the page follows the ring: new entries, counts and evictions change it.
func (l *Log) Ask(q Query) {
	l.asked.Store(&q)
	l.poke()
}

// kernelUnit is the unit of the kernel's own entries.
const kernelUnit = "kernel"

// Kernel is how many entries of the kernel have come that are worse than least, which is beyond Debug for all of them.
// The kernel also prints those on its consoles whose severity is below its console log level.
func (l *Log) Kernel(least Severity) uint64 {
	n := uint64(0)
	for i := range l.kernel[:min(least, Debug+1)] {
		n += l.kernel[i].Load()
	}
	return n
}

// Pages is where pages come out. It has one reader.
func (l *Log) Pages() *box.Box[Page] { return l.pages }

// Changed tells that there is a page newer than the last one that was looked at.
func (l *Log) Changed() <-chan struct{} { return l.changed }

// Reconfigure changes the capacity and the tabs; the newest entries are kept under their ids.
func (l *Log) Reconfigure(capacity int, tabs []Tab) {
	l.config.Store(&config{capacity, tabs})
	l.poke()
}

func (l *Log) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Turns rises whenever the ring's owner starts a turn and ends one, which takes milliseconds: it is odd during one. Who
// sees the same odd number for long knows that the owner hangs.
func (l *Log) Turns() uint64 { return l.turns.Load() }

// Run owns the ring until ctx ends, and returns its error. It is called once.
func (l *Log) Run(ctx context.Context) error {
	timer := time.NewTimer(pageInterval)
	defer timer.Stop()
	for ctx.Err() == nil {
		l.turns.Add(1)
		more := l.turn()
		l.turns.Add(1)
		wait := l.publishDue(timer)
		if more {
			continue
		}
		select {
		case <-l.wake:
			l.stale = true
		case <-wait:
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

// turn takes in what the sinks have, does a slice of work on the query, and says whether there is more to do.
func (l *Log) turn() (more bool) {
	if c := l.config.Swap(nil); c != nil {
		l.apply(c)
	}
	taken := l.drain()
	l.mergeFirst()
	hit := l.lines.evicted()
	l.lines.past.evicted(l.ring.oldest(), hit)
	if q := l.asked.Swap(nil); q != nil {
		l.query(q)
	}
	if a := l.answered.Swap(nil); a != nil && a.request == l.request {
		l.absorb(a)
	}
	if !l.lines.complete() {
		l.lines.step()
		l.stale = true
	}
	complete := l.lines.complete()
	if l.asking && complete {
		l.urgent, l.asking = true, false
	}
	return taken || !complete
}

// query makes q the one that is answered.
func (l *Log) query(q *Query) {
	if q.Filter != l.lines.m.filter {
		l.lines.start(l.ring, q.Filter)
		l.lines.past.reset()
	}
	l.view.ask(*q, len(l.lines.past.sources) > 0)
	if l.view.following() {
		l.lines.past.reset()
	}
	if l.watched = -1; q.Seen {
		l.watched = q.Filter.Tab
	}
	if q.Whole == 0 {
		l.page.Whole = nil
	}
	l.urgent, l.asking = true, true
}

func (l *Log) apply(c *config) {
	if c.capacity != len(l.ring.slots) {
		l.ring = l.ring.resized(c.capacity)
	}
	u := l.ring.units
	if !slices.EqualFunc(u.tabs, c.tabs, Tab.equal) {
		l.hours = make([]hour, len(c.tabs))
	}
	u.setTabs(c.tabs)
	l.lines.start(l.ring, l.lines.m.filter)
	l.lines.past.reset()
	l.urgent, l.asking = true, true
}

// drain takes in what the sinks have handed over by now, at most all their batches once.
func (l *Log) drain() (taken bool) {
	sinks := *l.sinks.Load()
	l.archives(sinks)
	for _, s := range sinks {
		closed := s.closed.Load() // before the batches: a Flush before Close is not lost
		for range sinkBatches {
			select {
			case b := <-s.ready:
				l.take(s, b)
				s.free <- b
				taken = true
			default:
			}
		}
		if closed {
			l.forget(s)
		}
	}
	return taken
}

func (l *Log) take(s *Sink, b *batch) {
	at, now := 0, time.Now()
	if s.began.at.IsZero() && len(b.heads) > 0 {
		s.began = beginning{now, now.Sub(time.UnixMicro(b.heads[0].micros))}
	}
	minute := minuteOf(now.UnixMicro())
	for i := range b.heads {
		h := &b.heads[i]
		text := at + h.unit
		end := text + h.message
		id := l.ring.push(s.number, h, b.data[at:text], b.data[text:end])
		l.booked(l.ring.at(id), minute)
		if h.lane&earlierBit == 0 {
			l.later++
		}
		at = end
	}
	l.total += uint64(len(b.heads))
	b.heads, b.data = b.heads[:0], b.data[:0]
	l.stale = true
}

// booked counts a new entry for its tabs.
func (l *Log) booked(e *slot, minute int64) {
	u, unit, severity := l.ring.units, e.unit(), e.severity()
	if severity <= Err {
		u.booked(unit, l.watched)
	}
	for tab := range l.hours {
		if u.sets[tab].has(unit) {
			l.hours[tab].add(minuteOf(e.time), minute, severity)
		}
	}
}

// mergeFirst merges the first entries of the sources, each time when one of them has put all that it starts with. What
// comes later stays in the order of its arrival.
func (l *Log) mergeFirst() {
	due := false
	for _, s := range *l.sinks.Load() {
		if fills := s.fills.Load(); s.merged != fills {
			s.merged, due = fills, true
		}
	}
	if due && l.total <= firstEntries && !l.ring.sorted() {
		l.ring = l.ring.merged(time.Now().UnixMicro())
		l.lines.start(l.ring, l.lines.m.filter)
		l.lines.past.reset()
		l.urgent, l.asking = true, true
	}
}

func (l *Log) forget(s *Sink) {
	l.gone.dropped += s.dropped.Load()
	l.gone.truncated += s.truncated.Load()
	for {
		old := l.sinks.Load()
		sinks := make([]*Sink, 0, len(*old))
		for _, other := range *old {
			if other != s {
				sinks = append(sinks, other)
			}
		}
		if l.sinks.CompareAndSwap(old, &sinks) {
			l.stale = true
			return
		}
	}
}

// compose builds the page in memory that is used again.
func (l *Log) compose() {
	p := &l.page
	l.view.answer(&l.lines, p)
	l.order()
	p.figures(l.ring)
	p.Later = l.later
	p.Total, p.Dropped, p.Truncated = l.total, l.gone.dropped, l.gone.truncated
	now := time.Now()
	p.Deeper = len(l.lines.past.sources) > 0
	p.Sources, p.Hour.Known = p.Sources[:0], 60
	for _, s := range *l.sinks.Load() {
		p.Dropped += s.dropped.Load()
		p.Truncated += s.truncated.Load()
		p.Sources = append(p.Sources, s.State())
		if !s.began.at.IsZero() && s.backfill.Load() != backfilledAll {
			p.Hour.Known = min(p.Hour.Known, s.began.minutes(now))
		}
	}
	u := l.ring.units
	if l.watched >= 0 && l.watched < len(u.unread) {
		u.unread[l.watched] = 0
	}
	p.Unread = append(p.Unread[:0], u.unread...)
	if tab := l.lines.tab(); tab < len(l.hours) {
		l.hours[tab].last(&p.Hour, minuteOf(now.UnixMicro()))
	}
}

// publish hands out a copy of the page.
func (l *Log) publish() {
	l.pages.Publish(&l.page)
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// publishDue publishes the page if it is time to. Else it returns the channel that tells when, nil if never.
func (l *Log) publishDue(timer *time.Timer) <-chan time.Time {
	if !l.stale && !l.urgent {
		return nil
	}
	now := time.Now()
	if wait := l.sent.Add(pageInterval).Sub(now); !l.urgent && wait > 0 {
		timer.Reset(wait)
		return timer.C
	}
	l.compose()
	if wait := l.patience(now); wait > 0 {
		l.stale, l.urgent = true, false
		timer.Reset(wait)
		return timer.C
	}
	l.publish()
	l.sent = now
	l.stale, l.urgent = false, false
	return nil
}

// patience is how long the last page is left to stand because this one has lost rows that are being read again.
func (l *Log) patience(now time.Time) time.Duration {
	if l.request == nil || l.view.need != readPlace && !l.view.torn {
		l.torn = time.Time{}
		return 0
	}
	if l.torn.IsZero() {
		l.torn = now
	}
	return l.torn.Add(pageInterval).Sub(now)
}
