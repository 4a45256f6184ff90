package network

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
)

type listRowKind uint8

const (
	titleRow  listRowKind = iota
	wordsRow              // says that there is nothing
	cardRow               // an interface of the hardware
	lineRow               // any other
	guestsRow             // the VMs behind a link's folded ports
	foldedRow             // how many links are folded
)

// listRow is one row, or one frame, of F3.
type listRow struct {
	kind  listRowKind
	depth int8  // 0: not a child
	last  bool  // of its brothers
	pods  bool  // it is all of what is folded: ports without a VM
	again bool  // it has its place at the top
	index int32 // of the interface, as the kernel numbers it
	link  int   // place in Net.Interfaces; of a guestsRow in Page.guests
	count int   // of what is folded
	title string

	top, height int  // where it is, in rows from the first
	right       bool // of the frame beside it
}

// choosable reports whether row is where the cursor goes for its interface.
func (row *listRow) choosable() bool {
	return (row.kind == cardRow || row.kind == lineRow) && !row.again
}

// listKey names what rows were made of: while it is the same, they are.
type listKey struct {
	changes uint64
	links   int
	first   *sample.Link // of another Sampler's table it is another
	all     bool
	filter  string
	hidden  int
}

// arrange lists what is to be drawn, in the order in which an operator looks for it. It allocates, and does so only when
// links or what is asked for have changed.
func (n *Page) arrange(f *frame.Frame) {
	key := listKey{f.Net.Changes, len(f.Net.Interfaces), f.Net.Interfaces[0].Link, n.all, n.filter, len(f.Settings.HideLinks)}
	if n.rows != nil && n.made == key {
		return
	}
	n.made = key
	a := arrangement{net: f.Net, hide: f.Settings.HideLinks, all: n.all, rows: n.rows[:0], guests: n.guests[:0]}
	if n.filter != "" {
		a.matching(n.filter)
	} else {
		a.everything()
	}
	n.rows, n.guests = a.rows, a.guests
	for i := range n.rows {
		if row := &n.rows[i]; row.kind == cardRow || row.kind == lineRow {
			l := f.Net.Interfaces[row.link]
			row.index, row.again = int32(l.Index), l.Physical && row.depth > 0
		}
	}
}

// arrangement is an arrange at work.
type arrangement struct {
	net      *sample.Net
	hide     []string
	all      bool
	rows     []listRow
	guests   []int
	children map[string][]int // by the name of a master, or of the link that a VLAN lies on
	placed   []bool
}

// matching lists the interfaces that the text is found in, whatever they are.
func (a *arrangement) matching(text string) {
	for i := range a.net.Interfaces {
		if a.matches(a.net.Interfaces[i], text) {
			a.rows = append(a.rows, listRow{kind: lineRow, link: i})
		}
	}
}

func (a *arrangement) matches(l *sample.Interface, text string) bool {
	d := l.More()
	for _, s := range [...]string{l.Name, d.AltNames, l.MAC, l.Kind, l.Master, l.Parent} {
		if strings.Contains(lower(s), text) {
			return true
		}
	}
	if l.VM != nil && strings.Contains(lower(l.VM.Namespace+"/"+l.VM.Name), text) {
		return true
	}
	return slices.ContainsFunc(a.net.Addresses[l.FirstAddress:l.FirstAddress+l.AddressCount], func(one sample.Address) bool {
		return strings.Contains(one.CIDR, text)
	})
}

func lower(s string) string { return strings.ToLower(s) }

func (a *arrangement) everything() {
	links := a.net.Interfaces
	a.placed = make([]bool, len(links))
	a.children = map[string][]int{}
	if !slices.ContainsFunc(links, isKnown) {
		a.counting()
		return
	}
	for i := range links {
		if parent := above(links[i]); parent != "" {
			a.children[parent] = append(a.children[parent], i)
		}
	}
	a.hardware()
	a.section("Bonds and VLANs", func(l *sample.Interface) bool {
		return l.Kind == "bond" || l.Kind == "team" || l.Kind == "vlan" && l.Master == ""
	})
	a.section("Bridges", func(l *sample.Interface) bool { return l.Kind == "bridge" || l.Kind == "openvswitch" })
	a.section("Other links", func(l *sample.Interface) bool { return l.Master == "" && !a.folds(l) })
	a.rest()
}

