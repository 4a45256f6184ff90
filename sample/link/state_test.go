package link

import (
	"net/netip"
	"slices"
	"testing"

	"hypervisor-tui/sample"
)

// TestMergeSaysWhatIsNew: of what is known already no table is made, which would be long on a host of many links.
func TestMergeSaysWhatIsNew(t *testing.T) {
	found := func() *findings {
		return &findings{
			links: []linkMessage{{index: 3, name: "br0", kind: "bridge", netns: -1, more: &linkMore{detail: sample.LinkDetail{Bridge: &sample.Bridge{FDB: 1}}}},
				{index: 2, name: "eth0", netns: -1}},
			addresses: []addressMessage{{index: 3, prefix: netip.MustParsePrefix("10.0.0.1/24")}},
			hops:      []nextHop{{family: 4, index: 3}},
			devices:   map[int]device{2: {physical: true, mbps: 1000}},
			around: polled{dns: []string{"10.0.0.53"}, fdb: fdb{known: true, learned: map[int]int{2: 1}},
				neighbours: map[hopKey]neighbour{{index: 3}: {state: "stale"}}, services: &sample.NetServices{CNI: "flannel"}},
		}
	}
	var w linkState
	j := pollRequest{everything: true, around: true, learned: true, listeners: true}
	if !w.merge(&j, found()) {
		t.Error("the first dump is nothing new")
	}
	if f := found(); w.merge(&j, f) {
		t.Error("the same again is new")
	}
	for name, change := range map[string]func(*findings){
		"state":     func(f *findings) { f.links[1].state = 6 },
		"detail":    func(f *findings) { f.links[0].more.detail.Bridge.STP = true },
		"link":      func(f *findings) { f.links = f.links[:1] },
		"address":   func(f *findings) { f.addresses[0].flags = 1 },
		"route":     func(f *findings) { f.hops[0].metric = 1 },
		"speed":     func(f *findings) { f.devices[2] = device{physical: true, mbps: 100} },
		"DNS":       func(f *findings) { f.around.dns[0] = "10.0.0.54" },
		"learned":   func(f *findings) { f.around.fdb.learned[2]++ },
		"neighbour": func(f *findings) { f.around.neighbours[hopKey{index: 3}] = neighbour{state: "reachable"} },
		"plugin":    func(f *findings) { f.around.services.CNI = "cilium" },
	} {
		w.merge(&j, found())
		f := found()
		change(f)
		if !w.merge(&j, f) {
			t.Errorf("another %s is nothing new", name)
		}
	}
	w.merge(&j, found())
	if index := []int{w.links[0].index, w.links[1].index}; !slices.IsSorted(index) {
		t.Errorf("links in the order %v", index)
	}
}
