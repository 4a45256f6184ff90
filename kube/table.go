package kube

import (
	"iter"
	"maps"
	"strings"
)

// Objects is every object that is kept, reduced, by its key: "namespace/name", or the name of what has no namespace. One
// goroutine owns it. Roll makes figures of it.
type Objects struct {
	Nodes        Table[Node]
	Pods         Table[Pod]
	Services     Table[Service]
	Claims       Table[Claim]
	Warnings     Table[Warning]
	Namespaces   Table[struct{}]
	Budgets      Table[Budget]
	Policies     Table[struct{}]
	ServiceCIDRs Table[ServiceCIDR]
	Uses         Table[Use] // by node
	VMs          Table[VM]
	Instances    Table[Instance]
	Migrations   Table[Migration]
	KubeVirts    Table[KubeVirt]
	DataVolumes  Table[struct{}]
	Attachments  Table[struct{}]
	place        Place // of the last Roll
}

// Table is the objects of one kind. The zero Table is empty and can be used.
type Table[T any] struct {
	rows    map[string]row[T]
	round   uint32 // of the list that is under way, or was the last
	changed bool   // since the last look
}

// row is an object and the round of the list or the change that brought it last.
type row[T any] struct {
	object T
	round  uint32
}

// Begin starts a list: what is not put again before End is not there any more.
func (t *Table[T]) Begin() { t.round++ }

// End drops what was not put since Begin.
func (t *Table[T]) End() {
	for key, r := range t.rows {
		if r.round != t.round {
			delete(t.rows, key)
		}
	}
	t.changed = true
}

// Put keeps object in the place of what had its key.
func (t *Table[T]) Put(key string, object T) {
	if t.rows == nil {
		t.rows = map[string]row[T]{}
	}
	t.rows[key] = row[T]{object, t.round}
	t.changed = true
}

// Drop forgets the object of a key.
func (t *Table[T]) Drop(key string) {
	delete(t.rows, key)
	t.changed = true
}

// Len is how many objects are kept.
func (t *Table[T]) Len() int { return len(t.rows) }

// Empty forgets all.
func (t *Table[T]) Empty() {
	t.rows = nil
	t.changed = true
}

// look says whether anything changed since the last look.
func (t *Table[T]) look() bool {
	changed := t.changed
	t.changed = false
	return changed
}

// keys is the keys of a table, in no order.
func keys[T any](t *Table[T]) iter.Seq[string] { return maps.Keys(t.rows) }

// split cuts a key into namespace, empty for what has none, and name.
func split(key string) (namespace, name string) {
	namespace, name, found := strings.Cut(key, "/")
	if !found {
		return "", key
	}
	return namespace, name
}
