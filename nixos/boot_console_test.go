package nixos_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

const (
	consoleUnit = "hypervisor-tui@tty1.service"
	promptUnit  = "getty@tty1.service"
	recorder    = "hypervisor-tui-recorder.service"
	running     = "active/running"
)

// step runs a part of a test that later parts build on.
func (s *system) step(name string, f func()) {
	whole := s.t
	whole.Helper()
	passed := whole.Run(name, func(t *testing.T) {
		s.t = t
		f()
		t.Logf("%s: console %s, prompt %s", name, s.state(consoleUnit), s.state(promptUnit))
	})
	if s.t = whole; !passed {
		whole.FailNow()
	}
}

// console waits until the console has the terminal, and nothing has failed.
func (s *system) console() {
	s.t.Helper()
	s.becomes(consoleUnit, running)
	s.shows(s.tty1, "F1 Logs")
	s.is(promptUnit, "inactive/dead")
	if failed := s.ask("--failed"); failed != "" {
		s.t.Errorf("failed: %s", failed)
	}
	if text := s.tty1.text(); strings.Contains(text, "config:") {
		s.t.Errorf("it shows\n%s", text)
	}
}

// prompt waits until a login prompt has the terminal.
func (s *system) prompt() {
	s.t.Helper()
	s.becomes(promptUnit, running)
	s.shows(s.tty1, "login:")
	s.notRunning(consoleUnit)
}

func (s *system) is(unit, state string) {
	s.t.Helper()
	if got := s.state(unit); got != state {
		s.t.Errorf("%s is %s, want %s", unit, got, state)
	}
}

func (s *system) notRunning(unit string) {
	s.t.Helper()
	if got := s.state(unit); got != "inactive/dead" && got != "failed/failed" {
		s.t.Errorf("%s is %s", unit, got)
	}
}

// switches makes a switch that does what want says and leaves the process of a unit alone.
func (s *system) switches(options, unit string, want ...string) {
	s.t.Helper()
	before := s.show("MainPID", unit)
	if got := s.switchTo(evaluateModule(s.t, options)); !slices.Equal(got, want) {
		s.t.Errorf("a switch to { %s } does %q, want %q", options, got, want)
	}
	s.is(unit, running)
	if after := s.show("MainPID", unit); after != before {
		s.t.Errorf("process %s of %s is %s after a switch to { %s }", before, unit, after, options)
	}
}

// leave leaves the console for a login prompt.
func (s *system) leave() {
	s.t.Helper()
	s.keys(s.tty1, "\x1b[24~") // F12
	s.shows(s.tty1, "Log in here?")
	s.keys(s.tty1, "y")
	s.prompt()
	if got := s.show("ExecMainStatus", consoleUnit); got != "3" {
		s.t.Errorf("the console ended with status %s", got)
	}
}

// logIn logs root in at the prompt.
func (s *system) logIn() {
	s.t.Helper()
	s.keys(s.tty1, "root\r")
	s.shows(s.tty1, "root@hv01")
	s.alive()
}

// alive asks the shell for what only a shell says.
func (s *system) alive() {
	s.t.Helper()
	s.asked++
	s.keys(s.tty1, fmt.Sprintf("echo alive-$((100+%d))\r", s.asked))
	s.shows(s.tty1, fmt.Sprintf("alive-%d", 100+s.asked))
	s.notRunning(consoleUnit)
}

// TestSystemd boots a real systemd on the module's units, and does what people do in front of it. nixos/tests does the
// same with a whole NixOS, where there is KVM.
func TestSystemd(t *testing.T) {
	root := systemdRoot(t)
	built := programs(t)
	t.Run("console", func(t *testing.T) {
		t.Parallel()
		inFrontOf(boot(t, root, built, evaluateModule(t, "")))
	})
	t.Run("rescue entry", func(t *testing.T) {
		t.Parallel()
		m := evaluateModule(t, "services.hypervisor-tui.rescue.active = true;")
		rescueEntry(boot(t, root, built, m, "systemd.unit=rescue.target"))
	})
	t.Run("serve", func(t *testing.T) {
		t.Parallel()
		forOthers(boot(t, root, built, evaluateModule(t, others)))
	})
	t.Run("peers", func(t *testing.T) {
		t.Parallel()
		asPeers(t, root, built)
	})
	t.Run("actions", func(t *testing.T) {
		t.Parallel()
		if !exists(root + polkitd) {
			t.Skipf("%s has no polkit: make systemd fetches one that has", root)
		}
		actions(boot(t, root, built, evaluateModule(t, operators)))
	})
	t.Run("plugins", func(t *testing.T) {
		t.Parallel()
		if !exists(root + checkDisk) {
			t.Skipf("%s has no Nagios checks: make systemd fetches one that has", root)
		}
		plugins(boot(t, root, built, evaluateModule(t, pluggedIn())))
	})
	t.Run("another distribution", func(t *testing.T) {
		t.Parallel()
		elsewhere(boot(t, root, built, &machine{}), built)
	})
}

