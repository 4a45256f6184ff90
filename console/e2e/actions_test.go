package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hypervisor-tui/draw/vtscreen"
	"hypervisor-tui/internal/await"
)

// TestActions: the console asks the built helper what x may do, for the interface that is chosen; a slip of the fingers is refused and
// told, the right name is what it takes, and how it went is said. There is no unit here that could do it.
func TestActions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	socket := filepath.Join(dir, "socket")
	config := writeFile(t, "config.yaml", fmt.Sprintf("history: {enable: false}\nactions: {enable: true, blink: true, socket: %s}\n", socket))
	s := start(t, setup{env: []string{"TERM=linux"}, args: []string{"--config", config, "--screen", "network"}})
	s.await("Node:")
	s.keys("x")
	s.await("Actions", "there is no helper: its socket is not set up")
	s.keys("\x1b")
	startHelper(t, config, dir, socket)
	closed := func(text string) bool { return !strings.Contains(text, "─ Actions") }
	offered := false
	for tries := 0; !offered && tries < 20; tries++ { // until an interface is chosen
		s.until("the overlay is closed", closed)
		s.keys("j")
		s.keys("x")
		s.until("it says what may be done", func(text string) bool {
			offered = strings.Contains(text, "blink")
			return offered || strings.Contains(text, "Nothing may be done here")
		})
		if !offered {
			s.keys("\x1b")
		}
	}
	s.keys("\r")
	s.await("the light of the port of", "name")
	s.keys("another\r")
	s.await("refused", "another name was typed")
	object := ""
	s.see(func(v *vtscreen.Screen) {
		_, rest, _ := strings.Cut(v.String(), "the light of the port of ")
		object, _, _ = strings.Cut(rest, ",")
	})
	s.keys(object + "\r")
	s.await("failed")
	s.keys("\x1b")
	s.until("the overlay is closed", closed)
	s.keys("q")
	if code, _ := s.exit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.stderr())
	}
	if _, err := os.Stat(filepath.Join(dir, "running.json")); err == nil {
		t.Error("something is noted as under way")
	}
}

// startHelper starts the built program as the helper, until the test ends.
func startHelper(t *testing.T, config, state, socket string) {
	t.Helper()
	cmd := exec.Command(program(t, ""), "--act", "--config", config)
	cmd.Env = environment(t, "STATE_DIRECTORY="+state)
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	await.Until(t, "the helper's socket", func() bool {
		_, err := os.Stat(socket)
		return err == nil
	})
}
