package screens

import (
	"math"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample/qemu"
)

// drawVMEntry shows the chosen VM with everything that both sides know, and why the rest is not known.
func drawVMEntry(c *Console, r draw.Region, f *frame.Frame) {
	var m *frame.Machine
	for i := range f.Machines {
		if c.vms.chosen.is(&f.Machines[i]) {
			m = &f.Machines[i]
			break
		}
	}
	if m == nil {
		in := window(r, 64, 3, "Virtual machine")
		p := in.Pen(1, 0)
		p.Text(draw.Dim, "it is gone")
		return
	}
	rows := 15
	if m.VM != nil || m.Instance != nil {
		rows = 28
	}
	in := window(r, 76, rows, "Virtual machine")
	view := in.Faded(f.LateSince != 0).Scrolled(c.scroll.top, math.MaxInt16)
	start := view.H()
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
	} else {
		p.Text(draw.Dim, "found as a QEMU process, pid ").Int(draw.Text, int64(m.Process.PID))
		p.Text(draw.Dim, ", up ").Uptime(draw.Text, f.Boot-m.Process.Started)
	}
	if m.VM != nil || m.Instance != nil {
		view.CutTop(1)
		vmOfKubeVirt(&view, m, f)
	}
	if m.Process != nil {
		view.CutTop(1)
		vmOfProcess(&view, m.Process, f)
	}
	c.scroll.fit(in.H(), start-view.H())
	moreBelow(in, &c.scroll)
}

// vmOfKubeVirt writes what KubeVirt knows.
func vmOfKubeVirt(in *draw.Region, m *frame.Machine, f *frame.Frame) {
	var p draw.Pen
	label(in, "state", &p)
	vmStatus(&p, m, f, 30)
	p.Skip(1)
	staleMark(&p, &f.Kube.Kinds[kube.KindVM].Health, f)
	instances := &f.Kube.Kinds[kube.KindInstance]
	if m.VM == nil && f.Kube.Kinds[kube.KindVM].Has() {
		p.Text(draw.Dim, "an instance without a VirtualMachine")
	}
	i := m.Instance
	label(in, "instance", &p)
	switch {
	case !instances.Has():
		kindState(&p, instances, f, p.Left()-1)
		return
	case i == nil:
		p.Text(draw.Dim, "none: it does not run")
		return
	}
	p.Text(draw.Text, known(i.Phase))
	sinceThen(&p, f, ", made ", i.Created, " ago")
	label(in, "node", &p)
	p.Fit(draw.Text, known(i.Node), p.Left()-1)
	if i.Evacuating != "" {
		p.Text(draw.Warn, ", to be moved off ").Fit(draw.Warn, i.Evacuating, p.Left()-1)
	}
	label(in, "addresses", &p)
	if len(i.IPs) == 0 {
		p.Text(draw.Dim, "n/a")
	}
	for _, ip := range i.IPs {
		p.Fit(draw.Text, ip, p.Left()-1).Skip(1)
	}
	label(in, "guest", &p)
	truth(&p, "ready", i.Ready)
	truth(&p, "paused", i.Paused)
	truth(&p, "agent", i.Agent)
	label(in, "given", &p)
	if i.VCPUs > 0 {
		p.Int(draw.Text, int64(i.VCPUs)).Text(draw.Dim, " vCPUs  ")
	}
	if i.Memory > 0 {
		p.Size(draw.Text, i.Memory, 0)
	} else {
		p.Text(draw.Dim, "memory n/a")
	}
	label(in, "migration", &p)
	truth(&p, "possible", i.Migratable)
	p.Fit(draw.Warn, i.WhyNot, p.Left()-1)
	if i.Moving != nil {
		label(in, "", &p)
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
	p.Fit(draw.Text, known(m.Source), 16).Text(draw.Dim, " to ").Fit(draw.Text, known(m.Target), 16).Skip(1)
	switch {
	case m.Failed:
		p.Text(draw.Bad, "failed ").Fit(draw.Warn, m.Why, p.Left()-1)
	case !m.Over():
		p.Text(draw.Accent, "under way")
		sinceThen(p, f, " since ", m.Started, "")
	case m.Ended.IsZero():
		p.Text(draw.Text, "done")
	default:
		sinceThen(p, f, "", m.Ended, " ago")
	}
}

// vmOfProcess writes what the QEMU process tells, and why the rest is not known.
func vmOfProcess(in *draw.Region, vm *qemu.VM, f *frame.Frame) {
	var p draw.Pen
	label(in, "vCPUs", &p)
	vmCPUs(&p, vm)
	label(in, "CPU", &p)
	vmShare(&p, vm, f)
	reason(&p, vm.WhyCPU, "of its vCPUs")
	label(in, "CPUs busy", &p)
	p.Float(draw.Text, vm.Cores, 2, vmFigure)
	label(in, "memory", &p)
	vmMemory(&p, vm)
	reason(&p, vm.WhyMemory, "resident")
	label(in, "configured", &p)
	if vm.Configured == 0 {
		p.Right(draw.Dim, "n/a", vmFigure)
	} else {
		p.Size(draw.Text, vm.Configured, vmFigure)
	}
	label(in, "disk read", &p)
	vmRate(&p, vm.Read, vm.WhyDisk)
	reason(&p, vm.WhyDisk, "a second")
	label(in, "disk write", &p)
	vmRate(&p, vm.Write, vm.WhyDisk)
	reason(&p, vm.WhyDisk, "a second")
	label(in, "received", &p)
	vmRate(&p, vm.Rx, vm.WhyNet)
	reason(&p, vm.WhyNet, "a second")
	label(in, "sent", &p)
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
