package e2e

import (
	"cmp"
	"slices"
	"testing"

	"hypervisor-tui/kube/apitest"
)

// expectKubeVirt is the section kubevirt.
func expectKubeVirt(t *testing.T, c *apitest.Cluster) object {
	t.Helper()
	vms, instances := c.List(apitest.VMs), c.List(apitest.Instances)
	slices.SortFunc(vms, byName)
	slices.SortFunc(instances, byName)
	installed := c.List(apitest.KubeVirts)[0]
	byStatus := phases(vms, "status", "printableStatus")
	figures := object{
		"running": of(byStatus, "Running"), "stopped": of(byStatus, "Stopped"), "migrating": of(byStatus, "Migrating"),
		"paused": of(byStatus, "Paused"), "total": number(len(vms)), "by_status": byStatus,
	}
	failing := 0.0
	for _, status := range []string{"CrashLoopBackOff", "ErrorUnschedulable", "ErrImagePull", "ImagePullBackOff", "ErrorPvcNotFound", "DataVolumeError"} {
		failing += of(byStatus, status).(float64)
	}
	rest := float64(len(vms)) - failing
	for _, name := range []string{"running", "stopped", "migrating", "paused"} {
		rest -= figures[name].(float64)
	}
	figures["error"], figures["other"] = failing, rest
	defined, running := []any{}, []any{}
	for _, v := range vms {
		defined = append(defined, object{
			"namespace": said(v, "metadata", "namespace"), "name": said(v, "metadata", "name"), "status": unlessEmpty(said(v, "status", "printableStatus")),
			"since": unlessEmpty(said(condition(v, "Ready"), "lastTransitionTime")),
		})
	}
	for _, i := range instances {
		running = append(running, expectInstance(t, i))
	}
	return object{
		"state": "ok", "error": nil, "phase": said(installed, "status", "phase"), "version": said(installed, "status", "observedKubeVirtVersion"),
		"vms": figures, "instances": running, "defined": defined, "migrations": expectMigrations(c, instances),
		"data_volumes": number(len(c.List(apitest.DataVolumes))),
	}
}

func expectInstance(t *testing.T, i object) object {
	t.Helper()
	ips := []any{}
	for _, nic := range list(i, "status", "interfaces") {
		if several := list(nic, "ipAddresses"); len(several) > 0 {
			ips = append(ips, several...)
		} else {
			ips = append(ips, at(nic, "ipAddress"))
		}
	}
	paused := judged(condition(i, "Paused"))
	if paused == nil {
		paused = false
	}
	movable := condition(i, "LiveMigratable")
	var whyNot any
	if judged(movable) == false {
		whyNot = said(movable, "message")
	}
	memory := cmp.Or(at(i, "status", "memory", "guestCurrent"), at(i, "spec", "domain", "memory", "guest"))
	return object{
		"namespace": said(i, "metadata", "namespace"), "name": said(i, "metadata", "name"), "phase": unlessEmpty(said(i, "status", "phase")),
		"node": unlessEmpty(said(i, "status", "nodeName")), "ips": ips, "ready": judged(condition(i, "Ready")), "paused": paused,
		"migratable": judged(movable), "not_migratable_because": whyNot, "agent": judged(condition(i, "AgentConnected")),
		"evacuating_from": unlessEmpty(said(i, "status", "evacuationNodeName")), "vcpus": number(virtualCPUs(i)), "memory_bytes": amount(t, memory) / 1000,
	}
}

// virtualCPUs multiplies what an instance says of its processors now, or was asked for.
func virtualCPUs(i object) int {
	topology := cmp.Or(at(i, "status", "currentCPUTopology"), at(i, "spec", "domain", "cpu"))
	n := 1.0
	for _, part := range []string{"sockets", "cores", "threads"} {
		if v, ok := at(topology, part).(float64); ok {
			n *= v
		}
	}
	return int(n)
}

// expectMigrations lists those that go on before those that have ended, each newest first; what a migration does not say
// of itself its instance may.
func expectMigrations(c *apitest.Cluster, instances []object) []any {
	all := c.List(apitest.Migrations)
	slices.SortFunc(all, func(a, b object) int {
		order := map[bool]int{true: 1}
		return cmp.Or(order[ended(a)]-order[ended(b)],
			cmp.Compare(said(b, "metadata", "creationTimestamp"), said(a, "metadata", "creationTimestamp")), byName(a, b))
	})
	rows := []any{}
	for _, m := range all {
		state := at(m, "status", "migrationState")
		for _, i := range instances {
			if state == nil && said(i, "status", "migrationState", "migrationUid") == said(m, "metadata", "uid") {
				state = at(i, "status", "migrationState")
			}
		}
		rows = append(rows, object{
			"namespace": said(m, "metadata", "namespace"), "name": said(m, "metadata", "name"), "instance": unlessEmpty(said(m, "spec", "vmiName")),
			"phase": unlessEmpty(said(m, "status", "phase")), "source": unlessEmpty(said(state, "sourceNode")), "target": unlessEmpty(said(state, "targetNode")),
			"created": said(m, "metadata", "creationTimestamp"), "ended": unlessEmpty(said(state, "endTimestamp")), "failed_because": unlessEmpty(said(state, "failureReason")),
		})
	}
	return rows
}
