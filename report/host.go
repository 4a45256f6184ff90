package report

import (
	"math"
	"slices"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/qemu"
	"hypervisor-tui/sample/top"
)

var hostFigures = figures[frame.Frame]{
	{key: "hostname", kind: "text", help: "Name of the host.", null: "not known", value: func(f *frame.Frame) any { return text(machine(f).Hostname) }},
	{key: "os", kind: "text", help: "PRETTY_NAME of os-release.", null: "there is none", value: func(f *frame.Frame) any { return text(machine(f).OS) }},
	{key: "kernel", kind: "text", help: "Release of the running kernel.", null: "not known", value: func(f *frame.Frame) any { return text(machine(f).Kernel) }},
	{key: "machine", kind: "text", help: "Vendor and product by DMI.", null: "the machine has no DMI",
		value: func(f *frame.Frame) any { return text(machine(f).Model) }},
	{key: "serial", kind: "text", help: "Serial number by DMI.", null: "the reader is not root, or there is none",
		value: func(f *frame.Frame) any { return text(machine(f).Serial) }},
	{key: "uptime_seconds", kind: "number", help: "Time since boot, suspend included.", null: "not known",
		value: func(f *frame.Frame) any { return known(hostOf(f).Uptime.Seconds(), has(f, sample.Uptime)) }},
	{key: "boot_id", kind: "text", help: "Random id of this boot, as the journal has it.", null: "not known",
		value: func(f *frame.Frame) any { return text(machine(f).BootID) }},
	{key: "load", kind: list, help: "Three numbers: load average over 1, 5 and 15 minutes, each null when not known.",
		value: func(f *frame.Frame) any { return plain(load(f)) }},
	{key: "tasks", help: "Tasks, threads included.", inner: tasksFigures, value: func(f *frame.Frame) any { return tasksFigures.of(f) }},
	{key: "cpu", help: "All CPUs together, over the time between two samples.", inner: cpuFigures,
		value: func(f *frame.Frame) any { return cpuFigures.of(hostWith(f, sample.Stat)) }},
	{key: "memory", help: "Memory by /proc/meminfo.", inner: memoryFigures, value: func(f *frame.Frame) any { return memoryFigures.of(f) }},
	{key: "pressure", help: "Pressure stall information: percent of the last 10 seconds in which tasks waited.", inner: pressureFigures,
		value: func(f *frame.Frame) any { return pressureFigures.of(psi(f)) }},
	{key: "disks", kind: list, help: "Whole disks, device-mapper and md included: adding them up counts twice.", inner: diskFigures,
		value: func(f *frame.Frame) any { return diskFigures.list(listed(hostOf(f).Disks, has(f, sample.Diskstats))) }},
	{key: "filesystems", kind: list, help: "Mounted filesystems, less those that the configuration leaves out.", inner: filesystemFigures,
		value: func(f *frame.Frame) any {
			return filesystemFigures.list(listed(hostOf(f).Filesystems, has(f, sample.Filesystems)))
		}},
	{key: "sensors", kind: list, help: "Temperatures of hwmon.", inner: sensorFigures,
		value: func(f *frame.Frame) any { return sensorFigures.list(listed(hostOf(f).Sensors, has(f, sample.Sensors))) }},
	{key: "units", help: "systemd as a whole.", inner: unitsFigures, value: func(f *frame.Frame) any { return unitsFigures.of(unitsOf(f)) }},
	{key: "nixos", help: "The NixOS system.", inner: nixosFigures, value: func(f *frame.Frame) any { return nixosFigures.of(nixosOf(f)) }},
	{key: "watched_units", kind: list, help: "Those of k3s, RKE2, kubelet and containerd that this host has.", inner: watchedUnitFigures,
		value: func(f *frame.Frame) any { return watchedUnitFigures.list(watched(f)) }},
	{key: "vms", kind: list, help: "The virtual machines of this host: those with a QEMU process and those that KubeVirt places here.", inner: vmFigures,
		value: func(f *frame.Frame) any { return vmFigures.list(vmsHere(f)) }},
	{key: "fans", kind: list, help: "Fans of hwmon.", inner: fanFigures,
		value: func(f *frame.Frame) any { return fanFigures.list(listed(hostOf(f).Fans, has(f, sample.Sensors))) }},
	{key: "power", kind: list, help: "Power meters of hwmon.", inner: powerFigures,
		value: func(f *frame.Frame) any { return powerFigures.list(listed(hostOf(f).Power, has(f, sample.Sensors))) }},
	{key: "md_arrays", kind: list, help: "Arrays of md.", inner: arrayFigures,
		value: func(f *frame.Frame) any { return arrayFigures.list(listed(hostOf(f).Arrays, has(f, sample.Arrays))) }},
	{key: "zfs_pools", kind: list, help: "Imported pools of ZFS.", inner: poolFigures,
		value: func(f *frame.Frame) any { return poolFigures.list(listed(hostOf(f).Pools, has(f, sample.Pools))) }},
	{key: "memory_errors", kind: list, help: "Memory controllers that count errors.", inner: memoryControllerFigures, value: func(f *frame.Frame) any {
		return memoryControllerFigures.list(listed(hostOf(f).EDAC, has(f, sample.EDAC)))
	}},
	{key: "clock", help: "The kernel's clock.", inner: clockFigures, value: func(f *frame.Frame) any { return clockFigures.of(clockOf(f)) }},
	{key: "oom_kills", kind: "integer", help: "Processes that the kernel has killed for want of memory since boot, those of a cgroup at its limit included.", null: "not known, as on kernels before 4.13",
		value: func(f *frame.Frame) any {
			return known(hostOf(f).OOMKills, has(f, sample.VMStat) && hostOf(f).OOMKills >= 0)
		}},
	{key: "processes", kind: list, help: "The 64 processes with the most CPU time and the 64 with the most memory, those of the VMs left out; the source `processes` says whether they are known.", inner: processFigures,
		value: func(f *frame.Frame) any { return processFigures.list(processesOf(f)) }},
	{key: "last_boot", help: "How the boot before this one ended.", inner: lastBootFigures,
		value: func(f *frame.Frame) any { return lastBootFigures.of(lastBootOf(f)) }},
	{key: "last_run", help: "What is recorded last of the time before this boot.", inner: lastRunFigures,
		value: func(f *frame.Frame) any { return lastRunFigures.of(lastRunOf(f)) }},
}

