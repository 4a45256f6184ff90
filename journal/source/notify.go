package source

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// What is watched: of a directory its names, of a file its content.
const (
	dirEvents = unix.IN_CREATE | unix.IN_MOVED_TO | unix.IN_MOVED_FROM | unix.IN_DELETE | unix.IN_ATTRIB |
		unix.IN_DELETE_SELF | unix.IN_MOVE_SELF | unix.IN_ONLYDIR
	fileEvents = unix.IN_MODIFY | unix.IN_ATTRIB
)

// notifier wakes a file source through one inotify instance. Where there is none to be had (their number is limited
// for each user), it only waits. One goroutine uses it.
//
// Kernel: Documentation/filesystems/inotify.rst
type notifier struct {
	inotify *os.File // nil: none
	dirs    map[string]int32
	files   map[int32]*file
	events  []byte
}

func newNotifier() *notifier {
	n := &notifier{dirs: map[string]int32{}, files: map[int32]*file{}, events: make([]byte, 16<<10)}
	if fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK); err == nil {
		n.inotify = os.NewFile(uintptr(fd), "inotify")
	}
	return n
}

func (n *notifier) close() {
	if n.inotify != nil {
		n.inotify.Close()
	}
}

// watch takes the watch of a path, -1 when it cannot be had: then the slow look has to do.
func (n *notifier) watch(path string, events uint32) int32 {
	if n.inotify == nil {
		return -1
	}
	wd := -1
	conn, err := n.inotify.SyscallConn()
	if err == nil {
		conn.Control(func(fd uintptr) { wd, err = unix.InotifyAddWatch(int(fd), path, events) })
	}
	if err != nil {
		return -1
	}
	return int32(wd)
}

func (n *notifier) forget(wd int32) {
	if n.inotify == nil || wd < 0 {
		return
	}
	if conn, err := n.inotify.SyscallConn(); err == nil {
		conn.Control(func(fd uintptr) { unix.InotifyRmWatch(int(fd), uint32(wd)) })
	}
}

// watchDirs watches these directories and no others. It says whether one is new: what came into it before is not told.
func (n *notifier) watchDirs(dirs []string) (fresh bool) {
	now := make(map[string]int32, len(dirs))
	for _, dir := range dirs {
		if wd := n.watch(dir, dirEvents); wd >= 0 { // again each time: it may be another directory by now
			now[dir] = wd
			old, known := n.dirs[dir]
			fresh = fresh || !known || old != wd
		}
	}
	kept := make(map[int32]bool, len(now))
	for _, wd := range now {
		kept[wd] = true
	}
	for _, wd := range n.dirs {
		if !kept[wd] && n.files[wd] == nil {
			n.forget(wd)
		}
	}
	n.dirs = now
	return fresh
}

// watchFile makes x.dirty follow the file's changes.
func (n *notifier) watchFile(x *file) {
	if wd := n.watch(x.path, fileEvents); wd >= 0 {
		x.wd = wd
		n.files[wd] = x
	}
}

func (n *notifier) unwatchFile(x *file) {
	if x.wd >= 0 && n.files[x.wd] == x {
		delete(n.files, x.wd)
		n.forget(x.wd)
	}
	x.wd = -1
}

// wait returns at the first event, at the deadline or with ctx. Files that changed are dirty then; look says that
// names changed.
func (n *notifier) wait(ctx context.Context, deadline time.Time) (look bool) {
	if n.inotify == nil {
		select {
		case <-time.After(time.Until(deadline)):
		case <-ctx.Done():
		}
		return true
	}
	n.inotify.SetReadDeadline(deadline)
	defer context.AfterFunc(ctx, func() { n.inotify.SetReadDeadline(time.Unix(1, 0)) })()
	got, err := n.inotify.Read(n.events)
	if err != nil {
		return !errors.Is(err, os.ErrDeadlineExceeded)
	}
	for b := n.events[:got]; len(b) >= unix.SizeofInotifyEvent; {
		wd := int32(binary.NativeEndian.Uint32(b))
		mask := binary.NativeEndian.Uint32(b[4:])
		name := binary.NativeEndian.Uint32(b[12:])
		b = b[unix.SizeofInotifyEvent+int(name):]
		x := n.files[wd]
		if x != nil && mask&(unix.IN_MODIFY|unix.IN_ATTRIB) != 0 {
			x.dirty = true
			look = look || mask&unix.IN_ATTRIB != 0
			continue
		}
		if mask&unix.IN_IGNORED != 0 && x != nil {
			delete(n.files, wd)
			x.wd = -1
		}
		look = true
	}
	return look
}
