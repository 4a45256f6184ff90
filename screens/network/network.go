// Package network is F3: the host's interfaces, the cluster's network, and the overlay with an interface whole.
package network

import (
	"math"
	"slices"
	"sort"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/widget"
)

// Page is F3: the hardware's interfaces one frame each, bonds, VLANs and bridges as trees with the VMs at their
// ports, the cluster's network, and what the host has open.
type Page struct {
	screens.Base
	scroll widget.Scroll
	all    bool          // folded interfaces are listed too
	bits   bool          // rates are shown in bits
	input  widget.Prompt // the filter while it is typed
	filter string        // in small letters; empty: none
	chosen int           // the kernel's number of the interface under the cursor, 0: none yet
	rows   []listRow
	guests []int   // places in Net.Interfaces of folded ports with a VM, for guestsRow
	made   listKey // what rows were made of
	height int     // of all rows
}

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
func (n *Page) Typing() bool { return n.input.Open }

// Handle implements screens.Screen.
func (n *Page) Handle(k draw.Key, f *frame.Frame) (screens.Command, bool) {
	switch n.input.Key(k) {
	case widget.Edited, widget.Dropped:
		n.filter = lower(n.input.Text)
		n.scroll.Top = 0
		return screens.Command{}, true
	case widget.Entered:
		return screens.Command{}, true
	}
	if k == draw.KeyEsc {
		n.filter = ""
		return screens.Command{}, true
	}
	return n.Base.Handle(k, f)
}

func (n *Page) scrollBy(k draw.Key, _ *frame.Frame) {
	n.scroll.Key(k)
}

func (n *Page) openFilter(draw.Key, *frame.Frame) {
	n.input = widget.Prompt{Open: true, Text: n.filter}
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
	return slices.IndexFunc(n.rows, func(row listRow) bool { return n.chosen != 0 && int(row.index) == n.chosen && row.choosable() })
}

// Update lists what is to be drawn and where.
func (n *Page) Update(w, h int, f *frame.Frame) {
	if !hasLinks(f) {
		n.rows, n.height = n.rows[:0], 0
		n.made = listKey{}
		return
	}
	n.arrange(f)
	n.lay(w, f)
	all := n.height
	if n.filter == "" && linksKnown(f) {
		all += restRows(w, f)
	}
	n.scroll.Fit(h-n.head(f), all)
}

func hasLinks(f *frame.Frame) bool {
	return f.Net != nil && f.Host != nil && len(f.Net.Interfaces) > 0
}

// linksKnown reports whether there is more of the interfaces than their names and what they count.
func linksKnown(f *frame.Frame) bool { return f.Host.Health[sample.Links].Has() }

func (n *Page) filtered() bool { return n.filter != "" || n.input.Open }

// head is how many rows do not scroll.
func (n *Page) head(f *frame.Frame) int {
	rows := 0
	if !linksKnown(f) {
		rows = 3
	}
	if n.filtered() {
		rows++
	}
	return rows
}

// lay gives each row its place. From pairWidth columns on two frames stand side by side.
func (n *Page) lay(w int, f *frame.Frame) {
	y, left := 0, -1 // left: the row of a frame that has room at its right
	for i := range n.rows {
		row := &n.rows[i]
		row.top, row.height, row.right = y, 1, false
		if row.kind == cardRow {
			row.height = cardRows(f.Net, f.Net.Interfaces[row.link], w)
			if left >= 0 {
				row.top, row.right, left = n.rows[left].top, true, -1
				y = max(y, row.top+row.height)
				continue
			}
			if w >= pairWidth {
				left = i
			}
		} else {
			left = -1
		}
		y += row.height
	}
	n.height = y
}

// Draw implements screens.Screen.
func (n *Page) Draw(r draw.Region, f *frame.Frame) {
	if !hasLinks(f) {
		r.Rule(0, "Physical interfaces")
		r.CutTop(1)
		widget.Missing(&r, f, sample.Links)
		return
	}
	if !linksKnown(f) {
		r.Rule(0, "Interfaces")
		r.CutTop(1)
		why := r.CutTop(1)
		widget.Missing(&why, f, sample.Links)
	}
	if n.filtered() {
		n.drawFilter(r.CutTop(1), f)
	}
	s := &n.scroll
	view := r.Faded(widget.Old(f, sample.Links) || widget.Old(f, sample.NetDev)).Scrolled(s.Top, math.MaxInt16)
	// There may be thousands, and few can be seen. Of a pair of frames the one that ends first may be the second.
	first := sort.Search(len(n.rows), func(i int) bool { return n.rows[i].top+n.rows[i].height > s.Top })
	for i := max(first-2, 0); i < len(n.rows) && n.rows[i].top < s.Top+r.H(); i++ {
		n.drawRow(view, f, &n.rows[i])
	}
	if view.CutTop(n.height); n.filter == "" && linksKnown(f) {
		drawRest(&view, f)
	}
	if s.Below() > 0 {
		p := r.Pen(r.W()-12, r.H()-1)
		p.Text(draw.Border, " ").Glyph(draw.Accent, draw.Down).Text(draw.Dim, " more ")
	}
}

// drawRest draws what stands below the interfaces.
func drawRest(view *draw.Region, f *frame.Frame) {
	drawCluster(view, f)
	p := view.CutTop(1).Pen(1, 0)
	drawListeners(&p, f.Net.Services)
	drawHost(view, f)
}

// restRows is how many rows drawRest takes on w columns: measuring them would cost as much as drawing them.
func restRows(w int, f *frame.Frame) int {
	cluster := 2
	if widget.ClusterKnown(f) {
		cluster = 4
		if w < pairColumns {
			cluster += 2
		}
	}
	return 1 + cluster + 2 + max(len(f.Net.Gateways), 1) + 2
}

// drawFilter shows what is typed and how many interfaces have it.
func (n *Page) drawFilter(r draw.Region, f *frame.Frame) {
	p := r.Pen(1, 0)
	p.Text(draw.Accent|draw.Bold, "/").Fit(draw.Text, n.filter, p.Left()-30)
	if n.input.Open {
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
		widget.Heading(r.Faded(false), row.title, f, sample.Links)
	case wordsRow:
		p := r.Pen(1, 0)
		p.Text(draw.Dim, row.title)
	case foldedRow:
		drawFolded(r, row)
	case guestsRow:
		drawGuests(r, f, row, n.guests[row.link:row.link+row.count])
	case cardRow:
		if r.W() >= pairWidth {
			left := r.CutLeft(r.W() / 2)
			if !row.right {
				r = left
			}
		}
		n.drawCard(r, f, f.Net.Interfaces[row.link])
	case lineRow:
		n.drawLine(r, f, row)
	}
}
