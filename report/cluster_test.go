package report

import (
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
			Faults: []kube.Fault{{Node: "hv-2", Pods: 27, VMs: 15, Condition: kube.Condition{Type: "Ready", Status: "Unknown", Reason: "NodeStatusUnknown", Message: "Kubelet stopped posting node status.", Since: at}}}},
		Local: &kube.Node{Name: "hv-1", Roles: []string{"control-plane"}, Version: "v1.37.2+k3s1", Ready: "True", InternalIP: "10.0.0.11", CapacityCPU: 16000, CPU: 15500, Memory: 60 * gib, Pods: 110,
			Conditions: []kube.Condition{{Type: "Ready", Status: "True", Reason: "KubeletReady", Since: at}}},
		Pods: kube.Pods{Running: 30, NotReady: 13, Total: 73, ByPhase: []kube.Count{{Name: "(none)", N: 11}, {Name: "Running", N: 43}, {Name: "Succeeded", N: 19}}, Local: 23, LocalCPU: 2500, LocalMemory: 3 * gib, Succeeded: 117,
			List: []kube.NamedPod{{Namespace: "web", Name: "p", Pod: kube.Pod{Phase: "Running", Containers: 107, ReadyContainers: 106, Restarts: 137, Why: "CrashLoopBackOff", Message: "back-off 5m0s", LastEnd: "exit code 1", Since: at}}}},
		Ill:      []kube.NamedPod{{Namespace: "kube-system", Name: "coredns", Pod: kube.Pod{Why: "CrashLoopBackOff", Restarts: 412, Since: at}}},
		Services: kube.Services{Total: 31, ByType: []kube.Count{{Name: "ClusterIP", N: 22}, {Name: "Headless", N: 9}}},
		PVCs:     kube.PVCs{Bound: 34, Total: 42, Waiting: 8},
		Events:   []kube.Event{{Last: at, Count: 77, Kind: "Pod", Namespace: "web", Name: "p", Reason: "BackOff", Message: "again"}},
		Network: kube.Network{PodCIDR: kube.Sourced{Value: "10.42.0.0/16", Source: "k3s' default"}, ServiceCIDR: kube.Sourced{Value: "10.43.0.0/16", Source: "ServiceCIDR"},
			CNI: kube.Sourced{Value: "flannel vxlan", Source: "annotation of hv-1"}, Policy: kube.Sourced{Value: "not enforced", Source: "k3s args of hv-1"}, Policies: 5},
		DrainBlockers: []kube.Blocker{{Namespace: "default", Name: "database-01", Why: "cannot be migrated"}},
		Metrics:       kube.NodeMetrics{CPU: 4200, Memory: 29 * gib}, LocalMetrics: &kube.NodeMetrics{CPU: 1200, Memory: 4 * gib},
		Virt: kube.Virt{KubeVirt: kube.KubeVirt{Phase: "Deployed", Version: "v1.9.0"}, LocalVMIs: 3, LocalVCPUs: 56,
			VMs: []kube.VM{{Namespace: "default", Name: "database-01", Status: "Running"}, {Namespace: "default", Name: "spare", Status: "Stopped"}, {Namespace: "web", Name: "new"}},
			VMIs: []kube.VMI{
				{Namespace: "default", Name: "database-01", Phase: "Running", Node: "hv-1", IPs: []string{"10.42.0.7"}, Ready: kube.True, Paused: kube.False, Migratable: kube.False, WhyNot: "DisksNotLiveMigratable", VCPUs: 12, Memory: 16 * gib},
				{Namespace: "web", Name: "new", Phase: "Running", Node: "hv-1", Evacuating: "hv-1"}},
			Migrations: []kube.Migration{{Namespace: "web", Name: "m", VMI: "new", Phase: "Failed", Created: at, Moving: kube.Moving{Source: "hv-1", Target: "hv-2", Ended: at.Add(time.Minute), Why: "no room"}}},
			Tally:      kube.Tally{Running: 51, Stopped: 14, Migrating: 2, Paused: 10, Error: 18, Other: 26, Total: 121, ByStatus: []kube.Count{{Name: "(none)", N: 25}, {Name: "Running", N: 52}, {Name: "Stopped", N: 44}}}},
	}
	for i := range s.Kinds {
		s.Kinds[i] = kube.KindStatus{Health: health.Health{State: health.OK, At: bootNow - time.Duration(500+i)*time.Second, Since: time.Hour}, Count: 260 + i}
	}
	for _, k := range []kube.Kind{kube.KindDataVolume, kube.KindNAD} {
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
	reads(t, f, map[string]any{
		"kubernetes.state": "ok", "kubernetes.pods.running": nil, "kubernetes.pods.total": nil, "kubernetes.pods.by_phase": map[string]any{},
		"kubernetes.node_pods": nil, "kubernetes.node.cpu_requested": nil, "kubernetes.nodes.total": 7.0,
		"kubevirt.state": "failed", "kubevirt.error": "forbidden: list virtualmachines", "kubevirt.vms.total": nil, "kubevirt.defined": []any{},
		"kubevirt.instances.1.namespace": "web", "kubevirt.instances.2": nil,
	})
}

