// Package dashboard is F2: CPU, memory, disks, network, VMs and cluster, and the overlays with each of them whole.
package dashboard

import (
	"strings"

	"hypervisor-tui/act"
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/widget"
)

// Page is F2: four quadrants, and the cluster below them.
type Page struct {
	screens.Base
	guard       widget.Guard
	body        int  // rows
	lastBoot    int  // rows of the card of the boot before
	narrow      bool // a line a figure is all that there is room for
	stacked     bool // the panels stand below each other
	fits        fits
	disks       []int // indices into Host.Disks, the busiest first
	filesystems []int // indices into Host.Filesystems, the most urgent first,
	urgent      []int // and of those that the panel lists
	links       []int // indices into Net.Interfaces, of those that the panel lists
	vms         vms
}

// New returns the page. crashed is called with each panic of a panel; it may be nil.
func New(crashed func(panel string, value any)) *Page {
	d := &Page{guard: crashed}
	d.Base = screens.NewBase("dashboard", "Dashboard",
		screens.Bind("s", "sort VMs: CPU, memory, disk, net, name", "Sort VMs", d.vms.sortBy, 's'),
		screens.Bind(screens.Arrows, "choose a VM", "", d.vms.choose, draw.KeyUp, draw.KeyDown, 'k', 'j'),
		screens.Bind("PgUp PgDn", "choose a VM further up, down", "", d.vms.choose, draw.KeyPageUp, draw.KeyPageDown),
		screens.Bind("Home End g G", "choose the first, last VM", "", d.vms.choose, draw.KeyHome, draw.KeyEnd, 'g', 'G'),
		screens.BindOverlay("Enter", "the chosen VM whole: why it fails", "", d.vms.open, draw.KeyEnter),
		screens.Bind("v", "VMs of the whole cluster, or of this host", "All VMs", d.vms.listAll, 'v'),
		screens.BindSwitch("V", "the VMs on the whole page, and back", "VM table", &d.vms.whole, 'V'),
		screens.Bind("/", "filter VMs by name, state, node, address", "Filter", d.openFilter, '/'),
		screens.Anywhere(screens.BindOverlay("d", "every disk, filesystem, array and pool", "Disks", d.openStorage, 'd')),
		screens.Anywhere(screens.BindOverlay("c", "every CPU, memory in full, every sensor", "CPUs", openHardware, 'c')),
		screens.Anywhere(screens.BindOverlay("t", "processes outside VMs: CPU, memory, whose", "Top", openProcesses, 't')),
		screens.Anywhere(screens.BindOverlay("n", "this node: its pods, migrations, a drain", "Node", openNode, 'n')),
		screens.Anywhere(screens.BindOverlay("w", "the cluster's newest warnings", "Warnings", openWarnings, 'w')),
	)
	return d
}

// Typing implements screens.Screen's method for pages with a prompt.
func (d *Page) Typing() bool { return d.vms.filter.Open }

// Escapes implements screens.Screen's method for pages on which Esc does something.
func (d *Page) Escapes() bool { return d.vms.filter.Filters() || d.vms.whole }

// Search implements screens.Screen's method for pages with a query: namespace/name of the VM to choose.
func (d *Page) Search(cmd screens.Command) {
	namespace, name, _ := strings.Cut(cmd.Query, "/")
	d.vms.chosen = chosenVM{namespace: namespace, name: name, set: true}
}

// Handle implements screens.Screen.
func (d *Page) Handle(k draw.Key, f *frame.Frame) (screens.Command, bool) {
	if d.vms.typed(k, f) {
		return screens.Command{}, true
	}
	return d.Base.Handle(k, f)
}

// openFilter asks for the filter of the VM table, which gets the page where it has no rows.
func (d *Page) openFilter(k draw.Key, f *frame.Frame) {
	d.vms.openFilter(k, f)
	d.vms.whole = d.vms.whole || d.narrow || d.fits.rows[vmRows] == 0
}

// Update sorts the lists and shares out the rows.
func (d *Page) Update(w, h int, f *frame.Frame) {
	d.lastBoot = lastBootRows(w, h, f)
	h -= d.lastBoot
	d.stacked = w < widget.Narrow && w >= stackedWidth && h >= stackedBody
	d.body, d.narrow = h, w < widget.Narrow && !d.stacked
	d.sortDisks(f)
	d.listLinks(f)
	d.vms.sort(f)
	if d.vms.whole {
		d.fits = fits{rows: [partCount]int{vmRows: h}}
	} else {
		d.lay(w, h, f)
	}
	d.vms.scroll(d.fits.rows[vmRows]-1, f)
}

