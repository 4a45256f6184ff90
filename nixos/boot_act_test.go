package nixos_test

import (
	"bufio"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"hypervisor-tui/act"
	"hypervisor-tui/internal/await"
)

const (
	polkitd    = "/usr/lib/polkit-1/polkitd"
	actUnit    = "hypervisor-tui-act.service"
	actSocket  = "hypervisor-tui-act.socket"
	codeSocket = "hypervisor-tui-act-totp.socket"
	totpFile   = "/var/lib/totp"

	// work is what may be restarted, and what may not.
	work = `systemd.services = {
		probe = { description = "Probe"; startLimitIntervalSec = 0; serviceConfig.ExecStart = "/bin/sleep infinity"; };
		other = { description = "Other"; serviceConfig.ExecStart = "/bin/sleep infinity"; };
	}; services.hypervisor-tui = { login.enable = true; quit = true; actions.units = [ "probe" "ghost" ]; }; `
	operators = work + turnedOn
	oneTime   = work + turnedOn + `services.hypervisor-tui.actions = { unlock = "totp"; totpFile = "` + totpFile + `"; }; `

	// everything is all that may be done, with an API server that is not there.
	everything = work + turnedOn + `services.hypervisor-tui.actions = {
		cluster = true; vms = true; reboot = true; blink = true; kubeconfigPath = "/var/lib/act.kubeconfig"; undoAfter = "45m";
	}; `
	actKubeconfig = `{apiVersion: v1, kind: Config, current-context: a, contexts: [{name: a, context: {cluster: a, user: a}}],
clusters: [{name: a, cluster: {server: "http://127.0.0.1:1"}}], users: [{name: a, user: {token: t}}]}`

	consoleUID, helperUID, alice, bob = 990, 993, 1001, 1002
	operatorsGID                      = 994
)

var restartProbe = act.Ask{Verb: act.UnitRestart, Object: "probe.service"}

// asUser is a command that somebody else runs in the machine, in one more group.
func (s *system) asUser(uid, group int, args ...string) []string {
	return append([]string{"setpriv", fmt.Sprint("--reuid=", uid), fmt.Sprint("--regid=", uid), fmt.Sprint("--groups=", group)}, args...)
}

// talk is a connection of somebody's to the helper.
type talk struct {
	s   *system
	in  io.Writer
	out *bufio.Reader
	end func() // it is closed, and the client has ended
}

