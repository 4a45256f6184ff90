package dashboard

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/widget"
)

func (d *Page) drawDisks(r draw.Region, f *frame.Frame) {
	p := widget.Heading(r.CutTop(1), "Disk I/O", f, sample.Diskstats)
	diskRates(&p, f)
	if f.Host == nil {
		return
	}
	old := widget.Old(f, sample.Diskstats)
	d.diskTable(r.CutTop(d.fits.rows[diskRows]).Faded(old), f)
	if d.fits.rows[diskArrays] > 0 {
		drawArrays(r.CutTop(1).Faded(f.LateSince != 0), f)
	}
	d.drawFilesystems(r.CutTop(d.fits.rows[diskFilesystems]), f)
	if f.Host.Health[sample.Diskstats].Has() && hasDisk(f.Host) {
		mirror(r.Faded(old), "Read", &f.Host.History.DiskRead, "Write", &f.Host.History.DiskWrite, f)
	}
}

// diskRates writes what is read and written, or why that is not known.
func diskRates(p *draw.Pen, f *frame.Frame) {
	switch {
	case f.Host == nil || !f.Host.Health[sample.Diskstats].Has():
		p.Text(draw.Dim, "Read ")
		widget.Placeholder(p, f, sample.Diskstats)
		p.Text(draw.Text, " ")
	case !hasDisk(f.Host):
		p.Text(draw.Dim, "Read n/a, no disk ")
	default:
		p.Fade(widget.Old(f, sample.Diskstats))
		rates(p, "Read", f.Host.DiskRead, "Write", f.Host.DiskWrite)
	}
}

// hasDisk reports whether there is a disk whose rates count.
func hasDisk(h *sample.Host) bool {
	for i := range h.Disks {
		if h.Disks[i].Physical || h.Disks[i].Remote {
			return true
		}
	}
	return false
}

// sortDisks puts disks and filesystems in order.
func (d *Page) sortDisks(f *frame.Frame) {
	d.disks, d.filesystems, d.urgent = d.disks[:0], d.filesystems[:0], d.urgent[:0]
	if f.Host == nil {
		return
	}
	disks, all := f.Host.Disks, f.Host.Filesystems
	for i := range disks {
		d.disks = append(d.disks, i)
	}
	slices.SortStableFunc(d.disks, func(a, b int) int { return cmp.Compare(disks[b].Busy, disks[a].Busy) }) // NaN comes last
	for i := range all {
		d.filesystems = append(d.filesystems, i)
	}
	slices.SortStableFunc(d.filesystems, func(a, b int) int { return cmp.Compare(urgency(&all[b]), urgency(&all[a])) })
	every := allDull(all, f.Settings.Filesystem)
	for _, i := range d.filesystems {
		if every || !dull(&all[i], f.Settings.Filesystem) {
			d.urgent = append(d.urgent, i)
		}
	}
}

// diskTable lists the busiest disks.
func (d *Page) diskTable(r draw.Region, f *frame.Frame) {
	disks := f.Host.Disks
	for n, i := range d.disks {
		if theRest(r, n, len(disks), " more, less busy (d lists all)") {
			return
		}
		disk := &disks[i]
		row := r.CutTop(1).Inset(1)
		p := row.Pen(0, 0)
		p.Fit(draw.Text, disk.Name, 9).To(9).Rate(draw.Text, disk.Read, 11).Rate(draw.Text, disk.Write, 12)
		if row.W() >= 60 {
			p.Float(draw.Text, disk.ReadOps+disk.WriteOps, 0, 7).Text(draw.Dim, " IO/s")
		}
		if row.W() >= 90 {
			p.Float(draw.Text, disk.ReadLatency, 1, 7).Text(draw.Dim, "/").Float(draw.Text, disk.WriteLatency, 1, 0).Text(draw.Dim, " ms")
			p.To(58)
		}
		if p.Left() >= 5 {
			p.Float(draw.Text, disk.Busy, 0, 4).Text(draw.Dim, "%")
		}
		if p.Left() > 12 {
			p.Text(draw.Dim, " busy  ").Fit(draw.Dim, disk.Model, p.Left())
		}
	}
}

