package frametest

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/qemu"
	"hypervisor-tui/sample/top"
)

// Sizes in bytes.
const (
	GiB = 1 << 30
	MiB = 1 << 20
)

// Boot is the CLOCK_BOOTTIME of the fixed frame.
const Boot = 15*24*time.Hour + 7*time.Hour + 32*time.Minute + 9*time.Second

// Fixed is a hypervisor in trouble: a NIC without carrier, a mount that hangs, a filesystem nearly full.
func Fixed() *frame.Frame {
	f := &frame.Frame{Snapshot: frame.Snapshot{
		Now:  time.Date(2026, 11, 22, 3, 2, 11, 0, time.UTC),
		Boot: Boot,
		Tick: 4,
		Host: fixedHost(),
		Net:  fixedNet(),
		Kube: &kube.State{
			Health: health.Health{State: health.Absent, Err: "no kubeconfig", Since: time.Hour},
			Candidates: []kube.Candidate{
				{Path: "/etc/rancher/k3s/k3s.yaml", Result: "does not exist"},
				{Path: "/var/lib/rancher/k3s/agent/kubelet.kubeconfig", Result: "permission denied (mode 0600, owner root)"},
			},
		},
		Page: fixedPage(60),
		Kernel: []journal.KernelEvent{{Kind: journal.OutOfMemory, Time: time.Date(2026, 11, 22, 2, 50, 11, 0, time.UTC), Severity: journal.Err,
			Text: "Memory cgroup out of memory: Killed process 4711 (node_exporter) total-vm:124532kB, anon-rss:20480kB, file-rss:0kB, shmem-rss:0kB, UID:65534 pgtables:120kB oom_score_adj:985"}},
		VMs:       fixedVMs(),
		Processes: fixedProcesses(),
		Units: &sample.Units{State: "degraded", Health: OK(),
			Failed:  []sample.Unit{{Name: "smartd.service", Active: "failed", Sub: "failed", Since: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)}},
			Watched: []sample.Unit{{Name: "k3s.service", Active: "active", Sub: "running"}},
		},
		System: &sample.System{
			NixOS:    sample.NixOS{Version: "26.05.1234", Generation: 43, Current: 42, RebootNeeded: true, RebootKnown: true, Health: OK()},
			Clock:    sample.Clock{Synchronised: true, Offset: -0.00025, MaxError: 0.0125, Health: OK()},
			LastBoot: sample.LastBoot{Known: true, Clean: false, Why: "pstore has a dump", Health: OK()},
		},
		Settings: &frame.Settings{
			Version: "1.0.0", Quit: true, Refresh: 2 * time.Second,
			Tabs:   []string{"All", "k3s", "kubelet", "containerd", "virt-handler", "kernel"},
			CPU:    frame.Limits{Warn: 90, Critical: 98},
			Memory: frame.Limits{Warn: 90, Critical: 97, Margin: 5}, Filesystem: frame.Limits{Warn: 85, Critical: 95, Margin: 2},
			HideLinks: []string{"veth*", "cali*", "lxc*"},
			Terminal:  "linux, 16 colours, theme dark, glyphs vt",
		},
	}, Self: frame.Self{RSS: 14 * MiB, CPU: 12.5, Goroutines: 19, Frames: 1234, Skipped: 2}}
	Derive(f)
	for i := range f.Problems {
		f.Problems[i].Since = Boot - 14*time.Minute
	}
	return f
}

// OK is the health of a source that has just answered.
func OK() health.Health {
	return health.Health{State: health.OK, At: Boot - time.Second, Since: time.Minute, Cost: 42 * time.Microsecond}
}

