package link

import (
	"encoding/binary"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/sample"
)

// check holds what every table must be, whatever the kernel said.
func check(t testing.TB, table *sample.LinkTable) {
	t.Helper()
	names := map[string]bool{"": true}
	for _, n := range table.Links {
		names[n.Name] = true
	}
	next := 0
	for i, n := range table.Links {
		if i > 0 && n.Index <= table.Links[i-1].Index {
			t.Errorf("index %d after %d", n.Index, table.Links[i-1].Index)
		}
		if n.FirstAddress != next || n.AddressCount < 0 || n.FirstAddress+n.AddressCount > len(table.Addresses) {
			t.Errorf("%q: addresses %d+%d of %d, want them to start at %d", n.Name, n.FirstAddress, n.AddressCount, len(table.Addresses), next)
		}
		next = n.FirstAddress + n.AddressCount
		if n.Name != clean.String(n.Name) || n.Kind != clean.String(n.Kind) || !utf8.ValidString(n.Name) {
			t.Errorf("raw text: %q %q", n.Name, n.Kind)
		}
		if !names[n.Master] {
			t.Errorf("%q: master %q is not there", n.Name, n.Master)
		}
	}
	if next != len(table.Addresses) {
		t.Errorf("%d addresses belong to links, of %d", next, len(table.Addresses))
	}
	for _, g := range table.Gateways {
		if !names[g.Interface] {
			t.Errorf("gateway %+v: no such interface", g)
		}
	}
}

// tableOf is the table that a dump of everything makes of what it has found.
func tableOf(f findings) *sample.LinkTable {
	var w linkState
	w.merge(&pollRequest{everything: true, around: true, listeners: true}, &f)
	return w.table(nil)
}

func TestTableJoins(t *testing.T) {
	prefix := func(index int, s string) addressMessage {
		return addressMessage{index: index, prefix: netip.MustParsePrefix(s)}
	}
	f := findings{
		links: []linkMessage{
			{index: 9, name: "br0", kind: "bridge", flags: unix.IFF_UP | unix.IFF_LOWER_UP},
			{index: 3, name: "old", master: 9},
			{index: 5, name: "port", master: 77},
			{index: 3, name: "new", master: 9, flags: unix.IFF_UP | unix.IFF_LOWER_UP},
		},
		addresses: []addressMessage{prefix(9, "fd00::9/64"), prefix(3, "10.0.0.3/24"), prefix(4, "10.0.0.4/24"), prefix(9, "10.0.0.9/24"),
			prefix(99, "10.0.0.99/24")},
		hops: []nextHop{
			{family: 4, index: 3, metric: 1, table: 100},
			{family: 6, gateway: netip.MustParseAddr("fe80::1"), index: 9, metric: 1024, table: 254},
			{family: 4, index: 3, metric: 200, table: 254},
			{family: 4, gateway: netip.MustParseAddr("10.0.0.1"), index: 9, metric: 100, table: 254},
			{family: 6, gateway: netip.IPv6Unspecified(), index: 88, metric: 5, table: 254},
		},
		devices: map[int]device{3: {physical: true, driver: "igb", mbps: 1000, duplex: "full"}},
	}
	table := tableOf(f)
	check(t, table)
	var names, masters []string
	var counts []int
	for _, n := range table.Links {
		names, masters, counts = append(names, n.Name), append(masters, n.Master), append(counts, n.AddressCount)
	}
	if want := []string{"new", "port", "br0"}; !slices.Equal(names, want) {
		t.Errorf("names %q, want %q: a link named twice keeps its last name", names, want)
	}
	if want := []string{"br0", "", ""}; !slices.Equal(masters, want) {
		t.Errorf("masters %q, want %q: one that is not there is unknown", masters, want)
	}
	if want := []int{1, 0, 2}; !slices.Equal(counts, want) {
		t.Errorf("addresses %v, want %v: without those of no link", counts, want)
	}
	if n := table.Links[0]; !n.Physical || n.Detail.Driver != "igb" || n.Detail.SpeedMbps != 1000 || n.Detail.Duplex != "full" {
		t.Errorf("device lost: %+v", n)
	}
	want := []sample.Gateway{{Family: 4, Address: "10.0.0.1", Interface: "br0", Metric: 100, Table: 254}, {Family: 4, Interface: "new", Metric: 200, Table: 254},
		{Family: 6, Metric: 5, Table: 254}, {Family: 6, Address: "fe80::1", Interface: "br0", Metric: 1024, Table: 254},
		{Family: 4, Interface: "new", Metric: 1, Table: 100}}
	if !slices.Equal(table.Gateways, want) {
		t.Errorf("gateways %+v, want %+v", table.Gateways, want)
	}
}

func TestNamesFromOutsideAreCleaned(t *testing.T) {
	f := findings{links: []linkMessage{{index: 1, name: "\x1b[31mred"}, {index: 2, name: "\xff\u202eabc", kind: "\x1b]0;x\x07", master: 1}}}
	check(t, tableOf(f))
}

func TestSame(t *testing.T) {
	build := func() *sample.LinkTable {
		f := findings{
			links:     []linkMessage{{index: 3, name: "eth0"}},
			addresses: []addressMessage{{index: 3, prefix: netip.MustParsePrefix("10.0.0.3/24")}},
			hops:      []nextHop{{family: 4, index: 3}},
			around:    polled{dns: []string{"10.0.0.1"}},
		}
		return tableOf(f)
	}
	if !same(build(), build()) {
		t.Error("two equal tables differ")
	}
	for name, change := range map[string]func(*sample.LinkTable){
		"state":   func(t *sample.LinkTable) { t.Links[0].State = "down" },
		"link":    func(t *sample.LinkTable) { t.Links = t.Links[:0] },
		"address": func(t *sample.LinkTable) { t.Addresses[0].CIDR = "10.0.0.4/24" },
		"gateway": func(t *sample.LinkTable) { t.Gateways[0].Metric++ },
		"dns":     func(t *sample.LinkTable) { t.DNS = nil },
	} {
		changed := build()
		change(changed)
		if same(build(), changed) {
			t.Errorf("%s: the change is not seen", name)
		}
	}
}

