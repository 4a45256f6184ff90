package qemu

import (
	"context"
	"errors"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/sampletest"
)

func near(got, want float64) bool { return math.Abs(got-want) <= 1e-9*math.Abs(want) }

func TestQEMUFiguresOfAPod(t *testing.T) {
	q := newQEMUTree(t)
	cgroup := q.vm(4711, "default_vm-01", "-m", "size=2097152k", "-smp", "4,sockets=1,cores=4,threads=1")
	q.put("/proc/4711/stat", "")
	q.stat(4711, "qemu-kvm", "S", 5000, 12345)
	q.put(cgroup2+cgroup+"/io.stat", "8:0 rbytes=1000 wbytes=500 rios=1 wios=1 dbytes=0 dios=0\n")
	r := follow(t, q.root)
	r.look()
	vms := r.after(0)
	if len(vms) != 1 {
		t.Fatalf("%d VMs", len(vms))
	}
	v := vms[0]
	if v.Namespace != "default" || v.Name != "vm-01" || v.PID != 4711 || v.Started != 123450*time.Millisecond || v.VCPUs != 4 ||
		v.Memory != 200*uint64(os.Getpagesize()) || v.Configured != 2<<30 || v.WhyCPU+v.WhyMemory+v.WhyDisk+v.WhyNet != "" {
		t.Errorf("%+v", v)
	}
	for i, rate := range []float64{v.CPU, v.Cores, v.Read, v.Write, v.Rx, v.Tx} {
		if !math.IsNaN(rate) {
			t.Errorf("rate %d is %v at the first sample", i, rate)
		}
	}
	q.stat(4711, "qemu-kvm", "R", 5300, 12345) // 3 seconds in 2
	q.put(cgroup2+cgroup+"/io.stat", "8:0 rbytes=3000 wbytes=4500\n8:16 rbytes=2000 wbytes=0\n")
	q.put("/proc/4711/net/dev", "h\nh\nlo: 9 0 0 0 0 0 0 0 9 0 0 0 0 0 0 0\ntap0: 600 0 0 0 0 0 0 0 4000 0 0 0 0 0 0 0\n"+
		"eth0: 9000 0 0 0 0 0 0 0 8000 0 0 0 0 0 0 0\n")
	v = r.after(2 * time.Second)[0]
	if !near(v.Cores, 1.5) || !near(v.CPU, 37.5) {
		t.Errorf("CPU: %v cores, %v %%", v.Cores, v.CPU)
	}
	if !near(v.Read, 2000) || !near(v.Write, 2000) {
		t.Errorf("disk: %v and %v", v.Read, v.Write)
	}
	if !near(v.Rx, 2000) || !near(v.Tx, 300) {
		t.Errorf("net: the guest receives %v, sends %v", v.Rx, v.Tx)
	}
	q.stat(4711, "qemu-kvm", "R", 9999, 12345)
	if v = r.after(2 * time.Second)[0]; v.CPU != 100 || !near(v.Cores, 23.495) {
		t.Errorf("QEMU's own threads on top: %v cores, %v %%", v.Cores, v.CPU)
	}
}

func TestB8HugePagesCount(t *testing.T) {
	q := newQEMUTree(t)
	q.vm(50, "default_big", "-m", "1G", "-mem-path", "/mnt/pages") // by no word of its command line
	q.put("/proc/50/status", "Name:\tqemu-kvm\nVmRSS:\t     800 kB\nHugetlbPages:\t 1048576 kB\n")
	r := follow(t, q.root)
	r.look()
	if v := r.after(0)[0]; v.Memory != 1<<30+200*uint64(os.Getpagesize()) || v.Configured != 1<<30 {
		t.Errorf("%+v", v)
	}
	q.remove("/proc/50/status")
	q.put("/proc/50/status", "Name:\tqemu-kvm\n")
	r.Close()
	if v := r.after(time.Second)[0]; v.Memory != 200*uint64(os.Getpagesize()) || v.WhyMemory != "" {
		t.Errorf("a kernel without huge pages: %+v", v)
	}
	q.put("/proc/50/status", "HugetlbPages:\tmany kB\n")
	r.Close()
	if v := r.after(time.Second)[0]; v.Memory != 0 || v.WhyMemory != "read /proc/50/status: not a number" {
		t.Errorf("a strange line: %+v", v)
	}
}

