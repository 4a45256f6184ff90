package frametest

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/peer"
	"hypervisor-tui/sample/qemu"
)

// Healthy makes of the fixed frame one that lacks nothing, on node hypervisor-01 of a cluster of three with 45 pods that
// run, of 48 that have not succeeded, and 15 VMs of which 12 run, five of them here.
func Healthy(f *frame.Frame) {
	f.Kube = Kube(f.Now)
	f.VMs = &qemu.VMs{At: Boot, Health: OK()}
	for i := range f.Kube.Virt.VMIs {
		if v := &f.Kube.Virt.VMIs[i]; v.Node == "hypervisor-01" {
			f.VMs.VMs = append(f.VMs.VMs, qemu.VM{Namespace: v.Namespace, Name: v.Name, PID: 4000 + i, Started: time.Hour, VCPUs: v.VCPUs,
				Cores: float64(i) / 4, CPU: float64(i * 6), Memory: v.Memory, Configured: v.Memory, Read: float64(i * MiB), Write: 1000, Rx: 2000, Tx: math.NaN()})
			recent(&f.VMs.VMs[len(f.VMs.VMs)-1])
		}
	}
	f.Units.Failed, f.Units.State = nil, "running"
	f.Host.Filesystems = f.Host.Filesystems[:1]
	f.Host.Arrays, f.Kernel = nil, nil
	f.Net.Interfaces[2].Carrier, f.Net.Interfaces[2].State = true, "up"
	f.Problems = nil
	Derive(f)
}

// Kube is the cluster of healthy.
func Kube(at time.Time) *kube.State {
	good := health.Health{State: health.OK, At: Boot - time.Second, Since: time.Hour}
	k := &kube.State{
		Health: good, Kubeconfig: "/etc/rancher/k3s/k3s.yaml", Server: "https://127.0.0.1:6443", Version: "v1.37.2+k3s1", Admin: true,
		ClientCert: kube.Certificate{NotAfter: at.AddDate(0, 11, 0)}, ServerCert: kube.Certificate{NotAfter: at.AddDate(0, 10, 0)},
		Candidates: []kube.Candidate{{Path: "/etc/rancher/k3s/k3s.yaml", Result: "found"}},
		Namespaces: 9,
		Nodes:      kube.Nodes{Ready: 3, Total: 3},
		Local: &kube.Node{Name: "hypervisor-01", Roles: []string{"control-plane", "etcd"}, Version: "v1.37.2+k3s1", Ready: "True", InternalIP: "192.168.1.100",
			Conditions: []kube.Condition{{Type: "Ready", Status: "True", Reason: "KubeletReady", Since: at.AddDate(0, 0, -15)}}, CapacityCPU: 16000, CPU: 16000, Memory: 62 * GiB, Pods: 110},
		Pods: kube.Pods{Running: 45, Total: 100, ByPhase: []kube.Count{{Name: "Pending", N: 3}, {Name: "Running", N: 45}, {Name: "Succeeded", N: 52}},
			Succeeded: 52, Local: 17, LocalCPU: 12500, LocalMemory: 40 * GiB, List: localPods(at)},
		Metrics: kube.NodeMetrics{CPU: 9100, Memory: 88 * GiB}, LocalMetrics: &kube.NodeMetrics{CPU: 3240, Memory: 31 * GiB},
		Services: kube.Services{Total: 23, ByType: []kube.Count{{Name: "ClusterIP", N: 8}, {Name: "LoadBalancer", N: 12}, {Name: "NodePort", N: 3}}},
		PVCs:     kube.PVCs{Bound: 12, Total: 12},
		Events: []kube.Event{
			{Last: at.Add(-2 * time.Minute), Count: 12, Kind: "Pod", Namespace: "web", Name: "frontend-7c9d8f-x2x", Reason: "BackOff", Message: "Back-off restarting failed container", Source: "kubelet"},
			{Last: at.Add(-3 * time.Hour), Count: 1, Kind: "Node", Name: "hypervisor-02", Reason: "InvalidDiskCapacity", Message: "invalid capacity 0 on image filesystem"},
		},
		Network: kube.Network{PodCIDR: kube.Sourced{Value: "10.42.0.0/16", Source: "k3s' default"}, ServiceCIDR: kube.Sourced{Value: "10.43.0.0/16", Source: "ServiceCIDR"},
			CNI: kube.Sourced{Value: "flannel vxlan", Source: "annotation of hypervisor-01"}, Policy: kube.Sourced{Value: "enforced", Source: "k3s args of hypervisor-01"},
			Policies: 4, NADs: 3},
		DrainBlockers: []kube.Blocker{{Namespace: "team-0", Name: "vm-03", Why: "cannot be migrated: DisksNotLiveMigratable"}, {Namespace: "web", Name: "debug", Why: "has no controller that would start it elsewhere"}},
	}
	for i := range k.Kinds {
		k.Kinds[i] = kube.KindStatus{Health: good, Count: []int{3, 100, 23, 12, 2, 9, 1, 4, 1, 3, 2, 15, 12, 0, 1, 12, 3}[i]}
	}
	fixedVirt(k, at)
	return k
}

