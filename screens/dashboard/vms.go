package dashboard

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/widget"
)

// vmOrder is what the VM table is sorted by, after what fails.
type vmOrder uint8

const (
	byCPU vmOrder = iota
	byMemory
	byDisk
	byNet
	byName
	vmOrders
)

// vms is the view state of the VM table.
type vms struct {
	order     vmOrder
	all       bool          // the whole cluster's are listed, not only those here
	whole     bool          // the table has the page for itself
	filter    widget.Prompt // its text is empty while there is none
	chosen    chosenVM      // the VM under the cursor
	top, rows int           // the first row that is shown, and how many are
	sorted    []int         // indices into Frame.Guests
	listed    int           // of Frame.Guests without the filter
	namespace string        // of all that are listed; empty: they have several
}

// chosenVM names a VM as long as it is there. The zero value: none is chosen yet.
type chosenVM struct {
	namespace, name string
	pid             int // of its process here, 0: none; of a VM with a name it may change, as when it moves
	set             bool
}

func (c *chosenVM) is(m *frame.Guest) bool {
	return c.set && c.namespace == m.Namespace && c.name == m.Name && (m.Namespace != "" || c.pid == pid(m))
}

func pid(m *frame.Guest) int {
	if m.Process == nil {
		return 0
	}
	return m.Process.PID
}

func (v *vms) sortBy(draw.Key, *frame.Frame) {
	v.order = (v.order + 1) % vmOrders
	v.top = 0
}

func (v *vms) listAll(draw.Key, *frame.Frame) {
	v.all = !v.all
	v.top = 0
}

func (v *vms) openFilter(draw.Key, *frame.Frame) {
	v.filter.Open = true
}

// typed takes a key of the filter, and Esc, and reports whether it was one. Enter chooses a VM that the filter left.
func (v *vms) typed(k draw.Key, f *frame.Frame) bool {
	switch v.filter.Key(k) {
	case widget.Edited, widget.Dropped:
		v.top = 0
		return true
	case widget.Entered:
		if v.sort(f); v.position(f) < 0 {
			v.choose(draw.KeyDown, f)
		}
		return true
	}
	switch {
	case k != draw.KeyEsc:
		return false
	case v.filter.Text != "":
		v.filter.Text = ""
	default:
		v.whole = false
	}
	return true
}

func (v *vms) choose(k draw.Key, f *frame.Frame) {
	v.sort(f)
	if at := widget.Choose(k, v.position(f), len(v.sorted), max(v.rows-1, 1)); at >= 0 {
		m := &f.Guests[v.sorted[at]]
		v.chosen = chosenVM{m.Namespace, m.Name, pid(m), true}
	}
}

func (v *vms) open(*frame.Frame) screens.Screen {
	if !v.chosen.set {
		return nil
	}
	return newVM(v.chosen)
}

// sort lists the VMs that are to be shown: those that fail first, then the largest; equal ones by name, as they come.
func (v *vms) sort(f *frame.Frame) {
	v.sorted, v.listed, v.namespace = v.sorted[:0], 0, ""
	all, several := f.Guests, false
	for i := range all {
		m := &all[i]
		if !v.all && !m.Here && !nowhere(m) {
			continue
		}
		if v.listed++; !matches(m, v.filter.Text) {
			continue
		}
		if several = several || len(v.sorted) > 0 && v.namespace != m.Namespace; !several {
			v.namespace = m.Namespace
		}
		v.sorted = append(v.sorted, i)
	}
	if several {
		v.namespace = ""
	}
	order := v.order
	slices.SortStableFunc(v.sorted, func(a, b int) int { return compareVMs(&all[a], &all[b], order) })
}

// nowhere reports whether a VM fails and no node runs it: each host that lists its VMs lists it.
func nowhere(m *frame.Guest) bool {
	return fails(m) && (m.Instance == nil || m.Instance.Ended() || m.Instance.Node == "")
}

// fails reports whether a VM is in error, or the two sides disagree on it.
func fails(m *frame.Guest) bool {
	return m.Conflict != frame.Agreed || m.VM != nil && m.VM.Failing() || m.Status() == "Failed"
}

// matches reports whether a VM's names, state, node or addresses have the filter's text, in large or small letters.
func matches(m *frame.Guest, filter string) bool {
	if filter == "" || widget.Contains(m.Name, filter) || widget.Contains(m.Namespace, filter) || widget.Contains(m.Status(), filter) {
		return true
	}
	if namespace, name, both := strings.Cut(filter, "/"); both && widget.Contains(m.Namespace, namespace) && widget.Contains(m.Name, name) {
		return true
	}
	return m.Instance != nil && (widget.Contains(m.Instance.Node, filter) || slices.ContainsFunc(m.Instance.IPs, func(ip string) bool { return widget.Contains(ip, filter) }))
}

// compareVMs is below 0 when a comes first. NaN, which is not known, comes last.
func compareVMs(a, b *frame.Guest, order vmOrder) int {
	if bad := fails(a); bad != fails(b) {
		if bad {
			return -1
		}
		return 1
	}
	return cmp.Compare(size(b, order), size(a, order))
}

