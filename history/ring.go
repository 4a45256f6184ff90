package history

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// The file: two copies of a superblock of 4096 bytes, the schemas of the versions that have written it, then the pages.
//
//	superblock   0 "hvtflgt1"   8 u16 version   10 u16 tiers   12 u32 page size   16 u32 pages of each tier[4]
//	             32 i64 created, ms   40 u32 CRC32C of 0-39
//	schema slot  0 u64 id   8 u32 length   12 u32 CRC32C of the text   16 i64 first written, ms   24 text
const (
	magic       = "hvtflgt1"
	version     = 1
	superblock  = 4096
	schemaArea  = 32 << 10
	schemaSlot  = 32 << 10
	schemaSlots = 7
	pagesAt     = schemaArea + schemaSlots*schemaSlot
	tierCount   = 4
	MinSize     = 8 << 20  // bytes of the smallest file that is made
	MaxSize     = 64 << 30 // and of the largest
	burstTier   = tierCount - 1
	burstTime   = 5 * time.Minute // before and after a critical alert began
)

// intervals are between two records of each tier; those of the last one are as far apart as samples.
var intervals = [tierCount]time.Duration{10 * time.Second, time.Minute, 10 * time.Minute, 0}

// ErrBusy is returned while another process writes the file.
var ErrBusy = errors.New("another process records already")

// WriterOptions say where and how a Writer records.
type WriterOptions struct {
	Path   string
	Size   int64         // bytes of a file that is made
	Sync   time.Duration // between two calls of fdatasync
	BootID string        // of this boot, as /proc/sys/kernel/random/boot_id has it
}

// Writer records. One goroutine uses it. Where the file fails, each call that meets it returns the first error; what was to be
// written then is written as soon as the file takes it.
type Writer struct {
	o        WriterOptions
	file     file
	bootID   [16]byte
	codec    codec
	now      vector // of the newest record
	tiers    [tierCount]tier
	held     heldPage      // the burst tier's page before, which is not in the file
	synced   time.Duration // CLOCK_BOOTTIME
	wall     int64         // of the newest sample, ms
	boot     time.Duration
	bursting time.Duration // until this CLOCK_BOOTTIME records of each sample are written; 0: none are
	event    []byte        // room for the body of one
	failed   error         // of the file, the first since the disk had all that was recorded
}

// file is what a Writer needs of *os.File.
type file interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Fd() uintptr
}

// tier is a ring of pages of its own.
type tier struct {
	number uint8
	first  int // page of the file
	count  int
	slot   int // of the ring: where its page lies
	seq    uint64
	page   page
	at     time.Duration // of its newest record, CLOCK_BOOTTIME; 0: none
	gather gathered      // the records of the finest tier since then
}

// geometry returns how many pages each tier has in a file of size bytes: an eighth for bursts, half, three tenths and a fifth
// of the rest for the others.
func geometry(size int64) (pages [tierCount]int) {
	all := int((size - pagesAt) / pageSize)
	pages[burstTier] = max(all/8, 2)
	all -= pages[burstTier]
	pages[1], pages[2] = max(all*3/10, 2), max(all/5, 2)
	pages[0] = all - pages[1] - pages[2]
	return pages
}

// Create opens the file for writing, or makes it. Nobody else writes it until Close. A file that is none of ours is not touched;
// one of another size than o says stays beside the new one, as PATH.old.
func Create(o WriterOptions) (*Writer, error) {
	if o.Size < MinSize || o.Size > MaxSize {
		return nil, fmt.Errorf("history: a file of %d bytes: from %d to %d are possible", o.Size, int64(MinSize), int64(MaxSize))
	}
	f, pages, err := openLocked(o)
	if err != nil {
		return nil, err
	}
	w := &Writer{o: o, file: f, bootID: parseBootID(o.BootID), codec: newCodec()}
	if err := w.start(pages); err != nil {
		return nil, errors.Join(fmt.Errorf("history: %s: %w", o.Path, err), f.Close())
	}
	return w, nil
}

