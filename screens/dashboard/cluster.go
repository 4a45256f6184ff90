package dashboard

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens/widget"
)

const clusterFigures = 22 // the column where the figures start

// drawCluster is the dashboard's last lines. What is not known is said to be so, with the reason.
func (d *Page) drawCluster(r draw.Region, f *frame.Frame) {
	rows := &d.fits.rows
	if rows[clusterRows] == 0 {
		return
	}
	p := r.CutTop(1).Rule(0, "Kubernetes and KubeVirt")
	if widget.ClusterKnown(f) {
		p.Fit(draw.Dim, f.Kube.Version, 24).Text(draw.Dim, " ")
		widget.StaleMark(&p, &f.Kube.Health, f)
	}
	clusterLeft(r.CutTop(1), f)
	for _, line := range [...]struct {
		part part
		draw func(draw.Region, *frame.Frame)
	}{{clusterVMs, kubevirtLine}, {clusterNode, drawNodeLine}, {clusterWarning, newestWarnings}, {clusterSystem, drawSystem}} {
		if rows[line.part] > 0 {
			line.draw(r.CutTop(rows[line.part]), f)
		}
	}
}

// clusterLeft is the line on the cluster: what this node has of it, or why nobody knows; then the cluster's counts.
func clusterLeft(r draw.Region, f *frame.Frame) {
	p := r.Pen(1, 0)
	k := f.Kube
	switch {
	case !widget.ClusterKnown(f) || k.Health.State != health.OK:
		p.Text(draw.Dim, "API: ")
		widget.APIState(&p, f, widget.ClusterKnown(f))
	case k.Local != nil && k.Kinds[kube.KindPod].Has():
		p.Text(draw.Dim, "Pods here: ").Int(draw.Accent, int64(k.Pods.Local))
	default:
		p.Text(draw.Dim, "API: ").Text(draw.Good, "ok")
	}
	p.To(max(p.X()+2, clusterFigures))
	if !widget.ClusterKnown(f) {
		for _, name := range [...]string{"Nodes", "Pods", "Services", "PVCs"} {
			widget.UnknownFigure(&p, name)
		}
		return
	}
	nodes, pods := &k.Kinds[kube.KindNode], &k.Kinds[kube.KindPod]
	style := draw.Good
	if k.Nodes.Ready < k.Nodes.Total {
		style = draw.Bad
	}
	widget.Counted(&p, "Nodes", nodes, k.Nodes.Ready, k.Nodes.Total, style)
	if nodes.Has() && p.Left() > 40 {
		p.Skip(-1).Text(widget.KindStyle(nodes, style), "Ready").Skip(2)
	}
	style = draw.Text
	if k.Pods.NotReady > 0 {
		style = draw.Warn
	}
	widget.Counted(&p, "Pods", pods, k.Pods.Running, k.Pods.NotSucceeded(), style)
	widget.Counted(&p, "Services", &k.Kinds[kube.KindService], k.Services.Total, -1, draw.Text)
	widget.Counted(&p, "PVCs", &k.Kinds[kube.KindPVC], k.PVCs.Bound, k.PVCs.Total, draw.Text)
	if pods.Has() && k.Pods.NotReady > 0 {
		widget.Counted(&p, "Not ready", pods, k.Pods.NotReady, -1, draw.Warn)
	}
	widget.Counted(&p, "Namespaces", &k.Kinds[kube.KindNamespace], k.Namespaces, -1, draw.Text)
	if pods.Has() {
		otherCounts(&p, k.Pods.ByPhase, "Running", widget.KindStyle(pods, draw.Text))
	}
}

// otherCounts writes the counts but for one of them, each whole or not at all.
func otherCounts(p *draw.Pen, all []kube.Count, but string, style draw.Style) {
	for i := range all {
		if c := &all[i]; c.Name != but && p.Left() > draw.Columns(c.Name)+9 {
			p.Text(draw.Dim, c.Name).Text(draw.Dim, ": ").Int(style, int64(c.N)).Skip(2)
		}
	}
}

