// Package link fills sample.LinkReport: what the kernel's links, addresses and default routes are (rtnetlink), what the
// hardware behind them is (sysfs, ethtool), which VM hangs on which link, and what the host's files and sockets say of
// its network. It dumps once and then follows the kernel's events. It runs off the tick, since a driver that holds the
// kernel's rtnl lock can keep it waiting for minutes.
package link

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/internal/clean/secret"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/internal/wakeup"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/qemu"
)

const (
	beat      = 5 * time.Second        // between two looks; without events a look is a dump of everything
	slow      = 12                     // beats at least between two dumps of everything where events come
	perBeat   = 50                     // links: for so many it is one beat more
	perEntry  = 15 * time.Millisecond  // from one look at what bridges have learned to the next, for each entry there is
	perListen = 30 * time.Second       // from one question who listens to the next
	settle    = 100 * time.Millisecond // events that come together are one change
	apart     = time.Second            // between two dumps of everything, however many events are lost
	timeout   = 10 * time.Second       // after which a question is given up, where the kernel lets it be
)

// Options says where the Watcher reads.
type Options struct {
	Root   string // before /proc, /sys and /etc: a test's tree. The ioctl, which knows no tree, is asked only when it is empty
	Guests Guests // the host's VMs; nil: nobody looks for them
}

// Guests lists the VMs that run on this host, and says why the list means nothing, if it does not.
type Guests func() (list []qemu.Guest, why string)

// Watcher finds out about links. Run or Dump may be called from any goroutine, one at a time.
type Watcher struct {
	root       string
	guests     Guests
	dial       dialer
	dialEvents dialer // nil: there are no events
	dialDiag   dialer // nil: sockets are not asked for
	now        func() time.Duration
	asking     atomic.Pointer[string] // what a job waits for
	unanswered unanswered
	hangs      func(path string) // nil, or a test's: is called before one of the host's files is read
}

// asks says what a job waits for from now on.
func (w *Watcher) asks(what string) { w.asking.Store(&what) }

// New returns a Watcher of the network namespace that the process is in. It opens nothing yet.
func New(o Options) *Watcher {
	return &Watcher{root: o.Root, guests: o.Guests, dial: dialRoute, dialEvents: listenRoute, dialDiag: dialDiag, now: boottime.Now}
}

// outcome is how one job ended.
type outcome struct {
	job   pollRequest
	found findings
	err   error
	crash string // a panic and its trace, to be raised again where somebody recovers
	cost  time.Duration
}

// follower is one Run. Its goroutine owns everything in it.
type follower struct {
	*Watcher
	world     linkState
	report    sample.LinkReport
	publish   func(*sample.LinkReport)
	events    <-chan batch
	held      []netlink.Message // that came while a dump of everything was under way
	wanted    pollRequest       // what is to be asked for next
	busy      bool
	asked     pollRequest
	dumped    time.Duration // when everything was asked for last
	beats     int           // since then
	learn     time.Duration // when it is time to look at what bridges have learned
	ports     time.Duration // when it is time to ask who listens
	guestList guestList     // as of the last question
	answers   chan outcome
}

// mostHeld is how many events are worth keeping for the end of a dump: beyond that another dump is cheaper.
const mostHeld = 20_000

// Run dumps at once, follows the kernel's events, looks each 5 seconds at what has none, and dumps again each minute, or more
// rarely where there are thousands of links; where it gets no events it dumps each 5 seconds. It calls publish from its own goroutine after each
// change, after each answer, and at each beat that a question has not been answered. A report is immutable, and its
// Table is the same pointer while nothing changed; after a failure it is the last good one. Run ends with ctx's error
// when ctx ends, and for nothing else. What panics while it asks panics again in Run.
func (w *Watcher) Run(ctx context.Context, publish func(*sample.LinkReport)) error {
	// One answer fits in, so that one which comes back after Run has left does not linger.
	r := follower{Watcher: w, publish: publish, answers: make(chan outcome, 1)}
	ticks := wakeup.NewTicker(beat)
	defer ticks.Stop()
	settled := time.NewTimer(0)
	defer settled.Stop()
	r.events = w.listen(ctx)
	r.wanted.everything = true
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-settled.C:
			r.wanted.around = r.wanted.around || r.awaiting() && !r.guestList.same(r.count())
			r.start(ctx)
			if r.awaiting() {
				settled.Reset(settle)
			}
		case b, open := <-r.events:
			if !open {
				r.events = nil // the next beat tries again
				continue
			}
			if r.take(&b) {
				settled.Reset(settle)
			}
		case <-ticks.C:
			ticks.Next()
			r.beat(ctx)
		case o := <-r.answers:
			if o.crash != "" {
				panic(o.crash)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			r.answer(&o)
			r.start(ctx)
			if r.awaiting() {
				settled.Reset(settle)
			}
		}
	}
}

