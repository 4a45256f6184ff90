package nixos_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/act"
	"hypervisor-tui/plugin"
)

// elsewhere does on a Debian what docs/terminals.md, remote.md, actions.md and plugins.md say, word for word, and undoes it.
func elsewhere(s *system, built string) {
	const release = "/root/release"
	do := func(commands string) {
		s.t.Helper()
		if out, err := s.command("bash", "-euc", "cd "+release+"\n"+commands).CombinedOutput(); err != nil {
			s.t.Fatalf("%s\n%v\n%s", commands, err, out)
		}
	}
	number := func(words ...string) (n int) {
		s.t.Helper()
		if _, err := fmt.Sscan(s.run(words...), &n); err != nil {
			s.t.Fatalf("%q: %v", words, err)
		}
		return n
	}
	write := func(path, text string) {
		s.t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Dir(s.root+path), 0o755), os.WriteFile(s.root+path, []byte(text), 0o644)); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := errors.Join(os.CopyFS(s.root+release+"/docs", os.DirFS("../docs")), os.CopyFS(s.root+release, os.DirFS(built)),
		os.Symlink("/pkgs/util-linux/bin/agetty", s.root+"/usr/sbin/agetty")); err != nil { // where Debian has it
		s.t.Fatal(err)
	}
	// The prompt of tty1 is getty@ there, and finds its agetty now.
	if err := os.Remove(s.root + "/etc/systemd/system/getty.target.wants/autovt@tty1.service"); err != nil {
		s.t.Fatal(err)
	}
	s.do("daemon-reload")
	s.do("stop", "autovt@tty1.service")
	s.do("reset-failed")
	s.do("start", promptUnit)
	s.prompt()
	// What is the kernel's is this machine's, which a test does not change.
	write(release+"/docs/systemd/tmpfiles.conf", regexp.MustCompile(`(?m)^z /sys/.*\n`).ReplaceAllString(read(s.t, foreign+"tmpfiles.conf"), ""))
	console := examples(s.t, section(s.t, "../docs/terminals.md", "On a machine without the NixOS module"), "sh")
	server := examples(s.t, section(s.t, "../docs/remote.md", "Elsewhere"), "sh")
	if len(console) < 3 || len(server) != 5 {
		s.t.Fatalf("the documents have %d and %d steps", len(console), len(server))
	}
	undo := console[len(console)-1]

	s.step("console", func() {
		for _, commands := range console[:len(console)-1] {
			do(commands)
		}
		s.console()
		s.becomes(recorder, running)
		if state := s.state(serveUnit); state != "inactive/dead" {
			s.t.Errorf("the server for others is %s before anybody has asked for it", state)
		}
	})
	s.step("server", func() {
		for _, commands := range server[:3] {
			do(commands)
		}
		s.becomes(serveUnit, running)
		s.answers(9101, "/metrics", "200")
		do(examples(s.t, section(s.t, "../docs/remote.md", "SSH"), "sh")[0])
		s.attach(number("id", "-u", "console"), number("id", "-g", "console"), "/usr/local/bin/hypervisor-attach")
		s.console()
	})
	s.step("actions", func() {
		if !exists(s.root + polkitd) {
			s.t.Skip("no polkit in here")
		}
		steps := examples(s.t, section(s.t, "../docs/actions.md", "Elsewhere"), "sh")
		if len(steps) != 4 {
			s.t.Fatalf("docs/actions.md has %d steps", len(steps))
		}
		do("useradd -m alice")
		write("/etc/systemd/system/k3s.service", "[Service]\nExecStart=/bin/sleep infinity\n")
		settings := read(s.t, s.root+"/etc/hypervisor-tui/config.yaml")
		for _, commands := range steps[:3] {
			do(commands)
		}
		s.console()
		s.do("start", "k3s.service")
		before := s.show("MainPID", "k3s.service")
		if _, no := s.connect(number("id", "-u", "hypervisor-tui"), number("id", "-g", "hypervisor-tui")); no != "Permission denied" {
			s.t.Errorf("the console's user: %q", no)
		}
		operators := strings.Split(s.run("getent", "group", "hypervisor-operators"), ":")
		if len(operators) != 4 || strings.TrimSpace(operators[3]) != "alice" {
			s.t.Fatalf("the operators are %q", operators)
		}
		gid, err := strconv.Atoi(operators[2])
		if err != nil {
			s.t.Fatal(err)
		}
		c := s.operator(number("id", "-u", "alice"), gid)
		p := c.planned(act.Ask{Verb: act.UnitRestart, Object: "k3s.service"})
		if got := c.ask(act.Request{Commit: &act.Commit{Plan: p.Plan, Typed: "k3s.service"}}); got == nil || got.Done == nil {
			s.t.Errorf("answered %+v", got)
		}
		if after := s.show("MainPID", "k3s.service"); after == before || after == "0" {
			s.t.Errorf("process %s is %s", before, after)
		}
		s.keys(s.tty1, "x")
		s.shows(s.tty1, "log in as an operator first")
		s.keys(s.tty1, "\x1b")
		c.end()
		do("userdel -r alice 2>/dev/null") // there is no mail, either
		do(steps[3])
		s.notRunning(actUnit)
		write("/etc/hypervisor-tui/config.yaml", settings)
		s.do("restart", consoleUnit)
		s.do("stop", "k3s.service")
		s.console()
	})
	s.step("plugins", func() {
		if !exists(s.root + checkDisk) {
			s.t.Skip("no Nagios checks in here")
		}
		steps := examples(s.t, section(s.t, "../docs/plugins.md", "Elsewhere"), "sh")
		if len(steps) != 3 {
			s.t.Fatalf("docs/plugins.md has %d steps", len(steps))
		}
		settings := read(s.t, s.root+"/etc/hypervisor-tui/config.yaml")
		do(steps[0])
		do(steps[1])
		s.console()
		s.await("the check has run", func() bool { return exists(s.root + plugin.Directory + "/disk/" + plugin.File) })
		if want := fmt.Sprint("-rw-r--r-- ", number("id", "-u", "hypervisor-tui-plugins")); s.owner(plugin.Directory+"/disk/"+plugin.File) != want {
			s.t.Errorf("its result is %s, want %s", s.owner(plugin.Directory+"/disk/"+plugin.File), want)
		}
		s.keys(s.tty1, "5")
		s.shows(s.tty1, "DISK ")
		s.keys(s.tty1, "2")
		write("/etc/hypervisor-tui/config.yaml", settings)
		do(steps[2])
		s.do("restart", consoleUnit)
		if left := s.run("sh", "-c", "find / -xdev -path "+release+" -prune -o -name '*hypervisor-tui-plugin*' -print; ls -d "+plugin.Directory+" 2>/dev/null; grep tui-plugin /etc/passwd /etc/group || true"); left != "" {
			s.t.Errorf("left are\n%s", left)
		}
		s.console()
	})
	s.step("TLS and a token", func() {
		var more string
		for _, example := range examples(s.t, section(s.t, "../docs/remote.md", "Elsewhere"), "yaml") {
			more += strings.TrimPrefix(example, "serve:\n")
		}
		write("/etc/hypervisor-tui/serve.yaml", read(s.t, foreign+"serve.yaml")+more)
		first, key := certificate(s.t)
		write("/etc/hypervisor-tui/cert.pem", first)
		write("/etc/hypervisor-tui/key.pem", key)
		do(examples(s.t, section(s.t, "../docs/remote.md", "Prometheus"), "sh")[0])
		do("cp /var/lib/hypervisor-tui.token /etc/hypervisor-tui/token")
		do(server[4])
		s.becomes(serveUnit, running)
		token := strings.TrimSpace(read(s.t, s.root+"/etc/hypervisor-tui/token"))
		for given, want := range map[string]int{"": http.StatusOK, token: http.StatusOK, token + "x": http.StatusUnauthorized} {
			// Whoever is on this machine needs no token, and with a wrong one is told so.
			if got, shown := s.getTLS(given); got != want || shown != first {
				s.t.Errorf("with the token %q the status is %d, want %d, with the certificate\n%s", given, got, want, shown)
			}
		}
		before := s.show("MainPID", serveUnit)
		second, key := certificate(s.t)
		write("/etc/hypervisor-tui/cert.pem", second)
		write("/etc/hypervisor-tui/key.pem", key)
		s.do("reload", serveUnit)
		s.await("the new certificate is shown", func() bool {
			_, shown := s.getTLS(token)
			return shown == second
		})
		if after := s.show("MainPID", serveUnit); after != before {
			s.t.Errorf("process %s is %s after a reload", before, after)
		}
	})
	s.step("another address", func() {
		do("mkdir -p /etc/systemd/system/" + serveSocket + ".d")
		write("/etc/systemd/system/"+serveSocket+".d/override.conf", examples(s.t, section(s.t, "../docs/remote.md", "Elsewhere"), "ini")[0])
		s.do("daemon-reload")
		do(server[3])
		s.is(serveSocket, running)
		if got := s.show("Listen", serveSocket); got != "192.0.2.10:9101 (Stream)" {
			s.t.Errorf("it listens at %s", got)
		}
		if got := s.show("IPAddressAllow", serveSocket); !strings.Contains(got, "127.0.0.0/8") || !strings.Contains(got, "192.0.2.0/24") {
			s.t.Errorf("who may come are %s", got)
		}
	})
	s.step("undo", func() {
		do("userdel -r console 2>/dev/null") // it has no mail
		do(undo)
		const look = "find / -xdev -path " + release + " -prune -o -path /pkgs -prune -o -name '*hypervisor-*' -print; grep hypervisor /etc/passwd /etc/group || true"
		if left := s.run("sh", "-c", look); left != "" {
			s.t.Errorf("left are\n%s", left)
		}
		s.prompt()
	})
}

