// Package sample reads the host: one reader per kernel file, each parsing in place into memory it keeps, and a
// Sampler that runs them at the refresh interval and publishes Host and Net. Values that are not known are never 0:
// a rate or share is NaN, a total is to be used only while its source's Health has a value.
package sample

import (
	"time"

	"hypervisor-tui/sample/box"
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
	SourceCount
)

// Host is one sample of the machine. The Sampler owns its own; a reader gets a copy through a Box and may keep the
// strings but not the slices beyond its next Latest.
type Host struct {
	At          time.Duration // CLOCK_BOOTTIME of this sample
	Machine     Machine
	Uptime      time.Duration // since boot, suspend included
	Load        [3]float64    // 1, 5, 15 minutes
	Running     int           // runnable tasks
	Tasks       int           // all tasks (threads)
	CPU         CPU           // all CPUs together
	Cores       []CPU         // online CPUs by id
	Memory      Memory
	Pressure    PSI
	Disks       []Disk  // whole disks, device-mapper and md; in the kernel's order
	DiskRead    float64 // bytes a second over whole physical disks (no dm, no md: they would count twice)
	DiskWrite   float64
	Filesystems []Filesystem
	Sensors     []Sensor
	Health      [SourceCount]box.Health
	History     History
}

// Machine is what the machine is called and made of. An empty string is unknown.
type Machine struct {
	Hostname string // /proc/sys/kernel/hostname
	OS       string // PRETTY_NAME of os-release
	Kernel   string // /proc/sys/kernel/osrelease
	Model    string // DMI vendor and product
	Serial   string // DMI product_serial: readable by root alone
	BootID   string // /proc/sys/kernel/random/boot_id
}

// CPU is the share of time, in percent 0-100, that one CPU or all together spent over the last interval. NaN until
// the second sample. Guest time is part of User, as the kernel counts it.
//
// Kernel: Documentation/filesystems/proc.rst, "Miscellaneous kernel statistics in /proc/stat"
type CPU struct {
	ID                                     int // -1 for all CPUs together
	Busy, User, System, IOWait, IRQ, Steal float64
}

// Memory is /proc/meminfo in bytes. Used is Total - Available.
type Memory struct {
	Total, Available, Used, Free, Cached, Buffers, Dirty uint64
	SwapTotal, SwapUsed                                  uint64
	HugePages, HugePagesFree, HugePageSize               uint64 // pages, pages, bytes
}

// UsedPercent is Used of Total, NaN when there is no total.
func (m *Memory) UsedPercent() float64 { return percent(m.Used, m.Total) }

// PSI is pressure stall information: percent of the last 10 seconds in which some or all tasks waited. NaN: unknown.
//
// Kernel: Documentation/accounting/psi.rst
type PSI struct {
	CPUSome, MemorySome, MemoryFull, IOSome, IOFull float64
}

// Disk is one block device. Rates are NaN until the second sample and for the interval in which a counter went back.
//
// Kernel: Documentation/admin-guide/iostats.rst
type Disk struct {
	Name              string
	Model             string  // /sys/block/X/device/model, empty when it has none
	Physical          bool    // not device-mapper, not md
	Read, Write       float64 // bytes a second
	ReadOps, WriteOps float64 // operations a second
	Busy              float64 // percent of the interval with I/O in flight
}

// Filesystem is one mount as statfs answered last.
type Filesystem struct {
	Mount, Device, Type    string
	Total, Used, Available uint64  // bytes, as df -B1 shows them
	UsedPercent            float64 // Used of Used + Available, as df shows it; NaN when unknown
	InodesPercent          float64 // NaN when the filesystem has no inodes to run out of
	ReadOnly               bool
	Health                 box.Health // Stale or Failed with "not answering" while a statfs hangs
}

// Sensor is one temperature of hwmon.
type Sensor struct {
	Name    string  // chip and label
	Celsius float64 // NaN: it cannot be read now
	High    float64 // its own limit, NaN when it names none
}

// History holds the newest points of the sparklines, one a sample.
type History struct {
	Interval                                 time.Duration // between two points
	CPU, Memory, DiskRead, DiskWrite, Rx, Tx Series
}
