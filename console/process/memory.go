package process

import (
	"os"
	"runtime/debug"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

const (
	memoryLimit  = 64 << 20 // a ceiling for the garbage collector, well above what is used
	StartPercent = 200      // while it starts, nearly all is kept: to collect would only make it late
	GCPercent    = 20       // then little garbage is made: a small heap is worth more than rare collections
)

// LimitMemory tells the garbage collector how much it may use, where the environment does not: percent of what is kept
// on top of it.
func LimitMemory(percent int) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}

// StartTime is how long the start takes, at most, to do what is never done again.
const StartTime = 10 * time.Second

// TrimMemory returns to the kernel the garbage of the start, megabytes on a host with thousands of interfaces, and what has
// been mapped of the program's own file: most of it was only needed to start. What is needed again comes back from the page
// cache without being read from the disk. It leaves the file where the program is built so that its pages are not all as
// in it.
func TrimMemory() {
	debug.FreeOSMemory()
	if !fixedAddress() {
		return
	}
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	self, err := procfs.Self()
	if err != nil {
		return
	}
	maps, err := self.ProcMaps()
	if err != nil {
		return
	}
	for _, m := range maps {
		if m.Pathname == exe && !m.Perms.Write {
			// An error leaves everything as it is.
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, m.StartAddr, m.EndAddr-m.StartAddr, unix.MADV_DONTNEED)
		}
	}
}

// fixedAddress reports whether the linker knew where the program would lie. Otherwise the loader has written addresses
// into pages that are read-only now.
func fixedAddress() bool {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return false
	}
	for _, s := range info.Settings {
		if s.Key == "-buildmode" {
			return s.Value == "exe"
		}
	}
	return false
}
