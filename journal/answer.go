package journal

import "time"

// answer fills p from the view: its rows, and the counts of its filter as far as scanned.
func (v *pager) answer(l *rowIndex, p *Page) {
	bottom, placed := v.locate(l)
	if placed {
		v.settle(l, bottom)
	}
	rows, top := 0, bottom
	for id := bottom; id != 0 && rows < v.query.Rows; id = l.before(id) {
		v.ids[rows], top = id, id
		rows++
	}
	if placed {
		v.mend(l, rows, top)
	}
	p.Rows, p.Text = p.Rows[:0], p.Text[:0]
	for i := rows - 1; i >= 0; i-- {
		p.add(l, v.ids[i])
	}
	p.Query, p.Err, p.Failed = v.query.Number, l.err, v.failed
	p.Pending, p.Percent, p.AtEnd, p.Found = !placed || !l.complete(), l.percent(), v.atEnd, v.found
	p.Past = bottom != 0 && bottom < firstID
	p.Matches = l.count(l.low, l.high)
	p.Older, p.Newer, p.NewerRows = 0, 0, 0
	if rows > 0 && top >= firstID {
		p.Older = l.count(l.low, p.Rows[0].First)
	}
	if bottom != 0 {
		p.Newer, p.NewerRows = l.count(max(bottom+1, firstID), l.high), l.rows(max(bottom+1, firstID), l.high)
	}
	p.Counts = l.ring.units.tabCounts(l.tab())
	if placed && bottom != 0 {
		v.source, v.place = l.stamp(bottom)
	}
}

// tab is the filter's tab, 0 when it does not exist.
func (s *search) tab() int {
	if s.m.units == nil {
		return 0
	}
	return s.m.filter.Tab
}

// add adds a row as it is to be shown.
func (p *Page) add(l *rowIndex, id uint64) {
	var row Row
	var message []byte
	if id < firstID {
		t, r := l.backlog.at(id)
		message = t.message(r)
		row = Row{ID: id, First: id, Repeats: r.repeats, Time: r.micros, PID: r.pid, Severity: r.severity,
			Full: r.full, Source: r.source, Seq: r.seq}
		row.Unit, row.Pod = splitUnit(r.name)
	} else {
		e := l.ring.at(id)
		message = l.ring.message(e)
		row = Row{ID: id, Time: e.time, PID: int(e.pid), Severity: e.severity(),
			Full: int(e.full), Source: e.source, Seq: e.seq, Earlier: e.earlier()}
		row.Unit, row.Pod = splitUnit(l.ring.units.names[e.unit()])
		row.First, row.Repeats = l.run(id)
	}
	row.Start, row.Kept = len(p.Text), len(message)
	if l.m.filter.Raw {
		p.Text = append(p.Text, message...)
	} else {
		p.Text = AppendPayload(p.Text, message)
	}
	if row.MatchStart, row.MatchEnd = l.m.highlight(p.Text[row.Start:]); row.MatchStart == row.MatchEnd {
		// What matches may be in what AppendPayload leaves out.
		if row.MatchStart, row.MatchEnd = l.m.highlight(message); row.MatchStart < row.MatchEnd {
			p.Text = append(p.Text[:row.Start], message...)
		}
	}
	row.End = len(p.Text)
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
}

// copyPage makes dst equal to src in memory of its own.
func copyPage(dst, src *Page) {
	rows, text, unread, sources := dst.Rows, dst.Text, dst.Unread, dst.Sources
	*dst = *src
	dst.Rows = append(rows[:0], src.Rows...)
	dst.Text = append(text[:0], src.Text...)
	dst.Unread = append(unread[:0], src.Unread...)
	dst.Sources = append(sources[:0], src.Sources...)
}
