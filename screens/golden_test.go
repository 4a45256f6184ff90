package screens_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/draw"
	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/peer"
	"hypervisor-tui/sample"
	"hypervisor-tui/screens"
	"hypervisor-tui/screens/screentest"
)

var update = flag.Bool("update", false, "write the golden screens anew; then read their diff as pictures")

// picture is one golden screen: how it is reached from a new Console and how it looks.
type picture struct {
	name   string
	screen string
	keys   []draw.Key
	change func(*frame.Frame)
	visit  func(w, h int) *screens.Visited // of another node; nil: none
	acts   bool                            // actions are offered
}

var pictures = []picture{
	{name: "logs", screen: frame.Logs},
	{name: "dashboard", screen: frame.Dashboard},
	{name: "network", screen: frame.Network},
	{name: "nodes", screen: frame.Nodes, change: frametest.Nodes(5)},
	{name: "nodes-peers", screen: frame.Nodes, change: frametest.Peers(8)},
	{name: "checks", screen: frame.Checks, change: frametest.Checks},
}

// unrecorded is a host that was not shut down, and nothing is recorded of that.
func unrecorded(f *frame.Frame) { frametest.Crashed(f); f.LastRun = nil }

// special are pictures that are taken at 80x24 only.
var special = []picture{
	{name: "logs-paused", screen: frame.Logs, keys: []draw.Key{draw.KeyUp, draw.KeyUp}},
	{name: "logs-wrap", screen: frame.Logs, keys: []draw.Key{'w'}},
	{name: "logs-wrap-filter", screen: frame.Logs, keys: []draw.Key{'w'}, change: errorsFound},
	{name: "logs-none", screen: frame.Logs, change: func(f *frame.Frame) { f.Page.Rows, f.Page.Entries = nil, 0 }},
	{name: "logs-none-of-pod", screen: frame.Logs, keys: []draw.Key{draw.KeyLeft}, change: podUnreadable},
	{name: "help", screen: frame.Logs, keys: []draw.Key{'?'}},
	{name: "sources", screen: frame.Dashboard, keys: []draw.Key{'i'}},
	{name: "alerts-none", screen: frame.Logs, keys: []draw.Key{'a'}},
	{name: "big", screen: frame.Dashboard, change: func(f *frame.Frame) { frametest.Alarmed(f); f.Bell.Big = true }},
	{name: "dashboard-alarm", screen: frame.Dashboard, change: frametest.Alarmed},
	{name: "timeline-none", screen: frame.Logs, keys: []draw.Key{'L'}},
	{name: "timeline-ten-minutes", screen: frame.Logs, keys: []draw.Key{'L', draw.KeyEnd}, change: frametest.Eventful},
	{name: "before-boot-events", screen: frame.Logs, keys: []draw.Key{'B', draw.KeyEnd}, change: frametest.Crashed},
	{name: "before-boot-unrecorded", screen: frame.Logs, keys: []draw.Key{'B'}, change: unrecorded},
	{name: "dashboard-crashed-unrecorded", screen: frame.Dashboard, change: unrecorded},
	{name: "nodes-peers-none", screen: frame.Nodes, change: func(f *frame.Frame) {
		f.Peers = &peer.State{Viewed: true, Health: health.Health{State: health.Failed, Err: "/etc/hypervisor-tui/peer.key: permission denied (mode 0600, owner root)"}}
	}},
	{name: "checks-init", screen: frame.Checks, change: func(f *frame.Frame) { frametest.Checks(f); f.Checks, f.Problems = nil, nil }},
	{name: "checks-rescue", screen: frame.Checks, change: func(f *frame.Frame) { frametest.Checks(f); f.Checks, f.Settings.Rescue, f.Problems = nil, true, nil }},
	{name: "checks-unreadable", screen: frame.Checks, change: func(f *frame.Frame) {
		frametest.Checks(f)
		f.Checks.Health.Bad(f.Boot-90*time.Second, "/run/hypervisor-tui-plugins: writable by others: not trusted")
	}},
	{name: "checks-wide", screen: frame.Checks, change: frametest.Checks, keys: []draw.Key{draw.KeyEnd, draw.KeyEnter}},
	{name: "dashboard-calm", screen: frame.Dashboard, change: func(f *frame.Frame) { f.Problems = nil }},
	{name: "dashboard-init", screen: frame.Dashboard, change: nothingYet},
	{name: "network-init", screen: frame.Network, change: nothingYet},
	{name: "network-hung", screen: frame.Network, change: linksHang},
	{name: "network-off", screen: frame.Network, change: cableOff},
	{name: "dashboard-late", screen: frame.Dashboard, change: samplerHangs},
	{name: "network-late", screen: frame.Network, change: samplerHangs},
	{name: "dashboard-storage-late", screen: frame.Dashboard, keys: []draw.Key{'d'}, change: samplerHangs},
	{name: "logs-init", screen: frame.Logs, change: nothingYet},
	{name: "network-all", screen: frame.Network, keys: []draw.Key{'v', draw.KeyEnd}},
	{name: "network-link", screen: frame.Network, keys: []draw.Key{draw.KeyEnter}},
	{name: "network-filter", screen: frame.Network, keys: []draw.Key{'/', 'd', 'a', 't', 'a', 'b'}},
	{name: "network-bond", screen: frame.Network, keys: []draw.Key{draw.KeyDown, draw.KeyDown, draw.KeyDown, draw.KeyDown, draw.KeyPageDown}, change: bonded},
	{name: "dashboard-vm", screen: frame.Dashboard, keys: []draw.Key{'s', draw.KeyDown, draw.KeyDown, draw.KeyEnter}},
	{name: "dashboard-storage", screen: frame.Dashboard, keys: []draw.Key{'d'}},
	{name: "dashboard-hardware", screen: frame.Dashboard, keys: []draw.Key{'c'}},
	{name: "dashboard-1024-cores-listed", screen: frame.Dashboard, change: manyCores, keys: []draw.Key{'c', draw.KeyPageDown}},
	{name: "dashboard-no-vms", screen: frame.Dashboard, change: func(f *frame.Frame) { f.VMs.VMs, f.Units, f.System = nil, nil, nil }},
	{name: "dashboard-pause", screen: frame.Dashboard, keys: []draw.Key{' '}},
	{name: "dashboard-1024-cores", screen: frame.Dashboard, change: manyCores},
}

