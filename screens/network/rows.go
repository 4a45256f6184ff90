package network

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens/widget"
)

type listRowKind uint8

const (
	titleRow   listRowKind = iota
	wordsRow               // says that there is nothing
	cardRow                // a physical interface in a frame
	nicRow                 // a physical interface in one row
	spareRow               // physical interfaces that nobody uses, by name
	planRow                // a bridge, bond or VLAN with what it lies on
	lineRow                // any other link
	foldedRow              // how many links are folded
	clusterRow             // the network of the cluster
	hostRow                // the host's routes, connections and resolvers
)

// listRow is one row of F3, or one block of rows.
type listRow struct {
	kind   listRowKind
	child  bool  // it stands below a planRow
	last   bool  // of its brothers
	index  int32 // of the link, as the kernel numbers it
	link   int   // place in Net.Interfaces
	first  int   // of a planRow and a spareRow: the first of its links in Page.members
	cables int   // of a planRow: how many of these are physical interfaces
	count  int   // of the links in Page.members, or of those that are folded
	title  string

	top, height int  // where it is, in rows from the first
	right       bool // of the frame beside it
}

// choosable reports whether row is where the cursor goes for its link.
func (row *listRow) choosable() bool { return row.index != 0 }

// density is how much room an interface takes.
type density uint8

const (
	full    density = iota // frames with all, and the ports of each bridge, those of VMs though they are folded
	named                  // VMs by name instead
	compact                // frames with what matters, one row for each bridge
	dense                  // one row for each physical interface, too
)

const clusterSeen = 3 // rows of the cluster's network that frames leave room for: CIDRs, CNI, policies, services

// listKey names what rows were made of: while it is the same, they are.
type listKey struct {
	changes uint64
	links   int
	first   *sample.Link // of another Sampler's table it is another
	all     bool
	filter  string
	hidden  int
	known   bool // more of the links than what they count
	cluster bool // what the API server says is known
	w, h    int
}

// arrange lists what is to be drawn, in the order in which an operator looks for it: with as much of each as fits without
// scrolling; frames that push the cluster's network off the page, and take more than a quarter of it, become rows. It
// allocates, and does so only when links, the size or what is asked for have changed.
func (n *Page) arrange(f *frame.Frame, key listKey) {
	for n.density = full; ; n.density++ {
		n.list(f, key)
		n.lay(key.w, f)
		switch n.density {
		case full, named:
			if n.height <= key.h {
				return
			}
		case compact:
			if key.all || n.cluster+clusterSeen <= key.h || 4*n.framed <= key.h {
				return
			}
		default:
			return
		}
	}
}

// list makes the rows of one density.
func (n *Page) list(f *frame.Frame, key listKey) {
	a := arrangement{net: f.Net, hide: f.Settings.HideLinks, all: n.all, density: n.density, rows: n.rows[:0], members: n.members[:0]}
	switch {
	case n.filter.Text != "":
		a.matching(n.filter.Text)
	case !key.known || !slices.ContainsFunc(f.Net.Interfaces, isKnown):
		a.counting()
	default:
		a.everything()
	}
	n.rows, n.members = a.rows, a.members
	for i := range n.rows {
		switch row := &n.rows[i]; row.kind {
		case cardRow, nicRow, planRow, lineRow:
			row.index = int32(f.Net.Interfaces[row.link].Index)
		}
	}
}

// arrangement is a list at work.
type arrangement struct {
	net     *sample.Net
	hide    []string
	all     bool
	density density
	rows    []listRow
	members []int            // places of links
	named   map[string]int   // places by name, of those that another may lie on
	ports   map[string][]int // places by the name of their master
	placed  []bool
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
		if widget.Contains(s, text) {
			return true
		}
	}
	if l.VM != nil && widget.Contains(l.VM.Namespace+"/"+l.VM.Name, text) {
		return true
	}
	return slices.ContainsFunc(a.net.Addresses[l.FirstAddress:l.FirstAddress+l.AddressCount], func(one sample.Address) bool {
		return widget.Contains(one.CIDR, text)
	})
}

// isKnown reports whether more is known of l than what it counts.
func isKnown(l *sample.Interface) bool { return l.Index != 0 }

// counting lists the interfaces while nothing but their counters is known.
func (a *arrangement) counting() {
	a.placed = make([]bool, len(a.net.Interfaces))
	for i := range a.net.Interfaces {
		if !a.folds(a.net.Interfaces[i]) {
			a.put(listRow{kind: lineRow, link: i})
		}
	}
	a.rest()
}

func (a *arrangement) everything() {
	links := a.net.Interfaces
	a.placed = make([]bool, len(links))
	a.named, a.ports = map[string]int{}, map[string][]int{}
	for i, l := range links {
		if l.Master != "" {
			a.ports[l.Master] = append(a.ports[l.Master], i)
		}
		if !l.Plain {
			a.named[l.Name] = i
		}
	}
	a.hardware()
	a.section("Bonds and VLANs", planRow, func(l *sample.Interface) bool {
		return l.Kind == "bond" || l.Kind == "team" || l.Kind == "vlan" && l.Master == ""
	})
	a.section("Bridges", planRow, func(l *sample.Interface) bool { return l.Kind == "bridge" || l.Kind == "openvswitch" })
	a.rows = append(a.rows, listRow{kind: titleRow, title: clusterTitle}, listRow{kind: clusterRow},
		listRow{kind: titleRow, title: "Host"}, listRow{kind: hostRow})
	a.section("Other links", lineRow, func(l *sample.Interface) bool { return l.Master == "" && !a.folds(l) })
	a.rest()
}