func TestQEMUNumberGivenToAnother(t *testing.T) {
	q := newQEMUTree(t)
	q.vm(50, "default_old")
	q.vm(60, "default_other")
	r := follow(t, q.root)
	r.look()
	r.after(0)
	q.vm(50, "default_new")
	q.stat(50, "qemu-kvm", "S", 7, 999999)
	if vms := r.after(time.Second); len(vms) != 1 || vms[0].Name != "other" {
		t.Errorf("%+v", vms)
	}
	r.look()
	vms := r.after(time.Second)
	if len(vms) != 2 || vms[0].Name != "new" || vms[1].Name != "other" {
		t.Fatalf("%+v", vms)
	}
	if !math.IsNaN(vms[0].Cores) || math.IsNaN(vms[1].Cores) {
		t.Errorf("the new one starts at %v cores, the other has %v", vms[0].Cores, vms[1].Cores)
	}
}

func TestF13QEMUEndsWhileFollowed(t *testing.T) {
	for name, end := range map[string]func(q *qemuTree){
		"gone":     func(q *qemuTree) { q.remove("/proc/50") },
		"zombie":   func(q *qemuTree) { q.stat(50, "qemu-kvm", "Z", 0, 5000) },
		"dead":     func(q *qemuTree) { q.stat(50, "qemu-kvm", "X", 0, 5000) },
		"unmapped": func(q *qemuTree) { q.put("/proc/50/statm", "0 0 0 0 0 0 0\n") },
	} {
		q := newQEMUTree(t)
		q.vm(50, "default_a")
		q.vm(60, "default_b")
		r := follow(t, q.root)
		r.look()
		if vms := r.after(0); len(vms) != 2 {
			t.Fatalf("%s: %+v", name, vms)
		}
		end(q)
		r.Close() // a plain file can be read though it is gone
		if vms := r.after(time.Second); len(vms) != 1 || vms[0].Name != "b" {
			t.Errorf("%s: %+v", name, vms)
		}
		if f := r.followers[0]; f.stat.Opened || f.statm.Opened || f.status.Opened || f.netDev.Opened || f.ioStat.Opened {
			t.Errorf("%s: its files are still open", name)
		}
	}
}

func TestF13QEMUChurnKeepsNoDescriptors(t *testing.T) {
	q := newQEMUTree(t)
	r := follow(t, q.root)
	open := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("no /proc: ", err)
		}
		return len(entries)
	}
	r.look()
	r.after(0)
	before := open()
	for pid := 100; pid < 200; pid++ {
		q.vm(pid, "default_a")
		r.look()
		if vms := r.after(time.Second); len(vms) != 1 || vms[0].PID != pid || vms[0].WhyDisk+vms[0].WhyNet != "" {
			t.Fatalf("%+v", vms)
		}
		if n := open(); n != before+5 {
			t.Fatalf("%d descriptors, %d without any VM", n, before)
		}
		q.remove(procDir(pid))
	}
	r.look()
	if vms := r.after(time.Second); len(vms) != 0 || open() != before || len(r.followers) != 0 {
		t.Errorf("%d VMs, %d followers, %d descriptors", len(vms), len(r.followers), open())
	}
}

