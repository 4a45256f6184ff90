package history

import (
	"fmt"
	"math"
	"testing"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/plugin"
	"hypervisor-tui/sample"
	"hypervisor-tui/sample/qemu"
)

// large makes of the fixture a host of 256 CPUs, 200 NICs, 50 VMs, 24 disks, 20 filesystems and 80 sensors, in a cluster.
func large(f *frame.Frame) {
	frametest.Healthy(f)
	h, n := f.Host, f.Net
	h.Cores, h.Disks, h.Filesystems, h.Sensors = nil, nil, nil, nil
	for i := range 256 {
		h.Cores = append(h.Cores, sample.CPU{ID: i})
	}
	for i := range 24 {
		h.Disks = append(h.Disks, sample.Disk{Name: fmt.Sprintf("nvme%dn1", i), Model: "SAMSUNG MZQL2960", Physical: true, ReadLatency: math.NaN()})
	}
	for i := range 20 {
		h.Filesystems = append(h.Filesystems, sample.Filesystem{Mount: fmt.Sprintf("/var/lib/volume-%02d", i), Device: fmt.Sprintf("dm-%d", i), Type: "xfs",
			Total: frametest.GiB << 10, Used: uint64(300+i) * frametest.GiB, Available: uint64(724-i) * frametest.GiB, UsedPercent: 30, InodesPercent: 2, Health: frametest.OK()})
	}
	for i := range 80 {
		h.Sensors = append(h.Sensors, sample.Sensor{Name: fmt.Sprintf("coretemp Core %d", i), High: 90})
	}
	for i := len(n.Interfaces); i < 200; i++ {
		n.Interfaces = append(n.Interfaces, &sample.Interface{Link: &sample.Link{Index: 100 + i, Name: fmt.Sprintf("eth%d", i), MAC: fmt.Sprintf("52:54:00:12:35:%02x", i), FirstAddress: 6,
			CarrierChanges: 1, SharedAttrs: &sample.SharedAttrs{Physical: true, State: "up", AdminUp: true, Carrier: true, MTU: 9000, Detail: &sample.LinkDetail{Driver: "ice", SpeedMbps: 25000, Duplex: "full"}}}, Counted: true})
	}
	for i := len(f.VMs.VMs); i < 50; i++ {
		f.VMs.VMs = append(f.VMs.VMs, qemu.VM{Namespace: fmt.Sprintf("tenant-%d", i/10), Name: fmt.Sprintf("vm-%03d", i), PID: 5000 + i, VCPUs: 4, Configured: 8 * frametest.GiB})
	}
	wander(f, 0)
	frametest.Derive(f)
}

