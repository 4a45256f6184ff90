package file

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"hypervisor-tui/journal/file/jwrite"
)

const machine = "0123456789abcdef0123456789abcdef"

// journald imitates what journald does to its files. Entries are numbered from 0 over all files.
type journald struct {
	t            testing.TB
	disk, memory string // machines' folders
	system, user *jwrite.Writer
	n            int // entries written
	files        int // files made
	random       *rand.Rand
}

func newJournald(t testing.TB, seed uint64) *journald {
	root := t.TempDir()
	return &journald{t: t, disk: filepath.Join(root, "var", machine), memory: filepath.Join(root, "run", machine),
		random: rand.New(rand.NewPCG(seed, 0))}
}

func (j *journald) roots() []Root {
	return []Root{{Path: filepath.Dir(j.disk)}, {Path: filepath.Dir(j.memory), Volatile: true}}
}

func numbered(n int) jwrite.Entry {
	return jwrite.Entry{Seq: uint64(n) + 1, Realtime: uint64(1_700_000_000*second + n), Monotonic: uint64(n), Boot: id("boot"),
		Fields: []string{fmt.Sprint("MESSAGE=", n), "PRIORITY=6"}}
}

func (j *journald) create(folder, name string) *jwrite.Writer {
	j.files++
	return create(j.t, filepath.Join(folder, name), jwrite.Options{Compact: j.files%2 == 0, Keyed: true, File: id(fmt.Sprint("file ", j.files)), SeqID: id("seq")})
}

// log writes an entry to a journal of the system or of a user.
func (j *journald) log() {
	w := &j.system
	name := "system.journal"
	if j.random.IntN(4) == 0 {
		w, name = &j.user, "user-1000.journal"
	}
	if *w == nil {
		*w = j.create(j.disk, name)
	}
	add(j.t, *w, numbered(j.n))
	j.n++
}

// rotate archives a journal; killed is how one is found whose writer was killed.
func (j *journald) rotate(w **jwrite.Writer, name string, killed bool) {
	if *w == nil {
		return
	}
	state, end := jwrite.Archived, ".journal"
	if killed {
		state, end = jwrite.Online, ".journal~"
	}
	if err := (*w).Close(state); err != nil {
		j.t.Fatal(err)
	}
	*w = nil
	from := filepath.Join(j.disk, name+".journal")
	if err := os.Rename(from, filepath.Join(j.disk, fmt.Sprintf("%s@%08d%s", name, j.files, end))); err != nil {
		j.t.Fatal(err)
	}
}

// vacuum removes the oldest archived file.
func (j *journald) vacuum() {
	old, err := filepath.Glob(filepath.Join(j.disk, "*@*"))
	if err != nil {
		j.t.Fatal(err)
	}
	if len(old) > 0 {
		slices.Sort(old)
		if err := os.Remove(old[0]); err != nil {
			j.t.Fatal(err)
		}
	}
}

// reader follows and remembers the numbers that it was given.
type reader struct {
	t testing.TB
	m *Merge
	e *Entry
	n []int
}

func follows(t testing.TB, roots []Root) *reader {
	fields := NewFields(Wish{"MESSAGE", 100})
	r := &reader{t: t, m: NewMerge(roots, fields), e: fields.NewEntry()}
	t.Cleanup(r.m.Close)
	r.look()
	if err := r.m.Follow(id("boot")); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *reader) look() {
	r.t.Helper()
	if _, err := r.m.Rescan(); err != nil {
		r.t.Fatal(err)
	}
}

func (r *reader) read() {
	r.t.Helper()
	r.m.Refresh()
	for {
		err := r.m.Next(r.e)
		if err == io.EOF {
			return
		}
		if err != nil {
			r.t.Fatal(err)
		}
		var n int
		if _, err = fmt.Sscan(string(r.e.Values[0].Bytes), &n); err != nil {
			r.t.Fatal(err)
		}
		r.n = append(r.n, n)
	}
}

