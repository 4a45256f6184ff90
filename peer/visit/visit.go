// Package visit shows the console of another node: it follows the picture that the --serve there draws, and sends the keys.
package visit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/internal/box"
	"hypervisor-tui/internal/wakeup"
	"hypervisor-tui/peer/mtls"
)

const (
	// silence is how long nothing may come: an event comes each two seconds, whether anything changed or not.
	silence = 6 * time.Second
	// A connection that has failed is tried again after firstRetry, then after twice as long each time, up to lastRetry.
	firstRetry = time.Second
	lastRetry  = 15 * time.Second
	// maxEvents is how many events are taken in a second; more wait on the line.
	maxEvents = 100
)

// Options are whose console is visited, and how.
type Options struct {
	Node        string // its certificate is for that name, or for the address
	Address     netip.AddrPort
	Credentials *mtls.Credentials // are read again for each connection

	dial func(ctx context.Context) (net.Conn, error) // of tests; nil: by the Credentials
}

// State is what is known of the other console. Times are CLOCK_BOOTTIME.
type State struct {
	Picture draw.Picture  // the last one, of 0x0 cells before the first
	At      time.Duration // when it was so, 0 before the first
	Live    bool          // it is followed
	Nested  bool          // Esc closes something there
	Since   time.Duration // while it is not Live: since when
	Why     string        // why it is not, one clean line; empty while the first connection is tried
	Ended   bool          // the user has quit there: Run has returned
}

func copyState(dst, src *State) {
	picture := dst.Picture
	picture.Copy(&src.Picture)
	*dst = *src
	dst.Picture = picture
}

// Visit is one console that is looked at. One goroutine runs it, another one looks.
type Visit struct {
	options Options
	state   State // Run's
	shown   *box.Box[State]
	changed chan struct{}
	live    atomic.Bool // keys are taken
	nested  atomic.Bool // as State.Nested
	keys    chan draw.Key
	resized chan struct{}

	mu   sync.Mutex // of what follows
	w, h int
	page draw.Key // the last one that chose a page: that is shown again after a lost connection
}

// New returns a visit that wants pictures of w by h cells. Run begins it.
func New(o Options, w, h int) *Visit {
	return &Visit{options: o, w: w, h: h, shown: box.New(copyState), changed: make(chan struct{}, 1), keys: make(chan draw.Key, 4*maxKeys), resized: make(chan struct{}, 1)}
}

// Latest is what is known, nil before Run has begun. Only the goroutine that looks may call it; it is that one's until its
// next call.
func (v *Visit) Latest() *State { return v.shown.Latest() }

// Changed has a value when there is something new to look at.
func (v *Visit) Changed() <-chan struct{} { return v.changed }

// Press sends a key there. It never waits: what is pressed while there is no connection, or faster than can be sent, is lost.
func (v *Visit) Press(k draw.Key) {
	if !v.live.Load() {
		return
	}
	select {
	case v.keys <- k:
	default:
		return
	}
	if k <= draw.KeyF1 && k > draw.KeyF12 || k >= '1' && k <= '9' && !v.nested.Load() { // no digit of a text
		v.mu.Lock()
		v.page = k
		v.mu.Unlock()
	}
}

// Resize asks for pictures of w by h cells from now on. It never waits.
func (v *Visit) Resize(w, h int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if w == v.w && h == v.h {
		return
	}
	v.w, v.h = w, h
	select {
	case v.resized <- struct{}{}:
	default:
	}
}

// query is the size as the server wants it.
func (v *Visit) query() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return fmt.Sprintf("?w=%d&h=%d", v.w, v.h)
}

// Run follows the other console until ctx ends or the user quits there, and connects again whenever that fails.
func (v *Visit) Run(ctx context.Context) error {
	v.state.Since = boottime.Now()
	v.publish()
	for retry := firstRetry; ; retry = min(2*retry, lastRetry) {
		err := v.follow(ctx)
		if ctx.Err() != nil {
			return nil
		}
		v.live.Store(false)
		if v.state.Live {
			v.state.Live, v.state.Nested, v.state.Since, retry = false, false, boottime.Now(), firstRetry
		}
		v.state.Ended = errors.Is(err, errEnded)
		v.state.Why = explain(err)
		v.publish()
		if v.state.Ended {
			return nil
		}
		wakeup.Pause(ctx, retry)
	}
}

// publish shows what is known to the goroutine that looks.
func (v *Visit) publish() {
	v.shown.Publish(&v.state)
	select {
	case v.changed <- struct{}{}:
	default:
	}
}
