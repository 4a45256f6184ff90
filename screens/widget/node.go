package widget

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
)

// KindSection writes the title of what is known of some kinds of objects, with how old what is oldest of that is if it is not fresh.
func KindSection(view *draw.Region, title string, f *frame.Frame, kinds ...kube.Kind) (row draw.Region) {
	row = view.CutTop(1)
	Section(row, title)
	oldest := &f.Kube.Kinds[kinds[0]].Health
	for _, k := range kinds[1:] {
		if h := &f.Kube.Kinds[k].Health; h.State == health.Stale && (oldest.State != health.Stale || h.At < oldest.At) {
			oldest = h
		}
	}
	p := row.Pen(1+len(title)+1, 0)
	StaleMark(&p, oldest, f)
	return row
}

// Unlisted says below a list that is as long as it may be that it may lack some.
func Unlisted(view *draw.Region) {
	p := view.CutTop(1).Pen(2, 0)
	p.Text(draw.Dim, "more may not be listed")
}

// PodsTitle names the columns of the pods below it.
func PodsTitle(view *draw.Region, title string, f *frame.Frame) {
	r := KindSection(view, title, f, kube.KindPod)
	l := layoutPods(r.W())
	for _, c := range [...]struct {
		at   int
		name string
	}{{l.ready, "ready"}, {l.status, "status"}, {l.restarts, "restarts"}} {
		if c.at < r.W() {
			p := r.Pen(c.at, 0)
			p.Text(draw.Dim, c.name)
		}
	}
}

// podLayout is the columns of a pod in a list of a width, the first one is its name.
type podLayout struct{ ready, status, restarts int }

func layoutPods(width int) podLayout {
	name := min(max(width-38, 18), 70)
	return podLayout{2 + name + 1, 2 + name + 7, 2 + name + 25}
}

// Pod draws a pod in a list: how many of its containers are ready, its status, how often they were restarted, and when last. Of one
// that does not work the rows below tell why, in full.
func Pod(view draw.Region, pod *kube.NamedPod, f *frame.Frame) (rest draw.Region) {
	pods := &f.Kube.Kinds[kube.KindPod]
	style := draw.Good
	switch {
	case pod.Slow:
		style = draw.Warn
	case !pod.Works():
		style = draw.Bad
	}
	style = KindStyle(pods, style)
	l := layoutPods(view.W())
	p := view.Pen(2, 0)
	if draw.Columns(pod.Namespace)+1+draw.Columns(pod.Name) > l.ready-3 {
		view = WrappedName(view, 2, pod.Namespace, pod.Name)
	} else {
		Namespaced(&p, pod.Namespace, pod.Name, l.ready-3)
	}
	p = view.CutTop(1).Pen(l.ready, 0)
	p.Int(style, int64(pod.ReadyContainers)).Text(style, "/").Int(style, int64(pod.Containers))
	p.To(l.status).Fit(style, pod.Status(), l.restarts-l.status-1)
	p.To(l.restarts).Int(draw.Text, int64(pod.Restarts))
	if age, known := f.Age(pod.Restarted); known && pod.Restarts > 0 {
		p.Text(draw.Dim, ", ")
		if ShortAge(&p, draw.Text, age, p.X()+4); p.Left() > len(" ago") {
			p.Text(draw.Dim, " ago")
		}
	}
	if pod.Works() {
		return view
	}
	const indent = 4
	if pod.LastEnd != "" || !pod.Since.IsZero() {
		p = view.CutTop(1).Pen(indent, 0)
		p.Text(style, pod.Why)
		if pod.LastEnd != "" {
			p.Text(draw.Text, " after ").Fit(draw.Text, pod.LastEnd, p.Left()-1)
		}
		SinceThen(&p, f, " since ", pod.Since, "")
	}
	if pod.Message != "" {
		view = Wrapped(view, indent, draw.Text, pod.Message)
	} else if w := f.Kube.PodWarning(pod.Namespace, pod.Name); w != nil && w.Message != "" {
		view = Wrapped(view, indent, draw.Text, w.Message)
	}
	return view
}

// Drain lists, under a title, what would stop a drain or be lost by it, as far as it is known.
func Drain(view *draw.Region, title string, blockers []kube.Blocker, f *frame.Frame) {
	kinds := [...]kube.Kind{kube.KindPod, kube.KindVMI, kube.KindPDB}
	KindSection(view, title, f, kinds[:]...)
	whole, stale := true, false
	for _, kind := range kinds {
		stale = stale || f.Kube.Kinds[kind].State == health.Stale
		if kept := &f.Kube.Kinds[kind]; !kept.Has() && kept.State != health.Absent {
			p := view.CutTop(1).Pen(2, 0)
			p.Text(draw.Dim, "not known of ").Text(draw.Text, kind.String()).Text(draw.Dim, ": ")
			KindState(&p, kept, f, p.Left()-1)
			whole = false
		}
	}
	if len(blockers) == 0 && whole {
		p := view.CutTop(1).Pen(2, 0)
		p.Text(draw.Dim, "nothing that stands in its way")
	}
	*view = view.Faded(stale)
	for i := range blockers {
		b := &blockers[i]
		p := view.Pen(2, 0)
		Namespaced(&p, b.Namespace, b.Name, 36)
		*view = Wrapped(*view, 40, draw.Warn, b.Why)
	}
	if len(blockers) == kube.MaxBlockers {
		Unlisted(view)
	}
	*view = view.Faded(false)
}
