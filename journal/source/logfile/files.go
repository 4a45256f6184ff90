// Package logfile follows log files by patterns: pods' logs of containerd, and plain ones.
package logfile

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/wakeup"
	"hypervisor-tui/journal"
	"hypervisor-tui/journal/source/intake"
)

// Format says how the lines of files are read.
type Format string

// The formats. Auto takes a line of a container's runtime for what it is, and a line's time from its own text.
const (
	Auto  Format = "auto"
	CRI   Format = "cri"   // only lines of a container's runtime; others are counted as lost
	Plain Format = "plain" // each line as it is; its time is that of reading, or of the file's last change if it was there before
)

const (
	rescanInterval = 5 * time.Second       // between rescans of the names without an event
	pausesMax      = 60                    // rescans that are left out at most where inotify reports all changes
	restAfter      = 2 * time.Second       // that nothing was added to a line without an end, before it is taken as it is
	restRotated    = 6 * restAfter         // the same for a file that was rotated away
	nap            = 25 * time.Millisecond // between two rounds, so that a busy file does not wake us for each line
	backfillMax    = 1000                  // lines that a file starts with
	roundMax       = 1 << 20               // bytes of one file that are read before the next file's turn
	behindMax      = 64 << 20              // bytes that a file may be ahead of us; what is older is counted as lost
	openMax        = 8                     // descriptors of files that are kept open
	missedMax      = 8                     // rescans that may miss a file: a listing during a rotation can lack it
	bornSlack      = 50 * time.Millisecond // by which a filesystem's clock is behind
)

var errMoved = errors.New("moved")

// Files follows the regular files that its patterns name, one entry a line: through rotation by rename or by copy and
// truncation, through restarts of pods, and while files come and go. It starts with a file's last lines; a file that
// was made later is read whole. Its goroutine is Run's; archives read beside it.
//
// A file that is truncated and written beyond its old length between two rescans cannot be told from one that grew.
type Files struct {
	Unit   string // of the entries
	Globs  []string
	Format Format // empty: Auto
	Seen   *Seen  // how far other sources have read files before this one began; nil: not known

	refill  bool // the first files are put, or others after Choose
	unit    []byte
	start   time.Time // of the first scan
	began   int64     // the same in nanoseconds since 1970, by the clock as it is now if that was set back
	last    uint64
	files   []*file // rotated ones first, oldest first
	ids     map[intake.FileID]*file
	pauses  int // rescans that are left out after the next one
	left    int // of those after the last one
	seen    *matches
	opened  uint64
	buf     []byte
	notify  *notifier
	archive fileArchive
	again   bool // names must be scanned anew
	cut     bool // older lines were left out at the start
	err     error
}

// Run follows until ctx ends.
func (f *Files) Run(ctx context.Context, sink *journal.Sink) error {
	f.notify = newNotifier()
	f.pauses, f.left = 0, 0
	defer f.close()
	defer sink.Touches(nil)
	if f.buf == nil {
		f.unit, f.buf, f.refill = []byte(f.Unit), make([]byte, chunk), true
	}
	if f.refill {
		sink.Backfilling()
	}
	sink.SetArchive(&f.archive)
	if f.start.IsZero() {
		f.begins(time.Now().Add(-bornSlack))
	}
	var due time.Time
	for {
		looked := f.turn(!time.Now().Before(due), sink)
		if looked {
			now := time.Now()
			due = now.Add(wakeup.Until(now, rescanInterval))
		}
		more, err := f.readAll(ctx, sink)
		if err != nil {
			return err
		}
		sink.Touches(nil)
		sink.Flush()
		if looked {
			f.report(sink)
		}
		if f.refill && !more {
			sink.Backfilled(!f.cut)
			f.refill = false
		}
		if more || f.again {
			continue
		}
		f.again = f.notify.wait(ctx, due) || f.again
		if !f.again && !time.Now().Before(due) {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(nap):
		}
	}
}

