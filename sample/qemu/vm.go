package qemu

import (
	"math"
	"time"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample/procfile"
)

// VMs is one sample of the virtual machines that run on this host, found without any API: each is a QEMU process. The
// Sampler owns its own; a reader gets a copy through a Box and may keep the strings but not the slice beyond its next
// Latest.
type VMs struct {
	At     time.Duration // CLOCK_BOOTTIME
	VMs    []VM          // by namespace, name and pid
	Health health.Health // of the search for them: while it has no value, VMs is empty and means nothing
}

// VM is one QEMU process. A rate is NaN until the second sample of its process; what stays unknown says why. An empty
// reason beside a NaN means: not yet.
type VM struct {
	Namespace  string        // of its Kubernetes object; empty when its name is no namespace_name
	Name       string        // clean; empty when its command line gives it none
	PID        int           // as this host counts
	Started    time.Duration // CLOCK_BOOTTIME at which the process began
	VCPUs      int           // at its start; 0: unknown
	Cores      float64       // CPUs kept busy by all threads of the process, guest time included
	CPU        float64       // Cores in percent of VCPUs, 100 at most: QEMU's own threads come on top of the guest's
	Memory     uint64        // bytes resident, huge pages included; valid while WhyMemory is empty
	Configured uint64        // bytes that the guest is to have; 0: its command line does not say
	Read       float64       // bytes a second from block devices, by all of its pod or unit
	Write      float64       // bytes a second to block devices
	Rx         float64       // bytes a second that the guest receives
	Tx         float64       // bytes a second that the guest sends
	WhyCPU     string        // why CPU is unknown
	WhyMemory  string        // why Memory is unknown
	WhyDisk    string        // why Read and Write are unknown
	WhyNet     string        // why Rx and Tx are unknown
	Totals     Totals
	Recent     Recent // the newest points of Cores
}

// Totals are what a VM has used in all, counted as its rates are. They only grow while its process lives: should a disk or a
// link of its go, what went over it stays in them. One that cannot be read now is not known.
type Totals struct {
	CPUTicks       procfile.Count // USER_HZ: hundredths of a second
	Read, Written  procfile.Count // bytes
	Received, Sent procfile.Count // bytes, as the guest sees it
}

// RecentLen is how many points a Recent has at most.
const RecentLen = 60

// Recent is the newest points of one figure, one a sample; NaN is a gap. The zero value is empty, and a copy shares nothing.
type Recent struct {
	points [RecentLen]float32 // oldest first
	pushed uint64
}

// Push adds the newest point.
func (r *Recent) Push(v float64) {
	copy(r.points[:], r.points[1:])
	r.points[RecentLen-1] = float32(v)
	r.pushed++
}

// Len is the number of points.
func (r *Recent) Len() int { return int(min(r.pushed, RecentLen)) }

// Pushed is how many points there ever were.
func (r *Recent) Pushed() uint64 { return r.pushed }

// Peak is the largest of the points from, from+1 ... to-1, 0 is the oldest; gaps are left out. NaN: all are.
func (r *Recent) Peak(from, to int) float64 {
	largest := float32(math.NaN())
	known := r.points[RecentLen-r.Len():]
	for _, v := range known[max(from, 0):max(min(to, len(known)), from, 0)] {
		if v > largest || largest != largest {
			largest = v
		}
	}
	return float64(largest)
}

// Copy makes dst equal to src without sharing the slice, whose memory dst keeps: it allocates only when it has
// grown.
func Copy(dst, src *VMs) {
	vms := dst.VMs[:0]
	*dst = *src
	dst.VMs = append(vms, src.VMs...)
}

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
