package link

import (
	"strings"
	"testing"

	"hypervisor-tui/sample/link/linktest"
)

// TestBondsAndVLANsLikeIP changes bonds of two modes, a VLAN on one of them and a bridge on that, and holds each state to
// ip's. Many kernels have bonds only as a module; without it there is nothing to hold.
func TestBondsAndVLANsLikeIP(t *testing.T) {
	if !linktest.Inside(t) {
		return
	}
	if !linktest.Has(t, "bond0 type bond mode active-backup miimon 100") || !linktest.Has(t, "bond1 type bond mode 802.3ad miimon 100") {
		t.Skip("no bonds in this kernel")
	}
	w := New(Options{})
	vlan := linktest.Has(t, "link bond0 name bond0.5 type vlan id 5")
	steps := []string{
		"link add sa type veth peer name ta", "link add sb type veth peer name tb", "link add sc type veth peer name tc",
		"link set ta addrgenmode none up", "link set tb addrgenmode none up", "link set tc addrgenmode none up",
		"link set bond0 addrgenmode none", "link set bond1 addrgenmode none",
		"link set sa master bond0", "link set sb master bond0", "link set sc master bond1",
		"link set bond0 up", "link set bond1 up", "addr add 10.5.0.1/24 dev bond0", "link set ta down",
	}
	if vlan {
		steps = append(steps, "link add br0 type bridge", "link set bond0.5 master br0 addrgenmode none", "link set bond0.5 up")
	}
	steps = append(steps, "link set tb down", "link set sa nomaster", "link del bond1")
	for _, step := range steps {
		linktest.IP(t, strings.Fields(step)...)
		compareWithIP(t, w)
	}
	for _, l := range compareWithIP(t, w).Links {
		d := l.More()
		switch {
		case l.Name == "bond0" && (d.Bond == nil || d.Bond.Mode != "active-backup" || d.Bond.Slaves != 1 || d.Bond.Up != 0):
			t.Errorf("bond0: %+v", d.Bond)
		case l.Name == "bond0.5" && (d.VLAN != 5 || l.Parent != "bond0" || l.Master != "br0"):
			t.Errorf("bond0.5: %+v in %q", d, l.Master)
		case l.Name == "br0" && vlan && (d.Bridge == nil || d.Bridge.Ports != 1):
			t.Errorf("br0: %+v", d.Bridge)
		}
	}
}
