package report

import (
	"math"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/qemu"
	"hypervisor-tui/sample/top"
)

const (
	gib = 1 << 30
	mib = 1 << 20
)

// bootNow is the CLOCK_BOOTTIME of the fixed frames.
const bootNow = 15*24*time.Hour + 7*time.Hour + 32*time.Minute + 9*time.Second

// emptyFrame is what there is before the first sample.
func emptyFrame() *frame.Frame {
	f := &frame.Frame{Snapshot: frame.Snapshot{Now: time.Date(2026, 11, 22, 3, 2, 11, 0, time.UTC), Boot: bootNow, Settings: &frame.Settings{Version: "1.0.0"}}}
	frametest.Derive(f)
	return f
}

// richFrame is a hypervisor with something of everything, good and bad.
func richFrame() *frame.Frame {
	nan := math.NaN()
	now := time.Date(2026, 11, 22, 3, 2, 11, 0, time.FixedZone("CET", 3600))
	end := now.Add(-bootNow - 41*time.Second) // of what was recorded before
	f := &frame.Frame{Snapshot: frame.Snapshot{
		Now:  now,
		Boot: bootNow,
		Host: richHost(),
		VMs: &qemu.VMs{Health: ok(), VMs: []qemu.VM{
			{PID: 4713, Cores: nan, CPU: nan, WhyMemory: "permission denied", Read: nan, Write: nan, Rx: nan, Tx: nan},
			{Namespace: "default", Name: "database-01", PID: 4711, Started: time.Hour, VCPUs: 8, Cores: 6.4, CPU: 80.1, Memory: 15 << 30, Configured: 16 << 30, Read: 2e8, Write: 1e8, Rx: 1.2e7, Tx: 3e7},
		}},
		Processes: &top.Processes{Health: ok(), Total: 412,
			ByCPU: []top.Process{
				{PID: 1234, Name: "k3s-server", Unit: "k3s.service", State: 'S', CPU: 18.4, Memory: 1210 * mib},
				{PID: 88, Name: "kswapd0", Kernel: true, State: 'R', CPU: nan},
			},
			ByMemory: []top.Process{
				{PID: 1234, Name: "k3s-server", Unit: "k3s.service", State: 'S', CPU: 18.4, Memory: 1210 * mib},
				{PID: 3022, Name: "prometheus", Pod: "5b8a1f02-31c7-4d7e-8a8e-2f0f7c6d9e11", State: 'D', CPU: 0, Memory: 890 * mib},
			}},
		Units: &sample.Units{
			State: "degraded", Health: ok(),
			Failed:  []sample.Unit{{Name: "smartd.service", Active: "failed", Sub: "failed"}},
			Watched: []sample.Unit{{Name: "k3s.service", Active: "active", Sub: "running", Since: time.Date(2026, 11, 21, 18, 0, 0, 0, time.UTC)}, {Name: "containerd.service"}},
		},
		System: &sample.System{NixOS: sample.NixOS{Version: "26.05.1234", Generation: 43, Current: 42, Booted: "/nix/store/abc-nixos-system", RebootNeeded: true, RebootKnown: true, Health: ok()},
			Clock: sample.Clock{Synchronised: true, Health: ok()}, LastBoot: sample.LastBoot{Known: true, Why: "no shutdown in wtmp", Health: ok()}},
		Net:  richNet(),
		Kube: &kube.State{Health: health.Health{State: health.Absent, Err: "no kubeconfig", Since: time.Hour}},
		Page: richPage(),
		LastRun: &frame.LastRun{End: end, Boot: time.Hour, Memory: 97.4, CPU: 12.6, IOFull: nan, VMs: 6,
			Problems: []frame.Problem{{Severity: journal.Crit, Kind: frame.MemoryShort, Percent: 97.4, Since: time.Hour - 6*time.Minute, Where: frame.Dashboard}},
			Events:   []frame.Event{{Kind: frame.UnitHasFailed, At: end.Add(-4 * time.Minute), Severity: journal.Err, Subject: "k3s.service", Where: frame.Logs}}},
		Settings: &frame.Settings{Version: "1.0.0", Refresh: 2 * time.Second, Memory: frame.Limits{Warn: 90, Critical: 97},
			Filesystem: frame.Limits{Warn: 85, Critical: 95}},
	}, Self: frame.Self{RSS: 14 * mib, CPU: 12.5, Goroutines: 19, Frames: 1234, Skipped: 2}}
	frametest.Derive(f)
	for i := range f.Problems {
		f.Problems[i].Since = bootNow - 14*time.Minute
	}
	f.Alerts, f.MoreAlerts = richAlerts(), 3
	return f
}

// checkedFrame is a hypervisor with plugins of all kinds, in all conditions.
func checkedFrame() *frame.Frame {
	f := richFrame()
	frametest.Checks(f)
	return f
}

