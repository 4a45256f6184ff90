package sample

import (
	"context"
	"time"

	"hypervisor-tui/sample/procfile"
)

const surveyEvery = 10 * time.Second

// slowReader looks each surveyEvery, on a goroutine of its own, at what does not belong into the tick: what may wait for a
// lock, interrupts CPUs or allocates.
type slowReader[T any] struct {
	roster *proberPool[struct{}, finding[T]]
	take   func(h *Host, found T) // on the sampler's goroutine
}

// finding is what a look has found, or why it has not. Once made it is immutable.
type finding[T any] struct {
	value T
	err   error
}

// newSlowReader returns a survey that puts what look finds into the host with take. look hands its slices over for good.
func newSlowReader[T any](now func() time.Duration, look func() (T, error), take func(h *Host, found T)) *slowReader[T] {
	return &slowReader[T]{
		roster: newProberPool(now, func(struct{}) prober[finding[T]] { return &surveyQuestion[T]{look: look} }),
		take:   take,
	}
}

func (s *slowReader[T]) read(now time.Duration, h *Host, _ *Net) error {
	probes, _, err := s.roster.list(now)
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
	if _, sound := a.value.err.(procfile.Warning); sound || a.value.err == nil {
		s.take(h, a.value.value)
	}
	return a.value.err
}

func (s *slowReader[T]) close() {}

func (s *slowReader[T]) begin(ctx context.Context) { s.roster.set(ctx, make([]struct{}, 1)) }
func (s *slowReader[T]) end()                      { s.roster.end() }
func (s *slowReader[T]) wait(ctx context.Context)  { s.roster.wait(ctx) }
func (s *slowReader[T]) goroutines() int64         { return s.roster.alive.Load() }

// anySlowReader is a survey of anything.
type anySlowReader interface {
	reader
	begin(ctx context.Context) // by the worker, as end is
	end()
	wait(ctx context.Context) // until it has looked once
	goroutines() int64        // 1, or 0 when it has ended
}

// surveyQuestion makes a probe's question of a look. Its answer is always good: why nothing was found is part of it,
// since that decides whether this host has such a thing at all.
type surveyQuestion[T any] struct {
	look func() (T, error)
	last error
}

func (q *surveyQuestion[T]) ask(f *finding[T]) error {
	value, err := q.guarded()
	if err != nil && q.last != nil && err.Error() == q.last.Error() {
		err = q.last // the same failure again is the same error
	}
	q.last = err
	*f = finding[T]{value, err}
	return nil
}

func (q *surveyQuestion[T]) guarded() (value T, err error) {
	defer func() {
		if crash := recover(); crash != nil {
			err = newCrash(crash)
		}
	}()
	return q.look()
}

func (q *surveyQuestion[T]) close() {}
