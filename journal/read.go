package journal

import (
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
	rows    int // rows of the page, of which a stretch fills some
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
	stretch *stretch
	found   int // index of the row that was looked for, len(rows): the ring's first row
	whole   *Whole
	err     error
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
		r = &reader{door: newIntake(l.seed)}
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

// hung is the answer when there is none.
func (q *request) hung() *answer {
	if q.task == readWhole {
		return &answer{whole: &Whole{ID: q.id, Err: errHangs.Error()}}
	}
	return &answer{err: errHangs}
}

// reader reads the archives. It owns what it reads into until it hands it over.
type reader struct {
	door  intake
	units *units
	m     matcher
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
