package source

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// folderChanged are the events of a folder after which its files are listed again.
const folderChanged = unix.IN_CREATE | unix.IN_MOVED_TO | unix.IN_MOVED_FROM | unix.IN_DELETE | unix.IN_DELETE_SELF |
	unix.IN_MOVE_SELF | unix.IN_IGNORED | unix.IN_Q_OVERFLOW

// inotify tells when files in folders change. One goroutine uses it; any may Close it, which ends a wait.
//
// Kernel: inotify(7)
type inotify struct {
	file *os.File
	fd   int
	buf  [16 << 10]byte
}

func newInotify() (*inotify, error) {
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("watch the journal's folders: %w", err)
	}
	return &inotify{file: os.NewFile(uintptr(fd), "inotify"), fd: fd}, nil
}

// Close ends the watch.
func (w *inotify) Close() error { return w.file.Close() }

// add watches a folder; it may be watched already. One that is gone or may not be watched is left to the slow look.
func (w *inotify) add(folder string) {
	unix.InotifyAddWatch(w.fd, folder, folderChanged&0xfff|unix.IN_MODIFY|unix.IN_ONLYDIR)
}

// wait returns when something changed, and whether that was in a folder's list of files, or after most.
func (w *inotify) wait(most time.Duration) (changed, listed bool, err error) {
	if err = w.file.SetReadDeadline(time.Now().Add(most)); err != nil {
		return false, false, err
	}
	n, err := w.file.Read(w.buf[:])
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return false, false, nil
	}
	if err != nil {
		return false, false, fmt.Errorf("watch the journal's folders: %w", err)
	}
	return true, folderEvent(w.buf[:n]), nil
}

// folderEvent says whether one of the events is about a folder's list of files.
func folderEvent(b []byte) bool {
	const head = int(unsafe.Sizeof(unix.InotifyEvent{}))
	for len(b) >= head {
		mask, name := binary.NativeEndian.Uint32(b[4:]), binary.NativeEndian.Uint32(b[12:])
		if mask&folderChanged != 0 {
			return true
		}
		b = b[min(head+int(name), len(b)):]
	}
	return false
}
