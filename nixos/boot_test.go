package nixos_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"hypervisor-tui/draw/tty/ttytest"
	"hypervisor-tui/draw/vtscreen"
	"hypervisor-tui/internal/await"
)

// rootVariable names the environment variable with a root directory that holds systemd; make systemd sets it.
const rootVariable = "SYSTEMD_ROOT"

// system is a real systemd as PID 1 of namespaces of its own, with a machine's units and files as NixOS lays them, and
// ptys as its terminals. It has no kernel, no udev and no serial lines of its own. Nothing of it is left behind.
type system struct {
	t          *testing.T
	cmd        *exec.Cmd // PID 1
	ended      chan struct{}
	said       *bytes.Buffer // by PID 1 and by what became PID 1, to be read when it has ended
	root       string
	files      map[string]string // below /etc
	tty1, tty2 *terminal
	asked      int // how often a shell was asked whether it is alive
}

// boot starts the systemd in root with the units of m and the programs in a folder. The words are what a kernel would have
// on its command line.
func boot(t *testing.T, root, programs string, m *machine, words ...string) *system {
	t.Helper()
	s := &system{t: t, ended: make(chan struct{}), said: new(bytes.Buffer), tty1: newTerminal(t), tty2: newTerminal(t)}
	laid := t.TempDir()
	s.lay(filepath.Join(laid, "etc"), m.files())
	write := func(path, text string, mode fs.FileMode) {
		path = filepath.Join(laid, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), mode)); err != nil {
			t.Fatal(err)
		}
	}
	var handback string
	evaluate(t, "import ./handback.nix", &handback)
	write("pkgs/hypervisor-tui-handback/bin/hypervisor-tui-handback", "#!/bin/sh\n"+handback, 0o755)
	for _, exe := range glob(t, programs+"/*") {
		for _, name := range []string{"hypervisor-tui", "hypervisor-tui-nokube"} {
			write("pkgs/"+name+"/bin/"+filepath.Base(exe), read(t, exe), 0o755)
		}
	}
	passwd, group, shadow := read(t, root+"/etc/passwd"), read(t, root+"/etc/group"), "root::20000::::::\n"
	if len(m.Groups) > 0 {
		passwd += "hypervisor-tui:x:990:990::/:/usr/sbin/nologin\nhypervisor-tui-serve:x:991:990::/:/usr/sbin/nologin\n"
		group += "hypervisor-tui:x:990:\nhypervisor-tui-viewers:x:992:\n"
		write("etc/tmpfiles.d/hypervisor-tui.conf", m.folders(), 0o644)
	}
	if slices.Contains(m.Groups, "hypervisor-operators") {
		passwd += "hypervisor-tui-act:x:993:993::/:/usr/sbin/nologin\nalice:x:1001:1001::/:/pkgs/hypervisor-tui/bin/hypervisor-tui\nbob:x:1002:1002::/:/bin/sh\n"
		group += "hypervisor-tui-act:x:993:\nhypervisor-operators:x:994:alice,bob\nalice:x:1001:\nbob:x:1002:\n"
		shadow += "alice::20000::::::\n"
	}
	if slices.Contains(m.Groups, "hypervisor-tui-plugins") {
		passwd += "hypervisor-tui-plugins:x:995:995::/:/usr/sbin/nologin\n"
		group += "hypervisor-tui-plugins:x:995:\n"
	}
	write("etc/passwd", passwd, 0o644)
	write("etc/group", group, 0o644)
	write("etc/hostname", "hv01\n", 0o644)
	write("etc/machine-id", strings.Repeat("12345678", 4)+"\n", 0o444) // otherwise it is a first boot, which enables units
	write("etc/shadow", shadow, 0o600)
	write(users, webConfig(t, "one"), 0o600)
	for path, text := range m.Own {
		write(path, text, 0o600)
	}

	cgroup := newCgroup(t)
	folder, err := os.Open(cgroup)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	args := []string{"-euc", setUp, "setup", t.TempDir(), laid, root, s.tty1.slave.Name(), s.tty2.slave.Name()}
	s.cmd = exec.Command("sh", append(args, words...)...)
	s.cmd.Stdout, s.cmd.Stderr = s.said, s.said
	s.cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:   unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWUTS | unix.CLONE_NEWNET | unix.CLONE_NEWIPC,
		UseCgroupFD:  true,
		CgroupFD:     int(folder.Fd()),
		Unshareflags: unix.CLONE_NEWCGROUP, // when it is in there
		Pdeathsig:    syscall.SIGKILL,
		Setsid:       true,
	}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // Pdeathsig is about the thread that starts the child: no other test may end it
		defer runtime.UnlockOSThread()
		err := s.cmd.Start()
		if started <- err; err != nil {
			return
		}
		_ = s.cmd.Wait() // it is killed
		close(s.ended)
	}()
	if err := <-started; errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSYS) {
		t.Skipf("no namespaces and cgroups of its own for a systemd: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	s.root = fmt.Sprintf("/proc/%d/root", s.cmd.Process.Pid)
	t.Cleanup(s.end)
	s.await("systemd has booted", func() bool {
		_, err := os.Stat(s.root + "/run/systemd/private")
		return err == nil && !strings.Contains("starting initializing ", s.ask("is-system-running"))
	})
	return s
}

// setUp turns into systemd in a root of its own. Only that of the namespaces is changed: what lies in there is an overlay
// in memory, and the kernel's settings may be read only.
const setUp = `
work=$1 laid=$2 root=$3 tty1=$4 tty2=$5; shift 5
mount --make-rprivate /
mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/work" "$work/root"
mount -t overlay overlay -o "lowerdir=$root,upperdir=$work/upper,workdir=$work/work" "$work/root"
cd "$work/root"
mkdir -p pkgs/util-linux/bin pkgs/shadow/bin
mv usr/sbin/agetty pkgs/util-linux/bin # upstream's units find it no more
ln -s /usr/bin/login pkgs/shadow/bin/login
rm -rf etc/systemd/system; : >etc/fstab
cp -a "$laid/." .
mount -t proc proc proc
echo 0 2147483647 >proc/sys/net/ipv4/ping_group_range # as systemd has it where it may
mount -o bind proc/sys proc/sys; mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom; do touch dev/$device; mount -o bind /dev/$device dev/$device; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx; ln -s /proc/self/fd dev/fd; mknod -m 666 dev/tty c 5 0
touch dev/tty0 dev/tty1 dev/tty2 dev/console
mount -o bind "$tty1" dev/tty1; mount -o bind "$tty2" dev/tty2; mount -o bind "$tty1" dev/console
mkdir old; pivot_root . old; umount -l old; rmdir old
mount --make-rshared / # as systemd does itself where it is in no container: credentials come that way
drop=-sys_module,-sys_time,-sys_rawio
exec setpriv --bounding-set $drop --inh-caps $drop env -i container=test PATH=/usr/sbin:/usr/bin TERM=linux \
	/usr/lib/systemd/systemd --system --show-status=no --log-target=journal "$@"
`

// systemdRoot skips the test where there is no machine to be had.
func systemdRoot(t *testing.T) string {
	t.Helper()
	root := os.Getenv(rootVariable)
	if root == "" {
		t.Skip("no systemd to boot: make systemd fetches one and runs this")
	}
	if os.Getuid() != 0 {
		t.Skip("only root can boot a systemd")
	}
	for _, tool := range []string{"nsenter", "pivot_root", "setpriv"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%v; Debian has it in util-linux", err)
		}
	}
	out, err := exec.Command("chroot", root, "systemctl", "--version").Output()
	var version int
	if _, scan := fmt.Sscanf(string(out), "systemd %d", &version); scan != nil || version < 254 {
		t.Skipf("%s has systemd %d (%v), and not 254 or newer", root, version, err)
	}
	return root
}

