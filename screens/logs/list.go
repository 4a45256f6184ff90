package logs

import (
	"math"
	"slices"
	"strings"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/journal"
	"hypervisor-tui/screens/widget"
)

// Draw draws tabs, entries with the newest at the bottom, and a line that says what is shown.
func (l *Page) Draw(r draw.Region, f *frame.Frame) {
	entries := entryRows(r.H(), f)
	l.drawTabs(r.CutTop(1), f)
	l.drawState(r.CutBottom(1), f)
	if rows := r.H() - entries; rows > 0 {
		drawHour(r.CutTop(rows), f)
	}
	switch {
	case f.Settings.HideLogs:
		p := r.Pen(1, 0)
		p.Text(draw.Dim, "the messages are not shown here: serve.web.logs is false")
	case f.Page == nil:
		p := r.Pen(1, 0)
		p.Text(draw.Dim, "--")
	case len(f.Page.Rows) == 0:
		l.drawNoEntries(r, f)
	default:
		l.entries(r, f)
	}
}

// tabLimits are how many columns the names of tabs without and with unread errors may have, tried in turn until all tabs
// fit. With 0 such a tab is left out.
var tabLimits = [...]struct{ calm, errors int }{{20, 20}, {12, 20}, {8, 20}, {6, 20}, {4, 20}, {0, 20}, {0, 8}, {0, 3}}

// drawTabs draws the chosen tab and those with unread errors, and of the others what fits. Where not even these fit, it
// starts with the chosen one, and says how many errors the ones before and after it have.
func (l *Page) drawTabs(r draw.Region, f *frame.Frame) {
	r.Rule(0, "")
	limit, tight := 0, false
	for {
		p := draw.Nowhere(math.MaxInt16).Pen(1, 0)
		l.tabs(&p, f, limit, false)
		if tight = p.X() >= r.W(); !tight || limit == len(tabLimits)-1 {
			break
		}
		limit++
	}
	p := r.Pen(1, 0)
	l.tabs(&p, f, limit, tight)
}

// tabs draws the tabs under a limit; tight ones from the chosen one on, as far as they fit.
func (l *Page) tabs(p *draw.Pen, f *frame.Frame, limit int, tight bool) {
	names, chosen, first := f.Settings.Tabs, l.query.Filter.Tab, 0
	if tight {
		if first = chosen; first > 0 {
			leftOut(p, draw.Before, unread(f.Page, 0, first))
		}
	}
	gap := false
	for i := first; i < len(names); i++ {
		errors, after := unread(f.Page, i, i+1), unread(f.Page, i+1, len(names))
		style, most := draw.Dim, tabLimits[limit].calm
		switch {
		case i == chosen:
			style, most = draw.Selected, tabLimits[0].calm
		case errors > 0:
			most = tabLimits[limit].errors
		}
		n := min(draw.Columns(names[i]), most)
		room := p.Left() - 8 - widget.Digits(errors) - widget.Digits(after)
		switch {
		case tight && i == first:
			n = min(n, max(room, 1))
		case tight && n > room:
			leftOut(p, draw.More, errors+after)
			return
		}
		if n == 0 {
			if !gap { // one mark for all that are left out side by side
				leftOut(p, draw.More, 0)
			}
			gap = true
			continue
		}
		gap = false
		p.Text(style, " ").Fit(style, names[i], n)
		if errors > 0 {
			p.Text(style, " ").Int(draw.Bad, int64(errors)).Text(draw.Bad, "!")
		}
		p.Text(style, " ").Skip(1)
	}
}

// leftOut marks that tabs are not drawn, and how many unread errors they have.
func leftOut(p *draw.Pen, mark draw.Glyph, errors int) {
	p.Glyph(draw.Dim, mark)
	if errors > 0 {
		p.Int(draw.Bad, int64(errors)).Text(draw.Bad, "!")
	}
	p.Skip(1)
}

// unread is how many errors nobody has looked at, of the tabs from one to before another.
func unread(page *journal.Page, from, to int) (errors int) {
	for i := from; page != nil && i < min(to, len(page.Unread)); i++ {
		errors += page.Unread[i]
	}
	return errors
}

