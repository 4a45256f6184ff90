package screens_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime/debug"
	"testing"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/plugin"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/qemu"
	"hypervisor-tui/sample/top"
	"hypervisor-tui/screens/pages"
	"hypervisor-tui/screens/screentest"
)

// dice are a fuzzer's bytes; at their end they are zeros.
type dice []byte

func (d *dice) roll(n int) int {
	if len(*d) == 0 {
		return 0
	}
	b := (*d)[0]
	*d = (*d)[1:]
	return int(b) % n
}

func (d *dice) chance(one int) bool { return d.roll(one) == one-1 }

func (d *dice) float() float64 {
	values := [...]float64{0, math.NaN(), 45.2, 100, 99.96, -1, 1e30, math.Inf(1), math.Inf(-1), math.MaxFloat64, 0.001, 97}
	return values[d.roll(len(values))]
}

func (d *dice) number() uint64 {
	values := [...]uint64{0, 1, 42, 1023, 1 << 30, 1 << 40, math.MaxInt64, math.MaxUint64}
	return values[d.roll(len(values))]
}

// many is how many there are of a thing: mostly few, at times most.
func (d *dice) many(most int) int {
	if d.chance(20) {
		return most
	}
	return d.roll(9)
}

// hostile are names and texts that somebody else chose.
var hostile = []string{
	"", "eth0", "a very long name that does not fit anywhere at all, and goes on and on and on", "漢字漢字漢字漢字漢字", "\x1b[31mred\x1b[0m", "e\u0301\u0334z",
	"\u202egnp.exe", "a\nb\nc", "\xff\xfe", "👨\u200d👩\u200d👧", "/mnt/\u009b1m", "0", "🚀🚀🚀🚀🚀🚀🚀🚀",
}

func (d *dice) name() string { return clean.String(hostile[d.roll(len(hostile))]) }

func (d *dice) health() health.Health {
	return health.Health{State: health.State(d.roll(6)), At: time.Duration(d.number()), Since: time.Duration(d.number()), Cost: time.Duration(d.number()), Err: d.name()}
}

func (d *dice) frame() *frame.Frame {
	f := &frame.Frame{Snapshot: frame.Snapshot{Now: time.Unix(int64(d.number()%(1<<40)), 0).UTC(), Boot: time.Duration(d.number()), Tick: d.number(), Settings: frametest.Fixed().Settings}}
	if !d.chance(4) {
		f.Host = d.host()
	}
	if !d.chance(4) {
		f.Net = d.net()
	}
	if !d.chance(4) {
		f.Kube = d.kube()
	}
	if !d.chance(4) {
		f.Peers = d.peers()
	}
	if !d.chance(4) {
		f.Usages = d.usages(f)
	}
	if !d.chance(4) {
		f.Checks = d.checks()
	}
	if !d.chance(4) {
		f.Page = d.page()
	}
	if !d.chance(4) {
		f.VMs = d.vms()
	}
	if !d.chance(4) {
		f.Processes = d.processes()
	}
	if !d.chance(4) {
		f.Units, f.System = d.units(), d.system()
	}
	for range d.many(50) {
		f.Kernel = append(f.Kernel, journal.KernelEvent{Kind: journal.KernelKind(d.roll(7)), Time: f.Now.Add(-time.Duration(d.number())), Text: d.name()})
	}
	if d.chance(3) {
		s := *f.Settings
		s.Banner, s.Tabs, s.HideLinks, s.Notes, s.Quit = d.name(), nil, []string{"*", "[", ""}, []string{d.name()}, false
		for range d.many(50) {
			s.Tabs = append(s.Tabs, d.name())
		}
		s.CPU, s.Memory, s.Filesystem = frame.Limits{}, frame.Limits{Warn: d.float(), Critical: d.float()}, frame.Limits{Warn: d.float()}
		f.Settings = &s
	}
	f.Events = d.events(f.Now)
	if d.chance(2) {
		f.Boot = min(f.Boot, time.Minute)
		f.LastRun = &frame.LastRun{End: f.Now, Boot: time.Duration(d.number()), Stopped: d.chance(2), Memory: d.float(), IOFull: d.float(), CPU: d.float(), VMs: int(d.number()), Events: d.events(f.Now)}
		for range d.many(50) {
			f.LastRun.Problems = append(f.LastRun.Problems, frame.Problem{Kind: frame.Kind(d.roll(int(frame.KindCount))), Severity: journal.Severity(d.roll(8)), Subject: d.name(), Detail: d.name(), Reason: d.name(), Since: time.Duration(d.number()), Where: d.name()})
		}
	}
	if d.chance(3) {
		f.Past = d.past(f.Now)
	}
	frametest.Derive(f)
	f.Self = frame.Self{RSS: d.number(), CPU: d.float(), Frames: d.number(), Skipped: d.number(), Crashes: d.number()}
	return f
}

