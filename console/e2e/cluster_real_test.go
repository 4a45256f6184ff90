//go:build !nokube

package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/kube/apitest"
)

// The tests of this file ask a real API server; make apitest builds it and runs them.

// thisHost is the label by which the cluster's first node is this host.
func thisHost(t *testing.T) string {
	t.Helper()
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	return strings.ToLower(name)
}

// clusterJSON is what a snapshot says of the cluster.
type clusterJSON struct {
	Kubernetes object `json:"kubernetes"`
	KubeVirt   object `json:"kubevirt"`
	Nodes      []any  `json:"nodes"`
}

// TestRealAPIOnce: every figure of the built program's snapshot of the cluster is that of the API's lists.
func TestRealAPIOnce(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t)
	c.Load(thisHost(t))
	env := environment(t, "KUBECONFIG="+writeFile(t, "kubeconfig", c.Kubeconfig(apitest.Admin)))
	var why []string
	defer func() {
		for _, w := range why {
			t.Log(w)
		}
	}()
	await.Until(t, "the snapshot agrees", func() bool {
		r := run(t, env, "--once", "--json")
		if r.code != 0 || r.stderr != "" {
			t.Fatalf("exit code %d\n%s", r.code, r.stderr)
		}
		var s clusterJSON
		if err := json.Unmarshal([]byte(r.out), &s); err != nil {
			t.Fatal(err)
		}
		why = disagreements(s, expected(t, c))
		return len(why) == 0
	})
}

// TestRealAPIFollowed: a console that runs shows what is created, deleted and changed, whichever kind it is.
func TestRealAPIFollowed(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t)
	c.Load(thisHost(t))
	v := newViewer(t, c.Kubeconfig(apitest.Admin))
	for _, step := range []struct {
		what string
		do   func()
	}{
		{"all there is", func() {}},
		{"pods created", func() { c.Pod(100); c.Pod(101); c.Pod(102) }},
		{"a pod ends", func() { c.Status(apitest.In("/api/v1/pods", "pod-100"), object{"phase": "Failed"}) }},
		{"a pod deleted", func() { c.Delete(apitest.In("/api/v1/pods", "pod-101")) }},
		{"a node is cordoned", func() { c.Patch("/api/v1/nodes/"+apitest.Node(0), object{"spec": object{"unschedulable": true}}) }},
		{"a node gets taints", func() {
			c.Patch("/api/v1/nodes/"+apitest.Node(1), object{"spec": object{"taints": []object{{"key": "disk", "value": "slow", "effect": "NoSchedule"}, {"key": "only", "effect": "NoExecute"}}}})
		}},
		{"a node deleted", func() { c.Delete("/api/v1/nodes/" + apitest.Node(2)) }},
		{"a VM created", func() { c.VM("new", "Starting") }},
		{"it runs", func() { c.Instance("new", 1); c.SetVM("new", "Running") }},
		{"it migrates", func() { c.Migrate("new", 1, 0) }},
		{"it has moved", func() { c.Migrated("new", 0) }},
		{"it is deleted", func() { c.Delete(apitest.In(apitest.Instances, "new")); c.Delete(apitest.In(apitest.VMs, "new")) }},
		{"a claim is bound", func() { c.Status(apitest.In("/api/v1/persistentvolumeclaims", "disk-4"), object{"phase": "Bound"}) }},
		{"a service deleted", func() { c.Delete(apitest.In("/api/v1/services", "service-4")) }},
	} {
		step.do()
		began := time.Now()
		v.agree(c, step.what)
		t.Logf("%s: seen after %v", step.what, time.Since(began).Round(10*time.Millisecond))
	}
}

// expected is the two sections as the API's own lists have them now.
func expected(t *testing.T, c *apitest.Cluster) clusterJSON {
	t.Helper()
	want := clusterJSON{expectKubernetes(t, c, thisHost(t)), expectKubeVirt(t, c), expectNodes(t, c)}
	want.Kubernetes["admin"] = true
	kinds := []any{}
	for _, path := range paths {
		name, _, _ := strings.Cut(path[strings.LastIndexByte(path, '/')+1:], "?")
		if path == apitest.Measured {
			name += ".metrics.k8s.io"
		}
		kinds = append(kinds, object{"name": name, "state": "ok", "error": nil, "count": number(len(c.List(path))), "more_than": nil})
	}
	want.Kubernetes["kinds"] = kinds
	return want
}

// paths are the lists of the kinds that are followed.
var paths = [...]string{
	"/api/v1/nodes", "/api/v1/pods", "/api/v1/services", "/api/v1/persistentvolumeclaims", "/api/v1/events?fieldSelector=type%3DWarning",
	"/api/v1/namespaces", "/apis/policy/v1/poddisruptionbudgets", "/apis/networking.k8s.io/v1/networkpolicies",
	"/apis/networking.k8s.io/v1/servicecidrs", apitest.Measured, "/apis/storage.k8s.io/v1/storageclasses", apitest.VMs, apitest.Instances, apitest.Migrations, apitest.KubeVirts,
	apitest.DataVolumes, apitest.Attachments,
}

// disagreements says what differs between a snapshot and what is expected. What depends on the moment is taken out of
// the snapshot, once it is what it may be.
func disagreements(got, want clusterJSON) (all []string) {
	for _, name := range []string{"client_certificate_expires", "server_certificate_expires"} {
		at, err := time.Parse(time.RFC3339, said(got.Kubernetes, name))
		if err != nil || time.Until(at) < 364*24*time.Hour || time.Until(at) > 366*24*time.Hour {
			all = append(all, fmt.Sprintf("%s: %v, want a time in a year", name, got.Kubernetes[name]))
		}
		delete(got.Kubernetes, name)
	}
	for _, kind := range list(got.Kubernetes, "kinds") {
		if age, ok := at(kind, "age_seconds").(float64); !ok || age < 0 {
			all = append(all, fmt.Sprintf("an age of %v in %v", age, kind))
		}
		delete(kind.(object), "age_seconds")
	}
	all = differ(all, "kubernetes", got.Kubernetes, want.Kubernetes)
	all = differ(all, "nodes", byRow(got.Nodes), byRow(want.Nodes))
	return differ(all, "kubevirt", got.KubeVirt, want.KubeVirt)
}

// byRow names the entries of a list by their place, so that differ says which one it is.
func byRow(list []any) object {
	rows := object{}
	for i, row := range list {
		rows[strconv.Itoa(i)] = row
	}
	return rows
}

// differ compares two JSON values down to the first that differ.
func differ(all []string, path string, got, want any) []string {
	g, both := got.(object)
	w, too := want.(object)
	if !both || !too {
		if !reflect.DeepEqual(got, want) {
			all = append(all, fmt.Sprintf("%s: %v, want %v", path, got, want))
		}
		return all
	}
	keys := maps.Clone(g)
	maps.Copy(keys, w)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		all = differ(all, path+"."+key, g[key], w[key])
	}
	return all
}
