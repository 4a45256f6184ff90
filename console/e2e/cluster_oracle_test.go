package e2e

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/kube/apitest"
)

// The oracle below says what the sections kubernetes and kubevirt of the snapshot must be, from nothing but the lists that
// the API server itself gives as JSON: it shares no code with what reads them for the console.

type object = apitest.Object

// at returns what lies on a path of an object, nil when there is nothing.
func at(o any, path ...string) any {
	for _, key := range path {
		m, ok := o.(object)
		if !ok {
			return nil
		}
		o = m[key]
	}
	return o
}

// said is at as text, empty when there is none.
func said(o any, path ...string) string {
	s, _ := at(o, path...).(string)
	return s
}

// unlessEmpty is null for an empty text.
func unlessEmpty(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func list(o any, path ...string) []any {
	l, _ := at(o, path...).([]any)
	return l
}

// number is a JSON number.
func number(n int) any { return float64(n) }

// amount reads a quantity as the cluster of the tests writes them, in thousandths.
func amount(t *testing.T, q any) float64 {
	t.Helper()
	text, _ := q.(string)
	factor := 1000.0
	for unit, f := range map[string]float64{"m": 1, "Mi": 1000 << 20, "Gi": 1000 << 30} {
		if rest, ok := strings.CutSuffix(text, unit); ok {
			text, factor = rest, f
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatalf("quantity %v: %v", q, err)
	}
	return n * factor
}

// tally counts objects by a name of theirs.
func tally(all []object, name func(object) string) (n object) {
	n = object{}
	for _, o := range all {
		had, _ := n[name(o)].(float64)
		n[name(o)] = had + 1
	}
	return n
}

// of is a figure of a tally, 0 when there is none of that name.
func of(tally object, name string) any { return number(int(cmp.Or(tally[name], any(0.0)).(float64))) }

// phases counts objects by a text on a path.
func phases(all []object, path ...string) object {
	return tally(all, func(o object) string { return cmp.Or(said(o, path...), "(none)") })
}

func condition(o any, kind string) object {
	for _, c := range list(o, "status", "conditions") {
		if said(c, "type") == kind {
			return c.(object)
		}
	}
	return nil
}

// judged is a condition as JSON: null when nothing is said.
func judged(c object) any {
	switch said(c, "status") {
	case "True":
		return true
	case "False":
		return false
	}
	return nil
}

func ended(o any) bool {
	return slices.Contains([]string{"Succeeded", "Failed"}, said(o, "status", "phase"))
}

func byName(a, b object) int {
	return cmp.Or(cmp.Compare(said(a, "metadata", "namespace"), said(b, "metadata", "namespace")), cmp.Compare(said(a, "metadata", "name"), said(b, "metadata", "name")))
}

// expectKubernetes is the section kubernetes, but for what depends on the moment and the credentials.
func expectKubernetes(t *testing.T, c *apitest.Cluster, hostname string) object {
	t.Helper()
	nodes, pods := c.List("/api/v1/nodes"), c.List("/api/v1/pods")
	services, claims := c.List("/api/v1/services"), c.List("/api/v1/persistentvolumeclaims")
	var here object
	notReady := []any{}
	for _, n := range nodes {
		if said(n, "metadata", "labels", "kubernetes.io/hostname") == hostname {
			here = n
		}
		if said(condition(n, "Ready"), "status") != "True" {
			notReady = append(notReady, said(n, "metadata", "name"))
		}
	}
	byPhase, bound := phases(pods, "status", "phase"), phases(claims, "status", "phase")
	cidrs := c.List("/apis/networking.k8s.io/v1/servicecidrs")
	node := expectNode(t, c, here, pods)
	return object{
		"state": "ok", "error": nil, "server": c.URL, "version": said(c.Get("/version"), "gitVersion"),
		"nodes": object{"ready": number(len(nodes) - len(notReady)), "total": number(len(nodes)), "not_ready": notReady, "faults": expectFaults(c, here, nodes, pods)},
		// No pod of the tests' cluster says of a container that it does not work.
		"pods": object{
			"running": of(byPhase, "Running"), "total": number(len(pods)), "by_phase": byPhase, "not_ready": number(0), "succeeded": of(byPhase, "Succeeded"),
			"here": expectPodsHere(here, pods), "system_not_working": []any{},
		},
		"node_pods": number(len(podsOn(here, pods))),
		"services": object{"total": number(len(services)), "by_type": tally(services, func(o object) string {
			if said(o, "spec", "type") == "ClusterIP" && said(o, "spec", "clusterIP") == "None" {
				return "Headless"
			}
			return said(o, "spec", "type")
		})},
		// It has no storage class, so that no claim waits for a pod.
		"pvcs":     object{"bound": of(bound, "Bound"), "total": number(len(claims)), "waiting": number(0)},
		"pod_cidr": "10.42.0.0/16", "service_cidr": list(cidrs[0], "spec", "cidrs")[0], "cni": "flannel vxlan", "network_policy": true,
		"network_sources": object{
			"pod_cidr": "k3s args of hv-0", "service_cidr": "ServiceCIDR", "cni": "annotation of hv-0", "network_policy": "k3s args of hv-0",
		},
		"cause":                          object{"rung": nil, "why": nil, "checks": []any{}, "since": nil},
		"namespaces":                     number(len(c.List("/api/v1/namespaces"))),
		"network_policies":               number(len(c.List("/apis/networking.k8s.io/v1/networkpolicies"))),
		"network_attachment_definitions": number(len(c.List(apitest.Attachments))),
		"usage":                          expectUsage(t, c),
		"node":                           node,
		"warnings":                       expectWarnings(t, c),
		"drain_blockers":                 expectBlockers(c, here, pods),
	}
}

// podsOn returns the pods of a node that have not ended.
func podsOn(node object, pods []object) (on []object) {
	for _, p := range pods {
		if said(p, "spec", "nodeName") == said(node, "metadata", "name") && !ended(p) {
			on = append(on, p)
		}
	}
	return on
}

// expectFaults lists the conditions that are not as they should be: those of this node first, Ready first of a node's.
func expectFaults(c *apitest.Cluster, here object, nodes, pods []object) []any {
	rows := []any{}
	slices.SortFunc(nodes, func(a, b object) int {
		order := map[bool]int{true: -1}
		isHere := func(n object) bool { return said(n, "metadata", "name") == said(here, "metadata", "name") }
		return cmp.Or(order[isHere(a)]-order[isHere(b)], byName(a, b))
	})
	for _, n := range nodes {
		for _, row := range conditionRows(n) {
			if row["good"] == true {
				continue
			}
			fault := object{"node": said(n, "metadata", "name"), "type": row["type"], "status": row["status"], "since": row["since"],
				"reason": row["reason"], "message": unlessEmpty(said(condition(n, row["type"].(string)), "message")), "pods": nil, "vms": nil}
			if row["type"] == "Ready" {
				on := podsOn(n, pods)
				vms := slices.DeleteFunc(slices.Clone(on), func(p object) bool { return said(p, "metadata", "labels", "kubevirt.io") != "virt-launcher" })
				fault["pods"], fault["vms"] = number(len(on)), number(len(vms))
			}
			rows = append(rows, fault)
		}
	}
	return rows
}

// expectPodsHere lists the pods of a node but for the succeeded. None of them says anything of a container: what does not run
// comes first, and has not run since it was made.
func expectPodsHere(here object, pods []object) []any {
	var on []object
	for _, p := range pods {
		if said(p, "spec", "nodeName") == said(here, "metadata", "name") && said(p, "status", "phase") != "Succeeded" {
			on = append(on, p)
		}
	}
	runs := func(p object) int {
		if said(p, "status", "phase") == "Running" {
			return 1
		}
		return 0
	}
	slices.SortFunc(on, func(a, b object) int { return cmp.Or(runs(a)-runs(b), byName(a, b)) })
	rows := []any{}
	for _, p := range on {
		row := object{"namespace": said(p, "metadata", "namespace"), "name": said(p, "metadata", "name"), "status": said(p, "status", "phase"),
			"containers": number(len(list(p, "spec", "containers"))), "ready_containers": number(0), "restarts": number(0), "message": nil, "last_end": nil, "since": nil}
		if runs(p) == 0 {
			row["since"] = said(p, "metadata", "creationTimestamp")
		}
		rows = append(rows, row)
	}
	return rows
}

// conditionRows are the conditions of a node, Ready first. Of those that the cluster of the tests has, Ready is good when it
// holds, the others when they do not.
func conditionRows(n object) (rows []object) {
	for _, of := range list(n, "status", "conditions") {
		row := object{
			"type": said(of, "type"), "status": said(of, "status"), "reason": said(of, "reason"), "since": said(of, "lastTransitionTime"),
			"good": (said(of, "status") == "True") == (said(of, "type") == "Ready"),
		}
		if said(of, "type") == "Ready" {
			rows = slices.Insert(rows, 0, row)
		} else {
			rows = append(rows, row)
		}
	}
	return rows
}

func expectNode(t *testing.T, c *apitest.Cluster, here object, pods []object) object {
	t.Helper()
	roles, conditions := []any{}, []any{}
	for label := range at(here, "metadata", "labels").(object) {
		if role, ok := strings.CutPrefix(label, "node-role.kubernetes.io/"); ok {
			roles = append(roles, role)
		}
	}
	slices.SortFunc(roles, func(a, b any) int { return cmp.Compare(a.(string), b.(string)) })
	for _, row := range conditionRows(here) {
		if row["type"] == "Ready" || row["good"] == false {
			conditions = append(conditions, row)
		}
	}
	cpu, memory := 0.0, 0.0
	for _, p := range podsOn(here, pods) {
		cpu, memory = cpu+asked(t, p, "cpu"), memory+asked(t, p, "memory")
	}
	vms, vcpus := 0, 0
	for _, i := range c.List(apitest.Instances) {
		if said(i, "status", "nodeName") == said(here, "metadata", "name") && !ended(i) {
			vms, vcpus = vms+1, vcpus+virtualCPUs(i)
		}
	}
	var used object
	for _, m := range c.List(apitest.Measured) {
		if said(m, "metadata", "name") == said(here, "metadata", "name") {
			used = m["usage"].(object)
		}
	}
	allocatable := func(what string) float64 { return amount(t, at(here, "status", "allocatable", what)) / 1000 }
	return object{
		"name": said(here, "metadata", "name"), "ready": judged(condition(here, "Ready")), "cordoned": at(here, "spec", "unschedulable") == true,
		"roles": roles, "version": said(here, "status", "nodeInfo", "kubeletVersion"), "internal_ip": "10.0.0.11", "conditions": conditions,
		"cpu_allocatable": allocatable("cpu"), "cpu_requested": cpu / 1000,
		"cpu_used": amount(t, used["cpu"]) / 1000, "memory_used_bytes": amount(t, used["memory"]) / 1000,
		"memory_allocatable_bytes": allocatable("memory"), "memory_requested_bytes": memory / 1000, "pods_allocatable": allocatable("pods"),
		"vms": number(vms), "vcpus": number(vcpus), "vcpus_per_cpu": 1000 * float64(vcpus) / amount(t, at(here, "status", "capacity", "cpu")),
	}
}

// expectUsage adds up what is measured.
func expectUsage(t *testing.T, c *apitest.Cluster) object {
	t.Helper()
	cpu, memory, nodes := 0.0, 0.0, c.List(apitest.Measured)
	for _, m := range nodes {
		cpu, memory = cpu+amount(t, at(m, "usage", "cpu")), memory+amount(t, at(m, "usage", "memory"))
	}
	return object{"nodes": number(len(nodes)), "cpu": cpu / 1000, "memory_bytes": memory / 1000}
}

// asked is what a pod asks for, in thousandths: its containers together, or an init container that asks for more.
func asked(t *testing.T, pod object, what string) (all float64) {
	t.Helper()
	for _, one := range list(pod, "spec", "containers") {
		all += amount(t, at(one, "resources", "requests", what))
	}
	for _, one := range list(pod, "spec", "initContainers") {
		all = max(all, amount(t, at(one, "resources", "requests", what)))
	}
	return all
}

// expectWarnings is sorted by the whole time, which events that the API server itself writes have to the microsecond.
func expectWarnings(t *testing.T, c *apitest.Cluster) []any {
	t.Helper()
	events := slices.DeleteFunc(c.List("/api/v1/events"), func(e object) bool { return said(e, "type") != "Warning" })
	last := func(e object) time.Time {
		when, err := time.Parse(time.RFC3339, cmp.Or(said(e, "lastTimestamp"), said(e, "eventTime")))
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	slices.SortFunc(events, func(a, b object) int { return cmp.Or(last(b).Compare(last(a)), byName(a, b)) })
	rows := []any{}
	for _, e := range events {
		rows = append(rows, object{
			"time": last(e).Format(time.RFC3339), "count": cmp.Or(at(e, "count"), number(1)), "kind": said(e, "involvedObject", "kind"),
			"namespace": said(e, "involvedObject", "namespace"), "name": said(e, "involvedObject", "name"),
			"reason": said(e, "reason"), "message": said(e, "message"),
		})
	}
	return rows
}

// expectBlockers says what a drain would meet in the cluster of apitest.Cluster.Load: instances that cannot move, pods
// without a controller, and those that the one budget holds that allows nothing.
func expectBlockers(c *apitest.Cluster, here object, pods []object) []any {
	rows := []any{}
	add := func(o object, why string) {
		rows = append(rows, object{"namespace": said(o, "metadata", "namespace"), "name": said(o, "metadata", "name"), "why": why})
	}
	for _, i := range c.List(apitest.Instances) {
		if said(i, "status", "nodeName") == said(here, "metadata", "name") && judged(condition(i, "LiveMigratable")) == false {
			add(i, "cannot be migrated: "+said(condition(i, "LiveMigratable"), "message"))
		}
	}
	for _, p := range podsOn(here, pods) {
		owners := list(p, "metadata", "ownerReferences")
		switch {
		case at(p, "metadata", "annotations", "kubernetes.io/config.mirror") != nil:
		case len(owners) == 0:
			add(p, "has no controller that would start it elsewhere")
		case said(owners[0], "kind") == "DaemonSet":
		case said(p, "metadata", "labels", "app") == "app-0":
			add(p, "disruption budget budget-0 allows no eviction")
		}
	}
	slices.SortFunc(rows, func(a, b any) int {
		return cmp.Or(cmp.Compare(said(a, "namespace"), said(b, "namespace")), cmp.Compare(said(a, "name"), said(b, "name")))
	})
	return rows
}