func (d *dice) past(now time.Time) *frame.Past {
	ago := func() time.Time { return now.Add(-time.Duration(d.number())) }
	p := &frame.Past{Real: ago(), Every: time.Duration(d.number()), Oldest: ago(), From: ago(), To: ago(), Gap: d.chance(2), Pending: d.chance(2), Waited: time.Duration(d.number()), Why: d.name()}
	if !d.chance(4) {
		p.Newest = ago()
	}
	for range d.many(96) {
		p.Strip = append(p.Strip, frame.StripCell{Recorded: d.chance(2), Boot: d.chance(2), Worst: journal.Severity(d.roll(8))})
	}
	if d.chance(2) {
		p.Live = &frame.Problem{Kind: frame.Kind(d.roll(int(frame.KindCount))), Subject: d.name()}
	}
	return p
}

func (d *dice) events(now time.Time) (events []frame.Event) {
	for range d.many(256) {
		events = append(events, frame.Event{Kind: frame.EventKind(d.roll(int(frame.EventKindCount))), At: now.Add(-time.Duration(d.number())), Severity: journal.Severity(d.roll(8)), Subject: d.name(), Of: d.name(), Detail: d.name(), Where: d.name(), More: int(d.number())})
	}
	return events
}

func (d *dice) processes() *top.Processes {
	p := &top.Processes{Total: int(d.number()), Health: d.health()}
	for range d.many(top.MaxRows) {
		p.ByCPU = append(p.ByCPU, top.Process{PID: int(d.number()), Name: d.name(), Unit: d.name(), Pod: d.name(), Kernel: d.chance(3), State: byte(d.roll(256)), CPU: d.float(), Memory: d.number(), Started: time.Duration(d.number())})
	}
	p.ByMemory = p.ByCPU[len(p.ByCPU)/2:]
	return p
}

func (d *dice) host() *sample.Host {
	h := &sample.Host{Uptime: time.Duration(d.number()), Running: d.roll(99), Tasks: int(d.number()), DiskRead: d.float(), DiskWrite: d.float()}
	h.Machine = sample.Machine{Hostname: d.name(), OS: d.name(), Kernel: d.name(), Model: d.name()}
	h.Load = [3]float64{d.float(), d.float(), d.float()}
	h.CPU = sample.CPU{ID: -1, Busy: d.float(), User: d.float(), System: d.float(), IOWait: d.float(), IRQ: d.float(), Steal: d.float()}
	for i := range d.many(1024) {
		h.Cores = append(h.Cores, sample.CPU{ID: i, Busy: d.float()})
	}
	h.Memory = sample.Memory{Total: d.number(), Used: d.number(), Free: d.number(), Cached: d.number(), SwapTotal: d.number(), SwapUsed: d.number(), HugePages: d.number(), HugePagesFree: d.number(), HugePageSize: d.number()}
	h.Pressure = sample.PSI{CPUSome: d.float(), MemorySome: d.float(), MemoryFull: d.float(), IOSome: d.float(), IOFull: d.float(), CPUSome60: d.float(), MemoryFull60: d.float(), IOFull60: d.float()}
	for range d.many(500) {
		h.Disks = append(h.Disks, sample.Disk{Name: d.name(), Model: d.name(), Read: d.float(), Write: d.float(), ReadOps: d.float(), WriteOps: d.float(), ReadLatency: d.float(), WriteLatency: d.float(), Busy: d.float()})
	}
	for range d.many(300) {
		h.Filesystems = append(h.Filesystems, sample.Filesystem{Mount: d.name(), Device: d.name(), Type: "tmpfs", Available: d.number(), UsedPercent: d.float(), InodesPercent: d.float(), ReadOnly: d.chance(3), RemountedRO: d.chance(3), Health: d.health()})
	}
	for range d.many(100) {
		h.Sensors = append(h.Sensors, sample.Sensor{Name: d.name(), Celsius: d.float(), High: d.float()})
		h.Fans = append(h.Fans, sample.Fan{Name: d.name(), RPM: d.float(), Low: d.float()})
		h.Power = append(h.Power, sample.Power{Name: d.name(), Watts: d.float(), High: d.float()})
		h.Arrays = append(h.Arrays, sample.Array{Name: d.name(), Level: d.name(), State: d.name(), Disks: int(d.number()), Working: int(d.number()), Degraded: d.chance(2), Synced: d.float()})
		h.Pools = append(h.Pools, sample.Pool{Name: d.name(), State: d.name()})
		h.EDAC = append(h.EDAC, sample.MemoryController{Name: d.name(), Uncorrected: d.number()})
	}
	for i := range h.Health {
		h.Health[i] = d.health()
	}
	h.History.Interval = time.Duration(d.number())
	for range d.many(400) {
		for _, s := range []*sample.Series{&h.History.CPU, &h.History.Memory, &h.History.DiskRead, &h.History.Rx, &h.History.Tx} {
			s.Push(d.float())
		}
	}
	return h
}

