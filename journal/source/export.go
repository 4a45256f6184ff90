package source

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"time"

	"hypervisor-tui/journal"
)

const (
	exportBuffer = 64 << 10
	messageMax   = 4 * journal.MaxMessage // bytes of a message that are kept; its full length is counted
	fieldMax     = 512                    // of any other field
	binaryMax    = 768 << 20              // journald's own limit (DATA_SIZE_MAX); more is garbage
	nameMax      = 64                     // of a field's name
)

// The fields that an entry is made of. journalctl prints the first two in any case.
const (
	cursorField = iota
	realtimeField
	messageField
	priorityField
	sourceTimeField
	transportField
	systemUnitField
	userUnitField
	aboutUnitField
	identifierField
	commField
	pidField
	syslogPIDField
	fieldCount
)

var fieldNames = [fieldCount]string{"__CURSOR", "__REALTIME_TIMESTAMP", "MESSAGE", "PRIORITY",
	"_SOURCE_REALTIME_TIMESTAMP", "_TRANSPORT", "_SYSTEMD_UNIT", "_SYSTEMD_USER_UNIT", "UNIT", "SYSLOG_IDENTIFIER",
	"_COMM", "_PID", "SYSLOG_PID"}

// Export reads entries from the stream of journalctl -o export. Its memory is fixed; a field that does not fit is cut.
// What is not in the format is skipped up to the next entry's cursor, and counted. One goroutine uses it.
//
// Format: systemd.io/JOURNAL_EXPORT_FORMATS
type Export struct {
	r      *bufio.Reader
	fields [fieldCount]field
	size   [8]byte // scratch: length of a binary field
	lost   bool    // looking for the next entry's cursor
	damage uint64
}

type field struct {
	value []byte // its capacity is fixed
	full  int    // length before it was cut
	set   bool
}

// NewExport returns a reader of the entries in r.
func NewExport(r io.Reader) *Export {
	x := &Export{r: bufio.NewReaderSize(r, exportBuffer)}
	for i := range x.fields {
		size := fieldMax
		if i == messageField {
			size = messageMax
		}
		x.fields[i].value = make([]byte, 0, size)
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
			x.fill(e)
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

// fill makes an entry of the fields.
func (x *Export) fill(e *journal.Entry) {
	message := &x.fields[messageField]
	*e = journal.Entry{
		Time:     x.time(),
		Unit:     x.unit(),
		Severity: journal.Info,
		Message:  message.value,
		Full:     message.full,
	}
	if p, ok := decimal(x.fields[priorityField].value); ok && p <= uint64(journal.Debug) {
		e.Severity = journal.Severity(p)
	}
	pid, ok := decimal(x.fields[pidField].value)
	if !ok {
		pid, _ = decimal(x.fields[syslogPIDField].value)
	}
	if pid <= pidMax {
		e.PID = int(pid)
	}
}

const pidMax = 1 << 22 // PID_MAX_LIMIT

func (x *Export) time() time.Time {
	micros, ok := decimal(x.fields[sourceTimeField].value)
	if !ok {
		micros, _ = decimal(x.fields[realtimeField].value)
	}
	return time.UnixMicro(int64(micros))
}

var (
	kernelUnit = []byte("kernel")
	service    = []byte(".service")
)

// unit names who wrote the entry. What systemd itself says about a unit belongs to that unit, as in journalctl -u;
// only PID 1 is believed there. systemd's other messages go by its identifier, not by init.scope.
func (x *Export) unit() []byte {
	if string(x.fields[transportField].value) == "kernel" {
		return kernelUnit
	}
	if about := x.fields[aboutUnitField].value; len(about) > 0 && string(x.fields[pidField].value) == "1" {
		return bytes.TrimSuffix(about, service)
	}
	for _, i := range [...]int{userUnitField, systemUnitField, identifierField, commField} {
		if name := x.fields[i].value; len(name) > 0 && string(name) != "init.scope" {
			return bytes.TrimSuffix(name, service)
		}
	}
	return nil
}

// decimal reads a whole field that is a number, such as microseconds.
func decimal(b []byte) (n uint64, ok bool) {
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}
