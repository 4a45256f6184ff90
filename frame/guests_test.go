package frame

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/sample/qemu"
)

// clustered is a well frame on node hv-1 of three, whose API answers for every kind.
func clustered() *tracked {
	f := wellFrame()
	f.Now = time.Date(2026, 11, 22, 3, 2, 11, 0, time.UTC)
	f.Kube = &kube.State{Health: health.Health{State: health.OK, At: now, Since: 1}, Kubeconfig: "/k", Server: "https://127.0.0.1:6443",
		Nodes: kube.Nodes{Ready: 3, Total: 3}, Local: &kube.Node{Name: "hv-1", Ready: "True"}}
	for i := range f.Kube.Kinds {
		f.Kube.Kinds[i].Health = f.Kube.Health
	}
	f.VMs = &qemu.VMs{Health: f.Kube.Health}
	return f
}

// merged says what became of the machines: name, who knows, state, here or not, conflict.
func merged(f *tracked) string {
	text := ""
	for _, m := range MergeGuests(nil, &f.Snapshot) {
		text += fmt.Sprintf("%s/%s %s %q", m.Namespace, m.Name, m.Source(), m.Status())
		if m.Here {
			text += " here"
		}
		if m.Conflict != Agreed {
			text += fmt.Sprint(" !", m.Conflict)
		}
		text += "; "
	}
	return strings.ReplaceAll(strings.ReplaceAll(text, NoProcess.String(), "no process"), NoInstance.String(), "no instance")
}

