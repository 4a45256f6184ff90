package logfile

import (
	"hypervisor-tui/journal"
	"hypervisor-tui/journal/source/intake"
)

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
func (c *fileCursor) joinTrace(of, full, most int) int {
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
		if len(c.message) < most {
			c.message = append(c.message, '\n')
		}
		c.message = append(c.message, text[:min(len(text), most-len(c.message))]...)
		c.next = c.after(end)
	}
	return full
}
