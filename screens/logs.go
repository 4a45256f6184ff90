package screens

import (
	"bytes"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/journal"
)

// landing is which row the cursor takes when the page that was asked for arrives.
type landing uint8

const (
	keep landing = iota
	top
	bottom
	found // the entry that a search has led to
)

// logs is the view state of F1: the query that was asked, and a cursor on one row. While it follows, the query has
// no anchor and there is no cursor.
type logs struct {
	query  journal.Query
	asked  bool // query changed and was not taken yet
	cursor uint64
	spot   spot // of the cursor
	ended  spot // the last entry of a boot, when the cursor was brought to it
	land   landing
	first  uint64 // id of the first row that is drawn whole,
	drawn  uint64 // and the number of the query that it answers
	wrap   bool
	input  input
	detail detail
	failed string // what the last prompt or move says: not a time, nothing further
}

// spot names an entry when its row has got another id, because it was read again.
type spot struct {
	time   int64
	seq    uint64
	source uint16
}

func newLogs() logs {
	return logs{query: journal.Query{Number: 1, Filter: journal.Filter{Least: journal.Debug}}, asked: true}
}

// take returns the query and whether it is new.
func (l *logs) take() (journal.Query, bool) {
	asked := l.asked
	l.asked = false
	return l.query, asked && l.query.Rows > 0
}

// ask gives the changed query a new number.
func (l *logs) ask() {
	l.query.Number++
	l.asked = true
}

// following says whether the newest entries are shown as they come.
func (l *logs) following() bool { return l.query.Anchor == 0 && l.query.Move == journal.Stay }

func (l *logs) follow() {
	l.query.Anchor, l.query.Move, l.query.Count = 0, journal.Stay, 0
	l.cursor, l.land, l.failed = 0, keep, ""
	l.ask()
}

// move asks for another page, counted from anchor.
func (l *logs) move(m journal.Move, anchor uint64, count int, land landing) {
	l.query.Anchor, l.query.Move, l.query.Count = anchor, m, count
	l.land, l.failed = land, ""
	l.ask()
}

// resize asks for as many entries as fit.
func (l *logs) resize(rows int) {
	rows = min(max(rows, 1), journal.MaxRows)
	if rows != l.query.Rows {
		l.query.Rows = rows
		l.ask()
	}
}

// absorb takes a page: the answer to a move becomes the anchor, so that later pages show the same place.
func (l *logs) absorb(page *journal.Page) {
	if page.Query != l.query.Number || l.following() || page.Pending {
		return
	}
	moved, boot := l.query.Move != journal.Stay, l.query.Move == journal.PreviousBoot && page.Failed == ""
	if moved && (len(page.Rows) == 0 || page.Failed != "" && l.query.Anchor == 0) {
		l.follow() // there is nowhere to go
		if l.failed = page.Failed; l.failed == "" && page.Entries > 0 {
			l.failed = "nothing further"
		}
		return
	}
	if len(page.Rows) == 0 {
		return
	}
	last := &page.Rows[len(page.Rows)-1]
	if moved {
		if l.failed = page.Failed; page.Failed == "" && page.AtEnd {
			l.failed = "nothing further"
		}
		l.query.Anchor, l.query.Move, l.query.Count = last.ID, journal.Stay, 0
		l.ask()
		switch l.land {
		case top:
			l.choose(&page.Rows[0])
		case bottom:
			l.choose(last)
		case found:
			l.cursor = page.Found
		}
		l.land = keep
	}
	if i := l.chosen(page); i >= 0 {
		l.choose(&page.Rows[i])
	} else {
		l.choose(last)
	}
	if boot {
		l.ended = l.spot
	}
}

// choose puts the cursor on a row.
func (l *logs) choose(row *journal.Row) {
	l.cursor, l.spot = row.ID, spot{row.Time, row.Seq, row.Source}
}

// chosen is the row of page with the cursor, -1 when it is not there.
func (l *logs) chosen(page *journal.Page) int {
	for i := range page.Rows {
		if page.Rows[i].First <= l.cursor && l.cursor <= page.Rows[i].ID {
			return i
		}
	}
	for i := range page.Rows {
		if row := &page.Rows[i]; row.Seq != 0 && l.spot == (spot{row.Time, row.Seq, row.Source}) {
			return i
		}
	}
	return -1
}