func TestMergeMachines(t *testing.T) {
	process := func(namespace, name string, pid int) qemu.VM {
		return qemu.VM{Namespace: namespace, Name: name, PID: pid}
	}
	running := func(namespace, name, node string) kube.VMI {
		return kube.VMI{Namespace: namespace, Name: name, Phase: "Running", Node: node}
	}
	for _, c := range []struct {
		name   string
		change func(*tracked)
		want   string
	}{
		{"none", func(*tracked) {}, ""},
		{"nothing known", func(f *tracked) { f.VMs, f.Kube = nil, nil }, ""},
		{"each side alone, in order", func(f *tracked) {
			f.VMs.VMs = []qemu.VM{process("", "", 1), process("", "rescue", 2), process("b", "a", 3)}
			f.Kube.Virt.VMs = []kube.VM{{Namespace: "a", Name: "z", Status: "Stopped"}, {Namespace: "b", Name: "a", Status: "Running"}}
			f.Kube.Virt.VMIs = []kube.VMI{running("b", "a", "hv-1"), running("c", "a", "hv-2")}
		}, `/ qemu "" here; /rescue qemu "" here; a/z kubevirt "Stopped"; b/a both "Running" here; c/a kubevirt "Running"; `},
		{"no process", func(f *tracked) {
			f.Kube.Virt.VMIs = []kube.VMI{running("a", "a", "hv-1"), {Namespace: "a", Name: "b", Phase: "Scheduled", Node: "hv-1"}}
		}, `a/a kubevirt "Running" here !no process; a/b kubevirt "Scheduled" here; `},
		{"processes were not looked for", func(f *tracked) {
			f.VMs.Health.State = health.Failed
			f.Kube.Virt.VMIs = []kube.VMI{running("a", "a", "hv-1")}
		}, `a/a kubevirt "Running" here; `},
		{"no instance, one elsewhere, one that has ended", func(f *tracked) {
			f.VMs.VMs = []qemu.VM{process("a", "a", 1), process("a", "b", 2), process("a", "c", 3)}
			f.Kube.Virt.VMIs = []kube.VMI{running("a", "b", "hv-2"), {Namespace: "a", Name: "c", Phase: "Failed", Node: "hv-1"}}
		}, `a/a qemu "" here !no instance; a/b both "Running" here !no instance; a/c both "Failed" here !no instance; `},
		{"what KubeVirt said before the API went is no proof", func(f *tracked) {
			f.VMs.VMs = []qemu.VM{process("a", "a", 1)}
			f.Kube.Kinds[kube.KindVMI].State = health.Stale
			f.Kube.Virt.VMIs = []kube.VMI{running("a", "b", "hv-1")}
		}, `a/a qemu "" here; a/b kubevirt "Running" here; `},
		{"forbidden", func(f *tracked) {
			f.VMs.VMs = []qemu.VM{process("a", "a", 1)}
			f.Kube.Kinds[kube.KindVMI].State, f.Kube.Kinds[kube.KindVM].State = health.Failed, health.Failed
			f.Kube.Virt.VMs = []kube.VM{{Namespace: "a", Name: "a", Status: "Running"}}
		}, `a/a qemu "" here; `},
		{"on the way here, the guest is still there", func(f *tracked) {
			f.VMs.VMs = []qemu.VM{process("a", "a", 1)}
			i := running("a", "a", "hv-2")
			i.Moving = &kube.Moving{Source: "hv-2", Target: "hv-1", Started: f.Now}
			f.Kube.Virt.VMs, f.Kube.Virt.VMIs = []kube.VM{{Namespace: "a", Name: "a", Status: "Migrating"}}, []kube.VMI{i}
		}, `a/a both "Migrating" here; `},
		{"moved away long ago", func(f *tracked) {
			i := running("a", "a", "hv-2")
			i.Moving = &kube.Moving{Source: "hv-1", Target: "hv-2", Started: f.Now, Ended: f.Now}
			f.Kube.Virt.VMIs = []kube.VMI{i}
		}, `a/a kubevirt "Running"; `},
		{"two processes of one", func(f *tracked) {
			f.VMs.VMs = []qemu.VM{process("a", "a", 1), process("a", "a", 2)}
			f.Kube.Virt.VMIs = []kube.VMI{running("a", "a", "hv-1")}
		}, `a/a both "Running" here; a/a both "Running" here; `},
		{"paused, as the instance says", func(f *tracked) {
			i := running("a", "a", "hv-2")
			i.Paused = kube.True
			f.Kube.Virt.VMIs = []kube.VMI{i}
		}, `a/a kubevirt "Paused"; `},
		{"a stopped VM of a cluster of one", func(f *tracked) {
			f.Kube.Nodes.Total = 1
			f.Kube.Virt.VMs = []kube.VM{{Namespace: "a", Name: "a", Status: "Stopped"}}
		}, `a/a kubevirt "Stopped" here; `},
	} {
		f := clustered()
		c.change(f)
		if got := merged(f); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

// TestMergedMachinesArePointedAt: what the table draws are the snapshots' own, and each is there once.
func TestMergedMachinesArePointedAt(t *testing.T) {
	f := clustered()
	manyMachines(f, 500)
	all := MergeGuests(nil, &f.Snapshot)
	processes, vms, instances := 0, 0, 0
	for i := range all {
		m := &all[i]
		if i > 0 && strings.Compare(all[i-1].Namespace+"/"+all[i-1].Name, m.Namespace+"/"+m.Name) >= 0 {
			t.Fatalf("%v after %v", m, all[i-1])
		}
		if m.Process != nil && m.Process == &f.VMs.VMs[processes] && m.Process.Name == m.Name {
			processes++
		}
		if m.VM != nil && m.VM == &f.Kube.Virt.VMs[vms] && m.VM.Name == m.Name {
			vms++
		}
		if m.Instance != nil && m.Instance == &f.Kube.Virt.VMIs[instances] && m.Instance.Name == m.Name {
			instances++
		}
	}
	if processes != len(f.VMs.VMs) || vms != len(f.Kube.Virt.VMs) || instances != len(f.Kube.Virt.VMIs) || len(all) != 500 {
		t.Errorf("%d machines of %d processes, %d VMs, %d instances", len(all), processes, vms, instances)
	}
}

// manyMachines puts n VMs into f: of four one is stopped, one runs here, two elsewhere.
func manyMachines(f *tracked, n int) {
	for i := range n {
		name := fmt.Sprintf("vm-%04d", i)
		v := kube.VM{Namespace: "team", Name: name, Status: "Running"}
		if i%4 == 0 {
			v.Status = "Stopped"
		} else {
			f.Kube.Virt.VMIs = append(f.Kube.Virt.VMIs, kube.VMI{Namespace: "team", Name: name, Phase: "Running", Node: fmt.Sprint("hv-", i%4)})
		}
		if i%4 == 1 {
			f.VMs.VMs = append(f.VMs.VMs, qemu.VM{Namespace: "team", Name: name, PID: i})
		}
		f.Kube.Virt.VMs = append(f.Kube.Virt.VMs, v)
	}
}
