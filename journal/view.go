package journal

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"hypervisor-tui/internal/box"
)

// MaxViews is how many views a Log has at most: those of 16 sessions, of a recorder, and of who answers for all of them.
const MaxViews = 18

var errViews = errors.New("there are as many views of the log as there may be")

// View is what one reader sees of a Log: a query, a page and a search of its own. Before something is asked its page has
// no rows, but figures and sources. Latest belongs to one goroutine; the other methods may be called from any.
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
	full := false
	box.Change(&l.views, func(views []*View) []*View {
		if full = len(views) == MaxViews; full {
			return views
		}
		return append(views, v)
	})
	if full {
		return nil, errViews
	}
	l.poke()
	return v, nil
}

// Close ends the view and what is read for it. No page comes any more.
func (v *View) Close() {
	v.closed.Store(true)
	box.Change(&v.log.views, func(views []*View) []*View {
		return slices.DeleteFunc(views, func(o *View) bool { return o == v })
	})
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
	p.Came = l.came
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
	if wait := v.holdFor(now); wait > 0 {
		v.stale, v.urgent = true, false
		return wait
	}
	v.publish()
	v.sent = now
	v.stale, v.urgent = false, false
	return 0
}

// holdFor returns how long the last page is left to stand because this one has lost rows that are being read again.
func (v *View) holdFor(now time.Time) time.Duration {
	if v.request == nil || v.pager.need != readPlace && !v.pager.torn {
		v.torn = time.Time{}
		return 0
	}
	if v.torn.IsZero() {
		v.torn = now
	}
	return v.torn.Add(pageInterval).Sub(now)
}

// archives follows which of the sources can be read again. What was read of others is forgotten.
func (l *Log) archives(sinks []*Sink) {
	l.found = l.found[:0]
	for _, s := range sinks {
		if a := s.archive.Load(); a != nil {
			l.found = append(l.found, archived{s.number, a})
		}
	}
	if slices.Equal(l.found, l.sources) {
		return
	}
	l.sources = slices.Clone(l.found) // a request has the old ones
	for _, v := range *l.views.Load() {
		v.archives()
	}
}

// order asks the reader for what the page lacks: the whole entry first, then what the view needs. What is no longer
// needed is cancelled.
func (v *View) order() {
	q := v.wanted()
	if q == nil {
		v.cancel()
	} else if v.request == nil || !v.request.same(q) {
		v.cancel()
		q.Context, q.cancel = context.WithCancel(context.Background())
		v.request = q
		v.running.Store(q)
		if v.closed.Load() { // while this page was made: Close may have come too early to see the request
			q.cancel()
		}
		v.requested.Store(q)
		select {
		case v.log.reading <- struct{}{}:
		default:
		}
	}
	v.page.Reading = Reading{}
	if q := v.request; q != nil && q.task != readWhole {
		v.page.Reading = Reading{Active: true, Entries: q.scanned.Load(), At: q.stamp.Load()}
	}
}

func (v *View) cancel() {
	if v.request != nil {
		v.request.cancel()
		v.request = nil
		v.requested.Store(nil)
	}
}

// wanted is the request for what the page lacks, nil when it lacks nothing.
func (v *View) wanted() *request {
	p, backlog := &v.pager, &v.lines.backlog
	if id := p.query.Whole; id != 0 && (v.page.Whole == nil || v.page.Whole.ID != id) {
		if q := v.wantWhole(id); q != nil {
			return q
		}
	}
	if p.need == noTask {
		return nil
	}
	q := &request{
		task: p.need, sources: backlog.sources, filter: v.lines.m.filter, tabs: v.log.ring.units.tabs, rows: p.query.Rows,
		oldest: v.log.ring.oldest(), source: p.source, at: p.place, log: v.log,
	}
	switch p.need {
	case readTime:
		q.source, q.at = 0, Place{Time: p.query.At.UnixMicro()}
	case readBoot:
		if p.following() || p.place == (Place{}) {
			q.source, q.at = 0, endPlace
		}
	}
	if v.request != nil && v.request.same(q) {
		return q
	}
	q.ring = v.lines.border(q.sources)
	switch {
	case backlog.empty():
		q.from = q.ring
	case p.need == readNewer || p.need == readNext:
		q.from = backlog.newer()
	default:
		q.from = backlog.older()
	}
	return q
}

// same reports whether two requests are for the same thing. The ring may have moved on since.
func (q *request) same(o *request) bool {
	return q.task == o.task && q.filter == o.filter && q.source == o.source && q.at == o.at && q.id == o.id
}

// wantWhole is the request for all fields of an entry. When it cannot be read again the page says why.
func (v *View) wantWhole(id uint64) *request {
	var source uint16
	var at Place
	switch {
	case v.lines.has(id):
		source, at = v.lines.stamp(id)
	default:
		v.page.Whole = &Whole{ID: id, Err: "it is no longer at hand"}
		return nil
	}
	for _, s := range v.lines.backlog.sources {
		if s.source == source && at.Seq != 0 {
			return &request{task: readWhole, id: id, sources: []archived{s}, source: source, at: at, log: v.log}
		}
	}
	v.page.Whole = &Whole{ID: id, Err: "its source cannot be read again"}
	return nil
}

// absorb takes in what the reader has found.
func (v *View) absorb(a *answer) {
	q, backlog := v.request, &v.lines.backlog
	v.request = nil
	v.urgent = true
	if q.task == readWhole {
		v.page.Whole = a.whole
		return
	}
	if a.err == nil {
		switch {
		case q.task == readOlder && !backlog.empty():
			backlog.addOlder(a.chunk)
		case q.task == readNewer:
			backlog.addNewer(a.chunk)
		default:
			v.blocks++
			backlog.begin(a.chunk, v.blocks)
		}
		if a.chunk.atRing || q.task == readOlder && len(backlog.chunks) == 1 {
			backlog.join(q.oldest)
			backlog.evicted(v.log.ring.oldest(), true)
		}
	}
	v.pager.answered(&v.lines, q, a)
}