func TestF16QEMUCountersGoBack(t *testing.T) {
	q := newQEMUTree(t)
	cgroup := q.vm(50, "default_a")
	r := follow(t, q.root)
	r.look()
	put := func(cpu, io, net uint64) {
		q.stat(50, "qemu-kvm", "S", cpu, 5000)
		q.put(cgroup2+cgroup+"/io.stat", "8:0 rbytes="+word(io)+" wbytes="+word(io)+"\n")
		q.put("/proc/50/net/dev", sampletest.NetDevOf(net, "tap0"))
	}
	put(1000, 1<<40, 1<<40)
	r.after(0)
	put(500, 5, 5)
	if v := r.after(time.Second)[0]; !math.IsNaN(v.Cores+v.CPU) || !math.IsNaN(v.Read) || !math.IsNaN(v.Write) || !math.IsNaN(v.Rx) || !math.IsNaN(v.Tx) {
		t.Errorf("went back: %+v", v)
	}
	put(600, 1005, 1005)
	if v := r.after(time.Second)[0]; !near(v.Cores, 1) || !near(v.Read, 1000) || !near(v.Write, 1000) {
		t.Errorf("afterwards: %+v", v)
	}
	q.put("/proc/50/net/dev", sampletest.NetDevOf(1<<50, "tap0", "tap1"))
	if v := r.after(time.Second)[0]; !math.IsNaN(v.Rx) || !math.IsNaN(v.Tx) {
		t.Errorf("a link with counters has come: %+v", v)
	}
	if v := r.after(0)[0]; !math.IsNaN(v.Cores) || !math.IsNaN(v.Read) || !math.IsNaN(v.Rx) {
		t.Errorf("no time has passed: %+v", v)
	}
}

