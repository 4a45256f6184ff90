package top

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/boottime"
	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/qemu"
	"hypervisor-tui/sample/sampletest"
)

// tree is a /proc with processes, and a clock.
type tree struct {
	testing.TB
	*sampletest.Clock
	root string
	used map[int]time.Duration
}

// newTree has processes 1 and 2, which began with the boot, an hour ago.
func newTree(t testing.TB) *tree {
	p := &tree{t, sampletest.NewClock(), t.TempDir(), map[int]time.Duration{}}
	self(t, p.root, os.Getpid())
	p.put(1, "systemd", "S", 0, 100, 10, "/init.scope")
	p.put(2, "kthreadd", "S", 0x200000, 0, 0, "/")
	return p
}

// self makes /proc one in which this process has that number.
func self(t testing.TB, root string, pid int) {
	t.Helper()
	sampletest.Put(t, root, "/proc/uptime", "3600.00 1.00\n")
	os.Remove(root + "/proc/self")
	if err := os.Symlink(strconv.Itoa(pid), root+"/proc/self"); err != nil {
		t.Fatal(err)
	}
}

// put makes a process of that many ticks of CPU time and MiB of memory, which began at tick 100 times its number.
func (p *tree) put(pid int, name, state string, flags int, ticks, mib uint64, cgroup string) {
	p.Helper()
	p.stat(pid, name, state, flags, ticks, mib, uint64(pid)*100)
	sampletest.Put(p.TB, p.root, fmt.Sprintf("/proc/%d/cgroup", pid), "0::"+cgroup+"\n")
}

func (p *tree) stat(pid int, name, state string, flags int, ticks, mib, start uint64) {
	p.Helper()
	p.used[pid] = procfile.SinceBoot(ticks)
	sampletest.Put(p.TB, p.root, fmt.Sprintf("/proc/%d/stat", pid), fmt.Sprintf("%d (%s) %s 1 1 1 0 -1 %d 1 2 3 4 %d %d 0 0 20 0 6 0 %d 4096 %d 18446744073709551615\n",
		pid, name, state, flags, ticks/2, ticks-ticks/2, start, mib<<20/uint64(os.Getpagesize())))
}

func (p *tree) remove(pid int) {
	p.Helper()
	delete(p.used, pid)
	if err := os.RemoveAll(fmt.Sprintf("%s/proc/%d", p.root, pid)); err != nil {
		p.Fatal(err)
	}
}

func noVMs() ([]qemu.Guest, string) { return nil, "" }

func (p *tree) scan() *scan { return newScan(p.root, p.Now, p.clock, noVMs) }

// clock is cpuTime.
func (p *tree) clock(pid int) (time.Duration, error) {
	if used, ok := p.used[pid]; ok {
		return used, nil
	}
	return 0, unix.EINVAL
}

// next scans five seconds later.
func (p *tree) next(s *scan) {
	p.Helper()
	p.Pass(scanEvery)
	if err := s.run(); err != nil {
		p.Fatal(err)
	}
}

// shown is each process of a list by its name, with its share and MiB.
func shown(list []Process) string {
	var b strings.Builder
	for _, p := range list {
		fmt.Fprintf(&b, "%s %.0f%% %d, ", p.Name, p.CPU, p.Memory>>20)
	}
	return strings.TrimSuffix(b.String(), ", ")
}

func TestTopByCPUAndByMemory(t *testing.T) {
	p := newTree(t)
	p.put(30, "k3s-server", "R", 0, 5000, 900, "/system.slice/k3s.service")
	p.put(40, "etcd", "D", 0, 7000, 300, "/kubepods/burstable/pod0123-45/6789")
	s := p.scan()
	p.next(s)
	if got := shown(s.out.ByCPU); got != "k3s-server NaN% 900, etcd NaN% 300, systemd NaN% 10, kthreadd NaN% 0" {
		t.Errorf("first: %s", got)
	}
	p.put(30, "k3s-server", "R", 0, 5250, 901, "/system.slice/k3s.service")
	p.put(40, "etcd", "D", 0, 9000, 300, "/kubepods/burstable/pod0123-45/6789")
	p.next(s)
	if got := shown(s.out.ByCPU); got != "etcd 400% 300, k3s-server 50% 901, systemd 0% 10, kthreadd 0% 0" {
		t.Errorf("by CPU: %s", got)
	}
	if got := shown(s.out.ByMemory); got != "k3s-server 50% 901, etcd 400% 300, systemd 0% 10, kthreadd 0% 0" {
		t.Errorf("by memory: %s", got)
	}
	etcd, k3s, kernel := s.out.ByCPU[0], s.out.ByCPU[1], s.out.ByCPU[3]
	if etcd.Pod != "0123-45" || etcd.Unit != "" || etcd.State != 'D' || etcd.PID != 40 || etcd.Started != 40*time.Second {
		t.Errorf("%+v", etcd)
	}
	if k3s.Unit != "k3s.service" || k3s.Kernel || !kernel.Kernel || kernel.Unit != "" {
		t.Errorf("%+v, %+v", k3s, kernel)
	}
	if s.out.Total != 4 || s.out.At != p.Now() {
		t.Errorf("%d at %v", s.out.Total, s.out.At)
	}
}

