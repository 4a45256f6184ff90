package link

import (
	"slices"

	"hypervisor-tui/sample"
)

// wires says which links lie on which: a port on its bridge's underside, a VLAN on its parent. Links are named by their
// place in the table.
type wires struct {
	links   []sample.Interface
	details []sample.LinkDetail
	above   [][]int // what hangs on a link
	below   [][]int // what it hangs on
}

// wire finds the uplinks of each bridge, bond, VLAN and the like, and what hangs on each link that others lie on. A
// frame from the cable of eth0 goes eth0, bond0, bond0.5, br0, veth, VM: that is the way up. Through a bridge it goes up
// to the ports that are no uplinks.
func (w *world) wire(links []sample.Interface, details []sample.LinkDetail) {
	g := wires{links, details, make([][]int, len(links)), make([][]int, len(links))}
	place := make(map[string]int, len(links))
	for i := range links {
		place[links[i].Name] = i
	}
	for i := range links {
		master, ok := place[links[i].Master]
		switch {
		case ok && g.isUplink(i, place):
			g.join(i, master)
		case ok:
			g.join(master, i)
		}
		if parent, ok := place[details[i].Parent]; ok && lies(links[i].Kind) {
			g.join(parent, i)
		}
		g.count(i, master, ok)
	}
	for i := range links {
		port := links[i].Master != "" && len(g.above[i]) == 0 // there are thousands, and their bridge says it
		if len(g.below[i]) > 0 && !port {
			details[i].Uplinks = g.uplinks(i)
		}
		if len(g.above[i]) > 0 || len(details[i].VFs) > 0 {
			details[i].Above, details[i].VMs = g.hanging(i)
		}
	}
}

func (g *wires) join(below, above int) {
	g.above[below] = append(g.above[below], above)
	g.below[above] = append(g.below[above], below)
}

// lies says whether links of a kind lie on their parent. A veth is beside it.
func lies(kind string) bool {
	switch kind {
	case "vlan", "macvlan", "macvtap", "ipvlan", "ipvtap", "vxlan", "macsec":
		return true
	}
	return false
}

// isUplink says whether a port of a bridge, bond or the like leads down to hardware: it is hardware, a slave of a bond,
// or a bond, VLAN or the like.
func (g *wires) isUplink(i int, place map[string]int) bool {
	l := &g.links[i]
	if l.Physical {
		return true
	}
	switch l.Kind {
	case "bond", "team", "vlan", "vxlan", "macsec":
		return true
	}
	master := g.links[place[l.Master]].Kind
	return master == "bond" || master == "team"
}

// count adds a port to what its bridge or bond says of itself.
func (g *wires) count(i, master int, ok bool) {
	if !ok {
		return
	}
	if bridge := g.details[master].Bridge; bridge != nil {
		bridge.Ports++
	}
	if bond := g.details[master].Bond; bond != nil {
		bond.Slaves++
		if g.links[i].AdminUp && g.links[i].Carrier {
			bond.Up++
		}
	}
}

// uplinks are the interfaces of the hardware below a link.
func (g *wires) uplinks(i int) (names []string) {
	g.walk(i, g.below, func(at int) {
		if g.links[at].Physical {
			names = append(names, g.links[at].Name)
		}
	})
	slices.Sort(names)
	return names
}

// hanging are the links above one and the guests at their ends.
func (g *wires) hanging(i int) (names []string, vms []sample.AttachedVM) {
	add := func(vm *sample.AttachedVM) {
		if vm != nil && !slices.Contains(vms, *vm) {
			vms = append(vms, *vm)
		}
	}
	own := func(at int) {
		for k := range g.details[at].VFs {
			add(g.details[at].VFs[k].VM)
		}
	}
	own(i)
	g.walk(i, g.above, func(at int) {
		names = append(names, g.links[at].Name)
		add(g.details[at].VM)
		own(at)
	})
	return names, vms
}

// walk visits what a link leads to, each once, the nearest first; rings among links do not hold it up.
func (g *wires) walk(from int, edges [][]int, visit func(at int)) {
	seen := map[int]bool{from: true}
	queue := slices.Clone(edges[from])
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		if seen[at] {
			continue
		}
		seen[at] = true
		visit(at)
		queue = append(queue, edges[at]...)
	}
}
