package history

import (
	"math"
	"slices"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample"
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
	if p, ok := r.BeforeBoot(bootID); ok {
		known.LastRun = r.lastRun(p, now.Add(-up))
	}
	return known, nil
}

// lastRun is what the record at p says of the end of its boot; the next one began at booted.
func (r *Reader) lastRun(p Position, booted time.Time) *frame.LastRun {
	var s frame.Snapshot
	info, err := r.Load(p, &s)
	if err != nil {
		return nil
	}
	l := &frame.LastRun{End: info.Wall, Boot: info.Boot, Clean: info.Last, Gap: max(booted.Sub(info.Wall), 0), VMs: -1,
		Memory: math.NaN(), IOFull: math.NaN(), CPU: math.NaN(), Problems: slices.Clone(s.Problems)}
	l.Events = r.Events(nil, info.Wall.Add(-frame.EventsKept), info.Wall.Add(time.Minute))
	if h := s.Host; h != nil {
		for _, c := range [...]struct {
			of  sample.Source
			dst *float64
			v   float64
		}{{sample.Meminfo, &l.Memory, h.Memory.UsedPercent()}, {sample.Pressure, &l.IOFull, h.Pressure.IOFull}, {sample.Stat, &l.CPU, h.CPU.Busy}} {
			if h.Health[c.of].State == health.OK {
				*c.dst = c.v
			}
		}
	}
	if s.VMs != nil && s.VMs.Health.Has() {
		l.VMs = len(s.VMs.VMs)
	}
	return l
}

// Written reports whether a process writes the recording now.
func (r *Reader) Written() bool { return locked(r.file) }