// logPictures are taken at two sizes.
var logPictures = []picture{
	{name: "logs-filter", screen: frame.Logs, keys: []draw.Key{'/', 'e', 'r', 'r', 'o', 'r'}, change: errorsFound},
	{name: "logs-match", screen: frame.Logs, keys: []draw.Key{'/', 'l', 'b', 'l', 'o', 'c', 'k'}, change: func(f *frame.Frame) { found(f, "lblock") }},
	{name: "logs-time", screen: frame.Logs, keys: []draw.Key{'t', 'n', 'o', 'o', 'n', draw.KeyEnter}},
	{name: "logs-entry-reading", screen: frame.Logs, keys: []draw.Key{draw.KeyEnter}},
	{name: "logs-entry", screen: frame.Logs, keys: []draw.Key{draw.KeyEnter}, change: wholeEntry},
	{name: "logs-entry-klog", screen: frame.Logs, keys: []draw.Key{draw.KeyEnter}, change: klogEntry},
	{name: "logs-boot-before", screen: frame.Logs, keys: []draw.Key{draw.KeyUp}, change: func(f *frame.Frame) { f.Page.Past, f.Page.Deeper, f.Page.Newer = true, true, 9812 }},
	{name: "logs-searching", screen: frame.Logs, keys: []draw.Key{draw.KeyUp}, change: func(f *frame.Frame) {
		f.Page.Reading = journal.Reading{Active: true, Entries: 1_258_291, At: f.Page.Rows[0].Time}
	}},
	{name: "logs-flood", screen: frame.Logs, change: func(f *frame.Frame) { f.Page.Dropped, f.Page.Unread[0], f.Page.Unread[1] = 9_298_780, 4304, 4304 }},
}

// errorsFound is the page that a filter for "error" makes of the fixture.
func errorsFound(f *frame.Frame) { found(f, "error") }

