// Package nodes is F4: every node of the cluster, those that need somebody first, and the overlay with one of them whole.
package nodes

import (
	"cmp"
	"math"
	"slices"

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
	input  widget.Prompt // the filter while it is typed
	filter string        // empty: none
	chosen string        // name of the node under the cursor, empty: none yet
	rows   []int         // indices into Fleet.Rows, of those that are listed
	scroll widget.Scroll
	strip  int // rows of the strip with a cell for each node
}

// New returns the page.
func New() *Page {
	n := new(Page)
	n.Base = screens.NewBase(frame.Nodes, "Nodes",
		screens.Bind(screens.Arrows, "choose a node", "Choose", n.choose, draw.KeyUp, draw.KeyDown, 'k', 'j'),
		screens.BindOverlay("Enter", "the chosen node whole", "Whole", n.open, draw.KeyEnter),
		screens.Bind("s", "sort by name, CPU, memory, pods, VMs", "Sort", n.sortBy, 's'),
		screens.Bind("/", "filter by name, state, role, zone, version", "Filter", n.openFilter, '/'),
		screens.Bind("PgUp PgDn", "choose a node further up, down", "", n.choose, draw.KeyPageUp, draw.KeyPageDown),
		screens.Bind("Home End g G", "choose the first, last node", "", n.choose, draw.KeyHome, draw.KeyEnd, 'g', 'G'),
	)
	return n
}

// ShowsNodes implements screens.Screen's method for pages with nodes one by one.
func (n *Page) ShowsNodes() bool { return true }

// Typing implements screens.Screen's method for pages with a prompt.
func (n *Page) Typing() bool { return n.input.Open }

// Escapes implements screens.Screen's method for pages on which Esc does something.
func (n *Page) Escapes() bool { return n.input.Open || n.filter != "" }

// Handle implements screens.Screen.
func (n *Page) Handle(k draw.Key, f *frame.Frame) (screens.Command, bool) {
	switch n.input.Key(k) {
	case widget.Edited, widget.Dropped:
		n.filter, n.scroll.Top = n.input.Text, 0
		return screens.Command{}, true
	case widget.Entered:
		return screens.Command{}, true
	}
	if k == draw.KeyEsc && n.filter != "" {
		n.filter = ""
		return screens.Command{}, true
	}
	return n.Base.Handle(k, f)
}

func (n *Page) sortBy(draw.Key, *frame.Frame) {
	n.order = (n.order + 1) % sortings
	n.scroll.Top = 0
}

func (n *Page) openFilter(draw.Key, *frame.Frame) {
	n.input = widget.Prompt{Open: true, Text: n.filter}
}

func (n *Page) open(f *frame.Frame) screens.Screen {
	if n.chosen == "" {
		n.choose(draw.KeyHome, f)
	}
	if n.chosen == "" {
		return nil
	}
	return newNode(n.chosen)
}

// fleet is what there is to list, nil while there is nothing.
func fleet(f *frame.Frame) *kube.Fleet {
	if !widget.ClusterKnown(f) || !f.Kube.Kinds[kube.KindNode].Has() {
		return nil
	}
	return f.Kube.Fleet
}

// choose moves the cursor.
func (n *Page) choose(k draw.Key, f *frame.Frame) {
	all := fleet(f)
	if all == nil || len(n.rows) == 0 {
		return
	}
	const some = 10
	at := n.position(all)
	if at < 0 && k != draw.KeyEnd && k != 'G' {
		k = draw.KeyHome
	}
	switch k {
	case draw.KeyUp, 'k':
		at--
	case draw.KeyDown, 'j':
		at++
	case draw.KeyPageUp:
		at -= some
	case draw.KeyPageDown:
		at += some
	case draw.KeyHome, 'g':
		at = 0
	default:
		at = len(n.rows) - 1
	}
	at = max(min(at, len(n.rows)-1), 0)
	if i := n.rows[at]; i < len(all.Rows) {
		n.chosen = all.Rows[i].Name
	}
}

