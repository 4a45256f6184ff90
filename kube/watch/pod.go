package watch

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"hypervisor-tui/kube"
)

// readKeptPod reads a core/v1 Pod as it is kept.
func readKeptPod(s *scan, b []byte) (meta, kube.KeptPod) {
	m, p := readPod(s, b)
	kept, more := p.Keep()
	s.bytes += more
	return m, kept
}

// readPod reads a core/v1 Pod.
func readPod(s *scan, b []byte) (m meta, p kube.Pod) {
	for f := s.over(b); f.next(); {
		switch f.num {
		case 1:
			m = s.meta(f.data)
			s.podMeta(&p, f.data)
		case 2:
			s.podSpec(&p, f.data)
		case 3:
			s.podStatus(&p, f.data)
		}
	}
	s.podTrouble(&p)
	namespace, _, _ := strings.Cut(m.key, "/")
	p.System = p.System || slices.Contains(systemNamespaces[:], namespace)
	return m, p
}

// systemNamespaces are where the parts of a cluster are that carry all others: k3s and RKE2 and most CNIs use the first.
var systemNamespaces = [...]string{"kube-system", "kubevirt", "cdi", "calico-system", "tigera-operator", "kube-flannel", "cilium"}

func (s *scan) podMeta(p *kube.Pod, b []byte) {
	var room [512]byte
	labels := room[:0]
	for f := s.over(b); f.next(); {
		switch f.num {
		case 5:
			if p.UID == (kube.UID{}) { // not the hash of its file
				p.UID = kube.ParseUID(f.data)
			}
		case 8:
			p.Since = s.time(f.data)
		case 9:
			p.Why, p.Slow, p.Since = "Terminating", true, s.time(f.data)
		case 11:
			k, v := s.pair(f.data)
			if string(k) == "kubevirt.io" && strings.HasPrefix(string(v), "virt-") && string(v) != "virt-launcher" {
				p.System = true
			}
			if len(labels) < maxLabels {
				labels = s.label(labels, k, v)
			}
		case 12:
			switch k, v := s.pair(f.data); string(k) {
			case "kubernetes.io/config.mirror":
				p.Mirror = true
			case "kubernetes.io/config.hash":
				p.UID = kube.ParseUID(v)
			}
		case 13:
			if kind := s.controller(f.data); kind != nil {
				p.Owner = s.name(kind)
			}
		}
	}
	p.Labels = s.labels(labels)
}

// controller returns the kind of an owner that controls, nil of one that does not.
func (s *scan) controller(b []byte) []byte {
	if s.varint(b, 6) == 0 {
		return nil
	}
	return s.field(b, 1)
}

// requests is what containers ask for: thousandths of a CPU, and bytes times a thousand.
type requests struct{ cpu, memory int64 }

func (r *requests) add(o requests)   { r.cpu, r.memory = r.cpu+o.cpu, r.memory+o.memory }
func (r *requests) raise(o requests) { r.cpu, r.memory = max(r.cpu, o.cpu), max(r.memory, o.memory) }

// podSpec reads the node and adds up what the pod asks for as the scheduler does: its containers and sidecars together,
// or, when that is more, the largest init container with the sidecars started before it; what the pod asks for as a
// whole goes before that; the overhead of its runtime comes on top.
//
// Kubernetes: k8s.io/component-helpers/resource, PodRequests.
func (s *scan) podSpec(p *kube.Pod, b []byte) {
	var sum, sidecars, start, whole, overhead requests
	for f := s.over(b); f.next(); {
		switch f.num {
		case 2:
			r, _ := s.container(f.data)
			sum.add(r)
			p.Containers++
		case 20:
			r, sidecar := s.container(f.data)
			if sidecar {
				sidecars.add(r)
				r = requests{}
				p.Containers++
			}
			r.add(sidecars)
			start.raise(r)
		case 10:
			p.Node = s.name(f.data)
		case 24:
			switch string(f.data) {
			case "system-node-critical", "system-cluster-critical", "kubevirt-cluster-critical":
				p.System = true
			}
		case 32:
			s.request(&overhead, f.data)
		case 40:
			whole = s.resources(f.data)
		}
	}
	sum.add(sidecars)
	sum.raise(start)
	sum = requests{cmp.Or(whole.cpu, sum.cpu), cmp.Or(whole.memory, sum.memory)}
	sum.add(overhead)
	p.CPU, p.Memory = sum.cpu, sum.memory/1000
}

// container reads what one asks for, and whether as an init container it goes on running.
func (s *scan) container(b []byte) (r requests, sidecar bool) {
	for f := s.over(b); f.next(); {
		switch f.num {
		case 8:
			r = s.resources(f.data)
		case 24:
			sidecar = string(f.data) == "Always"
		}
	}
	return r, sidecar
}

// resources reads the requests of a ResourceRequirements.
func (s *scan) resources(b []byte) (r requests) {
	for f := s.over(b); f.next(); {
		if f.num == 2 {
			s.request(&r, f.data)
		}
	}
	return r
}

func (s *scan) request(r *requests, entry []byte) {
	switch k, v := s.pair(entry); string(k) {
	case "cpu":
		r.cpu = s.quantity(v)
	case "memory":
		r.memory = s.quantity(v)
	}
}