// found is the page that a filter for a word makes of the fixture.
func found(f *frame.Frame, word string) {
	var rows []journal.Row
	for _, row := range f.Page.Rows {
		if at := bytes.Index(f.Page.Message(&row), []byte(word)); at >= 0 {
			row.MatchStart, row.MatchEnd = at, at+len(word)
			rows = append(rows, row)
		}
	}
	f.Page.Rows, f.Page.Matches = rows, len(rows)
}

// wholeEntry is the newest entry with all its fields.
func wholeEntry(f *frame.Frame) {
	f.Page.Whole = &journal.Whole{ID: f.Page.Rows[len(f.Page.Rows)-1].ID, Fields: []journal.WholeField{
		{Name: "MESSAGE", Text: []byte("Image pulled successfully"), Full: 25},
		{Name: "PRIORITY", Text: []byte("6"), Full: 1},
		{Name: "SYSLOG_IDENTIFIER", Text: []byte("containerd"), Full: 10},
		{Name: "_CMDLINE", Text: []byte("/usr/local/bin/containerd -c /var/lib/rancher/k3s/agent/etc/containerd/config.toml -a /run/k3s/containerd/containerd.sock"), Full: 124},
		{Name: "_SYSTEMD_UNIT", Text: []byte("k3s.service"), Full: 11},
	}}
}

// alarms are pictures of what is wrong, taken at four sizes.
var alarms = []picture{
	{name: "problems", screen: frame.Dashboard, keys: []draw.Key{'!', draw.KeyDown}},
	{name: "problems-sick", screen: frame.Dashboard, keys: []draw.Key{'!'}, change: frametest.Sick},
	{name: "timeline", screen: frame.Dashboard, keys: []draw.Key{'L', draw.KeyDown, draw.KeyDown}, change: frametest.Eventful},
	{name: "alerts", screen: frame.Dashboard, keys: []draw.Key{'a', draw.KeyDown, draw.KeyEnter}, change: frametest.Alarmed},
	{name: "dashboard-crashed", screen: frame.Dashboard, change: frametest.Crashed},
	{name: "before-boot", screen: frame.Dashboard, keys: []draw.Key{'B'}, change: frametest.Crashed},
	{name: "problems-k8s", screen: frame.Logs, keys: []draw.Key{'!'}, change: frametest.ServiceDown},
}

// klogEntry is an error of the kubelet, with some of its fields.
func klogEntry(f *frame.Frame) {
	row := &f.Page.Rows[len(f.Page.Rows)-1]
	row.Unit, row.PID, row.Severity = "k3s", 1234, journal.Err
	const message = `E1122 03:02:10.123456    1234 pod_workers.go:1301] "Error syncing pod, skipping" err="failed to \"StartContainer\" for \"web\" with CrashLoopBackOff: \"back-off 5m0s restarting failed container=web pod=web-7d4f9_default(0a1b)\"" pod="default/web-7d4f9" podUID="0a1b"`
	row.Start = len(f.Page.Text)
	f.Page.Text = journal.AppendPayload(f.Page.Text, []byte(message))
	row.End = len(f.Page.Text)
	f.Page.Whole = &journal.Whole{ID: row.ID, Fields: []journal.WholeField{
		{Name: "MESSAGE", Text: []byte(message), Full: len(message)},
		{Name: "PRIORITY", Text: []byte("6"), Full: 1},
		{Name: "SYSLOG_IDENTIFIER", Text: []byte("k3s"), Full: 3},
		{Name: "_SYSTEMD_UNIT", Text: []byte("k3s.service"), Full: 11},
	}}
}

// podUnreadable is the tab of a pod whose log files the console may not read.
func podUnreadable(f *frame.Frame) {
	settings := *f.Settings
	settings.Followed, settings.FollowedAt = "default/web-7d4f9", len(settings.Tabs)
	settings.Tabs = append(settings.Tabs[:len(settings.Tabs):len(settings.Tabs)], "web-7d4f9")
	f.Settings = &settings
	f.Page.Rows, f.Page.Deeper = nil, true
	failed := health.Health{}
	failed.Bad(f.Boot-time.Second, "permission denied: /var/log/pods")
	f.Page.Sources = append(f.Page.Sources, journal.SourceState{Name: "pod log files", Health: failed})
}

