package dashboard

import (
	"math"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample/qemu"
	"hypervisor-tui/screens/widget"
)

// vmColumn is a column of figures: which, its caption, its width, and the order that sorts by it.
type vmColumn struct {
	figure  vmFigure
	caption string
	width   int
	order   vmOrder // byName: none
}

// vmFigure is what a column shows.
type vmFigure uint8

const (
	vmBusy vmFigure = iota
	vmShare
	vmMemory
	vmRead
	vmWrite
	vmDisk
	vmRx
	vmTx
	vmNet
	vmAge
)

// The columns of a table, with both directions apart and together; the last of them are left out where room is short.
var (
	vmColumns = []vmColumn{{vmBusy, "CPUs busy", 12, byCPU}, {vmShare, "of vCPUs", 12, byName}, {vmMemory, "memory", 10, byMemory},
		{vmRead, "read/s", 10, byDisk}, {vmWrite, "write/s", 10, byDisk}, {vmRx, "rx/s", 10, byNet}, {vmTx, "tx/s", 10, byNet}, {vmAge, "age", 9, byName}}
	fewVMColumns = []vmColumn{vmColumns[0], vmColumns[1], vmColumns[2],
		{vmDisk, "disk/s", 10, byDisk}, {vmNet, "net/s", 10, byNet}, {vmAge, "age", 9, byName}}
)

// Columns that are not figures.
const (
	vmName     = 20 // the least that a name gets,
	vmNameMost = 40 // and the most: figures stand near the name that they belong to
	vmState    = 12 // where KubeVirt tells it
	vmNode     = 20
	vmAddress  = 16 // the least
	vmChart    = 20 // the most that a chart gets,
	vmChartMin = 8  // and the least
)

// vmLayout is where the columns of a table of a width are. The zero value of a width: there is no such column.
type vmLayout struct {
	name, state int
	columns     []vmColumn
	n, last     int // how many of columns there are, and which is the last of them
	spark, bar  int // before the CPUs that it keeps busy, and before their share of its own
	place       int // the column from which node and addresses are, 0: none
}

func layoutVMs(f *frame.Frame, width int, order vmOrder) vmLayout {
	l := vmLayout{columns: vmColumns}
	if f.Kube != nil && (f.Kube.Kinds[kube.KindVM].Has() || f.Kube.Kinds[kube.KindVMI].Has()) {
		l.state = vmState
	}
	room := width - 1 - vmName - l.state
	if room < columnsWidth(vmColumns) {
		l.columns = fewVMColumns
	}
	for l.n < len(l.columns) && l.columns[l.n].width <= room {
		room -= l.columns[l.n].width
		l.n++
	}
	l.last = l.n - 1
	for i := l.n; i < len(l.columns); i++ {
		if c := &l.columns[i]; l.n > 0 && c.order == order && order != byName {
			l.last, room = i, room+l.columns[l.n-1].width-c.width
		}
	}
	more := min(max(room, 0), vmNameMost-vmName)
	l.name = vmName + more
	room -= more
	placed := l.state > 0 && room >= vmNode+vmAddress+4
	if placed {
		room -= vmNode + vmAddress + 4
	}
	switch {
	case room >= 2*vmChartMin:
		l.spark, l.bar = min(room/2, vmChart), min(room/2, vmChart)
	case room >= vmChartMin:
		l.spark = room
	}
	if placed {
		l.place = l.name + l.state + l.spark + l.bar + columnsWidth(l.columns) + 3
	}
	return l
}

func columnsWidth(columns []vmColumn) (n int) {
	for i := range columns {
		n += columns[i].width
	}
	return n
}

// column returns the i-th column and its width.
func (l *vmLayout) column(i int) (c *vmColumn, width int) {
	if i == l.n-1 {
		i = l.last
	}
	c = &l.columns[i]
	switch c.figure {
	case vmBusy:
		return c, l.spark + c.width
	case vmShare:
		return c, l.bar + c.width
	}
	return c, c.width
}

// vmFigures draws the columns of figures that begin behind column free.
func vmFigures(r draw.Region, vm *qemu.VM, f *frame.Frame, l vmLayout, free int) {
	r = r.Faded(f.LateSince != 0)
	x := l.name + l.state
	for i := range l.n {
		c, width := l.column(i)
		if cell := r.Sub(x, 0, width, 1); x >= free {
			p := cell.Pen(0, 0)
			vmFigureOf(&p, c.figure, vm, f, width)
			vmChartOf(cell.Sub(2, 0, width-c.width-2, 1), c.figure, vm, f)
		}
		x += width
	}
}

// vmChartOf draws what stands before a figure: the CPUs that it kept busy of late, all its vCPUs being a full column, or how much
// of them that is now.
func vmChartOf(r draw.Region, figure vmFigure, vm *qemu.VM, f *frame.Frame) {
	switch {
	case r.Empty() || vm.WhyCPU != "":
	case figure == vmBusy:
		all := float64(vm.VCPUs)
		r.SparkLevels(&vm.Recent, max(qemu.RecentLen/r.W(), 1), all, func(busy float64) draw.Style { return widget.Level(100*busy/all, f.Settings.CPU) })
	case figure == vmShare && !math.IsNaN(vm.CPU):
		r.Gauge(0, vm.CPU, widget.Level(vm.CPU, f.Settings.CPU))
	}
}

// vmFigureOf writes a figure right-aligned in the columns of its width, n/a when it has a reason to be unknown.
func vmFigureOf(p *draw.Pen, figure vmFigure, vm *qemu.VM, f *frame.Frame, width int) {
	why := ""
	switch figure {
	case vmShare:
		why = vm.WhyCPU
	case vmMemory:
		why = vm.WhyMemory
	case vmRead, vmWrite, vmDisk:
		why = vm.WhyDisk
	case vmRx, vmTx, vmNet:
		why = vm.WhyNet
	}
	if why != "" {
		p.Right(draw.Dim, "n/a", width)
		return
	}
	switch figure {
	case vmBusy:
		p.Float(draw.Text, vm.Cores, 1, width)
	case vmShare:
		vmShareOf(p, vm, f, width)
	case vmMemory:
		p.Size(draw.Text, vm.Memory, width)
	case vmRead:
		p.Amount(draw.Text, vm.Read, width)
	case vmWrite:
		p.Amount(draw.Text, vm.Write, width)
	case vmDisk:
		p.Amount(draw.Text, vm.Read+vm.Write, width)
	case vmRx:
		p.Amount(draw.Text, vm.Rx, width)
	case vmTx:
		p.Amount(draw.Text, vm.Tx, width)
	case vmNet:
		p.Amount(draw.Text, vm.Rx+vm.Tx, width)
	case vmAge:
		p.AgeRight(draw.Text, f.Boot-vm.Started, width)
	}
}

// vmShareOf writes how much of its vCPUs a VM keeps busy: 80% of 8.
func vmShareOf(p *draw.Pen, vm *qemu.VM, f *frame.Frame, width int) {
	if vm.VCPUs == 0 || math.IsNaN(vm.CPU) {
		p.Right(draw.Dim, "--", width)
		return
	}
	style := widget.Level(vm.CPU, f.Settings.CPU)
	p.Float(style, vm.CPU, 0, width-len("% of ")-widget.Digits(vm.VCPUs)).Text(style, "%").Text(draw.Dim, " of ").Int(draw.Text, int64(vm.VCPUs))
}
