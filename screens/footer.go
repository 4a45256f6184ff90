package screens

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
)

var screenTitles = [frame.ScreenCount]string{frame.Logs: "Logs", frame.Dashboard: "Dashboard", frame.Network: "Network"}

// drawFooter names the keys that work now: the screens first, help and quit last, between them what fits whole.
func drawFooter(c *Console, r draw.Region, f *frame.Frame) {
	p := r.Pen(1, 0)
	for s := range frame.ScreenCount {
		style := draw.Dim
		if s == c.active {
			style = draw.Selected
		}
		p.Text(draw.Accent|draw.Bold, "F").Int(draw.Accent|draw.Bold, int64(s)+1)
		p.Skip(1).Text(style, screenTitles[s]).Skip(2)
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
	if c.overlay == noOverlay {
		c.hints(&p, c.own[c.active])
	} else {
		hint(&p, "Esc", "Close")
		hint(&p, p.Name(draw.UpDown), "Scroll")
	}
	c.hints(&p, c.windows[c.active])
	c.hints(&p, c.common)
}

// hints writes the bindings that have a hint, as long as they fit whole.
func (c *Console) hints(p *draw.Pen, table []binding) {
	for i := range table {
		b := &table[i]
		label := b.label
		if label == arrows {
			label = p.Name(draw.UpDown)
		}
		if b.hint != "" && p.Left() > draw.Columns(label)+len(b.hint)+2 {
			hint(p, label, b.hint)
		}
	}
}

func hint(p *draw.Pen, key, does string) {
	p.Text(draw.Accent|draw.Bold, key).Skip(1).Text(draw.Dim, does).Skip(2)
}
