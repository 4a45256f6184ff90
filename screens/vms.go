package screens

import (
	"cmp"
	"slices"

	"hypervisor-tui/draw"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens/frame"
)

// vmOrder is what the VM table is sorted by.
type vmOrder uint8

const (
	byCPU vmOrder = iota
	byMemory
	byDisk
	byNet
	byName
	vmOrders
)

var vmOrderNames = [vmOrders]string{"CPU", "memory", "disk", "net", "name"}

// vms is the view state of the VM table.
type vms struct {
	order  vmOrder
	chosen int // pid of the VM under the cursor, 0: none yet
	top    int
	sorted []int // scratch: indices into Frame.VMs.VMs
}

func sortVMs(c *Console, _ draw.Key, _ *frame.Frame) Wish {
	c.vms.order = (c.vms.order + 1) % vmOrders
	c.vms.top = 0
	return Nothing
}

func chooseVM(c *Console, k draw.Key, f *frame.Frame) Wish {
	v := &c.vms
	v.sort(f)
	if len(v.sorted) == 0 {
		return Nothing
	}
	at := v.position(f)
	switch {
	case at < 0:
		at = 0
	case k == draw.KeyUp || k == 'k':
		at = max(at-1, 0)
	default:
		at = min(at+1, len(v.sorted)-1)
	}
	v.chosen = f.VMs.VMs[v.sorted[at]].PID
	return Nothing
}

func openVM(c *Console, _ draw.Key, f *frame.Frame) Wish {
	if hasVMs(f) {
		if c.vms.chosen == 0 {
			chooseVM(c, draw.KeyNone, f)
		}
		c.toggle(vmOverlay)
	}
	return Nothing
}

func hasVMs(f *frame.Frame) bool { return f.VMs != nil && f.VMs.Health.Has() && len(f.VMs.VMs) > 0 }

// sort orders the VMs, the largest first; equal ones by name, as they come.
func (v *vms) sort(f *frame.Frame) {
	v.sorted = v.sorted[:0]
	if !hasVMs(f) {
		return
	}
	all := f.VMs.VMs
	for i := range all {
		v.sorted = append(v.sorted, i)
	}
	order := v.order
	slices.SortStableFunc(v.sorted, func(a, b int) int { return compareVMs(&all[a], &all[b], order) })
}

// compareVMs is below 0 when a comes first. NaN, which is not known yet, comes last.
func compareVMs(a, b *sample.VM, order vmOrder) int {
	switch order {
	case byCPU:
		return cmp.Compare(b.Cores, a.Cores)
	case byMemory:
		return cmp.Compare(b.Memory, a.Memory)
	case byDisk:
		return cmp.Compare(b.Read+b.Write, a.Read+a.Write)
	case byNet:
		return cmp.Compare(b.Rx+b.Tx, a.Rx+a.Tx)
	}
	return 0
}

// position is where the chosen VM stands in the sorted list, -1 when it is not there.
func (v *vms) position(f *frame.Frame) int {
	for at, i := range v.sorted {
		if f.VMs.VMs[i].PID == v.chosen {
			return at
		}
	}
	return -1
}

// vmRows is how many rows of a body the VM table takes: its heading and at most a quarter of the body.
func vmRows(f *frame.Frame, body int) int {
	if !hasVMs(f) || !shows(vmTable, body) {
		return 0
	}
	return 1 + min(len(f.VMs.VMs), max(body/4-1, 1))
}

// The columns of the VM table, from the right: each figure ends where the next begins.
const (
	vmFigure   = 11
	vmName     = 20 // the least that a name gets,
	vmNameMost = 44 // and the most: figures stand near the name that they belong to
)

// drawVMs lists this host's VMs, as the QEMU processes tell.
func drawVMs(c *Console, r draw.Region, f *frame.Frame) {
	v := &c.vms
	v.sort(f)
	rule := r.CutTop(1)
	p := rule.Rule(0, "VMs here")
	p.Text(draw.Dim, "by ").Text(draw.Text, vmOrderNames[v.order]).Text(draw.Dim, " ")
	vmCaptions(rule)
	rows := r.H()
	at := v.position(f)
	if at >= 0 {
		v.top = min(max(v.top, at-rows+1), at)
	}
	v.top = max(min(v.top, len(v.sorted)-rows), 0)
	for _, i := range v.sorted[v.top:min(v.top+rows, len(v.sorted))] {
		row := r.CutTop(1)
		drawVM(row, &f.VMs.VMs[i], f)
		if f.VMs.VMs[i].PID == v.chosen {
			row.Restyle(draw.Selected)
			row.Set(0, 0, '>', draw.Selected)
		}
	}
	if n := len(v.sorted) - rows; n > 0 {
		p = rule.Pen(rule.W()-14, 0)
		p.Text(draw.Dim, " +").Int(draw.Text, int64(n)).Text(draw.Dim, " more ")
	}
}

// vmColumns are the figures from left to right; the first of them are dropped last.
var vmColumns = [...]string{"CPU", "memory", "read/s", "write/s", "rx/s", "tx/s", "vCPUs", "age"}

// shownColumns is how many figures fit beside the name.
func shownColumns(width int) int {
	return min(max((width-vmName-2)/vmFigure, 1), len(vmColumns))
}

// nameWidth is how many columns the name has before the figures.
func nameWidth(width int) int {
	return min(width-1-shownColumns(width)*vmFigure, vmNameMost)
}

