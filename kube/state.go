// Package kube is what this program knows of the cluster: pure types that the screens draw. This version finds the
// kubeconfig and does not read the cluster.
package kube

import "hypervisor-tui/sample/box"

// State is one look at the cluster. It is immutable once published.
type State struct {
	Health     box.Health
	Kubeconfig string // path of the file chosen, empty: none
	Looked     []Look // where it was looked for, in order, up to the file chosen
}

// Look is one place where a kubeconfig was looked for. It never holds anything of the file's content.
type Look struct {
	Path   string
	Result string // "found", or in words why not: "does not exist", "permission denied (mode 0600, owner root)"
}
