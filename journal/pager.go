package journal

import (
	"time"

	"hypervisor-tui/internal/clean/secret"
)

// pager is the query that is being answered. A move is carried out once and then stays where it led, so that later
// entries change the page's counts but not its place. What lies beyond the ring the view needs the reader for: need
// says what for, and the view is asked again when it was read.
type pager struct {
	query  Query
	atEnd  bool
	found  uint64          // the entry that the move led to
	ids    [MaxRows]uint64 // of the page's rows, newest first
	need   task
	deep   bool   // the view has needed the backlog since it follows no more
	alone  bool   // there is no archive, or reading failed: the ring is all there is
	none   bool   // there is no error to be found that way
	failed string // why the move led nowhere

	source uint16 // where the anchor is found again
	place  Place
	rows   int  // that the page has had at this place
	torn   bool // it has lost some, which are being read again
}

func (p *pager) ask(q Query, archives bool) {
	q.Rows = min(max(q.Rows, 0), MaxRows)
	if q.Move == Newest {
		q.Move, q.Anchor = Stay, 0
	}
	if q.Filter != p.query.Filter || q.Move != Stay {
		p.rows = 0
	}
	p.query, p.atEnd, p.none, p.found, p.failed = q, false, false, 0, ""
	p.alone = !archives
	p.deep = p.deep && !p.following()
}

// following reports whether the page shows the newest entries as they come.
func (p *pager) following() bool { return p.query.Anchor == 0 && p.query.Move == Stay }

// locate returns the page's bottom row, 0 for none. done is false while the scan, or what the reader is needed for,
// may still change it.
func (p *pager) locate(l *rowIndex) (id uint64, done bool) {
	q := &p.query
	p.need = noTask
	if p.lost(l) && !p.alone && p.place != (Place{}) {
		id, _ = p.clamp(l, q.Anchor)
		p.need, p.deep = readPlace, true
		return id, false
	}
	if q.Move != Stay {
		if id, done = p.move(l); !done {
			return id, false
		}
		p.found = id
		p.settle(l, id)
		if id, done = p.fill(l, id); !done {
			return id, false
		}
		if id != 0 || q.Move != Around { // else its place is kept: another filter may have something there
			q.Anchor = id
		}
		q.Move = Stay
	}
	switch {
	case q.Anchor == 0:
		return l.before(l.high), true
	case p.lost(l):
		return p.clamp(l, q.Anchor)
	}
	return p.stand(l)
}

// lost reports whether neither the ring nor the backlog has any more the anchor that the page depends on.
func (p *pager) lost(l *rowIndex) bool {
	switch p.query.Move {
	case Oldest, ToTime, PreviousBoot:
		return false
	}
	if p.query.Anchor == 0 || p.query.Anchor >= firstID {
		return p.query.Anchor != 0 && p.query.Anchor < l.ring.oldest()
	}
	return !l.backlog.has(p.query.Anchor)
}

// beyond asks for what lies beyond the oldest row at hand, seen from id; it is false when there is nothing to ask for.
func (p *pager) beyond(l *rowIndex, id uint64, want task) bool {
	switch {
	case !l.toOldest() || p.alone:
		return false
	case id >= firstID && l.backlog.parted:
		want = readNewer
	case l.backlog.atStart():
		return false
	}
	p.need, p.deep = want, true
	return true
}

// atOldest reports whether there surely is nothing older than the rows at hand, seen from id; else it may be asked for.
func (p *pager) atOldest(l *rowIndex, id uint64, want task) bool {
	return !p.beyond(l, id, want) && l.toOldest()
}

// atNewest reports whether there surely is nothing newer than the rows at hand.
func (p *pager) atNewest(l *rowIndex, id uint64, want task) bool {
	if id < firstID && !l.backlog.empty() && !l.backlog.reaches() && !p.alone {
		if !l.toOldest() {
			return false
		}
		p.need, p.deep = want, true
		return false
	}
	return l.toNewest()
}

// answered takes in what the reader has found.
func (p *pager) answered(l *rowIndex, q *request, a *answer) {
	switch {
	case a.err == errNoError && q.task == readNext:
		p.nextInRing(l)
		return
	case a.err == errNoError:
		p.none = true
		return
	case a.err != nil:
		p.alone, p.failed = true, secret.String(a.err.Error())
		return
	case q.task == readOlder || q.task == readNewer:
		return
	}
	id := l.after(l.backlog.low + uint64(a.found) - 1)
	if id == 0 {
		id = l.before(firstID)
	}
	p.query.Anchor = id
	switch q.task {
	case readPlace: // the move, if there is one, goes on from there
	case readStart:
		p.query.Move = Oldest
	case readBoot:
		p.query.Move = Stay
	default:
		p.query.Move = Around
	}
}

