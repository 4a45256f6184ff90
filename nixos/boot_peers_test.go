package nixos_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"hypervisor-tui/internal/certtest"
)

// asPeers is two nodes that know each other by certificates, on a network of their own. Each unit has all of its hardening.
func asPeers(t *testing.T, root, programs string) {
	const folder = "/var/lib/hypervisor-tui-peers/"
	files := func(authority *certtest.Authority, name, address string) map[string]string {
		pair := authority.Node(t, name, address)
		return map[string]string{
			folder + "ca.pem": string(authority.PEM), folder + "cert.pem": string(pair.Cert), folder + "key.pem": string(pair.Key),
		}
	}
	before := evaluateModule(t, `services.hypervisor-tui.screen = "nodes";`)
	m := evaluateModule(t, `services.hypervisor-tui.screen = "nodes"; services.hypervisor-tui.settings.peers.interval = "5s"; services.hypervisor-tui.peers = {
		enable = true; caFile = "`+folder+`ca.pem"; certFile = "`+folder+`cert.pem"; keyFile = "`+folder+`key.pem";
		nodes = { hv01 = "192.0.2.1"; hv02 = "192.0.2.2"; hv03 = "192.0.2.3"; }; addresses = [ "192.0.2.1" "192.0.2.2" ];
	};`)
	authority := certtest.New(t)
	before.Own = files(authority, "hv01", "192.0.2.1")
	other := *m
	other.Own = files(authority, "hv02", "192.0.2.2")
	other.Own["etc/hostname"] = "hv02\n"
	s, beside := boot(t, root, programs, before), boot(t, root, programs, &other)
	wire(s, beside)

	// says waits until F4 of a console says something of a node.
	says := func(s *system, node, word string) {
		s.t.Helper()
		s.await(node+" "+word, func() bool {
			for line := range strings.Lines(s.tty1.text()) {
				if strings.Contains(line, node) && strings.Contains(line, word) {
					return true
				}
			}
			return false
		})
	}
	s.step("both answer", func() {
		s.console()
		if done := s.switchTo(m); !slices.Contains(done, "reload "+consoleUnit) {
			s.t.Errorf("a switch does %q", done)
		}
		s.do("restart", consoleUnit) // the kernel goes by the addresses of the start
		s.becomes(serveUnit, running)
		beside.becomes(serveUnit, running)
		says(beside, "hv01", "answers")
		says(s, "hv02", "answers")
		// A server with another name is there: the kernel lets nobody ask it, who is none of peers.addresses.
		if said := s.run("journalctl", "-b", "_PID=1", "--no-pager"); strings.Contains(said, "does not support BPF") {
			s.t.Log("no kernel that could keep the units from other addresses")
		} else {
			s.shows(s.tty1, "no answer in 2 s")
		}
	})
	s.step("the list", func() {
		const list = "/var/lib/hypervisor-tui/peers.json"
		s.await("the list is kept", func() bool { return exists(s.root + list) })
		info, err := os.Stat(s.root + list)
		if err != nil {
			s.t.Fatal(err)
		}
		if got := fmt.Sprint(info.Mode(), info.Sys().(*syscall.Stat_t).Uid); got != "-rw------- 990" {
			s.t.Errorf("it is %s", got)
		}
		if exists(beside.root + "/var/lib/hypervisor-tui-serve/peers.json") {
			s.t.Error("a node that nobody looks at the others from has a list")
		}
	})
	s.step("another certificate", func() {
		before := s.show("MainPID", consoleUnit)
		served, servedBeside := s.show("MainPID", serveUnit), beside.show("MainPID", serveUnit)
		authority := certtest.New(s.t)
		renew := func(s *system, files map[string]string) {
			for path, text := range files {
				if err := os.WriteFile(s.root+path, []byte(text), 0o600); err != nil {
					s.t.Fatal(err)
				}
			}
		}
		renew(s, files(authority, "hv01", "192.0.2.1"))
		renew(beside, files(authority, "hv02", "192.0.2.2"))
		s.await("the console has it", func() bool {
			copied, err := os.ReadFile(s.root + "/run/hypervisor-tui/peers.certFile")
			return err == nil && string(copied) == read(s.t, s.root+filepath.Join(folder, "cert.pem"))
		})
		s.restarted(served)
		beside.restarted(servedBeside)
		if after := s.show("MainPID", consoleUnit); after != before {
			s.t.Errorf("process %s of the console is %s", before, after)
		}
	})
	s.step("visit", func() { // by the new authority
		s.keys(s.tty1, "/hv02\r")
		s.await("hv03 is filtered out", func() bool { return !strings.Contains(s.tty1.text(), "hv03") })
		s.keys(s.tty1, "o")
		says(s, "hv02", "live")
		s.keys(s.tty1, "\x1b")
		says(s, "hv02", "answers")
	})
	s.step("without a certificate", func() {
		if err := os.Remove(s.root + folder + "key.pem"); err != nil {
			s.t.Fatal(err)
		}
		s.await("the copy is taken back", func() bool { return !exists(s.root + "/run/hypervisor-tui/peers.keyFile") })
		s.do("restart", consoleUnit)
		s.becomes(consoleUnit, running)
		s.shows(s.tty1, "peers.keyFile: no such file")
	})
}

// wire connects two systems: one is 192.0.2.1, the other 192.0.2.2 and 192.0.2.3.
func wire(a, b *system) {
	a.t.Helper()
	inside := func(s *system, args ...string) {
		a.t.Helper()
		if out, err := exec.Command("nsenter", append([]string{"-t", fmt.Sprint(s.cmd.Process.Pid), "-n", "ip"}, args...)...).CombinedOutput(); err != nil {
			a.t.Fatalf("ip %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	if _, err := exec.LookPath("ip"); err != nil {
		a.t.Skipf("%v; Debian has it in iproute2", err)
	}
	inside(a, "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", fmt.Sprint(b.cmd.Process.Pid))
	inside(a, "address", "add", "192.0.2.1/24", "dev", "wire")
	inside(b, "address", "add", "192.0.2.2/24", "dev", "wire") // the first is that of what is sent
	inside(b, "address", "add", "192.0.2.3/24", "dev", "wire")
	inside(a, "link", "set", "wire", "up")
	inside(b, "link", "set", "wire", "up")
}
