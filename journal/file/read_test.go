package file

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hypervisor-tui/journal/file/jwrite"
)

const messageMax = 16 << 10

// wanted are the fields that the tests read.
func wanted() *Fields {
	return NewFields(Wish{"MESSAGE", messageMax}, Wish{"_SYSTEMD_UNIT", 64}, Wish{"_CMDLINE", 1000})
}

func open(t testing.TB, path string) *File {
	t.Helper()
	f, err := Open(path, wanted())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// check compares what was read with sample n.
func check(t testing.TB, e *Entry, n int) {
	t.Helper()
	want := sample(n)
	if e.Seq != uint64(n)+1 || e.Realtime != want.Realtime || e.Monotonic != want.Monotonic || e.Boot != want.Boot || e.Lost != 0 {
		t.Errorf("entry %d: %+v, %d lost", n, e.Key, e.Lost)
	}
	for i, head := range []string{"MESSAGE=", "_SYSTEMD_UNIT=", "_CMDLINE="} {
		at := slices.IndexFunc(want.Fields, func(f string) bool { return strings.HasPrefix(f, head) })
		value := want.Fields[at][len(head):]
		if v := e.Values[i]; !v.Set || v.Full != len(value) || string(v.Bytes) != value[:min(len(value), cap(v.Bytes))] {
			t.Errorf("entry %d: %s%.60q, %d bytes of %d, want %.60q of %d", n, head, v.Bytes, len(v.Bytes), v.Full, value, len(value))
		}
	}
}

// each calls run with a file of every variant that has 250 samples. Nobody changes these.
func each(t *testing.T, run func(t *testing.T, path string)) {
	for name, o := range variants() {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(made, name+".journal")
			if _, err := os.Stat(path); err != nil {
				write(t, path, o, 0, 250)
			}
			run(t, path)
		})
	}
}

// made is a folder that all tests share.
var made string

