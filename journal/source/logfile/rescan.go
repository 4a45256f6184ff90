package logfile

import (
	"cmp"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hypervisor-tui/journal"
	"hypervisor-tui/journal/source/intake"
)

// rescan brings the files in line with the names.
func (f *Files) rescan(sink *journal.Sink) {
	f.again, f.err = false, nil
	f.notify.begin()
	// A file that is made now is new even if the clock has been set back since.
	f.began = min(f.began, time.Now().Add(-time.Since(f.start)).UnixNano())
	f.seen = expand(f.Globs, sink.Touches)
	for _, x := range f.files {
		x.missed++
	}
	for _, path := range f.seen.files {
		f.rescanPath(path)
	}
	for _, x := range f.files { // of names that are gone for the moment: their rotated files
		if _, seen := f.seen.stats[x.base]; x.live && x.missed > 0 && !seen {
			f.rescanPath(x.base)
		}
	}
	f.again = f.notify.watchDirs(f.seen.dirs) || f.again
	f.files = slices.DeleteFunc(f.files, func(x *file) bool {
		gone := x.missed > missedMax
		if gone {
			f.drop(x, sink)
		}
		return gone
	})
	f.seen.calls += len(f.seen.dirs) // that are watched
	if f.pauses = 2*f.pauses + 1; !f.calm() {
		f.pauses = 0
	}
	f.pauses = min(f.pauses, pausesMax)
	f.left = f.pauses
	slices.SortStableFunc(f.files, func(a, b *file) int {
		if a.live != b.live {
			if a.live {
				return 1
			}
			return -1
		}
		return cmp.Or(cmp.Compare(a.changed, b.changed), cmp.Compare(a.id.Born, b.id.Born))
	})
	f.archive.keep(f.files, f.Format, f.unit)
}

// calm reports whether inotify will report all changes, so that no rescan is needed until then. Of mounts, and of the
// directories above, it reports nothing: so a calm ends after pausesMax.
func (f *Files) calm() bool {
	m := f.seen
	if f.again || f.err != nil || m.untold || m.denied != "" || m.other != nil || f.notify.Lacks != "" || len(f.notify.dirs) < len(m.dirs) {
		return false
	}
	return !slices.ContainsFunc(f.files, func(x *file) bool { return x.missed > 0 || x.wd < 0 && x.live })
}

// rescanPath brings in line the file at path, which a pattern names or named, and what was rotated away from it.
func (f *Files) rescanPath(path string) {
	dir, base := filepath.Split(path)
	f.seen.visit(filepath.Clean(dir))
	entries, err := f.seen.list(filepath.Clean(dir))
	if err != nil && !errors.Is(err, fs.ErrPermission) { // the file itself may be readable
		f.seen.failed(filepath.Clean(dir), err)
	}
	live, ok := f.seen.stats[path]
	if ok {
		f.see(path, live)
	}
	stem := strings.TrimSuffix(base, filepath.Ext(base))
	at, _ := slices.BinarySearchFunc(entries, stem, func(e fs.DirEntry, stem string) int { return strings.Compare(e.Name(), stem) })
	for _, e := range entries[at:] {
		if !strings.HasPrefix(e.Name(), stem) {
			break
		}
		if _, named := f.seen.stats[dir+e.Name()]; named || !rotated(e.Name(), base) {
			continue
		}
		f.seen.calls++
		if s, err := intake.StatPath(dir + e.Name()); err == nil && s.Regular() && s.ID != live.ID {
			f.seeRotated(dir+e.Name(), path, s, live)
		}
	}
}

// rest looks at the files that end in the middle of an entry: whether that is all.
func (f *Files) rest(sink *journal.Sink) {
	for _, x := range f.files {
		if !x.unfinished() {
			continue
		}
		sink.Touches(x.name)
		if s, err := intake.StatPath(x.path); err == nil && s.ID == x.id {
			x.update(x.path, s)
		}
	}
}

// see brings in line a file that a pattern names.
func (f *Files) see(path string, s intake.Stat) {
	x := f.ids[s.ID]
	if x == nil {
		x = f.add(path, path, s)
		x.live = true
		if err := f.begin(x); err != nil {
			f.files = f.files[:len(f.files)-1]
			delete(f.ids, x.id)
			f.failed(x, err)
			return
		}
	}
	x.update(path, s)
	x.live = true
	f.watch(x)
	if s.Size < x.offset {
		f.truncated(x)
	}
}

// begin makes a file that was there before us begin with its last lines.
func (f *Files) begin(x *file) error {
	if err := f.open(x); err != nil {
		return err
	}
	if x.id.Born >= f.began || x.id.Born == 0 && f.last > 1 {
		return nil
	}
	x.old, x.saidAt = x.size, time.Now()
	cut, err := x.backfill(f.buf, backfillMax, f.Format)
	if at, ok := f.Seen.take(x.id); ok && at > x.offset && at <= x.size {
		x.offset, x.scanned = at, at
	}
	f.cut = f.cut || cut
	return err
}

// seeRotated brings in line a file that was rotated away from base. One that we never saw under its first name is
// read when it was made after we began and before the file that is live now; made while that one already was, it is a
// copy, and read only if the live file turns out to be truncated.
func (f *Files) seeRotated(path, base string, s, live intake.Stat) {
	x := f.ids[s.ID]
	if x == nil {
		x = f.add(path, base, s)
		fresh := s.ID.Born >= f.began
		x.copied = fresh && live.ID.Born != 0 && s.ID.Born > live.ID.Born && is(base, live.ID)
		if !fresh || x.copied {
			x.offset, x.scanned = s.Size, s.Size
		}
	}
	x.live = false
	x.update(path, s)
	if x.copied {
		x.offset, x.scanned = s.Size, s.Size
	}
}

// is reports whether a name still is that of a file.
func is(path string, id intake.FileID) bool {
	s, err := intake.StatPath(path)
	return err == nil && s.ID == id
}

func (f *Files) add(path, base string, s intake.Stat) *file {
	f.last++
	x := &file{number: f.last, id: s.ID, path: path, base: base, pod: podName(base), size: s.Size, changed: s.Changed, wd: -1, fd: -1, dirty: true}
	f.files = append(f.files, x)
	if f.ids == nil {
		f.ids = map[intake.FileID]*file{}
	}
	f.ids[x.id] = x
	return x
}

// update takes in what a rescan found.
func (x *file) update(path string, s intake.Stat) {
	now := time.Now()
	if s.Size != x.size || s.Changed != x.changed || x.still.IsZero() {
		x.still = now
	}
	quiet := restAfter
	if !x.live { // the file that takes its place may go on with it
		quiet = restRotated
	}
	x.resting = now.Sub(time.Unix(0, s.Changed)) >= quiet || now.Sub(x.still) >= quiet // the clock may have been set back
	if x.path != path || x.name == nil {
		x.name = &path
	}
	x.path, x.size, x.changed, x.missed = path, s.Size, s.Changed, 0
}

// truncated makes another file of x, which starts anew. What x had beyond offset is in the newest copy, if there is one.
func (f *Files) truncated(x *file) {
	var newest *file
	for _, c := range f.files {
		if c.copied && c.base == x.base && c.size >= x.offset && (newest == nil || c.id.Born > newest.id.Born) {
			newest = c
		}
	}
	if newest != nil {
		newest.copied, newest.dirty = false, true
		newest.offset, newest.scanned, newest.parts, x.parts = x.offset, x.offset, x.parts, newest.parts
	}
	f.last++
	x.number, x.offset, x.scanned, x.dirty = f.last, 0, 0, true
}
