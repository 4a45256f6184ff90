package qemu

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/internal/box"
	"hypervisor-tui/sample/sampletest"
)

// qemuTree is a /proc and /sys of a host that runs virtual machines, as far as their search reads it.
type qemuTree struct {
	testing.TB
	root string
}

// newQEMUTree has a process 1 and the one that looks.
func newQEMUTree(t testing.TB) *qemuTree {
	q := &qemuTree{t, t.TempDir()}
	q.process(1, "systemd", "/sbin/init")
	q.process(2, "kthreadd")
	q.put("/proc/self/net/dev", sampletest.NetDevOf(1, "lo", "eth0"))
	q.put("/proc/devices", "Character devices:\n  1 mem\n253 not-a-disk\n\nBlock devices:\n  7 loop\n  8 sd\n  9 md\n253 device-mapper\n259 blkext\n")
	return q
}

func (q *qemuTree) put(name, text string) { q.Helper(); sampletest.Put(q.TB, q.root, name, text) }

// process adds one that has run for no time since tick 100 times its pid.
func (q *qemuTree) process(pid int, comm string, argv ...string) {
	q.Helper()
	q.other(pid, comm, argv...)
	dir := procDir(pid)
	q.put(dir+"cgroup", "0::/init.scope\n")
	q.put(dir+"statm", "1000 200 30 4 0 5 0\n")
	q.put(dir+"status", "Name:\t"+comm+"\nVmRSS:\t     800 kB\nHugetlbPages:\t       0 kB\n")
	q.put(dir+"net/dev", sampletest.NetDevOf(0, "lo"))
}

// other adds a process with no more than the search reads of what is no QEMU.
func (q *qemuTree) other(pid int, comm string, argv ...string) {
	q.Helper()
	q.put(procDir(pid)+"comm", comm+"\n")
	q.put(procDir(pid)+"cmdline", commandLine(argv...))
	q.stat(pid, comm, "S", 0, uint64(pid)*100)
}

// stat sets the CPU time and the start of a process, in ticks.
func (q *qemuTree) stat(pid int, comm, state string, cpu, start uint64) {
	q.Helper()
	q.put(procDir(pid)+"stat", fmt.Sprintf("%d (%s) %s 1 1 1 0 -1 4194560 1 2 3 4 %d %d 0 0 20 0 6 0 %d 4096 200 18446744073709551615\n",
		pid, comm, state, cpu/2, cpu-cpu/2, start))
}

// vm adds a QEMU in a pod of its own. It returns the pod's cgroup.
func (q *qemuTree) vm(pid int, guest string, args ...string) string {
	q.Helper()
	argv := append([]string{"/usr/libexec/qemu-kvm", "-name", "guest=" + guest + ",debug-threads=on"}, args...)
	q.process(pid, "qemu-kvm", argv...)
	cgroup := fmt.Sprintf("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod%d.slice/cri-containerd-%d.scope", pid, pid)
	q.put(procDir(pid)+"cgroup", "0::"+cgroup+"\n")
	q.put(cgroup2+cgroup+"/io.stat", "")
	q.put(procDir(pid)+"net/dev", sampletest.NetDevOf(0, "lo", "eth0", "k6t-eth0", "tap0"))
	return cgroup
}

func (q *qemuTree) remove(name string) {
	q.Helper()
	if err := os.RemoveAll(filepath.Join(q.root, name)); err != nil {
		q.Fatal(err)
	}
}

func commandLine(argv ...string) string {
	return strings.Join(argv, "\x00") + strings.Repeat("\x00", min(len(argv), 1))
}

// following is a reader whose scan the test calls.
type following struct {
	*Reader
	testing.TB
	at time.Duration
}

func follow(t testing.TB, root string) *following {
	r := &following{New(root, boottime.Now), t, time.Hour}
	t.Cleanup(r.Close)
	return r
}

func (r *following) look() { r.publish(r.scan.run()) }

// after samples when that much time has passed.
func (r *following) after(d time.Duration) []VM {
	r.Helper()
	r.at += d
	if err := r.Read(r.at); err != nil {
		r.Fatal(err)
	}
	return r.VMs.VMs
}

// found is what a scan finds, by name.
func found(t testing.TB, s *qemuScan) string {
	t.Helper()
	g := s.run()
	if g.err != nil {
		t.Fatal(g.err)
	}
	var names []string
	for _, one := range g.list {
		names = append(names, one.namespace+"/"+one.name)
	}
	return strings.Join(names, " ")
}

// work runs the reader's worker until the test ends.
func work(t testing.TB, r *Reader) {
	ctx, stop := context.WithCancel(context.Background())
	var worker sync.WaitGroup
	worker.Go(func() {
		if err := r.Watch(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		stop()
		worker.Wait()
		r.Close()
	})
}

// vmsBox is how a sampler hands VMs over.
func vmsBox() *box.Box[VMs] { return box.New(Copy) }
