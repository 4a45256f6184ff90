package sample

import (
	"time"

	"hypervisor-tui/sample/procfile"
)

// Counters are what the kernel counts behind the rates of a Host, as it writes them: an exporter hands them on. They are read
// only while a reader wants them. All but VM is as old as the Host. A group whose source could not be read keeps its last figures, as Host does, and its
// source's Health says so; a list is empty, and a Count not Known, while nobody has read it.
//
// It is one sample as Host is: a reader may keep the strings but not the slices beyond its next Latest.
type Counters struct {
	At       time.Duration  // CLOCK_BOOTTIME of the sample
	CPUs     []CPUTicks     // online CPUs by id, of Stat
	Disks    []DiskCounts   // devices of Diskstats, in the kernel's order: those that node_exporter shows by default
	Memory   []MemoryFigure // each line of Meminfo, in the kernel's order
	VM       []NamedCount   // those of VMStat that node_exporter shows by default, read each surveyEvery
	Pressure PressureTotals // of Pressure
	Files    FileHandles

	// Of Stat, the file that has the CPUs. The made-up one of a container may lack any of them.
	Interrupts, ContextSwitches, Forks Count // since boot
	BootTime                           Count // seconds since the epoch, by the wall clock as it is now
	Running, Blocked                   Count // tasks, now
}

// Count is one figure that may not be known.
type Count = procfile.Count

// countOf is a figure that could be read without an error.
func countOf(value uint64, err error) Count {
	if err != nil {
		return Count{}
	}
	return procfile.Known(value)
}

// NamedCount is one figure by the name that the kernel gives it.
type NamedCount struct {
	Name  string
	Value uint64
}

// CPUTicks is the time that one CPU has spent since boot, in USER_HZ: hundredths of a second. User contains Guest, and Nice
// GuestNice, as in the kernel's own file. Among the Counters none of it goes back by less than 3 seconds; one that goes back
// further has been reset, as when the CPU was switched off.
//
// Kernel: Documentation/filesystems/proc.rst, "Miscellaneous kernel statistics in /proc/stat"
type CPUTicks struct {
	ID                                                    int
	User, Nice, System, Idle, IOWait, IRQ, SoftIRQ, Steal uint64
	Guest, GuestNice                                      uint64
	HasGuest                                              bool // Guest and GuestNice are counted: not by kernels before 2.6.33
}

// DiskCounts is one line of /proc/diskstats. Sectors are of 512 bytes whatever the disk says; times are milliseconds, over
// all operations.
//
// Kernel: Documentation/admin-guide/iostats.rst
type DiskCounts struct {
	Name                                                      string
	Columns                                                   int // behind the name: 11, with discards 15, with flushes 17; what the kernel does not have is 0
	Reads, ReadsMerged, ReadSectors, ReadMillis               uint64
	Writes, WritesMerged, WrittenSectors, WriteMillis         uint64
	InFlight, BusyMillis, WeightedMillis                      uint64 // InFlight: operations, now
	Discards, DiscardsMerged, DiscardedSectors, DiscardMillis uint64
	Flushes, FlushMillis                                      uint64
}

// MemoryFigure is one line of /proc/meminfo. The kernel's brackets are an underline: Active_anon.
//
// Kernel: Documentation/filesystems/proc.rst, "meminfo"
type MemoryFigure struct {
	Name  string
	Value uint64
	Bytes bool // Value is bytes: the line says kB. Otherwise it is a number of pages.
}

// PressureTotals is the time since boot, in microseconds, in which some or all tasks waited. A host without pressure
// information knows none; older kernels have no CPUFull and no IRQFull.
//
// Kernel: Documentation/accounting/psi.rst
type PressureTotals struct {
	CPUSome, CPUFull, MemorySome, MemoryFull, IOSome, IOFull, IRQFull Count
}

// FileHandles is how many files the host has open, and may have.
//
// Kernel: Documentation/admin-guide/sysctl/fs.rst, file-nr
type FileHandles struct{ Allocated, Maximum Count }

// CopyCounters makes dst equal to src, as CopyHost does.
func CopyCounters(dst, src *Counters) {
	cpus, disks, memory, vm := dst.CPUs[:0], dst.Disks[:0], dst.Memory[:0], dst.VM[:0]
	*dst = *src
	dst.CPUs = append(cpus, src.CPUs...)
	dst.Disks = append(disks, src.Disks...)
	dst.Memory = append(memory, src.Memory...)
	dst.VM = append(vm, src.VM...)
}

// count makes the next samples read the counters, or not. Whoever wants them anew begins with nothing: what was read before
// may be old.
func (s *Sampler) count(on bool) {
	if on != s.counting {
		s.counting, s.counters = on, Counters{}
		s.counted.Clear()
	}
}

// filesReader reads /proc/sys/fs/file-nr.
type filesReader struct{ file procfile.File }

func (r *filesReader) count(c *Counters) {
	c.Files = FileHandles{}
	text, err := r.file.Read()
	if err != nil {
		return
	}
	var v [3]uint64 // allocated, 0, maximum
	line, _ := procfile.CutLine(text)
	if n, err := procfile.Numbers(line, v[:]); err == nil && n == len(v) {
		c.Files = FileHandles{Allocated: procfile.Known(v[0]), Maximum: procfile.Known(v[2])}
	}
}

func (r *filesReader) close() { r.file.Close() }
