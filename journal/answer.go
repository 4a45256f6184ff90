package journal

import "time"

// view is the query that is being answered. A move is carried out once and then stays where it led, so that later
// entries change the page's counts but not its place.
type view struct {
	query Query
	atEnd bool
	found uint64          // the entry that the move led to
	ids   [MaxRows]uint64 // of the page's rows, newest first
}

func (v *view) ask(q Query) {
	q.Rows = min(max(q.Rows, 0), MaxRows)
	if q.Move == Newest {
		q.Move, q.Anchor = Stay, 0
	}
	v.query, v.atEnd, v.found = q, false, 0
}

// bottom returns the page's bottom row, 0 for none. done is false while the scan may still change it.
func (v *view) bottom(s *search) (id uint64, done bool) {
	q := &v.query
	if q.Move != Stay {
		if id, done = v.move(s); !done {
			return id, false
		}
		v.found = id
		if id, done = v.fill(s, id); !done {
			return id, false
		}
		q.Move, q.Anchor = Stay, id
	}
	switch {
	case q.Anchor == 0:
		return s.before(s.high), true
	case q.Anchor < s.ring.oldest():
		return v.clamp(s, q.Anchor)
	}
	return v.place(s)
}

// move carries out the query's move and returns its new anchor.
func (v *view) move(s *search) (id uint64, done bool) {
	switch v.query.Move {
	case Older:
		return v.older(s)
	case Newer:
		return v.newer(s)
	case Oldest:
		return v.clamp(s, 0)
	case PreviousError:
		return v.previousError(s)
	case NextError:
		return v.nextError(s)
	case ToTime:
		return v.toTime(s)
	}
	return v.query.Anchor, true
}

// fill moves the bottom row of a page that a search has led to so far that what was found does not stand alone.
func (v *view) fill(s *search, id uint64) (bottom uint64, done bool) {
	if id == 0 || v.query.Move != PreviousError && v.query.Move != NextError && v.query.Move != ToTime {
		return id, true
	}
	atEnd := v.atEnd
	bottom, done = v.clamp(s, id)
	v.atEnd = atEnd
	return bottom, done
}

// place is the row of the anchor: the newest match that is not newer, else the oldest that is newer.
func (v *view) place(s *search) (id uint64, done bool) {
	if v.query.Anchor == 0 {
		return s.before(s.high), true
	}
	if id = s.before(v.query.Anchor + 1); id != 0 {
		return id, true
	}
	return s.after(v.query.Anchor), s.toOldest()
}

func (v *view) older(s *search) (id uint64, done bool) {
	id, done = v.place(s)
	for range v.query.Count {
		further := s.before(id)
		if further == 0 {
			v.atEnd = s.toOldest()
			done = done && v.atEnd
			break
		}
		id = further
	}
	if !done {
		return id, false
	}
	return v.clamp(s, id)
}

// clamp moves the bottom row so far from the oldest end that the page is full if there are enough matches.
func (v *view) clamp(s *search, id uint64) (bottom uint64, done bool) {
	if s.count(s.low, id+1) >= v.query.Rows {
		return id, true
	}
	bottom = s.after(0)
	for range v.query.Rows - 1 {
		next := s.after(bottom)
		if next == 0 {
			break
		}
		bottom = next
	}
	done = s.toOldest()
	v.atEnd = done && (v.atEnd || bottom != id && v.query.Move != Oldest)
	return bottom, done
}

func (v *view) newer(s *search) (id uint64, done bool) {
	id, done = v.place(s)
	for range v.query.Count {
		further := s.after(id)
		if further == 0 {
			v.atEnd = s.toNewest()
			return id, done && v.atEnd
		}
		id = further
	}
	return id, done
}

func (v *view) previousError(s *search) (id uint64, done bool) {
	from := v.query.Anchor
	if from == 0 {
		from = s.high
	}
	for id = s.before(from); id != 0; id = s.before(id) {
		if s.ring.at(id).severity() <= Err {
			return id, true
		}
	}
	return v.stay(s, s.toOldest())
}

