package console

import (
	"context"
	"time"

	"hypervisor-tui/act"
	"hypervisor-tui/act/client"
)

// acting is the session's part in asking the helper. Nothing of it is there, and nothing runs, while what can be done is not looked
// at.
type acting struct {
	client  *client.Client // nil: none
	changed <-chan struct{}
}

// offersActions reports whether this session offers what can be done: the process's own does, where the configuration says so.
func (l *session) offersActions() bool {
	return l.viewer == "" && l.collector.Config().Actions.Enable
}

// lastMinute is how long before the end of an operator's session it is said that it ends, at most.
const lastMinute = time.Minute

// idles reports whether nobody has touched a key for so long that an operator's session is over, and keeps in the frame how soon it is.
// What runs is looked at.
func (l *session) idles(now time.Time) (over bool) {
	if l.console.ActionRuns(&l.frame) {
		l.past.keyed = now
	}
	if l.frame.Leaving = 0; l.idle == 0 {
		return false
	}
	left := l.idle - now.Sub(l.past.keyed)
	if left > min(lastMinute, l.idle/2) {
		return false
	}
	l.lookAgain()
	l.frame.Leaving = left
	return left <= 0
}

// gatherAct converses with the helper while what can be done is looked at, and takes in what it has said.
func (l *session) gatherAct() {
	a := &l.acting
	if !l.console.ShowsActions() {
		l.leaveAct()
		return
	}
	if a.client == nil {
		a.client = client.Open(context.Background(), l.collector.Config().Actions.Socket)
		a.changed = a.client.Changed()
	}
	l.frame.Act = a.client.State()
}

// leaveAct ends the conversation.
func (l *session) leaveAct() {
	if a := &l.acting; a.client != nil {
		a.client.Close()
		*a, l.frame.Act = acting{}, nil
	}
}

// askHelper sends a request to the helper. While it has not taken the last ones another is none.
func (l *session) askHelper(r *act.Request) {
	if l.acting.client != nil {
		l.acting.client.Ask(*r)
	}
}
