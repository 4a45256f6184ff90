package metrics

import (
	"fmt"
	"math"
	"slices"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/journal"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/qemu"
)

// full is a host of which all is known: every family has a series.
func full() *frame.Frame {
	f := frametest.Fixed()
	f.Counters = counters(4, 2)
	f.Host.EDAC = []sample.MemoryController{{Name: "mc0", Corrected: 3, Uncorrected: 1}}
	f.Kube = frametest.Kube(f.Now)
	f.VMs.VMs = slices.Insert(f.VMs.VMs, 2, qemu.VM{Namespace: "team-0", Name: "vm-00", PID: 5000, Started: 2 * time.Hour, VCPUs: 4, Memory: 3 << 30, Configured: 4 << 30,
		Totals: qemu.Totals{CPUTicks: procfile.Known(123456), Read: procfile.Known(11), Written: procfile.Known(12), Received: procfile.Known(13), Sent: procfile.Known(14)}})
	for i := range f.Kube.Virt.VMIs {
		f.Kube.Virt.VMIs[i].Eviction = "LiveMigrate"
	}
	f.Net.Interfaces[3].Detail.Bond = &sample.Bond{Slaves: 2, Up: 1}
	f.Textfiles = textfiles()
	f.Page.Came[journal.Err] = 7
	f.Self.Viewers = 2
	f.Recording = &frame.Source{Name: frame.Recording, Health: frametest.OK()}
	f.Alerts = []frame.Alert{{Problem: frame.Problem{Severity: journal.Crit}, State: frame.Firing}, {Problem: frame.Problem{Severity: journal.Err}, State: frame.Over}}
	frametest.Checks(f)
	frametest.Derive(f)
	return f
}

// counters are those of a host with so many CPUs and disks.
func counters(cpus, disks int) *sample.Counters {
	c := &sample.Counters{At: frametest.Boot}
	for i := range cpus {
		n := uint64(i)
		c.CPUs = append(c.CPUs, sample.CPUTicks{ID: i, User: 123456 + n, Nice: 50, System: 4001, Idle: 98765432, IOWait: 7, IRQ: 1, SoftIRQ: 900, Steal: 3, Guest: 100000, GuestNice: 5, HasGuest: true})
	}
	for i := range disks {
		n := uint64(i)
		c.Disks = append(c.Disks, sample.DiskCounts{Name: fmt.Sprintf("sd%d", i), Columns: 17, Reads: 33795 + n, ReadsMerged: 463, ReadSectors: 71744, ReadMillis: 2042210, Writes: 23197, WritesMerged: 2371,
			WrittenSectors: 407264, WriteMillis: 316, InFlight: 1, BusyMillis: 772136, WeightedMillis: 5638628, Discards: 35, DiscardsMerged: 6116, DiscardedSectors: 430229048, DiscardMillis: 410699, Flushes: 193969, FlushMillis: 25050})
	}
	for _, name := range []string{"MemTotal", "MemFree", "MemAvailable", "Buffers", "Cached", "Slab", "Active_anon"} {
		c.Memory = append(c.Memory, sample.MemoryFigure{Name: name, Value: 64 << 30, Bytes: true})
	}
	c.Memory = append(c.Memory, sample.MemoryFigure{Name: "HugePages_Total", Value: 12})
	for _, name := range []string{"pgfault", "pgmajfault", "oom_kill"} {
		c.VM = append(c.VM, sample.NamedCount{Name: name, Value: 370330})
	}
	known := sample.Count{Value: 20151328479, Known: true}
	c.Pressure = sample.PressureTotals{CPUSome: known, CPUFull: known, MemorySome: known, MemoryFull: known, IOSome: known, IOFull: known, IRQFull: known}
	c.Files = sample.FileHandles{Allocated: sample.Count{Value: 977, Known: true}, Maximum: sample.Count{Value: math.MaxInt64, Known: true}}
	c.Interrupts, c.ContextSwitches, c.Forks, c.BootTime, c.Running, c.Blocked = known, known, known, known, known, known
	return c
}

// fixtures are all that frames of tests are made of.
var fixtures = map[string]func(*frame.Frame){
	"fixed": func(*frame.Frame) {}, "healthy": frametest.Healthy, "sick": frametest.Sick, "API down": frametest.APIDown, "service down": frametest.ServiceDown,
	"forbidden": frametest.Forbidden, "not installed": frametest.NotInstalled, "syncing": frametest.Syncing, "expiring": frametest.Expiring,
	"migrating": frametest.Migrating, "crowded": frametest.Crowded, "eventful": frametest.Eventful, "crashed": frametest.Crashed, "alarmed": frametest.Alarmed, "plugins": frametest.Checks,
}

// parts are what a frame may lack.
var parts = []struct {
	name string
	take func(*frame.Snapshot)
}{
	{"host", func(s *frame.Snapshot) { s.Host = nil }},
	{"net", func(s *frame.Snapshot) { s.Net = nil }},
	{"VMs", func(s *frame.Snapshot) { s.VMs = nil }},
	{"units", func(s *frame.Snapshot) { s.Units = nil }},
	{"system", func(s *frame.Snapshot) { s.System = nil }},
	{"kube", func(s *frame.Snapshot) { s.Kube = nil }},
	{"page", func(s *frame.Snapshot) { s.Page = nil }},
	{"textfiles", func(s *frame.Snapshot) { s.Textfiles = nil }},
	{"plugins", func(s *frame.Snapshot) { s.Checks = nil }},
	{"counters", func(s *frame.Snapshot) { s.Counters = nil }},
	{"past", func(s *frame.Snapshot) { s.Past = &frame.Past{Newest: s.Now} }},
}

func large() *frame.Frame {
	f := full()
	f.Counters = counters(256, 500)
	for len(f.Net.Interfaces) < 200 {
		l := *f.Net.Interfaces[1]
		link := *l.Link
		link.Name, l.Link = fmt.Sprintf("enp%ds0", len(f.Net.Interfaces)), &link
		f.Net.Interfaces = append(f.Net.Interfaces, &l)
	}
	return f
}
