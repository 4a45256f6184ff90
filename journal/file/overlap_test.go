package file

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hypervisor-tui/journal/file/jwrite"
)

// overlaps are entries that several files share out among them, each file with a sequence of numbers of its own, as the
// files of the system and of users had up to systemd 253.
type overlaps struct {
	folders []string // each file's
	n       int
	file    func(n int) int // that entry n is in
	boot    func(n int) string
	at      func(n int) int // the time of day, seconds since year2026
	tail    bool            // headers have the boot of the last entry
}

func (o overlaps) entry(n int, seq uint64) jwrite.Entry {
	up := 1
	for i := range n {
		if o.boot(i) == o.boot(n) {
			up++
		}
	}
	return jwrite.Entry{Seq: seq, Realtime: uint64(year2026+o.at(n)) * second, Monotonic: uint64(up) * second, Boot: id(o.boot(n)),
		Fields: []string{fmt.Sprint("MESSAGE=", n)}}
}

// write makes the files, and returns their writers.
func (o overlaps) write(t *testing.T, state byte) []*jwrite.Writer {
	t.Helper()
	list := make([]*jwrite.Writer, len(o.folders))
	for i, folder := range o.folders {
		name := fmt.Sprintf("user-%d.journal", i)
		if state == jwrite.Archived {
			name = fmt.Sprintf("user-%d@%d.journal", i, i)
		}
		list[i] = create(t, filepath.Join(folder, name),
			jwrite.Options{TailBoot: o.tail, File: id(fmt.Sprint("file", i)), SeqID: id(fmt.Sprint("seq", i)), Machine: id(filepath.Base(folder))})
	}
	for n := range o.n {
		add(t, list[o.file(n)], o.entry(n, 0))
	}
	if state == jwrite.Archived {
		for _, w := range list {
			if err := w.Close(state); err != nil {
				t.Fatal(err)
			}
		}
	}
	return list
}

// overlapping are the ways in which files overlap, below root.
func overlapping(root string) map[string]overlaps {
	here, there := filepath.Join(root, machine), filepath.Join(root, strings.Repeat("a", 32))
	one := func(int) string { return "one" }
	turns := func(n int) int { return n / 3 % 2 }
	asIs := func(n int) int { return n }
	return map[string]overlaps{
		"one boot":                {[]string{here, here}, 60, turns, one, asIs, false},
		"this boot":               {[]string{here, here}, 60, turns, func(int) string { return "boot" }, asIs, false},
		"a few at the ends":       {[]string{here, here, here}, 60, func(n int) int { return min(n/20+n%5/4, 2) }, one, asIs, false},
		"the clock was set back":  {[]string{here, here}, 60, turns, one, func(n int) int { return n - n/30*3600 }, false},
		"two machines":            {[]string{here, there}, 60, turns, func(n int) string { return fmt.Sprint("of ", turns(n)) }, asIs, false},
		"boots through all files": {[]string{here, here}, 60, turns, func(n int) string { return fmt.Sprint(n / 20) }, asIs, false},
		"one file ends with a boot": {[]string{here, here}, 60, func(n int) int { return turns(n) * (1 - n/40) },
			func(n int) string { return fmt.Sprint(n / 20) }, asIs, false},
	}
}

// TestF59OverlappingFiles: files of which none is over when the next begins are read in turns, forwards, backwards and
// from each entry and each time on.
func TestF59OverlappingFiles(t *testing.T) {
	for _, tail := range []bool{false, true} {
		for name := range overlapping("") {
			t.Run(fmt.Sprint(name, ", boots in headers ", tail), func(t *testing.T) {
				o := overlapping(t.TempDir())[name]
				o.tail = tail
				o.write(t, jwrite.Archived)
				want := upTo(o.n)
				m, e := merged(t, o.folders[0])
				if got := numbers(t, m.Next, e); !slices.Equal(got, want) {
					t.Errorf("forwards: %v", got)
				}
				m, e = merged(t, o.folders[0])
				m.SeekEnd()
				got := numbers(t, m.Prev, e)
				if slices.Reverse(got); !slices.Equal(got, want) {
					t.Errorf("backwards: %v", got)
				}
				for n := range o.n {
					o.from(t, n, "time", func(m *Merge) error { return m.SeekTime(uint64(year2026+o.at(n)) * second) })
					o.from(t, n, "key", func(m *Merge) error {
						w := o.entry(n, 0)
						k := Key{SeqID: id(fmt.Sprint("seq", o.file(n))), Realtime: w.Realtime, Monotonic: w.Monotonic, Boot: w.Boot}
						for i := range n + 1 {
							if o.file(i) == o.file(n) {
								k.Seq++
							}
						}
						return m.SeekKey(&k, false)
					})
				}
			})
		}
	}
}

