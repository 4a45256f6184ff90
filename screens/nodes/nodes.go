// Package nodes is F4: every node of the cluster, those that need somebody first, and the overlay with one of them whole.
package nodes

import (
	"cmp"
	"slices"

	"hypervisor-tui/act"
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/kube"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/widget"
)

// sorting is what the table is sorted by, after what needs somebody.
type sorting uint8

const (
	byName sorting = iota
	byCPU
	byMemory
	byPods
	byVMs
	sortings
)

// Page is F4.
type Page struct {
	screens.Base
	order  sorting
	filter widget.Prompt // its text is empty while there is none
	chosen string        // name of the node under the cursor, empty: none yet
	rows   []int         // indices into Frame.Nodes, of those that are listed
	scroll widget.Scroll
	strip  int // rows of the strip with a cell for each node
}

// New returns the page.
func New() *Page {
	n := new(Page)
	n.Base = screens.NewBase(frame.Nodes, "Nodes",
		screens.Bind(screens.Arrows, "choose a node", "Choose", n.choose, draw.KeyUp, draw.KeyDown, 'k', 'j'),
		screens.BindOverlay("Enter", "the chosen node whole", "Whole", n.open, draw.KeyEnter),
		screens.BindVisit(n.atCursor),
		screens.Bind("s", "sort by name, CPU, memory, pods, VMs", "Sort", n.sortBy, 's'),
		screens.Bind("/", "filter by name, state, zone or any word", "Filter", n.openFilter, '/'),
		screens.Bind("PgUp PgDn", "choose a node further up, down", "", n.choose, draw.KeyPageUp, draw.KeyPageDown),
		screens.Bind("Home End g G", "choose the first, last node", "", n.choose, draw.KeyHome, draw.KeyEnd, 'g', 'G'),
	)
	return n
}

// ShowsNodes implements screens.Screen's method for pages with nodes one by one.
func (n *Page) ShowsNodes() bool { return true }

// Typing implements screens.Screen's method for pages with a prompt.
func (n *Page) Typing() bool { return n.filter.Open }

// Escapes implements screens.Screen's method for pages on which Esc does something.
func (n *Page) Escapes() bool { return n.filter.Filters() }

// Handle implements screens.Screen.
func (n *Page) Handle(k draw.Key, f *frame.Frame) (screens.Command, bool) {
	if n.filter.FilterKey(k, &n.scroll.Top) {
		return screens.Command{}, true
	}
	return n.Base.Handle(k, f)
}

// Search chooses the node of a name.
func (n *Page) Search(cmd screens.Command) { n.chosen, n.filter = cmd.Query, widget.Prompt{} }

func (n *Page) sortBy(draw.Key, *frame.Frame) {
	n.order = (n.order + 1) % sortings
	n.scroll.Top = 0
}

func (n *Page) openFilter(draw.Key, *frame.Frame) {
	n.filter.Open = true
}

func (n *Page) open(f *frame.Frame) screens.Screen {
	if name := n.atCursor(f); name != "" {
		return newNode(name)
	}
	return nil
}

// atCursor is the chosen node, the first one while none is chosen or the filter hides it, empty where there is none. One that has
// left the cluster stays chosen.
func (n *Page) atCursor(f *frame.Frame) string {
	switch hidden := n.filter.Filters() && n.position(f.Nodes) < 0; {
	case n.chosen != "" && !hidden:
	case len(n.rows) == 0:
		return ""
	default:
		n.choose(draw.KeyHome, f)
	}
	return n.chosen
}

// choose moves the cursor.
func (n *Page) choose(k draw.Key, f *frame.Frame) {
	const some = 10
	if at := widget.Choose(k, n.position(f.Nodes), len(n.rows), some); at >= 0 && n.rows[at] < len(f.Nodes) {
		n.chosen = f.Nodes[n.rows[at]].Name
	}
}

// position is where the chosen node stands among the rows, -1 when it does not.
func (n *Page) position(all []frame.Node) int {
	return slices.IndexFunc(n.rows, func(i int) bool { return i < len(all) && all[i].Name == n.chosen })
}

// Update implements screens.Screen: it filters and sorts, and keeps the chosen node in sight.
func (n *Page) Update(w, h int, f *frame.Frame) {
	n.rows, n.strip = n.rows[:0], 0
	all := f.Nodes
	if len(all) == 0 {
		return
	}
	for i := range all {
		if matches(&all[i], n.filter.Text, f) {
			n.rows = append(n.rows, i)
		}
	}
	if n.order != byName { // that is how they come
		slices.SortStableFunc(n.rows, func(a, b int) int { return compare(&all[a], &all[b], n.order, f) })
	}
	list := h - n.head(w, h, f)
	if len(n.rows) > list && w > 0 {
		n.strip = min((len(n.rows)+w-1)/w, max(list/4, 0))
	}
	n.scroll.Fit(max(list-n.strip, 0), len(n.rows))
	if at := n.position(all); at >= 0 {
		n.scroll.Show(at, 1)
	}
}

// head is how many of h rows are not for the nodes one by one: summary, filter, headings, and why one is as it is.
func (n *Page) head(w, h int, f *frame.Frame) int {
	return min(1+summaryRows(w, h, f)+n.filter.Rows()+whyRows(w, h, f), h)
}

// bothSides reports whether a page of h rows has rows for what the nodes say themselves.
func bothSides(h int, f *frame.Frame) bool { return f.Peers != nil && h >= 10 }

// summaryRows is how many rows the sums take on w columns, and below them how the nodes take it to be asked.
func summaryRows(w, h int, f *frame.Frame) int {
	rows := 1
	if w < wholeSummary && fleet(f) != nil {
		rows++
	}
	if bothSides(h, f) {
		rows++
	}
	return rows
}

// whyRows is how many rows it takes to say why a node is as it is: with two sides there is more to say.
func whyRows(w, h int, f *frame.Frame) int {
	if bothSides(h, f) && w < wholeSummary {
		return 2
	}
	return 1
}

// fleet is what the API says of the nodes, nil while it has not said anything.
func fleet(f *frame.Frame) *kube.Fleet {
	if !widget.ClusterKnown(f) || !f.Kube.Kinds[kube.KindNode].Has() {
		return nil
	}
	return f.Kube.Fleet
}

// matches reports whether a node's words have the filter's text.
func matches(n *frame.Node, filter string, f *frame.Frame) bool {
	if filter == "" {
		return true
	}
	has := func(text string) bool { return widget.Contains(text, filter) }
	if has(n.Name) || has(apiWord(n, f)) || n.Peer != nil && has(cmp.Or(n.Contact.String(), "not asked")) || n.Disagree != frame.Agree && has("disagrees") || n.ClockOff() && has("clock") {
		return true
	}
	if p := n.Peer; p != nil && (has(p.Health.Err) || p.Summary != nil && has(p.Summary.Worst)) {
		return true
	}
	r := n.API
	return r != nil && (has(r.Zone) || has(r.Version) || has(r.InternalIP) || slices.ContainsFunc(r.Roles, has) || slices.ContainsFunc(r.Taints, has))
}

// Chosen implements screens.Chooser.
func (n *Page) Chosen(*frame.Frame) (act.Kind, string, bool) {
	return act.Node, n.chosen, n.chosen != ""
}