// long says whether a page waits for many entries to be read.
func long(page *journal.Page) bool { return page.Reading.Active && page.Reading.Entries >= 4096 }

// refilter asks again after the filter changed: from the same place while scrolled, from the newest while following.
func (l *logs) refilter() {
	l.failed = ""
	l.ask()
}

// clear ends a search that is under way, takes away the filter, or else goes back to following.
func (l *logs) clear() {
	if l.query.Move != journal.Stay {
		l.query.Move, l.query.Count, l.land = journal.Stay, 0, keep
		if l.query.Anchor == 0 {
			l.follow()
		}
		l.ask()
		return
	}
	if l.query.Filter.Text != "" {
		l.query.Filter.Text, l.query.Filter.Regexp, l.query.Filter.Exclude = "", false, false
		l.refilter()
		return
	}
	if !l.following() {
		l.follow()
	}
}

func logKeys() []binding {
	return []binding{
		{[]draw.Key{draw.KeyUp, draw.KeyDown, 'k', 'j'}, arrows, "previous, next entry", "Scroll", stepEntry},
		{[]draw.Key{'/'}, "/", "filter: text, re:regexp, !hide", "Filter", openFilter},
		{[]draw.Key{'l'}, "l", "minimum level: all, notice, warning, error", "Level", nextLevel},
		{[]draw.Key{'e', 'E'}, "e E", "next, previous error", "Errors", toError},
		{[]draw.Key{draw.KeyLeft, draw.KeyRight}, "Left Right", "choose a unit's tab", "", nextTab},
		{[]draw.Key{draw.KeyPageUp, draw.KeyPageDown}, "PgUp PgDn", "a page", "", stepPage},
		{[]draw.Key{draw.KeyCtrlU, draw.KeyCtrlD}, "Ctrl-U Ctrl-D", "half a page", "", stepPage},
		{[]draw.Key{draw.KeyHome, 'g'}, "Home g", "the oldest entry that is kept", "", toOldest},
		{[]draw.Key{draw.KeyEnd, 'G'}, "End G", "follow the newest", "", toNewest},
		{[]draw.Key{'n', 'N'}, "n N", "next, previous match", "", stepEntry},
		{[]draw.Key{draw.KeyEnter}, "Enter", "the whole entry, all fields", "", openEntry},
		{[]draw.Key{'t'}, "t", "go to a time", "", openTime},
		{[]draw.Key{'b'}, "b", "the end of the boot before", "", toPreviousBoot},
		{[]draw.Key{'w'}, "w", "wrap long lines", "", toggleWrap},
		{[]draw.Key{'c'}, "c", "messages as they were written", "", toggleRaw},
		{[]draw.Key{'f'}, "f", "fold repeats", "", toggleFold},
	}
}

// leaveFollowing puts a cursor on the bottom row of what is shown, and says whether there is something to move on. A
// key that comes before the answer to the last one has nothing: the page still shows the place before. But one that is
// long in coming, because the journal is read for it, is given up.
func (l *logs) leaveFollowing(page *journal.Page) bool {
	if page == nil || len(page.Rows) == 0 || l.query.Move != journal.Stay && !long(page) {
		return false
	}
	if l.following() {
		l.choose(&page.Rows[len(page.Rows)-1])
		l.query.Anchor = l.cursor
		l.ask()
	}
	return true
}

// lookOlder goes up from a page without rows: older entries may be in the journal.
func (l *logs) lookOlder(page *journal.Page) {
	if page != nil && len(page.Rows) == 0 && l.query.Move == journal.Stay {
		l.move(journal.Older, 0, 1, bottom)
	}
}

func stepEntry(c *Console, k draw.Key, f *frame.Frame) Wish {
	l, page := &c.logs, f.Page
	wasFollowing := l.following()
	up := k == draw.KeyUp || k == 'k' || k == 'N'
	if !l.leaveFollowing(page) {
		if up {
			l.lookOlder(page)
		}
		return Nothing
	}
	i := l.chosen(page)
	last := len(page.Rows) - 1
	switch {
	case up && i > 0 && page.Rows[i].ID > l.first:
		l.choose(&page.Rows[i-1])
	case up:
		l.move(journal.Older, page.Rows[last].ID, 1, top)
	case i < last && i >= 0:
		l.choose(&page.Rows[i+1])
	case wasFollowing || page.NewerRows == 0 && !page.Past:
		l.follow()
	default:
		l.move(journal.Newer, page.Rows[last].ID, 1, bottom)
	}
	return Nothing
}

