package report

import (
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/kube"
	"hypervisor-tui/peer"
)

// api is what the API says of a node.
func api(n *of[frame.Node]) *kube.NodeRow {
	if n.v.API == nil {
		return &unheard
	}
	return n.v.API
}

var unheard kube.NodeRow // a node of which the API has said nothing

// ofKind is v while the objects of a kind are known, and the API has told of the node.
func ofKind[N int | int64 | float64](n *of[frame.Node], kind kube.Kind, v N) *N {
	return known(v, n.v.API != nil && cluster(n.f).Kinds[kind].Has())
}

var nodeRowFigures = figures[of[frame.Node]]{
	{key: "name", kind: "text", help: "Its name in the cluster.", value: func(n *of[frame.Node]) any { return n.v.Name }},
	{key: "this_host", kind: "boolean", help: "Whether it is this host.", value: func(n *of[frame.Node]) any { return n.v.Here }},
	{key: "ready", kind: "boolean", help: "Its condition Ready. A node that the cluster does not hear of is not.", null: "it has no such condition, or the API has not told of it",
		value: func(n *of[frame.Node]) any { return known(api(n).Ready == "True", api(n).Ready != "") }},
	{key: "cordoned", kind: "boolean", help: "Whether nothing new is placed on it.", null: "the API has not told of it", value: func(n *of[frame.Node]) any { return known(api(n).Cordoned, n.v.API != nil) }},
	{key: "roles", kind: list, help: "Its roles.", value: func(n *of[frame.Node]) any { return plain(api(n).Roles) }},
	{key: "zone", kind: "text", help: "Its label topology.kubernetes.io/zone.", null: "it has none", value: func(n *of[frame.Node]) any { return text(api(n).Zone) }},
	{key: "internal_ip", kind: "text", help: "Its address in the cluster.", null: "not known", value: func(n *of[frame.Node]) any { return text(api(n).InternalIP) }},
	{key: "version", kind: "text", help: "Version of its kubelet.", null: "not known", value: func(n *of[frame.Node]) any { return text(api(n).Version) }},
	{key: "minor_versions_behind", kind: "integer", help: "Minor versions that its kubelet is older than the newest of all.", null: "the API has not told of it", value: func(n *of[frame.Node]) any { return known(api(n).Behind, n.v.API != nil) }},
	{key: "taints", kind: list, help: "Its taints as kubectl writes them, but for those of a node that is not ready or cordoned.", value: func(n *of[frame.Node]) any { return plain(api(n).Taints) }},
	{key: "conditions", kind: list, help: "Ready, and each other condition that is not known to be as it should be.", inner: conditionFigures,
		value: func(n *of[frame.Node]) any { return conditionFigures.list(api(n).Conditions) }},
	{key: "cpu_allocatable", kind: "number", help: "CPUs that pods can get.", null: "not known",
		value: func(n *of[frame.Node]) any { return known(float64(api(n).CPU)/1000, api(n).CPU > 0) }},
	{key: "cpu_requested", kind: "number", help: "CPUs that its pods ask for.", null: "not known",
		value: func(n *of[frame.Node]) any {
			return ofKind(n, kube.KindPod, float64(api(n).AskedCPU)/1000)
		}},
	{key: "cpu_used", kind: "number", help: "CPUs that it uses, as a metrics server measured.", null: "nobody measures it, or not known",
		value: func(n *of[frame.Node]) any { return known(float64(api(n).Used.CPU)/1000, hasUse(n)) }},
	{key: "memory_allocatable_bytes", kind: "integer", help: "Memory that pods can get.", null: "not known",
		value: func(n *of[frame.Node]) any { return positive(api(n).Memory) }},
	{key: "memory_requested_bytes", kind: "integer", help: "Memory that its pods ask for.", null: "not known",
		value: func(n *of[frame.Node]) any { return ofKind(n, kube.KindPod, api(n).AskedMemory) }},
	{key: "memory_used_bytes", kind: "integer", help: "Memory that it uses, as a metrics server measured.", null: "nobody measures it, or not known",
		value: func(n *of[frame.Node]) any { return known(api(n).Used.Memory, hasUse(n)) }},
	{key: "pods", kind: "integer", help: "Pods on it that have not ended.", null: "not known", value: func(n *of[frame.Node]) any { return ofKind(n, kube.KindPod, api(n).PodCount) }},
	{key: "pods_allocatable", kind: "integer", help: "How many it can have.", null: "not known", value: func(n *of[frame.Node]) any { return positive(api(n).Pods) }},
	{key: "vms", kind: "integer", help: "Instances of VMs on it that have not ended.", null: "not known", value: func(n *of[frame.Node]) any { return ofKind(n, kube.KindVMI, api(n).VMs) }},
	{key: "vcpus", kind: "integer", help: "Virtual CPUs of these, as far as each says.", null: "not known", value: func(n *of[frame.Node]) any { return ofKind(n, kube.KindVMI, api(n).VCPUs) }},
	{key: "migrating_in", kind: "integer", help: "VMs on their way to it.", null: "not known", value: func(n *of[frame.Node]) any { return ofKind(n, kube.KindMigration, api(n).MigratingIn) }},
	{key: "migrating_out", kind: "integer", help: "VMs on their way off it.", null: "not known", value: func(n *of[frame.Node]) any { return ofKind(n, kube.KindMigration, api(n).MigratingOut) }},
	{key: "disagreement", kind: "text", help: "What the API and the node itself do not agree on, in words.", null: "they agree, or one of the two is not heard now", value: func(n *of[frame.Node]) any { return text(n.v.Disagree.String()) }},
	{key: "peer", help: "The node by its own word, where the other nodes are asked.", inner: nodePeerFigures, value: func(n *of[frame.Node]) any { return nodePeerFigures.of(nodePeer(n)) }},
}

