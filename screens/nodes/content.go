package nodes

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/screens/widget"
)

// section begins what is known of some kinds of objects on the node, below an empty row.
func section(view *draw.Region, title string, f *frame.Frame, kinds ...kube.Kind) (row draw.Region) {
	view.CutTop(1)
	return widget.KindSection(view, title, f, kinds...)
}

// unknown says in place of what is known of a kind why it is not known, and reports true. What is known and old is drawn dim
// from here on.
func unknown(view *draw.Region, kind kube.Kind, there bool, f *frame.Frame) bool {
	k := &f.Kube.Kinds[kind]
	if k.Has() && there {
		*view = view.Faded(k.State == health.Stale)
		return false
	}
	p := view.CutTop(1).Pen(2, 0)
	if k.Has() {
		p.Text(draw.Dim, "--") // it is being made
	} else {
		widget.KindState(&p, k, f, p.Left()-1)
	}
	return true
}

// note says something about a list.
func note(view *draw.Region, words string) {
	p := view.CutTop(1).Pen(2, 0)
	p.Text(draw.Dim, words)
}

// drain says what a drain of the node would meet: what stops it, and what comes of the others.
func (n *node) drain(view *draw.Region, d *kube.Detail, f *frame.Frame) {
	const title = "A drain would meet"
	if d == nil {
		section(view, title, f, kube.KindPod)
		unknown(view, kube.KindPod, false, f)
		return
	}
	view.CutTop(1)
	widget.Drain(view, title, d.Drain.Blockers, f)
	r := &d.Drain
	outcome(view, kube.KindVMI, "VMs: ", f, part{"migrated", r.Moves}, part{"shut down", r.Stops}, part{"by KubeVirt's default", r.Unsaid})
	outcome(view, kube.KindPod, "pods: ", f, part{"started elsewhere", r.Pods}, part{"left alone (DaemonSets, static)", r.Stay})
}

// part is how many of something have a fate in common.
type part struct {
	fate string
	n    int
}

// outcome writes a row of the fates that some have.
func outcome(view *draw.Region, kind kube.Kind, name string, f *frame.Frame, parts ...part) {
	k, left := &f.Kube.Kinds[kind], 0
	for _, part := range parts {
		left += part.n
	}
	if left == 0 || !k.Has() {
		return
	}
	p := view.CutTop(1).Pen(2, 0)
	p.Text(draw.Dim, name)
	for _, part := range parts {
		if part.n == 0 {
			continue
		}
		p.Text(draw.Dim, part.fate).Skip(1).Int(widget.KindStyle(k, draw.Text), int64(part.n))
		if left -= part.n; left > 0 {
			p.Text(draw.Dim, ", ")
		}
	}
}

// ill lists the pods that do not work.
func (n *node) ill(view *draw.Region, d *kube.Detail, f *frame.Frame) {
	if d != nil && d.AllIll == 0 && f.Kube.Kinds[kube.KindPod].Has() {
		return
	}
	view.CutTop(1)
	widget.PodsTitle(view, "Pods that do not work", f)
	if unknown(view, kube.KindPod, d != nil, f) {
		return
	}
	for i := range d.Ill {
		*view = widget.Pod(*view, &d.Ill[i], f)
	}
	if more := d.AllIll - len(d.Ill); more > 0 {
		p := view.CutTop(1).Pen(2, 0)
		p.Int(draw.Dim, int64(more)).Text(draw.Dim, " more")
	}
	*view = view.Faded(false)
}

// vmColumns is where the figures of a VM stand in rows of a width, its name stands first. The figures end there.
type vmColumns struct{ phase, vcpus, memory, move int }

func vmColumnsOf(width int) vmColumns {
	name := min(max(width-48, 16), 60)
	return vmColumns{2 + name + 1, 2 + name + 18, 2 + name + 28, 2 + name + 30}
}

