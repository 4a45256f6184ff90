package report

import (
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
)

var kubernetesFigures = figures[frame.Frame]{
	{key: "state", kind: "state", help: "ok while the API answers that it is ready, init until every kind was seen, absent without a kubeconfig.",
		value: func(f *frame.Frame) any { return clusterState(f).String() }},
	{key: "error", kind: "text", help: "Why it is not ok.", null: "there is nothing to say", value: func(f *frame.Frame) any { return text(cluster(f).Health.Err) }},
	{key: "kinds", kind: list, help: "The kinds of object that are followed; none while there is no cluster to ask.", inner: kindFigures,
		value: func(f *frame.Frame) any { return kindFigures.list(kinds(f)) }},
	{key: "server", kind: "text", help: "Address of the API server.", null: "not known", value: func(f *frame.Frame) any { return text(cluster(f).Server) }},
	{key: "version", kind: "text", help: "Its version.", null: "not known", value: func(f *frame.Frame) any { return text(cluster(f).Version) }},
	{key: "nodes", help: "Nodes.", inner: nodesFigures, value: func(f *frame.Frame) any { return nodesFigures.of(cluster(f)) }},
	{key: "pods", help: "Pods of the cluster.", inner: podsFigures, value: func(f *frame.Frame) any { return podsFigures.of(cluster(f)) }},
	{key: "node_pods", kind: "integer", help: "Pods on this node that have not ended.", null: "not known, or this host is no node", value: func(f *frame.Frame) any {
		return known(cluster(f).Pods.Local, cluster(f).Local != nil && cluster(f).Kinds[kube.KindPod].Has() && cluster(f).Kinds[kube.KindNode].Has())
	}},
	{key: "services", help: "Services.", inner: servicesFigures, value: func(f *frame.Frame) any { return servicesFigures.of(cluster(f)) }},
	{key: "pvcs", help: "Persistent volume claims.", inner: pvcsFigures, value: func(f *frame.Frame) any { return pvcsFigures.of(cluster(f)) }},
	{key: "pod_cidr", kind: "text", help: "Addresses of pods, several with commas between.", null: "not known",
		value: func(f *frame.Frame) any { return text(cluster(f).Network.PodCIDR.Value) }},
	{key: "service_cidr", kind: "text", help: "Addresses of services, the same.", null: "not known",
		value: func(f *frame.Frame) any { return text(cluster(f).Network.ServiceCIDR.Value) }},
	{key: "cni", kind: "text", help: "Network plugin.", null: "not known", value: func(f *frame.Frame) any { return text(cluster(f).Network.CNI.Value) }},
	{key: "network_policy", kind: "boolean", help: "Whether network policies are in force.", null: "not known", value: func(f *frame.Frame) any {
		return known(cluster(f).Network.Policy.Value == "enforced", cluster(f).Network.Policy.Value != "")
	}},
	{key: "cause", help: "Why the API does not answer.", inner: causeFigures, value: func(f *frame.Frame) any { return causeFigures.of(f) }},
	{key: "admin", kind: "boolean", help: "Whether the credentials may do everything.", null: "not known",
		value: func(f *frame.Frame) any { return known(cluster(f).Admin, cluster(f).Version != "") }},
	{key: "client_certificate_expires", kind: "time", help: "When the certificate that is shown to the API server is no longer good.", null: "there is none, or not known",
		value: func(f *frame.Frame) any { return stamp(cluster(f).ClientCert.NotAfter, time.RFC3339) }},
	{key: "server_certificate_expires", kind: "time", help: "The same of the API server's.", null: "not known",
		value: func(f *frame.Frame) any { return stamp(cluster(f).ServerCert.NotAfter, time.RFC3339) }},
	{key: "namespaces", kind: "integer", help: "Namespaces.", null: "not known",
		value: func(f *frame.Frame) any { return figureOf(cluster(f), kube.KindNamespace, cluster(f).Namespaces) }},
	{key: "behind_since", kind: "time", help: "Since when the API server sends more than is taken in, so that its figures lag.", null: "it does not",
		value: func(f *frame.Frame) any { return bootStamp(f, cluster(f).Behind) }},
	{key: "network_sources", help: "Where the facts on the network were learned.", inner: networkSourcesFigures,
		value: func(f *frame.Frame) any { return networkSourcesFigures.of(&cluster(f).Network) }},
	{key: "network_policies", kind: "integer", help: "NetworkPolicies.", null: "not known",
		value: func(f *frame.Frame) any {
			return figureOf(cluster(f), kube.KindNetworkPolicy, cluster(f).Network.Policies)
		}},
	{key: "network_attachment_definitions", kind: "integer", help: "NetworkAttachmentDefinitions (Multus).", null: "not known, or not installed",
		value: func(f *frame.Frame) any {
			return figureOf(cluster(f), kube.KindNAD, cluster(f).Network.NADs)
		}},
	{key: "usage", help: "What the nodes use together, as a metrics server measured it, at most 30 seconds before.", inner: usageFigures,
		value: func(f *frame.Frame) any { return usageFigures.of(cluster(f)) }},
	{key: "node", help: "The node that this host is.", inner: nodeFigures, value: func(f *frame.Frame) any { return nodeFigures.of(localNode(f)) }},
	{key: "warnings", kind: list, help: "Events of type Warning, the newest first, 200 at most.", inner: warningFigures, value: func(f *frame.Frame) any {
		return warningFigures.list(listed(cluster(f).Events, cluster(f).Kinds[kube.KindEvent].Has()))
	}},
	{key: "drain_blockers", kind: list, help: "What a drain of this node would meet, 50 at most; nothing of kinds that have no value.", inner: blockerFigures,
		value: func(f *frame.Frame) any { return blockerFigures.list(cluster(f).DrainBlockers) }},
}

