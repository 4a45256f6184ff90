package screens

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
)

func dashboardKeys() []binding {
	return []binding{
		{[]draw.Key{'s'}, "s", "sort VMs: CPU, memory, disk, net, name", "Sort VMs", sortVMs},
		{[]draw.Key{draw.KeyUp, draw.KeyDown, 'k', 'j'}, arrows, "choose a VM", "", chooseVM},
		{[]draw.Key{draw.KeyEnter}, "Enter", "the chosen VM whole", "", openVM},
		{[]draw.Key{'v'}, "v", "VMs of the whole cluster, or of this host", "All VMs", allVMs},
	}
}

// dashboardWindows open an overlay each, and work over another one too.
func dashboardWindows() []binding {
	return []binding{
		{[]draw.Key{'d'}, "d", "every disk, filesystem, array and pool", "Disks", openStorage},
		{[]draw.Key{'c'}, "c", "every CPU, memory in full, every sensor", "CPUs", openHardware},
		{[]draw.Key{'n'}, "n", "this node, migrations, what a drain meets", "Node", openNode},
		{[]draw.Key{'w'}, "w", "the cluster's newest warnings", "Warnings", openWarnings},
	}
}

func openStorage(c *Console, _ draw.Key, _ *frame.Frame) Wish  { return c.toggle(storageOverlay) }
func openNode(c *Console, _ draw.Key, _ *frame.Frame) Wish     { return c.toggle(nodeOverlay) }
func openWarnings(c *Console, _ draw.Key, _ *frame.Frame) Wish { return c.toggle(warningsOverlay) }
func openHardware(c *Console, _ draw.Key, _ *frame.Frame) Wish { return c.toggle(hardwareOverlay) }

// drawDashboard is F2: four quadrants, and the cluster below them.
func drawDashboard(c *Console, r draw.Region, f *frame.Frame) {
	c.body = r.H()
	body := r
	switch {
	case r.W() < narrow:
		c.guarded("gauges", drawGauges, r, f)
		return
	case shows(clusterLine, c.body):
		c.guarded("cluster", drawCluster, r.CutBottom(clusterRows(f, c.body)), f)
	}
	vms := c.vmRows(f)
	if vms > 0 {
		c.guarded("vms", drawVMs, r.CutBottom(vms), f)
	}
	half := r.W() / 2
	foot := body.Sub(half-1, r.H(), 1, 1).Pen(0, 0)
	if r.H() < body.H() && vms == 0 {
		foot.Glyph(draw.Border, draw.TeeUp)
	}
	top := r.CutTop((r.H() + 1) / 2)
	cpu, disks := top.CutLeft(half), r.CutLeft(half)
	cross(cpu.CutRight(1), draw.TeeDown)
	cross(disks.CutRight(1), draw.Cross)
	c.guarded("cpu", drawCPU, cpu, f)
	c.guarded("memory", drawMemory, top, f)
	c.guarded("disks", drawDisks, disks, f)
	c.guarded("traffic", drawTraffic, r, f)
}

// cross draws the line between two quadrants; tee joins it to the rule above.
func cross(r draw.Region, tee draw.Glyph) {
	r.Divide(0)
	p := r.Pen(0, 0)
	p.Glyph(draw.Border, tee)
}

// drawGauges is the dashboard of a narrow screen: one line a figure, the filesystems below.
func drawGauges(c *Console, r draw.Region, f *frame.Frame) {
	if cpu := r.CutTop(1); !missing(&cpu, f, sample.Stat) {
		labelled(cpu, "CPU", f.Host.CPU.Busy, f.Settings.CPU)
	}
	if f.Host == nil {
		return
	}
	labelled(r.CutTop(1).Faded(old(f, sample.Meminfo)), "Mem", f.Host.Memory.UsedPercent(), f.Settings.Memory)
	diskFigures(r.CutTop(1), f)
	trafficFigures(r.CutTop(1), f)
	if r.H() > 2 {
		p := r.CutBottom(1).Pen(1, 0)
		k3s(&p, f, 17)
		p.To(19)
		vmsAndPods(&p, f)
	}
	c.filesystems(r, f)
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
	style := level(percent, l)
	r.Gauge(0, percent, style)
	p := figure.Pen(0, 0)
	p.Percent(style|draw.Bold, percent).Skip(1).Text(style, levelMark(percent, l))
}

// value writes a label and a figure when both fit whole.
func value(p *draw.Pen, label string, v float64, prec int) {
	if p.Left() < len(label)+6 {
		return
	}
	p.Text(draw.Dim, label).Skip(1).Float(draw.Text, v, prec, 0).Skip(2)
}
