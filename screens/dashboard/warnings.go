package dashboard

import (
	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/widget"
)

// The columns of a warning: its age, the kind that it is about, and its reason.
const (
	warningAge    = 7
	warningKind   = 16
	warningReason = 24
)

// warning writes how long ago, about what, why, how often, and the message as far as it fits. It reports whether all of that
// fits.
func warning(p *draw.Pen, w *kube.Event, f *frame.Frame) (fits bool) {
	if age, known := f.Age(w.Last); known {
		p.AgeRight(draw.Dim, age, warningAge)
	} else {
		p.Right(draw.Dim, "--", warningAge)
	}
	kind := shortKind(w.Kind)
	name := min(40, max((p.Left()-2-min(draw.Columns(kind), warningKind)-1)/3, 12))
	fits = draw.Columns(kind) <= warningKind && draw.Columns(w.Namespace)+1+draw.Columns(w.Name) <= name && draw.Columns(w.Reason) <= warningReason
	p.Skip(2).Fit(draw.Dim, kind, warningKind).Skip(1)
	widget.Namespaced(p, w.Namespace, w.Name, name)
	p.Skip(1).Fit(draw.Warn, w.Reason, warningReason)
	times(p, w)
	p.Skip(1)
	fits = fits && draw.Columns(w.Message) < p.Left()
	p.Fit(draw.Text, w.Message, p.Left()-1)
	return fits
}

// shortKind is what kubectl calls a long kind for short.
func shortKind(kind string) string {
	switch kind {
	case "VirtualMachine":
		return "VM"
	case "VirtualMachineInstance":
		return "VMI"
	}
	return kind
}

// times writes how often a warning came, if more than once.
func times(p *draw.Pen, w *kube.Event) {
	if w.Count > 1 {
		p.Text(draw.Text, " x").Int(draw.Text, int64(w.Count))
	}
}

// warnings is the view state of the overlay of warnings.
type warnings struct {
	*screens.List[warningKey]
	open  warningKey // drawn whole
	whole int        // so many of the newest are drawn whole, too: there is room for them
}

// warningKey tells a warning from others.
type warningKey struct{ kind, namespace, name, reason, message string }

func keyOf(w *kube.Event) warningKey {
	return warningKey{w.Kind, w.Namespace, w.Name, w.Reason, w.Message}
}

// openWarnings lists the newest events of type Warning, newest first. Enter draws one whole, and again on its row.
func openWarnings(*frame.Frame) screens.Screen {
	o := new(warnings)
	o.List = screens.NewList("warnings", "Warnings of the cluster", screens.Wide, "choose a warning", "all of it, and back", "Whole", screens.Items[warningKey]{
		Len: func(f *frame.Frame) int { return len(listedWarnings(f)) },
		Key: func(i int, f *frame.Frame) warningKey { return keyOf(&f.Kube.Events[i]) },
		Above: func(view draw.Region, i int, f *frame.Frame) draw.Region {
			if i == 0 && oldWarnings(f) {
				p := view.CutTop(1).Pen(1, 0)
				p.Text(draw.Dim, "as of ").Age(draw.Dim, f.Kube.Kinds[kube.KindEvent].Age(f.Boot)).Text(draw.Dim, " ago: newer ones are not known")
			}
			if len(listedWarnings(f)) == 0 {
				noWarnings(view.CutTop(1), f)
			}
			if i == kube.MaxEvents {
				p := view.CutTop(1).Pen(2, 0)
				p.Text(draw.Dim, "older ones are not kept")
			}
			return view
		},
		Draw: o.item,
		Enter: func(i int, f *frame.Frame) screens.Command {
			if key := keyOf(&f.Kube.Events[i]); o.open != key {
				o.open = key
			} else {
				o.open = warningKey{}
			}
			return screens.Command{}
		},
	})
	return o
}

// listedWarnings returns the warnings that are known.
func listedWarnings(f *frame.Frame) []kube.Event {
	if !widget.ClusterKnown(f) || !f.Kube.Kinds[kube.KindEvent].Has() {
		return nil
	}
	return f.Kube.Events
}

// oldWarnings reports whether newer warnings than those that are known may be there.
func oldWarnings(f *frame.Frame) bool {
	return widget.ClusterKnown(f) && f.Kube.Kinds[kube.KindEvent].State == health.Stale
}

func noWarnings(r draw.Region, f *frame.Frame) {
	p := r.Pen(1, 0)
	switch {
	case !widget.ClusterKnown(f):
		p.Text(draw.Dim, "API: ")
		widget.APIState(&p, f, false)
	case f.Kube.Kinds[kube.KindEvent].Has():
		p.Text(draw.Dim, "none")
	default:
		widget.KindState(&p, &f.Kube.Kinds[kube.KindEvent], f, p.Left()-1)
	}
}

// Update implements screens.Screen. It gives the rows that are free to the newest warnings.
func (o *warnings) Update(w, h int, f *frame.Frame) {
	all := listedWarnings(f)
	free := h - 2 - len(all)
	if oldWarnings(f) {
		free--
	}
	for o.whole = 0; o.whole < len(all); o.whole++ {
		if free -= wholeRows(&all[o.whole], w-2, f) - 1; free < 0 {
			break
		}
	}
	o.List.Update(w, h, f)
}

func wholeRows(w *kube.Event, width int, f *frame.Frame) int {
	view := draw.Nowhere(width)
	return view.H() - drawWarning(view, w, true, f).H()
}

func (o *warnings) item(view draw.Region, i int, f *frame.Frame) draw.Region {
	w := &f.Kube.Events[i]
	return drawWarning(view, w, i < o.whole || keyOf(w) == o.open, f)
}

// drawWarning draws a warning on a row, or whole where that row is too short for it.
func drawWarning(view draw.Region, w *kube.Event, whole bool, f *frame.Frame) (rest draw.Region) {
	first := view.CutTop(1)
	p := first.Pen(0, 0)
	if warning(&p, w, f) || !whole {
		return view
	}
	first.Fill(' ', draw.Text)
	const indent = warningAge + 2
	p = first.Pen(0, 0)
	if age, known := f.Age(w.Last); known {
		p.AgeRight(draw.Dim, age, warningAge)
	}
	p.To(indent).Fit(draw.Dim, w.Kind, p.Left()-1).Skip(1)
	if full := draw.Columns(w.Namespace) + draw.Columns(w.Name) + draw.Columns(w.Reason); p.Left() > full+len("/  x12345") {
		widget.Namespaced(&p, w.Namespace, w.Name, p.Left())
		p.Skip(1)
	} else {
		view = widget.WrappedName(view, indent, w.Namespace, w.Name)
		p = view.CutTop(1).Pen(indent, 0)
	}
	p.Fit(draw.Warn, w.Reason, p.Left()-1)
	times(&p, w)
	if w.Source != "" && p.Left() > len("  from ")+draw.Columns(w.Source) {
		p.Text(draw.Dim, "  from ").Text(draw.Dim, w.Source)
	}
	return widget.Wrapped(view, indent, draw.Text, w.Message)
}
