// Package watch follows the cluster: it finds the kubeconfig, asks the API server with it, keeps of each object the little
// that the figures are made of, and says on which rung of the way an answer is missing. It changes nothing in the
// cluster, and without a kubeconfig it is one goroutine that looks for one.
package watch

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/clean/secret"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/internal/viewers"
	"hypervisor-tui/internal/wakeup"
	"hypervisor-tui/kube"
)

// Options says where the Watcher looks.
type Options struct {
	Find     kube.Options         // where the kubeconfig may be; Now and Previous are the Watcher's
	Now      func() time.Duration // CLOCK_BOOTTIME
	Keep     Keep                 // runs its goroutines
	Hostname func() (string, error)
	Nodes    *viewers.Count // who look at the nodes one by one; nil: nobody
	Whole    *viewers.Names // who look at one of them whole; nil: nobody
}

// Watcher makes States. All its fields but mailbox belong to the goroutine that runs it.
type Watcher struct {
	o         Options
	pace      pace
	mailbox   chan func(*Watcher) // changes that other goroutines ask for
	objects   kube.Objects
	place     kube.NodeIdentity
	state     kube.State
	live      [kube.KindCount]bool          // kinds that are followed right now
	opened    [kube.KindCount]time.Duration // when a watch was opened that goes on from an earlier one; 0: none that is not live
	session   *session                      // nil: no kubeconfig that can be used
	looking   time.Duration                 // since when the kubeconfig has been looked for; 0: it is not
	late      *time.Timer                   // for that
	at        atomic.Pointer[string]        // the file that is looked at
	locating  bool
	find      func(kube.Options) kube.State // kube.Find, but in tests
	ready     time.Duration                 // when the API server last said that it was, 0: the last answer was another
	changed   bool
	published time.Time
	cost      time.Duration // of the last State
}

// rollShare is how often longer than making a State the time from one to the next is: a cluster that is too large makes the
// figures lag and not this program busy.
const rollShare = 50

// New returns a Watcher. It does nothing yet.
func New(o Options) *Watcher {
	if o.Nodes == nil {
		o.Nodes = viewers.New()
	}
	if o.Whole == nil {
		o.Whole = viewers.NewNames()
	}
	return &Watcher{o: o, pace: usualPace(), mailbox: make(chan func(*Watcher)), late: time.NewTimer(time.Hour), find: kube.Find}
}

// Run follows the cluster until ctx ends, whose error it returns. It calls publish on its own goroutine, at most once a
// second and while something changes, with a State that is immutable from then on.
func (w *Watcher) Run(ctx context.Context, publish func(*kube.State)) error {
	tick := wakeup.NewTicker(w.pace.rescans)
	defer tick.Stop()
	due := time.NewTimer(time.Hour)
	defer due.Stop()
	defer w.late.Stop()
	defer w.hangUp()
	w.rescan(ctx)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case f := <-w.mailbox:
			f(w)
			if w.changed {
				continue // the timer runs
			}
			w.changed = true
			due.Reset(max(w.pace.publish, min(rollShare*w.cost, w.pace.slowest)) - time.Since(w.published))
		case <-w.o.Nodes.Came():
			w.changed = true
			due.Reset(0)
		case <-w.o.Whole.Came():
			w.changed = true
			due.Reset(0)
		case <-w.late.C:
			if w.looking == 0 {
				continue
			}
			w.unusable(w.suspect(), "not answering")
			w.state.Hung = kube.Hung{Why: w.suspect() + " not answering", Since: w.looking}
			w.changed, w.published = false, time.Now()
			publish(w.roll())
		case <-tick.C:
			tick.Next()
			w.rescan(ctx)
			if !w.changed {
				w.changed = true
				due.Reset(0)
			}
		case <-due.C:
			w.changed, w.published = false, time.Now()
			state := w.roll()
			w.cost = time.Since(w.published)
			publish(state)
		}
	}
}

// tell has f run on the Watcher's goroutine; when ctx has ended it may not run.
func (w *Watcher) tell(ctx context.Context, f func(*Watcher)) {
	select {
	case <-ctx.Done():
	case w.mailbox <- f:
	}
}

// roll makes the next State.
func (w *Watcher) roll() *kube.State {
	w.objects.ViewNodes(w.o.Nodes.Any(), w.o.Whole.All()...)
	w.objects.Summarize(&w.state, &w.place)
	if w.session != nil {
		for _, stream := range w.session.streams {
			w.state.Kinds[stream.Kind].Count = stream.table(&w.objects).Len()
		}
		if shown := w.session.client.shown.Load(); shown != nil {
			w.state.ServerCert = *shown
		}
	}
	w.state.Behind = w.behind()
	if w.ready != 0 {
		w.judge()
	}
	state := w.state
	return &state
}

