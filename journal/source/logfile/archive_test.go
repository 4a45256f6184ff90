package logfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/journal"
	"hypervisor-tui/journal/journaltest"
	"hypervisor-tui/journal/source/intake"
)

// copied is an entry that outlives its archive's call.
type copied struct {
	place journal.Place
	text  string
}

func gather(t *testing.T, read func(context.Context, journal.Place, func(journal.Entry) bool) error, at journal.Place) (list []copied) {
	t.Helper()
	if err := read(context.Background(), at, func(e journal.Entry) bool {
		if e.Place.Time != e.Time.UnixMicro() {
			t.Errorf("%v is at %v", e.Time, e.Place)
		}
		list = append(list, copied{e.Place, string(e.Message)})
		return true
	}); err != nil {
		t.Fatal(err)
	}
	return list
}

// archiveOf is the archive of all files below dir that the pattern names, as a source has it after a look.
func archiveOf(t *testing.T, pattern string, format Format) *fileArchive {
	f := &Files{Unit: "pods", Globs: []string{pattern}, Format: format, notify: newNotifier(), buf: make([]byte, chunk)}
	t.Cleanup(f.close)
	f.rescan(journaltest.Watch(t).Input)
	return &f.archive
}

// TestArchiveOfFiles holds the archive of several pods, with rotated files and broken lines, to its contract: from any
// position, Older and Newer together are all there is, and nothing twice.
func TestArchiveOfFiles(t *testing.T) {
	dir := t.TempDir()
	at := time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)
	var want []string
	for i := range 250 {
		if i%7 > 0 { // some at the same moment
			at = at.Add(time.Duration(rand.N(2000)) * time.Millisecond)
		}
		path := filepath.Join(makeDir(t, dir, fmt.Sprintf("ns_pod-%d_uid/c", rand.N(4))), "0.log")
		rotated := path + "." + at.Format("20060102-150405.000")
		if _, err := os.Stat(rotated); rand.N(30) == 0 && err != nil { // a rename onto another would lose that
			os.Rename(path, rotated)
		}
		stamp, text := at.Format(time.RFC3339Nano), fmt.Sprintf("entry %d %s", i, strings.Repeat("x", rand.N(300)))
		want = append(want, text)
		if i%5 == 0 {
			cut := rand.N(len(text))
			journaltest.AppendFile(t, path, stamp+" stdout P "+text[:cut]+"\n")
			at = at.Add(time.Microsecond)
			stamp = at.Format(time.RFC3339Nano)
			journaltest.AppendFile(t, path, stamp+" stdout F "+text[cut:]+"\n")
			continue
		}
		journaltest.AppendFile(t, path, stamp+" stdout F "+text+"\n")
	}
	a := archiveOf(t, dir+"/*/c/*.log", Auto)
	all := gather(t, journaltest.On(a), journal.Place{})
	var texts []string
	for _, e := range all {
		texts = append(texts, e.text)
	}
	slices.Sort(texts)
	slices.Sort(want)
	if !slices.Equal(texts, want) {
		t.Fatalf("%d entries, want %d", len(texts), len(want))
	}
	positions := []journal.Place{{}, {Time: math.MaxInt64}}
	for _, e := range all {
		positions = append(positions, e.place, journal.Place{Time: e.place.Time}, journal.Place{Time: e.place.Time + 1})
	}
	for _, p := range positions {
		older, newer := gather(t, a.Older, p), gather(t, journaltest.On(a), p)
		slices.Reverse(older)
		if !slices.Equal(append(older, newer...), all) {
			t.Fatalf("at %v: %d older and %d newer of %d", p, len(older), len(newer), len(all))
		}
		upTo := gather(t, func(ctx context.Context, at journal.Place, put func(journal.Entry) bool) error {
			return a.Newer(ctx, journal.Place{}, at, put)
		}, p)
		if p.Seq != 0 && !slices.Equal(upTo, older) {
			t.Fatalf("up to %v: %d of %d", p, len(upTo), len(older))
		}
		if p.Seq != 0 && newer[0].place != p {
			t.Fatalf("at %v there is %v", p, newer[0])
		}
		if p.Seq == 0 && len(newer) > 0 && newer[0].place.Time < p.Time || len(older) > 0 && older[len(older)-1].place.Time > p.Time {
			t.Fatalf("at %v: %v before, %v after", p, older[len(older)-1], newer[0])
		}
	}
	for _, e := range all {
		fields, err := a.Whole(context.Background(), e.place)
		if err != nil || string(fields[0].Value) != e.text {
			t.Fatalf("%v: %v %v", e, fields, err)
		}
	}
	if _, err := a.BootStart(context.Background(), all[0].place); !errors.Is(err, journal.ErrNoBoots) {
		t.Error(err)
	}
}

