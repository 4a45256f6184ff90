// Package checks is F5: what the plugins report, what is worst first, and the overlay with one of them whole.
package checks

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/plugin"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/widget"
)

// sorting is what the table is sorted by.
type sorting uint8

const (
	byWorst sorting = iota
	byName
	byAge // the oldest first
	sortings
)

// Page is F5.
type Page struct {
	screens.Base
	order  sorting
	filter widget.Prompt // its text is empty while there is none
	chosen string        // name of the plugin under the cursor, empty: none yet
	rows   []int         // indices into State.Results, of those that are listed
	scroll widget.Scroll
}

// New returns the page.
func New() *Page {
	c := new(Page)
	c.Base = screens.NewBase(frame.Checks, "Checks",
		screens.Bind(screens.Arrows, "choose a check", "Choose", c.choose, draw.KeyUp, draw.KeyDown, 'k', 'j'),
		screens.BindOverlay("Enter", "the chosen one whole, with its figures", "Whole", c.open, draw.KeyEnter),
		screens.Bind("s", "sort by what is worst, name, age", "Sort", c.sortBy, 's'),
		screens.Bind("/", "filter by name, state or what it says", "Filter", c.openFilter, '/'),
		screens.Bind("PgUp PgDn", "choose a check further up, down", "", c.choose, draw.KeyPageUp, draw.KeyPageDown),
		screens.Bind("Home End g G", "choose the first, last check", "", c.choose, draw.KeyHome, draw.KeyEnd, 'g', 'G'),
	)
	return c
}

// Typing implements screens.Screen's method for pages with a prompt.
func (c *Page) Typing() bool { return c.filter.Open }

// Escapes implements screens.Screen's method for pages on which Esc does something.
func (c *Page) Escapes() bool { return c.filter.Filters() }

// Handle implements screens.Screen.
func (c *Page) Handle(k draw.Key, f *frame.Frame) (screens.Command, bool) {
	if c.filter.FilterKey(k, &c.scroll.Top) {
		return screens.Command{}, true
	}
	return c.Base.Handle(k, f)
}

// Search chooses the plugin of a name.
func (c *Page) Search(cmd screens.Command) { c.chosen, c.filter = cmd.Query, widget.Prompt{} }

func (c *Page) sortBy(draw.Key, *frame.Frame) {
	c.order = (c.order + 1) % sortings
	c.scroll.Top = 0
}

func (c *Page) openFilter(draw.Key, *frame.Frame) {
	c.filter.Open = true
}

// open shows the chosen plugin whole, the first one while none is listed that is chosen.
func (c *Page) open(f *frame.Frame) screens.Screen {
	if len(c.rows) == 0 {
		return nil
	}
	if c.position(f.Checks.Known()) < 0 {
		c.choose(draw.KeyHome, f)
	}
	return newWhole(c.chosen)
}

// choose moves the cursor.
func (c *Page) choose(k draw.Key, f *frame.Frame) {
	const some = 10
	all := f.Checks.Known()
	if at := widget.Choose(k, c.position(all), len(c.rows), some); at >= 0 && c.rows[at] < len(all) {
		c.chosen = all[c.rows[at]].Name
	}
}

// position is where the chosen plugin stands among the rows, -1 when it does not.
func (c *Page) position(all []plugin.Result) int {
	return slices.IndexFunc(c.rows, func(i int) bool { return i < len(all) && all[i].Name == c.chosen })
}

// Update implements screens.Screen: it filters and sorts, and keeps the plugin in sight that is described.
func (c *Page) Update(w, h int, f *frame.Frame) {
	c.rows = c.rows[:0]
	all := f.Checks.Known()
	for i := range all {
		if c.matches(f.Checks, &all[i]) {
			c.rows = append(c.rows, i)
		}
	}
	slices.SortStableFunc(c.rows, func(a, b int) int { return c.compare(f.Checks, &all[a], &all[b]) })
	c.scroll.Fit(max(h-headRows(f)-c.filter.Rows()-1-whyRows(h), 0), len(c.rows))
	c.scroll.Show(max(c.position(all), 0), 1) // the first is described where none is chosen that is listed
}

// matches reports whether a result's words have the filter's text.
func (c *Page) matches(all *plugin.State, r *plugin.Result) bool {
	has := func(text string) bool { return widget.Contains(text, c.filter.Text) }
	return c.filter.Text == "" || has(r.Name) || has(stateOf(all, r).String()) || has(r.Status.String()) && r.At != 0 || has(r.Text) || slices.ContainsFunc(r.More, has)
}

// compare is below 0 when a comes first.
func (c *Page) compare(all *plugin.State, a, b *plugin.Result) int {
	name := strings.Compare(a.Name, b.Name)
	switch c.order {
	case byName:
		return name
	case byAge:
		return cmp.Or(cmp.Compare(a.At, b.At), name)
	}
	return cmp.Or(cmp.Compare(stateOf(all, a), stateOf(all, b)), name)
}

// state is how a plugin is, what is worst first.
type state uint8

const (
	critical state = iota // by its word, also where that was its last one
	warning
	unknown
	silent
	pending // it has not run yet
	fine
	stateCount
)

var stateNames = [stateCount]string{"critical", "warning", "unknown", "silent", "pending", "ok"}

// String is the word for the state.
func (s state) String() string { return stateNames[s] }

// stateOf is how a plugin is. Of one that does not report any more nobody knows whether it is still as it was said to be: only a
// critical one stays so.
func stateOf(all *plugin.State, r *plugin.Result) state {
	switch {
	case r.Status == plugin.Critical:
		return critical
	case all.Silent(r):
		return silent
	case r.Pending():
		return pending
	case r.Status == plugin.Warning:
		return warning
	case r.Status == plugin.OK && r.At != 0:
		return fine
	}
	return unknown
}

// since is from which CLOCK_BOOTTIME on a plugin's problem has been one; false: it has none.
func since(name string, f *frame.Frame) (time.Duration, bool) {
	for i := range f.Problems {
		if p := &f.Problems[i]; p.Where == frame.Checks && p.Subject == name {
			return p.Since, true
		}
	}
	return 0, false
}

// style is that of the word for a state.
func (s state) style() draw.Style {
	switch s {
	case critical:
		return draw.Bad | draw.Bold
	case warning, unknown, silent:
		return draw.Warn
	case fine:
		return draw.Good
	}
	return draw.Dim
}

// mark writes the sign of a state, that tells it without a colour too; of one that is fine there is none.
func (s state) mark(p *draw.Pen) {
	switch s {
	case critical:
		p.Glyph(s.style(), draw.Wrong)
	case warning:
		p.Glyph(s.style(), draw.Attention)
	case unknown, silent:
		p.Text(s.style(), "?")
	case pending:
		p.Glyph(s.style(), draw.Dot)
	}
}
