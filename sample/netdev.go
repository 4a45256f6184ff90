package sample

import (
	"bytes"
	"math"
	"sync/atomic"
	"time"
)

// netLine is one line of /proc/net/dev; name lies in the text that was parsed.
type netLine struct {
	name []byte
	netCounters
}

// netCounters are the columns of /proc/net/dev that are used.
type netCounters struct {
	rxBytes, rxErrors, rxDropped, txBytes, txErrors, txDropped uint64
}

// netRow is what is known of the interface on one line of /proc/net/dev.
type netRow struct {
	raw    string // as the kernel writes it
	name   string // the same, cleaned: as the link table has it
	reads  int    // 0: now is of no account yet; 1: there is no rate yet; stays at 2
	now    netCounters
	rx, tx float64
	slot   int // index in Net.Interfaces
}

// netdevReader reads /proc/net/dev and joins it with the link table. links is written by any goroutine.
type netdevReader struct {
	file  kept
	links *atomic.Pointer[LinkReport]
	lines []netLine
	rows  []netRow   // as many as lines, in the same order
	table *LinkTable // that Net and the rows' slots were made from
	made  bool       // Net.Interfaces fits rows and table
	at    time.Duration
}

func (r *netdevReader) read(now time.Duration, _ *Host, n *Net) error {
	err := r.count(now)
	var table *LinkTable
	if report := r.links.Load(); report != nil {
		table = report.Table
	}
	if !r.made || table != r.table {
		joinLinks(table, r.rows, n)
		r.table, r.made = table, true
	}
	for i := range r.rows {
		r.rows[i].fill(&n.Interfaces[r.rows[i].slot])
	}
	n.Rx, n.Tx = netTotals(r.table, r.rows, n.Interfaces)
	return err
}

func (r *netdevReader) close() { r.file.close() }

// count brings the rows up to date. After an error they are what they were.
func (r *netdevReader) count(now time.Duration) error {
	text, err := r.file.read()
	if err != nil {
		return err
	}
	if r.lines, err = parseNetDev(text, r.lines[:0]); err != nil {
		return r.file.fail(err)
	}
	fits := len(r.lines) == len(r.rows)
	for i := 0; fits && i < len(r.rows); i++ {
		fits = r.rows[i].raw == string(r.lines[i].name)
	}
	if !fits {
		r.rows = replugNICs(r.rows, r.lines)
		r.made = false
	}
	for i := range r.rows {
		r.rows[i].step(&r.lines[i].netCounters, now-r.at)
	}
	r.at = now
	return nil
}

// parseNetDev appends the interfaces of /proc/net/dev to d. Of the 16 columns, receive is the first 8.
//
// Kernel: net/core/net-procfs.c, dev_seq_printf_stats
func parseNetDev(text []byte, d []netLine) ([]netLine, error) {
	for range 2 { // headings
		_, text = cutLine(text)
	}
	for len(text) > 0 {
		var line []byte
		line, text = cutLine(text)
		name, figures, ok := cutName(line)
		if !ok {
			return d, errShort
		}
		var v [12]uint64
		n, err := numbers(figures, v[:])
		if err != nil {
			return d, err
		}
		if n < len(v) || len(name) == 0 {
			return d, errShort
		}
		d = append(d, netLine{name, netCounters{
			rxBytes: v[0], rxErrors: v[2], rxDropped: v[3], txBytes: v[8], txErrors: v[10], txDropped: v[11],
		}})
	}
	return d, nil
}

// cutName cuts the name off a line of /proc/net/dev, at its last colon: a name may hold one, the figures never do. It
// is found from the front, since bytes.LastIndexByte goes byte by byte.
func cutName(line []byte) (name, figures []byte, ok bool) {
	end := bytes.IndexByte(line, ':')
	for next := end; next >= 0; {
		if next = bytes.IndexByte(line[end+1:], ':'); next >= 0 {
			end += 1 + next
		}
	}
	if end < 0 {
		return nil, nil, false
	}
	return bytes.TrimSpace(line[:end]), line[end+1:], true
}

