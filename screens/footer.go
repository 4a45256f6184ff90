package screens

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
)

// drawFooter names the keys that work now: the pages first, help and quit last, between them what fits whole.
func (c *Console) drawFooter(r draw.Region, f *frame.Frame) {
	p := r.Pen(1, 0)
	for i, page := range c.pages {
		style := draw.Dim
		if i == c.active {
			style = draw.Selected
		}
		p.Text(draw.Accent|draw.Bold, "F").Int(draw.Accent|draw.Bold, int64(i)+1)
		p.Skip(1).Text(style, page.Title()).Skip(2)
	}
	last := 7
	if f.Settings.Quit {
		last += 7
	}
	if f.Settings.Login {
		last += 11
	}
	if r.W()-last > p.X() {
		tail := r.CutRight(last).Pen(0, 0)
		hint(&tail, "?", "Help")
		if f.Settings.Quit {
			hint(&tail, "q", "Quit")
		}
		if f.Settings.Login {
			hint(&tail, "F12", "Login")
		}
	}
	p = r.Pen(p.X(), 0)
	if c.overlay != nil {
		hint(&p, "Esc", "Close")
		hint(&p, p.Name(draw.UpDown), "Scroll")
	}
	hints(&p, c.pages[c.active].Keys(), c.overlay != nil)
	hints(&p, c.common, false)
}

// hints writes the bindings that have a hint, as long as they fit whole; over an overlay those that work there.
func hints(p *draw.Pen, table []Binding, over bool) {
	for i := range table {
		b := &table[i]
		label := b.Label
		if label == Arrows {
			label = p.Name(draw.UpDown)
		}
		if b.Hint != "" && (b.Anywhere || !over) && p.Left() > draw.Columns(label)+len(b.Hint)+2 {
			hint(p, label, b.Hint)
		}
	}
}

func hint(p *draw.Pen, key, does string) {
	p.Text(draw.Accent|draw.Bold, key).Skip(1).Text(draw.Dim, does).Skip(2)
}
