package journal

import "context"

// archives follows which of the sources can be read again. What was read of others is forgotten.
func (l *Log) archives(sinks []*Sink) {
	n, same := 0, true
	for _, s := range sinks {
		a := s.archive.Load()
		if a == nil {
			continue
		}
		same = same && n < len(l.sources) && l.sources[n] == archived{s.number, a}
		n++
	}
	if same && n == len(l.sources) {
		return
	}
	sources := make([]archived, 0, n) // a request has the old ones
	for _, s := range sinks {
		if a := s.archive.Load(); a != nil {
			sources = append(sources, archived{s.number, a})
		}
	}
	l.sources = sources
	for _, v := range *l.views.Load() {
		v.archives()
	}
}

// order asks the reader for what the page lacks: the whole entry first, then what the view needs. What is no longer
// needed is cancelled.
func (w *View) order() {
	q := w.wanted()
	if q == nil {
		w.cancel()
	} else if w.request == nil || !w.request.same(q) {
		w.cancel()
		q.Context, q.cancel = context.WithCancel(context.Background())
		w.request = q
		w.running.Store(q)
		if w.closed.Load() { // while this page was made: Close may have come too early to see the request
			q.cancel()
		}
		w.requested.Store(q)
		select {
		case w.log.reading <- struct{}{}:
		default:
		}
	}
	w.page.Reading = Reading{}
	if q := w.request; q != nil && q.task != readWhole {
		w.page.Reading = Reading{Active: true, Entries: q.scanned.Load(), At: q.stamp.Load()}
	}
}

func (w *View) cancel() {
	if w.request != nil {
		w.request.cancel()
		w.request = nil
		w.requested.Store(nil)
	}
}

// wanted is the request for what the page lacks, nil when it lacks nothing.
func (w *View) wanted() *request {
	v, past := &w.pager, &w.lines.backlog
	if id := v.query.Whole; id != 0 && (w.page.Whole == nil || w.page.Whole.ID != id) {
		if q := w.wantWhole(id); q != nil {
			return q
		}
	}
	if v.need == noTask {
		return nil
	}
	q := &request{
		task: v.need, sources: past.sources, filter: w.lines.m.filter, tabs: w.log.ring.units.tabs, rows: v.query.Rows,
		oldest: w.log.ring.oldest(), source: v.source, at: v.place, log: w.log,
	}
	switch v.need {
	case readTime:
		q.source, q.at = 0, Place{Time: v.query.At.UnixMicro()}
	case readBoot:
		if v.following() || v.place == (Place{}) {
			q.source, q.at = 0, endPlace
		}
	}
	if w.request != nil && w.request.same(q) {
		return q
	}
	q.ring = w.lines.border(q.sources)
	switch {
	case past.empty():
		q.from = q.ring
	case v.need == readNewer || v.need == readNext:
		q.from = past.newer()
	default:
		q.from = past.older()
	}
	return q
}

// same reports whether two requests are for the same thing. The ring may have moved on since.
func (q *request) same(o *request) bool {
	return q.task == o.task && q.filter == o.filter && q.source == o.source && q.at == o.at && q.id == o.id
}

// wantWhole is the request for all fields of an entry. When it cannot be read again the page says why.
func (w *View) wantWhole(id uint64) *request {
	var source uint16
	var at Place
	switch {
	case w.lines.has(id):
		source, at = w.lines.stamp(id)
	default:
		w.page.Whole = &Whole{ID: id, Err: "it is no longer at hand"}
		return nil
	}
	for _, s := range w.lines.backlog.sources {
		if s.source == source && at.Seq != 0 {
			return &request{task: readWhole, id: id, sources: []archived{s}, source: source, at: at, log: w.log}
		}
	}
	w.page.Whole = &Whole{ID: id, Err: "its source cannot be read again"}
	return nil
}

// absorb takes in what the reader has found.
func (w *View) absorb(a *answer) {
	q, past := w.request, &w.lines.backlog
	w.request = nil
	w.urgent = true
	if q.task == readWhole {
		w.page.Whole = a.whole
		return
	}
	if a.err == nil {
		switch {
		case q.task == readOlder && !past.empty():
			past.addOlder(a.stretch)
		case q.task == readNewer:
			past.addNewer(a.stretch)
		default:
			w.blocks++
			past.begin(a.stretch, w.blocks)
		}
		if a.stretch.atRing || q.task == readOlder && len(past.stretches) == 1 {
			past.join(q.oldest)
			past.evicted(w.log.ring.oldest(), true)
		}
	}
	w.pager.answered(&w.lines, q, a)
}
