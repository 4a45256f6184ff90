// Package logs is F1: the log with its filter and search, and the overlay with an entry whole.
package logs

import (
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/journal"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/widget"
)

// cursorAfter is which row the cursor takes when the page that was asked for arrives.
type cursorAfter uint8

const (
	keep cursorAfter = iota
	top
	bottom
	found // the entry that a search has led to
	above // the first of those that fit above the one it is on
)

// Page is F1: the query that was asked, and a cursor on one row. While it follows, the query has no anchor and there
// is no cursor.
type Page struct {
	screens.Base
	ask     func(journal.Query)
	query   journal.Query
	asked   journal.Query // the newest
	watched bool
	cursor  uint64
	chosen  entryRef // under the cursor
	ended   entryRef // the last entry of a boot, when the cursor was brought to it
	land    cursorAfter
	amid    bool      // a search has led to the cursor: what is before it is shown, too
	till    int       // the row of the page that is drawn whole and last, and
	from    int       // the one that is drawn first,
	first   uint64    // its id,
	drawn   uint64    // and the number of the query that it answers
	awaited string    // whose tab is to be shown when it is there
	wanted  time.Time // that the next Update is to show, after a record's own; zero: none
	wrap    bool
	input   widget.Prompt
	time    bool      // a time is typed, not a filter
	then    time.Time // of the past, that it has gone to; zero: now is shown
	failed  string    // what the last prompt or move says: not a time, nothing further
}

// entryRef names an entry when its row has got another id, because it was read again.
type entryRef struct {
	time   int64
	seq    uint64
	source uint16
}

// New returns the page. ask is called with each new query for the log, from Handle and Update; it may be nil.
func New(ask func(journal.Query)) *Page {
	l := &Page{ask: ask, query: journal.Query{Number: 1, Filter: journal.Filter{Least: journal.Debug}}}
	l.Base = screens.NewBase("logs", "Logs", l.bindings()...)
	return l
}

// Typing implements screens.Screen's method for pages with a prompt.
func (l *Page) Typing() bool { return l.input.Open }

// Escapes implements screens.Screen's method for pages on which Esc does something.
func (l *Page) Escapes() bool { return l.input.Open || l.query.Filter.Text != "" || !l.following() }

// Watched takes in whether the newest entries are seen as they come.
func (l *Page) Watched(on bool) {
	l.watched = on
	l.send()
}

// send asks the log when the query has changed, with a new number, from the first Update on.
func (l *Page) send() {
	l.query.Seen = l.watched && l.following()
	if l.query != l.asked && l.query.Rows > 0 && l.ask != nil {
		l.query.Number++
		l.asked = l.query
		l.ask(l.query)
	}
}

// Handle implements screens.Screen.
func (l *Page) Handle(k draw.Key, f *frame.Frame) (screens.Command, bool) {
	defer l.send()
	if l.typed(k, f) {
		return screens.Command{}, true
	}
	if k == draw.KeyEsc {
		l.clear()
		return screens.Command{}, true
	}
	return l.Base.Handle(k, f)
}

// Update implements screens.Screen.
func (l *Page) Update(w, h int, f *frame.Frame) {
	switch s := f.Settings; {
	case l.awaited != "" && l.awaited == s.Followed:
		l.awaited = ""
		l.chooseTab(s.FollowedAt, "")
	case l.query.Filter.Tab >= len(s.Tabs): // a reload has taken it away
		l.query.Filter.Tab = 0
	}
	rows := entryRows(h, f)
	l.query.Rows = min(max(rows, 1), journal.MaxRows)
	l.rewind(f)
	if !l.wanted.IsZero() {
		l.toTime(l.wanted)
		l.wanted = time.Time{}
		l.send()
	}
	if f.Page != nil {
		l.absorb(f, w, rows)
		l.place(f, w, rows)
	}
	l.send()
}

