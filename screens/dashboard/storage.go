package dashboard

import (
	"math"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/widget"
)

// openStorage lists every disk, filesystem, array and pool.
func (d *Page) openStorage(*frame.Frame) screens.Screen {
	return screens.NewSheet("storage", "Disks and filesystems", screens.Whole, d.storage)
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
		row := view.CutTop(1)
		if row.Visible() {
			storageFilesystem(row, &all[i], f)
		}
	}
}

func storageFilesystem(r draw.Region, fs *sample.Filesystem, f *frame.Frame) {
	p := r.CutLeft(1+fsMount).Pen(1, 0)
	p.Fit(draw.Text, fs.Mount, fsMount-1)
	if fs.Health.State == health.Stale || fs.Health.State == health.Failed || !fs.Health.Has() {
		p = r.Pen(3, 0)
		if !widget.StatePlaceholder(&p, &fs.Health) || fs.Health.State == health.Failed {
			p.Skip(1).Fade(f.LateSince != 0).Fit(draw.Bad, fs.Health.Err, 30).Skip(1).Age(draw.Bad, f.Boot-fs.Health.Since)
		} else {
			p.Skip(1).Fit(draw.Dim, fs.Health.Err, p.Left())
		}
		return
	}
	style := widget.Level(fs.UsedPercent, f.Settings.Filesystem)
	p = r.CutLeft(fsFigure).Pen(fsFigure-8, 0)
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
	switch {
	case fs.RemountedRO:
		p.Text(draw.Bad, "became read-only  ")
	case fs.ReadOnly:
		p.Text(draw.Dim, "read-only  ")
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