// position is where the chosen node stands among the rows, -1 when it does not.
func (n *Page) position(all *kube.Fleet) int {
	return slices.IndexFunc(n.rows, func(i int) bool { return i < len(all.Rows) && all.Rows[i].Name == n.chosen })
}

func (n *Page) filtered() bool { return n.filter != "" || n.input.Open }

// Update implements screens.Screen: it filters and sorts, and keeps the chosen node in sight.
func (n *Page) Update(w, h int, f *frame.Frame) {
	n.rows, n.strip = n.rows[:0], 0
	all := fleet(f)
	if all == nil {
		return
	}
	for i := range all.Rows {
		if matches(&all.Rows[i], n.filter) {
			n.rows = append(n.rows, i)
		}
	}
	if n.order != byName { // that is how they come
		slices.SortStableFunc(n.rows, func(a, b int) int { return compare(&all.Rows[a], &all.Rows[b], n.order) })
	}
	list := h - n.head(w, h)
	if len(n.rows) > list && w > 0 {
		n.strip = min((len(n.rows)+w-1)/w, max(list/4, 0))
	}
	n.scroll.Fit(max(list-n.strip, 0), len(n.rows))
	if at := n.position(all); at >= 0 {
		n.scroll.Show(at, 1)
	}
}

// head is how many of h rows are not for the nodes one by one: summary, filter, headings, and why one is as it is.
func (n *Page) head(w, h int) int {
	rows := 2 + n.summaryRows(w)
	if n.filtered() {
		rows++
	}
	return min(rows, h)
}

// summaryRows is how many rows the sums take on w columns.
func (n *Page) summaryRows(w int) int {
	if w < wholeSummary {
		return 2
	}
	return 1
}

// matches reports whether a node's words have the filter's text.
func matches(r *kube.NodeRow, filter string) bool {
	if filter == "" {
		return true
	}
	has := func(text string) bool { return widget.Contains(text, filter) }
	return has(r.Name) || has(r.Zone) || has(r.Version) || has(r.InternalIP) || has(stateWord(r)) || slices.ContainsFunc(r.Roles, has) || slices.ContainsFunc(r.Taints, has)
}

// compare is below 0 when a comes first: what needs somebody more, then what there is more of.
func compare(a, b *kube.NodeRow, order sorting) int {
	size := func(r *kube.NodeRow) float64 {
		switch order {
		case byCPU:
			return math.Round(usedCPU(r)) // as it is shown: those that are alike stay in their places
		case byMemory:
			return math.Round(usedMemory(r))
		case byPods:
			return float64(r.PodCount)
		}
		return float64(r.VMs)
	}
	return cmp.Or(cmp.Compare(a.Rank(), b.Rank()), cmp.Compare(size(b), size(a)))
}

// percent is part of all in percent, NaN without all.
func percent(part, all int64) float64 {
	if all <= 0 {
		return math.NaN()
	}
	return 100 * float64(part) / float64(all)
}

// usedCPU is the share of its allocatable CPUs that a node uses, NaN when nobody measures it.
func usedCPU(r *kube.NodeRow) float64 {
	if !r.Measured {
		return math.NaN()
	}
	return percent(r.Used.CPU, r.CPU)
}

// usedMemory is usedCPU of memory.
func usedMemory(r *kube.NodeRow) float64 {
	if !r.Measured {
		return math.NaN()
	}
	return percent(r.Used.Memory, r.Memory)
}

// stateWord is how a node is, in a word or two.
func stateWord(r *kube.NodeRow) string {
	switch r.Rank() {
	case kube.RankNotReady:
		if r.Ready == "False" {
			return "not ready"
		}
		return "silent"
	case kube.RankFaulty:
		return r.Fault().Type
	case kube.RankCordoned:
		return "cordoned"
	}
	return "ready"
}

func stateStyle(r *kube.NodeRow) draw.Style {
	switch r.Rank() {
	case kube.RankNotReady:
		return draw.Bad | draw.Bold
	case kube.RankFaulty, kube.RankCordoned:
		return draw.Warn
	}
	return draw.Good
}
