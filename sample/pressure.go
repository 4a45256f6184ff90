package sample

import (
	"bytes"
	"math"
	"time"
)

// pressureReader reads /proc/pressure/cpu, memory and io.
type pressureReader struct{ cpu, memory, io kept }

func (r *pressureReader) read(_ time.Duration, h *Host, _ *Net) error {
	nan := math.NaN()
	p := PSI{CPUSome: nan, MemorySome: nan, MemoryFull: nan, IOSome: nan, IOFull: nan}
	var ignored float64 // full of cpu says nothing for a whole machine, and older kernels have none
	err := readPressure(&r.cpu, &p.CPUSome, &ignored)
	if e := readPressure(&r.memory, &p.MemorySome, &p.MemoryFull); err == nil {
		err = e
	}
	if e := readPressure(&r.io, &p.IOSome, &p.IOFull); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	h.Pressure = p
	return nil
}

func (r *pressureReader) close() {
	r.cpu.close()
	r.memory.close()
	r.io.close()
}

// readPressure sets some and full to what the file says.
func readPressure(file *kept, some, full *float64) error {
	text, err := file.read()
	if err != nil {
		return err
	}
	if *some, *full, err = parsePressure(text); err != nil {
		return file.fail(err)
	}
	return nil
}

// parsePressure returns the avg10 of the some line and, NaN when there is none, of the full line.
//
// Kernel: Documentation/accounting/psi.rst
func parsePressure(text []byte) (some, full float64, err error) {
	some, full = math.NaN(), math.NaN()
	for len(text) > 0 {
		var line []byte
		line, text = cutLine(text)
		kind, rest := cutWord(line)
		word, _ := cutWord(rest)
		figure, ok := bytes.CutPrefix(word, []byte("avg10="))
		if !ok {
			return some, full, errShort
		}
		v, err := decimal(figure)
		if err != nil || v > 100 {
			return some, full, errNumber
		}
		switch string(kind) {
		case "some":
			some = v
		case "full":
			full = v
		}
	}
	if math.IsNaN(some) {
		return some, full, errFields
	}
	return some, full, nil
}
