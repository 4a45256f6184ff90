package screens

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
)

// drawTiny is for a screen with no room for anything: what is wrong, or else the figures that matter most, one a row.
func drawTiny(c *Console, r draw.Region, f *frame.Frame) {
	p := r.CutTop(1).Pen(0, 0)
	if len(f.Problems) > 0 {
		c.text = f.Problems[0].AppendWhat(c.text[:0])
		p.Glyph(draw.Bad, draw.Attention).FitBytes(draw.Bad, c.text, p.Left())
		p = r.CutTop(1).Pen(0, 0)
	}
	p.Text(draw.Dim, "CPU ")
	cpuPercent(&p, f)
	p.Skip(1).Glyph(draw.Good, beats[f.Tick%uint64(len(beats))])
	p = r.CutTop(1).Pen(0, 0)
	p.Text(draw.Dim, "Mem ")
	memoryUsed(&p, f)
	p = r.CutTop(1).Pen(0, 0)
	p.Fit(draw.Text, hostname(f), p.Left())
	p = r.CutTop(1).Pen(0, 0)
	primaryAddress(&p, f, p.Left())
	p = r.CutTop(1).Pen(0, 0)
	p.Time(draw.Text, f.Now)
}
