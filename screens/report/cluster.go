package report

import (
	"hypervisor-tui/sample/box"
	"hypervisor-tui/screens/frame"
)

type kubernetes struct {
	State         string     `json:"state"`
	Error         *string    `json:"error"`
	Kinds         []kubeKind `json:"kinds"`
	Server        *string    `json:"server"`
	Version       *string    `json:"version"`
	Nodes         nodes      `json:"nodes"`
	Pods          pods       `json:"pods"`
	NodePods      *int       `json:"node_pods"`
	Services      services   `json:"services"`
	PVCs          pvcs       `json:"pvcs"`
	PodCIDR       *string    `json:"pod_cidr"`
	ServiceCIDR   *string    `json:"service_cidr"`
	CNI           *string    `json:"cni"`
	NetworkPolicy *bool      `json:"network_policy"`
}

type kubeKind struct {
	Name  string   `json:"name"`
	State string   `json:"state"`
	Error *string  `json:"error"`
	Count *int     `json:"count"`
	Age   *float64 `json:"age_seconds"`
}

type nodes struct {
	Ready *int `json:"ready"`
	Total *int `json:"total"`
}

type pods struct {
	Running *int           `json:"running"`
	Total   *int           `json:"total"`
	ByPhase map[string]int `json:"by_phase"`
}

type services struct {
	Total  *int           `json:"total"`
	ByType map[string]int `json:"by_type"`
}

type pvcs struct {
	Bound *int `json:"bound"`
	Total *int `json:"total"`
}

type kubevirt struct {
	State     string     `json:"state"`
	Error     *string    `json:"error"`
	Phase     *string    `json:"phase"`
	Version   *string    `json:"version"`
	VMs       kubeVMs    `json:"vms"`
	Instances []instance `json:"instances"`
}

type kubeVMs struct {
	Running   *int           `json:"running"`
	Stopped   *int           `json:"stopped"`
	Migrating *int           `json:"migrating"`
	Error     *int           `json:"error"`
	Total     *int           `json:"total"`
	ByStatus  map[string]int `json:"by_status"`
}

type instance struct {
	Namespace  string   `json:"namespace"`
	Name       string   `json:"name"`
	Phase      *string  `json:"phase"`
	Node       *string  `json:"node"`
	IPs        []string `json:"ips"`
	Ready      *bool    `json:"ready"`
	Paused     *bool    `json:"paused"`
	Migratable *bool    `json:"migratable"`
	VCPUs      *int     `json:"vcpus"`
	Memory     *uint64  `json:"memory_bytes"`
}

func newKubernetes(f *frame.Frame) kubernetes {
	h := clusterHealth(f)
	return kubernetes{
		State:    h.State.String(),
		Error:    text(h.Err),
		Kinds:    []kubeKind{},
		Pods:     pods{ByPhase: map[string]int{}},
		Services: services{ByType: map[string]int{}},
	}
}

// newKubeVirt has the cluster's state: without its API nobody knows whether KubeVirt is installed.
func newKubeVirt(f *frame.Frame) kubevirt {
	h := clusterHealth(f)
	return kubevirt{
		State:     h.State.String(),
		Error:     text(h.Err),
		VMs:       kubeVMs{ByStatus: map[string]int{}},
		Instances: []instance{},
	}
}

// clusterHealth is Init before the first look.
func clusterHealth(f *frame.Frame) box.Health {
	if f.Kube == nil {
		return box.Health{}
	}
	return f.Kube.Health
}
