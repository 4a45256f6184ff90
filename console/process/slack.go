package process

import (
	"context"
	"os"
	"time"

	"hypervisor-tui/console/guard"
)

// timerSlack is how late this program's naps may end. Go's monitor thread naps for 20 microseconds at a time while
// anything runs, and each nap that ends wakes a processor; with this one or two of them span a whole frame.
const timerSlack = "1000000" // nanoseconds

// slackWait is how long the start waits for it: procfs answers at once, or never.
const slackWait = 50 * time.Millisecond

// SetTimerSlack is slackenTimers, but does not wait for a procfs that hangs.
func SetTimerSlack() {
	ctx, cancel := context.WithTimeout(context.Background(), slackWait)
	defer cancel()
	guard.InTime(ctx, setTimerSlack)
}

// setTimerSlack lets the threads that there are end their naps late; those that they make later do as they do. The
// unit's TimerSlackNSec does the same for a user who may not (CAP_SYS_NICE), so failures are of no interest.
//
// Kernel: Documentation/filesystems/proc.rst, /proc/<pid>/timerslack_ns
func setTimerSlack() {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return
	}
	for _, t := range threads {
		_ = os.WriteFile("/proc/"+t.Name()+"/timerslack_ns", []byte(timerSlack), 0)
	}
}