func TestMain(m *testing.M) {
	var err error
	if made, err = os.MkdirTemp("", "journal"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(made)
	os.Exit(code)
}

func TestReadWhatWasWritten(t *testing.T) {
	each(t, func(t *testing.T, path string) {
		f := open(t, path)
		if f.Len() != 250 || !f.Final() {
			t.Fatalf("%d entries, final %v", f.Len(), f.Final())
		}
		e := f.fields.NewEntry()
		for _, n := range append(upTo(250), 249, 0, 100, 7) { // in order, then to and fro
			if err := f.Read(uint64(n), e); err != nil {
				t.Fatalf("entry %d: %v", n, err)
			}
			check(t, e, n)
		}
		if err := f.Read(250, e); err != ErrDamaged {
			t.Errorf("behind the end: %v", err)
		}
	})
}

func upTo(n int) (list []int) {
	for i := range n {
		list = append(list, i)
	}
	return list
}

// TestReadAll gets every field in full, also those that Read cuts.
func TestReadAll(t *testing.T) {
	each(t, func(t *testing.T, path string) {
		f := open(t, path)
		for _, n := range []int{0, 3, 5, 100, 249} {
			var got []string
			lost, err := f.All(uint64(n), func(field []byte, full int) {
				if full != len(field) {
					t.Errorf("entry %d: %d bytes of %d", n, len(field), full)
				}
				got = append(got, string(field))
			})
			want := sample(n).Fields
			slices.Sort(want)
			slices.Sort(got)
			if err != nil || lost != 0 || !slices.Equal(got, want) {
				t.Errorf("entry %d: %v, %d lost, %.200q", n, err, lost, got)
			}
		}
	})
}

// TestReadIsWhatJournalctlPrints compares every field of every entry with systemd's own program.
func TestReadIsWhatJournalctlPrints(t *testing.T) {
	journalctl, err := exec.LookPath("journalctl")
	if err != nil {
		t.Skip("no journalctl here")
	}
	each(t, func(t *testing.T, path string) {
		out, err := exec.Command(journalctl, "-o", "json", "--all", "--output-fields=_SYSTEMD_UNIT,PRIORITY", "--file="+path).Output()
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		f := open(t, path)
		if len(lines) != int(f.Len()) {
			t.Fatalf("journalctl prints %d entries, want %d", len(lines), f.Len())
		}
		e := f.fields.NewEntry()
		for n, line := range lines {
			if err = f.Read(uint64(n), e); err != nil {
				t.Fatal(err)
			}
			for _, part := range []string{
				fmt.Sprintf("i=%x;b=%s;m=%x;t=%x;x=%x", e.Seq, e.Boot, e.Monotonic, e.Realtime, e.Xor),
				fmt.Sprintf(`"_SYSTEMD_UNIT":"%s"`, strings.TrimSpace(string(e.Values[1].Bytes))),
			} {
				if !strings.Contains(strings.ReplaceAll(line, `" : "`, `":"`), part) {
					t.Fatalf("entry %d: journalctl prints %s, without %s", n, line, part)
				}
			}
		}
	})
}

func TestSeek(t *testing.T) {
	each(t, func(t *testing.T, path string) {
		f := open(t, path)
		for _, n := range []int{0, 1, 149, 150, 249, 250} {
			at := sample(n).Realtime
			if got := f.SeekTime(at); got != uint64(n) {
				t.Errorf("SeekTime of entry %d: %d", n, got)
			}
			if got := f.SeekTime(at - 1); got != uint64(n) {
				t.Errorf("SeekTime before entry %d: %d", n, got)
			}
			if got := f.SeekSeq(uint64(n) + 1); got != uint64(n) {
				t.Errorf("SeekSeq of entry %d: %d", n, got)
			}
		}
		if k, ok := f.begin(id("boot 2"), 249); !ok || k.Seq != 151 {
			t.Errorf("boot 2 begins at %+v, %v", k, ok)
		}
		if k, ok := f.begin(id("boot 2"), 150); ok {
			t.Errorf("boot 2 is there before it began: %+v", k)
		}
	})
}

// TestReadGrowing reads a file while it is written.
func TestReadGrowing(t *testing.T) {
	for name, o := range variants() {
		path := filepath.Join(t.TempDir(), "system.journal")
		w := create(t, path, o)
		f := open(t, path)
		e := f.fields.NewEntry()
		for n := range 150 {
			if err := f.Refresh(); err != nil || f.Len() != uint64(n) || f.Final() {
				t.Fatalf("%s: %v, %d entries of %d, final %v", name, err, f.Len(), n, f.Final())
			}
			if n > 0 {
				if err := f.Read(uint64(n)-1, e); err != nil {
					t.Fatal(err)
				}
				check(t, e, n-1)
			}
			add(t, w, sample(n))
		}
		if err := w.Close(jwrite.Archived); err != nil {
			t.Fatal(err)
		}
		if err := f.Refresh(); err != nil || f.Len() != 150 || !f.Final() || f.Damage() != 0 {
			t.Errorf("%s: %v, %d entries, final %v, damage %d", name, err, f.Len(), f.Final(), f.Damage())
		}
	}
}

func TestReadAllocatesNothing(t *testing.T) {
	each(t, func(t *testing.T, path string) {
		f := open(t, path)
		e := f.fields.NewEntry()
		n := uint64(0)
		read := func() {
			if err := f.Read(n%f.Len(), e); err != nil {
				t.Fatal(err)
			}
			n++
		}
		for range 250 {
			read()
		}
		if got := testing.AllocsPerRun(500, read); got != 0 && f.head.Incompatible&FlagXZ == 0 {
			t.Errorf("%v allocations an entry", got)
		}
	})
}

// TestReadGrowsLarge: a file that has grown far beyond its first size is read to its end.
func TestReadGrowsLarge(t *testing.T) {
	path := filepath.Join(t.TempDir(), "system.journal")
	w := create(t, path, jwrite.Options{File: id("file")})
	big := func(n int) jwrite.Entry {
		return jwrite.Entry{Realtime: uint64(n), Monotonic: uint64(n), Boot: id("boot"), Fields: []string{fmt.Sprintf("MESSAGE=%d %s", n, strings.Repeat("x", 8<<20))}}
	}
	add(t, w, big(0))
	fields := NewFields(Wish{"MESSAGE", 10})
	f, err := Open(path, fields)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	e := fields.NewEntry()
	for n := 1; n < 9; n++ { // to 72 MiB
		add(t, w, big(n))
		if err := f.Refresh(); err != nil || f.Len() != uint64(n)+1 {
			t.Fatalf("%d entries of %d: %v", f.Len(), n+1, err)
		}
		if err := f.Read(uint64(n), e); err != nil || !strings.HasPrefix(string(e.Values[0].Bytes), fmt.Sprint(n, " ")) || e.Lost > 0 {
			t.Fatalf("entry %d: %q, %v", n, e.Values[0].Bytes, err)
		}
	}
}

// TestReadScattered: an entry whose fields lie in more blocks than are kept, in an object shorter and longer than a block,
// is read whole; when its end is gone it is damaged, not what it was before.
func TestReadScattered(t *testing.T) {
	for _, count := range []int{100, 600} {
		path := filepath.Join(t.TempDir(), "system.journal")
		w := create(t, path, jwrite.Options{File: id("file")})
		all := jwrite.Entry{Realtime: uint64(count), Boot: id("boot")}
		for n := range count {
			field := fmt.Sprintf("F%d=%d", n, n)
			all.Fields = append(all.Fields, field)
			add(t, w, jwrite.Entry{Realtime: uint64(n), Boot: id("boot"), Fields: []string{field, fmt.Sprint("X=", n, strings.Repeat("x", 5000))}})
		}
		all.Fields = append(all.Fields, "MESSAGE=last")
		add(t, w, all)
		if err := w.Close(jwrite.Archived); err != nil {
			t.Fatal(err)
		}
		f := open(t, path)
		e, last := f.fields.NewEntry(), uint64(count)
		if err := f.Read(last, e); err != nil || e.Lost != 0 || string(e.Values[0].Bytes) != "last" {
			t.Errorf("%d fields: %v, %d lost, %q", count, err, e.Lost, e.Values[0].Bytes)
		}
		seen := 0
		if lost, err := f.All(last, func([]byte, int) { seen++ }); err != nil || lost != 0 || seen != count+1 {
			t.Errorf("%d fields: %v, %d lost, %d seen", count, err, lost, seen)
		}
		if err := os.Truncate(path, int64(f.offset(last))+entryHead+100); err != nil {
			t.Fatal(err)
		}
		if f.version = f.fields.next(); f.Read(last, e) != ErrDamaged {
			t.Errorf("%d fields: the end is gone, and read", count)
		}
	}
}

// TestReadPackedBeyondTheHead: of a value that hardly gets smaller enough is read to unpack the beginning.
func TestReadPackedBeyondTheHead(t *testing.T) {
	text := make([]byte, 300<<10)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range text {
		text[i] = byte(random.Uint32() & 0x7f)
	}
	for name, packing := range map[string]jwrite.Packing{"xz": jwrite.XZ, "lz4": jwrite.LZ4, "zstd": jwrite.ZSTD} {
		path := filepath.Join(t.TempDir(), "system.journal")
		w := create(t, path, jwrite.Options{Packing: packing})
		add(t, w, jwrite.Entry{Realtime: 1, Fields: []string{"MESSAGE=" + string(text)}})
		w.Close(jwrite.Archived)
		f := open(t, path)
		e := f.fields.NewEntry()
		if err := f.Read(0, e); err != nil || e.Lost != 0 || !bytes.Equal(e.Values[0].Bytes, text[:messageMax]) {
			t.Errorf("%s: %v, %d lost, %d bytes", name, err, e.Lost, len(e.Values[0].Bytes))
		}
	}
}
