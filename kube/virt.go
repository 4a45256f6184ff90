package kube

import (
	"cmp"
	"slices"
	"strings"

	"hypervisor-tui/internal/order"
)

// Instance returns the instance of that name, or nil.
func (s *State) Instance(namespace, name string) *VMI {
	i, found := slices.BinarySearchFunc(s.Virt.VMIs, name, func(i VMI, name string) int {
		return byNames(i.Namespace, i.Name, namespace, name)
	})
	if !found {
		return nil
	}
	return &s.Virt.VMIs[i]
}

// Failing reports whether KubeVirt calls the state of the VM an error.
func (v *VM) Failing() bool {
	return v.Status == "CrashLoopBackOff" || v.Status == "ImagePullBackOff" || strings.Contains(v.Status, "Err")
}

// newTally counts VMs. KubeVirt may add statuses: what is not known is Other, unless it calls itself an error.
//
// API: kubevirt.io/v1, VirtualMachinePrintableStatus.
func newTally(vms []VM) Tally {
	t := Tally{Total: len(vms)}
	for i := range vms {
		switch s := vms[i].Status; {
		case s == "Running":
			t.Running++
		case s == "Stopped":
			t.Stopped++
		case s == "Migrating":
			t.Migrating++
		case s == "Paused":
			t.Paused++
		case vms[i].Failing():
			t.Error++
		default:
			t.Other++
		}
		t.ByStatus = add(t.ByStatus, cmp.Or(vms[i].Status, None))
	}
	order.By(t.ByStatus, byName)
	return t
}

// rollInstances lists the instances and counts those of this node.
func (o *Objects) rollInstances(s *State) {
	s.Virt.VMIs = o.VMIs.sorted(func(a, b *VMI) int { return byNames(a.Namespace, a.Name, b.Namespace, b.Name) })
	s.Virt.LocalVMIs, s.Virt.LocalVCPUs = 0, 0
	for i := range s.Virt.VMIs {
		if v := &s.Virt.VMIs[i]; s.Local != nil && v.Node == s.Local.Name && !v.Ended() {
			s.Virt.LocalVMIs++
			s.Virt.LocalVCPUs += v.VCPUs
		}
	}
}

// completeMigration takes what a migration does not say of itself from its instance.
func (o *Objects) completeMigration(m *Migration) {
	if m.Source != "" {
		return
	}
	if i, ok := o.VMIs.rows[m.Namespace+"/"+m.VMI]; ok && i.object.Moving != nil && i.object.Moving.UID == m.UID {
		m.Moving = *i.object.Moving
	}
}

// listMigrations lists those that have not ended before those that have, each newest first.
func (o *Objects) listMigrations() []Migration {
	var going, ended []Migration
	for _, r := range o.Migrations.rows {
		m := r.object
		o.completeMigration(&m)
		if m.Done() {
			ended = append(ended, m)
		} else {
			going = append(going, m)
		}
	}
	newest := func(a, b *Migration) int {
		return cmp.Or(b.Created.Compare(a.Created), byNames(a.Namespace, a.Name, b.Namespace, b.Name))
	}
	order.By(going, newest)
	order.By(ended, newest)
	return append(going[:min(len(going), MaxGoing)], ended[:min(len(ended), MaxEnded)]...)
}

// kubeVirt tells of the one KubeVirt object; of several, the first by name.
func (o *Objects) kubeVirt() (k KubeVirt) {
	first := ""
	for key, r := range o.KubeVirts.rows {
		if first == "" || key < first {
			first, k = key, r.object
			k.Phase = cmp.Or(k.Phase, None)
		}
	}
	return k
}