func TestArchiveOfFilesWhole(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("0123456789", 200<<10)
	path := filepath.Join(makeDir(t, dir, "pods/ns_pod-1_u-i-d/compute"), "3.log")
	journaltest.AppendFile(t, path, criHead+"F "+long+"\n"+criHead+"P a\n"+criHead+"F b\n"+"no container's\n"+"half")
	a := archiveOf(t, dir+"/pods/*/compute/*.log", Auto)
	all := gather(t, journaltest.On(a), journal.Place{})
	if err := a.Older(context.Background(), journal.Place{Time: math.MaxInt64}, func(e journal.Entry) bool {
		if string(e.Pod) != "ns/pod-1" {
			t.Errorf("the pod is %q", e.Pod)
		}
		return true
	}); err != nil {
		t.Error(err)
	}
	if len(all) != 3 || all[1].text != "ab" || all[2].text != "no container's" || all[2].place.Time != all[1].place.Time {
		t.Fatalf("%d entries, %.200v", len(all), all)
	}
	fields, err := a.Whole(context.Background(), all[0].place)
	if err != nil || string(fields[0].Value) != long[:journal.MaxField] || fields[0].Full != len(long) {
		t.Errorf("%d bytes of %d, told %d, %v", len(fields[0].Value), len(long), fields[0].Full, err)
	}
	var rest []string
	for _, f := range fields[1:] {
		rest = append(rest, f.Name+"="+string(f.Value))
	}
	equal(t, rest, "NAMESPACE=ns", "POD=pod-1", "POD_UID=u-i-d", "CONTAINER=compute", "RESTART=3", "STREAM=stdout",
		"FILE="+path, "OFFSET=0")
	for _, gone := range []journal.Place{{}, {Seq: 1 << 50}, {Seq: all[0].place.Seq + 1<<30}} {
		if _, err := a.Whole(context.Background(), gone); !errors.Is(err, journal.ErrGone) {
			t.Errorf("%v: %v", gone, err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Whole(context.Background(), all[0].place); !errors.Is(err, journal.ErrGone) {
		t.Error(err)
	}
}

// TestArchiveOfFilesWithoutTimes: such lines have the time of the file's last change, and keep their order.
func TestArchiveOfFilesWithoutTimes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.log")
	journaltest.AppendFile(t, path, "one\ntwo\n\nthree\n")
	at := time.UnixMicro(1_700_000_000_000_000)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
	for _, format := range []Format{Auto, Plain} {
		a := archiveOf(t, path, format)
		all := gather(t, journaltest.On(a), journal.Place{})
		if len(all) != 3 || all[0].text != "one" || all[2].text != "three" || all[0].place.Time != at.UnixMicro() {
			t.Fatalf("%s: %v", format, all)
		}
		if older := gather(t, a.Older, all[2].place); len(older) != 2 || older[0].text != "two" {
			t.Errorf("%s: %v", format, older)
		}
		if older := gather(t, a.Older, journal.Place{Time: at.UnixMicro() + 1}); len(older) != 3 {
			t.Errorf("%s: %v", format, older)
		}
	}
}

// FuzzFiles reads any bytes as a log file: the two ways through the archive agree, and following plain lines gives what
// splitting them does.
func FuzzFiles(f *testing.F) {
	f.Add([]byte(criHead+"P a\n"+criHead+"P b\n"+criHead+"F c\n\nI1122 20:00:00.000000 1 a.go:1] x\nend"), uint8(9))
	f.Add([]byte("\x00\x00one\n\x00\n"+strings.Repeat("x", 2*chunk)+"\nlast\n"), uint8(200))
	f.Add([]byte(strings.Repeat(criHead+"P "+strings.Repeat("y", 9000)+"\n", 3)), uint8(0))
	f.Add([]byte("2000-01-01T00:00:00Z stdout P \n0\n"), uint8(9))
	f.Add([]byte(goPanic+"goroutine 1 [select]:\nmain.main()\n"+javaTrace+"\nend\n"), uint8(9))
	f.Add([]byte(criHead+"F panic: x\n"+criHead+"F \n"+criHead+"P goroutine 1 [running]:\n"+criHead+"F \n"+criHead+"F main.main()\n"), uint8(9))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte, most uint8) {
		path := filepath.Join(dir, "a.log")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		a := archiveOf(t, path, Auto)
		on, back := gather(t, journaltest.On(a), journal.Place{}), gather(t, a.Older, journal.Place{Time: math.MaxInt64})
		slices.Reverse(back)
		if !slices.Equal(on, back) {
			t.Fatalf("%d entries on, %d back", len(on), len(back))
		}
		whole := text[:bytes.LastIndexByte(text, '\n')+1]
		var want, got []string
		for line := range bytes.Lines(whole) {
			line = bytes.TrimLeft(line[:len(line)-1], "\x00")
			want = append(want, fmt.Sprint(len(line), string(line[:min(len(line), intake.LineMax)])))
		}
		x, buf := opened(t, path), make([]byte, chunk)
		for more := true; more; {
			var err error
			if more, err = x.read(buf, 1+int(most), func(line []byte, full int, _ int64) error {
				got = append(got, fmt.Sprint(full, string(line)))
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%d lines, want %d: %.300q", len(got), len(want), got)
		}
	})
}

// TestArchiveOfFilesTakesApart: of a file that is written to, the line without an end is no entry yet; parts of a stream's
// line are not joined over a line of the other stream.
func TestArchiveOfFilesTakesApart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.log")
	stderr := strings.Replace(criHead, "stdout", "stderr", 1)
	journaltest.AppendFile(t, path, criHead+"P one \n"+stderr+"F other\n"+criHead+"F two\n"+criHead+"F thr")
	var got []string
	for _, e := range gather(t, journaltest.On(archiveOf(t, path, Auto)), journal.Place{}) {
		got = append(got, e.text)
	}
	equal(t, got, "one ", "other", "two")
}