func stepPage(c *Console, k draw.Key, f *frame.Frame) Wish {
	l := &c.logs
	if !l.leaveFollowing(f.Page) {
		if k == draw.KeyPageUp || k == draw.KeyCtrlU {
			l.lookOlder(f.Page)
		}
		return Nothing
	}
	n := max(l.query.Rows-1, 1)
	if k == draw.KeyCtrlU || k == draw.KeyCtrlD {
		n = max(n/2, 1)
	}
	anchor := f.Page.Rows[len(f.Page.Rows)-1].ID
	switch {
	case k == draw.KeyPageUp || k == draw.KeyCtrlU:
		l.move(journal.Older, anchor, n, top)
	case f.Page.NewerRows <= n && !f.Page.Past:
		l.follow()
	default:
		l.move(journal.Newer, anchor, n, bottom)
	}
	return Nothing
}

// toOldest does not count from what is shown, so it needs no page.
func toOldest(c *Console, _ draw.Key, _ *frame.Frame) Wish {
	c.logs.move(journal.Oldest, c.logs.cursor, 0, top)
	return Nothing
}

func toNewest(c *Console, _ draw.Key, _ *frame.Frame) Wish {
	c.logs.follow()
	return Nothing
}

func toError(c *Console, k draw.Key, f *frame.Frame) Wish {
	l := &c.logs
	if !l.leaveFollowing(f.Page) {
		return Nothing
	}
	m := journal.NextError
	if k == 'E' {
		m = journal.PreviousError
	}
	l.move(m, l.cursor, 1, found)
	return Nothing
}

// levels are the steps of the minimum level.
var levels = [...]journal.Severity{journal.Debug, journal.Notice, journal.Warning, journal.Err}

func nextLevel(c *Console, _ draw.Key, _ *frame.Frame) Wish {
	l := &c.logs
	next := levels[0]
	for i, have := range levels {
		if have == l.query.Filter.Least {
			next = levels[(i+1)%len(levels)]
		}
	}
	l.query.Filter.Least = next
	l.refilter()
	return Nothing
}

func nextTab(c *Console, k draw.Key, f *frame.Frame) Wish {
	n := len(f.Settings.Tabs)
	if n == 0 {
		return Nothing
	}
	step := 1
	if k == draw.KeyLeft {
		step = n - 1
	}
	c.logs.query.Filter.Tab = (c.logs.query.Filter.Tab + step) % n
	c.logs.follow()
	return Nothing
}

func toPreviousBoot(c *Console, _ draw.Key, f *frame.Frame) Wish {
	l := &c.logs
	if f.Page != nil && (l.query.Move == journal.Stay || long(f.Page)) {
		l.move(journal.PreviousBoot, l.query.Anchor, 0, bottom)
	}
	return Nothing
}

func toggleWrap(c *Console, _ draw.Key, _ *frame.Frame) Wish {
	c.logs.wrap = !c.logs.wrap
	return Nothing
}

func toggleRaw(c *Console, _ draw.Key, _ *frame.Frame) Wish {
	c.logs.query.Filter.Raw = !c.logs.query.Filter.Raw
	c.logs.refilter()
	return Nothing
}

func toggleFold(c *Console, _ draw.Key, _ *frame.Frame) Wish {
	c.logs.query.Filter.Each = !c.logs.query.Filter.Each
	c.logs.refilter()
	return Nothing
}

func openEntry(c *Console, _ draw.Key, f *frame.Frame) Wish {
	l := &c.logs
	if !l.leaveFollowing(f.Page) {
		return Nothing
	}
	if i := l.chosen(f.Page); i >= 0 {
		row := &f.Page.Rows[i]
		l.detail = detail{row: *row, message: bytes.Clone(f.Page.Message(row))}
		l.query.Whole = row.ID
		l.ask()
		c.toggle(entryOverlay)
	}
	return Nothing
}
