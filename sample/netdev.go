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
	if w.slot < 0 { // nobody has told of it, and here it is
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
