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
		place NodeIdentity
		want  Network
	}{
		{"nothing known", nil, nil, NodeIdentity{}, Network{}},
		{"an agent alone", []Node{agent}, nil, NodeIdentity{}, Network{
			PodCIDR: Sourced{"10.42.1.0/24", "this node's share"}, CNI: Sourced{"flannel vxlan", "annotation of hv-1"}}},
		{"k3s as it comes", []Node{agent, server(`["server"]`)}, nil, NodeIdentity{}, Network{
			PodCIDR: Sourced{"10.42.0.0/16", "k3s' default"}, ServiceCIDR: Sourced{"10.43.0.0/16", "k3s' default"},
			CNI: Sourced{"flannel vxlan", "annotation of hv-1"}, Policy: Sourced{"enforced", source}}},
		{"k3s with arguments", []Node{agent, server(`["server","--cluster-cidr=10.1.0.0/16","--cluster-cidr","fd00::/56","--service-cidr","10.2.0.0/16","--disable-network-policy","--token","********"]`)}, nil, NodeIdentity{}, Network{
			PodCIDR: Sourced{"10.1.0.0/16,fd00::/56", source}, ServiceCIDR: Sourced{"10.2.0.0/16", source},
			CNI: Sourced{"flannel vxlan", "annotation of hv-1"}, Policy: Sourced{"not enforced", source}}},
		{"the API's own ranges", []Node{server(`["server","--service-cidr","10.2.0.0/16","--flannel-backend=host-gw"]`)}, []string{"10.3.0.0/16"}, NodeIdentity{}, Network{
			PodCIDR: Sourced{"10.42.0.0/16", "k3s' default"}, ServiceCIDR: Sourced{"10.3.0.0/16", "ServiceCIDR"},
			CNI: Sourced{"flannel host-gw", source}, Policy: Sourced{"enforced", source}}},
		{"Cilium", []Node{{Name: "hv-1", CNI: "cilium"}}, nil, NodeIdentity{}, Network{
			CNI: Sourced{"cilium", "annotation of hv-1"}, Policy: Sourced{"enforced", "CNI cilium"}}},
		{"by file", []Node{{Name: "hv-1"}}, nil, NodeIdentity{Files: Files{CNI: "bridge", CNIPath: "/etc/cni/net.d/10.conflist"}}, Network{
			CNI: Sourced{"bridge", "/etc/cni/net.d/10.conflist"}}},
		{"k3s' configuration, when no node tells", nil, nil, NodeIdentity{Files: Files{K3s: K3s{Server: true, PodCIDR: "10.9.0.0/16", NoPolicy: true}, K3sPath: "/etc/rancher/k3s/config.yaml"}}, Network{
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
	same(t, "ranges", roll(o, &NodeIdentity{}).Network.ServiceCIDR.Value, "10.43.0.0/16,fd00::/112,10.8.0.0/16,10.7.0.0/16")
}

func TestK3sArguments(t *testing.T) {
	for _, bad := range []string{"", "server", "{}", "[]", "[1]", "null"} {
		if k := ParseK3sArgs(bad); k != nil {
			t.Errorf("%q is %+v", bad, k)
		}
	}
	same(t, "a flag without a value", *ParseK3sArgs(`["server","--flannel-backend","--disable-network-policy=false"]`), K3s{Server: true})
	same(t, "escapes", ParseK3sArgs(`["server","--flannel-backend","\u001b[31mred"]`).FlannelBackend, "\ufffdred")
}

// TestB13RKE2: its own controller for NetworkPolicies is off, so that they are as its network plugin has it.
func TestB13RKE2(t *testing.T) {
	rke2 := func(name string, args ...string) Node {
		k := &K3s{Server: true, RKE2: true}
		for _, a := range args {
			k.Set("cni", a)
		}
		return Node{Name: name, K3s: k}
	}
	const source = "RKE2 args of hv-1"
	for _, c := range []struct {
		name        string
		node        Node
		flannel     string // from the annotation of flannel, as is the next from those of others
		cni         string
		files       Files
		want        Sourced
		policy, why string
	}{
		{"flannel", rke2("hv-1", "flannel"), "vxlan", "", Files{}, Sourced{"flannel vxlan", "annotation of hv-1"}, "not enforced", "CNI flannel of RKE2"},
		{"canal, as it comes", rke2("hv-1"), "", "", Files{}, Sourced{"canal", source}, "enforced", "CNI canal"},
		{"canal with both annotations", rke2("hv-1", "canal"), "vxlan", "calico", Files{}, Sourced{"canal vxlan", "annotations of hv-1"}, "enforced", "CNI canal"},
		{"canal with flannel's", rke2("hv-1"), "wireguard", "", Files{}, Sourced{"canal wireguard", "annotation of hv-1"}, "enforced", "CNI canal"},
		{"canal behind Multus", rke2("hv-1", "multus,canal"), "", "calico", Files{}, Sourced{"canal", source}, "enforced", "CNI canal"},
		{"Cilium behind Multus", rke2("hv-1", "multus", "cilium"), "", "", Files{}, Sourced{"cilium", source}, "enforced", "CNI cilium"},
		{"Calico", rke2("hv-1", "calico"), "", "calico", Files{}, Sourced{"calico", "annotation of hv-1"}, "enforced", "CNI calico"},
		{"none of its own", rke2("hv-1", "none"), "", "", Files{}, Sourced{}, "", ""},
		{"one of another name", rke2("hv-1", "none"), "", "", Files{CNI: "bridge", CNIPath: "/etc/x"}, Sourced{"bridge", "/etc/x"}, "", ""},
		{"canal by its file, without arguments", Node{Name: "hv-1"}, "vxlan", "", Files{CNI: "canal", CNIPath: "/etc/x"}, Sourced{"canal vxlan", "annotation of hv-1"}, "enforced", "CNI canal"},
	} {
		o := new(Objects)
		c.node.Flannel, c.node.CNI = c.flannel, c.cni
		o.Nodes.Put("hv-1", c.node)
		n := roll(o, &NodeIdentity{Hostname: "hv-1", Files: c.files}).Network
		same(t, c.name, n.CNI, c.want)
		same(t, c.name+": policy", n.Policy, Sourced{c.policy, c.why})
		if c.node.K3s != nil && n.PodCIDR.Source != "RKE2's default" {
			t.Errorf("%s: pods by %+v", c.name, n.PodCIDR)
		}
	}
}