// wander moves the figures of a host as a busy one's do: each is a noise round a mean of its own, counters rise, and a fourth
// of the NICs and of the disks do nothing.
func wander(f *frame.Frame, i int) {
	seed := uint64(i)*0x9e3779b97f4a7c15 + 1
	noise := func() float64 { // 0-1
		seed ^= seed << 13
		seed ^= seed >> 7
		seed ^= seed << 17
		return float64(seed>>11) / (1 << 53)
	}
	h := f.Host
	h.CPU.Busy, h.CPU.User, h.CPU.System, h.CPU.Guest = 40+4*noise(), 25+3*noise(), 10+noise(), 20+3*noise()
	h.Load[0], h.Running, h.Tasks = 20+noise(), int(20*noise()), 4000+int(10*noise())
	h.Pressure.CPUSome, h.Pressure.IOSome = 2*noise(), 3*noise()
	for c := range h.Cores {
		h.Cores[c].Busy = 40 + 30*noise()
		h.Cores[c].User, h.Cores[c].System = h.Cores[c].Busy*0.7, h.Cores[c].Busy*0.2
	}
	h.Memory.Used = 40*frametest.GiB + uint64(noise()*256*frametest.MiB)
	h.Memory.Available, h.Memory.Free = 64*frametest.GiB-h.Memory.Used, 12*frametest.GiB+uint64(noise()*100*frametest.MiB)
	h.DiskRead, h.DiskWrite = 0, 0
	for d := range h.Disks {
		if disk := &h.Disks[d]; d%4 != 0 {
			disk.Read, disk.Write, disk.ReadOps, disk.WriteOps = 50e6*noise(), 20e6*noise(), 900*noise(), 400*noise()
			disk.Busy, disk.ReadLatency, disk.WriteLatency = 30*noise(), 0.3+noise()/5, 1+noise()/5
			h.DiskRead, h.DiskWrite = h.DiskRead+disk.Read, h.DiskWrite+disk.Write
		}
	}
	for s := range h.Sensors {
		h.Sensors[s].Celsius = 50 + float64(s%20) + math.Round(noise()*2)
	}
	for k, l := range f.Net.Interfaces {
		if k%4 != 0 {
			l.RxRate, l.TxRate = 10e6*noise(), 4e6*noise()
			l.RxBytes, l.TxBytes = l.RxBytes+uint64(10*l.RxRate), l.TxBytes+uint64(10*l.TxRate)
		}
	}
	f.Net.Rx, f.Net.Tx = 800e6+50e6*noise(), 300e6+20e6*noise()
	for k := range f.VMs.VMs {
		vm := &f.VMs.VMs[k]
		vm.Cores = 3 * noise()
		vm.CPU = vm.Cores * 25
		vm.Memory = 7*frametest.GiB + uint64(noise()*64*frametest.MiB)
		vm.Read, vm.Write, vm.Rx, vm.Tx = 2e6*noise(), 1e6*noise(), 5e6*noise(), 3e6*noise()
	}
}

// BenchmarkRecord makes a record each 10 seconds of a host that works, and says how many bytes one takes.
func BenchmarkRecord(b *testing.B) {
	none := func(time.Duration, int) *plugin.State { return nil }
	for _, host := range []struct {
		name   string
		change func(*frame.Frame)
		say    func(time.Duration, int) *plugin.State
	}{{"small", frametest.Healthy, none}, {"large", large, none}, {"plugins", frametest.Healthy, usual}, {"worst", frametest.Healthy, worst}} {
		b.Run(host.name, func(b *testing.B) {
			f := frametest.Fixed()
			host.change(f)
			c := newCodec()
			var v vector
			var p page
			var keys, bytes, records, i int
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				i++
				f.Now, f.Boot = f.Now.Add(10*time.Second), f.Boot+10*time.Second
				age(f)
				wander(f, i)
				f.Checks = host.say(f.Boot, i)
				b.StartTimer()
				c.encode(&v, &f.Snapshot)
				used := p.used
				if used == 0 || !p.add(&v, &c.texts, f.Now.UnixMilli(), f.Boot) {
					p.begin(pageHead{seq: uint64(i), schema: layout().id})
					used = p.used
					keys++
					if !p.add(&v, &c.texts, f.Now.UnixMilli(), f.Boot) {
						b.Fatal("no page has room for it")
					}
				}
				bytes += p.used - used
				records++
			}
			b.ReportMetric(float64(bytes)/float64(records), "bytes/record")
			b.ReportMetric(float64(keys)/float64(records)*8640, "pages/day")
			b.ReportMetric(float64(len(v.cells)), "cells")
		})
	}
}

// age moves all times that move with each sample.
func age(f *frame.Frame) {
	const passed = 10 * time.Second
	f.Host.At, f.Net.At, f.VMs.At, f.Host.Uptime = f.Host.At+passed, f.Net.At+passed, f.VMs.At+passed, f.Host.Uptime+passed
	f.Host.Samples += 5
	f.Net.Counted = f.Net.At
	older := func(h *health.Health) { h.At += passed }
	for i := range f.Host.Health {
		older(&f.Host.Health[i])
	}
	for i := range f.Host.Filesystems {
		older(&f.Host.Filesystems[i].Health)
	}
	for i := range f.Sources {
		older(&f.Sources[i].Health)
	}
	older(&f.VMs.Health)
	older(&f.Units.Health)
	if f.Kube != nil {
		older(&f.Kube.Health)
		for i := range f.Kube.Kinds {
			older(&f.Kube.Kinds[i].Health)
		}
	}
}
