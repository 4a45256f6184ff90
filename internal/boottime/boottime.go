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
func Now() time.Duration { return clock(unix.CLOCK_BOOTTIME) }

func clock(id int32) time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(id, &ts); err != nil {
		// Linux has had these clocks since 2.6.39; without them every age would be a lie.
		panic("clock_gettime(2): " + err.Error())
	}
	return time.Duration(ts.Nano())
}

// Suspended is how long the host has been suspended since it was booted, to some microseconds.
//
// Kernel: clock_gettime(2), CLOCK_MONOTONIC
func Suspended() time.Duration { return clock(unix.CLOCK_BOOTTIME) - clock(unix.CLOCK_MONOTONIC) }
