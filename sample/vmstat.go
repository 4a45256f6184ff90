package sample

import (
	"math"
	"slices"
	"time"

	"hypervisor-tui/sample/procfile"
)

const (
	vmstat  = "/proc/vmstat"
	oomKill = "oom_kill"
)

var errNoOOMKills = procfile.Absent("no oom_kill in " + vmstat + ": the kernel is older than 4.13")

// vmstatReader surveys /proc/vmstat. The file does not belong into the tick: the kernel adds it up over all CPUs, none of
// which may be switched on or off meanwhile.
//
// Kernel: mm/vmstat.c, vmstat_start
type vmstatReader struct {
	*slowReader[[]NamedCount]
	found []NamedCount // shared
}

func newVMStatReader(root string, now func() time.Duration) *vmstatReader {
	r := &vmstatReader{}
	r.slowReader = newSlowReader(now, func() ([]NamedCount, error) { return readVMStat(root) },
		func(h *Host, found []NamedCount) {
			r.found = found
			takeOOMKills(h, oomKills(found))
		})
	return r
}

func (r *vmstatReader) count(c *Counters) { c.VM = append(c.VM[:0], r.found...) }

// readVMStat returns the figures of /proc/vmstat that are used, oom_kill among them.
func readVMStat(root string) ([]NamedCount, error) {
	file := procfile.New(root, vmstat)
	defer file.Close()
	text, err := file.Read()
	if err != nil {
		return nil, err
	}
	found, err := parseVMStat(text)
	if err != nil {
		return nil, file.Fail(err)
	}
	if oomKills(found) < 0 {
		return nil, errNoOOMKills
	}
	return found, nil
}

// parseVMStat returns the page faults, the pages read, written and swapped, and the processes killed for want of memory.
func parseVMStat(text []byte) (found []NamedCount, err error) {
	for line := range procfile.Lines(text) {
		name, rest := procfile.CutWord(line)
		switch string(name) {
		case "pgpgin", "pgpgout", "pswpin", "pswpout", "pgfault", "pgmajfault", oomKill:
			value, err := procfile.Number(rest)
			if err != nil {
				return nil, err
			}
			found = append(found, NamedCount{string(name), value})
		}
	}
	return found, nil
}

// oomKills is oom_kill, -1 without one.
func oomKills(found []NamedCount) int64 {
	at := slices.IndexFunc(found, func(c NamedCount) bool { return c.Name == oomKill })
	if at < 0 {
		return -1
	}
	return int64(min(found[at].Value, math.MaxInt64))
}

// takeOOMKills notes when the count was first seen to have grown.
func takeOOMKills(h *Host, n int64) {
	if h.OOMKills >= 0 && n > h.OOMKills {
		h.OOMKilledAt = h.At
	}
	h.OOMKills = n
}