func TestHardwareAddresses(t *testing.T) {
	for _, c := range []struct {
		hardware  uint16
		mac, want string
	}{
		{1, "\x02\x00\x00\x00\x00\x01", "02:00:00:00:00:01"},
		{1, "", ""},
		{768, "\x0a\x00\x00\x01", ""}, // a tunnel's is an IPv4 address
		{772, "\x00\x00\x00\x00\x00\x00", ""},
	} {
		l, ok := decodeLink(join([]byte{0, 0}, binary.NativeEndian.AppendUint16(nil, c.hardware), word(1), word(0), word(0),
			attribute(unix.IFLA_IFNAME, []byte("x")), attribute(unix.IFLA_ADDRESS, []byte(c.mac))))
		if got := l.mac; !ok || got != c.want {
			t.Errorf("hardware %d: got %q, want %q", c.hardware, got, c.want)
		}
	}
}

func TestWordsForNumbers(t *testing.T) {
	var states, scopes []string
	for s := range uint8(9) {
		states = append(states, operstate(s))
	}
	for _, s := range []uint8{0, 200, 253, 254, 255, 17} {
		scopes = append(scopes, scope(s))
	}
	if want := []string{"unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up", "unknown", "unknown"}; !reflect.DeepEqual(states, want) {
		t.Errorf("states %q", states)
	}
	if want := []string{"global", "site", "link", "host", "nowhere", "17"}; !reflect.DeepEqual(scopes, want) {
		t.Errorf("scopes %q", scopes)
	}
}

func TestB11LinksThatAreCountedTwice(t *testing.T) {
	const mac = "02:00:00:00:00:07"
	f := findings{
		links: []linkMessage{
			{index: 1, name: "conduit", netns: -1}, {index: 2, name: "lan1", netns: -1, parent: 1, kind: "dsa"}, {index: 3, name: "lan2", netns: -1, parent: 1},
			{index: 4, name: "uplink", netns: -1, parent: 4}, {index: 5, name: "rep", netns: -1},
			{index: 6, name: "netvsc", netns: -1, mac: mac}, {index: 7, name: "vf", netns: -1, master: 6, mac: mac}, {index: 8, name: "vf2", netns: -1, mac: mac},
			{index: 9, name: "slave", netns: -1, master: 20, mac: "02:00:00:00:00:09"}, {index: 10, name: "slave2", netns: -1, master: 20, mac: "02:00:00:00:00:09"},
			{index: 20, name: "bond0", kind: "bond", netns: -1}, {index: 21, name: "vlan5", kind: "vlan", parent: 1, netns: -1},
			{index: 22, name: "far", netns: 3, parent: 1},
			{index: 23, name: "failover", netns: -1, mac: "02:00:00:00:00:23"}, {index: 24, name: "standby", netns: -1, master: 23, mac: "02:00:00:00:00:24"},
		},
		devices: map[int]device{6: {physical: true, driver: netvsc}, 5: {physical: true, stands: true}, 20: {mbps: 1000}},
	}
	for _, index := range []int{1, 2, 3, 4, 7, 8, 9, 10, 22, 23, 24} {
		f.devices[index] = device{physical: true}
	}
	var twice []string
	for _, l := range tableOf(f).Links {
		if l.Twice {
			twice = append(twice, l.Name)
		}
	}
	if want := []string{"lan1", "lan2", "rep", "vf", "vf2", "standby"}; !slices.Equal(twice, want) {
		t.Errorf("%q, want %q", twice, want)
	}
}

func TestB11RepresentorsByTheirPort(t *testing.T) {
	for port, want := range map[string]bool{"p0": false, "p1s0": false, "": false, "0": false, "n0": false, "c": false,
		"pf0vf3": true, "pf1": true, "pf0sf88": true, "c1pf0vf2": true, "c0pf1": true} {
		root := tree(t, map[string]string{"sys/class/net/x/device/": "", "sys/class/net/x/phys_port_name": port + "\n"})
		if got := devices(root, []linkMessage{{index: 1, name: "x"}})[1]; got.stands != want || !got.physical {
			t.Errorf("%q: %+v", port, got)
		}
	}
}

// The kernel tells of the carrier of a link, and not of the routes over it.
func TestB14GatewayWithoutCarrier(t *testing.T) {
	const up = unix.IFF_UP | unix.IFF_LOWER_UP
	f := findings{links: []linkMessage{{index: 1, name: "a", flags: up}, {index: 2, name: "b", flags: unix.IFF_UP}, {index: 3, name: "c"}},
		hops: []nextHop{{family: 4, index: 1}, {family: 4, index: 2}, {family: 4, index: 3}, {family: 4, index: 9, dead: true}, {family: 4, index: 9}}}
	var w linkState
	w.merge(&pollRequest{everything: true, around: true, listeners: true}, &f)
	down := func() (list []bool) {
		for _, g := range w.table(nil).Gateways {
			list = append(list, g.LinkDown)
		}
		return list
	}
	if got := down(); !slices.Equal(got, []bool{false, true, true, true, false}) {
		t.Errorf("%v", got)
	}
	w.setLink(&linkMessage{index: 1, name: "a", flags: unix.IFF_UP})
	w.setLink(&linkMessage{index: 2, name: "b", flags: up})
	if got := down(); !slices.Equal(got[:2], []bool{true, false}) {
		t.Errorf("after events of the links: %v", got)
	}
}