// replugNICs makes rows that fit lines; interfaces that were there before keep their counters. It allocates.
func replugNICs(old []netRow, lines []netLine) []netRow {
	known := make(map[string]*netRow, len(old))
	for i := range old {
		known[old[i].raw] = &old[i]
	}
	rows := make([]netRow, 0, len(lines))
	nan := math.NaN()
	for i := range lines {
		raw := string(lines[i].name)
		row, ok := known[raw]
		if !ok {
			row = &netRow{raw: raw, name: outside(lines[i].name), rx: nan, tx: nan}
		}
		delete(known, raw) // a second line of that name is another device
		rows = append(rows, *row)
	}
	return rows
}

// step takes the counters that an interface has now.
func (w *netRow) step(now *netCounters, over time.Duration) {
	if w.reads == 0 {
		over = 0
	}
	w.rx = perSecond(w.now.rxBytes, now.rxBytes, over)
	w.tx = perSecond(w.now.txBytes, now.txBytes, over)
	w.now = *now
	w.reads = min(w.reads+1, 2)
}

// fill copies the counters to the interface.
func (w *netRow) fill(i *Interface) {
	i.Counted = true
	i.RxBytes, i.RxErrors, i.RxDropped = w.now.rxBytes, w.now.rxErrors, w.now.rxDropped
	i.TxBytes, i.TxErrors, i.TxDropped = w.now.txBytes, w.now.txErrors, w.now.txDropped
	i.RxRate, i.TxRate = w.rx, w.tx
}

// joinLinks makes n hold the interfaces of the table, if there is one yet, and behind them those that only count, and
// tells each row its slot. It allocates: links change seldom.
func joinLinks(table *LinkTable, rows []netRow, n *Net) {
	n.Interfaces, n.Addresses, n.Gateways, n.DNS = n.Interfaces[:0], n.Addresses[:0], n.Gateways[:0], n.DNS[:0]
	n.Services = nil
	n.Changes++
	if table != nil {
		n.Interfaces = append(n.Interfaces, table.Interfaces...)
		n.Addresses = append(n.Addresses, table.Addresses...)
		n.Gateways = append(n.Gateways, table.Gateways...)
		n.DNS = append(n.DNS, table.DNS...)
		n.Services = table.Services
	}
	slots := make(map[string]int, len(n.Interfaces))
	for i := range n.Interfaces {
		slots[n.Interfaces[i].Name] = i
		n.Interfaces[i].Counted = false
		n.Interfaces[i].RxRate, n.Interfaces[i].TxRate = math.NaN(), math.NaN()
	}
	for i := range rows {
		slot, ok := slots[rows[i].name]
		if !ok {
			slot = len(n.Interfaces)
			n.Interfaces = append(n.Interfaces, Interface{Name: rows[i].name})
		}
		delete(slots, rows[i].name)
		rows[i].slot = slot
	}
}

// netTotals adds up the physical interfaces. Where there is none, as in a container, it adds up all but loopback.
// Without a link table nobody knows which is which, and both are NaN. An interface that has just appeared does not
// count yet.
func netTotals(table *LinkTable, rows []netRow, interfaces []Interface) (rx, tx float64) {
	if table == nil {
		return math.NaN(), math.NaN()
	}
	physical := false
	for i := range table.Interfaces {
		physical = physical || table.Interfaces[i].Physical
	}
	var r, t total
	for i := range rows {
		link := &interfaces[rows[i].slot]
		counts := link.Physical
		if !physical {
			counts = rows[i].slot < len(table.Interfaces) && link.Kind != "loopback"
		}
		if counts && rows[i].reads > 1 {
			r.add(rows[i].rx)
			t.add(rows[i].tx)
		}
	}
	return r.value(), t.value()
}