// TestTotalsOfAVM: they never go back while the process lives, whatever its devices do, and have all that is known.
func TestTotalsOfAVM(t *testing.T) {
	q := newQEMUTree(t)
	cgroup := q.vm(50, "default_a")
	r := follow(t, q.root)
	r.look()
	const unknown = -1
	for _, c := range []struct {
		what    string
		cpu     uint64
		io, net string
		want    [5]int // CPU, read, written, received, sent
	}{
		{"at first: all so far", 1000, "8:0 rbytes=100 wbytes=10\n8:16 rbytes=50 wbytes=5\n", sampletest.NetDevOf(7, "lo", "tap0", "tap1"), [5]int{1000, 150, 15, 28, 14}},
		{"more", 1010, "8:0 rbytes=101 wbytes=12\n8:16 rbytes=50 wbytes=5\n", sampletest.NetDevOf(8, "lo", "tap0", "tap1"), [5]int{1010, 151, 17, 32, 16}},
		{"a disk and a link are unplugged", 1010, "8:0 rbytes=103 wbytes=12\n", sampletest.NetDevOf(8, "lo", "tap0"), [5]int{1010, 153, 17, 32, 16}},
		{"others are plugged in", 1010, "8:0 rbytes=103 wbytes=12\n8:32 rbytes=7 wbytes=0\n", sampletest.NetDevOf(9, "lo", "tap0", "tap2"), [5]int{1010, 160, 17, 32, 16}},
		{"nothing can be read", 0, "8:0 rbytes=many\n", "h\nh\nnonsense\n", [5]int{unknown, unknown, unknown, unknown, unknown}},
		{"it can again", 1050, "8:0 rbytes=203 wbytes=112\n8:32 rbytes=7 wbytes=0\n", sampletest.NetDevOf(10, "lo", "tap0", "tap2"), [5]int{1050, 260, 117, 36, 18}},
		{"a disk's counter went back, and the links'", 1051, "8:0 rbytes=3 wbytes=113\n8:32 rbytes=7 wbytes=0\n", sampletest.NetDevOf(1, "lo", "tap0", "tap2"), [5]int{1051, 260, 118, 36, 18}},
		{"and on", 1052, "8:0 rbytes=4 wbytes=114\n8:32 rbytes=7 wbytes=0\n", sampletest.NetDevOf(2, "lo", "tap0", "tap2"), [5]int{1052, 261, 119, 40, 20}},
	} {
		q.stat(50, "qemu-kvm", "S", c.cpu, 5000)
		if c.cpu == 0 {
			q.put("/proc/50/stat", "50 (qemu")
		}
		q.put(cgroup2+cgroup+"/io.stat", c.io)
		q.put("/proc/50/net/dev", c.net)
		v := &r.after(time.Second)[0]
		var got [5]int
		for i, total := range []procfile.Count{v.Totals.CPUTicks, v.Totals.Read, v.Totals.Written, v.Totals.Received, v.Totals.Sent} {
			if got[i] = int(total.Value); !total.Known {
				got[i] = unknown
			}
		}
		if got != c.want {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
}

func TestF19NoCgroupOfV2(t *testing.T) {
	for name, c := range map[string]struct{ cgroup, why string }{
		"v1":        {"12:blkio:/kubepods/pod1/a\n11:memory:/kubepods/pod1/a\n", whyCgroup1},
		"hybrid":    {"12:blkio:/kubepods/pod1/a\n0::/kubepods/pod1/a\n", whyCgroup1},
		"none":      {"", whyCgroup1},
		"root":      {"0::/\n", whyNoCgroup},
		"elsewhere": {"0::/../kubepods.slice/kubepods-pod1.slice\n", whyOutside},
		"session":   {"0::/user.slice/user-0.slice/session-3.scope\n", whyNoCgroup},
		"no io":     {"0::/kubepods/burstable/pod1/a\n", whyNoIO},
		"relative":  {"0::a.scope\n", whyCgroup1},
	} {
		q := newQEMUTree(t)
		q.vm(50, "default_a")
		q.put(cgroup2+"/io.stat", "8:0 rbytes=1 wbytes=1\n")
		q.put(cgroup2+"/kubepods/io.stat", "8:0 rbytes=1 wbytes=1\n")
		q.put("/proc/50/cgroup", c.cgroup)
		r := follow(t, q.root)
		r.look()
		r.after(0)
		v := r.after(time.Second)[0]
		if v.WhyDisk != c.why || !math.IsNaN(v.Read) || !math.IsNaN(v.Write) {
			t.Errorf("%s: %q, %v, %v", name, v.WhyDisk, v.Read, v.Write)
		}
		if math.IsNaN(v.Cores) || v.Memory == 0 || math.IsNaN(v.Rx) {
			t.Errorf("%s: the other figures suffer: %+v", name, v)
		}
	}
}

func TestQEMUsInOneCgroup(t *testing.T) {
	q := newQEMUTree(t)
	q.vm(50, "default_a")
	q.vm(60, "default_b")
	cgroup := "0::" + q.vm(70, "default_c") + "\n"
	q.put("/proc/60/cgroup", cgroup)
	r := follow(t, q.root)
	r.look()
	vms := r.after(0)
	if vms[0].WhyDisk != "" || vms[1].WhyDisk != whyShared || vms[2].WhyDisk != whyShared {
		t.Errorf("%+v", vms)
	}
	q.remove("/proc/60")
	r.look()
	if vms = r.after(time.Second); len(vms) != 2 || vms[1].WhyDisk != "" {
		t.Errorf("alone again: %+v", vms)
	}
}

func TestQEMUInTheHostsNetwork(t *testing.T) {
	q := newQEMUTree(t)
	q.vm(50, "default_a")
	q.remove("/proc/50/net/dev")
	if err := os.Link(q.root+"/proc/self/net/dev", q.root+"/proc/50/net/dev"); err != nil {
		t.Skip("no hard links here: ", err)
	}
	q.vm(60, "default_b")
	q.put("/proc/60/net/dev", sampletest.NetDevOf(0, "lo"))
	r := follow(t, q.root)
	r.look()
	r.after(0)
	vms := r.after(time.Second)
	if vms[0].WhyNet != whyHostNet || !math.IsNaN(vms[0].Rx) || vms[1].WhyNet != errNoLink.Error() || !math.IsNaN(vms[1].Tx) {
		t.Errorf("%+v", vms)
	}
}

func TestQEMUFileThatCannotBeRead(t *testing.T) {
	q := newQEMUTree(t)
	cgroup := q.vm(50, "default_a")
	r := follow(t, q.root)
	r.look()
	r.after(0)
	q.put("/proc/50/stat", "50 (qemu")
	q.put("/proc/50/statm", "x")
	q.put("/proc/50/net/dev", "h\nh\nnonsense\n")
	q.put(cgroup2+cgroup+"/io.stat", "8:0 rbytes=many\n")
	v := r.after(time.Second)[0]
	if v.WhyCPU != "read /proc/50/stat: line too short" || v.WhyMemory != "read /proc/50/statm: not a number" ||
		v.WhyNet != "read /proc/50/net/dev: line too short" || !strings.HasSuffix(v.WhyDisk, "/io.stat: not a number") {
		t.Errorf("%+v", v)
	}
	if n := sampletest.Allocations(func() { r.after(time.Second) }); n != 0 {
		t.Errorf("%v allocations while nothing can be read", n)
	}
}

func TestQEMUReaderBeforeAndAfterItsWorker(t *testing.T) {
	q := newQEMUTree(t)
	q.vm(50, "default_a")
	r := New(q.root, boottime.Now)
	if err := r.Read(time.Hour); err != procfile.ErrNotYet {
		t.Errorf("before: %v", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- r.Watch(ctx) }()
	r.Wait(context.Background())
	defer r.Close()
	if err := r.Read(time.Hour); err != nil || len(r.VMs.VMs) != 1 {
		t.Errorf("while it works: %v, %+v", err, r.VMs)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := r.Read(2 * time.Hour); !errors.Is(err, procfile.ErrStopped) || len(r.VMs.VMs) != 1 || math.IsNaN(r.VMs.VMs[0].Cores) {
		t.Errorf("afterwards those found are followed on: %v, %+v", err, r.VMs)
	}
	r = New(q.root, boottime.Now)
	r.Wait(ctx) // which has ended
}

func TestF46NoDescriptorsForQEMU(t *testing.T) {
	q := newQEMUTree(t)
	q.vm(50, "default_a")
	r := follow(t, q.root)
	r.look()
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	probe, err := unix.Open(q.root, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(probe)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(probe), Max: limit.Max}); err != nil {
		t.Skip("the limit cannot be set: ", err)
	}
	vms := r.after(0)
	r.look()
	scan := r.found.Load()
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if len(vms) != 1 || !strings.Contains(vms[0].WhyCPU, "too many open files") || vms[0].Memory != 0 || vms[0].WhyMemory == "" || vms[0].WhyDisk == "" || vms[0].WhyNet == "" {
		t.Errorf("%+v", vms)
	}
	if scan.err == nil || len(scan.list) != 1 {
		t.Errorf("a scan without descriptors: %v, %d VMs", scan.err, len(scan.list))
	}
	r.look()
	if v := r.after(time.Second)[0]; v.WhyCPU+v.WhyMemory+v.WhyDisk+v.WhyNet != "" {
		t.Errorf("afterwards: %+v", v)
	}
}

func TestQEMUSampleDoesNotAllocate(t *testing.T) {
	q := newQEMUTree(t)
	for pid := 100; pid < 150; pid++ {
		cgroup := q.vm(pid, "default_vm-"+word(uint64(pid)), "-object", "memory-backend-memfd,size=1G,hugetlb=on")
		q.put(procDir(pid)+"status", "HugetlbPages:\t 1024 kB\n")
		q.put(cgroup2+cgroup+"/io.stat", "8:0 rbytes=1 wbytes=2\n253:0 rbytes=1 wbytes=2\n")
	}
	r := follow(t, q.root)
	r.look()
	r.after(0)
	b := vmsBox()
	n := sampletest.Allocations(func() {
		vms := r.after(time.Second)
		if len(vms) != 50 || vms[49].WhyMemory != "" || vms[49].Read != 0 || vms[49].Rx != 0 {
			t.Fatalf("%d VMs", len(vms))
		}
		b.Publish(&r.VMs)
		b.Latest()
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
	var dst VMs
	Copy(&dst, &r.VMs)
	r.VMs.VMs[0].Name = "changed"
	if dst.VMs[0].Name != "vm-100" || dst.At != r.VMs.At {
		t.Error("a copy shares memory")
	}
}
