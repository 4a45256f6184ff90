package kube

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/internal/health"
)

var at = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

// putPod keeps a pod.
func (o *Objects) putPod(key string, p Pod) {
	kept, _ := p.Keep()
	o.Pods.Put(key, kept)
}

// Put keeps an object.
func (t *Table[T]) Put(key string, object T) { t.put(key, object, t.size(key, 0)) }

// cluster is three nodes with some of each kind; this host is hv-1.
func cluster() (*Objects, *NodeIdentity) {
	o := new(Objects)
	for i, ready := range []string{"True", "True", "Unknown"} {
		name := fmt.Sprintf("hv-%d", i)
		o.Nodes.Put(name, Node{Name: name, Ready: ready, CapacityCPU: 16000, MachineID: "same", Hostname: name})
	}
	for i := range 10 {
		p := Pod{Phase: "Running", Node: fmt.Sprintf("hv-%d", i%3), CPU: 100, Memory: 1 << 20, Owner: "ReplicaSet", Labels: LabelsOf("app=x", "tier=y")}
		if i == 7 {
			p.Phase = "Succeeded"
		}
		if i == 9 {
			p.Phase, p.Node = "", ""
		}
		o.putPod(fmt.Sprintf("team/p%d", i), p)
	}
	return o, &NodeIdentity{Hostname: "HV-1"}
}

func roll(o *Objects, p *NodeIdentity) *State {
	s := new(State)
	o.Summarize(s, p)
	return s
}

// same compares a figure with what it should be.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %+v, want %+v", what, got, want)
	}
}

func TestRollNodesAndPods(t *testing.T) {
	s := roll(cluster())
	same(t, "nodes", s.Nodes, Nodes{Ready: 2, Total: 3, NotReady: []string{"hv-2"}})
	if s.Local == nil || s.Local.Name != "hv-1" {
		t.Fatalf("this node is %+v", s.Local)
	}
	s.Pods.List = nil
	same(t, "pods", s.Pods, Pods{Succeeded: 1, Running: 8, Total: 10, ByPhase: []Count{{None, 1}, {"Running", 8}, {"Succeeded", 1}},
		Local: 2, LocalCPU: 200, LocalMemory: 2 << 20})
}

func TestFaultsOfNodes(t *testing.T) {
	o := new(Objects)
	unknown := Condition{Type: "Ready", Status: "Unknown", Reason: "NodeStatusUnknown", Good: False, Since: at}
	full := Condition{Type: "DiskPressure", Status: "True", Reason: "KubeletHasDiskPressure", Good: False, Since: at}
	o.Nodes.Put("b", Node{Name: "b", Ready: "True", Conditions: []Condition{{Type: "Ready", Status: "True", Good: True}, full}})
	o.Nodes.Put("a", Node{Name: "a", Ready: "Unknown", Conditions: []Condition{unknown}})
	same(t, "faults", roll(o, &NodeIdentity{}).Nodes.Faults, []Fault{{Node: "a", Condition: unknown}, {Node: "b", Condition: full}})
	for i := range 2 * MaxNames {
		o.Nodes.Put(fmt.Sprintf("c%02d", i), Node{Ready: "Unknown", Conditions: []Condition{unknown}})
	}
	same(t, "number of faults", len(roll(o, &NodeIdentity{}).Nodes.Faults), MaxNames)
}

// TestWhatANodeTakesWithIt: the pods and VMs of a node that is not ready, and of no other.
func TestWhatANodeTakesWithIt(t *testing.T) {
	o := new(Objects)
	lost := Condition{Type: "Ready", Status: "Unknown", Good: False, Message: "Kubelet stopped posting node status."}
	o.Nodes.Put("a", Node{Name: "a", Ready: "Unknown", Conditions: []Condition{lost}})
	o.Nodes.Put("b", Node{Name: "b", Ready: "True", Conditions: []Condition{{Type: "DiskPressure", Status: "True", Good: False}}})
	for i, p := range []Pod{
		{Node: "a", Phase: "Running"}, {Node: "a", Phase: "Running", Owner: "VirtualMachineInstance"}, {Node: "a", Phase: "Succeeded"},
		{Node: "b", Phase: "Running"}, {Phase: "Pending"},
	} {
		o.putPod(fmt.Sprint("ns/", i), p)
	}
	faults := roll(o, &NodeIdentity{}).Nodes.Faults
	same(t, "faults", faults, []Fault{{Node: "a", Condition: lost, Pods: 2, VMs: 1}, {Node: "b", Condition: Condition{Type: "DiskPressure", Status: "True", Good: False}}})

	s := &State{}
	o.Summarize(s, &NodeIdentity{})
	o.putPod("ns/9", Pod{Node: "a", Phase: "Running"})
	o.Summarize(s, &NodeIdentity{})
	same(t, "pods of a node after another one came", s.Nodes.Faults[0].Pods, 3)
}

