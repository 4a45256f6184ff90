package report

import (
	"hypervisor-tui/frame"
	"hypervisor-tui/kube"
)

// nodeRows are the nodes of the cluster, nil while it is not known which there are.
func nodeRows(f *frame.Frame) []of[kube.NodeRow] {
	fleet := cluster(f).Fleet
	if fleet == nil || !cluster(f).Kinds[kube.KindNode].Has() {
		return nil
	}
	return each(f, fleet.Rows)
}

// ofKind is n while the objects of a kind are known.
func ofKind[N int | int64](r *of[kube.NodeRow], kind kube.Kind, n N) *N {
	return known(n, cluster(r.f).Kinds[kind].Has())
}

var nodeRowFigures = figures[of[kube.NodeRow]]{
	{key: "name", kind: "text", help: "Its name in the cluster.", value: func(r *of[kube.NodeRow]) any { return r.v.Name }},
	{key: "this_host", kind: "boolean", help: "Whether it is this host.", value: func(r *of[kube.NodeRow]) any { return r.v.Here }},
	{key: "ready", kind: "boolean", help: "Its condition Ready. A node that the cluster does not hear of is not.", null: "it has no such condition",
		value: func(r *of[kube.NodeRow]) any { return known(r.v.Ready == "True", r.v.Ready != "") }},
	{key: "cordoned", kind: "boolean", help: "Whether nothing new is placed on it.", value: func(r *of[kube.NodeRow]) any { return r.v.Cordoned }},
	{key: "roles", kind: list, help: "Its roles.", value: func(r *of[kube.NodeRow]) any { return plain(r.v.Roles) }},
	{key: "zone", kind: "text", help: "Its label topology.kubernetes.io/zone.", null: "it has none", value: func(r *of[kube.NodeRow]) any { return text(r.v.Zone) }},
	{key: "internal_ip", kind: "text", help: "Its address in the cluster.", null: "not known", value: func(r *of[kube.NodeRow]) any { return text(r.v.InternalIP) }},
	{key: "version", kind: "text", help: "Version of its kubelet.", null: "not known", value: func(r *of[kube.NodeRow]) any { return text(r.v.Version) }},
	{key: "minor_versions_behind", kind: "integer", help: "Minor versions that its kubelet is older than the newest of all.", value: func(r *of[kube.NodeRow]) any { return r.v.Behind }},
	{key: "taints", kind: list, help: "Its taints as kubectl writes them, but for those of a node that is not ready or cordoned.", value: func(r *of[kube.NodeRow]) any { return plain(r.v.Taints) }},
	{key: "conditions", kind: list, help: "Ready, and each other condition that is not known to be as it should be.", inner: conditionFigures,
		value: func(r *of[kube.NodeRow]) any { return conditionFigures.list(r.v.Conditions) }},
	{key: "cpu_allocatable", kind: "number", help: "CPUs that pods can get.", null: "not known",
		value: func(r *of[kube.NodeRow]) any { return known(float64(r.v.CPU)/1000, r.v.CPU > 0) }},
	{key: "cpu_requested", kind: "number", help: "CPUs that its pods ask for.", null: "not known",
		value: func(r *of[kube.NodeRow]) any {
			return known(float64(r.v.AskedCPU)/1000, cluster(r.f).Kinds[kube.KindPod].Has())
		}},
	{key: "cpu_used", kind: "number", help: "CPUs that it uses, as a metrics server measured.", null: "nobody measures it, or not known",
		value: func(r *of[kube.NodeRow]) any { return known(float64(r.v.Used.CPU)/1000, hasUse(r)) }},
	{key: "memory_allocatable_bytes", kind: "integer", help: "Memory that pods can get.", null: "not known",
		value: func(r *of[kube.NodeRow]) any { return positive(r.v.Memory) }},
	{key: "memory_requested_bytes", kind: "integer", help: "Memory that its pods ask for.", null: "not known",
		value: func(r *of[kube.NodeRow]) any { return ofKind(r, kube.KindPod, r.v.AskedMemory) }},
	{key: "memory_used_bytes", kind: "integer", help: "Memory that it uses, as a metrics server measured.", null: "nobody measures it, or not known",
		value: func(r *of[kube.NodeRow]) any { return known(r.v.Used.Memory, hasUse(r)) }},
	{key: "pods", kind: "integer", help: "Pods on it that have not ended.", null: "not known", value: func(r *of[kube.NodeRow]) any { return ofKind(r, kube.KindPod, r.v.PodCount) }},
	{key: "pods_allocatable", kind: "integer", help: "How many it can have.", null: "not known", value: func(r *of[kube.NodeRow]) any { return positive(r.v.Pods) }},
	{key: "vms", kind: "integer", help: "Instances of VMs on it that have not ended.", null: "not known", value: func(r *of[kube.NodeRow]) any { return ofKind(r, kube.KindVMI, r.v.VMs) }},
	{key: "vcpus", kind: "integer", help: "Virtual CPUs of these, as far as each says.", null: "not known", value: func(r *of[kube.NodeRow]) any { return ofKind(r, kube.KindVMI, r.v.VCPUs) }},
	{key: "migrating_in", kind: "integer", help: "VMs on their way to it.", null: "not known", value: func(r *of[kube.NodeRow]) any { return ofKind(r, kube.KindMigration, r.v.MigratingIn) }},
	{key: "migrating_out", kind: "integer", help: "VMs on their way off it.", null: "not known", value: func(r *of[kube.NodeRow]) any { return ofKind(r, kube.KindMigration, r.v.MigratingOut) }},
}

// hasUse reports whether the metrics API has told what a node uses.
func hasUse(r *of[kube.NodeRow]) bool {
	return r.v.Measured && cluster(r.f).Kinds[kube.KindNodeMetrics].Has()
}
