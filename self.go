package main

import (
	"bytes"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"

	"hypervisor-tui/screens/frame"
)

// ownUse reads what this program uses, from kept memory.
type ownUse struct {
	statm *os.File // nil: it cannot be opened, and RSS stays 0
	buf   [128]byte
}

func newOwnUse() *ownUse {
	f, err := os.Open("/proc/self/statm")
	if err != nil {
		return &ownUse{}
	}
	return &ownUse{statm: f}
}

// read fills s with memory, CPU time and goroutines.
func (o *ownUse) read(s *frame.Self) {
	s.Goroutines = runtime.NumGoroutine()
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) == nil {
		s.CPU = seconds(u.Utime) + seconds(u.Stime)
	}
	if o.statm == nil {
		return
	}
	n, _ := o.statm.ReadAt(o.buf[:], 0) // a short read ends with io.EOF
	fields := o.buf[:n]
	_, fields, _ = bytes.Cut(fields, []byte{' '})
	resident, _, _ := bytes.Cut(fields, []byte{' '})
	if pages, err := strconv.ParseUint(string(resident), 10, 64); err == nil {
		s.RSS = pages * uint64(os.Getpagesize())
	}
}

func seconds(t unix.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
