package apitest

import (
	"fmt"
	"strings"
	"time"
)

// Namespace is where Load puts what has one, but for KubeVirt itself.
const Namespace = "vms"

// In returns the collection of a kind in Namespace, or the path of one object of it: In(VMs, "vm-0").
func In(kind string, name ...string) string {
	at := strings.LastIndexByte(kind, '/')
	return strings.Join(append([]string{kind[:at] + "/namespaces/" + Namespace + kind[at:]}, name...), "/")
}

// Node is the name of one of the nodes that Load makes. The first is this host.
func Node(i int) string { return fmt.Sprintf("hv-%d", i) }

// Statuses are the printable statuses that KubeVirt gives VMs, one that no KubeVirt has, and none at all.
var Statuses = []string{
	"Running", "Running", "Stopped", "Provisioning", "Starting", "Paused", "Stopping", "Terminating", "CrashLoopBackOff", "Migrating",
	"Unknown", "ErrorUnschedulable", "ErrImagePull", "ImagePullBackOff", "ErrorPvcNotFound", "DataVolumeError",
	"WaitingForVolumeBinding", "WaitingForReceiver", "SomethingNew", "",
}

// Load fills a cluster: three nodes, the first of which has the label of this hostname, and objects of each kind in each
// of their phases.
func (c *Cluster) Load(hostname string) {
	c.t.Helper()
	c.Define()
	c.Measure()
	for _, name := range []string{Namespace, "kubevirt", "empty"} {
		c.Create("/api/v1/namespaces", Object{"metadata": Object{"name": name}})
	}
	for i := range 3 {
		c.loadNode(i, hostname)
	}
	for i := range 45 {
		c.Pod(i)
	}
	c.loadServices()
	c.loadClaims()
	c.loadEvents()
	c.loadPolicies()
	c.loadVMs()
}

func (c *Cluster) loadNode(i int, hostname string) {
	c.t.Helper()
	labels := Object{"kubernetes.io/hostname": Node(i)}
	if i == 0 {
		labels = Object{
			"kubernetes.io/hostname":                hostname,
			"node-role.kubernetes.io/etcd":          "true",
			"node-role.kubernetes.io/control-plane": "true",
		}
	}
	c.Create("/api/v1/nodes", Object{
		"metadata": Object{"name": Node(i), "labels": labels, "annotations": Object{
			"flannel.alpha.coreos.com/backend-type": "vxlan",
			"k3s.io/node-args":                      `["server","--cluster-cidr","10.42.0.0/16"]`,
		}},
		"spec": Object{"podCIDR": fmt.Sprintf("10.42.%d.0/24", i), "podCIDRs": []string{fmt.Sprintf("10.42.%d.0/24", i)}},
	})
	ready := "True"
	if i == 2 {
		ready = "Unknown"
	}
	c.Status("/api/v1/nodes/"+Node(i), Object{
		"capacity":    Object{"cpu": "16", "memory": "64Gi", "pods": "110"},
		"allocatable": Object{"cpu": "15500m", "memory": "60Gi", "pods": "110"},
		"addresses":   []Object{{"type": "Hostname", "address": Node(i)}, {"type": "InternalIP", "address": fmt.Sprintf("10.0.0.%d", 11+i)}},
		"nodeInfo": Object{
			"kubeletVersion": "v1.37.2+k3s1", "machineID": fmt.Sprintf("%032d", i), "systemUUID": "", "bootID": "", "kernelVersion": "",
			"osImage": "NixOS", "containerRuntimeVersion": "", "kubeProxyVersion": "", "operatingSystem": "linux", "architecture": "amd64",
		},
		"conditions": []Object{
			{"type": "MemoryPressure", "status": "False", "reason": "KubeletHasSufficientMemory", "lastTransitionTime": ago(5)},
			{"type": "DiskPressure", "status": []string{"True", "False", "False"}[i], "reason": "KubeletHasDiskPressure", "lastTransitionTime": ago(6)},
			{"type": "Ready", "status": ready, "reason": "KubeletReady", "lastTransitionTime": ago(7)},
		},
	})
}

// ago is a time that many minutes ago, as the API writes times.
func ago(minutes int) string {
	return time.Now().Add(-time.Duration(minutes) * time.Minute).UTC().Format(time.RFC3339)
}