// entryRows is how many of h rows are for entries: the others are tabs, state and the last hour.
func entryRows(h int, f *frame.Frame) int {
	if h = max(h-2, 0); f.Page == nil || f.OfPast() { // the last hour is that of now
		return h
	}
	return h - hourRows(h)
}

// following reports whether the newest entries are shown as they come.
func (l *Page) following() bool { return l.query.Anchor == 0 && l.query.Move == journal.Stay }

// follow shows the newest entries as they come, or those of the record's time.
func (l *Page) follow() {
	if l.newest(); !l.then.IsZero() {
		l.query.At = l.then
		l.move(journal.ToTime, 1, 0, found)
	}
}

// rewind shows the entries of the record's time once it is another one, and the newest ones after the last record.
func (l *Page) rewind(f *frame.Frame) {
	then := time.Time{}
	if f.OfPast() {
		then = f.Now
	}
	if !then.Equal(l.then) {
		l.then = then
		l.follow()
		l.send() // the page that is there answers another query
	}
}

func (l *Page) newest() {
	l.query.Anchor, l.query.Move, l.query.Count = 0, journal.Stay, 0
	l.cursor, l.land, l.failed = 0, keep, ""
}

// move asks for another page, counted from anchor.
func (l *Page) move(m journal.Move, anchor uint64, count int, land cursorAfter) {
	l.query.Anchor, l.query.Move, l.query.Count = anchor, m, count
	l.land, l.amid, l.failed = land, land == found, ""
}

// absorb takes a page: the answer to a move becomes the anchor, so that later pages show the same place.
func (l *Page) absorb(f *frame.Frame, w, rows int) {
	page := f.Page
	if page.Query != l.query.Number || l.following() || page.Pending {
		return
	}
	moved, boot := l.query.Move != journal.Stay, l.query.Move == journal.PreviousBoot && page.Failed == ""
	if l.query.Move == journal.Around && len(page.Rows) == 0 { // the place is kept for the next filter
		l.query.Move, l.land = journal.Stay, keep
		return
	}
	if moved && (len(page.Rows) == 0 || page.Failed != "" && l.query.Anchor == 0) {
		l.newest() // there is nowhere to go
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
		switch l.land {
		case top:
			l.choose(&page.Rows[0])
		case bottom:
			l.choose(last)
		case found:
			l.cursor = page.Found
		case above:
			if i := l.rowOfCursor(page); i > 0 {
				l.choose(&page.Rows[min(l.fits(i, w, rows, f), i-1)])
			}
		}
		l.land = keep
	}
	if i := l.rowOfCursor(page); i >= 0 {
		l.choose(&page.Rows[i])
	} else {
		l.choose(last)
	}
	if boot {
		l.ended = l.chosen
	}
}

// choose puts the cursor on a row.
func (l *Page) choose(row *journal.Row) {
	l.cursor, l.chosen = row.ID, entryRef{row.Time, row.Seq, row.Source}
}

// rowOfCursor is the row of page with the cursor, -1 when it is not there.
func (l *Page) rowOfCursor(page *journal.Page) int {
	for i := range page.Rows {
		if page.Rows[i].First <= l.cursor && l.cursor <= page.Rows[i].ID {
			return i
		}
	}
	for i := range page.Rows {
		if row := &page.Rows[i]; row.Seq != 0 && l.chosen == (entryRef{row.Time, row.Seq, row.Source}) {
			return i
		}
	}
	return -1
}

// long reports whether a page waits for many entries to be read.
func long(page *journal.Page) bool { return page.Reading.Active && page.Reading.Entries >= 4096 }

// refilter asks for the rows around the cursor after what passes has changed.
func (l *Page) refilter() {
	l.failed = ""
	if !l.following() && l.query.Move == journal.Stay {
		l.move(journal.Around, l.cursor, 0, found)
	}
}

