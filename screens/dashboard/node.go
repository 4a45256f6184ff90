package dashboard

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/widget"
)

// openNode shows this node: how it is, what is requested of it, what moves, and what a drain would meet.
func openNode(*frame.Frame) screens.Screen {
	return screens.NewSheet("node", "This node", func(_, h, _ int, _ *frame.Frame) (int, int) { return 110, h }, node)
}

func node(view draw.Region, f *frame.Frame) draw.Region {
	if !widget.ClusterKnown(f) {
		p := view.CutTop(1).Pen(1, 0)
		p.Text(draw.Dim, "API: ")
		widget.APIState(&p, f, false)
		return view
	}
	nodeFacts(&view, f)
	nodeAllocation(&view, f)
	migrations(&view, f)
	drain(&view, f)
	return view
}

func nodeFacts(view *draw.Region, f *frame.Frame) {
	nodes, n := &f.Kube.Kinds[kube.KindNode], f.Kube.Local
	if n == nil || !nodes.Has() {
		drawNodeLine(view.CutTop(1), f)
		return
	}
	p := view.CutTop(1).Pen(1, 0)
	p.Fit(draw.Accent|draw.Bold, n.Name, 40).Skip(2)
	readiness(&p, n, nodes)
	p.Skip(1)
	widget.StaleMark(&p, &nodes.Health, f)
	p = view.CutTop(1).Pen(2, 0)
	p.Text(draw.Dim, "kubelet ").Fit(draw.Text, widget.Known(n.Version), 24).Text(draw.Dim, "  address ").Fit(draw.Text, widget.Known(n.InternalIP), 40)
	p = view.CutTop(1).Pen(2, 0)
	p.Text(draw.Dim, "roles ")
	if len(n.Roles) == 0 {
		p.Text(draw.Text, "none")
	}
	roles(&p, n)
	for i := range n.Conditions {
		c := &n.Conditions[i]
		p = view.CutTop(1).Pen(2, 0)
		style := draw.Text
		if c.Good == kube.False {
			style = draw.Bad
		}
		p.Fit(style, c.Type, 28).Skip(1).Fit(style, c.Status, 12).Skip(1)
		widget.SinceThen(&p, f, "since ", c.Since, " ")
		if c.Good == kube.Unknown && c.Type != "Ready" {
			p.Text(draw.Dim, "not judged ")
		}
		p.Fit(draw.Dim, c.Reason, p.Left()-1)
	}
}

func nodeAllocation(view *draw.Region, f *frame.Frame) {
	k := f.Kube
	if k.Local == nil {
		return
	}
	pods := &k.Kinds[kube.KindPod]
	view.CutTop(1)
	widget.Section(view.CutTop(1), "Requested, of what can be allocated")
	if !pods.Has() {
		p := view.CutTop(1).Pen(2, 0)
		p.Text(draw.Dim, "pods: ")
		widget.KindState(&p, pods, f, p.Left()-1)
		return
	}
	style := widget.KindStyle(pods, draw.Text)
	row := view.CutTop(1)
	p := row.Pen(2, 0)
	cpuOf(p.Text(draw.Dim, "CPU").To(10), style, k.Pods.LocalCPU, k.Local.CPU)
	allocated(row, k.Pods.LocalCPU, k.Local.CPU, style)
	row = view.CutTop(1)
	p = row.Pen(2, 0)
	memoryOf(p.Text(draw.Dim, "memory").To(10), style, k.Pods.LocalMemory, k.Local.Memory)
	allocated(row, k.Pods.LocalMemory, k.Local.Memory, style)
	row = view.CutTop(1)
	p = row.Pen(2, 0)
	podsOf(p.Text(draw.Dim, "pods").To(10), style, k.Pods.Local, k.Local.Pods)
	allocated(row, int64(k.Pods.Local), k.Local.Pods, style)
	p = view.CutTop(1).Pen(2, 0)
	p.Text(draw.Dim, "VMs").To(10)
	if vms := &k.Kinds[kube.KindVMI]; vms.Has() {
		p.Int(widget.KindStyle(vms, draw.Text), int64(k.Virt.LocalVMIs)).Skip(2)
		overcommit(&p, k)
	} else {
		widget.KindState(&p, vms, f, p.Left()-1)
	}
	p = view.CutTop(1).Pen(2, 0)
	inUse(&p, f)
}

