package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
)

// perPage is how many objects a page of a list has.
const perPage = 250

// stream follows one kind of object: it lists, watches, and begins again where it broke off. It keeps its place from
// one run to the next; only one may run at a time.
type stream struct {
	kind
	client    *client
	pace      *pace
	tell      func(context.Context, func(*Watcher))
	scan      scan
	version   []byte      // of the last event seen, empty: list first
	paging    bool        // list by pages next: a watch did not bring all that there is
	listed    time.Time   // when the last list began
	pagesOnly bool        // this server does not stream lists
	full      atomic.Bool // there are more objects than are kept: what comes is left alone
}

var (
	errFull    = errors.New("more objects than are kept")
	errEndless = errors.New("its list does not end")
)

// maxListed is how many objects a list may bring, the same ones again included, and maxPages how many pages it may have.
const (
	maxListed = 4 * kube.MaxObjects
	maxPages  = 400
)

// run follows until ctx ends.
func (s *stream) run(ctx context.Context) error {
	defer func() {
		if ctx.Err() == nil { // it panics, and will be run again
			s.version = nil
			s.tell(ctx, func(o *Watcher) { o.bad(s.Kind, "crashed") })
		}
	}()
	var wait backoff
	for ctx.Err() == nil {
		began := time.Now()
		s.full.Store(false)
		err := s.follow(ctx)
		if ctx.Err() != nil {
			break
		}
		lasted := time.Since(began)
		if lasted > s.pace.good {
			wait = 0
		}
		sleep(ctx, max(s.judge(ctx, err, lasted, &wait), s.untilList()))
	}
	return nil
}

// untilList is how long the next list must still wait, if that is what comes next.
func (s *stream) untilList() time.Duration {
	if len(s.version) > 0 || s.listed.IsZero() {
		return 0
	}
	return s.pace.betweenLists - time.Since(s.listed)
}

func (s *stream) follow(ctx context.Context) error {
	if len(s.version) > 0 {
		return s.watch(ctx, false)
	}
	s.listed = time.Now()
	if s.polls {
		return s.poll(ctx)
	}
	if !s.paging {
		return s.watch(ctx, true)
	}
	if _, err := s.list(ctx); err != nil {
		return unsynced{err}
	}
	return s.watch(ctx, false)
}

// poll lists what cannot be watched until ctx ends or it fails.
func (s *stream) poll(ctx context.Context) error {
	for ctx.Err() == nil {
		objects, err := s.list(ctx)
		if err != nil {
			return err
		}
		sleep(ctx, s.pace.untilPoll(objects))
	}
	return ctx.Err()
}

// open asks for path. The caller ends the answer.
func (s *stream) open(ctx context.Context, path string) (*paced, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	q := &paced{
		ctx: ctx, cancel: cancel, left: maxObject, timeout: s.pace.timeout, wire: s.client.bytes, work: s.client.work, cost: forms[s.form].cost, token: s.client.large,
	}
	s.client.work.wait(ctx, costRequest)
	q.deadline = time.AfterFunc(s.pace.timeout, func() { cancel(errSilent) })
	body, err := s.client.get(ctx, path, s.form)
	if err != nil {
		q.deadline.Stop()
		err = q.why(err)
		cancel(nil)
		return nil, err
	}
	q.body, q.close = body, body.Close
	return q, nil
}

// watch follows changes; with all it asks for everything that there is first, one object after the other, up to a
// bookmark that says so.
//
// Kubernetes: API concepts, streaming lists.
func (s *stream) watch(ctx context.Context, all bool) error {
	lasts := (s.pace.lasts + rand.N(s.pace.lasts/4)) / time.Second
	path := fmt.Sprintf("%s?watch=1&allowWatchBookmarks=true&timeoutSeconds=%d%s", s.path, lasts, s.query)
	if all {
		path += "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
	} else {
		path += "&resourceVersion=" + url.QueryEscape(string(s.version))
	}
	q, err := s.open(ctx, path)
	if err != nil {
		return err
	}
	defer q.end()
	w := watching{stream: s, in: newEvents(s.form, q), synced: !all, idle: s.pace.idle}
	if all {
		w.idle = s.pace.timeout
		s.tell(ctx, func(o *Watcher) { s.table(&o.objects).Begin() })
	} else {
		s.tell(ctx, func(o *Watcher) { o.opened[s.Kind] = o.o.Now() })
	}
	for {
		q.between(w.idle)
		if err := w.next(ctx); err != nil {
			if !w.synced {
				return unsynced{q.why(err)}
			}
			return q.why(err)
		}
	}
}

// unsynced is why a list ended before it was whole.
type unsynced struct{ error }

func (u unsynced) Unwrap() error { return u.error }

// watching is one watch.
type watching struct {
	*stream
	in     events
	event  event
	synced bool
	listed int // objects, until it is synced
	idle   time.Duration
}

// next takes in one event.
func (w *watching) next(ctx context.Context) error {
	if err := w.in.next(&w.scan, &w.event); err != nil {
		return err
	}
	switch w.listed++; {
	case w.full.Load():
		return errFull
	case !w.synced && w.endless(w.listed):
		return errEndless
	}
	var m meta
	var change func(*kube.Objects) bool
	switch w.event.typ {
	case "ADDED", "MODIFIED":
		m, change = w.read(&w.scan, w.event.object)
	case "DELETED":
		m = w.bookmark()
		change = func(o *kube.Objects) bool { w.table(o).Drop(m.key); return true }
	case "BOOKMARK":
		m = w.bookmark()
		change = func(*kube.Objects) bool { return true }
	case "ERROR":
		return w.failure()
	default:
		return errors.New("an event of no known type")
	}
	if err := w.scan.taken(); err != nil {
		return err
	}
	if m.key == "" && w.event.typ != "BOOKMARK" {
		return errors.New("an object without a name")
	}
	if len(m.version) > maxVersion {
		return errVersion
	}
	kind, first := w.Kind, m.synced && !w.synced
	w.tell(ctx, func(o *Watcher) {
		if !o.change(w.stream, change) {
			return
		}
		if first {
			w.table(&o.objects).End()
		}
		o.alive(kind, first)
	})
	if first {
		w.synced, w.idle = true, w.pace.idle
	}
	if w.synced && len(m.version) > 0 {
		w.version = append(w.version[:0], m.version...)
	}
	return nil
}

