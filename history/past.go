package history

import (
	"context"
	"encoding/hex"
	"errors"
	"sync/atomic"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
)

const (
	stripParts = 96 // of a day, 15 minutes each
	stripTime  = 24 * time.Hour
	readAgain  = 5 * time.Second // after which is looked what has been recorded since
)

// Query asks for one record of the recording at Path.
type Query struct {
	Number uint64
	Path   string
	Zone   *time.Location // that times are shown in
	From   *Moment        // that the rest is counted from; nil: the newest record

	// One of these is set; none: the newest record.
	At         time.Time // the newest record that is not after it
	Step       int       // so many records later, or earlier where negative
	Event      int       // the record of so many events later, or earlier where negative
	BeforeBoot bool      // the last record of the boot before
}

// Moment is a record as it was read. It is never changed.
type Moment struct {
	Query    uint64         // the number of the one that it answers
	Snapshot frame.Snapshot // what was known then; Settings, Page and Processes are not recorded. Past.Why says what could not be read

	at    Position
	boot  [16]byte
	event time.Time // of the event that led to it; zero: none did
}

// Past reads records for one session, on the goroutine of Run: a disk that hangs holds up nobody else. The zero value is not
// ready.
type Past struct {
	query   atomic.Pointer[Query]
	moment  atomic.Pointer[Moment]
	wake    chan struct{}
	changed chan struct{}
}

// NewPast returns a Past that has been asked nothing.
func NewPast() *Past { return &Past{wake: make(chan struct{}, 1), changed: make(chan struct{}, 1)} }

