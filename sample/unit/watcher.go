// Package unit fills sample.Units: what systemd says of its units, asked over the system bus, which needs no privilege.
// It runs off the tick, and asks with as few messages as it can: every one of them is work for PID 1.
package unit

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/internal/clean/secret"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/internal/wakeup"
	"hypervisor-tui/sample"
)

const (
	beat    = 5 * time.Second // between two looks: what fails is shown within 10 seconds
	timeout = 5 * time.Second // after which what is asked at one beat is given up
	full    = 5 * time.Minute // between two surveys when nothing seems to change
)

// Options says where the Watcher looks.
type Options struct {
	Root string // before /run/systemd/system and /run/dbus/system_bus_socket: a test's tree
}

// Watcher follows systemd's units. It keeps what it knows from one Run to the next; only one may run at a time.
type Watcher struct {
	root    string
	now     func() time.Duration // CLOCK_BOOTTIME
	clock   func() (wall time.Time, monotonic time.Duration)
	every   time.Duration
	timeout time.Duration

	bus      *bus // nil: not connected
	units    sample.Units
	known    known
	surveyed time.Duration // of the last survey on this connection, 0: none
	turn     int           // counts the beats that asked one thing
}

// New returns a Watcher of the system's systemd. It opens nothing yet.
func New(o Options) *Watcher {
	return &Watcher{root: o.Root, now: boottime.Now, clock: clocks, every: beat, timeout: timeout}
}

// Run asks at once and then each 10 seconds, and calls publish on its own goroutine after each answer, with a value
// that is immutable from then on. In steady state a beat is one message; a survey, which is all of them, comes first,
// when something has changed, while something is starting or restarting, and each 5 minutes.
//
// Run ends with ctx's error when ctx ends, and with another when systemd does not answer: what was known is then
// published as stale, the connection is closed, and the next Run dials again. A host without systemd or without a
// system bus is absent, and Run goes on looking for them.
func (w *Watcher) Run(ctx context.Context, publish func(*sample.Units)) error {
	ticks := wakeup.NewTicker(w.every)
	defer ticks.Stop()
	defer w.hangUp()
	for {
		err := w.beat(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		units := w.units
		publish(&units)
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticks.C:
			ticks.Next()
		}
	}
}

// beat asks what is to be asked now and brings w.units up to date. Slices of w.units are never written again.
func (w *Watcher) beat(ctx context.Context) error {
	began := w.now()
	socket := w.root + "/run/dbus/system_bus_socket"
	if why := missing(w.root+"/run/systemd/system", socket); why != "" {
		w.hangUp()
		if w.units.Health.State != health.Absent {
			w.units, w.known = sample.Units{}, known{}
		}
		w.units.Health.Gone(began, why)
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	err := w.ask(ctx, socket)
	ended := w.now()
	w.units.Health.Cost = ended - began
	if err != nil {
		w.hangUp()
		w.units.Health.Bad(ended, secret.String(err.Error()))
		return err
	}
	w.units.Health.Good(ended)
	return nil
}

// missing says what this host lacks to be asked, nothing when it has all.
func missing(booted, socket string) string {
	// The same test as sd_booted(3).
	if _, err := os.Lstat(booted); errors.Is(err, fs.ErrNotExist) {
		return "not booted with systemd"
	}
	if _, err := os.Stat(socket); errors.Is(err, fs.ErrNotExist) {
		return "no system bus"
	}
	return ""
}

// ask takes a look when the connection is up and all is quiet, else everything.
func (w *Watcher) ask(ctx context.Context, socket string) error {
	if w.bus == nil {
		b, err := dial(ctx, socket)
		if err != nil {
			return err
		}
		w.bus = b
	}
	if w.quiet() && w.now()-w.surveyed < full {
		changed, err := w.look(ctx)
		if err != nil || !changed {
			return err
		}
	}
	return w.survey(ctx)
}

// quiet reports whether nothing is known to be under way, so that two questions a beat will do.
func (w *Watcher) quiet() bool {
	if w.surveyed == 0 || len(w.units.Restarting) > 0 {
		return false
	}
	if w.units.State != "running" && w.units.State != "degraded" {
		return false
	}
	for i := range w.units.Watched {
		switch w.units.Watched[i].Active {
		case "activating", "deactivating", "reloading":
			return false
		}
	}
	return true
}

// hangUp closes the connection, if there is one, so that the next beat dials and surveys.
func (w *Watcher) hangUp() {
	if w.bus != nil {
		w.bus.close()
		w.bus = nil
	}
	w.surveyed = 0
}
