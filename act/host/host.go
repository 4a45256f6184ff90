// Package host reboots this host, after a look at what runs on it and at who does not want that.
package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hypervisor-tui/act"
	"hypervisor-tui/act/node"
	"hypervisor-tui/act/unit"
)

// Host does the verb of this host.
type Host struct {
	Nodes      *node.Nodes // nil: there is no cluster
	MachineID  string      // of this host, by which its node is found; empty: not known
	Inhibitors func(ctx context.Context) ([]unit.Inhibitor, error)
	Reboot     func(ctx context.Context) error
}

// Look implements act.Doer. It needs neither cluster nor logind: what they do not say is told as not known.
func (h Host) Look(ctx context.Context, a act.Ask) (act.Facts, error) {
	f := act.Facts{Force: true, Will: []string{a.Object + " reboots, and all that runs on it ends"}}
	switch local, err := h.local(ctx, a); {
	case h.Nodes == nil:
		f.Will = append(f.Will, "the helper knows of no cluster: what runs here is not known")
	case err != nil:
		f.Blocks = append(f.Blocks, "what runs here is not known: "+err.Error())
	case local == nil:
		f.Blocks = append(f.Blocks, "what runs here is not known: the cluster has no node that is this host")
	default:
		f.State = append(f.State, local.State...)
		f.Blocks = append(f.Blocks, node.Named(local.VMs, "VM runs here and ends with it", "VMs run here and end with it")...)
		f.Blocks = append(f.Blocks, node.Named(local.Pods, "pod runs here: it is not drained", "pods run here: it is not drained")...)
		if len(f.Blocks) == 0 {
			f.Will = append(f.Will, "nothing but DaemonSets' and static pods runs here")
		}
		if !local.Cordoned {
			f.Will = append(f.Will, "it is not cordoned: something may be placed on it until then")
		}
	}
	list, err := h.Inhibitors(ctx)
	if err != nil {
		f.Blocks = append(f.Blocks, "who inhibits a reboot is not known: "+err.Error())
	}
	for _, i := range list {
		if strings.HasPrefix(i.Mode, "block") && slices.Contains(strings.Split(i.What, ":"), "shutdown") {
			f.Blocks = append(f.Blocks, fmt.Sprintf("%s (process %d) inhibits it: %s", i.Who, i.PID, i.Why))
			f.State = append(f.State, fmt.Sprint("inhibitor ", i.PID, i.Who))
		}
	}
	return f, nil
}

// local is what the cluster says of this host.
func (h Host) local(ctx context.Context, a act.Ask) (*node.Local, error) {
	if h.Nodes == nil {
		return nil, nil
	}
	return h.Nodes.Local(ctx, a, h.MachineID)
}

// Do implements act.Doer.
func (h Host) Do(ctx context.Context, a act.Ask, _ act.Facts, _ func(act.Progress)) (string, error) {
	if a.Verb != act.HostReboot {
		return "", errors.New("that cannot be done to a host")
	}
	return a.Object + " reboots", h.Reboot(ctx)
}