// hardware lists the physical interfaces: those in use first, trouble before all, and their virtual functions.
func (a *arrangement) hardware() {
	a.rows = append(a.rows, listRow{kind: titleRow, title: hardwareTitle})
	var active, spares, functions []int
	for i, l := range a.net.Interfaces {
		switch {
		case !l.Physical:
		case l.Parent != "":
			functions = append(functions, i)
		case a.weight(l) == spare:
			spares = append(spares, i)
		default:
			active = append(active, i)
		}
	}
	a.byWeight(active)
	if len(active) == 0 && len(spares) <= 2 { // a host whose cables are all out still shows what it has
		active, spares = spares, nil
	}
	for _, i := range active {
		kind := cardRow
		if a.density == dense {
			kind = nicRow
		}
		a.put(listRow{kind: kind, link: i})
	}
	if len(spares) > 1 && a.density >= compact && !a.all {
		a.rows = append(a.rows, listRow{kind: spareRow, first: len(a.members), count: len(spares)})
		a.members = append(a.members, spares...)
		for _, i := range spares {
			a.placed[i] = true
		}
		spares = nil
	}
	for _, i := range spares {
		a.put(listRow{kind: nicRow, link: i})
	}
	for _, i := range functions {
		a.put(listRow{kind: lineRow, link: i})
	}
	if a.rows[len(a.rows)-1].kind == titleRow {
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
	case l.Configured() && !l.Carrier, switchedOff(l), isCut(a.net, l):
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

// switchedOff reports whether a physical interface that belongs to a bridge or bond is down: nothing comes through.
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

// section lists the links that belong to it; below a planRow come its ports.
func (a *arrangement) section(title string, kind listRowKind, belongs func(*sample.Interface) bool) {
	var roots []int
	for i, l := range a.net.Interfaces {
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
		row := listRow{kind: kind, link: i}
		if kind == planRow {
			a.plan(&row)
		}
		a.put(row)
		if kind == planRow {
			a.listPorts(i)
		}
	}
}

// plan notes what a link lies on: the physical interfaces, and the links from there to it.
func (a *arrangement) plan(row *listRow) {
	row.first = len(a.members)
	for _, name := range a.net.Interfaces[row.link].More().Uplinks {
		if i, ok := a.named[name]; ok {
			a.members = append(a.members, i)
		}
	}
	row.cables = len(a.members) - row.first
	const deepest = 4 // rings among links would have no end
	for at, ok := a.below(row.link); ok && len(a.members) < row.first+row.cables+deepest; at, ok = a.below(at) {
		a.members = append(a.members, at)
	}
	slices.Reverse(a.members[row.first+row.cables:])
	row.count = len(a.members) - row.first
}

// below is the one link, not a physical interface, through which another reaches those that it lies on.
func (a *arrangement) below(link int) (at int, ok bool) {
	l := a.net.Interfaces[link]
	if l.Kind == "vlan" {
		at, ok = a.named[l.Parent]
		return at, ok && !a.net.Interfaces[at].Physical
	}
	for _, i := range a.ports[l.Name] {
		port := a.net.Interfaces[i]
		if !port.Physical && len(port.More().Uplinks) == 0 {
			continue
		}
		if ok || port.Physical {
			return 0, false
		}
		at, ok = i, true
	}
	return at, ok
}

// listPorts lists the ports of a link: what leads down before VMs before the others. Those of the hardware and bonds have
// places of their own; what is folded is counted.
func (a *arrangement) listPorts(root int) {
	var listed []int
	folded := 0
	for _, i := range a.ports[a.net.Interfaces[root].Name] {
		l := a.net.Interfaces[i]
		switch {
		case l.Physical || l.Kind == "bond" || l.Kind == "team":
		case a.density != full && !a.all:
			a.placed[i] = true
		case a.folds(l) && l.VM == nil:
			a.placed[i] = true
			folded++
		default:
			listed = append(listed, i)
		}
	}
	slices.SortStableFunc(listed, func(i, j int) int {
		return cmp.Or(portRank(a.net.Interfaces[i])-portRank(a.net.Interfaces[j]), compareAttached(a.net.Interfaces[i], a.net.Interfaces[j]))
	})
	for k, i := range listed {
		a.put(listRow{kind: lineRow, link: i, child: true, last: k == len(listed)-1 && folded == 0})
	}
	if folded > 0 {
		a.rows = append(a.rows, listRow{kind: foldedRow, child: true, last: true, count: folded})
	}
}

// portRank puts what leads down to the hardware before what leads up to guests.
func portRank(l *sample.Interface) int {
	switch {
	case l.Kind == "vlan":
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