func fixedHost() *sample.Host {
	h := &sample.Host{
		Samples: 617,
		At:      Boot - time.Second,
		Machine: sample.Machine{Hostname: "hypervisor-01", OS: "NixOS 26.05 (Yarara)", Kernel: "6.18.44",
			Model: "Dell Inc. PowerEdge R640", Serial: "7XK2M93", BootID: "3f1c8a52-9e0b-4a57-b2f7-1a2b3c4d5e6f"},
		Uptime: Boot, Load: [3]float64{2.34, 1.98, 1.5}, Running: 3, Tasks: 842,
		CPU:    sample.CPU{ID: -1, Busy: 45.2, User: 30.1, System: 12.3, IOWait: 1.4, IRQ: 2, Steal: 0.8, Guest: 18.6},
		Memory: sample.Memory{Total: 64 * GiB, Available: 24 * GiB, Used: 40 * GiB, Free: 12 * GiB, Cached: 10 * GiB, Buffers: 1 * GiB, Dirty: 3 * MiB, SwapTotal: 8 * GiB, SwapUsed: 512 * MiB, HugePages: 1024, HugePagesFree: 24, HugePageSize: 2 * MiB},
		Huge:   []sample.HugePages{{Size: 2 * MiB, Total: 1024, Free: 24, Reserved: 8}, {Size: GiB, Total: 4, Free: 3, Reserved: 1}},
		Pressure: sample.PSI{CPUSome: 1.2, MemorySome: 0.7, MemoryFull: 0.3, IOSome: 3.4, IOFull: 2.1,
			CPUSome60: 0.9, MemorySome60: 0.6, MemoryFull60: 0.2, IOSome60: 2.8, IOFull60: 1.7},
		DiskRead: 245 * MiB, DiskWrite: 120.4 * MiB,
		Disks: []sample.Disk{
			{Name: "nvme0n1", Model: "SAMSUNG MZQL2960", Physical: true, Read: 245 * MiB, Write: 120 * MiB, ReadOps: 2400, WriteOps: 800, ReadLatency: 0.4, WriteLatency: 1.2, Busy: 62},
			{Name: "sda", Model: "ST4000NM0035", Physical: true, Read: 0, Write: 400 << 10, ReadOps: 0, WriteOps: 12, ReadLatency: math.NaN(), WriteLatency: 8.3, Busy: 3},
			{Name: "dm-0", Physical: false, Read: 240 * MiB, Write: 119 * MiB, ReadOps: 2300, WriteOps: 790, ReadLatency: 0.5, WriteLatency: 1.3, Busy: 60},
		},
		Filesystems: []sample.Filesystem{
			{Mount: "/", Device: "nvme0n1p1", Type: "ext4", Total: 900 * GiB, Used: 700 * GiB, Available: 198 * GiB, UsedPercent: 78, InodesPercent: 12, Inodes: 58720256, InodesFree: 51673825, Health: OK()},
			{Mount: "/boot", Device: "nvme0n1p2", Type: "vfat", Total: 1 * GiB, Used: 980 * MiB, Available: 44 * MiB, UsedPercent: 95.7, InodesPercent: math.NaN(), Health: OK()},
			{Mount: "/mnt/nfs", Device: "nas:/export", Type: "nfs4", Health: health.Health{State: health.Stale, At: Boot - 72*time.Second, Since: Boot - 72*time.Second, Err: "not answering"}},
			{Mount: "/run", Device: "tmpfs", Type: "tmpfs", Total: 6 * GiB, Used: 20 * MiB, Available: 6 * GiB, UsedPercent: 0.3, InodesPercent: 1, Inodes: 819200, InodesFree: 811008, Health: OK()},
		},
		MHz: 2394, Blocked: 2, OOMKills: 1,
		Fans:    []sample.Fan{{Name: "dell FAN1", RPM: 4200, Low: 600}},
		Power:   []sample.Power{{Name: "power_meter", Watts: 212, High: math.NaN()}},
		Arrays:  []sample.Array{{Name: "md0", Level: "raid1", State: "recovering", Disks: 2, Working: 1, Failed: 1, Degraded: true, Synced: 37.5}},
		Pools:   []sample.Pool{{Name: "tank", State: "ONLINE"}},
		Sensors: []sample.Sensor{{Name: "coretemp Package id 0", Celsius: 61, High: 90}, {Name: "nvme Composite", Celsius: 44, High: 84}},
	}
	for i := range 8 {
		h.Cores = append(h.Cores, sample.CPU{ID: i, Busy: float64(i*13%100) + 3})
	}
	for i := range h.Health {
		h.Health[i] = OK()
	}
	h.History.Interval = 2 * time.Second
	for i := range sample.SeriesLen {
		wave := math.Sin(float64(i) / 20)
		h.History.CPU.Push(45 + 40*wave)
		h.History.Memory.Push(62.5 + 2*wave)
		h.History.DiskRead.Push(math.Abs(wave) * 245 * MiB)
		h.History.DiskWrite.Push(math.Abs(wave*wave) * 120 * MiB)
		h.History.Rx.Push(math.Abs(wave) * 1.2 * GiB)
		h.History.Tx.Push(math.Abs(wave*wave*wave) * 890 * MiB)
	}
	return h
}

