package frame

import (
	"slices"
	"testing"
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample"
)

func TestProblemsOfTheNetwork(t *testing.T) {
	vms := func(n int) []sample.AttachedVM { return make([]sample.AttachedVM, n) }
	nic := func(name, master string, carrier bool) *sample.Interface {
		return &sample.Interface{Link: &sample.Link{Name: name, SharedAttrs: &sample.SharedAttrs{Physical: true, AdminUp: true, Carrier: carrier, Master: master, Detail: &sample.LinkDetail{VMs: vms(6)}}}}
	}
	bridge := func(n int, uplinks ...string) *sample.Interface {
		return &sample.Interface{Link: &sample.Link{Name: "br-storage", SharedAttrs: &sample.SharedAttrs{Kind: "bridge", AdminUp: true, Carrier: true, Detail: &sample.LinkDetail{Bridge: &sample.Bridge{}, Uplinks: uplinks, VMs: vms(n)}}}}
	}
	bond := func(carrier bool, up, addresses int, above ...string) *sample.Interface {
		return &sample.Interface{Link: &sample.Link{Name: "bond0", AddressCount: addresses, SharedAttrs: &sample.SharedAttrs{Kind: "bond", AdminUp: true, Carrier: carrier, Detail: &sample.LinkDetail{Bond: &sample.Bond{Slaves: 2, Up: up}, Uplinks: []string{"eth1", "eth2"}, Above: above}}}}
	}
	for _, c := range []struct {
		name  string
		links []*sample.Interface
		want  string
	}{
		{"a bridge whose only cable is out", []*sample.Interface{nic("eth1", "br-storage", false), bridge(6, "eth1")}, "crit eth1 no carrier: br-storage, 6 VMs [network]; "},
		{"one VM", []*sample.Interface{nic("eth1", "br-storage", false), bridge(1, "eth1")}, "crit eth1 no carrier: br-storage, 1 VM [network]; "},
		{"a bridge with another cable", []*sample.Interface{nic("eth1", "br-storage", false), nic("eth2", "br-storage", true), bridge(6, "eth1", "eth2")},
			"err eth1 no carrier [network]; "},
		{"a bridge without cables", []*sample.Interface{bridge(6)}, ""},
		{"a bond that lost one", []*sample.Interface{nic("eth1", "bond0", false), nic("eth2", "bond0", true), bond(true, 1, 1)}, "warning bond0 member down [network]; "},
		{"a bond that lost both", []*sample.Interface{nic("eth1", "bond0", false), nic("eth2", "bond0", false), bond(false, 0, 1)}, "err bond0 no carrier [network]; "},
		{"a bond under a bridge", []*sample.Interface{nic("eth1", "bond0", false), nic("eth2", "bond0", false), bond(false, 0, 0, "br-storage"), bridge(6, "eth1", "eth2")},
			"crit bond0 no carrier: br-storage, 6 VMs [network]; "},
		{"a bond without slaves", []*sample.Interface{{Link: &sample.Link{Name: "bond0", SharedAttrs: &sample.SharedAttrs{Kind: "bond", AdminUp: true, Detail: &sample.LinkDetail{Bond: &sample.Bond{}}}}}}, ""},
		{"a bridge that is off", []*sample.Interface{nic("eth1", "br-storage", false), func() *sample.Interface { b := bridge(6, "eth1"); b.AdminUp = false; return b }()},
			"err eth1 no carrier [network]; "},
		{"a cable that is switched off", []*sample.Interface{func() *sample.Interface { l := nic("eth1", "br-storage", false); l.AdminUp = false; return l }(), bridge(6, "eth1")},
			"crit eth1 switched off: br-storage, 6 VMs [network]; "},
		{"a bridge with two cables out", []*sample.Interface{nic("eth1", "br-storage", false), nic("eth2", "br-storage", false), bridge(6, "eth1", "eth2")},
			"crit eth1 and 1 more no carrier: br-storage, 6 VMs [network]; "},
		{"VLANs of one cable, each with a bridge", []*sample.Interface{func() *sample.Interface { l := nic("eth1", "", false); l.AddressCount = 1; return l }(), bridge(2, "eth1"), bridge(5, "eth1"), bridge(1, "eth1")},
			"crit eth1 no carrier: br-storage and 2 more, 6 VMs [network]; "},
		{"VMs on the interface itself", []*sample.Interface{func() *sample.Interface { l := nic("eth1", "", false); l.AddressCount = 1; return l }()},
			"crit eth1 no carrier: 6 VMs [network]; "},
		{"nobody hangs on it", []*sample.Interface{nic("eth1", "br-storage", false), bridge(0, "eth1")}, "err eth1 no carrier: br-storage [network]; "},
	} {
		f := wellFrame()
		f.Net.Interfaces = c.links
		if got := words(find(nil, f)); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
	f := wellFrame()
	f.Net.Gateways = []sample.Gateway{{Address: "10.0.0.1", Interface: "br0", Table: sample.MainTable, Neighbour: "incomplete", Silent: time.Minute}, {Address: "10.0.0.2", Table: 100, Neighbour: "failed", Silent: time.Minute},
		{Address: "10.0.0.4", Interface: "eth9", Table: sample.MainTable, Neighbour: "failed", Silent: time.Minute, LinkDown: true}, // B14: its link is what is wrong
		{Address: "10.0.0.3", Table: sample.MainTable, Neighbour: "stale"}}
	f.Net.Addresses = []sample.Address{{CIDR: "10.0.0.5/24", Duplicate: true}, {CIDR: "10.0.0.6/24", Tentative: true}}
	f.Net.Sockets = sample.SocketCounts{Conntrack: 90, ConntrackMax: 100}
	want := "err duplicate address 10.0.0.5/24 [network]; warning gateway 10.0.0.1 on br0 unreachable [network]; warning conntrack 90% full [network]; "
	if got := words(find(nil, f)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	found := find(nil, f)
	if at := slices.IndexFunc(found, func(p Problem) bool { return p.Kind == GatewaySilent }); found[at].Since != time.Minute {
		t.Errorf("a gateway has been silent since %v, want that which the kernel says", found[at].Since)
	}
	for _, s := range []sample.SocketCounts{{Conntrack: -1, ConntrackMax: -1}, {Conntrack: 90, ConntrackMax: -1}, {Conntrack: 79, ConntrackMax: 100}} {
		f := wellFrame()
		f.Net.Sockets = s
		if got := words(find(nil, f)); got != "" {
			t.Errorf("%+v: %s", s, got)
		}
	}
}

// TestReachIsWhatTheKernelKnows: nobody asks a gateway or a time source for the sake of the page.
func TestReachIsWhatTheKernelKnows(t *testing.T) {
	const main = sample.MainTable
	for _, c := range []struct {
		name     string
		gateways []sample.Gateway
		address  string // of the one that is taken; empty: none
		want     Reach
	}{
		{"no route", nil, "", ReachUnknown},
		{"of another table", []sample.Gateway{{Address: "a", Table: 7}}, "", ReachUnknown},
		{"answered lately", []sample.Gateway{{Address: "a", Table: main, Neighbour: "reachable"}}, "a", ReachOK},
		{"silent lately", []sample.Gateway{{Address: "a", Table: main, Neighbour: "stale"}}, "a", ReachUnknown},
		{"being asked", []sample.Gateway{{Address: "a", Table: main, Neighbour: "probe"}}, "a", ReachUnknown},
		{"asked in vain, some time ago", []sample.Gateway{{Address: "a", Table: main, Neighbour: "failed"}}, "a", ReachUnknown},
		{"silent", []sample.Gateway{{Address: "a", Table: main, Neighbour: "failed", Silent: time.Minute}}, "a", ReachFailed},
		{"no carrier", []sample.Gateway{{Address: "a", Table: main, Neighbour: "reachable", LinkDown: true}}, "a", ReachFailed},
		{"never asked", []sample.Gateway{{Address: "a", Table: main}}, "a", ReachUnknown},
		{"the lower metric", []sample.Gateway{{Address: "a", Table: main, Metric: 200}, {Address: "b", Table: main, Metric: 100, Neighbour: "reachable"}}, "b", ReachOK},
		{"one with a carrier", []sample.Gateway{{Address: "a", Table: main, Metric: 1, LinkDown: true}, {Address: "b", Table: main, Metric: 100}}, "b", ReachUnknown},
	} {
		g := DefaultRoute(&sample.Net{Gateways: c.gateways})
		if g == nil {
			if c.address != "" {
				t.Errorf("%s: no route", c.name)
			}
			continue
		}
		if g.Address != c.address || GatewayReach(g) != c.want {
			t.Errorf("%s: %s, %v; want %s, %v", c.name, g.Address, GatewayReach(g), c.address, c.want)
		}
	}
	known := health.Health{State: health.OK}
	for _, c := range []struct {
		system *sample.System
		want   Reach
	}{
		{nil, ReachUnknown}, {&sample.System{}, ReachUnknown},
		{&sample.System{Clock: sample.Clock{Synchronised: true, Health: known}}, ReachOK},
		{&sample.System{Clock: sample.Clock{Health: known}}, ReachFailed},
		{&sample.System{Clock: sample.Clock{Synchronised: true, Health: health.Health{State: health.Stale}}}, ReachUnknown},
		{&sample.System{Clock: sample.Clock{Health: health.Health{State: health.Stale}}}, ReachUnknown},
	} {
		if got := ClockReach(c.system); got != c.want {
			t.Errorf("%+v: %v, want %v", c.system, got, c.want)
		}
	}
}
