package report

import (
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/qemu"
)

// newUnits lists the failed units by name; without systemd's answer the state is null.
func newUnits(u *sample.Units) units {
	all := units{Failed: []string{}, Restarting: []string{}}
	if u == nil || !u.Health.Has() {
		return all
	}
	all.State = text(u.State)
	for i := range u.Failed {
		all.Failed = append(all.Failed, u.Failed[i].Name)
	}
	for i := range u.Restarting {
		all.Restarting = append(all.Restarting, u.Restarting[i].Name)
	}
	return all
}

func newWatchedUnits(u *sample.Units) []watchedUnit {
	list := []watchedUnit{}
	if u == nil || !u.Health.Has() {
		return list
	}
	for i := range u.Watched {
		w := &u.Watched[i]
		list = append(list, watchedUnit{w.Name, text(w.Active), text(w.Sub), stamp(w.Since, time.RFC3339)})
	}
	return list
}

func newNixOS(s *sample.System) nixos {
	if s == nil || !s.NixOS.Health.Has() {
		return nixos{}
	}
	n := &s.NixOS
	return nixos{
		Version:           text(n.Version),
		Generation:        known(n.Generation, n.Generation > 0),
		CurrentGeneration: known(n.Current, n.Current > 0),
		BootedSystem:      text(n.Booted),
		RebootNeeded:      known(n.RebootNeeded, n.RebootKnown),
	}
}

// newVMs lists the VMs of this host: those with a QEMU process, and those that KubeVirt says are here.
func newVMs(f *frame.Frame) []vm {
	list := []vm{}
	for i := range f.Machines {
		m := &f.Machines[i]
		if !m.Here {
			continue
		}
		v := vm{Namespace: text(m.Namespace), Name: text(m.Name), Source: m.Source(), State: text(m.Status()), IPs: []string{}, Conflict: text(m.Conflict.String())}
		if m.Instance != nil {
			v.Node, v.IPs = text(m.Instance.Node), append(v.IPs, m.Instance.IPs...)
			v.VCPUs, v.Configured = known(m.Instance.VCPUs, m.Instance.VCPUs > 0), known(m.Instance.Memory, m.Instance.Memory > 0)
		}
		if m.Process != nil {
			v.measured(m.Process, f.Boot)
		}
		list = append(list, v)
	}
	return list
}

// measured adds what the QEMU process tells.
func (v *vm) measured(p *qemu.VM, now time.Duration) {
	v.PID = known(p.PID, p.PID > 0)
	v.Age = known((now - p.Started).Seconds(), p.Started > 0)
	v.CPU, v.Memory = number(p.CPU), known(p.Memory, p.WhyMemory == "")
	if p.VCPUs > 0 {
		v.VCPUs = &p.VCPUs
	}
	if p.Configured > 0 {
		v.Configured = &p.Configured
	}
	v.Read, v.Write, v.Rx, v.Tx = number(p.Read), number(p.Write), number(p.Rx), number(p.Tx)
}
