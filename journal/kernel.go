package journal

import (
	"bytes"
	"slices"
	"time"

	"hypervisor-tui/internal/box"
)

// KernelEvent is a message of the kernel that somebody has to know of.
type KernelEvent struct {
	Kind     KernelKind
	Time     time.Time // realtime stamp; it may be of a boot before
	Severity Severity
	Text     string // its first line, clean and masked, kernelText bytes at most
}

// KernelKind is what such a message is about.
type KernelKind uint8

// The kinds.
const (
	KernelOther      KernelKind = iota // only its severity is known: crit or worse
	OutOfMemory                        // a process was killed to get memory back
	DiskFailed                         // reading or writing a block device failed, or its controller
	FilesystemFailed                   // a filesystem is damaged, or was made read-only
	HardwareFailed                     // a machine check, memory, too hot
	Stalled                            // a CPU or a task does not go on
	KernelBug                          // an oops, a warning that something is corrupt
	kernelKinds
)

const (
	kernelText   = 256 // bytes that are kept of a message
	kernelEvents = 8   // that are kept of a kind
)

// kernelSigns is how messages of the kernel start and what is within them. The first sign that a message has tells its
// kind; nobody has to know of those of kernelKinds.
//
// Kernel: mm/oom_kill.c, block/blk-core.c, fs/ext4/super.c, fs/xfs/xfs_error.c, fs/btrfs/messages.c,
// arch/x86/kernel/cpu/mce/core.c, drivers/edac/edac_mc.c, kernel/watchdog.c, kernel/hung_task.c, kernel/rcu/tree_stall.h,
// lib/bug.c, drivers/nvme/host/pci.c
var kernelSigns = [...]struct {
	start, within string
	kind          KernelKind
}{
	{"Out of memory", ": Killed process ", OutOfMemory},
	{"Memory cgroup out of memory", ": Killed process ", OutOfMemory},
	{"", " error, dev fd", kernelKinds},                              // a drive that virtual machines have and nobody uses
	{"", " error, dev sr", kernelKinds},                              // a CD, which is no disk
	{"", ":(DISCARD) ", kernelKinds},                                 // it loses nothing, and a disk need not know it
	{"critical target error, dev ", ":(WRITE_ZEROES) ", kernelKinds}, // nor this, in place of which zeros are written
	{"", "I/O error, dev ", DiskFailed},
	{"", "critical medium error, dev ", DiskFailed},
	{"", "critical target error, dev ", DiskFailed},
	{"nvme ", "controller is down", DiskFailed},
	{"nvme ", "Removing after probe failure", DiskFailed},
	{"nvme ", "Disabling device after reset failure", DiskFailed},
	{"EXT4-fs error", "", FilesystemFailed},
	{"EXT4-fs (", "Remounting filesystem read-only", FilesystemFailed},
	{"XFS (", "orruption", FilesystemFailed},
	{"XFS (", "metadata I/O error", FilesystemFailed},
	{"XFS (", "hutting down filesystem", FilesystemFailed},
	{"BTRFS error", "", FilesystemFailed},
	{"BTRFS critical", "", FilesystemFailed},
	{"BTRFS: error", "", FilesystemFailed},
	{"mce: [Hardware Error]", "Machine Check", HardwareFailed},
	{"EDAC ", " 0 UE ", kernelKinds},
	{"EDAC ", " UE ", HardwareFailed},
	{"Memory failure: ", "", HardwareFailed},
	{"thermal ", "critical temperature reached", HardwareFailed},
	{"watchdog: BUG: soft lockup", "", Stalled},
	{"watchdog: ", "hard LOCKUP", Stalled},
	{"INFO: task ", " for more than ", Stalled},
	{"rcu: INFO: ", " stall", Stalled},
	{"BUG: workqueue lockup", "", Stalled},
	{"general protection fault", "", KernelBug},
	{"BUG: ", "", KernelBug},
	{"kernel BUG at ", "", KernelBug},
	{"Oops: ", "", KernelBug},
	{"Kernel panic", "", KernelBug},
}

// kernelKind returns what the first line of a message of the kernel is about. ok is false when nobody has to know of it.
func kernelKind(line []byte, severity Severity) (kind KernelKind, ok bool) {
	for i := range kernelSigns {
		s := &kernelSigns[i]
		if bytes.HasPrefix(line, []byte(s.start)) && bytes.Contains(line, []byte(s.within)) {
			return s.kind, s.kind != kernelKinds
		}
	}
	return KernelOther, severity <= Crit
}

// kernelMessage keeps a message of the kernel if somebody has to know of it. Only then it allocates. Any goroutine may
// call it.
func (l *Log) kernelMessage(h *record, text []byte) {
	line, _, _ := bytes.Cut(text, []byte{'\n'})
	kind, ok := kernelKind(line, h.severity)
	if !ok {
		return
	}
	e := KernelEvent{kind, time.UnixMicro(h.micros), h.severity, string(cutRunes(line, kernelText))}
	box.Change(&l.events, func(events []KernelEvent) []KernelEvent {
		if slices.Contains(events, e) { // read again
			return events
		}
		at, _ := slices.BinarySearchFunc(events, e, func(x, y KernelEvent) int { return x.Time.Compare(y.Time) })
		events = slices.Insert(events, at, e)
		n := 0
		for i := len(events) - 1; i >= 0; i-- {
			if events[i].Kind == kind {
				n++
			}
			if n > kernelEvents {
				return slices.Delete(events, i, i+1)
			}
		}
		return events
	})
}

// KernelEvents returns the newest of the kernel's messages that somebody has to know of, eight of a kind at most, ordered
// by their time: of those that the sources have read since this program started, which may have been written in a boot
// before. Nobody changes what it returns. It does not allocate.
func (l *Log) KernelEvents() []KernelEvent {
	return *l.events.Load()
}
