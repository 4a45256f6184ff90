package link

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"hypervisor-tui/sample"
	"hypervisor-tui/sample/link/linktest"
)

// gatewaysOf formats gateways for a comparison.
func gatewaysOf(table *sample.LinkTable) string {
	var b strings.Builder
	for _, g := range table.Gateways {
		fmt.Fprintf(&b, "%d %s %s %d\n", g.Family, g.Address, g.Interface, g.Metric)
	}
	return b.String()
}

func TestF21Addresses(t *testing.T) {
	if !linktest.Inside(t) {
		return
	}
	w := New(Options{})
	// A namespace as it is born: one link that is down, no address, no route, and for IPv4 not even a main table.
	table := compareWithIP(t, w)
	if len(table.Links) != 1 || len(table.Addresses) != 0 || len(table.Gateways) != 0 {
		t.Errorf("a new namespace has %+v", table)
	}
	linktest.IP(t, "link", "add", "six", "type", "veth", "peer", "name", "none")
	linktest.IP(t, "link", "add", "br0", "type", "bridge")
	linktest.IP(t, "link", "set", "none", "master", "br0")
	for _, name := range []string{"lo", "six", "none", "br0"} {
		linktest.IP(t, "link", "set", name, "addrgenmode", "none", "up")
	}
	linktest.IP(t, "addr", "add", "fd00::5/64", "dev", "six", "nodad")
	linktest.IP(t, "addr", "add", "10.9.0.1", "peer", "10.9.0.2/32", "dev", "br0")
	table = compareWithIP(t, w)
	if len(table.Gateways) != 0 {
		t.Errorf("default routes out of nothing: %+v", table.Gateways)
	}
	found := map[string]string{}
	for _, n := range table.Links {
		for _, a := range table.Addresses[n.FirstAddress : n.FirstAddress+n.AddressCount] {
			found[n.Name] += a.CIDR + " "
		}
		if n.Physical || n.More().SpeedMbps != 0 {
			t.Errorf("hardware where there is none: %+v", n)
		}
	}
	if found["six"] != "fd00::5/64 " || found["none"] != "" || found["br0"] != "10.9.0.1/32 " {
		t.Errorf("addresses %q", found)
	}
	var batch bytes.Buffer
	for i := range 100 {
		fmt.Fprintf(&batch, "addr add 10.8.0.%d/24 dev none\naddr add fd08::%x/64 dev none nodad\n", i+1, i+1)
	}
	linktest.Batch(t, &batch)
	table = compareWithIP(t, w)
	for _, n := range table.Links {
		if n.Name == "none" && (n.AddressCount != 200 || n.Master != "br0") {
			t.Errorf("got %+v", n)
		}
	}
}

