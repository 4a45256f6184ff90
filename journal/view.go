package journal

import (
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"hypervisor-tui/internal/box"
)

// MaxViews is how many views a Log has at most.
const MaxViews = 16

var errViews = errors.New("there are as many views of the log as there may be")

// View is what one reader sees of a Log: a query, a page and a search of its own. Before something
// is asked its page has no rows, but figures and sources. Latest belongs to one goroutine; the other methods may be called from any.
type View struct {
	log       *Log
	asked     atomic.Pointer[Query]
	changed   chan struct{} // capacity 1: there is a new page
	pages     *box.Box[Page]
	requested atomic.Pointer[request]
	running   atomic.Pointer[request] // the one that the reader is at or will be, for Close to cancel
	closed    atomic.Bool

	// Those of the ring's owner from here on.
	lines   rowIndex
	pager   pager
	page    Page
	request *request  // that the reader is at
	blocks  uint64    // of ids that pasts have taken
	watched int       // the tab whose newest entries the reader looks at, -1: none
	unread  []int     // for each tab, errors since it was last looked at
	sent    time.Time // when the last page was published
	torn    time.Time // since when rows of the page are being read again
	stale   bool      // that page is older than the ring or the counts
	urgent  bool      // and the reader waits for a newer one
	asking  bool      // the scan for the newest query has not been complete yet
}

// NewView returns a view that has asked nothing yet, an error when there are MaxViews. Close gives its place back.
func (l *Log) NewView() (*View, error) {
	v := &View{log: l, changed: make(chan struct{}, 1), pages: box.New(copyPage), watched: -1}
	for {
		old := l.views.Load()
		if len(*old) == MaxViews {
			return nil, errViews
		}
		views := append(slices.Clone(*old), v)
		if l.views.CompareAndSwap(old, &views) {
			return v, nil
		}
	}
}

// Close ends the view and what is read for it. No page comes any more.
func (v *View) Close() {
	v.closed.Store(true)
	for {
		old := v.log.views.Load()
		views := slices.DeleteFunc(slices.Clone(*old), func(o *View) bool { return o == v })
		if v.log.views.CompareAndSwap(old, &views) {
			break
		}
	}
	v.requested.Store(nil)
	if q := v.running.Swap(nil); q != nil {
		q.cancel()
	}
}

// Ask makes q the query that the next page answers. It never blocks; a query that has not been answered yet is
// forgotten. Until the next Ask the page follows the ring: new entries, counts and evictions change it.
func (v *View) Ask(q Query) {
	v.asked.Store(&q)
	v.log.poke()
}

// Latest is the newest page, nil before the first. It is the reader's until the next Latest.
func (v *View) Latest() *Page { return v.pages.Latest() }

// Changed tells that there is a page newer than the last one that was looked at.
func (v *View) Changed() <-chan struct{} { return v.changed }

// idle reports whether the ring's owner has not come to it yet.
func (v *View) idle() bool { return v.lines.ring == nil }

// takeIn takes in what has happened since the last turn: evictions, a query, an answer of the reader.
func (v *View) takeIn() {
	q := v.asked.Swap(nil)
	if q == nil && v.idle() { // how the sources are is known without a question
		q = &Query{Filter: Filter{Least: Debug}}
	}
	if q != nil {
		v.query(q)
	}
	hit := v.lines.evicted()
	v.lines.backlog.evicted(v.log.ring.oldest(), hit)
	if q := v.request; q != nil {
		if a := q.answer.Load(); a != nil {
			v.absorb(a)
		}
	}
}

// scan does a slice of the search that costs about budget, and returns what is left of that.
func (v *View) scan(budget int) int {
	if v.idle() || v.lines.complete() {
		return budget
	}
	v.stale = true
	return v.lines.step(budget)
}

// settled reports whether the search is complete.
func (v *View) settled() bool {
	if v.idle() {
		return true
	}
	complete := v.lines.complete()
	if v.asking && complete {
		v.urgent, v.asking = true, false
	}
	return complete
}

