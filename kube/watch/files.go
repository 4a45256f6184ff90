package watch

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"

	"gopkg.in/yaml.v3"

	"hypervisor-tui/draw/clean"
	"hypervisor-tui/kube"
)

// here reads what tells this host from others, and what its own files say of the cluster's network. What cannot be
// read is not known.
func (w *Watcher) here() kube.Place {
	root := w.o.Find.Root
	name, _ := w.o.Hostname()
	id, _ := read(filepath.Join(root, "/etc/machine-id"))
	p := kube.Place{Hostname: clean.String(name), MachineID: clean.String(string(bytes.TrimSpace(id)))}
	p.Files.CNI, p.Files.CNIPath = readCNI(root)
	p.Files.K3s, p.Files.K3sPath = readK3s(root)
	return p
}

// readCNI reads the first configuration by name, as the container runtimes do.
func readCNI(root string) (name, path string) {
	for _, dir := range []string{"/var/lib/rancher/k3s/agent/etc/cni/net.d", "/var/lib/rancher/rke2/agent/etc/cni/net.d", "/etc/cni/net.d"} {
		var files []string
		for _, pattern := range []string{"*.conf", "*.conflist", "*.json"} {
			found, _ := filepath.Glob(filepath.Join(root, dir, pattern)) // fails on a bad pattern only
			files = append(files, found...)
		}
		slices.Sort(files)
		for _, file := range files {
			if text, err := read(file); err == nil {
				if name := kube.ParseCNI(text); name != "" {
					return name, clean.String(filepath.Join(dir, filepath.Base(file)))
				}
			}
		}
	}
	return "", ""
}

// readK3s reads the configuration of a k3s or RKE2 server; an agent has one without what concerns the network.
func readK3s(root string) (kube.K3s, string) {
	for _, path := range []string{"/etc/rancher/k3s/config.yaml", "/etc/rancher/rke2/config.yaml"} {
		text, err := read(filepath.Join(root, path))
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
		k.Server = k.PodCIDR != "" || k.ServiceCIDR != "" || k.FlannelBackend != "" || k.NoPolicy
		return k, path
	}
	return kube.K3s{}, ""
}
