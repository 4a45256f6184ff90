package watch

import (
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

// maxArgs is the bytes of the arguments of a k3s server that are read.
const maxArgs = 32 << 10

func (s *scan) nodeMeta(n *kube.Node, b []byte) {
	for f := s.over(b); f.next(); {
		if f.num != 11 && f.num != 12 {
			continue
		}
		k, value := s.pair(f.data)
		role, isRole := strings.CutPrefix(string(k), "node-role.kubernetes.io/")
		switch key := string(k); {
		case f.num == 11 && isRole && len(n.Roles) < maxParts:
			n.Roles = append(n.Roles, s.name([]byte(role)))
		case key == "kubernetes.io/hostname":
			n.Hostname = s.text(value, maxWord)
		case key == "topology.kubernetes.io/zone":
			n.Zone = s.name(value)
		case key == "k3s.io/node-args", key == "rke2.io/node-args":
			if len(value) > maxArgs {
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
		case 5:
			if t := s.taint(f.data); t != "" && len(n.Taints) < maxParts {
				n.Taints = append(n.Taints, t)
			}
		case 7:
			if len(n.PodCIDRs) < maxParts {
				n.PodCIDRs = append(n.PodCIDRs, s.text(f.data, 64))
			}
		}
	}
	if n.PodCIDRs == nil && first != "" {
		n.PodCIDRs = []string{first}
	}
}

// taint reads a Taint as kubectl writes it; empty: what it says is known by other words.
func (s *scan) taint(b []byte) string {
	key, value := s.pair(b)
	switch string(key) {
	case "node.kubernetes.io/unschedulable", "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable":
		return ""
	}
	text := s.text(key, maxWord)
	if len(value) > 0 {
		text += "=" + s.text(value, maxWord)
	}
	text += ":" + s.name(s.field(b, 3))
	s.bytes += len(text)
	return text
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
			n.MachineID, n.Version = s.text(s.field(f.data, 1), 64), s.name(s.field(f.data, 7))
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
	case c.Good != kube.True && len(n.Conditions) < maxParts:
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

// readService reads a core/v1 Service.
func readService(s *scan, b []byte) (meta, kube.Service) {
	spec := s.field(b, 2)
	v := kube.Service{Type: s.name(s.field(spec, 4))}
	if v.Type == "ClusterIP" && string(s.field(spec, 3)) == "None" {
		v.Type = "Headless"
	}
	return s.meta(s.field(b, 1)), v
}

// readClaim reads a core/v1 PersistentVolumeClaim.
func readClaim(s *scan, b []byte) (_ meta, c kube.PVC) {
	own, spec := s.field(b, 1), s.field(b, 2)
	class := s.field(spec, 5)
	c.Chosen = len(s.field(spec, 3)) > 0
	for f := s.over(own); f.next(); {
		switch f.num {
		case 8:
			c.Created = s.time(f.data)
		case 12:
			switch k, value := s.pair(f.data); string(k) {
			case "volume.kubernetes.io/selected-node":
				c.Chosen = true
			case "volume.beta.kubernetes.io/storage-class":
				if class == nil {
					class = value
				}
			}
		}
	}
	c.StorageClass, c.Phase = s.name(class), s.name(s.field(s.field(b, 3), 1))
	return s.meta(own), c
}

// readClass reads a storage.k8s.io/v1 StorageClass.
func readClass(s *scan, b []byte) (meta, kube.StorageClass) {
	return s.meta(s.field(b, 1)), kube.StorageClass{Waits: string(s.field(b, 7)) == "WaitForFirstConsumer"}
}

// readWarning reads a core/v1 Event. Old and new clients fill different fields: the latest time and the largest count
// of all hold.
func readWarning(s *scan, b []byte) (m meta, w kube.Event) {
	w.Count = 1
	for f := s.over(b); f.next(); {
		switch f.num {
		case 1:
			m = s.meta(f.data)
		case 2:
			w.Kind, w.Namespace, w.Name = s.name(s.field(f.data, 1)), s.name(s.field(f.data, 2)), s.text(s.field(f.data, 3), maxName)
		case 3:
			w.Reason = s.name(f.data)
		case 4:
			w.Message = s.text(f.data, kube.MaxMessage)
		case 5:
			w.Source = s.name(s.field(f.data, 1))
		case 6, 7, 10:
			w.Last = later(w.Last, s.time(f.data))
		case 8:
			w.Count = max(w.Count, int(int32(f.n)))
		case 11:
			w.Count = max(w.Count, int(int32(s.varint(f.data, 1))))
			w.Last = later(w.Last, s.time(s.field(f.data, 2)))
		case 14:
			if w.Source == "" {
				w.Source = s.name(f.data)
			}
		}
	}
	return m, w
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// readBudget reads a policy/v1 PodDisruptionBudget. An empty selector is every pod, none at all is none.
func readBudget(s *scan, b []byte) (meta, kube.PDB) {
	selector := s.field(s.field(b, 2), 2)
	v := kube.PDB{Unclear: selector == nil, Allowed: int(int32(s.varint(s.field(b, 3), 3)))}
	s.selector(&v, selector)
	return s.meta(s.field(b, 1)), v
}

func (s *scan) selector(v *kube.PDB, b []byte) {
	var labels []byte
	parts := 0
	for f := s.over(b); f.next(); {
		switch f.num {
		case 1:
			k, value := s.pair(f.data)
			if parts++; parts > maxParts {
				v.Unclear = true
				continue
			}
			labels = s.label(labels, k, value)
		case 2:
			v.Unclear = true
		}
	}
	v.Labels = s.labels(labels)
}

// readServiceCIDR reads a networking.k8s.io/v1 ServiceCIDR.
func readServiceCIDR(s *scan, b []byte) (m meta, c kube.ServiceCIDR) {
	for f := s.over(s.field(b, 2)); f.next(); {
		if f.num == 1 && len(c.CIDRs) < maxParts {
			c.CIDRs = append(c.CIDRs, s.text(f.data, 64))
		}
	}
	return s.meta(s.field(b, 1)), c
}

// readName reads a meta/v1 PartialObjectMetadata, which is asked for where objects are only counted.
func readName(s *scan, b []byte) (m meta, none struct{}) {
	return s.meta(s.field(b, 1)), none
}
