// Package watch follows the cluster: it finds the kubeconfig, asks the API server with it, keeps of each object the little
// that the figures are made of, and says on which rung of the way an answer is missing. It changes nothing in the
// cluster, and without a kubeconfig it is one goroutine that looks for one.
package watch

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"time"

	"hypervisor-tui/draw/clean"
	"hypervisor-tui/draw/clean/secret"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample/box"
	"hypervisor-tui/sample/wakeup"
)

// Options says where the Watcher looks.
type Options struct {
	Find     kube.Options         // where the kubeconfig may be; Now and Previous are the Watcher's
	Now      func() time.Duration // CLOCK_BOOTTIME
	Keep     Keep                 // runs its goroutines
	Hostname func() (string, error)
}

// Watcher makes States. All its fields but do belong to the goroutine that runs it.
type Watcher struct {
	o         Options
	pace      pace
	do        chan func(*Watcher)
	objects   kube.Objects
	place     kube.Place
	state     kube.State
	live      [kube.KindCount]bool          // kinds that are followed right now
	opened    [kube.KindCount]time.Duration // when a watch was opened that goes on from an earlier one; 0: none that is not live
	session   *session                      // nil: no kubeconfig that can be used
	ready     time.Duration                 // when the API server last said that it was, 0: the last answer was another
	changed   bool
	published time.Time
}

// New returns a Watcher. It does nothing yet.
func New(o Options) *Watcher {
	return &Watcher{o: o, pace: usualPace(), do: make(chan func(*Watcher))}
}

// Run follows the cluster until ctx ends, whose error it returns. It calls publish on its own goroutine, at most once a
// second and while something changes, with a State that is immutable from then on.
func (w *Watcher) Run(ctx context.Context, publish func(*kube.State)) error {
	tick := wakeup.NewTicker(w.pace.looks)
	defer tick.Stop()
	due := time.NewTimer(0)
	defer due.Stop()
	defer w.hangUp()
	w.look(ctx)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case f := <-w.do:
			f(w)
			if w.changed {
				continue // the timer runs
			}
			w.changed = true
			due.Reset(w.pace.publish - time.Since(w.published))
		case <-tick.C:
			tick.Next()
			w.look(ctx)
			if !w.changed {
				w.changed = true
				due.Reset(0)
			}
		case <-due.C:
			w.changed, w.published = false, time.Now()
			publish(w.roll())
		}
	}
}

// tell has f run on the Watcher's goroutine; when ctx has ended it may not run.
func (w *Watcher) tell(ctx context.Context, f func(*Watcher)) {
	select {
	case <-ctx.Done():
	case w.do <- f:
	}
}

// roll makes the next State.
func (w *Watcher) roll() *kube.State {
	w.objects.Roll(&w.state, &w.place)
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
// listed, nor when nothing is any more.
func (w *Watcher) judge() {
	why, ever := w.nothing()
	switch {
	case w.blind():
		w.state.Cause = kube.Cause{Rung: kube.Forbidden, Why: "forbidden: the kubeconfig's user may not list anything"}
		w.state.Health.Fail(w.ready, w.state.Cause.Why)
	case why != "":
		w.state.Cause = kube.Cause{Rung: kube.NotReady, Why: kube.NothingListed + why}
		w.state.Health.Bad(w.o.Now(), w.state.Cause.Why)
	case ever:
		w.state.Cause = kube.Cause{}
		w.state.Health.Good(w.ready)
	}
}

// nothing says why no kind can be listed or followed, nothing when one can or nobody knows yet, and whether one ever was.
// That all are followed anew after a connection broke takes a moment.
func (w *Watcher) nothing() (why string, ever bool) {
	waiting, bad := false, false
	for i := range w.state.Kinds {
		k := &w.state.Kinds[i]
		ever = ever || k.Health.Has()
		switch {
		case k.State == box.OK, k.State == box.Init, k.State == box.Stale && w.o.Now()-k.Since < w.pace.patience:
			waiting = true
		case k.State != box.Absent:
			if bad = true; why == "" {
				why = k.Err
			}
		}
	}
	if waiting || !bad {
		return "", ever
	}
	return why, ever
}

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

// blind says whether the credentials are accepted and may not see anything.
func (w *Watcher) blind() bool {
	forbidden := false
	for i := range w.state.Kinds {
		switch k := &w.state.Kinds[i]; {
		case k.State == box.Failed && strings.HasPrefix(k.Err, forbiddenTo):
			forbidden = true
		case k.State != box.Absent:
			return false
		}
	}
	return forbidden
}

// forbiddenTo is how the reason begins why a kind may not be listed.
const forbiddenTo = "forbidden: list "

// look finds the kubeconfig and begins a session with it when it is new. One that has become unreadable changes nothing:
// the credentials in use may be good for long.
func (w *Watcher) look(ctx context.Context) {
	find := w.o.Find
	find.Now, find.Previous = w.o.Now(), w.state.Health
	found := kube.Find(find)
	w.state.Looked = found.Looked
	path := filepath.Join(find.Root, found.Kubeconfig)
	switch {
	case found.Kubeconfig != "" && !w.using(path):
		w.begin(ctx, found.Kubeconfig, path)
	case found.Kubeconfig == "" && w.session == nil:
		w.state.Health, w.state.Kubeconfig = found.Health, ""
		w.state.Cause = kube.Cause{Rung: kube.Kubeconfig, Why: found.Health.Err}
	}
	if w.session != nil {
		w.place = w.here()
	}
}

// using says whether the session's credentials are those of a kubeconfig as it is now.
func (w *Watcher) using(path string) bool { return w.session != nil && w.session.creds.same(path) }

// begin starts a session in the place of the one that is, if the kubeconfig can be used.
func (w *Watcher) begin(ctx context.Context, name, path string) {
	creds, err := load(path)
	var c *client
	if err == nil {
		if c, err = newClient(creds.server, creds.transport, &w.pace); err != nil {
			err = errors.New("cannot be used: its certificates are not as they should be")
		}
	}
	if err != nil {
		if w.session == nil {
			w.state.Kubeconfig = name
			w.state.Cause = kube.Cause{Rung: kube.Kubeconfig, Why: name + " " + err.Error()}
			w.state.Health.Bad(w.o.Now(), w.state.Cause.Why)
		}
		return
	}
	w.hangUp()
	if server := clean.String(c.server); server != w.state.Server { // of another cluster nothing is kept
		w.objects = kube.Objects{}
		w.state = kube.State{Server: server, Looked: w.state.Looked}
	}
	w.state.Kubeconfig, w.state.Cause = name, kube.Cause{}
	w.state.ClientCert, w.state.ServerCert, w.state.Admin = creds.client, kube.Certificate{}, false
	if w.state.Health.At == 0 {
		w.state.Health = box.Health{Since: w.o.Now()}
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
	switch c.Rung {
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

// refused records that a kind may not be seen, gone that there is no such kind. What was kept of it is forgotten.
func (w *Watcher) refused(k kind, why string) {
	w.forget(k)
	w.state.Kinds[k.Kind].Fail(w.o.Now(), why)
}

func (w *Watcher) gone(k kind, why string) {
	w.forget(k)
	w.state.Kinds[k.Kind].Gone(w.o.Now(), why)
}

func (w *Watcher) forget(k kind) {
	w.live[k.Kind], w.opened[k.Kind], w.state.Kinds[k.Kind].More = false, 0, 0
	k.table(&w.objects).Empty()
}