func richAlerts() []frame.Alert {
	full := frame.Problem{Severity: journal.Crit, Kind: frame.FilesystemFull, Subject: "/var", Percent: 96.4, Since: bootNow - 14*time.Minute}
	cable := frame.Problem{Severity: journal.Err, Kind: frame.NoCarrier, Subject: "eno3", Since: bootNow - 20*time.Minute}
	gateway := frame.Problem{Severity: journal.Warning, Kind: frame.GatewaySilent, Subject: "10.0.0.1", Detail: "eno3", Since: bootNow - 3*time.Second}
	smart := frame.Problem{Severity: journal.Err, Kind: frame.UnitFailed, Subject: "smartd.service", Since: bootNow - 2*time.Hour}
	return []frame.Alert{
		{Problem: full, State: frame.Firing, Fired: bootNow - 13*time.Minute, Seen: bootNow - time.Minute, Came: 1, Acked: true, Unsure: true},
		{Problem: cable, State: frame.Fading, Fired: bootNow - 19*time.Minute, Seen: bootNow - 30*time.Second, Came: 20},
		{Problem: gateway, State: frame.Pending, Seen: bootNow, Came: 1, Hidden: true},
		{Problem: smart, State: frame.Over, Fired: bootNow - 2*time.Hour, Seen: bootNow - time.Hour, Came: 1},
	}
}

func ok() health.Health {
	return health.Health{State: health.OK, At: bootNow - time.Second, Since: time.Minute}
}

func richHost() *sample.Host {
	nan := math.NaN()
	h := &sample.Host{
		At: bootNow - time.Second,
		Machine: sample.Machine{Hostname: "hypervisor-01", OS: "NixOS 26.05 (Yarara)", Kernel: "6.18.44",
			Model: "Dell Inc. PowerEdge R640", BootID: "3f1c8a52-9e0b-4a57-b2f7-1a2b3c4d5e6f"},
		Uptime: bootNow, Load: [3]float64{2.34, 1.98, 1.5}, Running: 3, Tasks: 842, MHz: 2394, Blocked: 2, OOMKills: 3,
		Fans:   []sample.Fan{{Name: "dell FAN1", RPM: 4200, Low: 600}},
		Power:  []sample.Power{{Name: "power_meter", Watts: 212, High: nan}},
		Arrays: []sample.Array{{Name: "md0", Level: "raid1", State: "recovering", Disks: 2, Working: 1, Failed: 2, Spare: 3, Degraded: true, Synced: 37.5}},
		Pools:  []sample.Pool{{Name: "tank", State: "ONLINE"}},
		EDAC:   []sample.MemoryController{{Name: "mc0", Corrected: 3}},

		CPU: sample.CPU{ID: -1, Busy: 45.25, User: 30.5, System: 12.25, IOWait: 1.25, IRQ: 2.5, Steal: 0.75, Guest: 18.5},
		Cores: []sample.CPU{
			{ID: 0, Busy: 61.5},
			{ID: 1, Busy: 29},
			{ID: 3, Busy: nan}, // CPU 2 is off, CPU 3 has just been switched on
		},
		Memory: sample.Memory{Total: 64 * gib, Available: 22 * gib, Used: 42 * gib, Free: 12 * gib, Cached: 11 * gib,
			Buffers: gib, Dirty: 3 * mib, SwapTotal: 8 * gib, SwapUsed: 512 * mib, HugePages: 1024, HugePagesFree: 24, HugePageSize: 2 * mib, ARC: 5 * gib},
		Huge:    []sample.HugePages{{Size: 2 * mib, Total: 1024, Free: 24, Reserved: 8}, {Size: gib, Total: 4, Free: 3, Reserved: 1}},
		Offline: 1,
		Pressure: sample.PSI{CPUSome: 1.25, MemorySome: 0.75, MemoryFull: 0.25, IOSome: 3.5, IOFull: nan,
			CPUSome60: 0.875, MemorySome60: 0.625, MemoryFull60: 0.125, IOSome60: 2.75, IOFull60: 1.75},
		Disks: []sample.Disk{
			{Name: "nvme0n1", Model: "SAMSUNG MZQL2960", Physical: true, Read: 245 * mib, Write: 120 * mib, ReadOps: 2400, WriteOps: 800, ReadLatency: 0.5, WriteLatency: 1.25, Busy: 62},
			{Name: "dm-0", Read: nan, Write: nan, ReadOps: nan, WriteOps: nan, Busy: nan},
		},
		Filesystems: []sample.Filesystem{
			{Mount: "/", Device: "nvme0n1p1", Type: "ext4", Total: 900 * gib, Used: 700 * gib, Available: 198 * gib, UsedPercent: 78, InodesPercent: 12, Inodes: 58720256, InodesFree: 51673825, Health: ok()},
			{Mount: "/boot", Device: "nvme0n1p2", Type: "vfat", Total: gib, Used: 500 * mib, Available: 524 * mib, UsedPercent: 48.75, InodesPercent: nan, Health: ok()},
			{Mount: "/mnt/nfs", Device: "nas:/export", Type: "nfs4", Total: 2000 * gib, Used: 1000 * gib, Available: 1000 * gib, UsedPercent: 50, InodesPercent: 1, Inodes: 1000000, InodesFree: 990000,
				Health: health.Health{State: health.Stale, At: bootNow - 72*time.Second, Since: bootNow - 70*time.Second, Err: "not answering"}},
			{Mount: "/mnt/dead", Device: "nas:/dead", Type: "nfs4", UsedPercent: nan, InodesPercent: nan,
				Health: health.Health{State: health.Failed, Since: time.Minute, Err: "not answering"}},
		},
		Sensors: []sample.Sensor{{Name: "coretemp Package id 0", Celsius: 61, High: 90}, {Name: "nvme Composite", Celsius: nan, High: nan}},
	}
	for i := range h.Health {
		h.Health[i] = ok()
	}
	h.Health[sample.Identity].Err = "/sys/class/dmi/id/product_serial needs root"
	h.Health[sample.Stat] = health.Health{State: health.Stale, At: bootNow - 9*time.Second, Since: bootNow - 8*time.Second, Err: "read /proc/stat: permission denied"}
	return h
}