// TestF10StaleClusterKeepsItsFigures, and tells the first broken rung and since when.
func TestF10StaleClusterKeepsItsFigures(t *testing.T) {
	f := clusterFrame()
	gone := health.Health{State: health.Stale, At: bootNow - time.Minute, Since: bootNow - time.Minute, Err: "refused"}
	f.Kube.Health, f.Kube.Cause = gone, kube.Cause{Check: kube.Dial, Why: "refused"}
	for i := range f.Kube.Kinds {
		f.Kube.Kinds[i].Health = gone
	}
	reads(t, f, map[string]any{
		"kubernetes.state": "stale", "kubernetes.pods.running": 30.0, "kubernetes.kinds.0.age_seconds": 60.0,
		"kubevirt.state": "stale", "kubevirt.vms.total": 121.0,
		"kubernetes.cause.rung": "connection", "kubernetes.cause.why": "refused", "kubernetes.cause.since": "2026-11-22T03:01:11+01:00",
	})
	f.Units.Watched[0].Active = "failed"
	reads(t, f, map[string]any{"kubernetes.cause.rung": "service", "kubernetes.cause.why": "failed"})
}

// TestClusterIsInitUntilEveryKindWasSeen.
func TestClusterIsInitUntilEveryKindWasSeen(t *testing.T) {
	f := clusterFrame()
	f.Kube.Kinds[kube.KindPod] = kube.KindStatus{Count: 3200}
	reads(t, f, map[string]any{"kubernetes.state": "init", "kubernetes.pods.total": nil, "kubernetes.kinds.1.count": nil})
}

// TestVMsOfBothSides: what each side knows of the VMs of this host, and where they do not agree.
func TestVMsOfBothSides(t *testing.T) {
	reads(t, clusterFrame(), map[string]any{
		"host.vms.0.source": "qemu", "host.vms.0.state": nil, "host.vms.0.conflict": nil,
		"host.vms.1.source": "both", "host.vms.1.state": "Running", "host.vms.1.node": "hv-1", "host.vms.1.pid": 4711.0, "host.vms.1.conflict": nil,
		"host.vms.2.source": "kubevirt", "host.vms.2.pid": nil, "host.vms.2.conflict": frame.NoProcess.String(), "host.vms.3": nil,
	})
}

func TestStatusOfTheCluster(t *testing.T) {
	stale := func(f *frame.Frame) {
		f.Kube.Health = health.Health{State: health.Stale, Since: bootNow - 3*time.Minute, Err: "refused"}
		f.Kube.Cause = kube.Cause{Check: kube.Dial, Why: "refused"}
	}
	for _, c := range []struct {
		name   string
		change func(*frame.Frame)
		want   string
		never  string
	}{
		{"well", func(*frame.Frame) {}, " k8s ok vms 53/121", ""},
		{"down", stale, " k8s down 3m vms 53/121?", ""},
		{"down, not known since when", func(f *frame.Frame) { f.Kube.Health = health.Health{State: health.Failed} }, " k8s down vms 53/121?", ""},
		{"the VMs are not followed any more", func(f *frame.Frame) { f.Kube.Kinds[kube.KindVM].State = health.Stale }, " k8s ok vms 53/121?", ""},
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
	d := document(t, clusterFrame())
	for _, name := range []string{"kubernetes", "kubevirt"} {
		walk(name, d[name])
	}
	if len(seen) < 60 {
		t.Errorf("%d figures", len(seen))
	}
}
