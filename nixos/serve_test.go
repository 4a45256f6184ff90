package nixos_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// serving is a machine that shows the console in each way.
const serving = `services.hypervisor-tui = {
	exporter.enable = true; web.enable = true; attach.enable = true;
	serve.auth.webConfigFile = "/var/lib/web.yml";
}; `

// TestServeOff: a machine that shows nothing to others has no unit, user, group or file of that, and neither has the rescue
// entry of one that does.
func TestServeOff(t *testing.T) {
	for configuration, want := range map[string]bool{
		"": false,
		"services.hypervisor-tui.exporter.enable = true;": true,
		"services.hypervisor-tui.attach.enable = true;":   true,
		serving: true,
		serving + "services.hypervisor-tui.rescue.active = true;": false,
	} {
		m := evaluateModule(t, configuration)
		var there []string
		for path, text := range m.files() {
			if strings.Contains(path, "serve") || strings.Contains(path, "attach") || strings.HasPrefix(path, "systemd/") && strings.Contains(text, "--serve") {
				there = append(there, path)
			}
		}
		for name, user := range m.Users {
			if strings.Contains(name, "serve") && user.Group != "" {
				there = append(there, name)
			}
		}
		if slices.Contains(m.Groups, "hypervisor-tui-viewers") {
			there = append(there, "hypervisor-tui-viewers")
		}
		if (len(there) > 0) != want {
			t.Errorf("%s: there is %q", configuration, there)
		}
	}
}

// TestServeRefuses: what would let anybody in, or nobody, ends the evaluation with a sentence.
func TestServeRefuses(t *testing.T) {
	const (
		exporter = `exporter.enable = true; `
		web      = `web.enable = true; `
		open     = `serve.listen = [ "127.0.0.1:9101" "192.0.2.10:9101" ]; `
		clients  = `serve.clientAddresses = [ "192.0.2.0/24" ]; `
		tls      = `serve.tls = { certFile = "/c"; keyFile = "/k"; }; `
		token    = `serve.auth.tokenFile = "/t"; `

		reach  = "has 192.0.2.10:9101, which other machines reach"
		nobody = "lets nobody in from elsewhere"
	)
	cases := map[string]string{
		exporter: "",
		exporter + `serve.listen = [ "[::1]:9101" "127.1.2.3:9101" "/run/m.sock" ]; `: "",
		exporter + `serve.listen = [ ]; `:                                             "nowhere to be reached",
		`attach.enable = true; serve.listen = [ ]; `:                                  "",
		`attach.enable = true; ` + open:                                               "", // nobody listens there
		exporter + open + clients:                                                     reach,
		exporter + open + clients + tls:                                               reach,
		exporter + open + clients + token:                                             reach,
		exporter + open + clients + tls + token:                                       "",
		exporter + open + clients + tls + `serve.auth.webConfigFile = "/w"; `:         "",
		exporter + open + clients + `serve.tls = { certFile = "/c"; keyFile = "/k"; clientCAFile = "/a"; }; `: "",
		exporter + open + tls + token: nobody,
		exporter + open + tls + token + `serve.clientAddresses = [ "localhost" "any" ]; `: "",
		exporter + `serve.listen = [ "0.0.0.0:9101" ]; `:                                  "has 0.0.0.0:9101, which other machines reach",
		exporter + `serve.listen = [ "[::]:9101" ]; ` + clients:                           "has [::]:9101, which other machines reach",
		web:         "each page in a browser, of this machine on 127.0.0.1:9101",
		web + token: "",
		web + `serve.listen = [ "/run/m.sock" ]; `:               "",
		exporter + `serve.tls.certFile = "/c"; `:                 "one of certFile and keyFile",
		exporter + `serve.tls.clientCAFile = "/c"; `:             "counts for TLS alone",
		exporter + tls + `serve.tls.allowNames = [ "a" ]; `:      "clients of no authority",
		exporter + `settings.serve.listen = [ "127.0.0.1:1" ]; `: "has listen or socket",
		`tty = null; `:            "has nowhere to draw",
		`tty = null; ` + exporter: "",
	}
	var configurations []string
	for c := range cases {
		configurations = append(configurations, "services.hypervisor-tui = { "+c+"};")
	}
	for i, m := range evaluateModules(t, configurations...) {
		want := cases[strings.TrimSuffix(strings.TrimPrefix(configurations[i], "services.hypervisor-tui = { "), "};")]
		said := strings.Join(strings.Fields(strings.Join(m.Failed, " | ")), " ")
		if want == "" && said != "" || !strings.Contains(said, want) {
			t.Errorf("%s\nsays %q, want %q", configurations[i], said, want)
		}
	}
}

