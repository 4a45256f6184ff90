//go:build !nokube

package e2e

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/kube/apitest"
)

// expectDetail says in lines what is on a node and what a drain of it would meet, by the API's own lists.
func expectDetail(t *testing.T, c *apitest.Cluster, node object, pods []object) []string {
	t.Helper()
	type sum struct {
		pods        int
		cpu, memory float64
	}
	spaces := map[string]sum{}
	for _, p := range podsOn(node, pods) {
		s := spaces[said(p, "metadata", "namespace")]
		s.pods++
		s.cpu += asked(t, p, "cpu")
		s.memory += asked(t, p, "memory") / 1000
		spaces[said(p, "metadata", "namespace")] = s
	}
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(spaces)) {
		s := spaces[name]
		lines = append(lines, fmt.Sprintf("%s: %d pods, %.0f, %.0f", name, s.pods, s.cpu, math.Trunc(s.memory)))
	}
	for _, b := range expectBlockers(c, node, pods) {
		lines = append(lines, fmt.Sprintf("%s/%s %s", said(b, "namespace"), said(b, "name"), said(b, "why")))
	}
	return lines
}

// detailLines says in the same lines what is known of a node, nil: nothing yet.
func (v *viewer) detailLines(node string) (lines []string) {
	s := v.state.Load()
	if s == nil || s.Detail(node) == nil {
		return nil
	}
	d := s.Detail(node)
	for _, n := range d.Namespaces {
		lines = append(lines, fmt.Sprintf("%s: %d pods, %d, %d", n.Namespace, n.Pods, n.CPU, n.Memory))
	}
	for _, b := range d.Drain.Blockers {
		lines = append(lines, fmt.Sprintf("%s/%s %s", b.Namespace, b.Name, b.Why))
	}
	return lines
}

// TestRealAPINodeWhole: of each node that somebody looks at whole, and of no other, it is known what is on it and what a drain would
// meet, as the API's own lists have it, also after that has changed.
func TestRealAPINodeWhole(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t)
	c.Load(thisHost(t))
	v := newViewer(t, c.Kubeconfig(apitest.Admin))
	agree := func(what string) {
		t.Helper()
		why := ""
		defer func() {
			if why != "" {
				t.Error(why)
			}
		}()
		await.Until(t, what, func() bool {
			why = ""
			nodes, pods := c.List("/api/v1/nodes"), c.List("/api/v1/pods")
			for _, n := range nodes {
				name := said(n, "metadata", "name")
				if got, want := v.detailLines(name), expectDetail(t, c, n, pods); !slices.Equal(got, want) {
					why += fmt.Sprintf("%s:\n%s\nwant\n%s\n", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			}
			return why == ""
		})
	}
	v.agree(c, "all there is")
	if s := v.state.Load(); len(s.Details) != 0 {
		t.Errorf("made for nobody: %+v", s.Details)
	}
	for i := range 3 {
		v.whole.Turn("", apitest.Node(i))
	}
	agree("they are looked at")
	c.Pod(100)
	c.Pod(101)
	c.VM("new", "Starting")
	c.Instance("new", 1)
	agree("pods and a VM come")
	c.Status(apitest.In("/api/v1/pods", "pod-100"), object{"phase": "Failed"})
	c.Migrate("new", 1, 0)
	c.Migrated("new", 0)
	agree("a pod ends, a VM has moved")
	for i := range 3 {
		v.whole.Turn(apitest.Node(i), "")
	}
	c.Pod(102)
	await.Until(t, "nobody looks any more", func() bool { return len(v.state.Load().Details) == 0 })
}
