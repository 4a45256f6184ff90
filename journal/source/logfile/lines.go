package logfile

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/journal/source/intake"
)

// putter returns what makes entries of a file's lines.
func (f *Files) putter(ctx context.Context, x *file, sink *journal.Sink) lineFunc {
	return func(line []byte, full int, at int64) error {
		if f.Format != Plain {
			if c, ok := journal.ParseCRI(line); ok {
				return f.putCRI(ctx, x, &c, full-(len(line)-len(c.Payload)), x.seq(at), sink)
			}
			if f.Format == CRI {
				sink.Dropped(1)
				return nil
			}
		}
		return f.putLine(ctx, x, noStream, &part{line, full, x.seq(at), f.timeOf(x, line, at)}, sink)
	}
}

// putLine puts a line, or keeps it when it is one of a trace.
func (f *Files) putLine(ctx context.Context, x *file, stream int, p *part, sink *journal.Sink) error {
	if t := x.trace; t != nil && t.stream == stream && t.takes(p) {
		t.add(newline, 1)
		t.add(p.text, p.full)
		t.lines++
		return nil
	}
	if err := f.putTrace(ctx, x, sink); err != nil {
		return err
	}
	var begun journal.Trace
	if begun.Begin(p.text) {
		x.trace = &trace{Trace: begun, part: part{seq: p.seq, time: p.time}, stream: stream, lines: 1}
		x.trace.add(p.text, p.full)
		return nil
	}
	return f.put(ctx, x, p, sink)
}

// takes reports whether the trace goes on with a line.
func (t *trace) takes(p *part) bool {
	return t.lines < traceLines && t.full+p.full < traceMax && t.GoesOn(p.text)
}

// putTrace puts the trace that has ended.
func (f *Files) putTrace(ctx context.Context, x *file, sink *journal.Sink) error {
	t := x.trace
	if t == nil {
		return nil
	}
	x.trace = nil
	return f.put(ctx, x, &t.part, sink)
}

// put puts an entry. An empty line is none: it only separates.
func (f *Files) put(ctx context.Context, x *file, p *part, sink *journal.Sink) error {
	if len(p.text) == 0 {
		return nil
	}
	return sink.Put(ctx, f.entry(x, p))
}

// entry makes an entry of a line.
func (f *Files) entry(x *file, p *part) journal.Entry {
	return journal.Entry{
		Time:     p.time,
		Unit:     f.unit,
		Pod:      x.pod,
		Severity: journal.Info,
		Message:  p.text,
		Full:     p.full,
		Lane:     uint16(p.seq >> seqShift & (1<<15 - 1)),
		Place:    journal.Place{Time: p.time.UnixMicro(), Seq: p.seq},
	}
}

// timeOf returns the time of a line at an offset: what it says; else that of the line which it follows, if both were
// there before us or it came at once; else that of reading, of lines that were there before us of the last change.
func (f *Files) timeOf(x *file, line []byte, at int64) time.Time {
	now := time.Now()
	old := at < x.old
	t := now
	if changed := time.Unix(0, x.changed); old && changed.Before(now) {
		t = changed
	}
	if f.Format == Plain {
		return t
	}
	if said, ok := journal.TextTime(line, t); ok {
		x.said, x.saidAt = said, now
		return said
	}
	if !x.said.IsZero() && (old || now.Sub(x.saidAt) < restAfter) {
		return x.said
	}
	return t
}

// putCRI puts a line of a container, or keeps it when the next line of its stream goes on with it.
func (f *Files) putCRI(ctx context.Context, x *file, c *journal.CRI, full int, seq uint64, sink *journal.Sink) error {
	stream := streamOf(c)
	p := x.parts[stream]
	if p == nil {
		if !c.Partial {
			return f.putLine(ctx, x, stream, &part{c.Payload, full, seq, c.Time}, sink)
		}
		p = &part{seq: seq, time: c.Time}
		x.parts[stream] = p
	}
	p.add(c.Payload, full)
	if c.Partial {
		return nil
	}
	return f.putParts(ctx, x, stream, sink)
}

// add appends a further part of a line, as far as a line is kept.
func (p *part) add(text []byte, full int) {
	p.full += full
	p.text = append(p.text, text[:min(len(text), intake.LineMax-len(p.text))]...)
}

// putParts puts what there is of a stream's line.
func (f *Files) putParts(ctx context.Context, x *file, stream int, sink *journal.Sink) error {
	p := x.parts[stream]
	if p == nil {
		return nil
	}
	x.parts[stream] = nil
	if err := f.putTrace(ctx, x, sink); err != nil {
		return err
	}
	return f.put(ctx, x, p, sink)
}

// report says how the source is after a rescan.
func (f *Files) report(sink *journal.Sink) {
	n := len(f.seen.files)
	h := sink.State().Health
	detail := f.notify.Note(f.seen.String())
	switch why := f.trouble(n); {
	case f.seen.denied != "":
		h = health.Health{}
		h.Bad(boottime.Now(), clean.String(f.seen.denied))
	case why != "":
		h.Bad(boottime.Now(), clean.String(why))
	case n == 0:
		h.Gone(boottime.Now(), detail)
	default:
		h.Good(boottime.Now())
	}
	sink.Report(h, detail)
}

// String is the number of files of each pattern.
func (m *matches) String() string {
	var text strings.Builder
	for i, p := range m.patterns {
		if i > 0 {
			text.WriteString("; ")
		}
		switch n := m.counts[i]; n {
		case 0:
			fmt.Fprintf(&text, "none yet of %s", p)
		case 1:
			fmt.Fprintf(&text, "1 file of %s", p)
		default:
			fmt.Fprintf(&text, "%d files of %s", n, p)
		}
	}
	return text.String()
}

// trouble says why not all is read that the patterns name, "" when it is.
func (f *Files) trouble(files int) string {
	switch {
	case f.err != nil:
		return f.err.Error()
	case f.seen.other != nil:
		return f.seen.other.Error()
	case files == 0:
		return f.seen.refused
	}
	return ""
}