// TestTopOfAProcessThatIsNew: what it has used since its start is known when it is seen first.
func TestTopOfAProcessThatIsNew(t *testing.T) {
	p := newTree(t)
	s := p.scan()
	p.next(s)
	p.Pass(time.Second)
	began := uint64(p.Now() / (time.Second / procfile.UserHZ))
	p.Pass(2 * time.Second)
	p.stat(90, "stress", "R", 0, 300, 1, began)
	p.Pass(-scanEvery + 2*time.Second)
	p.next(s)
	if got := s.out.ByCPU[0]; got.Name != "stress" || math.Abs(got.CPU-75) > 1 {
		t.Errorf("%+v", got)
	}
	p.stat(91, "sh", "R", 0, 10, 1, uint64(p.Now()/(time.Second/procfile.UserHZ))+480)
	p.next(s)
	at := slices.IndexFunc(s.out.ByCPU, func(q Process) bool { return q.PID == 91 })
	if got := s.out.ByCPU[at]; !math.IsNaN(got.CPU) {
		t.Errorf("after a fifth of a second: %+v", got)
	}
}

// TestTopPassesOverWhatHasHardlyBegun: a new process that has used next to nothing is mostly gone by the next scan. It is read
// when it has used more, with what it used since the scan before, and within restTurns at the latest.
func TestTopPassesOverWhatHasHardlyBegun(t *testing.T) {
	p := newTree(t)
	s := p.scan()
	p.next(s)
	shown := func(pid int) *Process {
		for i := range s.out.ByCPU {
			if s.out.ByCPU[i].PID == pid {
				return &s.out.ByCPU[i]
			}
		}
		return nil
	}
	p.stat(90, "grows", "R", 0, 0, 1, uint64(p.Now()/(time.Second/procfile.UserHZ))+100)
	p.stat(91, "sleeps", "S", 0, 0, 1, uint64(p.Now()/(time.Second/procfile.UserHZ))+100)
	p.used[90], p.used[91] = time.Millisecond, time.Millisecond
	s.turn = 0 // neither 90 nor 91 has its turn
	if p.next(s); shown(90) != nil || shown(91) != nil || s.out.Total != 4 {
		t.Errorf("at once: %+v, %+v", shown(90), shown(91))
	}
	p.used[90] += time.Second
	if p.next(s); shown(90) == nil || shown(90).CPU != 20 || shown(91) != nil {
		t.Errorf("later: %+v, %+v", shown(90), shown(91))
	}
	for range restTurns {
		p.next(s)
	}
	if shown(91) == nil || shown(91).CPU != 0 {
		t.Errorf("in its turn: %+v", shown(91))
	}
}

// TestTopOfANumberGivenToAnother: neither the CPU time nor the unit of the one before is the new one's.
func TestTopOfANumberGivenToAnother(t *testing.T) {
	p := newTree(t)
	p.put(30, "old", "R", 0, 9000, 5, "/system.slice/old.service")
	s := p.scan()
	p.next(s)
	p.next(s)
	p.stat(30, "new", "R", 0, 9100, 5, 3001) // the same inode, which some day may be
	p.Pass(10 * scanEvery)
	for range restTurns {
		p.next(s)
	}
	at := slices.IndexFunc(s.out.ByCPU, func(q Process) bool { return q.PID == 30 })
	if got := s.out.ByCPU[at]; got.Name != "new" || got.Started != 30010*time.Millisecond || got.CPU > 0 {
		t.Errorf("%+v", got)
	}
}

