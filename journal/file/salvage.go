package file

// looseMax bounds what is remembered of a file whose chain of arrays is broken: 8 bytes an entry.
const looseMax = 1 << 20

// salvage finds up to n entries that no array leads to any more, by walking over the objects behind the last one that
// is known, and returns how many are known now. It goes on where it stopped.
func (f *File) salvage(n uint64) uint64 {
	c := &f.chain
	n = min(n, looseMax)
	if uint64(len(c.loose)) >= n {
		return n
	}
	off := f.head.size
	if known := c.room() + uint64(len(c.loose)); known > 0 {
		if last := f.offset(known - 1); last >= off && last < f.size {
			off = f.after(last)
		}
	}
	for off < f.size && uint64(len(c.loose)) < n {
		if f.object(off, entryObject, entryHead) > 0 {
			c.loose = append(c.loose, off)
		}
		off = f.after(off)
	}
	return uint64(len(c.loose))
}

// after is the offset of the object behind the one at off; if there is none, of the next place where one may be.
func (f *File) after(off uint64) uint64 {
	head := f.at(off, objectHead)
	if head == nil {
		return off/blockSize*blockSize + blockSize
	}
	if head[0] == unusedObject || head[0] > tagObject || head[1] > 7 {
		return off + 8
	}
	size := f.object(off, head[0], objectHead)
	if size == 0 {
		return off + 8
	}
	return (off + size + 7) &^ 7
}
