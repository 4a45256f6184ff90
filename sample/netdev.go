package sample

import (
	"cmp"
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
	tallies  []tally          // of Net.counted, in the same order
	named    map[string]int32 // where the interface of a name stands; nil while the file has them in that order, too
	pass     netPass
	passes   uint32     // readings that were begun
	lines    int        // of the last one, when that was another set of interfaces than before
	hardware []nicFiles // of Net.hardware, while the file is not read each time
	text     []byte     // one buffer for the files of all of them
	table    *LinkTable // that Net was made from
	made     bool       // Net fits tallies and table
	readings int
	at       time.Duration // of the last one
	every    time.Duration // between two; 0: each sample reads
	left     bool          // there are more interfaces than are counted
	said     error         // that, or that it is not read each time; nil: it is
}

// tally is how an interface has been counted.
type tally struct {
	raw   string        // its name as the kernel writes it; empty: the file has not had it
	at    time.Duration // CLOCK_BOOTTIME at which it was counted last
	pass  uint32        // the reading that had it last
	reads int8          // 0: it has not been counted; 1: there is no rate yet; stays at 2
}

// netPass is one reading under way.
type netPass struct {
	net      *Net
	now      time.Duration
	headings int
	lines    int
	next     int  // where the interface of the next line stands, nearly always
	added    bool // there are new interfaces
	left     bool // there was no room for all
}

