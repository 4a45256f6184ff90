// Package reading repeats a reading that may hang, and holds nothing up with it.
package reading

import (
	"context"
	"fmt"
	"runtime/debug"
	"strconv"
	"time"

	"hypervisor-tui/internal/wakeup"
)

// Answer is how a reading ended, or that it has not.
type Answer[T any] struct {
	Value T             // where Err is nil
	Err   error         // Unanswered: it is under way for too long
	Cost  time.Duration // so far, where it is under way
	crash string        // a panic and its trace, to be raised again where somebody recovers
}

// Unanswered is for how long a reading has been under way that should have ended.
type Unanswered time.Duration

// Error says so in few words.
func (u Unanswered) Error() string {
	return "not answering " + strconv.Itoa(int(time.Duration(u)/time.Second)) + "s"
}

// Repeat calls read at once and then each interval, on a goroutine of its own and never beside one that has not come back: that
// would hang as well. It calls report from its own goroutine after each reading, and each interval that one does not come back
// from. now is CLOCK_BOOTTIME. Repeat ends with ctx's error when ctx ends, and for nothing else. What panics in read panics again in
// Repeat.
func Repeat[T any](ctx context.Context, interval time.Duration, now func() time.Duration, read func() (T, error), report func(Answer[T])) error {
	began, busy := time.Duration(0), false
	answers := make(chan Answer[T], 1) // one fits in, so that a reading that comes back after Repeat has left does not linger
	start := func() {
		began, busy = now(), true
		go func() { answers <- ask(now, read) }()
	}
	ticks := wakeup.NewTicker(interval)
	defer ticks.Stop()
	for start(); ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticks.C:
			ticks.Next()
			if busy {
				waits := now() - began
				report(Answer[T]{Err: Unanswered(waits), Cost: waits})
			} else {
				start()
			}
		case a := <-answers:
			if busy = false; a.crash != "" {
				panic(a.crash)
			}
			report(a)
		}
	}
}

// ask never panics, since nobody guards its goroutine.
func ask[T any](now func() time.Duration, read func() (T, error)) (a Answer[T]) {
	began := now()
	defer func() {
		if p := recover(); p != nil {
			a.crash = fmt.Sprintf("%v\n%s", p, debug.Stack())
		}
		a.Cost = now() - began
	}()
	a.Value, a.Err = read()
	return a
}
