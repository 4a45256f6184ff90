package journal

import "hypervisor-tui/internal/clean/secret"

// pager is the query that is being answered. A move is carried out once and then stays where it led, so that later
// entries change the page's counts but not its place. What lies beyond the ring the view needs the reader for: need
// says what for, and the view is asked again when it was read.
type pager struct {
	query  Query
	atEnd  bool
	found  uint64          // the entry that the move led to
	ids    [MaxRows]uint64 // of the page's rows, newest first
	need   task
	deep   bool   // the view has needed the past since it follows no more
	alone  bool   // there is no archive, or reading failed: the ring is all there is
	none   bool   // there is no error to be found that way
	failed string // why the move led nowhere

	source uint16 // where the anchor is found again
	place  Place
	rows   int  // that the page has had at this place
	torn   bool // it has lost some, which are being read again
}

func (v *pager) ask(q Query, archives bool) {
	q.Rows = min(max(q.Rows, 0), MaxRows)
	if q.Move == Newest {
		q.Move, q.Anchor = Stay, 0
	}
	if q.Filter != v.query.Filter || q.Move != Stay {
		v.rows = 0
	}
	v.query, v.atEnd, v.none, v.found, v.failed = q, false, false, 0, ""
	v.alone = !archives
	v.deep = v.deep && !v.following()
}

// following reports whether the page shows the newest entries as they come.
func (v *pager) following() bool { return v.query.Anchor == 0 && v.query.Move == Stay }

// locate returns the page's bottom row, 0 for none. done is false while the scan, or what the reader is needed for,
// may still change it.
func (v *pager) locate(l *rowIndex) (id uint64, done bool) {
	q := &v.query
	v.need = noTask
	if v.lost(l) && !v.alone && v.place != (Place{}) {
		id, _ = v.clamp(l, q.Anchor)
		v.need, v.deep = readPlace, true
		return id, false
	}
	if q.Move != Stay {
		if id, done = v.move(l); !done {
			return id, false
		}
		v.found = id
		v.settle(l, id)
		if id, done = v.fill(l, id); !done {
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
	case v.lost(l):
		return v.clamp(l, q.Anchor)
	}
	return v.stand(l)
}

// lost reports whether neither the ring nor the past has any more the anchor that the page depends on.
func (v *pager) lost(l *rowIndex) bool {
	switch v.query.Move {
	case Oldest, ToTime, PreviousBoot:
		return false
	}
	if v.query.Anchor == 0 || v.query.Anchor >= firstID {
		return v.query.Anchor != 0 && v.query.Anchor < l.ring.oldest()
	}
	return !l.backlog.has(v.query.Anchor)
}

// beyond asks for what lies beyond the oldest row at hand, seen from id; it is false when there is nothing to ask for.
func (v *pager) beyond(l *rowIndex, id uint64, want task) bool {
	switch {
	case !l.toOldest() || v.alone:
		return false
	case id >= firstID && l.backlog.parted:
		want = readNewer
	case l.backlog.atStart():
		return false
	}
	v.need, v.deep = want, true
	return true
}

// atOldest reports whether there surely is nothing older than the rows at hand, seen from id; else it may be asked for.
func (v *pager) atOldest(l *rowIndex, id uint64, want task) bool {
	return !v.beyond(l, id, want) && l.toOldest()
}

// atNewest reports whether there surely is nothing newer than the rows at hand.
func (v *pager) atNewest(l *rowIndex, id uint64, want task) bool {
	if id < firstID && !l.backlog.empty() && !l.backlog.reaches() && !v.alone {
		if !l.toOldest() {
			return false
		}
		v.need, v.deep = want, true
		return false
	}
	return l.toNewest()
}

// answered takes in what the reader has found.
func (v *pager) answered(l *rowIndex, q *request, a *answer) {
	switch {
	case a.err == errNoError && q.task == readNext:
		v.nextInRing(l)
		return
	case a.err == errNoError:
		v.none = true
		return
	case a.err != nil:
		v.alone, v.failed = true, secret.String(a.err.Error())
		return
	case q.task == readOlder || q.task == readNewer:
		return
	}
	id := l.after(l.backlog.low + uint64(a.found) - 1)
	if id == 0 {
		id = l.before(firstID)
	}
	v.query.Anchor = id
	switch q.task {
	case readPlace: // the move, if there is one, goes on from there
	case readStart:
		v.query.Move = Oldest
	case readBoot:
		v.query.Move = Stay
	default:
		v.query.Move = Around
	}
}

// nextInRing goes on looking for an error where the ring begins.
func (v *pager) nextInRing(l *rowIndex) {
	for id := l.search.after(0); id != 0; id = l.search.after(id) {
		if l.severity(id) <= Err {
			l.backlog.reset()
			v.query.Anchor, v.query.Move = id, Around
			return
		}
	}
	v.none = true
}

// mend asks for the rows that the page has lost at its top since the ring has, or that are to fill it once the view has
// gone beyond the ring.
func (v *pager) mend(l *rowIndex, rows int, top uint64) {
	lost := rows < v.rows && v.query.Anchor != 0
	if v.torn = false; rows < v.query.Rows && (v.deep || lost) {
		v.torn = v.beyond(l, top, readOlder) && lost
	}
	if !v.torn {
		v.rows = rows
	}
}

// settle forgets a past that does not lead to the ring when the page is in the ring.
func (v *pager) settle(l *rowIndex, bottom uint64) {
	if bottom >= firstID && l.backlog.joined == 0 && !l.backlog.empty() {
		l.backlog.reset()
	}
}
