//go:build !nokube

package e2e

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/await"
)

// buildAttach is the client as make build makes it, made when a test first asks.
var buildAttach = sync.OnceValues(func() (string, error) {
	path := filepath.Join(buildDir, "hypervisor-attach")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -funcalign=8", "-o", path, "hypervisor-tui/cmd/hypervisor-attach")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the client: %w\n%s", err, out)
	}
	return path, nil
})

// attachable is a server of terminals.
type attachable struct {
	*served
	dir    string
	socket string
	viewer string // a command that shows it on a terminal; a server that is too busy to answer in time is asked again
}

// serveTerminals starts one, of the program with these tags, with more of a configuration.
func serveTerminals(t *testing.T, tags, more string, env ...string) *attachable {
	t.Helper()
	dir, err := os.MkdirTemp("", "attach") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	a := &attachable{dir: dir, socket: filepath.Join(dir, "s")}
	a.viewer = "sh " + dir + "/client" // not the file itself, which what another test starts may just have open
	client, err := buildAttach()
	if err == nil {
		err = os.WriteFile(dir+"/client", fmt.Appendf(nil, "exec %s --socket %s --fallback -- %s 2>>%s/stderr\n", client, a.socket, a.viewer, dir), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	config := writeFile(t, "config.yaml", fmt.Sprintf("serve: {socket: %s, attach: {enable: true}}\n%s", a.socket, more))
	http := filepath.Join(dir, "http")
	a.served = serveBy(t, exec.Command(program(t, tags), "--serve", "--listen", http, "--config", config), dir, http, env...)
	return a
}

func (a *attachable) signal(s unix.Signal) {
	a.t.Helper()
	if err := a.cmd.Process.Signal(s); err != nil {
		a.t.Fatal(err)
	}
}

// view starts a client on a terminal.
func (a *attachable) view(o setup) *session {
	a.t.Helper()
	o.script = cmp.Or(o.script, "exec "+a.viewer)
	return start(a.t, o)
}

// heard waits until the clients have said text.
func (a *attachable) heard(text string) {
	a.t.Helper()
	await.Until(a.t, "the client says "+text, func() bool {
		said, err := os.ReadFile(a.dir + "/stderr")
		return err == nil && strings.Contains(string(said), text)
	})
}

// shownOn waits until the server has so many terminals, and no more.
func (a *attachable) shownOn(terminals int) {
	a.t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd/", a.cmd.Process.Pid)
	await.Until(a.t, fmt.Sprintf("the server has %d terminals", terminals), func() bool {
		all, err := os.ReadDir(dir)
		if err != nil {
			a.t.Fatal(err)
		}
		n := 0
		for _, fd := range all {
			if to, _ := os.Readlink(dir + fd.Name()); strings.HasPrefix(to, "/dev/pts/") { // it may be closed by now
				n++
			}
		}
		return n == terminals
	})
}

// leaves holds how a client ends, and that its terminal is itself again.
func (s *session) leaves(code int) {
	s.t.Helper()
	if got, _ := s.exit(); got != code {
		s.t.Errorf("exit code %d, want %d; %s", got, code, s.stderr())
	}
	s.restored()
}

// TestAttach: the screens, keys and sizes of a terminal that was handed over are those of the console.
func TestAttach(t *testing.T) {
	t.Parallel()
	a := serveTerminals(t, "", "size: 60x12\n") // which is of the server's own terminal
	s := a.view(setup{})
	s.await("Node:", footer)
	s.keys("\x1bOP")
	s.await(" All ")
	s.keys("\x1bOR")
	s.await("Physical interfaces")
	s.keys("\x1bOQ")
	s.await("Disk I/O")
	s.until("the footer on the last row", footerOn(23))
	s.resize(132, 43)
	s.until("the footer on the last row", footerOn(42))
	s.whole()
	s.keys("\x1b[24~y\x1dy") // F12 and Ctrl-], which offer a login on tty1
	other := a.view(setup{w: 40, h: 10, env: []string{"TERM=linux"}})
	other.await("F1")
	other.keys("q")
	other.leaves(exitFine)
	s.whole()
	a.shownOn(1)
	s.keys("q")
	s.leaves(exitFine)
	if said := a.told(); !strings.Contains(said, fmt.Sprintf("unix uid %d on pts/", os.Getuid())) {
		t.Errorf("the log has no visitor: %s", said)
	}
}

// footerOn returns a question: is the footer on that row of a screen?
func footerOn(row int) func(text string) bool {
	return func(text string) bool {
		rows := strings.Split(text, "\n")
		return len(rows) > row && strings.Contains(rows[row], footer)
	}
}

// TestAttachWhoeverDies: the terminal is itself again when the client is killed, the server is, or it ends.
func TestAttachWhoeverDies(t *testing.T) {
	t.Parallel()
	a := serveTerminals(t, "", "")
	for name, killed := range map[string]bool{"the client": false, "the server that stopped": true} {
		// Of a terminal that it controls nothing would be left.
		s := a.view(setup{free: true})
		s.await(footer)
		if killed {
			a.signal(unix.SIGSTOP)
			s.signal(unix.SIGTERM)
			s.leaves(exitFine)
			a.signal(unix.SIGCONT)
			continue
		}
		s.signal(unix.SIGKILL)
		<-s.ended
		await.Until(t, name+" leaves the terminal as it was", func() bool { return s.termios() == s.mode })
		s.restored()
	}
	s := a.view(setup{})
	s.await(footer)
	if code := a.end(unix.SIGTERM); code != exitFine {
		t.Errorf("the server's exit code is %d: %s", code, a.told())
	}
	s.leaves(exitFailure)
	a.heard("the server has ended\n")
	if _, err := os.Lstat(a.socket); !os.IsNotExist(err) {
		t.Errorf("the socket is still there: %v", err)
	}

	a = serveTerminals(t, "", "")
	s = a.view(setup{})
	s.await(footer)
	a.signal(unix.SIGKILL)
	s.leaves(exitFailure)
	a.heard("the server has ended without a word")
}

// TestAttachFull: the one viewer too many is told so, and those that never read keep nobody from looking.
func TestAttachFull(t *testing.T) {
	t.Parallel()
	const most = 16
	a := serveTerminals(t, "", "")
	one := a.view(setup{})
	one.await(footer)
	var all []*session
	for range most - 1 {
		s := a.view(setup{w: 200, h: 60})
		s.await(footer)
		s.gate.Lock()
		all = append(all, s)
	}
	late := a.view(setup{})
	late.leaves(exitFailure)
	a.heard("16")
	for _, key := range []string{"1", "2", "3"} {
		one.keys(key)
		one.await(map[string]string{"1": " All ", "2": "Disk I/O", "3": "Physical interfaces"}[key])
	}
	one.whole()
	for _, s := range all {
		s.master.Close() // hangs up
		s.gate.Unlock()
		s.exit()
	}
	a.shownOn(1)
	late = a.view(setup{})
	late.await(footer)
	late.keys("q")
	late.leaves(exitFine)
	one.whole()
}

// TestAttachCrash: what breaks in one viewer's session ends that one, and its terminal is itself again.
func TestAttachCrash(t *testing.T) {
	t.Parallel()
	a := serveTerminals(t, "faults", "", "HYPERVISOR_TUI_FAULT=panic loop")
	for range 2 {
		s := a.view(setup{})
		s.leaves(exitFailure)
		a.heard("viewer crashed")
	}
	if code := a.end(unix.SIGTERM); code != exitFine {
		t.Errorf("the server's exit code is %d: %s", code, a.told())
	}
}

// TestAttachFallback: without a server the console in its place is a whole one.
func TestAttachFallback(t *testing.T) {
	t.Parallel()
	client, err := buildAttach()
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, setup{script: "exec " + client + ` --socket /nonexistent/s --fallback -- "$@"`})
	s.await("Node:", footer)
	s.whole()
	s.keys("q")
	s.leaves(exitFine)
	if said := s.stderr(); !strings.Contains(said, "no such file") {
		t.Errorf("says %q", said)
	}
}

// TestAttachIsSmall: each viewer over SSH has one.
func TestAttachIsSmall(t *testing.T) {
	t.Parallel()
	path, err := buildAttach()
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() > 2_000_000 {
		t.Errorf("%d bytes, %v", info.Size(), err)
	}
}

// TestAttachOverSSH: an sshd whose forced command is the client, and ssh on a terminal.
func TestAttachOverSSH(t *testing.T) {
	t.Parallel()
	a := serveTerminals(t, "", "")
	script := "exec " + a.ssh()
	over := func() *session {
		s := a.view(setup{script: script})
		s.await("Node:", footer)
		return s
	}
	s := over()
	s.keys("\x1bOP")
	s.await(" All ")
	s.keys("\x1bOR")
	s.await("Physical interfaces")
	s.resize(132, 43)
	s.until("the footer on the last row", footerOn(42))
	s.whole()

	// ssh is killed: what it did to its own terminal nobody can undo, but here nothing is left.
	killed := over()
	killed.signal(unix.SIGKILL)
	killed.exit()
	a.shownOn(1)

	// The client is killed, and with it the terminal that sshd made.
	killed = over()
	pid := a.clientOf(killed)
	if err := unix.Kill(pid, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	killed.exit()
	killed.sameMode()
	a.shownOn(1)

	s.keys("q")
	s.leaves(exitFine)

	s = over()
	a.signal(unix.SIGKILL)
	s.leaves(exitFailure)
	a.heard("the server has ended without a word")
}

// sameMode holds that the terminal's mode is the one before.
func (s *session) sameMode() {
	s.t.Helper()
	if now := s.termios(); now != s.mode {
		s.t.Errorf("the terminal's mode was %+v, now it is %+v", s.mode, now)
	}
}

// clientOf finds the client behind the sshd of an ssh, which is its child.
func (a *attachable) clientOf(s *session) (pid int) {
	a.t.Helper()
	await.Until(a.t, "the client of sshd", func() bool {
		pid = descendant(s.cmd.Process.Pid, "hypervisor-atta") // as the kernel cuts it
		return pid != 0
	})
	return pid
}

// descendant returns a process of that name below another, 0 for none.
func descendant(of int, name string) int {
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", of, of)) // it may have ended
	for _, field := range strings.Fields(string(children)) {
		var pid int
		if _, err := fmt.Sscan(field, &pid); err != nil {
			continue
		}
		if comm, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)); strings.TrimSpace(string(comm)) == name {
			return pid
		}
		if found := descendant(pid, name); found != 0 {
			return found
		}
	}
	return 0
}

