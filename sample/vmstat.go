package sample

import (
	"math"

	"hypervisor-tui/sample/procfile"
)

const vmstat = "/proc/vmstat"

var errNoOOMKills = procfile.Absent("no oom_kill in " + vmstat + ": the kernel is older than 4.13")

// readOOMKills returns oom_kill of /proc/vmstat. The file does not belong into the tick: the kernel adds it up over all
// CPUs, none of which may be switched on or off meanwhile.
//
// Kernel: mm/vmstat.c, vmstat_start
func readOOMKills(root string) (int64, error) {
	file := procfile.New(root, vmstat)
	defer file.Close()
	text, err := file.Read()
	if err != nil {
		return 0, err
	}
	figure, ok := procfile.Value(text, "oom_kill ")
	if !ok {
		return 0, errNoOOMKills
	}
	n, err := procfile.Number(figure)
	if err != nil {
		return 0, file.Fail(err)
	}
	return int64(min(n, math.MaxInt64)), nil
}

// takeOOMKills notes when the count was first seen to have grown.
func takeOOMKills(h *Host, n int64) {
	if h.OOMKills >= 0 && n > h.OOMKills {
		h.OOMKilledAt = h.At
	}
	h.OOMKills = n
}