// TestTopWithoutVMs: QEMU is shown as a VM; a process that got its number is not.
func TestTopWithoutVMs(t *testing.T) {
	p := newTree(t)
	p.put(30, "qemu-kvm", "S", 0, 5000, 900, "/")
	p.put(31, "qemu-kvm", "S", 0, 5000, 800, "/")
	s := p.scan()
	s.guests = func() ([]qemu.Guest, string) {
		return []qemu.Guest{{PID: 31, Start: 1}, {PID: 77, Start: 7700}, {PID: 30, Start: 3000}}, ""
	}
	p.next(s)
	if got := shown(s.out.ByMemory); got != "qemu-kvm NaN% 800, systemd NaN% 10, kthreadd NaN% 0" || s.out.Total != 4 {
		t.Errorf("%s of %d", got, s.out.Total)
	}
	s.guests = noVMs
	p.next(s)
	if got := shown(s.out.ByMemory); !strings.HasPrefix(got, "qemu-kvm 0% 900, qemu-kvm 0% 800") {
		t.Errorf("a VM no more: %s", got)
	}
}

// TestTopReadsWhatHasUsedTheCPU: the stat of what has used 10 ms is read in each scan, of what has used less in one of
// restTurns, of what sleeps never. What each has used is known at once.
func TestTopReadsWhatHasUsedTheCPU(t *testing.T) {
	p := newTree(t)
	const each = 24
	use := map[string]time.Duration{"asleep": 0, "idle": 100 * time.Microsecond, "busy": busy}
	at := 100
	for _, name := range []string{"asleep", "idle", "busy"} {
		for range each {
			p.put(at, name, "S", 0, 7, 1, "/")
			at++
		}
	}
	s := p.scan()
	p.next(s)
	read := map[string]int{}
	for range restTurns {
		for i := range s.found {
			r := &s.found[i]
			p.used[r.PID] += use[r.Name]
			r.State = '?'
		}
		p.next(s)
		for i := range s.found {
			r := &s.found[i]
			if r.State == 'S' {
				read[r.Name]++
			}
			if want := percent(use[r.Name], scanEvery); r.CPU != want {
				t.Fatalf("%s: %v %%, want %v", r.Name, r.CPU, want)
			}
		}
	}
	if want := map[string]int{"idle": each, "busy": each * restTurns}; !maps.Equal(read, want) {
		t.Errorf("read %v times, want %v", read, want)
	}
}

func TestTopIsLimited(t *testing.T) {
	p := newTree(t)
	for pid := 100; pid < 100+2*MaxRows; pid++ {
		p.put(pid, "p", "S", 0, 0, uint64(pid*7919%997), "/")
	}
	s := p.scan()
	p.next(s)
	if len(s.out.ByCPU) != MaxRows || len(s.out.ByMemory) != MaxRows || s.out.Total != 2*MaxRows+2 {
		t.Fatalf("%d and %d of %d", len(s.out.ByCPU), len(s.out.ByMemory), s.out.Total)
	}
	var all []uint64
	for pid := 100; pid < 100+2*MaxRows; pid++ {
		all = append(all, uint64(pid*7919%997))
	}
	slices.Sort(all)
	slices.Reverse(all)
	for i, q := range s.out.ByMemory {
		if q.Memory>>20 != all[i] {
			t.Fatalf("row %d has %d MiB, want %d", i, q.Memory>>20, all[i])
		}
	}
	s.max = MaxRows
	p.Pass(scanEvery)
	if err := s.run(); err != procfile.ErrLeftOut || len(s.found) != MaxRows || s.out.Total != 2*MaxRows+2 {
		t.Errorf("%d of %d, %v", len(s.found), s.out.Total, err)
	}
}

func TestTopWhileProcessesEnd(t *testing.T) {
	p := newTree(t)
	p.put(30, "a", "R", 0, 5000, 5, "/")
	p.put(31, "b", "Z", 0, 5000, 0, "/")
	p.put(32, "c", "R", 0, 5000, 5, "/")
	if err := os.Remove(p.root + "/proc/32/stat"); err != nil { // it has ended since it was listed
		t.Fatal(err)
	}
	s := p.scan()
	p.next(s)
	p.remove(30)
	p.next(s)
	if got := shown(s.out.ByMemory); got != "systemd 0% 10, kthreadd 0% 0, b 0% 0" {
		t.Error(got)
	}
}

func TestTopOfHiddenProcesses(t *testing.T) {
	p := newTree(t)
	p.put(30, "own", "R", 0, 1, 5, "/")
	s := p.scan()
	p.remove(1)
	if err := s.run(); err != procfile.ErrHidden || len(s.out.ByCPU) != 0 {
		t.Errorf("hidepid=2: %v, %+v", err, s.out)
	}
	s.root, s.path = len("/proc/"), []byte("/proc/")
	if err := os.RemoveAll(p.root + "/proc"); err != nil {
		t.Fatal(err)
	}
	p.Pass(scanEvery)
	if err := s.run(); !procfile.Missing(err) {
		t.Errorf("no /proc: %v", err)
	}
}