// networks are pictures of a host with bridges and VMs, taken at more sizes than those of clusters are.
var networks = []picture{
	{name: "network-brief", screen: frame.Network, change: briefNet},
	{name: "network-nics", screen: frame.Network, change: func(f *frame.Frame) { briefNet(f); bonded(f) }},
}

// clusters are pictures of a cluster, taken at three sizes.
var clusters = []picture{
	{name: "dashboard-k8s", screen: frame.Dashboard, change: frametest.Healthy},
	{name: "network-k8s", screen: frame.Network, change: frametest.Healthy, keys: []draw.Key{draw.KeyEnd}},
	{name: "dashboard-k8s-down", screen: frame.Dashboard, change: frametest.APIDown},
	networks[0], networks[1],
	{name: "network-k8s-down", screen: frame.Network, change: frametest.APIDown, keys: []draw.Key{draw.KeyEnd}},
	{name: "dashboard-k8s-service-down", screen: frame.Dashboard, change: frametest.ServiceDown},
	{name: "dashboard-k8s-forbidden", screen: frame.Dashboard, change: frametest.Forbidden},
	{name: "dashboard-k8s-not-installed", screen: frame.Dashboard, change: frametest.NotInstalled},
	{name: "dashboard-k8s-syncing", screen: frame.Dashboard, change: frametest.Syncing},
	{name: "dashboard-k8s-certificate", screen: frame.Dashboard, change: frametest.Expiring},
	{name: "dashboard-k8s-migration", screen: frame.Dashboard, change: frametest.Migrating},
	{name: "dashboard-k8s-all", screen: frame.Dashboard, change: frametest.Migrating, keys: []draw.Key{'v', draw.KeyDown}},
	{name: "dashboard-k8s-vm", screen: frame.Dashboard, change: frametest.Migrating, keys: []draw.Key{'v', 's', 's', 's', 's', draw.KeyDown, draw.KeyDown, draw.KeyEnter}},
	{name: "dashboard-sick", screen: frame.Dashboard, change: frametest.Sick},
	{name: "dashboard-sick-vm", screen: frame.Dashboard, change: frametest.Sick, keys: []draw.Key{draw.KeyDown, draw.KeyEnter}},
	{name: "dashboard-sick-vms", screen: frame.Dashboard, change: frametest.Sick, keys: []draw.Key{'V', 'v', '/', '0', draw.KeyEnter}},
	{name: "dashboard-k8s-processes", screen: frame.Dashboard, change: frametest.Healthy, keys: []draw.Key{'t', draw.KeyDown}},
	{name: "dashboard-sick-node", screen: frame.Dashboard, change: frametest.Sick, keys: []draw.Key{'n'}},
	{name: "dashboard-sick-warnings", screen: frame.Dashboard, change: frametest.Sick, keys: []draw.Key{'w', draw.KeyDown, draw.KeyEnter}},
	{name: "dashboard-k8s-node", screen: frame.Dashboard, change: frametest.Migrating, keys: []draw.Key{'n'}},
	{name: "dashboard-k8s-warnings", screen: frame.Dashboard, change: frametest.Healthy, keys: []draw.Key{'w'}},
	{name: "nodes-forty", screen: frame.Nodes, change: frametest.Nodes(40), keys: []draw.Key{draw.KeyDown, draw.KeyDown}},
	{name: "nodes-thousand", screen: frame.Nodes, change: frametest.Nodes(1000), keys: []draw.Key{'s'}},
	{name: "nodes-filter", screen: frame.Nodes, change: frametest.Nodes(40), keys: []draw.Key{'/', 'r', 'a', 'c', 'k', '-', '1'}},
	{name: "nodes-whole", screen: frame.Nodes, change: frametest.Nodes(5), keys: []draw.Key{draw.KeyHome, draw.KeyEnter}},
	{name: "nodes-usage", screen: frame.Nodes, change: frametest.Measured, keys: []draw.Key{draw.KeyHome, draw.KeyEnter, draw.KeyPageDown}},
	{name: "nodes-usage-old", screen: frame.Nodes, change: func(f *frame.Frame) {
		frametest.Measured(f)
		(*f.Usages)[0].Health.Bad(f.Boot, "no answer in 2 s")
		(*f.Usages)[0].Health.At -= 5 * time.Minute
	}, keys: []draw.Key{draw.KeyHome, draw.KeyEnter, draw.KeyPageDown}},
	{name: "nodes-here", screen: frame.Nodes, change: frametest.Nodes(5), keys: []draw.Key{'/', 'e', 't', 'c', 'd', draw.KeyEnter, draw.KeyEnter}},
	{name: "nodes-down", screen: frame.Nodes, change: apiDown(frametest.Nodes(5))},
	{name: "nodes-none", screen: frame.Nodes},
	{name: "nodes-peers-silent", screen: frame.Nodes, change: frametest.Peers(8), keys: []draw.Key{draw.KeyDown, draw.KeyDown}},
	{name: "nodes-peers-thousand", screen: frame.Nodes, change: frametest.Peers(1000), keys: []draw.Key{'s'}},
	{name: "nodes-peers-down", screen: frame.Nodes, change: apiDown(frametest.Peers(8))},
	{name: "nodes-peers-remembered", screen: frame.Nodes, change: frametest.Remembered},
	{name: "nodes-peers-whole", screen: frame.Nodes, change: frametest.Peers(8), keys: []draw.Key{draw.KeyDown, draw.KeyDown, draw.KeyEnter}},
	{name: "nodes-peers-dead", screen: frame.Nodes, change: frametest.Remembered, keys: []draw.Key{draw.KeyHome, draw.KeyEnter}},
	{name: "nodes-peers-named", screen: frame.Nodes, change: frametest.Named},
	{name: "checks-none", screen: frame.Checks},
	{name: "checks-long", screen: frame.Checks, change: frametest.Checks, keys: []draw.Key{draw.KeyDown}},
	{name: "checks-filter", screen: frame.Checks, change: frametest.Checks, keys: []draw.Key{'/', 'd', 'i', 's', 'k'}},
	{name: "checks-whole", screen: frame.Checks, change: frametest.Checks, keys: []draw.Key{'s', '/', 's', 'm', 'a', 'r', draw.KeyEnter, draw.KeyEnter}},
	{name: "checks-silent", screen: frame.Checks, change: frametest.Checks, keys: []draw.Key{'/', 'n', 't', 'p', draw.KeyEnter, draw.KeyEnter}},
	{name: "checks-lines", screen: frame.Checks, change: frametest.Checks, keys: []draw.Key{'/', 'u', 'p', 'd', draw.KeyEnter, draw.KeyEnter}},
	{name: "checks-page", screen: frame.Checks, change: frametest.Checks, keys: []draw.Key{'/', 'c', 'e', 'p', 'h', draw.KeyEnter, draw.KeyEnter}},
	{name: "checks-page-end", screen: frame.Checks, change: frametest.Checks, keys: []draw.Key{'/', 'c', 'e', 'p', 'h', draw.KeyEnter, draw.KeyEnter, draw.KeyEnd}},
	{name: "sources-k8s", screen: frame.Dashboard, change: frametest.Forbidden, keys: []draw.Key{'i', draw.KeyPageDown}},
	{name: "sources-k8s-down", screen: frame.Dashboard, change: frametest.ServiceDown, keys: []draw.Key{'i'}},
}