// hasUse reports whether the metrics API has told what a node uses.
func hasUse(n *of[frame.Node]) bool {
	return api(n).Measured && cluster(n.f).Kinds[kube.KindNodeMetrics].Has()
}

// nodePeer is the node while it is a peer, nil otherwise.
func nodePeer(n *of[frame.Node]) *of[frame.Node] {
	if n.v.Peer == nil {
		return nil
	}
	return n
}

// said is a figure of the last summary of a peer, null without one.
func said[T any](n *of[frame.Node], figure func(*peer.Summary) *T) *T {
	if n.v.Peer.Summary == nil {
		return nil
	}
	return figure(n.v.Peer.Summary)
}

var nodePeerFigures = figures[of[frame.Node]]{
	{key: "address", kind: "text", help: "Where its --serve is asked.", null: "it is no peer, or not known",
		value: func(n *of[frame.Node]) any {
			return known(n.v.Peer.Address.String(), n.v.Peer.Address.IsValid())
		}},
	{key: "state", kind: "text", help: "`answers`; `error`: somebody is there and does not answer as a peer does; `silent`.", null: "it was not asked, or not lately",
		value: func(n *of[frame.Node]) any { return text(n.v.Contact.String()) }},
	{key: "error", kind: "text", help: "Why it did not answer when it was asked last.", null: "it did, or was not asked", value: func(n *of[frame.Node]) any { return text(n.v.Peer.Health.Err) }},
	{key: "heard", kind: "time", help: "When it answered last, perhaps in a run before.", null: "never", value: func(n *of[frame.Node]) any { return stamp(n.v.Peer.Heard, time.RFC3339) }},
	{key: "clock_offset_seconds", kind: "number", help: "By how much its clock was ahead of this host's then, as far as can be told: 0 for less.", null: "it does not answer now",
		value: func(n *of[frame.Node]) any { return known(n.v.Peer.Offset.Seconds(), n.v.Contact == frame.Answers) }},
	{key: "severity", kind: "severity", help: "Of its worst problem, by what it said last.", null: "it has none, or has said nothing",
		value: func(n *of[frame.Node]) any { return said(n, func(s *peer.Summary) *string { return text(s.Severity) }) }},
	{key: "problems", kind: "integer", help: "How many problems it has, by what it said last.", null: "it has said nothing",
		value: func(n *of[frame.Node]) any { return said(n, func(s *peer.Summary) *int { return &s.Problems }) }},
	{key: "worst", kind: "text", help: "Its worst problem in words, by what it said last.", null: "it has none, or has said nothing",
		value: func(n *of[frame.Node]) any { return said(n, func(s *peer.Summary) *string { return text(s.Worst) }) }},
	{key: "cpu_percent", kind: "number", help: "Share of its CPUs that it used then.", null: "not known",
		value: func(n *of[frame.Node]) any { return said(n, func(s *peer.Summary) *float64 { return s.CPU }) }},
	{key: "memory_used_bytes", kind: "integer", help: "Memory that it used then.", null: "not known",
		value: func(n *of[frame.Node]) any { return said(n, func(s *peer.Summary) *uint64 { return s.MemoryUsed }) }},
	{key: "vms", kind: "integer", help: "VMs that ran on it then.", null: "not known", value: func(n *of[frame.Node]) any { return said(n, func(s *peer.Summary) *int { return s.VMs }) }},
	{key: "api", kind: "text", help: "How it reached the API server then: `ok`, or why not.", null: "not known",
		value: func(n *of[frame.Node]) any { return said(n, func(s *peer.Summary) *string { return text(s.API) }) }},
	{key: "ready_by_api", kind: "text", help: "Status of its condition Ready when the API server told of it last, perhaps in a run before.", null: "not known",
		value: func(n *of[frame.Node]) any { return text(n.v.Peer.Said.Ready) }},
	{key: "told_by_api", kind: "time", help: "When that was.", null: "not known", value: func(n *of[frame.Node]) any { return stamp(n.v.Peer.Said.At, time.RFC3339) }},
}