// fixedProcesses are what runs beside the VMs of a host with k3s and KubeVirt.
func fixedProcesses() *top.Processes {
	p := &top.Processes{At: Boot - time.Second, Total: 412, Health: OK()}
	p.ByCPU = []top.Process{
		{PID: 1234, Name: "k3s-server", Unit: "k3s.service", State: 'S', CPU: 18.4, Memory: 1210 * MiB},
		{PID: 4711, Name: "vhost-4710", Kernel: true, State: 'S', CPU: 7.2},
		{PID: 2210, Name: "virt-handler", Pod: podHandler, State: 'S', CPU: 6.1, Memory: 148 * MiB},
		{PID: 1301, Name: "containerd", Unit: "k3s.service", State: 'S', CPU: 4.8, Memory: 212 * MiB},
		{PID: 3022, Name: "node_exporter", Pod: podExporter, State: 'S', CPU: 3.5, Memory: 890 * MiB},
		{PID: 88, Name: "kswapd0", Kernel: true, State: 'R', CPU: 2.2},
		{PID: 9133, Name: "nix-daemon", Unit: "nix-daemon.service", State: 'D', CPU: 1.6, Memory: 64 * MiB},
		{PID: 611, Name: "systemd-journald", Unit: "systemd-journald.service", State: 'S', CPU: 0.9, Memory: 96 * MiB},
		{PID: 4001, Name: "hypervisor-tui", Unit: "hypervisor-tui-tty1.service", State: 'R', CPU: 0.2, Memory: 14 * MiB},
		{PID: 1, Name: "systemd", Unit: "init.scope", State: 'S', Memory: 12 * MiB},
		{PID: 9201, Name: "sh", Unit: "session-3.scope", State: 'S', CPU: math.NaN(), Memory: 3 * MiB},
	}
	for i := range p.ByCPU {
		p.ByCPU[i].Started = time.Minute + time.Duration(p.ByCPU[i].PID)*time.Second
	}
	p.ByMemory = slices.Clone(p.ByCPU)
	slices.SortStableFunc(p.ByMemory, func(a, b top.Process) int { return cmp.Compare(b.Memory, a.Memory) })
	return p
}

func fixedVMs() *qemu.VMs {
	v := &qemu.VMs{At: Boot, Health: OK(), VMs: []qemu.VM{
		{Name: "rescue", PID: 4713, Started: Boot - time.Minute, Cores: math.NaN(), CPU: math.NaN(), Memory: 512 * MiB, Read: math.NaN(), Write: math.NaN(), Rx: math.NaN(), Tx: math.NaN()},
		{Namespace: "default", Name: "database-01", PID: 4711, Started: time.Hour, VCPUs: 8, Cores: 6.4, CPU: 80.1, Memory: 15 * GiB, Configured: 16 * GiB, Read: 200 * MiB, Write: 100 * MiB, Rx: 12 * MiB, Tx: 30 * MiB},
		{Namespace: "web", Name: "frontend-with-a-rather-long-name", PID: 4712, Started: 2 * time.Hour, VCPUs: 2, Cores: 0.1, CPU: 5, Memory: 1.5 * GiB, Configured: 2 * GiB, Read: math.NaN(), Write: math.NaN(), WhyDisk: "cgroup v1 has no io.stat", Rx: 1000, Tx: 2000},
	}}
	for i := range v.VMs {
		recent(&v.VMs[i])
	}
	return v
}

// recent gives a VM a past that ends in what it does now.
func recent(vm *qemu.VM) {
	for i := range qemu.RecentLen {
		vm.Recent.Push(vm.Cores * (0.7 + 0.3*math.Cos(float64(qemu.RecentLen-1-i)/9)))
	}
}

// The guests that interfaces of the fixed frame belong to.
var (
	DatabaseVM = sample.AttachedVM{Namespace: "default", Name: "database-01", PID: 4711}
	frontendVM = sample.AttachedVM{Namespace: "web", Name: "frontend-with-a-rather-long-name", PID: 4712}
	rescueVM   = sample.AttachedVM{Name: "rescue", PID: 4713}
)

