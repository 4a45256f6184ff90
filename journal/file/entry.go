package file

import (
	"bytes"
	"cmp"
)

// Layout of an ENTRY object: the head, then an item for each field, an offset and a hash, or a 32-bit offset alone in
// compact files.
const (
	atSeq       = 16
	atRealtime  = 24
	atMonotonic = 32
	atBoot      = 40
	atXor       = 56
	entryHead   = 64
	itemsMax    = 4096 // journald takes 1024 fields at most
	entryMax    = entryHead + 16*itemsMax
)

// Key says where an entry belongs among others.
type Key struct {
	SeqID     ID     // of the file
	Seq       uint64 // rises by one with each entry of a journald, over all its files
	Realtime  uint64 // microseconds since 1970
	Monotonic uint64 // microseconds of CLOCK_MONOTONIC in this boot
	Boot      ID
	Xor       uint64 // of the hashes of its fields
}

// Compare orders entries of different files: by the clock that no one sets within a boot, by number when one journald
// has numbered both, else by the time of day. Merge.Compare knows more.
func (k *Key) Compare(o *Key) int {
	switch {
	case k.Boot == o.Boot && k.Monotonic != o.Monotonic:
		return cmp.Compare(k.Monotonic, o.Monotonic)
	case k.SeqID == o.SeqID && k.Seq != o.Seq:
		return cmp.Compare(k.Seq, o.Seq)
	}
	return cmp.Or(cmp.Compare(k.Realtime, o.Realtime), bytes.Compare(k.Boot[:], o.Boot[:]), cmp.Compare(k.Xor, o.Xor))
}

// Same reports whether two entries of different files are one that was copied, as journald does when /var comes up.
func (k *Key) Same(o *Key) bool {
	return k.Monotonic == o.Monotonic && k.Realtime == o.Realtime && k.Xor == o.Xor && k.Boot == o.Boot
}

// Key reads the key of entry n, counted from 0. The error is ErrDamaged.
func (f *File) Key(n uint64) (k Key, err error) {
	if o := f.entry(n, entryHead); o != nil {
		return f.key(o), nil
	}
	return k, ErrDamaged
}

// entry returns the first limit bytes of entry n, or all of it, as at does.
func (f *File) entry(n, limit uint64) []byte {
	if n >= f.count {
		return nil
	}
	off := f.offset(n)
	size := f.object(off, entryObject, entryHead)
	if size == 0 {
		return nil
	}
	return f.at(off, min(size, limit))
}

func (f *File) key(o []byte) Key {
	return Key{
		SeqID:     f.head.SeqID,
		Seq:       le.Uint64(o[atSeq:]),
		Realtime:  le.Uint64(o[atRealtime:]),
		Monotonic: le.Uint64(o[atMonotonic:]),
		Boot:      ID(o[atBoot:]),
		Xor:       le.Uint64(o[atXor:]),
	}
}

// Read reads entry n, counted from 0, into e, which NewEntry of the file's Fields has made. Fields that are damaged are
// counted in e.Lost; the error is ErrDamaged when there is no entry. It does not allocate, unless a value is
// compressed with XZ.
func (f *File) Read(n uint64, e *Entry) error {
	for i := range e.Values {
		v := &e.Values[i]
		v.Bytes, v.Full, v.Set = v.Bytes[:0], 0, false
	}
	e.Lost = 0
	o := f.entry(n, entryMax)
	if o == nil {
		f.damage++
		return ErrDamaged
	}
	e.Key = f.key(o)
	o = f.fields.keep(o)
	for i := range f.items(o) {
		if off, hash := f.item(o, i); !f.value(off, hash, e) {
			e.Lost++
			f.damage++
		}
	}
	return nil
}

// items is how many fields an entry has.
func (f *File) items(o []byte) int {
	size := 16
	if f.compact {
		size = 4
	}
	return min((len(o)-entryHead)/size, itemsMax)
}

// item returns the offset of field i's DATA object, and the hash that it should have, which compact files leave out.
func (f *File) item(o []byte, i int) (off, hash uint64) {
	if f.compact {
		return uint64(le.Uint32(o[entryHead+4*i:])), 0
	}
	o = o[entryHead+16*i:]
	return le.Uint64(o), le.Uint64(o[8:])
}