func vmCaptions(r draw.Region) {
	n, left := shownColumns(r.W()), nameWidth(r.W())
	for i, name := range vmColumns[:n] {
		p := r.Pen(left+i*vmFigure, 0)
		if len(name) < vmFigure-1 && left+i*vmFigure >= vmName {
			p.To(left + (i+1)*vmFigure - len(name) - 1)
			p.Text(draw.Dim, " ").Text(draw.Dim, name)
		}
	}
}

func drawVM(r draw.Region, vm *sample.VM, f *frame.Frame) {
	n := shownColumns(r.W())
	name := r.CutLeft(nameWidth(r.W())).Pen(1, 0)
	vmTitle(&name, vm)
	for i := range n {
		cell := r.CutLeft(vmFigure).Pen(0, 0)
		switch i {
		case 0:
			vmShare(&cell, vm, f)
		case 1:
			vmMemory(&cell, vm)
		case 2:
			vmRate(&cell, vm.Read, vm.WhyDisk)
		case 3:
			vmRate(&cell, vm.Write, vm.WhyDisk)
		case 4:
			vmRate(&cell, vm.Rx, vm.WhyNet)
		case 5:
			vmRate(&cell, vm.Tx, vm.WhyNet)
		case 6:
			vmCPUs(&cell, vm)
		case 7:
			cell.AgeRight(draw.Text, f.Boot-vm.Started, vmFigure)
		}
	}
}

func vmTitle(p *draw.Pen, vm *sample.VM) {
	if vm.Name == "" {
		p.Text(draw.Dim, "qemu ").Int(draw.Text, int64(vm.PID))
		return
	}
	if vm.Namespace != "" {
		p.Fit(draw.Dim, vm.Namespace, p.Left()/2).Text(draw.Dim, "/")
	}
	p.Fit(draw.Text, vm.Name, p.Left()-1)
}

// absent writes n/a for a figure that has a reason to be unknown.
func absent(p *draw.Pen, why string) bool {
	if why == "" {
		return false
	}
	p.Right(draw.Dim, "n/a", vmFigure)
	return true
}

func vmShare(p *draw.Pen, vm *sample.VM, f *frame.Frame) {
	if !absent(p, vm.WhyCPU) {
		p.Skip(vmFigure-6).Percent(level(vm.CPU, f.Settings.CPU), vm.CPU)
	}
}

func vmMemory(p *draw.Pen, vm *sample.VM) {
	if !absent(p, vm.WhyMemory) {
		p.Size(draw.Text, vm.Memory, vmFigure)
	}
}

func vmRate(p *draw.Pen, rate float64, why string) {
	if !absent(p, why) {
		p.Amount(draw.Text, rate, vmFigure)
	}
}

func vmCPUs(p *draw.Pen, vm *sample.VM) {
	if vm.VCPUs == 0 {
		p.Right(draw.Dim, "n/a", vmFigure)
		return
	}
	p.IntRight(draw.Text, int64(vm.VCPUs), vmFigure)
}

// drawVMEntry shows the chosen VM with everything that is known, and why the rest is not.
func drawVMEntry(c *Console, r draw.Region, f *frame.Frame) {
	in := window(r, 64, 15, "Virtual machine")
	c.vms.sort(f)
	at := c.vms.position(f)
	if at < 0 {
		p := in.Pen(1, 0)
		p.Text(draw.Dim, "its process has ended")
		return
	}
	vm := &f.VMs.VMs[c.vms.sorted[at]]
	p := in.CutTop(1).Pen(1, 0)
	vmTitle(&p, vm)
	p = in.CutTop(2).Pen(1, 0)
	p.Text(draw.Dim, "found as a QEMU process, pid ").Int(draw.Text, int64(vm.PID))
	p.Text(draw.Dim, ", up ").Uptime(draw.Text, f.Boot-vm.Started)
	label(&in, "vCPUs", &p)
	vmCPUs(&p, vm)
	label(&in, "CPU", &p)
	vmShare(&p, vm, f)
	reason(&p, vm.WhyCPU, "of its vCPUs")
	label(&in, "CPUs busy", &p)
	p.Float(draw.Text, vm.Cores, 2, vmFigure)
	label(&in, "memory", &p)
	vmMemory(&p, vm)
	reason(&p, vm.WhyMemory, "resident")
	label(&in, "configured", &p)
	if vm.Configured == 0 {
		p.Right(draw.Dim, "n/a", vmFigure)
	} else {
		p.Size(draw.Text, vm.Configured, vmFigure)
	}
	label(&in, "disk read", &p)
	vmRate(&p, vm.Read, vm.WhyDisk)
	reason(&p, vm.WhyDisk, "a second")
	label(&in, "disk write", &p)
	vmRate(&p, vm.Write, vm.WhyDisk)
	reason(&p, vm.WhyDisk, "a second")
	label(&in, "received", &p)
	vmRate(&p, vm.Rx, vm.WhyNet)
	reason(&p, vm.WhyNet, "a second")
	label(&in, "sent", &p)
	vmRate(&p, vm.Tx, vm.WhyNet)
	reason(&p, vm.WhyNet, "a second")
}

// label starts a row with its name and leaves the pen where the figure goes.
func label(in *draw.Region, name string, p *draw.Pen) {
	*p = in.CutTop(1).Pen(1, 0)
	p.Text(draw.Dim, name).To(13)
}

// reason writes why a figure is unknown, or else its unit.
func reason(p *draw.Pen, why, unit string) {
	p.Skip(2)
	if why != "" {
		p.Fit(draw.Dim, why, p.Left()-1)
		return
	}
	p.Text(draw.Dim, unit)
}
