package journal

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"hypervisor-tui/internal/clean/secret"
	"hypervisor-tui/internal/health"
)

const (
	batchBytes   = 64 << 10
	batchEntries = 512
	sinkBatches  = 2 // one that the source fills, one that the Log takes in
)

// batch is entries on their way from a Sink to the Log; its memory is fixed.
type batch struct {
	records []record
	data    []byte // of each entry the unit, then the message
}

// Sink is the one way from a source into a Log. Everything that passes it is cleaned, masked, graded by its text and
// cut, so that no source can forget. Put, Try and Flush belong to the source's goroutine; Dropped, SetArchive, Report,
// Rename, State and Close may be called from any.
type Sink struct {
	log         *Log
	born        time.Time
	made        time.Time   // when it was made, or began to backfill again
	number      uint16      // names it in the ring
	free, ready chan *batch // both have room for all batches: a send never blocks
	current     *batch      // being filled, nil when none is at hand
	intake      intake

	dropped   atomic.Uint64
	truncated atomic.Uint64
	closed    atomic.Bool
	archive   atomic.Pointer[Archive]
	backfill  atomic.Uint32 // what Backfilled said
	fills     atomic.Uint32 // how often it did
	touches   atomic.Pointer[string]
	touched   atomic.Int64 // when, since born
	began     beginning    // the Log's: since when all its entries are taken in
	merged    uint32       // the Log's: how many of its fills are merged with the others

	mu    sync.Mutex // guards state, which changes seldom
	state SourceState
}

func newSink(l *Log, name string) *Sink {
	s := &Sink{
		log:    l,
		born:   time.Now(),
		made:   time.Now(),
		number: uint16(l.made.Add(1)),
		free:   make(chan *batch, sinkBatches),
		ready:  make(chan *batch, sinkBatches),
		intake: newIntake(l.seed),
		state:  SourceState{Name: name},
	}
	for range sinkBatches {
		s.free <- &batch{records: make([]record, 0, batchEntries), data: make([]byte, 0, batchBytes)}
	}
	return s
}

// Put takes in an entry. It blocks while the Log is behind, which slows the source down, until ctx ends: then the
// entry is counted as dropped and ctx's error comes back. The entry is seen by the Log after a Flush at the latest.
func (s *Sink) Put(ctx context.Context, e Entry) error {
	h := s.prepare(&e)
	if s.add(&h) { // even when ctx has ended
		return nil
	}
	touches := s.touches.Swap(nil) // it is the Log that is waited for
	select {
	case s.current = <-s.free:
	case <-ctx.Done():
		s.Dropped(1)
		return ctx.Err()
	}
	s.Touches(touches)
	s.add(&h)
	return nil
}

// Try is Put that never blocks: an entry that has no room is counted as dropped, and false comes back.
func (s *Sink) Try(e Entry) bool {
	h := s.prepare(&e)
	ok := s.add(&h)
	if !ok {
		s.Dropped(1)
	}
	return ok
}

// add puts the prepared entry into the current batch. One that is full goes to the Log and a free one takes its place;
// without one add is false.
func (s *Sink) add(h *record) bool {
	if s.current != nil {
		if s.current.add(h, s.intake.unit, s.intake.text) {
			return true
		}
		s.Flush()
	}
	select {
	case s.current = <-s.free:
		return s.current.add(h, s.intake.unit, s.intake.text)
	default:
		return false
	}
}

// prepare makes the intake's text the entry's, and counts it when it is cut, and when it is the kernel's.
func (s *Sink) prepare(e *Entry) record {
	h := s.intake.prepare(e)
	if string(s.intake.unit) == kernelUnit {
		s.log.kernel[min(e.Severity, Debug)].Add(1)
		s.log.kernelMessage(&h, s.intake.text)
	}
	if e.Helper {
		s.log.action(&h, s.intake.text)
	}
	if h.full > h.message {
		s.truncated.Add(1)
	}
	if s.backfill.Load() == backfilling && (e.Time.Before(s.made) || e.Time.After(time.Now().Add(time.Second))) {
		h.lane |= earlierBit
	}
	return h
}

// Flush hands over what has been put so far. It never blocks. A source calls it before it waits for more.
func (s *Sink) Flush() {
	if s.current == nil || len(s.current.records) == 0 {
		return
	}
	s.ready <- s.current
	s.current = nil
	s.log.poke()
}

// add is false when the batch has no room.
func (b *batch) add(h *record, unit, text []byte) bool {
	if len(b.records) == cap(b.records) || len(b.data)+len(unit)+len(text) > cap(b.data) {
		return false
	}
	b.records = append(b.records, *h)
	b.data = append(b.data, unit...)
	b.data = append(b.data, text...)
	return true
}

// Dropped counts n entries that the source knows to be lost.
func (s *Sink) Dropped(n uint64) {
	if n > 0 {
		s.dropped.Add(n)
		s.log.poke()
	}
}

// SetArchive tells where the source's entries are read again. A source that has an archive calls it before its first
// Put, and again when another takes its place; nil takes it away. The Places of entries put so far must stay good.
func (s *Sink) SetArchive(a Archive) {
	if a == nil {
		s.archive.Store(nil)
	} else {
		s.archive.Store(&a)
	}
	s.log.poke()
}

// What Backfilled said.
const (
	backfilling = iota
	backfilledCut
	backfilledAll
)

// Backfilled says that the source has put and flushed what was there when it started, and goes on with what comes. all
// says that it left nothing older out. The Log then merges the first entries of its sources by their stamps,
// each lane in its own order.
func (s *Sink) Backfilled(all bool) {
	said := uint32(backfilledCut)
	if all {
		said = backfilledAll
	}
	s.backfill.Store(said)
	s.fills.Add(1)
	s.log.poke()
}

// Backfilling says that older entries come again, as when the source has got another file to read. A call of Backfilled
// ends it. Both belong to the source's goroutine.
func (s *Sink) Backfilling() {
	s.made = time.Now()
	s.backfill.Store(backfilling)
}

// Touches says what the source is about to read that may never answer, a file on a dead disk; nil: nothing any more. The
// string may not change.
func (s *Sink) Touches(what *string) {
	s.touched.Store(int64(time.Since(s.born)))
	s.touches.Store(what)
}

// Touching returns what the source is reading and for how long, "" when it is not. Any goroutine may call it.
func (s *Sink) Touching() (what string, since time.Duration) {
	if p := s.touches.Load(); p != nil {
		return *p, time.Since(s.born) - time.Duration(s.touched.Load())
	}
	return "", 0
}

// Report says how the source is, and what it reads and why, which is cleaned and masked here. It is one row of Page.Sources.
func (s *Sink) Report(state health.Health, detail string) {
	s.mu.Lock()
	state.Err = secret.String(state.Err)
	s.state.Health, s.state.Detail = state, secret.String(detail)
	s.mu.Unlock()
	s.log.poke()
}

// Rename changes the source's name in Page.Sources, when one reader takes another's place.
func (s *Sink) Rename(name string) {
	s.mu.Lock()
	s.state.Name = name
	s.mu.Unlock()
	s.log.poke()
}

// State returns what was last reported.
func (s *Sink) State() SourceState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// Close takes the source out of Page.Sources once what was flushed is taken in; its counts stay. Nothing may be put
// afterwards.
func (s *Sink) Close() {
	s.closed.Store(true)
	s.log.poke()
}