func richNet() *sample.Net {
	nan := math.NaN()
	vm := sample.AttachedVM{Namespace: "default", Name: "vm-01", PID: 4711}
	return &sample.Net{
		At: bootNow - time.Second,
		Interfaces: []*sample.Interface{
			{Link: &sample.Link{Index: 1, Name: "lo", AddressCount: 2, CarrierChanges: -1, SharedAttrs: &sample.SharedAttrs{Kind: "loopback", State: "unknown", AdminUp: true, Carrier: true, MTU: 65536}}, Counted: true, RxBytes: 3 * mib, TxBytes: 5 * mib, RxPackets: 4096, TxPackets: 4097, RxRate: nan, TxRate: nan},
			{Link: &sample.Link{Index: 2, Name: "eth0", MAC: "52:54:00:12:34:56", FirstAddress: 2, AddressCount: 2, CarrierChanges: -1, SharedAttrs: &sample.SharedAttrs{Physical: true, State: "up", AdminUp: true, Carrier: true, MTU: 1500, Detail: &sample.LinkDetail{Driver: "ixgbe", SpeedMbps: 10000, Duplex: "full"}}}, Counted: true, RxBytes: 450 * gib, TxBytes: 320 * gib, RxPackets: 600_000_000, TxPackets: 400_000_001, RxErrors: 1, TxErrors: 2, RxDropped: 12, TxDropped: 13, RxRate: 1.25 * gib, TxRate: 890 * mib},
			{Link: &sample.Link{Index: 3, Name: "eth1", MAC: "52:54:00:12:34:57", FirstAddress: 4, CarrierChanges: -1, SharedAttrs: &sample.SharedAttrs{Physical: true, State: "down", MTU: 9000, Detail: &sample.LinkDetail{Driver: "ixgbe"}}}},
			{Link: &sample.Link{Index: 4, Name: "br0", FirstAddress: 4, AddressCount: 1, CarrierChanges: 2, SharedAttrs: &sample.SharedAttrs{Kind: "bridge", State: "up", AdminUp: true, Carrier: true, MTU: 1500, Detail: &sample.LinkDetail{AltNames: "lan bridge0", Bridge: &sample.Bridge{STP: true, FDB: 9, Ports: 2}, Uplinks: []string{"bond0"}, Above: []string{"vnet0"}, VMs: []sample.AttachedVM{vm, {PID: 7}, {Name: "plain"}}}}}, Counted: true},
			{Link: &sample.Link{Index: 5, Name: "vnet0", FirstAddress: 5, CarrierChanges: 1, VM: &vm, Peer: &sample.Peer{Namespace: 3, Index: 2, Name: "eth0"}, SharedAttrs: &sample.SharedAttrs{Kind: "tun", Master: "br0", State: "up", AdminUp: true, Carrier: true, MTU: 1500, BridgePort: &sample.BridgePort{State: "forwarding", Learned: 1}, Detail: &sample.LinkDetail{Mode: "tap"}}}, Counted: true, RxRate: 1000, TxRate: 20},
			{Link: &sample.Link{Index: 6, Name: "bond0", FirstAddress: 5, CarrierChanges: -1, Parent: "eth9", SharedAttrs: &sample.SharedAttrs{Kind: "bond", Master: "br0", State: "up", AdminUp: true, Carrier: true, MTU: 1500, WhyVM: "nobody has looked for VMs yet", Detail: &sample.LinkDetail{VLAN: 5, Bond: &sample.Bond{Mode: "802.3ad", Active: "eth0", PartnerMAC: "02:00:00:00:00:09", Ports: 2, Slaves: 2, Up: 2}}}}},
			{Link: &sample.Link{Index: 7, Name: "eth2", FirstAddress: 5, SharedAttrs: &sample.SharedAttrs{Physical: true, State: "up", AdminUp: true, Carrier: true, MTU: 1500, Master: "bond0", Detail: &sample.LinkDetail{SpeedMbps: 1000, Bus: "0000:3b:00.0", Firmware: "1.2", Port: "fibre", Autoneg: "on", BondPort: &sample.BondPort{State: "active", Link: "up", Failures: 1, Aggregator: 1}, VFs: []sample.VF{{Number: 0, Bus: "0000:3b:02.0", Name: "vf0", MAC: "02:00:00:00:00:10", VLAN: 5, State: "auto", VM: &vm}, {Number: 1}}}}}},
			{Link: &sample.Link{Name: "new0", CarrierChanges: -1, SharedAttrs: &sample.SharedAttrs{}}, Counted: true, RxBytes: 42, RxRate: nan, TxRate: nan}, // counts already, its link is not known yet
		},
		Addresses: []sample.Address{
			{CIDR: "127.0.0.1/8", Scope: "host"}, {CIDR: "::1/128", IPv6: true, Scope: "host"},
			{CIDR: "10.0.0.11/24", Scope: "global"}, {CIDR: "fd00::2/64", IPv6: true, Scope: "global", Deprecated: true, Tentative: true},
			{CIDR: "172.16.0.1/24", Scope: "global"},
		},
		Gateways: []sample.Gateway{
			{Family: 4, Address: "10.0.0.2", Interface: "eth0", Metric: 200, Table: 254, Weight: 1, Neighbour: "stale", MAC: "02:00:00:00:00:02"},
			{Family: 4, Address: "10.0.0.1", Interface: "eth0", Metric: 100, Table: 254, OnLink: true, Neighbour: "reachable"},
			{Family: 6, Interface: "eth0", Metric: 1024, Table: 254}, {Family: 4, Address: "10.9.0.1", Interface: "br0", Table: 100, Neighbour: "failed", Silent: bootNow - 14*time.Minute, LinkDown: true},
		},
		DNS: []string{"10.0.0.1", "9.9.9.9"},
		Services: &sample.NetServices{Search: []string{"lab.example"}, Upstream: []string{"10.0.0.53"}, CNI: "flannel", CNISource: "/etc/cni/net.d/10-flannel.conflist",
			PodCIDR: "10.42.0.0/16", NodeCIDR: "10.42.0.1/24", Listen: []sample.Listener{{Port: 6443, Service: "API server", Address: "all"}}},
		Rx:      1.25 * gib,
		Tx:      890 * mib,
		Sockets: sample.SocketCounts{TCP: 2500, UDP: 34, Established: 2456, Conntrack: -1, ConntrackMax: -1},
	}
}

