package screens

import (
	"math"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
)

// network is the view state of F3.
type network struct {
	scroll scroll
	all    bool   // folded interfaces are listed too
	bits   bool   // rates are shown in bits
	input  input  // the filter while it is typed
	filter string // in small letters; empty: none
	chosen int    // the kernel's number of the interface under the cursor, 0: none yet
	rows   []netRow
	guests []int   // places in Net.Interfaces of folded ports with a VM, for guestsRow
	made   netKey  // what rows were made of
	places []place // where the interfaces were drawn last, from the top
}

// place is where an interface was drawn: rows from the top of the list.
type place struct{ index, top, height int }

func networkKeys() []binding {
	return []binding{
		{[]draw.Key{draw.KeyUp, draw.KeyDown, 'k', 'j'}, arrows, "choose an interface", "Choose", chooseLink},
		{[]draw.Key{draw.KeyEnter}, "Enter", "the chosen interface whole", "Whole", openLink},
		{[]draw.Key{'v'}, "v", "list the interfaces of VMs and pods too", "Virtual", foldLinks},
		{[]draw.Key{'/'}, "/", "filter by name, address, VM", "Filter", filterLinks},
		{[]draw.Key{'u'}, "u", "rates in bits or bytes", "Bits", switchUnits},
		{[]draw.Key{draw.KeyPageUp, draw.KeyPageDown, draw.KeyCtrlU, draw.KeyCtrlD}, "PgUp PgDn", "a page; Ctrl-U Ctrl-D half of it", "", scrollNetwork},
		{[]draw.Key{draw.KeyHome, draw.KeyEnd, 'g', 'G'}, "Home End g G", "top, bottom", "", scrollNetwork},
	}
}

func scrollNetwork(c *Console, k draw.Key, _ *frame.Frame) Wish {
	c.network.scroll.key(k)
	return Nothing
}

func foldLinks(c *Console, _ draw.Key, _ *frame.Frame) Wish {
	c.network.all = !c.network.all
	return Nothing
}

func switchUnits(c *Console, _ draw.Key, _ *frame.Frame) Wish {
	c.network.bits = !c.network.bits
	return Nothing
}

func filterLinks(c *Console, _ draw.Key, _ *frame.Frame) Wish {
	c.network.input = input{filterPrompt, c.network.filter}
	return Nothing
}

func openLink(c *Console, _ draw.Key, f *frame.Frame) Wish {
	n := &c.network
	if n.position() < 0 {
		chooseLink(c, draw.KeyNone, f)
	}
	if len(n.places) > 0 {
		c.toggle(linkOverlay)
	}
	return Nothing
}

// chooseLink moves the cursor to the next interface and keeps it in sight; beyond the last it scrolls. The first key
// chooses the first that is in sight.
func chooseLink(c *Console, k draw.Key, _ *frame.Frame) Wish {
	n := &c.network
	at := n.position()
	switch {
	case len(n.places) == 0:
		n.scroll.key(k)
		return Nothing
	case at < 0:
		at = 0
		for at < len(n.places)-1 && n.places[at].top < n.scroll.top {
			at++
		}
	case k == draw.KeyUp || k == 'k':
		if at == 0 {
			n.scroll.key(draw.KeyHome)
			return Nothing
		}
		at--
	case k == draw.KeyNone:
	case at == len(n.places)-1:
		n.scroll.key(k)
		return Nothing
	default:
		at++
	}
	p := &n.places[at]
	n.chosen = p.index
	n.scroll.show(p.top, p.height)
	return Nothing
}

// position is where the chosen interface stands among those that were drawn, -1 when it is not there.
func (n *network) position() int {
	for i := range n.places {
		if n.places[i].index == n.chosen && n.chosen != 0 {
			return i
		}
	}
	return -1
}

// typed handles a key while the filter is typed and says whether it was one for it.
func (n *network) typed(k draw.Key) bool {
	switch {
	case n.input.prompt == noPrompt:
		return false
	case k == draw.KeyEsc:
		n.input, n.filter = input{}, ""
		return true
	case k == draw.KeyEnter:
		n.input = input{}
		return true
	case !k.IsRune() && k != draw.KeyBackspace && k != draw.KeyCtrlU:
		return false
	}
	n.input.edit(k)
	n.filter = lower(n.input.text)
	n.scroll.top = 0
	return true
}

