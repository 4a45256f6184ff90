package kube

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"hypervisor-tui/internal/order"
)

// NodeIdentity is what tells this host's node from the others.
type NodeIdentity struct {
	Hostname  string
	MachineID string // /etc/machine-id, empty: not known
	Files     Files
}

// Summarize brings the figures of s, but for Health and what belongs to the connection, up to date with the objects that
// changed since the last Summarize. It replaces the slices of s and never writes into them, so that a copy of s can be
// published before and after. It takes one pass over the objects of each kind that changed.
func (o *Objects) Summarize(s *State, p *NodeIdentity) {
	nodes, pods, instances := o.Nodes.takeChanged() || o.identity != *p, o.Pods.takeChanged(), o.VMIs.takeChanged()
	o.identity = *p
	budgets, migrations, cidrs := o.PDBs.takeChanged(), o.Migrations.takeChanged(), o.ServiceCIDRs.takeChanged()
	if nodes {
		s.Local = o.local(p)
	}
	if nodes || pods {
		s.Nodes = o.countNodes(s.Local)
		s.Pods, s.Ill = o.countPods(s.Local)
	}
	metrics := o.NodeMetrics.takeChanged()
	if metrics || nodes {
		s.Metrics, s.LocalMetrics = o.nodeMetrics(s.Local)
	}
	if o.Services.takeChanged() {
		s.Services = Services{o.Services.Len(), tally(&o.Services, func(v Service) string { return v.Type })}
	}
	if classes := o.StorageClasses.takeChanged(); o.PVCs.takeChanged() || classes {
		s.PVCs = o.countClaims()
	}
	if o.Events.takeChanged() {
		s.Events = o.newestEvents()
	}
	if o.VMs.takeChanged() {
		s.Virt.VMs = o.VMs.sorted(func(a, b *VM) int { return byNames(a.Namespace, a.Name, b.Namespace, b.Name) })
		s.Virt.Tally = newTally(s.Virt.VMs)
	}
	if instances || nodes {
		o.rollInstances(s)
	}
	if migrations || instances {
		s.Virt.Migrations = o.listMigrations()
	}
	if o.KubeVirts.takeChanged() {
		s.Virt.KubeVirt = o.kubeVirt()
	}
	if nodes || cidrs {
		o.network(&s.Network, s.Local, p)
	}
	if pods || nodes || instances || budgets {
		s.DrainBlockers = nil
		if s.Local != nil {
			s.DrainBlockers = o.detail(s.Local.Name).Drain.Blockers
		}
	}
	switch {
	case !o.viewed:
		s.Fleet = nil
	case nodes || pods || instances || migrations || metrics || s.Fleet == nil:
		s.Fleet = o.fleet(s.Local)
	}
	o.detailed(s, pods || instances || budgets)
	s.Namespaces, s.Virt.Volumes = o.Namespaces.Len(), o.DataVolumes.Len()
	s.Network.Policies, s.Network.NADs = o.Policies.Len(), o.NADs.Len()
}

// tally counts the objects of a table by a name of theirs.
func tally[T any](t *Table[T], name func(T) string) []Count {
	var list []Count
	for _, r := range t.rows {
		list = add(list, name(r.object))
	}
	order.By(list, byName)
	return list
}

// add counts one more of a name. Names are few; those beyond MaxCounts are counted together.
func add(list []Count, name string) []Count {
	for i := range list {
		if list[i].Name == name {
			list[i].N++
			return list
		}
	}
	if len(list) >= MaxCounts-1 && name != Others {
		return add(list, Others)
	}
	return append(list, Count{name, 1})
}

func byName(a, b *Count) int { return strings.Compare(a.Name, b.Name) }

// byNames orders by namespace, then by name.
func byNames(namespace1, name1, namespace2, name2 string) int {
	return cmp.Or(strings.Compare(namespace1, namespace2), strings.Compare(name1, name2))
}

// countNodes names the faults of this node before those of others.
func (o *Objects) countNodes(here *Node) Nodes {
	n := Nodes{Total: o.Nodes.Len()}
	local := func(f *Fault) bool { return here != nil && f.Node == here.Name }
	faults := top[Fault]{n: MaxNames, compare: func(a, b *Fault) int {
		return cmp.Or(before(local(a), local(b)), strings.Compare(a.Node, b.Node), before(a.Type == "Ready", b.Type == "Ready"), strings.Compare(a.Type, b.Type))
	}}
	notReady := top[string]{n: MaxNames, compare: func(a, b *string) int { return strings.Compare(*a, *b) }}
	for key, r := range o.Nodes.rows {
		if r.object.Ready == "True" {
			n.Ready++
		} else {
			notReady.add(key)
		}
		for _, c := range r.object.Conditions {
			if c.Good == False {
				faults.add(Fault{Node: key, Condition: c})
			}
		}
	}
	n.NotReady, n.Faults = notReady.first(), faults.first()
	o.countLost(n.Faults)
	return n
}

// countLost counts what is on the nodes that are not ready.
func (o *Objects) countLost(faults []Fault) {
	if !slices.ContainsFunc(faults, func(f Fault) bool { return f.Type == "Ready" }) {
		return
	}
	for _, r := range o.Pods.rows {
		p := &r.object
		if p.node == "" || p.ended() {
			continue
		}
		for i := range faults {
			if f := &faults[i]; f.Node == p.node && f.Type == "Ready" {
				f.Pods++
				if p.owner == "VirtualMachineInstance" {
					f.VMs++
				}
			}
		}
	}
}