// newCgroup makes a cgroup that ends with the test and all that is in there.
func newCgroup(t *testing.T) string {
	t.Helper()
	for line := range strings.Lines(read(t, "/proc/self/mounts")) {
		if f := strings.Fields(line); len(f) > 2 && f[2] == "cgroup2" {
			dir, err := os.MkdirTemp(f[1], "hypervisor-tui-test")
			if err != nil {
				t.Skipf("no cgroup of its own for a systemd: %v", err)
			}
			t.Cleanup(func() {
				var folders []string
				_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error { // what is not there any more is gone
					if err == nil && e.IsDir() {
						folders = append(folders, path)
					}
					return nil
				})
				for _, folder := range slices.Backward(folders) {
					await.Until(t, "removed: "+folder, func() bool { return os.Remove(folder) == nil || !exists(folder) })
				}
			})
			return dir
		}
	}
	t.Skip("no cgroup2 here")
	return ""
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// programs builds the console and hypervisor-attach into a folder.
func programs(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	cmd := exec.Command("go", "build", "-o", folder+"/", ".", "./cmd/hypervisor-attach")
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return folder
}

// end kills PID 1, and so the kernel all of its processes.
func (s *system) end() {
	if s.t.Failed() {
		s.t.Logf("tty1 shows\n%s\ntty2 shows\n%s\n%s", s.tty1.text(), s.tty2.text(), s.run("journalctl", "-b", "-o", "short-monotonic", "--no-pager", "-n", "80"))
	}
	_ = s.cmd.Process.Kill() // it may have ended
	<-s.ended
}

