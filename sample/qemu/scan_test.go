package qemu

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/clean"
	"hypervisor-tui/sample/procfile"
	"hypervisor-tui/sample/sampletest"
)

// counting makes a scan count the files that it reads, by their name.
func counting(s *qemuScan) map[string]int {
	files := map[string]int{}
	s.read = func(path string, buf []byte, most int) ([]byte, error) {
		files[filepath.Base(path)]++
		return readSmall(path, buf, most)
	}
	return files
}

func TestScanFindsQEMUAlone(t *testing.T) {
	q := newQEMUTree(t)
	q.vm(300, "prod_db")
	q.vm(40, "default_b")
	q.vm(41, "default_a")
	q.process(50, "virt-launcher", "/usr/bin/virt-launcher", "--name", "a", "--namespace", "default")
	q.process(51, "qemu-img", "qemu-img", "convert")
	q.process(52, "qemu-kvm", "/usr/libexec/qemu-kvm", "-S", "-machine", "none,accel=kvm")
	q.process(53, "bash", "sh", "-c", "qemu-system-x86_64 -name guest=x_y")
	q.process(54, ".qemu-system-x8", "/nix/store/x/bin/.qemu-system-x86_64-wrapped", "-name", "plain")
	q.put("/proc/uptime", "1 1\n")
	q.put("/proc/0/comm", "qemu-kvm\n")
	q.put("/proc/12x/comm", "qemu-kvm\n")
	s := newQEMUScan(q.root)
	if got := found(t, &s); got != "/plain default/a default/b prod/db" {
		t.Error(got)
	}
}

// TestScanOfLibvirtsOwnGuests: an underscore in the name of a guest does not make it one of KubeVirt's.
func TestScanOfLibvirtsOwnGuests(t *testing.T) {
	for cgroup, want := range map[string]string{
		`0::/machine.slice/machine-qemu\x2d1\x2da_b.scope/libvirt/emulator`:              "/a_b",
		"12:blkio:/machine/qemu-1-a_b.libvirt-qemu\n0::/machine":                         "/a_b",
		"0::/system.slice/guests.service":                                                "/a_b",
		"0::/user.slice/user-0.slice/session-3.scope":                                    "/a_b",
		"0::/user.slice/user-0.slice/user@0.service/k3s.scope/kubepods/burstable/pod1/x": "a/b",
		"0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-1.scope/machine.slice/x":  "a/b",
		"0::/../kubepods.slice/kubepods-pod1.slice":                                      "a/b",
		"0::/": "a/b",
	} {
		q := newQEMUTree(t)
		q.vm(10, "a_b")
		q.put(procDir(10)+"cgroup", cgroup+"\n")
		s := newQEMUScan(q.root)
		if got := found(t, &s); got != want {
			t.Errorf("%s: %q, want %q", cgroup, got, want)
		}
	}
}

func TestScanReadsNoMoreThanItMust(t *testing.T) {
	q := newQEMUTree(t)
	const processes = 60 + 2 // and the two of newQEMUTree
	for pid := 1000; pid < 1060; pid++ {
		q.other(pid, "worker", "/bin/worker")
	}
	q.vm(500, "default_a")
	s := newQEMUScan(q.root)
	files := counting(&s)
	for scan := range 2 {
		clear(files)
		found(t, &s)
		if files["comm"] < processes || files["cmdline"] > 1 {
			t.Errorf("scan %d, all are new: %v", scan, files)
		}
	}
	for scan := range 12 {
		clear(files)
		if got := found(t, &s); got != "default/a" {
			t.Fatal(got)
		}
		if files["comm"] > processes/reviewed+2 || files["cmdline"] != 0 || files["stat"] != 1 {
			t.Errorf("scan %d, none is new: %v", scan+2, files)
		}
	}
}

func TestScanFindsWhatBecomesQEMU(t *testing.T) {
	q := newQEMUTree(t)
	q.process(70, "bash", "bash", "start.sh")
	q.process(71, "bash", "bash", "start.sh")
	s := newQEMUScan(q.root)
	found(t, &s)
	q.put("/proc/70/comm", "qemu-kvm\n")
	q.put("/proc/70/cmdline", commandLine("qemu-kvm", "-name", "soon"))
	if got := found(t, &s); got != "/soon" {
		t.Errorf("one that was new a scan ago: %q", got)
	}
	for range 5 {
		found(t, &s)
	}
	q.put("/proc/71/comm", "qemu-kvm\n")
	q.put("/proc/71/cmdline", commandLine("qemu-kvm", "-name", "late"))
	scans := 1
	for found(t, &s) != "/late /soon" {
		if scans++; scans > reviewed {
			t.Fatal("one that was old is not found")
		}
	}
}

