package file

import "runtime/debug"

// Layout of a DATA object: the head, then "NAME=value", maybe compressed.
const (
	atHash          = 16
	atDataEntries   = 56
	dataHead        = 64
	dataHeadCompact = 72
	wholeMax        = 1 << 20 // of one field in All
	wholeAll        = 8 << 20 // of all fields together
)

// data returns a DATA object's payload as it lies in the file, and how it is compressed.
func (f *File) data(off, hash uint64) (object, payload []byte, packed byte, ok bool) {
	head := uint64(dataHead)
	if f.compact {
		head = dataHeadCompact
	}
	o := f.object(off, dataObject, head+1)
	if o == nil || !f.compact && le.Uint64(o[atHash:]) != hash {
		return nil, nil, 0, false
	}
	return o, o[head:], o[1] & packedMask, true
}

// value keeps the value of a DATA object in e if it is wished. It is false when the object is damaged.
func (f *File) value(off, hash uint64, e *Entry) bool {
	fields := f.fields
	slot := fields.slot(f.serial, off)
	wish := unwanted
	hit := slot.off == off && slot.file == f.serial
	if hit {
		if wish = int(slot.wish); wish == unwanted || e.Values[wish].Set {
			return true
		}
	}
	o, payload, packed, ok := f.data(off, hash)
	if !ok {
		return false
	}
	full := len(payload)
	if packed != 0 {
		var err error
		if payload, full, err = fields.unpack.head(packed, payload); err != nil {
			return false
		}
	}
	if wish = fields.match(payload); wish != unwanted && !e.Values[wish].Set {
		fields.set(e, wish, payload, full)
	}
	if !hit && le.Uint64(o[atDataEntries:]) > 1 {
		*slot = cached{off, f.serial, int32(wish)}
	}
	return true
}

// All calls visit with each field of entry n, "NAME=value", and the length of it before it was cut: one at a mebibyte,
// all together at eight. The bytes are good during the call. The error is ErrDamaged when there is no such entry; lost
// counts the fields that cannot be read.
func (f *File) All(n uint64, visit func(field []byte, full int)) (lost int, err error) {
	defer f.caught(debug.SetPanicOnFault(true), &err)
	o := f.entry(n)
	if o == nil {
		return 0, ErrDamaged
	}
	left := wholeAll
	buf := make([]byte, 0, wholeMax)
	for i := range f.items(o) {
		_, field, packed, ok := f.data(f.item(o, i))
		full := len(field)
		if ok && packed != 0 {
			field, full, err = f.fields.unpack.into(buf, packed, field)
			ok = err == nil
		}
		if !ok {
			lost++
			continue
		}
		field = append(buf[:0], field[:min(len(field), wholeMax, left)]...)
		left -= len(field)
		visit(field, full)
	}
	return lost, nil
}
