//go:build !nokube

package console

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"hypervisor-tui/act"
	"hypervisor-tui/act/helper"
	acthost "hypervisor-tui/act/host"
	"hypervisor-tui/act/node"
	actunit "hypervisor-tui/act/unit"
	"hypervisor-tui/act/vm"
	"hypervisor-tui/console/config"
	"hypervisor-tui/kube/watch"
)

// undoTime is for one try to undo: systemd makes the next.
const undoTime = time.Minute

// allowCluster sets what may be done to nodes, VMs and this host. An API server or a kubeconfig that is not there is told when it is
// asked: units can be restarted without.
func allowCluster(o *helper.Options, a config.Actions, on func(act.Kind, act.Doer)) error {
	var nodes *node.Nodes
	if path := actKubeconfig(a); path != "" {
		nodes = &node.Nodes{API: watch.NewAPI(path)}
	} else if a.Cluster || a.VMs {
		return errNoKubeconfig
	}
	if a.Cluster {
		on(act.Node, *nodes)
		o.Undo = actunit.Undo{}
	}
	if a.VMs {
		on(act.VM, vm.VMs{API: nodes.API})
	}
	if a.Reboot {
		id, _ := os.ReadFile("/etc/machine-id") // without it the node is found by its name
		on(act.Host, acthost.Host{Nodes: nodes, MachineID: string(bytes.TrimSpace(id)), Inhibitors: actunit.Inhibitors, Reboot: actunit.Reboot})
	}
	return nil
}

var errNoKubeconfig = errors.New("there is no kubeconfig for nodes and VMs: set actions.kubeconfigPath, or have systemd load the credential kubeconfig")

// actKubeconfig is the path of the helper's kubeconfig; empty: it has none.
func actKubeconfig(a config.Actions) string {
	if a.Kubeconfig != "" {
		return a.Kubeconfig
	}
	credentials := os.Getenv("CREDENTIALS_DIRECTORY")
	if credentials == "" {
		return ""
	}
	path := filepath.Join(credentials, "kubeconfig")
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// Undo uncordons the node o.Undo, which was cordoned for a time, when that is over. An error means that it is to be tried again.
func Undo(o Options) error {
	c, err := config.Load(o.Config)
	if err != nil {
		return err
	}
	path := actKubeconfig(c.Actions)
	if path == "" {
		return errNoKubeconfig
	}
	ctx, cancel := context.WithTimeout(context.Background(), undoTime)
	defer cancel()
	text, err := node.Nodes{API: watch.NewAPI(path)}.Undo(ctx, o.Undo)
	if err != nil {
		return err
	}
	logLine("undo: %s", text)
	if state := os.Getenv("STATE_DIRECTORY"); state != "" { // the helper's
		if book, err := helper.OpenNotebook(state); err == nil {
			book.Forget(o.Undo) // what was begun there has been undone
		}
	}
	return nil
}
