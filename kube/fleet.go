package kube

import (
	"cmp"
	"strconv"
	"strings"

	"hypervisor-tui/internal/order"
)

// Fleet is every node of the cluster: those that need somebody first, then by name.
type Fleet struct {
	Rows   []NodeRow
	Newest string // version of the newest kubelet; empty: none says
}

// NodeRow is one node, and what is on it as far as the API says.
type NodeRow struct {
	Node
	Here         bool        // it is this host
	Used         NodeMetrics // while Measured
	Measured     bool        // the metrics API has told of it
	AskedCPU     int64       // of its pods that have not ended
	AskedMemory  int64       // the same
	PodCount     int         // of these
	VMs, VCPUs   int         // instances that have not ended, and what they have of CPUs as far as it is known
	MigratingIn  int
	MigratingOut int
	Behind       int // minor versions that its kubelet is older than the newest one; 0: none, or not known
}

// The ranks of nodes, the worst first.
const (
	RankNotReady = iota // the kubelet says so, or has not been heard of
	RankFaulty          // a condition of it is not as it should be
	RankCordoned
	RankFine
)

// Rank says whether the node needs somebody.
func (n *Node) Rank() int {
	if n.Ready != "True" {
		return RankNotReady
	}
	for i := range n.Conditions {
		if n.Conditions[i].Good == False {
			return RankFaulty
		}
	}
	if n.Cordoned {
		return RankCordoned
	}
	return RankFine
}

// Fault is the condition that makes the rank, nil for a node without one.
func (n *Node) Fault() *Condition {
	for i := range n.Conditions {
		if n.Conditions[i].Good == False {
			return &n.Conditions[i]
		}
	}
	return nil
}

// Overcommit is the vCPUs of the node's VMs for each of its CPUs, 0 where it has none or how many is not known.
func (n *NodeRow) Overcommit() float64 {
	if n.CapacityCPU <= 0 {
		return 0
	}
	return 1000 * float64(n.VCPUs) / float64(n.CapacityCPU)
}

// ViewNodes says whether somebody looks at the nodes, and which are looked at whole: only then does Summarize make a Fleet,
// and Details of these. Nobody may change whole any more.
func (o *Objects) ViewNodes(on bool, whole ...string) { o.viewed, o.whole = on, whole }

// fleet makes a row of each node. It takes one pass over the nodes, the pods, the instances and the migrations.
func (o *Objects) fleet(here *Node) *Fleet {
	f := &Fleet{Rows: make([]NodeRow, 0, o.Nodes.Len())}
	newest := 0
	for key, r := range o.Nodes.rows {
		row := NodeRow{Node: r.object, Here: here != nil && here.Name == key}
		if m, ok := o.NodeMetrics.rows[key]; ok {
			row.Used, row.Measured = m.object, true
		}
		if minor := minorVersion(row.Version); minor > newest || f.Newest == "" {
			newest, f.Newest = minor, row.Version
		}
		f.Rows = append(f.Rows, row)
	}
	order.By(f.Rows, func(a, b *NodeRow) int {
		return cmp.Or(cmp.Compare(a.Rank(), b.Rank()), strings.Compare(a.Name, b.Name))
	})
	if o.places == nil {
		o.places = make(map[string]*NodeRow, len(f.Rows))
	}
	clear(o.places)
	defer clear(o.places) // the rows are not kept for it
	for i := range f.Rows {
		row := &f.Rows[i]
		o.places[row.Name] = row
		if minor := minorVersion(row.Version); minor > 0 {
			row.Behind = newest - minor
		}
	}
	o.place()
	return f
}

// place counts what is on each of the nodes.
func (o *Objects) place() {
	for _, r := range o.Pods.rows {
		if row := o.places[r.object.node]; row != nil && !r.object.ended() {
			row.PodCount++
			row.AskedCPU += r.object.cpu
			row.AskedMemory += r.object.memory
		}
	}
	for _, r := range o.VMIs.rows {
		if row := o.places[r.object.Node]; row != nil && !r.object.Ended() {
			row.VMs++
			row.VCPUs += r.object.VCPUs
		}
	}
	for _, r := range o.Migrations.rows {
		m := r.object
		o.completeMigration(&m)
		if m.Done() {
			continue
		}
		if row := o.places[m.Source]; row != nil {
			row.MigratingOut++
		}
		if row := o.places[m.Target]; row != nil {
			row.MigratingIn++
		}
	}
}

// minorVersion is the second number of a version such as v1.31.2+k3s1 whose first is 1; 0: it is none.
func minorVersion(version string) int {
	rest, ok := strings.CutPrefix(version, "v1.")
	minor, _, _ := strings.Cut(rest, ".")
	n, err := strconv.Atoi(minor)
	if !ok || err != nil || n < 0 {
		return 0
	}
	return n
}
