package qemu

import "hypervisor-tui/sample/procfile"

// Guest is a QEMU process as others need it to find what is its own.
type Guest struct {
	Namespace, Name string
	PID             int
	Start           uint64 // USER_HZ ticks from boot to its start: with PID it names a process once and for all
	OwnNetwork      bool   // it has a network namespace of its own; otherwise its taps are among the host's links
	MACs            string // hardware addresses of its network devices as its command line has them, a space between two
	Devices         string // PCI addresses of the host's devices that it was given, a space between two
}

// NotLooked is why nothing is known of the VMs before the first look for them.
const NotLooked = "nobody has looked for VMs yet"

// Guests are the VMs that the last scan has found, as Sampler.Guests has them.
func (r *Reader) Guests() (list []Guest, why string) {
	found := r.found.Load()
	if found == nil {
		return nil, NotLooked
	}
	if _, sound := found.err.(procfile.Warning); found.err != nil && !sound {
		return found.outward, procfile.Clean([]byte(found.err.Error()))
	}
	return found.outward, ""
}

// face makes what others see of the guests.
func (g *guests) face() {
	g.outward = make([]Guest, 0, len(g.list))
	for i := range g.list {
		one := &g.list[i]
		g.outward = append(g.outward, Guest{
			Namespace: one.namespace, Name: one.name, PID: one.pid, Start: one.start,
			OwnNetwork: one.whyNet != whyHostNet, MACs: one.macs, Devices: one.devices,
		})
	}
}
