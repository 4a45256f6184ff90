package sample

import (
	"math"
	"os"
	"path"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/sample/procfile"
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
	disk   bool   // a whole disk, not a partition, loop or ram device
	counts bool   // it is among the Counters
	empty  bool   // nothing was in it or behind it: it is a disk once it is used
	fresh  bool   // before holds nothing yet
	before diskCounters
	what   Disk  // name, model and kind; the rates are of no account here
	paths  []int // lines of the paths to it, which count for it where it does not count itself
	shared bool  // it was counted by more than one path
}

// shown reports whether the device with those counters is a disk to look at.
func (r *diskRow) shown(now *diskCounters) bool {
	return r.disk && (!r.empty || now.reads+now.writes > 0)
}

// diskstatsReader reads /proc/diskstats and, for a device that has just appeared, /sys/block.
type diskstatsReader struct {
	file  procfile.File
	root  string
	text  []byte // of the last read, in the file's memory
	lines []diskLine
	rows  []diskRow // as many as lines, in the same order
	at    time.Duration
}

func (r *diskstatsReader) read(now time.Duration, h *Host, _ *Net) error {
	text, err := r.file.Read()
	if err != nil {
		return err
	}
	r.text = text
	if r.lines, err = parseDiskstats(text, r.lines[:0]); err != nil {
		return r.file.Fail(err)
	}
	if !r.same() {
		r.rows = replugDisks(r.root, r.rows, r.lines)
	}
	countPaths(r.rows, r.lines)
	h.Disks = deriveDisks(r.rows, r.lines, now-r.at, h.Disks[:0])
	h.DiskRead, h.DiskWrite = diskTotals(r.rows, r.lines, h.Disks)
	for i := range r.rows {
		r.rows[i].before, r.rows[i].fresh = r.lines[i].diskCounters, false
	}
	r.at = now
	return nil
}

// count parses the lines once more: most of their columns are of no use but to it.
func (r *diskstatsReader) count(c *Counters) {
	c.Disks = c.Disks[:0]
	text := r.text
	for i := range r.rows {
		var line []byte
		if line, text = procfile.CutLine(text); !r.rows[i].counts {
			continue
		}
		d, err := parseDiskCounts(line)
		if err != nil {
			continue // the columns behind those that read takes make no sense
		}
		d.Name = r.rows[i].what.Name
		c.Disks = append(c.Disks, d)
	}
}

func (r *diskstatsReader) close() { r.file.Close() }

// parseDiskstats appends the lines of /proc/diskstats to d, partitions and all.
//
// Kernel: Documentation/admin-guide/iostats.rst
func parseDiskstats(text []byte, d []diskLine) ([]diskLine, error) {
	for line := range procfile.Lines(text) {
		name, figures := cutDisk(line)
		if len(name) == 0 {
			return d, procfile.ErrShort
		}
		// reads, merged, sectors, ms, writes, merged, sectors, ms, in flight, ms busy
		var v [10]uint64
		n, err := procfile.Numbers(figures, v[:])
		if err != nil {
			return d, err
		}
		if n < len(v) {
			return d, procfile.ErrShort
		}
		d = append(d, diskLine{name, diskCounters{
			reads: v[0], readSectors: v[2], readTime: v[3],
			writes: v[4], writtenSectors: v[6], writeTime: v[7], busy: v[9],
		}})
	}
	return d, nil
}

// cutDisk cuts the name off a line of /proc/diskstats, empty without one.
func cutDisk(line []byte) (name, figures []byte) {
	_, rest := procfile.CutWord(line) // major
	_, rest = procfile.CutWord(rest)  // minor
	return procfile.CutWord(rest)
}

// parseDiskCounts returns all columns of a line of /proc/diskstats, without the name.
func parseDiskCounts(line []byte) (d DiskCounts, err error) {
	_, figures := cutDisk(line)
	var v [17]uint64
	if d.Columns, err = procfile.Numbers(figures, v[:]); err != nil {
		return d, err
	}
	d.Reads, d.ReadsMerged, d.ReadSectors, d.ReadMillis = v[0], v[1], v[2], v[3]
	d.Writes, d.WritesMerged, d.WrittenSectors, d.WriteMillis = v[4], v[5], v[6], v[7]
	d.InFlight, d.BusyMillis, d.WeightedMillis = v[8], v[9], v[10]
	d.Discards, d.DiscardsMerged, d.DiscardedSectors, d.DiscardMillis = v[11], v[12], v[13], v[14]
	d.Flushes, d.FlushMillis = v[15], v[16]
	return d, nil
}

