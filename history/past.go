package history

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
)

// Query asks for one record. What is zero in it does not matter; without anything it is the newest one.
type Query struct {
	Number     uint64
	At         time.Time // the newest record that is not after it
	Step       int       // so many records later than the one shown, or earlier where negative
	Event      int       // the record at the next event (1), or at the one before (-1)
	BeforeBoot bool      // the last record of the boot before that of the one shown
}

// Moment is a record as it was read. It is immutable.
type Moment struct {
	Query    uint64         // that it answers
	Snapshot frame.Snapshot // what was known then, and its Past
}

const (
	stripParts   = 144            // of a day: as long as the longest interval between records
	stripLasts   = time.Minute    // for which a strip is not read again
	refreshAfter = time.Second    // for which the reader's list of pages is taken for true
	day          = 24 * time.Hour // that a strip shows
)

// Past reads a recording for one viewer. Its Run does so on a goroutine of its own: a disk may take as long as it likes.
type Past struct {
	path    string
	bootID  string
	zone    *time.Location
	query   atomic.Pointer[Query]
	asked   chan struct{}
	answer  atomic.Pointer[Moment]
	changed chan struct{}

	// Who calls Run or Find owns these.
	reader    *Reader
	refreshed time.Time
	at        Position
	shown     *Moment // the last one with a record; nil: none
	info      RecordInfo
	strip     []frame.StripCell
	from, to  time.Time // of it
	stripRead time.Time
}

// NewPast returns a Past of the recording at path, for a viewer in this boot who sees times in zone.
func NewPast(path, bootID string, zone *time.Location) *Past {
	return &Past{path: path, bootID: bootID, zone: zone, asked: make(chan struct{}, 1), changed: make(chan struct{}, 1)}
}

// Ask asks for a record. It never waits; of several questions the last is answered, and steps add up.
func (p *Past) Ask(q Query) {
	if old := p.query.Swap(nil); old != nil && old.At.IsZero() && !old.BeforeBoot && q.At.IsZero() && !q.BeforeBoot {
		q.Step, q.Event = q.Step+old.Step, q.Event+old.Event
	}
	p.query.Store(&q)
	select {
	case p.asked <- struct{}{}:
	default:
	}
}

// Latest is the newest answer, nil before the first.
func (p *Past) Latest() *Moment { return p.answer.Load() }

// Changed gets a value after each answer.
func (p *Past) Changed() <-chan struct{} { return p.changed }

// Run answers until ctx ends.
func (p *Past) Run(ctx context.Context) error {
	defer func() {
		if p.reader != nil {
			_ = p.reader.Close() // it was only read
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.asked:
		}
		q := p.query.Swap(nil)
		if q == nil {
			continue
		}
		p.answer.Store(p.Find(*q))
		select {
		case p.changed <- struct{}{}:
		default:
		}
	}
}

// Find answers a question at once. Where there is no such record, the answer is the one before, and says why.
func (p *Past) Find(q Query) *Moment {
	m, err := p.read(q)
	if err != nil {
		why := err.Error()
		if errors.Is(err, ErrNothing) {
			why = "nothing is recorded here: hypervisor-tui --record does that, or history.enable"
		}
		m = &Moment{Query: q.Number, Snapshot: frame.Snapshot{Past: &frame.Past{Why: why}}}
		if p.reader != nil && errors.Is(err, errGone) { // written over: the next look finds what there is now
			p.refreshed = time.Time{}
		}
	}
	return m
}