// UIDs of pods on hypervisor-01 that processes belong to.
const (
	podHandler  = "0d4f6c1e-7a55-4c0b-9a53-6d2c8f3b1a90"
	podExporter = "5b8a1f02-31c7-4d7e-8a8e-2f0f7c6d9e11"
)

// localPods are the 17 pods on hypervisor-01: all work.
func localPods(at time.Time) []kube.NamedPod {
	var list []kube.NamedPod
	add := func(namespace, name, owner string, restarts int) {
		list = append(list, kube.NamedPod{Namespace: namespace, Name: name, Pod: kube.Pod{Phase: "Running", Node: "hypervisor-01", Owner: owner,
			Ready: kube.True, Containers: 1, ReadyContainers: 1, Restarts: restarts, System: namespace == "kube-system" || namespace == "kubevirt"}})
	}
	add("kube-system", "coredns-6799fbcd5-8xk2p", "ReplicaSet", 0)
	add("kube-system", "local-path-provisioner-6c86858495-lw7mz", "ReplicaSet", 0)
	add("kube-system", "metrics-server-54fd9b65b-c7q4t", "ReplicaSet", 1)
	add("kubevirt", "virt-api-5f8b7c6d9-2xv6n", "ReplicaSet", 0)
	add("kubevirt", "virt-controller-7d9f8b6c5-h4j8s", "ReplicaSet", 0)
	add("kubevirt", "virt-handler-rk5w9", "DaemonSet", 2)
	for i := range 5 {
		add("monitoring", fmt.Sprintf("exporter-%d", i), "DaemonSet", 0)
	}
	for i := 0; i < 13; i += 3 {
		add(fmt.Sprintf("team-%d", i/8), fmt.Sprintf("virt-launcher-vm-%02d-t%dq4z", i, i), "VirtualMachineInstance", 0)
	}
	add("web", "debug", "", 0)
	list[5].UID, list[10].UID = kube.ParseUID(podHandler), kube.ParseUID(podExporter)
	list[2].Restarted = at.Add(-50 * time.Hour)
	return list
}

// Sick is healthy but for a VM that does not start, a node that is not heard of and a pod of this node that crashes.
func Sick(f *frame.Frame) {
	Healthy(f)
	k := f.Kube
	at := f.Now
	k.Virt.VMs[4].Status, k.Virt.Tally.Stopped, k.Virt.Tally.Error = "CrashLoopBackOff", 2, 1
	k.Virt.VMs[4].Conditions = []kube.Condition{
		{Type: "Failure", Status: "True", Reason: "FailedCreate", Good: kube.False, Since: at.Add(-9 * time.Minute),
			Message: "server error. command SyncVMI failed: qemu-kvm: Could not open '/var/run/kubevirt-private/vmi-disks/root/disk.img': No such file"},
		{Type: "Ready", Status: "False", Reason: "GuestNotRunning", Message: "Guest VM is not reported as running", Since: at.Add(-9 * time.Minute)},
	}
	k.Nodes.Ready, k.Nodes.NotReady = 2, []string{"hypervisor-03"}
	k.Nodes.Faults = []kube.Fault{{Node: "hypervisor-03", Pods: 14, VMs: 4, Condition: kube.Condition{Type: "Ready", Status: "Unknown", Reason: "NodeStatusUnknown",
		Message: "Kubelet stopped posting node status.", Good: kube.False, Since: at.Add(-4 * time.Minute)}}}
	crashes := kube.NamedPod{Namespace: "web", Name: "payments-6c8f9d7b5-q4w2z", Pod: kube.Pod{Phase: "Running", Node: "hypervisor-01", Owner: "ReplicaSet",
		Ready: kube.False, Containers: 2, ReadyContainers: 1, Restarts: 37, Restarted: at.Add(-3 * time.Minute), Why: "CrashLoopBackOff", Since: at.Add(-2 * time.Hour),
		Message: "back-off 5m0s restarting failed container=main pod=payments-6c8f9d7b5-q4w2z_web", LastEnd: "exit code 1"}}
	k.Pods.List = append([]kube.NamedPod{crashes}, k.Pods.List...)
	k.Pods.Running, k.Pods.NotReady, k.Pods.Local = 44, 1, 18
	k.Events = append([]kube.Event{
		{Last: at.Add(-20 * time.Second), Count: 412, Kind: "Pod", Namespace: "web", Name: crashes.Name, Reason: "BackOff",
			Message: "Back-off restarting failed container main in pod payments-6c8f9d7b5-q4w2z_web", Source: "kubelet"},
		{Last: at.Add(-time.Minute), Count: 31, Kind: "VirtualMachineInstance", Namespace: "team-0", Name: "vm-04", Reason: "SyncFailed",
			Message: "server error. command SyncVMI failed: qemu-kvm: Could not open disk.img: No such file", Source: "virt-handler"},
	}, k.Events...)
	Derive(f)
}