// TestPodsOfThisNode: all but those that have succeeded, what does not work first.
func TestPodsOfThisNode(t *testing.T) {
	o := new(Objects)
	o.Nodes.Put("hv-1", Node{Name: "hv-1", Ready: "True"})
	put := func(name string, p Pod) {
		p.Node = "hv-1"
		o.putPod("ns/"+name, p)
	}
	put("a-works", Pod{Phase: "Running"})
	put("b-starts", Pod{Phase: "Pending", Why: "Pending", Slow: true})
	put("c-crashes", Pod{Phase: "Running", Why: "CrashLoopBackOff"})
	put("d-failed", Pod{Phase: "Failed"})
	put("e-done", Pod{Phase: "Succeeded"})
	o.putPod("ns/elsewhere", Pod{Phase: "Running", Node: "hv-2"})
	here, s := &NodeIdentity{Hostname: "hv-1"}, &State{}
	o.Summarize(s, here)
	pods := s.Pods
	var names []string
	for i := range pods.List {
		names = append(names, pods.List[i].Name+" "+pods.List[i].Status())
	}
	same(t, "names", names, []string{"c-crashes CrashLoopBackOff", "b-starts Pending", "a-works Running", "d-failed Failed"})
	same(t, "succeeded", pods.Succeeded, 1)
	for i := range 2 * MaxPods {
		put(fmt.Sprintf("a-many-%03d", i), Pod{Phase: "Failed", Why: "Evicted"})
	}
	o.Summarize(s, here)
	same(t, "number", len(s.Pods.List), MaxPods)
	same(t, "first", s.Pods.List[0].Name, "c-crashes")
}

// TestWarningsOfAVM: of itself, its instance and its launcher, the newest; of no other whose name begins alike.
func TestWarningsOfAVM(t *testing.T) {
	s := &State{Events: []Event{
		{Kind: "Pod", Namespace: "vms", Name: "virt-launcher-db-2-x7x9z"},
		{Kind: "VirtualMachine", Namespace: "other", Name: "db"},
		{Kind: "Pod", Namespace: "vms", Name: "virt-launcher-db-k2j4h", Reason: "Failed"},
		{Kind: "VirtualMachineInstance", Namespace: "vms", Name: "db", Reason: "SyncFailed"},
		{Kind: "Node", Namespace: "vms", Name: "db-2"},
	}}
	same(t, "of db", s.VMWarning("vms", "db").Reason, "Failed")
	same(t, "of db-2", s.VMWarning("vms", "db-2"), &s.Events[0])
	same(t, "of none", s.VMWarning("vms", "web"), (*Event)(nil))
	same(t, "of a pod", s.PodWarning("vms", "virt-launcher-db-k2j4h"), &s.Events[2])
}

func TestUnboundClaimsAreTheOldest(t *testing.T) {
	o := new(Objects)
	for i := range 2 * MaxNames {
		o.PVCs.Put(fmt.Sprintf("a/%02d", i), PVC{Phase: "Pending", Created: at.Add(-time.Duration(i) * time.Minute)})
	}
	list := roll(o, &NodeIdentity{}).PVCs.Unbound
	if len(list) != MaxNames || list[0].Name != "39" || list[MaxNames-1].Name != "20" {
		t.Errorf("%+v", list)
	}
}

func TestWhichNodeIsThisHost(t *testing.T) {
	for _, c := range []struct {
		name  string
		place NodeIdentity
		node  Node
		want  string
	}{
		{"by name", NodeIdentity{Hostname: "a"}, Node{Name: "a"}, "a"},
		{"in capitals", NodeIdentity{Hostname: "A"}, Node{Name: "a"}, "a"},
		{"by label", NodeIdentity{Hostname: "box"}, Node{Name: "a", Hostname: "box"}, "a"},
		{"by machine ID", NodeIdentity{Hostname: "box", MachineID: "1f"}, Node{Name: "a", MachineID: "1f"}, "a"},
		{"another host", NodeIdentity{Hostname: "box", MachineID: "1f"}, Node{Name: "a", MachineID: "2f"}, ""},
		{"nothing known", NodeIdentity{}, Node{Name: "a"}, ""},
		{"a clone's machine ID", NodeIdentity{Hostname: "box", MachineID: "same"}, Node{Name: "a", MachineID: "same"}, ""},
	} {
		o := new(Objects)
		o.Nodes.Put(c.node.Name, c.node)
		o.Nodes.Put("other", Node{Name: "other", MachineID: "same"})
		s := roll(o, &c.place)
		got := ""
		if s.Local != nil {
			got = s.Local.Name
		}
		same(t, c.name, got, c.want)
	}
}

