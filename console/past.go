package console

import (
	"context"
	"time"

	"hypervisor-tui/console/collect"
	"hypervisor-tui/frame"
	"hypervisor-tui/history"
	"hypervisor-tui/journal"
	"hypervisor-tui/screens"
)

// pastLasts is how long the past is shown without a key: the screen is there for now.
const pastLasts = 10 * time.Minute

// past is what a session shows of the past. Its frame is one of its own: what is followed of now must not learn from it.
type past struct {
	history *history.Past
	stop    context.CancelFunc
	number  uint64 // of the newest question
	touched time.Time
	moment  *history.Moment // the newest answer with a record; nil: none
	info    frame.Past      // of the frame
	frame   frame.Frame
}

// rewind goes where a key asks for in the recording, or back to now.
func (l *session) rewind(ctx context.Context, to screens.Rewind, now time.Time) {
	if to.Leave {
		l.leavePast()
		return
	}
	if l.past == nil {
		c := l.collector.Config()
		ctx, stop := context.WithCancel(ctx)
		l.past = &past{history: history.NewPast(c.History.File(), collect.BootID(), l.frame.Now.Location()), stop: stop}
		l.guard.Supervise(ctx, "past", l.past.history.Run)
	}
	l.past.number++
	l.past.history.Ask(history.Query{Number: l.past.number, At: to.At, Step: to.Step, Event: to.Event, BeforeBoot: to.BeforeBoot})
	l.past.touched = now
}

// leavePast shows now again.
func (l *session) leavePast() {
	if l.past != nil {
		l.past.stop()
		l.past = nil
	}
}

// pastChanged gets a value after each answer; nil while now is shown.
func (l *session) pastChanged() <-chan struct{} {
	if l.past == nil {
		return nil
	}
	return l.past.history.Changed()
}

// shown is the frame that is looked at.
func (l *session) shown() *frame.Frame {
	if l.past == nil {
		return &l.frame
	}
	return &l.past.frame
}

// gatherPast fills the frame of the past, after that of now.
func (l *session) gatherPast(now time.Time) {
	p, live := l.past, &l.frame
	if p == nil {
		return
	}
	if now.Sub(p.touched) > pastLasts || now.Before(p.touched) {
		l.leavePast()
		return
	}
	m := p.history.Latest()
	why := ""
	if m != nil && m.Snapshot.Host == nil && m.Snapshot.Past.Why != "" {
		why = m.Snapshot.Past.Why
		m = p.moment
	}
	p.frame.Self = live.Self
	if m == nil { // there is nothing but now to show
		p.frame.Snapshot = live.Snapshot
		p.info = frame.Past{Why: why}
		if why == "" {
			p.info.Why = "reading"
		}
	} else {
		p.moment = m
		p.frame.Snapshot = m.Snapshot
		p.info = *m.Snapshot.Past
		p.info.Pending = m.Query != p.number && why == ""
	}
	p.info.Real, p.info.Live = live.Now, worst(live.Problems)
	f := &p.frame
	f.Past, f.Tick, f.Settings, f.Page, f.Final, f.Recording = &p.info, live.Tick, live.Settings, live.Page, true, live.Recording
}

// worst is the worst critical problem, nil: there is none.
func worst(problems []frame.Problem) *frame.Problem {
	if len(problems) > 0 && problems[0].Severity <= journal.Crit {
		return &problems[0]
	}
	return nil
}
