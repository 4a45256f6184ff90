package link

import (
	"slices"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/sample"
)

// topology says which links lie on which: a port on its bridge's underside, a VLAN on its parent. Links are named by their
// place in the world.
type topology struct {
	*linkState
	ports map[int][]int // those whose master a link is
	above map[int][]int // what hangs on a link
	below map[int][]int // what it hangs on
}

// wire finds what hangs on each link that others lie on. A frame from the cable of eth0 goes eth0, bond0, bond0.5, br0,
// veth, VM: that is the way up. Through a bridge it goes up to the ports that are no uplinks.
func (w *linkState) wire() *topology {
	g := &topology{linkState: w, ports: map[int][]int{}, above: map[int][]int{}, below: map[int][]int{}}
	for i := range w.links {
		l := &w.links[i]
		if master, ok := w.find(l.master); ok {
			g.ports[master] = append(g.ports[master], i)
			if g.isUplink(i, master) {
				g.join(i, master)
			} else {
				g.join(master, i)
			}
		}
		if l.netns >= 0 || l.parent == l.index || !lies(l.kind) {
			continue
		}
		if parent, ok := w.find(l.parent); ok {
			g.join(parent, i)
		}
	}
	return g
}

func (g *topology) join(below, above int) {
	g.above[below] = append(g.above[below], above)
	g.below[above] = append(g.below[above], below)
}

// lies reports whether links of a kind lie on their parent. A veth is beside it.
func lies(kind string) bool {
	switch kind {
	case "vlan", "macvlan", "macvtap", "ipvlan", "ipvtap", "vxlan", "macsec":
		return true
	}
	return false
}

// isUplink reports whether a port of a bridge, bond or the like leads down to hardware: it is hardware, a slave of a bond,
// or a bond, VLAN or the like.
func (g *topology) isUplink(i, master int) bool {
	if g.physical(i) {
		return true
	}
	switch g.links[i].kind {
	case "bond", "team", "vlan", "vxlan", "macsec":
		return true
	}
	kind := g.links[master].kind
	return kind == "bond" || kind == "team"
}

func (g *topology) physical(i int) bool { return g.devices[g.links[i].index].physical }

func (g *topology) name(i int) string { return clean.String(g.links[i].name) }

// slaves counts the ports of a bond, and those of them whose link is up.
func (g *topology) slaves(i int) (all, up int) {
	for _, port := range g.ports[i] {
		if g.links[port].flags&(unix.IFF_UP|unix.IFF_LOWER_UP) == unix.IFF_UP|unix.IFF_LOWER_UP {
			up++
		}
	}
	return len(g.ports[i]), up
}

// uplinks are the interfaces of the hardware below a link.
func (g *topology) uplinks(i int) (names []string) {
	walk(i, g.below, func(at int) {
		if g.physical(at) {
			names = append(names, g.name(at))
		}
	})
	slices.Sort(names)
	return names
}

// hanging are the links above one and the guests at their ends.
func (g *topology) hanging(i int) (names []string, vms []sample.AttachedVM) {
	add := func(vm *sample.AttachedVM) {
		if vm != nil && !slices.Contains(vms, *vm) {
			vms = append(vms, *vm)
		}
	}
	own := func(at int) {
		for _, vf := range g.functions(g.links[at].index) {
			add(vf.VM)
		}
	}
	own(i)
	walk(i, g.above, func(at int) {
		names = append(names, g.name(at))
		vm, _ := g.around.owners.of(&g.links[at], &g.around.fdb)
		add(vm)
		own(at)
	})
	return names, vms
}

// walk visits what a link leads to, each once, the nearest first; rings among links do not hold it up.
func walk(from int, edges map[int][]int, visit func(at int)) {
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