// Numbers of processes that have long been known for something else are QEMU's now.
func TestScanFindsQEMUUnderAnOldNumber(t *testing.T) {
	q := newQEMUTree(t)
	for pid := 70; pid < 74; pid++ {
		q.process(pid, "worker", "worker")
	}
	s := newQEMUScan(q.root)
	for range settled + 1 {
		found(t, &s)
	}
	for pid := 70; pid < 74; pid++ {
		q.vm(pid+100, "default_"+word(uint64(pid)))
		q.remove(procDir(pid)) // after the other was made, which so cannot have its inode
		if err := os.Rename(q.root+procDir(pid+100), q.root+procDir(pid)); err != nil {
			t.Fatal(err)
		}
	}
	if got := found(t, &s); got != "default/70 default/71 default/72 default/73" {
		t.Error(got)
	}
}

// At each file that the scan reads of a process, the process has ended just before.
func TestF13QEMUEndsWhileScanned(t *testing.T) {
	for _, last := range []string{"comm", "cmdline", "stat", "cgroup"} {
		for _, cause := range []error{unix.ESRCH, unix.ENOENT} {
			q := newQEMUTree(t)
			q.vm(50, "default_a")
			q.vm(60, "default_b")
			s := newQEMUScan(q.root)
			hit := false
			s.read = func(path string, buf []byte, most int) ([]byte, error) {
				if path == q.root+"/proc/50/"+last {
					hit = true
					q.remove("/proc/50")
					return nil, cause
				}
				return readSmall(path, buf, most)
			}
			for range 2 {
				if got := found(t, &s); got != "default/b" {
					t.Errorf("%s, %v: %q", last, cause, got)
				}
			}
			if !hit {
				t.Errorf("%s was not read", last)
			}
		}
	}
	q := newQEMUTree(t)
	q.vm(50, "default_a")
	q.remove("/proc/50/net")
	s := newQEMUScan(q.root)
	if got := found(t, &s); got != "" {
		t.Errorf("between cgroup and net/dev: %q", got)
	}
}

// Half of the processes are gone by the time that they are read, and others have come.
func TestF13ForkStorm(t *testing.T) {
	q := newQEMUTree(t)
	q.vm(50, "default_a")
	s := newQEMUScan(q.root)
	next := 1000
	s.read = func(path string, buf []byte, most int) ([]byte, error) {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if pid >= 1000 && pid%2 == 0 {
			return nil, unix.ESRCH
		}
		return readSmall(path, buf, most)
	}
	for range 8 {
		for range 20 {
			q.other(next, "sh", "sh")
			next++
		}
		for pid := max(next-30, 1000); pid < next-20; pid++ {
			q.remove(procDir(pid))
		}
		if got := found(t, &s); got != "default/a" {
			t.Fatal(got)
		}
	}
	if len(s.now) > next-1000+3 {
		t.Errorf("%d processes are remembered", len(s.now))
	}
}

func TestScanKeepsWhatItCannotReadNow(t *testing.T) {
	q := newQEMUTree(t)
	q.vm(50, "default_a")
	s := newQEMUScan(q.root)
	found(t, &s)
	q.vm(60, "default_b")
	s.read = func(string, []byte, int) ([]byte, error) { return nil, unix.EMFILE }
	g := s.run()
	if len(g.list) != 1 || g.list[0].name != "a" || !errors.Is(g.err, unix.EMFILE) {
		t.Errorf("%+v", g)
	}
	s.read = readSmall
	if got := found(t, &s); got != "default/a default/b" {
		t.Error(got)
	}
	root := s.root
	s.root = t.TempDir()
	if g = s.run(); len(g.list) != 2 || !procfile.Missing(g.err) {
		t.Errorf("without /proc: %+v", g)
	}
	s.root = root
	if got := found(t, &s); got != "default/a default/b" {
		t.Error(got)
	}
}

func TestScanOfHiddenProcesses(t *testing.T) {
	root := t.TempDir()
	s := newQEMUScan(root)
	if g := s.run(); !procfile.Missing(g.err) {
		t.Errorf("no /proc: %v", g.err)
	}
	sampletest.Put(t, root, "/proc/uptime", "1 1\n")
	if g := s.run(); g.err != procfile.ErrNoProcesses {
		t.Errorf("no processes: %v", g.err)
	}
	sampletest.Put(t, root, "/proc/77/comm", "me\n")
	if g := s.run(); g.err != procfile.ErrHidden {
		t.Errorf("hidepid: %v", g.err)
	}
}

func TestScanOfTooMany(t *testing.T) {
	q := newQEMUTree(t)
	const most = 20
	for pid := 100; pid < 100+most+5; pid++ {
		q.vm(pid, "default_a")
	}
	s := newQEMUScan(q.root)
	s.most = most
	for range 2 {
		if g := s.run(); g.err != procfile.ErrLeftOut || len(g.list) != most {
			t.Errorf("%d VMs, %v", len(g.list), g.err)
		}
	}
}

func TestScanOfHugeCommandLine(t *testing.T) {
	q := newQEMUTree(t)
	q.process(50, "qemu-kvm", "qemu-kvm", "-name", "guest=default_a", "-append", strings.Repeat("x", 8*argvLimit), "-name", "late")
	q.process(60, "qemu-kvm", "qemu-kvm", "-name", "guest="+strings.Repeat("y", 2*argvLimit))
	s := newQEMUScan(q.root)
	if got := found(t, &s); len(got) > 2*longestName || !strings.HasSuffix(got, "y default/a") || clean.String(got) != got {
		t.Errorf("%.40q", got)
	}
	if cap(s.text) > 2*argvLimit {
		t.Errorf("a buffer of %d bytes is kept", cap(s.text))
	}
}

