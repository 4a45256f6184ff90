package kube

import (
	"cmp"
	"time"
)

// The objects below are what is kept of the API's: only what a roll-up needs. Their text is clean. Quantities of CPU
// are thousandths of one, of memory bytes; 0 is not asked for or not said.

// Node is one machine of the cluster. API: core/v1 Node.
type Node struct {
	Name        string
	Roles       []string // from the labels node-role.kubernetes.io/..., sorted
	Version     string   // of its kubelet
	Ready       string   // "True", "False", "Unknown"; empty: no such condition
	Conditions  []Condition
	Cordoned    bool
	InternalIP  string
	MachineID   string
	CapacityCPU int64
	CPU         int64 // allocatable, as are Memory and Pods
	Memory      int64
	Pods        int64
	PodCIDRs    []string
	Flannel     string   // backend, from flannel's annotation
	CNI         string   // "calico" or "cilium", from their annotations
	K3s         *K3s     // nil: not k3s or RKE2, or its arguments are not known
	Hostname    string   // from the label kubernetes.io/hostname
	Zone        string   // from the label topology.kubernetes.io/zone
	Taints      []string // as kubectl writes them, key=value:Effect, but for those that say what Ready and Cordoned do
}

// K3s is what the arguments of a k3s or RKE2 server say of the network, from its node's annotation k3s.io/node-args or
// rke2.io/node-args.
type K3s struct {
	Server         bool // else an agent, which does not say
	RKE2           bool
	CNI            string // of RKE2: its first, as in "canal"; Multus aside. Empty: canal, RKE2's default
	PodCIDR        string
	ServiceCIDR    string
	FlannelBackend string
	NoPolicy       bool // --disable-network-policy
}

// Pod is one pod. API: core/v1 Pod.
type Pod struct {
	Phase  string // "Running"; empty: not said
	Node   string // empty: not scheduled
	Owner  string // kind of its controller, empty: none
	Labels Labels
	CPU    int64 // what it asks for, as the scheduler counts it
	Memory int64
	UID    UID  // by which the kubelet names its cgroup; zero: not known
	Mirror bool // a static pod of its node, which no drain touches
	System bool // part of the cluster, by its priority class, its labels or its namespace
	Ready  Truth

	Containers      int32 // that are to run beside each other, as kubectl counts them
	ReadyContainers int32

	Restarts  int       // of its containers together
	Restarted time.Time // last, zero: never, or not said
	Why       string    // it does not work: "CrashLoopBackOff", "Init:0/1", "not ready", of a failed pod "Evicted"; empty: nobody says that it does not
	Slow      bool      // Why is only wrong when it lasts: a pod that starts or ends is as it should be
	Message   string    // what is said beside Why of the container it is about, or by the scheduler; one line, at most MaxMessage bytes
	LastEnd   string    // how the run of that container ended before: "OOMKilled", "exit code 1"; empty: not said
	Since     time.Time // of Why, zero: not said
}

// UID is the UID of a pod's metadata, or of a static pod, whose metadata the API server makes, the hash of its file.
type UID [16]byte

// ParseUID reads 32 hexadecimal digits, with hyphens anywhere. It returns the zero UID for any other text.
func ParseUID[T ~string | ~[]byte](text T) (uid UID) {
	n := 0
	for i := range len(text) {
		c := text[i]
		switch {
		case c == '-':
			continue
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		default:
			return UID{}
		}
		if n == 2*len(uid) {
			return UID{}
		}
		uid[n/2] = uid[n/2]<<4 | c
		n++
	}
	if n < 2*len(uid) {
		return UID{}
	}
	return uid
}

// Status is what kubectl prints of the pod: why it does not work, or its phase.
func (p *Pod) Status() string {
	switch {
	case p.Why != "" && p.Why != PodNotReady:
		return p.Why
	case p.Phase == "Succeeded":
		return "Completed"
	}
	return cmp.Or(p.Phase, None)
}

// PodNotReady is the Why of a pod that runs and is not ready.
const PodNotReady = "not ready"

// Works reports whether the pod runs and nobody says that it does not work.
func (p *Pod) Works() bool { return p.Phase == "Running" && p.Ready != False && p.Why == "" }

// Ended reports whether the pod has done with its node.
func (p *Pod) Ended() bool { return p.Phase == "Succeeded" || p.Phase == "Failed" }

// Service is one service: its type, Headless when it is a ClusterIP service without an IP. API: core/v1 Service.
type Service struct{ Type string }

