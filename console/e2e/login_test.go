package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestLoginHandOver: y alone, after F12 or Ctrl-], ends the program with the code that a unit waits for.
func TestLoginHandOver(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]string{"F12": "\x1b[24~", "Ctrl-]": "\x1d"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, setup{args: []string{"--config", writeFile(t, "config.yaml", "login: true\nquit: false\n")}})
			s.await(footer, "F12 Login")
			for _, no := range []string{"n", "\x1b", key, "1", "\r", "q"} {
				s.keys(key)
				s.await("Log in here?")
				s.keys(no)
				s.until("the question is gone", func(text string) bool { return !strings.Contains(text, "Log in here?") })
			}
			s.keys("y") // without a question
			s.keys(key)
			s.await("Log in here?")
			s.keys("y")
			if code, _ := s.exit(); code != exitLogin {
				t.Errorf("exit code %d, want %d", code, exitLogin)
			}
			s.restored()
			if said := s.stderr(); said != "" {
				t.Errorf("says %q", said)
			}
		})
	}
}

// TestLoginIsOff: where the configuration does not allow it, and over SSH, the keys do nothing.
func TestLoginIsOff(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]setup{
		"by default":     {},
		"over SSH alone": {args: []string{"--config", writeFile(t, "config.yaml", "login: true\n")}, env: []string{"SSH_TTY=/dev/pts/7"}},
		"over SSH":       {args: []string{"--config", writeFile(t, "config.yaml", "login: true\n")}, env: []string{"SSH_CONNECTION=192.0.2.1 1 192.0.2.2 22"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, o)
			s.await(footer)
			s.keys("\x1b[24~y\x1dy3")
			s.await("Physical interfaces")
			if text := s.text(); strings.Contains(text, "Log in") || strings.Contains(text, "F12") {
				t.Errorf("shows\n%s", text)
			}
			s.keys("q")
			if code, _ := s.exit(); code != 0 {
				t.Errorf("exit code %d", code)
			}
		})
	}
}

// TestF47TwoInstances: consoles on two terminals of one machine know nothing of each other.
func TestF47TwoInstances(t *testing.T) {
	t.Parallel()
	config := writeFile(t, "config.yaml", "")
	one := start(t, setup{args: []string{"--config", config}, env: []string{"TERM=linux"}})
	two := start(t, setup{args: []string{"--config", config}, env: []string{"TERM=xterm"}, w: 132, h: 43})
	for _, s := range []*session{one, two} {
		s.await("Node:", footer)
	}
	one.keys("1")
	two.keys("3")
	one.await(" All ", "following")
	two.await("Physical interfaces")
	one.stall()
	two.keys("2")
	two.await("Disk I/O")
	one.gate.Unlock()
	one.signal(unix.SIGKILL)
	one.exit()
	two.keys("3")
	two.await("Physical interfaces")
	two.whole()
	two.keys("q")
	if code, _ := two.exit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, two.stderr())
	}
	two.restored()
}

// TestUnitsKnowTheExitCode: the units in docs/systemd wait for the code that the program ends with.
func TestUnitsKnowTheExitCode(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"docs/systemd/hypervisor-tui@.service":       fmt.Sprintf("RestartPreventExitStatus=%d\n", exitLogin),
		"docs/systemd/hypervisor-tui-login@.service": fmt.Sprintf(" = %d ]", exitLogin),
	} {
		if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s does not say %q: %v", file, want, err)
		}
	}
}
