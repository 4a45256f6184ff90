package report

import (
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
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

	Cause          cause          `json:"cause"`
	Admin          *bool          `json:"admin"`
	ClientExpires  *string        `json:"client_certificate_expires"`
	ServerExpires  *string        `json:"server_certificate_expires"`
	Namespaces     *int           `json:"namespaces"`
	BehindSince    *string        `json:"behind_since"`
	NetworkSources networkSources `json:"network_sources"`
	Policies       *int           `json:"network_policies"`
	Attachments    *int           `json:"network_attachment_definitions"`
	Usage          usage          `json:"usage"`
	Node           node           `json:"node"`
	Warnings       []warning      `json:"warnings"`
	Drain          []blocker      `json:"drain_blockers"`
}

type kubeKind struct {
	Name  string   `json:"name"`
	State string   `json:"state"`
	Error *string  `json:"error"`
	Count *int     `json:"count"`
	More  *int     `json:"more_than"`
	Age   *float64 `json:"age_seconds"`
}

type cause struct {
	Rung   *string  `json:"rung"`
	Why    *string  `json:"why"`
	Checks []string `json:"checks"`
	Since  *string  `json:"since"`
}

type nodes struct {
	Ready    *int     `json:"ready"`
	Total    *int     `json:"total"`
	NotReady []string `json:"not_ready"`
}

type pods struct {
	Running *int           `json:"running"`
	Total   *int           `json:"total"`
	ByPhase map[string]int `json:"by_phase"`

	NotReady *int     `json:"not_ready"`
	Ill      []illPod `json:"system_not_working"`
}

type illPod struct {
	Namespace string  `json:"namespace"`
	Name      string  `json:"name"`
	Why       *string `json:"why"`
	Restarts  int     `json:"restarts"`
	Since     *string `json:"since"`
}

type services struct {
	Total  *int           `json:"total"`
	ByType map[string]int `json:"by_type"`
}

type pvcs struct {
	Bound   *int `json:"bound"`
	Total   *int `json:"total"`
	Waiting *int `json:"waiting"`
}

type networkSources struct {
	PodCIDR       *string `json:"pod_cidr"`
	ServiceCIDR   *string `json:"service_cidr"`
	CNI           *string `json:"cni"`
	NetworkPolicy *string `json:"network_policy"`
}

type usage struct {
	Nodes  *int     `json:"nodes"`
	CPU    *float64 `json:"cpu"`
	Memory *int64   `json:"memory_bytes"`
}

type node struct {
	Name       *string     `json:"name"`
	Ready      *bool       `json:"ready"`
	Cordoned   *bool       `json:"cordoned"`
	Roles      []string    `json:"roles"`
	Version    *string     `json:"version"`
	InternalIP *string     `json:"internal_ip"`
	Conditions []condition `json:"conditions"`
	CPU        *float64    `json:"cpu_allocatable"`
	CPUAsked   *float64    `json:"cpu_requested"`
	CPUUsed    *float64    `json:"cpu_used"`
	Memory     *int64      `json:"memory_allocatable_bytes"`
	MemAsked   *int64      `json:"memory_requested_bytes"`
	MemUsed    *int64      `json:"memory_used_bytes"`
	Pods       *int64      `json:"pods_allocatable"`
	VMs        *int        `json:"vms"`
	VCPUs      *int        `json:"vcpus"`
	PerCPU     *float64    `json:"vcpus_per_cpu"`
}

type condition struct {
	Type   string  `json:"type"`
	Status *string `json:"status"`
	Reason *string `json:"reason"`
	Since  *string `json:"since"`
	Good   *bool   `json:"good"`
}

type warning struct {
	Time      *string `json:"time"`
	Count     int     `json:"count"`
	Kind      *string `json:"kind"`
	Namespace *string `json:"namespace"`
	Name      *string `json:"name"`
	Reason    *string `json:"reason"`
	Message   *string `json:"message"`
}

type blocker struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Why       string `json:"why"`
}

// newKubernetes tells the figures of each kind that has a value, be it a stale one.
func newKubernetes(f *frame.Frame) kubernetes {
	s := f.Kube
	if s == nil {
		s = new(kube.State)
	}
	state := s.Health.State
	if state == health.OK && !s.Settled() {
		state = health.Init
	}
	n := &s.Network
	return kubernetes{
		State:   state.String(),
		Error:   text(s.Health.Err),
		Kinds:   newKinds(s, f),
		Server:  text(s.Server),
		Version: text(s.Version),
		Nodes:   nodes{figure(s, kube.KindNode, s.Nodes.Ready), figure(s, kube.KindNode, s.Nodes.Total), append([]string{}, s.Nodes.NotReady...)},
		Pods: pods{figure(s, kube.KindPod, s.Pods.Running), figure(s, kube.KindPod, s.Pods.Total), counts(s, kube.KindPod, s.Pods.ByPhase),
			figure(s, kube.KindPod, s.Pods.NotReady), newIll(s)},
		NodePods: known(s.Pods.Here, s.Here != nil && s.Kinds[kube.KindPod].Has() && s.Kinds[kube.KindNode].Has()),
		Services: services{figure(s, kube.KindService, s.Services.Total), counts(s, kube.KindService, s.Services.ByType)},
		PVCs:     pvcs{figure(s, kube.KindClaim, s.Claims.Bound), figure(s, kube.KindClaim, s.Claims.Total), figure(s, kube.KindClaim, s.Claims.Waiting)},
		PodCIDR:  text(n.PodCIDR.Value), ServiceCIDR: text(n.ServiceCIDR.Value), CNI: text(n.CNI.Value),
		NetworkPolicy: known(n.Policy.Value == "enforced", n.Policy.Value != ""),

		Cause:         newCause(s, f),
		Admin:         known(s.Admin, s.Version != ""),
		ClientExpires: stamp(s.ClientCert.NotAfter, time.RFC3339),
		ServerExpires: stamp(s.ServerCert.NotAfter, time.RFC3339),
		Namespaces:    figure(s, kube.KindNamespace, s.Namespaces),
		BehindSince:   bootStamp(f, s.Behind),
		NetworkSources: networkSources{text(n.PodCIDR.Source), text(n.ServiceCIDR.Source), text(n.CNI.Source),
			text(n.Policy.Source)},
		Policies:    figure(s, kube.KindPolicy, n.Policies),
		Attachments: figure(s, kube.KindAttachment, n.Attachments),
		Usage:       newUsage(s),
		Node:        newNode(s),
		Warnings:    newWarnings(s),
		Drain:       newBlockers(s),
	}
}

