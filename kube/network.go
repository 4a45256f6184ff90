package kube

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"hypervisor-tui/internal/clean"
)

// Files is what this host's own files say of the cluster's network.
type Files struct {
	CNI     string // name or type of the first configuration that the container runtime would take; empty: not known
	CNIPath string
	K3s     K3s    // k3s' configuration
	K3sPath string // empty: none that can be read
}

// network says how the cluster's network is set up, from the surest source to the least. k3s' defaults hold when a
// server's arguments are known and do not say otherwise.
func (o *Objects) network(n *Network, here *Node, p *NodeIdentity) {
	server, source := o.k3sServer(here)
	if server == nil && p.Files.K3s.Server {
		server, source = &p.Files.K3s, p.Files.K3sPath
	}
	n.PodCIDR = podCIDR(server, source, here)
	n.ServiceCIDR = o.serviceCIDR(server, source)
	n.CNI = cni(server, source, here, p)
	n.Policy = policy(server, source, n.CNI)
}

// k3sServer returns the arguments of a k3s server: of this node when it is one, else of the first by name.
func (o *Objects) k3sServer(here *Node) (*K3s, string) {
	if here != nil && here.K3s != nil && here.K3s.Server {
		return here.K3s, here.K3s.name() + " args of " + here.Name
	}
	var found *K3s
	first := ""
	for name, r := range o.Nodes.rows {
		if k := r.object.K3s; k != nil && k.Server && (found == nil || name < first) {
			found, first = k, name
		}
	}
	if found == nil {
		return nil, ""
	}
	return found, found.name() + " args of " + first
}

// byDefault is the source of what no argument says.
func (k *K3s) byDefault() string {
	if k.RKE2 {
		return "RKE2's default"
	}
	return "k3s' default"
}

func (k *K3s) name() string {
	if k.RKE2 {
		return "RKE2"
	}
	return "k3s"
}

func podCIDR(server *K3s, source string, here *Node) Sourced {
	switch {
	case server != nil && server.PodCIDR != "":
		return Sourced{server.PodCIDR, source}
	case server != nil:
		return Sourced{"10.42.0.0/16", server.byDefault()}
	case here != nil && len(here.PodCIDRs) > 0:
		return Sourced{strings.Join(here.PodCIDRs, ","), "this node's share"}
	}
	return Sourced{}
}

// serviceCIDR asks the object named kubernetes, which the API server keeps as it was started; others come on top.
func (o *Objects) serviceCIDR(server *K3s, source string) Sourced {
	names := top[string]{n: MaxNames, compare: func(a, b *string) int {
		return cmp.Or(before(*a == "kubernetes", *b == "kubernetes"), strings.Compare(*a, *b))
	}}
	for name := range o.ServiceCIDRs.rows {
		names.add(name)
	}
	var cidrs []string
	for _, name := range names.first() {
		if cidrs = append(cidrs, o.ServiceCIDRs.rows[name].object.CIDRs...); len(cidrs) > MaxNames {
			break
		}
	}
	switch {
	case len(cidrs) > 0:
		return Sourced{strings.Join(cidrs, ","), "ServiceCIDR"}
	case server != nil && server.ServiceCIDR != "":
		return Sourced{server.ServiceCIDR, source}
	case server != nil:
		return Sourced{"10.43.0.0/16", server.byDefault()}
	}
	return Sourced{}
}

// cni names the network plugin. Canal is Calico on Flannel's network: its node has the annotations of both, and RKE2, whose
// default it is, names it in its arguments.
func cni(server *K3s, source string, here *Node, p *NodeIdentity) Sourced {
	rke2 := ""
	if server != nil && server.RKE2 {
		rke2 = cmp.Or(server.CNI, "canal")
	}
	switch {
	case here != nil && here.CNI == "calico" && here.Flannel != "":
		return Sourced{"canal " + here.Flannel, "annotations of " + here.Name}
	case here != nil && here.CNI == "calico" && rke2 == "canal":
		return Sourced{rke2, source}
	case here != nil && here.CNI != "":
		return Sourced{here.CNI, "annotation of " + here.Name}
	case here != nil && here.Flannel != "" && (rke2 == "canal" || p.Files.CNI == "canal"):
		return Sourced{"canal " + here.Flannel, "annotation of " + here.Name}
	case here != nil && here.Flannel != "":
		return Sourced{"flannel " + here.Flannel, "annotation of " + here.Name}
	case p.Files.CNI != "":
		return Sourced{p.Files.CNI, p.Files.CNIPath}
	case rke2 != "" && rke2 != "none":
		return Sourced{rke2, source}
	case server != nil && !server.RKE2 && server.FlannelBackend != "" && server.FlannelBackend != "none":
		return Sourced{"flannel " + server.FlannelBackend, source}
	}
	return Sourced{}
}

// enforcing are the plugins that make NetworkPolicies true themselves, by name or by the type of their plugin.
var enforcing = [...]string{"calico", "canal", "cilium", "cilium-cni", "antrea", "kube-router", "kube-ovn", "ovn-k8s-cni-overlay", "weave-net"}

// policy reports whether something makes NetworkPolicies true. k3s brings a controller for them unless told not to, RKE2
// switches that off and leaves them to its network plugin; flannel alone has none. Of another plugin nobody here knows. Rules
// that a controller left behind prove nothing.
//
// RKE2: pkg/cli/defaults/defaults.go.
func policy(server *K3s, source string, cni Sourced) Sourced {
	const enforced, not = "enforced", "not enforced"
	name, _, _ := strings.Cut(cni.Value, " ")
	switch {
	case slices.Contains(enforcing[:], name):
		return Sourced{enforced, "CNI " + name}
	case server != nil && server.RKE2 && name == "flannel":
		return Sourced{not, "CNI " + name + " of RKE2"}
	case server != nil && server.RKE2:
	case server != nil && server.NoPolicy:
		return Sourced{not, source}
	case server != nil:
		return Sourced{enforced, source}
	}
	return Sourced{}
}

// ParseK3sArgs reads the annotation k3s.io/node-args or rke2.io/node-args: a JSON list of the command line, with what its configuration file
// says put in. It returns nil when text is no such list.
func ParseK3sArgs(text string) *K3s {
	var args []string
	if json.Unmarshal([]byte(text), &args) != nil || len(args) == 0 {
		return nil
	}
	k := &K3s{Server: args[0] == "server"}
	for i := 1; i < len(args); i++ {
		name, value, glued := strings.Cut(args[i], "=")
		if !glued && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
			value = args[i+1]
		}
		k.Set(strings.TrimLeft(name, "-"), value)
	}
	return k
}

// Set takes one setting of k3s, as its command line or its configuration file names it. Repeated CIDRs add up.
func (k *K3s) Set(name, value string) {
	value = clean.String(value)
	switch name {
	case "cluster-cidr":
		k.PodCIDR = join(k.PodCIDR, value)
	case "service-cidr":
		k.ServiceCIDR = join(k.ServiceCIDR, value)
	case "flannel-backend":
		k.FlannelBackend = value
	case "cni":
		for name := range strings.SplitSeq(value, ",") {
			if name = strings.TrimSpace(name); name != "multus" {
				k.CNI = cmp.Or(k.CNI, name)
			}
		}
	case "disable-network-policy":
		k.NoPolicy = cmp.Or(value, "true") == "true"
	}
}

func join(list, value string) string {
	if list == "" || value == "" {
		return list + value
	}
	return list + "," + value
}
