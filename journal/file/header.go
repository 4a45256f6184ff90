package file

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"strings"
)

// ID is a 128-bit id as systemd has them: of a machine, a boot, a file, a sequence.
type ID [16]byte

// String is the id in hexadecimal, as in the names of directories.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ParseID reads what String writes.
func ParseID(s string) (id ID, err error) {
	b, err := hex.DecodeString(s)
	if err == nil && len(b) != len(id) {
		err = hex.ErrLength
	}
	copy(id[:], b)
	return id, err
}

// State says what the writer has done with a file.
type State byte

// The states of a file.
const (
	Offline  State = iota // closed in order
	Online                // open for writing, or its writer was killed
	Archived              // rotated: never written again
)

// The incompatible flags of a header. A file with one that is not listed here cannot be read.
const (
	FlagXZ      = 1 << iota // some DATA objects are compressed with XZ
	FlagLZ4                 // with LZ4
	FlagKeyed               // the hash tables use siphash24 with the file's id as key
	FlagZSTD                // some are compressed with ZSTD
	FlagCompact             // offsets in entries and arrays have 32 bits
	knownFlags  = 1<<iota - 1
)

const flagTailBoot = 1 << 1 // a compatible flag

// Offsets in the header. Everything up to tail_entry_monotonic is in every version of the format.
const (
	atCompatible   = 8
	atIncompatible = 12
	atState        = 16
	atFileID       = 24
	atMachineID    = 40
	atTailBoot     = 56
	atSeqID        = 72
	atHeaderSize   = 88
	atArenaSize    = 96
	atEntries      = 152
	atTailSeq      = 160
	atHeadSeq      = 168
	atArrays       = 176
	atHeadTime     = 184
	atTailTime     = 192
	atTailMono     = 200
	headerMin      = 208
	headerMax      = 64 << 10 // no version comes near; a larger one is garbage
)

var signature = []byte("LPKSHHRH")

// Header is what a file says about itself. Of a file that is being written it is that of one moment.
type Header struct {
	Incompatible uint32
	State        State
	File         ID // of this file, whatever its name
	Machine      ID
	SeqID        ID     // of the sequence that the entries' numbers belong to: files of one journald share it
	Entries      uint64 // as claimed; File.Len says how many can be reached
	HeadSeq      uint64 // sequence number of the first entry
	TailSeq      uint64
	HeadTime     uint64 // realtime of the first entry, microseconds since 1970
	TailTime     uint64
	TailBoot     ID     // boot of the last entry; older versions put the boot of the last opening here
	TailMono     uint64 // of the last entry, microseconds of CLOCK_MONOTONIC in its boot

	tailKnown bool // TailBoot is that of the last entry

	size uint64 // of the header
}

// FlagsError is a file whose format is newer than this reader.
type FlagsError struct {
	Path  string
	Flags uint32 // the incompatible flags that are not known
}

// Error names the flags by their bits, as they have no names here.
func (e *FlagsError) Error() string {
	var names []string
	for f := e.Flags; f != 0; f &= f - 1 {
		names = append(names, fmt.Sprintf("1<<%d", bits.TrailingZeros32(f)))
	}
	return fmt.Sprintf("%s: unknown incompatible journal flag %s", e.Path, strings.Join(names, ", "))
}

var (
	errNoJournal = errors.New("not a journal file")
	errUnmade    = errors.New("a journal file that is being made")
)

// parseHeader reads the head of a file; b holds at least headerMin bytes. Flags are not judged.
func parseHeader(b []byte) (h Header, err error) {
	if len(b) < headerMin || string(b[:len(signature)]) != string(signature) {
		return h, errNoJournal
	}
	h = Header{
		Incompatible: le.Uint32(b[atIncompatible:]),
		State:        State(b[atState]),
		File:         ID(b[atFileID:]),
		Machine:      ID(b[atMachineID:]),
		SeqID:        ID(b[atSeqID:]),
		TailBoot:     ID(b[atTailBoot:]),
		Entries:      le.Uint64(b[atEntries:]),
		HeadSeq:      le.Uint64(b[atHeadSeq:]),
		TailSeq:      le.Uint64(b[atTailSeq:]),
		HeadTime:     le.Uint64(b[atHeadTime:]),
		TailTime:     le.Uint64(b[atTailTime:]),
		TailMono:     le.Uint64(b[atTailMono:]),
		tailKnown:    le.Uint32(b[atCompatible:])&flagTailBoot != 0,
		size:         le.Uint64(b[atHeaderSize:]),
	}
	if h.size < headerMin || h.size > headerMax || h.size%8 != 0 {
		return h, fmt.Errorf("%w: its header claims %d bytes", errNoJournal, h.size)
	}
	return h, nil
}

// flags is an error when the file needs what this reader does not know.
func (h *Header) flags(path string) error {
	if unknown := h.Incompatible &^ knownFlags; unknown != 0 {
		return &FlagsError{path, unknown}
	}
	return nil
}

// ReadHeader reads the header of a file. The error is a *FlagsError for a format that is too new.
func ReadHeader(path string) (h Header, err error) {
	f, err := os.Open(path)
	if err != nil {
		return h, err
	}
	defer f.Close()
	return readHeader(f)
}

func readHeader(f *os.File) (h Header, err error) {
	var b [headerMin]byte
	if _, err = f.ReadAt(b[:], 0); err != nil && err != io.EOF {
		return h, err
	}
	if b == [headerMin]byte{} && !isRotated(f.Name()) {
		return h, errUnmade
	}
	if h, err = parseHeader(b[:]); err != nil {
		return h, fmt.Errorf("read %s: %w", f.Name(), err)
	}
	return h, h.flags(f.Name())
}
