package link

import (
	"encoding/binary"
	"reflect"
	"testing"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"hypervisor-tui/sample"
	"hypervisor-tui/sample/qemu"
)

// The messages here are built by hand, from linux/if_link.h: few kernels that run tests have bonds, VLANs and SR-IOV.

func half(v uint16) []byte { return binary.NativeEndian.AppendUint16(nil, v) }

// info is IFLA_LINKINFO: the link's own kind and, if it has a master, the master's.
func info(kind string, data []byte, master string, port []byte) []byte {
	var parts []byte
	if kind != "" {
		parts = join(attribute(unix.IFLA_INFO_KIND, append([]byte(kind), 0)), attribute(unix.IFLA_INFO_DATA|netlink.Nested, data))
	}
	if master != "" {
		parts = join(parts, attribute(unix.IFLA_INFO_SLAVE_KIND, append([]byte(master), 0)), attribute(unix.IFLA_INFO_SLAVE_DATA|netlink.Nested, port))
	}
	return attribute(unix.IFLA_LINKINFO|netlink.Nested, parts)
}

var partner = []byte{2, 0x1b, 0x21, 0, 0, 9}

// kernelLinks is a host with a bond of two ports, a VLAN on it, a bridge on that, and what else the kernel can make.
func kernelLinks() map[string][]byte {
	lacp := attribute(unix.IFLA_BOND_AD_INFO|netlink.Nested, join(
		attribute(unix.IFLA_BOND_AD_INFO_AGGREGATOR, half(1)), attribute(unix.IFLA_BOND_AD_INFO_NUM_PORTS, half(2)),
		attribute(unix.IFLA_BOND_AD_INFO_PARTNER_MAC, partner)))
	port := func(state, mii byte, failures uint32) []byte {
		return join(attribute(unix.IFLA_BOND_SLAVE_STATE, []byte{state}), attribute(unix.IFLA_BOND_SLAVE_MII_STATUS, []byte{mii}),
			attribute(unix.IFLA_BOND_SLAVE_LINK_FAILURE_COUNT, word(failures)), attribute(unix.IFLA_BOND_SLAVE_AD_AGGREGATOR_ID, half(1)))
	}
	vf := func(parts ...[]byte) []byte { return attribute(unix.IFLA_VF_INFO|netlink.Nested, join(parts...)) }
	mac := func(n uint32, mac ...byte) []byte {
		return attribute(unix.IFLA_VF_MAC, append(join(word(n), mac), make([]byte, 32-len(mac))...))
	}
	return map[string][]byte{
		"eth0": newLink(2, "eth0", attribute(unix.IFLA_MASTER, word(4)), attribute(unix.IFLA_CARRIER_CHANGES, word(17)),
			attribute(unix.IFLA_PROP_LIST|netlink.Nested, join(attribute(unix.IFLA_ALT_IFNAME, []byte("enp3s0f0\x00")), attribute(unix.IFLA_ALT_IFNAME, []byte("enx02\x00")))),
			info("", nil, "bond", port(0, 0, 3))),
		"eth1": newLink(3, "eth1", attribute(unix.IFLA_MASTER, word(4)), info("", nil, "bond", port(1, 2, 4))),
		"bond0": newLink(4, "bond0", info("bond", join(attribute(unix.IFLA_BOND_MODE, []byte{4}),
			attribute(unix.IFLA_BOND_ACTIVE_SLAVE, word(2)), lacp), "", nil)),
		"bond0.5": newLink(5, "bond0.5", attribute(unix.IFLA_LINK, word(4)), attribute(unix.IFLA_MASTER, word(6)),
			info("vlan", attribute(unix.IFLA_VLAN_ID, half(5)), "bridge", attribute(unix.IFLA_BRPORT_STATE, []byte{3}))),
		"br0": newLink(6, "br0", info("bridge", join(attribute(unix.IFLA_BR_STP_STATE, word(1)),
			attribute(unix.IFLA_BR_VLAN_FILTERING, []byte{1}), attribute(unix.IFLA_BR_FDB_N_LEARNED, word(9))), "", nil)),
		"veth": newLink(7, "veth", attribute(unix.IFLA_LINK, word(2)), attribute(unix.IFLA_LINK_NETNSID, word(3)), attribute(unix.IFLA_MASTER, word(6)),
			info("veth", nil, "bridge", attribute(unix.IFLA_BRPORT_STATE, []byte{4}))),
		"tap":  newLink(8, "tap", info("tun", attribute(unix.IFLA_TUN_TYPE, []byte{2}), "", nil)),
		"mv":   newLink(9, "mv", attribute(unix.IFLA_LINK, word(4)), info("macvtap", attribute(unix.IFLA_MACVLAN_MODE, word(4)), "", nil)),
		"vx":   newLink(10, "vx", info("vxlan", attribute(unix.IFLA_VXLAN_ID, word(4096)), "", nil)),
		"hole": newLink(11, "hole", info("bond", join(attribute(unix.IFLA_BOND_MODE, []byte{99}), attribute(unix.IFLA_BOND_AD_INFO|netlink.Nested, attribute(unix.IFLA_BOND_AD_INFO_PARTNER_MAC, make([]byte, 6)))), "", nil)),
		"vfs": newLink(12, "vfs", attribute(unix.IFLA_VFINFO_LIST|netlink.Nested, join(
			vf(mac(0, 2, 0, 0, 0, 0, 0xaa), attribute(unix.IFLA_VF_VLAN, join(word(0), word(5), word(0))), attribute(unix.IFLA_VF_SPOOFCHK, join(word(0), word(1))),
				attribute(unix.IFLA_VF_LINK_STATE, join(word(0), word(2))), attribute(unix.IFLA_VF_TRUST, join(word(0), word(1)))),
			vf(mac(1), attribute(unix.IFLA_VF_LINK_STATE, join(word(1), word(0))), attribute(unix.IFLA_VF_TRUST, []byte{1, 0}))))),
	}
}

