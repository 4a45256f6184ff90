// Package file reads the journal files of systemd 239 to 260 by mapping them, while journald writes them. It is pure
// Go, allocates nothing for an entry, and trusts nothing that a file says: offsets and sizes are checked, chains
// cannot run in circles, compressed values are taken out only as far as they are wanted, and a page that is gone
// (the file was truncated) is an error of the entries on it.
//
// File is one file, Merge reads several in the order of time, List finds them.
//
// Format: systemd.io/JOURNAL_FILE_FORMAT
package file

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ErrDamaged is an entry that cannot be read, or a file whose pages are gone. Others may be whole.
var ErrDamaged = errors.New("damaged journal file")

// restEvery is how far reading goes on before the pages that it touched are given back: mapped pages count as ours.
const restEvery = 4 << 20

// File is one journal file, mapped. One goroutine uses it, the one that owns its Fields.
type File struct {
	path    string
	fields  *Fields
	file    *os.File
	mapping []byte // all of the file as it was when it was mapped
	mem     []byte // what of it is there
	head    Header // as it was at Open; what changes is read anew
	serial  uint32 // names the file in the cache of Fields
	compact bool

	chain    chain
	claimed  uint64 // entries that the header claimed when it was last looked at
	count    uint64 // entries that can be reached
	final    bool   // nothing will be added
	restless uint64 // offset of an entry near which pages were given back
	damage   uint64
}

// Open maps a file. Its entries are read with the fields of fields, which several files may share.
func Open(path string, fields *Fields) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return mapped(file, fields)
}

// mapped maps a file that is open, and owns it.
func mapped(file *os.File, fields *Fields) (*File, error) {
	fields.files++
	f := &File{path: file.Name(), fields: fields, file: file, serial: fields.files}
	if err := f.open(); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (f *File) open() (err error) {
	defer f.caught(debug.SetPanicOnFault(true), &err)
	if err = f.remap(); err != nil {
		return err
	}
	if f.head, err = parseHeader(f.mem); err != nil {
		return fmt.Errorf("open %s: %w", f.path, err)
	}
	if f.head.size > uint64(len(f.mem)) {
		return fmt.Errorf("open %s: %w: it ends within its header", f.path, errNoJournal)
	}
	if err = f.head.flags(f.path); err != nil {
		return err
	}
	f.compact = f.head.Incompatible&FlagCompact != 0
	return f.refresh()
}

// remap maps the file anew when its size is not that of the mapping.
func (f *File) remap() error {
	info, err := f.file.Stat()
	if err != nil {
		return fmt.Errorf("map %s: %w", f.path, err)
	}
	size := int(info.Size())
	if size == len(f.mapping) {
		f.mem = f.mapping
		return nil
	}
	if size < headerMin {
		return fmt.Errorf("map %s: %w: it has %d bytes", f.path, errNoJournal, size)
	}
	f.unmap()
	f.mapping, err = unix.Mmap(int(f.file.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("map %s: %w", f.path, err)
	}
	f.mem = f.mapping
	return nil
}

func (f *File) unmap() {
	if f.mapping != nil {
		unix.Munmap(f.mapping) // cannot fail for what Mmap returned
		f.mapping, f.mem = nil, nil
	}
}

// Close gives the mapping and the descriptor back.
func (f *File) Close() error {
	f.unmap()
	return f.file.Close()
}

// Header returns the header as it was when the file was opened.
func (f *File) Header() Header { return f.head }

// Len is how many entries can be read. It grows with Refresh only.
func (f *File) Len() uint64 { return f.count }

// Final says that nothing will be added: the file was archived before Len was last looked at.
func (f *File) Final() bool { return f.final }

// Damage is how often something in the file was not as it should be, with an entry or a field lost each time.
func (f *File) Damage() uint64 { return f.damage }

// Refresh looks for entries that were added.
func (f *File) Refresh() (err error) {
	defer f.caught(debug.SetPanicOnFault(true), &err)
	return f.refresh()
}

func (f *File) refresh() error {
	// The state first: what an archived file has now is all that it will ever have.
	final := State(f.mem[atState]) == Archived
	claimed := f.load(atEntries)
	if claimed != f.claimed {
		if f.head.size+f.load(atArenaSize) > uint64(len(f.mem)) {
			if err := f.remap(); err != nil {
				return err
			}
		}
		f.claimed = claimed
		f.count = max(f.count, f.reach(claimed))
	}
	f.final = final
	return nil
}

// load reads a number of the header that journald changes under our eyes: after it, what it counts is in place.
func (f *File) load(at int) uint64 {
	var b [8]byte
	binary.NativeEndian.PutUint64(b[:], atomic.LoadUint64((*uint64)(unsafe.Pointer(&f.mem[at]))))
	return binary.LittleEndian.Uint64(b[:])
}

// Rest gives back the pages that reading has touched; they stay in the kernel's cache.
func (f *File) Rest() {
	if f.mapping != nil {
		unix.Madvise(f.mapping, unix.MADV_DONTNEED) // at worst it stays ours
	}
}

// restAfter gives pages back when reading has come far enough from where it last did.
func (f *File) restAfter(off uint64) {
	if off-f.restless > restEvery && f.restless-off > restEvery {
		f.restless = off
		f.Rest()
	}
}

// caught is deferred round everything that reads the mapping: a page that is gone makes *err ErrDamaged.
func (f *File) caught(before bool, err *error) {
	debug.SetPanicOnFault(before)
	r := recover()
	if r == nil {
		return
	}
	if _, fault := r.(interface{ Addr() uintptr }); !fault {
		panic(r)
	}
	f.damage++
	*err = ErrDamaged
	if info, e := f.file.Stat(); e == nil && info.Size() < int64(len(f.mem)) {
		f.mem = f.mem[:max(info.Size(), 0)] // from now on the rest is out of bounds, not a fault
	}
}
