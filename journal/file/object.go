package file

import "encoding/binary"

// The types of objects that are read.
const (
	unusedObject = iota
	dataObject
	fieldObject
	entryObject
	dataHashObject
	fieldHashObject
	arrayObject
	tagObject
)

// objectHead is the size of what every object starts with: type, flags, 6 reserved bytes, size with this head.
const objectHead = 16

var le = binary.LittleEndian

// object returns the object of a type at an offset; nil when there is none such of at least least bytes.
func (f *File) object(off uint64, kind byte, least uint64) []byte {
	all := uint64(len(f.mem))
	if off%8 != 0 || off < f.head.size || all < objectHead || off > all-objectHead {
		return nil
	}
	head := f.mem[off:][:objectHead]
	size := le.Uint64(head[8:])
	if head[0] != kind || size < least || size > all-off {
		return nil
	}
	return f.mem[off:][:size]
}
