package frame

import (
	"fmt"
	"testing"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample"
)

// host builds a Net: each interface is its name and its addresses; v6 and link-local ones tell themselves.
func host(gateways []sample.Gateway, links ...[]string) *sample.Net {
	n := &sample.Net{Gateways: gateways}
	for _, l := range links {
		n.Interfaces = append(n.Interfaces, &sample.Interface{Link: &sample.Link{Name: l[0], FirstAddress: len(n.Addresses), AddressCount: len(l) - 1, SharedAttrs: &sample.SharedAttrs{}}})
		for _, cidr := range l[1:] {
			a := sample.Address{CIDR: cidr, Scope: "global"}
			for _, r := range cidr {
				a.IPv6 = a.IPv6 || r == ':'
			}
			switch cidr[:3] {
			case "127", "::1":
				a.Scope = "host"
			case "fe8", "169":
				a.Scope = "link"
			}
			n.Addresses = append(n.Addresses, a)
		}
	}
	return n
}

func TestPrimaryAddress(t *testing.T) {
	lo := []string{"lo", "127.0.0.1/8", "::1/128"}
	v4 := func(name string, metric int) sample.Gateway {
		return sample.Gateway{Family: 4, Address: "10.0.0.1", Interface: name, Metric: metric, Table: sample.MainTable}
	}
	v6 := func(name string, metric int) sample.Gateway {
		return sample.Gateway{Family: 6, Address: "fe80::1", Interface: name, Metric: metric, Table: sample.MainTable}
	}
	down := func(g sample.Gateway) sample.Gateway {
		g.LinkDown = true
		return g
	}
	lit := func(n *sample.Net, name string) *sample.Net {
		l := Link(n, name)
		l.SharedAttrs = &sample.SharedAttrs{Physical: true, AdminUp: true, Carrier: true}
		return n
	}
	hundred := []string{"eth0"}
	for i := range 100 {
		hundred = append(hundred, fmt.Sprintf("10.9.%d.1/24", i))
	}
	for _, c := range []struct {
		name          string
		n             *sample.Net
		address, link string
	}{
		{"nothing", host(nil), "", ""},
		{"loopback only", host(nil, lo), "", ""},
		{"link-local only", host(nil, lo, []string{"eth0", "fe80::5/64", "169.254.3.4/16"}), "", ""},
		{"one", host([]sample.Gateway{v4("eth0", 0)}, lo, []string{"eth0", "10.0.0.11/24"}), "10.0.0.11", "eth0"},
		{"no default route", host(nil, lo, []string{"eth0", "10.0.0.11/24"}, []string{"eth1", "10.0.1.11/24"}), "10.0.0.11", "eth0"},
		{"the route's interface", host([]sample.Gateway{v4("eth1", 0)}, lo, []string{"eth0", "10.0.0.11/24"}, []string{"eth1", "10.0.1.11/24"}), "10.0.1.11", "eth1"},
		{"lowest metric", host([]sample.Gateway{v4("eth0", 200), v4("eth1", 100), v4("eth0", 300)}, []string{"eth0", "10.0.0.11/24"}, []string{"eth1", "10.0.1.11/24"}), "10.0.1.11", "eth1"},
		{"IPv4 before IPv6", host([]sample.Gateway{v6("eth1", 1), v4("eth0", 1000)}, []string{"eth0", "fd00::1/64", "10.0.0.11/24"}, []string{"eth1", "fd00::2/64"}), "10.0.0.11", "eth0"},
		{"IPv6 only", host([]sample.Gateway{v6("eth0", 1024)}, lo, []string{"eth0", "fe80::5/64", "fd00::7/64"}), "fd00::7", "eth0"},
		{"IPv6 route, both families", host([]sample.Gateway{v6("eth0", 1)}, []string{"eth0", "10.0.0.11/24", "fd00::7/64"}), "fd00::7", "eth0"},
		{"IPv4 route over an IPv6 interface", host([]sample.Gateway{v4("eth0", 1)}, []string{"eth0", "fd00::7/64"}), "fd00::7", "eth0"},
		{"the route's interface has none", host([]sample.Gateway{v4("wg0", 1)}, []string{"wg0"}, []string{"eth0", "10.0.0.11/24"}), "10.0.0.11", "eth0"},
		{"the route's interface is gone", host([]sample.Gateway{v4("gone", 1)}, []string{"eth0", "10.0.0.11/24"}), "10.0.0.11", "eth0"},
		{"B14 the first route has no carrier", host([]sample.Gateway{down(v4("eth0", 1)), v4("eth1", 100)}, []string{"eth0", "10.0.0.11/24"}, []string{"eth1", "10.0.1.11/24"}), "10.0.1.11", "eth1"},
		{"B14 IPv6 has one", host([]sample.Gateway{down(v4("eth0", 1)), v6("eth1", 100)}, []string{"eth0", "10.0.0.11/24"}, []string{"eth1", "fd00::7/64"}), "fd00::7", "eth1"},
		{"B14 no route has one, but a cable", lit(host([]sample.Gateway{down(v4("eth0", 1))}, []string{"eth0", "10.0.0.11/24"}, []string{"eth1", "10.0.1.11/24"}), "eth1"), "10.0.1.11", "eth1"},
		{"B14 nothing has one", host([]sample.Gateway{down(v4("eth1", 1))}, []string{"eth0", "10.0.0.11/24"}, []string{"eth1", "10.0.1.11/24"}), "10.0.1.11", "eth1"},
		{"a route of another table", host([]sample.Gateway{{Family: 4, Interface: "eth1", Table: 100}, v4("eth0", 1)}, []string{"eth0", "10.0.0.11/24"}, []string{"eth1", "10.0.1.11/24"}), "10.0.0.11", "eth0"},
		{"100 addresses", host([]sample.Gateway{v4("eth0", 1)}, lo, hundred), "10.9.0.1", "eth0"},
		{"without a prefix", host(nil, []string{"eth0", "10.0.0.11"}), "10.0.0.11", "eth0"},
	} {
		if address, link := PrimaryAddress(c.n); address != c.address || link != c.link {
			t.Errorf("%s: %q on %q, want %q on %q", c.name, address, link, c.address, c.link)
		}
	}
}

