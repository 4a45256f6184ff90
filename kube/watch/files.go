package watch

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample/cni"
)

// here reads what tells this host from others, and what its own files say of the cluster's network. What cannot be
// read is not known.
func (w *Watcher) here() kube.NodeIdentity {
	root := w.o.Find.Root
	name, _ := w.o.Hostname()
	id, _ := read(filepath.Join(root, "/etc/machine-id"), nobody)
	p := kube.NodeIdentity{Hostname: clean.String(name), MachineID: clean.String(string(bytes.TrimSpace(id)))}
	p.Files.CNI, p.Files.CNIPath, _ = cni.Read(root) // the network page says why it is not known
	p.Files.K3s, p.Files.K3sPath = readK3s(root)
	return p
}

// readK3s reads the configuration of a k3s or RKE2 server; an agent has one without what concerns the network.
func readK3s(root string) (kube.K3s, string) {
	for _, path := range []string{"/etc/rancher/k3s/config.yaml", "/etc/rancher/rke2/config.yaml"} {
		text, err := read(filepath.Join(root, path), nobody)
		if err != nil {
			continue
		}
		var settings map[string]any
		if yaml.Unmarshal(text, &settings) != nil || settings == nil {
			continue
		}
		var k kube.K3s
		for name, value := range settings {
			values, several := value.([]any)
			if !several {
				values = []any{value}
			}
			for _, v := range values {
				k.Set(name, fmt.Sprint(v))
			}
		}
		k.Server = k.PodCIDR != "" || k.ServiceCIDR != "" || k.FlannelBackend != "" || k.NoPolicy || k.CNI != ""
		k.RKE2 = strings.Contains(path, "rke2")
		return k, path
	}
	return kube.K3s{}, ""
}

// nobody ignores the names of files that are read.
func nobody(string) {}