// TestF25FollowsWhateverJournaldDoes: entries written, rotations, kills, vacuuming and restarts of the reader in random
// order; each entry comes once, in order, and nothing is said to be missing.
func TestF25FollowsWhateverJournaldDoes(t *testing.T) {
	for seed := range uint64(40) {
		j := newJournald(t, seed)
		for range 5 {
			j.log()
		}
		r := follows(t, j.roots())
		if err := r.m.Back(3); err != nil {
			t.Fatal(err)
		}
		for range 150 {
			switch j.random.IntN(12) {
			case 0:
				j.rotate(&j.system, "system", j.random.IntN(2) == 0)
			case 1:
				j.rotate(&j.user, "user-1000", false)
			case 2:
				r.look()
				r.read()
				j.vacuum()
			case 3:
				r.look() // what journald renames or removes from here on is read by its descriptor
				r.m.Close()
				r.look()
			case 4, 5:
				r.look()
				r.read()
			default:
				j.log()
			}
		}
		r.look()
		r.read()
		if want := upTo(j.n)[2:]; !slices.Equal(r.n, want) {
			t.Fatalf("seed %d: %v, want 2 to %d", seed, r.n, j.n-1)
		}
		if missed, some := r.m.Missed(); missed != 0 || some || r.m.Lost() != 0 {
			t.Errorf("seed %d: %d missed, %v, %d lost", seed, missed, some, r.m.Lost())
		}
		if open := r.m.Open(); open > 2 {
			t.Errorf("seed %d: %d files open at rest", seed, open)
		}
	}
}

// TestF25GapIsTold: files that were written, rotated and removed between two looks.
func TestF25GapIsTold(t *testing.T) {
	j := newJournald(t, 1)
	w := j.create(j.disk, "system.journal")
	add(t, w, numbered(0), numbered(1))
	r := follows(t, j.roots())
	j.system = w
	j.rotate(&j.system, "system", false)
	w = j.create(j.disk, "system.journal")
	add(t, w, numbered(7), numbered(8))
	r.look()
	r.read()
	if missed, some := r.m.Missed(); missed != 5 || some || !slices.Equal(r.n, []int{7, 8}) {
		t.Errorf("%d missed, %v, read %v", missed, some, r.n)
	}
	// While nothing is open the file that was followed goes away.
	r.m.Close()
	if err := os.Remove(filepath.Join(j.disk, "system.journal")); err != nil {
		t.Fatal(err)
	}
	r.look()
	r.look()
	if missed, some := r.m.Missed(); missed != 0 || !some {
		t.Errorf("%d missed, %v", missed, some)
	}
}

// TestF25FlushToDisk: journald copies what it kept in memory to the disk and removes it.
func TestF25FlushToDisk(t *testing.T) {
	for _, renumber := range []uint64{0, 100} {
		j := newJournald(t, 1)
		old := j.create(j.memory, "system@1.journal")
		add(t, old, numbered(0), numbered(1))
		old.Close(jwrite.Archived)
		w := j.create(j.memory, "system.journal")
		add(t, w, numbered(2), numbered(3))
		r := follows(t, j.roots())
		r.m.Back(1)
		r.read()
		add(t, w, numbered(4))
		disk := j.create(j.disk, "system.journal")
		for n := range 5 {
			e := numbered(n)
			e.Seq += renumber
			add(t, disk, e)
			r.look()
			r.read()
		}
		w.Close(jwrite.Archived)
		if err := os.RemoveAll(j.memory); err != nil {
			t.Fatal(err)
		}
		e := numbered(5)
		e.Seq += renumber
		add(t, disk, e)
		r.look()
		r.look()
		r.read()
		if missed, some := r.m.Missed(); missed != 0 || some || !slices.Equal(r.n, []int{3, 4, 5}) {
			t.Errorf("renumbered by %d: %d missed, %v, read %v", renumber, missed, some, r.n)
		}
	}
}

// TestFollowIgnoresHistory: a disk with older boots is mounted while the journal is followed.
func TestFollowIgnoresHistory(t *testing.T) {
	j := newJournald(t, 1)
	w := j.create(j.memory, "system.journal")
	add(t, w, numbered(10))
	r := follows(t, j.roots())
	old := j.create(j.disk, "system@1.journal")
	for n := range 5 {
		e := numbered(1000 + n) // its clock was ahead
		e.Boot = id("before")
		add(t, old, e)
	}
	old.Close(jwrite.Archived)
	user := j.create(j.disk, "user-1000.journal")
	add(t, user, numbered(11))
	r.look()
	r.read()
	if !slices.Equal(r.n, []int{11}) {
		t.Errorf("%v", r.n)
	}
}

