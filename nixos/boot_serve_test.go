package nixos_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

const (
	serveUnit    = "hypervisor-tui-serve.service"
	serveSocket  = "hypervisor-tui-serve.socket"
	attachSocket = "hypervisor-tui-attach.socket"

	users = "/var/lib/web.yml"
	// others is a machine that shows the console in each way.
	others = `services.hypervisor-tui = { exporter.enable = true; web.enable = true; attach.enable = true; serve.auth.webConfigFile = "` + users + `"; }; `
)

// webConfig is a file of users, with alice, whose password is given.
func webConfig(t *testing.T, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("basic_auth_users:\n  alice: %s\n", hash)
}

// get is what the machine answers to a request for path, with headers of its own, at a port of its own, from the status on.
// It waits for an answer.
func (s *system) get(port int, path string, headers ...string) string {
	s.t.Helper()
	request := strings.Join(append([]string{"GET " + path + " HTTP/1.1", "Host: localhost", "Connection: close"}, headers...), `\r\n`) + `\r\n\r\n`
	return s.run("bash", "-c", fmt.Sprintf("exec 3<>/dev/tcp/127.0.0.1/%d && printf '%s' >&3 && cat <&3", port, request))
}

// as is the header of a login.
func as(user, password string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// answers waits until an answer begins so.
func (s *system) answers(port int, path, status string, headers ...string) (answer string) {
	s.t.Helper()
	s.await(fmt.Sprintf("%s at %d is %s", path, port, status), func() bool {
		answer = s.get(port, path, headers...)
		return strings.HasPrefix(answer, "HTTP/1.1 "+status)
	})
	return answer
}

// restarted waits until the service has another process than before.
func (s *system) restarted(before string) {
	s.t.Helper()
	s.await("the service starts again", func() bool {
		pid := s.show("MainPID", serveUnit)
		return pid != before && pid != "0" && s.state(serveUnit) == running
	})
}

// attach shows the console on a terminal of somebody's, and leaves it.
func (s *system) attach(uid, gid int, exe string) {
	s.t.Helper()
	w := newTerminal(s.t)
	if err := w.slave.Chown(uid, gid); err != nil {
		s.t.Fatal(err)
	}
	client := s.command("setpriv", fmt.Sprint("--reuid=", uid), fmt.Sprint("--regid=", gid), "--clear-groups", "env", "TERM=xterm", "LC_ALL=C.UTF-8", exe)
	client.Stdin, client.Stdout, client.Stderr = w.slave, w.slave, w.slave
	client.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := client.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- client.Wait() }()
	s.shows(w, "F1 Logs")
	s.keys(w, "q")
	if err := <-ended; err != nil {
		s.t.Errorf("%v\n%s", err, w.text())
	}
}

