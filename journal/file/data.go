package file

// Layout of a DATA object: the head, then "NAME=value", maybe compressed.
const (
	atHash          = 16
	atDataEntries   = 56
	dataHead        = 64
	dataHeadCompact = 72
	wholeMax        = 1 << 20 // of one field in All
	wholeAll        = 8 << 20 // of all fields together
)

// data is a DATA object's payload as it lies in the file.
type data struct {
	payload []byte // the beginning of it, as File.at returns it
	full    int    // its length; with XZ that of what is packed
	packed  byte   // how it is compressed
	shared  bool   // by several entries
}

// data returns a DATA object with up to limit bytes of its payload, or what is needed to unpack as many.
func (f *File) data(off, hash, limit uint64) (d data, ok bool) {
	head := uint64(dataHead)
	if f.compact {
		head = dataHeadCompact
	}
	size := f.object(off, dataObject, head+1)
	if size == 0 {
		return d, false
	}
	o := f.at(off, head)
	if o == nil || !f.compact && le.Uint64(o[atHash:]) != hash {
		return d, false
	}
	d.full, d.packed, d.shared = int(size-head), o[1]&packedMask, le.Uint64(o[atDataEntries:]) > 1
	off, size = off+head, size-head
	if d.packed == packedXZ {
		tail := min(size, xzTail)
		var err error
		if d.full, err = xzLength(f.at(off+size-tail, tail)); err != nil {
			return d, false
		}
	}
	if d.packed != 0 {
		limit = max(limit, headMax) + slack
	}
	d.payload = f.at(off, min(size, limit))
	return d, d.payload != nil
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
	d, ok := f.data(off, hash, fields.limit)
	if !ok {
		return false
	}
	if d.packed != 0 && fields.unpack.head(&d) != nil {
		return false
	}
	if wish = fields.match(d.payload); wish != unwanted && !e.Values[wish].Set {
		fields.set(e, wish, d.payload, d.full)
	}
	if !hit && d.shared {
		*slot = cached{off, f.serial, int32(wish)}
	}
	return true
}

// All calls visit with each field of entry n, "NAME=value", and the length of it before it was cut: one at a mebibyte,
// all together at eight. The bytes are good during the call. The error is ErrDamaged when there is no such entry; lost
// counts the fields that cannot be read.
func (f *File) All(n uint64, visit func(field []byte, full int)) (lost int, err error) {
	o := f.entry(n, entryMax)
	if o == nil {
		return 0, ErrDamaged
	}
	o = f.fields.keep(o)
	left := wholeAll
	buf := make([]byte, 0, wholeMax)
	for i := range f.items(o) {
		off, hash := f.item(o, i)
		d, ok := f.data(off, hash, wholeMax)
		if ok && d.packed != 0 {
			ok = f.fields.unpack.into(buf, &d) == nil
		}
		if !ok {
			lost++
			continue
		}
		field := d.payload[:min(len(d.payload), left)]
		left -= len(field)
		visit(field, d.full)
	}
	f.fields.long = nil // a mebibyte and more
	return lost, nil
}
