package report

import (
	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
)

type host struct {
	Hostname     *string            `json:"hostname"`
	OS           *string            `json:"os"`
	Kernel       *string            `json:"kernel"`
	Machine      *string            `json:"machine"`
	Serial       *string            `json:"serial"`
	Uptime       *float64           `json:"uptime_seconds"`
	BootID       *string            `json:"boot_id"`
	Load         [3]*float64        `json:"load"`
	Tasks        tasks              `json:"tasks"`
	CPU          cpu                `json:"cpu"`
	Memory       memory             `json:"memory"`
	Pressure     pressure           `json:"pressure"`
	Disks        []disk             `json:"disks"`
	Filesystems  []filesystem       `json:"filesystems"`
	Sensors      []sensor           `json:"sensors"`
	Units        units              `json:"units"`
	NixOS        nixos              `json:"nixos"`
	WatchedUnits []watchedUnit      `json:"watched_units"`
	VMs          []vm               `json:"vms"`
	Fans         []fan              `json:"fans"`
	Power        []power            `json:"power"`
	Arrays       []array            `json:"md_arrays"`
	Pools        []pool             `json:"zfs_pools"`
	MemoryErrors []memoryController `json:"memory_errors"`
	Clock        clock              `json:"clock"`
	LastBoot     lastBoot           `json:"last_boot"`
}

type tasks struct {
	Running *int `json:"running"`
	Total   *int `json:"total"`
	Blocked *int `json:"blocked"`
}

type cpu struct {
	Busy   *float64 `json:"busy_percent"`
	User   *float64 `json:"user_percent"`
	System *float64 `json:"system_percent"`
	IOWait *float64 `json:"iowait_percent"`
	Steal  *float64 `json:"steal_percent"`
	IRQ    *float64 `json:"irq_percent"`
	Guest  *float64 `json:"guest_percent"`

	Offline *int `json:"offline"`

	MHz   *float64 `json:"mhz"`
	Cores []core   `json:"cores"`
}

type core struct {
	ID   int      `json:"id"`
	Busy *float64 `json:"busy_percent"`
	MHz  *float64 `json:"mhz"`
}

type memory struct {
	Total         *uint64 `json:"total_bytes"`
	Available     *uint64 `json:"available_bytes"`
	Used          *uint64 `json:"used_bytes"`
	Free          *uint64 `json:"free_bytes"`
	Cached        *uint64 `json:"cached_bytes"`
	Buffers       *uint64 `json:"buffers_bytes"`
	SwapTotal     *uint64 `json:"swap_total_bytes"`
	SwapUsed      *uint64 `json:"swap_used_bytes"`
	HugePages     *uint64 `json:"hugepages_total"`
	HugePagesFree *uint64 `json:"hugepages_free"`
	HugePageSize  *uint64 `json:"hugepage_bytes"`
	Dirty         *uint64 `json:"dirty_bytes"`

	ARC   *uint64     `json:"zfs_arc_bytes"`
	Sizes []hugePages `json:"hugepages"`
}

type hugePages struct {
	Size     uint64 `json:"size_bytes"`
	Total    uint64 `json:"total"`
	Free     uint64 `json:"free"`
	Reserved uint64 `json:"reserved"`
}

type pressure struct {
	CPUSome    *float64 `json:"cpu_some_avg10"`
	MemorySome *float64 `json:"memory_some_avg10"`
	MemoryFull *float64 `json:"memory_full_avg10"`
	IOSome     *float64 `json:"io_some_avg10"`
	IOFull     *float64 `json:"io_full_avg10"`

	CPUSome60    *float64 `json:"cpu_some_avg60"`
	MemorySome60 *float64 `json:"memory_some_avg60"`
	MemoryFull60 *float64 `json:"memory_full_avg60"`
	IOSome60     *float64 `json:"io_some_avg60"`
	IOFull60     *float64 `json:"io_full_avg60"`
}

type disk struct {
	Name      string   `json:"name"`
	Model     *string  `json:"model"`
	Read      *float64 `json:"read_bytes_per_second"`
	Write     *float64 `json:"write_bytes_per_second"`
	ReadIOPS  *float64 `json:"read_iops"`
	WriteIOPS *float64 `json:"write_iops"`
	Busy      *float64 `json:"busy_percent"`

	ReadLatency  *float64 `json:"read_latency_ms"`
	WriteLatency *float64 `json:"write_latency_ms"`
}

