package frame

import "time"

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
