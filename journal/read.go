package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"sync/atomic"
	"time"
)

var endPlace = Place{Time: math.MaxInt64}

// task is what the reader of the archives is to do.
type task uint8

const (
	noTask    task = iota
	readOlder      // a chunk of rows before request.from
	readNewer      // a chunk of rows from request.from on, up to the ring
	readTime       // the rows around the first entry at or after request.at
	readPlace      // the rows up to the entry at request.at of request.source
	readStart      // the rows at the start of the archives
	readError      // the rows around the newest error before request.from
	readNext       // the rows around the oldest error from request.from on, up to the ring
	readBoot       // the rows up to the end of the boot before that of request.at
	readWhole      // all fields of the entry at request.at of request.source
)

// request is one task for the readers, with all they need to know: it shares nothing with the ring. A view has one at
// a time: the one before is cancelled.
type request struct {
	context.Context
	cancel  context.CancelFunc
	log     *Log
	task    task
	sources []archived
	filter  Filter
	tabs    []Tab
	rows    int // rows of the page, of which a chunk fills some
	from    position
	ring    position // where the ring begins
	oldest  uint64   // id of the ring's entry there
	source  uint16
	at      Place
	id      uint64 // of the entry for readWhole

	scanned atomic.Uint64 // entries read so far
	stamp   atomic.Int64  // of the last of them
	answer  atomic.Pointer[answer]
}

// answer is what was found for a request.
type answer struct {
	chunk *chunk
	found int // index of the row that was looked for, len(rows): the ring's first row
	whole *Whole
	err   error
}

var (
	errNoError = errors.New("no further error")
	errNoBoot  = errors.New("no earlier boot is kept")
)

// hangs is for how long requests may come to nothing before the archives do not answer.
const hangs = 10 * time.Second

var errHangs = errors.New("the logs' disk does not answer")

// turnEntries is after how many entries a request lets others go on.
const turnEntries = 4096

// Read reads the archives of the Log's sources, whole entries and what is older than the ring, until ctx ends, and
// returns its error. It is called once, on a goroutine of its own. The views' requests are read in turns, one at a time,
// each on a goroutine. When one hangs, all are answered so until it goes on.
func (l *Log) Read(ctx context.Context) error {
	var active []*request
	var seen uint64 // of progress
	hung := false
	watch := time.NewTimer(hangs)
	defer watch.Stop()
	for {
		select {
		case <-l.reading:
		case <-watch.C:
			if active = slices.DeleteFunc(active, (*request).ended); len(active) == 0 {
				continue
			}
			if hung = l.progress.Load() == seen; hung {
				for _, q := range active {
					q.finish(q.hung())
				}
			}
			seen = l.progress.Load()
			watch.Reset(hangs)
			continue
		case <-ctx.Done():
			for _, q := range active {
				q.cancel()
			}
			return ctx.Err()
		}
		for _, v := range *l.views.Load() {
			q := v.requested.Swap(nil)
			if q == nil {
				continue
			}
			if hung = hung && l.progress.Load() == seen; hung {
				q.finish(q.hung())
				continue
			}
			if active = slices.DeleteFunc(active, (*request).ended); len(active) == 0 {
				seen = l.progress.Load()
				watch.Reset(hangs)
			}
			active = append(active, q)
			go l.serve(q)
		}
	}
}

// serve answers a request when its turn comes, unless it is cancelled before.
func (l *Log) serve(q *request) {
	select {
	case l.disk <- struct{}{}:
	case <-q.Done():
		return
	}
	r := l.spare
	if l.spare = nil; r == nil {
		r = &reader{intake: newIntake(l.seed)}
	}
	a := r.answer(q)
	l.spare = r
	l.progress.Add(1)
	<-l.disk
	q.finish(a)
}

// ended reports whether nothing more comes of a request.
func (q *request) ended() bool { return q.Err() != nil || q.answer.Load() != nil }

// finish answers a request that has no answer yet.
func (q *request) finish(a *answer) {
	if q.answer.CompareAndSwap(nil, a) {
		q.cancel()
		q.log.poke()
	}
}

// hung is the answer of an archive that hangs.
func (q *request) hung() *answer {
	if q.task == readWhole {
		return &answer{whole: &Whole{ID: q.id, Err: errHangs.Error()}}
	}
	return &answer{err: errHangs}
}

// reader reads the archives. It owns what it reads into until it hands it over.
type reader struct {
	intake intake
	units  *units
	m      matcher
}

func (r *reader) answer(q *request) (a *answer) {
	defer func() {
		if v := recover(); v != nil {
			a = &answer{err: fmt.Errorf("reading again crashed: %v", v)}
		}
	}()
	a = &answer{}
	if q.task == readWhole {
		a.whole = r.whole(q)
		return a
	}
	r.units = newUnits(q.tabs)
	r.m, _ = newMatcher(q.filter, r.units)
	switch q.task {
	case readOlder, readNewer:
		a.chunk, a.err = r.gather(q, q.from, q.task == readOlder, q.rows)
	default:
		a.err = r.jump(q, a)
	}
	return a
}

// walk is one archive's part of a walk over all, with the entry that comes next. Its error ends it.
type walk struct {
	next  func() (Entry, bool)
	stop  func()
	entry Entry
	more  bool
	err   error
}

// visit receives an entry and the position just before it, both valid only during the call. Returning false ends the
// walk.
type visit func(e *Entry, source uint16, at position) bool

