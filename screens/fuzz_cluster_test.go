package screens_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/kube"
	"hypervisor-tui/peer"
)

// kube is any state of a cluster.
func (d *dice) kube() *kube.State {
	k := &kube.State{Health: d.health(), Kubeconfig: d.name(), Server: d.name(), Version: d.name(), Admin: d.chance(2), Namespaces: int(d.number())}
	k.Cause = kube.Cause{Check: kube.Check(d.roll(12)), Why: d.name(), Retry: time.Duration(d.number())}
	k.ClientCert.NotAfter, k.ServerCert.NotAfter = d.time(), d.time()
	for i := range k.Kinds {
		k.Kinds[i] = kube.KindStatus{Health: d.health(), Count: int(d.number() / 2)}
	}
	k.Nodes = kube.Nodes{Ready: int(d.number()), Total: int(d.number())}
	k.Pods = kube.Pods{Running: int(d.number()), Total: int(d.number()), ByPhase: d.counts(), Local: int(d.number()), LocalCPU: int64(d.number()), LocalMemory: int64(d.number())}
	k.Services = kube.Services{Total: int(d.number()), ByType: d.counts()}
	k.PVCs = kube.PVCs{Bound: int(d.number()), Total: int(d.number())}
	k.Network = kube.Network{PodCIDR: d.sourced(), ServiceCIDR: d.sourced(), CNI: d.sourced(), Policy: d.sourced()}
	if d.chance(2) {
		k.Local = &kube.Node{Name: d.name(), Roles: []string{d.name(), d.name()}, Version: d.name(), Ready: d.name(), Cordoned: d.chance(2), InternalIP: d.name(),
			CapacityCPU: int64(d.number()), CPU: int64(d.number()), Memory: int64(d.number()), Pods: int64(d.number())}
	}
	for range d.many(kube.MaxNames) {
		c := d.condition()
		k.Nodes.Faults = append(k.Nodes.Faults, kube.Fault{Node: d.name(), Condition: c, Pods: int(d.number()), VMs: int(d.number())})
		k.PVCs.Unbound = append(k.PVCs.Unbound, kube.Unbound{Namespace: d.name(), Name: d.name(), Phase: d.name(), Created: d.time()})
		k.Candidates = append(k.Candidates, kube.Candidate{Path: d.name(), Result: d.name()})
		k.DrainBlockers = append(k.DrainBlockers, kube.Blocker{Namespace: d.name(), Name: d.name(), Why: d.name()})
		k.Events = append(k.Events, kube.Event{Last: d.time(), Count: int(d.number()), Kind: d.name(), Namespace: d.name(), Name: d.name(), Reason: d.name(), Message: d.name()})
		if k.Local != nil {
			k.Local.Conditions = append(k.Local.Conditions, c)
		}
	}
	for range d.many(kube.MaxPods) {
		p := kube.Pod{Phase: d.name(), Owner: d.name(), Ready: kube.Truth(d.roll(4)), Containers: int32(d.number()), ReadyContainers: int32(d.number()), Restarts: int(d.number()),
			Restarted: d.time(), Why: d.name(), Slow: d.chance(2), Message: d.name(), LastEnd: d.name(), Since: d.time(), UID: kube.UID{byte(d.roll(3))}}
		k.Pods.List = append(k.Pods.List, kube.NamedPod{Namespace: d.name(), Name: d.name(), Pod: p})
	}
	d.virt(&k.Virt)
	d.nodes(k)
	return k
}

func (d *dice) nodes(k *kube.State) {
	k.Fleet = &kube.Fleet{Newest: d.name()}
	for range d.many(kube.MaxNames) {
		n := kube.Node{Name: d.name(), Roles: []string{d.name()}, Taints: []string{d.name()}, Zone: d.name(), Version: d.name(), Ready: []string{"True", "False", "Unknown", ""}[d.roll(4)], Cordoned: d.chance(2), InternalIP: d.name(),
			CapacityCPU: int64(d.number()), CPU: int64(d.number()), Memory: int64(d.number()), Pods: int64(d.number()), Conditions: []kube.Condition{d.condition()}}
		k.Fleet.Rows = append(k.Fleet.Rows, kube.NodeRow{Node: n, Here: d.chance(2), Measured: d.chance(2), AskedCPU: int64(d.number()), PodCount: int(d.number()), VMs: int(d.number()), VCPUs: int(d.number()),
			Used: kube.NodeMetrics{CPU: int64(d.number()), Memory: int64(d.number())}, MigratingIn: int(d.number()), Behind: int(d.number())})
		k.Details = append(k.Details, &kube.Detail{Node: n.Name, Ill: k.Pods.List, AllIll: int(d.number()),
			Namespaces: []kube.NamespacePods{{Namespace: d.name(), Pods: int(d.number()), Ill: int(d.number()), CPU: int64(d.number()), Memory: int64(d.number())}},
			Drain:      kube.Drain{Blockers: k.DrainBlockers, Pods: int(d.number()), Moves: int(d.number()), Unsaid: int(d.number())}})
	}
}