// Choose makes the source one of other files, before it is run or run again. It goes on where it was in those that it
// knows.
func (f *Files) Choose(unit string, globs []string, format Format) {
	f.Unit, f.Globs, f.Format = unit, globs, format
	f.unit, f.refill = []byte(unit), true
}

// begins makes t the time of the first scan.
func (f *Files) begins(t time.Time) { f.start, f.began = t, t.UnixNano() }

// turn rescans the names after an event or, where not all changes cause one, when a rescan is due. It reports whether it
// looked at anything.
func (f *Files) turn(due bool, sink *journal.Sink) bool {
	if f.again || due && (f.left == 0 || f.err != nil || f.seen.denied != "") {
		f.rescan(sink)
		return true
	}
	if due {
		f.left--
		f.rest(sink)
	}
	return due
}

// drop forgets a file.
func (f *Files) drop(x *file, sink *journal.Sink) {
	if x.size > x.scanned && !x.copied {
		sink.Dropped(1) // how many lines it had is not known any more
	}
	for _, p := range x.parts {
		if p != nil {
			sink.Try(f.entry(x, p))
		}
	}
	if x.trace != nil {
		sink.Try(f.entry(x, &x.trace.part))
	}
	f.notify.unwatchFile(x)
	x.close()
	delete(f.ids, x.id)
}

// failed keeps why a file cannot be read.
func (f *Files) failed(x *file, err error) {
	switch {
	case errors.Is(err, errMoved), errors.Is(err, fs.ErrNotExist):
		// The next rescan finds it, or that it is gone.
	case errors.Is(err, fs.ErrPermission):
		f.seen.denied = denial(x.path, f.Globs)
	default:
		f.err = err
	}
}

// readAll puts what is new in each file, at most roundMax bytes of one. What a rotation broke is put together: the rotated
// file's last line or trace goes on in the one that took its place.
func (f *Files) readAll(ctx context.Context, sink *journal.Sink) (more bool, err error) {
	var open map[string]*file // rotated files that end in the middle of an entry, by the live path
	for _, x := range f.files {
		if x.copied {
			continue
		}
		if !x.dirty && x.size <= x.scanned && (!x.resting || !x.unfinished()) {
			open = x.leavesOpen(open)
			continue
		}
		if before := open[x.base]; x.offset == 0 && before != nil && x.follows(before) {
			x.parts, before.parts = before.parts, x.parts
			x.trace, before.trace = before.trace, x.trace
		}
		sink.Touches(x.name)
		further, err := f.read(ctx, x, sink)
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		if err != nil {
			f.failed(x, err)
		}
		x.dirty = further && err == nil
		more = more || x.dirty
		open = x.leavesOpen(open)
	}
	return more, nil
}

// follows reports whether x took the place of a file that was rotated away. One of two that a rescan finds may have the
// lower number although it is newer.
func (x *file) follows(before *file) bool {
	return x.number > before.number || x.id.Born > before.id.Born
}

// leavesOpen adds x to the rotated files that end in the middle of an entry, if it does.
func (x *file) leavesOpen(open map[string]*file) map[string]*file {
	if x.live || x.dirty || !x.broken() {
		return open
	}
	if open == nil {
		open = map[string]*file{}
	}
	open[x.base] = x
	return open
}

// broken reports whether what was put of x ends in the middle of an entry.
func (x *file) broken() bool { return x.parts[0] != nil || x.parts[1] != nil || x.trace != nil }

// unfinished reports whether x ends in a line without an end, or in a trace.
func (x *file) unfinished() bool {
	return x.scanned > x.offset || x.broken()
}

