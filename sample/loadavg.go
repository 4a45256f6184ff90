package sample

import (
	"bytes"
	"math"
	"time"

	"hypervisor-tui/sample/procfile"
)

// loadavg is the text of /proc/loadavg.
type loadavg struct {
	load           [3]float64
	running, tasks int
}

// loadavgReader reads /proc/loadavg.
type loadavgReader struct{ file procfile.File }

func (r *loadavgReader) read(_ time.Duration, h *Host, _ *Net) error {
	text, err := r.file.Read()
	if err != nil {
		return err
	}
	l, err := parseLoadavg(text)
	if err != nil {
		return r.file.Fail(err)
	}
	h.Load, h.Running, h.Tasks = l.load, l.running, l.tasks
	return nil
}

func (r *loadavgReader) close() { r.file.Close() }

// parseLoadavg takes apart "2.28 0.83 0.30 4/106 8189".
//
// Kernel: Documentation/filesystems/proc.rst, "Kernel info in /proc"
func parseLoadavg(text []byte) (loadavg, error) {
	var l loadavg
	var err error
	word, rest := []byte(nil), text
	for i := range l.load {
		word, rest = procfile.CutWord(rest)
		if l.load[i], err = procfile.Decimal(word); err != nil {
			return loadavg{}, err
		}
	}
	word, _ = procfile.CutWord(rest)
	slash := bytes.IndexByte(word, '/')
	if slash < 0 {
		return loadavg{}, procfile.ErrShort
	}
	running, err := procfile.Number(word[:slash])
	if err != nil {
		return loadavg{}, err
	}
	tasks, err := procfile.Number(word[slash+1:])
	if err != nil {
		return loadavg{}, err
	}
	if running > math.MaxInt32 || tasks > math.MaxInt32 {
		return loadavg{}, procfile.ErrNumber
	}
	l.running, l.tasks = int(running), int(tasks)
	return l, nil
}
