package history

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"time"
	"unsafe"

	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/plugin"
	"hypervisor-tui/sample"
)

// field is one step of the walk through a Snapshot: a figure, or a list of elements with fields of their own. The plan of all
// fields is made once from the types, so that writing, reading and the schema follow the same one, and a figure that is added
// to a type is recorded by itself.
type field struct {
	name   string
	kind   cellKind
	form   form
	offset uintptr      // within the struct that the fields around it are of
	path   []int        // the same for package reflect
	typ    reflect.Type // of the figure, or of an element of a list
	fields []field      // of an element
	max    int          // elements that are recorded
	absent int64        // what a whole number is that a record does not have
	who    bool         // a text that says which of several an element of a list is, of which a coarser tier keeps means
}

// form is how a figure lies in memory.
type form uint8

const (
	boolForm form = iota
	intForm
	int8Form
	int32Form
	int64Form
	uint8Form
	uint16Form
	uint64Form
	floatForm
	textForm
	kindForm     // frame.Kind, by its name: their numbers change as new ones come between
	timeForm     // time.Time, in milliseconds; zero is unknown
	durationForm // time.Duration, in milliseconds
	ageForm      // CLOCK_BOOTTIME that moves with each sample: whole seconds before the snapshot's own; 0 is unknown
	uidForm      // [16]byte, two cells
	sliceForm
	pointerForm // a list of one or none
	leftForm    // a float that is not recorded: it has no cell, and is not known when a record is read
)

// layout is what records of this version consist of. It is made when it is first asked for: most runs of the program record nothing,
// and it takes a millisecond.
var layout = sync.OnceValue(func() (l struct {
	plan   []field // the walk through a Snapshot
	checks []field // that through what plugins report, which comes behind all else: see checks
	body   string  // the schema of both
	schema string  // that of a record
	id     uint64  // of the schema
}) {
	l.plan = planOf(reflect.TypeFor[frame.Snapshot](), "Snapshot")
	l.checks = fieldsOf(reflect.TypeFor[*plugin.State](), "Checks", 0, nil)
	l.body = schema(l.plan) + "0 LeftOut\n" + schema(l.checks)
	l.schema = schema(peakFields()) + l.body
	l.id = schemaID(l.schema)
	return l
})

// leftOut are the fields that are not recorded, and why.
var leftOut = map[string]string{
	"Snapshot.Now":       "the record's own time",
	"Snapshot.Boot":      "the record's own time",
	"Snapshot.Tick":      "of the program that shows it",
	"Snapshot.Processes": "read only while it is shown",
	"Snapshot.Counters":  "an exporter's: the rates made of them are recorded",
	"Snapshot.Page":      "the log is its own record",
	"Snapshot.Peers":     "other nodes, asked only while they are shown",
	"Snapshot.Checks":    "bounded, and behind all else",
	"Snapshot.Usages":    "kept by Prometheus",
	"Snapshot.Acted":     "events tell of it",
	"Snapshot.Actions":   "problems tell of it",
	"Snapshot.Settings":  "of the program that shows it",
	"Snapshot.Sampling":  "problems tell of it",
	"Snapshot.Logging":   "problems tell of it",
	"Snapshot.Final":     "of the program that shows it",
	"Snapshot.Guests":    "made of what is recorded",
	"Snapshot.Nodes":     "made only while they are shown",
	"Snapshot.Events":    "records of their own",
	"Snapshot.Watched":   "of the program that shows it",
	"Snapshot.Recording": "among the sources",
	"Snapshot.LastRun":   "read from older records",
	"Snapshot.Past":      "of the program that shows it",
	"Host.History":       "the records before have it",
	"Net.Histories":      "the records before have it",
	"Net.Changes":        "a record has its own",
	"State.Fleet":        "made only while it is shown",
	"State.Details":      "made only while they are shown",
	"VM.Recent":          "the records before have it",
	"Machine.Build":      "no screen has it",
	"Machine.Arch":       "no screen has it",
	"Machine.Domain":     "no screen has it",
	"VM.Totals":          "an exporter's: the rates made of them are recorded",
	"Clock.Offset":       "no screen has it",
	"Clock.MaxError":     "no screen has it",
	"Health.Cost":        "changes with each sample and says nothing later",
	"Cores.User":         "no screen and no report has it",
	"Cores.System":       "no screen and no report has it",
	"Cores.IOWait":       "no screen and no report has it",
	"Cores.IRQ":          "no screen and no report has it",
	"Cores.Steal":        "no screen and no report has it",
	"Cores.Guest":        "no screen and no report has it",
}

