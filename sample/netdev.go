package sample

import (
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/sample/procfile"
)

// linesASecond is how much of /proc/net/dev is read, in the mean. The kernel adds up and writes each line anew for each
// reading: with thousands of interfaces that takes longer than all else that is sampled.
const linesASecond = 100

const mostInterfaces = 16384 // that are counted

// netdevReader reads /proc/net/dev and joins it with the link table. links is written by any goroutine.
//
// A file that is too long for each sample is read each few; meanwhile the figures stand, but for those of the hardware's
// interfaces: they are few, and have files of their own.
type netdevReader struct {
	root     string
	interval time.Duration // between two samples
	file     procfile.File
	links    *atomic.Pointer[LinkReport]
	rows     []netRow // one a line, in the same order
	pass     netPass
	hardware []nicFiles // of Net.hardware, while the file is not read each time
	table    *LinkTable // that Net and the rows' slots were made from
	made     bool       // Net fits rows and table
	readings int
	at       time.Duration // of the last one
	every    time.Duration // between two; 0: each sample reads
	left     bool          // there are more interfaces than are counted
	said     error         // that, or that it is not read each time; nil: it is
}

func (r *netdevReader) read(now time.Duration, _ *Host, n *Net) error {
	var err error
	fresh := len(r.hardware) > 0
	if r.readings < 2 || now-r.at >= r.every-leastInterval {
		err, fresh = r.count(now, n), true
	}
	for i := range r.hardware {
		r.hardware[i].count(&n.counted[n.hardware[i]], r.rows, now)
	}
	var table *LinkTable
	if report := r.links.Load(); report != nil {
		table = report.Table
	}
	if !r.made || table != r.table {
		r.join(table, n, now)
		fresh = true
	}
	if fresh {
		if n.Rx, n.Tx = netTotals(r.table, r.rows, n); r.left {
			n.Rx, n.Tx = math.NaN(), math.NaN()
		}
		n.Counted = now
	}
	if err != nil {
		return err
	}
	return r.said
}

func (r *netdevReader) close() {
	r.file.Close()
	r.closeHardware()
}

// netPass is one reading under way.
type netPass struct {
	now      time.Duration
	headings int
	row      int
	net      *Net
	fresh    []netRow           // in place of the rows, which do not fit the file; nil: they do
	known    map[string]*netRow // of the rows that did not come yet
	shown    int                // interfaces before fresh rows added theirs
	left     bool               // there was no room for all
}

// count brings n up to date. After an error it is so as far as the file could be read.
func (r *netdevReader) count(now time.Duration, n *Net) error {
	r.pass = netPass{now: now, net: n}
	err := r.file.Lines(r.take)
	if err == nil && r.pass.fresh == nil && r.pass.row < len(r.rows) {
		r.pass.replug(r.rows)
	}
	if err == nil && r.pass.fresh != nil {
		r.rows, r.made = r.pass.fresh, false
	}
	if err == nil && (r.pass.fresh != nil || r.pass.left != r.left) {
		r.left = r.pass.left
		r.pace()
	}
	if err != nil && r.pass.fresh != nil { // nobody keeps those rows
		n.counted = n.counted[:r.pass.shown]
	}
	n.reading++
	n.show()
	r.pass = netPass{}
	if err != nil {
		return err
	}
	r.at = now
	r.readings++
	return nil
}

// pace finds how often a file of that many lines is read, a whole number of samples.
func (r *netdevReader) pace() {
	r.every, r.said = 0, nil
	if need := time.Duration(len(r.rows)) * time.Second / linesASecond; need > r.interval {
		r.every = (need + r.interval - 1) / r.interval * r.interval
		r.said = procfile.Warning(fmt.Sprintf("%d interfaces: each %v, the hardware's each sample", len(r.rows), r.every))
	}
	if r.left {
		r.said = procfile.ErrLeftOut
	}
}

// take takes one line.
func (r *netdevReader) take(line []byte) error {
	p := &r.pass
	if p.headings < procfile.NetHeadings {
		p.headings++
		return nil
	}
	l, err := procfile.ParseNetLine(line)
	if err != nil {
		return err
	}
	if p.fresh == nil && p.row < len(r.rows) && r.rows[p.row].raw == string(l.Name) {
		p.step(&r.rows[p.row], &l.NetCounters)
		p.row++
		return nil
	}
	if max(p.row, len(p.fresh)) >= mostInterfaces {
		p.left = true
		return nil
	}
	if p.fresh == nil {
		p.replug(r.rows)
	}
	p.add(&l)
	return nil
}

// step gives the interface of a row the counters that it has now.
func (p *netPass) step(w *netRow, now *procfile.NetCounters) {
	if w.slot < 0 { // it is in no table, and here it is
		w.slot = int32(len(p.net.counted))
		p.net.counted = append(p.net.counted, Interface{Link: &Link{Name: clean.String(w.raw), CarrierChanges: -1, SharedAttrs: &noTraits}})
	}
	w.step(&p.net.counted[w.slot], now, p.now)
}

// replug begins rows that fit the file: those so far, as they are. It allocates.
func (p *netPass) replug(rows []netRow) {
	p.shown = len(p.net.counted)
	p.fresh = append(make([]netRow, 0, len(rows)+1), rows[:p.row]...)
	p.known = make(map[string]*netRow, len(rows)-p.row)
	for i := p.row; i < len(rows); i++ {
		p.known[rows[i].raw] = &rows[i]
	}
}

// add adds the row of an interface to those that fit the file; one that was there before keeps its counters.
func (p *netPass) add(l *procfile.NetLine) {
	row := netRow{slot: -1}
	if old, ok := p.known[string(l.Name)]; ok {
		row = *old
		delete(p.known, row.raw) // a second line of that name is another device
	} else {
		row.raw = string(l.Name)
	}
	p.step(&row, &l.NetCounters)
	p.fresh = append(p.fresh, row)
}

// nicFiles are the counters that an interface of the hardware has for itself.
//
// Kernel: Documentation/ABI/testing/sysfs-class-net-statistics
type nicFiles struct {
	row    int // of netdevReader
	rx, tx procfile.File
}

// count brings the interface up to date. One that cannot be read has gone, and what it counted last stands until the
// next table.
func (f *nicFiles) count(i *Interface, rows []netRow, now time.Duration) {
	w := &rows[f.row]
	if w.at == now {
		return
	}
	rx, err := f.rx.Number()
	tx, also := f.tx.Number()
	if err == nil && also == nil {
		w.step(i, &procfile.NetCounters{RxBytes: rx, RxErrors: i.RxErrors, RxDropped: i.RxDropped, TxBytes: tx, TxErrors: i.TxErrors, TxDropped: i.TxDropped}, now)
	}
}

// openHardware finds the interfaces that are counted by files of their own: none while the file of all is read each time.
func (r *netdevReader) openHardware(n *Net) {
	r.closeHardware()
	n.hardware = nil
	if r.every == 0 {
		return
	}
	for i := range r.rows {
		w := &r.rows[i]
		if w.slot < 0 || !n.Interfaces[w.slot].Physical {
			continue
		}
		dir := "/sys/class/net/" + w.raw + "/statistics/"
		r.hardware = append(r.hardware, nicFiles{row: i, rx: procfile.New(r.root, dir+"rx_bytes"), tx: procfile.New(r.root, dir+"tx_bytes")})
		n.hardware = append(n.hardware, w.slot)
	}
}

func (r *netdevReader) closeHardware() {
	for i := range r.hardware {
		r.hardware[i].rx.Close()
		r.hardware[i].tx.Close()
	}
	r.hardware = r.hardware[:0]
}

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
