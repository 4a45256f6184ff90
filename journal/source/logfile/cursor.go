package logfile

import (
	"bytes"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/journal"
	"hypervisor-tui/journal/source/intake"
)

const (
	windowSize = 2 * intake.LineMax
	datedReach = 64  // lines that are looked at for one with a time
	partsReach = 512 // lines of a container that make one: 8 MiB
)

// keptFile is a file as it can be read again. It does not change.
type keptFile struct {
	file
	format Format
	unit   []byte
}

// window is a piece of a kept file. The file is opened for each piece and closed again, so that no descriptor is held.
type window struct {
	k    *keptFile
	size int64 // of the file when it was opened first
	at   int64
	buf  []byte // what lies from at on
	err  error
}

// load brings the piece that starts at offset at; past the end it is empty.
func (w *window) load(at int64) {
	if w.err != nil {
		w.buf = w.buf[:0]
		return
	}
	if w.buf == nil {
		w.buf = make([]byte, 0, windowSize)
	}
	fd, err := w.k.open()
	n := 0
	if err == nil {
		n, err = pread(fd, w.buf[:min(windowSize, max(0, w.size-at))], at)
		unix.Close(fd)
	}
	w.at, w.buf, w.err = at, w.buf[:n], err
}

// lineEnd returns where the line that holds offset at ends: at its LF, or at the file's end.
func (w *window) lineEnd(at int64) int64 {
	for from := at; from < w.size; from = w.at + int64(len(w.buf)) {
		if from < w.at || from >= w.at+int64(len(w.buf)) {
			if w.load(from); len(w.buf) == 0 {
				break
			}
		}
		if end := bytes.IndexByte(w.buf[from-w.at:], '\n'); end >= 0 {
			return from + int64(end)
		}
	}
	return w.size
}

// lineStart returns where the line that holds the byte before offset at begins; a LF belongs to the line that it ends.
func (w *window) lineStart(at int64) int64 {
	for to := at - 1; to > 0; {
		if to <= w.at || to > w.at+int64(len(w.buf)) {
			if w.load(max(0, to-windowSize)); w.err != nil || w.at+int64(len(w.buf)) < to {
				return 0
			}
		}
		if lf := bytes.LastIndexByte(w.buf[:to-w.at], '\n'); lf >= 0 {
			return w.at + int64(lf) + 1
		}
		to = w.at
	}
	return 0
}

// line returns the first lineMax bytes of the line that begins at offset at, and its end. The memory is the window's.
func (w *window) line(at int64) (text []byte, end int64) {
	end = w.lineEnd(at)
	limit := min(end-at, intake.LineMax)
	if at < w.at || at+limit > w.at+int64(len(w.buf)) {
		w.load(at)
	}
	if w.err != nil || w.at+int64(len(w.buf)) < at+limit {
		return nil, end
	}
	return bytes.TrimLeft(w.buf[at-w.at:][:limit], "\x00"), end
}

// after is the offset behind the line end at end.
func (w *window) after(end int64) int64 { return min(end+1, w.size) }

// parse reads a line of a container's runtime; ok is false for another one.
func (w *window) parse(text []byte) (c journal.CRI, ok bool) {
	if w.k.format == Plain {
		return c, false
	}
	return journal.ParseCRI(text)
}

// cri parses the line at offset at.
func (w *window) cri(at int64) (c journal.CRI, ok bool) {
	text, _ := w.line(at)
	return w.parse(text)
}

// goesOn reports whether the line that ends at offset at is one that the next line of the same stream goes on with.
func (w *window) goesOn(at int64, stderr bool) bool {
	if at == 0 {
		return false
	}
	c, ok := w.cri(w.lineStart(at))
	return ok && c.Partial && c.Stderr == stderr
}

// dated returns the time of the first line from offset at on that says one, and where the next line begins.
func (w *window) dated(at, to int64, lines int) (t time.Time, next int64, ok bool) {
	if w.k.format == Plain {
		return t, to, false
	}
	for ; at < to && lines > 0; lines-- {
		text, end := w.line(at)
		at = w.after(end)
		if t, ok = journal.TextTime(text, time.Unix(0, w.k.changed)); ok {
			return t, at, true
		}
	}
	return t, to, false
}