func TestScanThatFindsTheSameDisturbsNobody(t *testing.T) {
	q := newQEMUTree(t)
	q.vm(50, "default_a")
	r := follow(t, q.root)
	r.look()
	first := r.found.Load()
	r.look()
	if r.found.Load() != first {
		t.Error("the same again is something new")
	}
	q.vm(60, "default_b")
	r.look()
	if r.found.Load() == first {
		t.Error("a new one is the same again")
	}
}

func TestScanLive(t *testing.T) {
	if _, err := os.Stat("/proc/1/comm"); err != nil {
		t.Skip("processes cannot be seen here: ", err)
	}
	s := newQEMUScan("")
	if g := s.run(); g.err != nil {
		t.Error(g.err)
	}
	if !slices.ContainsFunc(s.now, func(p process) bool { return p.PID == os.Getpid() && p.Ino != 0 }) {
		t.Errorf("%d processes, and this one is not among them", len(s.now))
	}
}

// linking makes a scan see the files of processes as another user does, but for those given.
func linking(s *qemuScan, files map[int]string) {
	s.link = func(path string, buf []byte) (int, error) {
		for pid, file := range files {
			if path == s.root+procDir(pid)+"exe" {
				return copy(buf, file), nil
			}
		}
		return -1, unix.EACCES
	}
}

func TestB9QEMUUnderAnotherName(t *testing.T) {
	q := newQEMUTree(t)
	vm := func(name string) []string { return []string{name, "-name", name, "-M", "q35", "-m", "1G"} }
	q.process(10, "qemu-system-x86", vm("microvm@ten")...)                                // exec -a, and nobody may look at the file
	q.process(11, "kvm", append([]string{"/usr/bin/kvm"}, vm("eleven")[1:]...)...)        // Proxmox
	q.process(12, "renamed", append([]string{"/bin/qemu-kvm"}, vm("twelve")[1:]...)...)   // -name process=, its file is to be seen
	q.process(13, "renamed", append([]string{"/bin/qemu-kvm"}, vm("thirteen")[1:]...)...) // where libvirt puts them
	q.put("/proc/13/cgroup", "0::/machine.slice/machine-qemu\\x2d1\\x2dx.scope/libvirt/emulator\n")
	q.process(14, "other", vm("fourteen")...)
	q.process(15, "renamed", append([]string{"/bin/qemu-kvm"}, vm("fifteen")[1:]...)...) // anywhere else nobody can tell
	q.process(16, "sshd", "sshd: kvm", "-M", "q35", "-m", "1G")
	q.process(17, "microvm", vm("seventeen")...)
	q.put("/proc/17/cgroup", "0::/system.slice/system-microvm.slice/microvm@x.service\n")
	q.process(18, "kvm-nx-lpage-re")
	s := newQEMUScan(q.root)
	files := counting(&s)
	linking(&s, map[int]string{12: "/nix/store/x-qemu/bin/.qemu-system-x86_64-wrapped (deleted)", 14: "/opt/vmm/qemu-system-aarch64", 16: "/usr/sbin/sshd"})
	if got := found(t, &s); got != "/eleven /fourteen /microvm@ten /thirteen /twelve" {
		t.Error(got)
	}
	if files["cmdline"] != 6 {
		t.Errorf("%d command lines are read", files["cmdline"])
	}
}

// Any user can make processes that look like QEMU. They push none of those out that a manager has started.
func TestB9FakesPushNothingOut(t *testing.T) {
	q := newQEMUTree(t)
	const most = 30
	for pid := 100; pid < 100+most+20; pid++ {
		q.process(pid, "qemu-kvm", "qemu-kvm", "-name", "guest=aaa_fake")
		q.put(procDir(pid)+"cgroup", "0::/user.slice/user-1000.slice/user@1000.service/kubepods/pod1.scope\n")
	}
	for pid := 2000; pid < 2010; pid++ {
		q.vm(pid, "zzz_real")
	}
	q.process(3000, "qemu-kvm", "qemu-kvm", "-name", "guest=service")
	q.put("/proc/3000/cgroup", "0::/system.slice/guest.service\n")
	s := newQEMUScan(q.root)
	s.most = most
	for range 2 {
		g := s.run()
		names := map[string]int{}
		for _, one := range g.list {
			names[one.name]++
		}
		if g.err != procfile.ErrLeftOut || names["real"] != 10 || names["service"] != 1 || len(g.list) != most {
			t.Errorf("%v, %v", names, g.err)
		}
		if !slices.IsSortedFunc(g.list, func(a, b guest) int { return strings.Compare(a.namespace+"/"+a.name, b.namespace+"/"+b.name) }) {
			t.Error("they are not in order")
		}
	}
}
