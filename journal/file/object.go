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

// object returns the size of the object of a type at an offset; 0 when there is none such of at least least bytes.
func (f *File) object(off uint64, kind byte, least uint64) (size uint64) {
	if off%8 != 0 || off < f.head.size || off > f.size {
		return 0
	}
	head := f.at(off, objectHead)
	if head == nil {
		return 0
	}
	size = le.Uint64(head[8:])
	if head[0] != kind || size < least || size > f.size-off {
		return 0
	}
	return size
}