// query makes q the one that is answered.
func (v *View) query(q *Query) {
	if !v.idle() && v.lines.has(q.Anchor) {
		v.pager.source, v.pager.place = v.lines.stamp(q.Anchor)
	}
	if v.idle() || q.Filter != v.lines.m.filter {
		v.lines.start(v.log.ring, q.Filter)
		v.lines.backlog.reset()
		v.lines.backlog.sources = v.log.sources
	}
	v.pager.ask(*q, len(v.lines.backlog.sources) > 0)
	if v.pager.following() {
		v.lines.backlog.reset()
	}
	if v.watched = -1; q.Seen {
		v.watched = q.Filter.Tab
	}
	if q.Whole == 0 {
		v.page.Whole = nil
	}
	v.urgent, v.asking = true, true
}

// restart looks through the ring anew.
func (v *View) restart() {
	if v.idle() {
		return
	}
	v.lines.start(v.log.ring, v.lines.m.filter)
	v.lines.backlog.reset()
	v.urgent, v.asking = true, true
}

// archives takes in that other sources can be read again.
func (v *View) archives() {
	v.lines.backlog.reset()
	v.lines.backlog.sources = v.log.sources
	v.pager.alone = len(v.log.sources) == 0
	v.cancel()
}

// book counts a new error of a unit as unread for each of its tabs but the watched one.
func (v *View) book(unit uint16) {
	sets := v.log.ring.units.sets
	if len(v.unread) != len(sets) {
		v.unread = make([]int, len(sets))
	}
	for tab := range sets {
		if tab != v.watched && sets[tab].has(unit) {
			v.unread[tab]++
		}
	}
}

// compose builds the page in memory that is used again.
func (v *View) compose() {
	l, p := v.log, &v.page
	v.pager.answer(&v.lines, p)
	v.order()
	p.figures(l.ring)
	p.Later = l.later
	p.Total, p.Dropped, p.Truncated = l.total, l.gone.dropped, l.gone.truncated
	now := time.Now()
	p.Deeper = len(v.lines.backlog.sources) > 0
	p.Sources, p.Hour.Known = p.Sources[:0], 60
	for _, s := range *l.sinks.Load() {
		p.Dropped += s.dropped.Load()
		p.Truncated += s.truncated.Load()
		p.Sources = append(p.Sources, s.State())
		if !s.began.at.IsZero() && s.backfill.Load() != backfilledAll {
			p.Hour.Known = min(p.Hour.Known, s.began.minutes(now))
		}
	}
	if v.watched >= 0 && v.watched < len(v.unread) {
		v.unread[v.watched] = 0
	}
	p.Unread = append(p.Unread[:0], v.unread...)
	for len(p.Unread) < len(l.ring.units.tabs) {
		p.Unread = append(p.Unread, 0)
	}
	if tab := v.lines.tab(); tab < len(l.hours) {
		l.hours[tab].last(&p.Hour, minuteOf(now.UnixMicro()))
	}
}

// publish hands out a copy of the page.
func (v *View) publish() {
	v.pages.Publish(&v.page)
	select {
	case v.changed <- struct{}{}:
	default:
	}
}

// publishDue hands out the page if it is time to. Else it returns when it is, 0 if there is nothing new.
func (v *View) publishDue() (wait time.Duration) {
	if v.idle() || !v.stale && !v.urgent {
		return 0
	}
	now := time.Now()
	if wait := v.sent.Add(pageInterval).Sub(now); !v.urgent && wait > 0 {
		return wait
	}
	v.compose()
	if wait := v.patience(now); wait > 0 {
		v.stale, v.urgent = true, false
		return wait
	}
	v.publish()
	v.sent = now
	v.stale, v.urgent = false, false
	return 0
}

// patience is how long the last page is left to stand because this one has lost rows that are being read again.
func (v *View) patience(now time.Time) time.Duration {
	if v.request == nil || v.pager.need != readPlace && !v.pager.torn {
		v.torn = time.Time{}
		return 0
	}
	if v.torn.IsZero() {
		v.torn = now
	}
	return v.torn.Add(pageInterval).Sub(now)
}
