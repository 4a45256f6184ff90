package frame

import (
	"strings"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample/qemu"
)

// Guest is one virtual machine with what both sides know of it: the QEMU processes of this host, and KubeVirt. What it
// points to is valid as long as the Frame's VMs and Kube are.
type Guest struct {
	Namespace string // empty: it is not KubeVirt's
	Name      string // empty: its command line gives it none
	Process   *qemu.VM
	VM        *kube.VM  // nil: KubeVirt has none of that name, or nobody can ask it
	Instance  *kube.VMI // nil: the same; a VM that is stopped has none
	Here      bool      // it runs on this host or is about to; of a stopped one: there is no other host
	Conflict  Conflict
}

// Conflict is what the two sides do not agree on.
type Conflict uint8

// The conflicts. They are seen only while both sides are fresh.
const (
	Agreed     Conflict = iota
	NoProcess           // KubeVirt says that it runs here, and there is no QEMU process
	NoInstance          // there is a QEMU process of a KubeVirt VM, and KubeVirt says that it does not run here
)

// String is the conflict as a sentence.
func (c Conflict) String() string {
	switch c {
	case NoProcess:
		return "KubeVirt reports Running on this node but there is no QEMU process"
	case NoInstance:
		return "QEMU is running but KubeVirt reports no instance here"
	}
	return ""
}

// Source says who knows of the machine: qemu, kubevirt or both.
func (m *Guest) Source() string {
	switch {
	case m.Process == nil:
		return "kubevirt"
	case m.VM == nil && m.Instance == nil:
		return "qemu"
	}
	return "both"
}

// Status is what KubeVirt calls the machine's state, empty when it does not say.
func (m *Guest) Status() string {
	switch {
	case m.VM != nil && m.VM.Status != "":
		return m.VM.Status
	case m.Instance == nil:
		return ""
	case m.Instance.Paused == kube.True:
		return "Paused"
	}
	return m.Instance.Phase
}

// MergeGuests lists every VM that is known in dst, which it reuses, by namespace and name. The three lists that it
// merges are in that order. It is pure and allocates only to grow dst.
func MergeGuests(dst []Guest, f *Snapshot) []Guest {
	dst = dst[:0]
	var processes []qemu.VM
	var vms []kube.VM
	var instances []kube.VMI
	if f.VMs != nil && f.VMs.Health.Has() {
		processes = f.VMs.VMs
	}
	if f.Kube != nil && f.Kube.Kinds[kube.KindVM].Has() {
		vms = f.Kube.Virt.VMs
	}
	if f.Kube != nil && f.Kube.Kinds[kube.KindVMI].Has() {
		instances = f.Kube.Virt.VMIs
	}
	p, v, i := 0, 0, 0
	for p < len(processes) || v < len(vms) || i < len(instances) {
		var m Guest
		first := false
		if p < len(processes) {
			m.Namespace, m.Name, first = processes[p].Namespace, processes[p].Name, true
		}
		if v < len(vms) && (!first || before(vms[v].Namespace, vms[v].Name, &m)) {
			m.Namespace, m.Name, first = vms[v].Namespace, vms[v].Name, true
		}
		if i < len(instances) && (!first || before(instances[i].Namespace, instances[i].Name, &m)) {
			m.Namespace, m.Name = instances[i].Namespace, instances[i].Name
		}
		if v < len(vms) && m.is(vms[v].Namespace, vms[v].Name) {
			m.VM = &vms[v]
			v++
		}
		if i < len(instances) && m.is(instances[i].Namespace, instances[i].Name) {
			m.Instance = &instances[i]
			i++
		}
		if p < len(processes) && m.is(processes[p].Namespace, processes[p].Name) {
			m.Process = &processes[p]
			p++
			if n := len(dst); n > 0 && m.Namespace != "" && dst[n-1].is(m.Namespace, m.Name) {
				m.VM, m.Instance = dst[n-1].VM, dst[n-1].Instance // a second process of the same VM
			}
		}
		m.place(f)
		dst = append(dst, m)
	}
	return dst
}

func (m *Guest) is(namespace, name string) bool { return m.Namespace == namespace && m.Name == name }

// before reports whether a name comes before that of m.
func before(namespace, name string, m *Guest) bool {
	if c := strings.Compare(namespace, m.Namespace); c != 0 {
		return c < 0
	}
	return name < m.Name
}

// movesHere reports whether an instance is on its way to or from this node. KubeVirt does not always say when a move ended: one
// is over as well when the instance is where it was to go, or when the migration that was to move it has ended or is gone.
func movesHere(k *kube.State, i *kube.VMI) bool {
	m, here := i.Moving, k.Local.Name
	if m == nil || m.Over() || m.Source != here && m.Target != here || m.Target != "" && i.Node == m.Target {
		return false
	}
	if k.Kinds[kube.KindMigration].State != health.OK || m.UID == "" {
		return true
	}
	for n := range k.Virt.Migrations {
		if o := &k.Virt.Migrations[n]; o.UID == m.UID {
			return !o.Done()
		}
	}
	return false
}

// place says where m runs and whether the two sides agree on that.
func (m *Guest) place(f *Snapshot) {
	m.Here = m.Process != nil
	if f.Kube == nil {
		return
	}
	k := f.Kube
	live := m.Instance != nil && !m.Instance.Ended()
	if m.Process == nil && !live && k.Kinds[kube.KindNode].Has() {
		m.Here = k.Nodes.Total == 1
	}
	if k.Local == nil {
		return
	}
	here := live && m.Instance.Node == k.Local.Name
	moving := live && movesHere(k, m.Instance)
	m.Here = m.Here || here || moving
	if f.VMs == nil || f.VMs.Health.State != health.OK || k.Kinds[kube.KindVMI].State != health.OK || moving {
		return
	}
	switch {
	case m.Process == nil && here && m.Instance.Phase == "Running":
		m.Conflict = NoProcess
	case m.Process != nil && m.Namespace != "" && !here:
		m.Conflict = NoInstance
	}
}
