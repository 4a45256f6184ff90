package watch

import (
	"time"

	"hypervisor-tui/kube"
)

// readService reads a core/v1 Service.
func readService(s *scan, b []byte) (m meta, v kube.Service) {
	for f := s.over(b); f.next(); {
		switch f.num {
		case 1:
			m = s.meta(f.data)
		case 2:
			headless := false
			for spec := s.over(f.data); spec.next(); {
				switch spec.num {
				case 3:
					headless = string(spec.data) == "None"
				case 4:
					v.Type = s.name(spec.data)
				}
			}
			if headless && v.Type == "ClusterIP" {
				v.Type = "Headless"
			}
		}
	}
	return m, v
}

// readClaim reads a core/v1 PersistentVolumeClaim.
func readClaim(s *scan, b []byte) (m meta, c kube.PVC) {
	for f := s.over(b); f.next(); {
		switch f.num {
		case 1:
			m = s.meta(f.data)
			s.claimMeta(&c, f.data)
		case 2:
			for spec := s.over(f.data); spec.next(); {
				switch spec.num {
				case 3:
					c.Chosen = c.Chosen || len(spec.data) > 0
				case 5:
					c.StorageClass = s.name(spec.data)
				}
			}
		case 3:
			c.Phase = s.name(s.field(f.data, 1))
		}
	}
	return m, c
}

func (s *scan) claimMeta(c *kube.PVC, b []byte) {
	for f := s.over(b); f.next(); {
		switch f.num {
		case 8:
			c.Created = s.time(f.data)
		case 12:
			switch k, value := s.pair(f.data); string(k) {
			case "volume.kubernetes.io/selected-node":
				c.Chosen = true
			case "volume.beta.kubernetes.io/storage-class":
				c.StorageClass = s.name(value)
			}
		}
	}
}

// readClass reads a storage.k8s.io/v1 StorageClass.
func readClass(s *scan, b []byte) (m meta, c kube.StorageClass) {
	for f := s.over(b); f.next(); {
		switch f.num {
		case 1:
			m = s.meta(f.data)
		case 7:
			c.Waits = string(f.data) == "WaitForFirstConsumer"
		}
	}
	return m, c
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
			s.about(&w, f.data)
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
			for series := s.over(f.data); series.next(); {
				switch series.num {
				case 1:
					w.Count = max(w.Count, int(int32(series.n)))
				case 2:
					w.Last = later(w.Last, s.time(series.data))
				}
			}
		case 14:
			if w.Source == "" {
				w.Source = s.name(f.data)
			}
		}
	}
	return m, w
}

func (s *scan) about(w *kube.Event, b []byte) {
	for f := s.over(b); f.next(); {
		switch f.num {
		case 1:
			w.Kind = s.name(f.data)
		case 2:
			w.Namespace = s.name(f.data)
		case 3:
			w.Name = s.text(f.data, mostName)
		}
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// readBudget reads a policy/v1 PodDisruptionBudget. An empty selector is every pod, none at all is none.
func readBudget(s *scan, b []byte) (m meta, v kube.PDB) {
	v.Unclear = true
	for f := s.over(b); f.next(); {
		switch f.num {
		case 1:
			m = s.meta(f.data)
		case 2:
			for spec := s.over(f.data); spec.next(); {
				if spec.num == 2 {
					s.selector(&v, spec.data)
				}
			}
		case 3:
			for status := s.over(f.data); status.next(); {
				if status.num == 3 {
					v.Allowed = int(int32(status.n))
				}
			}
		}
	}
	return m, v
}

func (s *scan) selector(v *kube.PDB, b []byte) {
	v.Unclear = false
	for f := s.over(b); f.next(); {
		switch f.num {
		case 1:
			k, value := s.pair(f.data)
			if len(v.Labels) == mostParts || len(k)+len(value) > mostLabels {
				v.Unclear = true
				continue
			}
			v.Labels = append(v.Labels, string(k)+"="+string(value))
			s.bytes += len(k) + len(value) + 1
		case 2:
			v.Unclear = true
		}
	}
}

// readServiceCIDR reads a networking.k8s.io/v1 ServiceCIDR.
func readServiceCIDR(s *scan, b []byte) (m meta, c kube.ServiceCIDR) {
	for f := s.over(b); f.next(); {
		switch f.num {
		case 1:
			m = s.meta(f.data)
		case 2:
			for spec := s.over(f.data); spec.next(); {
				if spec.num == 1 && len(c.CIDRs) < mostParts {
					c.CIDRs = append(c.CIDRs, s.text(spec.data, 64))
				}
			}
		}
	}
	return m, c
}

// readName reads a meta/v1 PartialObjectMetadata, which is asked for where objects are only counted.
func readName(s *scan, b []byte) (m meta, none struct{}) {
	return s.meta(s.field(b, 1)), none
}