var tasksFigures = figures[frame.Frame]{
	{key: "running", kind: "integer", help: "Tasks that run or could.", null: "not known",
		value: func(f *frame.Frame) any { return known(hostOf(f).Running, has(f, sample.Loadavg)) }},
	{key: "total", kind: "integer", help: "All tasks.", null: "not known",
		value: func(f *frame.Frame) any { return known(hostOf(f).Tasks, has(f, sample.Loadavg)) }},
	{key: "blocked", kind: "integer", help: "Tasks that wait for a disk.", null: "not known", value: func(f *frame.Frame) any {
		return known(hostOf(f).Blocked, has(f, sample.Stat) && hostOf(f).Blocked >= 0)
	}},
}

var cpuFigures = figures[sample.Host]{
	{key: "busy_percent", kind: "number", help: "Neither idle nor waiting for I/O.", null: "not known",
		value: func(h *sample.Host) any { return number(h.CPU.Busy) }},
	{key: "user_percent", kind: "number", help: "In user space, nice and guests included.", null: "not known",
		value: func(h *sample.Host) any { return number(h.CPU.User) }},
	{key: "system_percent", kind: "number", help: "In the kernel, interrupts not included.", null: "not known",
		value: func(h *sample.Host) any { return number(h.CPU.System) }},
	{key: "iowait_percent", kind: "number", help: "Idle with I/O under way.", null: "not known", value: func(h *sample.Host) any { return number(h.CPU.IOWait) }},
	{key: "steal_percent", kind: "number", help: "Taken by the hypervisor that this host itself runs on.", null: "not known",
		value: func(h *sample.Host) any { return number(h.CPU.Steal) }},
	{key: "irq_percent", kind: "number", help: "Interrupts.", null: "not known", value: func(h *sample.Host) any { return number(h.CPU.IRQ) }},
	{key: "guest_percent", kind: "number", help: "Guests, a part of user.", null: "the kernel does not count it",
		value: func(h *sample.Host) any { return number(h.CPU.Guest) }},
	{key: "offline", kind: "integer", help: "CPUs that are present and switched off.", null: "the kernel does not list them",
		value: func(h *sample.Host) any { return count(h.Offline) }},
	{key: "mhz", kind: "number", help: "Mean clock of some CPUs in MHz.", null: "not known", value: func(h *sample.Host) any { return known(h.MHz, h.MHz > 0) }},
	{key: "cores", kind: list, help: "The CPUs that are on.", inner: coreFigures, value: func(h *sample.Host) any { return coreFigures.list(h.Cores) }},
}

var coreFigures = figures[sample.CPU]{
	{key: "id", kind: "integer", help: "The kernel's number of the CPU; there can be gaps.", value: func(c *sample.CPU) any { return c.ID }},
	{key: "busy_percent", kind: "number", help: "As for all of them.", null: "not known, as after the CPU was switched on",
		value: func(c *sample.CPU) any { return number(c.Busy) }},
	{key: "mhz", kind: "number", help: "Its clock in MHz.", null: "later", value: func(c *sample.CPU) any { return nil }},
}

