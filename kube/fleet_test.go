package kube

import (
	"fmt"
	"slices"
	"testing"
)

// fleetOf is what Summarize makes of o while somebody looks at the nodes.
func fleetOf(t *testing.T, o *Objects) *Fleet {
	t.Helper()
	var s State
	o.ViewNodes(true)
	if o.Summarize(&s, &NodeIdentity{Hostname: "b"}); s.Fleet == nil {
		t.Fatal("no fleet")
	}
	return s.Fleet
}

// TestFleet: a row of each node, the worst first, with what is on it.
func TestFleet(t *testing.T) {
	o := new(Objects)
	node := func(name, ready string, cordoned bool, version string, more ...Condition) {
		c := Condition{Type: "Ready", Status: ready, Reason: "Why"}
		c.Judge()
		o.Nodes.Put(name, Node{Name: name, Ready: ready, Cordoned: cordoned, Version: version, CapacityCPU: 4000, Conditions: append([]Condition{c}, more...)})
	}
	pressure := Condition{Type: "DiskPressure", Status: "True"}
	pressure.Judge()
	node("a", "True", false, "v1.31.4+k3s1")
	node("b", "True", true, "v1.33.0")
	node("c", "Unknown", false, "nonsense")
	node("d", "True", false, "", pressure)
	for name, p := range map[string]Pod{
		"x/1": {Node: "a", Phase: "Running", CPU: 500, Memory: 1 << 20}, "x/2": {Node: "a", Phase: "Pending", CPU: 250},
		"x/3": {Node: "a", Phase: "Succeeded", CPU: 9000}, "x/4": {Node: "b", Phase: "Running"}, "x/5": {Phase: "Pending"}, "x/6": {Node: "gone", Phase: "Running"},
	} {
		o.putPod(name, p)
	}
	o.VMIs.Put("x/vm1", VMI{Namespace: "x", Name: "vm1", Node: "a", Phase: "Running", VCPUs: 8, Moving: &Moving{UID: "m1", Source: "a", Target: "b"}})
	o.VMIs.Put("x/vm2", VMI{Namespace: "x", Name: "vm2", Node: "a", Phase: "Succeeded", VCPUs: 8})
	o.Migrations.Put("x/m1", Migration{Namespace: "x", Name: "m1", VMI: "vm1", Phase: "Running", Moving: Moving{UID: "m1"}})
	o.Migrations.Put("x/m2", Migration{Namespace: "x", Name: "m2", VMI: "vm2", Phase: "Failed", Moving: Moving{Source: "a", Target: "b"}})
	o.NodeMetrics.Put("a", NodeMetrics{CPU: 1500, Memory: 1 << 30})
	f := fleetOf(t, o)
	var names []string
	for i := range f.Rows {
		names = append(names, f.Rows[i].Name)
	}
	if want := []string{"c", "d", "b", "a"}; !slices.Equal(names, want) || f.Newest != "v1.33.0" {
		t.Fatalf("%v, newest %s; want %v", names, f.Newest, want)
	}
	a, b, c := &f.Rows[3], &f.Rows[2], &f.Rows[0]
	if a.PodCount != 2 || a.AskedCPU != 750 || a.AskedMemory != 1<<20 || a.VMs != 1 || a.VCPUs != 8 || a.MigratingOut != 1 || a.MigratingIn != 0 ||
		!a.Measured || a.Used.CPU != 1500 || a.Behind != 2 || a.Here || a.Overcommit() != 2 {
		t.Errorf("%+v", a)
	}
	if b.PodCount != 1 || b.MigratingIn != 1 || b.MigratingOut != 0 || !b.Here || b.Measured || b.Behind != 0 {
		t.Errorf("%+v", b)
	}
	if c.Behind != 0 || c.Fault() == nil || c.Fault().Type != "Ready" {
		t.Errorf("%+v", c)
	}
}

// TestFleetIsMadeForViewers only, and anew when what is in it has changed.
func TestFleetIsMadeForViewers(t *testing.T) {
	o := new(Objects)
	o.Nodes.Put("a", Node{Name: "a"})
	var s State
	p := &NodeIdentity{Hostname: "a"}
	if o.Summarize(&s, p); s.Fleet != nil {
		t.Error("made for nobody")
	}
	o.ViewNodes(true)
	o.Summarize(&s, p)
	first := s.Fleet
	if o.Summarize(&s, p); first == nil || s.Fleet != first {
		t.Error("not made, or made anew of the same")
	}
	o.putPod("x/1", Pod{Node: "a", Phase: "Running"})
	if o.Summarize(&s, p); s.Fleet == first || s.Fleet.Rows[0].PodCount != 1 || first.Rows[0].PodCount != 0 {
		t.Error("a pod changes nothing, or what was published")
	}
	o.ViewNodes(false)
	if o.Summarize(&s, p); s.Fleet != nil {
		t.Error("kept for nobody")
	}
}

// large is a cluster of 1,000 nodes, 30,000 pods and 500 VMs.
func large() *Objects {
	o := new(Objects)
	for i := range 1000 {
		name := fmt.Sprintf("node-%04d", i)
		o.Nodes.Put(name, Node{Name: name, Ready: "True", Version: "v1.33.0", CPU: 64000, CapacityCPU: 64000, Memory: 1 << 38})
		o.NodeMetrics.Put(name, NodeMetrics{CPU: 1, Memory: 1})
	}
	for i := range 30_000 {
		o.putPod(fmt.Sprintf("team-%d/pod-%05d", i%50, i), Pod{Node: fmt.Sprintf("node-%04d", i%1000), Phase: "Running", CPU: 100})
	}
	for i := range 500 {
		name := fmt.Sprintf("vm-%d", i)
		o.VMIs.Put("team-1/"+name, VMI{Namespace: "team-1", Name: name, Node: fmt.Sprintf("node-%04d", i), Phase: "Running", VCPUs: 4})
	}
	return o
}

// TestLargeFleetAllocatesRows and little else: 1,000 nodes of less than 1 KiB each, whatever is on them.
func TestLargeFleetAllocatesRows(t *testing.T) {
	o := large()
	fleetOf(t, o)
	if n := testing.AllocsPerRun(5, func() { o.fleet(nil) }); n > 20 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkFleet(b *testing.B) {
	o := large()
	b.ReportAllocs()
	for b.Loop() {
		o.fleet(nil)
	}
}
