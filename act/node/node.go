// Package node cordons, uncordons and drains nodes of the cluster, with the rights of the helper's own account.
package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"hypervisor-tui/act"
	"hypervisor-tui/internal/clean"
	"hypervisor-tui/kube/watch"
)

// API is the API server. *watch.API is one.
type API interface {
	Do(ctx context.Context, q watch.Call, v any) error
}

// What a cordon of ours leaves at a node: the annotation says who and when, and the API server's own record of who has set which field
// says whether that cordon is still the one in force.
const (
	cordonedBy = "hypervisor-tui/cordoned-by"
	manager    = "hypervisor-tui-act" // of fields, and the User-Agent
)

// Nodes does the verbs of nodes.
type Nodes struct {
	API  API
	pace pace // zero: the usual one
}

// Agent is the User-Agent of a request for somebody, such as "uid 1000".
func Agent(by string) string { return fmt.Sprintf("%s (%s)", manager, by) }

// object is what is read of a node.
type object struct {
	Metadata struct {
		Name          string            `json:"name"`
		UID           string            `json:"uid"`
		Version       string            `json:"resourceVersion"`
		Labels        map[string]string `json:"labels"`
		Annotations   map[string]string `json:"annotations"`
		ManagedFields []struct {
			Manager string `json:"manager"`
			Fields  struct {
				Spec map[string]json.RawMessage `json:"f:spec"`
			} `json:"fieldsV1"`
		} `json:"managedFields"`
	} `json:"metadata"`
	Spec struct {
		Unschedulable bool `json:"unschedulable"`
	} `json:"spec"`
	Status struct {
		NodeInfo struct {
			MachineID string `json:"machineID"`
		} `json:"nodeInfo"`
	} `json:"status"`
}

// ours says who cordoned the node by this program, and when. Empty: somebody else has, or nobody. The annotation alone proves little:
// kubectl uncordon leaves it, and another's cordon may have come since. Where the API server has not written down who has set the field,
// which it does not for a node without any, the annotation is all there is.
func (n *object) ours() string {
	by := n.Metadata.Annotations[cordonedBy]
	if !n.Spec.Unschedulable || by == "" {
		return ""
	}
	others := false
	for _, m := range n.Metadata.ManagedFields {
		if _, sets := m.Fields.Spec["f:unschedulable"]; sets {
			if m.Manager == manager {
				return clean.String(by)
			}
			others = true
		}
	}
	if others {
		return ""
	}
	return clean.String(by)
}

// state is what of the node must not change between plan and commit.
func (n *object) state() string {
	return fmt.Sprintf("node %s cordoned %t %s", n.Metadata.UID, n.Spec.Unschedulable, n.ours())
}

// whose says who cordoned the node.
func (n *object) whose() string {
	if by := n.ours(); by != "" {
		return "by this console, " + by
	}
	return "not by this console"
}

// name is what Kubernetes allows as a name: nothing else goes into a path.
var name = regexp.MustCompile(`^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$`)

// ValidName reports whether an object of Kubernetes can have that name.
func ValidName(s string) bool { return name.MatchString(s) }

func path(node string) string { return "/api/v1/nodes/" + url.PathEscape(node) }

// get asks for a node. It is nil when there is no such node.
func (d Nodes) get(ctx context.Context, a act.Ask) (*object, error) {
	if !ValidName(a.Object) {
		return nil, nil
	}
	n := new(object)
	err := d.API.Do(ctx, watch.Call{Method: http.MethodGet, Path: path(a.Object), Agent: Agent(a.By)}, n)
	var no *watch.Refusal
	if errors.As(err, &no) && no.Code == http.StatusNotFound {
		return nil, nil
	}
	return n, err
}

// Look implements act.Doer.
func (d Nodes) Look(ctx context.Context, a act.Ask) (act.Facts, error) {
	n, err := d.get(ctx, a)
	if err != nil {
		return act.Facts{}, err
	}
	if n == nil {
		return act.Facts{}, errors.New("the cluster has no such node")
	}
	f := act.Facts{State: []string{n.state()}}
	switch cordoned := n.Spec.Unschedulable; {
	case a.Verb == act.NodeDrain:
		return d.rehearse(ctx, a, n)
	case a.Verb == act.NodeCordon && cordoned:
		return f, act.Already(a.Object + " is cordoned already, " + n.whose())
	case a.Verb == act.NodeCordon:
		f.Will = append(f.Will, "nothing new is placed on "+a.Object, "what runs there stays")
	case !cordoned:
		return f, act.Already(a.Object + " is not cordoned")
	default:
		f.Will = append(f.Will, a.Object+" was cordoned "+n.whose(), "pods and VMs may be placed on it again")
	}
	return f, nil
}

// Do implements act.Doer.
func (d Nodes) Do(ctx context.Context, a act.Ask, f act.Facts, tell func(act.Progress)) (string, error) {
	switch a.Verb {
	case act.NodeCordon:
		return a.Object + " is cordoned", d.cordon(ctx, a)
	case act.NodeUncordon:
		return a.Object + " is not cordoned any more", d.uncordon(ctx, a, "")
	case act.NodeDrain:
		return d.drain(ctx, a, f.State, tell)
	}
	return "", errors.New("that cannot be done to a node")
}

// cordon cordons the node, and writes down for whom.
func (d Nodes) cordon(ctx context.Context, a act.Ask) error {
	by := fmt.Sprintf("%s, %s", a.By, time.Now().UTC().Format(time.RFC3339))
	return d.patch(ctx, a, map[string]any{
		"metadata": map[string]any{"annotations": map[string]any{cordonedBy: by}},
		"spec":     map[string]any{"unschedulable": true},
	})
}

// uncordon undoes a cordon, whosever it is. With a version it does so only while the node is of that one.
func (d Nodes) uncordon(ctx context.Context, a act.Ask, version string) error {
	meta := map[string]any{"annotations": map[string]any{cordonedBy: nil}}
	if version != "" {
		meta["resourceVersion"] = version
	}
	return d.patch(ctx, a, map[string]any{"metadata": meta, "spec": map[string]any{"unschedulable": nil}})
}

func (d Nodes) patch(ctx context.Context, a act.Ask, change map[string]any) error {
	body, err := json.Marshal(change)
	if err != nil {
		return err
	}
	return d.API.Do(ctx, watch.Call{
		Method: http.MethodPatch, Path: path(a.Object) + "?fieldManager=" + manager, Type: "application/merge-patch+json", Body: body, Agent: Agent(a.By),
	}, nil)
}

// Undo uncordons a node if the cordon in force is this program's, and says what it did. An error means that it is to be tried again.
func (d Nodes) Undo(ctx context.Context, node string) (string, error) {
	a := act.Ask{Verb: act.NodeUncordon, Object: node, By: "undo"}
	n, err := d.get(ctx, a)
	switch {
	case err != nil:
		return "", err
	case n == nil:
		return "the cluster has no node " + node + " any more", nil
	case !n.Spec.Unschedulable:
		return node + " is not cordoned: nothing is to be undone", nil
	case n.ours() == "":
		return node + " was cordoned by somebody else: it is left so", nil
	}
	if err := d.uncordon(ctx, a, n.Metadata.Version); err != nil {
		return "", err
	}
	return node + " is not cordoned any more: it was cordoned " + n.whose(), nil
}
