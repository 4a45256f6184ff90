package journal

import (
	"bytes"
	"slices"
)

// scanEnough is after how many entries a stretch that fills the page is handed over though there may be more.
const scanEnough = 20_000

// gather reads a stretch on one side of the cut. It ends when it is full, when it has enough rows and looking for more
// would take long, or where there is nothing more.
func (r *reader) gather(q *request, from position, older bool, enough int) (*stretch, error) {
	t := &stretch{older: from, newer: from}
	scanned := 0
	at, done, err := q.walk(from, older, func(e *Entry, source uint16, _ position) bool {
		scanned++
		h := r.door.take(e)
		if unit := r.units.intern(r.door.unit); r.m.match(h.severity, unit, r.door.text) {
			r.door.seal(&h)
			t.add(&h, source, r.units.names[unit], r.door.text, older, &q.filter)
		}
		return len(t.rows) < stretchRows && len(t.text) < stretchBytes && (len(t.rows) < enough || scanned < scanEnough)
	})
	if err != nil {
		return nil, err
	}
	if older {
		slices.Reverse(t.rows)
		t.older, t.atStart = at, done
	} else {
		t.newer, t.atRing = at, done
	}
	return t, nil
}

// add adds an entry after the last row, or to it when they are equal.
func (t *stretch) add(h *head, source uint16, unit string, text []byte, older bool, f *Filter) {
	if n := len(t.rows); n > 0 && !f.Each {
		last := &t.rows[n-1]
		if last.name == unit && last.severity == h.severity && equalText(last.hash, h.hash, t.message(last), text, f.Raw) {
			n := last.repeats + 1
			if !older { // a row is named after its newest
				t.text = append(t.text[:last.start], text...)
				*last = pastRow{head: *h, source: source, name: unit, start: last.start}
			}
			last.repeats = n
			return
		}
	}
	t.rows = append(t.rows, pastRow{head: *h, source: source, name: unit, start: len(t.text), repeats: 1})
	t.text = append(t.text, text...)
}

// equalText reports whether two messages are shown alike; hashes of what is shown go with them.
func equalText(hash, other uint32, a, b []byte, raw bool) bool {
	if raw || hash != other {
		return raw && bytes.Equal(a, b)
	}
	return bytes.Equal(a, b) || bytes.Equal(AppendPayload(nil, a), AppendPayload(nil, b))
}

// jump looks for a place and reads the rows on both sides of it.
func (r *reader) jump(q *request, a *answer) error {
	from, err := r.place(q)
	if err != nil {
		return err
	}
	before, err := r.gather(q, from, true, q.rows)
	if err != nil {
		return err
	}
	if q.task == readBoot && len(before.rows) == 0 {
		return errNoBoot
	}
	after, err := r.gather(q, from, false, 1)
	if err != nil {
		return err
	}
	a.found = len(before.rows)
	if q.task == readBoot {
		a.found--
	}
	a.stretch = before.append(after)
	return nil
}

// append makes one stretch of two neighbours.
func (t *stretch) append(next *stretch) *stretch {
	for _, row := range next.rows {
		row.start += len(t.text)
		t.rows = append(t.rows, row)
	}
	t.text = append(t.text, next.text...)
	t.newer, t.atRing = next.newer, next.atRing
	return t
}

// place returns the cut that the request wants to go to.
func (r *reader) place(q *request) (position, error) {
	switch q.task {
	case readBoot:
		return r.bootStart(q)
	case readError, readNext:
		return r.findError(q)
	case readStart:
		return make(position, len(q.sources)), nil
	}
	return q.cutAt(q.source, q.at), nil
}

// cutAt is the cut at a place of one source, which is a time for the others.
func (q *request) cutAt(source uint16, at Place) position {
	c := make(position, len(q.sources))
	for i := range c {
		c[i] = Place{Time: at.Time}
		if q.sources[i].source == source {
			c[i] = at
		}
	}
	return c
}

func (r *reader) findError(q *request) (position, error) {
	var found position
	_, _, err := q.walk(q.from, q.task == readError, func(e *Entry, _ uint16, at position) bool {
		h := r.door.take(e)
		if h.severity <= Err && r.m.match(h.severity, r.units.intern(r.door.unit), r.door.text) {
			found = slices.Clone(at)
		}
		return found == nil
	})
	if err == nil && found == nil {
		err = errNoError
	}
	return found, err
}

// bootStart asks the archives where the boot of q.at began; the first one that knows wins.
func (r *reader) bootStart(q *request) (position, error) {
	err := ErrNoBoots
	for _, s := range q.sources {
		at := Place{Time: q.at.Time}
		if s.source == q.source {
			at = q.at
		}
		start, e := (*s.archive).BootStart(q, at)
		if e == nil {
			return q.cutAt(s.source, start), nil
		}
		if e != ErrNoBoots {
			err = e
		}
	}
	return nil, err
}
