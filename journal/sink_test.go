package journal

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/health"
)

// through puts e through a Sink and returns its row on the page.
func through(t *testing.T, e Entry) (row Row, message string, p *Page) {
	t.Helper()
	l := viewed(100, nil)
	s := l.Sink("test")
	if !s.Try(e) {
		t.Fatal("dropped")
	}
	s.Flush()
	p = ask(l, Query{Rows: 1, Filter: everything})
	return p.Rows[0], string(p.Message(&p.Rows[0])), p
}

func TestSinkIsTheOneDoor(t *testing.T) {
	row, message, _ := through(t, Entry{
		Time:     time.UnixMicro(1795380000000001),
		Unit:     []byte("k3s\x1b[31m\nx"),
		PID:      1204,
		Severity: Info,
		Message:  []byte("\x1b[36mERROR\x1b[0m token=abc \x1b]0;title\x07 two\nlines\n"),
	})
	if message != "ERROR token=***  two\nlines" {
		t.Errorf("message %q", message)
	}
	if row.Unit != "k3s\ufffd^Jx" || row.Severity != Err || row.PID != 1204 || row.Time != 1795380000000001 {
		t.Errorf("%+v", row)
	}
}

func TestSinkKeepsThePriorityWhenTheTextSaysNone(t *testing.T) {
	if row, _, _ := through(t, Entry{Severity: Notice, Message: []byte("plain")}); row.Severity != Notice {
		t.Errorf("severity %v", row.Severity)
	}
	if row, _, _ := through(t, Entry{Severity: 200, Message: []byte("plain")}); row.Severity != Debug {
		t.Errorf("severity %v", row.Severity)
	}
}

func TestF28LongMessages(t *testing.T) {
	euros := strings.Repeat("€", MaxMessage/3+1) // 3 bytes each: the cut falls into one
	for _, c := range []struct {
		e           Entry
		length      int
		full        int
		truncations uint64
	}{
		{Entry{Message: []byte("short")}, 5, 5, 0},
		{Entry{Message: bytes.Repeat([]byte("x"), MaxMessage)}, MaxMessage, MaxMessage, 0},
		{Entry{Message: []byte(euros)}, MaxMessage - 1, len(euros), 1},
		{Entry{Message: bytes.Repeat([]byte("x"), 10<<20)}, MaxMessage, 10 << 20, 1},
		{Entry{Message: []byte("cut by the source"), Full: 5000}, 17, 5000, 1},
		{Entry{Message: bytes.Repeat([]byte{0}, 3*MaxMessage)}, MaxMessage, 6 * MaxMessage, 1}, // ^@
		{Entry{Message: bytes.Repeat([]byte("\x1b[0m"), 10000)}, 0, 40000, 1},
	} {
		row, message, p := through(t, c.e)
		if len(message) != c.length || row.Full != c.full || p.Truncated != c.truncations {
			t.Errorf("%d bytes: %d kept of %d, %d truncated, want %d of %d, %d",
				len(c.e.Message), len(message), row.Full, p.Truncated, c.length, c.full, c.truncations)
		}
		if !utf8.ValidString(message) {
			t.Errorf("%d bytes: a rune is split", len(c.e.Message))
		}
	}
}

func FuzzF29SinkLetsOnlyCleanTextThrough(f *testing.F) {
	for _, m := range []string{"\x1b[2J\x1b]52;c;aGk=\x07", "\u009b31m\u202eevil", "e\u0301👩‍💻", "\xff\xfe\x00\r\n\t",
		strings.Repeat("ノ", 3000), "a\nb"} {
		f.Add([]byte(m), []byte("unit"))
	}
	l := viewed(100, nil)
	s := l.Sink("test")
	f.Fuzz(func(t *testing.T, message, unit []byte) {
		s.Try(Entry{Message: message, Unit: unit})
		s.Flush()
		for l.turn() {
		}
		e := l.ring.at(l.ring.next - 1)
		got := l.ring.message(e)
		if again := clean.AppendLines(nil, got); !bytes.Equal(got, again) {
			t.Fatalf("%q becomes %q, cleaned again %q", message, got, again)
		}
		name := l.ring.units.names[e.unit()]
		if clean.String(name) != name || len(name) > maxUnit {
			t.Fatalf("unit %q becomes %q", unit, name)
		}
	})
}

// TestPutWaitsForTheLog fills what a Sink can hold while no Log runs.
func TestPutWaitsForTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := viewed(10000, nil)
		s := l.Sink("test")
		ctx, cancel := context.WithCancel(context.Background())
		put, ended := 0, error(nil)
		go func() {
			for ended == nil {
				if ended = s.Put(ctx, Entry{Message: []byte("x")}); ended == nil {
					put++
				}
			}
		}()
		synctest.Wait()
		if put != sinkBatches*batchEntries || ended != nil {
			t.Fatalf("%d put before Put waits, want %d; %v", put, sinkBatches*batchEntries, ended)
		}
		l.turn()
		synctest.Wait()
		if put != 2*sinkBatches*batchEntries {
			t.Fatalf("%d put after the Log took two batches", put)
		}
		cancel()
		synctest.Wait()
		if !errors.Is(ended, context.Canceled) {
			t.Fatalf("Put returned %v", ended)
		}
		if p := again(l); p.Total+p.Dropped != uint64(put)+1 || p.Dropped != 1 {
			t.Errorf("%d and %d dropped of %d", p.Total, p.Dropped, put+1)
		}
	})
}