type filesystem struct {
	Mount         string   `json:"mount"`
	Device        *string  `json:"device"`
	Type          *string  `json:"type"`
	Total         *uint64  `json:"total_bytes"`
	Used          *uint64  `json:"used_bytes"`
	Available     *uint64  `json:"available_bytes"`
	UsedPercent   *float64 `json:"used_percent"`
	InodesPercent *float64 `json:"inodes_used_percent"`
	State         string   `json:"state"`
	ReadOnly      *bool    `json:"read_only"`
	RemountedRO   bool     `json:"remounted_read_only"`
}

type sensor struct {
	Name    string   `json:"name"`
	Celsius *float64 `json:"celsius"`
	High    *float64 `json:"high_celsius"`
}

type units struct {
	State  *string  `json:"state"`
	Failed []string `json:"failed"`

	Restarting []string `json:"restarting"`
}

type nixos struct {
	Version           *string `json:"version"`
	Generation        *int    `json:"generation"`
	CurrentGeneration *int    `json:"current_generation"`
	BootedSystem      *string `json:"booted_system"`
	RebootNeeded      *bool   `json:"reboot_needed"`
}

type watchedUnit struct {
	Name   string  `json:"name"`
	Active *string `json:"active"`
	Sub    *string `json:"sub"`
	Since  *string `json:"since"`
}

type vm struct {
	Namespace *string  `json:"namespace"`
	Name      *string  `json:"name"`
	Source    string   `json:"source"`
	PID       *int     `json:"pid"`
	Age       *float64 `json:"age_seconds"`
	CPU       *float64 `json:"cpu_percent"`
	Memory    *uint64  `json:"memory_bytes"`
	VCPUs     *int     `json:"vcpus"`

	Configured *uint64 `json:"configured_bytes"`

	Read  *float64 `json:"read_bytes_per_second"`
	Write *float64 `json:"write_bytes_per_second"`
	Rx    *float64 `json:"rx_bytes_per_second"`
	Tx    *float64 `json:"tx_bytes_per_second"`

	State    *string  `json:"state"`
	Node     *string  `json:"node"`
	IPs      []string `json:"ips"`
	Conflict *string  `json:"conflict"`
}

func newHost(f *frame.Frame) host {
	h := f.Host
	if h == nil {
		h = &sample.Host{} // no source of it has a value
	}
	return host{
		Hostname:     text(h.Machine.Hostname),
		OS:           text(h.Machine.OS),
		Kernel:       text(h.Machine.Kernel),
		Machine:      text(h.Machine.Model),
		Serial:       text(h.Machine.Serial),
		Uptime:       known(h.Uptime.Seconds(), has(f, sample.Uptime)),
		BootID:       text(h.Machine.BootID),
		Load:         newLoad(h.Load, has(f, sample.Loadavg)),
		Tasks:        tasks{known(h.Running, has(f, sample.Loadavg)), known(h.Tasks, has(f, sample.Loadavg)), known(h.Blocked, has(f, sample.Stat) && h.Blocked >= 0)},
		CPU:          newCPU(h, has(f, sample.Stat)),
		Memory:       newMemory(&h.Memory, has(f, sample.Meminfo), listed(h.Huge, has(f, sample.Huge))),
		Pressure:     newPressure(&h.Pressure, has(f, sample.Pressure)),
		Disks:        newDisks(listed(h.Disks, has(f, sample.Diskstats))),
		Filesystems:  newFilesystems(listed(h.Filesystems, has(f, sample.Filesystems))),
		Sensors:      newSensors(listed(h.Sensors, has(f, sample.Sensors))),
		Units:        newUnits(f.Units),
		NixOS:        newNixOS(f.System),
		WatchedUnits: newWatchedUnits(f.Units),
		VMs:          newVMs(f),
		Fans:         newFans(listed(h.Fans, has(f, sample.Sensors))),
		Power:        newPower(listed(h.Power, has(f, sample.Sensors))),
		Arrays:       newArrays(listed(h.Arrays, has(f, sample.Arrays))),
		Pools:        newPools(listed(h.Pools, has(f, sample.Pools))),
		MemoryErrors: newMemoryErrors(listed(h.EDAC, has(f, sample.EDAC))),
		Clock:        newClock(f.System),
		LastBoot:     newLastBoot(f.System),
	}
}

