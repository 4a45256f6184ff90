package journal

// move carries out the query's move and returns its new anchor.
func (v *pager) move(l *rowIndex) (id uint64, done bool) {
	switch v.query.Move {
	case Older:
		return v.older(l)
	case Newer:
		return v.newer(l)
	case Oldest:
		return v.oldest(l)
	case PreviousError:
		return v.previousError(l)
	case NextError:
		return v.nextError(l)
	case ToTime:
		return v.toTime(l)
	case PreviousBoot:
		return v.previousBoot(l)
	}
	return v.stand(l)
}

// fill moves the bottom row of a page so far from what was found that the page is full, and that half of it is newer, as
// far as such rows are at hand.
func (v *pager) fill(l *rowIndex, id uint64) (bottom uint64, done bool) {
	switch v.query.Move {
	case PreviousError, NextError, ToTime, Around:
	default:
		return id, true
	}
	if id == 0 {
		return 0, true
	}
	atEnd := v.atEnd
	bottom, done = v.clamp(l, id)
	v.atEnd = atEnd
	for range v.query.Rows / 2 {
		next := l.after(id)
		if next == 0 {
			break
		}
		id = next
	}
	return max(bottom, id), done
}

// stand is the row of the anchor: the one it is part of, else the newest that is not newer, else the oldest that is.
func (v *pager) stand(l *rowIndex) (id uint64, done bool) {
	anchor := v.query.Anchor
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

func (v *pager) older(l *rowIndex) (id uint64, done bool) {
	id, done = v.stand(l)
	for range v.query.Count {
		further := l.before(id)
		if further == 0 {
			v.atEnd = v.atOldest(l, id, readOlder)
			done = done && v.atEnd
			break
		}
		id = further
	}
	if !done {
		return id, false
	}
	return v.clamp(l, id)
}

// clamp moves the bottom row so far from the oldest end that the page is full if there are enough matches.
func (v *pager) clamp(l *rowIndex, id uint64) (bottom uint64, done bool) {
	if l.upTo(id) >= v.query.Rows {
		return id, true
	}
	done = v.atOldest(l, id, readOlder)
	bottom = l.after(0)
	for range v.query.Rows - 1 {
		next := l.after(bottom)
		if next == 0 {
			done = done && (bottom == 0 || bottom >= firstID || v.atNewest(l, bottom, readNewer))
			break
		}
		bottom = next
	}
	v.atEnd = done && (v.atEnd || bottom != id && v.query.Move != Oldest)
	return bottom, done
}

func (v *pager) newer(l *rowIndex) (id uint64, done bool) {
	id, done = v.stand(l)
	for range v.query.Count {
		further := l.after(id)
		if further == 0 {
			v.atEnd = v.atNewest(l, id, readNewer)
			return id, done && v.atEnd
		}
		id = further
	}
	return id, done
}

// oldest is the start of what the archives hold, or of the ring when there are none.
func (v *pager) oldest(l *rowIndex) (id uint64, done bool) {
	if !v.alone && !l.backlog.atStart() {
		v.need, v.deep = readStart, true
		return v.stay(l, false)
	}
	return v.clamp(l, 0)
}

func (v *pager) previousError(l *rowIndex) (id uint64, done bool) {
	last := v.query.Anchor
	if last == 0 {
		last = l.high
	}
	for id = l.before(last); id != 0; id = l.before(id) {
		if l.severity(id) <= Err {
			return id, true
		}
		last = id
	}
	return v.stay(l, v.none || v.atOldest(l, last, readError))
}

func (v *pager) nextError(l *rowIndex) (id uint64, done bool) {
	from := v.query.Anchor
	if from == 0 {
		return v.stay(l, true)
	}
	if from >= firstID && from+1 < l.low && !l.toOldest() {
		return v.stay(l, false)
	}
	last := from
	for id = l.after(from); id != 0; id = l.after(id) {
		if l.severity(id) <= Err {
			return id, true
		}
		last = id
	}
	return v.stay(l, v.none || v.atNewest(l, last, readNext))
}

// toTime looks in order of arrival, since the stamps of several sources do not rise together. What the ring begins after
// is asked of the archives.
func (v *pager) toTime(l *rowIndex) (id uint64, done bool) {
	at := v.query.At.UnixMicro()
	before := !v.alone && (l.ring.count == 0 || at < l.ring.at(l.ring.oldest()).time)
	if !before && !l.complete() {
		return v.stay(l, false)
	}
	from := l.ring.reaches(at, before)
	if before && from == 0 {
		v.need, v.deep = readTime, true
	}
	if before && from == 0 || !l.complete() {
		return v.stay(l, false)
	}
	for id = l.search.after(max(from, 1) - 1); id != 0; id = l.search.after(id) {
		if l.ring.at(id).time >= at {
			return id, true
		}
	}
	v.atEnd = true
	return l.before(l.high), true
}

// reaches returns the first entry at or after a time, 0 when there is none. Where that is far behind it, and for a time
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
func (v *pager) previousBoot(l *rowIndex) (id uint64, done bool) {
	if v.alone {
		if v.failed == "" {
			v.failed = "no source here knows of earlier boots"
		}
		return v.stay(l, true)
	}
	v.need, v.deep = readBoot, true
	return v.stay(l, false)
}

// stay is where a move is that has found nothing: at the anchor. sure says that nothing can be found any more. From
// the newest entry, anchor 0, it goes on following.
func (v *pager) stay(l *rowIndex, sure bool) (id uint64, done bool) {
	if v.atEnd = sure; sure {
		return v.query.Anchor, true
	}
	id, _ = v.stand(l)
	return id, false
}
