// Package sample reads the host: one reader per kernel file, each parsing in place into memory it keeps, and a
// Sampler that runs them at the refresh interval and publishes Host and Net. Values that are not known are never 0:
// a rate or share is NaN, a total is to be used only while its source's Health has a value.
package sample

import (
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample/procfile"
)

// Source names one thing that the Sampler reads; it indexes Host.Health.
type Source uint8

// The sources, in the order in which they are listed on the sources overlay.
const (
	Uptime      Source = iota // /proc/uptime
	Loadavg                   // /proc/loadavg
	Stat                      // /proc/stat
	Meminfo                   // /proc/meminfo
	Pressure                  // /proc/pressure/*
	Diskstats                 // /proc/diskstats
	Filesystems               // statfs of each mount, on goroutines of their own
	Sensors                   // /sys/class/hwmon, on a goroutine of its own
	Identity                  // hostname, os-release, kernel, DMI
	NetDev                    // /proc/net/dev
	Links                     // rtnetlink and ethtool, filled by sample/link
	Sockets                   // /proc/net/sockstat, /proc/net/snmp, conntrack
	Huge                      // /sys/kernel/mm/hugepages
	Frequency                 // cpufreq of some CPUs or /proc/cpuinfo, as a survey off the tick
	Arrays                    // /proc/mdstat, as a survey off the tick
	Pools                     // /proc/spl/kstat/zfs/*/state, as a survey off the tick
	EDAC                      // /sys/devices/system/edac/mc, as a survey off the tick
	VMStat                    // /proc/vmstat, as a survey off the tick
	QEMU                      // /proc/*/comm on a goroutine of its own, then the files of each QEMU process
	SourceCount
)

// Host is one sample of the machine. The Sampler owns its own; a reader gets a copy through a Box and may keep the
// strings but not the slices beyond its next Latest.
type Host struct {
	At          time.Duration // CLOCK_BOOTTIME of this sample
	Samples     uint64        // taken so far, this one included
	Machine     Machine
	Uptime      time.Duration // since boot, suspend included
	Load        [3]float64    // 1, 5, 15 minutes
	Running     int           // runnable tasks
	Tasks       int           // all tasks (threads)
	Blocked     int           // tasks that wait for a disk, as vmstat's b; -1: unknown
	CPU         CPU           // all CPUs together
	Cores       []CPU         // online CPUs by id
	Offline     int           // CPUs that are present and switched off; -1: unknown
	MHz         float64       // mean clock of some CPUs, spread over all that are online; NaN: unknown
	Memory      Memory
	OOMKills    int64         // processes that the kernel has killed for want of memory since boot, those of a cgroup at its limit included; -1: unknown
	OOMKilledAt time.Duration // CLOCK_BOOTTIME at which OOMKills was first seen that high; 0: it has not grown while this program ran
	Huge        []HugePages   // by size
	Pressure    PSI
	Disks       []Disk  // whole disks, device-mapper and md; in the kernel's order
	DiskRead    float64 // bytes a second over whole physical disks (no dm, no md: they would count twice), or over remote ones where there is none
	DiskWrite   float64
	Filesystems []Filesystem
	Sensors     []Sensor
	Fans        []Fan
	Power       []Power
	Arrays      []Array            // md
	Pools       []Pool             // ZFS
	EDAC        []MemoryController // those that count memory errors
	Health      [SourceCount]health.Health
	History     History
}

// Machine is what the machine is called and made of. An empty string is unknown.
type Machine struct {
	Hostname string // /proc/sys/kernel/hostname
	OS       string // PRETTY_NAME of os-release
	Kernel   string // /proc/sys/kernel/osrelease
	Build    string // /proc/sys/kernel/version: the kernel's build
	Arch     string // /proc/sys/kernel/arch; empty before Linux 6.1
	Domain   string // /proc/sys/kernel/domainname, (none) where nobody has set it
	Model    string // DMI vendor and product
	Serial   string // DMI product_serial: readable by root alone
	BootID   string // /proc/sys/kernel/random/boot_id
}

// CPU is the share of time, in percent 0-100, that one CPU or all together spent over the last interval. NaN until
// the second sample. Guest is the part of User that guests ran in; NaN too on a kernel that does not count it.
//
// Kernel: Documentation/filesystems/proc.rst, "Miscellaneous kernel statistics in /proc/stat"
type CPU struct {
	ID                                            int // -1 for all CPUs together
	Busy, User, System, IOWait, IRQ, Steal, Guest float64
}

