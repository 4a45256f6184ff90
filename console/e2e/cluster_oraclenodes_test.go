//go:build !nokube

package e2e

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/kube/apitest"
)

// expectNodes is the list of the nodes one by one: those that are not ready first, then those with another fault, those that
// are cordoned, and the others, by name.
func expectNodes(t *testing.T, c *apitest.Cluster) []any {
	t.Helper()
	nodes, pods, instances, measured := c.List("/api/v1/nodes"), c.List("/api/v1/pods"), c.List(apitest.Instances), c.List(apitest.Measured)
	var going []any
	for _, m := range expectMigrations(c, instances) {
		if phase := said(m, "phase"); phase != "Succeeded" && phase != "Failed" {
			going = append(going, m)
		}
	}
	rank := func(n object) int {
		faulty := slices.ContainsFunc(conditionRows(n), func(row object) bool { return row["good"] == false })
		switch {
		case said(condition(n, "Ready"), "status") != "True":
			return 0
		case faulty:
			return 1
		case at(n, "spec", "unschedulable") == true:
			return 2
		}
		return 3
	}
	slices.SortFunc(nodes, func(a, b object) int { return cmp.Or(rank(a)-rank(b), byName(a, b)) })
	rows := []any{}
	for _, n := range nodes {
		name := said(n, "metadata", "name")
		one := expectNode(t, c, n, pods)
		row := object{
			"name": name, "this_host": name == apitest.Node(0), "zone": nil, "taints": taints(n), "minor_versions_behind": number(0),
			"ready": said(condition(n, "Ready"), "status") == "True", "internal_ip": nil, "pods": number(len(podsOn(n, pods))),
			"cpu_used": nil, "memory_used_bytes": nil, "migrating_in": number(moves(going, "target", name)), "migrating_out": number(moves(going, "source", name)),
			"disagreement": nil, "peer": object{},
		}
		for _, key := range []string{"address", "state", "error", "heard", "clock_offset_seconds", "severity", "problems", "worst", "cpu_percent", "memory_used_bytes", "vms", "api",
			"ready_by_api", "told_by_api"} {
			row["peer"].(object)[key] = nil // nobody is asked
		}
		for _, key := range []string{"cordoned", "roles", "version", "conditions", "cpu_allocatable", "cpu_requested", "memory_allocatable_bytes",
			"memory_requested_bytes", "pods_allocatable", "vms", "vcpus"} {
			row[key] = one[key]
		}
		for _, address := range list(n, "status", "addresses") {
			if said(address, "type") == "InternalIP" {
				row["internal_ip"] = said(address, "address")
			}
		}
		for _, m := range measured {
			if said(m, "metadata", "name") == name {
				row["cpu_used"], row["memory_used_bytes"] = amount(t, at(m, "usage", "cpu"))/1000, amount(t, at(m, "usage", "memory"))/1000
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// taints are those of a node that are not said by Ready or by its being cordoned, as kubectl writes them.
func taints(node object) []any {
	all := []any{}
	for _, taint := range list(node, "spec", "taints") {
		text := said(taint, "key")
		switch text {
		case "node.kubernetes.io/unschedulable", "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable":
			continue
		}
		if value := said(taint, "value"); value != "" {
			text += "=" + value
		}
		all = append(all, strings.Join([]string{text, said(taint, "effect")}, ":"))
	}
	return all
}

// moves counts the migrations that have a node on one side.
func moves(migrations []any, side, node string) (n int) {
	for _, m := range migrations {
		if said(m, side) == node {
			n++
		}
	}
	return n
}

// TestRealAPIPicture: a picture of the nodes that somebody asks for once has them.
func TestRealAPIPicture(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t)
	c.Load(thisHost(t))
	s := serve(t, "serve: {web: {enable: true}}\n", "KUBECONFIG="+writeFile(t, "kubeconfig", c.Kubeconfig(apitest.Admin)))
	await.Until(t, "the cluster is known", func() bool {
		_, picture := s.get("/?screen=dashboard&w=132&h=43", "Accept", "text/plain")
		return strings.Contains(picture, "Nodes: 2/3")
	})
	if _, picture := s.get("/?screen=nodes&w=132&h=43", "Accept", "text/plain"); !strings.Contains(picture, "hv-2") || !strings.Contains(picture, "unknown") {
		t.Errorf("no node in\n%s", picture)
	}
}

// TestRealAPIDisagrees: a node that the API does not call ready answers itself, and it is said in words; with the API server
// killed it is still there, with what the API said before.
func TestRealAPIDisagrees(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t)
	c.Load(thisHost(t))
	m := newMesh(t)
	m.serveNode(apitest.Node(2), "127.0.0.1")
	s := serve(t, "serve: {web: {enable: true}}\n"+m.config(""), "KUBECONFIG="+writeFile(t, "kubeconfig", c.Kubeconfig(apitest.Admin)))
	var picture string
	shows := func(what string, words ...string) {
		t.Helper()
		await.Until(t, what, func() bool {
			_, picture = s.get("/?screen=nodes&w=200&h=43", "Accept", "text/plain")
			text := strings.Join(strings.Fields(picture), " ")
			return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
		})
	}
	defer func() { t.Logf("last:\n%s", picture) }()
	shows("they disagree", "1 disagree", apitest.Node(2)+": API says NotReady since", "and the node answers: ")
	c.KillAPI()
	shows("the API is gone", "old) ", apitest.Node(2)+" unknown", "answers", apitest.Node(1)+" ready")
}