func (r *netdevReader) read(now time.Duration, _ *Host, n *Net) error {
	var err error
	fresh := len(r.hardware) > 0
	if r.readings < 2 || now-r.at >= r.every-leastInterval {
		err, fresh = r.count(now, n), true
	}
	for i := range r.hardware {
		at := n.hardware[i]
		r.countHardware(&r.hardware[i], &n.counted[at], &r.tallies[at], now)
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
		if n.Rx, n.Tx = netTotals(r.table, r.tallies, n); r.left {
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

// count brings n up to date. After an error it is so as far as the file could be read, but without new interfaces.
func (r *netdevReader) count(now time.Duration, n *Net) error {
	had := len(n.counted)
	r.passes++
	r.pass = netPass{net: n, now: now}
	err := r.file.Lines(r.take)
	p := r.pass
	r.pass = netPass{}
	gone := false
	for i := range r.tallies {
		t := &r.tallies[i]
		if err != nil {
			t.pass = r.passes // it may be in what was not read
		}
		gone = gone || t.reads > 0 && t.pass != r.passes
	}
	switch {
	case err != nil && p.added:
		n.counted, r.tallies, r.named = n.counted[:had], r.tallies[:had], nil
	case err == nil && (p.added || gone || p.left != r.left):
		r.made, r.left, r.lines = false, p.left, p.lines
		r.pace()
	}
	n.reading++
	n.show()
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
	if need := time.Duration(r.lines) * time.Second / linesASecond; need > r.interval {
		r.every = (need + r.interval - 1) / r.interval * r.interval
		r.said = procfile.Warning(fmt.Sprintf("%d interfaces: each %v, the hardware's each sample", r.lines, r.every))
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
	if p.lines >= mostInterfaces {
		p.left = true
		return nil
	}
	at := r.find(l.Name)
	p.next = at + 1
	t := &r.tallies[at]
	if t.pass == r.passes {
		return nil // it got the name of another while the kernel wrote
	}
	p.lines++
	t.pass = r.passes
	t.step(&p.net.counted[at], &l.NetCounters, p.now)
	return nil
}

// find returns where the interface of a line stands. It allocates when that is a new one, or the file has another order.
func (r *netdevReader) find(name []byte) int {
	counted := &r.pass.net.counted
	if at := r.pass.next; at < len(r.tallies) && r.called(at) == string(name) {
		r.tallies[at].raw = r.called(at)
		return at
	}
	if r.named == nil {
		r.named = make(map[string]int32, len(r.tallies))
		for i := range r.tallies {
			r.named[r.called(i)] = int32(i)
		}
	}
	if at, ok := r.named[string(name)]; ok {
		r.tallies[at].raw = r.called(int(at))
		return int(at)
	}
	raw, shown := string(name), clean.String(string(name))
	at, ok := r.named[shown]
	if !ok || r.tallies[at].raw != "" {
		at, r.pass.added = int32(len(r.tallies)), true
		*counted = append(*counted, Interface{Link: &Link{Name: shown, CarrierChanges: -1, SharedAttrs: &noTraits}})
		r.tallies = append(r.tallies, tally{})
	}
	r.tallies[at].raw = sameText(raw, (*counted)[at].Name)
	r.named[raw] = at
	return int(at)
}

// called is the name of an interface as the kernel writes it, or else as the table has it.
func (r *netdevReader) called(at int) string {
	return cmp.Or(r.tallies[at].raw, r.pass.net.counted[at].Name)
}

// step gives the interface the counters that it has at a time.
func (t *tally) step(i *Interface, now *procfile.NetCounters, at time.Duration) {
	over := at - t.at
	if t.reads == 0 {
		over = 0
	}
	i.Counted = true
	i.RxRate, i.TxRate = procfile.PerSecond(i.RxBytes, now.RxBytes, over), procfile.PerSecond(i.TxBytes, now.TxBytes, over)
	i.RxBytes, i.RxErrors, i.RxDropped = now.RxBytes, now.RxErrors, now.RxDropped
	i.TxBytes, i.TxErrors, i.TxDropped = now.TxBytes, now.TxErrors, now.TxDropped
	i.RxPackets, i.TxPackets = now.RxPackets, now.TxPackets
	t.at, t.reads = at, min(t.reads+1, 2)
}

// join makes n hold the links of the table, if there is one yet, and behind them those that only count. One that has no
// link but was counted before now is gone, or has another name. It allocates: links change seldom.
func (r *netdevReader) join(table *LinkTable, n *Net, now time.Duration) {
	known := table
	if known == nil {
		known = &LinkTable{}
	}
	n.Addresses, n.Gateways, n.DNS, n.Services = known.Addresses, known.Gateways, known.DNS, known.Services
	n.Changes++
	old, tallies := n.counted, r.tallies
	n.counted = make([]Interface, len(known.Links), max(len(known.Links), r.lines))
	r.tallies = make([]tally, len(known.Links), cap(n.counted))
	for i, l := range known.Links {
		n.counted[i] = Interface{Link: l, Plain: !l.Physical && l.Detail == nil, RxRate: math.NaN(), TxRate: math.NaN()}
	}
	places := linkPlaces{links: known.Links}
	for i, t := range tallies {
		if t.reads == 0 || t.pass != r.passes {
			continue
		}
		one := old[i]
		at, ok := places.take(one.Name)
		switch {
		case ok:
			before := one.Index
			one.Link, one.Plain = n.counted[at].Link, n.counted[at].Plain
			t.raw = sameText(t.raw, one.Name)
			if before != 0 && before != one.Index { // another one of the same name counts anew
				t.reads, one.Counted = 0, false
				if t.at == now {
					t.reads, one.Counted = 1, true
				}
				one.RxRate, one.TxRate = math.NaN(), math.NaN()
			}
			n.counted[at], r.tallies[at] = one, t
		case table == nil || t.at == now:
			n.counted, r.tallies = append(n.counted, one), append(r.tallies, t)
		}
	}
	r.named = nil
	n.reading++
	n.show()
	r.table, r.made = table, true
	r.openHardware(n)
}

// nicFiles are the counters that an interface of the hardware has for itself, in the order of nicCounters.
type nicFiles [len(nicCounters)]procfile.File

// nicCounters are those that belong together: who compares errors with packets must have both of one time.
//
// Kernel: Documentation/ABI/testing/sysfs-class-net-statistics
var nicCounters = [...]string{"rx_bytes", "tx_bytes", "rx_packets", "tx_packets", "rx_errors", "tx_errors"}

// countHardware brings the interface up to date. One that cannot be read has gone, and what it counted last stands until the
// next table.
func (r *netdevReader) countHardware(f *nicFiles, i *Interface, t *tally, now time.Duration) {
	if t.at == now {
		return
	}
	var v [len(nicCounters)]uint64
	for at := range f {
		var err error
		f[at].Buf = r.text
		v[at], err = f[at].Number()
		r.text, f[at].Buf = f[at].Buf, nil
		if err != nil {
			return
		}
	}
	t.step(i, &procfile.NetCounters{
		RxBytes: v[0], RxPackets: v[2], RxErrors: v[4], RxDropped: i.RxDropped,
		TxBytes: v[1], TxPackets: v[3], TxErrors: v[5], TxDropped: i.TxDropped,
	}, now)
}

// openHardware finds the interfaces that are counted by files of their own: none while the file of all is read each time.
func (r *netdevReader) openHardware(n *Net) {
	r.closeHardware()
	r.hardware, n.hardware = r.hardware[:0], nil
	if r.every == 0 {
		return
	}
	for i := range r.tallies {
		if t := &r.tallies[i]; t.reads > 0 && n.counted[i].Physical {
			var files nicFiles
			for at, name := range nicCounters {
				files[at] = procfile.New(r.root, "/sys/class/net/"+t.raw+"/statistics/"+name)
			}
			r.hardware, n.hardware = append(r.hardware, files), append(n.hardware, int32(i))
		}
	}
}

func (r *netdevReader) closeHardware() {
	for i := range r.hardware {
		for at := range r.hardware[i] {
			r.hardware[i][at].Close()
		}
	}
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
func netTotals(table *LinkTable, tallies []tally, n *Net) (rx, tx float64) {
	if table == nil {
		return math.NaN(), math.NaN()
	}
	physical := false
	for _, l := range n.Interfaces {
		physical = physical || !l.Plain && l.Physical
	}
	var r, t procfile.Total
	for i, l := range n.Interfaces {
		if tallies[i].reads < 2 {
			continue
		}
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