// forOthers is what comes from elsewhere, and what happens to what answers it.
func forOthers(s *system) {
	s.step("boot", func() {
		s.console()
		s.becomes(serveUnit, running)
		for unit, state := range map[string]string{serveSocket: running, attachSocket: running} {
			s.is(unit, state)
		}
		info, err := os.Stat(s.root + "/run/hypervisor-tui/console.sock")
		if err != nil {
			s.t.Fatal(err)
		}
		owner := info.Sys().(*syscall.Stat_t)
		if got := fmt.Sprintf("%v %d %d", info.Mode(), owner.Uid, owner.Gid); got != "Srw-rw---- 0 992" {
			s.t.Errorf("the socket of hypervisor-attach is %s", got)
		}
	})
	s.step("scrape", func() {
		if answer := s.answers(9101, "/metrics", "200"); !strings.Contains(answer, "\nnode_load1 ") {
			s.t.Errorf("no figures:\n%s", answer)
		}
		s.answers(9101, "/", "401")
		if answer := s.answers(9101, "/", "200", "Accept: text/plain", as("alice", "one")); !strings.Contains(answer, "F1 Logs") {
			s.t.Errorf("no picture:\n%s", answer)
		}
	})
	s.step("reload", func() {
		before := s.show("MainPID", serveUnit)
		s.do("reload", serveUnit)
		s.is(serveUnit, running)
		if after := s.show("MainPID", serveUnit); after != before {
			s.t.Errorf("process %s is %s after a reload", before, after)
		}
		s.answers(9101, "/metrics", "200")
	})
	s.step("another password", func() {
		before := s.show("MainPID", serveUnit)
		if err := os.WriteFile(s.root+users, []byte(webConfig(s.t, "two")), 0o600); err != nil {
			s.t.Fatal(err)
		}
		s.restarted(before)
		s.answers(9101, "/", "200", as("alice", "two"))
	})
	s.step("crash", func() {
		before := s.show("MainPID", serveUnit)
		s.do("kill", "-s", "SEGV", serveUnit)
		s.becomes(serveUnit, "activating/auto-restart")
		// The socket stays, and who comes meanwhile waits.
		if answer := s.get(9101, "/metrics"); !strings.HasPrefix(answer, "HTTP/1.1 200") {
			s.t.Errorf("while it starts again: %s", answer)
		}
		s.restarted(before)
	})
	s.step("a service that does not come up", func() {
		dropin := s.root + "/run/systemd/system/" + serveUnit + ".d/fails.conf"
		if err := os.MkdirAll(filepath.Dir(dropin), 0o755); err != nil {
			s.t.Fatal(err)
		}
		if err := os.WriteFile(dropin, []byte("[Service]\nExecStart=\nExecStart=/bin/false\nRestartSec=10ms\n"), 0o644); err != nil {
			s.t.Fatal(err)
		}
		s.do("daemon-reload")
		s.ask("restart", serveUnit) // which says that it failed
		waiting := make(chan string)
		go func() { waiting <- s.get(9101, "/metrics") }()
		s.await("it was tried often", func() bool {
			var n int
			_, _ = fmt.Sscan(s.show("NRestarts", serveUnit), &n)
			return n > 25 // a socket whose service is gone gives up after 20: TriggerLimitBurst=
		})
		if err := os.Remove(dropin); err != nil {
			s.t.Fatal(err)
		}
		s.do("daemon-reload")
		if answer := <-waiting; !strings.HasPrefix(answer, "HTTP/1.1 200") {
			s.t.Errorf("who has waited for it gets: %s", answer)
		}
		s.becomes(serveUnit, running)
		s.is(serveSocket, running)
	})
	s.step("attach", func() {
		s.attach(992, 992, "/pkgs/hypervisor-tui/bin/hypervisor-attach")
		if said := s.run("journalctl", "-b", "--no-pager", "-o", "cat", "-u", serveUnit); !strings.Contains(said, "unix uid 992 ") {
			s.t.Errorf("the service does not know who it was:\n%s", said)
		}
	})
	s.step("switches", func() {
		settings := s.switchTo(evaluateModule(s.t, others+"services.hypervisor-tui.theme = \"mono\";"))
		if want := []string{"reload " + recorder, "reload " + serveUnit, "reload " + consoleUnit}; !slices.Equal(settings, want) {
			s.t.Errorf("a switch with settings only does %q, want %q", settings, want)
		}
		before := s.show("MainPID", consoleUnit)
		s.switchTo(evaluateModule(s.t, others+"services.hypervisor-tui.serve.listen = [ \"127.0.0.1:9102\" ];"))
		s.answers(9102, "/metrics", "200")
		if answer := s.get(9101, "/metrics"); !strings.Contains(answer, "refused") {
			s.t.Errorf("at the port of before: %s", answer)
		}
		if after := s.show("MainPID", consoleUnit); after != before {
			s.t.Errorf("process %s of the console is %s", before, after)
		}
	})
	s.step("a port that is taken", func() {
		s.ask("stop", serveUnit, serveSocket) // it says that the other socket is still active
		// By then it was reloaded by hand and by a switch; systemd's SIGCONT when it stops is no reason.
		if said := s.run("journalctl", "-b", "--no-pager", "-o", "cat", "-u", serveUnit); strings.Count(said, "are read again") != 2 {
			s.t.Errorf("it was reloaded at other times:\n%s", said)
		}
		s.run("systemd-run", "--unit=taker", "systemd-socket-activate", "-l", "127.0.0.1:9102", "/bin/true")
		s.await("the port is taken", func() bool { return strings.Contains(s.run("cat", "/proc/net/tcp"), "0100007F:238E 00000000:0000 0A ") })
		s.do("start", serveUnit)
		s.is(serveUnit, running)
		s.is(serveSocket, "failed/failed")
		s.is(attachSocket, running)
		s.do("stop", "taker.service")
		s.do("restart", serveUnit)
		s.answers(9102, "/metrics", "200")
	})
	s.step("off", func() {
		got := s.switchTo(evaluateModule(s.t, ""))
		for _, want := range []string{"stop " + serveUnit, "stop " + serveSocket, "stop " + attachSocket} {
			if !slices.Contains(got, want) {
				s.t.Errorf("it does %q, and not %s", got, want)
			}
		}
		if exists(s.root + "/run/hypervisor-tui/console.sock") {
			s.t.Error("the socket of hypervisor-attach is still there")
		}
		if listening := s.run("sh", "-c", "cat /proc/net/tcp /proc/net/tcp6"); strings.Contains(listening, " 0A ") {
			s.t.Errorf("somebody listens:\n%s", listening)
		}
		s.console()
	})
}