var memoryFigures = figures[frame.Frame]{
	{key: "total_bytes", kind: "integer", help: "All that the kernel manages.", null: "not known",
		value: func(f *frame.Frame) any { return memoryOf(f, hostOf(f).Memory.Total) }},
	{key: "available_bytes", kind: "integer", help: "What programs can still have without swapping.", null: "not known",
		value: func(f *frame.Frame) any { return memoryOf(f, hostOf(f).Memory.Available) }},
	{key: "used_bytes", kind: "integer", help: "Total less available.", null: "not known",
		value: func(f *frame.Frame) any { return memoryOf(f, hostOf(f).Memory.Used) }},
	{key: "free_bytes", kind: "integer", help: "Used for nothing at all.", null: "not known",
		value: func(f *frame.Frame) any { return memoryOf(f, hostOf(f).Memory.Free) }},
	{key: "cached_bytes", kind: "integer", help: "Page cache and reclaimable slab.", null: "not known",
		value: func(f *frame.Frame) any { return memoryOf(f, hostOf(f).Memory.Cached) }},
	{key: "buffers_bytes", kind: "integer", help: "Buffers of block devices.", null: "not known",
		value: func(f *frame.Frame) any { return memoryOf(f, hostOf(f).Memory.Buffers) }},
	{key: "swap_total_bytes", kind: "integer", help: "All swap; 0 without any.", null: "not known",
		value: func(f *frame.Frame) any { return memoryOf(f, hostOf(f).Memory.SwapTotal) }},
	{key: "swap_used_bytes", kind: "integer", help: "Swap in use.", null: "not known",
		value: func(f *frame.Frame) any { return memoryOf(f, hostOf(f).Memory.SwapUsed) }},
	{key: "hugepages_total", kind: "integer", help: "Huge pages set aside, in pages.", null: "the kernel has none",
		value: func(f *frame.Frame) any { return hugeOf(f, hostOf(f).Memory.HugePages) }},
	{key: "hugepages_free", kind: "integer", help: "Those of them not in use, in pages.", null: "the kernel has none",
		value: func(f *frame.Frame) any { return hugeOf(f, hostOf(f).Memory.HugePagesFree) }},
	{key: "hugepage_bytes", kind: "integer", help: "Size of one huge page.", null: "the kernel has none",
		value: func(f *frame.Frame) any { return hugeOf(f, hostOf(f).Memory.HugePageSize) }},
	{key: "dirty_bytes", kind: "integer", help: "Waiting to be written to disk.", null: "not known",
		value: func(f *frame.Frame) any { return memoryOf(f, hostOf(f).Memory.Dirty) }},
	{key: "zfs_arc_bytes", kind: "integer", help: "What ZFS caches in.", null: "not known, or no ZFS", value: func(f *frame.Frame) any {
		return known(hostOf(f).Memory.ARC, has(f, sample.Meminfo) && hostOf(f).Memory.ARC > 0)
	}},
	{key: "hugepages", kind: list, help: "Huge pages by their size.", inner: hugePagesFigures,
		value: func(f *frame.Frame) any { return hugePagesFigures.list(listed(hostOf(f).Huge, has(f, sample.Huge))) }},
}

var hugePagesFigures = figures[sample.HugePages]{
	{key: "size_bytes", kind: "integer", help: "Size of one.", value: func(h *sample.HugePages) any { return h.Size }},
	{key: "total", kind: "integer", help: "Set aside, in pages.", value: func(h *sample.HugePages) any { return h.Total }},
	{key: "free", kind: "integer", help: "Of them not in use.", value: func(h *sample.HugePages) any { return h.Free }},
	{key: "reserved", kind: "integer", help: "Of the free ones promised to somebody.", value: func(h *sample.HugePages) any { return h.Reserved }},
}

