package link

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strings"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/cni"
)

const subnetEnv = "/run/flannel/subnet.env"

// services reads what the host's files say of its network.
func (w *Watcher) services() *sample.NetServices {
	n := &sample.NetServices{}
	resolv := small(filepath.Join(w.root, "/etc/resolv.conf"))
	n.Search = parseSearch(resolv)
	if stub := parseResolv(resolv); len(stub) == 1 && strings.HasPrefix(stub[0], "127.0.0.5") {
		n.Upstream = parseResolv(small(filepath.Join(w.root, "/run/systemd/resolve/resolv.conf")))
	}
	n.CNI, n.CNISource, n.WhyCNI = cni.Read(w.root)
	n.PodCIDR, n.NodeCIDR = parseSubnet(small(filepath.Join(w.root, subnetEnv)))
	return n
}

// pluginLinks are the links that network plugins make on each node.
var pluginLinks = [...]struct{ prefix, plugin string }{
	{"flannel", "flannel"}, {"cilium_", "cilium"}, {"cali", "calico"}, {"vxlan.calico", "calico"}, {"antrea-", "antrea"},
	{"ovn-k8s-", "ovn-kubernetes"}, {"weave", "weave"}, {"kube-bridge", "kube-router"},
}

// pluginOf is the network plugin that a link's name gives away, empty when it does not.
func pluginOf(name string) string {
	for _, p := range pluginLinks {
		if strings.HasPrefix(name, p.prefix) {
			return p.plugin
		}
	}
	return ""
}

// parseSubnet takes the cluster's and this node's addresses of pods from flannel's subnet.env: of IPv4, of IPv6, or of both
// with a comma between.
//
// flannel: pkg/subnet/subnet.go, WriteSubnetFile.
func parseSubnet(text []byte) (network, subnet string) {
	var networks, subnets [2]string
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), "=")
		switch key {
		case "FLANNEL_NETWORK":
			networks[0] = clean.String(value)
		case "FLANNEL_IPV6_NETWORK":
			networks[1] = clean.String(value)
		case "FLANNEL_SUBNET":
			subnets[0] = clean.String(value)
		case "FLANNEL_IPV6_SUBNET":
			subnets[1] = clean.String(value)
		}
	}
	return strings.Trim(strings.Join(networks[:], ","), ","), strings.Trim(strings.Join(subnets[:], ","), ",")
}

func cause(err error) string {
	if e, ok := err.(*os.PathError); ok {
		return e.Err.Error()
	}
	return err.Error()
}