func TestRollServicesAndClaims(t *testing.T) {
	o := new(Objects)
	for i, kind := range []string{"ClusterIP", "NodePort", "ClusterIP", "Headless"} {
		o.Services.Put(fmt.Sprint("a/", i), Service{kind})
	}
	for i, phase := range []string{"Bound", "Pending", "Bound", "Lost"} {
		o.PVCs.Put(fmt.Sprint("a/", i), PVC{Phase: phase, Created: at})
	}
	o.Namespaces.Put("a", struct{}{})
	o.Policies.Put("a/deny", struct{}{})
	s := roll(o, &NodeIdentity{})
	same(t, "services", s.Services, Services{4, []Count{{"ClusterIP", 2}, {"Headless", 1}, {"NodePort", 1}}})
	same(t, "claims", s.PVCs, PVCs{Bound: 2, Total: 4, Unbound: []Unbound{{"a", "3", "Lost", at}, {"a", "1", "Pending", at}}})
	same(t, "namespaces", s.Namespaces, 1)
	same(t, "policies", s.Network.Policies, 1)
}

func TestWarningsAreTheNewest(t *testing.T) {
	o := new(Objects)
	for i := range 3 * MaxEvents {
		o.Events.Put(fmt.Sprint("a/e", i), Event{Last: at.Add(time.Duration(i) * time.Second), Count: i})
	}
	s := roll(o, &NodeIdentity{})
	if len(s.Events) != MaxEvents || o.Events.Len() != MaxEvents {
		t.Fatalf("%d are listed and %d kept", len(s.Events), o.Events.Len())
	}
	for i := range s.Events {
		if want := 3*MaxEvents - 1 - i; s.Events[i].Count != want {
			t.Fatalf("number %d of the list is warning %d, want %d", i, s.Events[i].Count, want)
		}
	}
}

func TestTallyOfVMs(t *testing.T) {
	statuses := []string{"Running", "Running", "Stopped", "Migrating", "Paused", "CrashLoopBackOff", "ErrorUnschedulable",
		"ErrImagePull", "ImagePullBackOff", "ErrorPvcNotFound", "DataVolumeError", "Starting", "Unknown", "", "Provisioning",
		"WaitingForReceiver", "InventedLater"}
	o := new(Objects)
	for i, status := range statuses {
		o.VMs.Put(fmt.Sprintf("a/%02d", i), VM{Namespace: "a", Name: fmt.Sprintf("%02d", i), Status: status})
	}
	got := roll(o, &NodeIdentity{}).Virt.Tally
	by := 0
	for _, c := range got.ByStatus {
		by += c.N
	}
	if by != len(statuses) || !slices.Contains(got.ByStatus, Count{None, 1}) || !slices.Contains(got.ByStatus, Count{"Running", 2}) {
		t.Errorf("by status: %v", got.ByStatus)
	}
	got.ByStatus = nil
	same(t, "tally", got, Tally{Running: 2, Stopped: 1, Migrating: 1, Paused: 1, Error: 6, Other: 6, Total: 17})
}

func TestInstancesOfThisNode(t *testing.T) {
	o, p := cluster()
	for i, in := range []VMI{
		{Node: "hv-1", Phase: "Running", VCPUs: 8},
		{Node: "hv-1", Phase: "Running", VCPUs: 24},
		{Node: "hv-1", Phase: "Succeeded", VCPUs: 100},
		{Node: "hv-0", Phase: "Running", VCPUs: 100},
	} {
		in.Namespace, in.Name = "vms", fmt.Sprint(9-i)
		o.VMIs.Put("vms/"+in.Name, in)
	}
	s := roll(o, p)
	s.Kinds[KindVMI].State = health.OK
	if s.Virt.LocalVMIs != 2 || s.Virt.LocalVCPUs != 32 || s.Overcommit() != 2 {
		t.Errorf("%d instances, %d vCPUs, overcommit %v", s.Virt.LocalVMIs, s.Virt.LocalVCPUs, s.Overcommit())
	}
	if len(s.Virt.VMIs) != 4 || s.Virt.VMIs[0].Name != "6" {
		t.Errorf("instances: %+v", s.Virt.VMIs)
	}
	s.Kinds[KindVMI].State = health.Failed
	if s.Overcommit() != 0 {
		t.Error("an overcommit of what is not known")
	}
}