// kubevirtLine is the line on the VMs: those here, then the cluster's by status.
func kubevirtLine(r draw.Region, f *frame.Frame) {
	p := r.Pen(1, 0)
	p.Text(draw.Dim, "VMs here: ")
	widget.LocalVMs(&p, f)
	p.To(max(p.X()+2, clusterFigures))
	if !widget.ClusterKnown(f) {
		for _, name := range [...]string{"Running", "Stopped", "Migrating", "Errors"} {
			widget.UnknownFigure(&p, name)
		}
		return
	}
	vms := &f.Kube.Kinds[kube.KindVM]
	if !vms.Has() {
		p.Text(draw.Dim, "VMs: ")
		widget.KindState(&p, vms, f, p.Left()-1)
		return
	}
	t := &f.Kube.Virt.Tally
	errors := draw.Text
	if t.Error > 0 {
		errors = draw.Bad
	}
	widget.Counted(&p, "Running", vms, t.Running, -1, draw.Text)
	widget.Counted(&p, "Stopped", vms, t.Stopped, -1, draw.Text)
	widget.Counted(&p, "Migrating", vms, t.Migrating, -1, draw.Text)
	widget.Counted(&p, "Errors", vms, t.Error, -1, errors)
	if t.Paused > 0 {
		widget.Counted(&p, "Paused", vms, t.Paused, -1, draw.Warn)
	}
	if t.Other > 0 {
		widget.Counted(&p, "Other", vms, t.Other, -1, draw.Text)
	}
	if v := f.Kube.Virt.Version; v != "" && p.Left() > len(v)+12 {
		p.Text(draw.Dim, "KubeVirt ").Text(draw.Text, v)
	}
}

// drawNodeLine is this node on one line: condition, roles, version, and what is requested of it.
func drawNodeLine(r draw.Region, f *frame.Frame) {
	k := f.Kube
	nodes := &k.Kinds[kube.KindNode]
	p := r.Pen(1, 0)
	p.Text(draw.Dim, "This node: ").To(clusterFigures)
	switch {
	case !nodes.Has():
		widget.KindState(&p, nodes, f, p.Left()-1)
	case k.Local == nil:
		p.Text(draw.Dim, "none of the cluster's nodes is this host")
	default:
		readiness(&p, k.Local, nodes)
		p.Skip(2)
		requested(&p, k, "CPU", &k.Kinds[kube.KindPod])
		requested(&p, k, "memory", &k.Kinds[kube.KindPod])
		requested(&p, k, "pods", &k.Kinds[kube.KindPod])
		overcommit(&p, k)
		if v := k.Local.Version; p.Left() > len(v)+2 {
			p.Text(draw.Text, v).Skip(2)
		}
		roles(&p, k.Local)
	}
}

// readiness writes whether a node is ready and what else is said of it: cordoned, and each condition that is not well.
func readiness(p *draw.Pen, n *kube.Node, k *kube.KindStatus) {
	style, sign, word := widget.KindStyle(k, draw.Good), draw.OK, "Ready"
	if n.Ready != "True" {
		style, sign, word = widget.KindStyle(k, draw.Bad), draw.Wrong, "NotReady"
	}
	if k.State != health.Stale { // what is not fresh has no mark
		p.Glyph(style, sign).Skip(1)
	}
	p.Text(style, word)
	if n.Cordoned {
		p.Text(widget.KindStyle(k, draw.Warn), ", cordoned")
	}
	for i := range n.Conditions {
		if c := &n.Conditions[i]; c.Good == kube.False && c.Type != "Ready" && p.Left() > len(c.Type)+2 {
			p.Text(widget.KindStyle(k, draw.Bad), ", ").Text(widget.KindStyle(k, draw.Bad), c.Type)
		}
	}
}

