// Package kube is what this program knows of the cluster: pure types that the screens draw and the roll-ups that make
// them. It finds the kubeconfig; what speaks to the API server is kube/watch.
package kube

import (
	"strings"
	"time"

	"hypervisor-tui/internal/health"
)

// State is one look at the cluster. It and all that it points to are immutable once published; a new one is made when
// something changed, at most once a second. All text in it is clean.
//
// A figure is known while its kind has a value: State.Kinds[KindPod].Has() for Pods, and so on; what is not known is
// zero and must not be drawn. A stale kind has its last good figures.
type State struct {
	Health     health.Health // of the API as a whole: OK while it answers that it is ready
	Cause      Cause         // why it is not, when Health is Stale or Failed
	Kubeconfig string        // path of the file chosen, empty: none
	Candidates []Candidate   // where it was looked for, in order, up to the file chosen
	Hung       Hung          // of the kubeconfig and the files that it points to; zero: all answer

	Server     string      // the API server's URL, as the kubeconfig has it
	Version    string      // of the API server, as in "v1.37.2+k3s1"; empty: not known
	Admin      bool        // the kubeconfig's credentials may do everything: a read-only account would be enough
	ClientCert Certificate // what this program shows; zero: a token, or not known
	ServerCert Certificate // what the API server shows

	Kinds         [KindCount]KindStatus
	Namespaces    int // in the cluster
	Nodes         Nodes
	Fleet         *Fleet    // nil: nobody looks at the nodes one by one, or not yet
	Details       []*Detail // of the nodes that somebody looks at whole
	Local         *Node     // this host's node, nil: not known, or this host is no node
	Pods          Pods
	Metrics       NodeMetrics  // of all nodes together that say, while KindNodeMetrics has a value
	LocalMetrics  *NodeMetrics // of this node, nil: not known
	Services      Services
	PVCs          PVCs
	Events        []Event // events of type Warning, newest first, at most MaxEvents
	Network       Network
	Virt          Virt
	Ill           []NamedPod    // of the cluster's own on this node, or on none, that may not work: the certain ones first, at most MaxNames
	Behind        time.Duration // CLOCK_BOOTTIME from which the API server sends more than is taken in, 0: it does not
	DrainBlockers []Blocker     // what would keep this node from being drained, or be lost by it
}

// Candidate is one place where a kubeconfig was looked for. It never holds anything of the file's content.
type Candidate struct {
	Path   string
	Result string // "found", or in words why not: "does not exist", "permission denied (mode 0600, owner root)"
}

// Hung is a file that does not answer. Credentials that were read from it before are in use meanwhile.
type Hung struct {
	Why   string        // names it
	Since time.Duration // CLOCK_BOOTTIME
}

// Certificate is how long one is valid. Both are zero when it is not known.
type Certificate struct{ NotBefore, NotAfter time.Time }

// Check is a step of the ladder from the kubeconfig up to an API server that is ready. The first broken one is the cause.
type Check uint8

// The rungs, from the bottom. Answers is the top: nothing is broken.
const (
	Answers      Check = iota
	Kubeconfig         // none that can be used
	Dial               // no connection: refused, timeout, no route, no such host
	TLS                // unknown authority, wrong name, expired, or not yet valid, which is a wrong clock as a rule
	Unauthorized       // 401: the credentials are not, or no longer, accepted
	Forbidden          // 403: the credentials are accepted and may not see anything
	Silent             // connected, and no answer in time
	Foreign            // it answers as no API server does
	NotReady           // it answers, and says which of its own checks fail, or has nothing to list
)

// String is the rung in a word or two.
func (r Check) String() string {
	names := [...]string{"answers", "kubeconfig", "connection", "TLS", "unauthorized", "forbidden", "no answer", "no API server", "not ready"}
	if int(r) < len(names) {
		return names[r]
	}
	return "unknown"
}

// NothingListed is how Cause.Why begins when the API server says that it is ready and lists nothing.
const NothingListed = "answers, but nothing can be listed: "

// Cause is why the API does not answer. Since when is State.Health.Since.
type Cause struct {
	Check  Check
	Why    string        // one line: "refused", "certificate not yet valid: is this host's clock right?"
	Checks []string      // with NotReady: the names of the checks that fail, as in "etcd"
	Retry  time.Duration // CLOCK_BOOTTIME of the next try, 0: one is under way
}

// Count is how many things have a name in common. Lists of them are sorted by name.
type Count struct {
	Name string
	N    int
}

// Nodes counts the cluster's nodes.
type Nodes struct {
	Ready, Total int
	NotReady     []string // names, sorted, at most MaxNames
	Faults       []Fault  // by node, at most MaxNames
}

// Fault is a condition of a node that is not as it should be.
type Fault struct {
	Node string
	Condition
	Pods, VMs int // on it that have not ended, when it is Ready that is not so: they are lost or move. VMs are among the pods
}

