// Package source reads logs where they are written and hands them to a journal.Sink: the system journal by its files or
// through journalctl, the kernel's ring buffer through /dev/kmsg, log files and pods' logs, and what this program itself
// writes to fds 1 and 2.
package source

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/internal/wakeup"
	"hypervisor-tui/journal"
)

// Source reads one log into a sink until ctx ends. An error means that it is to be started again, nil that it can
// never work on this host. Run is called again after it returned, never twice at a time, and ends soon after ctx.
type Source interface {
	Run(ctx context.Context, sink *journal.Sink) error
}

// The waits between two starts of a source double from first to last; up to a quarter comes on top, so that sources
// which failed together do not start together. A run of at least steady begins anew with first.
const (
	firstWait = time.Second
	lastWait  = 24 * time.Second
	steady    = time.Minute
)

// answerTimeout is after how long without an answer of what it reads a source is reported as bad, and how long its end may
// take.
const answerTimeout = 5 * time.Second

// Supervise runs src until ctx ends, starting it again when it fails or panics, and reports how it is, also when what it
// reads does not answer. It returns early only when src can never work here. ended is false when src hangs at the end: it
// goes on when it can, and may not be run again. name is what a panic is reported under.
func Supervise(ctx context.Context, name string, src Source, sink *journal.Sink) (ended bool) {
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		began := time.Now()
		done := make(chan error, 1)
		go func() { done <- attempt(ctx, name, src, sink) }()
		err, ended := watchOver(ctx, done, sink)
		if !ended {
			return false
		}
		sink.Flush()
		if ctx.Err() != nil {
			return true
		}
		if err == nil {
			absent(sink)
			return true
		}
		bad(sink, err.Error())
		if time.Since(began) >= steady {
			wait = firstWait
		}
		select {
		case <-time.After(wait + rand.N(wait/4)):
		case <-ctx.Done():
			return true
		}
	}
}

// watchOver returns the end of a run. Meanwhile it reports when what the source reads does not answer.
func watchOver(ctx context.Context, done <-chan error, sink *journal.Sink) (err error, ended bool) {
	tick := wakeup.NewTicker(answerTimeout)
	defer tick.Stop()
	for {
		select {
		case err = <-done:
			return err, true
		case <-tick.C:
			tick.Next()
			if what, since := sink.Touching(); since >= answerTimeout {
				bad(sink, fmt.Sprintf("not answering for %d s: %s", int(since.Seconds()), what))
			}
		case <-ctx.Done():
			select {
			case err = <-done:
				return err, true
			case <-time.After(answerTimeout):
				return ctx.Err(), false
			}
		}
	}
}

// attempt is one run; a panic becomes an error and an entry with its stack.
func attempt(ctx context.Context, name string, src Source, sink *journal.Sink) (err error) {
	defer func() {
		if r := recover(); r != nil {
			sink.Touches(nil)
			err = fmt.Errorf("crashed: %v", r)
			sink.Try(journal.Entry{
				Time:     time.Now(),
				Unit:     []byte(selfUnit),
				Severity: journal.Crit,
				Message:  fmt.Appendf(nil, "log source %s crashed: %v\n%s", name, r, debug.Stack()),
			})
		}
	}()
	return src.Run(ctx, sink)
}

// good reports that the source works.
func good(sink *journal.Sink) {
	s := sink.State()
	s.Health.Good(boottime.Now())
	sink.Report(s.Health, s.Detail)
}

// bad reports that it does not, for now; outside text in why is cleaned.
func bad(sink *journal.Sink, why string) {
	s := sink.State()
	s.Health.Bad(boottime.Now(), clean.String(why))
	sink.Report(s.Health, s.Detail)
}

// denied reports that a source is not allowed to read what it should, even if it read something.
func denied(sink *journal.Sink, why string) {
	var h health.Health
	h.Bad(boottime.Now(), why)
	sink.Report(h, sink.State().Detail)
}

// absent reports that this host has no such log. A reason that the source gave stays.
func absent(sink *journal.Sink) {
	s := sink.State()
	s.Health.Gone(boottime.Now(), s.Health.Err)
	sink.Report(s.Health, s.Detail)
}

// monotonic is the clock of the kernel's log stamps: it stands still in a suspend.
func monotonic() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) != nil {
		return 0 // not on a kernel that Go runs on
	}
	return time.Duration(t.Nano())
}