func (v *view) nextError(s *search) (id uint64, done bool) {
	from := v.query.Anchor
	if from == 0 {
		return v.stay(s, true)
	}
	if from+1 < s.low && !s.toOldest() {
		return v.stay(s, false)
	}
	for id = s.after(from); id != 0; id = s.after(id) {
		if s.ring.at(id).severity() <= Err {
			return id, true
		}
	}
	return v.stay(s, s.toNewest())
}

// toTime looks in order of arrival, since the stamps of several sources do not rise together.
func (v *view) toTime(s *search) (id uint64, done bool) {
	if !s.complete() {
		return v.stay(s, false)
	}
	at := v.query.At.UnixMicro()
	for id = s.after(0); id != 0; id = s.after(id) {
		if s.ring.at(id).time >= at {
			return id, true
		}
	}
	v.atEnd = true
	return s.before(s.high), true
}

// stay is where a move is that has found nothing: at the anchor. sure says that nothing can be found any more. From
// the newest entry, anchor 0, it goes on following.
func (v *view) stay(s *search, sure bool) (id uint64, done bool) {
	if v.atEnd = sure; sure {
		return v.query.Anchor, true
	}
	id, _ = v.place(s)
	return id, false
}

// answer fills p from the view: its rows, and the counts of its filter as far as scanned.
func (v *view) answer(s *search, p *Page) {
	s.evicted()
	bottom, placed := v.bottom(s)
	rows, top := 0, bottom
	for id := bottom; id != 0 && rows < v.query.Rows; id = s.before(id) {
		v.ids[rows], top = id, id
		rows++
	}
	p.Rows, p.Text = p.Rows[:0], p.Text[:0]
	for i := rows - 1; i >= 0; i-- {
		p.add(s, v.ids[i])
	}
	p.Query, p.Err = v.query.Number, s.err
	p.Pending, p.Percent, p.AtEnd, p.Found = !placed || !s.complete(), s.percent(), v.atEnd, v.found
	p.Newer, p.Older, p.Matches = 0, s.count(s.low, top), s.count(s.low, s.high)
	if bottom != 0 {
		p.Newer = s.count(bottom+1, s.high)
	}
	p.Counts = s.ring.units.tabCounts(s.tab())
}

// tab is the filter's tab, 0 when it does not exist.
func (s *search) tab() int {
	if s.m.units == nil {
		return 0
	}
	return s.m.filter.Tab
}

func (p *Page) add(s *search, id uint64) {
	e := s.ring.at(id)
	start := len(p.Text)
	p.Text = append(p.Text, s.ring.message(e)...)
	row := Row{
		ID:       id,
		Time:     e.time,
		Unit:     s.ring.units.names[e.unit()],
		PID:      int(e.pid),
		Severity: e.severity(),
		Start:    start,
		End:      len(p.Text),
		Full:     int(e.full),
	}
	row.MatchStart, row.MatchEnd = s.m.highlight(p.Text[start:])
	p.Rows = append(p.Rows, row)
}

// figures fills in what does not depend on the filter.
func (p *Page) figures(r *ring) {
	p.Entries, p.Capacity = r.count, len(r.slots)
	p.Bytes = r.used
	p.Oldest = time.Time{}
	if r.count > 0 {
		p.Oldest = time.UnixMicro(r.at(r.oldest()).time)
	}
	p.Errors = r.units.tabErrors(p.Errors[:0])
}

// copyPage makes dst equal to src in memory of its own.
func copyPage(dst, src *Page) {
	rows, text, errors, sources := dst.Rows, dst.Text, dst.Errors, dst.Sources
	*dst = *src
	dst.Rows = append(rows[:0], src.Rows...)
	dst.Text = append(text[:0], src.Text...)
	dst.Errors = append(errors[:0], src.Errors...)
	dst.Sources = append(sources[:0], src.Sources...)
}
