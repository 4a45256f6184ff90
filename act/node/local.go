package node

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"hypervisor-tui/act"
)

// Local is this host's node.
type Local struct {
	Cordoned  bool
	VMs, Pods []string // what a drain would move or end, by name
	State     []string // of act.Facts
}

// Local finds the node of this host, a.Object: by name, by the label of its hostname, or by a machine ID that one node alone has. It is
// nil when there is none.
func (d Nodes) Local(ctx context.Context, a act.Ask, machineID string) (*Local, error) {
	n, err := d.here(ctx, a, strings.ToLower(a.Object), machineID)
	if n == nil || err != nil {
		return nil, err
	}
	a.Object = n.Metadata.Name
	pods, err := d.pods(ctx, a)
	if err != nil {
		return nil, err
	}
	l := &Local{Cordoned: n.Spec.Unschedulable, State: []string{n.state()}}
	for _, p := range pods {
		switch {
		case p.stays():
			continue
		case p.runsVM():
			l.VMs = append(l.VMs, p.name())
		default:
			l.Pods = append(l.Pods, p.name())
		}
		l.State = append(l.State, p.Metadata.UID)
	}
	slices.Sort(l.State[1:])
	return l, nil
}

func (d Nodes) here(ctx context.Context, a act.Ask, name, machineID string) (*object, error) {
	a.Object = name
	if n, err := d.get(ctx, a); n != nil || err != nil {
		return n, err
	}
	var byLabel, byID []*object
	all, err := list[object](ctx, d.API, a, "/api/v1/nodes", url.Values{})
	for _, n := range all {
		switch {
		case strings.ToLower(n.Metadata.Labels["kubernetes.io/hostname"]) == name:
			byLabel = append(byLabel, n)
		case machineID != "" && n.Status.NodeInfo.MachineID == machineID:
			byID = append(byID, n)
		}
	}
	for _, found := range [][]*object{byLabel, byID} {
		if len(found) == 1 {
			return found[0], err
		}
	}
	return nil, err
}