func fixedVirt(k *kube.State, at time.Time) {
	v := &k.Virt
	v.Phase, v.Version, v.Volumes = "Deployed", "v1.9.0", 12
	for i := range 15 {
		namespace, name := fmt.Sprintf("team-%d", i/8), fmt.Sprintf("vm-%02d", i)
		status := "Running"
		if i%5 == 4 {
			status = "Stopped"
		} else {
			n := kube.VMI{Namespace: namespace, Name: name, Phase: "Running", Node: fmt.Sprintf("hypervisor-0%d", 1+i%3), IPs: []string{fmt.Sprintf("10.42.%d.%d", i%3, 10+i)},
				Ready: kube.True, Paused: kube.False, Migratable: kube.True, VCPUs: 4, Memory: 8 * GiB, Created: at.AddDate(0, 0, -15)}
			if i == 3 {
				n.Migratable, n.WhyNot = kube.False, "DisksNotLiveMigratable"
			}
			v.VMIs = append(v.VMIs, n)
			if i%3 == 0 {
				v.LocalVMIs++
				v.LocalVCPUs += n.VCPUs
			}
		}
		v.VMs = append(v.VMs, kube.VM{Namespace: namespace, Name: name, Status: status, Since: at.AddDate(0, 0, -15)})
	}
	v.Tally = kube.Tally{Running: 12, Stopped: 3, Total: 15, ByStatus: []kube.Count{{Name: "Running", N: 12}, {Name: "Stopped", N: 3}}}
}

// APIDown is healthy three minutes after the API server was gone.
func APIDown(f *frame.Frame) {
	Healthy(f)
	gone := health.Health{State: health.Stale, At: Boot - 3*time.Minute, Since: Boot - 3*time.Minute, Err: "refused"}
	f.Kube.Health = gone
	f.Kube.Cause = kube.Cause{Check: kube.Dial, Why: "refused", Retry: Boot + 4*time.Second}
	for i := range f.Kube.Kinds {
		f.Kube.Kinds[i].Health = gone
	}
	Derive(f)
}

// ServiceDown is apiDown because k3s failed.
func ServiceDown(f *frame.Frame) {
	APIDown(f)
	f.Units.Watched[0].Active, f.Units.Watched[0].Sub = "failed", "failed"
	Derive(f)
}

// Forbidden is healthy but for VMs and pods, which the account may not list.
func Forbidden(f *frame.Frame) {
	Healthy(f)
	for _, k := range []kube.Kind{kube.KindPod, kube.KindVM} {
		f.Kube.Kinds[k].Health = health.Health{State: health.Failed, Since: Boot - time.Minute, Err: "forbidden: list " + k.String()}
		f.Kube.Kinds[k].Count = 0
	}
	Derive(f)
}

// NotInstalled is a cluster without KubeVirt.
func NotInstalled(f *frame.Frame) {
	Healthy(f)
	for k := kube.KindVM; k <= kube.KindNAD; k++ {
		f.Kube.Kinds[k] = kube.KindStatus{Health: health.Health{State: health.Absent, Since: time.Hour, Err: "not installed"}}
	}
	f.Kube.Virt = kube.Virt{}
	f.VMs.VMs = f.VMs.VMs[:1]
	Derive(f)
}

// Syncing is the first second with a large cluster.
func Syncing(f *frame.Frame) {
	Healthy(f)
	f.Kube.Kinds[kube.KindPod] = kube.KindStatus{Count: 3200}
	f.Kube.Kinds[kube.KindVM] = kube.KindStatus{}
	f.Kube.Kinds[kube.KindEvent] = kube.KindStatus{}
	Derive(f)
}

// Expiring is healthy with a certificate that is good for 12 days, and a node that is not.
func Expiring(f *frame.Frame) {
	Healthy(f)
	f.Kube.ServerCert.NotAfter = f.Now.Add(12*24*time.Hour + time.Hour)
	Derive(f)
}

