package logfile

import (
	"bytes"
	"io/fs"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/journal"
	"hypervisor-tui/journal/source/intake"
)

const (
	chunk      = 64 << 10 // of a file, read at a time
	longest    = 16 << 20 // a line that is longer is broken there
	seqShift   = 40       // of a Place.Seq: the file's number above, the offset below
	offsetMask = 1<<seqShift - 1
)

// file is one file that is followed, as far as it has been put. It outlives its name: a rotation changes the path, a
// truncation makes another file of it. What is remembered of an unfinished line are two offsets; its text is read again.
type file struct {
	number  uint64 // among all files that the source has seen, from 1
	id      intake.FileID
	path    string
	name    *string // path, for who watches over us; never changed
	base    string  // the live path that it belongs to
	pod     []byte  // whose log it is, as namespace/name; nil: of none
	live    bool    // a pattern names it; else it was rotated away
	copied  bool    // a copy of the live file, which is about to be truncated
	size    int64   // as last seen
	changed int64
	offset  int64 // of the next line: what lies before has been put
	scanned int64 // there is no line end from offset up to here
	resting bool  // at the last rescan, nothing had been added for a while
	dirty   bool
	missed  int // rescans in a row that did not find it
	wd      int32
	fd      int // -1: closed
	used    uint64
	still   time.Time // since when size and changed have not been seen to change
	old     int64     // what lies before this offset was there before us
	said    time.Time // what the last line said that says a time
	saidAt  time.Time // when that was read
	parts   [2]*part  // of lines of stdout and of stderr that the next line goes on with
	trace   *trace    // to which the next line may belong
}

// trace is lines that make one entry. It ends with a line of another stream.
type trace struct {
	journal.Trace
	part
	stream, lines int
}

const (
	noStream   = 2 // beside stdout and stderr
	traceLines = partsReach
	traceMax   = windowSize     // bytes of a trace; what comes then are entries of their own
	traceReach = 2 * windowSize // the same with what a container's runtime puts before its lines
)

// part is the beginning of a line that a container's runtime broke.
type part struct {
	text []byte
	full int
	seq  uint64 // where it begins
	time time.Time
}

// seq is the Place.Seq of the line at offset at.
func (x *file) seq(at int64) uint64 { return x.number<<seqShift | uint64(at+1)&offsetMask }

