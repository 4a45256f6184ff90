package dashboard

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens/widget"
)

func (d *Page) drawMemory(r draw.Region, f *frame.Frame) {
	widget.Heading(r.CutTop(1), "Memory", f, sample.Meminfo)
	if widget.Missing(&r, f, sample.Meminfo) {
		return
	}
	m := &f.Host.Memory
	gaugeLine(r.CutTop(1), m.UsedPercent(), f.Settings.Memory)
	p := r.CutTop(1).Pen(1, 0)
	amount(&p, "Total", m.Total)
	amount(&p, "Used", m.Used)
	amount(&p, "Available", m.Available)
	p = r.CutTop(1).Pen(1, 0)
	amount(&p, "Cache", m.Cached+m.Buffers)
	amount(&p, "Free", m.Free)
	if m.ARC > 0 {
		amount(&p, "ZFS ARC", m.ARC)
	}
	if fits(memoryDetail, d.body) {
		p = r.CutTop(1).Pen(1, 0)
		swap(&p, m)
		amount(&p, "Dirty", m.Dirty)
		amount(&p, "Buffers", m.Buffers)
		hugePages(&r, f, 2)
	}
	if fits(memoryPressure, d.body) {
		p = r.CutTop(1).Pen(1, 0)
		p.Text(draw.Dim, "stalled ")
		pressure(&p, f, "some", f.Host.Pressure.MemorySome, "full", f.Host.Pressure.MemoryFull)
	}
	if fits(sparklines, d.body) {
		history(r, &f.Host.History.Memory, 100, draw.Good, f)
	}
}

// amountWidth is a labelled size: 7 columns for the name, 9 for the figure, 3 before the next.
const amountWidth = 19

// amount writes a labelled size if it fits whole. A name longer than 7 columns takes of the room before the figure.
func amount(p *draw.Pen, name string, bytes uint64) {
	if p.Left() < amountWidth-2 {
		return
	}
	start := p.X()
	p.Text(draw.Dim, name).To(max(start+7, p.X()+1))
	p.Size(draw.Text, bytes, start+16-p.X()).To(start + amountWidth)
}

func swap(p *draw.Pen, m *sample.Memory) {
	if m.SwapTotal > 0 {
		amount(p, "Swap", m.SwapUsed)
		return
	}
	p.Text(draw.Dim, "Swap   ").Right(draw.Dim, "none", 9).Skip(3)
}

// hugePages cuts a row off r for each size of which there are pages, most of them at most.
func hugePages(r *draw.Region, f *frame.Frame, most int) {
	for i := range f.Host.Huge {
		h := &f.Host.Huge[i]
		if h.Total == 0 || most == 0 {
			continue
		}
		most--
		p := r.CutTop(1).Pen(1, 0)
		p.Text(draw.Dim, "Huge   ").Int(draw.Text, int64(h.Total-h.Free)).Text(draw.Dim, "/").Int(draw.Text, int64(h.Total))
		p.Text(draw.Dim, " pages of ").Size(draw.Text, h.Size, 0)
		if h.Reserved > 0 && p.Left() > 26 {
			p.Text(draw.Dim, ", ").Int(draw.Text, int64(h.Reserved)).Text(draw.Dim, " of the free promised")
		}
	}
}
