package nixos_test

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"hypervisor-tui/console/config"
	"hypervisor-tui/serve"
)

// blocks returns the examples of docs/remote.md in one language.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	return examples(t, read(t, "../docs/remote.md"), language)
}

// examples returns those in one language of a document, in their order, without the indentation of a list.
func examples(t *testing.T, document, language string) (found []string) {
	t.Helper()
	for _, m := range regexp.MustCompile("(?ms)^( *)```"+language+"\n(.*?)^ *```$").FindAllStringSubmatch(document, -1) {
		var b strings.Builder
		for line := range strings.Lines(m[2]) {
			b.WriteString(strings.TrimPrefix(line, m[1]))
		}
		found = append(found, b.String())
	}
	if len(found) == 0 {
		t.Fatalf("there is no example in %s", language)
	}
	return found
}

// section is the part of a document below a heading, up to the next of its rank.
func section(t *testing.T, path, heading string) string {
	t.Helper()
	_, rest, found := strings.Cut(read(t, path), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("%s has no section %s", path, heading)
	}
	text, _, _ := strings.Cut(rest, "\n## ")
	return text
}

// TestRemoteNix: the module takes each configuration of docs/remote.md.
func TestRemoteNix(t *testing.T) {
	examples := blocks(t, "nix")
	var configurations []string
	for _, example := range examples {
		configurations = append(configurations, "imports = [ ("+example+") ];")
	}
	for i, m := range evaluateModules(t, configurations...) {
		if len(m.Failed)+len(m.Refused) > 0 || m.Services["hypervisor-tui-serve"].Description == "" {
			t.Errorf("%s\nfails with %q, refused are %q, and the service is %+v", examples[i], m.Failed, m.Refused, m.Services["hypervisor-tui-serve"])
		}
		accepted(t, m.Settings)
	}
}

// TestRemoteYAML: the program takes what docs/remote.md has for it.
func TestRemoteYAML(t *testing.T) {
	var ours int
	for _, example := range blocks(t, "yaml") {
		if err := yaml.Unmarshal([]byte(example), new(map[string]any)); err != nil {
			t.Errorf("%s: %v", example, err)
		}
		path := filepath.Join(t.TempDir(), "example.yaml")
		if err := os.WriteFile(path, []byte(example), 0o644); err != nil {
			t.Fatal(err)
		}
		var err error
		switch first, _, _ := strings.Cut(example, ":"); first {
		case "serve", "peers":
			_, err = config.Load(path)
		case "basic_auth_users":
			_, err = serve.New(serve.Options{Config: config.Serve{Auth: config.ServeAuth{WebConfigFile: path}}})
		case "scrape_configs":
			continue // Prometheus's own: TestRemotePrometheus
		default:
			t.Errorf("nobody knows whose this is:\n%s", example)
		}
		if ours++; err != nil {
			t.Errorf("%s: %v", example, err)
		}
	}
	if ours < 2 {
		t.Errorf("only %d are for the program", ours)
	}
}

// TestRemotePrometheus: Prometheus takes what docs/remote.md has for it.
func TestRemotePrometheus(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("no promtool in PATH; Debian has it in prometheus")
	}
	dir := t.TempDir()
	token, path := filepath.Join(dir, "token"), filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(token, []byte("0123456789abcdef"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, example := range blocks(t, "yaml") {
		if !strings.HasPrefix(example, "scrape_configs:") {
			continue
		}
		example = strings.ReplaceAll(example, "/etc/prometheus/hypervisor.token", token)
		if err := os.WriteFile(path, []byte(example), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(promtool, "check", "config", path).CombinedOutput(); err != nil {
			t.Errorf("%s\n%v\n%s", example, err, out)
		}
	}
}

// TestRemoteShell: a shell takes the commands of docs/remote.md. TestSystemd runs those that put the service there.
func TestRemoteShell(t *testing.T) {
	for _, example := range blocks(t, "sh") {
		if out, err := exec.Command("sh", "-n", "-c", example).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", example, err, out)
		}
	}
}

// TestAttachManual: the manual has each option that hypervisor-attach has.
func TestAttachManual(t *testing.T) {
	manual := read(t, "../docs/hypervisor-attach.1")
	options := regexp.MustCompile(`case args\[0\] == "-(-\w+)"`).FindAllStringSubmatch(read(t, "../cmd/hypervisor-attach/main.go"), -1)
	for _, m := range options {
		if !strings.Contains(manual, ".It Fl "+m[1]) {
			t.Errorf("it does not have -%s", m[1])
		}
	}
	if len(options) != 3 {
		t.Errorf("the options are %q", options)
	}
}

// TestRemoteCertificates runs the commands of docs/remote.md that make an authority and the certificate of a node: a node takes
// it from a client and from a server, for its name and for its address, and what is installed can be read by root alone.
func TestRemoteCertificates(t *testing.T) {
	if out, err := exec.Command("openssl", "version").Output(); err != nil || !strings.HasPrefix(string(out), "OpenSSL 3") {
		t.Skipf("no OpenSSL 3 in PATH: %s%v", out, err)
	}
	dir := t.TempDir()
	for _, begin := range []string{"openssl req -x509", "install -d -m 700"} {
		var script string
		for _, example := range blocks(t, "sh") {
			if strings.HasPrefix(example, begin) {
				script = strings.ReplaceAll(example, "/var/lib", dir)
			}
		}
		cmd := exec.Command("sh", "-euc", script)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); script == "" || err != nil {
			t.Fatalf("%s: %v\n%s", script, err, out)
		}
	}
	files := dir + "/hypervisor-tui-peers/"
	pair, err := tls.LoadX509KeyPair(files+"cert.pem", files+"key.pem")
	if err != nil {
		t.Fatal(err)
	}
	nodes := x509.NewCertPool()
	if !nodes.AppendCertsFromPEM([]byte(read(t, files+"ca.pem"))) {
		t.Fatal("no authority")
	}
	for _, name := range []string{"hv01", "192.0.2.11"} {
		for _, use := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
			if _, err := pair.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: nodes, KeyUsages: []x509.ExtKeyUsage{use}}); err != nil {
				t.Errorf("%s, use %v: %v", name, use, err)
			}
		}
	}
	if _, err := pair.Leaf.Verify(x509.VerifyOptions{DNSName: "hv02", Roots: nodes}); err == nil {
		t.Error("it is good for another node too")
	}
	if info, err := os.Stat(files + "key.pem"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key is %v: %v", info.Mode(), err)
	}
}
