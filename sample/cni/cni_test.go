package cni

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// tree is a root directory with files in it.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// TestB13NetworkPlugin: the first file by name, what Multus hands on to, and what is only named by its file.
func TestB13NetworkPlugin(t *testing.T) {
	const (
		k3s, rke2, etc = "var/lib/rancher/k3s/agent/etc/cni/net.d/", "var/lib/rancher/rke2/agent/etc/cni/net.d/", "etc/cni/net.d/"
		flannel        = `{"name":"cbr0","cniVersion":"1.0.0","plugins":[{"type":"flannel","delegate":{}},{"type":"portmap"}]}`
		calico         = `{"name":"k8s-pod-network","plugins":[{"type":"calico"},{"type":"bandwidth"}]}`
		cilium         = `{"plugins":[{"type":"cilium-cni"}]}`
		none           = "no configuration of a network plugin in /var/lib/rancher/k3s/agent/etc/cni/net.d, /var/lib/rancher/rke2/agent/etc/cni/net.d, /etc/cni/net.d"
	)
	for name, c := range map[string]struct {
		files             map[string]string
		cni, source, whys string
	}{
		"none":              {nil, "", "", none},
		"k3s":               {map[string]string{k3s + "10-flannel.conflist": flannel, etc + "00-x.conf": `{"type":"bridge"}`}, "flannel", "/" + k3s + "10-flannel.conflist", ""},
		"RKE2":              {map[string]string{rke2 + "05-cilium.conflist": cilium}, "cilium-cni", "/" + rke2 + "05-cilium.conflist", ""},
		"the first by name": {map[string]string{etc + "10-calico.conflist": calico, etc + "20-flannel.conflist": flannel, etc + "00-a.bak": "{}"}, "calico", "/" + etc + "10-calico.conflist", ""},
		"canal":             {map[string]string{etc + "10-canal.conflist": calico}, "canal", "/" + etc + "10-canal.conflist", ""},
		"multus, by itself": {map[string]string{etc + "00-multus.conf": `{"type":"multus"}`}, "multus", "/" + etc + "00-multus.conf", ""},
		"multus' delegate": {map[string]string{etc + "00-multus.conf": `{"type":"multus","delegates":[{"name":"a","plugins":[{"type":"flannel"}]},{"type":"calico"}]}`, etc + "10-x.conflist": cilium},
			"flannel", "/" + etc + "00-multus.conf", ""},
		"multus-shim, a file": {map[string]string{etc + "00-multus.conf": `{"type":"multus-shim","clusterNetwork":"/host/etc/cni/net.d/20-flannel.conflist"}`, etc + "10-calico.conflist": calico, etc + "20-flannel.conflist": flannel},
			"flannel", "/" + etc + "20-flannel.conflist", ""},
		"multus-shim, by itself": {map[string]string{etc + "00-multus.conf": `{"type":"multus-shim"}`, etc + "10-canal.conflist": calico}, "canal", "/" + etc + "10-canal.conflist", ""},
		"multus-shim, no such":   {map[string]string{etc + "00-multus.conf": `{"type":"multus-shim","clusterNetwork":"/host/nowhere.conflist"}`}, "multus", "/" + etc + "00-multus.conf", ""},
		"multus of multus":       {map[string]string{etc + "00-multus.conf": `{"type":"multus","delegates":[{"type":"multus"}]}`, etc + "10-flannel.conflist": flannel}, "flannel", "/" + etc + "10-flannel.conflist", ""},
		"multus, an odd one":     {map[string]string{etc + "00-multus.conf": `{"type":"multus","delegates":[{}]}`, etc + "10-flannel.conflist": flannel}, "flannel", "/" + etc + "10-flannel.conflist", ""},
		"as JSON":                {map[string]string{etc + "1.json": cilium}, "cilium-cni", "/" + etc + "1.json", ""},
		"its name alone":         {map[string]string{etc + "1.conf": `{"name":"k8s"}`}, "k8s", "/" + etc + "1.conf", ""},
		"broken":                 {map[string]string{etc + "1.conf": "{"}, "", "", "/" + etc + "1.conf cannot be read or names no plugin"},
		"broken, and another":    {map[string]string{etc + "1.conf": "[]", etc + "2.conf": cilium}, "cilium-cni", "/" + etc + "2.conf", ""},
		"hostile":                {map[string]string{etc + "1.conf": "{\"type\":\"\\u001b[31mred\"}"}, "\ufffdred", "/" + etc + "1.conf", ""},
	} {
		cni, source, why := Read(tree(t, c.files))
		if cni != c.cni || source != c.source || why != c.whys {
			t.Errorf("%s: got %q, %q, %q", name, cni, source, why)
		}
	}
	root := tree(t, map[string]string{etc + "2.conf": cilium})
	if err := syscall.Mkfifo(filepath.Join(root, etc, "1.conf"), 0o644); err != nil {
		t.Skip("no FIFO here:", err)
	}
	if cni, _, _ := Read(root); cni != "cilium-cni" {
		t.Errorf("behind a FIFO: %q", cni)
	}
}