// apiDown is a cluster whose API server has answered until three minutes ago: its nodes are as they were.
func apiDown(cluster func(*frame.Frame)) func(*frame.Frame) {
	return func(f *frame.Frame) {
		cluster(f)
		fleet := f.Kube.Fleet
		frametest.APIDown(f)
		f.Kube.Fleet = fleet
		frametest.Derive(f)
	}
}

// samplerHangs is the fixture 42 seconds after its last sample.
func samplerHangs(f *frame.Frame) {
	f.Boot += 42 * time.Second
	f.Sampling = frame.Busy{Since: frametest.Boot + time.Second, Source: sample.Loadavg}
	frametest.Derive(f)
}

func nothingYet(f *frame.Frame) {
	f.Host, f.Net, f.Page, f.Kube, f.Problems = nil, nil, nil, nil, nil
	f.VMs, f.Units, f.System, f.Kernel = nil, nil, nil, nil
	frametest.Derive(f)
}

// linksHang leaves of the network what it counts: the kernel does not say what the links are.
func linksHang(f *frame.Frame) {
	for i, l := range f.Net.Interfaces {
		f.Net.Interfaces[i] = &sample.Interface{Link: &sample.Link{Name: l.Name, SharedAttrs: &sample.SharedAttrs{}}, Counted: true, RxRate: l.RxRate, TxRate: l.TxRate}
	}
	f.Net.Addresses, f.Net.Gateways, f.Net.DNS, f.Net.Services = nil, nil, nil, nil
	h := &f.Host.Health[sample.Links]
	*h = health.Health{}
	h.Bad(f.Boot-7*time.Second, "rtnetlink: not answering")
	f.Problems = nil
	frametest.Derive(f)
}