var pressureFigures = figures[sample.PSI]{
	{key: "cpu_some_avg10", kind: "number", help: "Some waited for a CPU.", null: "the kernel does not count it",
		value: func(p *sample.PSI) any { return number(p.CPUSome) }},
	{key: "memory_some_avg10", kind: "number", help: "Some waited for memory.", null: "the kernel does not count it",
		value: func(p *sample.PSI) any { return number(p.MemorySome) }},
	{key: "memory_full_avg10", kind: "number", help: "All waited for memory.", null: "the kernel does not count it",
		value: func(p *sample.PSI) any { return number(p.MemoryFull) }},
	{key: "io_some_avg10", kind: "number", help: "Some waited for I/O.", null: "the kernel does not count it",
		value: func(p *sample.PSI) any { return number(p.IOSome) }},
	{key: "io_full_avg10", kind: "number", help: "All waited for I/O.", null: "the kernel does not count it",
		value: func(p *sample.PSI) any { return number(p.IOFull) }},
	{key: "cpu_some_avg60", kind: "number", help: "The same of the last 60 seconds.", null: "the kernel does not count it",
		value: func(p *sample.PSI) any { return number(p.CPUSome60) }},
	{key: "memory_some_avg60", kind: "number", help: "The same of the last 60 seconds.", null: "the kernel does not count it",
		value: func(p *sample.PSI) any { return number(p.MemorySome60) }},
	{key: "memory_full_avg60", kind: "number", help: "The same of the last 60 seconds.", null: "the kernel does not count it",
		value: func(p *sample.PSI) any { return number(p.MemoryFull60) }},
	{key: "io_some_avg60", kind: "number", help: "The same of the last 60 seconds.", null: "the kernel does not count it",
		value: func(p *sample.PSI) any { return number(p.IOSome60) }},
	{key: "io_full_avg60", kind: "number", help: "The same of the last 60 seconds.", null: "the kernel does not count it",
		value: func(p *sample.PSI) any { return number(p.IOFull60) }},
}

var diskFigures = figures[sample.Disk]{
	{key: "name", kind: "text", help: "The kernel's name of the device.", value: func(d *sample.Disk) any { return d.Name }},
	{key: "model", kind: "text", help: "What the maker calls it.", null: "it has none", value: func(d *sample.Disk) any { return text(d.Model) }},
	{key: "read_bytes_per_second", kind: "number", help: "Read from it.", null: "not known", value: func(d *sample.Disk) any { return number(d.Read) }},
	{key: "write_bytes_per_second", kind: "number", help: "Written to it.", null: "not known", value: func(d *sample.Disk) any { return number(d.Write) }},
	{key: "read_iops", kind: "number", help: "Reads a second.", null: "not known", value: func(d *sample.Disk) any { return number(d.ReadOps) }},
	{key: "write_iops", kind: "number", help: "Writes a second.", null: "not known", value: func(d *sample.Disk) any { return number(d.WriteOps) }},
	{key: "busy_percent", kind: "number", help: "Share of time with I/O under way.", null: "not known", value: func(d *sample.Disk) any { return number(d.Busy) }},
	{key: "read_latency_ms", kind: "number", help: "Milliseconds that a read took, queueing included.", null: "none ended",
		value: func(d *sample.Disk) any { return number(d.ReadLatency) }},
	{key: "write_latency_ms", kind: "number", help: "Milliseconds that a write took.", null: "none ended",
		value: func(d *sample.Disk) any { return number(d.WriteLatency) }},
}

var filesystemFigures = figures[sample.Filesystem]{
	{key: "mount", kind: "text", help: "Where it is mounted.", value: func(s *sample.Filesystem) any { return s.Mount }},
	{key: "device", kind: "text", help: "What is mounted there.", null: "it has none", value: func(s *sample.Filesystem) any { return text(s.Device) }},
	{key: "type", kind: "text", help: "Type, such as ext4.", null: "not known", value: func(s *sample.Filesystem) any { return text(s.Type) }},
	{key: "total_bytes", kind: "integer", help: "Size.", null: "it has never answered",
		value: func(s *sample.Filesystem) any { return known(s.Total, s.Health.Has()) }},
	{key: "used_bytes", kind: "integer", help: "Used.", null: "it has never answered",
		value: func(s *sample.Filesystem) any { return known(s.Used, s.Health.Has()) }},
	{key: "available_bytes", kind: "integer", help: "What others than root can still write.", null: "it has never answered",
		value: func(s *sample.Filesystem) any { return known(s.Available, s.Health.Has()) }},
	{key: "used_percent", kind: "number", help: "Used of used and available, as df shows it.", null: "it has never answered",
		value: func(s *sample.Filesystem) any { return share(s, s.UsedPercent) }},
	{key: "inodes_used_percent", kind: "number", help: "Inodes used.", null: "it has never answered, or has no inodes to run out of",
		value: func(s *sample.Filesystem) any { return share(s, s.InodesPercent) }},
	{key: "inodes", kind: "integer", help: "Inodes in all.", null: "it has never answered, or has no inodes to run out of",
		value: func(s *sample.Filesystem) any { return known(s.Inodes, s.Health.Has() && s.Inodes > 0) }},
	{key: "inodes_free", kind: "integer", help: "Those that are left.", null: "it has never answered, or has no inodes to run out of",
		value: func(s *sample.Filesystem) any { return known(s.InodesFree, s.Health.Has() && s.Inodes > 0) }},
	{key: "state", kind: "state", help: "stale or failed while it does not answer: its figures are then the last ones; absent when it cannot be reached from here, as below a directory that this user may not enter.",
		value: func(s *sample.Filesystem) any { return s.Health.State.String() }},
	{key: "read_only", kind: "boolean", help: "Mounted read-only.", null: "it has never answered",
		value: func(s *sample.Filesystem) any { return known(s.ReadOnly, s.Health.Has()) }},
	{key: "remounted_read_only", kind: "boolean", help: "It was writable and is not any more, as after an I/O error.",
		value: func(s *sample.Filesystem) any { return s.RemountedRO }},
}

