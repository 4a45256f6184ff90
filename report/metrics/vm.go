package metrics

import (
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample/qemu"
)

// vm is a virtual machine of this host.
type vm struct {
	*frame.Guest
	processes int // of QEMU; the guest has the one that began last
}

// chooseVMs lists the virtual machines of this host by their names, each once. Those that no side has a name for are left
// out.
func (w *Writer) chooseVMs(f *frame.Frame) {
	w.vms = w.vms[:0]
	for i := range f.Guests {
		g := &f.Guests[i]
		if !g.Here || g.Name == "" {
			continue
		}
		n := len(w.vms)
		if n == 0 || w.vms[n-1].Namespace != g.Namespace || w.vms[n-1].Name != g.Name {
			w.vms = append(w.vms, vm{Guest: g})
			n++
		}
		last := &w.vms[n-1]
		if g.Process != nil {
			last.processes++
			if last.Process == nil || g.Process.Started > last.Process.Started {
				last.Guest = g
			}
		}
	}
}

func qemuHealth(f *frame.Frame) *health.Health {
	if f.VMs == nil {
		return nil
	}
	return &f.VMs.Health
}

const vmLabels = "namespace,name"

// vmGroups are the virtual machines of this host.
var vmGroups = []group{
	{title: "Virtual machines", source: qemuHealth, every: slow, families: []family{
		{name: "hypervisor_qemu_processes", help: "QEMU processes on this host.", write: func(w *Writer, f *frame.Frame) { w.number(len(f.VMs.VMs)) }},
		{name: "hypervisor_vm_processes", labels: vmLabels, help: "QEMU processes of the virtual machine: 0 while it is stopped, or while KubeVirt alone says that it runs here. The figures below are of the newest.", write: func(w *Writer, _ *frame.Frame) {
			for i := range w.vms {
				w.number(w.vms[i].processes, w.vms[i].Namespace, w.vms[i].Name)
			}
		}},
		processFamily("hypervisor_vm_vcpus", gauge, "Virtual CPUs that it started with.", func(v *qemu.VM) (uint64, bool) { return uint64(v.VCPUs), v.VCPUs > 0 }),
		processFamily("hypervisor_vm_memory_resident_bytes", gauge, "Memory that its process has, huge pages included.", func(v *qemu.VM) (uint64, bool) { return v.Memory, v.WhyMemory == "" }),
		processFamily("hypervisor_vm_memory_configured_bytes", gauge, "Memory that the guest is to have.", func(v *qemu.VM) (uint64, bool) { return v.Configured, v.Configured > 0 }),
	}},
	{title: "Virtual machines as KubeVirt has them", families: []family{
		{name: "hypervisor_vm_status", labels: "namespace,name,status", help: "1 for the printable status that the virtual machine has, or the phase of its instance.", write: func(w *Writer, f *frame.Frame) {
			for i := range w.vms {
				v := &w.vms[i]
				if status := v.Status(); status != "" && v.said(f) {
					w.uint(1, v.Namespace, v.Name, status)
				}
			}
		}},
	}},
}

// said reports whether what KubeVirt says of the machine's status is good enough for a series.
func (v *vm) said(f *frame.Frame) bool {
	if v.VM != nil && v.VM.Status != "" {
		return kindServed(f, kube.KindVM)
	}
	return kindServed(f, kube.KindVMI)
}

// processFamily is the family of one figure of a QEMU process.
func processFamily(name string, k kind, help string, figure func(*qemu.VM) (v uint64, known bool)) family {
	return family{name: name, kind: k, labels: vmLabels, help: help, write: func(w *Writer, _ *frame.Frame) {
		for i := range w.vms {
			v := &w.vms[i]
			if v.Process == nil {
				continue
			}
			if n, known := figure(v.Process); known {
				w.uint(n, v.Namespace, v.Name)
			}
		}
	}}
}

const kubevirtLabels = "node,namespace,name"

// kubevirtGroups are the same under the names of KubeVirt's own exporter.
var kubevirtGroups = []group{
	{title: "Under the names of virt-handler: processes", source: qemuHealth, every: slow, kubevirt: true, families: []family{
		virtHandler("kubevirt_vmi_memory_resident_bytes", gauge, "Memory that its process has.", func(v *qemu.VM) (uint64, bool) { return v.Memory, v.WhyMemory == "" }),
		virtHandler("kubevirt_vmi_memory_domain_bytes", gauge, "Memory that the guest is to have.", func(v *qemu.VM) (uint64, bool) { return v.Configured, v.Configured > 0 }),
	}},
	{title: "Under the names of virt-handler: instances", kubevirt: true, families: []family{
		{name: "kubevirt_vmi_info", labels: kubevirtLabels + ",phase", help: "An instance that runs here or is about to.", write: func(w *Writer, f *frame.Frame) {
			w.eachInstance(f, func(i *kube.VMI) { w.uint(1, i.Node, i.Namespace, i.Name, i.Phase) })
		}},
		{name: "kubevirt_vmi_non_evictable", labels: kubevirtLabels, help: "1 for an instance that is to be migrated when its node is drained, and cannot be.", write: func(w *Writer, f *frame.Frame) {
			w.eachInstance(f, func(i *kube.VMI) {
				if i.Eviction != "" && i.Migratable != kube.Unknown {
					w.truth(i.Eviction == "LiveMigrate" && i.Migratable == kube.False, i.Node, i.Namespace, i.Name)
				}
			})
		}},
	}},
}

// virtHandler is the family of one figure of a QEMU process that is KubeVirt's.
func virtHandler(name string, k kind, help string, figure func(*qemu.VM) (v uint64, known bool)) family {
	return family{name: name, kind: k, labels: kubevirtLabels, help: help, write: func(w *Writer, f *frame.Frame) {
		node := ""
		if f.Kube != nil && f.Kube.Local != nil {
			node = f.Kube.Local.Name
		}
		for i := range w.vms {
			v := &w.vms[i]
			if v.Process == nil || v.Namespace == "" {
				continue
			}
			if n, known := figure(v.Process); known {
				w.uint(n, node, v.Namespace, v.Name)
			}
		}
	}}
}

// eachInstance visits the instances of KubeVirt that are on this host.
func (w *Writer) eachInstance(f *frame.Frame, visit func(*kube.VMI)) {
	if !kindServed(f, kube.KindVMI) {
		return
	}
	for i := range w.vms {
		if w.vms[i].Instance != nil {
			visit(w.vms[i].Instance)
		}
	}
}
