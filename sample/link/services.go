package link

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hypervisor-tui/draw/clean"
	"hypervisor-tui/sample"
)

// cniDirs are where containerd looks for the network plugin's configuration; the first that has one counts.
var cniDirs = [...]string{"/var/lib/rancher/k3s/agent/etc/cni/net.d", "/etc/cni/net.d"}

const subnetEnv = "/run/flannel/subnet.env"

// services reads what the host's files say of its network.
func (w *Watcher) services() *sample.NetServices {
	n := &sample.NetServices{}
	resolv := small(filepath.Join(w.root, "/etc/resolv.conf"))
	n.Search = parseSearch(resolv)
	if stub := parseResolv(resolv); len(stub) == 1 && strings.HasPrefix(stub[0], "127.0.0.5") {
		n.Upstream = parseResolv(small(filepath.Join(w.root, "/run/systemd/resolve/resolv.conf")))
	}
	n.CNI, n.CNISource, n.WhyCNI = cni(w.root)
	n.PodCIDR, n.NodeCIDR = parseSubnet(small(filepath.Join(w.root, subnetEnv)))
	return n
}

// cni is the network plugin by its configuration, and the file that says so; else why it is not known.
func cni(root string) (name, source, why string) {
	why = "no configuration of a network plugin in " + strings.Join(cniDirs[:], ", ")
	for _, dir := range cniDirs {
		entries, err := os.ReadDir(filepath.Join(root, dir))
		if err != nil {
			if !os.IsNotExist(err) {
				why = clean.String("read " + dir + ": " + cause(err))
			}
			continue
		}
		for _, e := range entries { // by name: the first one counts
			file := filepath.Join(dir, e.Name())
			if !slices.Contains([]string{".conf", ".conflist", ".json"}, filepath.Ext(file)) {
				continue
			}
			if name := parseCNI(small(filepath.Join(root, file))); name != "" {
				return name, clean.String(file), ""
			}
			why = clean.String(file + " cannot be read or names no plugin")
		}
	}
	return "", "", why
}

func cause(err error) string {
	if e, ok := err.(*os.PathError); ok {
		return e.Err.Error()
	}
	return err.Error()
}

// parseCNI is the plugin that a configuration begins with: the first of a list, or the one of a single one.
//
// Format: github.com/containernetworking/cni, SPEC.md
func parseCNI(text []byte) string {
	var c struct {
		Type    string `json:"type"`
		Plugins []struct {
			Type string `json:"type"`
		} `json:"plugins"`
	}
	if json.Unmarshal(text, &c) != nil {
		return ""
	}
	if len(c.Plugins) > 0 {
		return clean.String(c.Plugins[0].Type)
	}
	return clean.String(c.Type)
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

// parseSubnet takes the cluster's and this node's addresses of pods from flannel's subnet.env.
func parseSubnet(text []byte) (network, subnet string) {
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), "=")
		switch key {
		case "FLANNEL_NETWORK":
			network = clean.String(value)
		case "FLANNEL_SUBNET":
			subnet = clean.String(value)
		}
	}
	return network, subnet
}