// size is what the table is sorted by, NaN for a VM that has no process here.
func size(m *frame.Guest, order vmOrder) float64 {
	vm := m.Process
	switch {
	case order == byName:
		return 0
	case vm == nil:
		return math.NaN()
	case order == byCPU:
		return math.Round(10 * vm.Cores) // as it is shown: idle ones stay in their places
	case order == byMemory && vm.WhyMemory != "":
		return math.NaN()
	case order == byMemory:
		return float64(vm.Memory)
	case order == byDisk:
		return vm.Read + vm.Write
	}
	return vm.Rx + vm.Tx
}

// position is where the chosen VM stands in the sorted list, -1 when it is not there.
func (v *vms) position(f *frame.Frame) int {
	for at, i := range v.sorted {
		if v.chosen.is(&f.Guests[i]) {
			return at
		}
	}
	return -1
}

// scroll keeps the chosen VM among the rows that are shown.
func (v *vms) scroll(rows int, f *frame.Frame) {
	if v.rows = rows; rows <= 0 {
		return
	}
	if at := v.position(f); at >= 0 {
		v.top = min(max(v.top, at-rows+1), at)
	}
	v.top = max(min(v.top, len(v.sorted)-rows), 0)
}

// wants is how many rows of the body the VM table takes: its heading and at most a quarter of the body, half of it when
// the whole cluster's are listed.
func (v *vms) wants(body int, f *frame.Frame) int {
	if len(f.Guests) == 0 || len(v.sorted) == 0 && !v.all && !v.filter.Filters() {
		return 0
	}
	part := body / 4
	if v.all {
		part = body / 2
	}
	return 1 + min(max(len(v.sorted), 1), max(part-1, 1))
}

// draw lists VMs: those of this host, or the whole cluster's.
func (v *vms) draw(r draw.Region, f *frame.Frame) {
	rule, l := r.CutTop(1), layoutVMs(f, r.W(), v.order)
	rows := r.H()
	namespace := v.heading(rule, l, rows, f)
	if len(v.sorted) == 0 {
		p := r.Pen(1, 0)
		p.Text(draw.Dim, "none")
	}
	at := v.position(f)
	for i, m := range v.sorted[min(v.top, len(v.sorted)):min(v.top+rows, len(v.sorted))] {
		row := r.CutTop(1)
		vmRow(row, &f.Guests[m], f, l, namespace)
		if v.top+i == at {
			row.Restyle(draw.Selected)
			row.Set(0, 0, '>', draw.Selected)
		}
	}
}

// heading says on a rule which VMs are listed and names the columns; an arrow is before the one that sorts them. It returns the
// namespace that it says: each row has its own where there is no room for it.
func (v *vms) heading(rule draw.Region, l vmLayout, rows int, f *frame.Frame) (namespace string) {
	title := "VMs here"
	if v.all {
		title = "All VMs"
	}
	p := rule.Rule(0, title)
	first, width := l.column(0)
	free := l.name + l.state + width - len(" v ") - len(first.caption) // where the captions begin
	more := len("+1234 ")
	if v.filter.Filters() {
		more = len("/   of  ") + draw.Columns(v.filter.Text) + widget.Digits(len(v.sorted)) + widget.Digits(v.listed)
	}
	if v.namespace != "" && p.X()+len("in  ")+draw.Columns(v.namespace)+more <= free {
		namespace = v.namespace
		p.Text(draw.Dim, "in ").Text(draw.Text, namespace).Text(draw.Dim, " ")
	}
	if v.order == byName {
		p.Text(draw.Dim, "by name ")
	}
	if v.filter.Filters() {
		p.Text(draw.Accent|draw.Bold, "/").Fit(draw.Text, v.filter.Text, 30)
		if v.filter.Open {
			p.Text(draw.Selected, " ")
		}
		p.Text(draw.Text, " ").Int(draw.Text, int64(len(v.sorted))).Text(draw.Dim, " of ").Int(draw.Text, int64(v.listed)).Text(draw.Dim, " ")
	} else if n := len(v.sorted) - rows; n > 0 {
		p.Text(draw.Dim, "+").Int(draw.Text, int64(n))
		if p.X()+len(" more ") <= free {
			p.Text(draw.Dim, " more")
		}
		p.Text(draw.Dim, " ")
	}
	if l.state > 0 && l.name >= p.X() {
		vmis := &f.Kube.Kinds[kube.KindVMI].Health
		p = rule.Pen(l.name-1, 0)
		if vmis.State == health.Stale {
			p.Text(draw.Dim, "             ").To(l.name - 1)
		}
		p.Text(draw.Dim, " state")
		widget.StaleAge(&p, vmis, f, l.name+l.state)
		p.Text(draw.Dim, " ")
	}
	end := l.name + l.state
	for i := range l.n {
		c, width := l.column(i)
		end += width
		sorts := c.order == v.order && c.order != byName
		at := end - len(c.caption) - 1
		if sorts {
			at -= 2
		}
		if at < p.X() {
			continue
		}
		p = rule.Pen(at, 0)
		if p.Text(draw.Dim, " "); sorts {
			p.Glyph(draw.Accent, draw.Down).Text(draw.Accent, " ").Text(draw.Accent, c.caption) // vCPUs would be another figure
		} else {
			p.Text(draw.Dim, c.caption)
		}
	}
	if l.place > 0 {
		p = rule.Pen(l.place-1, 0)
		p.Text(draw.Dim, " node ").To(l.place - 1 + vmNode)
		p.Text(draw.Dim, " addresses ")
	}
	return namespace
}

