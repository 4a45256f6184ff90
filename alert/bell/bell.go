// Package bell says when a terminal rings for alerts, and by which bytes. It is pure.
package bell

import (
	"strconv"
	"time"

	"hypervisor-tui/journal"
)

// Silent is the severity of what rings nothing.
const Silent = journal.Debug + 1

// sound is how a severity is heard.
type sound struct {
	beeps  int
	hertz  int64 // on the kernel's console; other terminals have a pitch of their own
	millis int64
}

func soundOf(s journal.Severity) sound {
	if s <= journal.Crit {
		return sound{3, 1500, 180}
	}
	return sound{2, 900, 180}
}

// Append appends one beep of a severity. On a terminal with TERM=linux it has a pitch and a length, and the terminal's own are
// put back behind it; others know no such sequence and print what is in it.
//
// Linux: man 4 console_codes, ESC [ 10 ; n ] and ESC [ 11 ; n ]
func Append(dst []byte, s journal.Severity, linux bool) []byte {
	if !linux {
		return append(dst, '\a')
	}
	sound := soundOf(s)
	dst = strconv.AppendInt(append(dst, "\x1b[10;"...), sound.hertz, 10)
	dst = strconv.AppendInt(append(dst, "]\x1b[11;"...), sound.millis, 10)
	return append(dst, "]\a\x1b[10]\x1b[11]"...)
}

// gaps are between a ring and the next one for the same alerts; the last is that of all that follow.
var gaps = [...]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute}

// Ringer says when to beep. One goroutine uses it; the zero value is ready.
type Ringer struct {
	severity journal.Severity // of the ring that is under way,
	left     int              // and its beeps that are to come
	rung     int              // rings for the same alerts
	next     time.Duration    // CLOCK_BOOTTIME of the next one; 0: nothing calls
}

// Call is what a Ringer goes by.
type Call struct {
	Began  journal.Severity // the worst of what has begun since the last step; Silent: nothing has
	All    journal.Severity // the worst of all that calls; Silent: nothing does, or somebody has acknowledged it
	Once   bool             // it does not ring again for the same alerts
	Silent bool             // nothing is to be heard now; what has begun meanwhile rings afterwards
}

// Step is called once a second, and returns the severity to beep for in this second, Silent for none. now is CLOCK_BOOTTIME.
func (r *Ringer) Step(now time.Duration, c Call) journal.Severity {
	switch {
	case c.All == Silent:
		*r = Ringer{}
	case c.Began != Silent:
		r.left, r.rung, r.next = 0, 0, now
	case r.next == 0: // it called before this program started
		r.next = now + gaps[0]
	}
	if c.Silent {
		r.left = 0
		return Silent
	}
	if r.next != 0 && now >= r.next && (r.rung == 0 || !c.Once) {
		r.severity, r.left = c.All, soundOf(c.All).beeps
		r.next = now + gaps[min(r.rung, len(gaps)-1)]
		r.rung++
	}
	if r.left == 0 {
		return Silent
	}
	r.left--
	return r.severity
}
