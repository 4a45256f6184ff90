//go:build !nokube

package console

import (
	"context"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/peer/mtls"
	"hypervisor-tui/peer/visit"
	"hypervisor-tui/screens"
)

// canVisit says that this build shows the consoles of other nodes.
const canVisit = true

// visiting is the session's part in showing another node's console. Nothing of it is there, and nothing runs, while none is shown.
type visiting struct {
	other   *visit.Visit // nil: none
	end     context.CancelFunc
	shown   screens.Visited
	drawn   time.Time // when a picture of it was drawn at once
	changed <-chan struct{}
}

// visit shows the console of a node that is known as a peer.
func (l *session) visit(ctx context.Context, node string) {
	l.leaveVisit()
	if l.frame.Peers == nil {
		return
	}
	for _, p := range l.frame.Peers.Peers {
		if p.Name != node {
			continue
		}
		v := &l.visiting
		ctx, v.end = context.WithCancel(ctx)
		w, h := l.visitSize()
		v.other = visit.New(visit.Options{Node: node, Address: p.Address, Credentials: mtls.New(l.collector.Config().Peers)}, w, h)
		v.shown, v.changed = screens.Visited{Node: node, Address: p.Address.String(), Since: l.frame.Boot}, v.other.Changed()
		l.console.Visit(&v.shown)
		l.guard.Supervise(ctx, "visit", v.other.Run)
	}
}

// visitSize is the size of the other node's picture: this console has a row above it.
func (l *session) visitSize() (w, h int) {
	w, h = l.display.Size()
	return w, max(h-1, 1)
}

// leaveVisit shows this host's own console again.
func (l *session) leaveVisit() {
	if v := &l.visiting; v.other != nil {
		v.end()
		*v = visiting{}
		l.console.Visit(nil)
	}
}

// gatherVisit fills in what is known of the other console. When the user has quit there, this one is shown again.
func (l *session) gatherVisit() {
	v := &l.visiting
	if v.other == nil {
		return
	}
	v.other.Resize(l.visitSize())
	s := v.other.Latest()
	switch {
	case s == nil:
		return
	case s.Ended:
		l.leaveVisit()
		return
	}
	v.shown.At, v.shown.Live, v.shown.Nested, v.shown.Since, v.shown.Why = s.At, s.Live, s.Nested, s.Since, s.Why
	if s.At != 0 {
		v.shown.Picture = &s.Picture
	}
}

// visited draws what has come from the other console at once, but not more often than a display that was busy is tried again.
func (l *session) visited(now time.Time) {
	if now.Sub(l.visiting.drawn) < retryBusy {
		l.behind = true
		return
	}
	l.visiting.drawn = now
	l.draw(now)
}

// press sends a key to the other console.
func (l *session) press(k draw.Key) {
	if l.visiting.other != nil {
		l.visiting.other.Press(k)
	}
}
