package screens

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
)

// guard is called with each panic of a panel; nil tells nobody.
type guard func(panel string, value any)

// Draw draws a panel on r. If it panics, r has a word of it instead.
func (g guard) Draw(name string, panel func(draw.Region, *frame.Frame), r draw.Region, f *frame.Frame) {
	defer func() {
		if v := recover(); v != nil {
			sayCrashed(r, name)
			g.tell(name, v)
		}
	}()
	panel(r, f)
}

func (g guard) tell(panel string, value any) {
	if g != nil {
		g(panel, value)
	}
}

func sayCrashed(r draw.Region, name string) {
	r.Fill(' ', draw.Text)
	p := r.Pen(1, 0)
	p.Glyph(draw.Bad, draw.Wrong).Skip(1).Text(draw.Bad, name).Text(draw.Bad, " crashed: the log has the reason (unit self)")
}