// from reads forwards and backwards from where seek puts a Merge that has read nothing yet: it is before entry n.
func (o overlaps) from(t *testing.T, n int, by string, seek func(m *Merge) error) {
	t.Helper()
	for _, back := range []bool{false, true} {
		m, e := merged(t, o.folders[0])
		if err := seek(m); err != nil {
			t.Fatal(err)
		}
		step, want := m.Next, upTo(o.n)[n:]
		if back {
			step, want = m.Prev, upTo(n)
		}
		got := numbers(t, step, e)
		if back {
			slices.Reverse(got)
		}
		if !slices.Equal(got, want) {
			t.Errorf("by %s, entry %d, backwards %v: %v", by, n, back, got)
		}
		m.Close()
	}
}

// TestF59OverlappingFilesGrow: two files with numbers of their own are followed while both grow, one of them new.
func TestF59OverlappingFilesGrow(t *testing.T) {
	for _, tail := range []bool{false, true} {
		root := t.TempDir()
		o := overlapping(root)["this boot"]
		o.tail, o.n = tail, 40
		archived := filepath.Join(root, machine, "system@old.journal")
		old := create(t, archived, jwrite.Options{TailBoot: tail, File: id("old"), SeqID: id("old"), Machine: id(machine)})
		w := o.write(t, jwrite.Online)
		for n := range 40 { // beside the others, with its numbers between theirs
			e := o.entry(n, 0)
			e.Monotonic += second / 2
			e.Realtime += second / 2
			e.Fields = []string{fmt.Sprint("MESSAGE=", 1000+n)}
			add(t, old, e)
		}
		if err := old.Close(jwrite.Archived); err != nil {
			t.Fatal(err)
		}
		r := follows(t, []Root{{Path: root}})
		if err := r.m.Back(60); err != nil {
			t.Fatal(err)
		}
		r.read()
		var want []int
		for n := 10; n < 40; n++ {
			want = append(want, n, 1000+n)
		}
		for n := 40; n < 60; n++ {
			add(t, w[o.file(n)], o.entry(n, 0))
			want = append(want, n)
			if n%7 == 0 {
				r.look()
				r.read()
			}
		}
		r.look()
		r.read()
		if !slices.Equal(r.n, want) {
			t.Errorf("boots in headers %v: %v, want %v", tail, r.n, want)
		}
	}
}

// TestF59OverlappingFilesAreDamaged: where the first or the last entry of a file is damaged, the others keep their order.
func TestF59OverlappingFilesAreDamaged(t *testing.T) {
	for _, tail := range []bool{false, true} {
		o := overlapping(t.TempDir())["one boot"]
		o.tail = tail
		o.write(t, jwrite.Archived)
		spoil(t, filepath.Join(o.folders[1], "user-1@1.journal"), 0, 29) // the entries 3 and 59
		want := append(upTo(59)[:3:3], upTo(59)[4:]...)
		m, e := merged(t, o.folders[0])
		if got := numbers(t, m.Next, e); !slices.Equal(got, want) {
			t.Errorf("forwards: %v", got)
		}
		m, e = merged(t, o.folders[0])
		m.SeekEnd()
		got := numbers(t, m.Prev, e)
		if slices.Reverse(got); !slices.Equal(got, want) {
			t.Errorf("backwards: %v", got)
		}
		if m.Lost() != 2 {
			t.Errorf("%d lost", m.Lost())
		}
	}
}

// spoil makes entries of a file unreadable.
func spoil(t *testing.T, path string, entries ...uint64) {
	t.Helper()
	f, err := Open(path, NewFields())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, n := range entries {
		if _, err := w.WriteAt([]byte{0}, int64(f.offset(n))); err != nil {
			t.Fatal(err)
		}
	}
}

// TestF59BootWithinAFile: a boot that began and ended within a file came before the boot that its sequence ended in, and
// so before all later ones, whatever the time of day was.
func TestF59BootWithinAFile(t *testing.T) {
	folder := filepath.Join(t.TempDir(), machine)
	o := overlaps{folders: []string{folder, folder}, n: 60, file: func(n int) int { return n / 40 },
		boot: func(n int) string { return fmt.Sprint(n / 20) },
		at:   func(n int) int { return n - (1-n%20/10)*(year2026-year2020) }} // set 10 s after the start
	o.write(t, jwrite.Archived)
	m, e := merged(t, folder)
	if got := numbers(t, m.Next, e); !slices.Equal(got, upTo(60)) {
		t.Errorf("forwards: %v", got)
	}
	got := numbers(t, m.Prev, e)
	if slices.Reverse(got); !slices.Equal(got, upTo(60)) {
		t.Errorf("backwards: %v", got)
	}
}
