package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hypervisor-tui/journal/file/jwrite"
)

// Each test here puts a rename or a removal between two steps of the reader.

// whole reads what is left and holds that n entries came, each once and in order, and that no gap was told.
func (r *reader) whole(n int) {
	r.t.Helper()
	r.look()
	r.read()
	r.look()
	r.look() // what is gone is let go
	if !slices.Equal(r.n, upTo(n)) {
		r.t.Errorf("read %v, want 0 to %d", r.n, n-1)
	}
	if missed, some := r.m.Missed(); missed != 0 || some || r.m.Lost() != 0 {
		r.t.Errorf("%d missed, %v, %d lost", missed, some, r.m.Lost())
	}
}

// startsEmpty is a reader that follows a journal of one file without entries.
func startsEmpty(t *testing.T) (*journald, *reader) {
	j := newJournald(t, 1)
	j.system = j.create(j.disk, "system.journal")
	return j, follows(t, j.roots())
}

// write adds n entries to the system's journal.
func (j *journald) write(n int) {
	for range n {
		add(j.t, j.system, numbered(j.n))
		j.n++
	}
}

// next rotates the system's journal and begins another.
func (j *journald) next(killed bool) {
	j.rotate(&j.system, "system", killed)
	j.system = j.create(j.disk, "system.journal")
}