// figure is n while its kind has a value.
func figure(s *kube.State, k kube.Kind, n int) *int { return known(n, s.Kinds[k].Has()) }

func counts(s *kube.State, k kube.Kind, list []kube.Count) map[string]int {
	all := map[string]int{}
	if s.Kinds[k].Has() {
		for _, c := range list {
			all[c.Name] = c.N
		}
	}
	return all
}

// newKinds lists no kind while there is no cluster to ask.
func newKinds(s *kube.State, f *frame.Frame) []kubeKind {
	list := []kubeKind{}
	if s.Health.State == health.Init || s.Health.State == health.Absent {
		return list
	}
	for i := range s.Kinds {
		k := &s.Kinds[i]
		list = append(list, kubeKind{
			Name: kube.Kind(i).String(), State: k.State.String(), Error: text(k.Err), Count: known(k.Count, k.Has()), More: known(k.More, k.More > 0),
			Age: known(k.Age(f.Boot).Seconds(), k.At != 0),
		})
	}
	return list
}

// newCause names the first broken rung while the API does not answer: one of this host's, or one of the request's.
func newCause(s *kube.State, f *frame.Frame) cause {
	c := cause{Checks: append([]string{}, s.Cause.Checks...)}
	if s.Health.State != health.Stale && s.Health.State != health.Failed {
		return c
	}
	ladder := frame.Climb(&f.Snapshot)
	if step := ladder.Cause(); step != nil {
		c.Rung, c.Why = text(step.Name), text(step.Detail)
	}
	c.Since = bootStamp(f, s.Health.Since)
	return c
}

// bootStamp is a time of CLOCK_BOOTTIME as one of the wall clock, null for 0.
func bootStamp(f *frame.Frame, at time.Duration) *string {
	if at == 0 {
		return nil
	}
	return stamp(f.Now.Add(min(at-f.Boot, 0)), time.RFC3339)
}

// newIll lists nothing while it is not known which pods are here.
func newIll(s *kube.State) []illPod {
	list := []illPod{}
	if !s.Kinds[kube.KindPod].Has() {
		return list
	}
	for i := range s.Ill {
		p := &s.Ill[i]
		list = append(list, illPod{p.Namespace, p.Name, text(p.Why), p.Restarts, stamp(p.Since, time.RFC3339)})
	}
	return list
}

// newUsage is null when nobody measures.
func newUsage(s *kube.State) usage {
	k := &s.Kinds[kube.KindUse]
	ok := k.Has() && k.Count > 0
	return usage{known(k.Count, k.Has()), known(float64(s.Use.CPU)/1000, ok), known(s.Use.Memory, ok)}
}

func newNode(s *kube.State) node {
	n := node{Roles: []string{}, Conditions: []condition{}}
	h := s.Here
	if h == nil || !s.Kinds[kube.KindNode].Has() {
		return n
	}
	n.Name, n.Ready, n.Cordoned = text(h.Name), known(h.Ready == "True", h.Ready != ""), &h.Cordoned
	n.Roles, n.Version, n.InternalIP = append(n.Roles, h.Roles...), text(h.Version), text(h.InternalIP)
	for _, c := range h.Conditions {
		n.Conditions = append(n.Conditions, condition{c.Type, text(c.Status), text(c.Reason), stamp(c.Since, time.RFC3339), truth(c.Good)})
	}
	n.CPU, n.Memory, n.Pods = known(float64(h.CPU)/1000, h.CPU > 0), known(h.Memory, h.Memory > 0), known(h.Pods, h.Pods > 0)
	pods, instances := s.Kinds[kube.KindPod].Has(), s.Kinds[kube.KindInstance].Has()
	n.CPUAsked, n.MemAsked = known(float64(s.Pods.HereCPU)/1000, pods), known(s.Pods.HereMemory, pods)
	if u := s.HereUse; u != nil && s.Kinds[kube.KindUse].Has() {
		n.CPUUsed, n.MemUsed = known(float64(u.CPU)/1000, true), &u.Memory
	}
	n.VMs, n.VCPUs = known(s.Virt.HereInstances, instances), known(s.Virt.HereVCPUs, instances)
	ratio := s.Overcommit()
	n.PerCPU = known(ratio, ratio > 0)
	return n
}

func newWarnings(s *kube.State) []warning {
	list := []warning{}
	if !s.Kinds[kube.KindWarning].Has() {
		return list
	}
	for i := range s.Warnings {
		w := &s.Warnings[i]
		list = append(list, warning{stamp(w.Last, time.RFC3339), w.Count, text(w.Kind), text(w.Namespace), text(w.Name), text(w.Reason), text(w.Message)})
	}
	return list
}

func newBlockers(s *kube.State) []blocker {
	list := []blocker{}
	for _, b := range s.Drain {
		list = append(list, blocker(b))
	}
	return list
}
