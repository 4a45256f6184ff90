package sample

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"hypervisor-tui/internal/box"
	"hypervisor-tui/internal/clean/secret"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample/procfile"
)

const (
	timeout    = 2 * time.Second // a question that takes longer is said to be not answered
	mostProbes = 512             // goroutines that one pool may have, hung ones included: each may hold a thread
)

// prober is something that may take long or for ever to answer: a statfs, a sensor. Only the probe's goroutine calls it.
type prober[T any] interface {
	ask(answer *T) error
	close()
}

// probeResult is the last answer of a prober. why is empty when value is good; with none there is nothing to ask.
type probeResult[T any] struct {
	value    T
	why      string
	none     bool
	at, cost time.Duration
}

// probe puts one question again and again on a goroutine of its own, the next one never before the last one is
// answered. The sampler asks and takes answers; it never waits.
type probe[K comparable, T any] struct {
	key     K
	answers *box.Box[probeResult[T]]
	asked   atomic.Int64  // time of the question under way, 0: none
	wake    chan struct{} // there is a question under way to be put
	first   chan struct{} // closed with the first answer
	stop    context.CancelFunc
	health  health.Health // the sampler's
}

// latest brings health up to date, asks again when the answer is older than every, and returns the last answer, nil
// before the first. Only the sampler may call it.
func (p *probe[K, T]) latest(now, every time.Duration) *probeResult[T] {
	a := p.answers.Latest()
	asked := time.Duration(p.asked.Load())
	switch {
	case asked != 0 && now-asked > timeout:
		p.health.Bad(now, procfile.NotAnswering)
		p.health.Since = asked // so that its age is how long nobody has answered
	case a == nil:
	case a.none:
		p.health.Gone(a.at, a.why)
		p.health.Cost = a.cost
	case a.why != "":
		p.health.Bad(a.at, a.why)
		p.health.Cost = a.cost
	default:
		p.health.Good(a.at)
		p.health.Cost = a.cost
	}
	if asked == 0 && (a == nil || now-a.at >= every) {
		p.ask(now)
	}
	return a
}

// ask sets a question under way.
func (p *probe[K, T]) ask(now time.Duration) {
	p.asked.Store(int64(max(now, 1)))
	p.wake <- struct{}{} // there is room: run took the last one before it answered
}

// run puts the questions until ctx ends and the last of them is answered.
func (p *probe[K, T]) run(ctx context.Context, q prober[T], now func() time.Duration) {
	defer q.close()
	var a probeResult[T]
	var last error
	answered := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
		}
		begin := now()
		err := guarded(q, &a.value)
		a.at = now()
		a.cost = a.at - begin
		_, a.none = err.(procfile.Absent)
		switch {
		case err == nil:
			a.why = ""
		case err != last || a.why == "":
			a.why = secret.String(err.Error())
		}
		last = err
		p.answers.Publish(&a)
		p.asked.Store(0)
		if !answered {
			answered = true
			close(p.first)
		}
	}
}

// guarded asks, and makes an error of a panic.
func guarded[T any](q prober[T], value *T) (err error) {
	defer func() {
		if crash := recover(); crash != nil {
			err = newCrash(crash)
		}
	}()
	return q.ask(value)
}

// proberPool is a set of probes, one a key. Its worker sets the keys, the sampler takes the listing.
type proberPool[K comparable, T any] struct {
	now     func() time.Duration
	prober  func(K) prober[T]
	probes  []*probe[K, T] // the worker's
	alive   atomic.Int64   // goroutines, those of keys that are gone but still hang included
	listing atomic.Pointer[listing[K, T]]
	work    procfile.Stopwatch // of the worker, while it looks for keys
	ready   chan struct{}      // closed with the first listing
	once    sync.Once
}

// listing is what a pool has: immutable but for the probes themselves.
type listing[K comparable, T any] struct {
	probes []*probe[K, T]
	left   int   // keys for which there was no room
	err    error // the last look for keys failed, and these are the earlier ones
}

func newProberPool[K comparable, T any](now func() time.Duration, q func(K) prober[T]) *proberPool[K, T] {
	return &proberPool[K, T]{now: now, prober: q, ready: make(chan struct{})}
}

// list returns the probes. An error says that none is known, and what was made of them stays what it was; a remark, that they
// are not all, or those of an earlier look.
func (r *proberPool[K, T]) list(now time.Duration) (probes []*probe[K, T], remark, err error) {
	l, hangs := r.listing.Load(), r.work.Hangs(now)
	switch {
	case l == nil && hangs:
		return nil, nil, procfile.ErrNotAnswering
	case l == nil:
		return nil, nil, procfile.ErrNotYet
	case l.probes == nil && l.err != nil:
		return nil, nil, l.err
	case hangs:
		return l.probes, procfile.ErrNotAnswering, nil
	case l.err == nil && l.left > 0:
		return l.probes, procfile.ErrLeftOut, nil
	}
	return l.probes, l.err, nil
}

