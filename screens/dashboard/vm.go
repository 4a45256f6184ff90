package dashboard

import (
	"hypervisor-tui/act"
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample/qemu"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/widget"
)

// vmLabel is the column of the figures in the overlay of a VM, vmWidth the width of those that have a unit.
const (
	vmLabel = 13
	vmWidth = 11
)

// vm is the overlay with one VM whole.
type vm struct {
	*screens.Sheet
	chosen chosenVM
}

// Chosen implements screens.Chooser.
func (v *vm) Chosen(f *frame.Frame) (act.Kind, string, bool) { return v.chosen.actedOn(f) }

// newVM shows a VM with everything that both sides know, and why the rest is not known.
func newVM(chosen chosenVM) screens.Screen {
	size := func(_, _, rows int, _ *frame.Frame) (int, int) { return 100, rows + 2 }
	sheet := screens.NewSheet("vm", "Virtual machine", size, func(view draw.Region, f *frame.Frame) draw.Region {
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
			cluster := view.Faded(f.LateSince != 0 || staleVMs(f))
			vmOfKubeVirt(&cluster, m, f)
			view = cluster.Faded(f.LateSince != 0)
		}
		if m.Process != nil {
			view.CutTop(1)
			vmOfProcess(&view, m.Process, f)
		}
		return view
	})
	return &vm{sheet, chosen}
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

// actedOn is the VM as verbs name it; ok is false for one that is not KubeVirt's.
func (c *chosenVM) actedOn(f *frame.Frame) (kind act.Kind, name string, ok bool) {
	m := c.find(f)
	if m == nil || m.Namespace == "" {
		return 0, "", false
	}
	return act.VM, m.Namespace + "/" + m.Name, true
}

// vmIdentity writes what a VM is called, who knows it, and its process.
func vmIdentity(in *draw.Region, m *frame.Guest, f *frame.Frame) {
	p := in.CutTop(1).Pen(1, 0)
	vmTitle(&p, m)
	p.Skip(2).Text(draw.Dim, "known to ").Text(draw.Text, m.Source())
	if m.Conflict != frame.Agreed {
		p = in.Pen(1, 0)
		p.Glyph(draw.Bad, draw.Attention)
		*in = widget.Wrapped(*in, 3, draw.Bad, m.Conflict.String())
	}
	p = in.CutTop(1).Pen(1, 0)
	if m.Process == nil {
		p.Text(draw.Dim, "no QEMU process here")
		return
	}
	p.Text(draw.Dim, "found as a QEMU process, pid ").Int(draw.Text, int64(m.Process.PID))
	p.Text(draw.Dim, ", up ").Uptime(draw.Text, f.Boot-m.Process.Started)
}

// vmOfKubeVirt writes what KubeVirt knows: what is wrong first.
func vmOfKubeVirt(in *draw.Region, m *frame.Guest, f *frame.Frame) {
	p := widget.Field(in, "state", vmLabel)
	vmStatus(&p, m, f, p.Left()-1)
	p.Skip(1)
	widget.StaleMark(&p, &f.Kube.Kinds[kube.KindVM].Health, f)
	if m.VM == nil && f.Kube.Kinds[kube.KindVM].Has() {
		p.Text(draw.Dim, "an instance without a VirtualMachine")
	}
	if m.VM != nil {
		vmConditions(in, m.VM.Conditions, f)
	}
	if m.Instance != nil {
		vmConditions(in, m.Instance.Conditions, f)
	}
	vmWarning(in, m, f)
	instances, i := &f.Kube.Kinds[kube.KindVMI], m.Instance
	p = widget.Field(in, "instance", vmLabel)
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
	widget.StaleMark(p.Skip(1), &instances.Health, f)
	p = widget.Field(in, "node", vmLabel)
	p.Fit(draw.Text, widget.Known(i.Node), p.Left()-1)
	if i.Evacuating != "" {
		p.Text(draw.Warn, ", to be moved off ").Fit(draw.Warn, i.Evacuating, p.Left()-1)
	}
	p = widget.Field(in, "addresses", vmLabel)
	if len(i.IPs) == 0 {
		p.Text(draw.Dim, "n/a")
	}
	for _, ip := range i.IPs {
		p.Fit(draw.Text, ip, p.Left()-1).Skip(1)
	}
	p = widget.Field(in, "guest", vmLabel)
	truth(&p, "ready", i.Ready)
	truth(&p, "paused", i.Paused)
	truth(&p, "agent", i.Agent)
	p = widget.Field(in, "given", vmLabel)
	if i.VCPUs > 0 {
		p.Int(draw.Text, int64(i.VCPUs)).Text(draw.Dim, " vCPUs  ")
	}
	if i.Memory > 0 {
		p.Size(draw.Text, i.Memory, 0)
	} else {
		p.Text(draw.Dim, "memory n/a")
	}
	p = widget.Field(in, "migration", vmLabel)
	if truth(&p, "possible", i.Migratable); i.WhyNot != "" {
		*in = widget.Wrapped(*in, vmLabel, draw.Warn, i.WhyNot)
	}
	if i.Moving != nil {
		lastMove(in, i.Moving, f)
	}
}