// connect connects as a user and a member of one more group, and returns what connect(2) said: "" is a connection. No client of ours
// does it: what is sent is the test's own.
func (s *system) connect(uid, group int) (*talk, string) {
	s.t.Helper()
	const relay = `$| = 1; $SIG{PIPE} = "IGNORE"; $s = IO::Socket::UNIX->new(Peer => "/run/hypervisor-tui-act/socket") or do { print "$!\n"; exit };
print "connected\n"; while (<STDIN>) { alarm 120; print $s $_; $r = <$s>; alarm 0; print defined $r ? $r : "gone\n" }`
	cmd := s.command(s.asUser(uid, group, "perl", "-MIO::Socket::UNIX", "-e", relay)...)
	in, err := cmd.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	end := sync.OnceFunc(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	s.t.Cleanup(end)
	c := &talk{s, in, bufio.NewReader(out), end}
	if said := c.line(); said != "connected" {
		return nil, said
	}
	return c, ""
}

func (c *talk) line() string {
	c.s.t.Helper()
	line, err := c.out.ReadString('\n')
	if err != nil {
		c.s.t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// ask sends a request and returns the answer; there is none, nil, from a helper that has gone.
func (c *talk) ask(r act.Request) *act.Reply {
	c.s.t.Helper()
	if _, err := c.in.Write(act.Append(nil, r)); err != nil {
		c.s.t.Fatal(err)
	}
	line := c.line()
	if line == "gone" {
		return nil
	}
	reply, err := act.ReadReply([]byte(line))
	if err != nil {
		c.s.t.Fatalf("%s: %v", line, err)
	}
	return &reply
}

// operator connects as somebody who may.
func (s *system) operator(uid, group int) *talk {
	s.t.Helper()
	c, no := s.connect(uid, group)
	if no != "" {
		s.t.Fatalf("user %d in group %d: %s", uid, group, no)
	}
	return c
}

func (c *talk) planned(a act.Ask) *act.Planned {
	c.s.t.Helper()
	r := c.ask(act.Request{Plan: &a})
	if r == nil || r.Planned == nil {
		c.s.t.Fatalf("no plan of %+v: %+v", a, r)
	}
	return r.Planned
}

// refused holds that nothing is done, and why.
func (c *talk) refused(r act.Request, why string) (will []string) {
	c.s.t.Helper()
	before := c.s.show("MainPID", "probe.service")
	got := c.ask(r)
	if got == nil || got.Refused == nil || !strings.Contains(got.Refused.Text, why) {
		c.s.t.Fatalf("answered %+v, want refused: %s", got, why)
	}
	if after := c.s.show("MainPID", "probe.service"); after != before {
		c.s.t.Errorf("refused, %s, and process %s is %s", why, before, after)
	}
	return got.Refused.Will
}

// done holds that a commit restarts the probe, once the last one is long enough ago.
func (c *talk) done(r act.Commit) {
	c.s.t.Helper()
	before := c.s.show("MainPID", "probe.service")
	var got *act.Reply
	c.s.await("it is long enough ago", func() bool {
		got = c.ask(act.Request{Commit: &r})
		return got == nil || got.Refused == nil || !strings.Contains(got.Refused.Text, "a moment ago")
	})
	if got == nil || got.Done == nil {
		c.s.t.Fatalf("answered %+v, want done", got)
	}
	if after := c.s.show("MainPID", "probe.service"); after == before || after == "0" {
		c.s.t.Errorf("it says %q, and process %s is %s", got.Done.Text, before, after)
	}
}

// audited returns what the journal has of the helper's: verb, object, user, what became of it and why. Only what the helper's own user
// has said counts.
func (s *system) audited() (lines []string, everything string) {
	s.t.Helper()
	everything = s.run("journalctl", "-b", "--no-pager", "-o", "json", "-u", actUnit, "_UID=993")
	for line := range strings.Lines(everything) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil || e["ACT_RESULT"] == nil {
			continue
		}
		if why := fmt.Sprint(e["ACT_WHY"]); !strings.Contains(why, "a moment ago") {
			lines = append(lines, fmt.Sprintf("%v %v by %v: %v: %s", e["ACT_VERB"], e["ACT_OBJECT"], e["ACT_UID"], e["ACT_RESULT"], why))
		}
	}
	return lines, everything
}

// tells holds that the journal gets these, in their order, each a part of its line, or a pattern of it.
func (s *system) tells(want ...string) {
	s.t.Helper()
	s.await(fmt.Sprintf("%d entries in the journal", len(want)), func() bool { lines, _ := s.audited(); return len(lines) >= len(want) })
	lines, _ := s.audited()
	if len(lines) != len(want) {
		s.t.Fatalf("the journal has\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	for i := range want {
		if !regexp.MustCompile(want[i]).MatchString(lines[i]) {
			s.t.Errorf("the journal has\n%s\nwant %s", lines[i], want[i])
		}
	}
}

// actions are what is done, and all that is not, by whoever gets at the helper: the cases of docs/actions.md, each by its name there.
func actions(s *system) {
	plan := act.Request{Plan: &restartProbe}
	s.step("boot", func() {
		s.console()
		s.do("start", "probe.service", "other.service")
		s.is(actSocket, "active/listening")
		s.is(actUnit, "inactive/dead")
	})
	s.step("the console may not connect", func() {
		if _, no := s.connect(consoleUID, consoleUID); no != "Permission denied" {
			s.t.Errorf("the console's user: %q", no)
		}
		s.is(actUnit, "inactive/dead") // it has not even started
	})
	var last act.Commit
	s.step("an operator plans and commits", func() {
		c, other := s.operator(alice, operatorsGID), s.operator(bob, operatorsGID)
		pid := s.show("MainPID", "probe.service")
		p := c.planned(restartProbe)
		if p.Type != "probe.service" || p.Code || !strings.Contains(strings.Join(p.Will, "\n"), "process "+pid+" ") {
			s.t.Errorf("planned %+v of process %s", p, pid)
		}
		if after := s.show("MainPID", "probe.service"); after != pid {
			s.t.Error("a plan has restarted it")
		}
		last = act.Commit{Plan: p.Plan, Typed: "probe.service"}
		wrong := last
		wrong.Typed = "other.service"
		c.refused(act.Request{Commit: &wrong}, "another name was typed")
		other.refused(act.Request{Commit: &last}, "no such plan of yours")
		c.done(last)
		c.refused(act.Request{Commit: &last}, "no such plan of yours")
		c.refused(act.Request{Plan: &act.Ask{Verb: act.UnitRestart, Object: "other.service"}}, "not among those of actions.units")
		c.refused(act.Request{Plan: &act.Ask{Verb: act.HostReboot, Object: "hv01"}}, "not among what may be done here")
		s.confined()
	})
	s.step("something has changed in between", func() {
		c := s.operator(alice, operatorsGID)
		p := c.planned(restartProbe)
		s.do("restart", "probe.service")
		pid := s.show("MainPID", "probe.service")
		var will []string
		s.await("it is long enough ago", func() bool {
			got := c.ask(act.Request{Commit: &act.Commit{Plan: p.Plan, Typed: "probe.service"}})
			if got == nil || got.Refused == nil {
				s.t.Fatalf("answered %+v", got)
			}
			will = got.Refused.Will
			return strings.Contains(got.Refused.Text, "something has changed in between")
		})
		if !strings.Contains(strings.Join(will, "\n"), "process "+pid+" ") || s.show("MainPID", "probe.service") != pid {
			s.t.Errorf("what it would do now is %q, the process is %s", will, pid)
		}
	})
	s.step("audit", func() {
		const probe = "^unit.restart probe.service by "
		s.tells(probe+"1001: plan: ", probe+"1001: denied: another name", "by 1002: denied: there is no such plan", probe+"1001: commit: ", probe+"1001: done: probe.service is restarted",
			"by 1001: denied: there is no such plan", "^unit.restart other.service by 1001: denied: that unit is not", "^host.reboot hv01 by 1001: denied: ",
			probe+"1001: plan: ", probe+"1001: denied: it is not done, since something has changed")
	})
	s.step("polkit", func() { polkit(s) })
	s.step("a helper that ends", func() {
		c := s.operator(alice, operatorsGID)
		p := c.planned(restartProbe)
		s.do("kill", "-s", "KILL", actUnit)
		if got := c.ask(act.Request{Commit: &act.Commit{Plan: p.Plan, Typed: "probe.service"}}); got != nil {
			s.t.Errorf("answered %+v by a helper that was killed", got)
		}
		s.becomes(actSocket, "active/listening")
		next := s.operator(alice, operatorsGID)
		next.refused(act.Request{Commit: &act.Commit{Plan: p.Plan, Typed: "probe.service"}}, "no such plan of yours")
		next.planned(restartProbe)
	})
	s.step("at the console", func() { atTheConsole(s) })
	s.step("everything", func() { allOfIt(s) })
	s.step("switch to codes", func() {
		s.secret("")
		s.switchTo(evaluateModule(s.t, oneTime))
		s.notRunning(actUnit)
		s.is(actSocket, "inactive/dead")
		s.is(codeSocket, "active/listening")
		if _, no := s.connect(alice, operatorsGID); no != "Permission denied" {
			s.t.Errorf("an operator, where codes count: %q", no)
		}
	})
	s.step("no secret, no action", func() { noSecret(s, plan) })
	s.step("codes", func() { codes(s) })
	s.step("an encrypted secret", func() {
		const encrypted = "/var/lib/totp.cred"
		if got := s.run("systemd-creds", "encrypt", "--with-key=host", "--name=totp", totpFile, encrypted); !exists(s.root + encrypted) {
			s.t.Fatalf("systemd-creds: %s", got)
		}
		s.ask("stop", actUnit)
		s.secret("")
		s.switchTo(evaluateModule(s.t, strings.ReplaceAll(oneTime, totpFile, encrypted)))
		s.operator(consoleUID, consoleUID).planned(restartProbe)
	})
	s.step("switch to sessions", func() {
		s.switchTo(evaluateModule(s.t, operators))
		if _, no := s.connect(consoleUID, consoleUID); no != "Permission denied" {
			s.t.Errorf("the console's user, where nobody is asked for a code any more: %q", no)
		}
		s.operator(alice, operatorsGID).planned(restartProbe)
	})
	s.step("off", func() {
		s.ask("stop", actUnit)
		s.switchTo(evaluateModule(s.t, work))
		s.notRunning(actUnit)
		s.is(actSocket, "inactive/dead")
		if exists(s.root + "/run/hypervisor-tui-act/socket") {
			s.t.Error("the socket is still there")
		}
		for _, unit := range []string{actUnit, actSocket, codeSocket} {
			if got := s.show("LoadState", unit); got != "not-found" {
				s.t.Errorf("%s is %s", unit, got)
			}
		}
		s.console()
	})
	s.step("reboot", func() {
		s.switchTo(evaluateModule(s.t, work+turnedOn+`services.hypervisor-tui.actions.reboot = true;`))
		c := s.operator(alice, operatorsGID)
		p := c.planned(act.Ask{Verb: act.HostReboot, Object: "hv01"})
		r := act.Commit{Plan: p.Plan, Typed: "hv01", Force: true}
		if got := c.ask(act.Request{Commit: &r}); got == nil || got.Done == nil {
			s.t.Fatalf("answered %+v", got)
		}
		c.end() // what is not of the machine would keep its end waiting
		await.Until(s.t, "PID 1 has ended", func() bool {
			select {
			case <-s.ended:
				return true
			default:
				return false
			}
		})
	})
}

// atTheConsole is what an operator does: the console on tty1 says who may, hands the terminal over, and is the operator's shell.
func atTheConsole(s *system) {
	s.keys(s.tty1, "x")
	s.shows(s.tty1, "log in as an operator first")
	s.keys(s.tty1, "\x1b")
	s.await("the overlay is closed", func() bool { return !strings.Contains(s.tty1.text(), "operator") })
	s.leave()
	before := s.show("MainPID", "probe.service")
	s.keys(s.tty1, "alice\r")
	s.shows(s.tty1, "F1 Logs")
	s.keys(s.tty1, "x")
	s.shows(s.tty1, "probe.service")
	s.keys(s.tty1, "\r")
	s.shows(s.tty1, "process "+before+" ")
	s.keys(s.tty1, "\r")
	s.keys(s.tty1, "probe.service\r")
	s.shows(s.tty1, "is restarted")
	if after := s.show("MainPID", "probe.service"); after == before || after == "0" {
		s.t.Errorf("process %s is %s", before, after)
	}
	lines, _ := s.audited()
	s.await("the journal has it", func() bool {
		lines, _ = s.audited()
		return strings.Contains(strings.Join(lines, "\n"), "unit.restart probe.service by 1001: done")
	})
	s.keys(s.tty1, "\x1b")
	s.await("the overlay is closed", func() bool { return !strings.Contains(s.tty1.text(), "is restarted") })
	s.keys(s.tty1, "q")
	s.console()
}

// allOfIt is what the cluster, the ports and the timers of PID 1 need: each gets through all of its hardening to where there is nothing
// in here, and polkit's rule knows it.
func allOfIt(s *system) {
	if err := os.WriteFile(s.root+"/var/lib/act.kubeconfig", []byte(actKubeconfig), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.ask("stop", actUnit)
	s.switchTo(evaluateModule(s.t, everything))
	c := s.operator(alice, operatorsGID)
	c.refused(act.Request{Plan: &act.Ask{Verb: act.NodeCordon, Object: "hv01"}}, "refused") // the connection
	p := c.planned(act.Ask{Verb: act.LinkBlink, Object: "lo"})
	got := c.ask(act.Request{Commit: &act.Commit{Plan: p.Plan, Typed: "lo"}})
	if got == nil || got.Failed == nil {
		s.t.Errorf("of a port without a light: %+v", got)
	}
	const blink = "hypervisor-tui-blink@lo.service"
	said := func(unit string) string { return s.run("journalctl", "-b", "--no-pager", "-o", "cat", "-u", unit) }
	s.await("why it does not blink", func() bool { return strings.Contains(said(blink), "operation not supported") })

	const timer, other = "hypervisor-tui-undo@hv01.timer", "hypervisor-tui-undo@hv02.timer"
	for _, c := range [][3]string{
		{"RestartUnit", timer, "/job/"}, {"RestartUnit", other, "/job/"}, {"StopUnit", other, "/job/"},
		{"StartUnit", timer, "Access denied"}, {"StartUnit", "hypervisor-tui-undo@hv01.service", "Access denied"}, {"StopUnit", blink, "Access denied"},
		{"RestartUnit", "hypervisor-tui-undo@hv01.timer.service", "Access denied"},
	} {
		if got := s.call(helperUID, c[0], "ss", c[1], "replace"); !strings.Contains(got, c[2]) {
			s.t.Errorf("%s of %s: %s, want %s", c[0], c[1], got, c[2])
		}
	}
	s.becomes(timer, "active/waiting")
	s.becomes(other, "inactive/dead")
	s.do("kill", "-s", "KILL", actUnit)
	s.becomes(actUnit, "failed/failed")
	s.is(timer, "active/waiting") // it outlives us

	const undo = "hypervisor-tui-undo@hv01.service"
	s.ask("start", undo) // it fails
	s.await("undo says why", func() bool { return strings.Contains(said(undo), "refused") })
	s.becomes(undo, "activating/auto-restart") // and is tried again
	s.ask("stop", undo, timer)
	s.ask("reset-failed")
}

// confined holds that the helper that runs has no capability, no new privileges, a filter for system calls, and no network.
func (s *system) confined() {
	s.t.Helper()
	pid := s.show("MainPID", actUnit)
	status := s.run("cat", "/proc/"+pid+"/status")
	for _, want := range []string{"CapEff:\t0000000000000000\n", "CapBnd:\t0000000000000000\n", "NoNewPrivs:\t1\n", "Seccomp:\t2\n", "Uid:\t993\t993\t993\t993\n"} {
		if !strings.Contains(status, want) {
			s.t.Errorf("the helper has not %q:\n%s", want, status)
		}
	}
	if links := s.run("nsenter", "-t", pid, "-n", "cat", "/proc/net/dev"); strings.Count(links, ":") != 1 || !strings.Contains(links, "lo:") {
		s.t.Errorf("the helper's network has\n%s", links)
	}
	s.t.Logf("the helper: %s", regexp.MustCompile(`VmRSS:.*|VmHWM:.*`).FindAllString(status, -1))
}

// call calls a method of systemd's manager as a user, on D-Bus.
func (s *system) call(user int, method, signature string, args ...string) string {
	words := []string{"busctl", "--system", "call", "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", method}
	if signature != "" {
		words = append(words, signature)
	}
	return s.run(s.asUser(user, user, append(words, args...)...)...)
}

// polkit is what is left to whoever has taken over the helper, or sits beside it on D-Bus: what the rule says.
func polkit(s *system) {
	for _, c := range []struct {
		user               int
		method, unit, want string
	}{
		{helperUID, "RestartUnit", "probe.service", "/org/freedesktop/systemd1/job/"},
		{helperUID, "StopUnit", "probe.service", "/org/freedesktop/systemd1/job/"},
		{helperUID, "StartUnit", "probe.service", "/org/freedesktop/systemd1/job/"},
		{helperUID, "RestartUnit", "other.service", "Access denied"},
		{helperUID, "StopUnit", "sshd.service", "Access denied"},
		{helperUID, "StartUnit", "reboot.target", "Access denied"},
		{helperUID, "StartUnit", "rescue.target", "Access denied"},
		{helperUID, "StartUnit", "hypervisor-tui-undo@hv01.timer", "Access denied"},
		{helperUID, "TryRestartUnit", "probe.service", "Access denied"},
		{helperUID, "ReloadUnit", "probe.service", "Access denied"},
		{alice, "RestartUnit", "probe.service", "Interactive authentication required"},
		{bob, "StopUnit", "probe.service", "Interactive authentication required"},
		{consoleUID, "RestartUnit", "probe.service", "Interactive authentication required"},
	} {
		if got := s.call(c.user, c.method, "ss", c.unit, "replace"); !strings.Contains(got, c.want) {
			s.t.Errorf("user %d, %s of %s: %s, want %s", c.user, c.method, c.unit, got, c.want)
		}
	}
	for _, c := range [][]string{
		{"KillUnit", "ssi", "probe.service", "all", "9"},
		{"ResetFailedUnit", "s", "probe.service"},
		{"SetUnitProperties", "sba(sv)", "probe.service", "true", "1", "CPUWeight", "t", "1"},
		{"EnableUnitFiles", "asbb", "1", "probe.service", "true", "false"},
		{"Reload", ""},
		{"SetEnvironment", "as", "1", "A=1"},
		{"StartTransientUnit", "ssa(sv)a(sa(sv))", "ghost.service", "fail", "1", "ExecStart", "a(sasb)", "1", "/bin/touch", "2", "touch", "/root/owned", "false", "0"},
		{"StartTransientUnit", "ssa(sv)a(sa(sv))", "mine.service", "fail", "0", "0"},
	} {
		if got := s.call(helperUID, c[0], c[1], c[2:]...); !strings.Contains(got, "denied") {
			s.t.Errorf("the helper's user, %s: %s", c[0], got)
		}
	}
	s.becomes("probe.service", running)
	s.is("other.service", running)
}

// secret lays the secret of the codes, or takes it away.
func (s *system) secret(text string) {
	s.t.Helper()
	var err error
	if text == "" {
		if err = os.Remove(s.root + totpFile); os.IsNotExist(err) {
			err = nil
		}
	} else {
		err = os.WriteFile(s.root+totpFile, []byte(text), 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// starts is how often systemd has tried to start the helper.
func (s *system) starts() int {
	return strings.Count(s.run("journalctl", "-b", "--no-pager", "-o", "cat", "_PID=1", "UNIT="+actUnit, "JOB_TYPE=start"), "Starting ")
}

// noSecret: without a secret the helper does not start, whatever the reason is; each visit is one try, the socket stays, and once there
// is a secret it works.
func noSecret(s *system, plan act.Request) {
	dropin := s.root + "/run/systemd/system/" + actUnit + ".d/secret.conf"
	change := func(text string) {
		s.t.Helper()
		if err := os.MkdirAll(filepath.Dir(dropin), 0o755); err != nil {
			s.t.Fatal(err)
		}
		if err := os.WriteFile(dropin, []byte("[Service]\n"+text), 0o644); err != nil {
			s.t.Fatal(err)
		}
		s.do("daemon-reload")
	}
	for name, prepare := range map[string]func(){
		"no file":       func() { s.secret("") },
		"an empty file": func() { s.secret("\n") },
		"no credential": func() { s.secret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"); change("LoadCredential=\n") },
		"one too short": func() { s.secret("JBSWY3DP") },
	} {
		change("")
		prepare()
		before := s.starts()
		const visits = 7 // after five in ten seconds systemd gives a unit up that does not say otherwise
		for range visits {
			c, no := s.connect(consoleUID, consoleUID)
			if no != "" {
				s.t.Fatalf("%s: connect: %s", name, no)
			}
			if got := c.ask(plan); got != nil {
				s.t.Fatalf("%s: answered %+v", name, got)
			}
			s.becomes(actUnit, "failed/failed")
			s.becomes(codeSocket, "active/listening")
		}
		if got := s.starts() - before; got > visits {
			s.t.Errorf("%s: %d tries for %d visits", name, got, visits)
		}
	}
	change("")
}

// codes are those of somebody at the console.
func codes(s *system) {
	key := []byte("12345678901234567890")
	s.secret(base32.StdEncoding.EncodeToString(key))
	entries, _ := s.audited()
	step := time.Now().Unix() / 30
	right, next := act.Code(key, step), act.Code(key, step+1)

	c := s.operator(consoleUID, consoleUID)
	p := c.planned(restartProbe)
	if !p.Code {
		s.t.Errorf("no code is asked for: %+v", p)
	}
	commit := func(code string) act.Request {
		return act.Request{Commit: &act.Commit{Plan: p.Plan, Typed: "probe.service", Code: code}}
	}
	c.refused(commit(""), "a one-time code is missing")
	c.refused(commit("guessed"), "wrong code")
	c.done(*commit(right).Commit)
	p = c.planned(restartProbe)
	replayed := commit(right)
	var got *act.Reply
	s.await("it is long enough ago", func() bool {
		got = c.ask(replayed)
		return got == nil || got.Refused == nil || !strings.Contains(got.Refused.Text, "a moment ago")
	})
	if got == nil || got.Refused == nil || !strings.Contains(got.Refused.Text, "used before") {
		s.t.Fatalf("a code that was used: %+v", got)
	}
	for range 3 {
		c.refused(commit("guessed"), "wrong code")
	}
	c.refused(commit("guessed"), "none is looked at for 1m0s") // the fifth
	c.refused(commit(next), "none is looked at")
	s.ask("stop", actUnit) // it says that its socket stays; the next helper knows of it
	c = s.operator(consoleUID, consoleUID)
	p = c.planned(restartProbe)
	c.refused(commit(next), "after 5 wrong codes none is looked at")

	all, everything := s.audited()
	s.await("all entries", func() bool { all, everything = s.audited(); return len(all) >= len(entries)+14 })
	for _, line := range all[len(entries):] {
		if !strings.Contains(line, " by 990: ") {
			s.t.Errorf("who? %s", line)
		}
	}
	for _, code := range []string{right, next, "guessed"} {
		if regexp.MustCompile(`\b`+code+`\b`).MatchString(strings.Join(all, "\n")) || strings.Contains(everything, `"guessed`) {
			s.t.Errorf("a code is in the journal:\n%s", everything)
		}
	}
	info, err := os.Stat(s.root + "/var/lib/hypervisor-tui-act/codes.json")
	if err != nil || info.Mode().Perm() != 0o600 {
		s.t.Errorf("what was tried is kept in %v, %v", info, err)
	}
}