// openLocked opens or makes the file, and locks it.
func openLocked(o WriterOptions) (f *os.File, pages [tierCount]int, err error) {
	wanted := geometry(o.Size)
	f, err = lock(o.Path, 0)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return nil, pages, err
	default:
		if pages, err = parseSuperblock(f); err != nil {
			err = fmt.Errorf("history: %s %w: move it away, or name another file with history.path", o.Path, err)
			return nil, pages, errors.Join(err, f.Close())
		}
		if pages == wanted {
			return f, pages, nil
		}
		defer f.Close() // its lock is held until the new file has one
	}
	made := o.Path + ".new"
	fresh, err := lock(made, os.O_CREATE)
	if err != nil {
		return nil, pages, err
	}
	if _, err := os.Lstat(o.Path); f == nil && !errors.Is(err, os.ErrNotExist) { // another process was faster
		return nil, pages, errors.Join(ErrBusy, os.Remove(made), fresh.Close())
	}
	if err = fresh.Truncate(0); err == nil { // one that was not finished may be longer
		err = enough(fresh, o.Size)
	}
	if err == nil {
		err = errors.Join(fresh.Chmod(0o640), format(fresh, o.Size, wanted)) // the consoles' group reads it, whatever the umask is
	}
	if err == nil && f != nil {
		err = os.Rename(o.Path, o.Path+".old")
	}
	if err == nil {
		err = os.Rename(made, o.Path)
	}
	if err != nil {
		err = fmt.Errorf("history: make %s of %d MiB: %w", o.Path, o.Size>>20, err)
		return nil, pages, errors.Join(err, os.Remove(made), fresh.Close())
	}
	return fresh, wanted, nil
}

// enough reports, as an error, that a file of size bytes would leave its disk full: others need that more.
func enough(f *os.File, size int64) error {
	var s unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &s); err != nil {
		return fmt.Errorf("statfs: %w", err)
	}
	if free := int64(s.Bavail) * int64(s.Frsize); free < 2*size && s.Blocks > 0 { // without blocks it does not say
		return fmt.Errorf("%d MiB are free, and as many as the recording has must stay so: %w", free>>20, unix.ENOSPC)
	}
	return nil
}

// lock opens a regular file and takes its lock. The file is at the path, then, and nobody else puts another one there.
func lock(path string, create int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|create|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o640)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("is not a regular file: name another with history.path")
	}
	if err == nil {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	if err == nil {
		if there, e := os.Lstat(path); e != nil || !os.SameFile(info, there) { // renamed since it was opened
			err = unix.EWOULDBLOCK
		}
	}
	switch {
	case errors.Is(err, unix.EWOULDBLOCK):
		return nil, errors.Join(ErrBusy, f.Close())
	case err != nil:
		return nil, errors.Join(fmt.Errorf("history: %s %w", path, err), f.Close())
	}
	return f, nil
}

// start finds where to go on.
func (w *Writer) start(pages [tierCount]int) error {
	if err := saveSchema(w.file); err != nil {
		return err
	}
	first := 0
	for i := range w.tiers {
		t := &w.tiers[i]
		t.number, t.first, t.count = uint8(i), first, pages[i]
		first += pages[i]
		t.resume(w.file, w.bootID)
	}
	return nil
}

// format writes a file whole, once: what is only reserved costs the journal of a filesystem a transaction at its first use, and
// a disk that is full says so now and not later.
func format(f file, size int64, pages [tierCount]int) error {
	zero := make([]byte, 1<<20)
	for at := int64(0); at < size; at += int64(len(zero)) {
		if _, err := f.WriteAt(zero[:min(int64(len(zero)), size-at)], at); err != nil {
			return err
		}
	}
	b := zero[:superblock]
	copy(b, magic)
	binary.LittleEndian.PutUint16(b[8:], version)
	binary.LittleEndian.PutUint16(b[10:], tierCount)
	binary.LittleEndian.PutUint32(b[12:], pageSize)
	for i, n := range pages {
		binary.LittleEndian.PutUint32(b[16+4*i:], uint32(n))
	}
	binary.LittleEndian.PutUint64(b[32:], uint64(time.Now().UnixMilli()))
	binary.LittleEndian.PutUint32(b[40:], crc32.Checksum(b[:40], castagnoli))
	for _, at := range [...]int64{superblock, 0} {
		if _, err := f.WriteAt(b, at); err != nil {
			return err
		}
	}
	return unix.Fdatasync(int(f.Fd()))
}

var (
	errForeign = errors.New("is no recording of this program")
	errNewer   = errors.New("was written by a version of this program that this one does not know")
)