// lay makes of the files below etc what files has.
func (s *system) lay(etc string, files map[string]string) {
	s.t.Helper()
	for path := range s.files {
		if _, stays := files[path]; !stays {
			if err := os.Remove(filepath.Join(etc, path)); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	files = maps.Clone(files)
	files["systemd/system/default.target"] = "@/usr/lib/systemd/system/multi-user.target"
	files["systemd/system/console-getty.service"] = "@/dev/null" // as on a NixOS that is no container
	files["systemd/system/user@.service"] = "@/dev/null"         // it wants more of its cgroup than there is in here
	for path, text := range files {
		path = filepath.Join(etc, path)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if exists(path) {
			err = errors.Join(err, os.Remove(path))
		}
		if target, link := strings.CutPrefix(text, "@"); link {
			err = errors.Join(err, os.Symlink(target, path))
		} else {
			err = errors.Join(err, os.WriteFile(path, []byte(text), 0o644))
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	s.files = files
}

// command is one that is run in the machine.
func (s *system) command(args ...string) *exec.Cmd {
	enter := []string{"-t", fmt.Sprint(s.cmd.Process.Pid), "-m", "-p", "-C", "-n", "-u", "-i", "-r", "-w", "env", "-i", "PATH=/usr/sbin:/usr/bin"}
	return exec.Command("nsenter", append(enter, args...)...)
}

// run runs a command in the machine and returns what it says.
func (s *system) run(args ...string) string {
	out, err := s.command(args...).CombinedOutput()
	if err != nil {
		return fmt.Sprintf("%s(%v)", out, err)
	}
	return string(out)
}

// signal sends PID 1 a signal, as the kernel does.
func (s *system) signal(signal os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
}

// ask is what systemctl says, in a line.
func (s *system) ask(args ...string) string {
	return strings.TrimSpace(s.run(append([]string{"systemctl", "--no-pager", "--plain", "--no-legend"}, args...)...))
}

// do is systemctl, which has nothing to say.
func (s *system) do(args ...string) {
	s.t.Helper()
	if out := s.ask(args...); out != "" {
		s.t.Errorf("systemctl %s: %s", strings.Join(args, " "), out)
	}
}

// show is a property of a unit.
func (s *system) show(property, unit string) string {
	return s.ask("show", "-P", property, unit)
}

// await waits until ok says yes.
func (s *system) await(what string, ok func() bool) {
	s.t.Helper()
	await.Until(s.t, what, func() bool {
		select {
		case <-s.ended:
			s.t.Fatalf("PID 1 has ended (%v) before: %s\n%s", s.cmd.ProcessState, what, s.said)
		default:
		}
		return ok()
	})
}

// state is that of a unit, as in active/running.
func (s *system) state(unit string) string {
	return s.show("ActiveState", unit) + "/" + s.show("SubState", unit)
}

// becomes waits until a unit is in a state.
func (s *system) becomes(unit, state string) {
	s.t.Helper()
	s.await(unit+" is "+state, func() bool { return s.state(unit) == state })
}

// terminal is a pty and what is shown on it.
type terminal struct {
	master, slave *os.File
	mu            sync.Mutex // guards the screen
	screen        *vtscreen.Screen
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	master, slave := ttytest.OpenPty(t, 100, 30)
	ttytest.Block(t, slave)
	w := &terminal{master: master, slave: slave, screen: vtscreen.New(100, 30)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			w.mu.Lock()
			w.screen.Write(buf[:n])
			w.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		master.Close()
		slave.Close()
		<-ended
	})
	return w
}

func (w *terminal) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.screen.String()
}

// shows waits until a terminal shows text.
func (s *system) shows(w *terminal, text string) {
	s.t.Helper()
	s.await("a terminal shows "+text, func() bool { return strings.Contains(w.text(), text) })
}

// keys types text on a terminal.
func (s *system) keys(w *terminal, text string) {
	s.t.Helper()
	if _, err := w.master.WriteString(text); err != nil {
		s.t.Fatal(err)
	}
}
