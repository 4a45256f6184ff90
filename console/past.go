package console

import (
	"context"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/history"
	"hypervisor-tui/journal"
	"hypervisor-tui/screens"
)

// backAfter is how long the past is shown without a key: somebody else who comes must find what is now.
const backAfter = 10 * time.Minute

// past is the session's part in showing the past. Its frame is of its own: what judges now learns nothing from then.
type past struct {
	on      bool
	frame   frame.Frame
	shown   frame.Past    // what frame.Past points to
	reader  *history.Past // nil before the first time
	query   *history.Query
	asked   time.Time // when query was
	keyed   time.Time // when the last key came
	changed <-chan struct{}
}

// shown is what is on the screen.
func (l *session) shown() *frame.Frame {
	if l.past.on {
		return &l.past.frame
	}
	return &l.frame
}

// rewind asks for a record. Steps that come faster than they are answered add up.
func (l *session) rewind(ctx context.Context, to screens.Rewind, now time.Time) {
	if to.Leave {
		l.leavePast()
		return
	}
	r := &l.past
	if r.reader == nil {
		r.reader = history.NewPast()
		r.changed = r.reader.Changed()
		l.guard.Supervise(ctx, "past", r.reader.Run)
	}
	h := l.collector.Config().History
	q := &history.Query{Number: 1, Path: h.File(), Zone: l.frame.Now.Location(),
		At: to.At, Step: to.Step, Event: to.Event, BeforeBoot: to.BeforeBoot}
	if old := r.query; old != nil {
		q.Number = old.Number + 1
		if q.From = r.reader.Latest(); !hasRecord(q.From) {
			q.From = nil
		}
		if r.on && (q.From == nil || q.From.Query != old.Number) && (to.Step != 0 || to.Event != 0) {
			if q.From = old.From; to.Step != 0 && old.Step != 0 {
				q.Step += old.Step
			} else if to.Event != 0 && old.Event != 0 {
				q.Event += old.Event
			}
		}
	}
	r.on, r.query, r.asked, r.keyed = true, q, now, now
	r.reader.Ask(q)
	l.gatherPast(now) // the next key may come before the next frame
}

// leavePast ends showing the past.
func (l *session) leavePast() {
	l.past.on, l.past.frame = false, frame.Frame{}
	if l.past.reader != nil {
		l.past.reader.Ask(nil)
	}
}

// hasRecord reports whether m has a record to show.
func hasRecord(m *history.Moment) bool { return m != nil && m.Snapshot.OfPast() }

// gatherPast fills the frame of the past from the record that came last; until there is one, from what is known now.
func (l *session) gatherPast(now time.Time) {
	r := &l.past
	if !r.on {
		return
	}
	live, f := &l.frame, &r.frame
	f.Snapshot, f.Self, f.Bell, r.shown = live.Snapshot, live.Self, live.Bell, frame.Past{}
	m := r.reader.Latest()
	switch {
	case hasRecord(m):
		f.Snapshot, r.shown = m.Snapshot, *m.Snapshot.Past
		f.Tick, f.Settings, f.Page, f.Final, f.Recording = live.Tick, live.Settings, live.Page, true, live.Recording
	case m != nil:
		r.shown.Why = m.Snapshot.Past.Why
	}
	r.shown.Real = live.Now
	if m == nil || m.Query != r.query.Number {
		r.shown.Pending, r.shown.Waited = true, now.Sub(r.asked)
	}
	if len(live.Problems) > 0 && live.Problems[0].Severity <= journal.Crit {
		r.shown.Live = &live.Problems[0]
	}
	f.Past = &r.shown
}