var sensorFigures = figures[sample.Sensor]{
	{key: "name", kind: "text", help: "Chip and label.", value: func(s *sample.Sensor) any { return s.Name }},
	{key: "celsius", kind: "number", help: "Temperature in degrees Celsius.", null: "it cannot be read now",
		value: func(s *sample.Sensor) any { return number(s.Celsius) }},
	{key: "high_celsius", kind: "number", help: "Its own limit.", null: "it names none", value: func(s *sample.Sensor) any { return number(s.High) }},
}

var fanFigures = figures[sample.Fan]{
	{key: "name", kind: "text", help: "Chip and label.", value: func(n *sample.Fan) any { return n.Name }},
	{key: "rpm", kind: "number", help: "Turns a minute.", null: "it cannot be read now", value: func(n *sample.Fan) any { return number(n.RPM) }},
	{key: "low_rpm", kind: "number", help: "Its own lower limit.", null: "it names none", value: func(n *sample.Fan) any { return number(n.Low) }},
}

var powerFigures = figures[sample.Power]{
	{key: "name", kind: "text", help: "Chip and label.", value: func(m *sample.Power) any { return m.Name }},
	{key: "watts", kind: "number", help: "Watts.", null: "it cannot be read now", value: func(m *sample.Power) any { return number(m.Watts) }},
	{key: "high_watts", kind: "number", help: "Its own limit.", null: "it names none", value: func(m *sample.Power) any { return number(m.High) }},
}

var arrayFigures = figures[sample.Array]{
	{key: "name", kind: "text", help: "Name.", value: func(a *sample.Array) any { return a.Name }},
	{key: "level", kind: "text", help: "raid1, raid6 and so on.", value: func(a *sample.Array) any { return a.Level }},
	{key: "state", kind: "text", help: "active, read-only, inactive, broken, recovering, resyncing, checking or reshaping; container, which only holds others, as those of imsm do; unknown, when the kernel's words are not understood.",
		value: func(a *sample.Array) any { return a.State }},
	{key: "disks", kind: "integer", help: "Disks that it should have; while it is inactive those that are there.",
		value: func(a *sample.Array) any { return a.Disks }},
	{key: "working", kind: "integer", help: "Of these, those that it has.", value: func(a *sample.Array) any { return a.Working }},
	{key: "degraded", kind: "boolean", help: "It has fewer than it should.", value: func(a *sample.Array) any { return a.Degraded }},
	{key: "synced_percent", kind: "number", help: "Done of what its state says it does.", null: "it does no such thing, waits for it, or another node does it",
		value: func(a *sample.Array) any { return number(a.Synced) }},
	{key: "failed", kind: "integer", help: "Disks that are marked faulty; they may be there beside all that it should have.",
		value: func(a *sample.Array) any { return a.Failed }},
	{key: "spare", kind: "integer", help: "Disks that are spare.", value: func(a *sample.Array) any { return a.Spare }},
}

var poolFigures = figures[sample.Pool]{
	{key: "name", kind: "text", help: "Name.", value: func(p *sample.Pool) any { return p.Name }},
	{key: "state", kind: "text", help: "ONLINE, DEGRADED, FAULTED and so on.", value: func(p *sample.Pool) any { return p.State }},
}

var memoryControllerFigures = figures[sample.MemoryController]{
	{key: "name", kind: "text", help: "Name.", value: func(c *sample.MemoryController) any { return c.Name }},
	{key: "corrected", kind: "integer", help: "Errors that were corrected.", value: func(c *sample.MemoryController) any { return c.Corrected }},
	{key: "uncorrected", kind: "integer", help: "Errors that were not.", value: func(c *sample.MemoryController) any { return c.Uncorrected }},
}

var unitsFigures = figures[sample.Units]{
	{key: "state", kind: "text", help: "running, degraded and so on, as systemd says.", null: "systemd does not answer",
		value: func(u *sample.Units) any { return text(u.State) }},
	{key: "failed", kind: list, help: "Names of failed units.", value: func(u *sample.Units) any { return plain(unitNames(u.Failed)) }},
	{key: "restarting", kind: list, help: "Names of services that systemd starts again and again.",
		value: func(u *sample.Units) any { return plain(unitNames(u.Restarting)) }},
}