func (p *Past) read(q Query) (*Moment, error) {
	if p.reader == nil {
		r, err := Open(p.path, p.zone)
		if err != nil {
			return nil, err
		}
		p.reader = r
	} else if time.Since(p.refreshed) > refreshAfter {
		p.reader.Refresh()
	}
	p.refreshed = time.Now()
	r := p.reader
	at, found := p.where(q)
	if !found {
		at, found = r.Last()
	}
	if !found {
		return nil, ErrNothing
	}
	m := &Moment{Query: q.Number}
	info, err := r.Load(at, &m.Snapshot)
	if err != nil {
		return nil, err
	}
	p.at, p.info, p.shown = at, info, m
	s := &m.Snapshot
	s.Events = r.Events(nil, info.Wall.Add(-frame.EventsKept), info.Wall)
	p.graphs(s, at)
	past := &frame.Past{Every: info.Every}
	past.Oldest, past.Newest = r.Span()
	past.Gap = !q.At.IsZero() && q.At.Sub(info.Wall).Abs() > 2*max(info.Every, 2*time.Second)
	p.readStrip(info.Wall, past.Newest)
	past.Strip, past.From, past.To = p.strip, p.from, p.to
	s.Past = past
	return m, nil
}

// where returns the record that is asked for.
func (p *Past) where(q Query) (Position, bool) {
	r := p.reader
	switch {
	case !q.At.IsZero():
		return r.At(q.At)
	case q.BeforeBoot && p.shown != nil:
		return r.BeforeBoot(hex.EncodeToString(p.info.BootID[:]))
	case q.BeforeBoot:
		return r.BeforeBoot(p.bootID)
	case p.shown == nil || q.Step == 0 && q.Event == 0:
		return r.Last()
	case q.Event != 0:
		return p.event(q.Event)
	}
	at, found := r.Step(p.at, q.Step)
	if !found {
		return p.at, true
	}
	return at, true
}

// event returns the record at the nth next event, or the one before where n is negative: the first that is not before it.
func (p *Past) event(n int) (Position, bool) {
	r, now := p.reader, p.info.Wall
	for _, span := range [...]time.Duration{time.Hour, day, 31 * day, 10 * 365 * day} {
		from, to := now.Add(time.Millisecond), now.Add(span)
		if n < 0 {
			from, to = now.Add(-span), now.Add(-p.info.Every-time.Millisecond)
		}
		events := r.Events(nil, from, to)
		if n < 0 {
			slices.Reverse(events)
		}
		if len(events) == 0 {
			continue
		}
		e := events[min(max(n, -n), len(events))-1]
		at, found := r.At(e.At)
		if info, err := r.Load(at, new(frame.Snapshot)); found && err == nil && info.Wall.Before(e.At) {
			if next, ok := r.Step(at, 1); ok {
				at = next
			}
		}
		return at, found
	}
	return p.at, true
}

// graphs fills the graphs of a record from those before it.
func (p *Past) graphs(s *frame.Snapshot, at Position) {
	if s.Host == nil {
		return
	}
	h := &s.Host.History
	every := max(intervals[at.tier], 2*time.Second)
	h.Interval = every
	var nics []sample.NICHistory
	if s.Net != nil {
		for _, l := range s.Net.Interfaces {
			if l.Physical && l.Parent == "" && len(nics) < peakNICs {
				nics = append(nics, sample.NICHistory{Index: l.Index})
			}
		}
	}
	gap := make([]float64, peakCount)
	for i := range gap {
		gap[i] = unknownFigure
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
	last := time.Time{}
	p.reader.Peaks(at, sample.SeriesLen, func(at time.Time, peaks []float64) {
		if !last.IsZero() {
			for missed := min(int((at.Sub(last)+every/2)/every)-1, sample.SeriesLen); missed > 0; missed-- {
				push(gap)
			}
		}
		last = at
		push(peaks)
	})
	if s.Net != nil {
		s.Net.Histories = nics
	}
}

// readStrip reads the day that ends with the newest record, or that has the one shown in its middle.
func (p *Past) readStrip(shown, newest time.Time) {
	to := newest
	if middle := shown.Add(day / 2); middle.Before(to) {
		to = middle
	}
	part := time.Duration(day / stripParts)
	to = to.Truncate(part).Add(part)
	if to.Equal(p.to) && time.Since(p.stripRead) < stripLasts {
		return
	}
	p.from, p.to, p.stripRead = to.Add(-day), to, time.Now()
	p.strip = make([]frame.StripCell, stripParts) // the last one may be on somebody's screen
	p.reader.Strip(p.strip, p.from, p.to)
}
