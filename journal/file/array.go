package file

import "sort"

// ENTRY_ARRAY objects hold the offsets of all entries in order. They form a chain; each has room for about twice as
// many as the one before, so even the largest file has fewer than arraysMax.
const (
	arraysMax   = 64
	atNextArray = 16
	atItems     = 24
)

// array is one ENTRY_ARRAY: where its items lie, and the numbers of the entries that it has room for.
type array struct {
	items       uint64
	first, past uint64
}

// chain is the arrays that were followed so far.
type chain struct {
	arrays []array
	next   uint64 // offset of the array after them, 0: not there yet
	broken bool   // what follows is no array: the rest was looked for, see salvage
	at     int    // the array that was used last
	loose  []uint64
}

// room is how many entries the arrays hold.
func (c *chain) room() uint64 {
	if len(c.arrays) == 0 {
		return 0
	}
	return c.arrays[len(c.arrays)-1].past
}

// itemSize is that of an offset in an array.
func (f *File) itemSize() uint64 {
	if f.compact {
		return 4
	}
	return 8
}

// reach returns how many of n entries can be found, and follows the chain as far as that needs.
func (f *File) reach(n uint64) uint64 {
	c := &f.chain
	for n > c.room() && !c.broken {
		if !f.follow() {
			c.broken = true
			f.damage++
			if last := len(c.arrays) - 1; last >= 0 {
				c.arrays[last].past = f.used(c.room())
			}
		}
	}
	if n > c.room() {
		return c.room() + f.salvage(n-c.room())
	}
	used := f.used(n)
	f.claimed -= n - used // to be looked at again: a writer on another CPU may be seen to count before its offset is
	return used
}

// used is n without the last items of the arrays that are empty.
func (f *File) used(n uint64) uint64 {
	for n > f.count && f.offset(n-1) == 0 {
		n--
	}
	return n
}

// follow takes in the next array of the chain. An array always lies behind the one that leads to it.
func (f *File) follow() bool {
	c := &f.chain
	if last := len(c.arrays) - 1; last >= 0 {
		off := c.arrays[last].items - atItems
		next := f.at(off+atNextArray, 8)
		if next == nil {
			return false
		}
		if c.next = le.Uint64(next); c.next <= off {
			return false
		}
	}
	if len(c.arrays) == 0 {
		first := f.at(atArrays, 8)
		if first == nil {
			return false
		}
		c.next = le.Uint64(first)
	}
	size := f.object(c.next, arrayObject, atItems+f.itemSize())
	if size == 0 || len(c.arrays) == arraysMax {
		return false
	}
	room := (size - atItems) / f.itemSize()
	c.arrays = append(c.arrays, array{c.next + atItems, c.room(), c.room() + room})
	return true
}

// offset returns where entry n lies, 0 when that is not known.
func (f *File) offset(n uint64) uint64 {
	c := &f.chain
	if n >= c.room() {
		if n -= c.room(); n < uint64(len(c.loose)) {
			return c.loose[n]
		}
		return 0
	}
	if a := &c.arrays[c.at]; n < a.first || n >= a.past {
		c.at = sort.Search(len(c.arrays), func(i int) bool { return n < c.arrays[i].past })
	}
	a := &c.arrays[c.at]
	size := f.itemSize()
	item := f.at(a.items+(n-a.first)*size, size)
	switch {
	case item == nil:
		return 0
	case f.compact:
		return uint64(le.Uint32(item))
	}
	return le.Uint64(item)
}

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

// after is the offset of the object behind the one at off, or of the next place where one may be.
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
