package journal

import "context"

// archives follows which of the sources can be read again. What was read of others is forgotten.
func (l *Log) archives(sinks []*Sink) {
	p := &l.lines.past
	n, same := 0, true
	for _, s := range sinks {
		a := s.archive.Load()
		if a == nil {
			continue
		}
		same = same && n < len(p.sources) && p.sources[n] == archived{s.number, a}
		n++
	}
	if same && n == len(p.sources) {
		return
	}
	sources := make([]archived, 0, n) // a request has the old ones
	for _, s := range sinks {
		if a := s.archive.Load(); a != nil {
			sources = append(sources, archived{s.number, a})
		}
	}
	p.reset()
	p.sources = sources
	l.view.alone = n == 0
	l.cancel()
}

// order asks the reader for what the page lacks: the whole entry first, then what the view needs. What is no longer
// needed is cancelled.
func (l *Log) order() {
	q := l.wanted()
	if q == nil {
		l.cancel()
	} else if l.request == nil || !l.request.same(q) {
		l.cancel()
		q.Context, q.cancel = context.WithCancel(context.Background())
		l.request = q
		l.requested.Store(q)
		select {
		case l.reading <- struct{}{}:
		default:
		}
	}
	l.page.Reading = Reading{}
	if q := l.request; q != nil && q.task != readWhole {
		l.page.Reading = Reading{Active: true, Entries: q.scanned.Load(), At: q.stamp.Load()}
	}
}

func (l *Log) cancel() {
	if l.request != nil {
		l.request.cancel()
		l.request = nil
		l.requested.Store(nil)
	}
}

// wanted is the request for what the page lacks, nil when it lacks nothing.
func (l *Log) wanted() *request {
	v, past := &l.view, &l.lines.past
	if id := v.query.Whole; id != 0 && (l.page.Whole == nil || l.page.Whole.ID != id) {
		if q := l.wantWhole(id); q != nil {
			return q
		}
	}
	if v.need == noTask {
		return nil
	}
	q := &request{
		task: v.need, sources: past.sources, filter: l.lines.m.filter, tabs: l.ring.units.tabs, rows: v.query.Rows,
		oldest: l.ring.oldest(), source: v.source, at: v.place, moved: l.poke,
	}
	switch v.need {
	case readTime:
		q.source, q.at = 0, Place{Time: v.query.At.UnixMicro()}
	case readBoot:
		if v.following() || v.place == (Place{}) {
			q.source, q.at = 0, endPlace
		}
	}
	if l.request != nil && l.request.same(q) {
		return q
	}
	q.ring = l.lines.border(q.sources)
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

// same says whether two requests are for the same thing. The ring may have moved on since.
func (q *request) same(o *request) bool {
	return q.task == o.task && q.filter == o.filter && q.source == o.source && q.at == o.at && q.id == o.id
}

// wantWhole is the request for all fields of an entry. When it cannot be read again the page says why.
func (l *Log) wantWhole(id uint64) *request {
	var source uint16
	var at Place
	switch {
	case id >= firstID && l.ring.oldest() <= id && id < l.ring.next, l.lines.past.has(id):
		source, at = l.lines.stamp(id)
	default:
		l.page.Whole = &Whole{ID: id, Err: "it is no longer at hand"}
		return nil
	}
	for _, s := range l.lines.past.sources {
		if s.source == source && at.Seq != 0 {
			return &request{task: readWhole, id: id, sources: []archived{s}, source: source, at: at, moved: l.poke}
		}
	}
	l.page.Whole = &Whole{ID: id, Err: "its source cannot be read again"}
	return nil
}

// absorb takes in what the reader has found.
func (l *Log) absorb(a *answer) {
	q, past := l.request, &l.lines.past
	l.request = nil
	l.urgent = true
	if q.task == readWhole {
		l.page.Whole = a.whole
		return
	}
	if a.err == nil {
		switch {
		case q.task == readOlder && !past.empty():
			past.addOlder(a.stretch)
		case q.task == readNewer:
			past.addNewer(a.stretch)
		default:
			l.blocks++
			past.begin(a.stretch, l.blocks)
		}
		if a.stretch.atRing || q.task == readOlder && len(past.stretches) == 1 {
			past.join(q.oldest)
			past.evicted(l.ring.oldest(), true)
		}
	}
	l.view.answered(&l.lines, a)
}
