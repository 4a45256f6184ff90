package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"hypervisor-tui/act"
	"hypervisor-tui/internal/clean"
	"hypervisor-tui/kube/watch"
)

const (
	maxObjects  = 10_000 // of a list: a kubelet runs 110 pods unless it is set to more
	pageSize    = "100"
	maxAtOnce   = 8 // evictions
	launcher    = "virt-launcher"
	diskOfGuest = "hotplug-disk"
)

// pod is what is read of a pod.
type pod struct {
	Metadata struct {
		Name        string            `json:"name"`
		Namespace   string            `json:"namespace"`
		UID         string            `json:"uid"`
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
		Deleted     string            `json:"deletionTimestamp"`
		Owners      []struct {
			Kind       string `json:"kind"`
			Controller bool   `json:"controller"`
		} `json:"ownerReferences"`
	} `json:"metadata"`
	Spec struct {
		Volumes []struct {
			EmptyDir *struct{} `json:"emptyDir"`
		} `json:"volumes"`
	} `json:"spec"`
	Status struct {
		Phase string `json:"phase"`
	} `json:"status"`
}

// pods lists the pods of a node that have not ended.
func (d Nodes) pods(ctx context.Context, a act.Ask) ([]*pod, error) {
	return list[pod](ctx, d.API, a, "/api/v1/pods", url.Values{"fieldSelector": {"spec.nodeName=" + a.Object + ",status.phase!=Succeeded,status.phase!=Failed"}})
}

// list asks for the objects that query selects, page by page.
func list[T any](ctx context.Context, api API, a act.Ask, path string, query url.Values) ([]*T, error) {
	query.Set("limit", pageSize)
	var all []*T
	for {
		var page struct {
			Metadata struct {
				Continue string `json:"continue"`
			} `json:"metadata"`
			Items []T `json:"items"`
		}
		if err := api.Do(ctx, watch.Call{Method: http.MethodGet, Path: path + "?" + query.Encode(), Agent: Agent(a.By)}, &page); err != nil {
			return nil, err
		}
		for i := range page.Items {
			all = append(all, &page.Items[i])
		}
		switch {
		case page.Metadata.Continue == "":
			return all, nil
		case len(all) > maxObjects:
			return nil, fmt.Errorf("the API server lists more than %d objects", maxObjects)
		}
		query.Set("continue", page.Metadata.Continue)
	}
}

// runsVM reports whether a VM runs in p.
func (p *pod) runsVM() bool { return p.Metadata.Labels["kubevirt.io"] == launcher }

// name is what somebody knows p by: its VM's name, or its own.
func (p *pod) name() string {
	name := p.Metadata.Name
	if vm := p.Metadata.Annotations["kubevirt.io/domain"]; vm != "" && p.runsVM() {
		name = vm
	}
	return clean.String(p.Metadata.Namespace + "/" + name)
}

// controller is the kind of what would start p anew elsewhere; empty: nothing.
func (p *pod) controller() string {
	for _, o := range p.Metadata.Owners {
		if o.Controller {
			return o.Kind
		}
	}
	return ""
}

// stays reports whether p belongs to the node: the kubelet runs it from a file, or a DaemonSet would start it there again.
func (p *pod) stays() bool {
	_, mirror := p.Metadata.Annotations["kubernetes.io/config.mirror"]
	return mirror || p.controller() == "DaemonSet"
}

// keeps reports whether p has a folder of its own that ends with it. Each VM's pod has such folders, with nothing in them that is missed.
func (p *pod) keeps() bool {
	for _, v := range p.Spec.Volumes {
		if v.EmptyDir != nil && !p.runsVM() {
			return true
		}
	}
	return false
}

// verdict is what becomes of a pod that is to be evicted.
type verdict uint8

const (
	granted  verdict = iota // it ends, and its controller starts another elsewhere
	leaves                  // it is ending already
	gone                    // it has gone meanwhile
	moves                   // KubeVirt moves its VM while it runs
	arrives                 // KubeVirt moves its VM to this node just now
	follows                 // it is a disk of a VM's, and goes with that
	immobile                // its VM is to be moved, and cannot be
	blocked                 // something else forbids it: a disruption budget
)

// fate is p and what becomes of it, in the state of a plan.
func (p *pod) fate(v verdict) string { return fmt.Sprintf("%s %d %s", p.Metadata.UID, v, p.name()) }

// sentences are what KubeVirt refuses evictions with, all with the code 429.
//
// KubeVirt: pkg/virt-api/webhooks/validating-webhook/admitters/pod-eviction-admitter.go
var sentences = []struct {
	part string
	verdict
}{
	{"Eviction triggered evacuation of VMI", moves}, // also after "Evacuation in progress: "
	{"Eviction request for target Pod", arrives},
	{"cannot evict hotplug pod", follows},
	{"is configured with an eviction strategy but is not live-migratable", immobile},
}

// evict has a pod evicted, or, with rehearsal, asks what would become of it: then nothing changes. why is in the API server's words.
func (d Nodes) evict(ctx context.Context, a act.Ask, p *pod, rehearsal bool) (v verdict, why string, err error) {
	if p.Metadata.Deleted != "" {
		return leaves, "", nil
	}
	options, query := map[string]any{"preconditions": map[string]string{"uid": p.Metadata.UID}}, ""
	if rehearsal {
		options["dryRun"], query = []string{"All"}, "?dryRun=All"
	}
	body, err := json.Marshal(map[string]any{
		"apiVersion": "policy/v1", "kind": "Eviction", "deleteOptions": options,
		"metadata": map[string]string{"namespace": p.Metadata.Namespace, "name": p.Metadata.Name},
	})
	if err != nil {
		return 0, "", err
	}
	err = d.API.Do(ctx, watch.Call{
		Method: http.MethodPost, Type: "application/json", Body: body, Agent: Agent(a.By),
		Path: fmt.Sprintf("/api/v1/namespaces/%s/pods/%s/eviction%s", url.PathEscape(p.Metadata.Namespace), url.PathEscape(p.Metadata.Name), query),
	}, nil)
	var no *watch.Refusal
	switch {
	case err == nil:
		return granted, "", nil
	case !errors.As(err, &no):
		return 0, "", err
	}
	switch no.Code {
	case http.StatusNotFound:
		return gone, "", nil
	case http.StatusForbidden, http.StatusUnauthorized:
		return 0, "", err
	case http.StatusConflict: // another pod of that name, or it changed just now: the next round sees
		return blocked, no.Message, nil
	}
	for _, s := range sentences {
		if no.Code == http.StatusTooManyRequests && strings.Contains(no.Message, s.part) {
			return s.verdict, no.Message, nil
		}
	}
	if len(no.Causes) > 0 {
		return blocked, no.Causes[0], nil
	}
	return blocked, no.Error(), nil
}

// each calls evict for pods, at most maxAtOnce at a time, and then took for each, one at a time. It returns the first error.
func (d Nodes) each(ctx context.Context, a act.Ask, pods []*pod, rehearsal bool, took func(p *pod, v verdict, why string)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	var mu sync.Mutex
	var first error
	places := make(chan struct{}, maxAtOnce)
	for _, p := range pods {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			v, why, err := d.evict(ctx, a, p, rehearsal)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case first != nil:
			case err != nil:
				first = err
				cancel()
			default:
				took(p, v, why)
			}
		})
	}
	all.Wait()
	return first
}