func TestMigrations(t *testing.T) {
	o := new(Objects)
	put := func(m Migration) { m.Namespace = "vms"; o.Migrations.Put("vms/"+m.Name, m) }
	put(Migration{Name: "old", Phase: "Running", Created: at, VMI: "vm", Moving: Moving{UID: "1"}})
	put(Migration{Name: "new", Phase: "Pending", Created: at.Add(time.Hour)})
	put(Migration{Name: "self", Phase: "Failed", Created: at, VMI: "vm", Moving: Moving{UID: "2", Source: "x", Why: "own words"}})
	put(Migration{Name: "before", Phase: "Running", Created: at.Add(-time.Hour), VMI: "vm", Moving: Moving{UID: "9"}})
	for i := range 2 * MaxEnded {
		put(Migration{Name: fmt.Sprint("done", i), Phase: "Succeeded", Created: at.Add(time.Duration(i+1) * time.Minute)})
	}
	o.VMIs.Put("vms/vm", VMI{Namespace: "vms", Name: "vm", Moving: &Moving{UID: "1", Source: "hv-0", Target: "hv-1"}})
	got := roll(o, &NodeIdentity{}).Virt.Migrations
	if len(got) != 3+MaxEnded || got[0].Name != "new" || got[1].Name != "old" || got[3].Name != fmt.Sprint("done", 2*MaxEnded-1) {
		t.Fatalf("%d: %+v", len(got), got)
	}
	if got[1].Source != "hv-0" || got[1].Target != "hv-1" {
		t.Errorf("its instance knows more: %+v", got[1])
	}
	if got[2].Name != "before" || got[2].Source != "" {
		t.Errorf("its instance knows of another one: %+v", got[2])
	}
}

func TestDrain(t *testing.T) {
	o, p := cluster()
	put := func(name string, pod Pod) {
		pod.Node, pod.Phase = "hv-1", "Running"
		o.putPod("team/"+name, pod)
	}
	put("bare", Pod{})
	put("static", Pod{Mirror: true})
	put("agent", Pod{Owner: "DaemonSet"})
	put("launcher", Pod{Owner: "VirtualMachineInstance", Labels: LabelsOf("app=db")})
	put("db", Pod{Owner: "StatefulSet", Labels: LabelsOf("app=db", "role=main")})
	o.putPod("other/db", Pod{Owner: "StatefulSet", Labels: LabelsOf("app=db"), Node: "hv-1"})
	o.PDBs.Put("team/db", PDB{Labels: LabelsOf("role=main", "app=db")})
	o.PDBs.Put("team/loose", PDB{Allowed: 1})
	o.PDBs.Put("team/odd", PDB{Unclear: true})
	o.PDBs.Put("team/else", PDB{Labels: LabelsOf("app=dbx")})
	vm := func(name string, i VMI) {
		i.Namespace, i.Name, i.Node = "vms", name, "hv-1"
		o.VMIs.Put("vms/"+name, i)
	}
	vm("fixed", VMI{Migratable: False, WhyNot: "DisksNotLiveMigratable"})
	vm("moves", VMI{Migratable: True})
	vm("unknown", VMI{})
	vm("stops", VMI{Migratable: False, Eviction: "None"})
	vm("ended", VMI{Migratable: False, Phase: "Failed"})
	same(t, "drain", roll(o, p).DrainBlockers, []Blocker{
		{"team", "bare", "has no controller that would start it elsewhere"},
		{"team", "db", "disruption budget db allows no eviction"},
		{"vms", "fixed", "cannot be migrated: DisksNotLiveMigratable"},
	})
}

// TestRollLeavesWhatWasPublished: a copy of the State is what others read while the next one is made.
func TestRollLeavesWhatWasPublished(t *testing.T) {
	o, p := cluster()
	o.VMs.Put("a/a", VM{Name: "a", Status: "Running"})
	s := roll(o, p)
	published := *s
	before := fmt.Sprintf("%+v %+v", published, *published.Local)
	o.Nodes.Put("hv-1", Node{Name: "hv-1", Ready: "False", Roles: []string{"worker"}})
	o.Pods.Drop("team/p0")
	o.VMs.Put("a/a", VM{Name: "a", Status: "Stopped"})
	o.Summarize(s, p)
	if after := fmt.Sprintf("%+v %+v", published, *published.Local); after != before {
		t.Errorf("was\n%s\nis\n%s", before, after)
	}
	if s.Virt.Tally.Stopped != 1 || s.Pods.Total != 9 || s.Nodes.Ready != 1 {
		t.Errorf("not followed: %+v", s)
	}
}

