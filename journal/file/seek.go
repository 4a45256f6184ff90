package file

import (
	"math"
	"sort"
)

// search returns the number of the first entry for which late is true; it must be so for all later ones. An entry
// that cannot be read is taken to be like the next one that can.
func (f *File) search(from, to uint64, late func(k *Key) bool) uint64 {
	n := sort.Search(int(to-from), func(i int) bool {
		for at := from + uint64(i); at < to; at++ {
			if k, err := f.Key(at); err == nil {
				return late(&k)
			}
		}
		return true
	})
	return from + uint64(n)
}

// SeekTime returns the number of the first entry that was written at that time or later, in microseconds since 1970.
// Where the clock was set back within the file it is one of those that could be meant.
func (f *File) SeekTime(micros uint64) uint64 {
	n := f.search(0, f.count, func(k *Key) bool { return k.Realtime >= micros })
	first, err := f.Key(0)
	last, e := f.Key(f.count - 1)
	if err != nil || e != nil || first.Realtime <= last.Realtime {
		return n
	}
	n = f.count // the one that is nearest
	for i, nearest := uint64(0), uint64(math.MaxUint64); i < f.count; i++ {
		if k, err := f.Key(i); err == nil && k.Realtime >= micros && k.Realtime < nearest {
			n, nearest = i, k.Realtime
		}
	}
	return n
}

// SeekSeq returns the number of the first entry whose sequence number is seq or higher.
func (f *File) SeekSeq(seq uint64) uint64 {
	return f.search(0, f.count, func(k *Key) bool { return k.Seq >= seq })
}

// seekKey returns the number of the first entry that belongs at or after an entry with this key, after it with past, in
// the order of compare.
func (f *File) seekKey(key *Key, past bool, compare func(a, b *Key) int) uint64 {
	least := 0
	if past {
		least = 1
	}
	if key.SeqID == f.head.SeqID {
		return f.SeekSeq(key.Seq + uint64(least))
	}
	return f.search(0, f.count, func(k *Key) bool { return compare(k, key) >= least })
}

// begin returns the key of the first entry of boot, if entry past-1 is of that boot. The entries of a boot stand
// together.
func (f *File) begin(boot ID, past uint64) (k Key, ok bool) {
	if k, err := f.Key(past - 1); err != nil || k.Boot != boot {
		return k, false
	}
	k, err := f.Key(f.search(0, past-1, func(k *Key) bool { return k.Boot == boot }))
	return k, err == nil && k.Boot == boot
}
