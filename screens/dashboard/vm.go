package dashboard

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample/qemu"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/widget"
)

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