// Pod makes the pod pod-i on one of the nodes: most run, every fifth is in another phase. Some ask for less than their
// init container, one is without a controller, one is static and one of a DaemonSet.
func (c *Cluster) Pod(i int) {
	c.t.Helper()
	name := fmt.Sprintf("pod-%d", i)
	owner := Object{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "app", "uid": "1", "controller": true}
	if i%9 == 0 {
		owner["kind"] = "DaemonSet"
	}
	meta := Object{"name": name, "labels": Object{"app": fmt.Sprintf("app-%d", i%4)}, "ownerReferences": []Object{owner}}
	switch i {
	case 3:
		delete(meta, "ownerReferences")
	case 6:
		delete(meta, "ownerReferences")
		meta["annotations"] = Object{"kubernetes.io/config.mirror": "1"}
	}
	spec := Object{"nodeName": Node(i % 3), "terminationGracePeriodSeconds": 0, "containers": []Object{
		container("web", "100m", "128Mi"), container("sidecar", "50m", "64Mi"),
	}}
	if i%7 == 0 {
		spec["initContainers"] = []Object{container("init", "1", "1Gi")}
	}
	c.Create(In("/api/v1/pods"), Object{"metadata": meta, "spec": spec})
	if phase := []string{"Pending", "Succeeded", "Failed", "Unknown", "Pending"}[i/5%5]; i%5 == 0 {
		c.Status(In("/api/v1/pods", name), Object{"phase": phase})
	} else {
		c.Status(In("/api/v1/pods", name), Object{"phase": "Running"})
	}
}

func container(name, cpu, memory string) Object {
	return Object{"name": name, "image": "registry.example/" + name, "resources": Object{"requests": Object{"cpu": cpu, "memory": memory}}}
}

func (c *Cluster) loadServices() {
	c.t.Helper()
	for i, spec := range []Object{
		{}, {"type": "ClusterIP"}, {"clusterIP": "None"}, {"type": "NodePort"}, {"type": "NodePort"}, {"type": "LoadBalancer"},
		{"type": "ExternalName", "externalName": "db.example"},
	} {
		if spec["type"] != "ExternalName" {
			spec["ports"] = []Object{{"port": 80}}
		}
		c.Create(In("/api/v1/services"), Object{"metadata": Object{"name": fmt.Sprintf("service-%d", i)}, "spec": spec})
	}
}

func (c *Cluster) loadClaims() {
	c.t.Helper()
	for i, phase := range []string{"Bound", "Bound", "Bound", "Bound", "Pending", "Lost"} {
		name := fmt.Sprintf("disk-%d", i)
		c.Create(In("/api/v1/persistentvolumeclaims"), Object{"metadata": Object{"name": name}, "spec": Object{
			"accessModes": []string{"ReadWriteMany"}, "resources": Object{"requests": Object{"storage": "20Gi"}},
		}})
		c.Status(In("/api/v1/persistentvolumeclaims", name), Object{"phase": phase})
	}
}

func (c *Cluster) loadEvents() {
	c.t.Helper()
	for i := range 6 {
		kind := "Warning"
		if i == 4 {
			kind = "Normal"
		}
		c.Create(In("/api/v1/events"), Object{
			"metadata":       Object{"name": fmt.Sprintf("event-%d", i)},
			"involvedObject": Object{"kind": "Pod", "namespace": Namespace, "name": fmt.Sprintf("pod-%d", i)},
			"type":           kind, "reason": "BackOff", "message": fmt.Sprintf("Back-off restarting failed container %d", i),
			"count": i + 1, "firstTimestamp": ago(30), "lastTimestamp": ago(i), "source": Object{"component": "kubelet", "host": Node(0)},
		})
	}
}

func (c *Cluster) loadPolicies() {
	c.t.Helper()
	for i, allowed := range []int{0, 1} {
		name := fmt.Sprintf("budget-%d", i)
		c.Create(In("/apis/policy/v1/poddisruptionbudgets"), Object{"metadata": Object{"name": name}, "spec": Object{
			"minAvailable": 1, "selector": Object{"matchLabels": Object{"app": fmt.Sprintf("app-%d", i)}},
		}})
		c.Status(In("/apis/policy/v1/poddisruptionbudgets", name), Object{
			"disruptionsAllowed": allowed, "currentHealthy": 1, "desiredHealthy": 1, "expectedPods": 1,
		})
		c.Create(In("/apis/networking.k8s.io/v1/networkpolicies"), Object{
			"metadata": Object{"name": fmt.Sprintf("policy-%d", i)}, "spec": Object{"podSelector": Object{}, "policyTypes": []string{"Ingress"}},
		})
	}
}
