// Package boottime reads the clock that all ages and intervals are counted with.
package boottime

import (
	"time"

	"golang.org/x/sys/unix"
)

// Now is the time since boot, suspend included. Nothing sets it, so neither a clock jump nor a suspend makes an
// age or an interval wrong; it is never 0. Any goroutine may call it; it does not allocate.
//
// Kernel: clock_gettime(2), CLOCK_BOOTTIME
func Now() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		// Linux has had this clock since 2.6.39; without it every age would be a lie.
		panic("clock_gettime(CLOCK_BOOTTIME): " + err.Error())
	}
	return time.Duration(ts.Nano())
}
