// Package intake has what the readers of files share: notices of changes from inotify, the identity and state of a file, and
// the longest line that is taken in.
package intake

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/journal"
)

// FolderChanged are the events of a folder after which its files are listed again.
const FolderChanged = unix.IN_CREATE | unix.IN_MOVED_TO | unix.IN_MOVED_FROM | unix.IN_DELETE | unix.IN_DELETE_SELF |
	unix.IN_MOVE_SELF | unix.IN_IGNORED | unix.IN_Q_OVERFLOW

// Inotify is one inotify instance. Its watches only save time: a user has few instances and a limited number of
// watches, and where they are used up the source looks for itself, and note says so. One goroutine uses it.
//
// Kernel: inotify(7), Documentation/admin-guide/sysctl/fs.rst
type Inotify struct {
	Init  func(flags int) (fd int, err error)                          // unix.InotifyInit1, but in tests
	add   func(fd int, path string, events uint32) (wd int, err error) // unix.InotifyAddWatch, but in tests
	file  *os.File                                                     // nil: no instance is to be had
	Lacks string                                                       // what is used up, "" for nothing
	buf   [16 << 10]byte
}

// NewInotify returns an Inotify without an instance of the kernel: Begin gets one.
func NewInotify() Inotify { return Inotify{Init: unix.InotifyInit1, add: unix.InotifyAddWatch} }

// Begin gets an instance if it has none yet, and reports whether it is a new one, which watches nothing. It is called
// before each look, which watches anew what it finds.
func (w *Inotify) Begin() (fresh bool) {
	w.Lacks = ""
	if w.file != nil {
		return false
	}
	fd, err := w.Init(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		w.Lacks = fmt.Sprintf("no inotify instance (fs.inotify.max_user_instances): %v", err)
		return false
	}
	w.file = os.NewFile(uintptr(fd), "inotify")
	return true
}

// Close gives the instance back.
func (w *Inotify) Close() {
	if w.file != nil {
		w.file.Close()
		w.file = nil
	}
}

// Watch returns the watch of a path, -1 when it cannot be had: then the slow look has to do.
func (w *Inotify) Watch(path string, events uint32) int32 {
	if w.file == nil {
		return -1
	}
	wd := -1
	conn, err := w.file.SyscallConn()
	if err == nil {
		conn.Control(func(fd uintptr) { wd, err = w.add(int(fd), path, events) })
	}
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.ENOMEM) {
		w.Lacks = fmt.Sprintf("no inotify watches (fs.inotify.max_user_watches): %v", err)
	}
	if err != nil {
		return -1
	}
	return int32(wd)
}

// Forget ends a watch.
func (w *Inotify) Forget(wd int32) {
	if w.file == nil || wd < 0 {
		return
	}
	if conn, err := w.file.SyscallConn(); err == nil {
		conn.Control(func(fd uintptr) { unix.InotifyRmWatch(int(fd), uint32(wd)) })
	}
}

// Wait returns the events that came first, none at the deadline, or an error when ctx ends.
func (w *Inotify) Wait(ctx context.Context, deadline time.Time) (events []byte, err error) {
	if w.file == nil {
		select {
		case <-time.After(time.Until(deadline)):
			return nil, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	file := w.file // what runs when ctx ends may still do so when w has another, or none
	file.SetReadDeadline(deadline)
	defer context.AfterFunc(ctx, func() { file.SetReadDeadline(time.Unix(1, 0)) })()
	n, err := file.Read(w.buf[:])
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, nil
	case err != nil: // it is of no use any more
		w.Close()
		return nil, nil
	}
	return w.buf[:n], nil
}

// NextEvent takes the first of the events off.
func NextEvent(events []byte) (wd int32, mask uint32, rest []byte) {
	size := unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(events[12:]))
	return int32(binary.NativeEndian.Uint32(events)), binary.NativeEndian.Uint32(events[4:]), events[min(size, len(events)):]
}

// FolderEvent reports whether one of the events is about a folder's list of files.
func FolderEvent(events []byte) bool {
	for len(events) >= unix.SizeofInotifyEvent {
		var mask uint32
		if _, mask, events = NextEvent(events); mask&FolderChanged != 0 {
			return true
		}
	}
	return false
}

const pollMark = "; polled: "

// Note adds to what the source reads that it is polled, and why.
func (w *Inotify) Note(detail string) string {
	detail, _, _ = strings.Cut(detail, pollMark)
	if w.Lacks == "" {
		return detail
	}
	return detail + pollMark + w.Lacks
}

// Tell reports the note, if it has changed.
func (w *Inotify) Tell(sink *journal.Sink) {
	if s := sink.State(); s.Detail != w.Note(s.Detail) {
		sink.Report(s.Health, w.Note(s.Detail))
	}
}
