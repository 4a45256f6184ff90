package apitest

import "fmt"

// loadVMs makes KubeVirt, a VM of each status, the instances of those that have one, migrations of each outcome, disks
// and networks.
func (c *Cluster) loadVMs() {
	c.t.Helper()
	c.Create("/apis/kubevirt.io/v1/namespaces/kubevirt/kubevirts", custom("kubevirt.io/v1", "KubeVirt", "kubevirt", nil))
	c.Status("/apis/kubevirt.io/v1/namespaces/kubevirt/kubevirts/kubevirt", Object{"phase": "Deployed", "observedKubeVirtVersion": "v1.9.0"})
	for i, status := range Statuses {
		name := fmt.Sprintf("vm-%d", i)
		c.VM(name, status)
		switch status {
		case "Running", "Paused", "Migrating", "Stopping":
			c.Instance(name, i)
		}
	}
	for i, phase := range []string{"Running", "Succeeded", "Failed", ""} {
		name := fmt.Sprintf("migration-%d", i)
		c.Create(In(Migrations), custom("kubevirt.io/v1", "VirtualMachineInstanceMigration", name, Object{"vmiName": fmt.Sprintf("vm-%d", i)}))
		state := Object{"sourceNode": Node(0), "targetNode": Node(1), "startTimestamp": ago(9), "mode": "PreCopy"}
		switch phase {
		case "Succeeded":
			state["endTimestamp"] = ago(8)
		case "Failed":
			state["endTimestamp"], state["failed"], state["failureReason"] = ago(7), true, "target pod is out of memory"
		}
		if phase != "" {
			c.Status(In(Migrations, name), Object{"phase": phase, "migrationState": state})
		}
	}
	for i := range 2 {
		c.Create(In(DataVolumes), custom("cdi.kubevirt.io/v1beta1", "DataVolume", fmt.Sprintf("volume-%d", i), nil))
		c.Create(In(Attachments), custom("k8s.cni.cncf.io/v1", "NetworkAttachmentDefinition", fmt.Sprintf("network-%d", i), nil))
	}
}

func custom(version, kind, name string, spec Object) Object {
	if spec == nil {
		spec = Object{}
	}
	return Object{"apiVersion": version, "kind": kind, "metadata": Object{"name": name}, "spec": spec}
}

// VM makes a VirtualMachine with a printable status; empty: it has none yet.
func (c *Cluster) VM(name, status string) {
	c.t.Helper()
	c.Create(In(VMs), custom("kubevirt.io/v1", "VirtualMachine", name, Object{"runStrategy": "Always"}))
	if status != "" {
		c.SetVM(name, status)
	}
}

// SetVM gives a VirtualMachine another printable status.
func (c *Cluster) SetVM(name, status string) {
	c.t.Helper()
	ready := "False"
	if status == "Running" {
		ready = "True"
	}
	c.Status(In(VMs, name), Object{"printableStatus": status, "conditions": []Object{{"type": "Ready", "status": ready, "lastTransitionTime": ago(3)}}})
}

// Instance makes the VirtualMachineInstance of a VM, the i-th: what is said of an instance differs from one to the next.
func (c *Cluster) Instance(name string, i int) {
	c.t.Helper()
	conditions := []Object{{"type": "Ready", "status": "True"}, {"type": "LiveMigratable", "status": "True"}}
	if i%2 == 1 {
		conditions[1] = Object{"type": "LiveMigratable", "status": "False", "reason": "DisksNotLiveMigratable", "message": "a disk is not shared"}
		conditions = append(conditions, Object{"type": "Paused", "status": "True"}, Object{"type": "AgentConnected", "status": "True"})
	}
	status := Object{
		"phase": "Running", "nodeName": Node(i % 2), "conditions": conditions,
		"interfaces": []Object{
			{"name": "default", "ipAddress": fmt.Sprintf("10.42.0.%d", 100+i), "ipAddresses": []string{fmt.Sprintf("10.42.0.%d", 100+i), "fd00::1"}},
			{"name": "lan", "ipAddress": fmt.Sprintf("192.168.7.%d", 100+i)},
		},
	}
	if i%2 == 0 {
		status["currentCPUTopology"] = Object{"cores": 2, "sockets": 2, "threads": 1}
		status["memory"] = Object{"guestCurrent": "8Gi"}
	}
	o := custom("kubevirt.io/v1", "VirtualMachineInstance", name, Object{"domain": Object{
		"cpu": Object{"cores": 3}, "memory": Object{"guest": "4Gi"}, "devices": Object{},
	}})
	o["status"] = status
	c.Create(In(Instances), o)
}

// Migrate begins a migration of an instance from one node to another.
func (c *Cluster) Migrate(name string, from, to int) {
	c.t.Helper()
	c.Create(In(Migrations), custom("kubevirt.io/v1", "VirtualMachineInstanceMigration", "move-"+name, Object{"vmiName": name}))
	c.Status(In(Migrations, "move-"+name), Object{"phase": "Running"})
	c.SetVM(name, "Migrating")
	uid := c.Get(In(Migrations, "move-"+name))["metadata"].(Object)["uid"]
	c.Patch(In(Instances, name), Object{"status": Object{"migrationState": Object{
		"migrationUid": uid, "sourceNode": Node(from), "targetNode": Node(to), "startTimestamp": ago(0), "mode": "PreCopy",
	}}})
}

// Migrated ends what Migrate began.
func (c *Cluster) Migrated(name string, to int) {
	c.t.Helper()
	c.Patch(In(Instances, name), Object{"status": Object{
		"nodeName": Node(to), "migrationState": Object{"endTimestamp": ago(0), "completed": true},
	}})
	c.Status(In(Migrations, "move-"+name), Object{"phase": "Succeeded"})
	c.SetVM(name, "Running")
}
