package link

import (
	"slices"
	"sort"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/order"
)

// linkState is what is known of the links: the last dump with the events since. Run's goroutine owns it.
type linkState struct {
	links     []linkMessage    // by index
	addresses []addressMessage // by link, in the kernel's order
	hops      []nextHop
	devices   map[int]device // by index
	around    polled
}

// changes is what a batch of events has done, and what has to be asked for because of it.
type changes struct {
	any      bool
	routes   bool  // default routes may be others
	guests   bool  // network namespaces got or lost their ids
	settings []int // links whose hardware may say something else now
}

func (c *changes) add(other changes) {
	c.any, c.routes = c.any || other.any, c.routes || other.routes
	c.guests = c.guests || other.guests
	for _, index := range other.settings {
		if !slices.Contains(c.settings, index) {
			c.settings = append(c.settings, index)
		}
	}
}

// apply takes one event. Each is a whole link or address, so that one which is older than the dump does no harm: those
// that follow it end at what is.
func (w *linkState) apply(m *netlink.Message) (c changes) {
	switch m.Header.Type {
	case unix.RTM_NEWLINK:
		if index, state, ok := decodePort(m.Data); ok {
			return w.setPort(index, state)
		}
		if l, ok := decodeLink(m.Data); ok && l.whole {
			return w.setLink(&l)
		}
	case unix.RTM_DELLINK:
		if l, ok := decodeLink(m.Data); ok {
			return w.removeLink(l.index, m.Data)
		}
	case unix.RTM_NEWADDR:
		if a, ok := decodeAddress(m.Data); ok {
			w.setAddress(&a)
			c.any = true
		}
	case unix.RTM_DELADDR:
		if a, ok := decodeAddress(m.Data); ok {
			w.addresses = slices.DeleteFunc(w.addresses, func(b addressMessage) bool { return b.same(&a) })
			// The kernel says nothing of the IPv4 routes that go with an address.
			c.any, c.routes = true, w.routed(a.index)
		}
	case unix.RTM_NEWROUTE, unix.RTM_DELROUTE:
		// Which route an event replaces depends on more than it says. Default routes change seldom: they are asked for.
		c.routes = isDefault(m.Data)
	case unix.RTM_NEWNSID, unix.RTM_DELNSID:
		c.guests = true
	}
	return c
}

// find is where the link with an index is or would be.
func (w *linkState) find(index int) (at int, ok bool) {
	return sort.Find(len(w.links), func(i int) int { return index - w.links[i].index })
}

func (w *linkState) setLink(l *linkMessage) (c changes) {
	c.any = true
	at, known := w.find(l.index)
	if !known {
		w.links = slices.Insert(w.links, at, *l)
		w.comeBack(l)
		c.settings = []int{l.index}
		return c
	}
	old := &w.links[at]
	if old.flags != l.flags || old.state != l.state || old.name != l.name || old.changes != l.changes {
		c.settings = []int{l.index}
	}
	// The kernel takes IPv4 routes away in silence when their link goes down.
	c.routes = old.flags&unix.IFF_UP != l.flags&unix.IFF_UP && w.routed(l.index)
	*old = *l
	return c
}

// removeLink takes away a link that is gone or in another namespace. Of the other end of a veth the kernel says nothing
// when one of them moves: what is known of it is put right here.
func (w *linkState) removeLink(index int, message []byte) (c changes) {
	at, known := w.find(index)
	if !known {
		return c
	}
	c.any, c.routes = true, w.routed(index)
	if netns, there := decodeMove(message); netns >= 0 {
		for i := range w.links {
			if end := &w.links[i]; end.parent == index && end.netns < 0 && end.index != index {
				end.netns, end.parent = netns, there
				c.guests = true
			}
		}
	}
	w.links = slices.Delete(w.links, at, at+1)
	w.addresses = slices.DeleteFunc(w.addresses, func(a addressMessage) bool { return a.index == index })
	delete(w.devices, index)
	return c
}

// comeBack puts right what the other end of a veth that came from another namespace says of it.
func (w *linkState) comeBack(l *linkMessage) {
	if l.kind != "veth" || l.netns >= 0 {
		return
	}
	if at, known := w.find(l.parent); known && w.links[at].kind == l.kind {
		w.links[at].netns, w.links[at].parent = -1, l.index
	}
}

// routed reports whether a default route leads over a link.
func (w *linkState) routed(index int) bool {
	return slices.ContainsFunc(w.hops, func(h nextHop) bool { return h.index == index })
}

func (w *linkState) setPort(index int, state uint8) (c changes) {
	at, known := w.find(index)
	if !known {
		return c
	}
	if w.links[at].port == state+1 {
		return c
	}
	w.links[at].port = state + 1
	return changes{any: true}
}

// setAddress puts an address where the kernel lists it: by link, IPv4 first.
//
// Kernel: net/ipv4/devinet.c, __inet_insert_ifa; net/ipv6/addrconf.c, ipv6_link_dev_addr
func (w *linkState) setAddress(a *addressMessage) {
	first, _ := slices.BinarySearchFunc(w.addresses, a.index, func(b addressMessage, index int) int { return b.index - index })
	end := first
	for end < len(w.addresses) && w.addresses[end].index == a.index {
		if w.addresses[end].same(a) {
			w.addresses[end] = *a
			return
		}
		end++
	}
	split := first // between IPv4 and IPv6
	for split < end && w.addresses[split].prefix.Addr().Is4() {
		split++
	}
	at := split
	switch {
	case !a.prefix.Addr().Is4(): // the wider the scope the earlier, and the newest first
		for at < end && w.addresses[at].scope < a.scope {
			at++
		}
	case a.flags&unix.IFA_F_SECONDARY == 0: // behind the last primary one of no wider scope
		for at = split; at > first; at-- {
			if b := &w.addresses[at-1]; b.flags&unix.IFA_F_SECONDARY == 0 && a.scope <= b.scope {
				break
			}
		}
	}
	w.addresses = slices.Insert(w.addresses, at, *a)
}

// nameOf is the name of the link with an index, fit to be drawn; empty: none.
func (w *linkState) nameOf(index int) string {
	if at, known := w.find(index); known {
		return clean.String(w.links[at].name)
	}
	return ""
}

// replace takes what a dump of everything has found and reports whether it is anything new.
func (w *linkState) replace(f *findings) (changed bool) {
	links := byIndex(f.links)
	for i := range links { // what is as it was stays where it was: there are thousands
		if at, known := w.find(links[i].index); known && w.links[at].same(&links[i]) {
			links[i] = w.links[at]
		} else {
			changed = true
		}
	}
	if changed = changed || len(links) != len(w.links); changed {
		w.links = slices.Clone(links) // in no more memory than they need
	}
	order.By(f.addresses, func(a, b *addressMessage) int { return a.index - b.index })
	changed = changed || !slices.Equal(w.addresses, f.addresses)
	w.addresses = f.addresses
	return changed
}

// byIndex sorts links by index and keeps the last of those that the kernel named twice: a link that was renamed while
// it was being listed.
func byIndex(links []linkMessage) []linkMessage {
	order.By(links, func(a, b *linkMessage) int { return a.index - b.index })
	kept := links[:0]
	for _, l := range links {
		if n := len(kept); n > 0 && kept[n-1].index == l.index {
			kept[n-1] = l
			continue
		}
		kept = append(kept, l)
	}
	return kept
}