func TestF21DefaultRoutes(t *testing.T) {
	if !linktest.Inside(t) {
		return
	}
	linktest.IP(t, "link", "add", "va", "type", "veth", "peer", "name", "vb")
	for _, name := range []string{"va", "vb"} {
		linktest.IP(t, "link", "set", name, "addrgenmode", "none", "up")
	}
	linktest.IP(t, "addr", "add", "10.1.0.1/24", "dev", "va")
	linktest.IP(t, "addr", "add", "10.2.0.1/24", "dev", "vb")
	for _, route := range []string{
		"-4 nexthop via 10.1.0.2 dev va nexthop via 10.2.0.2 dev vb",
		"-4 dev va metric 50",
		"-4 via inet6 fe80::4 dev vb metric 60",
		"-6 via fe80::1 dev va metric 5",
		"-6 metric 30 nexthop via fe80::2 dev va nexthop via fe80::3 dev vb",
		"-4 blackhole metric 9",
		"-6 unreachable metric 9",
		"-4 via 10.1.0.3 table 100",
		"-6 via fe80::9 dev va table 100",
	} {
		words := strings.Fields(route)
		args := []string{words[0], "route", "add"}
		if words[1] == "blackhole" || words[1] == "unreachable" {
			args, words = append(args, words[1]), words[1:]
		}
		linktest.IP(t, append(append(args, "default"), words[1:]...)...)
	}
	want := "4 10.1.0.2 va 0\n4 10.2.0.2 vb 0\n4  va 50\n4 fe80::4 vb 60\n6 fe80::1 va 5\n6 fe80::2 va 30\n6 fe80::3 vb 30\n4 10.1.0.3 va 0\n6 fe80::9 va 1024\n"
	if got := gatewaysOf(compareWithIP(t, New(Options{}))); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// A route for one type of service is no default route for the rest, one over a link without carrier is marked, and what a
// nexthop object says is found where the routes do not say it.
func TestB14DefaultRoutesOfTheKernel(t *testing.T) {
	if !linktest.Inside(t) {
		return
	}
	linktest.IP(t, "link", "add", "va", "type", "veth", "peer", "name", "vb")
	linktest.IP(t, "link", "add", "vc", "type", "veth", "peer", "name", "vd")
	for _, name := range []string{"va", "vb", "vc", "vd"} {
		linktest.IP(t, "link", "set", name, "addrgenmode", "none", "up")
	}
	linktest.IP(t, "addr", "add", "10.1.0.1/24", "dev", "va")
	linktest.IP(t, "addr", "add", "10.2.0.1/24", "dev", "vc")
	linktest.IP(t, "route", "add", "default", "via", "10.1.0.9", "tos", "0x10")
	linktest.IP(t, "nexthop", "add", "id", "1", "via", "10.1.0.2", "dev", "va")
	linktest.IP(t, "nexthop", "add", "id", "2", "via", "10.2.0.2", "dev", "vc")
	linktest.IP(t, "nexthop", "add", "id", "3", "group", "1/2,3")
	linktest.IP(t, "route", "add", "default", "nhid", "3", "metric", "5")
	linktest.IP(t, "link", "add", "ve", "type", "veth", "peer", "name", "vg")
	linktest.IP(t, "link", "set", "ve", "addrgenmode", "none", "up")
	linktest.IP(t, "link", "set", "vg", "up")
	linktest.IP(t, "addr", "add", "10.3.0.1/24", "dev", "ve")
	linktest.IP(t, "route", "add", "default", "metric", "9", "nexthop", "via", "10.1.0.2", "nexthop", "via", "10.3.0.2")
	linktest.IP(t, "link", "set", "vg", "down")
	said := func() string {
		table, err := New(Options{}).Dump(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, g := range table.Gateways {
			fmt.Fprint(&b, g.Address, " ", g.Interface, " ", g.Metric, " ", g.Weight, " ", g.LinkDown, "; ")
		}
		return b.String()
	}
	want := "10.1.0.2 va 5 1 false; 10.2.0.2 vc 5 3 false; 10.1.0.2 va 9 1 false; 10.3.0.2 ve 9 1 true; "
	if got := said(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/nexthop_compat_mode", []byte("0"), 0o644); err != nil {
		t.Skip("the kernel cannot be made to say less: ", err)
	}
	if got := said(); got != want {
		t.Errorf("objects alone: got %s, want %s", got, want)
	}
}

func TestF15LinksComeGoAndAreRenamed(t *testing.T) {
	if !linktest.Inside(t) {
		return
	}
	// Enough links that a dump does not fit into one message: only between two can it be interrupted.
	var batch bytes.Buffer
	for i := range 100 {
		fmt.Fprintf(&batch, "link add s%d type veth peer name p%d\n", i, i)
	}
	linktest.Batch(t, &batch)
	var stop atomic.Bool
	var pairs atomic.Int64
	ended := make(chan error, 1)
	go func() {
		c, err := dialRoute()
		for err == nil && !stop.Load() {
			err = churn(c, int(pairs.Add(1)))
		}
		ended <- err
	}()
	w, dumps, whole := New(Options{}), 0, 0
	for ; (dumps < 100 || pairs.Load() < 20) && len(ended) == 0; dumps++ {
		table, err := w.Dump(context.Background())
		if errors.Is(err, errInterrupted) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		whole++
		check(t, table)
		if n := len(table.Links); n < 201 {
			t.Errorf("%d links: some of those that stay are missing", n)
		}
	}
	stop.Store(true)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d dumps were whole while %d pairs came, were renamed and went", whole, dumps, pairs.Load())
	compareWithIP(t, w)
}

// churn makes a pair of links, gives one many names that are no text, and removes both.
func churn(c *netlink.Conn, n int) error {
	name := attribute(unix.IFLA_IFNAME, []byte("c"+strconv.Itoa(n)+"\x00"))
	steps := []netlink.Message{
		{Header: netlink.Header{Type: unix.RTM_NEWLINK, Flags: netlink.Create | netlink.Excl}, Data: join(name, linkKind("veth"))},
	}
	for i := range 20 {
		renamed := attribute(unix.IFLA_IFNAME, []byte("\x1b[3"+strconv.Itoa(i)+"\xff\x00"))
		steps = append(steps, netlink.Message{Header: netlink.Header{Type: unix.RTM_SETLINK}, Data: renamed})
	}
	steps = append(steps, netlink.Message{Header: netlink.Header{Type: unix.RTM_DELLINK}})
	for _, step := range steps {
		link := make([]byte, unix.SizeofIfInfomsg)
		binary.NativeEndian.PutUint32(link[4:], uint32(100_000+n)) // far from what the kernel gives the other end
		step.Header.Flags |= netlink.Request | netlink.Acknowledge
		step.Data = append(link, step.Data...)
		if _, err := c.Execute(step); err != nil {
			return fmt.Errorf("message %v: %w", step.Header.Type, err)
		}
	}
	return nil
}
