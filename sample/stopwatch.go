package sample

import (
	"sync/atomic"
	"time"
)

// stopwatch tells others since when something has been under way that may never end, such as the look of a worker at a
// file that does not answer. Any goroutine may use it.
type stopwatch struct{ began atomic.Int64 }

// start starts it and reports whether it was stopped before.
func (w *stopwatch) start(now time.Duration) bool {
	return w.began.CompareAndSwap(0, int64(max(now, 1)))
}

func (w *stopwatch) stop() { w.began.Store(0) }

// since is when it was started, 0 while it is stopped.
func (w *stopwatch) since() time.Duration { return time.Duration(w.began.Load()) }

// workPatience is how long a worker may take for one look: scanning thousands of processes on a busy host takes a while.
const workPatience = 5 * time.Second

// hangs says whether it has been running for longer than a worker may.
func (w *stopwatch) hangs(now time.Duration) bool {
	began := w.since()
	return began != 0 && now-began > workPatience
}
