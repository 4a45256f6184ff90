package kube

import (
	"time"
	"unsafe"
)

// KeptPod is a Pod as it is kept. Of the many pods of a cluster few have had trouble: what only those have lies elsewhere.
type KeptPod struct {
	phase, node, owner          string
	labels                      Labels
	cpu, memory                 int64
	uid                         UID
	containers, readyContainers int32
	mirror, system              bool
	ready                       Truth
	trouble                     *podTrouble // nil: none
}

// podTrouble is what a Pod has that does not work, or did not once.
type podTrouble struct {
	restarts         int
	restarted, since time.Time
	why              string
	message, lastEnd string
	slow             bool
}

// Keep returns p as it is kept, and how many bytes it refers to for that beside its text.
func (p *Pod) Keep() (k KeptPod, more int) {
	k = KeptPod{
		p.Phase, p.Node, p.Owner, p.Labels, p.CPU, p.Memory, p.UID, p.Containers, p.ReadyContainers, p.Mirror, p.System, p.Ready, nil,
	}
	t := podTrouble{p.Restarts, p.Restarted, p.Since, p.Why, p.Message, p.LastEnd, p.Slow}
	if t == (podTrouble{}) {
		return k, 0
	}
	k.trouble = &t
	return k, int(unsafe.Sizeof(t))
}

// pod returns the pod whole.
func (k *KeptPod) pod() Pod {
	p := Pod{
		Phase: k.phase, Node: k.node, Owner: k.owner, Labels: k.labels, CPU: k.cpu, Memory: k.memory, UID: k.uid,
		Containers: k.containers, ReadyContainers: k.readyContainers, Mirror: k.mirror, System: k.system, Ready: k.ready,
	}
	if t := k.trouble; t != nil {
		p.Restarts, p.Restarted, p.Since, p.Why, p.Message, p.LastEnd, p.Slow = t.restarts, t.restarted, t.since, t.why, t.message, t.lastEnd, t.slow
	}
	return p
}

// works is Pod.Works.
func (k *KeptPod) works() bool {
	return k.phase == "Running" && k.ready != False && (k.trouble == nil || k.trouble.why == "")
}

// ended is Pod.Ended.
func (k *KeptPod) ended() bool { return k.phase == "Succeeded" || k.phase == "Failed" }