// nextInRing goes on looking for an error where the ring begins.
func (p *pager) nextInRing(l *rowIndex) {
	for id := l.search.after(0); id != 0; id = l.search.after(id) {
		if l.severity(id) <= Err {
			l.backlog.reset()
			p.query.Anchor, p.query.Move = id, Around
			return
		}
	}
	p.none = true
}

// mend asks for the rows that the page has lost at its top since the ring has, or that are to fill it once the view has
// gone beyond the ring.
func (p *pager) mend(l *rowIndex, rows int, top uint64) {
	lost := rows < p.rows && p.query.Anchor != 0
	if p.torn = false; rows < p.query.Rows && (p.deep || lost) {
		p.torn = p.beyond(l, top, readOlder) && lost
	}
	if !p.torn {
		p.rows = rows
	}
}

// settle forgets a backlog that does not lead to the ring when the page is in the ring.
func (p *pager) settle(l *rowIndex, bottom uint64) {
	if bottom >= firstID && l.backlog.joined == 0 && !l.backlog.empty() {
		l.backlog.reset()
	}
}

// move carries out the query's move and returns its new anchor.
func (p *pager) move(l *rowIndex) (id uint64, done bool) {
	switch p.query.Move {
	case Older:
		return p.older(l)
	case Newer:
		return p.newer(l)
	case Oldest:
		return p.oldest(l)
	case PreviousError:
		return p.previousError(l)
	case NextError:
		return p.nextError(l)
	case ToTime:
		return p.toTime(l)
	case PreviousBoot:
		return p.previousBoot(l)
	}
	return p.stand(l)
}

// fill moves the bottom row of a page so far from what was found that the page is full, and that half of it is newer, as
// far as such rows are at hand.
func (p *pager) fill(l *rowIndex, id uint64) (bottom uint64, done bool) {
	switch p.query.Move {
	case PreviousError, NextError, ToTime, Around:
	default:
		return id, true
	}
	if id == 0 {
		return 0, true
	}
	atEnd := p.atEnd
	bottom, done = p.clamp(l, id)
	p.atEnd = atEnd
	for range p.query.Rows / 2 {
		next := l.after(id)
		if next == 0 {
			break
		}
		id = next
	}
	return max(bottom, id), done
}

// stand is the row of the anchor: the one it is part of, else the newest that is not newer, else the oldest that is.
func (p *pager) stand(l *rowIndex) (id uint64, done bool) {
	anchor := p.query.Anchor
	if anchor == 0 {
		return l.before(l.high), true
	}
	if anchor >= firstID {
		if row := l.rowOf(anchor); row != 0 {
			return row, true
		}
	}
	if id = l.before(anchor + 1); id != 0 {
		return id, true
	}
	return l.after(anchor), l.toOldest()
}

func (p *pager) older(l *rowIndex) (id uint64, done bool) {
	id, done = p.stand(l)
	for range p.query.Count {
		further := l.before(id)
		if further == 0 {
			p.atEnd = p.atOldest(l, id, readOlder)
			done = done && p.atEnd
			break
		}
		id = further
	}
	if !done {
		return id, false
	}
	return p.clamp(l, id)
}

// clamp moves the bottom row so far from the oldest end that the page is full if there are enough matches.
func (p *pager) clamp(l *rowIndex, id uint64) (bottom uint64, done bool) {
	if l.upTo(id) >= p.query.Rows {
		return id, true
	}
	done = p.atOldest(l, id, readOlder)
	bottom = l.after(0)
	for range p.query.Rows - 1 {
		next := l.after(bottom)
		if next == 0 {
			done = done && (bottom == 0 || bottom >= firstID || p.atNewest(l, bottom, readNewer))
			break
		}
		bottom = next
	}
	p.atEnd = done && (p.atEnd || bottom != id && p.query.Move != Oldest)
	return bottom, done
}

func (p *pager) newer(l *rowIndex) (id uint64, done bool) {
	id, done = p.stand(l)
	for range p.query.Count {
		further := l.after(id)
		if further == 0 {
			p.atEnd = p.atNewest(l, id, readNewer)
			return id, done && p.atEnd
		}
		id = further
	}
	return id, done
}

// oldest is the start of what the archives hold, or of the ring when there are none.
func (p *pager) oldest(l *rowIndex) (id uint64, done bool) {
	if !p.alone && !l.backlog.atStart() {
		p.need, p.deep = readStart, true
		return p.stay(l, false)
	}
	return p.clamp(l, 0)
}

