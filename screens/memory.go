package screens

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens/frame"
)

func drawMemory(c *Console, r draw.Region, f *frame.Frame) {
	heading(r.CutTop(1), "Memory", f, sample.Meminfo)
	if missing(r, f, sample.Meminfo) {
		return
	}
	m := &f.Host.Memory
	gaugeLine(r.CutTop(1), m.UsedPercent(), f.Settings.Memory)
	sizes(r.CutTop(1), "Total", m.Total, "Used", m.Used)
	sizes(r.CutTop(1), "Cache", m.Cached+m.Buffers, "Free", m.Free)
	if shows(memoryDetail, c.body) {
		p := r.CutTop(1).Pen(1, 0)
		p.Text(draw.Dim, "Swap   ")
		if m.SwapTotal == 0 {
			p.Right(draw.Dim, "none", 9)
		} else {
			p.Size(draw.Text, m.SwapUsed, 9)
		}
		p.Skip(3).Text(draw.Dim, "Dirty  ").Size(draw.Text, m.Dirty, 9)
		if m.HugePages > 0 {
			p = r.CutTop(1).Pen(1, 0)
			p.Text(draw.Dim, "Huge   ").Int(draw.Text, int64(m.HugePages-m.HugePagesFree)).Text(draw.Dim, "/").Int(draw.Text, int64(m.HugePages))
			p.Text(draw.Dim, " pages of ").Size(draw.Text, m.HugePageSize, 0)
		}
	}
	if shows(memoryPressure, c.body) {
		p := r.CutTop(1).Pen(1, 0)
		p.Text(draw.Dim, "stalled ")
		pressure(&p, f, "some", f.Host.Pressure.MemorySome, "full", f.Host.Pressure.MemoryFull)
	}
	if shows(sparklines, c.body) {
		history(r, &f.Host.History.Memory, 100, draw.Good, f)
	}
}

// sizes writes two labelled sizes in one row.
func sizes(r draw.Region, name1 string, v1 uint64, name2 string, v2 uint64) {
	p := r.Pen(1, 0)
	p.Text(draw.Dim, name1).To(8).Size(draw.Text, v1, 9)
	p.To(20).Text(draw.Dim, name2).To(27).Size(draw.Text, v2, 9)
}
