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

// object returns the size of the object of a type at an offset; 0 when there is not one of that size or larger.
func (f *File) object(off uint64, kind byte, atLeast uint64) (size uint64) {
	if off%8 != 0 || off < f.head.size || off > f.size {
		return 0
	}
	head := f.at(off, objectHead)
	if head == nil {
		return 0
	}
	size = le.Uint64(head[8:])
	if head[0] != kind || size < atLeast || size > f.size-off {
		return 0
	}
	return size
}

// What was read of files last is kept in blocks: entries lie beside each other, and values that many share are read again
// and again. Of the blocks with the same number modulo blockSets those that were used last stay.
const (
	blockSize = 8 << 10
	blockSets = 8
	blockWays = 4
)

// block is a part of a file as it was read.
type block struct {
	number  uint64 // it lies at number*blockSize
	version uint32 // File.version when it was read; 0: it was not
	text    []byte // less than blockSize where the file ends or cannot be read
}

func (b *block) is(number uint64, version uint32) bool {
	return b.number == number && b.version == version
}

// at returns n bytes of the file from an offset on, as they were when entries were last added or later. They are good until
// it is called again. It is nil when they are not there or cannot be read.
//
// A disk that does not answer holds up the goroutine that reads, and no other. A mapping of the file would hold up the
// whole program, whose scheduler does not know that a page is waited for.
func (f *File) at(off, n uint64) []byte {
	from := off % blockSize
	if from+n > blockSize {
		return f.long(off, n)
	}
	number := off / blockSize
	set := &f.fields.blocks[number%blockSets]
	i := 0
	for i < blockWays-1 && !set[i].is(number, f.version) {
		i++
	}
	b := set[i]
	if !b.is(number, f.version) {
		if b.text == nil {
			b.text = make([]byte, blockSize)
		}
		got, _ := f.file.ReadAt(b.text[:blockSize], int64(off-from))
		b = block{number, f.version, b.text[:got]}
	}
	copy(set[1:i+1], set[:i])
	set[0] = b
	if from+n > uint64(len(b.text)) {
		return nil
	}
	return b.text[from:][:n]
}

// long is at for what no block has whole.
func (f *File) long(off, n uint64) []byte {
	if n > uint64(cap(f.fields.long)) {
		f.fields.long = make([]byte, n)
	}
	b := f.fields.long[:n]
	if got, _ := f.file.ReadAt(b, int64(off)); got < len(b) {
		return nil
	}
	return b
}
