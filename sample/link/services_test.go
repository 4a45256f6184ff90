package link

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/link/linktest"
)

// TestNetworkPluginByItsLink: where no file says which it is.
func TestNetworkPluginByItsLink(t *testing.T) {
	f := findings{links: []linkMessage{{index: 4, name: "flannel.1", kind: "vxlan"}}, around: polled{services: &sample.NetServices{WhyCNI: "permission denied"}}}
	if n := tableOf(f).Services; n.CNI != "flannel" || n.CNISource != "interface flannel.1" || f.around.services.CNI != "" {
		t.Errorf("by its link: %+v", n)
	}
	for text, want := range map[string][2]string{
		"FLANNEL_IPV6_NETWORK=fd42::/48\nFLANNEL_IPV6_SUBNET=fd42:0:0:3::1/64\n": {"fd42::/48", "fd42:0:0:3::1/64"},
		"FLANNEL_NETWORK=10.42.0.0/16\nFLANNEL_SUBNET=10.42.3.1/24\nFLANNEL_IPV6_NETWORK=fd42::/48\nFLANNEL_IPV6_SUBNET=fd42:0:0:3::1/64\n": {
			"10.42.0.0/16,fd42::/48", "10.42.3.1/24,fd42:0:0:3::1/64"},
		"": {"", ""},
	} {
		if network, subnet := parseSubnet([]byte(text)); network != want[0] || subnet != want[1] {
			t.Errorf("%q: %q, %q", text, network, subnet)
		}
	}
	network, subnet := parseSubnet([]byte("FLANNEL_NETWORK=10.42.0.0/16\nFLANNEL_SUBNET=10.42.3.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n"))
	if network != "10.42.0.0/16" || subnet != "10.42.3.1/24" {
		t.Errorf("%q, %q", network, subnet)
	}
}

func TestServicesOfFiles(t *testing.T) {
	root := tree(t, map[string]string{
		"etc/resolv.conf":                 "search a.example b.example\nnameserver 127.0.0.53\noptions edns0\nsearch c.example\n",
		"run/systemd/resolve/resolv.conf": "nameserver 10.0.0.53\nnameserver fd00::53\n",
		"run/flannel/subnet.env":          "FLANNEL_NETWORK=10.42.0.0/16\nFLANNEL_SUBNET=10.42.0.1/24\n",
	})
	n := (&Watcher{root: root}).services().services
	want := &sample.NetServices{Search: []string{"c.example"}, Upstream: []string{"10.0.0.53", "fd00::53"}, PodCIDR: "10.42.0.0/16",
		NodeCIDR: "10.42.0.1/24", WhyCNI: n.WhyCNI}
	if !reflect.DeepEqual(n, want) {
		t.Errorf("got %+v, want %+v", n, want)
	}
}

// TestListenersOfThisKernel listens on a port of Kubernetes, in a namespace where nobody else does, and holds the answer
// to ss.
func TestListenersOfThisKernel(t *testing.T) {
	if !linktest.Inside(t) {
		return
	}
	linktest.IP(t, "link", "set", "lo", "up")
	linktest.IP(t, "addr", "add", "10.9.9.9/32", "dev", "lo")
	for _, address := range []string{"[::]:6443", "127.0.0.1:10250", "10.9.9.9:2379", "10.9.9.9:7777", "[::1]:10259"} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Skip(err)
		}
		defer l.Close()
	}
	c, err := net.Dial("tcp", "127.0.0.1:10250") // a connection is no listener
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	list, why := New(Options{}).listeners(context.Background())
	want := []sample.Listener{{Port: 2379, Service: "etcd", Address: "10.9.9.9"}, {Port: 6443, Service: "API server", Address: "all"},
		{Port: 10250, Service: "kubelet", Address: "loopback"}, {Port: 10259, Service: "scheduler", Address: "loopback"}}
	if why != "" || !slices.Equal(list, want) {
		t.Errorf("got %+v, %q", list, why)
	}
	path, err := exec.LookPath("ss")
	if err != nil {
		t.Skip("no ss here to compare with")
	}
	out, err := exec.Command(path, "-Hltn").Output()
	if err != nil {
		t.Skip(err)
	}
	for _, l := range list {
		if !strings.Contains(string(out), ":"+strconv.Itoa(l.Port)+" ") {
			t.Errorf("ss does not know port %d:\n%s", l.Port, out)
		}
	}
}

