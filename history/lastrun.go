package history

import (
	"math"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
)

// LastRun returns what was recorded last before the boot of bootID; nil: there is nothing to read, or nobody knows which boot that is.
func (r *Reader) LastRun(bootID string) *frame.LastRun {
	p, found := r.BeforeBoot(bootID)
	if !found || bootID == "" {
		return nil
	}
	var s frame.Snapshot
	info, err := r.Load(p, &s)
	if err != nil {
		return nil
	}
	run := &frame.LastRun{
		End: info.Wall, Boot: info.Boot, Stopped: info.Last,
		Memory: math.NaN(), IOFull: math.NaN(), CPU: math.NaN(), VMs: -1, Problems: s.Problems,
		// What came with the last record is written behind it.
		Events: r.Events(nil, info.Wall.Add(-frame.EventsKept), info.Wall.Add(intervals[0]-time.Millisecond)),
	}
	if h := s.Host; h != nil {
		if h.Health[sample.Meminfo].Has() {
			run.Memory = h.Memory.UsedPercent()
		}
		if h.Health[sample.Pressure].Has() {
			run.IOFull = h.Pressure.IOFull
		}
		if h.Health[sample.Stat].Has() {
			run.CPU = h.CPU.Busy
		}
	}
	if s.VMs != nil && s.VMs.Health.Has() {
		run.VMs = len(s.VMs.VMs)
	}
	return run
}