// Migrating is healthy while one VM moves here, one failed to, and one runs without a process.
func Migrating(f *frame.Frame) {
	Healthy(f)
	v := &f.Kube.Virt
	v.VMs[1].Status, v.Tally.Running, v.Tally.Migrating = "Migrating", 11, 1
	v.VMIs[1].Moving = &kube.Moving{UID: "1", Source: "hypervisor-02", Target: "hypervisor-01", Started: f.Now.Add(-20 * time.Second)}
	v.Migrations = []kube.Migration{
		{Namespace: "team-0", Name: "move-1", VMI: "vm-01", Phase: "Running", Created: f.Now.Add(-25 * time.Second), Moving: *v.VMIs[1].Moving},
		{Namespace: "team-0", Name: "move-0", VMI: "vm-03", Phase: "Failed", Created: f.Now.Add(-2 * time.Hour),
			Moving: kube.Moving{Source: "hypervisor-01", Target: "hypervisor-03", Ended: f.Now.Add(-2*time.Hour + time.Minute), Failed: true, Why: "target pod did not start in time"}},
	}
	v.VMIs[5].Evacuating = "hypervisor-01"
	f.Kube.Kinds[kube.KindMigration].Count = 2
	f.VMs.VMs = f.VMs.VMs[1:]
	Derive(f)
}

// Crowded is healthy with 500 VMs, a fourth of them here.
func Crowded(f *frame.Frame) {
	Healthy(f)
	v := &f.Kube.Virt
	v.VMs, v.VMIs, f.VMs.VMs = nil, nil, nil
	for i := range 500 {
		name, node := fmt.Sprintf("vm-%04d", i), fmt.Sprintf("hypervisor-%02d", i%4)
		v.VMs = append(v.VMs, kube.VM{Namespace: "team", Name: name, Status: "Running"})
		v.VMIs = append(v.VMIs, kube.VMI{Namespace: "team", Name: name, Phase: "Running", Node: node, IPs: []string{"10.42.1.2", "fd00::1:2"}})
		if i%4 == 1 {
			f.VMs.VMs = append(f.VMs.VMs, qemu.VM{Namespace: "team", Name: name, PID: i, Cores: float64(i % 7)})
		}
	}
	v.Tally = kube.Tally{Running: 500, Total: 500}
	Derive(f)
}

// Nodes makes the cluster one of n nodes that are shown one by one: of three or more one is not heard of, one has a full
// disk and one is cordoned; of forty or more some have hostile names.
func Nodes(n int) func(*frame.Frame) {
	return func(f *frame.Frame) {
		Healthy(f)
		fleet := &kube.Fleet{Newest: "v1.31.2+k3s1"}
		for i := range n {
			fleet.Rows = append(fleet.Rows, nodeRow(f, i, n))
		}
		slices.SortStableFunc(fleet.Rows, func(a, b kube.NodeRow) int {
			return cmp.Or(cmp.Compare(a.Rank(), b.Rank()), strings.Compare(a.Name, b.Name))
		})
		f.Kube.Fleet = fleet
		f.Kube.Details = []*kube.Detail{nodeDetail(f, fleet.Rows[0].Name), nodeDetail(f, "hypervisor-01")}
		f.Kube.Events = append(f.Kube.Events, kube.Event{Last: f.Now.Add(-14 * time.Minute), Count: 3, Kind: "Node", Name: fleet.Rows[0].Name, Reason: "NodeNotReady",
			Message: "Node is not ready: its kubelet has not posted a status for 40 seconds, so its pods are marked for deletion", Source: "node-controller"})
		Derive(f)
	}
}

// Measured is five nodes, and what Prometheus has of the first: a busy hour, and a gap before it; of memory, less.
func Measured(f *frame.Frame) {
	Nodes(5)(f)
	const points = 144
	cpu, memory := make([]float64, points), make([]float64, points)
	for i := range points {
		cpu[i], memory[i] = 12+8*math.Sin(float64(i)/9), 40+float64(i)/4
		switch {
		case i > 110 && i < 134:
			cpu[i] = 92 + float64(i%7)
		case i > 70 && i < 90:
			cpu[i], memory[i] = math.NaN(), math.NaN()
		case i < 20:
			memory[i] = math.NaN()
		}
	}
	f.Usages = &peer.Usages{{Node: f.Kube.Fleet.Rows[0].Name, Health: OK(), From: f.Now.Add(-(points - 1) * 150 * time.Second), To: f.Now,
		CPU: peer.NewFigure(cpu), Memory: peer.NewFigure(memory)}}
}

