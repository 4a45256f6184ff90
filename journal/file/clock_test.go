package file

import (
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hypervisor-tui/journal/file/jwrite"
)

// wrote is a file that was written: its entries have the numbers from first on.
type wrote struct {
	name, seq, boot string
	first, n        int
	at, up          int // seconds since 1970 and since boot of the first entry; one second from each to the next
	state           byte
}

// entry is one of the file's; base is the number with which its sequence began.
func (f wrote) entry(i, base int) jwrite.Entry {
	return jwrite.Entry{Seq: uint64(f.first+i-base) + 1, Realtime: uint64(f.at+i) * second, Monotonic: uint64(f.up+i) * second,
		Boot: id(f.boot), Fields: []string{fmt.Sprint("MESSAGE=", f.first+i)}}
}

// writeAll makes the files in an order that says nothing. Entries are numbered from 0 through all of them; those of a new
// sequence begin with 1 again.
func writeAll(t *testing.T, folder string, files ...wrote) {
	t.Helper()
	for _, i := range rand.Perm(len(files)) {
		f := files[i]
		w := create(t, filepath.Join(folder, f.name), jwrite.Options{TailBoot: i%2 == 0, File: id(f.name), SeqID: id(f.seq), Machine: id(filepath.Base(folder))})
		base := files[slices.IndexFunc(files, func(o wrote) bool { return o.seq == f.seq })].first
		for i := range f.n {
			add(t, w, f.entry(i, base))
		}
		if err := w.Close(f.state); err != nil {
			t.Fatal(err)
		}
	}
}

// deadClock is three boots of a host whose clock starts in 2020 and is set to 2026 after 10 s; each stop was unclean, so
// that each boot has numbers of its own.
var deadClock = []wrote{
	{"system@a1.journal", "a", "first", 0, 10, year2020, 1, jwrite.Archived},
	{"system@a2.journal~", "a", "first", 10, 10, year2026, 11, jwrite.Online},
	{"system@b1.journal", "b", "second", 20, 10, year2020, 1, jwrite.Archived},
	{"system@b2.journal~", "b", "second", 30, 10, year2026 + 86400, 11, jwrite.Online},
	{"system@c1.journal", "c", "boot", 40, 10, year2020, 1, jwrite.Archived},
	{"system.journal", "c", "boot", 50, 10, year2026 + 2*86400, 11, jwrite.Online},
}

const year2020, year2026 = 1_577_836_800, 1_767_225_600

// merged is a Merge of all files below root, of a host whose boot is "boot".
func merged(t *testing.T, folder string) (*Merge, *Entry) {
	t.Helper()
	fields := NewFields(Wish{"MESSAGE", 100})
	m := NewMerge([]Root{{Path: filepath.Dir(folder)}}, fields)
	m.Boot = id("boot")
	if _, err := m.Rescan(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m, fields.NewEntry()
}

// numbers reads to one end.
func numbers(t *testing.T, step func(*Entry) error, e *Entry) (list []int) {
	t.Helper()
	for {
		switch err := step(e); err {
		case nil:
			var n int
			fmt.Sscan(string(e.Values[0].Bytes), &n)
			list = append(list, n)
		case io.EOF:
			return list
		default:
			t.Fatal(err)
		}
	}
}

// TestF59BootsStandTogether: each entry once, in the order of boots and of the clock that nobody sets, whatever the time
// of day was, forwards, backwards, and by boots.
func TestF59BootsStandTogether(t *testing.T) {
	wrong := slices.Clone(deadClock) // this boot's clock was never set
	wrong[5].at = year2020 + 10
	wrong[5].n = 400 // and has passed the time at which the other boots began
	for name, files := range map[string][]wrote{"set after the start": deadClock, "wrong until now": wrong} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), machine)
			writeAll(t, folder, files...)
			m, e := merged(t, folder)
			want := upTo(50 + files[5].n)
			if got := numbers(t, m.Next, e); !slices.Equal(got, want) {
				t.Errorf("forwards: %v", got)
			}
			got := numbers(t, m.Prev, e)
			if slices.Reverse(got); !slices.Equal(got, want) {
				t.Errorf("backwards: %v", got)
			}
			m.SeekEnd()
			for _, begin := range []int{40, 20, 0} {
				if err := m.Prev(e); err != nil {
					t.Fatal(err)
				}
				first, err := m.SeekBoot(&e.Key)
				if want := files[begin/10]; err != nil || first.Realtime != uint64(want.at)*second || first.Boot != id(want.boot) {
					t.Errorf("the boot with entry %d begins at %d: %v", begin, first.Realtime, err)
				}
			}
		})
	}
}

