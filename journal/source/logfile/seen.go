package logfile

import (
	"sync"

	"hypervisor-tui/journal/source/intake"
)

// seenMax bounds how many files are remembered.
const seenMax = 10_000

// Seen is how far files were read by sources that have ended, whatever they were called. The zero value is ready. Sources
// use it together; a nil one remembers nothing.
type Seen struct {
	mu    sync.Mutex
	files map[intake.FileID]int64 // offset of the first line that was not put
}

// leave remembers the files of a source that ends. When there are too many they replace all others.
func (s *Seen) leave(files []*file) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files == nil || len(s.files)+len(files) > seenMax {
		s.files = make(map[intake.FileID]int64, len(files))
	}
	for _, x := range files {
		if !x.copied {
			s.files[x.id] = x.unput()
		}
	}
}

// take returns how far a file was read, and forgets it.
func (s *Seen) take(id intake.FileID) (offset int64, ok bool) {
	if s == nil {
		return 0, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	offset, ok = s.files[id]
	delete(s.files, id)
	return offset, ok
}

// unput is the offset of the first line that was not put.
func (x *file) unput() int64 {
	first := x.offset
	for _, p := range [...]*part{x.parts[0], x.parts[1], x.trace.begun()} {
		if p != nil && p.seq>>seqShift == x.number {
			first = min(first, int64(p.seq&offsetMask)-1)
		}
	}
	return first
}

// begun is the part of a trace that has come, nil without one.
func (t *trace) begun() *part {
	if t == nil {
		return nil
	}
	return &t.part
}
