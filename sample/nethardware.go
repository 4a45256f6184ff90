package sample

import "time"

// nicFiles are the counters that an interface of the hardware has for itself.
//
// Kernel: Documentation/ABI/testing/sysfs-class-net-statistics
type nicFiles struct {
	row    int // of netdevReader
	rx, tx kept
}

// count brings the interface's row up to date. One that cannot be read has gone, and what it counted last stands until
// somebody says so.
func (f *nicFiles) count(rows []netRow, now time.Duration) {
	w := &rows[f.row]
	counters := w.now
	var ok bool
	if counters.rxBytes, ok = f.rx.count(); !ok || w.at == now {
		return
	}
	if counters.txBytes, ok = f.tx.count(); ok {
		w.step(&counters, now)
	}
}

// count is the one number in a file.
func (k *kept) count() (n uint64, ok bool) {
	text, err := k.read()
	if err != nil {
		return 0, false
	}
	line, _ := cutLine(text)
	n, err = number(line)
	return n, err == nil
}

// openHardware finds the interfaces that are counted by files of their own: none while the file of all is read each time.
func (r *netdevReader) openHardware(n *Net) {
	r.closeHardware()
	if r.every == 0 {
		return
	}
	for i := range r.rows {
		if w := &r.rows[i]; w.slot >= 0 && n.Interfaces[w.slot].Physical {
			dir := "/sys/class/net/" + w.raw + "/statistics/"
			r.hardware = append(r.hardware, nicFiles{row: i, rx: keep(r.root, dir+"rx_bytes"), tx: keep(r.root, dir+"tx_bytes")})
		}
	}
}

func (r *netdevReader) closeHardware() {
	for i := range r.hardware {
		r.hardware[i].rx.close()
		r.hardware[i].tx.close()
	}
	r.hardware = r.hardware[:0]
}