// beat asks for what has no events, and now and then for everything.
func (r *follower) beat(ctx context.Context) {
	r.beats++
	if r.busy {
		// Never a second question beside one that hangs: it would hang as well.
		r.report.Health.Bad(r.now(), *r.asking.Load()+": not answering")
		r.send()
		return
	}
	if r.events == nil || r.report.Health.State != health.OK {
		if r.events == nil {
			r.events = r.listen(ctx)
		}
		r.wanted.everything = true
	}
	r.wanted.everything = r.wanted.everything || r.beats >= slow+len(r.world.links)/perBeat
	r.wanted.around = r.wanted.around || r.beats%2 == 0 || !r.guestList.same(r.count())
	if r.wanted.everything || r.wanted.around {
		r.start(ctx)
	}
}

// take applies a batch of events, or holds it until the dump is there that it belongs behind. It is true when there is
// something to publish or to ask for.
func (r *follower) take(b *batch) bool {
	if b.lost {
		r.wanted.everything = true
	}
	if r.busy && r.asked.everything || r.report.Table == nil {
		if r.held = append(r.held, b.messages...); len(r.held) > mostHeld {
			r.held, r.wanted.everything = nil, true
		}
		return b.lost
	}
	return r.apply(b.messages) || b.lost
}

func (r *follower) apply(messages []netlink.Message) bool {
	var c changes
	for i := range messages {
		c.add(r.world.apply(&messages[i]))
	}
	r.wanted.add(&c)
	return c.any || c.routes || c.guests
}

// start publishes what events have changed and asks for what is wanted, unless a question is under way.
func (r *follower) start(ctx context.Context) {
	if r.wanted.changed && r.report.Table != nil {
		r.wanted.changed = false
		r.table()
		r.report.Health.Good(r.now())
		r.send()
	}
	if r.busy || r.wanted.idle() || r.wanted.everything && r.dumped != 0 && r.now()-r.dumped < apart {
		return // an answer or the next beat comes back to it
	}
	j := r.wanted
	j.fill(&r.world, r.count())
	r.wanted = pollRequest{}
	r.busy, r.asked = true, j
	r.asks("rtnetlink")
	j.learned = j.around && (r.now() >= r.learn || !r.guestList.same(j.census))
	j.listeners = j.around && r.now() >= r.ports
	if j.everything {
		r.dumped, r.beats = r.now(), 0
	}
	go func() { r.answers <- r.attempt(ctx, j) }()
}

// answer takes what was found.
func (r *follower) answer(o *outcome) {
	r.busy = false
	r.report.Health.Cost = o.cost
	held, fresh := r.held, false
	r.held = nil
	if o.err != nil {
		r.report.Health.Bad(r.now(), secret.String(o.err.Error()))
	} else {
		r.report.Health.Good(r.now())
		fresh = r.world.merge(&o.job, &o.found) || r.report.Table == nil
	}
	if o.job.around {
		r.guestList = o.job.census
	}
	if o.job.learned {
		r.learn = r.now() + time.Duration(o.found.around.fdb.entries)*perEntry
	}
	if o.job.listeners && o.err == nil && o.found.around.services.WhyListen == "" {
		r.ports = r.now() + perListen - beat // a look that comes a moment early counts
	}
	r.apply(held)
	if fresh || r.wanted.changed && r.report.Table != nil {
		r.table()
	}
	r.wanted.changed = false
	r.send()
}