func TestGatherSources(t *testing.T) {
	f := wellFrame()
	f.Kube.Kubeconfig = "/etc/rancher/k3s/k3s.yaml"
	f.Host.Health[sample.Stat] = health.Health{State: health.Failed, Err: "no"}
	got := f.sources(nil, &f.Snapshot)
	names := map[string]Source{}
	for _, s := range got {
		if _, twice := names[s.Name]; twice || s.Name == "" {
			t.Errorf("a source without a name of its own: %+v", s)
		}
		names[s.Name] = s
	}
	for i, name := range sampleNames {
		if got[i].Name != name || got[i].Detail == "" {
			t.Errorf("source %d of the host: %+v, want %q and what it reads", i, got[i], name)
		}
	}
	if s := names["cpu"]; s.Health.Err != "no" {
		t.Errorf("cpu: %+v", s)
	}
	if s := names["journalctl"]; s.Health.State != health.OK {
		t.Errorf("the log's source: %+v", s)
	}
	if s := names["kubernetes"]; s.Health.State != health.Absent || s.Detail != f.Kube.Kubeconfig {
		t.Errorf("kubernetes: %+v", s)
	}
	again := new(Tracker).sources(got, new(Snapshot))
	if len(again) != len(got)-1 || &again[0] != &got[0] {
		t.Error("all but the log's source should be listed before the first sample, in the same memory")
	}
	for i := range again {
		if again[i].Health.State != health.Init {
			t.Errorf("%s is %v before the first sample", again[i].Name, again[i].Health.State)
		}
	}
}
