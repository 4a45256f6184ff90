package sample

import (
	"bytes"
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	keptSize    = 4096     // first size of a kept file's buffer: a page, as seq_file hands them out
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

// kept is a file of procfs or sysfs that is opened once and read from its start again and again into one buffer, which
// grows when the file does and is given back when the file is much shorter. After an error it is opened anew. From the
// second read on it does not allocate, be the file there or not. Only one goroutine may use it.
type kept struct {
	name   string // as errors name it: without the root
	path   []byte // with the root, ending in NUL
	long   bool   // it may have keptLong bytes
	opened bool
	fd     int
	buf    []byte
	last   int        // how long the file was
	rest   int        // reads for which it stays too long
	err    *readError // the last one: the same failure again is the same error
}

// readError is a failure to read one file.
type readError struct {
	name  string
	cause error
}

func (e *readError) Error() string { return "read " + e.name + ": " + e.cause.Error() }
func (e *readError) Unwrap() error { return e.cause }

// keep returns the file name below root; it is opened by the first read.
func keep(root, name string) kept {
	return kept{name: name, path: append([]byte(root+name), 0)}
}

// keepLong returns a file that may be long.
func keepLong(root, name string) kept {
	k := keep(root, name)
	k.long = true
	return k
}

// read returns the file's text as it is now. It is the kept file's own memory, good until the next read.
func (k *kept) read() ([]byte, error) {
	most, tooLong := keptLimit, errTooLong
	if k.long {
		most, tooLong = keptLong, errLonger
	}
	if k.rest > 0 {
		k.rest--
		return nil, k.fail(tooLong)
	}
	text, err := k.head(most)
	if err == nil && len(text) >= most {
		k.close()
		k.buf, k.rest = nil, tiresome
		return nil, k.fail(tooLong)
	}
	return text, err
}

// head is read of the first most bytes at least: procfs writes a file as it is read, and the rest costs nothing.
func (k *kept) head(most int) ([]byte, error) {
	if !k.opened {
		if err := k.open(); err != nil {
			return nil, k.fail(err)
		}
	}
	if len(k.buf) > keptLimit && k.last < len(k.buf)/4 {
		k.buf = nil
	}
	n := 0
	for {
		if n >= most {
			return k.buf[:n], nil
		}
		if n == len(k.buf) {
			k.buf = append(k.buf, make([]byte, max(n, keptSize))...)
		}
		// pread, not Read: the file stays open and must be read from 0 each time.
		got, err := unix.Pread(k.fd, k.buf[n:], int64(n))
		switch {
		case err == unix.EINTR:
		case err != nil:
			k.close()
			return nil, k.fail(err)
		case got == 0:
			k.last = n
			return k.buf[:n], nil
		default:
			n += got
		}
	}
}

// lines hands each line of the file to take, without its end, until take has an error. A line is the kept file's own
// memory, good until take returns; it is cut at longestLine. Only a piece of the file is in memory at a time: procfs
// writes it as it is read. A file of more than keptLines is errLongest.
func (k *kept) lines(take func(line []byte) error) error {
	if k.rest > 0 {
		k.rest--
		return k.fail(errLongest)
	}
	if !k.opened {
		if err := k.open(); err != nil {
			return k.fail(err)
		}
	}
	at, n := int64(0), 0 // where the next piece begins, and how much of a line is left of the last one
	cut := false         // the line was handed over, and its rest is to come
	for at < keptLines {
		if len(k.buf)-n < keptSize {
			k.buf = append(k.buf, make([]byte, max(n, 2*keptSize))...)
		}
		got, err := unix.Pread(k.fd, k.buf[n:], at)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			k.close()
			return k.fail(err)
		case got == 0 && (n == 0 || cut):
			return nil
		case got == 0: // the last line has no end
			return k.taken(take(k.buf[:n]))
		}
		at += int64(got)
		rest := k.buf[:n+got]
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
		n = copy(k.buf, rest)
	}
	k.close()
	k.rest = tiresome
	return k.fail(errLongest)
}

// taken names the file in what a line was refused for.
func (k *kept) taken(err error) error {
	if err != nil {
		return k.fail(err)
	}
	return nil
}

// open never waits: O_NONBLOCK lets it come back from a FIFO without a writer, and fstat then refuses the FIFO. It
// calls openat itself because unix.Open copies the path each time, and a file that this host lacks is tried each tick.
func (k *kept) open() error {
	const flags = unix.O_RDONLY | unix.O_NONBLOCK | unix.O_CLOEXEC | unix.O_LARGEFILE
	at := unix.AT_FDCWD
	fd, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(at), uintptr(unsafe.Pointer(&k.path[0])), flags, 0, 0, 0)
	if errno != 0 {
		return errno
	}
	k.fd, k.opened = int(fd), true
	var st unix.Stat_t
	if err := unix.Fstat(k.fd, &st); err != nil {
		k.close()
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		k.close()
		return errNotFile
	}
	return nil
}

// close gives the descriptor back; the next read opens the file again.
func (k *kept) close() {
	if k.opened {
		unix.Close(k.fd)
		k.opened = false
	}
}

// fail names the file in err. It allocates only when the cause is not the one of last time.
func (k *kept) fail(cause error) error {
	if k.err == nil || k.err.cause != cause {
		k.err = &readError{name: k.name, cause: cause}
	}
	return k.err
}

// readText returns the first line of a small file that is read once, cleaned for the screen.
func readText(root, name string) (string, error) {
	k := keep(root, name)
	defer k.close()
	text, err := k.read()
	if err != nil {
		return "", err
	}
	first, _ := cutLine(text)
	return outside(first), nil
}

// cause is what lies below an error of package os, which names the file with the root.
func cause(err error) error {
	var e *os.PathError
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// missing says that the file is not there: this host has no such thing.
func missing(err error) bool { return errors.Is(err, unix.ENOENT) }