var watchedUnitFigures = figures[sample.Unit]{
	{key: "name", kind: "text", help: "Name of the unit.", value: func(u *sample.Unit) any { return u.Name }},
	{key: "active", kind: "text", help: "Its active state.", null: "not known", value: func(u *sample.Unit) any { return text(u.Active) }},
	{key: "sub", kind: "text", help: "Its sub state.", null: "not known", value: func(u *sample.Unit) any { return text(u.Sub) }},
	{key: "since", kind: "time", help: "When it entered that state.", null: "not known", value: func(u *sample.Unit) any { return stamp(u.Since, time.RFC3339) }},
}

var nixosFigures = figures[sample.NixOS]{
	{key: "version", kind: "text", help: "Its version.", null: "not NixOS", value: func(n *sample.NixOS) any { return text(n.Version) }},
	{key: "generation", kind: "integer", help: "Generation of the profile: what boots next.", null: "not known",
		value: func(n *sample.NixOS) any { return known(n.Generation, n.Generation > 0) }},
	{key: "current_generation", kind: "integer", help: "Generation that runs.", null: "not known",
		value: func(n *sample.NixOS) any { return known(n.Current, n.Current > 0) }},
	{key: "booted_system", kind: "text", help: "Store path that was booted.", null: "not known", value: func(n *sample.NixOS) any { return text(n.Booted) }},
	{key: "reboot_needed", kind: "boolean", help: "Whether the kernel that runs is another than a reboot would bring.", null: "not known",
		value: func(n *sample.NixOS) any { return known(n.RebootNeeded, n.RebootKnown) }},
}

var clockFigures = figures[sample.Clock]{
	{key: "synchronised", kind: "boolean", help: "Whether it follows a time source.", null: "not known", value: func(c *sample.Clock) any { return c.Synchronised }},
}

var lastRunFigures = figures[of[frame.LastRun]]{
	{key: "recorded_until", kind: "time", help: "When the last record was made.", null: "nothing is recorded of it, or it is not read yet",
		value: func(r *of[frame.LastRun]) any { return stamp(r.v.End, time.RFC3339) }},
	{key: "recording_stopped", kind: "boolean", help: "Recording was stopped in good order then, as a shutdown does.", null: "nothing is recorded of it, or it is not read yet",
		value: func(r *of[frame.LastRun]) any { return &r.v.Stopped }},
	{key: "seconds_before_boot", kind: "number", help: "Time from then to this boot.", null: "nothing is recorded of it, or the clock was set in between",
		value: func(r *of[frame.LastRun]) any {
			gap, ok := r.v.Before(&r.f.Snapshot)
			return known(gap.Seconds(), ok)
		}},
	{key: "memory_used_percent", kind: "number", help: "Memory used then.", null: "not known", value: func(r *of[frame.LastRun]) any { return number(r.v.Memory) }},
	{key: "cpu_busy_percent", kind: "number", help: "As `cpu.busy_percent`, then.", null: "not known", value: func(r *of[frame.LastRun]) any { return number(r.v.CPU) }},
	{key: "io_full_avg10", kind: "number", help: "As `pressure.io_full_avg10`, then.", null: "not known", value: func(r *of[frame.LastRun]) any { return number(r.v.IOFull) }},
	{key: "vms", kind: "integer", help: "VMs that had a QEMU process then.", null: "not known", value: func(r *of[frame.LastRun]) any { return count(r.v.VMs) }},
	{key: "problems", kind: list, help: "What was wrong then, the worst first.", inner: problemFigures, value: func(r *of[frame.LastRun]) any {
		then := &frame.Frame{Snapshot: frame.Snapshot{Now: r.v.End, Boot: r.v.Boot}}
		return problemFigures.list(each(then, r.v.Problems))
	}},
	{key: "events", kind: list, help: "What had happened in the ten minutes before, the oldest first.", inner: eventFigures,
		value: func(r *of[frame.LastRun]) any { return eventFigures.list(r.v.Events) }},
}

var eventFigures = figures[frame.Event]{
	{key: "at", kind: "time", help: "When.", null: "the clock had no date", value: func(e *frame.Event) any { return stamp(e.At, time.RFC3339) }},
	{key: "severity", kind: "severity", help: "How bad it is.", value: func(e *frame.Event) any { return e.Severity.String() }},
	{key: "what", kind: "text", help: "The event in words.", value: func(e *frame.Event) any { return string(e.AppendWhat(nil)) }},
	{key: "where", kind: "text", help: "The screen to look at: logs, dashboard, network, nodes or checks.", null: "none shows it", value: func(e *frame.Event) any { return text(e.Where) }},
}

