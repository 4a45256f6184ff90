package logs

import (
	"bytes"
	"slices"
	"time"

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
	if r.H() > entries {
		drawHour(r.CutTop(1), &f.Page.Hour)
	}
	switch {
	case f.Page == nil:
		p := r.Pen(1, 0)
		p.Text(draw.Dim, "--")
	case len(f.Page.Rows) == 0:
		l.drawNoEntries(r, f)
	default:
		l.entries(r, f)
	}
}

func (l *Page) drawTabs(r draw.Region, f *frame.Frame) {
	r.Rule(0, "")
	p := r.Pen(1, 0)
	first := firstTab(f.Settings.Tabs, l.query.Filter.Tab, r.W()-12)
	for i, name := range f.Settings.Tabs {
		if i < first {
			continue
		}
		errors := unread(f.Page, i)
		if p.Left() < draw.Columns(name)+10 {
			p.Glyph(draw.Dim, draw.More)
			for i++; i < len(f.Settings.Tabs); i++ {
				errors += unread(f.Page, i)
			}
			if errors > 0 {
				p.Int(draw.Bad, int64(errors)).Text(draw.Bad, "!")
			}
			return
		}
		style := draw.Dim
		if i == l.query.Filter.Tab {
			style = draw.Selected
		}
		p.Text(style, " ").Text(style, name)
		if errors > 0 {
			p.Text(style, " ").Int(draw.Bad, int64(errors)).Text(draw.Bad, "!")
		}
		p.Text(style, " ").Skip(1)
	}
}

// unread is how many errors of a tab nobody has looked at.
func unread(page *journal.Page, tab int) int {
	if page == nil || tab >= len(page.Unread) {
		return 0
	}
	return page.Unread[tab]
}

// firstTab is the first tab to draw, so that the chosen one fits into width columns.
func firstTab(names []string, chosen, width int) int {
	used, first := 0, min(chosen, len(names)-1)
	for ; first > 0; first-- {
		used += draw.Columns(names[first]) + 5
		if used+draw.Columns(names[first-1])+5 > width {
			break
		}
	}
	return max(first, 0)
}

// drawNoEntries says why there is nothing to see.
func (l *Page) drawNoEntries(r draw.Region, f *frame.Frame) {
	p := r.Pen(1, 0)
	page := f.Page
	switch {
	case page.Err != "":
		p.Fit(draw.Bad, page.Err, p.Left()-1)
	case page.Reading.Active:
		p.Text(draw.Dim, "reading the journal ...")
	case page.Pending || page.Query != l.query.Number:
		p.Text(draw.Dim, "searching ").Int(draw.Text, int64(page.Percent)).Text(draw.Dim, "%")
	case page.Entries > 0:
		p.Text(draw.Dim, "no entry of ").Int(draw.Text, int64(page.Entries)).Text(draw.Dim, " passes the filter (Esc clears it)")
		if page.Deeper {
			p = r.Pen(1, 1)
			p.Text(draw.Dim, "PgUp looks for older ones in the journal")
		}
	default:
		p.Text(draw.Dim, "no entries yet")
	}
	for i := range page.Sources {
		s := &page.Sources[i]
		p = r.Pen(1, 3+i)
		p.Fit(draw.Text, s.Name, 12).To(14).Text(widget.StateStyle(s.Health.State), s.Health.State.String()).Skip(2)
		p.Fit(draw.Dim, s.Detail, p.Left()-1)
		if s.Health.Err != "" {
			p.Skip(1).Fit(draw.Warn, s.Health.Err, p.Left()-1)
		}
	}
}

// place chooses the row that is drawn first: the newest are at the bottom, and a page that does not fill the rows starts at
// the top.
func (l *Page) place(f *frame.Frame, w, rows int) {
	page, last := f.Page, len(f.Page.Rows)-1
	if last < 0 {
		return
	}
	height, from := 0, last+1
	for from > 0 {
		h := l.height(page, &page.Rows[from-1], w)
		if height+h > rows && from <= last {
			break
		}
		height += h
		from--
	}
	if f.Settings.Slow && l.following() {
		from = l.halfPages(page, from, w, rows)
	}
	l.from, l.first, l.drawn = from, page.Rows[from].ID, page.Query
}

// entries draws the rows from the first on.
func (l *Page) entries(r draw.Region, f *frame.Frame) {
	page := f.Page
	for i := min(l.from, len(page.Rows)-1); i < len(page.Rows); i++ {
		row := &page.Rows[i]
		part := r.CutTop(min(l.height(page, row, r.W()), r.H()))
		l.entry(part, page, row, f)
		if row.First <= l.cursor && l.cursor <= row.ID && !l.following() {
			part.Restyle(draw.Selected)
			part.Set(1, 0, '>', draw.Selected)
		}
	}
}