// chosenKinds are the fields whose figures are kept in other steps than their type's: a float is a rate, a whole number is
// kept as it is.
var chosenKinds = map[string]cellKind{
	"CPU.Busy": shareCell, "CPU.User": shareCell, "CPU.System": shareCell, "CPU.IOWait": shareCell, "CPU.IRQ": shareCell,
	"CPU.Steal": shareCell, "CPU.Guest": shareCell,
	"Cores.Busy":       percentCell,
	"Pressure.CPUSome": shareCell, "Pressure.MemorySome": shareCell, "Pressure.MemoryFull": shareCell,
	"Pressure.IOSome": shareCell, "Pressure.IOFull": shareCell,
	"Pressure.CPUSome60": shareCell, "Pressure.MemorySome60": shareCell, "Pressure.MemoryFull60": shareCell,
	"Pressure.IOSome60": shareCell, "Pressure.IOFull60": shareCell,
	"Host.Load": totalCell, "Host.MHz": totalCell,
	"Memory.Available": totalCell, "Memory.Used": totalCell, "Memory.Free": totalCell, "Memory.Cached": totalCell,
	"Memory.Buffers": totalCell, "Memory.Dirty": totalCell, "Memory.SwapUsed": totalCell, "Memory.ARC": totalCell,
	"Disks.Busy": percentCell, "Filesystems.Used": totalCell, "Filesystems.Available": totalCell,
	"Filesystems.UsedPercent": shareCell, "Filesystems.InodesPercent": shareCell, "Filesystems.InodesFree": totalCell,
	"Sensors.Celsius": percentCell, "Sensors.High": shareCell, "Fans.Low": totalCell, "Power.High": totalCell,
	"Arrays.Synced": shareCell,
	"VMs.Cores":     totalCell, "VMs.CPU": percentCell, "VMs.Memory": totalCell,
	"Interfaces.RxBytes": totalCell, "Interfaces.TxBytes": totalCell,
	"Interfaces.RxPackets": totalCell, "Interfaces.TxPackets": totalCell,
	"Problem.Percent": shareCell, "Hit.CPUs": totalCell,
	"Figure.Value": exactCell, "Figure.Min": exactCell, "Figure.Max": exactCell, "Range.Low": exactCell, "Range.High": exactCell,
	"Gauge.Value": exactCell, "Gauge.Of": exactCell, "Series.Points": totalCell,
}

// absent is what whole numbers are while they are not known, where that is not 0.
var absent = map[string]int64{
	"Host.Blocked": -1, "Host.Offline": -1, "Host.OOMKills": -1, "Link.CarrierChanges": -1, "Bridge.FDB": -1, "BridgePort.Learned": -1,
	"SocketCounts.TCP": -1, "SocketCounts.UDP": -1, "SocketCounts.Established": -1, "SocketCounts.Conntrack": -1,
	"SocketCounts.ConntrackMax": -1, "Unit.Restarts": -1, "Result.Status": int64(plugin.Unknown),
}

// ages are the times that move with each sample.
var ages = map[string]bool{"At": true, "Counted": true, "Seen": true}

// maxElements is how many elements of a list are recorded at most: no host has so many of what one looks at one by one.
const maxElements = 1024

// planOf returns the fields of struct t, whose values stand in a field called in.
func planOf(t reflect.Type, in string) (fields []field) {
	for i := range t.NumField() {
		s := t.Field(i)
		if !s.IsExported() {
			continue
		}
		if leftOut[in+"."+s.Name] != "" || leftOut[t.Name()+"."+s.Name] != "" {
			if s.Type.Kind() == reflect.Float64 {
				fields = append(fields, field{name: s.Name, form: leftForm, offset: s.Offset, path: []int{i}})
			}
			continue
		}
		kind, chosen := chosenKinds[in+"."+s.Name]
		if !chosen {
			kind, chosen = chosenKinds[t.Name()+"."+s.Name]
		}
		below := fieldsOf(s.Type, s.Name, s.Offset, []int{i})
		for j := range below {
			if chosen && below[j].form == sliceForm {
				below[j].fields[0].kind = kind
			} else if chosen {
				below[j].kind = kind
			}
			if n, known := absent[t.Name()+"."+s.Name]; known {
				below[j].absent = n
			}
		}
		fields = append(fields, below...)
	}
	return fields
}

