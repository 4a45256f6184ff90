package kube

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"hypervisor-tui/draw/clean"
)

// Files is what this host's own files say of the cluster's network.
type Files struct {
	CNI     string // name or type of the first configuration that the container runtime would take; empty: not known
	CNIPath string
	K3s     K3s    // k3s' configuration
	K3sPath string // empty: there is none, or it cannot be read
}

// network says how the cluster's network is set up, from the surest source to the least. k3s' defaults hold when a
// server's arguments are known and do not say otherwise.
func (o *Objects) network(n *Network, here *Node, p *Place) {
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
		return here.K3s, "k3s args of " + here.Name
	}
	var found *K3s
	first := ""
	for name, r := range o.Nodes.rows {
		if k := r.object.K3s; k != nil && k.Server && (found == nil || name < first) {
			found, first = k, name
		}
	}
	return found, "k3s args of " + first
}

func podCIDR(server *K3s, source string, here *Node) Sourced {
	switch {
	case server != nil && server.PodCIDR != "":
		return Sourced{server.PodCIDR, source}
	case server != nil:
		return Sourced{"10.42.0.0/16", "k3s' default"}
	case here != nil && len(here.PodCIDRs) > 0:
		return Sourced{strings.Join(here.PodCIDRs, ","), "this node's share"}
	}
	return Sourced{}
}

// serviceCIDR asks the object named kubernetes, which the API server keeps as it was started; others come on top.
func (o *Objects) serviceCIDR(server *K3s, source string) Sourced {
	var cidrs []string
	for _, name := range slices.Sorted(keys(&o.ServiceCIDRs)) {
		if name == "kubernetes" {
			cidrs = append(slices.Clone(o.ServiceCIDRs.rows[name].object.CIDRs), cidrs...)
		} else {
			cidrs = append(cidrs, o.ServiceCIDRs.rows[name].object.CIDRs...)
		}
		if len(cidrs) > MaxNames {
			break
		}
	}
	switch {
	case len(cidrs) > 0:
		return Sourced{strings.Join(cidrs, ","), "ServiceCIDR"}
	case server != nil && server.ServiceCIDR != "":
		return Sourced{server.ServiceCIDR, source}
	case server != nil:
		return Sourced{"10.43.0.0/16", "k3s' default"}
	}
	return Sourced{}
}

func cni(server *K3s, source string, here *Node, p *Place) Sourced {
	switch {
	case here != nil && here.CNI != "":
		return Sourced{here.CNI, "annotation of " + here.Name}
	case here != nil && here.Flannel != "":
		return Sourced{"flannel " + here.Flannel, "annotation of " + here.Name}
	case p.Files.CNI != "":
		return Sourced{p.Files.CNI, p.Files.CNIPath}
	case server != nil && server.FlannelBackend != "" && server.FlannelBackend != "none":
		return Sourced{"flannel " + server.FlannelBackend, source}
	}
	return Sourced{}
}

// policy says whether something makes NetworkPolicies true. k3s brings a controller for them unless told not to;
// Calico and Cilium are their own; flannel alone has none. Rules that a controller left behind prove nothing.
func policy(server *K3s, source string, cni Sourced) Sourced {
	const enforced, not = "enforced", "not enforced"
	name, _, _ := strings.Cut(cni.Value, " ")
	switch {
	case name == "calico" || name == "cilium":
		return Sourced{enforced, "CNI " + name}
	case server != nil && server.NoPolicy:
		return Sourced{not, source}
	case server != nil:
		return Sourced{enforced, source}
	}
	return Sourced{}
}

// ParseK3sArgs reads the annotation k3s.io/node-args: a JSON list of the command line, with what its configuration file
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

// ParseCNI returns what a CNI configuration calls itself: the type of its first plugin. Empty: text is no such
// configuration.
//
// CNI specification, section 1: network configuration format.
func ParseCNI(text []byte) string {
	var c struct {
		Name    string `json:"name"`
		Type    string `json:"type"`
		Plugins []struct {
			Type string `json:"type"`
		} `json:"plugins"`
	}
	if json.Unmarshal(text, &c) != nil {
		return ""
	}
	if c.Type == "" && len(c.Plugins) > 0 {
		c.Type = c.Plugins[0].Type
	}
	return clean.String(cmp.Or(c.Type, c.Name))
}
