package sample

import (
	"time"

	"hypervisor-tui/sample/procfile"
)

// nicFiles are the counters that an interface of the hardware has for itself.
//
// Kernel: Documentation/ABI/testing/sysfs-class-net-statistics
type nicFiles struct {
	row    int // of netdevReader
	rx, tx procfile.File
}

// count brings the interface up to date. One that cannot be read has gone, and what it counted last stands until somebody
// says so.
func (f *nicFiles) count(i *Interface, rows []netRow, now time.Duration) {
	w := &rows[f.row]
	if w.at == now {
		return
	}
	rx, ok := countIn(&f.rx)
	tx, all := countIn(&f.tx)
	if ok && all {
		w.step(i, &procfile.NetCounters{RxBytes: rx, RxErrors: i.RxErrors, RxDropped: i.RxDropped, TxBytes: tx, TxErrors: i.TxErrors, TxDropped: i.TxDropped}, now)
	}
}

// countIn is the one number in a file.
func countIn(k *procfile.File) (n uint64, ok bool) {
	text, err := k.Read()
	if err != nil {
		return 0, false
	}
	line, _ := procfile.CutLine(text)
	n, err = procfile.Number(line)
	return n, err == nil
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