// inUse writes what this node and all together use, as a metrics server says.
func inUse(p *draw.Pen, f *frame.Frame) {
	k := f.Kube
	kept := &k.Kinds[kube.KindNodeMetrics]
	p.Text(draw.Dim, "used").To(10)
	if !kept.Has() {
		widget.KindState(p, kept, f, p.Left()-1)
		return
	}
	style := widget.KindStyle(kept, draw.Text)
	if u := k.LocalMetrics; u != nil {
		p.Text(draw.Dim, "CPU ").Float(style, float64(u.CPU)/1000, 1, 0).Text(draw.Dim, "  memory ").Size(style, uint64(max(u.Memory, 0)), 0)
	} else {
		p.Text(draw.Dim, "n/a")
	}
	if kept.Count > 0 && p.Left() > 44 {
		p.Text(draw.Dim, "  all nodes: CPU ").Float(style, float64(k.Metrics.CPU)/1000, 1, 0).Text(draw.Dim, "  memory ").Size(style, uint64(max(k.Metrics.Memory, 0)), 0)
	}
}

// allocated draws part of all as a gauge and a share behind the figures.
func allocated(r draw.Region, part, all int64, style draw.Style) {
	if all <= 0 {
		return
	}
	r.CutLeft(26)
	share := 100 * float64(part) / float64(all)
	figure := r.CutRight(8)
	r.Gauge(0, share, style)
	p := figure.Pen(0, 0)
	p.Percent(style, share)
}

// migrations lists those that go on and the newest that ended, and what is to be moved off its node.
func migrations(view *draw.Region, f *frame.Frame) {
	view.CutTop(1)
	widget.Section(view.CutTop(1), "Migrations")
	kept := &f.Kube.Kinds[kube.KindMigration]
	if !kept.Has() {
		p := view.CutTop(1).Pen(2, 0)
		widget.KindState(&p, kept, f, p.Left()-1)
		return
	}
	all := f.Kube.Virt.Migrations
	if len(all) == 0 {
		p := view.CutTop(1).Pen(2, 0)
		p.Text(draw.Dim, "none")
	}
	for i := range all {
		if two := view.CutTop(2); two.Visible() {
			migrationRow(two, &all[i], f)
		}
	}
	for i := range f.Kube.Virt.VMIs {
		v := &f.Kube.Virt.VMIs[i]
		if v.Evacuating == "" || v.Ended() {
			continue
		}
		p := view.CutTop(1).Pen(2, 0)
		widget.Namespaced(&p, v.Namespace, v.Name, 30)
		p.Skip(1).Text(draw.Warn, "is to be moved off ").Fit(draw.Text, v.Evacuating, p.Left()-1)
	}
}

// migrationRow draws a migration on two rows: what moves and how that goes; whence, whither and why it failed.
func migrationRow(r draw.Region, m *kube.Migration, f *frame.Frame) {
	p := r.Pen(2, 0)
	widget.Namespaced(&p, m.Namespace, m.VMI, 40)
	style := draw.Accent
	switch m.Phase {
	case "Succeeded":
		style = draw.Good
	case "Failed":
		style = draw.Bad
	}
	p.To(44).Fit(style, widget.Known(m.Phase), 18).Skip(2)
	at := m.Created
	if m.Done() && !m.Ended.IsZero() {
		at = m.Ended
	}
	widget.SinceThen(&p, f, "", at, " ago")
	p = r.Pen(4, 1)
	p.Fit(draw.Text, widget.Known(m.Source), 24).Text(draw.Dim, " to ").Fit(draw.Text, widget.Known(m.Target), 24).Skip(2)
	p.Fit(draw.Warn, m.Why, p.Left()-1)
}

// drain lists what a drain of this node would meet.
func drain(view *draw.Region, f *frame.Frame) {
	if f.Kube.Local == nil {
		return
	}
	view.CutTop(1)
	widget.Section(view.CutTop(1), "A drain of this node would meet")
	whole := true
	for _, kind := range [...]kube.Kind{kube.KindPod, kube.KindVMI, kube.KindPDB} {
		if kept := &f.Kube.Kinds[kind]; !kept.Has() && kept.State != health.Absent {
			p := view.CutTop(1).Pen(2, 0)
			p.Text(draw.Dim, "not known of ").Text(draw.Text, kind.String()).Text(draw.Dim, ": ")
			widget.KindState(&p, kept, f, p.Left()-1)
			whole = false
		}
	}
	if len(f.Kube.DrainBlockers) == 0 && whole {
		p := view.CutTop(1).Pen(2, 0)
		p.Text(draw.Dim, "nothing that stands in its way")
	}
	for i := range f.Kube.DrainBlockers {
		b := &f.Kube.DrainBlockers[i]
		p := view.CutTop(1).Pen(2, 0)
		widget.Namespaced(&p, b.Namespace, b.Name, 36)
		p.To(40).Fit(draw.Warn, b.Why, p.Left()-1)
	}
}
