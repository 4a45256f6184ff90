// Package file reads the journal files of systemd 239 to 260, while journald writes them. It is pure Go, allocates
// nothing for an entry, and trusts nothing that a file says: offsets and sizes are checked, chains cannot run in circles,
// compressed values are taken out only as far as they are wanted, and a part that is gone (the file was truncated) is an
// error of the entries in it.
//
// File is one file, Merge reads several in the order of time, List finds them.
//
// Format: systemd.io/JOURNAL_FILE_FORMAT
package file

import (
	"errors"
	"fmt"
	"math"
	"os"
	"sort"
)

// ErrDamaged is an entry that cannot be read, or a file that cannot be read any more. Others may be whole.
var ErrDamaged = errors.New("damaged journal file")

// File is one journal file. One goroutine uses it, the one that owns its Fields.
type File struct {
	path    string
	fields  *Fields
	file    *os.File
	size    uint64 // of the file when it was looked at last
	head    Header // as it was at Open; what changes is read anew
	serial  uint32 // names the file in the cache of Fields
	version uint32 // of what the blocks of Fields have of it: they are read anew when entries were added
	compact bool

	chain   chain
	claimed uint64 // entries that the header claimed when it was last looked at
	count   uint64 // entries that can be reached
	final   bool   // nothing will be added
	damage  uint64
}

// Open opens a file. Its entries are read with the fields of fields, which several files may share.
func Open(path string, fields *Fields) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return begun(file, fields)
}

// begun returns what reads a file that is open, and owns it.
func begun(file *os.File, fields *Fields) (*File, error) {
	f := &File{path: file.Name(), fields: fields, file: file, serial: fields.next()}
	if err := f.open(); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// glanced returns what reads the first entry of a file that is open, and owns it. It does not follow the chain of arrays.
func glanced(file *os.File, fields *Fields) (f *File, err error) {
	f = &File{path: file.Name(), fields: fields, file: file, serial: fields.next(), version: fields.next()}
	if f.head, err = readHeader(file); err != nil {
		file.Close()
		return nil, err
	}
	f.compact = f.head.Incompatible&FlagCompact != 0
	if info, err := file.Stat(); err == nil {
		f.size = uint64(info.Size())
	}
	if f.follow() {
		f.count = 1
	}
	return f, nil
}

func (f *File) open() (err error) {
	if f.head, err = readHeader(f.file); err != nil {
		return err
	}
	f.compact = f.head.Incompatible&FlagCompact != 0
	if err = f.Refresh(); err == nil && f.head.size > f.size {
		err = fmt.Errorf("open %s: %w: it ends within its header", f.path, errNoJournal)
	}
	return err
}

// Close gives the descriptor back.
func (f *File) Close() error { return f.file.Close() }

// Header returns the header as it was when the file was opened.
func (f *File) Header() Header { return f.head }

// Len is how many entries can be read. It grows with Refresh only.
func (f *File) Len() uint64 { return f.count }

// Final reports whether nothing will be added: the file was archived before the last Refresh.
func (f *File) Final() bool { return f.final }

// Damage is how often something in the file was not as it should be, with an entry or a field lost each time.
func (f *File) Damage() uint64 { return f.damage }

// headerReads bounds how often a header is read until two reads agree.
const headerReads = 10

// Refresh looks for entries that were added. The error is ErrDamaged when the file cannot be read any more.
func (f *File) Refresh() error {
	final, claimed := f.final, f.claimed
	// Until two reads in a row agree: one may see half of a number that is being written, and what an archived file has
	// after it was seen to be archived is all that it will ever have.
	for range headerReads {
		h, err := readHeader(f.file)
		if err != nil {
			f.damage++
			return ErrDamaged
		}
		same := claimed == h.Entries && final == (h.State == Archived)
		final, claimed = h.State == Archived, h.Entries
		if same {
			break
		}
	}
	if claimed != f.claimed || f.version == 0 {
		info, err := f.file.Stat()
		if err != nil {
			f.damage++
			return ErrDamaged
		}
		f.size, f.version, f.claimed = uint64(info.Size()), f.fields.next(), claimed
		f.count = max(f.count, f.reach(claimed))
	}
	f.final = final
	return nil
}

// search returns the number of the first of n entries for which late is true; it must be so for all later ones. An entry
// that cannot be read is taken to be like the next one that can.
func (f *File) search(n uint64, late func(k *Key) bool) uint64 {
	return uint64(sort.Search(int(n), func(i int) bool {
		for at := uint64(i); at < n; at++ {
			if k, err := f.Key(at); err == nil {
				return late(&k)
			}
		}
		return true
	}))
}

// SeekTime returns the number of the first entry that was written at that time or later, in microseconds since 1970.
// Where the clock was set back within the file it is one of those that could be meant.
func (f *File) SeekTime(micros uint64) uint64 {
	n := f.search(f.count, func(k *Key) bool { return k.Realtime >= micros })
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
	return f.search(f.count, func(k *Key) bool { return k.Seq >= seq })
}

// seekKey returns the number of the first entry that belongs at or after an entry with this key, after it with past, in
// the order of compare.
func (f *File) seekKey(key *Key, past bool, compare func(a, b *Key) int) uint64 {
	want := 0
	if past {
		want = 1
	}
	if key.SeqID == f.head.SeqID {
		return f.SeekSeq(key.Seq + uint64(want))
	}
	return f.search(f.count, func(k *Key) bool { return compare(k, key) >= want })
}

// begin returns the key of the first entry of boot, if entry past-1 is of that boot. The entries of a boot stand
// together.
func (f *File) begin(boot ID, past uint64) (k Key, ok bool) {
	if k, err := f.Key(past - 1); err != nil || k.Boot != boot {
		return k, false
	}
	k, err := f.Key(f.search(past-1, func(k *Key) bool { return k.Boot == boot }))
	return k, err == nil && k.Boot == boot
}