// TestServeFollows: what a value means for units and files.
func TestServeFollows(t *testing.T) {
	const credentials = "/run/credentials/hypervisor-tui-serve.service/"
	setting := func(path string) func(m *machine) any {
		return func(m *machine) any {
			var v any = m.Settings["serve"]
			for name := range strings.SplitSeq(path, ".") {
				v = v.(map[string]any)[name]
			}
			return v
		}
	}
	service := func(key string) func(m *machine) any {
		return func(m *machine) any { return m.Services["hypervisor-tui-serve"].ServiceConfig[key] }
	}
	socket := func(key string) func(m *machine) any {
		return func(m *machine) any { return m.Sockets["hypervisor-tui-serve"].SocketConfig[key] }
	}
	watched := func(m *machine) any { return m.Paths["hypervisor-tui-serve"].PathConfig["PathChanged"] }
	ports := func(m *machine) any { return m.Ports }
	const public = `exporter.enable = true; serve = { listen = [ "127.0.0.1:9101" "[2001:db8::1]:9102" "/run/m.sock" ]; clientAddresses = [ "any" ];
		tls = { certFile = "/c"; keyFile = "/k"; clientCAFile = "/a"; allowNames = [ "prometheus" ]; }; }; `
	cases := []struct {
		configuration string
		value         func(m *machine) any
		want          any
	}{
		{"", setting("exporter.enable"), false},
		{"exporter = { enable = true; kubevirtNames = true; textfiles = \"/t\"; };", setting("exporter"), map[string]any{"enable": true, "kubevirtNames": true, "textfiles": "/t"}},
		{"web.enable = true; web.logs = false;", setting("web"), map[string]any{"enable": true, "logs": false}},
		{"web.names = [ \"a.b\" ];", setting("names"), []any{"a.b"}},
		{"serve.maxViewers = 3;", setting("maxViewers"), 3.0},
		{"settings.serve.maxViewers = 4;", setting("maxViewers"), 4.0},
		{"", setting("tls.certFile"), nil},
		{public, setting("tls.certFile"), credentials + "certFile"},
		{public, setting("tls.allowNames"), []any{"prometheus"}},
		{public, setting("auth.tokenFile"), nil},
		{public, service("LoadCredential"), []any{"certFile:/c", "clientCAFile:/a", "keyFile:/k"}},
		{public, watched, []any{"/c", "/a", "/k"}},
		{public, socket("ListenStream"), []any{"127.0.0.1:9101", "[2001:db8::1]:9102", "/run/m.sock"}},
		{public, socket("IPAddressAllow"), []any{"any"}},
		{public, service("IPAddressAllow"), []any{"localhost"}},
		{public, ports, []int{}},
		{public + "serve.openFirewall = true;", ports, []int{9102}},
		{"serve.openFirewall = true; serve.listen = [ \"0.0.0.0:9101\" ];", ports, []int(nil)},
		{"exporter.enable = true;", watched, nil},
		{"exporter.enable = true;", service("LoadCredential"), nil},
		{"exporter.enable = true;", service("Sockets"), "hypervisor-tui-serve.socket"},
		{"attach.enable = true;", service("Sockets"), "hypervisor-tui-attach.socket"},
		{"attach.enable = true;", socket("ListenStream"), nil},
		{"exporter.enable = true; settings.kubeconfigPath = null;", service("IPAddressAllow"), nil},
		{"exporter.enable = true; logBufferSize = 1000000;", service("MemoryMax"), "306M"},
		{"settings.serve.exporter.enable = true;", service("Type"), "notify-reload"},
	}
	var configurations []string
	for _, c := range cases {
		configurations = append(configurations, "services.hypervisor-tui = { "+c.configuration+" };")
	}
	for i, m := range evaluateModules(t, configurations...) {
		if len(m.Failed) == 0 {
			accepted(t, m.Settings)
		}
		if got, want := fmt.Sprintf("%#v", cases[i].value(m)), fmt.Sprintf("%#v", cases[i].want); got != want {
			t.Errorf("%s: %s, want %s", configurations[i], got, want)
		}
	}
}

// TestServeSwitch: a switch starts the service anew, and its sockets with it, when what is served or the program changes, and
// lets it read what else changes in its configuration.
func TestServeSwitch(t *testing.T) {
	const off = `{ _type = "override"; priority = 50; content = false; };`
	wants := map[string]string{
		"":                                     "",
		`theme = "mono";`:                      "reload",
		`web.logs = false;`:                    "restart",
		`serve.maxViewers = 3;`:                "restart",
		`tty = null;`:                          "",
		`serve.listen = [ "127.0.0.1:9102" ];`: "restart",
		`serve.clientAddresses = [ "any" ];`:   "restart",
		`serve.auth.tokenFile = "/t";`:         "restart",
		`package = { outPath = "/other"; name = "x"; };`:                                "restart",
		`exporter.enable = ` + off + ` web.enable = ` + off + ` attach.enable = ` + off: "stop",
	}
	options := slices.Sorted(maps.Keys(wants))
	configurations := []string{serving}
	for _, option := range options {
		// As two modules would have it.
		configurations = append(configurations, "imports = [ { "+serving+"} { services.hypervisor-tui = { "+option+" }; } ];")
	}
	const name = "hypervisor-tui-serve.service"
	machines := evaluateModules(t, configurations...)
	for i, option := range options {
		if got := change(name, unitFile(machines[0].files(), name), unitFile(machines[i+1].files(), name)); got != wants[option] {
			t.Errorf("%s: a switch does %q, want %q", option, got, wants[option])
		}
	}
}