// parseSuperblock returns the pages of each tier.
func parseSuperblock(f io.ReaderAt) (pages [tierCount]int, err error) {
	b := make([]byte, superblock)
	err = errForeign
	for _, at := range [...]int64{0, superblock} {
		if n, _ := f.ReadAt(b, at); n < superblock || string(b[:8]) != magic || binary.LittleEndian.Uint32(b[40:]) != crc32.Checksum(b[:40], castagnoli) {
			continue
		}
		if binary.LittleEndian.Uint16(b[8:]) != version || binary.LittleEndian.Uint16(b[10:]) != tierCount || binary.LittleEndian.Uint32(b[12:]) != pageSize {
			return pages, errNewer
		}
		all := int64(0)
		for i := range pages {
			pages[i] = int(binary.LittleEndian.Uint32(b[16+4*i:]))
			all += int64(pages[i])
			if pages[i] == 0 {
				return pages, errForeign
			}
		}
		if all*pageSize > MaxSize {
			return pages, errForeign
		}
		return pages, nil
	}
	return pages, err
}

// parseBootID reads 32 hexadecimal digits, with hyphens anywhere.
func parseBootID(text string) (id [16]byte) {
	n := 0
	for i := 0; i < len(text) && n < 32; i++ {
		c := text[i]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		default:
			continue
		}
		id[n/2] = id[n/2]<<4 | c
		n++
	}
	return id
}

// saveSchema writes this version's schema, in the place of the oldest, unless the file has it.
func saveSchema(f file) error {
	oldest, first := 0, int64(1<<63-1)
	head := make([]byte, 24)
	for i := range schemaSlots {
		text, written := loadSchema(f, i)
		if text == layout().schema {
			return nil
		}
		if text == "" {
			written = 0
		}
		if written < first {
			oldest, first = i, written
		}
	}
	binary.LittleEndian.PutUint64(head, layout().id)
	binary.LittleEndian.PutUint32(head[8:], uint32(len(layout().schema)))
	binary.LittleEndian.PutUint32(head[12:], crc32.Checksum([]byte(layout().schema), castagnoli))
	binary.LittleEndian.PutUint64(head[16:], uint64(time.Now().UnixMilli()))
	_, err := f.WriteAt(append(head, layout().schema...), schemaArea+int64(oldest)*schemaSlot)
	return err
}

// loadSchema reads slot i; the empty text: it has none.
func loadSchema(f io.ReaderAt, i int) (text string, written int64) {
	b := make([]byte, schemaSlot)
	if n, _ := f.ReadAt(b, schemaArea+int64(i)*schemaSlot); n < len(b) {
		return "", 0
	}
	n := binary.LittleEndian.Uint32(b[8:])
	if n == 0 || n > schemaSlot-24 || binary.LittleEndian.Uint32(b[12:]) != crc32.Checksum(b[24:24+n], castagnoli) {
		return "", 0
	}
	return string(b[24 : 24+n]), int64(binary.LittleEndian.Uint64(b[16:]))
}

// resume finds where a tier goes on: in its newest page, where that is of this boot and this schema, else in the next one. A page
// that cannot be read is lost; it is written when its turn comes.
func (t *tier) resume(f file, bootID [16]byte) {
	head := make([]byte, pageHeader)
	var newest pageHead
	for i := range t.count {
		if _, err := f.ReadAt(head, t.offset(i)); err != nil {
			continue
		}
		if h, ok := parseHead(head); ok && h.tier == t.number && h.seq > newest.seq {
			newest, t.slot = h, i
		}
	}
	if t.seq = newest.seq; t.seq == 0 {
		t.slot = -1
		return
	}
	if newest.bootID != bootID || newest.schema != layout().id || t.number == burstTier {
		return
	}
	r := reading{head: newest, bytes: make([]byte, pageSize), skim: true}
	if _, err := f.ReadAt(r.bytes, t.offset(t.slot)); err != nil {
		return
	}
	r.rewind()
	for more := true; more; {
		_, more = r.next()
	}
	t.page.resume(&r)
}

// offset is where page i of the tier lies in the file.
func (t *tier) offset(i int) int64 { return pagesAt + int64(t.first+i)*pageSize }

// locked reports whether a process has the lock of a recording.
func locked(f *os.File) bool {
	if err := unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB); err != nil {
		return errors.Is(err, unix.EWOULDBLOCK)
	}
	_ = unix.Flock(int(f.Fd()), unix.LOCK_UN) // closing it does the same
	return false
}
