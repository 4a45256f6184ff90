package logfile

import (
	"context"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/journal/source/intake"
)

// What is watched: of a directory its names, of a file its content.
const (
	dirEvents = unix.IN_CREATE | unix.IN_MOVED_TO | unix.IN_MOVED_FROM | unix.IN_DELETE | unix.IN_ATTRIB |
		unix.IN_DELETE_SELF | unix.IN_MOVE_SELF | unix.IN_ONLYDIR
	fileEvents = unix.IN_MODIFY | unix.IN_ATTRIB
)

// notifier wakes a file source. One goroutine uses it.
type notifier struct {
	intake.Inotify
	dirs  map[string]int32
	files map[int32]*file
}

func newNotifier() *notifier {
	return &notifier{Inotify: intake.NewInotify(), dirs: map[string]int32{}, files: map[int32]*file{}}
}

// begin gets an instance if it has none.
func (n *notifier) begin() {
	if n.Inotify.Begin() {
		for _, x := range n.files {
			x.wd = -1
		}
		clear(n.files)
		clear(n.dirs)
	}
}

// watchDirs watches these directories and no others. It reports whether one is new: what came into it before is not told.
func (n *notifier) watchDirs(dirs []string) (fresh bool) {
	now := make(map[string]int32, len(dirs))
	for _, dir := range dirs {
		if wd := n.Watch(dir, dirEvents); wd >= 0 { // again each time: it may be another directory by now
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
			n.Forget(wd)
		}
	}
	n.dirs = now
	return fresh
}

// watchFile makes x.dirty follow the file's changes.
func (n *notifier) watchFile(x *file) {
	if wd := n.Watch(x.path, fileEvents); wd >= 0 {
		x.wd = wd
		n.files[wd] = x
	}
}

func (n *notifier) unwatchFile(x *file) {
	if x.wd >= 0 && n.files[x.wd] == x {
		delete(n.files, x.wd)
		n.Forget(x.wd)
	}
	x.wd = -1
}

// wait returns at the first event, at the deadline or with ctx. Files that changed are dirty then; it reports whether
// names changed, or may have.
func (n *notifier) wait(ctx context.Context, deadline time.Time) (rescan bool) {
	events, err := n.Inotify.Wait(ctx, deadline)
	if err != nil {
		return true
	}
	for len(events) >= unix.SizeofInotifyEvent {
		var wd int32
		var mask uint32
		wd, mask, events = intake.NextEvent(events)
		x := n.files[wd]
		if x != nil && mask&(unix.IN_MODIFY|unix.IN_ATTRIB) != 0 {
			x.dirty = true
			rescan = rescan || mask&unix.IN_ATTRIB != 0
			continue
		}
		if mask&unix.IN_IGNORED != 0 && x != nil {
			delete(n.files, wd)
			x.wd = -1
		}
		rescan = true
	}
	return rescan
}
