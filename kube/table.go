package kube

import (
	"strings"
	"unsafe"

	"hypervisor-tui/internal/order"
)

// Objects is every object that is kept, reduced, by its key: "namespace/name", or the name of what has no namespace. One
// goroutine owns it. Summarize makes figures of it.
type Objects struct {
	Nodes          Table[Node]
	Pods           Table[KeptPod]
	Services       Table[Service]
	PVCs           Table[PVC]
	Events         Table[Event]
	Namespaces     Table[struct{}]
	PDBs           Table[PDB]
	Policies       Table[struct{}]
	ServiceCIDRs   Table[ServiceCIDR]
	NodeMetrics    Table[NodeMetrics] // by node
	StorageClasses Table[StorageClass]
	VMs            Table[VM]
	VMIs           Table[VMI]
	Migrations     Table[Migration]
	KubeVirts      Table[KubeVirt]
	DataVolumes    Table[struct{}]
	NADs           Table[struct{}]
	identity       NodeIdentity        // of the last Summarize
	viewed         bool                // somebody looks at the nodes
	whole          []string            // names of nodes that somebody looks at whole
	places         map[string]*NodeRow // kept for its memory
}

// What of the API's objects is kept at most. What is beyond it is not counted.
const (
	MaxObjects = 50_000   // of one kind
	MaxBytes   = 14 << 20 // of all kinds together, as Keep counts them
)

// Table is the objects of one kind. The zero Table is empty and can be used.
type Table[T any] struct {
	rows    map[string]*row[T] // a map keeps a third to a half of its places empty: those of pointers are small
	bytes   int                // of all rows
	round   uint32             // of the list that is under way, or was the last
	listing bool               // between Begin and End
	changed bool               // since the last takeChanged()
}

// row is an object, its bytes, and the round of the list or the change that brought it last. It never changes.
type row[T any] struct {
	object T
	bytes  int32
	round  uint32
}

// Begin starts a list: what is not put again before End is not there any more.
func (t *Table[T]) Begin() {
	t.round++
	t.listing = true
}

// End drops what was not put since Begin.
func (t *Table[T]) End() {
	t.dropOld()
	t.listing = false
}

func (t *Table[T]) dropOld() {
	for key, r := range t.rows {
		if r.round != t.round {
			t.Drop(key)
		}
	}
	t.changed = true
}

func (t *Table[T]) put(key string, object T, bytes int) {
	if t.rows == nil {
		t.rows = map[string]*row[T]{}
	}
	t.bytes += bytes - t.sizeOf(key)
	t.rows[key] = &row[T]{object, int32(bytes), t.round}
	t.changed = true
}

// size is the bytes of a row whose object refers to so many bytes beside its own.
func (t *Table[T]) size(key string, more int) int {
	return len(key) + int(unsafe.Sizeof(row[T]{})) + more
}

// sizeOf is the bytes of the row of a key, 0 without one.
func (t *Table[T]) sizeOf(key string) int {
	if r := t.rows[key]; r != nil {
		return int(r.bytes)
	}
	return 0
}

// Keep is Put as far as there is room: it reports whether there was. The object refers to more bytes beside its own.
// While a list is under way, what is left from before it makes room; of warnings, all but the newest do.
func Keep[T any](o *Objects, t *Table[T], key string, object T, more int) bool {
	bytes := t.size(key, more)
	if !room(o, t, key, bytes) {
		switch {
		case any(t) == any(&o.Events):
			o.newestEvents()
		case t.listing:
			t.dropOld()
		}
		if t.changed = true; !room(o, t, key, bytes) {
			return false
		}
	}
	t.put(key, object, bytes)
	return true
}

func room[T any](o *Objects, t *Table[T], key string, bytes int) bool {
	_, known := t.rows[key]
	return (known || len(t.rows) < MaxObjects) && o.bytes()+bytes-t.sizeOf(key) <= MaxBytes
}

// bytes is what all tables hold.
func (o *Objects) bytes() int {
	return o.Nodes.bytes + o.Pods.bytes + o.Services.bytes + o.PVCs.bytes + o.Events.bytes + o.Namespaces.bytes +
		o.PDBs.bytes + o.Policies.bytes + o.ServiceCIDRs.bytes + o.NodeMetrics.bytes + o.StorageClasses.bytes + o.VMs.bytes + o.VMIs.bytes +
		o.Migrations.bytes + o.KubeVirts.bytes + o.DataVolumes.bytes + o.NADs.bytes
}

// Drop forgets the object of a key.
func (t *Table[T]) Drop(key string) {
	t.bytes -= t.sizeOf(key)
	delete(t.rows, key)
	t.changed = true
}

// before orders what has a property before what has not.
func before(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// sorted lists the objects in order.
func (t *Table[T]) sorted(compare func(a, b *T) int) []T {
	list := make([]T, 0, len(t.rows))
	for _, r := range t.rows {
		list = append(list, r.object)
	}
	order.By(list, compare)
	return list
}

// top is the first n of all that is added, by an order.
type top[T any] struct {
	n       int
	compare func(a, b *T) int
	list    []T
}

func (t *top[T]) add(v T) {
	if t.list = append(t.list, v); len(t.list) >= 4*t.n {
		t.list = t.first()
	}
}

// first returns them in order, nil when there are none. The caller owns the list; nothing more may be added.
func (t *top[T]) first() []T {
	order.By(t.list, t.compare)
	return t.list[:min(len(t.list), t.n)]
}

// Len is how many objects are kept.
func (t *Table[T]) Len() int { return len(t.rows) }

// Empty forgets all.
func (t *Table[T]) Empty() {
	t.rows, t.bytes = nil, 0
	t.changed = true
}

// takeChanged reports whether anything changed since the last call.
func (t *Table[T]) takeChanged() bool {
	changed := t.changed
	t.changed = false
	return changed
}

// split cuts a key into namespace, empty for what has none, and name.
func split(key string) (namespace, name string) {
	namespace, name, found := strings.Cut(key, "/")
	if !found {
		return "", key
	}
	return namespace, name
}