// Memory is /proc/meminfo in bytes. Used is Total - Available. Available is what the kernel says and, where ZFS is in
// use, what its ARC would give back: all but its minimum, since the kernel takes the ARC for memory in use.
type Memory struct {
	Total, Available, Used, Free, Cached, Buffers, Dirty uint64
	SwapTotal, SwapUsed                                  uint64
	HugePages, HugePagesFree, HugePageSize               uint64 // pages, pages, bytes; of the default size alone
	ARC                                                  uint64 // bytes that ZFS caches in, 0 without ZFS
}

// UsedPercent is Used of Total, NaN when there is no total.
func (m *Memory) UsedPercent() float64 { return procfile.Percent(m.Used, m.Total) }

// HugePages are the huge pages of one size.
//
// Kernel: Documentation/admin-guide/mm/hugetlbpage.rst
type HugePages struct {
	Size                  uint64 // bytes of one page
	Total, Free, Reserved uint64 // pages; those promised to somebody but not yet taken are free and reserved
}

// PSI is pressure stall information: percent of the last 10 seconds in which some or all tasks waited, and below the
// same of the last 60. NaN: unknown.
//
// Kernel: Documentation/accounting/psi.rst
type PSI struct {
	CPUSome, MemorySome, MemoryFull, IOSome, IOFull           float64
	CPUSome60, MemorySome60, MemoryFull60, IOSome60, IOFull60 float64
}

// Disk is one block device. Rates are NaN until the second sample and for the interval in which a counter went back.
//
// Kernel: Documentation/admin-guide/iostats.rst
type Disk struct {
	Name              string
	Model             string  // /sys/block/X/device/model, empty when it has none
	Physical          bool    // hardware of this machine's: it lies on no other device
	Remote            bool    // it lies with another host or in a process: rbd, nbd, iSCSI, NVMe over a network
	Read, Write       float64 // bytes a second
	ReadOps, WriteOps float64 // operations a second
	Busy              float64 // percent of the interval with I/O in flight
	// ReadLatency and WriteLatency are the milliseconds, queueing included, that one operation took in the mean of those
	// that ended in the interval: await of iostat(1). NaN when none did.
	ReadLatency, WriteLatency float64
}

// Filesystem is one mount as statfs answered last.
type Filesystem struct {
	Mount, Device, Type    string
	Total, Used, Available uint64  // bytes, as df -B1 shows them
	UsedPercent            float64 // Used of Used + Available, as df shows it; NaN when unknown
	InodesPercent          float64 // NaN when the filesystem has no inodes to run out of
	Inodes, InodesFree     uint64  // both 0 then
	ReadOnly               bool
	RemountedRO            bool          // it was read-write and became read-only, as after an I/O error
	Health                 health.Health // Stale or Failed with "not answering" while a statfs hangs
}

// Sensor is one temperature of hwmon or, where that has none, of a thermal zone.
type Sensor struct {
	Name    string  // chip and label
	Celsius float64 // NaN: it cannot be read now
	High    float64 // its own limit, NaN when it names none
}

// Fan is one fan of hwmon.
type Fan struct {
	Name string  // chip and label
	RPM  float64 // turns a minute, NaN: it cannot be read now
	Low  float64 // its own lower limit, NaN when it names none
}

// Power is one power meter of hwmon.
type Power struct {
	Name  string  // chip and label
	Watts float64 // NaN: it cannot be read now
	High  float64 // its own limit, NaN when it names none
}

// Array is one md array.
//
// Kernel: Documentation/admin-guide/md.rst
type Array struct {
	Name     string  // md0
	Level    string  // raid1, raid6, linear ...; "unknown" when it names none
	State    string  // active, read-only, inactive, broken, container (of others, as imsm's) or unknown; recovering, resyncing, checking or reshaping while it does so or waits for it
	Disks    int     // that it should have; those that are there while it is inactive
	Working  int     // of these, those that it has
	Failed   int     // marked faulty: they may be there beside all that it should have
	Spare    int     // marked spare
	Degraded bool    // Working is less than Disks
	Synced   float64 // percent done of what State says it does, NaN while it does no such thing, or waits, or another node does it
}

// Pool is one imported pool of ZFS.
//
// Format: zpoolprops(7), health
type Pool struct {
	Name  string
	State string // ONLINE, DEGRADED, FAULTED, OFFLINE, REMOVED, UNAVAIL or SUSPENDED
}

// MemoryController is how many memory errors one controller has seen since its driver was loaded or reset it.
//
// Kernel: Documentation/driver-api/edac.rst
type MemoryController struct {
	Name                   string // mc0
	Corrected, Uncorrected uint64
}

// History holds the newest points of the sparklines, one a sample.
type History struct {
	Interval                                 time.Duration // between two points
	CPU, Memory, DiskRead, DiskWrite, Rx, Tx Series
}
