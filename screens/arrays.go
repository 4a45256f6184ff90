package screens

import (
	"math"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
)

// drawArrays is one row: md arrays and ZFS pools with their states, as many as fit whole.
func drawArrays(r draw.Region, f *frame.Frame) {
	p := r.Pen(1, 0)
	for i := range f.Host.Arrays {
		a := &f.Host.Arrays[i]
		if p.Left() < len(a.Name)+len(a.Level)+len(a.State)+18 {
			p.Glyph(draw.Dim, draw.Ellipsis)
			return
		}
		arrayState(&p, a)
	}
	for i := range f.Host.Pools {
		pool := &f.Host.Pools[i]
		if p.Left() < len(pool.Name)+len(pool.State)+4 {
			p.Glyph(draw.Dim, draw.Ellipsis)
			return
		}
		poolState(&p, pool)
	}
}

// arrayState writes name, level, state, working disks of all, and how far a recovery has come.
func arrayState(p *draw.Pen, a *sample.Array) {
	style := draw.Good
	switch {
	case a.State == "unknown" || a.State == "container":
		style = draw.Text // nobody knows whether it is well
	case a.Ill() != "":
		style = draw.Bad
	}
	p.Text(draw.Dim, a.Name).Skip(1).Text(draw.Dim, a.Level).Skip(1).Text(style, a.State)
	p.Skip(1).Int(style, int64(a.Working)).Text(draw.Dim, "/").Int(style, int64(a.Disks))
	if !math.IsNaN(a.Synced) {
		p.Skip(1).Share(draw.Warn, a.Synced)
	}
	p.Skip(2)
}

func poolState(p *draw.Pen, pool *sample.Pool) {
	style := draw.Good
	if pool.State != "ONLINE" {
		style = draw.Bad
	}
	p.Text(draw.Dim, pool.Name).Skip(1).Text(style, pool.State).Skip(2)
}