// podStatus reads what the kubelet says of a pod. Numbers of fields: PodStatus, PodCondition and ContainerStatus in
// k8s.io/api/core/v1/generated.proto.
func (s *scan) podStatus(p *kube.Pod, b []byte) {
	var worst containerState
	var reason, message, step []byte // of the pod as a whole; of its first container that is about to start
	starts, started := 0, 0          // init containers, and those that are done or serve
	for f := s.over(b); f.next(); {
		switch f.num {
		case 1:
			p.Phase = s.name(f.data)
		case 2:
			s.podCondition(p, f.data)
		case 3:
			message = f.data
		case 4:
			reason = f.data
		case 8, 10:
			c := s.containerStatus(f.data)
			if c.starts = f.num == 10; c.starts {
				starts++
				if c.ready {
					started++
				}
			} else if step == nil {
				step = c.step
			}
			if c.ready && (!c.starts || c.runs) {
				p.ReadyContainers++
			}
			p.Restarts += c.restarts
			if c.ended.After(p.Restarted) {
				p.Restarted = c.ended
			}
			if c.why != nil && (worst.why == nil || worst.starts && !c.starts) {
				worst = c
			}
		}
	}
	switch {
	case p.Why == "Terminating" || p.Phase == "Succeeded":
		return
	case p.Phase == "Failed" && reason != nil:
		worst = containerState{why: reason, message: message}
	case worst.why == nil && p.Phase == "Pending" && p.Why == "":
		if started < starts {
			step = fmt.Appendf(nil, "Init:%d/%d", started, starts)
		}
		p.Why, p.Slow = s.name(step), true
		return
	case worst.why == nil:
		return
	}
	p.Why, p.Slow = s.name(worst.why), false
	p.Message, p.LastEnd = s.text(worst.message, kube.MaxMessage), s.name(worst.lastEnd)
	if worst.starts {
		p.Why = s.name([]byte("Init:" + p.Why))
	}
}

// podCondition reads Ready, and why the pod is on no node.
func (s *scan) podCondition(p *kube.Pod, b []byte) {
	c := s.condition(b)
	switch string(c.kind) {
	case "Ready":
		p.Ready = truth(string(c.status))
		if p.Ready == kube.False && string(c.reason) == "PodCompleted" {
			p.Ready = kube.Unknown
		}
	case "PodScheduled":
		why := string(c.reason)
		if string(c.status) != "False" || why != "Unschedulable" && why != "SchedulingGated" || p.Why != "" {
			return
		}
		p.Why, p.Slow, p.Message = s.name(c.reason), true, s.text(c.message, kube.MaxMessage)
	default:
		return
	}
	if p.Why != "Terminating" && !c.since.IsZero() {
		p.Since = c.since
	}
}

func truth(status string) kube.Truth {
	switch status {
	case "True":
		return kube.True
	case "False":
		return kube.False
	}
	return kube.Unknown
}

// podTrouble says of a pod of which nothing worse is known what it is waiting for. Init containers, images and probes take
// their time.
func (s *scan) podTrouble(p *kube.Pod) {
	switch {
	case p.Why != "" || p.Ended():
	case p.Phase == "Running" && p.Ready == kube.False:
		p.Why, p.Slow = kube.PodNotReady, true
	case p.Phase == "Pending" || p.Phase == "Unknown":
		p.Why, p.Slow = p.Phase, true
	}
	if p.Why == "" {
		p.Since = time.Time{}
	}
}

// containerState is what the kubelet says of one.
type containerState struct {
	starts   bool // it is an init container
	restarts int
	ended    time.Time // when the run before this one did
	why      []byte    // it does not run: a reason that is no step of a usual start, nil: it does, or is about to
	message  []byte    // of why
	step     []byte    // the step of a usual start that it is at, nil: at none
	lastEnd  []byte    // how the run before ended, nil: not said
	runs     bool
	ready    bool
}

func (s *scan) containerStatus(b []byte) (c containerState) {
	for f := s.over(b); f.next(); {
		switch f.num {
		case 2:
			s.containerState(&c, f.data)
		case 3:
			end := s.field(f.data, 3)
			c.ended, c.lastEnd = s.time(s.field(end, 6)), s.ending(end)
		case 4:
			c.ready = f.n != 0
		case 5:
			c.restarts = int(max(int32(f.n), 0))
		}
	}
	return c
}

// containerState reads a ContainerState. One that has ended with 0 has done what it should.
func (s *scan) containerState(c *containerState, b []byte) {
	for f := s.over(b); f.next(); {
		switch f.num {
		case 1:
			switch reason := s.field(f.data, 1); string(reason) {
			case "":
			case "ContainerCreating", "PodInitializing":
				c.step = reason
			default:
				c.why, c.message = reason, s.field(f.data, 2)
			}
		case 2:
			c.runs = true
		case 3:
			if code, reason := s.exit(f.data); code != 0 {
				c.why, c.message = reason, s.field(f.data, 4)
			}
		}
	}
}

// exit reads a ContainerStateTerminated: the exit code, and why in a word.
func (s *scan) exit(b []byte) (code int32, reason []byte) {
	if reason = s.field(b, 3); reason == nil {
		reason = []byte("Error")
	}
	return int32(s.varint(b, 1)), reason
}

// ending says how the last run of a container ended, nil when there was none.
func (s *scan) ending(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	code, reason := s.exit(b)
	if string(reason) == "Error" {
		return fmt.Appendf(nil, "exit code %d", code)
	}
	return reason
}
