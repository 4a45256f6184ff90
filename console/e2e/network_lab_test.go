package e2e

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hypervisor-tui/sample/link/linktest"
)

// programVariable names a program to test instead of building one: where there is no go, as in a virtual machine.
const programVariable = "HYPERVISOR_TUI_TEST_PROGRAM"

// inNetwork reports whether the test runs in a network namespace of its own, as linktest.Inside does, with the program built.
func inNetwork(t *testing.T) bool {
	t.Helper()
	if os.Getenv(programVariable) != "" {
		return linktest.Inside(t)
	}
	return linktest.Inside(t, programVariable+"="+program(t, ""))
}

// setIP runs several commands of ip, one a line.
func setIP(t *testing.T, commands string) {
	t.Helper()
	for line := range strings.Lines(commands) {
		if words := strings.Fields(line); len(words) > 0 {
			linktest.IP(t, words...)
		}
	}
}

// hypervisorNetwork makes the network of a hypervisor: two cables, two bridges, VMs in namespaces of their own and one
// among the host's links, addresses and routes of both families and, where the kernel has them, a bond of two ports with
// a VLAN on it. It returns the VM that each port leads to.
func hypervisorNetwork(t *testing.T) map[string]string {
	t.Helper()
	setIP(t, `link set lo up
		link add br0 type bridge stp_state 1
		link add br-storage type bridge
		link add eno1 type veth peer name switch1
		link add eno2 type veth peer name switch2
		link property add dev eno1 altname enp59s0f0 altname a-long-other-name
		link set switch1 addrgenmode none up
		link set switch2 addrgenmode none up
		link set eno1 addrgenmode none master br0 mtu 1400 up
		link set eno2 addrgenmode none master br-storage up
		link set br0 addrgenmode none up
		link set br-storage addrgenmode none up
		addr add 10.0.0.11/24 dev br0
		addr add 10.0.0.12/24 dev br0
		addr add 169.254.9.9/32 dev br0 scope link
		addr add fd00::11/64 dev br0 nodad
		addr add fd00::12/64 dev br0 nodad preferred_lft 0
		addr add 10.9.0.1 peer 10.9.0.2/32 dev br-storage
		route add default via 10.0.0.1 dev br0 metric 100
		route add default via 192.0.2.1 dev br0 metric 200 onlink
		route add default via 10.0.0.3 dev br0 table 100
		-6 route add default via fe80::1 dev br0 metric 50
		-6 route add default metric 60 nexthop via fe80::2 dev br0 nexthop via fe80::3 dev br-storage weight 3
		neigh add 10.0.0.1 lladdr 02:00:00:00:00:01 dev br0 nud stale
		neigh add fe80::1 lladdr 02:00:00:00:00:02 dev br0 nud permanent`)
	// Not every kernel can, and where it cannot the report has to say so, too.
	_ = exec.Command("ip", "link", "set", "br0", "type", "bridge", "vlan_filtering", "1").Run()
	vms := map[string]string{}
	for i, name := range []string{"web-1", "web-2", "db"} {
		port := "veth" + strconv.Itoa(i)
		guest := linktest.Play(t, name, unix.CLONE_NEWNET)
		setIP(t, "link add "+port+" type veth peer name eth0 netns "+strconv.Itoa(guest.PID()))
		setIP(t, "link set "+port+" addrgenmode none master br0 up")
		vms[port] = "default/" + name
	}
	local := linktest.Play(t, "rescue", 0, "-device", "virtio-net-pci,mac=02:aa:00:00:00:07")
	local.Tell("tap tap7 02:aa:00:00:00:07")
	setIP(t, "link set tap7 addrgenmode none master br-storage up")
	local.Tell("say")
	vms["tap7"] = "default/rescue"
	if linktest.Has(t, "link switch1 name mv0 type macvtap mode bridge") {
		setIP(t, "link set mv0 addrgenmode none up")
	}
	bondedNetwork(t)
	return vms
}

func bondedNetwork(t *testing.T) {
	t.Helper()
	if !linktest.Has(t, "bond0 type bond mode active-backup miimon 100") {
		return
	}
	setIP(t, `link add eno3 type veth peer name switch3
		link add eno4 type veth peer name switch4
		link set switch3 addrgenmode none up
		link set switch4 addrgenmode none up
		link set eno3 addrgenmode none master bond0
		link set eno4 addrgenmode none master bond0
		link set bond0 addrgenmode none up
		addr add 10.3.0.1/24 dev bond0
		link set switch4 down`)
	if linktest.Has(t, "link bond0 name bond0.5 type vlan id 5") {
		setIP(t, `link set bond0.5 addrgenmode none up
			addr add 10.5.0.1/24 dev bond0.5`)
	}
}
