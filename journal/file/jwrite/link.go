package jwrite

// arrays is a chain of ENTRY_ARRAY objects that is being written.
type arrays struct {
	head int    // where the offset of the first one is kept
	last uint64 // the array that has room
	room uint64
	used uint64 // of last
	all  uint64
}

// link appends an entry's offset to a chain.
func (w *Writer) link(a *arrays, entry uint64) error {
	item := uint64(8)
	if w.o.Compact {
		item = 4
	}
	if a.used == a.room {
		room := max(a.room*2, 4)
		off, err := w.object(6, 0, 24+item*room)
		if err != nil {
			return err
		}
		w.count(atArrayCount)
		if a.last == 0 {
			w.put(a.head, off)
		} else {
			w.put(int(a.last)+16, off)
		}
		a.last, a.room, a.used = off, room, 0
	}
	at := int(a.last + 24 + item*a.used)
	if w.o.Compact {
		w.put32(at, uint32(entry))
	} else {
		w.put(at, entry)
	}
	a.used++
	a.all++
	if a == &w.arrays && atTailArray < w.header {
		w.put32(atTailArray, uint32(a.last))
		w.put32(atTailArrayUsed, uint32(a.used))
	}
	return nil
}

// payload returns the DATA object of a field, made if there is not one yet.
func (w *Writer) payload(field []byte) (off uint64, err error) {
	if off, known := w.data[string(field)]; known {
		return off, nil
	}
	stored, flags := field, byte(0)
	if w.o.Packing != Plain && len(field) >= w.o.Threshold {
		packed, err := w.o.Packing.pack(field)
		if err != nil {
			return 0, err
		}
		if packed != nil {
			stored, flags = packed, byte(w.o.Packing)
		}
	}
	head := uint64(64)
	if w.o.Compact {
		head = 72
	}
	if off, err = w.object(1, flags, head+uint64(len(stored))); err != nil {
		return 0, err
	}
	w.count(atData)
	copy(w.mem[off+head:], stored)
	hash := w.hash(field)
	w.put(int(off)+16, hash)
	w.chain(atDataTable, dataBuckets, atDataDepth, off, hash)
	w.data[string(field)] = off
	parent, err := w.field(name(field))
	if err != nil {
		return 0, err
	}
	w.put(int(off)+32, w.get(int(parent)+32))
	w.put(int(parent)+32, off)
	return off, nil
}

// field returns the FIELD object of a name.
func (w *Writer) field(name []byte) (off uint64, err error) {
	if off, known := w.fields[string(name)]; known {
		return off, nil
	}
	if off, err = w.object(2, 0, 40+uint64(len(name))); err != nil {
		return 0, err
	}
	w.count(atFields)
	copy(w.mem[off+40:], name)
	hash := w.hash(name)
	w.put(int(off)+16, hash)
	w.chain(atFieldTable, fieldBuckets, atFieldDepth, off, hash)
	w.fields[string(name)] = off
	return off, nil
}

// chain puts an object into the bucket of a hash table.
func (w *Writer) chain(table int, buckets uint64, depth int, off, hash uint64) {
	bucket := int(w.get(table) + 16*(hash%buckets))
	if tail := w.get(bucket + 8); tail == 0 {
		w.put(bucket, off)
	} else {
		w.put(int(tail)+24, off)
		w.deepen(w.get(bucket), depth)
	}
	w.put(bucket+8, off)
}

// deepen keeps the length of the longest chain.
func (w *Writer) deepen(off uint64, depth int) {
	n := uint64(0)
	for ; off != 0; off = w.get(int(off) + 24) {
		n++
	}
	if depth < w.header && n-1 > w.get(depth) {
		w.put(depth, n-1)
	}
}

// belong notes in a DATA object that an entry has it: the first one in the object, the others in a chain.
func (w *Writer) belong(data, entry uint64) error {
	at := int(data)
	n := w.get(at + 56)
	if n == 0 {
		w.put(at+40, entry)
	} else {
		a := w.of[data]
		if a == nil {
			a = &arrays{head: at + 48}
			w.of[data] = a
		}
		if err := w.link(a, entry); err != nil {
			return err
		}
		if w.o.Compact {
			w.put32(at+64, uint32(a.last))
			w.put32(at+68, uint32(a.used))
		}
	}
	w.put(at+56, n+1)
	return nil
}