// PVC is one PersistentVolumeClaim. API: core/v1 PersistentVolumeClaim.
type PVC struct {
	Phase        string
	StorageClass string    // name of its storage class, empty: none
	Chosen       bool      // a volume, or the node that the volume is to be on
	Created      time.Time // zero: not said
}

// StorageClass is one storage class. API: storage.k8s.io/v1 StorageClass.
type StorageClass struct {
	Waits bool // claims of it stay pending until a pod uses them
}

// Event is one event of type Warning. API: core/v1 Event.
type Event struct {
	Last      time.Time // when it happened last
	Count     int       // how often
	Kind      string    // what it is about
	Namespace string    // of that, empty: it has none
	Name      string
	Reason    string
	Message   string // one line, at most MaxMessage bytes
	Source    string // who says so
}

// MaxMessage is how much of an event's message is kept, in bytes.
const MaxMessage = 256

// PDB is one PodDisruptionBudget. API: policy/v1.
type PDB struct {
	Allowed int    // pods that may be evicted now
	Labels  Labels // that a pod must all have; none: every pod of the namespace
	Unclear bool   // its selector says more than Labels, or nothing: it is not judged
}

// ServiceCIDR is one of the ranges that services get their IPs from. API: networking.k8s.io/v1.
type ServiceCIDR struct{ CIDRs []string }

// NodeMetrics is what a node uses, as it was measured a moment ago. API: metrics.k8s.io/v1beta1 NodeMetrics.
type NodeMetrics struct{ CPU, Memory int64 }

// VM is one VirtualMachine, running or not. API: kubevirt.io/v1.
type VM struct {
	Namespace, Name string
	Status          string      // printable status: an open set; empty: KubeVirt has not said
	Since           time.Time   // it became or ceased to be ready, by its condition Ready; zero: not said
	Conditions      []Condition // that are worth showing: those that are bad first
}

// VMI is one VirtualMachineInstance: a VM that runs or is about to. API: kubevirt.io/v1.
type VMI struct {
	Namespace, Name string
	Phase           string // "Running"; empty: not said
	Node            string // empty: not scheduled
	IPs             []string
	Ready           Truth
	Paused          Truth
	Migratable      Truth
	WhyNot          string      // it is not migratable: reason or message of the condition
	Conditions      []Condition // that are worth showing: those that are bad first
	Agent           Truth       // the guest's agent is connected
	VCPUs           int         // 0: not known
	Memory          uint64      // of the guest, bytes; 0: not known
	Eviction        string      // strategy; empty: the cluster's default
	Evacuating      string      // node that it is being moved off
	Created         time.Time
	Moving          *Moving // its last migration, nil: none
}

// Ended reports whether the instance has done with its node.
func (i *VMI) Ended() bool { return i.Phase == "Succeeded" || i.Phase == "Failed" }

// Truth is a condition of the API: True, False, or not known.
type Truth int8

// The truths. Unknown is what a condition that is absent is.
const (
	Unknown Truth = iota
	False
	True
)

// Moving is one migration as the instance or the migration itself tells of it.
type Moving struct {
	UID            string // of the migration
	Source, Target string // nodes; empty: not known yet
	Started, Ended time.Time
	Completed      bool
	Failed         bool
	Why            string // it failed
	Mode           string // "PreCopy", "PostCopy"
}

// Over reports whether the migration has ended: not every version of KubeVirt says when.
func (m *Moving) Over() bool { return m.Completed || m.Failed || !m.Ended.IsZero() }

// Migration is one VirtualMachineInstanceMigration. API: kubevirt.io/v1.
type Migration struct {
	Namespace, Name string
	VMI             string // name of the instance that moves
	Phase           string // "Running"; empty: not said
	Created         time.Time
	Moving          // as far as it is known
}

// Done reports whether the migration has ended, well or not.
func (m *Migration) Done() bool { return m.Phase == "Succeeded" || m.Phase == "Failed" }

// KubeVirt is KubeVirt's own object. API: kubevirt.io/v1.
type KubeVirt struct {
	Phase, Version                   string
	Available, Progressing, Degraded Truth
	Why                              string    // reason of the condition that is worst
	Since                            time.Time // of that, zero: not said
}

// Trouble is what KubeVirt says is wrong with itself, empty when nothing is. While it is deployed or updated it is not
// available or degraded, too: then Progressing is True.
//
// KubeVirt: pkg/virt-operator/util/conditions.go.
func (k *KubeVirt) Trouble() string {
	switch {
	case k.Phase == "Deleting" || k.Phase == "Deleted":
		return ""
	case k.Available == False:
		return "not available"
	case k.Degraded == True:
		return "degraded"
	}
	return ""
}