// fieldsOf returns the fields that a value of type t in the field called name takes.
func fieldsOf(t reflect.Type, name string, offset uintptr, path []int) []field {
	f := field{name: name, offset: offset, path: path, typ: t}
	switch t {
	case reflect.TypeFor[frame.Kind]():
		f.form, f.kind = kindForm, textCell
		return []field{f}
	case reflect.TypeFor[time.Time]():
		f.form = timeForm
		return []field{f}
	case reflect.TypeFor[time.Duration]():
		if f.form = durationForm; ages[name] {
			f.form = ageForm
		}
		return []field{f}
	}
	switch t.Kind() {
	case reflect.Struct:
		var all []field
		for _, below := range planOf(t, name) {
			below.name, below.offset, below.path = name+"."+below.name, offset+below.offset, append(path[:len(path):len(path)], below.path...)
			all = append(all, below)
		}
		return all
	case reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 && t.Len() == 16 {
			f.form = uidForm
			return []field{f}
		}
		var all []field
		for i := range t.Len() {
			element := strconv.Itoa(i)
			switch t {
			case reflect.TypeFor[[sample.SourceCount]health.Health]():
				element = frame.SourceName(sample.Source(i))
			case reflect.TypeFor[[kube.KindCount]kube.KindStatus]():
				element = kube.Kind(i).String()
			}
			at := append(path[:len(path):len(path)], -1-i) // an index, not a field
			for _, below := range fieldsOf(t.Elem(), name, offset+uintptr(i)*t.Elem().Size(), at) {
				below.name = name + "." + element + below.name[len(name):]
				all = append(all, below)
			}
		}
		return all
	case reflect.Slice, reflect.Pointer:
		f.form, f.kind, f.typ, f.max = sliceForm, countCell, t.Elem(), maxElements
		if t.Kind() == reflect.Pointer {
			f.form, f.max = pointerForm, 1
		}
		switch e := t.Elem(); {
		case e.Kind() == reflect.Struct && e != reflect.TypeFor[time.Time]():
			f.fields = planOf(e, name)
		default:
			f.fields = fieldsOf(e, name, 0, nil)
		}
		if f.form == sliceForm && averaged(f.fields) {
			markNames(f.fields)
		}
		return []field{f}
	}
	form, known := plainForms[t.Kind()]
	if !known {
		panic(fmt.Sprintf("history: %s is a %v, which is no figure", name, t))
	}
	f.form = form
	if form == textForm {
		f.kind = textCell
	} else if form == floatForm {
		f.kind = rateCell
	}
	return []field{f}
}

// averaged reports whether a coarser tier keeps means of an element with these fields.
func averaged(fields []field) bool {
	return slices.ContainsFunc(fields, func(f field) bool { return f.kind.averages() || f.form == pointerForm && averaged(f.fields) })
}

// markNames marks the texts before the first figure that is averaged, and reports whether there is one.
func markNames(fields []field) (found bool) {
	for i := 0; i < len(fields) && !found; i++ {
		f := &fields[i]
		f.who = f.kind == textCell
		found = f.kind.averages() || f.form == pointerForm && markNames(f.fields)
	}
	return found
}

var plainForms = map[reflect.Kind]form{
	reflect.Bool: boolForm, reflect.Int: intForm, reflect.Int8: int8Form, reflect.Int32: int32Form, reflect.Int64: int64Form,
	reflect.Uint8: uint8Form, reflect.Uint16: uint16Form, reflect.Uint64: uint64Form, reflect.Float64: floatForm, reflect.String: textForm,
}

// at returns the figure of a field of the struct at p.
func at[T any](p unsafe.Pointer, f *field) T { return *(*T)(unsafe.Add(p, f.offset)) }