// vmRow draws a VM, without its namespace where the heading says it. A state that is bad is whole, and one that has no figures
// here has its reason in their place.
func vmRow(r draw.Region, m *frame.Guest, f *frame.Frame, l vmLayout, namespace string) {
	if m.Conflict != frame.Agreed {
		p := r.Pen(0, 0)
		p.Glyph(draw.Bad|draw.Bold, draw.Attention)
	}
	name := r.Sub(0, 0, l.name, 1).Pen(1, 0)
	if namespace != "" {
		name.Fit(draw.Text, m.Name, name.Left()-1)
	} else {
		vmTitle(&name, m)
	}
	p, bad := r.Pen(l.name, 0), fails(m)
	if l.state > 0 {
		n := l.state - 1
		if bad || m.Process == nil {
			n = p.Left() - 1
		}
		vmStatus(&p, m, f, n)
	}
	switch {
	case m.Process != nil:
		vmFigures(r, m.Process, f, l, p.X())
	case bad:
		vmReason(p.To(max(p.X()+2, l.name+l.state)), m, f)
		return
	case l.place == 0:
		vmPlace(p.To(max(p.X()+2, l.name+l.state)), m, f, 0)
	}
	if l.place > 0 {
		p = r.Pen(l.place, 0)
		vmPlace(&p, m, f, vmNode)
	}
}

// vmReason writes where a VM that fails is, and why it does.
func vmReason(p *draw.Pen, m *frame.Guest, f *frame.Frame) {
	switch {
	case nowhere(m):
		p.Text(draw.Dim, "on no node: ")
	case m.Instance != nil && !m.Here:
		p.Text(draw.Dim, "on ").Fit(draw.Text, m.Instance.Node, vmNode).Text(draw.Dim, ": ")
	}
	p.Fit(draw.Text, vmWhy(m, f), p.Left()-1)
}

// vmWhy is why a VM fails, empty when nothing is said of it.
func vmWhy(m *frame.Guest, f *frame.Frame) string {
	switch {
	case m.Conflict != frame.Agreed:
		return m.Conflict.String()
	case m.VM != nil:
		return frame.WhyVM(f.Kube, m.VM)
	}
	return ""
}

// staleVMs reports whether what KubeVirt says of VMs is its last good word and not a fresh one.
func staleVMs(f *frame.Frame) bool {
	return f.Kube.Kinds[kube.KindVM].State == health.Stale || f.Kube.Kinds[kube.KindVMI].State == health.Stale
}

// vmStatus writes what KubeVirt calls the VM's state, dim when that is not fresh.
func vmStatus(p *draw.Pen, m *frame.Guest, f *frame.Frame, n int) {
	status := m.Status()
	var style draw.Style
	switch {
	case status == "":
		status, style = "n/a", draw.Dim
	case status == "Stopped" || staleVMs(f):
		style = draw.Dim
	case fails(m):
		style = draw.Bad
	case status == "Running":
		style = draw.Good
	default:
		style = draw.Warn
	}
	p.Fit(style, status, n)
}

// vmPlace writes the node that a VM runs on and its addresses, the first of them at a column that is column further on,
// 0: right behind the node.
func vmPlace(p *draw.Pen, m *frame.Guest, f *frame.Frame, column int) {
	if m.Instance == nil || m.Instance.Ended() {
		return
	}
	style := draw.Text
	if staleVMs(f) {
		style = draw.Dim
	}
	next := p.X() + column
	switch {
	case m.Instance.Node == "":
		p.Text(draw.Dim, "not scheduled")
	case column > 0:
		p.Fit(style, m.Instance.Node, column-1)
	default:
		p.Text(draw.Dim, "on ").Fit(style, m.Instance.Node, p.Left()-1)
	}
	p.To(max(next, p.X()+2))
	for _, ip := range m.Instance.IPs {
		if p.Left() <= len(ip) {
			p.Glyph(draw.Dim, draw.Ellipsis)
			return
		}
		p.Text(style, ip).Skip(1)
	}
}

func vmTitle(p *draw.Pen, m *frame.Guest) {
	if m.Name == "" {
		p.Text(draw.Dim, "qemu ").Int(draw.Text, int64(pid(m)))
		return
	}
	widget.Namespaced(p, m.Namespace, m.Name, p.Left()-1)
}