// Draw implements screens.Screen.
func (d *Page) Draw(r draw.Region, f *frame.Frame) {
	if d.lastBoot > 0 {
		d.guard.Draw("last boot", drawLastBoot, r.CutTop(d.lastBoot), f)
	}
	if d.vms.whole {
		d.guard.Draw("vms", d.vms.draw, r, f)
		return
	}
	switch {
	case d.narrow:
		d.guard.Draw("gauges", d.drawGauges, r, f)
		return
	case d.stacked:
		d.drawStacked(r, f)
		return
	}
	half := r.W() / 2
	top, middle := r.CutTop(d.fits.bands[0]), r.CutTop(d.fits.bands[1])
	if vms := d.fits.panels[vmPanel]; vms > 0 {
		d.guard.Draw("vms", d.vms.draw, r.CutTop(vms), f)
	}
	foot := r.Pen(half-1, 0)
	if d.guard.Draw("cluster", d.drawCluster, r, f); d.fits.panels[vmPanel] == 0 && !r.Empty() {
		foot.Glyph(draw.Border, draw.TeeUp)
	}
	cpu, disks := top.CutLeft(half), middle.CutLeft(half)
	cross(cpu.CutRight(1), draw.TeeDown)
	cross(disks.CutRight(1), draw.Cross)
	d.guard.Draw("cpu", d.drawCPU, cpu, f)
	d.guard.Draw("memory", d.drawMemory, top, f)
	d.guard.Draw("disks", d.drawDisks, disks, f)
	d.guard.Draw("traffic", d.drawTraffic, middle, f)
}

// drawStacked draws the panels below each other.
func (d *Page) drawStacked(r draw.Region, f *frame.Frame) {
	for p, draws := range [panelCount]struct {
		name string
		draw func(draw.Region, *frame.Frame)
	}{
		cpuPanel: {"cpu", d.drawCPU}, memoryPanel: {"memory", d.drawMemory}, diskPanel: {"disks", d.drawDisks}, netPanel: {"traffic", d.drawTraffic},
		vmPanel: {"vms", d.vms.draw}, clusterPanel: {"cluster", d.drawCluster},
	} {
		if rows := d.fits.bands[stacked[p]]; rows > 0 {
			d.guard.Draw(draws.name, draws.draw, r.CutTop(rows), f)
		}
	}
}

// cross draws the line between two quadrants; tee joins it to the rule above.
func cross(r draw.Region, tee draw.Glyph) {
	r.Divide(0)
	p := r.Pen(0, 0)
	p.Glyph(draw.Border, tee)
}

// drawGauges is the dashboard of a narrow screen: one line a figure, the filesystems below.
func (d *Page) drawGauges(r draw.Region, f *frame.Frame) {
	if cpu := r.CutTop(1); !widget.Missing(&cpu, f, sample.Stat) {
		labelled(cpu, "CPU", f.Host.CPU.Busy, f.Settings.CPU)
	}
	if f.Host == nil {
		return
	}
	labelled(r.CutTop(1).Faded(widget.Old(f, sample.Meminfo)), "Mem", f.Host.Memory.UsedPercent(), f.Settings.Memory)
	p := r.CutTop(1).Pen(1, 0)
	diskRates(&p, f)
	p = r.CutTop(1).Pen(1, 0)
	d.trafficRates(&p, f)
	if r.H() > 2 {
		p := r.CutBottom(1).Pen(1, 0)
		screens.K3s(&p, f, 17)
		p.To(19)
		screens.VMsAndPods(&p, f)
	}
	d.drawFilesystems(r, f)
}

// labelled draws one gauge with its name in front.
func labelled(r draw.Region, name string, percent float64, l frame.Limits) {
	p := r.Pen(1, 0)
	p.Text(draw.Dim, name)
	r.CutLeft(4)
	gaugeLine(r, percent, l)
}

// gaugeLine draws a gauge over the row with its figure behind it.
func gaugeLine(r draw.Region, percent float64, l frame.Limits) {
	r = r.Inset(1)
	figure := r.CutRight(9)
	style := widget.Level(percent, l)
	r.Gauge(0, percent, style)
	p := figure.Pen(0, 0)
	p.Percent(style|draw.Bold, percent).Skip(1).Text(style, widget.LevelMark(percent, l))
}

// value writes a label and a figure when both fit whole.
func value(p *draw.Pen, label string, v float64, prec int) {
	if p.Left() < len(label)+6 {
		return
	}
	p.Text(draw.Dim, label).Skip(1).Float(draw.Text, v, prec, 0).Skip(2)
}

// Chosen implements screens.Chooser.
func (d *Page) Chosen(f *frame.Frame) (act.Kind, string, bool) { return d.vms.chosen.actedOn(f) }
