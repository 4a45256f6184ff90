// Package network is F3: the host's interfaces, the cluster's network, and the overlay with an interface whole.
package network

import (
	"math"
	"slices"
	"sort"

	"hypervisor-tui/act"
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/widget"
)

// Page is F3: whether gateway, resolver and clock are there, the physical interfaces, bonds, VLANs and bridges with what
// they lie on and carry, the cluster's network, and what the host has open.
type Page struct {
	screens.Base
	scroll  widget.Scroll
	all     bool          // folded interfaces are listed too
	bits    bool          // rates are shown in bits
	filter  widget.Prompt // its text is empty while there is none
	chosen  int           // the kernel's number of the interface under the cursor, 0: none yet
	rows    []listRow
	members []int   // places in Net.Interfaces, for rows of several links
	made    listKey // what rows were made of
	density density
	height  int // of all rows
	framed  int // rows that frames take
	cluster int // where what is known of the cluster's network begins; 0: nowhere

	planName, planDetail, planCarries int // columns of a planRow
}

const (
	hardwareTitle = "Physical interfaces"
	clusterTitle  = "K8s network"
)

// New returns the page.
func New() *Page {
	n := new(Page)
	n.Base = screens.NewBase("network", "Network",
		screens.Bind(screens.Arrows, "choose an interface", "Choose", n.choose, draw.KeyUp, draw.KeyDown, 'k', 'j'),
		screens.BindOverlay("Enter", "the chosen interface whole", "Whole", n.openLink, draw.KeyEnter),
		screens.BindSwitch("v", "list the interfaces of VMs and pods too", "Virtual", &n.all, 'v'),
		screens.Bind("/", "filter by name, address, VM", "Filter", n.openFilter, '/'),
		screens.BindSwitch("u", "rates in bits or bytes", "Bits", &n.bits, 'u'),
		screens.Bind("PgUp PgDn", "a page; Ctrl-U Ctrl-D half of it", "", n.scrollBy, draw.KeyPageUp, draw.KeyPageDown, draw.KeyCtrlU, draw.KeyCtrlD),
		screens.Bind("Home End g G", "top, bottom", "", n.scrollBy, draw.KeyHome, draw.KeyEnd, 'g', 'G'),
	)
	return n
}

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

func (n *Page) scrollBy(k draw.Key, _ *frame.Frame) {
	n.scroll.Key(k)
}

func (n *Page) openFilter(draw.Key, *frame.Frame) {
	n.filter.Open = true
}

func (n *Page) openLink(f *frame.Frame) screens.Screen {
	if n.position() < 0 {
		n.choose(draw.KeyNone, f)
	}
	if n.next(-1, 1) < 0 {
		return nil
	}
	return newLink(n)
}

// choose moves the cursor to the next interface and keeps it in sight; beyond the last it scrolls. The first key chooses
// the first that is in sight.
func (n *Page) choose(k draw.Key, _ *frame.Frame) {
	at, up := n.position(), k == draw.KeyUp || k == 'k'
	switch {
	case k == draw.KeyNone && at >= 0:
	case at < 0:
		at = n.next(-1, 1)
		for more := at; more >= 0 && n.rows[at].top < n.scroll.Top; more = n.next(at, 1) {
			at = more
		}
	case up:
		if at = n.next(at, -1); at < 0 {
			k = draw.KeyHome
		}
	default:
		at = n.next(at, 1)
	}
	if at < 0 {
		n.scroll.Key(k)
		return
	}
	n.chosen = int(n.rows[at].index)
	n.scroll.Show(n.rows[at].top, n.rows[at].height)
}

// next is the row nearest to row at, in steps up or down, where the cursor may stand; -1 when there is no more.
func (n *Page) next(at, step int) int {
	for at += step; at >= 0 && at < len(n.rows); at += step {
		if n.rows[at].choosable() {
			return at
		}
	}
	return -1
}

// position is the row with the chosen interface, -1 when it is not there.
func (n *Page) position() int {
	return slices.IndexFunc(n.rows, func(row listRow) bool { return n.chosen != 0 && int(row.index) == n.chosen })
}

// Update lists what is to be drawn and where.
func (n *Page) Update(w, h int, f *frame.Frame) {
	if !hasLinks(f) {
		n.rows, n.height, n.made = n.rows[:0], 0, listKey{}
		return
	}
	h -= n.head(h, f)
	key := listKey{f.Net.Changes, len(f.Net.Interfaces), f.Net.Interfaces[0].Link, n.all, n.filter.Text, len(f.Settings.HideLinks),
		linksKnown(f), widget.ClusterKnown(f), w, h}
	if n.made != key {
		n.made = listKey{} // a panic leaves rows that nobody may take for made
		n.arrange(f, key)
		n.made = key
	}
	n.scroll.Fit(h, n.height)
}

func hasLinks(f *frame.Frame) bool {
	return f.Net != nil && f.Host != nil && len(f.Net.Interfaces) > 0
}

// linksKnown reports whether there is more of the interfaces than their names and what they count.
func linksKnown(f *frame.Frame) bool { return f.Host.Health[sample.Links].Has() }

// hasReach reports whether the page begins with what is known of gateway, resolver and clock.
func hasReach(h int, f *frame.Frame) bool { return h >= 10 && linksKnown(f) }

// head is how many of h rows do not scroll.
func (n *Page) head(h int, f *frame.Frame) int {
	rows := 1 + n.filter.Rows()
	if hasReach(h, f) {
		rows++
	}
	if !linksKnown(f) {
		rows++
	}
	return rows
}