// cableOff switches the port of a bridge off.
func cableOff(f *frame.Frame) {
	for i := range f.Net.Interfaces {
		if l := f.Net.Interfaces[i]; l.Name == "eth1" {
			l.AdminUp = false
		}
	}
	f.Problems = nil
	frametest.Derive(f)
}

// bonded adds a bond of two interfaces, one of them without carrier, with a VLAN that a bridge lies on.
func bonded(f *frame.Frame) {
	vms := []sample.AttachedVM{frametest.DatabaseVM}
	slave := func(index int, name string, up bool, port sample.BondPort) *sample.Interface {
		l := &sample.Interface{Link: &sample.Link{Index: index, Name: name, SharedAttrs: &sample.SharedAttrs{Physical: true, Master: "bond0", State: "down", AdminUp: true, Carrier: up, MTU: 9000}}, Counted: true}
		l.CarrierChanges, l.Detail = 4, &sample.LinkDetail{Driver: "mlx5_core", Port: "direct attach", BondPort: &port, Above: []string{"bond0", "bond0.5", "br5"}, VMs: vms}
		return l
	}
	hardware := []string{"eth2", "eth3"}
	f.Net.Interfaces = append(f.Net.Interfaces, slave(50, "eth2", true, sample.BondPort{State: "active", Link: "up", Aggregator: 1}),
		slave(51, "eth3", false, sample.BondPort{State: "backup", Link: "down", Failures: 3, Aggregator: 2}),
		&sample.Interface{Link: &sample.Link{Index: 52, Name: "bond0", CarrierChanges: 2, SharedAttrs: &sample.SharedAttrs{Kind: "bond", AdminUp: true, Carrier: true, MTU: 9000, Detail: &sample.LinkDetail{Uplinks: hardware, Bond: &sample.Bond{Mode: "802.3ad", PartnerMAC: "02:1b:21:00:00:09", Ports: 1, Slaves: 2, Up: 1}, Above: []string{"bond0.5", "br5"}, VMs: vms}}}, Counted: true},
		&sample.Interface{Link: &sample.Link{Index: 53, Name: "bond0.5", CarrierChanges: 2, Parent: "bond0", SharedAttrs: &sample.SharedAttrs{Kind: "vlan", Master: "br5", AdminUp: true, Carrier: true, MTU: 9000, BridgePort: &sample.BridgePort{State: "forwarding"}, Detail: &sample.LinkDetail{VLAN: 5, Uplinks: hardware, Above: []string{"br5"}, VMs: vms}}}, Counted: true},
		&sample.Interface{Link: &sample.Link{Index: 54, Name: "bond0.7", CarrierChanges: 2, Parent: "bond0", SharedAttrs: &sample.SharedAttrs{Kind: "vlan", AdminUp: true, Carrier: true, MTU: 1500, Detail: &sample.LinkDetail{VLAN: 7, Uplinks: hardware}}}, Counted: true},
		&sample.Interface{Link: &sample.Link{Index: 55, Name: "br5", CarrierChanges: 2, SharedAttrs: &sample.SharedAttrs{Kind: "bridge", AdminUp: true, Carrier: true, MTU: 9000, Detail: &sample.LinkDetail{Uplinks: hardware, Bridge: &sample.Bridge{Ports: 1}, VMs: vms}}}, Counted: true})
	frametest.Derive(f)
}

