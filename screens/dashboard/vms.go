package dashboard

import (
	"cmp"
	"math"
	"slices"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample/qemu"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/widget"
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
	all    bool     // those of the whole cluster are listed, not only those here
	chosen chosenVM // the VM under the cursor
	top    int
	sorted []int // indices into Frame.Machines
}

// chosenVM names a VM as long as it is there. The zero value: none is chosen yet.
type chosenVM struct {
	namespace, name string
	pid             int // of its process here, 0: none; of a VM with a name it may change, as when it moves
	set             bool
}

func (c *chosenVM) is(m *frame.Guest) bool {
	return c.set && c.namespace == m.Namespace && c.name == m.Name && (m.Namespace != "" || c.pid == pid(m))
}

func pid(m *frame.Guest) int {
	if m.Process == nil {
		return 0
	}
	return m.Process.PID
}

func (v *vms) sortBy(draw.Key, *frame.Frame) {
	v.order = (v.order + 1) % vmOrders
	v.top = 0
}

func (v *vms) listAll(draw.Key, *frame.Frame) {
	v.all = !v.all
	v.top = 0
}

func (v *vms) choose(k draw.Key, f *frame.Frame) {
	v.sort(f)
	if len(v.sorted) == 0 {
		return
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
	m := &f.Guests[v.sorted[at]]
	v.chosen = chosenVM{m.Namespace, m.Name, pid(m), true}
}

func (v *vms) open(f *frame.Frame) screens.Screen {
	if v.sort(f); len(v.sorted) == 0 || !v.chosen.set {
		return nil
	}
	return newVM(v.chosen)
}

// sort lists the VMs that are to be shown, the largest first; equal ones by name, as they come.
func (v *vms) sort(f *frame.Frame) {
	v.sorted = v.sorted[:0]
	all := f.Guests
	for i := range all {
		if v.all || all[i].Here {
			v.sorted = append(v.sorted, i)
		}
	}
	order := v.order
	slices.SortStableFunc(v.sorted, func(a, b int) int { return compareVMs(&all[a], &all[b], order) })
}

// compareVMs is below 0 when a comes first. NaN, which is not known, comes last.
func compareVMs(a, b *frame.Guest, order vmOrder) int {
	return cmp.Compare(size(b, order), size(a, order))
}

// size is what the table is sorted by, NaN for a VM that has no process here.
func size(m *frame.Guest, order vmOrder) float64 {
	vm := m.Process
	switch {
	case order == byName:
		return 0
	case vm == nil:
		return math.NaN()
	case order == byCPU:
		return vm.Cores
	case order == byMemory && vm.WhyMemory != "":
		return math.NaN()
	case order == byMemory:
		return float64(vm.Memory)
	case order == byDisk:
		return vm.Read + vm.Write
	}
	return vm.Rx + vm.Tx
}

// position is where the chosen VM stands in the sorted list, -1 when it is not there.
func (v *vms) position(f *frame.Frame) int {
	for at, i := range v.sorted {
		if v.chosen.is(&f.Guests[i]) {
			return at
		}
	}
	return -1
}

// scroll keeps the chosen VM among the rows that are shown.
func (v *vms) scroll(rows int, f *frame.Frame) {
	if at := v.position(f); at >= 0 {
		v.top = min(max(v.top, at-rows+1), at)
	}
	v.top = max(min(v.top, len(v.sorted)-rows), 0)
}

// wants is how many rows of the body the VM table takes: its heading and at most a quarter of the body, half of it when
// the whole cluster's are listed.
func (v *vms) wants(body int, f *frame.Frame) int {
	if len(f.Guests) == 0 || len(v.sorted) == 0 && !v.all {
		return 0
	}
	part := body / 4
	if v.all {
		part = body / 2
	}
	return 1 + min(max(len(v.sorted), 1), max(part-1, 1))
}

// The columns of the VM table: the name, the state where KubeVirt tells it, the figures, each ending where the next
// begins, and what is wide, node and addresses.
const (
	vmFigure   = 11
	vmName     = 20 // the least that a name gets,
	vmNameMost = 44 // and the most: figures stand near the name that they belong to
	vmNode     = 20
	vmAddress  = 16 // the least
)

// vmLayout is which columns a table of a width has.
type vmLayout struct {
	name, state, figures int  // columns of the name and the state, number of the figures
	wide                 bool // node and addresses too
}

func layoutVMs(f *frame.Frame, width int) vmLayout {
	var l vmLayout
	slots := (width - vmName - 2) / vmFigure
	if f.Kube != nil && (f.Kube.Kinds[kube.KindVM].Has() || f.Kube.Kinds[kube.KindVMI].Has()) {
		l.state = vmFigure + 1
		slots = (width - vmName - 2 - l.state) / vmFigure
	}
	l.figures = min(max(slots, 1), len(vmColumns))
	l.name = min(width-1-l.state-l.figures*vmFigure, vmNameMost)
	l.wide = l.state > 0 && width-l.name-l.state-l.figures*vmFigure >= vmNode+vmAddress+4
	return l
}

// draw lists VMs: those of this host, or the whole cluster's.
func (v *vms) draw(r draw.Region, f *frame.Frame) {
	rule, l := r.CutTop(1), layoutVMs(f, r.W())
	title := "VMs here"
	if v.all {
		title = "VMs of the cluster"
	}
	p := rule.Rule(0, title)
	p.Text(draw.Dim, "by ").Text(draw.Text, vmOrderNames[v.order]).Text(draw.Dim, " ")
	rows := r.H()
	if n := len(v.sorted) - rows; n > 0 {
		p.Text(draw.Dim, "+").Int(draw.Text, int64(n)).Text(draw.Dim, " more ")
	}
	vmCaptions(rule, l, p.X())
	if len(v.sorted) == 0 {
		p = r.Pen(1, 0)
		p.Text(draw.Dim, "none")
	}
	at := v.position(f)
	for i, m := range v.sorted[v.top:min(v.top+rows, len(v.sorted))] {
		row := r.CutTop(1)
		drawVM(row, &f.Guests[m], f, l)
		if v.top+i == at {
			row.Restyle(draw.Selected)
			row.Set(0, 0, '>', draw.Selected)
		}
	}
}

// vmColumns are the figures from left to right; the first of them are dropped last.
var vmColumns = [...]string{"CPU", "memory", "read/s", "write/s", "rx/s", "tx/s", "vCPUs", "age"}

// vmCaptions names the columns on the rule, from a column on that the title leaves free.
func vmCaptions(r draw.Region, l vmLayout, free int) {
	if l.state > 0 && l.name >= free {
		p := r.Pen(l.name-1, 0)
		p.Text(draw.Dim, " state ")
	}
	left := l.name + l.state
	for i, name := range vmColumns[:l.figures] {
		if at := left + (i+1)*vmFigure - len(name) - 1; at >= free {
			p := r.Pen(at, 0)
			p.Text(draw.Dim, " ").Text(draw.Dim, name)
		}
	}
	if l.wide {
		p := r.Pen(left+l.figures*vmFigure+2, 0)
		p.Text(draw.Dim, " node ").To(left + l.figures*vmFigure + 2 + vmNode)
		p.Text(draw.Dim, " addresses ")
	}
}

func drawVM(r draw.Region, m *frame.Guest, f *frame.Frame, l vmLayout) {
	if m.Conflict != frame.Agreed {
		p := r.Pen(0, 0)
		p.Glyph(draw.Bad|draw.Bold, draw.Attention)
	}
	name := r.CutLeft(l.name).Pen(1, 0)
	vmTitle(&name, m)
	if l.state > 0 {
		cell := r.CutLeft(l.state).Pen(0, 0)
		vmStatus(&cell, m, f, l.state-1)
	}
	place := r
	for i := range l.figures {
		cell := r.CutLeft(vmFigure).Faded(f.LateSince != 0).Pen(0, 0)
		if m.Process != nil {
			vmFigureAt(&cell, i, m.Process, f)
		}
	}
	if l.wide {
		p := r.Pen(3, 0)
		vmPlace(&p, m, f, vmNode)
	} else if m.Process == nil {
		p := place.Pen(0, 0)
		vmPlace(&p, m, f, 0)
	}
}

// vmFigureAt writes one figure of the columns.
func vmFigureAt(cell *draw.Pen, i int, vm *qemu.VM, f *frame.Frame) {
	switch i {
	case 0:
		vmShare(cell, vm, f)
	case 1:
		vmMemory(cell, vm)
	case 2:
		vmRate(cell, vm.Read, vm.WhyDisk)
	case 3:
		vmRate(cell, vm.Write, vm.WhyDisk)
	case 4:
		vmRate(cell, vm.Rx, vm.WhyNet)
	case 5:
		vmRate(cell, vm.Tx, vm.WhyNet)
	case 6:
		vmCPUs(cell, vm)
	case 7:
		cell.AgeRight(draw.Text, f.Boot-vm.Started, vmFigure)
	}
}

// vmStatus writes what KubeVirt calls the VM's state, dim when that is not fresh.
func vmStatus(p *draw.Pen, m *frame.Guest, f *frame.Frame, n int) {
	status := m.Status()
	var style draw.Style
	switch {
	case status == "":
		status, style = "n/a", draw.Dim
	case status == "Stopped" || f.Kube.Health.State != health.OK:
		style = draw.Dim
	case m.Conflict != frame.Agreed || m.VM != nil && m.VM.Failing() || status == "Failed":
		style = draw.Bad
	case status == "Running":
		style = draw.Good
	default:
		style = draw.Warn
	}
	p.Fit(style, status, n)
}

// vmPlace writes the node that a VM runs on and its addresses, the first of them at a column that is column further on,
// 0: right behind the node.
func vmPlace(p *draw.Pen, m *frame.Guest, f *frame.Frame, column int) {
	if m.Instance == nil || m.Instance.Ended() {
		return
	}
	style := draw.Text
	if f.Kube.Health.State != health.OK {
		style = draw.Dim
	}
	next := p.X() + column
	switch {
	case m.Instance.Node == "":
		p.Text(draw.Dim, "not scheduled")
	case column > 0:
		p.Fit(style, m.Instance.Node, column-1)
	default:
		p.Text(draw.Dim, "on ").Fit(style, m.Instance.Node, p.Left()-1)
	}
	p.To(max(next, p.X()+2))
	for _, ip := range m.Instance.IPs {
		if p.Left() <= len(ip) {
			p.Glyph(draw.Dim, draw.Ellipsis)
			return
		}
		p.Text(style, ip).Skip(1)
	}
}

func vmTitle(p *draw.Pen, m *frame.Guest) {
	if m.Name == "" {
		p.Text(draw.Dim, "qemu ").Int(draw.Text, int64(pid(m)))
		return
	}
	widget.Namespaced(p, m.Namespace, m.Name, p.Left()-1)
}

// absent writes n/a for a figure that has a reason to be unknown.
func absent(p *draw.Pen, why string) bool {
	if why == "" {
		return false
	}
	p.Right(draw.Dim, "n/a", vmFigure)
	return true
}

func vmShare(p *draw.Pen, vm *qemu.VM, f *frame.Frame) {
	if !absent(p, vm.WhyCPU) {
		p.Skip(vmFigure-6).Percent(widget.Level(vm.CPU, f.Settings.CPU), vm.CPU)
	}
}

func vmMemory(p *draw.Pen, vm *qemu.VM) {
	if !absent(p, vm.WhyMemory) {
		p.Size(draw.Text, vm.Memory, vmFigure)
	}
}

func vmRate(p *draw.Pen, rate float64, why string) {
	if !absent(p, why) {
		p.Amount(draw.Text, rate, vmFigure)
	}
}

func vmCPUs(p *draw.Pen, vm *qemu.VM) {
	if vm.VCPUs == 0 {
		p.Right(draw.Dim, "n/a", vmFigure)
		return
	}
	p.IntRight(draw.Text, int64(vm.VCPUs), vmFigure)
}

// newVM shows a VM with everything that both sides know, and why the rest is not known.
func newVM(chosen chosenVM) screens.Screen {
	size := func(_, _, _ int, f *frame.Frame) (int, int) {
		switch m := chosen.find(f); {
		case m == nil:
			return 64, 3
		case m.VM != nil || m.Instance != nil:
			return 76, 28
		}
		return 76, 15
	}
	return screens.NewSheet("vm", "Virtual machine", size, func(view draw.Region, f *frame.Frame) draw.Region {
		m := chosen.find(f)
		if m == nil {
			p := view.CutTop(1).Pen(1, 0)
			p.Text(draw.Dim, "it is gone")
			return view
		}
		view = view.Faded(f.LateSince != 0)
		vmIdentity(&view, m, f)
		if m.VM != nil || m.Instance != nil {
			view.CutTop(1)
			vmOfKubeVirt(&view, m, f)
		}
		if m.Process != nil {
			view.CutTop(1)
			vmOfProcess(&view, m.Process, f)
		}
		return view
	})
}

// find returns the VM of f, nil when it is gone.
func (c *chosenVM) find(f *frame.Frame) *frame.Guest {
	for i := range f.Guests {
		if c.is(&f.Guests[i]) {
			return &f.Guests[i]
		}
	}
	return nil
}

// vmIdentity writes what a VM is called, who knows it, and its process.
func vmIdentity(view *draw.Region, m *frame.Guest, f *frame.Frame) {
	p := view.CutTop(1).Pen(1, 0)
	vmTitle(&p, m)
	p.Skip(2).Text(draw.Dim, "known to ").Text(draw.Text, m.Source())
	if m.Conflict != frame.Agreed {
		p = view.CutTop(1).Pen(1, 0)
		p.Glyph(draw.Bad, draw.Attention).Skip(1).Fit(draw.Bad, m.Conflict.String(), p.Left()-1)
	}
	p = view.CutTop(1).Pen(1, 0)
	if m.Process == nil {
		p.Text(draw.Dim, "no QEMU process here")
		return
	}
	p.Text(draw.Dim, "found as a QEMU process, pid ").Int(draw.Text, int64(m.Process.PID))
	p.Text(draw.Dim, ", up ").Uptime(draw.Text, f.Boot-m.Process.Started)
}

// vmOfKubeVirt writes what KubeVirt knows.
func vmOfKubeVirt(in *draw.Region, m *frame.Guest, f *frame.Frame) {
	p := widget.Field(in, "state", vmColumn)
	vmStatus(&p, m, f, 30)
	p.Skip(1)
	widget.StaleMark(&p, &f.Kube.Kinds[kube.KindVM].Health, f)
	instances := &f.Kube.Kinds[kube.KindVMI]
	if m.VM == nil && f.Kube.Kinds[kube.KindVM].Has() {
		p.Text(draw.Dim, "an instance without a VirtualMachine")
	}
	i := m.Instance
	p = widget.Field(in, "instance", vmColumn)
	switch {
	case !instances.Has():
		widget.KindState(&p, instances, f, p.Left()-1)
		return
	case i == nil:
		p.Text(draw.Dim, "none: it does not run")
		return
	}
	p.Text(draw.Text, widget.Known(i.Phase))
	widget.SinceThen(&p, f, ", made ", i.Created, " ago")
	p = widget.Field(in, "node", vmColumn)
	p.Fit(draw.Text, widget.Known(i.Node), p.Left()-1)
	if i.Evacuating != "" {
		p.Text(draw.Warn, ", to be moved off ").Fit(draw.Warn, i.Evacuating, p.Left()-1)
	}
	p = widget.Field(in, "addresses", vmColumn)
	if len(i.IPs) == 0 {
		p.Text(draw.Dim, "n/a")
	}
	for _, ip := range i.IPs {
		p.Fit(draw.Text, ip, p.Left()-1).Skip(1)
	}
	p = widget.Field(in, "guest", vmColumn)
	truth(&p, "ready", i.Ready)
	truth(&p, "paused", i.Paused)
	truth(&p, "agent", i.Agent)
	p = widget.Field(in, "given", vmColumn)
	if i.VCPUs > 0 {
		p.Int(draw.Text, int64(i.VCPUs)).Text(draw.Dim, " vCPUs  ")
	}
	if i.Memory > 0 {
		p.Size(draw.Text, i.Memory, 0)
	} else {
		p.Text(draw.Dim, "memory n/a")
	}
	p = widget.Field(in, "migration", vmColumn)
	truth(&p, "possible", i.Migratable)
	p.Fit(draw.Warn, i.WhyNot, p.Left()-1)
	if i.Moving != nil {
		p = widget.Field(in, "", vmColumn)
		lastMove(&p, i.Moving, f)
	}
}

// truth writes a condition's name and whether it holds; what KubeVirt does not say is n/a.
func truth(p *draw.Pen, name string, t kube.Truth) {
	p.Text(draw.Dim, name).Skip(1)
	switch t {
	case kube.True:
		p.Text(draw.Text, "yes")
	case kube.False:
		p.Text(draw.Text, "no")
	default:
		p.Text(draw.Dim, "n/a")
	}
	p.Skip(2)
}

// lastMove writes from where to where it moved last, or moves, and how that went.
func lastMove(p *draw.Pen, m *kube.Moving, f *frame.Frame) {
	p.Fit(draw.Text, widget.Known(m.Source), 16).Text(draw.Dim, " to ").Fit(draw.Text, widget.Known(m.Target), 16).Skip(1)
	switch {
	case m.Failed:
		p.Text(draw.Bad, "failed ").Fit(draw.Warn, m.Why, p.Left()-1)
	case !m.Over():
		p.Text(draw.Accent, "under way")
		widget.SinceThen(p, f, " since ", m.Started, "")
	case m.Ended.IsZero():
		p.Text(draw.Text, "done")
	default:
		widget.SinceThen(p, f, "", m.Ended, " ago")
	}
}

// vmOfProcess writes what the QEMU process tells, and why the rest is not known.
func vmOfProcess(in *draw.Region, vm *qemu.VM, f *frame.Frame) {
	p := widget.Field(in, "vCPUs", vmColumn)
	vmCPUs(&p, vm)
	p = widget.Field(in, "CPU", vmColumn)
	vmShare(&p, vm, f)
	reason(&p, vm.WhyCPU, "of its vCPUs")
	p = widget.Field(in, "CPUs busy", vmColumn)
	p.Float(draw.Text, vm.Cores, 2, vmFigure)
	p = widget.Field(in, "memory", vmColumn)
	vmMemory(&p, vm)
	reason(&p, vm.WhyMemory, "resident")
	p = widget.Field(in, "configured", vmColumn)
	if vm.Configured == 0 {
		p.Right(draw.Dim, "n/a", vmFigure)
	} else {
		p.Size(draw.Text, vm.Configured, vmFigure)
	}
	p = widget.Field(in, "disk read", vmColumn)
	vmRate(&p, vm.Read, vm.WhyDisk)
	reason(&p, vm.WhyDisk, "a second")
	p = widget.Field(in, "disk write", vmColumn)
	vmRate(&p, vm.Write, vm.WhyDisk)
	reason(&p, vm.WhyDisk, "a second")
	p = widget.Field(in, "received", vmColumn)
	vmRate(&p, vm.Rx, vm.WhyNet)
	reason(&p, vm.WhyNet, "a second")
	p = widget.Field(in, "sent", vmColumn)
	vmRate(&p, vm.Tx, vm.WhyNet)
	reason(&p, vm.WhyNet, "a second")
}

const vmColumn = 13 // of the figures

// reason writes why a figure is unknown, or else its unit.
func reason(p *draw.Pen, why, unit string) {
	p.Skip(2)
	if why != "" {
		p.Fit(draw.Dim, why, p.Left()-1)
		return
	}
	p.Text(draw.Dim, unit)
}
