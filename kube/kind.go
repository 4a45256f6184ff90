package kube

import (
	"strconv"
	"time"

	"hypervisor-tui/internal/health"
)

// Kind is one kind of object that is followed.
type Kind uint8

// The kinds, in the order in which they are shown.
const (
	KindNode Kind = iota
	KindPod
	KindService
	KindPVC // persistentvolumeclaims
	KindEvent
	KindNamespace
	KindPDB           // poddisruptionbudgets
	KindNetworkPolicy // networkpolicies
	KindServiceCIDR
	KindNodeMetrics  // what nodes use, of metrics.k8s.io
	KindStorageClass // storageclasses
	KindVM           // KubeVirt's virtualmachines
	KindVMI          // virtualmachineinstances: the VMs that run or are about to
	KindMigration
	KindKubeVirt   // KubeVirt's own settings and state, one object
	KindDataVolume // of KubeVirt's CDI
	KindNAD        // network-attachment-definitions, of Multus
	KindCount
)

var kindNames = [KindCount]string{
	KindNode: "nodes", KindPod: "pods", KindService: "services", KindPVC: "persistentvolumeclaims",
	KindEvent: "events", KindNamespace: "namespaces", KindPDB: "poddisruptionbudgets", KindNetworkPolicy: "networkpolicies",
	KindServiceCIDR: "servicecidrs", KindNodeMetrics: "nodes.metrics.k8s.io", KindStorageClass: "storageclasses", KindVM: "virtualmachines", KindVMI: "virtualmachineinstances",
	KindMigration: "virtualmachineinstancemigrations", KindKubeVirt: "kubevirts", KindDataVolume: "datavolumes",
	KindNAD: "network-attachment-definitions",
}

// String is the name by which the API and RBAC know the kind: its plural, with the group where two have the same.
func (k Kind) String() string {
	if k < KindCount {
		return kindNames[k]
	}
	return "unknown"
}

// KindStatus is how good what is kept of one kind is. Its state is Init until all that the API server has was seen once,
// Absent while the API server does not know the kind, Failed when it may not be listed, and Stale while it is not
// followed, as after the API server went away. While it is followed, At is the last time at which that was certain.
type KindStatus struct {
	health.Health
	Count int // objects kept; of events at most MaxEvents
	More  int // there are more than that many, and so none is kept; 0: all are kept
}

// Has reports whether there are figures of the kind: fresh ones or the last good ones. There are none of a kind that has
// too many objects.
func (k *KindStatus) Has() bool { return k.Health.Has() && k.More == 0 }

// AppendWords appends the state in words: "ok", "syncing 3,200", "more than 50,000", "forbidden: list
// pods", "not installed", "stale 42s".
func (k *KindStatus) AppendWords(dst []byte, now time.Duration) []byte {
	switch k.State {
	case health.Init:
		if k.Count == 0 {
			return append(dst, "syncing"...)
		}
		return appendThousands(append(dst, "syncing "...), k.Count)
	case health.OK:
		if k.More > 0 {
			return appendThousands(append(dst, "more than "...), k.More)
		}
		return append(dst, "ok"...)
	case health.Stale:
		dst = strconv.AppendInt(append(dst, "stale "...), int64(k.Age(now)/time.Second), 10)
		return append(dst, 's')
	}
	return append(dst, k.Err...)
}

// appendThousands appends n, which is not negative, with a comma before each group of three digits.
func appendThousands(dst []byte, n int) []byte {
	if n < 1000 {
		return strconv.AppendInt(dst, int64(n), 10)
	}
	dst = append(appendThousands(dst, n/1000), ',')
	rest := n % 1000
	return append(dst, byte('0'+rest/100), byte('0'+rest/10%10), byte('0'+rest%10))
}
