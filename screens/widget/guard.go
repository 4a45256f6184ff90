package widget

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
)

// Guard is called with each panic of a panel; nil tells nobody.
type Guard func(panel string, value any)

// Draw draws a panel on r. If it panics, r has a word of it instead.
func (g Guard) Draw(name string, panel func(draw.Region, *frame.Frame), r draw.Region, f *frame.Frame) {
	defer func() {
		if v := recover(); v != nil {
			Crashed(r, name)
			g.Tell(name, v)
		}
	}()
	panel(r, f)
}

// Tell tells of a panic.
func (g Guard) Tell(panel string, value any) {
	if g != nil {
		g(panel, value)
	}
}

// Crashed says on r that a panel panicked.
func Crashed(r draw.Region, name string) {
	r.Fill(' ', draw.Text)
	p := r.Pen(1, 0)
	p.Glyph(draw.Bad, draw.Wrong).Skip(1).Text(draw.Bad, name).Text(draw.Bad, " crashed: the log has the reason (unit self)")
}
