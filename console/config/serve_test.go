package config

import (
	"strings"
	"testing"
)

func defaultServe() Serve {
	return Serve{
		Listen: []string{}, TLS: ServeTLS{AllowNames: []string{}}, Names: []string{}, MaxViewers: 16, Web: ServeWeb{Logs: true},
		Exporter: ServeExporter{Deny: []string{"veth*", "cali*", "lxc*"}, MaxSeries: 50_000},
	}
}

const everyServeKey = `
serve:
  socket: /run/hypervisor-tui/console.sock
  listen: ["127.0.0.1:9101", "[::]:9101", /run/hypervisor-tui/http.sock]
  tls: {certFile: /c, keyFile: /k, clientCAFile: /ca, allowNames: [Prometheus, "alice@example.org"]}
  auth: {tokenFile: /t, webConfigFile: null}
  names: [Console.Example.org]
  maxViewers: 4
  web: {enable: true, logs: false}
  exporter: {enable: true, kubevirtNames: true, deny: [], textfiles: /var/lib/textfiles, maxSeries: 1000}
  attach: {enable: true}
  peers: {enable: true}
`

func everyServe() Serve {
	return Serve{
		Socket:     "/run/hypervisor-tui/console.sock",
		Listen:     []string{"127.0.0.1:9101", "[::]:9101", "/run/hypervisor-tui/http.sock"},
		TLS:        ServeTLS{"/c", "/k", "/ca", []string{"prometheus", "alice@example.org"}},
		Auth:       ServeAuth{TokenFile: "/t"},
		Names:      []string{"console.example.org"},
		MaxViewers: 4,
		Web:        ServeWeb{Enable: true},
		Exporter:   ServeExporter{true, true, []string{}, "/var/lib/textfiles", 1000},
		Attach:     ServeAttach{true},
		Peers:      ServePeers{true},
	}
}

// TestServeOthersNeedTLSAndAuth: what other hosts reach is refused without TLS and authentication, and the page without
// the latter wherever any user of this host reaches it.
func TestServeOthersNeedTLSAndAuth(t *testing.T) {
	const (
		tls   = "\n  tls: {certFile: /c, keyFile: /k}"
		mtls  = "\n  tls: {certFile: /c, keyFile: /k, clientCAFile: /ca}"
		token = "\n  auth: {tokenFile: /t}"
		file  = "\n  auth: {webConfigFile: /w}"
		web   = "\n  web: {enable: true}"
	)
	for _, c := range []struct {
		listen, rest string
		ok           bool
	}{
		{"127.0.0.1:9101", "", true},
		{"127.9.9.9:9101", "", true},
		{"[::1]:9101", "", true},
		{"[::ffff:127.0.0.1]:9101", "", true},
		{"/run/http.sock", web, true},
		{"127.0.0.1:9101", web, false},
		{"127.0.0.1:9101", web + token, true},
		{"127.0.0.1:9101", web + file, true},
		{"127.0.0.1:9101", web + tls, false},
		{"10.0.0.5:9101", "", false},
		{"0.0.0.0:9101", token, false},
		{"[::]:9101", tls, false},
		{"[fe80::1%eth0]:9101", tls, false},
		{"[::ffff:10.0.0.5]:9101", tls, false},
		{"10.0.0.5:9101", tls + token, true},
		{"10.0.0.5:9101", mtls, true},
		{"10.0.0.5:9101", web + mtls, true},
		{"10.0.0.5:9101", file, true},
	} {
		text := "serve:\n  listen: [/run/other.sock, \"" + c.listen + "\"]" + c.rest
		lines := configProblems(t, text)
		if c.ok != (lines == nil) || !c.ok && (len(lines) != 1 || !strings.HasPrefix(lines[0], "config.yaml:2: serve.listen[1]: ") || !strings.Contains(lines[0], "serve.auth")) {
			t.Errorf("%s\nsays %q", text, lines)
		}
	}
}

func TestServeTLSIsWhole(t *testing.T) {
	for text, missing := range map[string]string{
		"{certFile: /c}":     "serve.tls.keyFile",
		"{keyFile: /c}":      "serve.tls.certFile",
		"{clientCAFile: /c}": "serve.tls.certFile",
		"{certFile: /c, keyFile: /k, allowNames: [a]}": "serve.tls.clientCAFile",
	} {
		lines := configProblems(t, "serve:\n  tls: "+text)
		if len(lines) != 1 || !strings.HasPrefix(lines[0], "config.yaml:2: ") || !strings.Contains(lines[0], missing) {
			t.Errorf("%s says %q", text, lines)
		}
	}
}

func TestServeListenAddresses(t *testing.T) {
	for _, listen := range []string{"localhost:9101", ":9101", "9101", "127.0.0.1", "::1:9101", "127.0.0.1:99999", "run/x.sock", "unix:/run/x.sock",
		"127.0.0.1:", "http://127.0.0.1:9101", "/" + strings.Repeat("x", 107)} {
		if lines := configProblems(t, "serve: {listen: [\""+listen+"\"]}"); len(lines) != 1 {
			t.Errorf("%s: %q", listen, lines)
		}
	}
}

// TestServePeersNeedAnAuthority: they are known by nothing else.
func TestServePeersNeedAnAuthority(t *testing.T) {
	for rest, ok := range map[string]bool{
		"": false, "\n  tls: {certFile: /c, keyFile: /k}\n  auth: {tokenFile: /t}": false,
		"\n  tls: {certFile: /c, keyFile: /k, clientCAFile: /ca}": true, "\n  auth: {webConfigFile: /w}": true, // which may have one
	} {
		lines := configProblems(t, "serve:\n  peers: {enable: true}"+rest)
		if ok != (lines == nil) || !ok && (len(lines) != 1 || !strings.HasPrefix(lines[0], "config.yaml:2: serve.peers.enable ") || !strings.Contains(lines[0], "serve.tls.clientCAFile")) {
			t.Errorf("%q says %q", rest, lines)
		}
	}
}