// same reports whether the lines are of the same devices as last time, so that rows fits them.
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
	joinPaths(root, rows)
	return rows
}

// joinPaths tells each disk which lines are paths to it.
func joinPaths(root string, rows []diskRow) {
	heads := map[string]*diskRow{}
	for i := range rows {
		rows[i].paths = nil
		heads[rows[i].raw] = &rows[i]
	}
	for i := range rows {
		name, ok := pathOf(rows[i].raw)
		if head := heads[name]; ok && head != nil {
			head.paths = append(head.paths, i)
			head.what.Remote = head.what.Remote || remote(root, rows[i].raw)
			head.what.Physical = head.what.Physical && !head.what.Remote
		}
	}
}

// countPaths gives a disk that counts nothing what the paths to it count: those of NVMe do so for it before Linux 6.4.
func countPaths(rows []diskRow, lines []diskLine) {
	for i := range rows {
		row, sum := &rows[i], &lines[i].diskCounters
		row.shared = false
		if len(row.paths) == 0 || sum.reads+sum.writes > 0 {
			continue
		}
		for _, j := range row.paths {
			sum.add(&lines[j].diskCounters)
		}
		row.shared = len(row.paths) > 1
	}
}

func (c *diskCounters) add(o *diskCounters) {
	c.reads += o.reads
	c.readSectors += o.readSectors
	c.readTime += o.readTime
	c.writes += o.writes
	c.writtenSectors += o.writtenSectors
	c.writeTime += o.writeTime
	c.busy += o.busy
}

// newDisk looks up a device that has appeared. In sysfs whole disks, and no partitions, are in /sys/block, and both are
// in /sys/class/block. What sysfs does not know of at all is judged by its name.
func newDisk(root, raw string) diskRow {
	row := diskRow{raw: raw, fresh: true, counts: exported(raw), what: Disk{Name: procfile.Clean([]byte(raw))}}
	if noDisk(raw) {
		return row
	}
	name := sysBlock(raw)
	var st unix.Stat_t
	row.disk = unix.Stat(root+name, &st) == nil
	if !row.disk && unix.Stat(root+"/sys/class/block/"+path.Base(name), &st) != nil {
		row.disk, row.empty, row.what.Remote = !partitionName(raw), named(raw, "nbd"), remote("", raw)
		row.what.Physical = !stacked(raw) && !row.what.Remote
		return row
	}
	if row.disk {
		size, err := procfile.ReadText(root, name+"/size")
		row.empty = err == nil && size == "0"
		row.what.Remote = remote(root, raw)
		lies, _ := os.ReadDir(root + name + "/slaves") // what it lies on
		row.what.Physical = !row.what.Remote && !stacked(raw) && len(lies) == 0 && unix.Stat(root+name+"/device", &st) == nil
		// Virtual disks have no model, and a disk that does not say it has none either.
		row.what.Model, _ = procfile.ReadText(root, name+"/device/model")
	}
	return row
}

// sysBlock is the directory of a device, in which cciss/c0d0 is spelt as the kernel does there.
func sysBlock(raw string) string { return "/sys/block/" + strings.ReplaceAll(raw, "/", "!") }

// deriveDisks appends a Disk for each shown row to disks.
func deriveDisks(rows []diskRow, lines []diskLine, over time.Duration, disks []Disk) []Disk {
	for i := range rows {
		row := &rows[i]
		if !row.shown(&lines[i].diskCounters) {
			continue
		}
		since := over
		if row.fresh {
			since = 0 // nothing to compare with: no rate
		}
		b, n, d := &row.before, &lines[i].diskCounters, row.what
		d.Read = sector * procfile.PerSecond(b.readSectors, n.readSectors, since)
		d.Write = sector * procfile.PerSecond(b.writtenSectors, n.writtenSectors, since)
		d.ReadOps = procfile.PerSecond(b.reads, n.reads, since)
		d.WriteOps = procfile.PerSecond(b.writes, n.writes, since)
		// The kernel counts whole ticks, so that a busy disk can seem more than busy.
		d.Busy = min(100, procfile.PerSecond(b.busy, n.busy, since)/10)
		if row.shared {
			d.Busy = math.NaN() // nobody knows how far they were at work together
		}
		d.ReadLatency, d.WriteLatency = math.NaN(), math.NaN()
		if since > 0 {
			d.ReadLatency = procfile.PerOperation(b.readTime, n.readTime, b.reads, n.reads)
			d.WriteLatency = procfile.PerOperation(b.writeTime, n.writeTime, b.writes, n.writes)
		}
		disks = append(disks, d)
	}
	return disks
}