// conditionWords writes a condition, since when it is so, and its reason.
func conditionWords(p *draw.Pen, c *kube.Condition, f *frame.Frame) {
	style := draw.Text
	if c.Good == kube.False {
		style = draw.Bad
	}
	p.Fit(style, c.Type, 40).Skip(1).Fit(style, c.Status, 12).Skip(1)
	widget.SinceThen(p, f, "since ", c.Since, " ")
	if c.Good == kube.Unknown && c.Type != "Ready" {
		p.Text(draw.Dim, "not judged ")
	}
	p.Fit(draw.Dim, c.Reason, p.Left()-1)
}

// conditionMessage writes the message of a condition from a column on, in full.
func conditionMessage(view *draw.Region, c *kube.Condition, column int) {
	if c.Message != "" {
		*view = widget.Wrapped(*view, column, draw.Text, c.Message)
	}
}

// roles writes the roles of a node, as many as fit.
func roles(p *draw.Pen, n *kube.Node) {
	for i, role := range n.Roles {
		if p.Left() < len(role)+2 {
			return
		}
		if i > 0 {
			p.Text(draw.Dim, ",")
		}
		p.Text(draw.Text, role)
	}
}

// rolesWidth is how many columns all roles of a node take.
func rolesWidth(n *kube.Node) (columns int) {
	for _, role := range n.Roles {
		columns += draw.Columns(role) + 1
	}
	return columns
}

// requested writes what the pods of this node ask for of what they can get, whole or not at all.
func requested(p *draw.Pen, k *kube.State, what string, pods *kube.KindStatus) {
	if !pods.Has() || p.Left() < len(what)+22 {
		return
	}
	style := widget.KindStyle(pods, draw.Text)
	p.Text(draw.Dim, what).Skip(1)
	switch what {
	case "CPU":
		cpuOf(p, style, k.Pods.LocalCPU, k.Local.CPU)
		p.Text(draw.Dim, " requested")
	case "memory":
		memoryOf(p, style, k.Pods.LocalMemory, k.Local.Memory)
	default:
		podsOf(p, style, k.Pods.Local, k.Local.Pods)
	}
	p.Skip(2)
}

// cpuOf, memoryOf and podsOf write what is asked for and what there is, n/a while the node does not say.
func cpuOf(p *draw.Pen, style draw.Style, asked, all int64) {
	p.Float(style, float64(asked)/1000, 1, 0).Text(style, "/")
	if all <= 0 {
		p.Text(draw.Dim, "n/a")
		return
	}
	p.Float(style, float64(all)/1000, 1, 0)
}

func memoryOf(p *draw.Pen, style draw.Style, asked, all int64) {
	if all <= 0 {
		p.Size(style, uint64(max(asked, 0)), 0).Text(style, "/").Text(draw.Dim, "n/a")
		return
	}
	p.SizeOf(style, uint64(max(asked, 0)), uint64(all))
}

func podsOf(p *draw.Pen, style draw.Style, here int, all int64) {
	p.Int(style, int64(here)).Text(style, "/")
	if all <= 0 {
		p.Text(draw.Dim, "n/a")
		return
	}
	p.Int(style, all)
}

// overcommit writes how many virtual CPUs there are and how many share one CPU of this node.
func overcommit(p *draw.Pen, k *kube.State) {
	instances := &k.Kinds[kube.KindVMI]
	if ratio := k.Overcommit(); ratio > 0 && p.Left() > 24 {
		style := widget.KindStyle(instances, draw.Text)
		p.Text(draw.Dim, "vCPUs ").Int(style, int64(k.Virt.LocalVCPUs)).Text(draw.Dim, ", ").Float(style, ratio, 1, 0).Text(draw.Dim, " a CPU").Skip(2)
	}
}

