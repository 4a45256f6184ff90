package file

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pierrec/lz4/v4"

	"hypervisor-tui/journal/file/jwrite"
)

// plainFile makes a file of n numbered entries and returns what is in it.
func plainFile(t testing.TB, o jwrite.Options, n int) (path string, text []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), machine, "system.journal")
	w := create(t, path, o)
	for i := range n {
		add(t, w, numbered(i))
	}
	if err := w.Close(jwrite.Archived); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, text
}

func rewrite(t testing.TB, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// whole counts the entries that can be read, each in its place, and what else there is.
func whole(t testing.TB, path string) (good, bad int) {
	f, err := Open(path, NewFields(Wish{"MESSAGE", 100}))
	if err != nil {
		return 0, 0
	}
	defer f.Close()
	e := f.fields.NewEntry()
	for n := range f.Len() {
		err := f.Read(n, e)
		switch {
		case err == nil && e.Lost == 0 && string(e.Values[0].Bytes) == numbered(int(e.Seq) - 1).Fields[0][len("MESSAGE="):]:
			good++
		case err != nil && err != ErrDamaged:
			t.Fatal(err)
		default:
			bad++
		}
	}
	return good, bad
}

// TestF26RandomDamage writes over 8 bytes in 200 places.
func TestF26RandomDamage(t *testing.T) {
	const entries, places = 20000, 200
	for _, o := range []jwrite.Options{{}, {Compact: true, Keyed: true, Packing: jwrite.ZSTD}} {
		path, text := plainFile(t, o, entries)
		random := rand.New(rand.NewPCG(7, 7))
		used := len(text) - growthMax
		for range places {
			binary.LittleEndian.PutUint64(text[headerMin+64+random.IntN(used):], random.Uint64())
		}
		rewrite(t, path, text)
		good, bad := whole(t, path)
		// A place hits one entry, one value or one item of an array, or a common value: that is read nevertheless.
		if good < entries-2*places || good+bad < entries-places || bad == 0 {
			t.Errorf("%d whole, %d damaged of %d", good, bad, entries)
		}
	}
}

// growthMax is at least what a file has at its end that is not used.
const growthMax = 256 << 10

// TestF26BrokenChain cuts the chain of arrays: what follows is found by walking over the objects.
func TestF26BrokenChain(t *testing.T) {
	for _, next := range []uint64{0, 8, 272, 1 << 60, 0xffffffffffffffff} {
		path, text := plainFile(t, jwrite.Options{}, 5000)
		array := binary.LittleEndian.Uint64(text[atArrays:])
		for range 3 {
			array = binary.LittleEndian.Uint64(text[array+atNextArray:])
		}
		binary.LittleEndian.PutUint64(text[array+atNextArray:], next)
		rewrite(t, path, text)
		if good, bad := whole(t, path); good != 5000 || bad != 0 {
			t.Errorf("chain goes on at %d: %d whole, %d damaged of 5000", next, good, bad)
		}
	}
}

// TestF26Truncated cuts a file before it is opened.
func TestF26Truncated(t *testing.T) {
	path, text := plainFile(t, jwrite.Options{}, 5000)
	used := len(text) - growthMax
	for _, size := range []int{0, 1, 100, headerMin, 272, 4096, used / 3, used / 2, used - 1} {
		rewrite(t, path, text[:size])
		good, _ := whole(t, path)
		if least := 5000 * (size - 1<<16) / used * 9 / 10; good < least {
			t.Errorf("%d of %d bytes: %d whole, want %d", size, used, good, least)
		}
	}
}

// TestF26TruncatedWhileOpen takes the end away under a reader: of what was there some entries may still be known.
func TestF26TruncatedWhileOpen(t *testing.T) {
	path, text := plainFile(t, jwrite.Options{}, 5000)
	f := open(t, path)
	e := f.fields.NewEntry()
	for _, size := range []int64{int64(len(text)) / 4, 4096, 0} {
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
		errs, good := 0, 0
		for n := range f.Len() {
			switch err := f.Read(n, e); err {
			case nil:
				good++
			case ErrDamaged:
				errs++
			default:
				t.Fatal(err)
			}
		}
		if errs == 0 || size > 4096 && good < 200 {
			t.Errorf("%d bytes: %d whole, %d not", size, good, errs)
		}
		f.Refresh()
		f.SeekTime(1)
		if _, err := f.All(4999, func([]byte, int) {}); err != ErrDamaged {
			t.Errorf("%d bytes: All: %v", size, err)
		}
	}
}

// TestF26LiesOfTheHeader: counters that cannot be true.
func TestF26LiesOfTheHeader(t *testing.T) {
	for _, at := range []int{atEntries, atArrays, atHeaderSize, atArenaSize, atHeadSeq, atTailSeq, atHeadTime, atTailTime} {
		for _, lie := range []uint64{0, 1, 7, 208, 1 << 20, 1 << 40, 1 << 63, 1<<64 - 1} {
			path, text := plainFile(t, jwrite.Options{}, 300)
			binary.LittleEndian.PutUint64(text[at:], lie)
			rewrite(t, path, text)
			good, bad := whole(t, path)
			if good+bad > 300 || at != atEntries && at != atHeaderSize && good != 300 {
				t.Errorf("%d at %d: %d whole, %d damaged", lie, at, good, bad)
			}
		}
	}
}

func TestUnknownFlagsAreNamed(t *testing.T) {
	path, text := plainFile(t, jwrite.Options{}, 3)
	binary.LittleEndian.PutUint32(text[atIncompatible:], 1<<5|1<<17|FlagKeyed)
	rewrite(t, path, text)
	var newer *FlagsError
	for _, err := range []error{
		func() error { _, err := Open(path, wanted()); return err }(),
		func() error { _, err := ReadHeader(path); return err }(),
	} {
		if !errors.As(err, &newer) || newer.Flags != 1<<5|1<<17 || !strings.Contains(err.Error(), "1<<5, 1<<17") {
			t.Errorf("%v", err)
		}
	}
	m := NewMerge([]Root{{Path: filepath.Dir(filepath.Dir(path))}}, wanted())
	if _, err := m.Rescan(); err != nil || m.Unknown == nil || m.Unknown.Path != path || m.Files() != 0 {
		t.Errorf("%v, %+v", err, m.Unknown)
	}
}

// TestBombs: values that claim to be or become much larger than what is looked at.
func TestBombs(t *testing.T) {
	huge := "MESSAGE=" + strings.Repeat("0", 50<<20)
	for name, packing := range map[string]jwrite.Packing{"plain": 0, "xz": jwrite.XZ, "lz4": jwrite.LZ4, "zstd": jwrite.ZSTD} {
		path := filepath.Join(t.TempDir(), "system.journal")
		w := create(t, path, jwrite.Options{Packing: packing})
		add(t, w, jwrite.Entry{Realtime: 1, Fields: []string{huge}}, jwrite.Entry{Realtime: 2, Fields: []string{"MESSAGE=after"}})
		w.Close(jwrite.Archived)
		f := open(t, path)
		e := f.fields.NewEntry()
		if err := f.Read(0, e); err != nil || e.Values[0].Full != 50<<20 || len(e.Values[0].Bytes) != messageMax {
			t.Errorf("%s: %v, %d of %d bytes, %d lost", name, err, len(e.Values[0].Bytes), e.Values[0].Full, e.Lost)
		}
		if err := f.Read(1, e); err != nil || string(e.Values[0].Bytes) != "after" {
			t.Errorf("%s: %v, %q", name, err, e.Values[0].Bytes)
		}
		_, err := f.All(0, func(field []byte, full int) {
			if full != len(huge) || len(field) != wholeMax {
				t.Errorf("%s: %d of %d bytes", name, len(field), full)
			}
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n := cap(f.fields.long) + cap(f.fields.unpack.out); n > 1<<19 {
			t.Errorf("%s: %d bytes are kept", name, n)
		}
	}
}

func FuzzFile(f *testing.F) {
	for _, o := range variants() {
		path := filepath.Join(f.TempDir(), "system.journal")
		w := create(f, path, o)
		for _, n := range []int{0, 3, 5, 7} {
			add(f, w, sample(n))
		}
		w.Close(jwrite.Archived)
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text[:48<<10], uint32(300), []byte("\xff\x00\x01"))
	}
	f.Fuzz(func(t *testing.T, text []byte, at uint32, patch []byte) {
		if len(text) > 1<<20 {
			return
		}
		if len(text) > 0 {
			copy(text[int(at)%len(text):], patch)
		}
		path := filepath.Join(t.TempDir(), machine, "system.journal")
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		rewrite(t, path, text)
		m := NewMerge([]Root{{Path: filepath.Dir(filepath.Dir(path))}}, wanted())
		defer m.Close()
		if _, err := m.Rescan(); err != nil {
			t.Fatal(err)
		}
		e := m.fields.NewEntry()
		for _, step := range []func(*Entry) error{m.Next, m.Prev} {
			n := 0
			for ; step(e) == nil; n++ {
				if n > len(text) {
					t.Fatal("more entries than bytes")
				}
				if v := e.Values[0]; v.Full < len(v.Bytes) || len(v.Bytes) > messageMax {
					t.Fatalf("%d of %d bytes", len(v.Bytes), v.Full)
				}
			}
		}
		m.SeekTime(uint64(at))
		m.SeekKey(&e.Key, at%2 == 0)
		if file, n, key := m.Locate(e.Realtime, e.Seq); file != nil {
			file.All(n, func([]byte, int) {})
			m.SeekBoot(&key)
		}
		m.Refresh()
	})
}

// FuzzLZ4 compares the part that is unpacked with what the library unpacks.
func FuzzLZ4(f *testing.F) {
	f.Add([]byte("to be or not to be, that is the question: to be"), 20, []byte{})
	f.Add([]byte(strings.Repeat("a", 1000)), 300, []byte("\x1fa\x01\x00\xff\xff\x10"))
	f.Fuzz(func(t *testing.T, text []byte, room int, garbage []byte) {
		room = min(max(room, 0), 1<<16)
		out := make([]byte, 0, room)
		unLZ4(out, garbage)
		in := make([]byte, 8+lz4.CompressBlockBound(len(text)))
		le.PutUint64(in, uint64(len(text)))
		n, err := lz4.CompressBlock(text, in[8:], nil)
		if err != nil || n == 0 {
			return
		}
		head, full, err := unLZ4(out, in[:8+n])
		if err != nil || full != len(text) || string(head) != string(text[:min(room, len(text))]) {
			t.Fatalf("%v, %d, %q", err, full, head)
		}
	})
}
