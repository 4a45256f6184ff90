package sample

import (
	"math"

	"hypervisor-tui/internal/health"
)

// remember pushes the newest point of each sparkline. A sample that comes early because somebody asked for it adds
// none, and one that comes late leaves a gap, so that points stay one interval apart. Only the first two come early.
func (s *Sampler) remember() {
	h, history, nan := &s.host, &s.host.History, math.NaN()
	passed := h.At - s.pushed
	if history.CPU.Len() >= 2 && passed < s.interval*3/4 {
		return
	}
	missed := 0
	if history.CPU.Len() > 0 {
		missed = max(int(min((passed+s.interval/2)/s.interval-1, SeriesLen)), 0)
	}
	for range missed {
		history.push(nan, nan, nan, nan, nan, nan)
	}
	s.pushed = h.At
	fresh := func(source Source, v float64) float64 {
		if h.Health[source].State != health.OK {
			return nan
		}
		return v
	}
	rx, tx := s.net.Rx, s.net.Tx
	counted := h.Health[NetDev].State == health.OK && s.net.Counted >= h.At
	if !counted { // what was counted last stands for a while longer than a point
		rx, tx = nan, nan
	}
	s.net.remember(missed, counted)
	history.push(fresh(Stat, h.CPU.Busy), fresh(Meminfo, h.Memory.UsedPercent()),
		fresh(Diskstats, h.DiskRead), fresh(Diskstats, h.DiskWrite), rx, tx)
}

func (h *History) push(cpu, memory, diskRead, diskWrite, rx, tx float64) {
	h.CPU.Push(cpu)
	h.Memory.Push(memory)
	h.DiskRead.Push(diskRead)
	h.DiskWrite.Push(diskWrite)
	h.Rx.Push(rx)
	h.Tx.Push(tx)
}
