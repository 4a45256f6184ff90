package console

import (
	"os"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// notifier tells systemd how this program is, on a goroutine of its own: while systemd hangs its socket is full.
type notifier struct {
	states chan string
	done   chan struct{}
}

// lastWords is how long the end waits for systemd to take what it is told.
const lastWords = 100 * time.Millisecond

// newNotifier returns a notifier that must be closed. Without a systemd that listens it does nothing.
func newNotifier() *notifier {
	n := &notifier{states: make(chan string, 8), done: make(chan struct{})}
	if os.Getenv("NOTIFY_SOCKET") == "" {
		n.states = nil
		close(n.done)
		return n
	}
	go func() {
		defer close(n.done)
		for s := range n.states {
			_, _ = daemon.SdNotify(false, s) // systemd that does not listen is not our fault
		}
	}()
	return n
}

// tell never waits: what there is no room for is not told.
func (n *notifier) tell(state string) {
	select {
	case n.states <- state:
	default:
	}
}

// close waits a moment until all has been told. Nothing may be told afterwards.
func (n *notifier) close() {
	if n.states != nil {
		close(n.states)
	}
	select {
	case <-n.done:
	case <-time.After(lastWords):
	}
}
