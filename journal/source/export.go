package source

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"io"

	"hypervisor-tui/journal"
)

const (
	exportBuffer = 64 << 10
	binaryMax    = 768 << 20 // journald's own limit (DATA_SIZE_MAX); more is garbage
	nameMax      = 64        // of a field's name
)

// Export reads entries from the stream of journalctl -o export. Its memory is fixed; a field that does not fit is cut.
// What is not in the format is skipped up to the next entry's cursor, and counted. One goroutine uses it.
//
// Format: systemd.io/JOURNAL_EXPORT_FORMATS
type Export struct {
	r      *bufio.Reader
	fields fields
	size   [8]byte // scratch: length of a binary field
	lost   bool    // looking for the next entry's cursor
	damage uint64
}

// NewExport returns a reader of the entries in r.
func NewExport(r io.Reader) *Export {
	x := &Export{r: bufio.NewReaderSize(r, exportBuffer)}
	for i := range x.fields {
		x.fields[i].value = make([]byte, 0, fieldSize(i))
	}
	return x
}

// Next fills e with the next entry that has a message; e's bytes are good until the next call. Entries without one
// have nothing to show. An entry that the stream's end cuts off is not returned, but io.EOF or io.ErrUnexpectedEOF.
// It does not allocate.
func (x *Export) Next(e *journal.Entry) error {
	x.clear()
	for {
		line, err := x.r.ReadSlice('\n')
		long := err == bufio.ErrBufferFull
		if err != nil && !long {
			return err
		}
		if !long {
			line = line[:len(line)-1]
		}
		if x.lost && bytes.HasPrefix(line, cursorStart) {
			x.lost = false
			x.clear()
		}
		switch {
		case x.lost:
			err = x.skipLine(long)
		case len(line) > 0:
			err = x.read(line, long)
		case x.fields[messageField].set:
			x.fields.fill(e)
			return nil
		default:
			x.clear()
		}
		if err == errGarbage {
			x.lost = true
			x.damage++
			err = x.skipLine(long)
		}
		if err != nil {
			return err
		}
	}
}

// Cursor is the position in the journal of the entry that Next returned last; good until the next call.
func (x *Export) Cursor() []byte { return x.fields[cursorField].value }

// Damage is how often the stream was not in the format, with one entry or more lost each time.
func (x *Export) Damage() uint64 { return x.damage }

var (
	cursorStart = []byte("__CURSOR=")
	errGarbage  = errors.New("not in the journal export format")
)

func (x *Export) clear() {
	for i := range x.fields {
		x.fields[i] = field{value: x.fields[i].value[:0]}
	}
}

// read takes in the field that line starts. A long line goes on in the reader.
func (x *Export) read(line []byte, long bool) error {
	end := bytes.IndexByte(line, '=')
	if end < 0 {
		if long || !validName(line) {
			return errGarbage
		}
		return x.readBinary(x.field(line))
	}
	if !validName(line[:end]) {
		return errGarbage
	}
	f := x.field(line[:end])
	f.add(line[end+1:])
	for long {
		more, err := x.r.ReadSlice('\n')
		long = err == bufio.ErrBufferFull
		if err != nil && !long {
			return err
		}
		if !long {
			more = more[:len(more)-1]
		}
		f.add(more)
	}
	f.done()
	return nil
}

// readBinary takes in a field that is a length of 8 bytes, little-endian, the value and a LF.
func (x *Export) readBinary(f *field) error {
	if _, err := io.ReadFull(x.r, x.size[:]); err != nil {
		return err
	}
	size := binary.LittleEndian.Uint64(x.size[:])
	if size > binaryMax {
		return errGarbage
	}
	left := int(size)
	for left > 0 {
		part, err := x.r.Peek(min(left, exportBuffer))
		if err != nil {
			return err
		}
		f.add(part)
		left -= len(part)
		if _, err = x.r.Discard(len(part)); err != nil {
			return err
		}
	}
	f.done()
	if c, err := x.r.ReadByte(); err != nil || c != '\n' {
		return cmp.Or(err, errGarbage)
	}
	return nil
}

// skipLine drops what is left of a long line.
func (x *Export) skipLine(long bool) error {
	for long {
		_, err := x.r.ReadSlice('\n')
		long = err == bufio.ErrBufferFull
		if err != nil && !long {
			return err
		}
	}
	return nil
}

// add appends what fits. Of fields that come twice the first counts, of those that nobody reads (nil) none.
func (f *field) add(part []byte) {
	if f == nil || f.set {
		return
	}
	f.full += len(part)
	f.value = append(f.value, part[:min(len(part), cap(f.value)-len(f.value))]...)
}

func (f *field) done() {
	if f != nil {
		f.set = true
	}
}

func validName(b []byte) bool {
	if len(b) == 0 || len(b) > nameMax {
		return false
	}
	for _, c := range b {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

// field returns the place for a field's value, nil for one that is not wanted.
func (x *Export) field(name []byte) *field {
	for i := range fieldNames {
		if string(name) == fieldNames[i] {
			return &x.fields[i]
		}
	}
	return nil
}
