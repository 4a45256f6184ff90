package file

import "bytes"

// Wish is a field to read of each entry, and how many bytes of its value are kept; of a compressed one no more
// than 64 KiB.
type Wish struct {
	Name string
	Max  int
}

// Value is what an entry has of a wished field. Its bytes are copies, good until the Entry is read into again.
type Value struct {
	Bytes []byte
	Full  int // length of the whole value
	Set   bool
}

// Entry is one log entry: when it was written, and its values in the order of the wishes. Of a field that is there
// twice the first counts.
type Entry struct {
	Key
	Values []Value
	Lost   int // fields that could not be read
}

// Fields is what is wanted of entries, with the memory for it. Several files share one, as long as one goroutine reads
// them.
type Fields struct {
	wishes []Wish
	heads  [][]byte // "NAME="
	unpack unpacker
	limit  uint64 // bytes of a payload that are looked at
	cache  [cacheSize]cached
	blocks [blockSets][blockWays]block
	long   []byte // what no block has whole
	entry  []byte // see keep
	serial uint32 // that was given last, to a file or a version of one
}

// NewFields returns what reads these fields of entries.
func NewFields(wishes ...Wish) *Fields {
	f := &Fields{wishes: wishes}
	for _, w := range wishes {
		f.heads = append(f.heads, []byte(w.Name+"="))
		f.limit = max(f.limit, uint64(len(w.Name)+1+w.Max))
	}
	return f
}

// NewEntry returns an Entry to read into, with room for all values.
func (f *Fields) NewEntry() *Entry {
	e := &Entry{Values: make([]Value, len(f.wishes))}
	for i, w := range f.wishes {
		e.Values[i].Bytes = make([]byte, 0, w.Max)
	}
	return e
}

// keep returns a copy of an entry, which is good until the next one's.
func (f *Fields) keep(entry []byte) []byte {
	f.entry = append(f.entry[:0], entry...)
	return f.entry
}

// next returns a serial number that was not given before.
func (f *Fields) next() uint32 {
	f.serial++
	return f.serial
}

// match says which wish a payload "NAME=value" grants, unwanted if none.
func (f *Fields) match(payload []byte) int {
	for i, head := range f.heads {
		if bytes.HasPrefix(payload, head) {
			return i
		}
	}
	return unwanted
}

// set keeps a value; full is the length of its whole payload.
func (f *Fields) set(e *Entry, wish int, payload []byte, full int) {
	v, head := &e.Values[wish], len(f.heads[wish])
	value := payload[head:]
	v.Bytes = append(v.Bytes[:0], value[:min(len(value), cap(v.Bytes))]...)
	v.Full, v.Set = max(full-head, len(v.Bytes)), true
}

// Most DATA objects belong to many entries: which field they are is remembered by their offsets, so that their pages
// are touched only when their values are wanted.
const (
	cacheSize = 4096
	unwanted  = -1
)

type cached struct {
	off  uint64
	file uint32
	wish int32
}

func (f *Fields) slot(file uint32, off uint64) *cached {
	const golden = 0x9e3779b97f4a7c15 // spreads offsets, which are multiples of 8
	return &f.cache[(off>>3*golden+uint64(file)*golden)>>(64-12)]
}
