// Package cni tells which network plugin the container runtime of this host uses, by the plugin's own files. Nothing here asks
// a cluster.
package cni

import (
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/sample/procfile"
)

// dirs are where containerd looks for the configuration; the first that has one counts.
var dirs = [...]string{"/var/lib/rancher/k3s/agent/etc/cni/net.d", "/var/lib/rancher/rke2/agent/etc/cni/net.d", "/etc/cni/net.d"}

// Read returns the name of the plugin and the file that says so, or why it is not known. Like the container runtimes it takes
// the first file by name; where that is Multus, it goes on to what Multus hands the pods' first network to. root is before
// every path: a test's tree, otherwise empty.
func Read(root string) (name, source, why string) {
	why = "no configuration of a network plugin in " + strings.Join(dirs[:], ", ")
	for _, dir := range dirs {
		entries, err := os.ReadDir(filepath.Join(root, dir))
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				why = clean.String("read " + dir + ": " + procfile.Cause(err).Error())
			}
			continue
		}
		var files []string
		for _, e := range entries { // by name
			if slices.Contains([]string{".conf", ".conflist", ".json"}, filepath.Ext(e.Name())) {
				files = append(files, e.Name())
			}
		}
		if name, file := first(filepath.Join(root, dir), files); name != "" {
			return name, clean.String(filepath.Join(dir, file)), ""
		}
		if len(files) > 0 {
			why = clean.String(filepath.Join(dir, files[len(files)-1]) + " cannot be read or names no plugin")
		}
	}
	return "", "", why
}

// first returns the plugin of the first file that names one, and that file.
func first(dir string, files []string) (name, file string) {
	multus := ""
	for i := 0; i < len(files); i++ {
		c := parse(procfile.Small(filepath.Join(dir, files[i])))
		switch plugin := c.plugin(); {
		case plugin == "":
		case !isMultus(plugin):
			return named(plugin, files[i]), files[i]
		case len(c.Delegates) > 0 && !isMultus(cmp.Or(c.Delegates[0].plugin(), "multus")):
			return clean.String(c.Delegates[0].plugin()), files[i]
		default:
			multus = cmp.Or(multus, files[i])
			if next := filepath.Base(c.Network); slices.Contains(files[i+1:], next) {
				i = slices.Index(files, next) - 1
			}
		}
	}
	if multus != "" {
		return "multus", multus
	}
	return "", ""
}

func isMultus(plugin string) bool { return plugin == "multus" || plugin == "multus-shim" }

// named is what a plugin is called. Canal is Calico's plugin on Flannel's network; only its file is called so.
func named(plugin, file string) string {
	if plugin == "calico" && strings.Contains(file, "canal") {
		return "canal"
	}
	return clean.String(plugin)
}

// config is what is used of a configuration, of one plugin or of several.
//
// CNI specification, section 1; Multus: docs/configuration.md.
type config struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Plugins []struct {
		Type string `json:"type"`
	} `json:"plugins"`
	Delegates []config `json:"delegates"`
	Network   string   `json:"clusterNetwork"` // a file's path, as the container of Multus has it
}

// plugin is the one that the configuration begins with, empty without one.
func (c *config) plugin() string {
	if len(c.Plugins) > 0 {
		return c.Plugins[0].Type
	}
	return cmp.Or(c.Type, c.Name)
}

// parse takes what is no configuration as an empty one.
func parse(text []byte) (c config) {
	if json.Unmarshal(text, &c) != nil {
		return config{}
	}
	return c
}
