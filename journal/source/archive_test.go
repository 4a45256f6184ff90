package source

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"hypervisor-tui/journal"
	"hypervisor-tui/journal/file"
	"hypervisor-tui/journal/file/jwrite"
	"hypervisor-tui/journal/journaltest"
)

// archived makes a journal of 300 samples in 3 files and of a boot before it with 50, and returns its archive.
func archived(t *testing.T) *archive {
	root := t.TempDir()
	dir := filepath.Join(root, machine)
	makeJournal(t, dir, 300, 3)
	w, err := jwrite.Create(filepath.Join(dir, "system@before.journal"), jwrite.Options{File: id("before"), SeqID: id("other")})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 50 {
		e := sampleEntry(n)
		e.Realtime -= 1_000_000
		e.Boot = id("before")
		e.Fields = []string{fmt.Sprint("MESSAGE=before ", n)}
		if err = w.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	if err = w.Close(jwrite.Archived); err != nil {
		t.Fatal(err)
	}
	return &archive{roots: []file.Root{{Path: root}}, reads: newFields()}
}

// texts reads up to n messages and the last place.
func texts(t *testing.T, read func(context.Context, journal.Place, func(journal.Entry) bool) error, from journal.Place,
	n int) (list []string, last journal.Place) {
	t.Helper()
	err := read(context.Background(), from, func(e journal.Entry) bool {
		list = append(list, string(e.Message))
		last = e.Place
		return len(list) < n
	})
	if err != nil {
		t.Fatal(err)
	}
	return list, last
}

func TestArchiveOlderAndNewer(t *testing.T) {
	a := archived(t)
	for _, c := range []struct {
		from         journal.Place
		older, newer string
	}{
		{journal.Place{}, "", "before 0"},
		{journal.Place{Time: math.MaxInt64}, "entry 299", ""},
		{placeOf(0), "before 49", "entry 0"},
		{placeOf(150), "entry 149", "entry 150"},
		{journal.Place{Time: placeOf(150).Time}, "entry 149", "entry 150"},
		{journal.Place{Time: placeOf(150).Time, Seq: placeOf(150).Seq + 1}, "entry 150", "entry 151"}, // right behind
		{journal.Place{Time: placeOf(99).Time, Seq: placeOf(99).Seq + 1}, "entry 99", "entry 100"},    // in two files
		{journal.Place{Time: placeOf(299).Time, Seq: placeOf(299).Seq + 1}, "entry 299", ""},
		{journal.Place{Time: placeOf(7).Time, Seq: 123456}, "entry 6", "entry 7"}, // gone: by time
	} {
		older, _ := texts(t, a.Older, c.from, 1)
		newer, _ := texts(t, journaltest.On(a), c.from, 1)
		if got := append(older, "")[0]; got != c.older {
			t.Errorf("older than %+v: %q, want %q", c.from, got, c.older)
		}
		if got := append(newer, "")[0]; got != c.newer {
			t.Errorf("newer than %+v: %q, want %q", c.from, got, c.newer)
		}
	}
	all, _ := texts(t, journaltest.On(a), journal.Place{}, math.MaxInt)
	for _, n := range []int{1, 99, 100, 150} { // up to an entry, also one with the time and about the number of another boot's
		upTo, _ := texts(t, func(ctx context.Context, at journal.Place, put func(journal.Entry) bool) error {
			return a.Newer(ctx, journal.Place{}, at, put)
		}, placeOf(n), math.MaxInt)
		if !slices.Equal(upTo, all[:50+n]) {
			t.Errorf("%d entries up to entry %d", len(upTo), n)
		}
	}
	var pieces []string // by sevens, each from where the last one ended
	at := journal.Place{Time: math.MaxInt64}
	for {
		list, last := texts(t, a.Older, at, 7)
		if len(list) == 0 {
			break
		}
		pieces, at = append(pieces, list...), last
	}
	slices.Reverse(pieces)
	if len(all) != 350 || !slices.Equal(all, pieces) {
		t.Errorf("%d entries in one piece, %d by sevens", len(all), len(pieces))
	}
}

func TestArchiveEndsWithItsContext(t *testing.T) {
	a := archived(t)
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	err := a.Newer(ctx, journal.Place{}, journal.Place{Time: math.MaxInt64}, func(journal.Entry) bool { n++; cancel(); return true })
	if err != context.Canceled || n != 1 {
		t.Errorf("%v after %d entries", err, n)
	}
}

func TestArchiveWhole(t *testing.T) {
	a := archived(t)
	fields, err := a.Whole(context.Background(), placeOf(101))
	var got []string
	for _, f := range fields {
		got = append(got, f.Name+"="+string(f.Value))
	}
	want := sampleEntry(101).Fields
	slices.Sort(want)
	slices.Sort(got)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %q, want %q", err, got, want)
	}
	for _, p := range []journal.Place{{}, {Time: placeOf(1).Time, Seq: 9999}, {Time: 5, Seq: 1}} {
		if _, err = a.Whole(context.Background(), p); !errors.Is(err, journal.ErrGone) {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

func TestArchiveBootStart(t *testing.T) {
	a := archived(t)
	before := journal.Place{Time: placeOf(0).Time - 1_000_000, Seq: 1}
	for _, c := range []struct{ at, want journal.Place }{
		{placeOf(299), placeOf(0)}, {placeOf(150), placeOf(0)}, {placeOf(0), placeOf(0)},
		{journal.Place{Time: math.MaxInt64}, placeOf(0)},
		{journal.Place{Time: placeOf(0).Time - 1}, before}, {before, before},
	} {
		if got, err := a.BootStart(context.Background(), c.at); err != nil || got != c.want {
			t.Errorf("%+v: %+v, %v, want %+v", c.at, got, err, c.want)
		}
	}
	if _, err := a.BootStart(context.Background(), journal.Place{}); err != journal.ErrGone {
		t.Errorf("before all: %v", err)
	}
}

// TestArchiveIsReadWhileItIsRead: another call is made before the entry of the first is handed on, as views' turns do.
func TestArchiveIsReadWhileItIsRead(t *testing.T) {
	a := archived(t)
	alone, _ := texts(t, a.Older, journal.Place{Time: math.MaxInt64}, math.MaxInt)
	var list []string
	err := a.Older(t.Context(), journal.Place{Time: math.MaxInt64}, func(e journal.Entry) bool {
		before, _ := texts(t, journaltest.On(a), journal.Place{}, 2)
		fields, err := a.Whole(t.Context(), placeOf(7))
		if err != nil || len(fields) == 0 || before[1] != "before 1" {
			t.Fatalf("%q, %v, %v", before, fields, err)
		}
		list = append(list, string(e.Message))
		return true
	})
	if err != nil || len(list) != 350 || !slices.Equal(list, alone) {
		t.Errorf("%d entries, %d alone; %v", len(list), len(alone), err)
	}
}