// TestTopOfAnotherNamespace: a number that means two processes does not lend one the other's CPU time.
func TestTopOfAnotherNamespace(t *testing.T) {
	p := newTree(t)
	self(t, p.root, os.Getpid()+1)
	if s := p.scan(); s.run() != errForeign || len(s.out.ByCPU) != 0 {
		t.Errorf("%+v", s.out)
	}
}

// TestTopOfProcessesThatMayNotBeRead: hidepid=1 lists all of them and opens none.
func TestTopOfProcessesThatMayNotBeRead(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read everything")
	}
	p := newTree(t)
	p.put(30, "own", "R", 0, 1, 5, "/")
	s := p.scan()
	for _, pid := range []string{"2", "1"} {
		if err := os.Chmod(p.root+"/proc/"+pid+"/stat", 0); err != nil {
			t.Fatal(err)
		}
		err := s.run()
		switch {
		case pid == "2" && (err != errUnreadable || len(s.out.ByCPU) != 2):
			t.Errorf("one of them: %v, %s", err, shown(s.out.ByCPU))
		case pid == "1" && err != nil && err != procfile.ErrHidden:
			t.Errorf("the first: %v", err)
		}
	}
}

// TestTopOfStrangeFiles: what is no stat is a remark beside others, and an error alone.
func TestTopOfStrangeFiles(t *testing.T) {
	p := newTree(t)
	sampletest.Put(t, p.root, "/proc/30/stat", "nonsense\n")
	s := p.scan()
	if err := s.run(); err != errUnreadable || len(s.out.ByCPU) != 2 {
		t.Errorf("%v, %s", err, shown(s.out.ByCPU))
	}
	sampletest.Put(t, p.root, "/proc/1/stat", "nonsense\n")
	sampletest.Put(t, p.root, "/proc/2/stat", "")
	if err := p.scan().run(); !errors.Is(err, procfile.ErrShort) || err.Error() != "read /proc/[pid]/stat: line too short" {
		t.Errorf("%v", err)
	}
}

func TestF46NoDescriptorsForTop(t *testing.T) {
	p := newTree(t)
	s := p.scan()
	p.next(s)
	s.close()
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	none := limit
	none.Cur = 0
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	err := s.run()
	if back := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); back != nil {
		t.Fatal(back)
	}
	if !errors.Is(err, unix.EMFILE) || len(s.out.ByMemory) != 2 {
		t.Errorf("%v, %s", err, shown(s.out.ByMemory))
	}
	p.next(s)
}

func TestTopDoesNotAllocate(t *testing.T) {
	p := newTree(t)
	p.put(30, "idle", "S", 0, 5, 5, "/system.slice/idle.service")
	s := p.scan()
	defer s.close()
	for range 2 {
		p.next(s)
	}
	sorting := sampletest.Allocations(func() { s.lister.List(s.listed[:0]) }) // which procfs has done
	if n := sampletest.Allocations(func() { p.used[1] += busy; p.Pass(scanEvery); s.run() }); n != sorting {
		t.Errorf("%v allocations, %v of them to sort", n, sorting)
	}
}

func TestTopAgreesWithProcfs(t *testing.T) {
	s := newScan("", boottime.Now, cpuTime, noVMs)
	defer s.close()
	if err := s.run(); err != nil {
		t.Skip("processes cannot be seen here: ", err)
	}
	own, err := procfs.Self()
	if err != nil {
		t.Fatal(err)
	}
	stat, err := own.Stat()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(s.found, func(r record) bool { return r.PID == os.Getpid() })
	if at < 0 {
		t.Fatalf("%d processes, and this one is not among them", len(s.found))
	}
	if r := &s.found[at]; r.Name != stat.Comm || r.Started != procfile.SinceBoot(stat.Starttime) || r.Kernel || r.Memory == 0 {
		t.Errorf("%+v, procfs has %+v", r, stat)
	}
	if used := s.found[at].used; used <= 0 || used.Seconds() > stat.CPUTime()+0.02 {
		t.Errorf("%v used, procfs has %v", used, stat.CPUTime())
	}
	if all, err := procfs.AllProcs(); err != nil || len(s.found) < len(all)/2 {
		t.Errorf("%d processes, procfs has %d, %v", len(s.found), len(all), err)
	}
}

func BenchmarkTopLive(b *testing.B) {
	s := newScan("", boottime.Now, cpuTime, noVMs)
	defer s.close()
	for range restTurns {
		if err := s.run(); err != nil {
			b.Skip(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		s.run()
	}
	b.ReportMetric(float64(len(s.found)), "processes")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(s.found)), "us/process")
}