func TestDecodeListener(t *testing.T) {
	b := make([]byte, sizeofDiagMsg)
	b[0], b[1] = unix.AF_INET6, tcpListen
	binary.BigEndian.PutUint16(b[4:], 6443)
	mapped := netip.MustParseAddr("::ffff:10.0.0.1").As16()
	copy(b[8:], mapped[:])
	if l, ok := decodeListener(b); !ok || l != (sample.Listener{Port: 6443, Service: "API server", Address: "10.0.0.1"}) {
		t.Errorf("got %+v", l)
	}
	other := slices.Clone(b)
	other[5]++
	closing := slices.Clone(b)
	closing[1] = 1
	for name, b := range map[string][]byte{"short": b[:60], "another port": other, "established": closing, "empty": nil} {
		if l, ok := decodeListener(b); ok {
			t.Errorf("%s: got %+v", name, l)
		}
	}
}

// TestGatewaysNeighbour holds the states of gateways to what was put into the kernel's table.
func TestGatewaysNeighbour(t *testing.T) {
	if !linktest.Inside(t) {
		return
	}
	linktest.IP(t, "link", "add", "va", "type", "veth", "peer", "name", "vb")
	linktest.IP(t, "link", "set", "va", "addrgenmode", "none", "up")
	linktest.IP(t, "link", "set", "vb", "addrgenmode", "none", "up")
	linktest.IP(t, "addr", "add", "10.1.0.1/24", "dev", "va")
	for i, state := range []string{"reachable", "stale", "failed", "permanent", "none"} {
		address := "10.1.0." + strconv.Itoa(i+10)
		linktest.IP(t, "route", "add", "default", "via", address, "metric", strconv.Itoa(i+1))
		if state != "none" {
			linktest.IP(t, "neigh", "add", address, "lladdr", "02:00:00:00:00:0"+strconv.Itoa(i), "dev", "va", "nud", state)
		}
	}
	linktest.IP(t, "-6", "route", "add", "default", "via", "fe80::9", "dev", "va")
	table, err := New(Options{}).Dump(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range table.Gateways {
		got = append(got, g.Address+" "+g.Neighbour+" "+g.MAC)
	}
	want := []string{"10.1.0.10 reachable 02:00:00:00:00:00", "10.1.0.11 stale 02:00:00:00:00:01", "10.1.0.12 failed ", "10.1.0.13 permanent 02:00:00:00:00:03",
		"10.1.0.14 none ", "fe80::9 none "}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	// How long it has been silent is what ip says of the last answer.
	var entries []struct {
		State     []string `json:"state"`
		Confirmed float64  `json:"confirmed"`
	}
	linktest.Ask(t, &entries, "ip", "-j", "-s", "neigh", "show", "nud", "failed")
	for _, g := range table.Gateways {
		switch silent := (boottime.Now() - g.Silent).Seconds(); {
		case g.Neighbour != "failed" && g.Silent != 0:
			t.Errorf("%s is silent since %v", g.Address, g.Silent)
		case g.Neighbour == "failed" && (len(entries) != 1 || math.Abs(silent-entries[0].Confirmed) > 5):
			t.Errorf("%s is silent for %.0f s, ip says %+v", g.Address, silent, entries)
		}
	}
}

// TestAnOldQuestionIsNoSilence: a failed entry stays until somebody asks again, which may be hours.
func TestAnOldQuestionIsNoSilence(t *testing.T) {
	for asked, silent := range map[uint32]bool{100: true, 29_900: true, 30_100: false} {
		cache := join(word(90_000), word(asked), word(asked), word(1)) // confirmed, used, updated, references
		b := make([]byte, unix.SizeofNdMsg)
		binary.NativeEndian.PutUint32(b[4:], 3)
		binary.NativeEndian.PutUint16(b[8:], unix.NUD_FAILED)
		n, ok := decodeNeighbour(join(b, attribute(unix.NDA_CACHEINFO, cache)))
		n.date(time.Hour)
		if want := 45 * time.Minute; !ok || silent && n.silent != want || !silent && n.silent != 0 {
			t.Errorf("asked %d ticks ago: %v, want %v: %v", asked, n.silent, silent, want)
		}
	}
}

// TestSilentGateways: while the kernel asks a silent gateway again it is still the one that has been silent for long.
func TestSilentGateways(t *testing.T) {
	key := hopKey{index: 1}
	for _, c := range []struct{ old, found, want neighbour }{
		{neighbour{state: "failed", silent: 5}, neighbour{state: "incomplete"}, neighbour{state: "incomplete", silent: 5}},
		{neighbour{state: "incomplete", silent: 5}, neighbour{state: "failed", silent: 9}, neighbour{state: "failed", silent: 5}},
		{neighbour{state: "failed", silent: 9}, neighbour{state: "failed", silent: 5}, neighbour{state: "failed", silent: 5}},
		{neighbour{state: "failed", silent: 5}, neighbour{state: "failed"}, neighbour{state: "failed"}},
		{neighbour{state: "failed", silent: 5}, neighbour{state: "reachable"}, neighbour{state: "reachable"}},
		{neighbour{state: "reachable"}, neighbour{state: "incomplete"}, neighbour{state: "incomplete"}},
	} {
		found := map[hopKey]neighbour{key: c.found}
		outlast(map[hopKey]neighbour{key: c.old}, found)
		if found[key] != c.want {
			t.Errorf("%+v, then %+v: got %+v, want %+v", c.old, c.found, found[key], c.want)
		}
	}
}

// TestListenersAskedSeldom: who listens is asked again after a while, at the next look after a failure, and stands
// meanwhile.
func TestListenersAskedSeldom(t *testing.T) {
	var k fake
	w := k.watcher(t)
	now, asked, fails := time.Hour, 0, true
	w.now = func() time.Duration { return now }
	w.dialDiag = func() (*netlink.Conn, error) {
		if asked++; fails {
			return nil, errors.New("no module")
		}
		return k.dial()
	}
	r := follower{Watcher: w, publish: func(*sample.LinkReport) {}, answers: make(chan outcome, 1)}
	look := func() *sample.NetServices {
		r.wanted.around = true
		r.start(context.Background())
		o := <-r.answers
		r.answer(&o)
		return r.world.around.services
	}
	r.wanted.everything = true
	if n := look(); n.WhyListen == "" || asked != 1 {
		t.Fatalf("at first %+v, asked %d times", n, asked)
	}
	fails = false
	if n := look(); n.WhyListen != "" || asked != 2 {
		t.Fatalf("after a failure %+v, asked %d times", n, asked)
	}
	r.world.around.services.Listen = []sample.Listener{{Port: 6443}}
	now += 10 * time.Second
	if n := look(); len(n.Listen) != 1 || asked != 2 {
		t.Errorf("too early: %+v, asked %d times", n, asked)
	}
	now += perListen
	if n := look(); len(n.Listen) != 0 || asked != 3 {
		t.Errorf("in time: %+v, asked %d times", n, asked)
	}
}

// TestF53HungHostFile: a file of the host that does not answer is told by its name, and keeps nothing of the links back;
// it is read by one goroutine however often it is looked for, and known when it answers.
func TestF53HungHostFile(t *testing.T) {
	const hung = "/etc/resolv.conf"
	k := twoLinks()
	synctest.Test(t, func(t *testing.T) {
		w := k.watcher(t)
		answer, dead := make(chan struct{}), atomic.Bool{}
		dead.Store(true)
		w.hangs = func(path string) {
			if path == hung && dead.Load() {
				<-answer
			}
		}
		r := run(t, w)
		beats(1)
		same := await.Goroutines(t)
		beats(30)
		report := r.last.Load()
		if report.Table == nil || len(report.Table.Links) != 2 || report.Health.State != health.OK {
			t.Fatalf("the links: %+v", report)
		}
		if s := report.Table.Services; s.WhyFiles != "not answering: "+hung || s.CNI != "" || s.WhyCNI != s.WhyFiles || report.Table.DNS != nil {
			t.Errorf("%+v", s)
		}
		same()
		dead.Store(false)
		close(answer)
		beats(4)
		if s := r.last.Load().Table.Services; s.WhyFiles != "" {
			t.Errorf("when it answers: %+v", s)
		}
	})
}

// TestUnreadableHostFile: a file that is there and cannot be read is not one that says nothing; the same trouble keeps its age.
func TestUnreadableHostFile(t *testing.T) {
	k := twoLinks()
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "etc/resolv.conf"), 0o755); err != nil { // a folder
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		w := k.watcher(t)
		w.root = root
		r := run(t, w)
		beats(1)
		first := *r.last.Load().Table.Services
		if first.WhyFiles != "read /etc/resolv.conf: not a regular file" || first.FilesSince == 0 {
			t.Fatalf("%q since %v", first.WhyFiles, first.FilesSince)
		}
		beats(30)
		if s := r.last.Load().Table.Services; s.WhyFiles != first.WhyFiles || s.FilesSince != first.FilesSince {
			t.Errorf("then %q since %v, first %v", s.WhyFiles, s.FilesSince, first.FilesSince)
		}
		if err := os.Remove(filepath.Join(root, "etc/resolv.conf")); err != nil {
			t.Fatal(err)
		}
		beats(30)
		if s := r.last.Load().Table.Services; s.WhyFiles != "" || s.FilesSince != 0 {
			t.Errorf("when it is not there: %q since %v", s.WhyFiles, s.FilesSince)
		}
	})
}