var kindFigures = figures[kindOf]{
	{key: "name", kind: "text", help: "Kind, as the API calls it.", value: func(k *kindOf) any { return k.name }},
	{key: "state", kind: "state", help: "init while it synchronises, failed when it is forbidden, absent when it is not installed, stale when it is not followed or the API server is not ready.",
		value: func(k *kindOf) any { return k.v.State.String() }},
	{key: "error", kind: "text", help: "Why it is not ok.", null: "there is nothing to say", value: func(k *kindOf) any { return text(k.v.Err) }},
	{key: "count", kind: "integer", help: "Objects of it; of events those that are kept.", null: "not known",
		value: func(k *kindOf) any { return known(k.v.Count, k.v.Has()) }},
	{key: "more_than", kind: "integer", help: "There are more objects of it than that many, or than there is memory for: none is kept, and what is counted of them is null.", null: "all of them are kept",
		value: func(k *kindOf) any { return positive(k.v.More) }},
	{key: "age_seconds", kind: "number", help: "Since its last good answer.", null: "there was none", value: func(k *kindOf) any { return age(k.f, &k.v.Health) }},
}

var causeFigures = figures[frame.Frame]{
	{key: "rung", kind: "text", help: "The first that is broken, from this host up: disk, service, kubeconfig, connection, answer, certificates, API server, credentials, rights, ready.", null: "it answers, or there is none",
		value: func(f *frame.Frame) any { return text(causeOf(f).Name) }},
	{key: "why", kind: "text", help: "What is wrong with it.", null: "the same", value: func(f *frame.Frame) any { return text(causeOf(f).Detail) }},
	{key: "checks", kind: list, help: "The API server's own checks that fail.", value: func(f *frame.Frame) any { return plain(cluster(f).Cause.Checks) }},
	{key: "since", kind: "time", help: "Since when it has not answered.", null: "it answers, or there is none",
		value: func(f *frame.Frame) any { return bootStamp(f, brokenSince(f)) }},
}

var nodesFigures = figures[kube.State]{
	{key: "ready", kind: "integer", help: "Those that are ready.", null: "not known",
		value: func(s *kube.State) any { return figureOf(s, kube.KindNode, s.Nodes.Ready) }},
	{key: "total", kind: "integer", help: "All of them.", null: "not known", value: func(s *kube.State) any { return figureOf(s, kube.KindNode, s.Nodes.Total) }},
	{key: "not_ready", kind: list, help: "Names of those that are not, 20 at most.", value: func(s *kube.State) any { return plain(s.Nodes.NotReady) }},
	{key: "faults", kind: list, help: "Conditions that are not as they should be, 20 at most, those of this node first.", inner: faultFigures,
		value: func(s *kube.State) any {
			return faultFigures.list(listed(s.Nodes.Faults, s.Kinds[kube.KindNode].Has()))
		}},
}