func TestListDropsWhatIsGone(t *testing.T) {
	var table Table[PVC]
	table.Begin()
	table.Put("a", PVC{Phase: "Bound"})
	table.Put("b", PVC{Phase: "Bound"})
	table.End()
	table.Begin()
	table.Put("b", PVC{Phase: "Lost"})
	if table.Len() != 2 {
		t.Error("something went before the list was whole")
	}
	table.End()
	if table.Len() != 1 || table.rows["b"].object.Phase != "Lost" {
		t.Errorf("%+v", table.rows)
	}
	table.Drop("b")
	if table.Len() != 0 || !table.takeChanged() || table.takeChanged() {
		t.Error("a drop should be one change")
	}
}

func TestRollOfManyPodsIsCheap(t *testing.T) {
	o, p := cluster()
	for i := range 10_000 {
		o.putPod(fmt.Sprint("many/p", i), Pod{Phase: "Running", Node: "hv-0"})
	}
	s := roll(o, p)
	n := testing.AllocsPerRun(10, func() {
		o.putPod("many/p1", Pod{Phase: "Pending", Node: "hv-0"})
		o.Summarize(s, p)
	})
	if n > 20 {
		t.Errorf("%v allocations to count 10,000 pods", n)
	}
}

// TestRollFollowsEachChange: whatever changes, and in whatever order, a State that is brought up to date is the one that all
// objects at once make.
func TestRollFollowsEachChange(t *testing.T) {
	place := &NodeIdentity{Hostname: "hv-1"}
	for seed := range int64(50) {
		rnd := rand.New(rand.NewSource(seed))
		puts := []func(o *Objects){
			func(o *Objects) { o.Nodes.Put("hv-1", Node{Name: "hv-1", Ready: "True", CNI: "cilium"}) },
			func(o *Objects) { o.Nodes.Put("hv-2", Node{Name: "hv-2", Ready: "False"}) },
			func(o *Objects) {
				o.putPod("team/a", Pod{Phase: "Running", Node: "hv-1", Owner: "ReplicaSet", Labels: LabelsOf("app=a"), CPU: 5})
			},
			func(o *Objects) {
				o.putPod("kube-system/b", Pod{Phase: "Running", Node: "hv-1", System: true, Why: "not ready"})
			},
			func(o *Objects) { o.PDBs.Put("team/budget", PDB{Labels: LabelsOf("app=a")}) },
			func(o *Objects) { o.NodeMetrics.Put("hv-1", NodeMetrics{CPU: 7}) },
			func(o *Objects) { o.Services.Put("team/s", Service{Type: "ClusterIP"}) },
			func(o *Objects) { o.PVCs.Put("team/c", PVC{Phase: "Pending", StorageClass: "local"}) },
			func(o *Objects) { o.StorageClasses.Put("local", StorageClass{Waits: false}) },
			func(o *Objects) { o.Events.Put("team/w", Event{Reason: "x"}) },
			func(o *Objects) { o.VMs.Put("vms/vm", VM{Namespace: "vms", Name: "vm", Status: "Running"}) },
			func(o *Objects) {
				o.VMIs.Put("vms/vm", VMI{Namespace: "vms", Name: "vm", Node: "hv-1", VCPUs: 2, Migratable: False, Moving: &Moving{UID: "1", Source: "hv-2"}})
			},
			func(o *Objects) {
				o.Migrations.Put("vms/m", Migration{Namespace: "vms", Name: "m", VMI: "vm", Moving: Moving{UID: "1"}})
			},
			func(o *Objects) { o.KubeVirts.Put("kubevirt/kubevirt", KubeVirt{Phase: "Deployed"}) },
			func(o *Objects) { o.ServiceCIDRs.Put("kubernetes", ServiceCIDR{CIDRs: []string{"10.43.0.0/16"}}) },
		}
		rnd.Shuffle(len(puts), func(i, j int) { puts[i], puts[j] = puts[j], puts[i] })
		o, s := new(Objects), new(State)
		for n := range puts {
			puts[n](o)
			o.Summarize(s, place)
			all, want := new(Objects), new(State)
			for _, put := range puts[:n+1] {
				put(all)
			}
			all.Summarize(want, place)
			if got, want := told(t, s), told(t, want); got != want {
				t.Fatalf("seed %d, after %d changes:\n got %s\nwant %s", seed, n+1, got, want)
			}
		}
	}
}

// told is all that a State says, empty lists and those that are not there alike.
func told(t *testing.T, s *State) string {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "null", "[]")
}