// theRest counts, on the last row of a list, those that have no row, and reports whether it did. A list of one or two rows
// shows its first: they say more than how many there are.
func theRest(r draw.Region, shown, all int, how string) bool {
	if r.H() != 1 || shown < 2 || shown == all-1 {
		return false
	}
	p := r.Pen(1, 0)
	p.Text(draw.Dim, "+").Int(draw.Dim, int64(all-shown)).Text(draw.Dim, how)
	return true
}

// drawFilesystems lists the fullest first, those that do not answer before all.
func (d *Page) drawFilesystems(r draw.Region, f *frame.Frame) {
	if f.Host == nil || r.Empty() {
		return
	}
	all := f.Host.Filesystems
	if len(all) == 0 {
		noFilesystems(r.CutTop(1), f)
		return
	}
	for n, i := range d.urgent {
		if theRest(r, n, len(d.urgent), " more, less full (d lists all)") {
			return
		}
		drawFilesystem(r.CutTop(1).Inset(1).Faded(widget.Old(f, sample.Filesystems)), &all[i], f)
	}
}

// noFilesystems says why there is none to show.
func noFilesystems(r draw.Region, f *frame.Frame) {
	if !widget.Missing(&r, f, sample.Filesystems) {
		p := r.Pen(1, 0)
		p.Text(draw.Dim, "no filesystem to show")
	}
}

// urgency sorts filesystems: those that do not answer, then by how full they are, then those in memory, then those that
// nobody can write to.
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

// drawFilesystem is a row: the mount with its device, a gauge, its share and what is left. A mount that is long has the room of
// its gauge: the share says as much.
func drawFilesystem(r draw.Region, fs *sample.Filesystem, f *frame.Frame) {
	const figuresWidth = 17
	const least = 14 // / (nvme0n1p1)
	name := min(max(r.W()/4, least), 32)
	if long := draw.Columns(fs.Mount); long > name {
		name = min(long, max(r.W()-figuresWidth-1, name))
	}
	p := r.CutLeft(name+1).Pen(0, 0)
	p.Fit(draw.Text, fs.Mount, name)
	if device := strings.TrimPrefix(fs.Device, "/dev/"); device != "" && name-p.X() >= len(device)+2 {
		p.Skip(1).Text(draw.Dim, "(").Text(draw.Dim, device).Text(draw.Dim, ")")
	}
	p = r.Pen(0, 0)
	switch {
	case hangs(fs):
		p.Text(draw.Bad, fs.Health.Err).Skip(1).Age(draw.Bad, f.Boot-fs.Health.Since)
		return
	case !fs.Health.Has():
		widget.StatePlaceholder(&p, &fs.Health)
		p.Skip(1).Fit(draw.Dim, fs.Health.Err, p.Left())
		return
	}
	style := widget.Level(fs.UsedPercent, f.Settings.Filesystem)
	figures := r.CutRight(figuresWidth).Pen(0, 0)
	if r.W() >= 8 || name == least {
		r.Gauge(0, fs.UsedPercent, style)
	}
	figures.Percent(style|draw.Bold, fs.UsedPercent).Text(style, widget.LevelMark(fs.UsedPercent, f.Settings.Filesystem))
	figures.Size(draw.Text, fs.Available, 9)
}

// drawArrays is one row: md arrays and ZFS pools with their states, as many as fit whole.
func drawArrays(r draw.Region, f *frame.Frame) {
	p := r.Pen(1, 0)
	for i := range f.Host.Arrays {
		a := &f.Host.Arrays[i]
		if p.Left() < len(a.Name)+len(a.Level)+len(a.State)+18 {
			p.Glyph(draw.Dim, draw.Ellipsis)
			return
		}
		arrayState(&p, a)
	}
	for i := range f.Host.Pools {
		pool := &f.Host.Pools[i]
		if p.Left() < len(pool.Name)+len(pool.State)+4 {
			p.Glyph(draw.Dim, draw.Ellipsis)
			return
		}
		poolState(&p, pool)
	}
}

// arrayState writes name, level, state, working disks of all, and how far a recovery has come.
func arrayState(p *draw.Pen, a *sample.Array) {
	style := draw.Good
	switch {
	case a.State == "unknown" || a.State == "container":
		style = draw.Text // nobody knows whether it is well
	case a.Ill() != "":
		style = draw.Bad
	}
	p.Text(draw.Dim, a.Name).Skip(1).Text(draw.Dim, a.Level).Skip(1).Text(style, a.State)
	p.Skip(1).Int(style, int64(a.Working)).Text(draw.Dim, "/").Int(style, int64(a.Disks))
	if !math.IsNaN(a.Synced) {
		p.Skip(1).Share(draw.Warn, a.Synced)
	}
	p.Skip(2)
}