// judge says how good the API is while it says that it is ready. It is not worth that word as long as nothing has been
// listed, nor when nothing is any more. That all are followed anew after a connection broke takes a moment.
func (w *Watcher) judge() {
	ever, followed, why := false, false, ""
	failed, forbidden := 0, 0
	for i := range w.state.Kinds {
		k := &w.state.Kinds[i]
		ever = ever || k.Health.Has()
		switch {
		case k.State == health.Absent:
		case k.State == health.OK, k.State == health.Init, k.State == health.Stale && w.o.Now()-k.Since < w.pace.grace:
			followed = true
		default:
			if failed++; why == "" {
				why = k.Err
			}
			if k.State == health.Failed && strings.HasPrefix(k.Err, forbiddenTo) {
				forbidden++
			}
		}
	}
	switch {
	case !followed && failed > 0 && failed == forbidden:
		w.state.Cause = kube.Cause{Check: kube.Forbidden, Why: "forbidden: the kubeconfig's user may not list anything"}
		w.state.Health.Fail(w.ready, w.state.Cause.Why)
	case !followed && failed > 0:
		w.state.Cause = kube.Cause{Check: kube.NotReady, Why: kube.NothingListed + why}
		w.state.Health.Bad(w.o.Now(), w.state.Cause.Why)
	case ever:
		w.state.Cause = kube.Cause{}
		w.state.Health.Good(w.ready)
	}
}

// forbiddenTo is how the reason begins why a kind may not be listed.
const forbiddenTo = "forbidden: list "

// behind is the time from which the API server sends more than is taken in, 0 when it does not.
func (w *Watcher) behind() time.Duration {
	if w.session == nil {
		return 0
	}
	for _, a := range []*allowance{w.session.client.work, w.session.client.bytes} {
		if since, ok := a.shortSince(); ok {
			return max(w.o.Now()-time.Since(since), 1)
		}
	}
	return 0
}

// finding is what the files were found to say.
type finding struct {
	found  kube.State
	creds  *credentials // of a kubeconfig that is not the one in use; nil: it is, or err says why it cannot be used
	client *client
	err    error
}

// rescan has the kubeconfig looked for on a goroutine of its own, unless that is under way already: it may lie on a disk
// that does not answer any more.
func (w *Watcher) rescan(ctx context.Context) {
	if w.looking != 0 {
		return
	}
	w.looking = w.o.Now()
	w.late.Reset(w.pace.files)
	find := w.o.Find
	find.Now, find.Previous = w.looking, w.state.Health
	find.At = func(path string) { w.at.Store(&path) }
	var using *credentials
	if w.session != nil {
		using = w.session.creds
	}
	w.o.Keep(ctx, "kubeconfig", func(ctx context.Context) error {
		s := w.inspect(find, using)
		w.tell(ctx, func(w *Watcher) {
			w.looking, w.state.Hung = 0, kube.Hung{}
			w.adopt(ctx, s)
		})
		return nil
	})
}

// inspect looks at the files. Any goroutine may call it.
func (w *Watcher) inspect(find kube.Options, using *credentials) *finding {
	s := &finding{found: w.find(find)}
	path := filepath.Join(find.Root, s.found.Kubeconfig)
	if s.found.Kubeconfig == "" || using.same(path, find.At) {
		return s
	}
	if s.creds, s.err = load(path, find.At); s.err != nil {
		return s
	}
	if s.client, s.err = newClient(s.creds.server, s.creds.transport, &w.pace); s.err != nil {
		s.err = errors.New("cannot be used: its certificates are not as they should be")
	}
	return s
}

// adopt takes in what was found, and begins a session with a kubeconfig that is new. One that has become unreadable changes
// nothing: the credentials in use may be good for long.
func (w *Watcher) adopt(ctx context.Context, s *finding) {
	w.state.Candidates = s.found.Candidates
	switch {
	case s.found.Kubeconfig == "" && w.session == nil:
		w.state.Health, w.state.Kubeconfig = s.found.Health, ""
		w.state.Cause = kube.Cause{Check: kube.Kubeconfig, Why: s.found.Health.Err}
	case s.err != nil:
		w.unusable(s.found.Kubeconfig, s.err.Error())
	case s.creds != nil:
		w.begin(ctx, s)
	}
	if w.session != nil {
		w.locate(ctx)
	}
}

// suspect names the file that a look waits for, as far as that is known.
func (w *Watcher) suspect() string {
	if path := w.at.Load(); path != nil {
		return *path
	}
	return "the kubeconfig"
}

// unusable records why the kubeconfig is of no use, unless another one is in use.
func (w *Watcher) unusable(name, why string) {
	if w.session != nil {
		return
	}
	w.state.Kubeconfig = name
	w.state.Cause = kube.Cause{Check: kube.Kubeconfig, Why: name + " " + why}
	w.state.Health.Bad(w.o.Now(), w.state.Cause.Why)
}

