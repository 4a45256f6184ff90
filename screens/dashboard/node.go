package dashboard

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/widget"
)

// podKey tells a pod from others.
type podKey struct{ namespace, name string }

// openNode shows this node and others that are not well, its pods, those that do not work first, what is requested of it, what
// moves, and what a drain would meet. Enter goes to the log of a pod.
func openNode(*frame.Frame) screens.Screen {
	size := func(_, _, rows int, _ *frame.Frame) (int, int) { return 130, rows + 2 }
	return screens.NewList("node", "This node", size, "choose a pod", "the log of the pod", "Log", screens.Items[podKey]{
		Len: func(f *frame.Frame) int { return len(listedPods(f)) },
		Key: func(i int, f *frame.Frame) podKey {
			p := &f.Kube.Pods.List[i]
			return podKey{p.Namespace, p.Name}
		},
		Above: nodeAbove,
		Draw: func(view draw.Region, i int, f *frame.Frame) draw.Region {
			return widget.Pod(view, &f.Kube.Pods.List[i], f)
		},
		Enter: func(i int, f *frame.Frame) screens.Command {
			p := &f.Kube.Pods.List[i]
			return screens.PodLog(p.Namespace, p.Name)
		},
	})
}

// listedPods returns the pods of this node, as far as they are known: those that do not work first.
func listedPods(f *frame.Frame) []kube.NamedPod {
	if !widget.ClusterKnown(f) || f.Kube.Local == nil || !f.Kube.Kinds[kube.KindPod].Has() {
		return nil
	}
	return f.Kube.Pods.List
}

// nodeAbove draws what stands above pod i: the node above the pods that do not work, and the rest between them and the others.
func nodeAbove(view draw.Region, i int, f *frame.Frame) draw.Region {
	pods := listedPods(f)
	bad := 0
	for bad < len(pods) && !pods[bad].Works() {
		bad++
	}
	if i == 0 {
		nodeAndOthers(&view, f)
		if bad > 0 {
			view.CutTop(1)
			widget.PodsTitle(&view, "Pods that do not work", f)
		}
	}
	if i == bad && widget.ClusterKnown(f) {
		nodeAllocation(&view, f)
		migrations(&view, f)
		if f.Kube.Local != nil {
			view.CutTop(1)
			widget.Drain(&view, "A drain of this node would meet", f.Kube.DrainBlockers, f)
		}
		if i < len(pods) {
			view.CutTop(1)
			widget.PodsTitle(&view, "Pods that work", f)
		}
	}
	if i == kube.MaxPods {
		widget.Unlisted(&view)
	}
	return view
}

// nodeAndOthers draws how this node is, and which others are not well.
func nodeAndOthers(view *draw.Region, f *frame.Frame) {
	if !widget.ClusterKnown(f) {
		p := view.CutTop(1).Pen(1, 0)
		p.Text(draw.Dim, "API: ")
		widget.APIState(&p, f, false)
		return
	}
	nodeFacts(view, f)
	title, stale := false, f.Kube.Kinds[kube.KindNode].State == health.Stale
	for i := range f.Kube.Nodes.Faults {
		o := &f.Kube.Nodes.Faults[i]
		if !f.Kube.Kinds[kube.KindNode].Has() || f.Kube.Local != nil && f.Kube.Local.Name == o.Node {
			continue
		}
		if !title {
			view.CutTop(1)
			widget.KindSection(view, "Other nodes that are not well", f, kube.KindNode)
			title = true
		}
		p := view.CutTop(1).Pen(2, 0)
		p.Fit(draw.Text, o.Node, 40).Skip(2)
		conditionWords(p.Fade(stale), &o.Condition, f)
		conditionMessage(view, &o.Condition, 4)
		if o.Pods > 0 {
			p = view.CutTop(1).Pen(4, 0)
			p.Text(draw.Dim, "on it: ").Int(draw.Text, int64(o.Pods)).Text(draw.Dim, " pods, ").Int(draw.Text, int64(o.VMs)).Text(draw.Dim, " of them VMs")
		}
	}
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
	if rolesWidth(n)+len("  roles none ") < p.Left() {
		p.Skip(2)
	} else {
		p = view.CutTop(1).Pen(2, 0)
	}
	p.Text(draw.Dim, "roles ")
	if len(n.Roles) == 0 {
		p.Text(draw.Text, "none")
	}
	roles(&p, n)
	for i := range n.Conditions {
		c := &n.Conditions[i]
		p = view.CutTop(1).Pen(2, 0)
		conditionWords(p.Fade(nodes.State == health.Stale), c, f)
		conditionMessage(view, c, 4)
	}
}

func nodeAllocation(view *draw.Region, f *frame.Frame) {
	k := f.Kube
	if k.Local == nil {
		return
	}
	pods := &k.Kinds[kube.KindPod]
	view.CutTop(1)
	widget.KindSection(view, "Requested, of what can be allocated", f, kube.KindPod)
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
	widget.KindSection(view, "Migrations", f, kube.KindMigration)
	kept := &f.Kube.Kinds[kube.KindMigration]
	if !kept.Has() {
		p := view.CutTop(1).Pen(2, 0)
		widget.KindState(&p, kept, f, p.Left()-1)
		return
	}
	*view = view.Faded(kept.State == health.Stale)
	all := f.Kube.Virt.Migrations
	if len(all) == 0 {
		p := view.CutTop(1).Pen(2, 0)
		p.Text(draw.Dim, "none")
	}
	for i := range all {
		migrationRow(view, &all[i], f)
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
	*view = view.Faded(false)
}

// migrationRow draws a migration: what moves and how that goes, whence and whither, and why it failed, in full.
func migrationRow(view *draw.Region, m *kube.Migration, f *frame.Frame) {
	p := view.CutTop(1).Pen(2, 0)
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
	p = view.CutTop(1).Pen(4, 0)
	p.Fit(draw.Text, widget.Known(m.Source), 30).Text(draw.Dim, " to ").Fit(draw.Text, widget.Known(m.Target), 30)
	if m.Why != "" {
		*view = widget.Wrapped(*view, 4, draw.Warn, m.Why)
	}
}
