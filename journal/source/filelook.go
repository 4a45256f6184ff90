package source

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"hypervisor-tui/journal"
)

// look brings the files in line with the names.
func (f *Files) look(sink *journal.Sink) {
	f.again, f.err = false, nil
	f.notify.begin()
	// Where the clock has been set back since, what is made now is new all the same.
	f.began = min(f.began, time.Now().Add(-time.Since(f.start)).UnixNano())
	f.seen = expand(f.Globs)
	for _, x := range f.files {
		x.missed++
	}
	dirs := slices.Clone(f.seen.dirs)
	for _, path := range f.seen.files {
		dirs = f.lookAt(path, dirs)
	}
	for _, x := range f.files { // of names that are gone for the moment: their rotated files
		if x.live && x.missed > 0 && !slices.Contains(f.seen.files, x.base) {
			dirs = f.lookAt(x.base, dirs)
		}
	}
	f.again = f.notify.watchDirs(dirs) || f.again
	f.files = slices.DeleteFunc(f.files, func(x *file) bool {
		gone := x.missed > missedMax
		if gone {
			f.drop(x, sink)
		}
		return gone
	})
	slices.SortStableFunc(f.files, func(a, b *file) int {
		if a.live != b.live {
			if a.live {
				return 1
			}
			return -1
		}
		return cmp.Or(cmp.Compare(a.changed, b.changed), cmp.Compare(a.id.born, b.id.born))
	})
	f.archive.keep(f.files, f.Format, f.unit)
}

// lookAt brings in line the file at path, which a pattern names, and what was rotated away from it. The directory is
// appended to dirs.
func (f *Files) lookAt(path string, dirs []string) []string {
	dir, base := filepath.Split(path)
	if clean := filepath.Clean(dir); !slices.Contains(dirs, clean) {
		dirs = append(dirs, clean)
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrPermission) { // the file itself may be readable all the same
		f.seen.failed(filepath.Clean(dir), err)
	}
	live, err := statPath(path)
	if err == nil && live.regular() {
		f.see(path, live)
	} else {
		live = stat{}
	}
	for _, e := range entries {
		if !rotated(e.Name(), base) || slices.Contains(f.seen.files, dir+e.Name()) {
			continue
		}
		if s, err := statPath(dir + e.Name()); err == nil && s.regular() && s.id != live.id {
			f.seeRotated(dir+e.Name(), path, s, live)
		}
	}
	return dirs
}

// see brings in line a file that a pattern names.
func (f *Files) see(path string, s stat) {
	x := f.known(s.id)
	if x == nil {
		x = f.add(path, path, s)
		x.live = true
		if err := f.begin(x); err != nil {
			f.files = f.files[:len(f.files)-1]
			f.failed(x, err)
			return
		}
	}
	x.update(path, s)
	x.live = true
	f.watch(x)
	if s.size < x.offset {
		f.truncated(x)
	}
}

// begin makes a file that was there before us begin with its last lines.
func (f *Files) begin(x *file) error {
	if err := f.open(x); err != nil {
		return err
	}
	if x.id.born >= f.began || x.id.born == 0 && f.last > 1 {
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
func (f *Files) seeRotated(path, base string, s, live stat) {
	x := f.known(s.id)
	if x == nil {
		x = f.add(path, base, s)
		fresh := s.id.born >= f.began
		x.copied = fresh && live.id.born != 0 && s.id.born > live.id.born && is(base, live.id)
		if !fresh || x.copied {
			x.offset, x.scanned = s.size, s.size
		}
	}
	x.update(path, s)
	x.live = false
	if x.copied {
		x.offset, x.scanned = s.size, s.size
	}
}

// is says whether a name still is that of a file.
func is(path string, id fileID) bool {
	s, err := statPath(path)
	return err == nil && s.id == id
}

func (f *Files) known(id fileID) *file {
	for _, x := range f.files {
		if x.id == id {
			return x
		}
	}
	return nil
}

func (f *Files) add(path, base string, s stat) *file {
	f.last++
	x := &file{number: f.last, id: s.id, path: path, base: base, size: s.size, changed: s.changed, wd: -1, fd: -1, dirty: true}
	f.files = append(f.files, x)
	return x
}

// update takes in what a look found.
func (x *file) update(path string, s stat) {
	now := time.Now()
	if s.size != x.size || s.changed != x.changed || x.still.IsZero() {
		x.still = now
	}
	x.resting = now.Sub(time.Unix(0, s.changed)) >= restAfter || now.Sub(x.still) >= restAfter // the clock may have been set back
	if x.path != path || x.name == nil {
		x.name = &path
	}
	x.path, x.size, x.changed, x.missed = path, s.size, s.changed, 0
}

// truncated makes another file of x, which starts anew. What x had beyond offset is in the newest copy, if there is one.
func (f *Files) truncated(x *file) {
	var newest *file
	for _, c := range f.files {
		if c.copied && c.base == x.base && c.size >= x.offset && (newest == nil || c.id.born > newest.id.born) {
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
