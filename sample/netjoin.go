package sample

import (
	"math"
	"time"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/sample/procfile"
)

// netRow is one line of /proc/net/dev.
type netRow struct {
	raw   string        // name of the interface as the kernel writes it
	at    time.Duration // CLOCK_BOOTTIME at which it was counted last
	slot  int32         // place in Net.Interfaces; -1: it has none
	index int32         // of the link of that name; 0: not known yet
	reads int8          // 0: it has not been counted; 1: there is no rate yet; stays at 2
}

// step gives the row's interface the counters that it has at a time.
func (w *netRow) step(i *Interface, now *procfile.NetCounters, at time.Duration) {
	over := at - w.at
	if w.reads == 0 {
		over = 0
	}
	i.Counted = true
	i.RxRate, i.TxRate = procfile.PerSecond(i.RxBytes, now.RxBytes, over), procfile.PerSecond(i.TxBytes, now.TxBytes, over)
	i.RxBytes, i.RxErrors, i.RxDropped = now.RxBytes, now.RxErrors, now.RxDropped
	i.TxBytes, i.TxErrors, i.TxDropped = now.TxBytes, now.TxErrors, now.TxDropped
	w.at, w.reads = at, min(w.reads+1, 2)
}

// belongs says which link the row counts for from now on. Another one of the same name counts anew.
func (w *netRow) belongs(i *Interface, now time.Duration) {
	if w.index != 0 && w.index != int32(i.Index) {
		i.RxRate, i.TxRate = math.NaN(), math.NaN()
		w.reads = 1
		if w.at != now {
			w.reads, i.Counted = 0, false
		}
	}
	w.index = int32(i.Index)
}

// join makes n hold the links of the table, if there is one yet, and behind them those that only count, and tells each row
// its slot. A row that has no link but was counted before now is gone, or has another name. It allocates: links change
// seldom.
func (r *netdevReader) join(table *LinkTable, n *Net, now time.Duration) {
	known := table
	if known == nil {
		known = &LinkTable{}
	}
	n.Addresses, n.Gateways, n.DNS, n.Services = known.Addresses, known.Gateways, known.DNS, known.Services
	n.Changes++
	old := n.counted
	n.counted = make([]Interface, 0, max(len(known.Links), len(r.rows)))
	for _, l := range known.Links {
		n.counted = append(n.counted, Interface{Link: l, Plain: !l.Physical && l.Detail == nil, RxRate: math.NaN(), TxRate: math.NaN()})
	}
	places := linkPlaces{links: known.Links}
	for i := range r.rows {
		w := &r.rows[i]
		name := clean.String(w.raw)
		slot, ok := places.take(name)
		switch {
		case ok:
			w.raw = sameText(w.raw, known.Links[slot].Name)
			w.move(&n.counted[slot], old, now)
		case table != nil && w.at != now:
			slot = -1
		default:
			slot = len(n.counted)
			n.counted = append(n.counted, old[w.slot])
		}
		w.slot = int32(slot)
	}
	n.reading++
	n.show()
	r.table, r.made = table, true
	r.openHardware(n)
}

// move gives an interface what the row has counted so far.
func (w *netRow) move(to *Interface, counted []Interface, now time.Duration) {
	if w.slot < 0 {
		w.reads, w.index = 0, int32(to.Index)
		return
	}
	link, plain := to.Link, to.Plain
	*to = counted[w.slot]
	to.Link, to.Plain = link, plain
	w.belongs(to, now)
}

// sameText is other where it says the same, so that the text is in memory once.
func sameText(text, other string) string {
	if text == other {
		return other
	}
	return text
}

// linkPlaces finds links by their names. Nearly always they are asked for in their own order.
type linkPlaces struct {
	links []*Link
	next  int
	named map[string]int // nil: not needed so far
}

// take finds the place of a link, once.
func (p *linkPlaces) take(name string) (at int, ok bool) {
	if p.named == nil {
		if p.next < len(p.links) && p.links[p.next].Name == name {
			p.next++
			return p.next - 1, true
		}
		p.named = make(map[string]int, len(p.links)-p.next)
		for i := p.next; i < len(p.links); i++ {
			p.named[p.links[i].Name] = i
		}
	}
	at, ok = p.named[name]
	delete(p.named, name)
	return at, ok
}

// netTotals adds up the physical interfaces, each byte once. Where there is none, as in a container, it adds up all but
// loopback and what lies on or belongs to another one here.
// Without a link table nobody knows which is which, and both are NaN. An interface that has just appeared does not
// count yet.
func netTotals(table *LinkTable, rows []netRow, n *Net) (rx, tx float64) {
	if table == nil {
		return math.NaN(), math.NaN()
	}
	physical := false
	for _, l := range n.Interfaces {
		physical = physical || !l.Plain && l.Physical
	}
	var r, t procfile.Total
	for i := range rows {
		w := &rows[i]
		if w.slot < 0 || w.reads < 2 {
			continue
		}
		l := n.Interfaces[w.slot]
		if physical && (l.Plain || !l.Physical || l.Twice) || !physical && !leadsOut(l.Link) {
			continue
		}
		r.Add(l.RxRate)
		t.Add(l.TxRate)
	}
	return r.Value(), t.Value()
}

// leadsOut reports whether a link of a host without hardware may lead out of it.
func leadsOut(l *Link) bool {
	return l.Index != 0 && l.Kind != "loopback" && l.Master == "" && l.Parent == ""
}