func (p *pager) previousError(l *rowIndex) (id uint64, done bool) {
	last := p.query.Anchor
	if last == 0 {
		last = l.high
	}
	for id = l.before(last); id != 0; id = l.before(id) {
		if l.severity(id) <= Err {
			return id, true
		}
		last = id
	}
	return p.stay(l, p.none || p.atOldest(l, last, readError))
}

func (p *pager) nextError(l *rowIndex) (id uint64, done bool) {
	from := p.query.Anchor
	if from == 0 {
		return p.stay(l, true)
	}
	if from >= firstID && from+1 < l.low && !l.toOldest() {
		return p.stay(l, false)
	}
	last := from
	for id = l.after(from); id != 0; id = l.after(id) {
		if l.severity(id) <= Err {
			return id, true
		}
		last = id
	}
	return p.stay(l, p.none || p.atNewest(l, last, readNext))
}

// toTime looks in order of arrival, since the stamps of several sources do not rise together. What the ring begins after
// is asked of the archives.
func (p *pager) toTime(l *rowIndex) (id uint64, done bool) {
	at := p.query.At.UnixMicro()
	before := !p.alone && (l.ring.count == 0 || at < l.ring.at(l.ring.oldest()).time)
	if !before && !l.complete() {
		return p.stay(l, false)
	}
	from := l.ring.reaches(at, before)
	if before && from == 0 {
		p.need, p.deep = readTime, true
	}
	if before && from == 0 || !l.complete() {
		return p.stay(l, false)
	}
	for id = l.search.after(max(from, 1) - 1); id != 0; id = l.search.after(id) {
		if l.ring.at(id).time >= at {
			return id, true
		}
	}
	p.atEnd = true
	return l.before(l.high), true
}

// reaches returns the first entry at or after a time, 0 if none. Where that is far behind it, and for a time
// before the ring, it is the one after a step back of the clock at which the stamps come to the time again.
func (r *ring) reaches(at int64, before bool) (first uint64) {
	latest, last := int64(0), int64(0)
	for id := r.oldest(); id < r.next; id++ {
		t := r.at(id).time
		near := t >= at && t <= at+clockSlack
		switch {
		case near && latest > t+clockSlack && last < at, near && first == 0 && !before:
			return id
		case t >= at && first == 0 && !before:
			first = id
		}
		latest, last = max(latest, t), t
	}
	return first
}

// previousBoot is the last row of the boot before the anchor's.
func (p *pager) previousBoot(l *rowIndex) (id uint64, done bool) {
	if p.alone {
		if p.failed == "" {
			p.failed = "no source here knows of earlier boots"
		}
		return p.stay(l, true)
	}
	p.need, p.deep = readBoot, true
	return p.stay(l, false)
}

// stay is where a move is that has found nothing: at the anchor. sure says that nothing can be found any more. From
// the newest entry, anchor 0, it goes on following.
func (p *pager) stay(l *rowIndex, sure bool) (id uint64, done bool) {
	if p.atEnd = sure; sure {
		return p.query.Anchor, true
	}
	id, _ = p.stand(l)
	return id, false
}

// answer fills page from the view: its rows, and the counts of its filter as far as scanned.
func (p *pager) answer(l *rowIndex, page *Page) {
	bottom, placed := p.locate(l)
	if placed {
		p.settle(l, bottom)
	}
	rows, top := 0, bottom
	for id := bottom; id != 0 && rows < p.query.Rows; id = l.before(id) {
		p.ids[rows], top = id, id
		rows++
	}
	if placed {
		p.mend(l, rows, top)
	}
	page.Rows, page.Text = page.Rows[:0], page.Text[:0]
	for i := rows - 1; i >= 0; i-- {
		page.add(l, p.ids[i])
	}
	page.Query, page.Err, page.Failed = p.query.Number, l.err, p.failed
	page.Pending, page.Percent, page.AtEnd, page.Found = !placed || !l.complete(), l.percent(), p.atEnd, p.found
	page.Past = bottom != 0 && bottom < firstID
	page.Matches = l.count(l.low, l.high)
	page.Older, page.Newer, page.NewerRows = 0, 0, 0
	if rows > 0 && top >= firstID {
		page.Older = l.count(l.low, page.Rows[0].First)
	}
	if bottom != 0 {
		page.Newer, page.NewerRows = l.count(max(bottom+1, firstID), l.high), l.rows(max(bottom+1, firstID), l.high)
	}
	page.Counts = l.ring.units.tabCounts(l.tab())
	if placed && bottom != 0 {
		p.source, p.place = l.stamp(bottom)
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
		c, r := l.backlog.at(id)
		message = c.message(r)
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
