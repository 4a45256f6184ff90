package node

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"gopkg.in/yaml.v3"

	"hypervisor-tui/act"
	"hypervisor-tui/internal/await"
	"hypervisor-tui/kube/apitest"
	"hypervisor-tui/kube/watch"
)

// stage is a real API server with two nodes, and a webhook that knows KubeVirt's sentences. Nothing runs there: the test moves what moves.
type stage struct {
	*apitest.Cluster
	t     *testing.T
	nodes Nodes

	mu     sync.Mutex
	says   map[string]string // what the webhook denies evictions of a pod with
	marked map[string]int    // evictions of a pod that were no rehearsal
}

const (
	namespace = "vms"
	budgets   = "/apis/policy/v1/poddisruptionbudgets"
)

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{Cluster: apitest.Start(t), t: t, says: map[string]string{}, marked: map[string]int{}}
	s.allow()
	s.Create("/api/v1/namespaces", apitest.Object{"metadata": apitest.Object{"name": namespace}})
	for i := range 2 {
		s.Create("/api/v1/nodes", apitest.Object{"metadata": apitest.Object{"name": apitest.Node(i), "labels": apitest.Object{"a": "b"}}})
	}
	s.Evictions(func(e apitest.Eviction) string {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !e.Rehearsal {
			s.marked[e.Pod]++
		}
		return s.says[e.Pod]
	})
	await.Until(t, "the API server asks the webhook", func() bool {
		s.pod("probe", "")
		s.say("probe", "asked")
		v, why, err := s.nodes.evict(t.Context(), s.ask(act.NodeDrain), s.only("probe"), true)
		return err == nil && v == blocked && strings.Contains(why, "asked")
	})
	s.Delete(apitest.In("/api/v1/pods", "probe"))
	return s
}

