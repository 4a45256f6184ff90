package sample

import (
	"bytes"
	"math"
	"slices"
	"time"

	"hypervisor-tui/sample/procfile"
)

// meminfoReader reads /proc/meminfo and, where there is ZFS, how much of the memory in use its ARC would give back.
type meminfoReader struct {
	file, arc procfile.File
	text      []byte // of the last read, in the file's memory
}

func (r *meminfoReader) read(_ time.Duration, h *Host, _ *Net) error {
	text, err := r.file.Read()
	if err != nil {
		return err
	}
	r.text = text
	m, reclaimable, err := parseMeminfo(text)
	if err != nil {
		return r.file.Fail(err)
	}
	switch text, err = r.arc.Read(); {
	case procfile.Missing(err):
		err = nil
	case err == nil:
		size, least, e := parseARC(text)
		if e != nil {
			err = r.arc.Fail(e)
			break
		}
		m.addARC(size, least, reclaimable)
	}
	if err != nil {
		return err // without the ARC what is available would be far too little
	}
	h.Memory = m
	return nil
}

func (r *meminfoReader) count(c *Counters) { c.Memory = parseMemoryFigures(r.text, c.Memory[:0]) }

func (r *meminfoReader) close() {
	r.file.Close()
	r.arc.Close()
}

// parseMeminfo turns /proc/meminfo into bytes. Cached is Cached + SReclaimable: with Buffers added it is what free(1)
// shows as buff/cache. MemTotal, MemFree and MemAvailable must be there; a kernel without hugetlb has no huge pages.
// reclaimable is KReclaimable: what Available already counts of the kernel's own memory.
//
// Kernel: Documentation/filesystems/proc.rst, "meminfo"
func parseMeminfo(text []byte) (m Memory, reclaimable uint64, err error) {
	var slabs, swapFree uint64
	const needed = 3
	found := 0
	for line := range procfile.Lines(text) {
		colon := bytes.IndexByte(line, ':')
		if colon < 0 {
			continue
		}
		field := (*uint64)(nil)
		switch string(line[:colon]) {
		case "MemTotal":
			field = &m.Total
			found++
		case "MemFree":
			field = &m.Free
			found++
		case "MemAvailable":
			field = &m.Available
			found++
		case "Buffers":
			field = &m.Buffers
		case "Cached":
			field = &m.Cached
		case "SReclaimable":
			field = &slabs
		case "KReclaimable":
			field = &reclaimable
		case "Dirty":
			field = &m.Dirty
		case "SwapTotal":
			field = &m.SwapTotal
		case "SwapFree":
			field = &swapFree
		case "HugePages_Total":
			field = &m.HugePages
		case "HugePages_Free":
			field = &m.HugePagesFree
		case "Hugepagesize":
			field = &m.HugePageSize
		default:
			continue
		}
		if *field, err = memoryFigure(line[colon+1:]); err != nil {
			return Memory{}, 0, err
		}
	}
	if found < needed {
		return Memory{}, 0, procfile.ErrFields
	}
	m.Cached += slabs
	m.Used = m.Total - min(m.Available, m.Total)
	m.SwapUsed = m.SwapTotal - min(swapFree, m.SwapTotal)
	return m, reclaimable, nil
}

// parseMemoryFigures appends each line of /proc/meminfo to m, but for those that it cannot make sense of. It takes the
// names out of m's memory where they are there already, and allocates only when there are new ones.
func parseMemoryFigures(text []byte, m []MemoryFigure) []MemoryFigure {
	for line := range procfile.Lines(text) {
		raw, rest, _ := bytes.Cut(line, []byte(":"))
		var space [48]byte
		name := appendMemoryName(space[:0], raw)
		word, rest := procfile.CutWord(rest)
		value, err := procfile.Number(word)
		if err != nil || len(name) == 0 {
			continue
		}
		unit, _ := procfile.CutWord(rest)
		m = slices.Grow(m, 1)[:len(m)+1]
		f := &m[len(m)-1]
		if f.Name != string(name) {
			f.Name = string(name)
		}
		f.Value, f.Bytes = value, string(unit) == "kB"
		if f.Bytes {
			f.Value = procfile.Times(value, 1024)
		}
	}
	return m
}

// appendMemoryName appends a name of /proc/meminfo as a metric has it: its brackets are an underline before what is in them.
// It appends nothing of one that has other characters than such a name may have.
func appendMemoryName(dst, raw []byte) []byte {
	for _, c := range raw {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9' && len(dst) > 0, c == '_':
			dst = append(dst, c)
		case c == '(':
			dst = append(dst, '_')
		case c != ')':
			return nil
		}
	}
	return dst
}

// memoryFigure is a figure in kB as bytes, or one without a unit as it is.
func memoryFigure(b []byte) (uint64, error) {
	word, rest := procfile.CutWord(b)
	v, err := procfile.Number(word)
	if err != nil {
		return 0, err
	}
	unit, _ := procfile.CutWord(rest)
	if string(unit) != "kB" {
		return v, nil
	}
	if v > math.MaxInt64/1024 {
		return 0, procfile.ErrNumber
	}
	return v * 1024, nil
}