var faultFigures = figures[kube.Fault]{
	{key: "node", kind: "text", help: "Node.", value: func(f *kube.Fault) any { return f.Node }},
	{key: "type", kind: "text", help: "Condition, as in Ready.", value: func(f *kube.Fault) any { return f.Type }},
	{key: "status", kind: "text", help: "True, False or Unknown.", value: func(f *kube.Fault) any { return f.Status }},
	{key: "reason", kind: "text", help: "Why, in a word.", null: "not said", value: func(f *kube.Fault) any { return text(f.Reason) }},
	{key: "message", kind: "text", help: "Why, in a sentence.", null: "not said", value: func(f *kube.Fault) any { return text(f.Message) }},
	{key: "pods", kind: "integer", help: "Pods on it that have not ended.", null: "the condition is not Ready", value: func(f *kube.Fault) any { return known(f.Pods, f.Type == "Ready") }},
	{key: "vms", kind: "integer", help: "Those of them that run a VM.", null: "the same", value: func(f *kube.Fault) any { return known(f.VMs, f.Type == "Ready") }},
	{key: "since", kind: "time", help: "Since when.", null: "not said", value: func(f *kube.Fault) any { return stamp(f.Since, time.RFC3339) }},
}

var podsFigures = figures[kube.State]{
	{key: "running", kind: "integer", help: "Those in phase Running that work, as far as anybody says.", null: "not known",
		value: func(s *kube.State) any { return figureOf(s, kube.KindPod, s.Pods.Running) }},
	{key: "total", kind: "integer", help: "All of them.", null: "not known", value: func(s *kube.State) any { return figureOf(s, kube.KindPod, s.Pods.Total) }},
	{key: "by_phase", kind: perName, help: "Number of pods by phase; `(none)` where nothing is said yet, `(others)` beyond 31 names.",
		value: func(s *kube.State) any { return counts(s, kube.KindPod, s.Pods.ByPhase) }},
	{key: "not_ready", kind: "integer", help: "Those in phase Running that do not work: not ready, crashing, or about to end.", null: "not known",
		value: func(s *kube.State) any { return figureOf(s, kube.KindPod, s.Pods.NotReady) }},
	{key: "succeeded", kind: "integer", help: "Those that have ended as they should.", null: "not known",
		value: func(s *kube.State) any { return figureOf(s, kube.KindPod, s.Pods.Succeeded) }},
	{key: "here", kind: list, help: "Those on this node but for the succeeded, 256 at most: what does not work first, those that have failed last.", inner: localPodFigures,
		value: func(s *kube.State) any { return localPodFigures.list(listed(s.Pods.List, s.Kinds[kube.KindPod].Has())) }},
	{key: "system_not_working", kind: list, help: "Of the cluster's own pods on this node, and those on none, the ones that do not work or were restarted often, 20 at most. One that starts or ends is among them; only what lasts becomes a problem.", inner: illPodFigures,
		value: func(s *kube.State) any { return illPodFigures.list(listed(s.Ill, s.Kinds[kube.KindPod].Has())) }},
}

var localPodFigures = figures[kube.NamedPod]{
	{key: "namespace", kind: "text", help: "Namespace.", value: func(p *kube.NamedPod) any { return p.Namespace }},
	{key: "name", kind: "text", help: "Name.", value: func(p *kube.NamedPod) any { return p.Name }},
	{key: "status", kind: "text", help: "What kubectl prints: CrashLoopBackOff, Init:0/1, Evicted, or the phase.", value: func(p *kube.NamedPod) any { return p.Status() }},
	{key: "containers", kind: "integer", help: "Containers that are to run.", value: func(p *kube.NamedPod) any { return p.Containers }},
	{key: "ready_containers", kind: "integer", help: "Those of them that are ready.", value: func(p *kube.NamedPod) any { return p.ReadyContainers }},
	{key: "restarts", kind: "integer", help: "Restarts of its containers together.", value: func(p *kube.NamedPod) any { return p.Restarts }},
	{key: "message", kind: "text", help: "What is said of the container that does not work, or by the scheduler.", null: "nothing", value: func(p *kube.NamedPod) any { return text(p.Message) }},
	{key: "last_end", kind: "text", help: "How the run of that container ended before, as in OOMKilled.", null: "not said", value: func(p *kube.NamedPod) any { return text(p.LastEnd) }},
	{key: "since", kind: "time", help: "Since when it does not work.", null: "it works, or not said", value: func(p *kube.NamedPod) any { return stamp(p.Since, time.RFC3339) }},
}