// Ask asks for another record, nil: for none any more. The newest query wins.
func (p *Past) Ask(q *Query) {
	p.query.Store(q)
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Latest is the answer that came last; nil: none did since Ask(nil).
func (p *Past) Latest() *Moment { return p.moment.Load() }

// Changed gets a value after each answer.
func (p *Past) Changed() <-chan struct{} { return p.changed }

// Run answers until ctx ends.
func (p *Past) Run(ctx context.Context) error {
	var b browser
	defer b.close()
	for {
		if q := p.query.Load(); q == nil {
			b.close()
			p.moment.Store(nil)
		} else if m := p.moment.Load(); m == nil || m.Query != q.Number {
			p.moment.Store(b.answer(q))
			select {
			case p.changed <- struct{}{}:
			default:
			}
			continue // it may have been asked something else meanwhile
		}
		select {
		case <-ctx.Done():
			return nil
		case <-p.wake:
		}
	}
}

// Read answers one query, on the caller's goroutine.
func Read(q *Query) (*Moment, error) {
	var b browser
	defer b.close()
	return b.read(q)
}

// browser reads what is asked for, and keeps the recording open between two queries.
type browser struct {
	reader *Reader
	path   string
	opened time.Time
	strip  []frame.StripCell // never changed
	to     time.Time         // at which strip ends
}

func (b *browser) close() {
	if b.reader != nil {
		_ = b.reader.Close() // it was only read
	}
	*b = browser{}
}

// open opens the recording, or again when it may have grown meanwhile.
func (b *browser) open(q *Query) (err error) {
	if b.reader != nil && b.path == q.Path && time.Since(b.opened) < readAgain {
		return nil
	}
	b.close()
	if b.reader, err = Open(q.Path, q.Zone); err != nil {
		b.reader = nil
		return err
	}
	b.path, b.opened = q.Path, time.Now()
	return nil
}

// answer is what read returns, or where that fails the record that was shown, with the reason.
func (b *browser) answer(q *Query) *Moment {
	m, err := b.read(q)
	if err == nil {
		return m
	}
	m = new(Moment)
	past := new(frame.Past)
	if q.From != nil {
		*m, *past = *q.From, *q.From.Snapshot.Past
	}
	m.Query, past.Why = q.Number, err.Error()
	m.Snapshot.Past = past
	return m
}

var (
	errNoLater  = errors.New("that is the newest record")
	errNoOlder  = errors.New("that is the oldest record")
	errNoEvent  = errors.New("no further event is recorded that way")
	errNoBefore = errors.New("no boot before is recorded")
)

// read finds the record and reads it. One that is written over meanwhile is looked for once more.
func (b *browser) read(q *Query) (m *Moment, err error) {
	for range 2 {
		if err = b.open(q); err != nil {
			return nil, err
		}
		m = &Moment{Query: q.Number}
		if err = b.find(m, q); err != nil {
			return nil, err
		}
		if err = b.fill(m, q); !errors.Is(err, errGone) {
			break
		}
		b.close()
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// find sets the position of m.
func (b *browser) find(m *Moment, q *Query) error {
	r, from := b.reader, q.From
	newest, found := r.Last()
	if !found {
		return ErrNothing
	}
	if from == nil {
		from = &Moment{at: newest}
		if q.BeforeBoot || q.Event != 0 {
			info, err := r.Load(newest, &from.Snapshot)
			if err != nil {
				return err
			}
			from.boot = info.BootID
		}
	}
	switch {
	case !q.At.IsZero():
		m.at, found = r.At(q.At)
	case q.Step != 0:
		return b.step(m, from, q.Step)
	case q.Event != 0:
		return b.event(m, from, q.Event)
	case q.BeforeBoot:
		if m.at, found = r.BeforeBoot(hex.EncodeToString(from.boot[:])); !found {
			return errNoBefore
		}
	default:
		m.at = newest
	}
	if !found {
		return ErrNothing
	}
	return nil
}

// step goes n records on, or as far as there are some.
func (b *browser) step(m, from *Moment, n int) (err error) {
	r, start := b.reader, from.at
	if _, there := r.find(start.tier, start.seq); !there { // written over: another tier reaches back further
		start, _ = r.At(from.Snapshot.Now)
	}
	found := false
	if m.at, found = r.Step(start, n); found {
		return nil
	}
	oldest, _ := r.Span()
	if err = errNoLater; n > 0 {
		m.at, found = r.Last()
	} else {
		err = errNoOlder
		m.at, found = r.At(oldest)
	}
	if !found || m.at == from.at {
		return err
	}
	if at := r.wall(m.at); n > 0 && !at.After(from.Snapshot.Now) || n < 0 && !at.Before(from.Snapshot.Now) {
		return err
	}
	return nil
}

// event goes to the record that is the first to know of the event that is n events away.
func (b *browser) event(m, from *Moment, n int) error {
	r, at := b.reader, from.event
	if at.IsZero() {
		at = from.Snapshot.Now
	}
	oldest, newest := r.Span()
	var events []frame.Event
	left := max(n, -n)
	for span := time.Hour; ; span *= 12 { // events are dense or far away
		if n > 0 {
			events = r.Events(events[:0], at.Add(time.Millisecond), at.Add(span))
		} else {
			events = r.Events(events[:0], at.Add(-span), at.Add(-time.Millisecond))
		}
		if len(events) >= left || at.Add(-span).Before(oldest) && at.Add(span).After(newest) {
			break
		}
	}
	if len(events) == 0 {
		return errNoEvent
	}
	left = min(left, len(events))
	i := left - 1
	if n < 0 {
		i = len(events) - left
	}
	m.event = events[i].At
	found := false
	if m.at, found = r.At(m.event); !found {
		return ErrNothing
	}
	if next, ok := r.Step(m.at, 1); ok && r.wall(m.at).Before(m.event) && r.wall(next).Sub(m.event) <= time.Minute {
		m.at = next
	}
	return nil
}

// fill reads the record at the position of m.
func (b *browser) fill(m *Moment, q *Query) error {
	r, s := b.reader, &m.Snapshot
	info, err := r.Load(m.at, s)
	if err != nil {
		return err
	}
	m.boot = info.BootID
	s.Events = r.Events(nil, s.Now.Add(-frame.EventsKept), s.Now)
	r.sparklines(m.at, s)
	oldest, newest := r.Span()
	now := time.Now().In(q.Zone)
	past := &frame.Past{Every: info.Every, Oldest: oldest, Newest: newest,
		Gap: !q.At.IsZero() && q.At.Sub(s.Now).Abs() > 2*max(info.Every, 10*time.Second)}
	past.To = now.Truncate(stripTime / stripParts).Add(stripTime / stripParts)
	for past.To.Add(-stripTime).After(s.Now) {
		past.To = past.To.Add(-stripTime)
	}
	past.From = past.To.Add(-stripTime)
	if b.strip == nil || !b.to.Equal(past.To) {
		b.strip, b.to = make([]frame.StripCell, stripParts), past.To
		r.Strip(b.strip, past.From, past.To)
	}
	past.Strip = b.strip
	s.Past = past
	return nil
}

// sparklines fills the sparklines of s from the peaks of the record at p and those before it, as far apart as they are. What was
// not recorded is a gap.
func (r *Reader) sparklines(p Position, s *frame.Snapshot) {
	if s.Host == nil {
		return
	}
	h := &s.Host.History
	*h = sample.History{Interval: max(intervals[p.tier], 2*time.Second)}
	var nics []sample.NICHistory
	if s.Net != nil {
		for _, l := range s.Net.Interfaces {
			if l.Physical && l.Parent == "" && len(nics) < peakNICs {
				nics = append(nics, sample.NICHistory{Index: l.Index})
			}
		}
		s.Net.Histories = nics
	}
	push := func(peaks []float64) {
		for i, series := range [...]*sample.Series{&h.CPU, &h.Memory, &h.DiskRead, &h.DiskWrite, &h.Rx, &h.Tx} {
			series.Push(peaks[peakCPU+i])
		}
		for i := range nics {
			nics[i].Rx.Push(peaks[peakNIC+2*i])
			nics[i].Tx.Push(peaks[peakNIC+2*i+1])
		}
	}
	var gap [peakCount]float64
	for i := range gap {
		gap[i] = unknownFigure
	}
	var last time.Time
	r.Peaks(p, sample.SeriesLen, func(at time.Time, peaks []float64) {
		if !last.IsZero() {
			for missed := min((at.Sub(last)+h.Interval/2)/h.Interval-1, sample.SeriesLen); missed > 0; missed-- {
				push(gap[:])
			}
		}
		last = at
		push(peaks)
	})
}
