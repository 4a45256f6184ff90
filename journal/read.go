package journal

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"sync/atomic"
	"time"
)

var endPlace = Place{Time: math.MaxInt64}

// task is what the reader of the archives is to do.
type task uint8

const (
	noTask    task = iota
	readOlder      // a stretch of rows before request.from
	readNewer      // a stretch of rows from request.from on, up to the ring
	readTime       // the rows around the first entry at or after request.at
	readPlace      // the rows up to the entry at request.at of request.source
	readStart      // the rows at the start of the archives
	readError      // the rows around the newest error before request.from
	readNext       // the rows around the oldest error from request.from on, up to the ring
	readBoot       // the rows up to the end of the boot before that of request.at
	readWhole      // all fields of the entry at request.at of request.source
)

// request is one task for the reader, with all it needs to know: it shares nothing with the ring. The newest request
// wins, the one before is cancelled.
type request struct {
	context.Context
	cancel  context.CancelFunc
	task    task
	sources []archived
	filter  Filter
	tabs    []Tab
	rows    int // rows of the page, of which a stretch fills some
	from    position
	ring    position // where the ring begins
	oldest  uint64   // id of the ring's entry there
	source  uint16
	at      Place
	id      uint64 // of the entry for readWhole

	scanned atomic.Uint64 // entries read so far
	stamp   atomic.Int64  // of the last of them
	moved   func()        // tells the Log
}

// answer is what the reader found for a request.
type answer struct {
	request *request
	stretch *stretch
	found   int // index of the row that was looked for, len(rows): the ring's first row
	whole   *Whole
	err     error
}

var (
	errNoError = errors.New("no further error")
	errNoBoot  = errors.New("no earlier boot is kept")
)

// hangs is for how long a request may come to nothing before its archives do not answer.
const hangs = 10 * time.Second

var errHangs = errors.New("the logs' disk does not answer")

// Read reads the archives of the Log's sources, whole entries and what is older than the ring, until ctx ends, and
// returns its error. It is called once, on a goroutine of its own, and serves the views in turn. What hangs keeps one
// more; until that goes on nothing else is read.
func (l *Log) Read(ctx context.Context) error {
	r := reader{log: l, door: newIntake(l.seed)}
	answers, busy := make(chan *answer, 1), false
	for {
		select {
		case <-l.reading:
		case <-answers: // too late
			busy = false
			continue
		case <-ctx.Done():
			return ctx.Err()
		}
		for v, q := r.next(); q != nil; v, q = r.next() {
			a := q.hung()
			if !busy {
				busy = true
				go func() { answers <- r.answer(q) }()
				if late := q.await(ctx, answers); late != nil {
					a, busy = late, false
				}
			}
			v.answered.Store(a)
			l.poke()
		}
	}
}

// next is the newest request of the view whose turn it is, nil when none has one.
func (r *reader) next() (*View, *request) {
	views := *r.log.views.Load()
	for range views {
		r.turn = (r.turn + 1) % len(views)
		if q := views[r.turn].requested.Swap(nil); q != nil {
			return views[r.turn], q
		}
	}
	return nil, nil
}

// await returns the answer, nil when it does not come.
func (q *request) await(ctx context.Context, answers <-chan *answer) *answer {
	tick := time.NewTicker(hangs)
	defer tick.Stop()
	for scanned := uint64(0); ; scanned = q.scanned.Load() {
		select {
		case a := <-answers:
			return a
		case <-tick.C:
			if q.scanned.Load() == scanned {
				return nil
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// hung is the answer when there is none.
func (q *request) hung() *answer {
	if q.task == readWhole {
		return &answer{request: q, whole: &Whole{ID: q.id, Err: errHangs.Error()}}
	}
	return &answer{request: q, err: errHangs}
}

// reader reads the archives. It owns what it reads into until it hands it over.
type reader struct {
	log   *Log
	turn  int // of the views, by their place
	door  intake
	units *units
	m     matcher
}

func (r *reader) answer(q *request) (a *answer) {
	defer func() {
		if v := recover(); v != nil {
			a = &answer{request: q, err: fmt.Errorf("reading again crashed: %v", v)}
		}
	}()
	a = &answer{request: q}
	if q.task == readWhole {
		a.whole = r.whole(q)
		return a
	}
	r.units = newUnits(q.tabs)
	r.m, _ = newMatcher(q.filter, r.units)
	switch q.task {
	case readOlder, readNewer:
		a.stretch, a.err = r.gather(q, q.from, q.task == readOlder, q.rows)
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

// visit is told an entry and the cut there, on whose newer side it is; both are good until it returns. False ends the
// walk.
type visit func(e *Entry, source uint16, at position) bool

// walk hands the archives' entries to each in the order of their time: those before the cut, newest first, or those
// from it on up to the ring, oldest first. It returns the cut where it ended; done says that there is nothing more.
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

// step takes the next entry and returns where the cut is then: on the way to older ones it stays, else it lies before
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

// first is the walk whose entry comes next, -1 when there is none.
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

// progress tells the Log now and then how far the reader is.
func (q *request) progress(micros int64) {
	q.stamp.Store(micros)
	if q.scanned.Add(1)%4096 == 0 {
		q.moved()
	}
}
