package process

import (
	"bytes"
	"context"
	"math"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/frame"
	"hypervisor-tui/internal/wakeup"
)

// ownEvery is how often this program looks at what it uses itself.
const ownEvery = 5 * time.Second

// Usage is what this program uses, measured beside the loop. The zero value has not measured yet.
type Usage struct {
	rss atomic.Uint64 // bytes; 0: unknown
	cpu atomic.Uint64 // the bits of a float64: seconds

	statm *os.File // these are the measuring goroutine's
	buf   [128]byte
}

// Follow measures at once and then each ownEvery, until ctx ends.
func (o *Usage) Follow(ctx context.Context) error {
	tick := wakeup.NewTicker(ownEvery)
	defer tick.Stop()
	for {
		o.Measure()
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			tick.Next()
		}
	}
}

// Fill puts what was measured last into s. It waits for nothing.
func (o *Usage) Fill(s *frame.Self) {
	s.Goroutines, s.RSS, s.CPU = runtime.NumGoroutine(), o.rss.Load(), math.Float64frombits(o.cpu.Load())
}

// Measure reads memory and CPU time, from kept memory.
func (o *Usage) Measure() {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) == nil {
		o.cpu.Store(math.Float64bits(seconds(u.Utime) + seconds(u.Stime)))
	}
	if o.statm == nil {
		f, err := os.Open("/proc/self/statm")
		if err != nil {
			return
		}
		o.statm = f
	}
	n, _ := o.statm.ReadAt(o.buf[:], 0) // a short read ends with io.EOF
	fields := o.buf[:n]
	_, fields, _ = bytes.Cut(fields, []byte{' '})
	resident, _, _ := bytes.Cut(fields, []byte{' '})
	if pages, err := strconv.ParseUint(string(resident), 10, 64); err == nil {
		o.rss.Store(pages * uint64(os.Getpagesize()))
	}
}

func seconds(t unix.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
