package kube

import (
	"cmp"
	"slices"
	"strings"

	"hypervisor-tui/internal/order"
)

// Detail is what is on one node and what a drain of it would meet. It is made while somebody looks at that node.
type Detail struct {
	Node       string
	Namespaces []NamespacePods // by name, at most MaxCounts; what is in the others stands last, under Others
	Ill        []NamedPod      // pods that do not work or have failed: the certain ones first, failed ones last; at most MaxPods
	AllIll     int             // how many of them there are
	Drain      Drain
}

// NamespacePods are the pods of a node in one namespace that have not ended.
type NamespacePods struct {
	Namespace   string
	Pods, Ill   int   // Ill: of these, that do not work
	CPU, Memory int64 // that they ask for: thousandths of a CPU, bytes
}

// Drain is what a drain of a node would meet. VMs are counted as KubeVirt answers the eviction of their pods.
type Drain struct {
	Blockers []Blocker // what would stop it, or be lost by it, by namespace and name; at most MaxBlockers
	Blocked  int       // how many of them there are
	Pods     int       // that are started again elsewhere
	Stay     int       // pods of DaemonSets and static ones, which a drain leaves alone
	Moves    int       // VMs that are migrated
	Stops    int       // VMs that are shut down, since their eviction strategy is None
	Unsaid   int       // VMs that go by the cluster's eviction strategy, or of which KubeVirt does not say whether they can be migrated
}

// Detail returns the detail of the node of that name, nil: nobody has looked at it whole, or not for long enough.
func (s *State) Detail(node string) *Detail {
	for _, d := range s.Details {
		if d.Node == node {
			return d
		}
	}
	return nil
}

// detailed sets the details of s: those of nodes that nobody looked at before, and all of them when what is in them has
// changed.
func (o *Objects) detailed(s *State, changed bool) {
	was := s.Details
	s.Details = nil
	for _, node := range o.whole {
		at := slices.IndexFunc(was, func(d *Detail) bool { return d.Node == node })
		if changed || at < 0 {
			s.Details = append(s.Details, o.detail(node))
		} else {
			s.Details = append(s.Details, was[at])
		}
	}
}

// detail makes the detail of a node in one pass over the instances and one over the pods.
func (o *Objects) detail(node string) *Detail {
	d := &Detail{Node: node}
	ill := top[NamedPod]{n: MaxPods, compare: sicker}
	blockers := top[Blocker]{n: MaxBlockers, compare: func(a, b *Blocker) int {
		return byNames(a.Namespace, a.Name, b.Namespace, b.Name)
	}}
	block := func(namespace, name, why string) {
		d.Drain.Blocked++
		blockers.add(Blocker{namespace, name, why})
	}
	for _, r := range o.VMIs.rows {
		if i := &r.object; i.Node == node && !i.Ended() {
			if why := d.Drain.instance(i); why != "" {
				block(i.Namespace, i.Name, why)
			}
		}
	}
	left := maxCompared
	for key, r := range o.Pods.rows {
		if r.object.node != node || r.object.phase == "Succeeded" {
			continue
		}
		p := r.object.pod()
		namespace, name := split(key)
		if p.Why != "" || p.Phase == "Failed" {
			d.AllIll++
			ill.add(NamedPod{namespace, name, p})
		}
		if p.Ended() {
			continue
		}
		d.count(namespace, &p)
		switch {
		case p.Owner == "VirtualMachineInstance": // left to KubeVirt, which answers an eviction by a migration
		case p.Mirror || p.Owner == "DaemonSet":
			d.Drain.Stay++
		case p.Owner == "":
			block(namespace, name, "has no controller that would start it elsewhere")
		default:
			if budget := o.held(namespace, p.Labels, &left); budget != "" {
				block(namespace, name, "disruption budget "+budget+" allows no eviction")
			} else {
				d.Drain.Pods++
			}
		}
	}
	order.By(d.Namespaces, func(a, b *NamespacePods) int {
		return cmp.Or(before(a.Namespace != Others, b.Namespace != Others), strings.Compare(a.Namespace, b.Namespace))
	})
	d.Ill, d.Drain.Blockers = ill.first(), blockers.first()
	return d
}

// instance counts what a drain does to an instance, or returns why it cannot do it.
//
// KubeVirt: pkg/virt-api/webhooks/validating-webhook, pod-eviction-admitter.go.
func (d *Drain) instance(i *VMI) (why string) {
	switch {
	case i.Eviction == "None":
		d.Stops++
	case i.Migratable == False && i.WhyNot != "":
		return "cannot be migrated: " + i.WhyNot
	case i.Migratable == False:
		return "cannot be migrated"
	case i.Migratable == True && (i.Eviction == "LiveMigrate" || i.Eviction == "LiveMigrateIfPossible"):
		d.Moves++
	default:
		d.Unsaid++
	}
	return ""
}

// count counts a pod in its namespace.
func (d *Detail) count(namespace string, p *Pod) {
	at := slices.IndexFunc(d.Namespaces, func(n NamespacePods) bool { return n.Namespace == namespace })
	if at < 0 {
		if len(d.Namespaces) >= MaxCounts-1 && namespace != Others {
			d.count(Others, p)
			return
		}
		at = len(d.Namespaces)
		d.Namespaces = append(d.Namespaces, NamespacePods{Namespace: namespace})
	}
	n := &d.Namespaces[at]
	n.Pods++
	n.CPU, n.Memory = n.CPU+p.CPU, n.Memory+p.Memory
	if p.Why != "" {
		n.Ill++
	}
}

// maxCompared is the bytes of labels that detail compares. A node has 110 pods as a rule, and a cluster some hundred budgets.
const maxCompared = 32 << 20

// held names the budget that allows no eviction of a pod with these labels, or nothing. It takes what it compares from left, and
// compares nothing when that is used up.
func (o *Objects) held(namespace string, labels Labels, left *int) string {
	found := ""
	for key, r := range o.PDBs.rows {
		if *left -= 64 + len(labels)*len(r.object.Labels); *left < 0 {
			return found
		}
		b := &r.object
		ns, name := split(key)
		if ns != namespace || b.Allowed > 0 || b.Unclear || found != "" && found < name {
			continue
		}
		if labels.Has(b.Labels) {
			found = name
		}
	}
	return found
}
