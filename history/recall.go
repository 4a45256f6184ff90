package history

import (
	"time"

	"hypervisor-tui/frame"
)

// Recalled is what a recording knows of the time before this program was started.
type Recalled struct {
	Newest  *frame.Snapshot // of this boot; nil: there is none
	LastRun *frame.LastRun  // nil: no other boot was recorded
}

// Recall reads what the recording at path has of this boot and the one before it. now is the time in the zone that is shown, up
// how long this boot has lasted. There being no recording is ErrNothing.
func Recall(path, bootID string, now time.Time, up time.Duration) (known Recalled, err error) {
	r, err := Open(path, now.Location())
	if err != nil {
		return known, err
	}
	defer r.Close()
	id := parseBootID(bootID)
	if p, ok := r.Last(); ok {
		s := new(frame.Snapshot)
		if info, err := r.Load(p, s); err == nil && info.BootID == id && info.Boot <= up {
			known.Newest = s
		}
	}
	known.LastRun = r.LastRun(bootID)
	return known, nil
}

// Written reports whether a process writes the recording now.
func (r *Reader) Written() bool { return locked(r.file) }