// lay gives each row its place, the first title one above all: it does not scroll. From pairWidth columns on two frames
// stand side by side and are of one height.
func (n *Page) lay(w int, f *frame.Frame) {
	n.layPlan(w, f)
	card := w
	if w >= pairWidth {
		card /= 2
	}
	y := 0
	n.framed, n.cluster = 0, 0
	var left *listRow // a frame that has room at its right
	for i := range n.rows {
		row := &n.rows[i]
		row.top, row.height, row.right = y, 1, false
		switch row.kind {
		case titleRow:
			if i == 0 {
				row.height = 0
			}
		case planRow:
			if n.density == named {
				row.height = n.drawPlan(draw.Nowhere(w), f, row)
			}
		case clusterRow:
			row.height, n.cluster = rowsOf(w, f, drawCluster), y
		case hostRow:
			row.height = rowsOf(w, f, drawHost)
		case cardRow:
			row.height = 2 + rowsOf(card-cardBorder, f, func(in *draw.Region, f *frame.Frame) {
				n.drawFigures(in, f, f.Net.Interfaces[row.link])
			})
		}
		if row.kind == cardRow && left != nil {
			row.top, row.right = left.top, true
			row.height = max(row.height, left.height)
			n.framed += row.height - left.height
			left.height, left = row.height, nil
			y = row.top + row.height
			continue
		}
		left = nil
		if row.kind == cardRow {
			n.framed += row.height
			if w >= pairWidth {
				left = row
			}
		}
		y += row.height
	}
	n.height = y
}

// rowsOf returns how many rows of w columns a block takes.
func rowsOf(w int, f *frame.Frame, block func(*draw.Region, *frame.Frame)) int {
	view := draw.Nowhere(w)
	all := view.H()
	block(&view, f)
	return all - view.H()
}

// Draw implements screens.Screen.
func (n *Page) Draw(r draw.Region, f *frame.Frame) {
	if !hasLinks(f) {
		r.Rule(0, hardwareTitle)
		r.CutTop(1)
		widget.Missing(&r, f, sample.Links)
		return
	}
	if hasReach(r.H(), f) {
		drawReach(r.CutTop(1), f)
	}
	if n.filter.Filters() {
		n.drawFilter(r.CutTop(1), f)
	}
	s := &n.scroll
	n.drawHeading(r.CutTop(1), f)
	if !linksKnown(f) {
		why := r.CutTop(1)
		widget.Missing(&why, f, sample.Links)
	}
	view := r.Faded(widget.Old(f, sample.Links) || widget.Old(f, sample.NetDev)).Scrolled(s.Top, math.MaxInt16)
	// There may be thousands, and few can be seen. Of a pair of frames the one that ends first may be the second.
	first := sort.Search(len(n.rows), func(i int) bool { return n.rows[i].top+n.rows[i].height > s.Top })
	for i := max(first-2, 0); i < len(n.rows) && n.rows[i].top < s.Top+r.H(); i++ {
		n.drawRow(view, f, &n.rows[i])
	}
}

// drawHeading draws the rule above what scrolls: with the title of what comes first there, unless that follows, and how
// much there is beyond both ends.
func (n *Page) drawHeading(r draw.Region, f *frame.Frame) {
	s := &n.scroll
	title := "Interfaces"
	for i := range n.rows {
		row := &n.rows[i]
		if row.top > s.Top {
			break
		}
		if row.kind == titleRow {
			title = row.title
			if row.top == s.Top && row.height > 0 {
				title = ""
			}
		}
	}
	heading(r, title, f)
	widget.MoreRows(r, s)
}

// heading draws the rule of a section, with the age of what it shows when that is old.
func heading(r draw.Region, title string, f *frame.Frame) {
	if title == clusterTitle {
		p := r.Rule(0, title)
		if f.Kube != nil {
			widget.StaleMark(&p, &f.Kube.Health, f)
		}
		return
	}
	widget.Heading(r, title, f, sample.Links)
}

// drawFilter shows what is typed and how many interfaces have it.
func (n *Page) drawFilter(r draw.Region, f *frame.Frame) {
	p := r.Pen(1, 0)
	p.Text(draw.Accent|draw.Bold, "/").Fit(draw.Text, n.filter.Text, p.Left()-30)
	if n.filter.Open {
		p.Text(draw.Selected, " ")
	}
	p.Skip(2).Int(draw.Text, int64(len(n.rows))).Text(draw.Dim, " of ").Int(draw.Text, int64(len(f.Net.Interfaces)))
	p.Text(draw.Dim, " interfaces")
}

// drawRow draws a row in its place.
func (n *Page) drawRow(view draw.Region, f *frame.Frame, row *listRow) {
	r := view.Sub(0, row.top, view.W(), row.height)
	switch row.kind {
	case titleRow:
		if row.height > 0 {
			heading(r.Faded(false), row.title, f)
		}
	case wordsRow:
		p := r.Pen(1, 0)
		p.Text(draw.Dim, row.title)
	case cardRow:
		if r.W() >= pairWidth {
			left := r.CutLeft(r.W() / 2)
			if !row.right {
				r = left
			}
		}
		n.drawCard(r, f, f.Net.Interfaces[row.link])
	case nicRow:
		n.drawNIC(r, f, f.Net.Interfaces[row.link])
	case spareRow:
		n.drawSpares(r, f, row)
	case planRow:
		n.drawPlan(r, f, row)
	case lineRow:
		n.drawLine(r, f, row)
	case foldedRow:
		n.drawFolded(r, row)
	case clusterRow:
		drawCluster(&r, f)
	case hostRow:
		drawHost(&r, f)
	}
}

// Chosen implements screens.Chooser.
func (n *Page) Chosen(f *frame.Frame) (act.Kind, string, bool) {
	if l := chosenLink(f, n.chosen); l != nil {
		return act.Link, l.Name, true
	}
	return 0, "", false
}