func poolState(p *draw.Pen, pool *sample.Pool) {
	style := draw.Good
	if pool.State != "ONLINE" {
		style = draw.Bad
	}
	p.Text(draw.Dim, pool.Name).Skip(1).Text(style, pool.State).Skip(2)
}

// openStorage lists every disk, filesystem, array and pool.
func (d *Page) openStorage(*frame.Frame) screens.Screen {
	return screens.NewSheet("storage", "Disks and filesystems", screens.Wide, d.storage)
}

func (d *Page) storage(view draw.Region, f *frame.Frame) draw.Region {
	if f.Host == nil {
		p := view.CutTop(1).Pen(1, 0)
		p.Text(draw.Dim, "--")
		return view
	}
	view = view.Faded(f.LateSince != 0)
	d.storageDisks(&view, f)
	d.storageFilesystems(&view, f)
	storageArrays(&view, f)
	return view
}

// Columns of a disk on the overlay: the name, then figures; what does not fit is left out from the right.
const (
	diskName   = 14
	diskFigure = 11
)

var diskColumns = [...]string{"read/s", "write/s", "busy", "reads/s", "writes/s", "ms/read", "ms/write"}

func (d *Page) storageDisks(view *draw.Region, f *frame.Frame) {
	captions(view.CutTop(1), "Disks by busy", diskName, diskFigure, diskColumns[:])
	if r := *view; widget.Missing(&r, f, sample.Diskstats) {
		view.CutTop(1)
		return
	}
	for _, i := range d.disks {
		row := view.CutTop(1)
		if row.Visible() {
			storageDisk(row, &f.Host.Disks[i])
		}
	}
}

func storageDisk(r draw.Region, d *sample.Disk) {
	p := r.CutLeft(1+diskName).Pen(1, 0)
	p.Fit(draw.Text, d.Name, diskName-1)
	for i := range diskColumns {
		if r.W() < diskFigure {
			return
		}
		p = r.CutLeft(diskFigure).Pen(0, 0)
		switch i {
		case 0:
			p.Amount(draw.Text, d.Read, diskFigure)
		case 1:
			p.Amount(draw.Text, d.Write, diskFigure)
		case 2:
			p.Float(draw.Text, d.Busy, 0, diskFigure-1).Text(draw.Dim, "%")
		case 3:
			p.Float(draw.Text, d.ReadOps, 0, diskFigure)
		case 4:
			p.Float(draw.Text, d.WriteOps, 0, diskFigure)
		case 5:
			p.Float(draw.Text, d.ReadLatency, 1, diskFigure)
		case 6:
			p.Float(draw.Text, d.WriteLatency, 1, diskFigure)
		}
	}
	p = r.Pen(2, 0)
	p.Fit(draw.Dim, d.Model, r.W()-3)
}

// captions writes a section's title and the names of its columns, each above the end of its figures.
func captions(r draw.Region, title string, name, width int, columns []string) {
	p := r.Pen(1, 0)
	p.Text(draw.Title|draw.Bold, title)
	free := p.X() + 1
	r.CutLeft(1 + name)
	for i, column := range columns {
		if r.W() < width {
			return
		}
		cell := r.CutLeft(width).Pen(0, 0)
		if 1+name+(i+1)*width-len(column) > free {
			cell.Right(draw.Dim, column, width)
		}
	}
}

// The columns of a filesystem on the overlay.
const (
	fsMount  = 26
	fsFigure = 11
)

var fsColumns = [...]string{"used", "available", "size", "inodes"}