// drawNetwork is F3: the hardware's interfaces one frame each, bonds, VLANs and bridges as trees with the VMs at their
// ports, the cluster's network, and what the host has open.
func drawNetwork(c *Console, r draw.Region, f *frame.Frame) {
	n := &c.network
	n.places = n.places[:0]
	if f.Net == nil || f.Host == nil || len(f.Net.Interfaces) == 0 {
		r.Rule(0, "Physical interfaces")
		r.CutTop(1)
		missing(&r, f, sample.Links)
		return
	}
	known := f.Host.Health[sample.Links].Has()
	if !known { // there is no more than their names and what they count
		r.Rule(0, "Interfaces")
		r.CutTop(1)
		why := r.CutTop(1)
		missing(&why, f, sample.Links)
	}
	n.arrange(f)
	if n.filter != "" || n.input.prompt != noPrompt {
		n.drawFilter(r.CutTop(1), f)
	}
	s := &n.scroll
	view := r.Faded(old(f, sample.Links) || old(f, sample.NetDev)).Scrolled(s.top, math.MaxInt16)
	start := view.H()
	n.drawRows(&view, f)
	if n.filter == "" && known {
		drawK8sNetwork(&view, f)
		p := view.CutTop(1).Pen(1, 0)
		drawListeners(&p, f.Net.Services)
		drawHostNetwork(&view, f)
	}
	s.fit(r.H(), start-view.H())
	if s.below() > 0 {
		p := r.Pen(r.W()-12, r.H()-1)
		p.Text(draw.Border, " ").Glyph(draw.Accent, draw.Down).Text(draw.Dim, " more ")
	}
}

// drawFilter shows what is typed and how many interfaces have it.
func (n *network) drawFilter(r draw.Region, f *frame.Frame) {
	p := r.Pen(1, 0)
	p.Text(draw.Accent|draw.Bold, "/").Fit(draw.Text, n.filter, p.Left()-30)
	if n.input.prompt != noPrompt {
		p.Text(draw.Selected, " ")
	}
	p.Skip(2).Int(draw.Text, int64(len(n.rows))).Text(draw.Dim, " of ").Int(draw.Text, int64(len(f.Net.Interfaces)))
	p.Text(draw.Dim, " interfaces")
}

// drawRows draws what arrange has listed and remembers where.
func (n *network) drawRows(view *draw.Region, f *frame.Frame) {
	start := view.H()
	var beside draw.Region // free room at the right of a frame
	unseen := 0            // lines that end where view begins
	for i := range n.rows {
		row := &n.rows[i]
		if row.kind != frameRow {
			beside = draw.Region{}
		}
		// There may be thousands, and few can be seen.
		if row.kind == lineRow && !view.Sees(unseen) {
			n.remember(row, min(start-view.H()+unseen, start), 1)
			unseen++
			continue
		}
		view.CutTop(unseen)
		unseen = 0
		top, height := start-view.H(), 1
		switch row.kind {
		case titleRow:
			heading(view.CutTop(1).Faded(false), row.title, f, sample.Links)
			continue
		case wordsRow:
			p := view.CutTop(1).Pen(1, 0)
			p.Text(draw.Dim, row.title)
			continue
		case foldedRow:
			drawFolded(view.CutTop(1), row)
			continue
		case guestsRow:
			drawGuests(view.CutTop(1), f, row, n.guests[row.link:row.link+row.count])
			continue
		case frameRow:
			l := f.Net.Interfaces[row.link]
			height = linkRows(f.Net, l, view.W())
			if !beside.Empty() {
				top -= beside.H()
				n.drawFrame(beside.CutTop(height), f, l)
				beside = draw.Region{}
				break
			}
			cut := view.CutTop(n.pairRows(i, f, view.W()))
			if cut.W() >= pairWidth {
				beside = cut
				cut = beside.CutLeft(beside.W() / 2)
			}
			n.drawFrame(cut.CutTop(height), f, l)
		case lineRow:
			n.drawLine(view.CutTop(1), f, row)
		}
		n.remember(row, top, height)
	}
	view.CutTop(unseen)
}

// remember says where the interface of a row is.
func (n *network) remember(row *netRow, top, height int) {
	if !row.again {
		n.places = append(n.places, place{int(row.index), top, height})
	}
}

// pairRows is the height of the frame in row i and, where it gets one, of that beside it.
func (n *network) pairRows(i int, f *frame.Frame, width int) int {
	height := linkRows(f.Net, f.Net.Interfaces[n.rows[i].link], width)
	if width >= pairWidth && i+1 < len(n.rows) && n.rows[i+1].kind == frameRow {
		height = max(height, linkRows(f.Net, f.Net.Interfaces[n.rows[i+1].link], width))
	}
	return height
}