// peers is any state of other nodes, by name as they come.
func (d *dice) peers() *peer.State {
	s := &peer.State{Viewed: !d.chance(3), Health: d.health(), List: d.name(), Kept: d.time()}
	for range d.many(300) {
		p := peer.Peer{Name: d.name(), Health: d.health(), Asked: time.Duration(d.number()), Reached: d.chance(2), Heard: d.time(), Offset: time.Duration(d.number()),
			Said: peer.Said{Ready: []string{"True", "False", "Unknown", ""}[d.roll(4)], At: d.time()}}
		if d.chance(2) {
			cpu, memory, vms := d.float(), d.number(), int(d.number())
			p.Summary = &peer.Summary{Node: d.name(), Severity: []string{"", "crit", "err", "warning", "notice", d.name()}[d.roll(6)], Problems: int(d.number()), Worst: d.name(), Since: d.time(),
				CPU: &cpu, MemoryUsed: &memory, Memory: &memory, VMs: &vms, Ready: d.name(), API: d.name()}
		}
		s.Peers = append(s.Peers, p)
	}
	slices.SortFunc(s.Peers, func(a, b peer.Peer) int { return strings.Compare(a.Name, b.Name) })
	return s
}

// usages are of all nodes.
func (d *dice) usages(f *frame.Frame) *peer.Usages {
	list := new(peer.Usages)
	add := func(node string) {
		points := make([]float64, d.many(300))
		for i := range points {
			points[i] = d.float()
		}
		*list = append(*list, peer.Usage{Node: node, Health: d.health(), From: d.time(), To: d.time(), CPU: peer.NewFigure(points), Memory: peer.NewFigure(points[:len(points)/2])})
	}
	if f.Kube != nil {
		for i := range f.Kube.Fleet.Rows {
			add(f.Kube.Fleet.Rows[i].Name)
		}
	}
	if f.Peers != nil {
		for i := range f.Peers.Peers {
			add(f.Peers.Peers[i].Name)
		}
	}
	return list
}

func (d *dice) virt(v *kube.Virt) {
	v.Phase, v.Version, v.LocalVMIs, v.LocalVCPUs = d.name(), d.name(), int(d.number()), int(d.number())
	statuses := []string{"", "Running", "Stopped", "Migrating", "Paused", "ErrorUnschedulable", d.name()}
	for i := range d.many(500) {
		name := d.name() + fmt.Sprint(i)
		v.VMs = append(v.VMs, kube.VM{Namespace: d.name(), Name: name, Status: statuses[d.roll(len(statuses))], Since: d.time(), Conditions: []kube.Condition{d.condition()}})
		n := kube.VMI{Namespace: d.name(), Name: name, Phase: statuses[d.roll(len(statuses))], Node: d.name(), IPs: []string{d.name(), d.name()}, Ready: kube.Truth(d.roll(4)),
			Migratable: kube.Truth(d.roll(3)), WhyNot: d.name(), VCPUs: int(d.number()), Memory: d.number(), Evacuating: d.name(), Created: d.time()}
		move := kube.Moving{Source: d.name(), Target: d.name(), Started: d.time(), Ended: d.time(), Failed: d.chance(2), Why: d.name()}
		if d.chance(2) {
			n.Moving = &move
		}
		v.VMIs = append(v.VMIs, n)
		if i < 50 {
			v.Migrations = append(v.Migrations, kube.Migration{Namespace: d.name(), Name: d.name(), VMI: name, Phase: []string{"", "Failed", "Running"}[d.roll(3)], Created: d.time(), Moving: move})
		}
	}
}

func (d *dice) condition() kube.Condition {
	return kube.Condition{Type: d.name(), Status: d.name(), Reason: d.name(), Message: d.name(), Good: kube.Truth(d.roll(4)), Since: d.time()}
}

func (d *dice) counts() []kube.Count {
	var list []kube.Count
	for range d.many(30) {
		list = append(list, kube.Count{Name: d.name(), N: int(d.number())})
	}
	return list
}

func (d *dice) sourced() kube.Sourced { return kube.Sourced{Value: d.name(), Source: d.name()} }

func (d *dice) time() time.Time {
	if d.chance(3) {
		return time.Time{}
	}
	return time.Unix(int64(d.number()%(1<<40)), 0)
}
