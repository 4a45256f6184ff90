// Package jwrite writes systemd journal files for tests, in all variants of the format, as journald does: through a
// mapping, so that a reader sees them grow. journalctl --verify accepts what it writes.
//
// Format: systemd.io/JOURNAL_FILE_FORMAT
package jwrite

import (
	"bytes"
	"encoding/binary"
	"os"
	"slices"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Options are the variants of the format. The zero value is what systemd 239 wrote without compression.
type Options struct {
	Compact    bool
	Keyed      bool
	TailBoot   bool // the compatible flag TAIL_ENTRY_BOOT_ID
	Packing    Packing
	Threshold  int // bytes from which a field is compressed; 0: 512
	HeaderSize int // of the version that is imitated: 208, 224, 240, 256, 264 or 272, which 0 means

	File, Machine, SeqID [16]byte
}

// Entry is what is appended: "NAME=value" each.
type Entry struct {
	Seq       uint64 // 0: one more than the last
	Realtime  uint64
	Monotonic uint64
	Boot      [16]byte
	Fields    []string
}

// States of a file.
const (
	Offline byte = iota
	Online
	Archived
)

// Offsets in the header.
const (
	atCompatible    = 8
	atIncompatible  = 12
	atState         = 16
	atFileID        = 24
	atMachine       = 40
	atBoot          = 56
	atSeqID         = 72
	atHeaderSize    = 88
	atArena         = 96
	atDataTable     = 104
	atFieldTable    = 120
	atTail          = 136
	atObjects       = 144
	atEntries       = 152
	atTailSeq       = 160
	atHeadSeq       = 168
	atArrays        = 176
	atHeadTime      = 184
	atTailTime      = 192
	atTailMono      = 200
	atData          = 208
	atFields        = 216
	atArrayCount    = 232
	atDataDepth     = 240
	atFieldDepth    = 248
	atTailArray     = 256
	atTailArrayUsed = 260
	atTailEntry     = 264
)

const (
	dataBuckets  = 2047
	fieldBuckets = 333
	growth       = 256 << 10 // journald takes 8 MiB at a time
)

var le = binary.LittleEndian

// Writer writes one file. One goroutine uses it.
type Writer struct {
	o      Options
	file   *os.File
	mem    []byte
	header int
	end    uint64 // of the objects
	seq    uint64
	data   map[string]uint64 // offsets of DATA objects by payload
	fields map[string]uint64
	arrays arrays // of all entries
	of     map[uint64]*arrays
}

// Create makes a file that is online and has no entries.
func Create(path string, o Options) (*Writer, error) {
	if o.HeaderSize == 0 {
		o.HeaderSize = 272
	}
	if o.Threshold == 0 {
		o.Threshold = 512
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	w := &Writer{o: o, file: file, header: o.HeaderSize, end: uint64(o.HeaderSize),
		data: map[string]uint64{}, fields: map[string]uint64{}, of: map[uint64]*arrays{}}
	if err = w.grow(w.end); err != nil {
		return nil, err
	}
	w.arrays.head = atArrays
	copy(w.mem, "LPKSHHRH")
	w.put32(atIncompatible, w.flags())
	if o.TailBoot {
		w.put32(atCompatible, 1<<1)
	}
	w.mem[atState] = Online
	copy(w.mem[atFileID:], o.File[:])
	copy(w.mem[atMachine:], o.Machine[:])
	copy(w.mem[atSeqID:], o.SeqID[:])
	w.put(atHeaderSize, w.end)
	if err = w.table(atDataTable, 4, dataBuckets); err != nil {
		return nil, err
	}
	return w, w.table(atFieldTable, 5, fieldBuckets)
}

func (w *Writer) flags() uint32 {
	flags := w.o.Packing.flag()
	if w.o.Keyed {
		flags |= 1 << 2
	}
	if w.o.Compact {
		flags |= 1 << 4
	}
	return flags
}

// table makes a hash table; the header has the place and the size of its buckets.
func (w *Writer) table(at int, kind byte, buckets uint64) error {
	off, err := w.object(kind, 0, 16+16*buckets)
	w.put(at, off+16)
	w.put(at+8, 16*buckets)
	return err
}

func (w *Writer) put(at int, v uint64)   { le.PutUint64(w.mem[at:], v) }
func (w *Writer) put32(at int, v uint32) { le.PutUint32(w.mem[at:], v) }
func (w *Writer) get(at int) uint64      { return le.Uint64(w.mem[at:]) }

// count adds to a counter of the header, if this version has it.
func (w *Writer) count(at int) {
	if at < w.header {
		w.put(at, w.get(at)+1)
	}
}

// publish counts an entry, after which readers look for it.
func (w *Writer) publish() {
	n := (*uint64)(unsafe.Pointer(&w.mem[atEntries]))
	var b [8]byte
	le.PutUint64(b[:], w.get(atEntries)+1)
	atomic.StoreUint64(n, binary.NativeEndian.Uint64(b[:]))
}

// grow makes the file so long that end lies in it.
func (w *Writer) grow(end uint64) error {
	if end <= uint64(len(w.mem)) {
		return nil
	}
	size := (end + growth - 1) / growth * growth
	if err := w.unmap(); err != nil {
		return err
	}
	err := w.file.Truncate(int64(size))
	if err != nil {
		return err
	}
	w.mem, err = unix.Mmap(int(w.file.Fd()), 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	return err
}

func (w *Writer) unmap() error {
	if w.mem == nil {
		return nil
	}
	err := unix.Munmap(w.mem)
	w.mem = nil
	return err
}

// object appends an object with room for size bytes.
func (w *Writer) object(kind, flags byte, size uint64) (off uint64, err error) {
	off = w.end
	w.end = (off + size + 7) &^ 7
	if err = w.grow(w.end); err != nil {
		return 0, err
	}
	w.mem[off], w.mem[off+1] = kind, flags
	w.put(int(off)+8, size)
	w.put(atArena, uint64(len(w.mem)-w.header))
	w.put(atTail, off)
	w.count(atObjects)
	return off, nil
}

func (w *Writer) hash(b []byte) uint64 {
	if w.o.Keyed {
		return siphash24(w.o.File, b)
	}
	return jenkins(b)
}

// Append writes an entry; a reader sees it when Append returns.
func (w *Writer) Append(e Entry) error {
	if w.seq++; e.Seq != 0 {
		w.seq = e.Seq
	}
	var items []uint64
	var xor uint64
	for _, field := range e.Fields {
		off, err := w.payload([]byte(field))
		if err != nil {
			return err
		}
		xor ^= jenkins([]byte(field))
		items = append(items, off)
	}
	slices.Sort(items)
	items = slices.Compact(items)
	off, err := w.entry(&e, items, xor)
	if err != nil {
		return err
	}
	if err = w.link(&w.arrays, off); err != nil {
		return err
	}
	first := w.get(atEntries) == 0
	if first {
		w.put(atHeadSeq, w.seq)
		w.put(atHeadTime, e.Realtime)
	}
	w.put(atTailSeq, w.seq)
	w.put(atTailTime, e.Realtime)
	w.put(atTailMono, e.Monotonic)
	copy(w.mem[atBoot:], e.Boot[:])
	if atTailEntry < w.header {
		w.put(atTailEntry, off)
	}
	for _, item := range items {
		if err = w.belong(item, off); err != nil {
			return err
		}
	}
	w.publish()
	return nil
}

func (w *Writer) entry(e *Entry, items []uint64, xor uint64) (off uint64, err error) {
	size := uint64(16)
	if w.o.Compact {
		size = 4
	}
	if off, err = w.object(3, 0, 64+size*uint64(len(items))); err != nil {
		return 0, err
	}
	o := w.mem[off:]
	le.PutUint64(o[16:], w.seq)
	le.PutUint64(o[24:], e.Realtime)
	le.PutUint64(o[32:], e.Monotonic)
	copy(o[40:], e.Boot[:])
	le.PutUint64(o[56:], xor)
	for i, item := range items {
		if w.o.Compact {
			le.PutUint32(o[64+4*i:], uint32(item))
			continue
		}
		le.PutUint64(o[64+16*i:], item)
		le.PutUint64(o[64+16*i+8:], w.get(int(item)+16))
	}
	return off, nil
}

// Tell changes nothing, but watchers of the file are told, as journald does a quarter of a second after an entry.
func (w *Writer) Tell() error { return w.file.Truncate(int64(len(w.mem))) }

// Close ends writing in a state; Online is what a writer that was killed leaves.
func (w *Writer) Close(state byte) error {
	w.mem[atState] = state
	if err := w.unmap(); err != nil {
		return err
	}
	return w.file.Close()
}

// name is the part of a payload before the first "=".
func name(payload []byte) []byte {
	name, _, _ := bytes.Cut(payload, []byte("="))
	return name
}