// vmConditions writes conditions of a VM or its instance, with their messages in full.
func vmConditions(in *draw.Region, all []kube.Condition, f *frame.Frame) {
	for i := range all {
		p := widget.Field(in, "condition", vmLabel)
		conditionWords(&p, &all[i], f)
		conditionMessage(in, &all[i], vmLabel)
	}
}

// vmWarning writes the newest warning about a VM, in full.
func vmWarning(in *draw.Region, m *frame.Guest, f *frame.Frame) {
	p := widget.Field(in, "warning", vmLabel)
	events := &f.Kube.Kinds[kube.KindEvent]
	if !events.Has() {
		widget.KindState(&p, events, f, p.Left()-1)
		return
	}
	w := f.Kube.VMWarning(m.Namespace, m.Name)
	if w == nil {
		p.Text(draw.Dim, "none of late")
		widget.StaleMark(p.Skip(1), &events.Health, f)
		return
	}
	p.Fit(draw.Warn, w.Reason, p.Left()-1)
	times(&p, w)
	widget.SinceThen(&p, f, "  ", w.Last, " ago")
	widget.StaleMark(p.Skip(1), &events.Health, f)
	if w.Message != "" {
		*in = widget.Wrapped(*in, vmLabel, draw.Text, w.Message)
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

// lastMove writes from where to where it moved last, or moves, how that went, and why it failed.
func lastMove(in *draw.Region, m *kube.Moving, f *frame.Frame) {
	p := widget.Field(in, "", vmLabel)
	p.Fit(draw.Text, widget.Known(m.Source), 24).Text(draw.Dim, " to ").Fit(draw.Text, widget.Known(m.Target), 24).Skip(1)
	switch {
	case m.Failed:
		p.Text(draw.Bad, "failed")
		if m.Why != "" {
			*in = widget.Wrapped(*in, vmLabel, draw.Warn, m.Why)
		}
	case !m.Over():
		p.Text(draw.Accent, "under way")
		widget.SinceThen(&p, f, " since ", m.Started, "")
	case m.Ended.IsZero():
		p.Text(draw.Text, "done")
	default:
		widget.SinceThen(&p, f, "", m.Ended, " ago")
	}
}

// vmOfProcess writes what the QEMU process tells, and why the rest is not known.
func vmOfProcess(in *draw.Region, vm *qemu.VM, f *frame.Frame) {
	p := widget.Field(in, "CPUs busy", vmLabel)
	p.Float(draw.Text, vm.Cores, 2, vmWidth).Text(draw.Dim, "  of ")
	if f.Host == nil || len(f.Host.Cores) == 0 {
		p.Text(draw.Dim, "n/a")
	} else {
		p.Int(draw.Text, int64(len(f.Host.Cores)))
	}
	p = widget.Field(in, "vCPUs busy", vmLabel)
	if vm.WhyCPU == "" {
		vmShareOf(&p, vm, f, vmWidth+len("% of 8")-1)
	} else {
		unknown(in, &p, vm.WhyCPU)
	}
	p = widget.Field(in, "memory", vmLabel)
	if vm.WhyMemory == "" {
		p.Size(draw.Text, vm.Memory, vmWidth).Text(draw.Dim, "  resident, of ")
	} else {
		unknown(in, &p, vm.WhyMemory)
		p = widget.Field(in, "configured", vmLabel)
	}
	if vm.Configured == 0 {
		p.Text(draw.Dim, "n/a")
	} else {
		p.Size(draw.Text, vm.Configured, 0)
	}
	bothRates(in, "disk", "read", vm.Read, "written", vm.Write, vm.WhyDisk)
	bothRates(in, "net", "received", vm.Rx, "sent", vm.Tx, vm.WhyNet)
}

// bothRates writes two rates, or why neither is known.
func bothRates(in *draw.Region, label, name1 string, v1 float64, name2 string, v2 float64, why string) {
	p := widget.Field(in, label, vmLabel)
	if why != "" {
		unknown(in, &p, why)
		return
	}
	p.Rate(draw.Text, v1, vmWidth).Skip(2).Text(draw.Dim, name1).Skip(1)
	p.Rate(draw.Text, v2, vmWidth).Skip(2).Text(draw.Dim, name2)
}

// unknown writes that a figure is not known, and why, in full.
func unknown(in *draw.Region, p *draw.Pen, why string) {
	p.Text(draw.Dim, "n/a: ")
	if p.Left() > draw.Columns(why) {
		p.Text(draw.Dim, why)
		return
	}
	*in = widget.Wrapped(*in, vmLabel, draw.Dim, why)
}
