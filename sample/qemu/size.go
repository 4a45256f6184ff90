package qemu

import (
	"math"

	"hypervisor-tui/sample/procfile"
)

// mostVCPUs is more than any machine of QEMU has.
const mostVCPUs = 1 << 16

// smp is what -smp and the machine's smp.* say, which QEMU puts together.
//
// Format: qemu(1), -smp
type smp struct {
	cpus, most uint64
	shape      [8]uint64 // one for each of smpShape; 0: not said
	senseless  bool
}

// smpShape is what a machine's vCPUs are made of.
var smpShape = [8]string{"drawers", "books", "sockets", "dies", "clusters", "modules", "cores", "threads"}

func (s *smp) set(key, value string) {
	v, err := procfile.Number([]byte(value))
	if err != nil || v > mostVCPUs {
		s.senseless = true
		return
	}
	switch key {
	case "cpus":
		s.cpus = v
	case "maxcpus":
		s.most = v
	}
	for i, name := range smpShape {
		if key == name {
			s.shape[i] = v
		}
	}
}

// count is the vCPUs that run from the start: 1 when nothing is said, 0 when it makes no sense. When only the shape is
// given, each of its sizes is 1 unless it says otherwise.
func (s *smp) count() int {
	n := s.cpus
	if n == 0 {
		n = s.most
	}
	if n == 0 {
		n = 1
		for _, v := range s.shape {
			n = min(n*max(v, 1), mostVCPUs+1)
		}
	}
	if s.senseless || n > mostVCPUs {
		return 0
	}
	return int(n)
}

const mostBackends = 512 // QEMU has 256 slots for memory

// backend is an object that memory lies in.
type backend struct {
	id   string
	size uint64
	used bool // by a device: it is not the main memory
}

// qemuMemory is what a command line says of the guest's memory.
//
// Format: qemu(1), -m, -object memory-backend-*, -device pc-dimm and virtio-mem-pci
type qemuMemory struct {
	size     uint64 // of -m; 0: not said
	main     string // id of the backend of the main memory
	backends []backend
	dimms    []string // ids of the backends that are plugged in whole
	asked    uint64   // of those that are plugged in as far as somebody asks for
	others   []string // ids of backends that hold no memory of the guest's: a disk, what it shares with another
}

// plug takes a device that has a backend.
func (m *qemuMemory) plug(o *qemuObject) {
	if len(m.dimms)+len(m.others) >= mostBackends {
		return
	}
	switch o.Driver {
	case "pc-dimm":
		m.dimms = append(m.dimms, o.Memory)
		return
	case "virtio-mem-pci", "virtio-mem-device", "virtio-mem-pci-non-transitional", "virtio-mem":
		m.asked = plus(m.asked, uint64(o.Requested))
	}
	m.others = append(m.others, o.Memory)
}

// total is the bytes that the guest has from its start, 0 when its command line does not say.
func (m *qemuMemory) total() uint64 {
	sizes := make(map[string]*backend, len(m.backends))
	for i := range m.backends {
		sizes[m.backends[i].id] = &m.backends[i]
	}
	plugged := m.asked
	for _, id := range m.dimms {
		if b := sizes[id]; b != nil && !b.used {
			b.used = true
			plugged = plus(plugged, b.size)
		}
	}
	for _, id := range m.others {
		if b := sizes[id]; b != nil {
			b.used = true
		}
	}
	main := m.size
	if b := sizes[m.main]; main == 0 && m.main != "" && b != nil {
		main = b.size
	} else if main == 0 {
		for i := range m.backends {
			if b := &m.backends[i]; !b.used {
				main = plus(main, b.size)
			}
		}
	}
	if main == 0 {
		return 0
	}
	return plus(main, plugged)
}

// plus is a + b, or the most there is.
func plus(a, b uint64) uint64 {
	if a > math.MaxInt64-min(b, math.MaxInt64) {
		return math.MaxInt64
	}
	return a + b
}
