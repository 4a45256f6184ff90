package sample

import (
	"math"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

const mdstat = "/proc/mdstat"

// readArrays lists the md arrays in the kernel's order. The kernel takes a lock of each array for it.
//
// Kernel: Documentation/admin-guide/md.rst
func readArrays(root string) ([]Array, error) {
	fs, err := procfs.NewFS(root + "/proc")
	if err != nil {
		return nil, err
	}
	stats, err := fs.MDStat()
	if missing(err) {
		return nil, &readError{mdstat, unix.ENOENT}
	}
	if err != nil {
		return nil, &readError{mdstat, err}
	}
	arrays := make([]Array, len(stats))
	for i := range stats {
		arrays[i] = newArray(&stats[i])
	}
	return arrays, nil
}

func newArray(m *procfs.MDStat) Array {
	a := Array{
		Name:     outside([]byte(m.Name)),
		Level:    outside([]byte(m.Type)),
		State:    outside([]byte(m.ActivityState)),
		Disks:    int(m.DisksTotal),
		Working:  int(m.DisksActive),
		Failed:   int(m.DisksFailed),
		Spare:    int(m.DisksSpare),
		Degraded: m.DisksActive < m.DisksTotal,
		Synced:   math.NaN(),
	}
	switch a.State {
	case "recovering", "resyncing", "checking", "reshaping":
		a.Synced = m.BlocksSyncedPct // 0 while it is delayed or pending
	}
	return a
}
