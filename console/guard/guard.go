// Package guard starts goroutines that may fail without taking the program along, and waits with a timeout.
package guard

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"hypervisor-tui/console/fault"
)

const (
	firstBackoff = time.Second
	lastBackoff  = 30 * time.Second
)

// Guard starts goroutines that may fail without taking the program along. What it has to say goes to standard error,
// which is the log's unit self while the console runs.
type Guard struct {
	Crashes atomic.Uint64 // panics caught so far
}

// Caught tells of a panic that was recovered.
func (g *Guard) Caught(name string, value any) {
	g.Crashes.Add(1)
	fmt.Fprintf(os.Stderr, "panic: %s: %v\n%s", name, value, debug.Stack())
}

// Run calls f; a panic in it becomes an error.
func (g *Guard) Run(ctx context.Context, name string, f func(context.Context) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			g.Caught(name, v)
			err = fmt.Errorf("%s crashed: %v", name, v)
		}
	}()
	fault.Run(name)
	return f(ctx)
}

// Supervise runs f on a goroutine until ctx ends, again after 1 to 30 seconds when it fails, and closes the channel that it returns.
func (g *Guard) Supervise(ctx context.Context, name string, f func(context.Context) error) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		wait := firstBackoff
		for {
			began := time.Now()
			err := g.Run(ctx, name, f)
			if ctx.Err() != nil || err == nil {
				return
			}
			if time.Since(began) > lastBackoff {
				wait = firstBackoff
			}
			fmt.Fprintf(os.Stderr, "level=error msg=%q\n", fmt.Sprintf("%s: %v; again in %v", name, err, wait))
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return
			}
			wait = min(2*wait, lastBackoff)
		}
	}()
	return done
}
