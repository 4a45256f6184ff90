package kube

import "time"

// Condition is one condition of a node, a VM or an instance that is worth showing: Ready, any other that is not as it
// should be, and those of which nobody here can tell how they should be.
type Condition struct {
	Type, Status, Reason string
	Message              string    // one line, at most MaxMessage bytes; of a node only where Good is False
	Good                 Truth     // Unknown: not judged
	Since                time.Time // zero: not said
}

// goodStatus is what a condition of a node says when all is well. A condition of another name is not judged: what is good
// for one is bad for the next.
var goodStatus = map[string]string{
	// Kubernetes: core/v1, NodeConditionType.
	"Ready": "True", "MemoryPressure": "False", "DiskPressure": "False", "PIDPressure": "False", "NetworkUnavailable": "False",
	// k3s and RKE2: pkg/etcd/etcd.go. False is a learner, or a node that is no member of the etcd cluster.
	"EtcdIsVoter": "True",
	// node-problem-detector: config/kernel-monitor.json, docker-monitor.json, systemd-monitor.json, readonly-monitor.json,
	// health-checker-*.json, custom-plugin-monitor.json, disk-problem-monitor.json and config/plugin.
	"KernelDeadlock": "False", "ReadonlyFilesystem": "False", "XfsShutdown": "False", "CorruptDockerOverlay2": "False",
	"FrequentKubeletRestart": "False", "FrequentDockerRestart": "False",
	"FrequentContainerdRestart": "False", "FrequentUnregisterNetDevice": "False", "KubeletUnhealthy": "False",
	"ContainerRuntimeUnhealthy": "False", "NTPProblem": "False", "DiskSizeCheckFailure": "False",
	"DNSProblem": "False",
	// Azure: what its nodes add to it.
	"FilesystemCorruptionProblem": "False", "KubeletProblem": "False", "ContainerRuntimeProblem": "False",
}

// virtStatus is what a condition of a VM or an instance says when all is well. Those that are also otherwise while a VM is
// stopped, starts or stops are not among them.
//
// API: kubevirt.io/v1, VirtualMachineConditionType and VirtualMachineInstanceConditionType.
var virtStatus = map[string]string{
	"Failure": "False", "PodScheduled": "True", "Synchronized": "True",
}

// ordinary is what conditions of a VM or an instance say that need not be shown.
var ordinary = map[string]string{
	"Ready": "True", "Initialized": "True", "DataVolumesReady": "True", "LiveMigratable": "True", "StorageLiveMigratable": "True",
	"AgentConnected": "True", "Provisioning": "False", "Paused": "False", "RestartRequired": "False",
}

// JudgeVirt sets Good of a condition of a VM or an instance, and reports whether it is worth showing.
func (c *Condition) JudgeVirt() (show bool) {
	c.judge(virtStatus)
	return c.Good != True && ordinary[c.Type] != c.Status
}

// Judge sets Good of a condition of a node: a kubelet that is not heard of is not ready.
func (c *Condition) Judge() {
	if c.judge(goodStatus); c.Type == "Ready" && c.Good == Unknown {
		c.Good = False
	}
}

// judge sets Good. Of a condition that is neither True nor False nobody knows how it is.
func (c *Condition) judge(good map[string]string) {
	status, known := good[c.Type]
	c.Good = Unknown
	switch {
	case known && c.Status == status:
		c.Good = True
	case known && (c.Status == "True" || c.Status == "False"):
		c.Good = False
	}
}
