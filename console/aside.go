package console

import (
	"context"
	"time"

	"hypervisor-tui/internal/boottime"
)

// aside is something that may never come back, such as reading a file on a dead disk. The loop has it done beside itself,
// and never a second time while it is under way.
type aside struct {
	since time.Duration // CLOCK_BOOTTIME from which it has been under way; 0: it is not
}

// asides is how many kinds there are at most: as many answers have room, so that nothing waits for a loop that has ended.
const asides = 8

// ask runs question on a goroutine of its own and what it returns on the loop's. While an earlier one of the kind is
// under way it does nothing, and reports false.
func (l *session) ask(a *aside, name string, question func() (answer func())) bool {
	if a.since != 0 {
		return false
	}
	a.since = boottime.Now()
	go func() {
		answer := func() {}
		_ = l.guard.Run(context.Background(), name, func(context.Context) error { // a crash has been told
			answer = question()
			return nil
		})
		l.answers <- func() {
			a.since = 0
			answer()
		}
	}()
	return true
}