// clear ends a search that is under way, takes away the filter, or else goes back to following.
func (l *Page) clear() {
	switch {
	case l.query.Move != journal.Stay && l.query.Move != journal.Around:
		l.query.Move, l.query.Count, l.land = journal.Stay, 0, keep
		if l.query.Anchor == 0 {
			l.follow()
		}
	case l.query.Filter.Text != "":
		l.filter("")
	case !l.following():
		l.follow()
	}
}

func (l *Page) bindings() []screens.Binding {
	return []screens.Binding{
		screens.Bind("e E", "next, previous error", "Error", l.toError, 'e', 'E'),
		screens.Bind("/", "filter: text, re:regexp, !hide", "Filter", l.openFilter, '/'),
		screens.Bind("l", "minimum level: all, notice, warning, error", "Level", l.nextLevel, 'l'),
		screens.BindOverlay("Enter", "the whole entry, all fields", "Entry", l.openEntry, draw.KeyEnter),
		screens.Bind("t", "go to a time: 03:12, -2h, yesterday 18:00", "Time", l.openTime, 't'),
		screens.BindSwitch("w", "wrap long lines", "Wrap", &l.wrap, 'w'),
		screens.Bind(screens.Arrows, "previous, next entry", "Scroll", l.stepEntry, draw.KeyUp, draw.KeyDown, 'k', 'j'),
		screens.Bind("Left Right", "choose a unit's tab", "", l.nextTab, draw.KeyLeft, draw.KeyRight),
		screens.Bind("PgUp PgDn", "a page", "", l.stepPage, draw.KeyPageUp, draw.KeyPageDown),
		screens.Bind("Ctrl-U Ctrl-D", "half a page", "", l.stepPage, draw.KeyCtrlU, draw.KeyCtrlD),
		screens.Bind("Home g", "the oldest entry that is kept", "", l.toOldest, draw.KeyHome, 'g'),
		screens.Bind("End G", "follow the newest", "", l.toNewest, draw.KeyEnd, 'G'),
		screens.Bind("n N", "next, previous match", "", l.stepEntry, 'n', 'N'),
		screens.Bind("b", "the end of the boot before", "", l.toPreviousBoot, 'b'),
		screens.Bind("c", "messages as they were written", "", l.toggleRaw, 'c'),
		screens.Bind("f", "fold repeats", "", l.toggleFold, 'f'),
	}
}

// leaveFollowing puts a cursor on the bottom row of what is shown, and reports whether there is something to move on. A
// key that comes before the answer to the last one has nothing: the page still shows the place before. But one that is
// long in coming, because the journal is read for it, is given up.
func (l *Page) leaveFollowing(page *journal.Page) bool {
	if page == nil || len(page.Rows) == 0 || l.query.Move != journal.Stay && !long(page) {
		return false
	}
	if l.following() {
		l.choose(&page.Rows[len(page.Rows)-1])
		l.query.Anchor = l.cursor
	}
	return true
}

// lookOlder goes up from a page without rows: older entries may be in the journal.
func (l *Page) lookOlder(page *journal.Page) {
	if page != nil && len(page.Rows) == 0 && l.query.Move == journal.Stay {
		l.move(journal.Older, 0, 1, bottom)
	}
}