func (d *Page) storageFilesystems(view *draw.Region, f *frame.Frame) {
	view.CutTop(1)
	captions(view.CutTop(1), "Filesystems by use", fsMount, fsFigure, fsColumns[:])
	all := f.Host.Filesystems
	if len(all) == 0 {
		noFilesystems(view.CutTop(1), f)
		return
	}
	for _, i := range d.filesystems {
		fs := &all[i]
		p := view.Pen(1, 0)
		if draw.Columns(fs.Mount) < fsMount {
			p.Text(draw.Text, fs.Mount)
		} else { // it has a row of its own
			*view = widget.Wrapped(*view, 1, draw.Text, fs.Mount)
		}
		if hangs(fs) || !fs.Health.Has() {
			unreadFilesystem(view, fs, f)
			continue
		}
		if row := view.CutTop(1); row.Visible() {
			storageFilesystem(row, fs, f)
		}
		if written, style := readOnly(fs); written != "" && view.W()-fsMount-len(fsColumns)*fsFigure-2 <= len(written) {
			p = view.CutTop(1).Pen(1+fsMount+3, 0) // it has no room behind the figures
			p.Text(style, written)
		}
	}
}

// unreadFilesystem says since when, and why, a filesystem tells nothing, in full.
func unreadFilesystem(view *draw.Region, fs *sample.Filesystem, f *frame.Frame) {
	style := draw.Bad
	if !hangs(fs) {
		style = draw.Dim
	}
	p := view.Pen(1, 0)
	p.Fit(draw.Text, fs.Mount, fsMount-1).To(1 + fsMount + 3).Fade(f.LateSince != 0)
	if widget.StatePlaceholder(&p, &fs.Health) {
		p.Skip(1)
	}
	p.Fade(f.LateSince != 0)
	if fs.Health.Since > 0 {
		p.Text(style, "since ").Age(style, f.Boot-fs.Health.Since).Skip(1)
	}
	*view = widget.Wrapped(*view, p.X(), style, fs.Health.Err)
}

// readOnly says that nothing can be written to a filesystem, empty while that is not so.
func readOnly(fs *sample.Filesystem) (string, draw.Style) {
	switch {
	case fs.RemountedRO:
		return "became read-only", draw.Bad
	case fs.ReadOnly:
		return "read-only", draw.Dim
	}
	return "", draw.Dim
}

// storageFilesystem writes the figures of a filesystem behind its mount.
func storageFilesystem(r draw.Region, fs *sample.Filesystem, f *frame.Frame) {
	r.CutLeft(1 + fsMount)
	style := widget.Level(fs.UsedPercent, f.Settings.Filesystem)
	p := r.CutLeft(fsFigure).Pen(fsFigure-8, 0)
	p.Percent(style|draw.Bold, fs.UsedPercent).Text(style, widget.LevelMark(fs.UsedPercent, f.Settings.Filesystem))
	p = r.CutLeft(fsFigure).Pen(0, 0)
	p.Size(draw.Text, fs.Available, fsFigure)
	p = r.CutLeft(fsFigure).Pen(0, 0)
	p.Size(draw.Text, fs.Total, fsFigure)
	p = r.CutLeft(fsFigure).Pen(fsFigure-8, 0)
	if math.IsNaN(fs.InodesPercent) {
		p.Right(draw.Dim, "n/a", 6)
	} else {
		p.Percent(widget.Level(fs.InodesPercent, f.Settings.Filesystem), fs.InodesPercent)
		p.Text(widget.Level(fs.InodesPercent, f.Settings.Filesystem), widget.LevelMark(fs.InodesPercent, f.Settings.Filesystem))
	}
	p = r.Pen(1, 0)
	if written, style := readOnly(fs); len(written) < p.Left() {
		p.Text(style, written)
		if written != "" {
			p.Skip(2)
		}
	}
	if p.Left() > 8 {
		p.Text(draw.Dim, fs.Type).Skip(1).Fit(draw.Dim, fs.Device, p.Left()-1)
	}
}

func storageArrays(view *draw.Region, f *frame.Frame) {
	if len(f.Host.Arrays)+len(f.Host.Pools) == 0 {
		return
	}
	view.CutTop(1)
	widget.Section(view.CutTop(1), "Arrays and pools")
	for i := range f.Host.Arrays {
		p := view.CutTop(1).Pen(1, 0)
		arrayState(&p, &f.Host.Arrays[i])
		if a := &f.Host.Arrays[i]; a.Failed+a.Spare > 0 {
			p.Int(draw.Text, int64(a.Failed)).Text(draw.Dim, " failed, ").Int(draw.Text, int64(a.Spare)).Text(draw.Dim, " spare")
		}
	}
	for i := range f.Host.Pools {
		p := view.CutTop(1).Pen(1, 0)
		p.Text(draw.Dim, "ZFS ")
		poolState(&p, &f.Host.Pools[i])
	}
}