// walk hands the archives' entries to each in the order of their time: those before the position, newest first, or those
// from it on up to the ring, oldest first. It returns the position where it ended; done reports that there is nothing more.
func (q *request) walk(from position, older bool, each visit) (at position, done bool, err error) {
	at = append(position(nil), from...)
	walks := make([]walk, len(q.sources))
	defer func() {
		for i := range walks {
			if walks[i].stop != nil {
				walks[i].stop()
			}
		}
	}()
	for i := range walks {
		q.start(&walks[i], i, from[i], older)
		at[i] = walks[i].step(at[i], q.ring[i], older)
	}
	for q.Err() == nil {
		i := first(walks, older)
		if i < 0 {
			return at, true, firstError(walks)
		}
		w := &walks[i]
		if older {
			at[i] = w.entry.Place
		}
		q.progress(w.entry.Place.Time)
		more := each(&w.entry, q.sources[i].source, at)
		if more || !older {
			at[i] = w.step(at[i], q.ring[i], older)
		}
		if !more {
			return at, false, nil
		}
	}
	return at, false, q.Err()
}

func (q *request) start(w *walk, i int, from Place, older bool) {
	archive := *q.sources[i].archive
	w.next, w.stop = iter.Pull(func(yield func(Entry) bool) {
		if older {
			w.err = archive.Older(q, from, yield)
		} else {
			w.err = archive.Newer(q, from, q.ring[i], yield)
		}
	})
}

// step takes the next entry and returns the position then: on the way to older ones it stays, else it lies before
// that entry. The way to newer ones ends at the ring.
func (w *walk) step(at, ring Place, older bool) Place {
	w.entry, w.more = w.next()
	if older {
		return at
	}
	if w.more {
		return w.entry.Place
	}
	return ring
}

// first is the walk whose entry comes next, -1 if none.
func first(walks []walk, older bool) int {
	best := -1
	for i := range walks {
		if !walks[i].more {
			continue
		}
		if best < 0 {
			best = i
			continue
		}
		a, b := walks[i].entry.Place.Time, walks[best].entry.Place.Time
		if older && a > b || !older && a < b {
			best = i
		}
	}
	return best
}

func firstError(walks []walk) error {
	for i := range walks {
		if walks[i].err != nil {
			return walks[i].err
		}
	}
	return nil
}

// progress counts an entry of a time. Now and then it tells the Log, and lets others go on before it returns.
func (q *request) progress(micros int64) {
	q.stamp.Store(micros)
	q.log.progress.Add(1)
	if q.scanned.Add(1)%turnEntries == 0 {
		q.log.poke()
		<-q.log.disk
		q.log.disk <- struct{}{} // those that wait are served first
	}
}

// scanEnough is after how many entries a chunk that fills the page is handed over though there may be more.
const scanEnough = 20_000

// gather reads a chunk on one side of the position. It ends when it is full, when it has enough rows and looking for more
// would take long, or where there is nothing more.
func (r *reader) gather(q *request, from position, older bool, enough int) (*chunk, error) {
	c := &chunk{older: from, newer: from}
	scanned := 0
	at, done, err := q.walk(from, older, func(e *Entry, source uint16, _ position) bool {
		scanned++
		h := r.intake.take(e)
		if unit := r.units.intern(r.intake.unit); r.m.match(h.severity, unit, r.intake.text) {
			r.intake.seal(&h)
			c.add(&h, source, r.units.names[unit], r.intake.text, older, &q.filter)
		}
		return len(c.rows) < chunkRows && len(c.text) < chunkBytes && (len(c.rows) < enough || scanned < scanEnough)
	})
	if err != nil {
		return nil, err
	}
	if older {
		slices.Reverse(c.rows)
		c.older, c.atStart = at, done
	} else {
		c.newer, c.atRing = at, done
	}
	return c, nil
}

// add adds an entry after the last row, or to it when they are equal.
func (c *chunk) add(h *record, source uint16, unit string, text []byte, older bool, f *Filter) {
	if n := len(c.rows); n > 0 && !f.Each {
		last := &c.rows[n-1]
		if last.name == unit && last.severity == h.severity && equalText(last.hash, h.hash, c.message(last), text, f.Raw) {
			n := last.repeats + 1
			if !older { // a row is named after its newest
				c.text = append(c.text[:last.start], text...)
				*last = chunkRow{record: *h, source: source, name: unit, start: last.start}
			}
			last.repeats = n
			return
		}
	}
	c.rows = append(c.rows, chunkRow{record: *h, source: source, name: unit, start: len(c.text), repeats: 1})
	c.text = append(c.text, text...)
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
	a.chunk = before.append(after)
	return nil
}

// append makes one chunk of two neighbours.
func (c *chunk) append(next *chunk) *chunk {
	for _, row := range next.rows {
		row.start += len(c.text)
		c.rows = append(c.rows, row)
	}
	c.text = append(c.text, next.text...)
	c.newer, c.atRing = next.newer, next.atRing
	return c
}

// place returns the position that the request wants to go to.
func (r *reader) place(q *request) (position, error) {
	switch q.task {
	case readBoot:
		return r.bootStart(q)
	case readError, readNext:
		return r.findError(q)
	case readStart:
		return make(position, len(q.sources)), nil
	}
	return q.positionAt(q.source, q.at), nil
}

// positionAt is the position at a place of one source, which is a time for the others.
func (q *request) positionAt(source uint16, at Place) position {
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
		h := r.intake.take(e)
		if h.severity <= Err && r.m.match(h.severity, r.units.intern(r.intake.unit), r.intake.text) {
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
			return q.positionAt(s.source, start), nil
		}
		if e != ErrNoBoots {
			err = e
		}
	}
	return nil, err
}