func TestKindsOfLinks(t *testing.T) {
	links := kernelLinks()
	want := map[string]sample.LinkDetail{
		"eth0":    {AltNames: "enp3s0f0 enx02", BondPort: &sample.BondPort{State: "active", Link: "up", Failures: 3, Aggregator: 1}},
		"eth1":    {BondPort: &sample.BondPort{State: "backup", Link: "down", Failures: 4, Aggregator: 1}},
		"bond0":   {Bond: &sample.Bond{Mode: "802.3ad", PartnerMAC: "02:1b:21:00:00:09", Ports: 2}},
		"bond0.5": {VLAN: 5},
		"br0":     {Bridge: &sample.Bridge{STP: true, Filtering: true, FDB: 9}},
		"veth":    {},
		"tap":     {Mode: "tap"},
		"mv":      {Mode: "bridge"},
		"vx":      {VLAN: 4096},
		"hole":    {Bond: &sample.Bond{Mode: "99"}},
		"vfs":     {},
	}
	for name, detail := range want {
		l, ok := decodeLink(links[name])
		if !ok || !reflect.DeepEqual(l.extra().detail, detail) {
			t.Errorf("%s: got %+v, want %+v", name, l.more, detail)
		}
	}
	if l, _ := decodeLink(links["veth"]); l.netns != 3 || l.parent != 2 || l.port != 1+4 || l.changes != -1 || l.more != nil {
		t.Errorf("veth: got %+v", l)
	}
	if l, _ := decodeLink(links["bond0.5"]); l.port != 1+3 {
		t.Errorf("port: got %+v", l)
	}
	if l, _ := decodeLink(links["eth0"]); l.port != 0 || l.changes != 17 {
		t.Errorf("slave: got %+v", l)
	}
	if l, _ := decodeLink(links["bond0"]); l.more.active != 2 {
		t.Errorf("bond: got %+v", l)
	}
}