// halfPages is the first row to draw on a slow line, where from is the first that fits: as long as the entries fit
// below the one that is on top, that one stays and a new entry writes one row; then the newest fill half of the rows.
// Another question starts with a full screen.
func (l *Page) halfPages(page *journal.Page, from, width, rows int) int {
	on := slices.IndexFunc(page.Rows, func(row journal.Row) bool { return row.First <= l.first && l.first <= row.ID })
	if l.drawn != page.Query {
		return from
	}
	if on >= from {
		return on
	}
	height := 0
	for i := len(page.Rows) - 1; i > from; i-- {
		if height += l.height(page, &page.Rows[i], width); height > rows/2 {
			return min(i+1, len(page.Rows)-1)
		}
	}
	return from
}

// prefixWidth is the columns before the message: mark, time, unit[pid] and colon, and how often it came.
func prefixWidth(row *journal.Row, width int) int {
	n := 2 + 9 + draw.Columns(row.Unit) + 2
	if width >= widget.Narrow {
		n += 7
	}
	if row.PID > 0 {
		n += 2 + widget.Digits(row.PID)
	}
	if row.Repeats > 1 {
		n += 3 + widget.Digits(row.Repeats)
	}
	return n
}

// height is how many rows an entry takes.
func (l *Page) height(page *journal.Page, row *journal.Row, width int) int {
	if !l.wrap {
		return 1
	}
	return widget.WrapRows(page.Message(row), max(width-prefixWidth(row, width)-1, 10))
}

// mark is the letter and style of a severity: meaning never by colour alone.
func mark(s journal.Severity) (string, draw.Style) {
	switch {
	case s <= journal.Crit:
		return "C", draw.Bad | draw.Bold
	case s == journal.Err:
		return "E", draw.Bad
	case s == journal.Warning:
		return "W", draw.Warn
	case s == journal.Debug:
		return " ", draw.Dim
	}
	return " ", draw.Text
}

// entry draws one row: severity, time, unit[pid], how many equal entries it stands for, message. A long line ends with the glyph More; the first line of
// several says how many follow.
func (l *Page) entry(r draw.Region, page *journal.Page, row *journal.Row, f *frame.Frame) {
	p := r.Pen(0, 0)
	letter, style := mark(row.Severity)
	p.Text(style, letter).Skip(1)
	at := time.UnixMicro(row.Time).In(f.Now.Location())
	if r.W() >= widget.Narrow {
		p.Date(draw.Dim, at).Skip(1)
	}
	p.Time(draw.Dim, at).Skip(1).Text(draw.Accent, row.Unit)
	if row.PID > 0 {
		p.Text(draw.Dim, "[").Int(draw.Dim, int64(row.PID)).Text(draw.Dim, "]")
	}
	p.Text(draw.Dim, ":").Skip(1)
	if row.Repeats > 1 {
		p.Text(draw.Accent|draw.Bold, "x ").Int(draw.Accent|draw.Bold, int64(row.Repeats)).Skip(1)
	}
	text := page.Message(row)
	if l.wrap {
		start, room := p.X(), max(r.W()-prefixWidth(row, r.W())-1, 10)
		whole := len(text)
		var line []byte
		for y, more := 0, true; more; y++ {
			at := whole - len(text)
			line, text, more = widget.WrapLine(text, room)
			p = r.Pen(start, y)
			p.Bytes(style, line)
			markMatch(r.Pen(start, y), line, row.MatchStart-at, row.MatchEnd-at)
		}
		return
	}
	l.oneLine(&p, row, text, style)
}

// markMatch draws again what of a line the filter found; the rest of it may be on the next row.
func markMatch(p draw.Pen, line []byte, from, to int) {
	from, to = max(from, 0), min(to, len(line))
	if from < to {
		p.Skip(draw.ColumnsBytes(line[:from], len(line))).Bytes(draw.Selected, line[from:to])
	}
}

// oneLine draws the first line of a message with the match marked.
func (l *Page) oneLine(p *draw.Pen, row *journal.Row, text []byte, style draw.Style) {
	end := bytes.IndexByte(text, '\n')
	room := p.Left()
	following := 0
	if end >= 0 {
		following = bytes.Count(text[end:], []byte{'\n'})
		text = text[:end]
		room = max(room-10, 1)
	}
	start := p.X()
	fits := draw.ColumnsBytes(text, room+1) <= room
	p.FitBytes(style, text, room)
	after := p.X()
	if row.MatchEnd > row.MatchStart && row.MatchEnd <= len(text) {
		before := draw.ColumnsBytes(text[:row.MatchStart], room)
		width := draw.ColumnsBytes(text[row.MatchStart:row.MatchEnd], room)
		if fits || before+width < room {
			p.To(start+before).Bytes(draw.Selected, text[row.MatchStart:row.MatchEnd]).To(after)
		}
	}
	if following > 0 {
		p.Text(draw.Dim, " +").Int(draw.Dim, int64(following)).Text(draw.Dim, " lines")
	}
}