// briefNet makes of the fixture's network that of a host of which nothing is wrong, with two NICs, two bridges and 17 VMs.
func briefNet(f *frame.Frame) {
	frametest.Healthy(f)
	n := f.Net
	n.Interfaces = n.Interfaces[:3]
	eth1 := n.Interfaces[2]
	eth1.AdminUp, eth1.AddressCount, eth1.RxErrors, eth1.TxErrors, eth1.RxDropped, eth1.TxDropped = true, 1, 0, 0, 0, 0
	eth1.Master, eth1.BridgePort, eth1.Detail = "", nil, &sample.LinkDetail{Driver: "ixgbe", SpeedMbps: 10000, Duplex: "full"}
	eth0 := n.Interfaces[1]
	eth0.RxErrors, eth0.TxErrors, eth0.RxDropped, eth0.TxDropped = 0, 0, 0, 0
	index := 10
	link := func(name, kind, master, cidr string, d *sample.LinkDetail, vm *sample.AttachedVM) {
		l := &sample.Link{Index: index, Name: name, CarrierChanges: 1, VM: vm, SharedAttrs: &sample.SharedAttrs{Kind: kind, Master: master, State: "up", AdminUp: true, Carrier: true, MTU: 1500, Detail: d}}
		if cidr != "" {
			n.Addresses = append(n.Addresses, sample.Address{CIDR: cidr, Scope: "global"})
			l.FirstAddress, l.AddressCount = len(n.Addresses)-1, 1
		}
		index++
		n.Interfaces = append(n.Interfaces, &sample.Interface{Link: l, Counted: true, RxRate: float64(index * 1000), TxRate: float64(index * 70)})
	}
	n.Addresses = append(n.Addresses, sample.Address{CIDR: "10.0.0.50/24", Scope: "global"})
	eth1.FirstAddress = len(n.Addresses) - 1
	for i, bridge := range []struct {
		name, cidr string
		vms        int
	}{{"br0", "172.16.0.1/24", 12}, {"br1", "172.16.1.1/24", 5}} {
		var vms []sample.AttachedVM
		for k := range bridge.vms {
			vms = append(vms, sample.AttachedVM{Namespace: "default", Name: fmt.Sprintf("vm-%02d", 12*i+k), PID: 5000 + 12*i + k})
		}
		link(bridge.name, "bridge", "", bridge.cidr, &sample.LinkDetail{Bridge: &sample.Bridge{Ports: bridge.vms}, VMs: vms}, nil)
		for k := range vms {
			link(fmt.Sprintf("tap%d", 12*i+k), "tun", bridge.name, "", &sample.LinkDetail{Mode: "tap"}, &vms[k])
		}
	}
	link("eth1.7", "vlan", "br1", "", &sample.LinkDetail{VLAN: 7, Uplinks: []string{"eth1"}}, nil)
	n.Interfaces[len(n.Interfaces)-1].Parent = "eth1"
	for _, l := range n.Interfaces {
		if l.Name == "br1" {
			l.Detail.Uplinks = []string{"eth1"}
			eth1.Detail.VMs = l.Detail.VMs
		}
	}
	frametest.Derive(f)
}

