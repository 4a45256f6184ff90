package journal

import (
	"slices"
	"strings"
)

const (
	maxUnits   = 4096 // names in the table; the ring's slots have 12 bits for the index
	maxUnit    = 255  // bytes of a unit's name: systemd's own limit
	maxPod     = 317  // bytes of a pod's namespace and name: Kubernetes' own limits
	podMark    = 0    // between a unit and a pod: clean text has no such byte
	reclaimTry = 64   // entries of the full table looked at to find one that is no longer in use
	otherUnit  = 0    // what a unit is called when the table is full of names in use
)

// unitSet has a bit for each unit of the table.
type unitSet [maxUnits / 64]uint64

func (s *unitSet) has(unit uint16) bool { return s[unit>>6]>>(unit&63)&1 != 0 }

func (s *unitSet) put(unit uint16, in bool) {
	s[unit>>6] &^= 1 << (unit & 63)
	if in {
		s[unit>>6] |= 1 << (unit & 63)
	}
}

// units interns the names of units, with their pods, and counts the ring's entries by unit and severity; a tab's figures
// are sums over its units. The table is bounded, whatever names arrive: names that the ring no longer holds make room for new ones, and when
// all are in use a new name is booked as "other".
type units struct {
	ids    map[string]uint16
	names  []string
	counts [][SeverityCount]uint32
	live   []uint32 // entries in the ring, sum of counts
	hand   int      // where the search for an unused name goes on
	tabs   []Tab
	sets   []unitSet // for each tab, the units that belong to it
}

func newUnits(tabs []Tab) *units {
	u := &units{ids: make(map[string]uint16)}
	u.add("other")
	u.setTabs(tabs)
	return u
}

func (u *units) add(name string) uint16 {
	id := uint16(len(u.names))
	u.names = append(u.names, name)
	u.counts = append(u.counts, [SeverityCount]uint32{})
	u.live = append(u.live, 0)
	u.ids[name] = id
	return id
}

// setTabs replaces the tabs. Tab 0 is always everything.
func (u *units) setTabs(tabs []Tab) {
	u.tabs = tabs
	u.sets = make([]unitSet, len(tabs))
	for id := range u.names {
		u.sort(uint16(id))
	}
}

// sort puts a unit into the sets of the tabs that it belongs to.
func (u *units) sort(id uint16) {
	for i := range u.tabs {
		u.sets[i].put(id, i == 0 || u.tabs[i].holds(u.names[id]))
	}
}

func (t Tab) equal(o Tab) bool {
	return t.Name == o.Name && t.Pod == o.Pod && slices.Equal(t.Units, o.Units)
}

// splitUnit takes a name of the table apart.
func splitUnit(name string) (unit, pod string) {
	unit, pod, _ = strings.Cut(name, string(rune(podMark)))
	return unit, pod
}

// holds reports whether a unit of the table belongs to the tab.
func (t *Tab) holds(name string) bool {
	unit, pod := splitUnit(name)
	if t.Pod != "" && t.Pod != pod {
		return false
	}
	for _, name := range t.Units {
		if strings.TrimSuffix(name, ".service") == unit {
			return true
		}
	}
	return len(t.Units) == 0
}

// intern returns the index of name. It allocates only for a name that is new.
func (u *units) intern(name []byte) uint16 {
	if id, ok := u.ids[string(name)]; ok {
		return id
	}
	if len(u.names) < maxUnits {
		id := u.add(string(name))
		u.sort(id)
		return id
	}
	for range reclaimTry {
		u.hand = u.hand%(maxUnits-1) + 1 // never otherUnit
		if u.live[u.hand] == 0 {
			id := uint16(u.hand)
			delete(u.ids, u.names[id])
			u.names[id] = string(name)
			u.ids[u.names[id]] = id
			u.sort(id)
			return id
		}
	}
	return otherUnit
}

func (u *units) enter(unit uint16, s Severity) {
	u.counts[unit][s]++
	u.live[unit]++
}

func (u *units) leave(unit uint16, s Severity) {
	u.counts[unit][s]--
	u.live[unit]--
}

// tabCounts returns the entries of a tab in the ring, by severity. tab must be one of the tabs, or 0.
func (u *units) tabCounts(tab int) [SeverityCount]int {
	var sum [SeverityCount]int
	for id := range u.counts {
		if tab != 0 && !u.sets[tab].has(uint16(id)) {
			continue
		}
		for s, n := range u.counts[id] {
			sum[s] += int(n)
		}
	}
	return sum
}
