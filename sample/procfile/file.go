// Package procfile reads the small text files of procfs and sysfs again and again without allocating, and parses what they
// have in common: words, numbers, counters and their rates.
package procfile

import (
	"bytes"
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// PageSize is how much the kernel's seq_file hands out at a time, and the first size of a File's buffer.
const PageSize = 4096

const (
	keptLimit   = 64 << 10 // a file that is longer is not what its name says,
	keptLong    = 2 << 20  // but for those with a line for each CPU or disk: 16,000 of them
	keptLines   = 32 << 20 // of a file that is taken line by line
	longestLine = 64 << 10 // of a line that is longer the rest is passed over
	tiresome    = 100      // so many times a file that was too long is not read again
)

var (
	errNotFile = errors.New("not a regular file")
	errTooLong = errors.New("longer than 64 KiB")
	errLonger  = errors.New("longer than 2 MiB")
	errLongest = errors.New("longer than 32 MiB")
)

// File is a file of procfs or sysfs that is opened once and read from its start again and again into one buffer, which
// grows when the file does and is given back when the file is much shorter. After an error it is opened anew. From the
// second read on it does not allocate, be the file there or not. Only one goroutine may use it.
type File struct {
	name   string // as errors name it: without the root
	path   []byte // with the root, ending in NUL
	long   bool   // it may have keptLong bytes
	Opened bool
	FD     int        // while it is opened
	Buf    []byte     // what the next read goes into; another one may be lent
	last   int        // how long the file was
	rest   int        // reads for which it stays too long
	err    *ReadError // the last one: the same failure again is the same error
}

// ReadError is a failure to read one file.
type ReadError struct {
	Name  string
	Cause error
}

// Error names the file and the cause.
func (e *ReadError) Error() string { return "read " + e.Name + ": " + e.Cause.Error() }

// Unwrap returns the cause.
func (e *ReadError) Unwrap() error { return e.Cause }

// New returns the file name below root; it is opened by the first read.
func New(root, name string) File {
	return File{name: name, path: append([]byte(root+name), 0)}
}

// Aim makes k the file of another path, which has the root, ends in NUL and stays the caller's. Errors go on naming it by
// the old name.
func (k *File) Aim(path []byte) {
	k.Close()
	k.path = path
}

// NewLong returns a file that may be long.
func NewLong(root, name string) File {
	k := New(root, name)
	k.long = true
	return k
}

// Read returns the file's text as it is now. It is the kept file's own memory, good until the next read.
func (k *File) Read() ([]byte, error) {
	most, tooLong := keptLimit, errTooLong
	if k.long {
		most, tooLong = keptLong, errLonger
	}
	if k.rest > 0 {
		k.rest--
		return nil, k.Fail(tooLong)
	}
	text, err := k.Head(most)
	if err == nil && len(text) >= most {
		k.Close()
		k.Buf, k.rest = nil, tiresome
		return nil, k.Fail(tooLong)
	}
	return text, err
}

// Head is read of the first most bytes at least: procfs writes a file as it is read, and the rest costs nothing.
func (k *File) Head(most int) ([]byte, error) {
	if !k.Opened {
		if err := k.open(); err != nil {
			return nil, k.Fail(err)
		}
	}
	if len(k.Buf) > keptLimit && k.last < len(k.Buf)/4 {
		k.Buf = nil
	}
	n := 0
	for {
		if n >= most {
			return k.Buf[:n], nil
		}
		if n == len(k.Buf) {
			k.Buf = append(k.Buf, make([]byte, max(n, PageSize))...)
		}
		// pread, not Read: the file stays open and must be read from 0 each time.
		got, err := unix.Pread(k.FD, k.Buf[n:], int64(n))
		switch {
		case err == unix.EINTR:
		case err != nil:
			k.Close()
			return nil, k.Fail(err)
		case got == 0:
			k.last = n
			return k.Buf[:n], nil
		default:
			n += got
		}
	}
}

// Number returns the one number in the file.
func (k *File) Number() (uint64, error) {
	text, err := k.Read()
	if err != nil {
		return 0, err
	}
	line, _ := CutLine(text)
	n, err := Number(line)
	if err != nil {
		return 0, k.Fail(err)
	}
	return n, nil
}

// Lines hands each line of the file to take, without its end, until take has an error. A line is the kept file's own
// memory, good until take returns; it is cut at longestLine. Only a piece of the file is in memory at a time: procfs
// writes it as it is read. A file of more than keptLines is errLongest.
func (k *File) Lines(take func(line []byte) error) error {
	if k.rest > 0 {
		k.rest--
		return k.Fail(errLongest)
	}
	if !k.Opened {
		if err := k.open(); err != nil {
			return k.Fail(err)
		}
	}
	at, n := int64(0), 0 // where the next piece begins, and how much of a line is left of the last one
	cut := false         // the line was handed over, and its rest is to come
	for at < keptLines {
		if len(k.Buf)-n < PageSize {
			k.Buf = append(k.Buf, make([]byte, max(n, 2*PageSize))...)
		}
		got, err := unix.Pread(k.FD, k.Buf[n:], at)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			k.Close()
			return k.Fail(err)
		case got == 0 && n == 0:
			return nil
		case got == 0: // the last line has no end
			return k.taken(take(k.Buf[:n]))
		}
		at += int64(got)
		rest := k.Buf[:n+got]
		for end := bytes.IndexByte(rest, '\n'); end >= 0; end = bytes.IndexByte(rest, '\n') {
			if !cut {
				err = k.taken(take(rest[:end]))
			}
			if err != nil {
				return err
			}
			cut, rest = false, rest[end+1:]
		}
		if len(rest) >= longestLine && !cut {
			if err := k.taken(take(rest)); err != nil {
				return err
			}
			cut = true
		}
		if cut {
			rest = rest[:0]
		}
		n = copy(k.Buf, rest)
	}
	k.Close()
	k.rest = tiresome
	return k.Fail(errLongest)
}

