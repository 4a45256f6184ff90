package report

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample"
)

// clusterFrame is the rich frame on node hv-1 of two, with something of each kind; data volumes and attachments are
// not installed.
func clusterFrame() *frame.Frame {
	f := richFrame()
	at := time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)
	s := &kube.State{
		Health: ok(), Kubeconfig: "/k", Server: "https://127.0.0.1:6443", Version: "v1.37.2+k3s1", Admin: true,
		ClientCert: kube.Certificate{NotAfter: at.AddDate(1, 0, 0)},
		Namespaces: 41, Nodes: kube.Nodes{Ready: 6, Total: 7, NotReady: []string{"hv-2"},
			Faults: []kube.Fault{{Node: "hv-2", Condition: kube.Condition{Type: "Ready", Status: "Unknown", Since: at}}}},
		Here: &kube.Node{Name: "hv-1", Roles: []string{"control-plane"}, Version: "v1.37.2+k3s1", Ready: "True", InternalIP: "10.0.0.11", CapacityCPU: 16000, CPU: 15500, Memory: 60 * gib, Pods: 110,
			Conditions: []kube.Condition{{Type: "Ready", Status: "True", Reason: "KubeletReady", Since: at}}},
		Pods:     kube.Pods{Running: 30, NotReady: 13, Total: 73, ByPhase: []kube.Count{{Name: "(none)", N: 11}, {Name: "Running", N: 43}, {Name: "Succeeded", N: 19}}, Here: 23, HereCPU: 2500, HereMemory: 3 * gib},
		Ill:      []kube.IllPod{{Namespace: "kube-system", Name: "coredns", Pod: kube.Pod{Why: "CrashLoopBackOff", Restarts: 412, Since: at}}},
		Services: kube.Services{Total: 31, ByType: []kube.Count{{Name: "ClusterIP", N: 22}, {Name: "Headless", N: 9}}},
		Claims:   kube.Claims{Bound: 34, Total: 42, Waiting: 8},
		Warnings: []kube.Warning{{Last: at, Count: 77, Kind: "Pod", Namespace: "web", Name: "p", Reason: "BackOff", Message: "again"}},
		Network: kube.Network{PodCIDR: kube.Sourced{Value: "10.42.0.0/16", Source: "k3s' default"}, ServiceCIDR: kube.Sourced{Value: "10.43.0.0/16", Source: "ServiceCIDR"},
			CNI: kube.Sourced{Value: "flannel vxlan", Source: "annotation of hv-1"}, Policy: kube.Sourced{Value: "not enforced", Source: "k3s args of hv-1"}, Policies: 5},
		Drain: []kube.Blocker{{Namespace: "default", Name: "database-01", Why: "cannot be migrated"}},
		Use:   kube.Use{CPU: 4200, Memory: 29 * gib}, HereUse: &kube.Use{CPU: 1200, Memory: 4 * gib},
		Virt: kube.Virt{KubeVirt: kube.KubeVirt{Phase: "Deployed", Version: "v1.9.0"}, HereInstances: 3, HereVCPUs: 56,
			VMs: []kube.VM{{Namespace: "default", Name: "database-01", Status: "Running"}, {Namespace: "default", Name: "spare", Status: "Stopped"}, {Namespace: "web", Name: "new"}},
			Instances: []kube.Instance{
				{Namespace: "default", Name: "database-01", Phase: "Running", Node: "hv-1", IPs: []string{"10.42.0.7"}, Ready: kube.True, Paused: kube.False, Migratable: kube.False, WhyNot: "DisksNotLiveMigratable", VCPUs: 12, Memory: 16 * gib},
				{Namespace: "web", Name: "new", Phase: "Running", Node: "hv-1", Evacuating: "hv-1"}},
			Migrations: []kube.Migration{{Namespace: "web", Name: "m", Instance: "new", Phase: "Failed", Created: at, Moving: kube.Moving{Source: "hv-1", Target: "hv-2", Ended: at.Add(time.Minute), Why: "no room"}}},
			Tally:      kube.Tally{Running: 51, Stopped: 14, Migrating: 2, Paused: 10, Error: 18, Other: 26, Total: 121, ByStatus: []kube.Count{{Name: "(none)", N: 25}, {Name: "Running", N: 52}, {Name: "Stopped", N: 44}}}},
	}
	for i := range s.Kinds {
		s.Kinds[i] = kube.Kept{Health: health.Health{State: health.OK, At: bootNow - time.Duration(500+i)*time.Second, Since: time.Hour}, Count: 260 + i}
	}
	for _, k := range []kube.Kind{kube.KindDataVolume, kube.KindAttachment} {
		s.Kinds[k].Health = health.Health{State: health.Absent, Since: time.Hour, Err: "not installed"}
	}
	f.Kube = s
	frametest.Derive(f)
	return f
}

func TestWriteCluster(t *testing.T) { golden(t, "cluster.json", written(t, clusterFrame())) }

// TestF5ForbiddenKindIsNull: what may not be listed is null, with the reason, and the rest is there.
func TestF5ForbiddenKindIsNull(t *testing.T) {
	f := clusterFrame()
	for _, k := range []kube.Kind{kube.KindPod, kube.KindVM} {
		f.Kube.Kinds[k].Health = health.Health{State: health.Failed, Err: "forbidden: list " + k.String()}
	}
	frametest.Derive(f)
	k, v := newKubernetes(f), newKubeVirt(f)
	if k.State != "ok" || k.Pods.Running != nil || k.Pods.Total != nil || len(k.Pods.ByPhase) != 0 || k.NodePods != nil || k.Node.CPUAsked != nil || *k.Nodes.Total != 7 {
		t.Errorf("%+v", k)
	}
	if v.State != "failed" || *v.Error != "forbidden: list virtualmachines" || v.VMs.Total != nil || len(v.Defined) != 0 || len(v.Instances) != 2 {
		t.Errorf("%+v", v)
	}
}

