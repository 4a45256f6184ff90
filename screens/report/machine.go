package report

import (
	"time"

	"hypervisor-tui/sample"
	"hypervisor-tui/screens/frame"
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

// newVMs lists the VMs of this host, as their QEMU processes tell.
func newVMs(f *frame.Frame) []vm {
	list := []vm{}
	if f.VMs == nil || !f.VMs.Health.Has() {
		return list
	}
	for i := range f.VMs.VMs {
		v := &f.VMs.VMs[i]
		list = append(list, vm{
			Namespace: text(v.Namespace),
			Name:      text(v.Name),
			Source:    "qemu",
			PID:       known(v.PID, v.PID > 0),
			Age:       known((f.Boot - v.Started).Seconds(), v.Started > 0),
			CPU:       number(v.CPU),
			Memory:    known(v.Memory, v.WhyMemory == ""),
			VCPUs:     known(v.VCPUs, v.VCPUs > 0),

			Configured: known(v.Configured, v.Configured > 0),

			Read:  number(v.Read),
			Write: number(v.Write),
			Rx:    number(v.Rx),
			Tx:    number(v.Tx),
		})
	}
	return list
}