// set makes the pool have exactly the keys, in their order. Probes that stay are not disturbed, one that hangs
// included; new ones are asked at once. Their goroutines end with ctx. Only the worker may call it.
func (r *proberPool[K, T]) set(ctx context.Context, keys []K) {
	old := make(map[K]*probe[K, T], len(r.probes))
	for _, p := range r.probes {
		old[p.key] = p
	}
	next := listing[K, T]{probes: make([]*probe[K, T], 0, len(keys))}
	for _, key := range keys {
		p, ok := old[key]
		switch {
		case ok:
			delete(old, key)
		case r.alive.Load() >= mostProbes:
			next.left++
			continue
		default:
			p = r.start(ctx, key)
		}
		next.probes = append(next.probes, p)
	}
	for _, p := range old {
		p.stop()
	}
	r.probes = next.probes
	r.publish(&next)
}

// fail keeps the probes there are and says that the last look for keys failed. Only the worker may call it.
func (r *proberPool[K, T]) fail(err error) {
	r.publish(&listing[K, T]{probes: r.probes, err: err})
}

// end forgets all probes, whose goroutines end with the worker's context. Only the worker may call it.
func (r *proberPool[K, T]) end() {
	r.probes = nil
	r.publish(&listing[K, T]{err: procfile.ErrStopped})
}

func (r *proberPool[K, T]) publish(l *listing[K, T]) {
	r.listing.Store(l)
	r.once.Do(func() { close(r.ready) })
}

func (r *proberPool[K, T]) start(ctx context.Context, key K) *probe[K, T] {
	ctx, stop := context.WithCancel(ctx)
	p := &probe[K, T]{
		key:     key,
		answers: box.New(func(dst, src *probeResult[T]) { *dst = *src }),
		wake:    make(chan struct{}, 1),
		first:   make(chan struct{}),
		stop:    stop,
	}
	p.ask(r.now())
	r.alive.Add(1)
	go func() {
		defer r.alive.Add(-1)
		p.run(ctx, r.prober(key), r.now)
	}()
	return p
}

// wait returns when each probe has answered once, or when ctx ends.
func (r *proberPool[K, T]) wait(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-r.ready:
	}
	for _, p := range r.listing.Load().probes {
		select {
		case <-ctx.Done():
			return
		case <-p.first:
		}
	}
}

const surveyEvery = 10 * time.Second

// slowReader looks each surveyEvery, on a goroutine of its own, at what does not belong into the tick: what may wait for a
// lock, interrupts CPUs or allocates.
type slowReader[T any] struct {
	pool *proberPool[struct{}, finding[T]]
	take func(h *Host, found T) // on the sampler's goroutine
}

// finding is what a look has found, or why it has not. Once made it is immutable.
type finding[T any] struct {
	value T
	err   error
}

// newSlowReader returns a reader that puts what look finds into the host with take. look does not keep its slices.
func newSlowReader[T any](now func() time.Duration, look func() (T, error), take func(h *Host, found T)) *slowReader[T] {
	return &slowReader[T]{
		pool: newProberPool(now, func(struct{}) prober[finding[T]] { return &slowProber[T]{look: look} }),
		take: take,
	}
}

func (s *slowReader[T]) read(now time.Duration, h *Host, _ *Net) error {
	probes, _, err := s.pool.list(now)
	if err != nil {
		return err
	}
	p := probes[0]
	a := p.latest(now, surveyEvery)
	switch {
	case p.health.Err == procfile.NotAnswering:
		return procfile.ErrNotAnswering
	case a == nil:
		return procfile.ErrNotYet
	}
	if sound(a.value.err) {
		s.take(h, a.value.value)
	}
	return a.value.err
}

func (s *slowReader[T]) close() {}

func (s *slowReader[T]) begin(ctx context.Context) { s.pool.set(ctx, make([]struct{}, 1)) }
func (s *slowReader[T]) end()                      { s.pool.end() }
func (s *slowReader[T]) wait(ctx context.Context)  { s.pool.wait(ctx) }
func (s *slowReader[T]) goroutines() int64         { return s.pool.alive.Load() }

// anySlowReader is a slowReader of anything.
type anySlowReader interface {
	reader
	begin(ctx context.Context) // by the worker, as end is
	end()
	wait(ctx context.Context) // until it has looked once
	goroutines() int64        // 1, or 0 when it has ended
}

// slowProber makes a prober of a look. Its result is always good: why nothing was found is part of it, since that decides
// whether this host has such a thing at all.
type slowProber[T any] struct {
	look func() (T, error)
	last error
}

func (q *slowProber[T]) ask(f *finding[T]) error {
	value, err := q.guarded()
	if err != nil && q.last != nil && err.Error() == q.last.Error() {
		err = q.last // the same failure again is the same error
	}
	q.last = err
	*f = finding[T]{value, err}
	return nil
}

func (q *slowProber[T]) guarded() (value T, err error) {
	defer func() {
		if crash := recover(); crash != nil {
			err = newCrash(crash)
		}
	}()
	return q.look()
}

func (q *slowProber[T]) close() {}