// allow gives the helper's account of the manifest its rights, in the person of the viewer, and nothing more.
func (s *stage) allow() {
	s.t.Helper()
	text, err := os.ReadFile("../../nixos/serviceaccount-act.yaml")
	if err != nil {
		s.t.Fatal(err)
	}
	const rbac = "/apis/rbac.authorization.k8s.io/v1/"
	for decoder := yaml.NewDecoder(strings.NewReader(string(text))); ; {
		var o apitest.Object
		if decoder.Decode(&o) != nil {
			break
		}
		switch o["kind"] {
		case "ClusterRole":
			s.Create(rbac+"clusterroles", o)
		case "ClusterRoleBinding":
			o["subjects"] = []apitest.Object{{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": apitest.Viewer}}
			s.Create(rbac+"clusterrolebindings", o)
		}
	}
	path := filepath.Join(s.t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, []byte(s.Kubeconfig(apitest.Viewer)), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.nodes = Nodes{API: watch.NewAPI(path), pace: pace{round: 20e6, again: 20e6, silence: await.Limit}}
}

func (s *stage) ask(v act.Verb) act.Ask {
	return act.Ask{Verb: v, Object: apitest.Node(0), By: "uid 1000"}
}

// pod makes a pod of a ReplicaSet on the first node, or the pod of a VM.
func (s *stage) pod(name, vm string) {
	s.t.Helper()
	meta := apitest.Object{"name": name, "labels": apitest.Object{"app": name}, "ownerReferences": []apitest.Object{
		{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "app", "uid": "1", "controller": true},
	}}
	if vm != "" {
		meta["labels"], meta["annotations"] = apitest.Object{"kubevirt.io": "virt-launcher"}, apitest.Object{"kubevirt.io/domain": vm}
	}
	s.Create(apitest.In("/api/v1/pods"), apitest.Object{"metadata": meta, "spec": apitest.Object{
		"nodeName": apitest.Node(0), "terminationGracePeriodSeconds": 0, "containers": []apitest.Object{{"name": "a", "image": "registry.example/a"}},
	}})
	s.Status(apitest.In("/api/v1/pods", name), apitest.Object{"phase": "Running", "conditions": []apitest.Object{{"type": "Ready", "status": "True"}}})
}

// only is a pod as the helper sees it; nil: there is none.
func (s *stage) only(name string) *pod {
	s.t.Helper()
	all, err := s.nodes.pods(s.t.Context(), s.ask(act.NodeDrain))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, p := range all {
		if p.Metadata.Name == name {
			return p
		}
	}
	return nil
}

func (s *stage) say(pod, sentence string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.says[pod] = sentence
}

func (s *stage) evictions(pod string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.marked[pod]
}

// budget protects the pod db-0, with room for so many.
func (s *stage) budget(room int) {
	s.t.Helper()
	s.Create(apitest.In(budgets), apitest.Object{"metadata": apitest.Object{"name": "db"}, "spec": apitest.Object{
		"minAvailable": 1, "selector": apitest.Object{"matchLabels": apitest.Object{"app": "db-0"}},
	}})
	s.Status(apitest.In(budgets, "db"), apitest.Object{
		"observedGeneration": 1, "disruptionsAllowed": room, "currentHealthy": 1, "desiredHealthy": 1, "expectedPods": 1,
	})
}

func (s *stage) unschedulable() bool {
	s.t.Helper()
	spec, _ := s.Get("/api/v1/nodes/" + apitest.Node(0))["spec"].(apitest.Object)
	return spec["unschedulable"] == true
}

// look plans a drain.
func (s *stage) look() act.Facts {
	s.t.Helper()
	f, err := s.nodes.Look(s.t.Context(), s.ask(act.NodeDrain))
	if err != nil {
		s.t.Fatal(err)
	}
	return f
}

// drain begins a drain and returns what it says last, and its end.
func (s *stage) drain(ctx context.Context, f act.Facts) (text func() string, end <-chan error) {
	var mu sync.Mutex
	last := ""
	over := make(chan error, 1)
	go func() {
		_, err := s.nodes.Do(ctx, s.ask(act.NodeDrain), f, func(p act.Progress) {
			mu.Lock()
			defer mu.Unlock()
			last = fmt.Sprintf("%d of %d: %s", p.Done, p.Of, p.Text)
		})
		over <- err
	}()
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		return last
	}, over
}

// TestRealAPIDrain: a rehearsal changes nothing and is true; a drain moves, waits for a disruption budget, and can be ended; what it
// leaves is undone only where it is ours. All of it with the rights of the manifest.
func TestRealAPIDrain(t *testing.T) {
	s := newStage(t)
	for vm, sentence := range map[string]string{
		"vm-a": fmt.Sprintf(`Eviction triggered evacuation of VMI "vms/%s"`, "vm-a"), "vm-b": fmt.Sprintf(`Evacuation in progress: Eviction triggered evacuation of VMI "vms/%s"`, "vm-b"),
		"vm-fixed": "VMI vm-fixed is configured with an eviction strategy but is not live-migratable", "vm-new": "Eviction request for target Pod", "vm-none": "",
	} {
		s.pod("virt-launcher-"+vm, vm)
		s.say("virt-launcher-"+vm, sentence)
	}
	s.pod("web-1", "")
	s.pod("db-0", "")
	s.budget(0)
	f := s.look()
	will := []string{
		"hv-0 is cordoned: nothing new is placed on it", "2 VMs move while they run: vms/vm-a, vms/vm-b", "1 VM is just arriving, and moves on: vms/vm-new",
		"1 VM is not moved, its guest ends: vms/vm-none", "1 pod restarts elsewhere: vms/web-1",
	}
	blocks := []string{"VM vms/vm-fixed is to be moved and is not live-migratable: it stays", "vms/db-0: The disruption budget db needs 1 healthy pods and has 1 currently"}
	if !slices.Equal(f.Will, will) || !slices.Equal(f.Blocks, blocks) {
		t.Errorf("will %q, blocks %q", f.Will, f.Blocks)
	}
	if n := len(s.List("/api/v1/pods")); n != 7 || s.unschedulable() || s.evictions("virt-launcher-vm-a") != 0 {
		t.Errorf("a rehearsal leaves %d pods of 7, cordons: %v, evicts: %d", n, s.unschedulable(), s.evictions("virt-launcher-vm-a"))
	}
	if l, err := s.nodes.Local(t.Context(), act.Ask{Object: "HV-0"}, ""); err != nil || l == nil || len(l.VMs) != 5 || len(l.Pods) != 2 || l.Cordoned {
		t.Errorf("this host's node is %+v, %v", l, err)
	}
	if l, err := s.nodes.Local(t.Context(), act.Ask{Object: "another"}, "m"); err != nil || l != nil {
		t.Errorf("a host that is no node is %+v, %v", l, err)
	}
	if again := s.look(); !slices.Equal(again.State, f.State) {
		t.Errorf("nothing has changed, and the state has: %q, %q", f.State, again.State)
	}
	s.Delete(apitest.In("/api/v1/pods", "web-1")) // between plan and commit
	s.pod("web-1", "")
	if again := s.look(); slices.Equal(again.State, f.State) {
		t.Error("a pod is another one of the same name, and the state is the same")
	}

	ctx, cancel := context.WithCancel(t.Context())
	text, end := s.drain(ctx, f)
	const begun = "2 of 7: moving vms/vm-a and 2 more. waiting vms/db-0 (The disruption budget db needs 1 healthy pods and has 1 currently). staying vms/vm-fixed (not live-migratable)."
	await.Until(t, "it says what it waits for: "+begun, func() bool { return text() == begun })
	cancel()
	ends(t, end, "hv-0 stays cordoned", "2 of 7 have left", "KubeVirt goes on moving vms/vm-a and 1 more")
	if !s.unschedulable() || s.evictions("virt-launcher-vm-a") == 0 || s.only("web-1") != nil || s.only("db-0") == nil {
		t.Error("it is not cordoned, or what was evicted is there, or what was not is gone")
	}

	for _, vm := range []string{"vm-a", "vm-b", "vm-new", "vm-fixed"} {
		s.Delete(apitest.In("/api/v1/pods", "virt-launcher-"+vm)) // they have moved, and somebody has shut the last one down
	}
	text, end = s.drain(t.Context(), s.look())
	await.Until(t, "it waits for the disruption budget alone", func() bool { return strings.HasPrefix(text(), "0 of 1: waiting vms/db-0") })
	s.budget(1)
	ends(t, end)
	if n := len(s.List("/api/v1/pods")); n != 0 {
		t.Errorf("%d pods are left", n)
	}

	if text, err := s.nodes.Undo(t.Context(), apitest.Node(0)); err != nil || s.unschedulable() || !strings.Contains(text, "by this console, uid 1000") {
		t.Errorf("undone: %q, %v", text, err)
	}
	if _, err := s.nodes.Do(t.Context(), s.ask(act.NodeCordon), act.Facts{}, nil); err != nil {
		t.Fatal(err)
	}
	for _, by := range []any{nil, true} { // somebody else uncordons it, and cordons it for a reason of their own
		s.Patch("/api/v1/nodes/"+apitest.Node(0)+"?fieldManager=kubectl-cordon", apitest.Object{"spec": apitest.Object{"unschedulable": by}})
	}
	if text, err := s.nodes.Undo(t.Context(), apitest.Node(0)); err != nil || !s.unschedulable() || !strings.Contains(text, "somebody else") {
		t.Errorf("another's cordon: %q, %v", text, err)
	}
}

// TestRealAPIDrainAPIKilled: the API server is killed in the middle of a drain, which goes on when there is another.
func TestRealAPIDrainAPIKilled(t *testing.T) {
	s := newStage(t)
	s.pod("virt-launcher-vm-a", "vm-a")
	s.say("virt-launcher-vm-a", `Eviction triggered evacuation of VMI "vms/vm-a"`)
	text, end := s.drain(t.Context(), s.look())
	await.Until(t, "it moves", func() bool { return text() == "0 of 1: moving vms/vm-a." })
	s.KillAPI()
	await.Until(t, "it says so", func() bool {
		return strings.Contains(text(), "the API server: ") && strings.HasSuffix(text(), ": trying again")
	})
	if _, err := s.nodes.Undo(t.Context(), apitest.Node(0)); err == nil {
		t.Error("without an API server something is undone")
	}
	s.StartAPI()
	await.Until(t, "it goes on", func() bool { return text() == "0 of 1: moving vms/vm-a." })
	s.Delete(apitest.In("/api/v1/pods", "virt-launcher-vm-a"))
	ends(t, end)
}