var illPodFigures = figures[kube.NamedPod]{
	{key: "namespace", kind: "text", help: "Namespace.", value: func(p *kube.NamedPod) any { return p.Namespace }},
	{key: "name", kind: "text", help: "Name.", value: func(p *kube.NamedPod) any { return p.Name }},
	{key: "why", kind: "text", help: "What keeps it from working, as in CrashLoopBackOff.", null: "it works now",
		value: func(p *kube.NamedPod) any { return text(p.Why) }},
	{key: "restarts", kind: "integer", help: "Restarts of its containers together.", value: func(p *kube.NamedPod) any { return p.Restarts }},
	{key: "since", kind: "time", help: "Since when.", null: "not known", value: func(p *kube.NamedPod) any { return stamp(p.Since, time.RFC3339) }},
}

var servicesFigures = figures[kube.State]{
	{key: "total", kind: "integer", help: "All of them.", null: "not known",
		value: func(s *kube.State) any { return figureOf(s, kube.KindService, s.Services.Total) }},
	{key: "by_type", kind: perName, help: "Number of services by type; those of type ClusterIP without an IP are `Headless`.",
		value: func(s *kube.State) any { return counts(s, kube.KindService, s.Services.ByType) }},
}

var pvcsFigures = figures[kube.State]{
	{key: "bound", kind: "integer", help: "Those that are bound.", null: "not known",
		value: func(s *kube.State) any { return figureOf(s, kube.KindPVC, s.PVCs.Bound) }},
	{key: "total", kind: "integer", help: "All of them.", null: "not known", value: func(s *kube.State) any { return figureOf(s, kube.KindPVC, s.PVCs.Total) }},
	{key: "waiting", kind: "integer", help: "Those that may be waiting for a pod to use them, as their storage class has it: nobody can say that they lack a volume.", null: "not known",
		value: func(s *kube.State) any { return figureOf(s, kube.KindPVC, s.PVCs.Waiting) }},
}

var networkSourcesFigures = figures[kube.Network]{
	{key: "pod_cidr", kind: "text", help: "Source of `pod_cidr`.", null: "not known", value: func(n *kube.Network) any { return text(n.PodCIDR.Source) }},
	{key: "service_cidr", kind: "text", help: "Source of `service_cidr`.", null: "not known",
		value: func(n *kube.Network) any { return text(n.ServiceCIDR.Source) }},
	{key: "cni", kind: "text", help: "Source of `cni`.", null: "not known", value: func(n *kube.Network) any { return text(n.CNI.Source) }},
	{key: "network_policy", kind: "text", help: "Source of `network_policy`.", null: "not known", value: func(n *kube.Network) any { return text(n.Policy.Source) }},
}

var usageFigures = figures[kube.State]{
	{key: "nodes", kind: "integer", help: "Nodes that were measured.", null: "not installed, or not known",
		value: func(s *kube.State) any { return figureOf(s, kube.KindNodeMetrics, s.Kinds[kube.KindNodeMetrics].Count) }},
	{key: "cpu", kind: "number", help: "CPUs.", null: "none was measured", value: func(s *kube.State) any { return known(float64(s.Metrics.CPU)/1000, measured(s)) }},
	{key: "memory_bytes", kind: "integer", help: "Memory.", null: "none was measured", value: func(s *kube.State) any { return known(s.Metrics.Memory, measured(s)) }},
}