func TestVirtualFunctions(t *testing.T) {
	got := decodeVFs(kernelLinks()["vfs"])
	want := []sample.VF{{Number: 0, MAC: "02:00:00:00:00:aa", VLAN: 5, State: "disable", Trust: true, SpoofChk: true}, {Number: 1, State: "auto"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	root := tree(t, map[string]string{
		"sys/class/net/vfs/device/sriov_numvfs":     "3\n",
		"sys/class/net/vfs/device/virtfn0":          "->../0000:3b:02.0",
		"sys/class/net/vfs/device/virtfn1":          "->../../../1",
		"sys/class/net/vfs/device/virtfn2/net/eth9": "",
		"sys/class/net/eth0/device/sriov_numvfs":    "0\n",
		"sys/class/net/1/net/vf1/":                  "",
	})
	joined := joinFunctions(root+"/sys/class/net/vfs/device", 3, got)
	if len(joined) != 3 || joined[0].Bus != "0000:3b:02.0" || joined[0].VLAN != 5 || joined[2].Number != 2 || joined[2].Name != "eth9" {
		t.Errorf("got %+v", joined)
	}
}

// TestUplinksAndWhatHangsOnThem is the way from the cable to the VM: eth0, bond0, bond0.5, br0, veth, VM.
func TestUplinksAndWhatHangsOnThem(t *testing.T) {
	var f findings
	for _, b := range kernelLinks() {
		l, _ := decodeLink(b)
		f.links = append(f.links, l)
	}
	f.devices = map[int]device{2: {physical: true}, 3: {physical: true}}
	f.around.owners = guestLinks{guests: []qemu.Guest{{Namespace: "default", Name: "vm-01", PID: 9}}, namespace: map[int][]int{3: {0}}}
	table := tableOf(f)
	links := map[string]*sample.Link{}
	for _, l := range table.Links {
		links[l.Name] = l
	}
	vm := sample.AttachedVM{Namespace: "default", Name: "vm-01", PID: 9}
	for name, want := range map[string]sample.LinkDetail{
		"eth0":    {Above: []string{"bond0", "bond0.5", "mv", "br0", "veth"}, VMs: []sample.AttachedVM{vm}},
		"bond0":   {Uplinks: []string{"eth0", "eth1"}, Above: []string{"bond0.5", "mv", "br0", "veth"}, VMs: []sample.AttachedVM{vm}},
		"bond0.5": {Uplinks: []string{"eth0", "eth1"}, Above: []string{"br0", "veth"}, VMs: []sample.AttachedVM{vm}},
		"br0":     {Uplinks: []string{"eth0", "eth1"}, Above: []string{"veth"}, VMs: []sample.AttachedVM{vm}},
		"veth":    {},
		"mv":      {Uplinks: []string{"eth0", "eth1"}},
		"tap":     {},
	} {
		d := links[name].More()
		if !reflect.DeepEqual(d.Uplinks, want.Uplinks) || !reflect.DeepEqual(d.Above, want.Above) || !reflect.DeepEqual(d.VMs, want.VMs) {
			t.Errorf("%s: uplinks %q, above %q, VMs %+v; want %+v", name, d.Uplinks, d.Above, d.VMs, want)
		}
	}
	if d := links["bond0"].More(); d.Bond.Slaves != 2 || d.Bond.Up != 2 || d.Bond.Active != "eth0" {
		t.Errorf("%+v", d.Bond)
	}
	if d := links["br0"].More(); d.Bridge.Ports != 2 {
		t.Errorf("%+v", d.Bridge)
	}
	if d := links["veth"]; *d.VM != vm || d.Detail != nil || d.Peer.Namespace != 3 || d.Peer.Index != 2 || d.Parent != "" {
		t.Errorf("%+v, %+v", d.VM, d.Peer)
	}
	if d := links["bond0.5"]; d.Parent != "bond0" {
		t.Errorf("parent %q", d.Parent)
	}
}
