package nodes

import (
	"hypervisor-tui/act"
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/kube"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/widget"
)

// node is the overlay with one node whole.
type node struct {
	*screens.Sheet
	name string
}

func newNode(name string) *node {
	n := &node{name: name}
	size := func(_, _, rows int, _ *frame.Frame) (int, int) { return 150, rows + 2 }
	n.Sheet = screens.NewSheet("one-node", "Node", size, n.rows)
	return n
}

// ShowsNodes implements screens.Screen's method for overlays with nodes one by one.
func (n *node) ShowsNodes() bool { return true }

// ShownNode implements screens.Screen's method for overlays with one node whole.
func (n *node) ShownNode() string { return n.name }

// Chosen implements screens.Chooser.
func (n *node) Chosen(*frame.Frame) (act.Kind, string, bool) { return act.Node, n.name, true }

// rows draws the node, as far as it is there still.
func (n *node) rows(view draw.Region, f *frame.Frame) draw.Region {
	row := n.row(f)
	p := view.CutTop(1).Pen(1, 0)
	p.Fit(draw.Accent|draw.Bold, n.name, 60).Skip(2)
	if row == nil {
		if !n.peer(&view, f) {
			p.Text(draw.Dim, "is no node of the cluster any more, or the API does not say")
		}
		n.usage(&view, f)
		return view
	}
	p.Text(stateStyle(row), stateWord(row)).Skip(2)
	widget.StaleMark(&p, &f.Kube.Kinds[kube.KindNode].Health, f)
	if row.Here {
		p.Text(draw.Dim, "this host")
	}
	if n.peer(&view, f) {
		view.CutTop(1)
	}
	for i := range row.Conditions {
		condition(&view, &row.Conditions[i], f)
	}
	fact := func(name, value string) {
		if value == "" {
			return
		}
		p := widget.Field(&view, name, 22)
		p.Fit(draw.Text, value, p.Left())
	}
	list := func(name string, values []string, style draw.Style) {
		if len(values) == 0 {
			return
		}
		p := widget.Field(&view, name, 22)
		for _, v := range values {
			p.Fit(style, v, p.Left()).Skip(2)
		}
	}
	view.CutTop(1)
	list("Roles", row.Roles, draw.Text)
	fact("Zone", row.Zone)
	fact("Address", row.InternalIP)
	list("Taints", row.Taints, draw.Warn)
	p = widget.Field(&view, "Kubelet", 22)
	p.Fit(draw.Text, widget.Known(row.Version), 30)
	if row.Behind > 0 {
		p.Skip(2).Int(draw.Warn, int64(row.Behind)).Text(draw.Warn, " minor versions behind ").Fit(draw.Warn, f.Kube.Fleet.Newest, p.Left())
	}
	n.amounts(&view, row, f)
	n.usage(&view, f)
	detail := f.Kube.Detail(n.name)
	n.drain(&view, detail, f)
	n.ill(&view, detail, f)
	n.vms(&view, f)
	n.namespaces(&view, detail, f)
	n.warnings(&view, f)
	return view
}

// row is the node's, nil when it is not known.
func (n *node) row(f *frame.Frame) *kube.NodeRow {
	all := fleet(f)
	if all == nil {
		return nil
	}
	for i := range all.Rows {
		if all.Rows[i].Name == n.name {
			return &all.Rows[i]
		}
	}
	return nil
}

// condition draws one condition, and below it what is said of one that is not as it should be.
func condition(view *draw.Region, c *kube.Condition, f *frame.Frame) {
	style := draw.Text
	switch c.Good {
	case kube.True:
		style = draw.Good
	case kube.False:
		style = draw.Bad
	}
	p := view.CutTop(1).Pen(2, 0)
	p.Fit(style, c.Type, 30).Text(draw.Dim, " is ").Text(style, widget.Known(c.Status))
	widget.SinceThen(&p, f, ", for ", c.Since, "")
	if c.Reason != "" {
		p.Text(draw.Dim, ", ").Fit(draw.Text, c.Reason, p.Left())
	}
	if c.Message != "" {
		*view = widget.Wrapped(*view, 4, draw.Dim, c.Message)
	}
}

// amounts draws what the node has, what is asked of it and what it uses.
func (n *node) amounts(view *draw.Region, row *kube.NodeRow, f *frame.Frame) {
	pods, uses := f.Kube.Kinds[kube.KindPod].Has(), f.Kube.Kinds[kube.KindNodeMetrics].Has() && row.Measured
	cores := func(p *draw.Pen, name string, milli int64, known bool) {
		p.Text(draw.Dim, name)
		if !known {
			p.Text(draw.Dim, "--").Skip(2)
			return
		}
		p.Float(draw.Text, float64(milli)/1000, 1, 0).Skip(2)
	}
	bytes := func(p *draw.Pen, name string, n int64, known bool) {
		p.Text(draw.Dim, name)
		if !known || n < 0 {
			p.Text(draw.Dim, "--").Skip(2)
			return
		}
		p.Size(draw.Text, uint64(n), 0).Skip(2)
	}
	p := widget.Field(view, "CPUs", 22)
	cores(&p, "used ", row.Used.CPU, uses)
	cores(&p, "asked for ", row.AskedCPU, pods)
	cores(&p, "allocatable ", row.CPU, row.CPU > 0)
	p = widget.Field(view, "Memory", 22)
	bytes(&p, "used ", row.Used.Memory, uses)
	bytes(&p, "asked for ", row.AskedMemory, pods)
	bytes(&p, "allocatable ", row.Memory, row.Memory > 0)
	p = widget.Field(view, "Pods", 22)
	if pods {
		p.Int(draw.Text, int64(row.PodCount)).Text(draw.Dim, " of ").Int(draw.Text, row.Pods)
	} else {
		p.Text(draw.Dim, "--")
	}
	if f.Kube.Kinds[kube.KindVMI].Has() {
		p = widget.Field(view, "VMs", 22)
		p.Int(draw.Text, int64(row.VMs)).Text(draw.Dim, " with ").Int(draw.Text, int64(row.VCPUs)).Text(draw.Dim, " vCPUs")
		if row.MigratingIn+row.MigratingOut > 0 {
			p.Text(draw.Dim, ", coming ").Int(draw.Accent, int64(row.MigratingIn)).Text(draw.Dim, ", leaving ").Int(draw.Accent, int64(row.MigratingOut))
		}
	}
}