// drawNoEntries says why there is nothing to see.
func (l *Page) drawNoEntries(r draw.Region, f *frame.Frame) {
	p := r.Pen(1, 0)
	page, filter := f.Page, &l.query.Filter
	switch {
	case page.Err != "":
		p.Fit(draw.Bad, page.Err, p.Left()-1)
	case page.Reading.Active:
		p.Text(draw.Dim, "reading the journal ...")
	case page.Pending || page.Query != l.query.Number:
		p.Text(draw.Dim, "searching ").Int(draw.Text, int64(page.Percent)).Text(draw.Dim, "%")
	case page.Entries > 0 && filter.Text == "" && filter.Least == journal.Debug:
		p.Text(draw.Dim, "no entry of this tab among ").Int(draw.Text, int64(page.Entries))
		drawDeeper(r, page)
	case page.Entries > 0:
		p.Text(draw.Dim, "no entry of ").Int(draw.Text, int64(page.Entries)).Text(draw.Dim, " passes the filter (Esc clears it)")
		drawDeeper(r, page)
	default:
		p.Text(draw.Dim, "no entries yet")
	}
	r.CutTop(3)
	const name, state = 20, 8
	ofPod := strings.Contains(f.Settings.Followed, "/") && filter.Tab == f.Settings.FollowedAt
	for i := range page.Sources {
		s := &page.Sources[i]
		if ofPod { // its source came last
			s = &page.Sources[len(page.Sources)-1-i]
		}
		p = r.Pen(1, 0)
		p.Fit(draw.Text, s.Name, name-1).To(1+name).Text(widget.StateStyle(s.Health.State), s.Health.State.String())
		if s.Health.Err != "" {
			r = widget.Wrapped(r, 1+name+state, draw.Warn, s.Health.Err)
		}
		if s.Health.Err == "" || s.Detail != "" && s.Detail != s.Health.Err {
			r = widget.Wrapped(r, 1+name+state, draw.Dim, s.Detail)
		}
	}
}

// drawDeeper says where else there may be entries.
func drawDeeper(r draw.Region, page *journal.Page) {
	if page.Deeper {
		p := r.Pen(1, 1)
		p.Text(draw.Dim, "PgUp looks for older ones in the journal")
	}
}

// fits is the first of the rows up to i of a page that fit on so many rows of the screen; i does in any case.
func (l *Page) fits(i, w, rows int, f *frame.Frame) int {
	for height := l.height(&f.Page.Rows[i], w, f); i > 0; i-- {
		if height += l.height(&f.Page.Rows[i-1], w, f); height > rows {
			break
		}
	}
	return i
}

// place chooses the row that is drawn first: the newest are at the bottom, and a page that does not fill the rows starts at
// the top.
func (l *Page) place(f *frame.Frame, w, rows int) {
	page, last := f.Page, len(f.Page.Rows)-1
	if last < 0 {
		return
	}
	from := l.fits(last, w, rows, f)
	switch {
	case !l.following():
		at := l.rowOfCursor(page) // wrapped rows may leave no room for it
		if at >= 0 && l.amid {
			at = l.fits(at, w, rows/2, f)
		}
		if at >= 0 {
			from = min(from, at)
		}
	case f.Settings.Slow:
		from = l.halfPages(from, w, rows, f)
	}
	l.from, l.first, l.drawn = from, page.Rows[from].ID, page.Query
	l.till = from
	for height := l.height(&page.Rows[from], w, f); l.till < last; l.till++ {
		if height += l.height(&page.Rows[l.till+1], w, f); height > rows {
			break
		}
	}
}

// halfPages is the first row to draw on a slow line, where from is the first that fits: as long as the entries fit
// below the one that is on top, that one stays and a new entry writes one row; then the newest fill half of the rows.
// Another question starts with a full screen.
func (l *Page) halfPages(from, width, rows int, f *frame.Frame) int {
	page := f.Page
	on := slices.IndexFunc(page.Rows, func(row journal.Row) bool { return row.First <= l.first && l.first <= row.ID })
	if l.drawn != page.Query {
		return from
	}
	if on >= from {
		return on
	}
	height := 0
	for i := len(page.Rows) - 1; i > from; i-- {
		if height += l.height(&page.Rows[i], width, f); height > rows/2 {
			return min(i+1, len(page.Rows)-1)
		}
	}
	return from
}