// locate has the files read that tell this host from others, unless that is under way already.
func (w *Watcher) locate(ctx context.Context) {
	if w.locating {
		return
	}
	w.locating = true
	w.o.Keep(ctx, "place", func(ctx context.Context) error {
		place := w.here()
		w.tell(ctx, func(w *Watcher) { w.locating, w.place = false, place })
		return nil
	})
}

// begin starts a session with a new kubeconfig in the place of the one that is.
func (w *Watcher) begin(ctx context.Context, found *finding) {
	creds, c, name := found.creds, found.client, found.found.Kubeconfig
	w.hangUp()
	if server := clean.String(c.server); server != w.state.Server { // of another cluster nothing is kept
		w.objects = kube.Objects{}
		w.state = kube.State{Server: server, Candidates: w.state.Candidates}
	}
	w.state.Kubeconfig, w.state.Cause = name, kube.Cause{}
	w.state.ClientCert, w.state.ServerCert, w.state.Admin = creds.client, kube.Certificate{}, false
	if w.state.Health.At == 0 {
		w.state.Health = health.Health{Since: w.o.Now()}
	}
	s := &session{creds: creds, client: c, keep: w.o.Keep, pace: &w.pace}
	for _, k := range kinds() {
		s.streams = append(s.streams, &stream{kind: k, client: c, pace: &w.pace, tell: w.tell})
	}
	ctx, s.end = context.WithCancel(ctx)
	w.session = s
	s.probing = s.keep(ctx, "cluster", func(ctx context.Context) error { return s.probe(ctx, w.tell, w.o.Now) })
}

// hangUp ends the session, if there is one, and waits for its goroutines.
func (w *Watcher) hangUp() {
	s := w.session
	if s == nil {
		return
	}
	s.end()
	s.rest()
	<-s.probing
	s.client.close()
	w.session, w.ready = nil, 0
	w.lost("connecting anew")
}

// up records that the API server is ready, and follows what it has.
func (w *Watcher) up(ctx context.Context, f facts) {
	w.ready = w.o.Now()
	w.state.Version, w.state.Admin = f.version, f.admin
	for k, live := range w.live {
		switch opened := w.opened[k]; {
		case live:
			w.state.Kinds[k].At = w.ready
		case opened != 0 && w.ready-opened >= w.pace.shortest:
			w.good(kube.Kind(k)) // nothing has changed: otherwise it would have ended at once
		}
	}
	w.session.follow(ctx)
}

// down records why the API server is not ready. Where that is because nothing gets through, the streams rest.
func (w *Watcher) down(c kube.Cause) {
	c.Why = secret.String(c.Why)
	for i := range c.Checks {
		c.Checks[i] = secret.String(c.Checks[i])
	}
	w.ready, w.state.Cause = 0, c
	w.state.Health.Bad(w.o.Now(), c.Why)
	switch c.Check {
	case kube.Dial, kube.TLS, kube.Unauthorized:
		w.session.rest()
		w.lost(c.Why)
	}
}

// lost records that no kind is followed any more.
func (w *Watcher) lost(why string) {
	for k, live := range w.live {
		if live {
			w.bad(kube.Kind(k), why)
		}
	}
}

// good records that all there is of a kind is known and that it is followed.
func (w *Watcher) good(k kube.Kind) {
	w.live[k], w.opened[k] = true, 0
	w.state.Kinds[k].Good(w.o.Now())
}

// alive records that something of a kind came in; with it all there is may be known.
func (w *Watcher) alive(k kube.Kind, all bool) {
	if all {
		w.state.Kinds[k].More = 0
	}
	if all || w.live[k] || w.opened[k] != 0 {
		w.good(k)
	}
}

// change makes a change that a stream brings and reports whether there was room for it. Of a kind that has too many objects
// none is kept: figures of a part of them would be wrong.
func (w *Watcher) change(s *stream, change func(*kube.Objects) bool) bool {
	if s.full.Load() {
		return false
	}
	if change(&w.objects) {
		return true
	}
	s.full.Store(true)
	table := s.table(&w.objects)
	w.state.Kinds[s.Kind].More = table.Len()
	table.Empty()
	w.good(s.Kind)
	return false
}

// bad records that a kind is not followed.
func (w *Watcher) bad(k kube.Kind, why string) {
	w.live[k], w.opened[k] = false, 0
	w.state.Kinds[k].Bad(w.o.Now(), secret.String(why))
}

// unlisted records that there is no such kind, or that it may not be listed, and forgets what was kept of it.
func (w *Watcher) unlisted(k kind, forbidden bool) {
	status := &w.state.Kinds[k.Kind]
	w.live[k.Kind], w.opened[k.Kind], status.More = false, 0, 0
	k.table(&w.objects).Empty()
	if forbidden {
		status.Fail(w.o.Now(), forbiddenTo+k.String())
	} else {
		status.Gone(w.o.Now(), "not installed")
	}
}
