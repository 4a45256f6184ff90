package source

import (
	"bytes"
	"os"
	"time"

	"hypervisor-tui/journal"
	"hypervisor-tui/journal/source/intake"
)

const selfUnit = "self"

var selfName = []byte(selfUnit)

// Lines turns a stream of bytes into entries of unit self, one a line. It never blocks and never fails: what has no
// room in the sink is dropped and counted there, so whoever writes to our own stderr is not held up. A line longer
// than its buffer is cut and its full length kept. One goroutine writes.
type Lines struct {
	sink *journal.Sink
	line []byte
	full int // length of the line so far, with what was cut
	pid  int
}

// NewSelf returns the writer for what this program prints, to its captured fds 1 and 2.
func NewSelf(sink *journal.Sink) *Lines {
	sink.Backfilled(true) // there was nothing before
	return &Lines{sink: sink, line: make([]byte, 0, intake.LineMax), pid: os.Getpid()}
}

// Write takes in p and puts each line that is whole. It hands over to the Log only when a batch is full: call Flush
// when the stream falls silent.
func (l *Lines) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			l.add(p)
			break
		}
		l.add(p[:end])
		l.put()
		p = p[end+1:]
	}
	return n, nil
}

// Flush puts a line that has no end yet, and hands all over to the Log.
func (l *Lines) Flush() {
	if l.full > 0 {
		l.put()
	}
	l.sink.Flush()
}

func (l *Lines) add(p []byte) {
	l.full += len(p)
	l.line = append(l.line, p[:min(len(p), cap(l.line)-len(l.line))]...)
}

// put makes an entry of the line. An empty line is none: it only separates.
func (l *Lines) put() {
	if l.full > 0 {
		l.sink.Try(journal.Entry{
			Time:     time.Now(),
			Unit:     selfName,
			PID:      l.pid,
			Severity: journal.Notice,
			Message:  l.line,
			Full:     l.full,
		})
	}
	l.line, l.full = l.line[:0], 0
}