// certificate makes a certificate for this machine, and its key.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "hv01"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	text, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, bytes []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}))
	}
	return block("CERTIFICATE", signed), block("PRIVATE KEY", text)
}

// getTLS asks for the figures, in the machine, with a token where that is not empty, and returns the status and the
// certificate that is shown.
func (s *system) getTLS(token string) (status int, cert string) {
	s.t.Helper()
	plain, err := s.dial(9101)
	if err != nil {
		s.t.Fatal(err)
	}
	defer plain.Close()
	conn := tls.Client(plain, &tls.Config{InsecureSkipVerify: true})
	request, err := http.NewRequest(http.MethodGet, "https://localhost/metrics", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	if err := request.Write(conn); err != nil {
		s.t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), request)
	if err != nil {
		s.t.Fatal(err)
	}
	shown := conn.ConnectionState().PeerCertificates[0]
	return answer.StatusCode, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: shown.Raw}))
}

// dial connects to a port of the machine.
func (s *system) dial(port int) (conn net.Conn, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // for ever: the thread is of that machine then, and ends with this
		var network *os.File
		if network, err = os.Open(fmt.Sprintf("/proc/%d/ns/net", s.cmd.Process.Pid)); err != nil {
			return
		}
		defer network.Close()
		if err = unix.Setns(int(network.Fd()), unix.CLONE_NEWNET); err == nil {
			conn, err = net.DialTCP("tcp", nil, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
		}
	}()
	<-done
	return conn, err
}