// TestBriefsNetworkIsOnTheFirstPage: what F3 was asked to show is there without a key, a verdict above it or not.
func TestBriefsNetworkIsOnTheFirstPage(t *testing.T) {
	for _, problems := range []int{0, 1} {
		f := frametest.Fixed()
		broken := f.Problems[:problems]
		briefNet(f)
		f.Problems = broken
		text := shot(t, frame.Network, 80, 24, f)
		for _, want := range []string{
			"eth0", "IP: 192.168.1.100/24", "Gateway: 192.168.1.1", "State: up 10 Gb/s full", "RX:   450 GiB", "TX:   320 GiB", "MTU: 1500",
			"eth1", "IP: 10.0.0.50/24", "RX:   1.2 TiB", "TX:   890 GiB", "MTU: 9000 (Jumbo)",
			"Pod CIDR: 10.42.0.0/16", "Service CIDR: 10.43.0.0/16", "CNI: flannel", "Network policies: 4, enforced",
			"br0 ", "172.16.0.1/24", "12 VMs", "br1 ", "172.16.1.1/24", "5 VMs", "Connections 2456", "K8s Services: 23 (12 LoadBalancer, 8 ClusterIP, 3 NodePort)",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("with %d problems %q is missing:\n%s", problems, want, text)
			}
		}
	}
}

func manyCores(f *frame.Frame) {
	one := f.Host.Cores
	for len(f.Host.Cores) < 1024 {
		f.Host.Cores = append(f.Host.Cores, one...)
	}
	for i := range f.Host.Cores {
		f.Host.Cores[i].ID = i
	}
}

func TestGoldenScreens(t *testing.T) {
	sizes := []struct{ w, h int }{{200, 60}, {132, 43}, {80, 24}, {40, 10}, {20, 5}, {1, 1}}
	for _, p := range pictures {
		for _, size := range sizes {
			golden(t, p, size.w, size.h, "colour")
		}
		golden(t, p, 80, 24, "mono")
		golden(t, p, 80, 24, "ascii")
	}
	golden(t, picture{name: "dashboard", screen: frame.Dashboard}, 400, 120, "colour")
	golden(t, picture{name: "dashboard-phone", screen: frame.Dashboard}, 45, 47, "colour")
	golden(t, picture{name: "dashboard-phone-sick", screen: frame.Dashboard, change: frametest.Sick}, 45, 60, "colour")
	golden(t, picture{name: "dashboard-sick", screen: frame.Dashboard, change: frametest.Sick}, 132, 43, "colour")
	for _, p := range clusters {
		golden(t, p, 200, 60, "colour")
		golden(t, p, 80, 24, "colour")
		golden(t, p, 40, 10, "colour")
	}
	for _, p := range alarms {
		golden(t, p, 200, 60, "colour")
		golden(t, p, 80, 24, "colour")
		golden(t, p, 80, 24, "mono")
		golden(t, p, 40, 10, "colour")
	}
	for _, p := range networks {
		golden(t, p, 132, 43, "colour")
		golden(t, p, 80, 24, "mono")
	}
	for _, p := range logPictures {
		golden(t, p, 200, 60, "colour")
		golden(t, p, 80, 24, "colour")
	}
	for _, p := range special {
		golden(t, p, 80, 24, "colour")
	}
	for _, p := range visits {
		golden(t, p, 200, 60, "colour")
		golden(t, p, 80, 24, "colour")
		golden(t, p, 80, 24, "ascii")
		golden(t, p, 40, 10, "mono")
	}
}

func golden(t *testing.T, p picture, w, h int, look string) {
	t.Helper()
	name := fmt.Sprintf("%s-%dx%d-%s.txt", p.name, w, h, look)
	t.Run(name, func(t *testing.T) {
		got := take(p, w, h, screentest.Looks[look])
		file := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("the picture is not the golden one; if it should not be, run: go test ./screens -update\n%s", got)
		}
	})
}

// take draws p and returns the text, a line of =, and the roles.
func take(p picture, w, h int, look draw.Appearance) []byte {
	f := frametest.Fixed()
	if p.change != nil {
		p.change(f)
	}
	f.Guests = frame.MergeGuests(nil, &f.Snapshot)
	canvas := draw.NewCanvas(look)
	c := newConsole(p.screen, nil)
	if p.acts {
		c.OfferActions()
	}
	show := func() {
		c.Present(canvas, w, h, f)
		c.Answer(f)
	}
	show()
	for _, k := range p.keys {
		c.Handle(k, f)
		show()
	}
	if p.visit != nil {
		c.Visit(p.visit(w, h))
	}
	show()
	return canvas.AppendRoles(append(canvas.AppendText(nil), "====\n"...))
}
