// Package bell says when a terminal rings for an alert, and with which bytes. It is pure.
package bell

import (
	"strconv"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/journal"
)

// Beep is one sound.
type Beep struct {
	Hz    int
	Ms    int
	Times int // one each time that the ringer is asked
}

// of is the beep of a severity: what is worse is higher, and comes more often.
func of(s journal.Severity) Beep {
	switch {
	case s <= journal.Crit:
		return Beep{1500, 180, 3}
	case s == journal.Err:
		return Beep{900, 180, 2}
	}
	return Beep{400, 180, 1}
}

// Append appends the bytes of one beep. On a Linux console it has its pitch and its length; the last one gives these back. Other
// terminals would print the sequences: they get the bell alone.
//
// Linux: man 4 console_codes, ESC [ 10 ; n ] and ESC [ 11 ; n ]
func Append(dst []byte, b Beep, linux, last bool) []byte {
	if !linux {
		return append(dst, '\a')
	}
	dst = append(strconv.AppendInt(append(dst, "\x1b[10;"...), int64(b.Hz), 10), ']')
	dst = append(strconv.AppendInt(append(dst, "\x1b[11;"...), int64(b.Ms), 10), "]\a"...)
	if last {
		dst = append(dst, "\x1b[10]\x1b[11]"...)
	}
	return dst
}

// Options are for whom a terminal rings.
type Options struct {
	On     bool             // it rings at all
	Least  journal.Severity // the mildest that rings
	Repeat bool             // until somebody acknowledges it
	Quiet  bool             // now nothing rings
	Linux  bool             // it is a console of the kernel
}

const hold = 3 * time.Second // for the cause of an alert to arrive: then that rings

// again is after how long it rings again, the last one from then on.
var again = [...]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute}

// Ringer decides when one terminal rings. The zero value is ready; one goroutine uses it.
type Ringer struct {
	beep  Beep
	left  int           // beeps that are still to come
	rang  time.Duration // CLOCK_BOOTTIME of the last ring; 0: none yet
	times int           // since something new began to ring
}

// Step appends what the terminal is to get now, one beep at most. It is asked each second.
func (r *Ringer) Step(dst []byte, alerts []frame.Alert, o Options, now time.Duration) []byte {
	worst, fresh := journal.Debug+1, false
	for i := range alerts {
		a := &alerts[i]
		if a.State != frame.Firing || !a.Rings || a.Hidden || a.Acked || a.Severity > o.Least || now-a.Fired < hold {
			continue
		}
		worst = min(worst, a.Severity)
		fresh = fresh || r.rang == 0 || a.Fired+hold > r.rang
	}
	switch {
	case worst > journal.Debug || o.Quiet || !o.On:
		r.left = 0 // what is over or acknowledged does not ring to its end
		if worst > journal.Debug {
			r.times = 0
		}
	case fresh:
		r.times = 0
		r.ring(worst, now)
	case o.Repeat && r.times > 0 && now-r.rang >= again[min(r.times, len(again))-1]:
		r.ring(worst, now)
	}
	if r.left == 0 {
		return dst
	}
	r.left--
	return Append(dst, r.beep, o.Linux, r.left == 0)
}

// ring begins a ring.
func (r *Ringer) ring(s journal.Severity, now time.Duration) {
	r.beep = of(s)
	r.left, r.rang = r.beep.Times, now
	r.times++
}