func (d *dice) net() *sample.Net {
	n := &sample.Net{Rx: d.float(), Tx: d.float(), Sockets: sample.SocketCounts{TCP: -1, UDP: int(d.number()), Established: int(d.number()), Conntrack: int(d.number()), ConntrackMax: int(d.number())}}
	for i := range d.many(5000) {
		l := &sample.Interface{Link: &sample.Link{Index: i, Name: d.name(), MAC: d.name(), FirstAddress: len(n.Addresses), SharedAttrs: &sample.SharedAttrs{Kind: d.name(), Physical: d.chance(2), Master: d.name(), AdminUp: d.chance(2), Carrier: d.chance(2), MTU: int(d.number()), Detail: &sample.LinkDetail{Driver: d.name(), SpeedMbps: int(d.number()), Duplex: d.name()}}}, Counted: d.chance(2), RxBytes: d.number(), RxErrors: d.number(), TxDropped: d.number(), RxRate: d.float(), TxRate: d.float()}
		if i > 100 { // the kernel's names are unique; without this a list of thousands is a tree of millions
			l.Name = fmt.Sprint("link", i)
		}
		l.AddressCount = d.many(100)
		for range l.AddressCount {
			n.Addresses = append(n.Addresses, sample.Address{CIDR: d.name(), IPv6: d.chance(2), Scope: d.name()})
		}
		n.Interfaces = append(n.Interfaces, l)
	}
	for range d.many(50) {
		n.Gateways = append(n.Gateways, sample.Gateway{Family: 4 + 2*d.roll(2), Address: d.name(), Interface: d.name(), Metric: int(d.number())})
		n.DNS = append(n.DNS, d.name())
	}
	return n
}

func (d *dice) vms() *qemu.VMs {
	v := &qemu.VMs{Health: d.health()}
	for i := range d.many(500) {
		v.VMs = append(v.VMs, qemu.VM{Namespace: d.name(), Name: d.name(), PID: i + 1, Started: time.Duration(d.number()), VCPUs: int(d.number()), Cores: d.float(), CPU: d.float(),
			Memory: d.number(), Configured: d.number(), Read: d.float(), Write: d.float(), Rx: d.float(), Tx: d.float(), WhyCPU: d.name(), WhyMemory: d.name(), WhyDisk: d.name()})
	}
	return v
}

// checks is what plugins may say at most, and what they may not.
func (d *dice) checks() *plugin.State {
	bounds := func() plugin.Range {
		return plugin.Range{Set: d.chance(2), Inside: d.chance(2), Low: d.float(), High: d.float()}
	}
	s := &plugin.State{Health: d.health()}
	for i := range d.many(plugin.MaxPlugins) {
		r := plugin.Result{Name: fmt.Sprint("check", i), Kind: plugin.Kind(d.roll(6)), Status: plugin.Status(d.roll(6)), At: time.Duration(d.number()), Begun: time.Duration(d.number()), Took: time.Duration(d.number()),
			Interval: time.Duration(d.number()), Timeout: time.Duration(d.number()), Text: d.name(), Left: int(d.number())}
		for range d.roll(5) {
			r.More = append(r.More, d.name())
			r.Figures = append(r.Figures, plugin.Figure{Label: d.name(), Value: d.float(), Unit: d.name(), Warn: bounds(), Critical: bounds(), Min: d.float(), Max: d.float()})
		}
		if i < 3 {
			r.Page = d.ownPage()
		}
		s.Results = append(s.Results, r)
	}
	return s
}

func (d *dice) ownPage() *plugin.Page {
	p := &plugin.Page{Title: d.name()}
	for range d.roll(5) {
		var b plugin.Block
		switch judged, status := d.chance(2), plugin.Status(d.roll(6)); d.roll(5) {
		case 0:
			for range d.many(plugin.MaxPairs) {
				b.Pairs = append(b.Pairs, plugin.Pair{Name: d.name(), Value: d.name(), Status: status, Judged: judged})
			}
		case 1:
			b.Table = new(plugin.Table)
			for range d.many(plugin.MaxColumns) {
				b.Table.Columns = append(b.Table.Columns, plugin.Column{Name: d.name(), Right: d.chance(2)})
			}
			for range d.many(plugin.MaxRows) {
				row := plugin.Row{Status: status, Judged: judged}
				for range d.roll(len(b.Table.Columns) + 2) {
					row.Cells = append(row.Cells, d.name())
				}
				b.Table.Rows = append(b.Table.Rows, row)
			}
		case 2:
			b.Gauge = &plugin.Gauge{Label: d.name(), Value: d.float(), Of: d.float(), Unit: d.name(), Status: status, Judged: judged}
		case 3:
			b.Series = &plugin.Series{Label: d.name(), Unit: d.name()}
			for range d.many(plugin.MaxPoints) {
				b.Series.Points = append(b.Series.Points, d.float())
			}
		}
		p.Blocks = append(p.Blocks, b)
	}
	return p
}