// TestF10StaleClusterKeepsItsFigures, and tells the first broken rung and since when.
func TestF10StaleClusterKeepsItsFigures(t *testing.T) {
	f := clusterFrame()
	gone := health.Health{State: health.Stale, At: bootNow - time.Minute, Since: bootNow - time.Minute, Err: "refused"}
	f.Kube.Health, f.Kube.Cause = gone, kube.Cause{Rung: kube.Dial, Why: "refused"}
	for i := range f.Kube.Kinds {
		f.Kube.Kinds[i].Health = gone
	}
	k, v := newKubernetes(f), newKubeVirt(f)
	if k.State != "stale" || *k.Pods.Running != 30 || *k.Kinds[0].Age != 60 || v.State != "stale" || *v.VMs.Total != 121 {
		t.Errorf("%+v %+v", k, v)
	}
	if c := k.Cause; *c.Rung != "connection" || *c.Why != "refused" || *c.Since != "2026-11-22T03:01:11+01:00" {
		t.Errorf("cause: %v %v %v", *c.Rung, *c.Why, *c.Since)
	}
	f.Units.Watched[0].Active = "failed"
	if c := newKubernetes(f).Cause; *c.Rung != "service" || *c.Why != "failed" {
		t.Errorf("with a failed service: %v %v", *c.Rung, *c.Why)
	}
}

// TestClusterIsInitUntilEveryKindWasSeen.
func TestClusterIsInitUntilEveryKindWasSeen(t *testing.T) {
	f := clusterFrame()
	f.Kube.Kinds[kube.KindPod] = kube.Kept{Count: 3200}
	if k := newKubernetes(f); k.State != "init" || k.Pods.Total != nil || k.Kinds[kube.KindPod].Count != nil {
		t.Errorf("%+v", k)
	}
}

// TestVMsOfBothSides: what each side knows of the VMs of this host, and where they do not agree.
func TestVMsOfBothSides(t *testing.T) {
	var got []struct {
		Name, Source, State, Node, Conflict *string
		PID                                 *int
	}
	text, err := json.Marshal(newVMs(clusterFrame()))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || *got[0].Source != "qemu" || got[0].State != nil || got[0].Conflict != nil {
		t.Fatalf("%s", text)
	}
	if *got[1].Source != "both" || *got[1].State != "Running" || *got[1].Node != "hv-1" || *got[1].PID != 4711 || got[1].Conflict != nil {
		t.Errorf("%s", text)
	}
	if *got[2].Source != "kubevirt" || got[2].PID != nil || !strings.Contains(*got[2].Conflict, "no QEMU process") {
		t.Errorf("%s", text)
	}
}

func TestStatusOfTheCluster(t *testing.T) {
	stale := func(f *frame.Frame) {
		f.Kube.Health = health.Health{State: health.Stale, Since: bootNow - 3*time.Minute, Err: "refused"}
		f.Kube.Cause = kube.Cause{Rung: kube.Dial, Why: "refused"}
	}
	for _, c := range []struct {
		name   string
		change func(*frame.Frame)
		want   string
		never  string
	}{
		{"well", func(*frame.Frame) {}, " k8s ok vms 51/121", ""},
		{"down", stale, " k8s down 3m vms 51/121?", ""},
		{"no kubeconfig", func(f *frame.Frame) { f.Kube = &kube.State{Health: health.Health{State: health.Absent}} }, " mem ", "k8s"},
		{"not asked yet", func(f *frame.Frame) { f.Kube = nil }, " mem ", "k8s"},
		{"connecting", func(f *frame.Frame) { f.Kube = new(kube.State) }, " k8s -- ", "vms"},
		{"pods are forbidden", func(f *frame.Frame) {
			f.Kube.Kinds[kube.KindPod].State = health.Failed
			f.Host.Health[sample.Filesystems] = health.Health{}
		}, " k8s ok ", "pods"},
	} {
		f := clusterFrame()
		f.Problems = nil
		c.change(f)
		got := string(AppendStatus(nil, f))
		if !strings.Contains(got, c.want) || c.never != "" && strings.Contains(got, c.never) || len(got) > lineColumns+1 {
			t.Errorf("%s: %q, want %q and not %q", c.name, got, c.want, c.never)
		}
	}
}

// TestDEveryFigureOfTheClusterDiffers, so that the golden snapshot shows one that stands in another's place.
func TestDEveryFigureOfTheClusterDiffers(t *testing.T) {
	seen := map[float64]string{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, inside := range v {
				walk(path+"."+key, inside)
			}
		case []any:
			for i, inside := range v {
				walk(fmt.Sprint(path, "[", i, "]"), inside)
			}
		case float64:
			if path == "kubernetes.usage.nodes" { // it is the number of that kind
				return
			}
			if other, twice := seen[v]; twice {
				t.Errorf("%s and %s are both %v", path, other, v)
			}
			seen[v] = path
		}
	}
	f := clusterFrame()
	for name, section := range map[string]any{"kubernetes": newKubernetes(f), "kubevirt": newKubeVirt(f)} {
		text, err := json.Marshal(section)
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatal(err)
		}
		walk(name, v)
	}
	if len(seen) < 60 {
		t.Errorf("%d figures", len(seen))
	}
}
