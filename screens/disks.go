package screens

import (
	"cmp"
	"slices"
	"strings"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample"
)

func drawDisks(c *Console, r draw.Region, f *frame.Frame) {
	heading(r.CutTop(1), "Disk I/O and filesystems", f, sample.Diskstats)
	diskFigures(r.CutTop(1), f)
	if f.Host == nil {
		return
	}
	if shows(perDisk, c.body) && r.H() > 4 {
		rows := min(len(f.Host.Disks), max(r.H()-len(c.urgentFilesystems(f)), r.H()/3))
		c.diskTable(r.CutTop(rows).Faded(old(f, sample.Diskstats)), f)
	}
	if len(f.Host.Arrays)+len(f.Host.Pools) > 0 && r.H() > len(f.Host.Filesystems) {
		drawArrays(r.CutTop(1).Faded(f.LateSince != 0), f)
	}
	r = c.filesystems(r, f)
	if shows(sparklines, c.body) && f.Host.Health[sample.Diskstats].Has() && hasDisk(f.Host) {
		twin(r.Faded(old(f, sample.Diskstats)), "Read", &f.Host.History.DiskRead, "Write", &f.Host.History.DiskWrite, f)
	}
}

func diskFigures(r draw.Region, f *frame.Frame) {
	p := r.Pen(1, 0)
	p.Text(draw.Dim, "Read ")
	if word(&p, f, sample.Diskstats) {
		return
	}
	if !hasDisk(f.Host) {
		p.Text(draw.Dim, "n/a, no disk")
		return
	}
	p.Rate(draw.Text|draw.Bold, f.Host.DiskRead, 11).Skip(2)
	p.Text(draw.Dim, "Write").Rate(draw.Text|draw.Bold, f.Host.DiskWrite, 12)
}

// hasDisk says whether there is a disk whose rates count.
func hasDisk(h *sample.Host) bool {
	for i := range h.Disks {
		if h.Disks[i].Physical || h.Disks[i].Remote {
			return true
		}
	}
	return false
}

// diskTable lists the busiest disks.
func (c *Console) diskTable(r draw.Region, f *frame.Frame) {
	disks := f.Host.Disks
	c.byBusy(disks)
	for n, i := range c.order {
		if theRest(r, n, len(disks), " more, less busy (d lists all)") {
			return
		}
		d := &disks[i]
		row := r.CutTop(1).Inset(1)
		p := row.Pen(0, 0)
		p.Fit(draw.Text, d.Name, 9).To(9).Rate(draw.Text, d.Read, 11).Rate(draw.Text, d.Write, 12)
		if row.W() >= 60 {
			p.Float(draw.Text, d.ReadOps+d.WriteOps, 0, 7).Text(draw.Dim, " IO/s")
		}
		if row.W() >= 90 {
			p.Float(draw.Text, d.ReadLatency, 1, 7).Text(draw.Dim, "/").Float(draw.Text, d.WriteLatency, 1, 0).Text(draw.Dim, " ms")
			p.To(58)
		}
		if p.Left() >= 5 {
			p.Float(draw.Text, d.Busy, 0, 4).Text(draw.Dim, "%")
		}
		if p.Left() > 12 {
			p.Text(draw.Dim, " busy  ").Fit(draw.Dim, d.Model, p.Left())
		}
	}
}

// theRest counts, on the last row of a list, those that have no row, and reports whether it did. A list of one row shows
// its first: that says more than how many there are.
func theRest(r draw.Region, shown, all int, how string) bool {
	if r.H() != 1 || shown == 0 || shown == all-1 {
		return false
	}
	p := r.Pen(1, 0)
	p.Text(draw.Dim, "+").Int(draw.Dim, int64(all-shown)).Text(draw.Dim, how)
	return true
}

