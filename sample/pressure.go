package sample

import (
	"bytes"
	"math"
	"time"

	"hypervisor-tui/sample/procfile"
)

// pressureReader reads /proc/pressure/cpu, memory and io, and for the counters irq.
type pressureReader struct {
	cpu, memory, io, irq procfile.File
	totals               PressureTotals // of the last read; but for IRQFull
}

func (r *pressureReader) read(_ time.Duration, h *Host, _ *Net) error {
	cpu, cpuFull, err := readPressure(&r.cpu)
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
	// The averages of cpuFull say nothing for a whole machine, and older kernels have none.
	h.Pressure = PSI{
		CPUSome: cpu.avg10, MemorySome: memory.avg10, MemoryFull: memoryFull.avg10, IOSome: io.avg10, IOFull: ioFull.avg10,
		CPUSome60: cpu.avg60, MemorySome60: memory.avg60, MemoryFull60: memoryFull.avg60,
		IOSome60: io.avg60, IOFull60: ioFull.avg60,
	}
	r.totals = PressureTotals{
		CPUSome: cpu.total, CPUFull: cpuFull.total, MemorySome: memory.total, MemoryFull: memoryFull.total,
		IOSome: io.total, IOFull: ioFull.total,
	}
	return nil
}

func (r *pressureReader) count(c *Counters) {
	c.Pressure = r.totals
	if text, err := r.irq.Read(); err == nil { // kernels before 6.1 have none
		_, full, _ := parsePressure(text) // it has no some line
		c.Pressure.IRQFull = full.total
	}
}

func (r *pressureReader) close() {
	r.cpu.Close()
	r.memory.Close()
	r.io.Close()
	r.irq.Close()
}

func unknownPSI() PSI {
	nan := math.NaN()
	return PSI{nan, nan, nan, nan, nan, nan, nan, nan, nan, nan}
}

// readPressure returns what a file's two lines say.
func readPressure(file *procfile.File) (some, full stalls, err error) {
	text, err := file.Read()
	if err != nil {
		return some, full, err
	}
	if some, full, err = parsePressure(text); err != nil {
		return some, full, file.Fail(err)
	}
	return some, full, nil
}

// stalls are what one line of a pressure file says: in percent, and the microseconds since boot.
type stalls struct {
	avg10, avg60 float64
	total        Count
}

// parsePressure returns what the some line says and, unknown without one, the full line.
//
// Kernel: Documentation/accounting/psi.rst
func parsePressure(text []byte) (some, full stalls, err error) {
	nan := math.NaN()
	some, full = stalls{avg10: nan, avg60: nan}, stalls{avg10: nan, avg60: nan}
	for line := range procfile.Lines(text) {
		kind, rest := procfile.CutWord(line)
		var s stalls
		if s.avg10, rest, err = average(rest, "avg10="); err != nil {
			return some, full, err
		}
		if s.avg60, rest, err = average(rest, "avg60="); err != nil {
			return some, full, err
		}
		if _, figure, ok := bytes.Cut(rest, []byte(" total=")); ok {
			s.total = countOf(procfile.Number(figure))
		}
		switch string(kind) {
		case "some":
			some = s
		case "full":
			full = s
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
