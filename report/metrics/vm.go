package metrics

import (
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample"
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

// processFigures are what is known of a QEMU process, with what hypervisor_vm_ and kubevirt_vmi_ call it; the latter sums over
// what virt-handler has a series for each of.
var processFigures = []struct {
	name, kubevirt string // kubevirt is empty for what that has not
	kind           kind
	digits         int // the figure is by this power of ten
	help           string
	figure         func(*qemu.VM) sample.Count
}{
	{"vcpus", "", gauge, 0, "Virtual CPUs that the virtual machine started with.",
		func(v *qemu.VM) sample.Count { return sample.Count{Value: uint64(v.VCPUs), Known: v.VCPUs > 0} }},
	{"cpu_seconds_total", "cpu_usage_seconds_total", counter, hz, "CPU time of all threads of its process, that of the guest included.",
		func(v *qemu.VM) sample.Count { return v.Totals.CPUTicks }},
	{"memory_resident_bytes", "memory_resident_bytes", gauge, 0, "Memory that its process has, huge pages included.",
		func(v *qemu.VM) sample.Count { return sample.Count{Value: v.Memory, Known: v.WhyMemory == ""} }},
	{"memory_configured_bytes", "memory_domain_bytes", gauge, 0, "Memory that the guest is to have.",
		func(v *qemu.VM) sample.Count { return sample.Count{Value: v.Configured, Known: v.Configured > 0} }},
	{"network_receive_bytes_total", "network_receive_bytes_total", counter, 0, "Bytes that the guest has received, over all its interfaces.",
		func(v *qemu.VM) sample.Count { return v.Totals.Received }},
	{"network_transmit_bytes_total", "network_transmit_bytes_total", counter, 0, "Bytes that the guest has sent, over all its interfaces.",
		func(v *qemu.VM) sample.Count { return v.Totals.Sent }},
	{"storage_read_bytes_total", "storage_read_traffic_bytes_total", counter, 0, "Bytes read from block devices by its pod or unit.",
		func(v *qemu.VM) sample.Count { return v.Totals.Read }},
	{"storage_written_bytes_total", "storage_write_traffic_bytes_total", counter, 0, "Bytes written to block devices by its pod or unit.",
		func(v *qemu.VM) sample.Count { return v.Totals.Written }},
}

const (
	vmLabels       = "namespace,name"
	kubevirtLabels = "node,namespace,name"
)

// vmGroups are the virtual machines of this host.
func vmGroups() []group {
	return []group{
		{title: "Virtual machines", source: qemuHealth, every: slow, families: append([]family{
			{name: "hypervisor_qemu_processes", help: "QEMU processes on this host.", write: func(w *Writer, f *frame.Frame) { w.number(len(f.VMs.VMs)) }},
			{name: "hypervisor_vm_processes", labels: vmLabels, help: "QEMU processes of the virtual machine: 0 while it is stopped, or while KubeVirt alone says that it runs here. The figures below are of the newest.", write: func(w *Writer, _ *frame.Frame) {
				for i := range w.vms {
					w.number(w.vms[i].processes, w.vms[i].Namespace, w.vms[i].Name)
				}
			}},
		}, vmFamilies()...)},
		{title: "Virtual machines by KubeVirt", families: []family{
			{name: "hypervisor_vm_status", labels: "namespace,name,status", help: "1 for the printable status that the virtual machine has, or the phase of its instance.", write: func(w *Writer, f *frame.Frame) {
				for i := range w.vms {
					v := &w.vms[i]
					if status := v.Status(); status != "" && v.said(f) {
						w.uint(1, v.Namespace, v.Name, status)
					}
				}
			}},
		}},
		{title: "Virtual machines under virt-handler's names", source: qemuHealth, every: slow, kubevirt: true, families: kubevirtFamilies()},
		{title: "Instances under virt-handler's names", kubevirt: true, families: []family{
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
}

// vmFamilies are processFigures as families of ours.
func vmFamilies() (list []family) {
	for _, p := range processFigures {
		list = append(list, family{name: "hypervisor_vm_" + p.name, kind: p.kind, labels: vmLabels, help: p.help, write: func(w *Writer, _ *frame.Frame) {
			for i := range w.vms {
				if v := &w.vms[i]; v.Process != nil {
					w.total(p.figure(v.Process), p.digits, v.Namespace, v.Name)
				}
			}
		}})
	}
	return list
}

// kubevirtFamilies are those of processFigures that virt-handler has, too, of KubeVirt's own machines.
func kubevirtFamilies() (list []family) {
	for _, p := range processFigures {
		if p.kubevirt == "" {
			continue
		}
		list = append(list, family{name: "kubevirt_vmi_" + p.kubevirt, kind: p.kind, labels: kubevirtLabels, help: p.help, write: func(w *Writer, f *frame.Frame) {
			node := ""
			if f.Kube != nil && f.Kube.Local != nil {
				node = f.Kube.Local.Name
			}
			for i := range w.vms {
				if v := &w.vms[i]; v.Process != nil && v.Namespace != "" {
					w.total(p.figure(v.Process), p.digits, node, v.Namespace, v.Name)
				}
			}
		}})
	}
	return list
}

// said reports whether what KubeVirt says of the machine's status is good enough for a series.
func (v *vm) said(f *frame.Frame) bool {
	if v.VM != nil && v.VM.Status != "" {
		return kindServed(f, kube.KindVM)
	}
	return kindServed(f, kube.KindVMI)
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