// TestF59MachinesStandBesideEachOther: of two machines neither boot is the later one. Their entries go by the time of day.
func TestF59MachinesStandBesideEachOther(t *testing.T) {
	root := t.TempDir()
	writeAll(t, filepath.Join(root, machine), wrote{"system@a.journal", "a", "x", 0, 10, year2026, 1, jwrite.Archived})
	writeAll(t, filepath.Join(root, strings.Repeat("a", 32)), wrote{"system@b.journal", "b", "y", 100, 4, year2026 + 5, 1, jwrite.Archived})
	m, e := merged(t, filepath.Join(root, machine))
	if got, want := numbers(t, m.Next, e), []int{0, 1, 2, 3, 4, 5, 100, 6, 101, 7, 102, 8, 103, 9}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestF59ThisBootIsFollowed: after an unclean stop with a clock that is years behind, this boot's entries are the newest,
// and what comes in it is read, in the same file and in new ones.
func TestF59ThisBootIsFollowed(t *testing.T) {
	files := []wrote{
		{"system@a.journal~", "a", "before", 0, 50, year2026, 1000, jwrite.Online},
		{"system.journal", "b", "boot", 50, 5, year2020, 1, jwrite.Online},
	}
	for _, empty := range []bool{false, true} {
		t.Run(fmt.Sprint("nothing of it yet ", empty), func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), machine)
			writeAll(t, folder, files[:len(files)-map[bool]int{true: 1}[empty]]...)
			r := follows(t, []Root{{Path: filepath.Dir(folder)}})
			if err := r.m.Back(5); err != nil {
				t.Fatal(err)
			}
			r.read()
			want := []int{50, 51, 52, 53, 54}
			if empty {
				writeAll(t, folder, files[1])
				r.look()
				r.read()
				want = append([]int{45, 46, 47, 48, 49}, want...)
			}
			next := wrote{"user-1000.journal", "b", "boot", 55, 5, year2020 + 5, 6, jwrite.Online}
			writeAll(t, folder, next) // its numbers begin anew, but the clock that nobody sets does not
			r.look()
			r.read()
			if want = append(want, 55, 56, 57, 58, 59); !slices.Equal(r.n, want) {
				t.Errorf("%v, want %v", r.n, want)
			}
		})
	}
}

// TestF59TimeAfterAStepBack: a time that came twice is one of the two, and what lies on both sides of it is whole, in a
// file of its own or within one.
func TestF59TimeAfterAStepBack(t *testing.T) {
	folder := filepath.Join(t.TempDir(), machine)
	writeAll(t, folder,
		wrote{"system@a.journal", "a", "boot", 0, 100, year2026 + 3600, 1, jwrite.Archived},
		wrote{"system.journal", "a", "boot", 100, 50, year2026, 101, jwrite.Online})
	within := filepath.Join(t.TempDir(), machine)
	w := create(t, filepath.Join(within, "system.journal"), jwrite.Options{File: id("file"), SeqID: id("a")})
	for i := range 150 {
		f := wrote{first: 0, at: year2026 + 3600, up: 1, boot: "boot"}
		if i >= 100 {
			f.at -= 3600 + 100
		}
		add(t, w, f.entry(i, 0))
	}
	w.Close(jwrite.Online)
	for _, folder := range []string{folder, within} {
		m, e := merged(t, folder)
		for _, c := range []struct{ at, want int }{
			{year2026 + 20, 120}, {year2026 + 3600 + 20, 20}, {year2026 + 3600, 0}, {year2026, 100}, {year2026 - 5, 100}, {year2026 + 100, 0},
			{year2026 + 9999, 150},
		} {
			m.SeekTime(uint64(c.at) * second)
			if got := numbers(t, m.Next, e); !slices.Equal(got, upTo(150)[c.want:]) {
				t.Errorf("%s: from %d: %v", folder, c.at-year2026, got)
			}
			m.SeekTime(uint64(c.at) * second)
			got := numbers(t, m.Prev, e)
			if slices.Reverse(got); !slices.Equal(got, upTo(150)[:c.want]) {
				t.Errorf("%s: before %d: %v", folder, c.at-year2026, got)
			}
		}
	}
}

// TestF59LocateBySendersTime: an entry is found by the time that its sender gave, which is not journald's.
func TestF59LocateBySendersTime(t *testing.T) {
	folder := filepath.Join(t.TempDir(), machine)
	writeAll(t, folder, deadClock...)
	m, _ := merged(t, folder)
	for _, c := range []struct {
		at   int
		seq  uint64
		want int
	}{{year2026*1000_000 - 5, 11, 10}, {(year2026+86400)*1000_000 + 7, 11, 30}, {year2020 * 1000_000, 1, -1}, {year2026*1000_000 + 7200_000_000, 11, -1}} {
		f, n, key := m.Locate(uint64(c.at), c.seq)
		if c.want < 0 && c.seq == 11 && f != nil || c.want >= 0 && (f == nil || key.Seq != c.seq || n != 0 || key.Realtime/second != uint64(deadClock[c.want/10].at)) {
			t.Errorf("%+v: entry %d, %+v", c, n, key)
		}
	}
}