// vms lists the VMs on the node, and those that move to it.
func (n *node) vms(view *draw.Region, f *frame.Frame) {
	row := section(view, "VMs on it", f, kube.KindVMI)
	if unknown(view, kube.KindVMI, true, f) {
		return
	}
	c, any := vmColumnsOf(view.W()), false
	for i := range f.Kube.Virt.VMIs {
		v := &f.Kube.Virt.VMIs[i]
		moves := v.Moving != nil && !v.Moving.Over()
		comes := moves && v.Moving.Target == n.name && v.Node != n.name
		if v.Node != n.name && !comes || v.Ended() {
			continue
		}
		any = true
		p := view.CutTop(1).Pen(2, 0)
		widget.Namespaced(&p, v.Namespace, v.Name, c.phase-3)
		p.To(c.phase).Fit(draw.Text, widget.Known(v.Phase), 11)
		count(&p, c.vcpus, v.VCPUs)
		amount(&p, c.memory, int64(v.Memory), v.Memory > 0)
		p.To(c.move)
		switch {
		case comes:
			p.Text(draw.Dim, "from ").Fit(draw.Accent, widget.Known(v.Node), p.Left()-1)
		case moves:
			p.Text(draw.Dim, "to ").Fit(draw.Accent, widget.Known(v.Moving.Target), p.Left()-1)
		case v.Migratable == kube.False:
			p.Fit(draw.Warn, "not migratable", p.Left())
		case v.Migratable == kube.True:
			p.Fit(draw.Dim, "migratable", p.Left())
		default:
			p.Text(draw.Dim, "--")
		}
	}
	if !any {
		note(view, "none")
	} else {
		heads(row, head{c.phase, "phase", 0}, head{c.vcpus, "vCPUs", -1}, head{c.memory, "memory", -1})
	}
	*view = view.Faded(false)
}

// namespaces lists what the pods of each namespace ask for.
func (n *node) namespaces(view *draw.Region, d *kube.Detail, f *frame.Frame) {
	row := section(view, "Pods by namespace", f, kube.KindPod)
	if unknown(view, kube.KindPod, d != nil, f) {
		return
	}
	name := min(max(view.W()-42, 16), 60)
	pods, ill, cpu, memory := 2+name+6, 2+name+16, 2+name+27, 2+name+38
	for i := range d.Namespaces {
		s := &d.Namespaces[i]
		p := view.CutTop(1).Pen(2, 0)
		p.Fit(draw.Text, s.Namespace, name)
		count(&p, pods, s.Pods)
		if p.To(ill - 5); s.Ill > 0 {
			p.IntRight(draw.Warn, int64(s.Ill), 5)
		}
		p.To(cpu-7).Float(draw.Text, float64(s.CPU)/1000, 1, 7)
		amount(&p, memory, s.Memory, true)
	}
	if len(d.Namespaces) == 0 {
		note(view, "none")
	} else {
		heads(row, head{pods, "pods", -1}, head{ill, "not well", -1}, head{cpu, "CPUs asked", -1}, head{memory, "memory", -1})
	}
	*view = view.Faded(false)
}

// warnings lists the events about the node. Others than warnings are not followed.
func (n *node) warnings(view *draw.Region, f *frame.Frame) {
	section(view, "Warnings about it", f, kube.KindEvent)
	if unknown(view, kube.KindEvent, true, f) {
		return
	}
	any := false
	for i := range f.Kube.Events {
		e := &f.Kube.Events[i]
		if e.Kind != "Node" || e.Name != n.name {
			continue
		}
		any = true
		p := view.CutTop(1).Pen(2, 0)
		p.Fit(draw.Warn, e.Reason, 40)
		widget.SinceThen(&p, f, ", ", e.Last, " ago")
		if e.Count > 1 {
			p.Text(draw.Dim, ", ").Int(draw.Text, int64(e.Count)).Text(draw.Dim, " times")
		}
		if e.Source != "" {
			p.Text(draw.Dim, ", by ").Fit(draw.Dim, e.Source, p.Left()-1)
		}
		*view = widget.Wrapped(*view, 4, draw.Text, e.Message)
	}
	*view = view.Faded(false)
	switch full := len(f.Kube.Events) == kube.MaxEvents; {
	case !any && full:
		note(view, "none among the newest of the cluster, which are kept")
	case !any:
		note(view, "none that the API still has")
	case full:
		note(view, "older ones may not be kept")
	}
	note(view, "events that are no warnings are not followed")
}

// head is the name of a column, that begins at a column of the screen, or ends before it for way -1.
type head struct {
	at   int
	name string
	way  int
}

// heads names the columns of a list on the row of its title.
func heads(row draw.Region, list ...head) {
	for _, h := range list {
		p := row.Pen(h.at, 0)
		if h.way < 0 {
			p.To(h.at - len(h.name))
		}
		p.Text(draw.Dim, h.name)
	}
}

// count writes a number up to column end, -- for 0: not known.
func count(p *draw.Pen, end, n int) { number(p, end, int64(n), n > 0) }

// amount writes bytes up to column end.
func amount(p *draw.Pen, end int, bytes int64, known bool) {
	const width = 9
	if p.To(end - width); !known || bytes < 0 {
		p.Right(draw.Dim, "--", width)
		return
	}
	p.Size(draw.Text, uint64(bytes), width)
}
