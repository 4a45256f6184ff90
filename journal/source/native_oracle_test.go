package source

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash"
	"hash/fnv"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hypervisor-tui/journal"
	"hypervisor-tui/journal/file"
)

// journalDir is a folder of a machine's journal files, which may be large: JOURNAL_DIR, or one that is made here.
func journalDir(t testing.TB) string {
	if dir := os.Getenv("JOURNAL_DIR"); dir != "" {
		return dir
	}
	dir := filepath.Join(t.TempDir(), machine)
	makeJournal(t, dir, 3000, 3)
	return dir
}

// digest is over everything that is taken from entries.
type digest struct {
	hash.Hash64
	n    int
	line []byte
}

func newDigest() *digest { return &digest{Hash64: fnv.New64a()} }

func (d *digest) add(e *journal.Entry) {
	d.n++
	d.line = binary.LittleEndian.AppendUint64(d.line[:0], uint64(e.Time.UnixMicro()))
	d.line = append(d.line, byte(e.Severity))
	d.line = binary.LittleEndian.AppendUint64(d.line, uint64(e.PID))
	d.line = binary.LittleEndian.AppendUint64(d.line, uint64(e.Full))
	d.line = append(append(d.line, e.Unit...), 0)
	d.Write(append(d.line, e.Message...))
}

// TestNativeReadsWhatJournalctlPrints compares time, unit, pid, severity and message of all entries with what is read
// of journalctl -o export, in the same order.
func TestNativeReadsWhatJournalctlPrints(t *testing.T) {
	journalctl, err := exec.LookPath(journalctlExe)
	if err != nil {
		t.Skip("no journalctl here")
	}
	dir := journalDir(t)
	cmd := exec.Command(journalctl, "-o", "export", "--directory="+dir, "--output-fields="+strings.Join(fieldNames[messageField:], ","))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err = cmd.Start(); err != nil {
		t.Fatal(err)
	}
	want, got := newDigest(), newDigest()
	var e journal.Entry
	for x := NewExport(out); x.Next(&e) == nil; {
		want.add(&e)
	}
	if err = cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	scan(t, dir, got.add)
	if want.n == 0 || got.n != want.n || got.Sum64() != want.Sum64() {
		t.Errorf("%d entries, digest %x; journalctl: %d, %x", got.n, got.Sum64(), want.n, want.Sum64())
	}
	t.Logf("%d entries, digest %x", got.n, got.Sum64())
}

// rootOf is the root whose only machine is that of dir.
func rootOf(dir string) []file.Root { return []file.Root{{Path: filepath.Dir(dir)}} }

// scan reads all of a journal as the follower does.
func scan(t testing.TB, dir string, visit func(e *journal.Entry)) {
	reads := newFields()
	m, read := file.NewMerge(rootOf(dir), reads), reads.NewEntry()
	if _, err := m.Rescan(); err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	var row fields
	var e journal.Entry
	for {
		err := m.Next(read)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if row.take(read, &e) {
			visit(&e)
		}
	}
	if m.Lost() != 0 {
		t.Errorf("%d entries lost", m.Lost())
	}
}

// TestNativeScanAllocatesNothingForAnEntry: a journal with five times the entries takes as many allocations.
func TestNativeScanAllocatesNothingForAnEntry(t *testing.T) {
	allocations := func(entries int) float64 {
		dir := filepath.Join(t.TempDir(), machine)
		makeJournal(t, dir, entries, 2)
		n := 0
		got := testing.AllocsPerRun(3, func() { scan(t, dir, func(*journal.Entry) { n++ }) })
		if n != 4*entries {
			t.Fatalf("%d entries", n)
		}
		return got
	}
	if few, many := allocations(1000), allocations(5000); many > few+20 { // the chain of arrays is longer
		t.Errorf("%v allocations for 1,000 entries, %v for 5,000", few, many)
	}
}

// BenchmarkNativeScan reads the whole journal: JOURNAL_DIR=... go test -bench NativeScan -benchtime 1x.
func BenchmarkNativeScan(b *testing.B) {
	dir := journalDir(b)
	before, grown := resident(b), 0
	n := 0
	b.ReportAllocs()
	defer reportCPU(b)()
	for b.Loop() {
		n = 0
		scan(b, dir, func(*journal.Entry) {
			if n++; n%(1<<16) == 0 {
				grown = max(grown, resident(b)-before)
			}
		})
	}
	b.ReportMetric(float64(n), "entries")
	b.ReportMetric(float64(grown)/(1<<20), "MiB-rss")
}

// BenchmarkNativeIntake reads the whole journal and takes it in: what reading costs, and cleaning, masking and grading.
func BenchmarkNativeIntake(b *testing.B) {
	dir := journalDir(b)
	l := journal.New(10_000, nil)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	s := l.Sink("test")
	b.ReportAllocs()
	defer reportCPU(b)()
	for b.Loop() {
		scan(b, dir, func(e *journal.Entry) {
			if err := s.Put(ctx, *e); err != nil {
				b.Fatal(err)
			}
		})
	}
	s.Flush()
	cancel()
	<-done
}

// BenchmarkNativeLast reads the newest 10,000 entries.
func BenchmarkNativeLast(b *testing.B) {
	a := &archive{roots: rootOf(journalDir(b)), reads: newFields()}
	b.ReportAllocs()
	defer reportCPU(b)()
	for b.Loop() {
		n := 0
		err := a.Older(context.Background(), journal.Place{Time: math.MaxInt64}, func(journal.Entry) bool {
			n++
			return n < 10000
		})
		if err != nil || n == 0 {
			b.Fatal(n, err)
		}
	}
}

// reportCPU reports the CPU seconds of a turn: the machine may be shared.
func reportCPU(b *testing.B) (report func()) {
	before := cpuSeconds(b)
	return func() { b.ReportMetric((cpuSeconds(b)-before)/float64(b.N), "cpu-s/op") }
}

func cpuSeconds(t testing.TB) float64 {
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return float64(r.Utime.Nano()+r.Stime.Nano()) / 1e9
}

// resident is this process' resident memory in bytes, without what Go could give back.
func resident(t testing.TB) int {
	debug.FreeOSMemory()
	runtime.GC()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("no /proc here")
	}
	pages, err := strconv.Atoi(string(bytes.Fields(text)[1]))
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}