var lastBootFigures = figures[sample.LastBoot]{
	{key: "clean", kind: "boolean", help: "It was shut down.", null: "not known", value: func(b *sample.LastBoot) any { return known(b.Clean, b.Known) }},
	{key: "why", kind: "text", help: "What says so.", null: "nothing is known", value: func(b *sample.LastBoot) any { return text(b.Why) }},
}

var vmFigures = figures[of[frame.Guest]]{
	{key: "namespace", kind: "text", help: "Namespace in the cluster.", null: "it is not KubeVirt's",
		value: func(m *of[frame.Guest]) any { return text(m.v.Namespace) }},
	{key: "name", kind: "text", help: "Name.", null: "its command line gives it none", value: func(m *of[frame.Guest]) any { return text(m.v.Name) }},
	{key: "source", kind: "text", help: "Who knows of it: qemu, kubevirt or both.", value: func(m *of[frame.Guest]) any { return m.v.Source() }},
	{key: "pid", kind: "integer", help: "Process of QEMU.", null: "not known",
		value: func(m *of[frame.Guest]) any { return known(process(m).PID, process(m).PID > 0) }},
	{key: "age_seconds", kind: "number", help: "Time since its start.", null: "not known", value: func(m *of[frame.Guest]) any {
		return known((m.f.Boot - process(m).Started).Seconds(), process(m).Started > 0)
	}},
	{key: "cpu_percent", kind: "number", help: "Share of its virtual CPUs.", null: "not known",
		value: func(m *of[frame.Guest]) any { return number(process(m).CPU) }},
	{key: "memory_bytes", kind: "integer", help: "Memory of its process.", null: "not known",
		value: func(m *of[frame.Guest]) any { return known(process(m).Memory, process(m).WhyMemory == "") }},
	{key: "vcpus", kind: "integer", help: "Virtual CPUs.", null: "not known",
		value: func(m *of[frame.Guest]) any { return positive(process(m).VCPUs, instanceOf(m).VCPUs) }},
	{key: "configured_bytes", kind: "integer", help: "Memory that the guest is to have.", null: "not known",
		value: func(m *of[frame.Guest]) any { return positive(process(m).Configured, instanceOf(m).Memory) }},
	{key: "read_bytes_per_second", kind: "number", help: "Read from its disks.", null: "not known",
		value: func(m *of[frame.Guest]) any { return number(process(m).Read) }},
	{key: "write_bytes_per_second", kind: "number", help: "Written to its disks.", null: "not known",
		value: func(m *of[frame.Guest]) any { return number(process(m).Write) }},
	{key: "rx_bytes_per_second", kind: "number", help: "Received by it.", null: "not known", value: func(m *of[frame.Guest]) any { return number(process(m).Rx) }},
	{key: "tx_bytes_per_second", kind: "number", help: "Sent by it.", null: "not known", value: func(m *of[frame.Guest]) any { return number(process(m).Tx) }},
	{key: "state", kind: "text", help: "What KubeVirt calls its state, as in `kubevirt.defined[].status`.", null: "KubeVirt does not know it",
		value: func(m *of[frame.Guest]) any { return text(m.v.Status()) }},
	{key: "node", kind: "text", help: "Node that it runs on, which is another one while it moves here.", null: "KubeVirt does not say",
		value: func(m *of[frame.Guest]) any { return text(instanceOf(m).Node) }},
	{key: "ips", kind: list, help: "Its addresses, as KubeVirt knows them.", value: func(m *of[frame.Guest]) any { return plain(instanceOf(m).IPs) }},
	{key: "conflict", kind: "text", help: "What KubeVirt and the processes of this host do not agree on.", null: "they agree",
		value: func(m *of[frame.Guest]) any { return text(m.v.Conflict.String()) }},
}

var processFigures = figures[top.Process]{
	{key: "pid", kind: "integer", help: "Its number.", value: func(p *top.Process) any { return p.PID }},
	{key: "name", kind: "text", help: "Its name, which the kernel cuts to 15 bytes.", value: func(p *top.Process) any { return p.Name }},
	{key: "unit", kind: "text", help: "The systemd unit that it is in.", null: "it is in none, or in a pod", value: func(p *top.Process) any { return text(p.Unit) }},
	{key: "pod_uid", kind: "text", help: "UID of the pod that it is in.", null: "it is in none", value: func(p *top.Process) any { return text(p.Pod) }},
	{key: "kernel", kind: "boolean", help: "It is a thread of the kernel.", value: func(p *top.Process) any { return p.Kernel }},
	{key: "state", kind: "text", help: "R, S, D, Z and so on, as ps has them.", value: func(p *top.Process) any { return string(rune(p.State)) }},
	{key: "cpu_percent", kind: "number", help: "Percent of one CPU.", null: "not known", value: func(p *top.Process) any { return number(p.CPU) }},
	{key: "memory_bytes", kind: "integer", help: "Memory that is resident.", value: func(p *top.Process) any { return p.Memory }},
}