func fixedNet() *sample.Net {
	n := &sample.Net{
		At: Boot - time.Second,
		Interfaces: []*sample.Interface{
			{Link: &sample.Link{Index: 1, Name: "lo", AddressCount: 2, CarrierChanges: -1, SharedAttrs: &sample.SharedAttrs{Kind: "loopback", State: "unknown", AdminUp: true, Carrier: true, MTU: 65536}}, Counted: true, RxBytes: 3 * MiB, TxBytes: 5 * MiB, RxRate: 4000, TxRate: 6000},
			{Link: &sample.Link{Index: 2, Name: "eth0", MAC: "52:54:00:12:34:56", FirstAddress: 2, AddressCount: 2, CarrierChanges: -1, SharedAttrs: &sample.SharedAttrs{Physical: true, State: "up", AdminUp: true, Carrier: true, MTU: 1500, Detail: &sample.LinkDetail{Driver: "ixgbe", SpeedMbps: 10000, Duplex: "full"}}}, Counted: true, RxBytes: 450 * GiB, TxBytes: 320 * GiB, RxRate: 1.2 * GiB, TxRate: 890 * MiB, RxErrors: 7, TxErrors: 4, RxDropped: 12, TxDropped: 9},
			{Link: &sample.Link{Index: 3, Name: "eth1", MAC: "52:54:00:12:34:57", FirstAddress: 4, CarrierChanges: 3, SharedAttrs: &sample.SharedAttrs{Physical: true, State: "down", AdminUp: true, Carrier: false, MTU: 9000, Master: "br-storage", BridgePort: &sample.BridgePort{State: "disabled"}, Detail: &sample.LinkDetail{Driver: "ixgbe", Bus: "0000:3b:00.1", Firmware: "0x800006d3", Port: "none", Autoneg: "off", Above: []string{"br-storage", "vnet1", "veth0000"}, VMs: []sample.AttachedVM{rescueVM, DatabaseVM}}}}, Counted: true, RxBytes: 1200 * GiB, TxBytes: 890 * GiB, RxErrors: 3, TxErrors: 5, RxDropped: 21, TxDropped: 8},
			{Link: &sample.Link{Index: 4, Name: "br-storage", FirstAddress: 4, AddressCount: 1, CarrierChanges: 1, SharedAttrs: &sample.SharedAttrs{Kind: "bridge", State: "up", AdminUp: true, Carrier: true, MTU: 9000, Detail: &sample.LinkDetail{Bridge: &sample.Bridge{FDB: 2, Ports: 3}, Uplinks: []string{"eth1"}, Above: []string{"vnet1", "veth0000"}, VMs: []sample.AttachedVM{rescueVM, DatabaseVM}}}}, Counted: true},
			{Link: &sample.Link{Index: 5, Name: "br0", FirstAddress: 5, AddressCount: 1, CarrierChanges: 1, SharedAttrs: &sample.SharedAttrs{Kind: "bridge", State: "up", AdminUp: true, Carrier: true, MTU: 1500, Detail: &sample.LinkDetail{Bridge: &sample.Bridge{STP: true, FDB: 17, Ports: 24}, VMs: []sample.AttachedVM{frontendVM, DatabaseVM}}}}, Counted: true},
			{Link: &sample.Link{Index: 6, Name: "vnet0", FirstAddress: 6, CarrierChanges: 1, SharedAttrs: &sample.SharedAttrs{Kind: "tun", Master: "br0", State: "up", AdminUp: true, Carrier: true, MTU: 1500, WhyVM: "no bridge has seen a guest's address behind it", Detail: &sample.LinkDetail{Mode: "tap"}}}, Counted: true, RxRate: 1000, TxRate: 20},
			{Link: &sample.Link{Index: 7, Name: "vnet1", FirstAddress: 6, CarrierChanges: 1, VM: &rescueVM, SharedAttrs: &sample.SharedAttrs{Kind: "tun", Master: "br-storage", State: "up", AdminUp: true, Carrier: true, MTU: 1500, BridgePort: &sample.BridgePort{State: "forwarding", Learned: 1}, Detail: &sample.LinkDetail{Mode: "tap"}}}, Counted: true},
		},
		Addresses: []sample.Address{
			{CIDR: "127.0.0.1/8", Scope: "host"}, {CIDR: "::1/128", IPv6: true, Scope: "host"},
			{CIDR: "192.168.1.100/24", Scope: "global"}, {CIDR: "fd00:1234:5678::100/64", IPv6: true, Scope: "global"},
			{CIDR: "10.0.0.50/24", Scope: "global"}, {CIDR: "172.16.0.1/24", Scope: "global"},
		},
		Gateways: []sample.Gateway{{Family: 4, Address: "192.168.1.1", Interface: "eth0", Metric: 100, Table: sample.MainTable, Neighbour: "reachable", MAC: "02:00:5e:00:01:01"}},
		DNS:      []string{"192.168.1.1", "9.9.9.9"},
		Services: &sample.NetServices{Search: []string{"lab.example"}, CNI: "flannel", CNISource: "/etc/cni/net.d/10-flannel.conflist",
			PodCIDR: "10.42.0.0/16", NodeCIDR: "10.42.0.1/24",
			Listen: []sample.Listener{{Port: 2379, Service: "etcd", Address: "loopback"}, {Port: 6443, Service: "API server", Address: "all"}, {Port: 10250, Service: "kubelet", Address: "all"}}},
		Rx: 1.2 * GiB, Tx: 890 * MiB,
		Sockets:   sample.SocketCounts{TCP: 2500, UDP: 34, Established: 2456, Conntrack: 8123, ConntrackMax: 262144},
		Histories: []sample.NICHistory{{Index: 2}, {Index: 3}},
	}
	for i := range sample.SeriesLen {
		wave := math.Sin(float64(i) / 20)
		n.Histories[0].Rx.Push(math.Abs(wave) * 1.2 * GiB)
		n.Histories[0].Tx.Push(math.Abs(wave*wave*wave) * 890 * MiB)
		n.Histories[1].Rx.Push(max(0, -wave) * 300 * MiB)
		n.Histories[1].Tx.Push(max(0, -wave) * 20 * MiB)
	}
	for i := range 24 {
		l := &sample.Interface{Link: &sample.Link{Index: 8 + i, Name: fmt.Sprintf("veth%04x", i*37), FirstAddress: 6, CarrierChanges: 2, SharedAttrs: &sample.SharedAttrs{Kind: "veth", Master: "br0", State: "up", AdminUp: true, Carrier: true, MTU: 1450}}, Counted: true}
		l.BridgePort, l.Peer = &sample.BridgePort{State: "forwarding", Learned: 1}, &sample.Peer{Namespace: i, Index: 2}
		switch i {
		case 0:
			l.Master, l.VM, l.Peer.Name = "br-storage", &DatabaseVM, "net1"
		case 1:
			l.VM, l.Peer.Name = &DatabaseVM, "eth0"
		case 2:
			l.VM, l.Peer.Name = &frontendVM, "eth0"
		default:
			l.WhyVM = "no QEMU process in the namespace that it leads to"
		}
		n.Interfaces = append(n.Interfaces, l)
	}
	return n
}