var nodeFigures = figures[of[kube.Node]]{
	{key: "name", kind: "text", help: "Its name in the cluster.", null: "this host is no node, or not known",
		value: func(n *of[kube.Node]) any { return text(n.v.Name) }},
	{key: "ready", kind: "boolean", help: "Its condition Ready.", null: "the same",
		value: func(n *of[kube.Node]) any { return known(n.v.Ready == "True", n.v.Ready != "") }},
	{key: "cordoned", kind: "boolean", help: "Whether nothing new is placed on it.", null: "the same", value: func(n *of[kube.Node]) any { return n.v.Cordoned }},
	{key: "roles", kind: list, help: "Its roles.", value: func(n *of[kube.Node]) any { return plain(n.v.Roles) }},
	{key: "version", kind: "text", help: "Version of its kubelet.", null: "not known", value: func(n *of[kube.Node]) any { return text(n.v.Version) }},
	{key: "internal_ip", kind: "text", help: "Its address in the cluster.", null: "not known", value: func(n *of[kube.Node]) any { return text(n.v.InternalIP) }},
	{key: "conditions", kind: list, help: "Ready, and each other condition that is not known to be as it should be.", inner: conditionFigures,
		value: func(n *of[kube.Node]) any { return conditionFigures.list(n.v.Conditions) }},
	{key: "cpu_allocatable", kind: "number", help: "CPUs that pods can get.", null: "not known",
		value: func(n *of[kube.Node]) any { return known(float64(n.v.CPU)/1000, n.v.CPU > 0) }},
	{key: "cpu_requested", kind: "number", help: "CPUs that its pods ask for.", null: "not known", value: func(n *of[kube.Node]) any {
		return known(float64(n.f.Kube.Pods.LocalCPU)/1000, n.f.Kube.Kinds[kube.KindPod].Has())
	}},
	{key: "cpu_used", kind: "number", help: "CPUs that it uses, as a metrics server measured.", null: "nobody measures it, or not known",
		value: func(n *of[kube.Node]) any { return known(float64(localUse(n).CPU)/1000, localUse(n) != noUse) }},
	{key: "memory_allocatable_bytes", kind: "integer", help: "Memory that pods can get.", null: "not known",
		value: func(n *of[kube.Node]) any { return positive(n.v.Memory) }},
	{key: "memory_requested_bytes", kind: "integer", help: "Memory that its pods ask for.", null: "not known",
		value: func(n *of[kube.Node]) any {
			return known(n.f.Kube.Pods.LocalMemory, n.f.Kube.Kinds[kube.KindPod].Has())
		}},
	{key: "memory_used_bytes", kind: "integer", help: "Memory that it uses, as a metrics server measured.", null: "nobody measures it, or not known",
		value: func(n *of[kube.Node]) any { return known(localUse(n).Memory, localUse(n) != noUse) }},
	{key: "pods_allocatable", kind: "integer", help: "Pods that it can have.", null: "not known", value: func(n *of[kube.Node]) any { return positive(n.v.Pods) }},
	{key: "vms", kind: "integer", help: "VM instances on it.", null: "not known",
		value: func(n *of[kube.Node]) any { return figureOf(n.f.Kube, kube.KindVMI, n.f.Kube.Virt.LocalVMIs) }},
	{key: "vcpus", kind: "integer", help: "Virtual CPUs of those.", null: "not known",
		value: func(n *of[kube.Node]) any { return figureOf(n.f.Kube, kube.KindVMI, n.f.Kube.Virt.LocalVCPUs) }},
	{key: "vcpus_per_cpu", kind: "number", help: "Virtual CPUs that share one of its CPUs.", null: "not known, or there are none",
		value: func(n *of[kube.Node]) any { return positive(n.f.Kube.Overcommit()) }},
}

var conditionFigures = figures[kube.Condition]{
	{key: "type", kind: "text", help: "Condition.", value: func(c *kube.Condition) any { return c.Type }},
	{key: "status", kind: "text", help: "True, False or Unknown.", null: "not known", value: func(c *kube.Condition) any { return text(c.Status) }},
	{key: "reason", kind: "text", help: "Reason.", null: "not known", value: func(c *kube.Condition) any { return text(c.Reason) }},
	{key: "since", kind: "time", help: "When the status changed last.", null: "not known",
		value: func(c *kube.Condition) any { return stamp(c.Since, time.RFC3339) }},
	{key: "good", kind: "boolean", help: "Whether it is as it should be.", null: "nobody here can tell",
		value: func(c *kube.Condition) any { return truth(c.Good) }},
}

