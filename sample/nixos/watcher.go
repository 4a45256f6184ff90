// Package nixos fills sample.System: which NixOS generation runs, was booted and boots next, whether the clock is
// synchronised, and how the last boot ended. All of it is small files and one system call, read off the tick, since
// files lie on disks that can hang. No privilege is needed.
package nixos

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/internal/clean/secret"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/internal/reading"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/procfile"
)

const beat = 10 * time.Second // between two readings

// Options says where the Watcher reads.
type Options struct {
	Root string // before /nix, /run, /etc, /sys and /var: a test's tree
}

// Watcher reads what the machine says of its own system. Its Run may be called from any goroutine; two share nothing
// that changes.
type Watcher struct {
	root   string
	now    func() time.Duration // CLOCK_BOOTTIME
	wall   func() time.Time
	adjust func(*unix.Timex) (int, error)
}

// New returns a Watcher. It opens nothing yet.
func New(o Options) *Watcher {
	return &Watcher{root: o.Root, now: boottime.Now, wall: time.Now, adjust: unix.Adjtimex}
}

// outcome is how one reading of the files ended.
type outcome struct {
	nixos               sample.NixOS
	last                sample.LastBoot
	nixosErr, lastErr   error
	nixosCost, lastCost time.Duration
}

// Run reads at once and then each 10 seconds, and calls publish from its own goroutine after each reading, and at each
// beat that a reading has not come back from. What is published is immutable; after a failure it is the last good
// value, stale. Run ends with ctx's error when ctx ends, and for nothing else. What panics in a reading panics again in
// Run.
func (w *Watcher) Run(ctx context.Context, publish func(*sample.System)) error {
	var s sample.System
	f := &files{generations: generations{root: w.root}, lastBoot: lastBoot{root: w.root}, w: w}
	return reading.Repeat(ctx, beat, w.now, f.read, func(a reading.Answer[outcome]) {
		if a.Err != nil { // it hangs
			s.NixOS.Health.Bad(w.now(), a.Err.Error())
			s.LastBoot.Health.Bad(w.now(), a.Err.Error())
		} else {
			take(&s, &a.Value, w.now())
		}
		w.clock(&s.Clock)
		published := s
		publish(&published)
	})
}

// files is what reads files. Only one goroutine at a time may use it.
type files struct {
	w           *Watcher
	generations generations
	lastBoot    lastBoot
}

// read returns what the files say, and no error: each part has its own.
func (f *files) read() (o outcome, _ error) {
	began := f.w.now()
	o.nixos, o.nixosErr = f.generations.read()
	between := f.w.now()
	o.last, o.lastErr = f.lastBoot.read(f.w.wall().Add(-between), between)
	o.nixosCost, o.lastCost = between-began, f.w.now()-between
	return o, nil
}

// take moves an outcome into s; what could not be read stays as it was.
func take(s *sample.System, o *outcome, now time.Duration) {
	health := s.NixOS.Health
	if judge(&health, o.nixosErr, o.nixosCost, now) {
		s.NixOS = o.nixos
	}
	s.NixOS.Health = health
	health = s.LastBoot.Health
	if judge(&health, o.lastErr, o.lastCost, now) {
		s.LastBoot = o.last
	}
	s.LastBoot.Health = health
}

// judge brings h up to date and reports whether what was read with err replaces what there is.
func judge(h *health.Health, err error, cost, now time.Duration) bool {
	h.Cost = cost
	var none procfile.Absent
	switch {
	case err == nil:
		h.Good(now)
	case errors.As(err, &none):
		h.Gone(now, string(none))
	default:
		h.Bad(now, secret.String(err.Error()))
		return false
	}
	return true
}