// ssh is a command that connects, without a network, to an sshd of its own, which has the client as its forced command.
func (a *attachable) ssh() string {
	t := a.t
	t.Helper()
	sshd, err := exec.LookPath("sshd")
	for _, dir := range []string{"/usr/sbin", "/sbin", "/run/current-system/sw/bin"} {
		if err != nil {
			sshd, err = exec.LookPath(filepath.Join(dir, "sshd"))
		}
	}
	if err != nil {
		t.Skip("no sshd here")
	}
	for _, needed := range []string{"ssh", "ssh-keygen"} {
		if _, err := exec.LookPath(needed); err != nil {
			t.Skip(err)
		}
	}
	for _, key := range []string{"host", "user"} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", a.dir+"/"+key).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	config := fmt.Sprintf("HostKey %[1]s/host\nAuthorizedKeysFile %[1]s/user.pub\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nPidFile none\nForceCommand %[2]s\n", a.dir, a.viewer)
	if err := os.WriteFile(a.dir+"/sshd_config", []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	// sshd's own folder is missing where it has never been started; what it sees as /run is its own.
	run := fmt.Sprintf("[ \"$(id -u)\" != 0 ] || [ -d /run/sshd ] || { mount -t tmpfs none /run && mkdir /run/sshd; } || exit\nexec %s -f %s/sshd_config \"$@\"\n", sshd, a.dir)
	if err := os.WriteFile(a.dir+"/sshd", []byte(run), 0o644); err != nil {
		t.Fatal(err)
	}
	command := "sh " + a.dir + "/sshd"
	if os.Geteuid() == 0 {
		command = "unshare -m " + command
	}
	connect := fmt.Sprintf("ssh -tt -F none -o IdentityFile=%[1]s/user -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"+
		" -o LogLevel=ERROR -o 'ProxyCommand=%[2]s -i%%s' localhost", a.dir, command)
	if out, err := exec.Command("sh", "-c", fmt.Sprintf(connect, ` -o ForceCommand="echo works"`)).CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "works" {
		t.Skipf("sshd lets nobody in here: %v: %s", err, out)
	}
	return fmt.Sprintf(connect, "")
}
