package watch

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unsafe"

	"hypervisor-tui/kube"
)

// The readers below are given one object of the core kinds as protobuf. Numbers of fields are those of
// k8s.io/api/*/generated.proto, which never change.

// readNode reads a core/v1 Node.
func readNode(s *scan, b []byte) (m meta, n kube.Node) {
	for f := s.over(b); f.next(); {
		switch f.num {
		case 1:
			m = s.meta(f.data)
			n.Name = m.key
			s.nodeMeta(&n, f.data)
		case 2:
			s.nodeSpec(&n, f.data)
		case 3:
			s.nodeStatus(&n, f.data)
		}
	}
	slices.Sort(n.Roles)
	return m, n
}

// mostArgs is the bytes of the arguments of a k3s server that are read.
const mostArgs = 32 << 10

func (s *scan) nodeMeta(n *kube.Node, b []byte) {
	for f := s.over(b); f.next(); {
		if f.num != 11 && f.num != 12 {
			continue
		}
		k, value := s.pair(f.data)
		role, isRole := strings.CutPrefix(string(k), "node-role.kubernetes.io/")
		switch key := string(k); {
		case f.num == 11 && isRole && len(n.Roles) < mostParts:
			n.Roles = append(n.Roles, s.name([]byte(role)))
		case key == "kubernetes.io/hostname":
			n.Hostname = s.text(value, mostWord)
		case key == "k3s.io/node-args", key == "rke2.io/node-args":
			if len(value) > mostArgs {
				continue
			}
			if n.K3s = kube.ParseK3sArgs(string(value)); n.K3s != nil {
				n.K3s.RKE2 = key == "rke2.io/node-args"
				s.bytes += len(value)
			}
		case key == "flannel.alpha.coreos.com/backend-type":
			n.Flannel = s.name(value)
		case key == "projectcalico.org/IPv4Address", key == "projectcalico.org/IPv6Address":
			n.CNI = "calico"
		case strings.HasPrefix(key, "network.cilium.io/"), strings.HasPrefix(key, "io.cilium.network."):
			n.CNI = "cilium"
		}
	}
}

func (s *scan) nodeSpec(n *kube.Node, b []byte) {
	first := ""
	for f := s.over(b); f.next(); {
		switch f.num {
		case 1:
			first = s.text(f.data, 64)
		case 4:
			n.Cordoned = f.n != 0
		case 7:
			if len(n.PodCIDRs) < mostParts {
				n.PodCIDRs = append(n.PodCIDRs, s.text(f.data, 64))
			}
		}
	}
	if n.PodCIDRs == nil && first != "" {
		n.PodCIDRs = []string{first}
	}
}

func (s *scan) nodeStatus(n *kube.Node, b []byte) {
	for f := s.over(b); f.next(); {
		switch f.num {
		case 1:
			if k, v := s.pair(f.data); string(k) == "cpu" {
				n.CapacityCPU = s.quantity(v)
			}
		case 2:
			switch k, v := s.pair(f.data); string(k) {
			case "cpu":
				n.CPU = s.quantity(v)
			case "memory":
				n.Memory = s.quantity(v) / 1000
			case "pods":
				n.Pods = s.quantity(v) / 1000
			}
		case 4:
			s.nodeCondition(n, f.data)
		case 5:
			if kind, address := s.pair(f.data); string(kind) == "InternalIP" && n.InternalIP == "" {
				n.InternalIP = s.text(address, 64)
			}
		case 7:
			for info := s.over(f.data); info.next(); {
				switch info.num {
				case 1:
					n.MachineID = s.text(info.data, 64)
				case 7:
					n.Version = s.name(info.data)
				}
			}
		}
	}
}

// nodeCondition keeps Ready first, and of the others those that are not known to be as they should be.
func (s *scan) nodeCondition(n *kube.Node, b []byte) {
	raw := s.condition(b)
	c := kube.Condition{Type: s.name(raw.kind), Status: s.name(raw.status), Reason: s.name(raw.reason), Since: raw.since}
	if c.Judge(); c.Good == kube.False {
		c.Message = s.text(raw.message, kube.MaxMessage)
	}
	switch {
	case c.Type == "Ready":
		n.Ready = c.Status
		n.Conditions = slices.Insert(n.Conditions, 0, c)
	case c.Good != kube.True && len(n.Conditions) < mostParts:
		n.Conditions = append(n.Conditions, c)
		s.bytes += int(unsafe.Sizeof(c))
	}
}

// wireCondition is a condition of a node or a pod, in the memory of what is read.
type wireCondition struct {
	kind, status, reason, message []byte
	since                         time.Time
}

// condition reads a NodeCondition or a PodCondition: their numbers are the same.
func (s *scan) condition(b []byte) (c wireCondition) {
	for f := s.over(b); f.next(); {
		switch f.num {
		case 1:
			c.kind = f.data
		case 2:
			c.status = f.data
		case 4:
			c.since = s.time(f.data)
		case 5:
			c.reason = f.data
		case 6:
			c.message = f.data
		}
	}
	return c
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
			if len(labels)+len(k)+len(v) > mostLabels {
				continue
			}
			if len(labels) > 0 {
				labels = append(labels, '\n')
			}
			labels = append(append(append(labels, k...), '='), v...)
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
	var kind []byte
	controls := false
	for f := s.over(b); f.next(); {
		switch f.num {
		case 1:
			kind = f.data
		case 6:
			controls = f.n != 0
		}
	}
	if !controls {
		return nil
	}
	return kind
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