// isKnown reports whether more is known of l than what it counts.
func isKnown(l *sample.Interface) bool { return l.Index != 0 }

// counting lists the interfaces while nothing but their counters is known.
func (a *arrangement) counting() {
	for i := range a.net.Interfaces {
		if !a.folds(a.net.Interfaces[i]) {
			a.put(listRow{kind: lineRow, link: i})
		}
	}
	a.rest()
}

// above is the link that l stands below in a tree: its master, or what a VLAN lies on.
func above(l *sample.Interface) string {
	if l.Master != "" {
		return l.Master
	}
	if l.Kind == "vlan" || l.Kind == "macvtap" || l.Kind == "macvlan" {
		return l.Parent
	}
	return ""
}

// hardware lists the interfaces of the hardware: a frame for each that is in use, trouble first, a line for the others
// and for virtual functions.
func (a *arrangement) hardware() {
	a.rows = append(a.rows, listRow{kind: titleRow, title: "Physical interfaces"})
	var frames, lines []int
	for i := range a.net.Interfaces {
		l := a.net.Interfaces[i]
		switch {
		case !l.Physical:
		case l.Parent != "" || a.weight(l) == spare:
			lines = append(lines, i)
		default:
			frames = append(frames, i)
		}
	}
	a.byWeight(frames)
	if len(frames) == 0 && len(lines) <= 2 { // a host whose cables are all out still shows what it has
		frames, lines = lines, nil
	}
	for _, i := range frames {
		a.put(listRow{kind: cardRow, link: i})
	}
	for _, i := range lines {
		a.put(listRow{kind: lineRow, link: i})
	}
	if len(frames)+len(lines) == 0 {
		a.rows = append(a.rows, listRow{kind: wordsRow, title: "none: no interface here has a device behind it"})
	}
}

func (a *arrangement) put(row listRow) {
	a.placed[row.link] = true
	a.rows = append(a.rows, row)
}

// What an operator looks for first.
const (
	broken  = iota // configured, without carrier
	outward        // holds the default route
	used
	lit // has a carrier
	spare
)

func (a *arrangement) weight(l *sample.Interface) int {
	switch {
	case l.Configured() && !l.Carrier, switchedOff(l), (l.Kind == "bridge" || l.Kind == "bond") && l.AdminUp && frame.Cut(a.net, l):
		return broken
	case a.holdsDefault(l.Name):
		return outward
	case l.Configured() || l.Kind != "" && l.AdminUp:
		return used
	case l.AdminUp && l.Carrier:
		return lit
	}
	return spare
}

// switchedOff reports whether a link of the hardware that belongs to a bridge or bond is down: nothing comes through.
func switchedOff(l *sample.Interface) bool { return l.Physical && l.Master != "" && !l.AdminUp }

func (a *arrangement) holdsDefault(name string) bool {
	return slices.ContainsFunc(a.net.Gateways, func(g sample.Gateway) bool { return g.Interface == name && g.Table == sample.MainTable })
}

// byWeight sorts links: by weight, those with the most VMs first, then by their number.
func (a *arrangement) byWeight(links []int) {
	slices.SortStableFunc(links, func(i, j int) int {
		one, two := a.net.Interfaces[i], a.net.Interfaces[j]
		return cmp.Or(a.weight(one)-a.weight(two), len(two.More().VMs)-len(one.More().VMs))
	})
}