// TestF25RotationsLeakNothing counts descriptors over a hundred rotations.
func TestF25RotationsLeakNothing(t *testing.T) {
	descriptors := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("no /proc here")
		}
		return len(list)
	}
	j := newJournald(t, 1)
	j.log()
	r := follows(t, j.roots())
	before := 0
	for n := range 100 {
		for range 5 {
			j.log()
		}
		j.rotate(&j.system, "system", n%2 == 0)
		j.rotate(&j.user, "user-1000", false)
		j.vacuum()
		r.look()
		r.read()
		if n == 10 {
			before = descriptors()
		}
	}
	if after := descriptors(); after > before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
	if len(r.m.members) > j.files {
		t.Errorf("%d files known, %d made", len(r.m.members), j.files)
	}
}

// TestMergeToAndFro reads several files of a static journal in both directions from all kinds of positions.
func TestMergeToAndFro(t *testing.T) {
	j := newJournald(t, 3)
	for n := range 300 {
		j.log()
		if n%40 == 39 {
			j.rotate(&j.system, "system", false)
		}
	}
	fields := NewFields(Wish{"MESSAGE", 100})
	m, e := NewMerge(j.roots(), fields), fields.NewEntry()
	if _, err := m.Rescan(); err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	at := func(want int, err error) {
		t.Helper()
		if err != nil || string(e.Values[0].Bytes) != fmt.Sprint(want) {
			t.Fatalf("%q, %v, want %d", e.Values[0].Bytes, err, want)
		}
	}
	for n := range 300 {
		at(n, m.Next(e))
	}
	if err := m.Next(e); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	for n := 299; n >= 0; n-- {
		at(n, m.Prev(e))
	}
	if err := m.Prev(e); err != io.EOF {
		t.Errorf("at the beginning: %v", err)
	}
	for _, n := range []int{0, 39, 40, 150, 299} {
		want := numbered(n)
		f, _, key := m.Locate(want.Realtime, want.Seq)
		if f == nil || key.Seq != want.Seq {
			t.Fatalf("Locate(%d): %+v", n, key)
		}
		m.SeekKey(&key, true)
		at(n, m.Prev(e))
		at(n, m.Next(e))
		m.SeekKey(&key, false)
		at(n, m.Next(e))
		m.SeekTime(want.Realtime)
		at(n, m.Next(e))
		at(n, m.Prev(e))
		m.SeekTime(want.Realtime)
		if n > 0 {
			at(n-1, m.Prev(e))
		}
	}
	m.SeekEnd()
	at(299, m.Prev(e))
	if f, _, _ := m.Locate(1, 1); f != nil {
		t.Error("Locate finds what is not there")
	}
	if m.Open() > 4 {
		t.Errorf("%d files open", m.Open())
	}
}

// TestMergeLeavesCopiesOut: the same entries in two files, of one sequence of numbers or of two, the longer one first or
// last.
func TestMergeLeavesCopiesOut(t *testing.T) {
	for seed := range 16 {
		folder := filepath.Join(t.TempDir(), machine)
		for i := range 2 {
			w := create(t, filepath.Join(folder, fmt.Sprintf("system@%d.journal", i)),
				jwrite.Options{TailBoot: seed&1 != 0, File: id(fmt.Sprint("file", i)), SeqID: id(fmt.Sprint("seq", i*seed>>1&1))})
			add(t, w, numbered(0), numbered(1), numbered(2))
			if seed>>2 == i {
				add(t, w, numbered(3))
			}
			w.Close(jwrite.Archived)
		}
		m, e := merged(t, folder)
		for _, step := range []func(*Entry) error{m.Next, m.Prev} {
			if got := numbers(t, step, e); len(got) != 3+map[bool]int{true: 1}[seed>>2 < 2] {
				t.Errorf("seed %d: %v", seed, got)
			}
		}
		m, e = merged(t, folder)
		m.SeekEnd()
		if got := numbers(t, m.Prev, e); len(got) != 3+map[bool]int{true: 1}[seed>>2 < 2] {
			t.Errorf("seed %d, backwards at once: %v", seed, got)
		}
	}
}
