package widget

import "hypervisor-tui/draw"

// OverlayBox clears and frames the middle of r for an overlay of at most w by h cells and returns its inside.
func OverlayBox(r draw.Region, w, h int, title string) draw.Region {
	w, h = min(w, r.W()), min(h, r.H())
	return r.Cover((r.W()-w)/2, (r.H()-h)/2, w, h).Frame(title, draw.Title)
}

// MoreBelow marks, on the last row of an overlay, that its list goes on.
func MoreBelow(r draw.Region, s *Scroll) {
	if n := s.Below(); n > 0 {
		row := r.CutBottom(1)
		row.Fill(' ', draw.Text)
		p := row.Pen(1, 0)
		p.Glyph(draw.Accent, draw.Down).Skip(1).Int(draw.Dim, int64(n+1)).Text(draw.Dim, " more")
	}
}

// MoreRows writes at the end of the rule above a list how many rows there are above and below what is shown, nothing where that is all.
func MoreRows(r draw.Region, s *Scroll) {
	if s.Top == 0 && s.Below() == 0 {
		return
	}
	p := draw.Nowhere(r.W()).Pen(0, 0)
	moreRows(&p, s)
	p = r.Pen(max(r.W()-p.X()-2, 0), 0)
	moreRows(&p, s)
}

func moreRows(p *draw.Pen, s *Scroll) {
	p.Text(draw.Dim, " ")
	if s.Top > 0 {
		p.Glyph(draw.Accent, draw.Up).Text(draw.Dim, " ").Int(draw.Dim, int64(s.Top)).Text(draw.Dim, " ")
	}
	if below := s.Below(); below > 0 {
		p.Glyph(draw.Accent, draw.Down).Text(draw.Dim, " ").Int(draw.Dim, int64(below)).Text(draw.Dim, " ")
	}
	p.Text(draw.Dim, "more ")
}

// Section writes the title of some rows.
func Section(r draw.Region, title string) {
	p := r.Pen(1, 0)
	p.Text(draw.Title|draw.Bold, title)
}

// Caption names the column of a table that begins at column at of r, flush right in width columns of it; width 0 is flush left. It
// tells the column by which the rows are sorted, and writes nothing where at is 0: there is no room for that column.
func Caption(r draw.Region, at, width int, text string, sorted bool) {
	if at == 0 {
		return
	}
	style := draw.Dim
	if sorted {
		style = draw.Title
	}
	p := r.Pen(at+max(width-draw.Columns(text), 0), 0)
	p.Text(style, text)
}

// Field starts a row of view with the name of a figure and returns the pen at the column where that goes.
func Field(view *draw.Region, name string, column int) draw.Pen {
	p := view.CutTop(1).Pen(1, 0)
	p.Text(draw.Dim, name).To(column)
	return p
}