// fixedPage is a page of n entries as the log's owner makes them.
func fixedPage(n int) *journal.Page {
	lines := []struct {
		unit     string
		severity journal.Severity
		text     string
	}{
		{"k3s", journal.Info, `time="2026-11-22T03:02:01Z" level=info msg="Starting node registration"`},
		{"kubelet", journal.Info, "Node ready"},
		{"virt-handler", journal.Warning, `{"component":"virt-handler","level":"warning","msg":"VM vm-01 is slow to start, domain not yet defined by the launcher","pos":"vm.go:1731"}`},
		{"containerd", journal.Info, "Image pulled successfully"},
		{"kernel", journal.Err, "EXT4-fs error (device nvme0n1p1): ext4_find_entry:1455: inode #2: comm k3s: reading directory lblock 0"},
		{"k3s", journal.Crit, "panic: runtime error: index out of range [3] with length 3\ngoroutine 1 [running]:\nmain.main()"},
		{"sshd", journal.Debug, "ünïcödé and 漢字 wide characters"},
	}
	p := &journal.Page{Query: 1, Entries: 9812, Capacity: 10000, Bytes: 2 << 20, Total: 123456, Dropped: 17, Truncated: 2, Matches: 9812, Percent: 100,
		Unread: []int{12, 3, 0, 0, 0, 9}}
	p.Counts = [journal.SeverityCount]int{journal.Crit: 3, journal.Err: 9, journal.Warning: 120, journal.Info: 9680}
	p.Sources = []journal.SourceState{
		{Name: "self", Health: OK(), Detail: "what this program prints"},
		{Name: "journalctl", Health: OK(), Detail: "journalctl -f -o export, from the last cursor"},
	}
	p.Hour.Known, p.Hour.Last = 50, time.Date(2026, 11, 22, 3, 2, 0, 0, time.UTC).Unix()/60
	for i := 10; i < len(p.Hour.Minutes); i++ {
		p.Hour.Minutes[i] = journal.Minute{Others: int32(i * i % 97), Warnings: int32(max(i%7-5, 0)), Errors: int32(max(i%11-8, 0) * 8)}
	}
	start := time.Date(2026, 11, 22, 3, 2, 11, 0, time.UTC).Add(-time.Duration(n) * time.Second)
	p.Oldest = start
	for i := range n {
		l := lines[i%len(lines)]
		from := len(p.Text)
		p.Text = journal.AppendPayload(p.Text, []byte(l.text))
		p.Rows = append(p.Rows, journal.Row{ID: uint64(1000 + i), First: uint64(1000 + i), Repeats: 1, Time: start.Add(time.Duration(i) * time.Second).UnixMicro(), Unit: l.unit,
			PID: 1234 + i%len(lines), Severity: l.severity, Start: from, End: len(p.Text), Kept: len(l.text), Full: len(l.text)})
	}
	return p
}
