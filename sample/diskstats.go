package sample

import (
	"math"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const sector = 512 // bytes, whatever sector size the disk itself has

// diskCounters are the columns of /proc/diskstats that are used.
type diskCounters struct {
	reads, readSectors, readTime, writes, writtenSectors, writeTime uint64 // times in milliseconds, over all operations
	busy                                                            uint64 // milliseconds with I/O in flight
}

// diskLine is one line of /proc/diskstats; name lies in the text that was parsed.
type diskLine struct {
	name []byte
	diskCounters
}

// diskRow is what is known of the device on one line of /proc/diskstats.
type diskRow struct {
	raw    string // as the kernel writes it
	shown  bool   // a whole disk, not a partition, loop or ram device
	fresh  bool   // before holds nothing yet
	before diskCounters
	disk   Disk // name, model and kind; the rates are of no account here
}

// diskstatsReader reads /proc/diskstats and, for a device that has just appeared, /sys/block.
type diskstatsReader struct {
	file  kept
	root  string
	lines []diskLine
	rows  []diskRow // as many as lines, in the same order
	at    time.Duration
}

func (r *diskstatsReader) read(now time.Duration, h *Host, _ *Net) error {
	text, err := r.file.read()
	if err != nil {
		return err
	}
	if r.lines, err = parseDiskstats(text, r.lines[:0]); err != nil {
		return r.file.fail(err)
	}
	if !r.same() {
		r.rows = replugDisks(r.root, r.rows, r.lines)
	}
	h.Disks = deriveDisks(r.rows, r.lines, now-r.at, h.Disks[:0])
	h.DiskRead, h.DiskWrite = diskTotals(r.rows, h.Disks)
	for i := range r.rows {
		r.rows[i].before, r.rows[i].fresh = r.lines[i].diskCounters, false
	}
	r.at = now
	return nil
}

func (r *diskstatsReader) close() { r.file.close() }

// parseDiskstats appends the lines of /proc/diskstats to d, partitions and all.
//
// Kernel: Documentation/admin-guide/iostats.rst
func parseDiskstats(text []byte, d []diskLine) ([]diskLine, error) {
	for len(text) > 0 {
		var line []byte
		line, text = cutLine(text)
		_, rest := cutWord(line) // major
		_, rest = cutWord(rest)  // minor
		name, figures := cutWord(rest)
		if len(name) == 0 {
			return d, errShort
		}
		// reads, merged, sectors, ms, writes, merged, sectors, ms, in flight, ms busy
		var v [10]uint64
		n, err := numbers(figures, v[:])
		if err != nil {
			return d, err
		}
		if n < len(v) {
			return d, errShort
		}
		d = append(d, diskLine{name, diskCounters{
			reads: v[0], readSectors: v[2], readTime: v[3],
			writes: v[4], writtenSectors: v[6], writeTime: v[7], busy: v[9],
		}})
	}
	return d, nil
}

// same says that the lines are of the same devices as last time, so that rows fits them.
func (r *diskstatsReader) same() bool {
	if len(r.lines) != len(r.rows) {
		return false
	}
	for i := range r.rows {
		if r.rows[i].raw != string(r.lines[i].name) {
			return false
		}
	}
	return true
}

// replugDisks makes rows that fit lines. Devices that were there before keep their counters, new ones are looked up in
// sysfs. It allocates: disks come and go seldom.
func replugDisks(root string, old []diskRow, lines []diskLine) []diskRow {
	known := make(map[string]*diskRow, len(old))
	for i := range old {
		known[old[i].raw] = &old[i]
	}
	rows := make([]diskRow, 0, len(lines))
	for i := range lines {
		raw := string(lines[i].name)
		if row, ok := known[raw]; ok {
			rows = append(rows, *row)
			delete(known, raw) // a second line of that name is another device
			continue
		}
		rows = append(rows, newDisk(root, raw))
	}
	return rows
}

// newDisk looks up a device that has appeared. In sysfs whole disks, and no partitions, are in /sys/block, and both are
// in /sys/class/block. What sysfs does not know of at all is judged by its name.
func newDisk(root, raw string) diskRow {
	row := diskRow{raw: raw, fresh: true, disk: Disk{Name: outside([]byte(raw))}}
	if memoryBacked(raw) {
		return row
	}
	spelt := strings.ReplaceAll(raw, "/", "!") // as the kernel spells cciss/c0d0 there
	name := "/sys/block/" + spelt
	var st unix.Stat_t
	row.shown = unix.Stat(root+name, &st) == nil
	if !row.shown && unix.Stat(root+"/sys/class/block/"+spelt, &st) != nil {
		row.shown, row.disk.Physical = !partitionName(raw), !stacked(raw)
		return row
	}
	if row.shown {
		row.disk.Physical = !stacked(raw) && unix.Stat(root+name+"/device", &st) == nil
		// Virtual disks have no model, and a disk that does not say it has none either.
		row.disk.Model, _ = readText(root, name+"/device/model")
	}
	return row
}

// deriveDisks appends a Disk for each shown row to disks.
func deriveDisks(rows []diskRow, lines []diskLine, over time.Duration, disks []Disk) []Disk {
	for i := range rows {
		row := &rows[i]
		if !row.shown {
			continue
		}
		since := over
		if row.fresh {
			since = 0 // nothing to compare with: no rate
		}
		b, n, d := &row.before, &lines[i].diskCounters, row.disk
		d.Read = sector * perSecond(b.readSectors, n.readSectors, since)
		d.Write = sector * perSecond(b.writtenSectors, n.writtenSectors, since)
		d.ReadOps = perSecond(b.reads, n.reads, since)
		d.WriteOps = perSecond(b.writes, n.writes, since)
		// The kernel counts whole ticks, so that a busy disk can seem more than busy.
		d.Busy = min(100, perSecond(b.busy, n.busy, since)/10)
		d.ReadLatency, d.WriteLatency = math.NaN(), math.NaN()
		if since > 0 {
			d.ReadLatency = perOperation(b.readTime, n.readTime, b.reads, n.reads)
			d.WriteLatency = perOperation(b.writeTime, n.writeTime, b.writes, n.writes)
		}
		disks = append(disks, d)
	}
	return disks
}

// diskTotals adds up the physical disks; one that has just appeared does not count yet. disks are the shown rows.
func diskTotals(rows []diskRow, disks []Disk) (read, write float64) {
	var r, w total
	next := 0
	for i := range rows {
		if !rows[i].shown {
			continue
		}
		d := &disks[next]
		next++
		if d.Physical && !rows[i].fresh {
			r.add(d.Read)
			w.add(d.Write)
		}
	}
	return r.value(), w.value()
}

// memoryBacked says that a device is no disk: a loop device shows a file, ram and zram live in memory, and nvme0c1n1
// is one path to nvme0n1.
func memoryBacked(name string) bool {
	for _, prefix := range []string{"loop", "ram", "zram"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok && digits(rest) {
			return true
		}
	}
	if rest, ok := strings.CutPrefix(name, "nvme"); ok {
		controller, _, ok := strings.Cut(rest, "n")
		return ok && strings.Contains(controller, "c")
	}
	return false
}

// stacked says that a device lies on top of others, whose traffic would count twice.
func stacked(name string) bool {
	for _, prefix := range []string{"dm-", "md", "zd", "bcache", "drbd"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok && rest != "" && '0' <= rest[0] && rest[0] <= '9' {
			return true
		}
	}
	return false
}

// partitionName tells a partition by its name alone, for when there is no sysfs: letters and digits for the kinds of
// disk that are named by letters (sda1), else digits, p and digits (nvme0n1p1, mmcblk0p1, md0p1).
func partitionName(name string) bool {
	base := strings.TrimRight(name, "0123456789")
	if base == name {
		return false
	}
	for _, prefix := range []string{"sd", "hd", "vd", "xvd"} {
		if letters, ok := strings.CutPrefix(base, prefix); ok && letters != "" {
			return true
		}
	}
	base, ok := strings.CutSuffix(base, "p")
	return ok && base != "" && digits(base[len(base)-1:])
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