var warningFigures = figures[kube.Event]{
	{key: "time", kind: "time", help: "When it happened last.", null: "not said", value: func(w *kube.Event) any { return stamp(w.Last, time.RFC3339) }},
	{key: "count", kind: "integer", help: "How often.", value: func(w *kube.Event) any { return w.Count }},
	{key: "kind", kind: "text", help: "Kind of what it is about.", null: "not said", value: func(w *kube.Event) any { return text(w.Kind) }},
	{key: "namespace", kind: "text", help: "Namespace of that.", null: "it has none", value: func(w *kube.Event) any { return text(w.Namespace) }},
	{key: "name", kind: "text", help: "Name of that.", null: "not said", value: func(w *kube.Event) any { return text(w.Name) }},
	{key: "reason", kind: "text", help: "Reason, in one word.", null: "not said", value: func(w *kube.Event) any { return text(w.Reason) }},
	{key: "message", kind: "text", help: "The message, cut at 256 bytes.", null: "not said", value: func(w *kube.Event) any { return text(w.Message) }},
}

var blockerFigures = figures[kube.Blocker]{
	{key: "namespace", kind: "text", help: "Namespace.", value: func(b *kube.Blocker) any { return b.Namespace }},
	{key: "name", kind: "text", help: "Name of the pod or VM.", value: func(b *kube.Blocker) any { return b.Name }},
	{key: "why", kind: "text", help: "What it stands in the way with.", value: func(b *kube.Blocker) any { return b.Why }},
}

// cluster is what is known of it, an empty State before the first look.
func cluster(f *frame.Frame) *kube.State {
	if f.Kube == nil {
		return &kube.State{}
	}
	return f.Kube
}

func clusterState(f *frame.Frame) health.State {
	s := cluster(f)
	if s.Health.State == health.OK && !s.Settled() {
		return health.Init
	}
	return s.Health.State
}

// figureOf is n while its kind has a value.
func figureOf(s *kube.State, k kube.Kind, n int) *int { return known(n, s.Kinds[k].Has()) }

func counts(s *kube.State, k kube.Kind, list []kube.Count) map[string]int {
	all := map[string]int{}
	if s.Kinds[k].Has() {
		for _, c := range list {
			all[c.Name] = c.N
		}
	}
	return all
}

// kindOf is one kind of object, with its name.
type kindOf struct {
	of[kube.KindStatus]
	name string
}

// kinds are none while there is no cluster to ask.
func kinds(f *frame.Frame) []kindOf {
	s := cluster(f)
	if s.Health.State == health.Init || s.Health.State == health.Absent {
		return nil
	}
	var all []kindOf
	for i := range s.Kinds {
		all = append(all, kindOf{of[kube.KindStatus]{f, &s.Kinds[i]}, kube.Kind(i).String()})
	}
	return all
}

// brokenSince is when the API stopped answering, 0 while it answers.
func brokenSince(f *frame.Frame) time.Duration {
	if h := &cluster(f).Health; h.State == health.Stale || h.State == health.Failed {
		return h.Since
	}
	return 0
}

// causeOf is the first broken rung while the API does not answer: one of this host's, or one of the request's.
func causeOf(f *frame.Frame) frame.Check {
	if h := cluster(f).Health.State; h == health.Stale || h == health.Failed {
		ladder := frame.Diagnose(&f.Snapshot)
		if step := ladder.Cause(); step != nil {
			return *step
		}
	}
	return frame.Check{}
}

// bootStamp is a time of CLOCK_BOOTTIME as one of the wall clock, null for 0.
func bootStamp(f *frame.Frame, at time.Duration) *string {
	if at == 0 {
		return nil
	}
	return wallClock(f, at)
}

// measured reports whether somebody measures what nodes use.
func measured(s *kube.State) bool {
	k := &s.Kinds[kube.KindNodeMetrics]
	return k.Has() && k.Count > 0
}

// localNode is this host's node, nil while it is not known.
func localNode(f *frame.Frame) *of[kube.Node] {
	s := cluster(f)
	if s.Local == nil || !s.Kinds[kube.KindNode].Has() {
		return nil
	}
	return &of[kube.Node]{f, s.Local}
}

// noUse is what a node uses that nobody measures.
var noUse = new(kube.NodeMetrics)

func localUse(n *of[kube.Node]) *kube.NodeMetrics {
	if u := n.f.Kube.LocalMetrics; u != nil && n.f.Kube.Kinds[kube.KindNodeMetrics].Has() {
		return u
	}
	return noUse
}
