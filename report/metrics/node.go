package metrics

import (
	"math"
	"runtime"
	"strings"

	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample"
)

// of is how good a source of the host is.
func of(s sample.Source) func(*frame.Frame) *health.Health {
	return func(f *frame.Frame) *health.Health {
		if f.Host == nil {
			return nil
		}
		return &f.Host.Health[s]
	}
}

// counted is of where the counters behind the source are wanted.
func counted(s sample.Source) func(*frame.Frame) *health.Health {
	return func(f *frame.Frame) *health.Health {
		if f.Host == nil || f.Counters == nil {
			return nil
		}
		return &f.Host.Health[s]
	}
}

// nodeGroups are the host under the names and labels of node_exporter.
func nodeGroups() []group {
	return []group{
		{title: "Processors", collector: "cpu", source: counted(sample.Stat), families: []family{
			{name: "node_cpu_seconds_total", kind: counter, labels: "cpu,mode", help: "Seconds that each CPU spent in each mode.", write: cpuSeconds},
			{name: "node_cpu_guest_seconds_total", kind: counter, labels: "cpu,mode", help: "Seconds that each CPU spent in guests; they are among user and nice, too.", write: guestSeconds},
		}},
		{title: "Kernel", collector: "stat", source: counted(sample.Stat), families: []family{
			{name: "node_intr_total", kind: counter, help: "Interrupts served.", write: func(w *Writer, f *frame.Frame) { w.total(f.Counters.Interrupts, 0) }},
			{name: "node_context_switches_total", kind: counter, help: "Context switches.", write: func(w *Writer, f *frame.Frame) { w.total(f.Counters.ContextSwitches, 0) }},
			{name: "node_forks_total", kind: counter, help: "Tasks made.", write: func(w *Writer, f *frame.Frame) { w.total(f.Counters.Forks, 0) }},
			{name: "node_boot_time_seconds", help: "When the host booted, in seconds since 1970.", write: func(w *Writer, f *frame.Frame) { w.total(f.Counters.BootTime, 0) }},
			{name: "node_procs_running", help: "Tasks that run or could.", write: func(w *Writer, f *frame.Frame) { w.total(f.Counters.Running, 0) }},
			{name: "node_procs_blocked", help: "Tasks that wait for a disk.", write: func(w *Writer, f *frame.Frame) { w.total(f.Counters.Blocked, 0) }},
		}},
		{title: "Load", collector: "loadavg", source: of(sample.Loadavg), families: []family{
			{name: "node_load1", help: "Load average over 1 minute.", write: func(w *Writer, f *frame.Frame) { w.float(f.Host.Load[0]) }},
			{name: "node_load5", help: "Load average over 5 minutes.", write: func(w *Writer, f *frame.Frame) { w.float(f.Host.Load[1]) }},
			{name: "node_load15", help: "Load average over 15 minutes.", write: func(w *Writer, f *frame.Frame) { w.float(f.Host.Load[2]) }},
		}},
		{title: "Memory", collector: "meminfo", source: counted(sample.Meminfo), families: []family{
			{name: "node_memory_", rest: true, help: "As /proc/meminfo has it.", write: func(w *Writer, f *frame.Frame) {
				for i := range f.Counters.Memory {
					m, ending := &f.Counters.Memory[i], ""
					if m.Bytes {
						ending = "_bytes"
					}
					w.named(m.Name, ending, m.Value)
				}
			}},
		}},
		{title: "Virtual memory", collector: "vmstat", source: counted(sample.VMStat), every: slow, families: []family{
			{name: "node_vmstat_", kind: untyped, rest: true, help: "As /proc/vmstat has it.", write: func(w *Writer, f *frame.Frame) {
				for i := range f.Counters.VM {
					w.named(f.Counters.VM[i].Name, "", f.Counters.VM[i].Value)
				}
			}},
		}},
		{title: "Pressure", collector: "pressure", source: counted(sample.Pressure), families: []family{
			{name: "node_pressure_cpu_waiting_seconds_total", kind: counter, help: "Seconds in which some task waited for a CPU.",
				write: pressure(func(p *sample.PressureTotals) sample.Count { return p.CPUSome })},
			{name: "node_pressure_io_waiting_seconds_total", kind: counter, help: "Seconds in which some task waited for I/O.",
				write: pressure(func(p *sample.PressureTotals) sample.Count { return p.IOSome })},
			{name: "node_pressure_io_stalled_seconds_total", kind: counter, help: "Seconds in which all tasks waited for I/O.",
				write: pressure(func(p *sample.PressureTotals) sample.Count { return p.IOFull })},
			{name: "node_pressure_memory_waiting_seconds_total", kind: counter, help: "Seconds in which some task waited for memory.",
				write: pressure(func(p *sample.PressureTotals) sample.Count { return p.MemorySome })},
			{name: "node_pressure_memory_stalled_seconds_total", kind: counter, help: "Seconds in which all tasks waited for memory.",
				write: pressure(func(p *sample.PressureTotals) sample.Count { return p.MemoryFull })},
			{name: "node_pressure_irq_stalled_seconds_total", kind: counter, help: "Seconds in which all tasks waited for interrupts.",
				write: pressure(func(p *sample.PressureTotals) sample.Count { return p.IRQFull })},
		}},
		{title: "Open files", source: counted(sample.Uptime), families: []family{
			{name: "node_filefd_allocated", help: "Open files.", write: func(w *Writer, f *frame.Frame) { w.total(f.Counters.Files.Allocated, 0) }},
			{name: "node_filefd_maximum", help: "Open files that there may be.", write: func(w *Writer, f *frame.Frame) { w.total(f.Counters.Files.Maximum, 0) }},
		}},
		{title: "Disks", collector: "diskstats", source: counted(sample.Diskstats), families: diskFamilies()},
		{title: "Filesystems", collector: "filesystem", source: of(sample.Filesystems), every: slow, families: []family{
			{name: "node_filesystem_size_bytes", labels: mountLabels, help: "Size of the filesystem.", write: mounts(func(m *sample.Filesystem) (uint64, bool) { return m.Total, true })},
			{name: "node_filesystem_free_bytes", labels: mountLabels, help: "Free, what root alone may use included.", write: mounts(func(m *sample.Filesystem) (uint64, bool) { return m.Total - m.Used, m.Used <= m.Total })},
			{name: "node_filesystem_avail_bytes", labels: mountLabels, help: "Free for others than root.", write: mounts(func(m *sample.Filesystem) (uint64, bool) { return m.Available, true })},
			{name: "node_filesystem_files", labels: mountLabels, help: "Inodes.", write: mounts(func(m *sample.Filesystem) (uint64, bool) { return m.Inodes, m.Inodes > 0 })},
			{name: "node_filesystem_files_free", labels: mountLabels, help: "Inodes that are free.", write: mounts(func(m *sample.Filesystem) (uint64, bool) { return m.InodesFree, m.Inodes > 0 })},
			{name: "node_filesystem_readonly", labels: mountLabels, help: "1 while it is read-only.", write: mounts(func(m *sample.Filesystem) (uint64, bool) { return one(m.ReadOnly), true })},
			{name: "node_filesystem_device_error", labels: mountLabels, help: "1 while it does not answer, or with an error.", write: deviceErrors},
		}},
		{title: "Software RAID", collector: "mdadm", source: of(sample.Arrays), every: slow, families: []family{
			{name: "node_md_disks", labels: "device,state", help: "Disks of the array: active, failed, spare.", write: func(w *Writer, f *frame.Frame) {
				for i := range f.Host.Arrays {
					a := &f.Host.Arrays[i]
					w.number(a.Working, a.Name, "active")
					w.number(a.Failed, a.Name, "failed")
					w.number(a.Spare, a.Name, "spare")
				}
			}},
			{name: "node_md_disks_required", labels: "device", help: "Disks that the array should have.", write: func(w *Writer, f *frame.Frame) {
				for i := range f.Host.Arrays {
					w.number(f.Host.Arrays[i].Disks, f.Host.Arrays[i].Name)
				}
			}},
			{name: "node_md_state", labels: "device,state", help: "1 for the state that the array is in.", write: arrayStates},
		}},
		{title: "ZFS pools", collector: "zfs", source: of(sample.Pools), every: slow, families: []family{
			{name: "node_zfs_zpool_state", labels: "zpool,state", help: "1 for the state that the pool is in.", write: func(w *Writer, f *frame.Frame) {
				for i := range f.Host.Pools {
					p := &f.Host.Pools[i]
					for _, state := range [...]string{"online", "degraded", "faulted", "offline", "removed", "unavail", "suspended"} {
						w.truth(strings.EqualFold(p.State, state), p.Name, state)
					}
				}
			}},
		}},
		{title: "Memory errors", collector: "edac", source: of(sample.EDAC), every: slow, families: []family{
			{name: "node_edac_correctable_errors_total", kind: counter, labels: "controller", help: "Memory errors that were corrected.", write: func(w *Writer, f *frame.Frame) {
				for i := range f.Host.EDAC {
					w.uint(f.Host.EDAC[i].Corrected, strings.TrimPrefix(f.Host.EDAC[i].Name, "mc"))
				}
			}},
			{name: "node_edac_uncorrectable_errors_total", kind: counter, labels: "controller", help: "Memory errors that were not.", write: func(w *Writer, f *frame.Frame) {
				for i := range f.Host.EDAC {
					w.uint(f.Host.EDAC[i].Uncorrected, strings.TrimPrefix(f.Host.EDAC[i].Name, "mc"))
				}
			}},
		}},
		{title: "Connections", collector: "conntrack", source: ofNet(sample.Sockets), families: []family{
			{name: "node_nf_conntrack_entries", help: "Connections that are tracked.", write: func(w *Writer, f *frame.Frame) { w.number(f.Net.Sockets.Conntrack) }},
			{name: "node_nf_conntrack_entries_limit", help: "Connections that can be tracked.", write: func(w *Writer, f *frame.Frame) { w.number(f.Net.Sockets.ConntrackMax) }},
			{name: "node_netstat_Tcp_CurrEstab", kind: untyped, help: "TCP connections that are established.", write: func(w *Writer, f *frame.Frame) { w.number(f.Net.Sockets.Established) }},
		}},
		{title: "Sockets", source: ofNet(sample.Sockets), families: []family{
			{name: "hypervisor_sockets", labels: "protocol", help: "Sockets in use, of IPv4 and IPv6 together.", write: func(w *Writer, f *frame.Frame) {
				w.number(f.Net.Sockets.TCP, "tcp")
				w.number(f.Net.Sockets.UDP, "udp")
			}},
		}},
		{title: "Clock", collector: "timex", source: clockHealth, every: slow, families: []family{
			{name: "node_timex_sync_status", help: "0 while the kernel says that nothing keeps the clock; chronyd without rtcsync leaves it so.", write: func(w *Writer, f *frame.Frame) {
				if c := &f.System.Clock; !math.IsNaN(c.MaxError) {
					w.truth(!c.Flagged)
				}
			}},
			{name: "node_timex_offset_seconds", help: "What is left to correct.", write: func(w *Writer, f *frame.Frame) { w.float(f.System.Clock.Offset) }},
			{name: "node_timex_maxerror_seconds", help: "By how much the clock may be wrong.", write: func(w *Writer, f *frame.Frame) { w.float(f.System.Clock.MaxError) }},
			{name: "hypervisor_clock_synchronised", help: "1 while the clock follows a time source, whatever the kernel was told of it.", write: func(w *Writer, f *frame.Frame) { w.truth(f.System.Clock.Synchronised) }},
		}},
		{title: "Units of systemd", collector: "systemd", source: unitsHealth, every: slow, families: []family{
			{name: "node_systemd_unit_state", labels: "name,state", help: "1 for the state that the unit is in: of those that have failed, keep restarting, or carry the cluster.", write: unitStates},
			{name: "node_systemd_service_restart_total", kind: counter, labels: "name", help: "Restarts by systemd itself since somebody started it, of the same units.", write: func(w *Writer, f *frame.Frame) {
				eachUnit(f.Units, func(u *sample.Unit) { w.number(u.Restarts, u.Name) })
			}},
			{name: "node_systemd_system_running", help: "1 while systemd calls the system running, neither degraded nor starting.", write: func(w *Writer, f *frame.Frame) {
				if f.Units.State != "" {
					w.truth(f.Units.State == "running")
				}
			}},
		}},
		{title: "Names", collector: "uname", source: of(sample.Identity), every: every(sample.Identity), families: []family{
			{name: "node_uname_info", labels: "domainname,machine,nodename,release,sysname,version", help: "The host and its kernel.", write: func(w *Writer, f *frame.Frame) {
				if m := &f.Host.Machine; m.Hostname != "" {
					w.uint(1, m.Domain, m.Arch, m.Hostname, m.Kernel, "Linux", m.Build)
				}
			}},
		}},
		{title: "Time", collector: "time", families: []family{
			{name: "node_time_seconds", help: "The host's clock, in seconds since 1970.", write: func(w *Writer, f *frame.Frame) {
				if ms := f.Now.UnixMilli(); ms > 0 {
					w.decimal(uint64(ms), 3)
				}
			}},
			{name: "node_exporter_build_info", labels: "version,goversion,goos,goarch", help: "The program that writes this: hypervisor-tui, not node_exporter.", write: func(w *Writer, f *frame.Frame) {
				if f.Settings != nil {
					w.uint(1, f.Settings.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
				}
			}},
		}},
	}
}

func one(v bool) uint64 {
	if v {
		return 1
	}
	return 0
}

// hz is how many digits a tick of USER_HZ is behind the point of a second.
const hz = 2

func cpuSeconds(w *Writer, f *frame.Frame) {
	for i := range f.Counters.CPUs {
		c := &f.Counters.CPUs[i]
		id := w.text(c.ID)
		w.decimal(c.User, hz, id, "user")
		w.decimal(c.Nice, hz, id, "nice")
		w.decimal(c.System, hz, id, "system")
		w.decimal(c.Idle, hz, id, "idle")
		w.decimal(c.IOWait, hz, id, "iowait")
		w.decimal(c.IRQ, hz, id, "irq")
		w.decimal(c.SoftIRQ, hz, id, "softirq")
		w.decimal(c.Steal, hz, id, "steal")
	}
}

func guestSeconds(w *Writer, f *frame.Frame) {
	for i := range f.Counters.CPUs {
		if c := &f.Counters.CPUs[i]; c.HasGuest {
			w.decimal(c.Guest, hz, w.text(c.ID), "user")
			w.decimal(c.GuestNice, hz, w.text(c.ID), "nice")
		}
	}
}

// pressure writes one total, which the kernel has in microseconds.
func pressure(total func(*sample.PressureTotals) sample.Count) func(*Writer, *frame.Frame) {
	return func(w *Writer, f *frame.Frame) { w.total(total(&f.Counters.Pressure), 6) }
}

const (
	noDiscards = 11 // columns of diskstats
	discards   = 15
	flushes    = 17
	millis     = 3 // digits behind the point of a second
)

// diskFamilies are the columns of diskstats.
func diskFamilies() []family {
	return []family{
		disk("node_disk_reads_completed_total", counter, "Reads.", noDiscards, 0, func(d *sample.DiskCounts) uint64 { return d.Reads }),
		disk("node_disk_reads_merged_total", counter, "Reads that were merged into others.", noDiscards, 0, func(d *sample.DiskCounts) uint64 { return d.ReadsMerged }),
		disk("node_disk_read_bytes_total", counter, "Bytes read.", noDiscards, 0, func(d *sample.DiskCounts) uint64 { return d.ReadSectors * sector }),
		disk("node_disk_read_time_seconds_total", counter, "Seconds that all reads took together.", noDiscards, millis, func(d *sample.DiskCounts) uint64 { return d.ReadMillis }),
		disk("node_disk_writes_completed_total", counter, "Writes.", noDiscards, 0, func(d *sample.DiskCounts) uint64 { return d.Writes }),
		disk("node_disk_writes_merged_total", counter, "Writes that were merged into others.", noDiscards, 0, func(d *sample.DiskCounts) uint64 { return d.WritesMerged }),
		disk("node_disk_written_bytes_total", counter, "Bytes written.", noDiscards, 0, func(d *sample.DiskCounts) uint64 { return d.WrittenSectors * sector }),
		disk("node_disk_write_time_seconds_total", counter, "Seconds that all writes took together.", noDiscards, millis, func(d *sample.DiskCounts) uint64 { return d.WriteMillis }),
		disk("node_disk_io_now", gauge, "Operations under way.", noDiscards, 0, func(d *sample.DiskCounts) uint64 { return d.InFlight }),
		disk("node_disk_io_time_seconds_total", counter, "Seconds with an operation under way.", noDiscards, millis, func(d *sample.DiskCounts) uint64 { return d.BusyMillis }),
		disk("node_disk_io_time_weighted_seconds_total", counter, "Seconds that all operations took together.", noDiscards, millis, func(d *sample.DiskCounts) uint64 { return d.WeightedMillis }),
		disk("node_disk_discards_completed_total", counter, "Discards.", discards, 0, func(d *sample.DiskCounts) uint64 { return d.Discards }),
		disk("node_disk_discards_merged_total", counter, "Discards that were merged into others.", discards, 0, func(d *sample.DiskCounts) uint64 { return d.DiscardsMerged }),
		disk("node_disk_discarded_sectors_total", counter, "Sectors of 512 bytes discarded.", discards, 0, func(d *sample.DiskCounts) uint64 { return d.DiscardedSectors }),
		disk("node_disk_discard_time_seconds_total", counter, "Seconds that all discards took together.", discards, millis, func(d *sample.DiskCounts) uint64 { return d.DiscardMillis }),
		disk("node_disk_flush_requests_total", counter, "Flushes.", flushes, 0, func(d *sample.DiskCounts) uint64 { return d.Flushes }),
		disk("node_disk_flush_requests_time_seconds_total", counter, "Seconds that all flushes took together.", flushes, millis, func(d *sample.DiskCounts) uint64 { return d.FlushMillis }),
	}
}

const sector = 512 // bytes, whatever the disk says

// disk is the family of one column of diskstats, of those disks that have so many, by the given power of ten.
func disk(name string, k kind, help string, columns, digits int, column func(*sample.DiskCounts) uint64) family {
	return family{name: name, kind: k, labels: "device", help: help, write: func(w *Writer, f *frame.Frame) {
		for i := range f.Counters.Disks {
			if d := &f.Counters.Disks[i]; d.Columns >= columns {
				w.decimal(column(d), digits, d.Name)
			}
		}
	}}
}

const mountLabels = "device,fstype,mountpoint,device_error"

// mounts writes one figure of each filesystem that is known well enough.
func mounts(figure func(*sample.Filesystem) (v uint64, known bool)) func(*Writer, *frame.Frame) {
	return func(w *Writer, f *frame.Frame) {
		for i := range f.Host.Filesystems {
			m := &f.Host.Filesystems[i]
			if v, known := figure(m); known && usual(m) && served(f, &m.Health, slow) {
				w.uint(v, m.Device, m.Type, m.Mount, "")
			}
		}
	}
}

// deviceErrors writes of each filesystem whether it answers; why not is a label of that series alone, so that the others stay
// the same series.
func deviceErrors(w *Writer, f *frame.Frame) {
	for i := range f.Host.Filesystems {
		switch m := &f.Host.Filesystems[i]; {
		case !usual(m):
		case m.Health.State == health.OK:
			w.uint(0, m.Device, m.Type, m.Mount, "")
		case said(&m.Health):
			w.uint(1, m.Device, m.Type, m.Mount, m.Health.Err)
		}
	}
}

// usual reports whether node_exporter shows a filesystem by default; what it does not would be in the sums of its dashboards.
func usual(m *sample.Filesystem) bool {
	switch m.Type {
	case "devtmpfs", "erofs", "iso9660", "overlay", "squashfs":
		return false
	}
	for _, dir := range [...]string{"/dev", "/proc", "/sys"} {
		if rest, below := strings.CutPrefix(m.Mount, dir); below && (rest == "" || rest[0] == '/') {
			return false
		}
	}
	return true
}

// arrayStates writes node_exporter's five states of each array. One that reshapes is in none of them.
func arrayStates(w *Writer, f *frame.Frame) {
	for i := range f.Host.Arrays {
		a := &f.Host.Arrays[i]
		state := a.State
		switch state {
		case "unknown":
			continue
		case "read-only":
			state = "active"
		case "resyncing":
			state = "resync"
		case "checking":
			state = "check"
		}
		for _, s := range [...]string{"active", "inactive", "recovering", "resync", "check"} {
			w.truth(s == state, a.Name, s)
		}
	}
}

func clockHealth(f *frame.Frame) *health.Health {
	if f.System == nil {
		return nil
	}
	return &f.System.Clock.Health
}

func unitsHealth(f *frame.Frame) *health.Health {
	if f.Units == nil {
		return nil
	}
	return &f.Units.Health
}

// eachUnit visits each unit that is known once.
func eachUnit(u *sample.Units, visit func(*sample.Unit)) {
	lists := [...][]sample.Unit{u.Failed, u.Restarting, u.Watched}
	for n, list := range lists {
		for i := range list {
			if !listed(lists[:n], list[i].Name) {
				visit(&list[i])
			}
		}
	}
}

func listed(lists [][]sample.Unit, name string) bool {
	for _, list := range lists {
		for i := range list {
			if list[i].Name == name {
				return true
			}
		}
	}
	return false
}

func unitStates(w *Writer, f *frame.Frame) {
	eachUnit(f.Units, func(u *sample.Unit) {
		if u.Active == "" {
			return
		}
		for _, state := range [...]string{"active", "activating", "deactivating", "inactive", "failed"} {
			w.truth(u.Active == state, u.Name, state)
		}
	})
}
