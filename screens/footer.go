package screens

import (
	"time"

	"hypervisor-tui/act"
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/screens/widget"
)

// drawFooter names the keys that work now: the pages first, help and quit last, between them what fits whole. Over an overlay
// its own keys come first, and the pages are named only where there is room.
func (c *Console) drawFooter(r draw.Region, f *frame.Frame) {
	const roomy = 100 // columns
	p, short := r.Pen(1, 0), (c.overlay != nil || f.Past != nil) && r.W() < roomy
	if f.Leaving > 0 {
		p.Text(draw.Warn|draw.Bold, "This session ends in ").Int(draw.Warn|draw.Bold, int64((f.Leaving+time.Second-1)/time.Second)).
			Text(draw.Warn|draw.Bold, " s: nobody has touched a key. ").Fit(draw.Text, "Any key keeps it.", p.Left()-1)
		return
	}
	if _, asks := c.overlay.(*login); asks { // nothing else works
		hints(&p, c.overlay.Keys(), false)
		return
	}
	if a, ok := c.overlay.(*actions); ok && (a.stage == act.Deciding || runs(dialogue(f))) { // its last row says what works
		return
	}
	last := 7
	if f.Settings.Quit {
		last += 7
	}
	if f.Settings.Login {
		last += 11
	}
	gap := 1
	if r.W() >= roomy {
		gap = 2
	}
	c.drawPages(&p, short, gap, r.W()-last)
	after := p.X() // two blanks, but on a narrow screen
	if gap == 1 && r.W() >= widget.Narrow {
		after++
	}
	if r.W()-last >= p.X() {
		tail := r.CutRight(last).Pen(0, 0)
		hint(&tail, "?", "Help")
		if f.Settings.Quit {
			hint(&tail, "q", "Quit")
		}
		if f.Settings.Login {
			hint(&tail, "F12", "Login")
		}
	}
	p = r.Pen(after, 0)
	if c.overlay != nil {
		hint(&p, "Esc", "Close")
		hints(&p, c.overlay.Keys(), false)
	}
	if f.Past != nil { // they go before those of the page
		hints(&p, c.rewind, false)
		return
	}
	hints(&p, c.pages[c.active].Keys(), c.overlay != nil)
	hints(&p, c.common, false)
}

// drawPages names the pages up to column end, with a gap between them; where they have no room there, only the one that is shown,
// and where short is true, none.
func (c *Console) drawPages(p *draw.Pen, short bool, gap, end int) {
	whole := p.X()
	for _, page := range c.pages {
		whole += len("F1 ") + len(page.Title()) + gap
	}
	for i, page := range c.pages {
		key, title := draw.Accent|draw.Bold, draw.Dim
		switch {
		case i != c.active:
		case short:
			key = draw.Selected
		default:
			title = draw.Selected
		}
		p.Text(key, "F").Int(key, int64(i)+1).Skip(1)
		if !short && (whole <= end || i == c.active) {
			p.Text(title, page.Title()).Skip(gap)
		}
	}
}

// hints writes the bindings that have a hint, as long as they fit whole; over an overlay those that work there.
func hints(p *draw.Pen, table []Binding, over bool) {
	for i := range table {
		b := &table[i]
		label := b.Label
		switch label {
		case Arrows:
			label = p.Name(draw.UpDown)
		case sideways:
			label = p.Name(draw.LeftRight)
		}
		if b.Hint != "" && (b.Anywhere || !over) && p.Left() > draw.Columns(label)+len(b.Hint)+2 {
			hint(p, label, b.Hint)
		}
	}
}

func hint(p *draw.Pen, key, does string) {
	p.Text(draw.Accent|draw.Bold, key).Skip(1).Text(draw.Dim, does).Skip(2)
}
