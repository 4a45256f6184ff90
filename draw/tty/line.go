package tty

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ttyLine is a terminal's descriptor. It does not block, and the runtime's poller is not given it: that one always asks for
// room as well as for input, so that a terminal which takes a frame would wake the program once more. Input and
// hang-ups are waited for by epoll sets of its own, which the poller is given, and room only where there was none.
type ttyLine struct {
	file  *os.File
	fd    int // file's descriptor, while it is not closed
	input *epollSet
	room  *epollSet
	hup   *epollSet
}

// openLine opens the terminal at path. It is opened anew: O_NONBLOCK must not reach the descriptors that a shell shares.
func openLine(path string) (*ttyLine, error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return newLine(fd, path)
}

// newLine makes a line of a descriptor, which it owns from now on. The name is for errors.
func newLine(fd int, name string) (*ttyLine, error) {
	// NewFile gives the poller what does not block.
	err := unix.SetNonblock(fd, false)
	l := &ttyLine{file: os.NewFile(uintptr(fd), name), fd: fd}
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err == nil {
		l.input, err = newEpollSet(fd, unix.EPOLLIN)
	}
	if err == nil {
		l.room, err = newEpollSet(fd, 0)
	}
	if err == nil {
		l.hup, err = newEpollSet(fd, 0)
	}
	if err != nil {
		l.Close()
		return nil, &fs.PathError{Op: "watch", Path: name, Err: err}
	}
	return l, nil
}

// Read waits for input until the deadline for reading, which it looks at first.
func (l *ttyLine) Read(p []byte) (int, error) {
	for {
		if err := l.input.wait(); err != nil {
			return 0, err
		}
		if n, err := l.file.Read(p); !errors.Is(err, unix.EAGAIN) {
			return n, err
		}
	}
}

// Write writes all of p, and waits for room until the deadline for writing, which ends only a wait.
func (l *ttyLine) Write(p []byte) (int, error) {
	done := 0
	for {
		n, err := l.file.Write(p[done:])
		done += n
		if !errors.Is(err, unix.EAGAIN) {
			return done, err
		}
		if err := l.room.ask(l.fd, unix.EPOLLOUT|unix.EPOLLONESHOT); err != nil {
			return done, err
		}
		if err := l.room.wait(); err != nil {
			return done, err
		}
	}
}

func (l *ttyLine) SetReadDeadline(at time.Time) error  { return l.input.file.SetReadDeadline(at) }
func (l *ttyLine) SetWriteDeadline(at time.Time) error { return l.room.file.SetReadDeadline(at) }

// Close ends all that waits.
func (l *ttyLine) Close() error {
	for _, s := range []*epollSet{l.input, l.room, l.hup} {
		if s != nil {
			s.file.Close()
		}
	}
	return l.file.Close()
}

// epollSet waits for what happens to one descriptor: what it was asked for, and hang-ups always.
type epollSet struct {
	file *os.File
	conn syscall.RawConn
}

func newEpollSet(fd int, events uint32) (*epollSet, error) {
	set, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	// Non-blocking first: NewFile gives only such descriptors to the poller.
	if err = unix.SetNonblock(set, true); err == nil {
		err = unix.EpollCtl(set, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: events})
	}
	s := &epollSet{file: os.NewFile(uintptr(set), "epoll")}
	if err == nil {
		s.conn, err = s.file.SyscallConn()
	}
	if err != nil {
		s.file.Close()
		return nil, err
	}
	return s, nil
}

// ask changes what is waited for.
func (s *epollSet) ask(fd int, events uint32) error {
	var failed error
	err := s.conn.Control(func(set uintptr) {
		failed = unix.EpollCtl(int(set), unix.EPOLL_CTL_MOD, fd, &unix.EpollEvent{Events: events})
	})
	return errors.Join(err, failed)
}

// wait returns nil when something has happened, os.ErrDeadlineExceeded at the deadline and os.ErrClosed after a close.
func (s *epollSet) wait() error {
	err := s.conn.Read(happened)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return os.ErrClosed // the poller's own word for it is another
	}
	return err
}

func happened(set uintptr) bool {
	var events [1]unix.EpollEvent
	n, _ := unix.EpollWait(int(set), events[:], 0) // which waits for nothing and so is never interrupted
	return n > 0
}