// Pods counts the cluster's pods and those of this node.
type Pods struct {
	Running, Total int // Running: those that work
	NotReady       int // that run and do not work
	ByPhase        []Count
	Local          int        // on this node that have not ended; known when State.Here is
	LocalCPU       int64      // what those ask for together, in thousandths of a CPU
	LocalMemory    int64      // the same, bytes
	Succeeded      int        // that have ended as they should
	List           []NamedPod // those on this node but for the succeeded: what does not work first, failed ones last, then by name; at most MaxPods
}

// NotSucceeded is how many there are without those that have ended as they should: Running is compared with it.
func (p *Pods) NotSucceeded() int { return p.Total - p.Succeeded }

// NamedPod is a pod and its name.
type NamedPod struct {
	Namespace, Name string
	Pod
}

// Pod returns the pod of this node whose UID the text is, nil when none is listed.
func (p *Pods) Pod(uid string) *NamedPod {
	id := ParseUID(uid)
	for i := range p.List {
		if p.List[i].UID == id && id != (UID{}) {
			return &p.List[i]
		}
	}
	return nil
}

// Services counts the cluster's services. A ClusterIP service without an IP is of type Headless.
type Services struct {
	Total  int
	ByType []Count
}

// PVCs counts PersistentVolumeClaims.
type PVCs struct {
	Bound, Total int
	Waiting      int       // that may be waiting for a pod to use them: nobody can say that they lack a volume
	Unbound      []Unbound // without those: lost ones first, then the longest pending, at most MaxNames
}

// Unbound is a claim that has no volume.
type Unbound struct {
	Namespace, Name, Phase string
	Created                time.Time
}

// Network is how the cluster's network is set up.
type Network struct {
	PodCIDR     Sourced
	ServiceCIDR Sourced
	CNI         Sourced // as in "flannel vxlan"
	Policy      Sourced // "enforced" or "not enforced": who would make NetworkPolicies true
	Policies    int     // NetworkPolicies in the cluster
	NADs        int     // NetworkAttachmentDefinitions (Multus)
}

// Sourced is a value and where it was learned. An empty Value is not known.
type Sourced struct{ Value, Source string }

// Virt is KubeVirt.
type Virt struct {
	KubeVirt        // its Version is as KubeVirt observed itself
	VMs        []VM // by namespace and name
	VMIs       []VMI
	Migrations []Migration // that have not ended, at most MaxGoing, and the newest that have, at most MaxEnded; newest first
	Volumes    int         // DataVolumes (CDI)
	Tally      Tally

	LocalVMIs  int // on this node, not ended
	LocalVCPUs int // of those together
}

// VMWarning returns the newest warning about a VM: of itself, of its instance or of the pod that runs it. nil: none of
// those that are kept.
func (s *State) VMWarning(namespace, name string) *Event {
	return s.warning(namespace, func(e *Event) bool {
		if e.Kind == "Pod" {
			rest, ok := strings.CutPrefix(e.Name, "virt-launcher-"+name+"-")
			return ok && !strings.Contains(rest, "-")
		}
		return (e.Kind == "VirtualMachine" || e.Kind == "VirtualMachineInstance") && e.Name == name
	})
}

// PodWarning returns the newest warning about a pod, nil: none of those that are kept.
func (s *State) PodWarning(namespace, name string) *Event {
	return s.warning(namespace, func(e *Event) bool { return e.Kind == "Pod" && e.Name == name })
}

// warning returns the newest warning about something of a namespace, nil: none of those that are kept.
func (s *State) warning(namespace string, about func(*Event) bool) *Event {
	for i := range s.Events {
		if e := &s.Events[i]; e.Namespace == namespace && about(e) {
			return e
		}
	}
	return nil
}

// Tally counts VMs by what became of them. Other is every status that is none of the five.
type Tally struct {
	Running, Stopped, Migrating, Paused, Error, Other, Total int
	ByStatus                                                 []Count // by printable status; "(none)": KubeVirt has not said
}

// Up is how many run: those that migrate do.
func (t *Tally) Up() int { return t.Running + t.Migrating }

// Overcommit is how many virtual CPUs of running instances share one CPU of this node, 0 when either is not known.
func (s *State) Overcommit() float64 {
	if s.Local == nil || s.Local.CapacityCPU <= 0 || !s.Kinds[KindVMI].Has() {
		return 0
	}
	return 1000 * float64(s.Virt.LocalVCPUs) / float64(s.Local.CapacityCPU)
}

// Blocker is one thing that a drain of this node meets.
type Blocker struct {
	Namespace, Name string
	Why             string // "cannot be migrated: ...", "has no controller that would start it elsewhere"
}

// Limits of what a State lists; what is counted is not limited.
const (
	MaxEvents   = 200
	MaxNames    = 20
	MaxGoing    = 200
	MaxEnded    = 20
	MaxCounts   = 32 // names that objects are counted by
	MaxBlockers = 50
	MaxPods     = 256 // of this node: a kubelet runs 110 unless configured otherwise
)

// Settled reports whether there is nothing more to wait for: no API, or an answer for each kind.
func (s *State) Settled() bool {
	if s.Health.State == health.Init {
		return false
	}
	if !s.Health.Has() {
		return true
	}
	for i := range s.Kinds {
		if s.Kinds[i].State == health.Init {
			return false
		}
	}
	return true
}