// find returns the offset of the first line that is not before the time, to the microsecond; with past, of the first
// that is after it. A file whose lines say no time has that of its last change.
func (w *window) find(micros int64, past bool) int64 {
	if past {
		micros++
	}
	if _, _, ok := w.dated(0, w.size, datedReach); !ok {
		if time.Unix(0, w.k.changed).UnixMicro() < micros {
			return w.size
		}
		return 0
	}
	low, high := int64(0), w.size
	for low < high && w.err == nil {
		at := w.lineStart(low + (high-low)/2 + 1)
		at = max(at, low)
		t, next, ok := w.dated(at, high, partsReach)
		if !ok || t.UnixMicro() >= micros {
			high = at
		} else {
			low = next
		}
	}
	for low > 0 && low < w.size { // lines without a time have that of the one before
		text, end := w.line(low)
		if _, ok := journal.TextTime(text, time.Unix(0, w.k.changed)); ok || w.err != nil {
			break
		}
		low = w.after(end)
	}
	for n := 0; n < partsReach && low < w.size; n++ { // not into the middle of a line that was broken
		c, ok := w.cri(low)
		if !ok || !w.goesOn(low, c.Stderr) {
			break
		}
		_, end := w.line(low)
		low = w.after(end)
	}
	return low
}

// before returns where the entry begins whose last line ends before offset at. Whether a line belongs to a trace shows
// where that begins: it goes back to there, and on entry by entry, whose beginnings are kept for the next calls.
func (c *fileCursor) before(at int64) int64 {
	if n := len(c.starts); n > 0 && at == c.startsEnd {
		c.startsEnd, c.starts = c.starts[n-1], c.starts[:n-1]
		return c.startsEnd
	}
	first := c.firstPart(at)
	start, sure := c.traceStart(first)
	c.starts = c.starts[:0]
	for start < first && c.err == nil {
		if c.read(start, intake.LineMax); c.next >= at || c.next <= start {
			break
		}
		if sure {
			c.starts = append(c.starts, start)
		}
		start = c.next
	}
	c.startsEnd = start
	return start
}

// traceStart returns where a trace begins that may have the line at offset at, as far back as a trace reaches. It is not
// sure that an entry begins there when that is the stack of a goroutine before the line's: it may be that of a panic.
func (c *fileCursor) traceStart(at int64) (start int64, sure bool) {
	start = at
	begins := 0
	for n := 0; n < traceLines && at-start < traceReach; n++ {
		line, _, _ := c.payload(start)
		var t journal.Trace
		if t.Begin(line.Payload) {
			begins++
		}
		if start == 0 || !journal.InTrace(line.Payload) {
			return start, true
		}
		if begins > 1 {
			return start, false
		}
		start = c.firstPart(start)
	}
	return start, begins == 0
}

// outside returns offset at, or where the entry ends that goes on there.
func (c *fileCursor) outside(at int64) int64 {
	if at >= c.size {
		return at
	}
	_, end := c.line(at)
	start := c.before(c.after(end))
	if start >= at || c.err != nil {
		return at
	}
	c.read(start, intake.LineMax)
	return max(at, c.next)
}

// firstPart returns where the line begins that ends before offset at, or the first of its parts.
func (c *fileCursor) firstPart(at int64) int64 {
	at = c.lineStart(at)
	if line, ok := c.cri(at); ok {
		for n := 0; n < partsReach && c.goesOn(at, line.Stderr); n++ {
			at = c.lineStart(at)
		}
	}
	return at
}

// payload returns the line at offset at as one of a container, though it may be none, its stream and its end. The
// memory is the window's.
func (c *fileCursor) payload(at int64) (line journal.CRI, stream int, end int64) {
	text, end := c.line(at)
	line, ok := c.parse(text)
	if !ok {
		return journal.CRI{Payload: text}, noStream, end
	}
	return line, streamOf(&line), end
}

func streamOf(line *journal.CRI) int {
	if line.Stderr {
		return 1
	}
	return 0
}

// joinTrace appends to c.message, a line of a stream, those of the trace that begins with it, if one does. It returns
// the length of all.
func (c *fileCursor) joinTrace(of, full, limit int) int {
	var t journal.Trace
	if !t.Begin(c.message) {
		return full
	}
	for n := 1; n < traceLines && c.next < c.size; n++ {
		line, stream, end := c.payload(c.next)
		text := line.Payload
		if stream != of || line.Partial || full+len(text) >= traceMax || !t.GoesOn(text) {
			break
		}
		c.from = -1
		full += 1 + len(text)
		if len(c.message) < limit {
			c.message = append(c.message, '\n')
		}
		c.message = append(c.message, text[:min(len(text), limit-len(c.message))]...)
		c.next = c.after(end)
	}
	return full
}