func TestTryDropsAndCounts(t *testing.T) {
	l := viewed(10000, nil)
	s := l.Sink("test")
	kept := 0
	for range 5000 {
		if s.Try(Entry{Message: []byte("x")}) {
			kept++
		}
	}
	s.Flush()
	p := again(l)
	if p.Total != uint64(kept) || p.Dropped != uint64(5000-kept) || kept != sinkBatches*batchEntries {
		t.Errorf("%d kept, %d in the Log, %d dropped", kept, p.Total, p.Dropped)
	}
}

func TestReportAndClose(t *testing.T) {
	l := viewed(100, nil)
	a, b := l.Sink("a"), l.Sink("b")
	a.Report(health.Health{State: health.OK}, "what it reads")
	a.Rename("c")
	a.Dropped(3)
	p := again(l)
	if len(p.Sources) != 2 || p.Sources[0] != (SourceState{"c", health.Health{State: health.OK}, "what it reads"}) {
		t.Errorf("%+v", p.Sources)
	}
	a.Try(Entry{Message: bytes.Repeat([]byte("last words "), MaxMessage), PID: -1})
	a.Flush()
	a.Close()
	if p = again(l); len(p.Sources) != 1 || p.Sources[0].Name != "b" || p.Dropped != 3 || p.Truncated != 1 || p.Total != 1 {
		t.Errorf("%+v, %d dropped, %d truncated of %d", p.Sources, p.Dropped, p.Truncated, p.Total)
	}
	if pid := l.ring.at(firstID).pid; pid != 0 {
		t.Errorf("a process with number %d", pid)
	}
	b.Dropped(1)
	if p = again(l); p.Dropped != 4 {
		t.Errorf("%d dropped", p.Dropped)
	}
}

// pipe returns a Log and a function that puts the next of texts into it.
func pipe(texts ...string) (l *viewedLog, put func()) {
	l = viewed(10000, []Tab{{Name: "All"}, {Name: "k3s", Units: []string{"k3s"}}})
	s := l.Sink("test")
	entries := make([]Entry, len(texts))
	for i, text := range texts {
		entries[i] = Entry{Time: time.Now(), Unit: []byte("k3s"), PID: 1204, Severity: Info, Message: []byte(text)}
	}
	n := 0
	return l, func() {
		e := entries[n%len(entries)]
		n++
		if !s.Try(e) {
			l.drain()
			s.Try(e)
		}
	}
}

func TestPutToRingAllocatesNothing(t *testing.T) {
	l, put := pipe(`level=error msg="Bearer xyz" ` + strings.Repeat("word ", 40))
	for range 2 * batchEntries {
		put()
	}
	if n := testing.AllocsPerRun(20000, put); n != 0 {
		t.Errorf("%v allocations an entry", n)
	}
	if l.total < 20000 {
		t.Errorf("%d entries went through", l.total)
	}
}

func BenchmarkPut(b *testing.B) {
	every := []string{}
	for _, l := range writers(b) {
		every = append(every, l.message)
	}
	for _, c := range []struct {
		name  string
		texts []string
	}{
		{"klog", []string{klogLine + strings.Repeat(" word", 30)}},
		{"logrus", []string{logrusLine + strings.Repeat(` key="value"`, 12)}},
		{"json", []string{jsonLine + strings.Repeat(" word", 30)}},
		{"plain", []string{strings.Repeat("Started a thing. ", 12)}},
		{"every writer", every},
	} {
		b.Run(c.name, func(b *testing.B) {
			_, put := pipe(c.texts...)
			b.ReportAllocs()
			for b.Loop() {
				put()
			}
		})
	}
}

// TestKernelCountsItsOwnSeverity: the kernel prints by the priority that a message came with, whatever its text says.
func TestKernelCountsItsOwnSeverity(t *testing.T) {
	l := viewed(100, nil)
	s := l.Sink("test")
	for _, e := range []Entry{
		{Unit: []byte("kernel"), Severity: Err, Message: []byte("level=info msg=\"not so bad\"")},
		{Unit: []byte("kernel"), Severity: Debug, Message: []byte("E1122 00:00:00.000000 1 x.go:1] bad")},
		{Unit: []byte("kernel"), Severity: Emerg, Message: []byte("panic")},
		{Unit: []byte("k3s"), Severity: Emerg, Message: []byte("panic")},
	} {
		s.Try(e)
	}
	for least, want := range map[Severity]uint64{Emerg: 0, Alert: 1, Err: 1, Warning: 2, Debug: 2, Debug + 1: 3, Debug + 9: 3} {
		if got := l.Kernel(least); got != want {
			t.Errorf("worse than %d: %d entries, want %d", least, got, want)
		}
	}
}

// TestC4PutThatHasRoomIsNoDrop: what a source read just before a reload ended it is not lost while there is room for it.
func TestC4PutThatHasRoomIsNoDrop(t *testing.T) {
	l := viewed(100, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for i := range 64 {
		s := l.Sink("files")
		if err := s.Put(ctx, Entry{Message: []byte("a line")}); err != nil {
			t.Fatalf("put %d: %v", i, err)
		}
	}
}