// processesOf are those with the most CPU time, and then those with the most memory that are not among them.
func processesOf(f *frame.Frame) []top.Process {
	if f.Processes == nil || !f.Processes.Health.Has() {
		return nil
	}
	all := slices.Clone(f.Processes.ByCPU)
	for _, p := range f.Processes.ByMemory {
		if !slices.ContainsFunc(f.Processes.ByCPU, func(q top.Process) bool { return q.PID == p.PID }) {
			all = append(all, p)
		}
	}
	return all
}

// hostOf is the host, an empty one before the first sample: no source of that has a value.
func hostOf(f *frame.Frame) *sample.Host {
	if f.Host == nil {
		return &sample.Host{}
	}
	return f.Host
}

func machine(f *frame.Frame) *sample.Machine { return &hostOf(f).Machine }

// hostWith is the host while that source of it has a value, else nil.
func hostWith(f *frame.Frame, s sample.Source) *sample.Host {
	if !has(f, s) {
		return nil
	}
	return f.Host
}

func load(f *frame.Frame) []*float64 {
	var l []*float64
	for _, v := range hostOf(f).Load {
		l = append(l, known(v, has(f, sample.Loadavg) && !math.IsNaN(v)))
	}
	return l
}

func psi(f *frame.Frame) *sample.PSI {
	if !has(f, sample.Pressure) {
		return nil
	}
	return &f.Host.Pressure
}

func memoryOf(f *frame.Frame, v uint64) *uint64 { return known(v, has(f, sample.Meminfo)) }

// hugeOf is null where the kernel is without hugetlb, and says nothing of huge pages.
func hugeOf(f *frame.Frame, v uint64) *uint64 {
	return known(v, has(f, sample.Meminfo) && hostOf(f).Memory.HugePageSize > 0)
}

// share is a share of a filesystem that has answered.
func share(s *sample.Filesystem, percent float64) *float64 {
	if !s.Health.Has() {
		return nil
	}
	return number(percent)
}

// unitsOf is what systemd says, nil while it does not.
func unitsOf(f *frame.Frame) *sample.Units {
	if f.Units == nil || !f.Units.Health.Has() {
		return nil
	}
	return f.Units
}

func watched(f *frame.Frame) []sample.Unit {
	if u := unitsOf(f); u != nil {
		return u.Watched
	}
	return nil
}

func unitNames(units []sample.Unit) []string {
	names := []string{}
	for i := range units {
		names = append(names, units[i].Name)
	}
	return names
}

func nixosOf(f *frame.Frame) *sample.NixOS {
	if f.System == nil || !f.System.NixOS.Health.Has() {
		return nil
	}
	return &f.System.NixOS
}

func clockOf(f *frame.Frame) *sample.Clock {
	if f.System == nil || !f.System.Clock.Health.Has() {
		return nil
	}
	return &f.System.Clock
}

func lastRunOf(f *frame.Frame) *of[frame.LastRun] {
	if f.LastRun == nil {
		return nil
	}
	return &of[frame.LastRun]{f, f.LastRun}
}

func lastBootOf(f *frame.Frame) *sample.LastBoot {
	if f.System == nil || !f.System.LastBoot.Health.Has() {
		return nil
	}
	return &f.System.LastBoot
}

// vmsHere are the VMs of this host: those with a QEMU process, and those that KubeVirt says are here.
func vmsHere(f *frame.Frame) []of[frame.Guest] {
	var here []of[frame.Guest]
	for _, m := range each(f, f.Guests) {
		if m.v.Here {
			here = append(here, m)
		}
	}
	return here
}

// noProcess is what is known of a VM without a process.
var noProcess = qemu.VM{CPU: math.NaN(), Read: math.NaN(), Write: math.NaN(), Rx: math.NaN(), Tx: math.NaN(), WhyMemory: "no process"}

func process(m *of[frame.Guest]) *qemu.VM {
	if m.v.Process == nil {
		return &noProcess
	}
	return m.v.Process
}

func instanceOf(m *of[frame.Guest]) *kube.VMI {
	if m.v.Instance == nil {
		return &kube.VMI{}
	}
	return m.v.Instance
}