// nodeDetail is what is on a node: its VMs, and pods of which two do not work.
func nodeDetail(f *frame.Frame, name string) *kube.Detail {
	return &kube.Detail{
		Node: name,
		Namespaces: []kube.NamespacePods{{Namespace: "kube-system", Pods: 6, CPU: 350, Memory: 420 * MiB}, {Namespace: "monitoring", Pods: 5, CPU: 500, Memory: 900 * MiB},
			{Namespace: "team-0", Pods: 30, CPU: 16100, Memory: 96 * GiB}, {Namespace: "web", Pods: 8, Ill: 2, CPU: 4150, Memory: 7 * GiB}},
		Ill: []kube.NamedPod{
			{Namespace: "web", Name: "payments-6c8f9d7b5-q4w2z", Pod: kube.Pod{Phase: "Running", Node: name, Owner: "ReplicaSet", Ready: kube.False, Containers: 2, ReadyContainers: 1,
				Restarts: 37, Restarted: f.Now.Add(-3 * time.Minute), Why: "CrashLoopBackOff", Since: f.Now.Add(-2 * time.Hour), LastEnd: "exit code 1",
				Message: "back-off 5m0s restarting failed container=main pod=payments-6c8f9d7b5-q4w2z_web"}},
			{Namespace: "web", Name: "frontend-7c9d8f-x2x", Pod: kube.Pod{Phase: "Pending", Node: name, Owner: "ReplicaSet", Containers: 1, Why: "ContainerCreating", Slow: true, Since: f.Now.Add(-time.Minute)}},
		},
		AllIll: 2,
		Drain: kube.Drain{Blockers: []kube.Blocker{{Namespace: "team-0", Name: "vm-03", Why: "cannot be migrated: DisksNotLiveMigratable"}, {Namespace: "web", Name: "debug", Why: "has no controller that would start it elsewhere"}},
			Blocked: 2, Pods: 29, Stay: 11, Moves: 3, Unsaid: 1},
	}
}

func nodeRow(f *frame.Frame, i, n int) kube.NodeRow {
	ready := kube.Condition{Type: "Ready", Status: "True", Reason: "KubeletReady", Since: f.Now.Add(-31 * 24 * time.Hour), Good: kube.True}
	r := kube.NodeRow{
		Node: kube.Node{Name: fmt.Sprintf("hypervisor-%02d", i+1), Version: "v1.31.2+k3s1", Ready: "True", InternalIP: fmt.Sprintf("192.168.%d.%d", 1+i/100, 100+i%100),
			Roles: []string{"worker"}, Zone: fmt.Sprintf("rack-%d", i/20), CapacityCPU: 64000, CPU: 62000, Memory: 250 << 30, Pods: 110},
		Here: i == 0, Measured: true, AskedCPU: int64(20000 + i*531%30000), AskedMemory: int64(90+i*7%100) << 30,
		PodCount: 23 + i*13%80, VMs: 4 + i*5%20, VCPUs: 32 + i*11%128,
	}
	r.Used = kube.NodeMetrics{CPU: int64(i * 977 % 62000), Memory: int64(i*37%250) << 30}
	if i == 4 {
		r.Memory, r.AskedMemory, r.Used.Memory = 62<<30, 30<<30, 20<<30 // as wide as an amount gets
	}
	switch {
	case i == 0:
		r.Roles = []string{"control-plane", "etcd", "master"}
	case n >= 3 && i == n/2:
		r.Ready, r.Measured = "Unknown", false
		ready.Status, ready.Reason, ready.Good, ready.Since = "Unknown", "NodeStatusUnknown", kube.False, f.Now.Add(-14*time.Minute)
		ready.Message = "Kubelet stopped posting node status."
		r.Taints = []string{"maintenance=disk:NoExecute"}
	case n >= 3 && i == 1:
		r.Conditions = []kube.Condition{{Type: "DiskPressure", Status: "True", Reason: "KubeletHasDiskPressure", Message: "kubelet has disk pressure", Good: kube.False, Since: f.Now.Add(-3 * time.Hour)}}
		r.MigratingOut, r.Version, r.Behind = 2, "v1.29.9+k3s1", 2
	case n >= 4 && i == 3:
		r.Cordoned, r.MigratingIn = true, 1
	case n >= 40 && i == 5:
		r.Name = strings.Repeat("long-", 50) + "end"
	case n >= 40 && i == 6:
		r.Name = "節点-漢字-العقدة"
	case i == 9:
		r.Measured = false
	}
	r.Conditions = append([]kube.Condition{ready}, r.Conditions...)
	return r
}
