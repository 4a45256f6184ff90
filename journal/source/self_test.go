package source

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"hypervisor-tui/journal"
	"hypervisor-tui/journal/journaltest"
	"hypervisor-tui/journal/source/intake"
)

func TestLines(t *testing.T) {
	t.Parallel()
	w := journaltest.Watch(t)
	l := NewSelf(w.Input)
	for _, part := range []string{"one\ntwo \x1b[31mred\n\n", "par", "ted\nno", " end"} {
		if n, err := io.WriteString(l, part); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	l.Flush()
	io.WriteString(l, "next\n")
	l.Flush()
	l.Flush()
	want := []string{"self: one", "self: two red", "self: parted", "self: no end", "self: next"}
	if got := w.Rows(t, len(want)); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestF28LinesWithoutNewline(t *testing.T) {
	t.Parallel()
	w := journaltest.Watch(t)
	l := NewSelf(w.Input)
	for range 10 << 10 {
		l.Write([]byte(strings.Repeat("x\x00", 512)))
	}
	l.Flush()
	p := w.Await(t, "the line", func(p *journal.Page) bool { return len(p.Rows) == 1 })
	if r := p.Rows[0]; r.Full != 10<<20 || r.End-r.Start > journal.MaxMessage || p.Truncated != 1 || cap(l.line) != intake.LineMax {
		t.Errorf("%+v, %d truncated, buffer of %d", r, p.Truncated, cap(l.line))
	}
}

// TestLinesNeverBlock writes more than the sink can hold while no Log takes it in.
func TestLinesNeverBlock(t *testing.T) {
	l := journal.New(100, nil)
	lines := NewSelf(l.Sink("self"))
	for i := range 10_000 {
		fmt.Fprintln(lines, "line", i)
	}
	lines.Flush()
}

func TestLinesAllocateNothing(t *testing.T) {
	l := journal.New(100, nil)
	lines := NewSelf(l.Sink("self"))
	line := []byte("level=error msg=" + strings.Repeat("x", 100) + "\n")
	if n := testing.AllocsPerRun(5000, func() { lines.Write(line) }); n != 0 {
		t.Errorf("%v allocations a line", n)
	}
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("a\nb\n\nc"), 1)
	f.Add([]byte("\x00\n\xff"), 2)
	l := journal.New(100, nil)
	sink := l.Sink("self")
	f.Fuzz(func(t *testing.T, text []byte, step int) {
		lines := NewSelf(sink)
		for step = 1 + step&0xff; len(text) > 0; text = text[min(step, len(text)):] {
			lines.Write(text[:min(step, len(text))])
		}
		lines.Flush()
		if lines.full != 0 || len(lines.line) != 0 || cap(lines.line) != intake.LineMax {
			t.Fatalf("%+v", lines)
		}
	})
}