// read puts what is new in one file.
func (f *Files) read(ctx context.Context, x *file, sink *journal.Sink) (more bool, err error) {
	if err := f.open(x); err != nil {
		return false, err
	}
	s, err := intake.StatFD(x.fd)
	if err != nil {
		return false, err
	}
	if s.Size < x.offset {
		f.again = true
		return false, nil
	}
	x.size, x.changed = s.Size, s.Changed
	if s.Size-x.offset > behindMax {
		lost, err := x.skip(f.buf)
		if err != nil {
			return false, err
		}
		sink.Dropped(uint64(lost))
	}
	put := f.putter(ctx, x, sink)
	if more, err = x.read(f.buf, roundMax, put); err != nil || more {
		return more, err
	}
	if x.resting && x.unfinished() {
		return false, f.finish(ctx, x, sink, put)
	}
	return false, nil
}

// finish puts what has no end, when nothing was added to it for a while.
func (f *Files) finish(ctx context.Context, x *file, sink *journal.Sink, put lineFunc) error {
	x.resting = false
	if x.scanned > x.offset {
		if err := x.putUnread(f.buf, 0, put); err != nil {
			return err
		}
	}
	for i := range x.parts {
		if err := f.putParts(ctx, x, i, sink); err != nil {
			return err
		}
	}
	return f.putTrace(ctx, x, sink)
}

// open opens x. The file that was not read for longest is closed when too many are open.
func (f *Files) open(x *file) error {
	f.opened++
	x.used = f.opened
	if x.fd >= 0 {
		return nil
	}
	f.closeIdle(openMax - 1)
	fd, err := x.open()
	if errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) {
		f.closeIdle(0)
		fd, err = x.open()
	}
	if err != nil {
		return err
	}
	x.fd = fd
	f.watch(x)
	return nil
}

// watch watches a file that is not, unless none could be just now.
func (f *Files) watch(x *file) {
	if x.wd < 0 && f.notify.Lacks == "" {
		f.notify.watchFile(x)
	}
}

// closeIdle closes files, the one that was not read for longest first, until at most keep are open.
func (f *Files) closeIdle(keep int) {
	open := slices.DeleteFunc(slices.Clone(f.files), func(x *file) bool { return x.fd < 0 })
	slices.SortFunc(open, func(a, b *file) int { return cmp.Compare(b.used, a.used) })
	for _, x := range open[min(keep, len(open)):] {
		x.close()
	}
}

func (x *file) close() {
	if x.fd >= 0 {
		unix.Close(x.fd)
		x.fd = -1
	}
}

func (f *Files) close() {
	f.Seen.leave(f.files)
	for _, x := range f.files {
		x.close()
		x.wd = -1
	}
	f.notify.Close()
}

// seenMax bounds how many files are remembered.
const seenMax = 10_000

// Seen is how far files were read by sources that have ended, whatever they were called. The zero value is ready. Sources
// use it together; a nil one remembers nothing.
type Seen struct {
	mu    sync.Mutex
	files map[intake.FileID]int64 // offset of the first line that was not put
}

// leave remembers the files of a source that ends. When there are too many they replace all others.
func (s *Seen) leave(files []*file) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files == nil || len(s.files)+len(files) > seenMax {
		s.files = make(map[intake.FileID]int64, len(files))
	}
	for _, x := range files {
		if !x.copied {
			s.files[x.id] = x.unput()
		}
	}
}

// take returns how far a file was read, and forgets it.
func (s *Seen) take(id intake.FileID) (offset int64, ok bool) {
	if s == nil {
		return 0, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	offset, ok = s.files[id]
	delete(s.files, id)
	return offset, ok
}

// unput is the offset of the first line that was not put.
func (x *file) unput() int64 {
	first := x.offset
	for _, p := range [...]*part{x.parts[0], x.parts[1], x.trace.begun()} {
		if p != nil && p.seq>>seqShift == x.number {
			first = min(first, int64(p.seq&offsetMask)-1)
		}
	}
	return first
}

// begun is the part of a trace that has come, nil without one.
func (t *trace) begun() *part {
	if t == nil {
		return nil
	}
	return &t.part
}