// taken names the file in what a line was refused for.
func (k *File) taken(err error) error {
	if err != nil {
		return k.Fail(err)
	}
	return nil
}

// open never waits: O_NONBLOCK lets it come back from a FIFO without a writer, and fstat then refuses the FIFO. It
// calls openat itself because unix.Open copies the path each time, and a file that this host lacks is tried each tick.
func (k *File) open() error {
	const flags = unix.O_RDONLY | unix.O_NONBLOCK | unix.O_CLOEXEC | unix.O_LARGEFILE
	at := unix.AT_FDCWD
	fd, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(at), uintptr(unsafe.Pointer(&k.path[0])), flags, 0, 0, 0)
	if errno != 0 {
		return errno
	}
	k.FD, k.Opened = int(fd), true
	var st unix.Stat_t
	if err := unix.Fstat(k.FD, &st); err != nil {
		k.Close()
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		k.Close()
		return errNotFile
	}
	return nil
}

// Close gives the descriptor back; the next read opens the file again.
func (k *File) Close() {
	if k.Opened {
		unix.Close(k.FD)
		k.Opened = false
	}
}

// Fail names the file in err. It allocates only when the cause is not the one of last time.
func (k *File) Fail(cause error) error {
	if k.err == nil || k.err.Cause != cause {
		k.err = &ReadError{Name: k.name, Cause: cause}
	}
	return k.err
}

// ReadText returns the first line of a small file that is read once, cleaned for the screen.
func ReadText(root, name string) (string, error) {
	k := New(root, name)
	defer k.Close()
	text, err := k.Read()
	if err != nil {
		return "", err
	}
	first, _ := CutLine(text)
	return Clean(first), nil
}

// Small returns the first 64 KiB of a regular file, or nil.
func Small(path string) []byte {
	text, _ := ReadSmall("", path)
	return text
}

// ReadSmall returns the first 64 KiB of a regular file below root. Its error names the file without the root.
func ReadSmall(root, path string) ([]byte, error) {
	k := New(root, path)
	defer k.Close()
	text, err := k.Head(keptLimit)
	if err != nil {
		return nil, err
	}
	return text[:min(len(text), keptLimit)], nil
}

// Cause is what lies below an error of package os, which names the file with the root.
func Cause(err error) error {
	var e *os.PathError
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// Missing reports whether the file is not there: this host has no such thing.
func Missing(err error) bool { return errors.Is(err, unix.ENOENT) }
