package frame

import (
	"time"

	"hypervisor-tui/journal"
)

// Alert is a problem that somebody is to know of, with its life. Package alert makes it of the problems of each snapshot.
type Alert struct {
	Problem               // as it was seen last
	State   AlertState    //
	Fired   time.Duration // CLOCK_BOOTTIME at which it began to fire; 0: it has not yet
	Seen    time.Duration // CLOCK_BOOTTIME at which its problem was there last
	Came    int           // times that its problem has begun since the alert did
	Hidden  bool          // another alert that lives is its cause: it calls nobody
	Unsure  bool          // its source has gone stale: whether the problem is still there is not known
	Rings   bool          // by its rule, where it is bad enough; one of another host does not
	Acked   bool          // somebody has acknowledged it here
}

// AlertState is where an alert is in its life.
type AlertState uint8

// The states.
const (
	Pending AlertState = iota // its problem is there, not for long enough yet
	Firing
	Fading // its problem is gone, not for long enough yet
	Over
)

// String is the state as --json has it.
func (s AlertState) String() string {
	return [...]string{"pending", "firing", "fading", "over"}[min(s, Over)]
}

// Alarms reports whether a is critical here, and nobody has acknowledged it.
func (a *Alert) Alarms() bool {
	return a.State == Firing && a.Severity <= journal.Crit && !a.Acked && !a.Hidden && !a.Elsewhere
}

// Calls reports whether a rings now, where it is bad enough.
func (a *Alert) Calls() bool {
	return a.State == Firing && a.Rings && !a.Acked && !a.Hidden && !a.Unsure
}

// Alarm returns the worst alert that Alarms, nil for none.
func (s *Snapshot) Alarm() *Alert {
	for i := range s.Alerts {
		if s.Alerts[i].Alarms() {
			return &s.Alerts[i]
		}
	}
	return nil
}

// Bell is how a session calls for alerts.
type Bell struct {
	Rings bool             // its terminal does
	From  journal.Severity // for alerts that are as bad as this, or worse
	Muted time.Time        // until which it rings for nothing, as somebody has asked for; zero: nobody has
	Quiet bool             // it rings for nothing now, by the configuration
	Big   bool             // the alarm fills the screen: nobody has touched a key for long
}
