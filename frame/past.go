package frame

import (
	"time"

	"hypervisor-tui/journal"
)

// Past is what a snapshot of the past says of where it is from. Its Now and Boot are those of then.
type Past struct {
	Real    time.Time     // the clock of now
	Every   time.Duration // between two records there
	Oldest  time.Time     // of what is recorded
	Newest  time.Time     // zero: there is no record to show, and the snapshot is of now
	Gap     bool          // nothing is recorded at the time that was asked for: this is the nearest
	Strip   []StripCell   // the day that ends with it, or that it is in, in equal parts; oldest first
	From    time.Time     // at which Strip begins
	To      time.Time     // and ends
	Live    *Problem      // the worst critical problem of now; nil: none
	Pending bool          // the answer to the newest question is still read,
	Waited  time.Duration // and has been for so long
	Why     string        // why there is no such record: this is the one that was shown before; empty: there is one
}

// OfPast reports whether the snapshot is of a record, and not of now.
func (s *Snapshot) OfPast() bool { return s.Past != nil && !s.Past.Newest.IsZero() }

// StripCell is one part of a strip of time.
type StripCell struct {
	Recorded bool
	Boot     bool             // the host booted in it
	Worst    journal.Severity // of the problems in it; Debug: none
}

// LastRun is what was recorded last before this boot. When a boot without a shutdown ended nobody knows, only until when it was
// recorded; and where it was not recorded at all, this is of one before it: how long before this boot it was is said with it. It
// is replaced, never changed.
type LastRun struct {
	End      time.Time     // wall clock of the last record
	Boot     time.Duration // CLOCK_BOOTTIME of it, of the boot that it was in: ages of Problems are counted from it
	Stopped  bool          // recording was stopped in good order after it, as a shutdown does
	Memory   float64       // percent used; NaN: unknown
	IOFull   float64       // percent of the last 10 seconds in which all tasks waited for a disk; NaN: unknown
	CPU      float64       // percent busy; NaN: unknown
	VMs      int           // that ran; -1: unknown
	Problems []Problem     // of then, worst first
	Events   []Event       // of the ten minutes before, oldest first
}

// Before returns how long before the boot of f the last record was made; false: the clock was set in between, and nobody knows.
func (r *LastRun) Before(f *Snapshot) (gap time.Duration, known bool) {
	gap = f.Now.Add(-f.Boot).Sub(r.End)
	return gap, gap >= 0
}