func newLoad(load [3]float64, ok bool) (l [3]*float64) {
	for i := range load {
		l[i] = known(load[i], ok)
	}
	return l
}

func newCPU(h *sample.Host, ok bool) cpu {
	if !ok {
		return cpu{Cores: []core{}}
	}
	c := cpu{
		Busy:   number(h.CPU.Busy),
		User:   number(h.CPU.User),
		System: number(h.CPU.System),
		IOWait: number(h.CPU.IOWait),
		Steal:  number(h.CPU.Steal),
		IRQ:    number(h.CPU.IRQ),
		Guest:  number(h.CPU.Guest),

		Offline: known(h.Offline, h.Offline >= 0),

		MHz:   known(h.MHz, h.MHz > 0),
		Cores: make([]core, 0, len(h.Cores)),
	}
	for i := range h.Cores {
		c.Cores = append(c.Cores, core{ID: h.Cores[i].ID, Busy: number(h.Cores[i].Busy)})
	}
	return c
}

func newMemory(m *sample.Memory, ok bool, huge []sample.HugePages) memory {
	paged := ok && m.HugePageSize > 0 // a kernel without hugetlb says nothing of huge pages
	return memory{
		Total:         known(m.Total, ok),
		Available:     known(m.Available, ok),
		Used:          known(m.Used, ok),
		Free:          known(m.Free, ok),
		Cached:        known(m.Cached, ok),
		Buffers:       known(m.Buffers, ok),
		SwapTotal:     known(m.SwapTotal, ok),
		SwapUsed:      known(m.SwapUsed, ok),
		HugePages:     known(m.HugePages, paged),
		HugePagesFree: known(m.HugePagesFree, paged),
		HugePageSize:  known(m.HugePageSize, paged),
		Dirty:         known(m.Dirty, ok),

		ARC:   known(m.ARC, ok && m.ARC > 0),
		Sizes: newHugePages(huge),
	}
}

func newHugePages(sizes []sample.HugePages) []hugePages {
	list := make([]hugePages, 0, len(sizes))
	for _, h := range sizes {
		list = append(list, hugePages(h))
	}
	return list
}

func newPressure(p *sample.PSI, ok bool) pressure {
	if !ok {
		return pressure{}
	}
	return pressure{
		number(p.CPUSome), number(p.MemorySome), number(p.MemoryFull), number(p.IOSome), number(p.IOFull),
		number(p.CPUSome60), number(p.MemorySome60), number(p.MemoryFull60), number(p.IOSome60), number(p.IOFull60),
	}
}

func newDisks(disks []sample.Disk) []disk {
	list := make([]disk, 0, len(disks))
	for i := range disks {
		d := &disks[i]
		list = append(list, disk{
			Name:      d.Name,
			Model:     text(d.Model),
			Read:      number(d.Read),
			Write:     number(d.Write),
			ReadIOPS:  number(d.ReadOps),
			WriteIOPS: number(d.WriteOps),
			Busy:      number(d.Busy),

			ReadLatency:  number(d.ReadLatency),
			WriteLatency: number(d.WriteLatency),
		})
	}
	return list
}

func newFilesystems(filesystems []sample.Filesystem) []filesystem {
	list := make([]filesystem, 0, len(filesystems))
	for i := range filesystems {
		s := &filesystems[i]
		answered := s.Health.Has()
		item := filesystem{
			Mount:     s.Mount,
			Device:    text(s.Device),
			Type:      text(s.Type),
			Total:     known(s.Total, answered),
			Used:      known(s.Used, answered),
			Available: known(s.Available, answered),
			State:     s.Health.State.String(),
			ReadOnly:  known(s.ReadOnly, answered),

			RemountedRO: s.RemountedRO,
		}
		if answered {
			item.UsedPercent, item.InodesPercent = number(s.UsedPercent), number(s.InodesPercent)
		}
		list = append(list, item)
	}
	return list
}

func newSensors(sensors []sample.Sensor) []sensor {
	list := make([]sensor, 0, len(sensors))
	for i := range sensors {
		list = append(list, sensor{sensors[i].Name, number(sensors[i].Celsius), number(sensors[i].High)})
	}
	return list
}
