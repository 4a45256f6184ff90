package apitest

// Where the kinds are that this package defines.
const (
	VMs         = "/apis/kubevirt.io/v1/virtualmachines"
	Instances   = "/apis/kubevirt.io/v1/virtualmachineinstances"
	Migrations  = "/apis/kubevirt.io/v1/virtualmachineinstancemigrations"
	KubeVirts   = "/apis/kubevirt.io/v1/kubevirts"
	DataVolumes = "/apis/cdi.kubevirt.io/v1beta1/datavolumes"
	Attachments = "/apis/k8s.cni.cncf.io/v1/network-attachment-definitions"

	Measured = "/apis/metrics.k8s.io/v1beta1/nodes"

	definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
)

// defined are the kinds of KubeVirt, its CDI and Multus. An instance's status is no resource of its own.
var defined = []struct {
	group, version, plural, kind string
	status                       bool
}{
	{"kubevirt.io", "v1", "virtualmachines", "VirtualMachine", true},
	{"kubevirt.io", "v1", "virtualmachineinstances", "VirtualMachineInstance", false},
	{"kubevirt.io", "v1", "virtualmachineinstancemigrations", "VirtualMachineInstanceMigration", true},
	{"kubevirt.io", "v1", "kubevirts", "KubeVirt", true},
	{"cdi.kubevirt.io", "v1beta1", "datavolumes", "DataVolume", true},
	{"k8s.cni.cncf.io", "v1", "network-attachment-definitions", "NetworkAttachmentDefinition", false},
}

// Define brings the kinds of KubeVirt, its CDI and Multus, and waits until they are served.
func (c *Cluster) Define() {
	c.t.Helper()
	for _, d := range defined {
		version := Object{
			"name": d.version, "served": true, "storage": true,
			"schema": Object{"openAPIV3Schema": Object{"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
		}
		if d.status {
			version["subresources"] = Object{"status": Object{}}
		}
		c.Create(definitions, Object{
			"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
			"metadata": Object{"name": d.plural + "." + d.group},
			"spec": Object{
				"group": d.group, "scope": "Namespaced", "versions": []Object{version},
				"names": Object{"plural": d.plural, "kind": d.kind},
			},
		})
	}
	for _, d := range defined {
		c.Serves("/apis/"+d.group+"/"+d.version+"/"+d.plural, true)
	}
}

// Undefine takes the kinds away again, with all objects of them, and waits until they are gone.
func (c *Cluster) Undefine() {
	c.t.Helper()
	for _, d := range defined {
		c.Delete(definitions + "/" + d.plural + "." + d.group)
	}
	for _, d := range defined {
		c.Serves("/apis/"+d.group+"/"+d.version+"/"+d.plural, false)
	}
}

// Measure brings what a metrics server serves, as objects that nobody renews: half a CPU and a gigabyte for each node, and
// one more for each after the first.
func (c *Cluster) Measure() {
	c.t.Helper()
	version := Object{
		"name": "v1beta1", "served": true, "storage": true,
		"schema": Object{"openAPIV3Schema": Object{"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
	}
	c.Create(definitions, Object{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": Object{"name": "nodes.metrics.k8s.io", "annotations": Object{"api-approved.kubernetes.io": "unapproved, for tests"}},
		"spec": Object{
			"group": "metrics.k8s.io", "scope": "Cluster", "versions": []Object{version}, "names": Object{"plural": "nodes", "kind": "NodeMetrics"},
		},
	})
	c.Serves(Measured, true)
	for i := range 3 {
		c.Create(Measured, Object{
			"apiVersion": "metrics.k8s.io/v1beta1", "kind": "NodeMetrics", "metadata": Object{"name": Node(i)},
			"usage": Object{"cpu": []string{"500m", "1500m", "2500m"}[i], "memory": []string{"1Gi", "2Gi", "3Gi"}[i]},
		})
	}
}

// Let lets Viewer read everything, Forbid nothing.
func (c *Cluster) Let() {
	c.t.Helper()
	const rbac = "/apis/rbac.authorization.k8s.io/v1/"
	c.Create(rbac+"clusterroles", Object{
		"metadata": Object{"name": Viewer},
		"rules":    []Object{{"apiGroups": []string{"*"}, "resources": []string{"*"}, "verbs": []string{"get", "list", "watch"}}},
	})
	c.Create(rbac+"clusterrolebindings", Object{
		"metadata": Object{"name": Viewer},
		"roleRef":  Object{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": Viewer},
		"subjects": []Object{{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": Viewer}},
	})
}

// Forbid undoes Let.
func (c *Cluster) Forbid() {
	c.t.Helper()
	c.Delete("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/" + Viewer)
}