// section lists the links that belong to it, each with what is below it.
func (a *arrangement) section(title string, belongs func(*sample.Interface) bool) {
	var roots []int
	for i := range a.net.Interfaces {
		l := a.net.Interfaces[i]
		if !a.placed[i] && !l.Physical && belongs(l) {
			roots = append(roots, i)
		}
	}
	if len(roots) == 0 {
		return
	}
	a.byWeight(roots)
	a.rows = append(a.rows, listRow{kind: titleRow, title: title})
	for _, i := range roots {
		if !a.placed[i] { // below another by now
			a.put(listRow{kind: lineRow, link: i})
			a.branch(i, 1)
		}
	}
}

const deepest = 4 // rings among links would have no end

// branch lists what is below a link: uplinks first, then VMs, then the others; what is folded is counted.
func (a *arrangement) branch(root int, depth int8) {
	name := a.net.Interfaces[root].Name
	var listed []int
	first, pods := len(a.guests), 0
	for _, i := range a.children[name] {
		l := a.net.Interfaces[i]
		switch {
		case a.placed[i] && !l.Physical: // stands elsewhere
			if l.Master == name {
				listed = append(listed, i)
			}
		case !a.folds(l):
			listed = append(listed, i)
		case l.VM != nil:
			a.guests = append(a.guests, i)
			a.placed[i] = true
		default:
			pods++
			a.placed[i] = true
		}
	}
	slices.SortStableFunc(listed, func(i, j int) int {
		return cmp.Or(portRank(a.net.Interfaces[i])-portRank(a.net.Interfaces[j]), compareAttached(a.net.Interfaces[i], a.net.Interfaces[j]))
	})
	var rows []listRow
	for _, i := range listed {
		rows = append(rows, listRow{kind: lineRow, link: i, depth: depth})
	}
	if n := a.settleGuests(first); n > 0 {
		rows = append(rows, listRow{kind: guestsRow, link: first, depth: depth, count: n})
	}
	if pods > 0 {
		rows = append(rows, listRow{kind: foldedRow, link: root, depth: depth, count: pods, pods: true})
	}
	for k := range rows {
		rows[k].last = k == len(rows)-1
		if rows[k].kind != lineRow {
			a.rows = append(a.rows, rows[k])
			continue
		}
		seen := a.placed[rows[k].link]
		a.put(rows[k])
		if depth < deepest && !seen {
			a.branch(rows[k].link, depth+1)
		}
	}
}

// settleGuests sorts the guests from first on by name, keeps each once and returns how many there are.
func (a *arrangement) settleGuests(first int) int {
	links := a.net.Interfaces
	fresh := a.guests[first:]
	slices.SortStableFunc(fresh, func(i, j int) int { return compareAttached(links[i], links[j]) })
	fresh = slices.CompactFunc(fresh, func(i, j int) bool { return *links[i].VM == *links[j].VM })
	a.guests = a.guests[:first+len(fresh)]
	return len(fresh)
}

// portRank puts what leads down to the hardware before what leads up to guests.
func portRank(l *sample.Interface) int {
	switch {
	case l.Physical || l.Kind == "bond" || l.Kind == "team" || l.Kind == "vlan":
		return 0
	case l.VM != nil:
		return 1
	}
	return 2
}

func compareAttached(a, b *sample.Interface) int {
	one, two := a.VM, b.VM
	if one == nil || two == nil {
		return 0
	}
	return cmp.Or(strings.Compare(one.Namespace, two.Namespace), strings.Compare(one.Name, two.Name))
}

// rest counts what is folded and stands below nothing.
func (a *arrangement) rest() {
	left := 0
	for i := range a.placed {
		if !a.placed[i] {
			left++
		}
	}
	if left > 0 {
		a.rows = append(a.rows, listRow{kind: foldedRow, count: left})
	}
}

// folds reports whether l is one of the many links of VMs and pods that are not listed unless asked for.
func (a *arrangement) folds(l *sample.Interface) bool {
	if a.all || l.Physical {
		return false
	}
	for _, glob := range a.hide {
		if ok, err := path.Match(glob, l.Name); ok && err == nil {
			return true
		}
	}
	return false
}