// open opens a file by its path, as long as that still is the same file. It waits for nothing: a FIFO that took the
// file's place is opened without blocking, and refused.
func (x *file) open() (fd int, err error) {
	fd, err = unix.Open(x.path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, &fs.PathError{Op: "open", Path: x.path, Err: err}
	}
	s, err := intake.StatFD(fd)
	if err == nil && (s.ID != x.id || !s.Regular()) {
		err = errMoved
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// lineFunc takes a line of full bytes that starts at offset at; of a long one its first lineMax bytes. The memory is
// its own until it returns.
type lineFunc func(line []byte, full int, at int64) error

// read hands the lines that are complete to put, about limit bytes of them. more reports whether there are further ones. buf
// is scratch of chunk bytes.
func (x *file) read(buf []byte, limit int, put lineFunc) (more bool, err error) {
	for limit > 0 {
		if x.scanned-x.offset >= chunk {
			found, err := x.readLong(buf, &limit, put)
			if err != nil || !found {
				return false, err
			}
			continue
		}
		n, err := pread(x.fd, buf[:chunk], x.offset)
		if err != nil {
			return false, err
		}
		limit -= n
		if err = x.lines(buf[:n], put); err != nil || n < chunk {
			return false, err
		}
	}
	return true, nil
}

// lines puts the complete lines of b, which starts at x.offset.
func (x *file) lines(b []byte, put lineFunc) error {
	for {
		if nul := len(b) - len(bytes.TrimLeft(b, "\x00")); nul > 0 { // a hole left by a truncation
			x.offset += int64(nul)
			b = b[nul:]
		}
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			x.scanned = x.offset + int64(len(b))
			return nil
		}
		at := x.offset
		x.offset += int64(end) + 1
		x.scanned = x.offset
		if err := put(b[:min(end, intake.LineMax)], end, at); err != nil {
			return err
		}
		b = b[end+1:]
	}
}

// readLong looks for the end of a line that is longer than a chunk, and puts it.
func (x *file) readLong(buf []byte, limit *int, put lineFunc) (found bool, err error) {
	for x.scanned-x.offset < longest {
		n, err := pread(x.fd, buf[:chunk], x.scanned)
		if err != nil || n == 0 {
			return false, err
		}
		*limit -= n
		end := bytes.IndexByte(buf[:n], '\n')
		if end >= 0 {
			x.scanned += int64(end)
			return true, x.putUnread(buf, 1, put)
		}
		x.scanned += int64(n)
	}
	return true, x.putUnread(buf, 0, put)
}

// putUnread puts what lies between offset and scanned as a line, and goes on behind its end of skip bytes.
func (x *file) putUnread(buf []byte, skip int64, put lineFunc) error {
	at, full := x.offset, int(x.scanned-x.offset)
	n, err := pread(x.fd, buf[:min(full, intake.LineMax)], at)
	if err != nil {
		return err
	}
	x.offset = x.scanned + skip
	x.scanned = x.offset
	return put(buf[:n], full, at)
}

// backfill makes the file start with its last lines: those of the last chunk, at most limit, from one on whose time is
// known if there is one. It reports whether older ones are left out.
func (x *file) backfill(buf []byte, limit int, format Format) (cut bool, err error) {
	from := max(0, x.size-chunk)
	n, err := pread(x.fd, buf[:chunk], from)
	if err != nil {
		return false, err
	}
	b := buf[:n]
	if from > 0 {
		end := bytes.IndexByte(b, '\n')
		b = b[end+1:] // all of it when one line fills the chunk: then that line is cut at its front
	}
	for extra := bytes.Count(b, newline) - limit; extra > 0; extra-- {
		b = b[bytes.IndexByte(b, '\n')+1:]
	}
	for len(b) < n || from > 0 {
		whole := len(b)
		if b = outOfTrace(b); format != Plain {
			b = x.firstDated(b)
		}
		if len(b) == whole {
			break
		}
	}
	if format != Plain {
		x.firstDated(b)
	}
	x.offset = from + int64(n-len(b))
	x.scanned = x.offset
	return x.offset > 0, nil
}

// outOfTrace leaves out the first lines that may belong to a trace which began before them, if others follow.
func outOfTrace(b []byte) []byte {
	rest := b
	for {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			return b
		}
		line := rest[:end]
		if c, ok := journal.ParseCRI(line); ok {
			line = c.Payload
		}
		if !journal.InTrace(line) {
			return rest
		}
		rest = rest[end+1:]
	}
}

// firstDated keeps the time that the first line says which says one, and returns what begins there, b when none does.
func (x *file) firstDated(b []byte) []byte {
	for rest := b; ; {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			return b
		}
		if t, ok := journal.TextTime(rest[:min(end, intake.LineMax)], time.Unix(0, x.changed)); ok {
			x.said = t
			return rest
		}
		rest = rest[end+1:]
	}
}

// skip leaves lines out up to about the last chunk, and returns how many.
func (x *file) skip(buf []byte) (lines int, err error) {
	for at := x.offset; at < x.size-chunk; {
		n, err := pread(x.fd, buf[:chunk], at)
		if err != nil || n == 0 {
			return lines, err
		}
		at += int64(n)
		if last := bytes.LastIndexByte(buf[:n], '\n'); last >= 0 {
			lines += bytes.Count(buf[:n], newline)
			x.offset = at - int64(n-last-1)
			x.scanned = x.offset
		}
	}
	return lines, nil
}

var newline = []byte{'\n'}

// pread fills b from offset at as far as the file goes.
func pread(fd int, b []byte, at int64) (n int, err error) {
	for n < len(b) {
		m, err := unix.Pread(fd, b[n:], at+int64(n))
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return n, err
		}
		if m == 0 {
			break
		}
		n += m
	}
	return n, nil
}