func (d *dice) units() *sample.Units {
	u := &sample.Units{State: d.name(), Left: d.roll(99), Health: d.health()}
	for range d.many(100) {
		unit := sample.Unit{Name: d.name(), Active: d.name(), Sub: d.name(), Restarts: int(d.number())}
		if d.chance(2) {
			unit.Since = time.Unix(int64(d.number()%(1<<40)), 0)
		}
		u.Failed, u.Restarting, u.Watched = append(u.Failed, unit), append(u.Restarting, unit), append(u.Watched, unit)
	}
	return u
}

func (d *dice) system() *sample.System {
	return &sample.System{
		NixOS: sample.NixOS{Version: d.name(), Generation: int(d.number()), Current: int(d.number()), RebootNeeded: d.chance(2), RebootKnown: d.chance(2), Health: d.health()},
		Clock: sample.Clock{Synchronised: d.chance(2), Health: d.health()}, LastBoot: sample.LastBoot{Clean: d.chance(2), Known: d.chance(2), Why: d.name(), Health: d.health()},
	}
}

// page is any page that the log's owner might send, whatever was asked.
func (d *dice) page() *journal.Page {
	p := &journal.Page{Query: uint64(d.roll(40)), Err: d.name(), Pending: d.chance(3), Percent: d.roll(101), AtEnd: d.chance(2), Newer: d.roll(200), Older: d.roll(200),
		Matches: int(d.number()), Entries: int(d.number()), Capacity: int(d.number()), Total: d.number(), Dropped: d.number(), Truncated: d.number()}
	id := d.number() / 2
	for range d.many(journal.MaxRows) {
		text := clean.AppendLines(nil, []byte(hostile[d.roll(len(hostile))]))
		id += 1 + uint64(d.roll(3))
		row := journal.Row{ID: id, Time: int64(d.number()), Unit: d.name(), PID: int(d.number()), Severity: journal.Severity(d.roll(8)), Start: len(p.Text), Full: int(d.number())}
		row.MatchStart = d.roll(len(text) + 1)
		row.MatchEnd = row.MatchStart + d.roll(len(text)-row.MatchStart+1)
		p.Text = append(p.Text, text...)
		row.End = len(p.Text)
		p.Rows = append(p.Rows, row)
	}
	for i := range p.Counts {
		p.Counts[i] = d.roll(99)
	}
	for range d.many(20) {
		p.Unread = append(p.Unread, d.roll(9))
		p.Sources = append(p.Sources, journal.SourceState{Name: d.name(), Health: d.health(), Detail: d.name()})
	}
	return p
}

// FuzzDraw draws random frames at random sizes between random keys: no panel ever panics.
func FuzzDraw(f *testing.F) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		seed := make([]byte, 400+random.IntN(3000))
		for i := range seed {
			seed[i] = byte(random.Uint32())
		}
		f.Add(uint16(random.IntN(500)), uint16(random.IntN(200)), seed)
	}
	for i := range 8 {
		f.Add(uint16(i), uint16(40-i), []byte(fmt.Sprint("sizes too small for anything", i)))
	}
	f.Fuzz(func(t *testing.T, w, h uint16, data []byte) {
		d := dice(data)
		c := newConsole(pages.Names()[d.roll(len(pages.Names()))], func(panel string, value any) {
			t.Fatalf("%s crashed: %v\n%s", panel, value, debug.Stack())
		})
		canvas := draw.NewCanvas(screentest.Looks["colour"])
		width, height := int(w)%501, int(h)%201
		for range 6 {
			fr := d.frame()
			for range 4 {
				c.Present(canvas, width, height, fr)
				if q, changed := c.Newest(); changed && fr.Page != nil && d.chance(2) {
					fr.Page.Query = q.Number
				}
				c.Handle(screentest.Keys[d.roll(len(screentest.Keys))], fr)
			}
			if len(d) == 0 {
				return
			}
			if d.chance(3) {
				width, height = d.roll(100), d.roll(50)
			}
		}
	})
}
