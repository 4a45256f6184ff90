package sample

import (
	"bytes"
	"math"
	"time"

	"hypervisor-tui/sample/procfile"
)

// pressureReader reads /proc/pressure/cpu, memory and io.
type pressureReader struct{ cpu, memory, io procfile.File }

func (r *pressureReader) read(_ time.Duration, h *Host, _ *Net) error {
	cpu, _, err := readPressure(&r.cpu) // full says nothing for a whole machine, and older kernels have none
	if err != nil {
		return err
	}
	memory, memoryFull, err := readPressure(&r.memory)
	if err != nil {
		return err
	}
	io, ioFull, err := readPressure(&r.io)
	if err != nil {
		return err
	}
	h.Pressure = PSI{
		CPUSome: cpu.avg10, MemorySome: memory.avg10, MemoryFull: memoryFull.avg10, IOSome: io.avg10, IOFull: ioFull.avg10,
		CPUSome60: cpu.avg60, MemorySome60: memory.avg60, MemoryFull60: memoryFull.avg60,
		IOSome60: io.avg60, IOFull60: ioFull.avg60,
	}
	return nil
}

func (r *pressureReader) close() {
	r.cpu.Close()
	r.memory.Close()
	r.io.Close()
}

func unknownPSI() PSI {
	nan := math.NaN()
	return PSI{nan, nan, nan, nan, nan, nan, nan, nan, nan, nan}
}

// readPressure returns the averages of a file's two lines.
func readPressure(file *procfile.File) (some, full averages, err error) {
	text, err := file.Read()
	if err != nil {
		return some, full, err
	}
	if some, full, err = parsePressure(text); err != nil {
		return some, full, file.Fail(err)
	}
	return some, full, nil
}

// averages are those of one line of a pressure file, in percent.
type averages struct{ avg10, avg60 float64 }

// parsePressure returns the averages of the some line and, NaN without one, of the full line.
//
// Kernel: Documentation/accounting/psi.rst
func parsePressure(text []byte) (some, full averages, err error) {
	nan := math.NaN()
	some, full = averages{nan, nan}, averages{nan, nan}
	for line := range procfile.Lines(text) {
		kind, rest := procfile.CutWord(line)
		var a averages
		if a.avg10, rest, err = average(rest, "avg10="); err != nil {
			return some, full, err
		}
		if a.avg60, _, err = average(rest, "avg60="); err != nil {
			return some, full, err
		}
		switch string(kind) {
		case "some":
			some = a
		case "full":
			full = a
		}
	}
	if math.IsNaN(some.avg10) {
		return some, full, procfile.ErrFields
	}
	return some, full, nil
}

// average cuts a share off line that has name in front of it.
func average(line []byte, name string) (v float64, rest []byte, err error) {
	word, rest := procfile.CutWord(line)
	figure, ok := bytes.CutPrefix(word, []byte(name))
	if !ok {
		return 0, rest, procfile.ErrShort
	}
	if v, err = procfile.Decimal(figure); err != nil || v > 100 {
		return 0, rest, procfile.ErrNumber
	}
	return v, rest, nil
}
