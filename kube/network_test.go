package kube

import "testing"

func TestNetworkAndItsSources(t *testing.T) {
	server := func(args string) Node {
		return Node{Name: "hv-0", K3s: ParseK3sArgs(args), PodCIDRs: []string{"10.42.0.0/24"}}
	}
	agent := Node{Name: "hv-1", K3s: ParseK3sArgs(`["agent"]`), PodCIDRs: []string{"10.42.1.0/24"}, Flannel: "vxlan"}
	const source = "k3s args of hv-0"
	for _, c := range []struct {
		name  string
		nodes []Node
		cidrs []string
		place Place
		want  Network
	}{
		{"nothing known", nil, nil, Place{}, Network{}},
		{"an agent alone", []Node{agent}, nil, Place{}, Network{
			PodCIDR: Sourced{"10.42.1.0/24", "this node's share"}, CNI: Sourced{"flannel vxlan", "annotation of hv-1"}}},
		{"k3s as it comes", []Node{agent, server(`["server"]`)}, nil, Place{}, Network{
			PodCIDR: Sourced{"10.42.0.0/16", "k3s' default"}, ServiceCIDR: Sourced{"10.43.0.0/16", "k3s' default"},
			CNI: Sourced{"flannel vxlan", "annotation of hv-1"}, Policy: Sourced{"enforced", source}}},
		{"k3s with arguments", []Node{agent, server(`["server","--cluster-cidr=10.1.0.0/16","--cluster-cidr","fd00::/56","--service-cidr","10.2.0.0/16","--disable-network-policy","--token","********"]`)}, nil, Place{}, Network{
			PodCIDR: Sourced{"10.1.0.0/16,fd00::/56", source}, ServiceCIDR: Sourced{"10.2.0.0/16", source},
			CNI: Sourced{"flannel vxlan", "annotation of hv-1"}, Policy: Sourced{"not enforced", source}}},
		{"the API's own ranges", []Node{server(`["server","--service-cidr","10.2.0.0/16","--flannel-backend=host-gw"]`)}, []string{"10.3.0.0/16"}, Place{}, Network{
			PodCIDR: Sourced{"10.42.0.0/16", "k3s' default"}, ServiceCIDR: Sourced{"10.3.0.0/16", "ServiceCIDR"},
			CNI: Sourced{"flannel host-gw", source}, Policy: Sourced{"enforced", source}}},
		{"Cilium", []Node{{Name: "hv-1", CNI: "cilium"}}, nil, Place{}, Network{
			CNI: Sourced{"cilium", "annotation of hv-1"}, Policy: Sourced{"enforced", "CNI cilium"}}},
		{"by file", []Node{{Name: "hv-1"}}, nil, Place{Files: Files{CNI: "bridge", CNIPath: "/etc/cni/net.d/10.conflist"}}, Network{
			CNI: Sourced{"bridge", "/etc/cni/net.d/10.conflist"}}},
		{"k3s' configuration, when no node tells", nil, nil, Place{Files: Files{K3s: K3s{Server: true, PodCIDR: "10.9.0.0/16", NoPolicy: true}, K3sPath: "/etc/rancher/k3s/config.yaml"}}, Network{
			PodCIDR: Sourced{"10.9.0.0/16", "/etc/rancher/k3s/config.yaml"}, ServiceCIDR: Sourced{"10.43.0.0/16", "k3s' default"},
			Policy: Sourced{"not enforced", "/etc/rancher/k3s/config.yaml"}}},
	} {
		o := new(Objects)
		o.Nodes.Begin()
		o.Nodes.End()
		for _, n := range c.nodes {
			o.Nodes.Put(n.Name, n)
		}
		if c.cidrs != nil {
			o.ServiceCIDRs.Put("kubernetes", ServiceCIDR{c.cidrs})
		}
		c.place.Hostname = "hv-1"
		same(t, c.name, roll(o, &c.place).Network, c.want)
	}
}

func TestServiceCIDRsOfTheClusterComeFirst(t *testing.T) {
	o := new(Objects)
	o.ServiceCIDRs.Put("extra", ServiceCIDR{[]string{"10.8.0.0/16"}})
	o.ServiceCIDRs.Put("kubernetes", ServiceCIDR{[]string{"10.43.0.0/16", "fd00::/112"}})
	o.ServiceCIDRs.Put("zone", ServiceCIDR{[]string{"10.7.0.0/16"}})
	same(t, "ranges", roll(o, &Place{}).Network.ServiceCIDR.Value, "10.43.0.0/16,fd00::/112,10.8.0.0/16,10.7.0.0/16")
}

func TestK3sArguments(t *testing.T) {
	for _, bad := range []string{"", "server", "{}", "[]", "[1]", "null"} {
		if k := ParseK3sArgs(bad); k != nil {
			t.Errorf("%q is %+v", bad, k)
		}
	}
	same(t, "a flag without a value", *ParseK3sArgs(`["server","--flannel-backend","--disable-network-policy=false"]`), K3s{Server: true})
	same(t, "escapes", ParseK3sArgs(`["server","--flannel-backend","\u001b[31mred"]`).FlannelBackend, "red")
}

func TestCNIFiles(t *testing.T) {
	for text, want := range map[string]string{
		`{"name":"cbr0","plugins":[{"type":"flannel","delegate":{}},{"type":"portmap"}]}`: "flannel",
		`{"name":"lo","type":"loopback"}`:                                                 "loopback",
		`{"name":"k8s"}`:                                                                  "k8s",
		`{"plugins":[]}`:                                                                  "",
		`half`:                                                                            "",
	} {
		same(t, text, ParseCNI([]byte(text)), want)
	}
}