func inFrontOf(s *system) {
	const login = "services.hypervisor-tui.login.enable = true; "
	s.step("boot", func() {
		s.console()
		if got := s.ask("is-system-running"); got != "running" {
			s.t.Errorf("the system is %s", got)
		}
	})
	s.step("recording", func() {
		const folder = "/var/lib/hypervisor-tui"
		s.becomes(recorder, running)
		s.await("a recording", func() bool { return exists(s.root + folder + "/flight") })
		for path, want := range map[string]string{folder: "drwxr-x--- 990 990", folder + "/flight": "-rw-r----- 990 990"} {
			info, err := os.Stat(s.root + path)
			if err != nil {
				s.t.Fatal(err)
			}
			owner := info.Sys().(*syscall.Stat_t)
			if got := fmt.Sprintf("%v %d %d", info.Mode(), owner.Uid, owner.Gid); got != want {
				s.t.Errorf("%s is %s, want %s", path, got, want)
			}
		}
		s.keys(s.tty1, "i")
		s.await("the console says who records", func() bool {
			s.keys(s.tty1, "G")
			return strings.Contains(s.tty1.text(), "by another process")
		})
		s.keys(s.tty1, "i")
		s.await("the overlay is closed", func() bool { return !strings.Contains(s.tty1.text(), "by another process") })
		s.console()
	})
	s.step("kubeconfig", func() {
		source, copied := s.root+"/etc/rancher/k3s/k3s.yaml", s.root+"/run/hypervisor-tui/kubeconfig"
		if err := os.MkdirAll(filepath.Dir(source), 0o755); err != nil {
			s.t.Fatal(err)
		}
		// At once after the last one was seen, while what copied it may still be running.
		for _, text := range []string{"one", "another", "a third", "a fourth", "a fifth", "a sixth", "a seventh"} {
			if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
				s.t.Fatal(err)
			}
			s.await("the kubeconfig is handed over: "+text, func() bool {
				got, err := os.ReadFile(copied)
				return err == nil && string(got) == text
			})
			info, err := os.Stat(copied)
			if err != nil {
				s.t.Fatal(err)
			}
			owner := info.Sys().(*syscall.Stat_t)
			if got := fmt.Sprintf("%v %d %d", info.Mode(), owner.Uid, owner.Gid); got != "-r--r----- 0 990" {
				s.t.Errorf("the copy is %s", got)
			}
		}
		if err := os.Remove(source); err != nil {
			s.t.Fatal(err)
		}
		s.await("the kubeconfig is taken back", func() bool { return !exists(copied) })
	})
	s.step("keys", func() {
		for _, unit := range []string{"ctrl-alt-del.target", "kbrequest.target"} {
			if got := s.show("LoadState", unit); got != "masked" {
				s.t.Errorf("%s is %s", unit, got)
			}
		}
		// What the kernel sends for Alt-Up and Ctrl-Alt-Del; seven of those in two seconds reboot at once otherwise.
		refused := func(unit string) int {
			return strings.Count(s.run("journalctl", "-b", "_PID=1", "--no-pager"), unit+": Unit "+unit+" is masked")
		}
		s.signal(unix.SIGWINCH)
		for times := range 8 {
			s.signal(unix.SIGINT)
			s.await("Ctrl-Alt-Del is refused", func() bool { return refused("ctrl-alt-del.target") > times })
		}
		if got := refused("kbrequest.target"); got != 1 {
			s.t.Errorf("Alt-Up was refused %d times", got)
		}
		if jobs := s.ask("list-jobs"); jobs != "" && jobs != "No jobs running." {
			s.t.Errorf("jobs: %s", jobs)
		}
		s.console()
	})
	s.step("switch with settings only", func() {
		s.switches("services.hypervisor-tui.quit = true;", consoleUnit, "reload "+consoleUnit)
		s.shows(s.tty1, "q Quit")
		s.console()
	})
	s.step("switch with a changed unit", func() {
		s.switches(login+"services.hypervisor-tui.logBufferSize = 20000;", consoleUnit, "reload "+recorder, "reload "+consoleUnit)
		s.shows(s.tty1, "F12 Login")
		s.console()
	})
	s.step("switch with a new package", func() {
		s.switches(login+`services.hypervisor-tui.package = { outPath = "/pkgs/hypervisor-tui-nokube"; meta.mainProgram = "hypervisor-tui"; };`, consoleUnit, "reload "+consoleUnit, "restart "+recorder)
		s.switches(login, consoleUnit, "reload "+consoleUnit, "restart "+recorder)
		s.console()
	})
	s.step("switches during a login", func() {
		s.leave()
		s.logIn()
		s.switches(login, promptUnit)
		s.alive()
		s.switches(login+"services.hypervisor-tui.quit = true;", promptUnit)
		s.alive()
		s.keys(s.tty1, "exit\r")
		s.console()
		s.shows(s.tty1, "q Quit") // what the switch changed
	})
	s.step("switch at a prompt", func() {
		s.leave()
		s.switches(login, promptUnit)
		s.prompt()
	})
	s.step("start by hand", func() {
		s.do("start", consoleUnit)
		s.console()
	})
	s.step("stop by hand", func() {
		s.ask("stop", consoleUnit) // it says that the timer is still active
		s.is(consoleUnit, "inactive/dead")
		s.is(promptUnit, "inactive/dead")
		s.do("reset-failed", consoleUnit)
		s.do("start", consoleUnit)
		s.console()
	})
	s.step("five crashes", func() {
		for crash := range 5 {
			s.console()
			before := s.show("MainPID", consoleUnit)
			s.do("kill", "-s", "SEGV", consoleUnit)
			s.await(fmt.Sprintf("crash %d is noticed", crash+1), func() bool { return s.show("MainPID", consoleUnit) != before })
		}
		s.prompt()
		s.is(consoleUnit, "failed/failed")
		// As docs/nixos.md has it. The recorder, which goes on, says so of the console.
		const began = "MESSAGE_ID=5b1e2f0c8d9f4b53a1f6c2a7d04e9b31"
		s.await("an entry of the alert is in the journal", func() bool {
			return strings.Contains(s.run("journalctl", "-b", "--no-pager", "-o", "cat", began, "ALERT_KIND=unit-failed"), consoleUnit)
		})
	})
	s.step("switch after them", func() {
		s.switches(login+"services.hypervisor-tui.quit = true;", promptUnit)
		s.prompt()
	})
	s.step("logout after them", func() {
		s.logIn()
		before := s.show("MainPID", promptUnit)
		s.keys(s.tty1, "exit\r")
		s.await("the next prompt", func() bool { return s.show("MainPID", promptUnit) != before })
		s.prompt()
		s.do("start", consoleUnit)
		s.console()
	})
	s.step("rescue.target and on", func() {
		s.rescueAndOn(s.tty1, "isolate", "--no-block", "rescue.target")
		s.console()
	})
	s.step("rescue.target from a prompt and on", func() {
		s.leave()
		s.rescueAndOn(s.tty1, "isolate", "--no-block", "rescue.target")
		s.console()
	})
	s.step("removal", func() {
		got := s.switchTo(without(evaluateModule(s.t, "")))
		if want := []string{"stop hypervisor-tui-kubeconfig.path", "stop " + recorder, "stop " + consoleUnit, "stop hypervisor-tui@tty1.timer"}; !slices.Equal(got, want) {
			s.t.Errorf("it does %q, want %q", got, want)
		}
		s.prompt()
		if failed := s.ask("--failed"); failed != "" {
			s.t.Errorf("failed: %s", failed)
		}
		s.logIn()
	})
	s.step("drop-ins", func() {
		// What TestModuleKeepsDropIns takes systemd to do.
		s.files["systemd/system/getty@tty3.service.d/overrides.conf"] = "[Service]\nNice=1\n"
		s.lay(s.root+"/etc", s.files)
		s.do("daemon-reload")
		for tty, program := range map[string]string{"tty2": "/pkgs/util-linux/bin/agetty", "tty3": "/sbin/agetty"} {
			if got := s.show("ExecStart", "getty@"+tty); !strings.Contains(got, "path="+program) {
				s.t.Errorf("the prompt of %s is %s, want %s", tty, got, program)
			}
		}
	})
}

// rescueAndOn goes to rescue.target, and on from its prompt.
func (s *system) rescueAndOn(w *terminal, way ...string) {
	s.t.Helper()
	if len(way) > 0 {
		s.do(way...)
	}
	s.shows(w, "Control-D")
	s.becomes("rescue.service", running)
	s.keys(w, "\x04")
	s.becomes("multi-user.target", "active/active")
	s.becomes("rescue.service", "inactive/dead")
}

// rescueEntry is the entry of the boot menu into rescue.target, and what is when somebody goes on from there.
func rescueEntry(s *system) {
	s.step("boot", func() {
		s.console()
		s.becomes("rescue.target", "active/active")
		if strings.Contains(s.tty1.text(), "Control-D") {
			s.t.Errorf("tty1 shows\n%s", s.tty1.text())
		}
	})
	s.step("on", func() {
		s.rescueAndOn(s.tty2)
		s.console()
	})
}

// without is m as it is without the module.
func without(m *machine) *machine {
	maps.DeleteFunc(m.Services, func(name string, _ unit) bool { return !systemds[name+".service"] })
	return &machine{Services: m.Services}
}
