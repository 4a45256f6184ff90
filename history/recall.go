package history

import (
	"time"

	"hypervisor-tui/frame"
)

// Recalled is what a recording knows of the time before this program was started.
type Recalled struct {
	Newest  *frame.Snapshot // of this boot; nil: there is none
	LastRun *frame.LastRun  // nil: no other boot was recorded
	Tracker frame.Tracker   // has learned what there is of this boot
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
			r.replay(id, up-frame.TrendsSpan, frame.TrendsEvery, known.Tracker.Learn)
		}
	}
	known.LastRun = r.LastRun(bootID)
	return known, nil
}

// replay calls visit with records of a boot from a CLOCK_BOOTTIME on, oldest first, so long apart where nothing is missing. Their Boot
// is then that to the nanosecond. A snapshot is good until visit returns.
func (r *Reader) replay(id [16]byte, from, apart time.Duration, visit func(*frame.Snapshot)) {
	const tier, slack = 1, 30 * time.Second // of minutes
	s, pages, next := new(frame.Snapshot), r.tiers[tier], from
	for i, page := range pages {
		before := i+1 < len(pages) && pages[i+1].bootID == id && time.Duration(pages[i+1].boot) < from
		if page.bootID != id || before || !r.load(tier, page.seq) {
			continue
		}
		r.walk(func(rec *record, _ int) bool {
			if !rec.isVector() || rec.boot < next-slack {
				return true
			}
			if cells := r.own(rec.cells); len(cells) >= peakCount {
				if rec.boot > next+slack {
					next = rec.boot
				}
				decode(s, cells[peakCount:], r.page.text, time.UnixMilli(rec.wall).In(r.zone), next)
				visit(s)
				next += apart
			}
			return true
		})
	}
}

// Written reports whether a process writes the recording now.
func (r *Reader) Written() bool { return locked(r.file) }