// TestF25WhoAFileIsComesFromOneFile swaps two files while they are looked at: number and id are those of one of them.
func TestF25WhoAFileIsComesFromOneFile(t *testing.T) {
	dir := t.TempDir()
	paths := [2]string{filepath.Join(dir, "system.journal"), filepath.Join(dir, "system@1.journal")}
	ids := map[uint64]ID{}
	for i, path := range paths {
		w := create(t, path, jwrite.Options{File: id(filepath.Base(path)), SeqID: id("seq")})
		add(t, w, numbered(i))
		c, err := find(Listed{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		ids[c.inode] = c.head.File
	}
	stop, stopped := make(chan struct{}), make(chan error)
	go func() {
		for {
			select {
			case <-stop:
				stopped <- nil
				return
			default:
			}
			if err := unix.Renameat2(unix.AT_FDCWD, paths[0], unix.AT_FDCWD, paths[1], unix.RENAME_EXCHANGE); err != nil {
				<-stop
				stopped <- err
				return
			}
		}
	}()
	mixed := 0
	for range 5000 {
		if c, err := find(Listed{Path: paths[0]}); err != nil || ids[c.inode] != c.head.File {
			mixed++
		}
	}
	close(stop)
	if err := <-stopped; err != nil {
		t.Skip("this filesystem cannot swap files: ", err)
	}
	if mixed != 0 {
		t.Errorf("%d of 5000 looks mixed two files", mixed)
	}
}

// afterLists makes what runs after each of the next listings, before the files are looked at.
func (r *reader) afterLists(steps ...func()) {
	r.m.list = func(roots []Root) Listing {
		list := List(roots)
		if len(steps) > 0 {
			steps[0]()
			steps = steps[1:]
		}
		return list
	}
}

// TestF25RotatedBetweenListAndOpen: the names that were listed are other files' when they are opened, once and twice,
// while it is looked for files and while one is looked for that has another name.
func TestF25RotatedBetweenListAndOpen(t *testing.T) {
	for times := 1; times <= 2; times++ {
		for _, killed := range []bool{false, true} {
			for _, look := range []bool{false, true} {
				j, r := startsEmpty(t)
				j.write(3)
				rotate := func() {
					j.next(killed)
					j.write(3)
				}
				if look {
					r.afterLists(slices.Repeat([]func(){rotate}, times)...)
					r.look()
				} else {
					r.look()
					r.m.Close()
					rotate()
					r.afterLists(slices.Repeat([]func(){rotate}, times-1)...)
				}
				r.read()
				r.whole(3 + 3*times)
			}
		}
	}
}

// TestF25OverlookedBesideAUsersFile: a file is renamed while it is listed, its successor is no journal yet, and a user's
// file goes on behind both.
func TestF25OverlookedBesideAUsersFile(t *testing.T) {
	j, r := startsEmpty(t)
	j.user = j.create(j.disk, "user-1000.journal")
	user := func() {
		add(t, j.user, numbered(j.n))
		j.n++
	}
	user()
	r.look()
	r.read()
	j.next(false)
	j.write(2)
	half := filepath.Join(j.disk, "system.journal")
	r.afterLists(func() {
		user()
		j.rotate(&j.system, "system", false)
		if err := os.WriteFile(half, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	})
	r.look()
	r.read()
	os.Remove(half)
	j.system = j.create(j.disk, "system.journal")
	r.whole(4)
}

// TestF25RotatedBetweenLookAndRead: what is open is read whatever its name is, with what was added after it was
// refreshed last.
func TestF25RotatedBetweenLookAndRead(t *testing.T) {
	for _, killed := range []bool{false, true} {
		j, r := startsEmpty(t)
		j.write(2)
		r.look()
		r.read()
		j.write(2)
		j.next(killed)
		r.look() // the old file has its new name and was not asked for entries since
		for len(r.n) < 4 && r.m.Next(r.e) == nil {
			r.n = append(r.n, len(r.n))
		}
		if len(r.n) != 4 {
			t.Errorf("killed %v: %d of 4 entries read before there was anything in the next file", killed, len(r.n))
		}
		j.write(1)
		r.whole(5)
	}
}

// TestF25VacuumedWhileOpen: a file is written, archived and removed between two looks while it is open.
func TestF25VacuumedWhileOpen(t *testing.T) {
	j, r := startsEmpty(t)
	j.write(2)
	r.look()
	r.read()
	j.write(3)
	j.next(false)
	j.vacuum()
	j.write(1)
	r.whole(6)
	if open := r.m.Open(); open != 1 {
		t.Errorf("%d files open", open)
	}
}

// TestF25ClosedUnderItsOldName: a file is read to its end and closed before the reader knows that it was renamed, and
// is removed before it is found again.
func TestF25ClosedUnderItsOldName(t *testing.T) {
	j, r := startsEmpty(t)
	j.write(2)
	r.look()
	j.next(false)
	r.read() // to the end of an archived file: closed, as system.journal
	j.write(2)
	j.vacuum()
	r.whole(4)
}

// TestF25ReopenedUnderItsNewName: the reader is stopped, the journal rotated, and its successor is not a journal yet
// when the file is to be opened again under its old name.
func TestF25ReopenedUnderItsNewName(t *testing.T) {
	j, r := startsEmpty(t)
	j.write(2)
	r.look()
	r.m.Close()
	j.rotate(&j.system, "system", false)
	half := filepath.Join(j.disk, "system.journal")
	if err := os.WriteFile(half, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := r.m.members[0].open(r.m.fields); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the name is another file's: %v", err)
	}
	r.read()
	if !slices.Equal(r.n, upTo(2)) {
		t.Errorf("read %v", r.n)
	}
	if r.look(); r.m.Broken != 0 || !r.m.Incomplete {
		t.Errorf("a file that is being made: %d are no journals, making %v", r.m.Broken, r.m.Incomplete)
	}
	os.Remove(half)
	j.system = j.create(j.disk, "system.journal")
	j.write(1)
	r.whole(3)
}

// TestF46NothingIsLetGoWhenLooksFail: without descriptors nothing is found; what was read does not come twice after.
func TestF46NothingIsLetGoWhenLooksFail(t *testing.T) {
	j, r := startsEmpty(t)
	j.write(2)
	r.look()
	r.read()
	r.m.Close()
	withoutDescriptors(t, func() {
		for range 3 {
			if _, err := r.m.Rescan(); !errors.Is(err, unix.EMFILE) {
				t.Errorf("%v", err)
			}
		}
	})
	j.write(1)
	r.whole(3)
}

// withoutDescriptors calls f while no file can be opened.
func withoutDescriptors(t *testing.T, f func()) {
	t.Helper()
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	none := unix.Rlimit{Cur: 3, Max: before.Max}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &none); err != nil {
		t.Skip("descriptors cannot be limited here: ", err)
	}
	f()
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
}

// TestArchiveFollowsRenames: a reader that does not follow has the names of before a rotation.
func TestArchiveFollowsRenames(t *testing.T) {
	j := newJournald(t, 1)
	j.system = j.create(j.disk, "system.journal")
	j.write(4)
	for _, first := range []func(m *Merge) error{
		func(m *Merge) error { return nil },
		func(m *Merge) error { return m.SeekTime(numbered(0).Realtime) },
		func(m *Merge) error {
			if f, _, _ := m.Locate(numbered(2).Realtime, 3); f == nil {
				t.Error("not located")
			}
			return m.SeekTime(0)
		},
	} {
		fields := NewFields(Wish{"MESSAGE", 100})
		r := &reader{t: t, m: NewMerge(j.roots(), fields), e: fields.NewEntry()}
		r.look()
		j.next(false)
		if err := first(r.m); err != nil {
			t.Fatal(err)
		}
		if r.read(); !slices.Equal(r.n, upTo(4)) {
			t.Errorf("read %v", r.n)
		}
		r.m.Close()
	}
}

// TestC7MachineFolderIsALink: the folder of a machine may be a symbolic link, as on hosts whose logs lie on another disk.
func TestC7MachineFolderIsALink(t *testing.T) {
	root, disk := t.TempDir(), t.TempDir()
	const machine = "0123456789abcdef0123456789abcdef"
	w, err := jwrite.Create(filepath.Join(disk, "system.journal"), jwrite.Options{})
	if err == nil {
		err = errors.Join(w.Append(numbered(0)), w.Close(jwrite.Online))
	}
	for name, target := range map[string]string{machine: disk, strings.Repeat("a", 32): disk + "/gone", strings.Repeat("b", 32): disk + "/system.journal"} {
		err = errors.Join(err, os.Symlink(target, filepath.Join(root, name)))
	}
	if err != nil {
		t.Fatal(err)
	}
	l := List([]Root{{Path: root}})
	if len(l.Files) != 1 || l.Files[0].Path != filepath.Join(root, machine, "system.journal") || l.Err != nil || len(l.Denied) > 0 {
		t.Errorf("%+v", l)
	}
	if want := []string{root, filepath.Join(root, machine)}; !slices.Equal(l.Folders, want) {
		t.Errorf("%q", l.Folders)
	}
}