// filesystems lists the fullest first, those that do not answer before all, and returns what is left of r.
func (c *Console) filesystems(r draw.Region, f *frame.Frame) draw.Region {
	if f.Host == nil || r.Empty() {
		return r
	}
	all := f.Host.Filesystems
	if len(all) == 0 {
		noFilesystems(r.CutTop(1), f)
		return r
	}
	for n, i := range c.urgentFilesystems(f) {
		if theRest(r, n, len(c.order), " more, less full (d lists all)") {
			r.CutTop(1)
			return r
		}
		drawFilesystem(r.CutTop(1).Inset(1).Faded(old(f, sample.Filesystems)), &all[i], f)
	}
	return r
}

// urgentFilesystems returns the indices of the filesystems to list, the most urgent first, without those in memory that
// are not full; good until the next list.
func (c *Console) urgentFilesystems(f *frame.Frame) []int {
	all := f.Host.Filesystems
	c.byUrgency(all)
	if !allDull(all, f.Settings.Filesystem) {
		c.order = slices.DeleteFunc(c.order, func(i int) bool { return dull(&all[i], f.Settings.Filesystem) })
	}
	return c.order
}

// noFilesystems says why there is none to show.
func noFilesystems(r draw.Region, f *frame.Frame) {
	if !missing(&r, f, sample.Filesystems) {
		p := r.Pen(1, 0)
		p.Text(draw.Dim, "no filesystem to show")
	}
}

// byUrgency puts the indices of filesystems into c.order: those that do not answer, then by how full they are, then
// those in memory, then those that nobody can write to.
func (c *Console) byUrgency(all []sample.Filesystem) {
	c.order = c.order[:0]
	for i := range all {
		c.order = append(c.order, i)
	}
	slices.SortStableFunc(c.order, func(a, b int) int { return cmp.Compare(urgency(&all[b]), urgency(&all[a])) })
}

func urgency(fs *sample.Filesystem) float64 {
	switch {
	case hangs(fs) || fs.RemountedRO:
		return 1000
	case fs.ReadOnly:
		return -2
	case inMemory(fs):
		return fs.UsedPercent/100 - 1.5
	}
	return fs.UsedPercent
}

func hangs(fs *sample.Filesystem) bool {
	return fs.Health.State == health.Stale || fs.Health.State == health.Failed
}

func inMemory(fs *sample.Filesystem) bool {
	return fs.Type == "tmpfs" || fs.Type == "devtmpfs" || fs.Type == "ramfs"
}

// allDull says that there is no other: a system that lives in memory.
func allDull(all []sample.Filesystem, l frame.Limits) bool {
	for i := range all {
		if !dull(&all[i], l) {
			return false
		}
	}
	return true
}

// dull says that a filesystem is left to the list of all: it lies in memory and has room, or cannot be written to.
func dull(fs *sample.Filesystem, l frame.Limits) bool {
	return !hangs(fs) && !fs.RemountedRO && (fs.ReadOnly || inMemory(fs) && !(fs.UsedPercent >= l.Warn))
}

func drawFilesystem(r draw.Region, fs *sample.Filesystem, f *frame.Frame) {
	name := min(max(r.W()/4, 10), 32)
	p := r.CutLeft(name+1).Pen(0, 0)
	p.Fit(draw.Text, fs.Mount, name)
	if device := strings.TrimPrefix(fs.Device, "/dev/"); device != "" && name-p.X() >= len(device)+3 {
		p.Skip(1).Text(draw.Dim, "(").Text(draw.Dim, device).Text(draw.Dim, ")")
	}
	p = r.Pen(0, 0)
	switch {
	case hangs(fs):
		p.Text(draw.Bad, fs.Health.Err).Skip(1).Age(draw.Bad, f.Boot-fs.Health.Since)
		return
	case !fs.Health.Has():
		stateWord(&p, &fs.Health)
		p.Skip(1).Fit(draw.Dim, fs.Health.Err, p.Left())
		return
	}
	style := level(fs.UsedPercent, f.Settings.Filesystem)
	figures := r.CutRight(17).Pen(0, 0)
	r.Gauge(0, fs.UsedPercent, style)
	figures.Percent(style|draw.Bold, fs.UsedPercent).Text(style, levelMark(fs.UsedPercent, f.Settings.Filesystem))
	figures.Size(draw.Text, fs.Available, 9)
}