// bookmark reads nothing but the metadata.
func (w *watching) bookmark() meta {
	if w.form == jsonText {
		return readBookmark(&w.scan, w.event.object)
	}
	return w.scan.meta(w.scan.field(w.event.object, 1))
}

// failure is the error that the server sent as an event.
func (w *watching) failure() error {
	e := &statusError{}
	if w.form == jsonText {
		var v struct {
			Code int `json:"code"`
		}
		w.scan.readJSON(w.event.object, &v)
		e.code = v.Code
	} else {
		e.message, e.code = w.scan.status(w.event.object)
	}
	return errors.Join(e, w.scan.taken())
}

// endless reports whether a list that has brought so many objects has no end.
func (s *stream) endless(objects int) bool {
	return objects > maxListed || time.Since(s.listed) > s.pace.whole
}

// list reads everything by pages, each object by itself, and returns how many there are. A page without objects has no page
// after it.
func (s *stream) list(ctx context.Context) (objects int, err error) {
	s.listed = time.Now()
	s.tell(ctx, func(o *Watcher) { s.table(&o.objects).Begin() })
	more := ""
	for pages := 1; ; pages++ {
		before := objects
		p, err := s.page(ctx, more, &objects)
		switch {
		case err != nil:
			return 0, err
		case len(p.version) > maxVersion || len(p.more) > maxToken:
			return 0, errVersion
		case p.more == "":
			more = p.version
		case p.more == more || objects == before || pages == maxPages:
			return 0, errEndless
		default:
			more = p.more
			continue
		}
		break
	}
	if !s.polls {
		s.version = append(s.version[:0], more...)
	}
	if len(s.version) == 0 && !s.polls {
		return 0, errors.New("a list without a version")
	}
	s.tell(ctx, func(o *Watcher) {
		if !s.full.Load() {
			s.table(&o.objects).End()
			o.alive(s.Kind, true)
		}
	})
	return objects, nil
}

// page reads one, and counts its objects.
func (s *stream) page(ctx context.Context, more string, objects *int) (page, error) {
	q, err := s.open(ctx, fmt.Sprintf("%s?limit=%d&continue=%s%s", s.path, perPage, url.QueryEscape(more), s.query))
	if err != nil {
		return page{}, err
	}
	defer q.end()
	p, err := readPage(s.form, q, &s.scan, func(object []byte) error {
		switch *objects++; {
		case s.full.Load():
			return errFull
		case s.endless(*objects):
			return errEndless
		}
		m, put := s.read(&s.scan, object)
		if err := s.scan.taken(); err != nil {
			return err
		}
		if m.key == "" {
			return errors.New("an object without a name")
		}
		s.tell(ctx, func(o *Watcher) {
			if o.change(s, put) {
				o.alive(s.Kind, false)
			}
		})
		return nil
	})
	return p, q.why(err)
}

// judge says how long to wait after a follow ended, and tells of it unless it is quite usual.
func (s *stream) judge(ctx context.Context, err error, lasted time.Duration, wait *backoff) time.Duration {
	var status *statusError
	if !errors.As(err, &status) {
		return s.brokeOff(ctx, err, lasted, wait)
	}
	switch status.code {
	case http.StatusNotFound, http.StatusForbidden:
		s.version = s.version[:0]
		s.tell(ctx, func(o *Watcher) { o.unlisted(s.kind, status.code == http.StatusForbidden) })
		return s.pace.askAgain + rand.N(s.pace.askAgain/4)
	case http.StatusGone:
		s.version = s.version[:0]
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		if len(s.version) == 0 && !s.paging {
			s.paging, s.pagesOnly = true, true
			s.listed = time.Time{}
			return 0
		}
		s.version = s.version[:0]
	}
	s.tell(ctx, func(o *Watcher) {
		// Its storage of a new kind is not there yet: what is syncing goes on syncing.
		if status.code != http.StatusTooManyRequests || o.state.Kinds[s.Kind].State != health.Init {
			o.bad(s.Kind, plain(status))
		}
	})
	return max(status.after, s.pace.wait(wait))
}

// brokeOff judges what the connection did.
func (s *stream) brokeOff(ctx context.Context, err error, lasted time.Duration, wait *backoff) time.Duration {
	var part unsynced
	cut := errors.As(err, &part)
	if endless := errors.Is(err, errEndless); endless || errors.Is(err, errFull) {
		s.version = s.version[:0]
		if endless { // of the other the Watcher knows
			s.tell(ctx, func(o *Watcher) { o.bad(s.Kind, errEndless.Error()) })
		}
		return s.pace.givenUp
	}
	if !cut && errors.Is(err, io.EOF) && len(s.version) > 0 { // the server ends each watch some time
		if lasted < s.pace.timeout {
			return s.pace.wait(wait)
		}
		return rand.N(s.pace.shortest)
	}
	if cut {
		s.paging = !s.paging || s.pagesOnly
	}
	s.tell(ctx, func(o *Watcher) { o.bad(s.Kind, cause(err, time.Time{}, kube.Certificate{}).Why) })
	return s.pace.wait(wait)
}
