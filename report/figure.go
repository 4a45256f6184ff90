package report

import (
	"bytes"
	"cmp"
	"encoding/json"

	"hypervisor-tui/frame"
)

// figure is one key of an object that is made from a T: what it is called, what it means, and how it is read. It is the one
// place for that: the report, docs/json.md and whoever else shows figures go by it.
type figure[T any] struct {
	key, help string
	kind      string       // text, integer, number, boolean, time, state or severity; list or perName; empty: an object
	null      string       // when it is null; empty: never
	inner     schema       // of an object, and of the objects in a list
	value     func(*T) any // a nil pointer is null
}

// The kinds of figure that hold others.
const (
	list    = "list"           // never null
	perName = "object by name" // an object whose keys are not ours
)

// figures are the keys of an object in their order.
type figures[T any] []figure[T]

// schema is figures of any T, as far as their documentation goes.
type schema interface {
	document(at string, row func(path, kind, help, null string))
}

func (all figures[T]) document(at string, row func(path, kind, help, null string)) {
	for i := range all {
		f := &all[i]
		path, kind := at+f.key, cmp.Or(f.kind, "object")
		switch kind {
		case list:
			path += "[]"
		case perName:
			path, kind = path+".*", "object"
		}
		row(path, kind, f.help, cmp.Or(f.null, "never"))
		if f.inner != nil {
			f.inner.document(path+".", row)
		}
	}
}

// of is the object made from v. Of a nil one each key is there, and null where it can be.
func (all figures[T]) of(v *T) members {
	object := make(members, len(all))
	for i := range all {
		f, m := &all[i], &object[i]
		if m.key = f.key; v != nil {
			m.value = f.value(v)
		} else {
			m.value = nothing(f.kind)
		}
	}
	return object
}

// nothing is what a figure of the given kind is where there is nothing to read it from.
func nothing(kind string) any {
	switch kind {
	case list:
		return []any{}
	case perName:
		return map[string]int{}
	}
	return nil
}

// list is one object for each of vs.
func (all figures[T]) list(vs []T) []members {
	objects := make([]members, len(vs))
	for i := range vs {
		objects[i] = all.of(&vs[i])
	}
	return objects
}

// plain is a list of values that are no objects.
func plain[T any](vs []T) []T { return append([]T{}, vs...) }

// members is a JSON object whose keys keep their order.
type members []member

type member struct {
	key   string
	value any
}

// MarshalJSON writes the members in their order.
func (all members) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for i := range all {
		b.WriteByte("{,"[min(i, 1)])
		b.WriteByte('"')
		b.WriteString(all[i].key) // ours: nothing in it is to be escaped
		b.WriteString(`":`)
		if err := e.Encode(all[i].value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// of is something of a frame, with the frame.
type of[T any] struct {
	f *frame.Frame
	v *T
}

// each is every one of vs with its frame.
func each[T any](f *frame.Frame, vs []T) []of[T] {
	all := make([]of[T], 0, len(vs))
	for i := range vs {
		all = append(all, of[T]{f, &vs[i]})
	}
	return all
}