func (l *Page) stepEntry(k draw.Key, f *frame.Frame) {
	page := f.Page
	wasFollowing := l.following()
	up := k == draw.KeyUp || k == 'k' || k == 'N'
	if !l.leaveFollowing(page) {
		if up {
			l.lookOlder(page)
		}
		return
	}
	i := l.rowOfCursor(page)
	last := len(page.Rows) - 1
	switch {
	case up && i > 0:
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
}

func (l *Page) stepPage(k draw.Key, f *frame.Frame) {
	if !l.leaveFollowing(f.Page) {
		if k == draw.KeyPageUp || k == draw.KeyCtrlU {
			l.lookOlder(f.Page)
		}
		return
	}
	page := f.Page
	up := k == draw.KeyPageUp || k == draw.KeyCtrlU
	last := len(page.Rows) - 1
	from, till := min(l.from, last), min(l.till, last)
	n := till - from
	if k == draw.KeyCtrlU || k == draw.KeyCtrlD {
		n = max(n/2, 1)
	}
	anchor := page.Rows[last].ID
	switch {
	case from == till && up: // an entry as tall as the screen
		l.stepEntry(draw.KeyUp, f)
	case from == till:
		l.stepEntry(draw.KeyDown, f)
	case l.wraps(f):
		l.stepWrapped(page, up, from, till)
	case up:
		l.move(journal.Older, anchor, n, top)
	case page.NewerRows <= n && !page.Past:
		l.follow()
	default:
		l.move(journal.Newer, anchor, n, bottom)
	}
}

// stepWrapped goes a page of wrapped entries up or down from the rows that are shown, from the first to the last whole one:
// so far that it is on the screen once more, since how many fit beyond it is not known.
func (l *Page) stepWrapped(page *journal.Page, up bool, from, till int) {
	last := len(page.Rows) - 1
	anchor := page.Rows[last].ID
	switch n := min(till, page.NewerRows); {
	case up:
		l.choose(&page.Rows[from])
		l.move(journal.Older, anchor, last-from, above)
	case page.Past:
		l.choose(&page.Rows[till])
		l.move(journal.Newer, anchor, till, keep)
	case n == 0 && till == last:
		l.follow()
	default:
		l.choose(&page.Rows[till])
		l.move(journal.Newer, anchor, n, keep)
	}
}

// toOldest does not count from what is shown, so it needs no page.
func (l *Page) toOldest(draw.Key, *frame.Frame) {
	l.move(journal.Oldest, l.cursor, 0, top)
}

func (l *Page) toNewest(draw.Key, *frame.Frame) {
	l.follow()
}

// toError goes to the next error, or to the one before: from where all is followed to the newest.
func (l *Page) toError(k draw.Key, f *frame.Frame) {
	switch newest := l.following(); {
	case !l.leaveFollowing(f.Page):
	case newest:
		l.move(journal.PreviousError, 0, 1, found)
	case k == 'E':
		l.move(journal.PreviousError, l.cursor, 1, found)
	default:
		l.move(journal.NextError, l.cursor, 1, found)
	}
}

// levels are the steps of the minimum level.
var levels = [...]journal.Severity{journal.Debug, journal.Notice, journal.Warning, journal.Err}

func (l *Page) nextLevel(draw.Key, *frame.Frame) {
	next := levels[0]
	for i, have := range levels {
		if have == l.query.Filter.Least {
			next = levels[(i+1)%len(levels)]
		}
	}
	l.query.Filter.Least = next
	l.refilter()
}

func (l *Page) nextTab(k draw.Key, f *frame.Frame) {
	n := len(f.Settings.Tabs)
	if n == 0 {
		return
	}
	step := 1
	if k == draw.KeyLeft {
		step = n - 1
	}
	l.query.Filter.Tab = (l.query.Filter.Tab + step) % n
	l.follow()
}

func (l *Page) toPreviousBoot(_ draw.Key, f *frame.Frame) {
	if f.Page != nil && (l.query.Move == journal.Stay || long(f.Page)) {
		l.move(journal.PreviousBoot, l.cursor, 0, bottom)
	}
}

func (l *Page) toggleRaw(draw.Key, *frame.Frame) {
	l.query.Filter.Raw = !l.query.Filter.Raw
	l.refilter()
}

func (l *Page) toggleFold(draw.Key, *frame.Frame) {
	l.query.Filter.Each = !l.query.Filter.Each
	l.refilter()
}

func (l *Page) openEntry(f *frame.Frame) screens.Screen {
	if !l.leaveFollowing(f.Page) {
		return nil
	}
	i := l.rowOfCursor(f.Page)
	if i < 0 {
		return nil
	}
	return newEntry(l, f.Page, &f.Page.Rows[i])
}
