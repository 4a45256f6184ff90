package sample

import (
	"math"
	"time"

	"hypervisor-tui/draw/clean"
)

// netRow is what is known of the interface on one line of /proc/net/dev.
type netRow struct {
	raw    string // its name as the kernel writes it
	reads  int8   // 0: now is of no account yet; 1: there is no rate yet; stays at 2
	slot   int32  // place in Net.Interfaces; -1: it has none
	index  int32  // of the link of that name; 0: not known yet
	now    netCounters
	at     time.Duration // CLOCK_BOOTTIME at which now was read
	rx, tx float64
}

// step takes the counters that an interface has at a time.
func (w *netRow) step(now *netCounters, at time.Duration) {
	over := at - w.at
	if w.reads == 0 {
		over = 0
	}
	w.rx = perSecond(w.now.rxBytes, now.rxBytes, over)
	w.tx = perSecond(w.now.txBytes, now.txBytes, over)
	w.now, w.at = *now, at
	w.reads = min(w.reads+1, 2)
}

// belongs says which link the row counts for from now on. Another one of the same name counts anew.
func (w *netRow) belongs(index int, now time.Duration) {
	if w.index != 0 && w.index != int32(index) {
		w.rx, w.tx = math.NaN(), math.NaN()
		w.reads = 0
		if w.at == now {
			w.reads = 1
		}
	}
	w.index = int32(index)
}

// fill copies the counters to the interface.
func (w *netRow) fill(n *Net) {
	if w.slot < 0 || w.reads == 0 {
		return
	}
	i := &n.Interfaces[w.slot]
	i.Counted = true
	i.RxBytes, i.RxErrors, i.RxDropped = w.now.rxBytes, w.now.rxErrors, w.now.rxDropped
	i.TxBytes, i.TxErrors, i.TxDropped = w.now.txBytes, w.now.txErrors, w.now.txDropped
	i.RxRate, i.TxRate = w.rx, w.tx
}

// joinLinks makes n hold the links of the table, if there is one yet, and behind them those that only count, and tells
// each row its slot. A row that has no link but was read before now is gone, or has another name. It allocates: links change
// seldom.
func joinLinks(table *LinkTable, rows []netRow, n *Net, now time.Duration) {
	known := table
	if known == nil {
		known = &LinkTable{}
	}
	n.Addresses, n.Gateways, n.DNS, n.Services = known.Addresses, known.Gateways, known.DNS, known.Services
	n.Changes++
	n.Interfaces = n.Interfaces[:0]
	for _, l := range known.Links {
		n.Interfaces = append(n.Interfaces, Interface{Link: l, RxRate: math.NaN(), TxRate: math.NaN()})
	}
	places := linkPlaces{links: known.Links}
	for i := range rows {
		w := &rows[i]
		name := clean.String(w.raw)
		slot, ok := places.take(name)
		switch {
		case ok:
			w.belongs(known.Links[slot].Index, now)
		case table != nil && w.at != now:
			slot = -1
		default:
			slot = len(n.Interfaces)
			n.Interfaces = append(n.Interfaces, Interface{Link: &Link{Name: name, CarrierChanges: -1}})
		}
		w.slot = int32(slot)
	}
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

// netTotals adds up the physical interfaces. Where there is none, as in a container, it adds up all but loopback.
// Without a link table nobody knows which is which, and both are NaN. An interface that has just appeared does not
// count yet.
func netTotals(table *LinkTable, rows []netRow, interfaces []Interface) (rx, tx float64) {
	if table == nil {
		return math.NaN(), math.NaN()
	}
	physical := false
	for _, l := range table.Links {
		physical = physical || l.Physical
	}
	var r, t total
	for i := range rows {
		w := &rows[i]
		if w.slot < 0 || w.reads < 2 {
			continue
		}
		l := interfaces[w.slot].Link
		counts := l.Physical
		if !physical {
			counts = l.Index != 0 && l.Kind != "loopback"
		}
		if counts {
			r.add(w.rx)
			t.add(w.tx)
		}
	}
	return r.value(), t.value()
}
