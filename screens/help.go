package screens

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
)

const helpKeys = 20 // columns of the key names

// drawHelp lists every key of this screen from the tables that handle them.
func drawHelp(c *Console, r draw.Region, f *frame.Frame) {
	own, windows, common := c.own[c.active], c.windows[c.active], c.common
	all := len(own) + len(windows) + len(common) + 2
	inside := window(r, 66, all+2, "Keys")
	c.scroll.fit(inside.H(), all)
	view := inside.Scrolled(c.scroll.top, all)
	section(view.CutTop(1), screenTitles[c.active])
	rows(&view, own)
	rows(&view, windows)
	section(view.CutTop(1), "Everywhere")
	rows(&view, common)
	moreBelow(inside, &c.scroll)
}

func section(r draw.Region, title string) {
	p := r.Pen(1, 0)
	p.Text(draw.Title|draw.Bold, title)
}

func rows(view *draw.Region, table []binding) {
	for i := range table {
		p := view.CutTop(1).Pen(2, 0)
		p.Text(draw.Accent|draw.Bold, table[i].label).To(helpKeys).Fit(draw.Text, table[i].does, p.Left()-1)
	}
}

// window clears and frames the middle of r for an overlay of at most w by h cells and returns its inside.
func window(r draw.Region, w, h int, title string) draw.Region {
	w, h = min(w, r.W()), min(h, r.H())
	middle := r.Sub((r.W()-w)/2, (r.H()-h)/2, w, h)
	middle.Fill(' ', draw.Text)
	return middle.Frame(title, draw.Title)
}

// moreBelow marks, on the last row of an overlay, that its list goes on.
func moreBelow(r draw.Region, s *scroll) {
	if n := s.below(); n > 0 {
		row := r.CutBottom(1)
		row.Fill(' ', draw.Text)
		p := row.Pen(1, 0)
		p.Glyph(draw.Accent, draw.Down).Skip(1).Int(draw.Dim, int64(n+1)).Text(draw.Dim, " more")
	}
}