// newestWarnings lists the cluster's newest warnings, one on each row.
func newestWarnings(r draw.Region, f *frame.Frame) {
	kept := &f.Kube.Kinds[kube.KindEvent]
	p := r.Pen(1, 0)
	if r.H() > 1 {
		p.Text(draw.Dim, "Last warnings: ").To(clusterFigures)
	} else {
		p.Text(draw.Dim, "Last warning: ").To(clusterFigures)
	}
	switch {
	case !kept.Has():
		widget.KindState(&p, kept, f, p.Left()-1)
	case len(f.Kube.Events) == 0:
		p.Text(draw.Dim, "none")
	default:
		for i := range f.Kube.Events[:min(r.H(), len(f.Kube.Events))] {
			p = r.Pen(clusterFigures, i)
			warning(&p, &f.Kube.Events[i], f)
		}
	}
}

// drawSystem is one line on the operating system: units, generation, reboot, clock, last boot. What a host does not
// have is left out; what would not fit whole is left out too.
func drawSystem(r draw.Region, f *frame.Frame) {
	p := r.Pen(1, 0)
	p.Text(draw.Dim, "System: ")
	units(&p, f)
	if f.System == nil {
		return
	}
	reboot(&p, &f.System.NixOS)
	generation(&p, f)
	clockState(&p, f)
	lastBoot(&p, f)
}

// systemAge writes how old what has been written is, if that is not fresh, and ends it.
func systemAge(p *draw.Pen, h *health.Health, f *frame.Frame) {
	widget.StaleAge(p, h, f, p.X()+p.Left())
	p.Fade(false).Skip(2)
}

func units(p *draw.Pen, f *frame.Frame) {
	u := f.Units
	if u == nil {
		p.Text(draw.Dim, "--  ")
		return
	}
	if !u.Health.Has() {
		p.Fit(draw.Dim, u.Health.Err, 40).Skip(2)
		return
	}
	p.Fade(u.Health.State == health.Stale)
	style := draw.Good
	if len(u.Failed)+len(u.Restarting) > 0 {
		style = draw.Bad
	}
	p.Text(style, u.State)
	if n := len(u.Failed); n > 0 {
		p.Skip(1).Int(style, int64(n)).Text(style, " failed")
	}
	if n := len(u.Restarting); n > 0 {
		p.Skip(1).Int(style, int64(n)).Text(style, " restarting")
	}
	systemAge(p, &u.Health, f)
}

func generation(p *draw.Pen, f *frame.Frame) {
	n := &f.System.NixOS
	if !n.Health.Has() || p.Left() < 24 {
		return
	}
	p.Fade(n.Health.State == health.Stale)
	p.Text(draw.Dim, "NixOS ").Fit(draw.Text, n.Version, 16)
	if n.Current > 0 {
		p.Text(draw.Dim, " generation ").Int(draw.Text, int64(n.Current))
		if n.Generation != n.Current && n.Generation > 0 && p.Left() > 16 {
			p.Text(draw.Warn, ", next boot ").Int(draw.Warn, int64(n.Generation))
		}
	}
	systemAge(p, &n.Health, f)
}

func reboot(p *draw.Pen, n *sample.NixOS) {
	if n.Health.Has() && n.RebootKnown && n.RebootNeeded && p.Left() > 15 {
		p.Fade(n.Health.State == health.Stale).Text(draw.Warn|draw.Bold, "reboot needed").Fade(false).Skip(2)
	}
}

func clockState(p *draw.Pen, f *frame.Frame) {
	c := &f.System.Clock
	if !c.Health.Has() || p.Left() < 20 {
		return
	}
	p.Fade(c.Health.State == health.Stale)
	if c.Synchronised {
		p.Text(draw.Dim, "clock ").Text(draw.Good, "synchronised")
	} else {
		p.Text(draw.Warn, "clock not synced")
	}
	systemAge(p, &c.Health, f)
}

func lastBoot(p *draw.Pen, f *frame.Frame) {
	b := &f.System.LastBoot
	if !b.Health.Has() || !b.Known || p.Left() < 28 {
		return
	}
	p.Fade(b.Health.State == health.Stale)
	if b.Clean {
		p.Text(draw.Dim, "last boot ended clean")
	} else {
		p.Text(draw.Warn, "last boot did not end clean")
	}
	systemAge(p, &b.Health, f)
}
