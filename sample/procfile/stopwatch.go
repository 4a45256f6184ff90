package procfile

import (
	"sync/atomic"
	"time"
)

// Stopwatch tells others since when something has been under way that may never end, such as the look of a worker at a
// file that does not answer. Any goroutine may use it.
type Stopwatch struct{ began atomic.Int64 }

// Start starts it and reports whether it was stopped before.
func (w *Stopwatch) Start(now time.Duration) bool {
	return w.began.CompareAndSwap(0, int64(max(now, 1)))
}

// Stop stops it.
func (w *Stopwatch) Stop() { w.began.Store(0) }

// Since is when it was started, 0 while it is stopped.
func (w *Stopwatch) Since() time.Duration { return time.Duration(w.began.Load()) }

// WorkTimeout is how long a worker may take for one look: scanning thousands of processes on a busy host takes a while.
const WorkTimeout = 5 * time.Second

// Hangs reports whether it has been running for longer than a worker may.
func (w *Stopwatch) Hangs(now time.Duration) bool {
	began := w.Since()
	return began != 0 && now-began > WorkTimeout
}