// write appends the cells of the struct at p, whose fields these are.
func (c *codec) write(v *vector, p unsafe.Pointer, fields []field) {
	for i := range fields {
		f := &fields[i]
		var value cell
		switch f.form {
		case leftForm:
			continue
		case boolForm:
			if at[bool](p, f) {
				value = 1
			}
		case intForm:
			value = cell(at[int](p, f))
		case int8Form:
			value = cell(at[int8](p, f))
		case int32Form:
			value = cell(at[int32](p, f))
		case int64Form:
			value = at[int64](p, f)
		case uint8Form:
			value = cell(at[uint8](p, f))
		case uint16Form:
			value = cell(at[uint16](p, f))
		case uint64Form:
			if value = cell(at[uint64](p, f)); f.kind == totalCell {
				value = totalCell.cell(float64(at[uint64](p, f)))
			}
		case floatForm:
			value = f.kind.cell(at[float64](p, f))
		case textForm:
			value = c.texts.number(at[string](p, f))
		case kindForm:
			value = c.texts.number(at[frame.Kind](p, f).String())
		case timeForm:
			if value = unknown; !at[time.Time](p, f).IsZero() {
				value = at[time.Time](p, f).UnixMilli()
			}
		case durationForm:
			value = cell(at[time.Duration](p, f).Round(time.Millisecond) / time.Millisecond)
		case ageForm:
			if value = unknown; at[time.Duration](p, f) != 0 {
				value = cell(max(c.boot-at[time.Duration](p, f), 0).Round(time.Second) / time.Second) // it may have answered since
			}
		case uidForm:
			uid := at[[2]uint64](p, f)
			v.add(cell(uid[0]), stateCell)
			value = cell(uid[1])
		case sliceForm:
			list := at[slice](p, f)
			n := min(list.length, f.max, c.max)
			v.list(n)
			c.cut += list.length - n
			for i := range n {
				c.write(v, unsafe.Add(list.first, uintptr(i)*f.typ.Size()), f.fields)
			}
			continue
		case pointerForm:
			to := at[unsafe.Pointer](p, f)
			if to == nil {
				v.list(0)
				continue
			}
			v.list(1)
			c.write(v, to, f.fields)
			continue
		}
		v.add(value, f.kind)
		if f.who {
			v.who = hash(v.who, value)
		}
	}
}

// slice is how a slice lies in memory.
type slice struct {
	first  unsafe.Pointer
	length int
}

// read fills the struct v, whose fields these are.
func (c *cells) read(v reflect.Value, fields []field) {
	for i := range fields {
		f := &fields[i]
		c.readField(reach(v, f.path), f)
	}
}

// reach returns the field of v, or the element of an array in it, that a path leads to.
func reach(v reflect.Value, path []int) reflect.Value {
	for _, i := range path {
		if i < 0 {
			v = v.Index(-1 - i)
		} else {
			v = v.Field(i)
		}
	}
	return v
}

func (c *cells) readField(v reflect.Value, f *field) {
	if f.form == leftForm {
		v.SetFloat(math.NaN())
		return
	}
	value := c.next()
	switch f.form {
	case boolForm:
		v.SetBool(value == 1)
	case intForm, int8Form, int32Form, int64Form:
		if value == unknown {
			value = f.absent
		}
		v.SetInt(value)
	case uint8Form, uint16Form:
		if value < 0 {
			value = f.absent
		}
		v.SetUint(uint64(value))
	case uint64Form:
		switch {
		case f.kind == totalCell && value >= 0:
			v.SetUint(uint64(math.Round(f.kind.value(value))))
		case f.kind != totalCell && value != unknown:
			v.SetUint(uint64(value))
		}
	case floatForm:
		v.SetFloat(f.kind.value(value))
	case textForm:
		v.SetString(c.text(value))
	case kindForm:
		v.SetUint(uint64(kindNamed(c.text(value))))
	case timeForm:
		if value != unknown {
			v.Set(reflect.ValueOf(time.UnixMilli(value).In(c.zone)))
		}
	case durationForm:
		if value > math.MinInt64/int64(time.Millisecond) && value < math.MaxInt64/int64(time.Millisecond) {
			v.SetInt(value * int64(time.Millisecond))
		}
	case ageForm:
		if value >= 0 && value < math.MaxInt64/int64(time.Second) {
			v.SetInt(int64(max(c.boot-time.Duration(value)*time.Second, 1)))
		}
	case uidForm:
		second := c.next()
		if value == unknown && second == unknown {
			value, second = 0, 0
		}
		*(*[2]uint64)(v.Addr().UnsafePointer()) = [2]uint64{uint64(value), uint64(second)}
	case sliceForm:
		n := c.count(value, f)
		list := reflect.MakeSlice(v.Type(), n, n)
		for i := range n {
			c.readElement(list.Index(i), f)
		}
		if n > 0 {
			v.Set(list)
		}
	case pointerForm:
		if c.count(value, f) > 0 {
			to := reflect.New(f.typ)
			c.readElement(to.Elem(), f)
			v.Set(to)
		}
	}
}

// kindNamed is the kind of problem of a name, KindCount when this version has none such.
func kindNamed(name string) frame.Kind {
	k := frame.Kind(0)
	for k < frame.KindCount && k.String() != name {
		k++
	}
	return k
}

// readElement fills one element of a list.
func (c *cells) readElement(v reflect.Value, f *field) {
	for i := range f.fields {
		below := &f.fields[i]
		c.readField(reach(v, below.path), below)
	}
}
