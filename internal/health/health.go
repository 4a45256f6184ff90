// Package health says of a source whether it works, since when, and why not.
package health

import "time"

// State is what is known of a datum or of its source.
type State uint8

// The five states of a datum. Init is the zero value: no sample yet.
const (
	Init   State = iota // no sample yet: drawn as --
	OK                  // the last read succeeded
	Stale               // the last good value, some time old: drawn dim with its age
	Absent              // this host has no such thing: drawn as n/a
	Failed              // it should be there and cannot be read: drawn as err, Err says why
)

// String is the state's name in --json and on the sources overlay.
func (s State) String() string {
	switch s {
	case Init:
		return "init"
	case OK:
		return "ok"
	case Stale:
		return "stale"
	case Absent:
		return "absent"
	case Failed:
		return "failed"
	}
	return "unknown"
}

// Health is how good a source's last value is. Times are CLOCK_BOOTTIME, so that neither a clock jump nor a suspend
// makes an age wrong.
type Health struct {
	State State
	At    time.Duration // time of the last good value; 0: never
	Since time.Duration // time at which State was entered
	Cost  time.Duration // how long the last read took
	Err   string        // why it is stale, absent or failed: one clean line
}

// Has reports whether there is a value to show: a fresh one or the last good one.
func (h *Health) Has() bool { return h.State == OK || h.State == Stale }

// Age is the time since the last good value, 0 if there never was one.
func (h *Health) Age(now time.Duration) time.Duration {
	if h.At == 0 || now < h.At {
		return 0
	}
	return now - h.At
}

// Good records a successful read.
func (h *Health) Good(now time.Duration) {
	h.enter(OK, now)
	h.At = now
	h.Err = ""
}

// Bad records a failed read. A source that has had a value is then stale, one that never had is failed.
func (h *Health) Bad(now time.Duration, why string) {
	if h.At != 0 {
		h.enter(Stale, now)
	} else {
		h.enter(Failed, now)
	}
	h.Err = why
}

// Fail records that not even the last good value is to be trusted: whoever kept it has crashed.
func (h *Health) Fail(now time.Duration, why string) {
	h.enter(Failed, now)
	h.Err = why
}

// Gone records that this host has no such thing.
func (h *Health) Gone(now time.Duration, why string) {
	h.enter(Absent, now)
	h.Err = why
}

func (h *Health) enter(s State, now time.Duration) {
	if h.State != s || h.Since == 0 {
		h.State, h.Since = s, now
	}
}
