package journal

import (
	"context"
	"sync/atomic"
	"time"

	"hypervisor-tui/sample/box"
)

// pageInterval is the shortest time between pages that differ by new entries or counts only.
const pageInterval = time.Second / 8

// Log keeps the newest entries and answers queries about them. One goroutine, Run, owns the ring: it takes in the
// sinks' batches, and between two of them does a slice of the scan for the newest query, so that neither stalls the
// other. All methods but Run may be called from any goroutine.
type Log struct {
	wake    chan struct{} // capacity 1: there is something to look at
	changed chan struct{} // capacity 1: there is a new page
	pages   *box.Box[Page]
	asked   atomic.Pointer[Query]
	config  atomic.Pointer[config]
	sinks   atomic.Pointer[[]*Sink]

	// Run's own from here on.
	ring   *ring
	search search
	view   view
	page   Page
	total  uint64
	gone   struct{ dropped, truncated uint64 } // of closed sinks
	sent   time.Time                           // when the last page was published
	stale  bool                                // that page is older than the ring or the counts
	urgent bool                                // and someone waits for a newer one
	asking bool                                // the scan for the newest query has not been complete yet
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
		ring:    newRing(capacity, 1, newUnits(tabs)),
		urgent:  true,
	}
	l.sinks.Store(new([]*Sink))
	l.search.start(l.ring, Filter{Least: Debug})
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

// Run owns the ring until ctx ends, and returns its error. It is called once.
func (l *Log) Run(ctx context.Context) error {
	timer := time.NewTimer(pageInterval)
	defer timer.Stop()
	for ctx.Err() == nil {
		more := l.turn()
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
	if q := l.asked.Swap(nil); q != nil {
		if q.Filter != l.search.m.filter {
			l.search.start(l.ring, q.Filter)
		}
		l.view.ask(*q)
		l.urgent, l.asking = true, true
	}
	if !l.search.complete() {
		l.search.step()
		l.stale = true
	}
	complete := l.search.complete()
	if l.asking && complete {
		l.urgent, l.asking = true, false
	}
	return taken || !complete
}

func (l *Log) apply(c *config) {
	if c.capacity != len(l.ring.slots) {
		l.ring = l.ring.resized(c.capacity)
	}
	l.ring.units.setTabs(c.tabs)
	l.search.start(l.ring, l.search.m.filter)
	l.urgent, l.asking = true, true
}

// drain takes in what the sinks have handed over by now, at most all their batches once.
func (l *Log) drain() (taken bool) {
	for _, s := range *l.sinks.Load() {
		closed := s.closed.Load() // before the batches: a Flush before Close is not lost
		for range sinkBatches {
			select {
			case b := <-s.ready:
				l.take(b)
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

func (l *Log) take(b *batch) {
	at := 0
	for i := range b.heads {
		h := &b.heads[i]
		text := at + h.unit
		end := text + h.message
		l.ring.push(h.micros, b.data[at:text], h.pid, h.severity, b.data[text:end], h.full)
		at = end
	}
	l.total += uint64(len(b.heads))
	b.heads, b.data = b.heads[:0], b.data[:0]
	l.stale = true
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

// publish builds the page in memory that is used again, and hands out a copy.
func (l *Log) publish() {
	p := &l.page
	l.view.answer(&l.search, p)
	p.figures(l.ring)
	p.Total, p.Dropped, p.Truncated = l.total, l.gone.dropped, l.gone.truncated
	p.Sources = p.Sources[:0]
	for _, s := range *l.sinks.Load() {
		p.Dropped += s.dropped.Load()
		p.Truncated += s.truncated.Load()
		p.Sources = append(p.Sources, s.State())
	}
	l.pages.Publish(p)
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
	l.publish()
	l.sent = now
	l.stale, l.urgent = false, false
	return nil
}