func richPage() *journal.Page {
	p := &journal.Page{Query: 1, Entries: 9812, Capacity: 10000, Dropped: 17, Truncated: 2}
	p.Counts = [journal.SeverityCount]int{journal.Crit: 3, journal.Err: 9, journal.Warning: 120, journal.Info: 9680}
	p.Sources = []journal.SourceState{
		{Name: "self", Health: ok()},
		{Name: "files", Health: health.Health{State: health.Failed, Err: "open /var/log/journal: permission denied"}},
		{Name: "journalctl", Health: ok()},
	}
	at := time.Date(2026, 11, 22, 2, 2, 1, 0, time.UTC)
	addRow(p, journal.Row{Time: at.UnixMicro(), Unit: "k3s", PID: 1234, Severity: journal.Info}, `time="2026-11-22T03:02:01Z" level=info msg="<&>"`)
	addRow(p, journal.Row{Time: at.UnixMicro() + 5, Unit: "kernel", Severity: journal.Err}, "EXT4-fs error (device nvme0n1p1)")
	addRow(p, journal.Row{Time: at.UnixMicro() + 1e6, Severity: journal.Crit, PID: 7}, "panic: ünïcödé 漢字\ngoroutine 1 [running]:\nmain.main()")
	return p
}

// addRow appends r with its message to p.
func addRow(p *journal.Page, r journal.Row, message string) {
	r.Start = len(p.Text)
	p.Text = append(p.Text, message...)
	r.End = len(p.Text)
	r.Full = max(r.Full, len(message))
	p.Rows = append(p.Rows, r)
}