// table makes the table anew and keeps the old one when they say the same.
func (r *follower) table() {
	if t := r.world.table(r.report.Table); r.report.Table == nil || !same(r.report.Table, t) {
		r.report.Table = t
	}
}

func (r *follower) send() {
	r.publish(&sample.LinkReport{Table: r.report.Table, Health: r.report.Health, Awaiting: r.awaiting()})
}

// awaiting reports whether the last answer came before anybody had looked for VMs. That takes moments at the start, and the
// names of the VMs are not to be missing until the next beat.
func (r *follower) awaiting() bool { return r.guestList.why == qemu.NotLooked }

// attempt is one job as Run wants it: given up after a while, and never panicking on a goroutine that nobody guards.
func (w *Watcher) attempt(ctx context.Context, j pollRequest) (o outcome) {
	began := w.now()
	o.job = j
	defer func() {
		if p := recover(); p != nil {
			o.crash = fmt.Sprintf("%v\n%s", p, debug.Stack())
		}
		o.cost = w.now() - began
	}()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	o.found, o.err = w.find(ctx, &j)
	return o
}

// Dump asks for everything once. The table is the caller's. Errors name what was asked: "dump links: ...".
func (w *Watcher) Dump(ctx context.Context) (*sample.LinkTable, error) {
	j := pollRequest{everything: true, around: true, learned: true, listeners: true, census: w.count()}
	f, err := w.find(ctx, &j)
	if err != nil {
		return nil, err
	}
	var all linkState
	all.merge(&j, &f)
	return all.table(nil), nil
}

// guestList is who runs on this host, or why nobody knows.
type guestList struct {
	guests []qemu.Guest
	why    string
}

func (c *guestList) same(other guestList) bool {
	return c.why == other.why && slices.Equal(c.guests, other.guests)
}

func (w *Watcher) count() (c guestList) {
	if w.guests == nil {
		return guestList{why: "nobody looks for VMs"}
	}
	c.guests, c.why = w.guests()
	return c
}

// groups are the kernel's multicast groups that are followed. Neighbours and forwarding databases change with the
// traffic and are looked at from time to time instead.
var groups = [...]uint32{
	unix.RTNLGRP_LINK, unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV6_IFADDR,
	unix.RTNLGRP_IPV4_ROUTE, unix.RTNLGRP_IPV6_ROUTE, unix.RTNLGRP_NSID,
}

// batch is what one datagram of events said. lost: the kernel had more events than room for them.
type batch struct {
	messages []netlink.Message
	lost     bool
}

// listenRoute opens a socket that gets events from now on.
func listenRoute() (*netlink.Conn, error) {
	c, err := netlink.Dial(unix.NETLINK_ROUTE, &netlink.Config{MessageBufferSize: bufferSize})
	if err != nil {
		return nil, err
	}
	for _, group := range groups {
		if err := c.JoinGroup(group); err != nil {
			c.Close()
			return nil, err
		}
	}
	_ = c.SetReadBuffer(1 << 20) // the more the better; what is allowed is up to the host
	return c, nil
}

// listen follows events until ctx ends or the socket fails, when the channel is closed. It is nil when there is no socket
// to be had, as in a sandbox. What happens after it has returned is in the channel.
func (w *Watcher) listen(ctx context.Context) <-chan batch {
	if w.dialEvents == nil {
		return nil
	}
	c, err := w.dialEvents()
	if err != nil {
		return nil
	}
	events := make(chan batch, 16)
	stop := context.AfterFunc(ctx, func() { c.Close() }) // ends a read that waits
	go func() {
		defer close(events)
		defer c.Close()
		defer stop()
		for {
			var b batch
			messages, err := c.Receive()
			switch {
			case errors.Is(err, unix.ENOBUFS):
				b.lost = true
			case errors.Is(err, unix.EINTR):
				continue
			case err != nil:
				return
			default:
				b.messages = messages
			}
			select {
			case events <- b:
			case <-ctx.Done():
				return
			}
		}
	}()
	return events
}
