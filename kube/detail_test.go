package kube

import (
	"fmt"
	"slices"
	"testing"
)

// detailOf is what Summarize makes of o while somebody looks at node b whole.
func detailOf(t *testing.T, o *Objects, s *State) *Detail {
	t.Helper()
	o.ViewNodes(true, "b")
	o.Summarize(s, &NodeIdentity{Hostname: "a"})
	d := s.Detail("b")
	if d == nil {
		t.Fatal("no detail")
	}
	return d
}

// TestDetail: what is on a node that is not this host's, and what a drain of it would meet.
func TestDetail(t *testing.T) {
	o := new(Objects)
	o.Nodes.Put("a", Node{Name: "a"})
	o.Nodes.Put("b", Node{Name: "b"})
	for key, p := range map[string]Pod{
		"web/1":    {Owner: "ReplicaSet", Phase: "Running", CPU: 500, Memory: 1 << 20},
		"web/2":    {Owner: "ReplicaSet", Phase: "Running", CPU: 250, Why: "CrashLoopBackOff"},
		"web/3":    {Owner: "ReplicaSet", Phase: "Pending", Why: "ContainerCreating", Slow: true},
		"web/old":  {Owner: "Job", Phase: "Succeeded", CPU: 9000},
		"web/gone": {Owner: "ReplicaSet", Phase: "Failed", Why: "Evicted", CPU: 9000},
		"web/hand": {Phase: "Running"},
		"db/1":     {Owner: "StatefulSet", Phase: "Running", Labels: LabelsOf("app=db")},
		"sys/ds":   {Owner: "DaemonSet", Phase: "Running"},
		"sys/fix":  {Phase: "Running", Mirror: true},
		"vm/l1":    {Owner: "VirtualMachineInstance", Phase: "Running", Memory: 2 << 20},
	} {
		p.Node = "b"
		o.putPod(key, p)
	}
	o.putPod("web/there", Pod{Node: "a", Phase: "Running", Why: "Error"})
	o.PDBs.Put("db/keep", PDB{Labels: LabelsOf("app=db")})
	for name, i := range map[string]VMI{
		"moves": {Migratable: True, Eviction: "LiveMigrate"}, "perhaps": {Migratable: True, Eviction: "LiveMigrateIfPossible"},
		"stuck": {Migratable: False, WhyNot: "DisksNotLiveMigratable"}, "stops": {Migratable: False, Eviction: "None"},
		"default": {Migratable: True}, "new": {Eviction: "LiveMigrate"}, "over": {Migratable: True, Eviction: "LiveMigrate", Phase: "Succeeded"},
	} {
		i.Namespace, i.Name, i.Node = "vm", name, "b"
		o.VMIs.Put("vm/"+name, i)
	}
	d := detailOf(t, o, new(State))
	if want := []NamespacePods{{Namespace: "db", Pods: 1}, {Namespace: "sys", Pods: 2}, {Namespace: "vm", Pods: 1, Memory: 2 << 20},
		{Namespace: "web", Pods: 4, Ill: 2, CPU: 750, Memory: 1 << 20}}; !slices.Equal(d.Namespaces, want) {
		t.Errorf("namespaces: %+v", d.Namespaces)
	}
	var ill []string
	for _, p := range d.Ill {
		ill = append(ill, p.Name+" "+p.Why)
	}
	if want := []string{"2 CrashLoopBackOff", "3 ContainerCreating", "gone Evicted"}; !slices.Equal(ill, want) || d.AllIll != 3 {
		t.Errorf("ill: %q of %d", ill, d.AllIll)
	}
	blockers := []Blocker{
		{"db", "1", "disruption budget keep allows no eviction"}, {"vm", "stuck", "cannot be migrated: DisksNotLiveMigratable"},
		{"web", "hand", "has no controller that would start it elsewhere"},
	}
	if !slices.Equal(d.Drain.Blockers, blockers) {
		t.Errorf("blockers: %+v", d.Drain.Blockers)
	}
	d.Drain.Blockers = nil
	if got, want := fmt.Sprintf("%+v", d.Drain), fmt.Sprintf("%+v", Drain{Blocked: 3, Pods: 3, Stay: 2, Moves: 2, Stops: 1, Unsaid: 2}); got != want {
		t.Errorf("drain: %s, want %s", got, want)
	}
}

// TestDetailIsMadeForViewers only, of the nodes that they look at, and anew when what is in it has changed.
func TestDetailIsMadeForViewers(t *testing.T) {
	o := new(Objects)
	o.Nodes.Put("a", Node{Name: "a"})
	var s State
	p := &NodeIdentity{Hostname: "a"}
	o.ViewNodes(true)
	if o.Summarize(&s, p); s.Details != nil {
		t.Error("made for nobody")
	}
	first := detailOf(t, o, &s)
	if again := detailOf(t, o, &s); again != first {
		t.Error("made anew of the same")
	}
	o.Services.Put("x/s", Service{})
	if again := detailOf(t, o, &s); again != first {
		t.Error("made anew for a service")
	}
	o.putPod("x/1", Pod{Node: "b", Phase: "Running"})
	if again := detailOf(t, o, &s); again == first || again.Namespaces[0].Pods != 1 || first.Namespaces != nil {
		t.Error("a pod changes nothing, or what was published")
	}
	o.ViewNodes(true, "a", "b")
	if o.Summarize(&s, p); s.Detail("a") == nil || s.Detail("b") == nil || s.Detail("c") != nil {
		t.Errorf("%+v", s.Details)
	}
	o.ViewNodes(true)
	if o.Summarize(&s, p); s.Details != nil {
		t.Error("kept for nobody")
	}
}

// TestDetailIsBounded, whatever is on a node.
func TestDetailIsBounded(t *testing.T) {
	o := new(Objects)
	const pods = 3000
	for i := range pods {
		o.putPod(fmt.Sprintf("ns-%04d/pod", i), Pod{Node: "b", Phase: "Running", Why: "Error", CPU: 1})
	}
	d := detailOf(t, o, new(State))
	if len(d.Namespaces) != MaxCounts || d.Namespaces[MaxCounts-1].Namespace != Others || d.Namespaces[MaxCounts-1].Pods != pods-MaxCounts+1 {
		t.Errorf("%d namespaces: %+v", len(d.Namespaces), d.Namespaces)
	}
	if len(d.Ill) != MaxPods || d.AllIll != pods || len(d.Drain.Blockers) != MaxBlockers || d.Drain.Blocked != pods {
		t.Errorf("%d of %d ill, %d of %d blockers", len(d.Ill), d.AllIll, len(d.Drain.Blockers), d.Drain.Blocked)
	}
}

func BenchmarkDetail(b *testing.B) {
	o := large()
	b.ReportAllocs()
	for b.Loop() {
		o.detail("node-0001")
	}
}