// local finds this host's node: by name, by the label of its hostname, or by a machine ID that one node alone has (clones
// of a machine may share theirs). A kubelet's name is its hostname in small letters unless another is configured.
func (o *Objects) local(p *NodeIdentity) *Node {
	name := strings.ToLower(p.Hostname)
	if r, ok := o.Nodes.rows[name]; ok {
		return &r.object
	}
	var byLabel, byID []*Node
	for _, r := range o.Nodes.rows {
		if name != "" && strings.ToLower(r.object.Hostname) == name {
			byLabel = append(byLabel, &r.object)
		}
		if p.MachineID != "" && r.object.MachineID == p.MachineID {
			byID = append(byID, &r.object)
		}
	}
	for _, found := range [][]*Node{byLabel, byID} {
		if len(found) == 1 {
			return found[0]
		}
	}
	return nil
}

// countPods counts the pods, and lists those of this node and what may be wrong with the cluster's own on it or on none.
func (o *Objects) countPods(here *Node) (p Pods, ill []NamedPod) {
	p = Pods{Total: o.Pods.Len(), ByPhase: tally(&o.Pods, func(v KeptPod) string { return cmp.Or(v.phase, None) })}
	all, suspects := top[NamedPod]{n: MaxPods, compare: sicker}, top[NamedPod]{n: MaxNames, compare: sicker}
	for key, r := range o.Pods.rows {
		switch k := &r.object; {
		case k.works():
			p.Running++
		case k.phase == "Running":
			p.NotReady++
		case k.phase == "Succeeded":
			p.Succeeded++
		}
		if here == nil || r.object.node != "" && r.object.node != here.Name || r.object.phase == "Succeeded" {
			continue
		}
		pod := r.object.pod()
		namespace, name := split(key)
		named := NamedPod{namespace, name, pod}
		if pod.Node != "" {
			all.add(named)
			if !pod.Ended() {
				p.Local++
				p.LocalCPU += pod.CPU
				p.LocalMemory += pod.Memory
			}
		}
		if pod.System && !pod.Ended() && (pod.Why != "" || pod.Restarts >= FewRestarts) {
			suspects.add(named)
		}
	}
	p.List = all.first()
	return p, suspects.first()
}

// sicker puts the pods that do not work before those that may be about to, these before those that work, and what is over
// after them.
func sicker(a, b *NamedPod) int {
	return cmp.Or(a.rank()-b.rank(), byNames(a.Namespace, a.Name, b.Namespace, b.Name))
}

func (p *Pod) rank() int {
	switch {
	case p.Ended():
		return 3
	case p.Why == "":
		return 2
	case p.Slow:
		return 1
	}
	return 0
}

// FewRestarts is how often a pod may have been restarted without being suspect.
const FewRestarts = 3

// nodeMetrics adds up what nodes use.
func (o *Objects) nodeMetrics(here *Node) (all NodeMetrics, ofHere *NodeMetrics) {
	for name, r := range o.NodeMetrics.rows {
		all.CPU, all.Memory = all.CPU+r.object.CPU, all.Memory+r.object.Memory
		if here != nil && name == here.Name {
			one := r.object
			ofHere = &one
		}
	}
	return all, ofHere
}

// None is the name under which objects are counted whose status says nothing yet, Others the one of those beyond MaxCounts.
const (
	None   = "(none)"
	Others = "(others)"
)

func (o *Objects) countClaims() PVCs {
	c := PVCs{Total: o.PVCs.Len()}
	unbound := top[Unbound]{n: MaxNames, compare: func(a, b *Unbound) int {
		return cmp.Or(before(a.Phase == "Lost", b.Phase == "Lost"), a.Created.Compare(b.Created), byNames(a.Namespace, a.Name, b.Namespace, b.Name))
	}}
	for key, r := range o.PVCs.rows {
		switch {
		case r.object.Phase == "Bound":
			c.Bound++
		case o.waits(&r.object):
			c.Waiting++
		default:
			namespace, name := split(key)
			unbound.add(Unbound{namespace, name, r.object.Phase, r.object.Created})
		}
	}
	c.Unbound = unbound.first()
	return c
}

// waits reports whether a claim may be waiting for a pod to use it, as k3s' own class has it, or belongs to a class that is not
// known.
func (o *Objects) waits(c *PVC) bool {
	if c.Phase != "Pending" || c.Chosen || c.StorageClass == "" {
		return false
	}
	class, known := o.StorageClasses.rows[c.StorageClass]
	return !known || class.object.Waits
}

// newestEvents lists the newest and forgets the others, which only newer ones would push out.
func (o *Objects) newestEvents() []Event {
	keys := slices.SortedFunc(maps.Keys(o.Events.rows), func(a, b string) int {
		return cmp.Or(o.Events.rows[b].object.Last.Compare(o.Events.rows[a].object.Last), strings.Compare(a, b))
	})
	for _, key := range keys[min(len(keys), MaxEvents):] {
		o.Events.Drop(key)
	}
	o.Events.takeChanged()
	list := make([]Event, o.Events.Len())
	for i := range list {
		list[i] = o.Events.rows[keys[i]].object
	}
	return list
}