// diskTotals adds up the physical disks, and where there is none those that lie elsewhere: else what a storage of this
// host's own serves to it would count twice. One that has just appeared does not count yet. disks are the shown rows.
func diskTotals(rows []diskRow, lines []diskLine, disks []Disk) (read, write float64) {
	var r, w, remoteRead, remoteWrite procfile.Total
	next := 0
	physical := false
	for i := range rows {
		if !rows[i].shown(&lines[i].diskCounters) {
			continue
		}
		d := &disks[next]
		next++
		physical = physical || d.Physical
		switch {
		case rows[i].fresh:
		case d.Physical:
			r.Add(d.Read)
			w.Add(d.Write)
		case d.Remote:
			remoteRead.Add(d.Read)
			remoteWrite.Add(d.Write)
		}
	}
	if !physical {
		return remoteRead.Value(), remoteWrite.Value()
	}
	return r.Value(), w.Value()
}

// noDisk reports whether a device is no disk: a loop device shows a file, ram and zram live in memory, sr is a CD drive, fd a
// floppy drive, and nvme0c1n1 is one path to nvme0n1.
func noDisk(name string) bool {
	for _, prefix := range []string{"loop", "ram", "zram", "sr", "scd", "fd"} {
		if named(name, prefix) {
			return true
		}
	}
	_, isPath := pathOf(name)
	return isPath
}

// exported reports whether node_exporter shows a device by default. It leaves out the partitions of some kinds of disks: not
// of those with two letters, as sdaa.
func exported(name string) bool {
	for _, prefix := range []string{"ram", "zram", "loop", "fd"} {
		if named(name, prefix) {
			return false
		}
	}
	for _, prefix := range []string{"hd", "sd", "vd", "xvd"} {
		rest, ok := strings.CutPrefix(name, prefix)
		if ok && rest != "" && 'a' <= rest[0] && rest[0] <= 'z' && digits(rest[1:]) {
			return false
		}
	}
	rest, nvme := strings.CutPrefix(name, "nvme")
	controller, rest, _ := strings.Cut(rest, "n")
	namespace, partition, _ := strings.Cut(rest, "p")
	return !nvme || !digits(controller) || !digits(namespace) || !digits(partition)
}

// named reports whether a device's name is that prefix and a number.
func named(name, prefix string) bool {
	rest, ok := strings.CutPrefix(name, prefix)
	return ok && digits(rest)
}

// pathOf returns the disk that nvme0c1n1 is a path to: nvme0n1.
func pathOf(name string) (disk string, ok bool) {
	rest, ok := strings.CutPrefix(name, "nvme")
	controller, namespace, ok2 := strings.Cut(rest, "n")
	subsystem, path, ok3 := strings.Cut(controller, "c")
	if !ok || !ok2 || !ok3 || !digits(subsystem) || !digits(path) || !digits(namespace) {
		return "", false
	}
	return "nvme" + subsystem + "n" + namespace, true
}

// remote reports whether what is on a device lies with another host or in a process: by its name, or by the transport through
// which sysfs reaches it. That may be this host's own, which has it on disks that count already.
func remote(root, raw string) bool {
	for _, prefix := range []string{"rbd", "nbd", "rnbd", "ublkb"} {
		if named(raw, prefix) {
			return true
		}
	}
	if strings.HasPrefix(raw, "etherd/") {
		return true
	}
	where, err := os.Readlink(root + sysBlock(raw))
	if err != nil {
		return false
	}
	for _, transport := range []string{"/session", "/nvme-fabrics/", "/tcm_loop", "/pseudo_"} { // iSCSI, NVMe over a network
		if strings.Contains(where, transport) {
			return true
		}
	}
	return false
}

// stacked reports whether a device lies on top of others, whose traffic would count twice.
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
