package nixos_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// asking is a node that asks the others, and answers them.
const asking = `services.hypervisor-tui.peers = {
	enable = true; caFile = "/p/ca.pem"; certFile = "/p/cert.pem"; keyFile = "/p/key.pem";
	nodes = { hv2 = "192.0.2.12"; hv3 = "192.0.2.13:9102"; hv4 = "[2001:db8::14]:9102"; hv5 = "2001:db8::15"; };
}; `

// TestPeersRefuses: what would ask nobody, or let nobody come, ends the evaluation with a sentence.
func TestPeersRefuses(t *testing.T) {
	const (
		files   = `caFile = "/p/ca.pem"; certFile = "/p/cert.pem"; keyFile = "/p/key.pem"; `
		network = `addresses = [ "192.0.2.0/24" ]; `
	)
	for peers, want := range map[string]string{
		`peers = { enable = true; ` + files + network + `};`:                                                                           "",
		`peers = { enable = true; ` + files + `nodes.hv2 = "192.0.2.12"; };`:                                                           "",
		`peers = { enable = true; ` + files + `};`:                                                                                     "peers.addresses is empty",
		`peers = { enable = true; ` + network + `caFile = "/c"; };`:                                                                    "without certFile, keyFile: nodes know each other",
		`peers = { enable = true; ` + files + network + `}; serve.listen = [ "127.0.0.1:9101" "192.0.2.11:9102" ];`:                    "no address of port 9101 that other nodes reach",
		`peers = { enable = true; ` + files + network + `port = 9102; }; serve.listen = [ "127.0.0.1:9101" "192.0.2.11:9102" ];`:       "",
		`peers = { enable = true; ` + files + network + `}; serve.tls.clientCAFile = null;`:                                            "serve.tls.clientCAFile, which is null",
		`peers = { enable = true; ` + files + network + `}; serve.listen = [ "127.0.0.1:9101" ]; settings.serve.peers.enable = false;`: "",
		`peers = { enable = true; ` + files + network + `}; tty = null;`:                                                               "",
		`peers = { enable = true; ` + files + network + `}; web.enable = true; exporter.enable = true;`:                                "",
		`peers = { ` + network + files + `};`:                                                                                          "",
	} {
		m := evaluateModule(t, "services.hypervisor-tui = { "+peers+" };")
		said := strings.Join(strings.Fields(strings.Join(m.Failed, " | ")), " ")
		if want == "" && said != "" || !strings.Contains(said, want) {
			t.Errorf("%s\nsays %q, want %q", peers, said, want)
		}
	}
}

// TestPeersTypes: addresses that are none, and a key that everyone may read.
func TestPeersTypes(t *testing.T) {
	for peers, want := range map[string][]string{
		`nodes = { a = "192.0.2.1"; b = "192.0.2.1:1"; c = "::1"; d = "[::1]:65535"; };`: nil,
		`nodes.a = "hv2";`:                              {"nodes"},
		`nodes.a = "192.0.2.1:0";`:                      {"nodes"},
		`nodes.a = "[::1]";`:                            {"nodes"},
		`keyFile = "${builtins.storeDir}/x-key.pem";`:   {"keyFile"},
		`certFile = "${builtins.storeDir}/x-cert.pem";`: nil,
		`caFile = "ca.pem";`:                            {"caFile"},
	} {
		if m := evaluateModule(t, "services.hypervisor-tui.peers = { "+peers+" };"); !reflect.DeepEqual(m.Refused, append([]string{}, want...)) {
			t.Errorf("%s: refused %q, want %q", peers, m.Refused, want)
		}
	}
}

// TestPeersFollows: what a value means for units and files.
func TestPeersFollows(t *testing.T) {
	const rescued = `services.hypervisor-tui.rescue.active = true; `
	service := func(name, key string) func(m *machine) any {
		return func(m *machine) any { return m.Services[name].ServiceConfig[key] }
	}
	setting := func(key string) func(m *machine) any {
		return func(m *machine) any { return m.Settings["peers"].(map[string]any)[key] }
	}
	socket := func(key string) func(m *machine) any {
		return func(m *machine) any { return m.Sockets["hypervisor-tui-serve"].SocketConfig[key] }
	}
	copied := func(m *machine) any { return m.Services["hypervisor-tui-certificates"].Description }
	watched := func(m *machine) any { return m.Paths["hypervisor-tui-certificates"].PathConfig["PathChanged"] }
	ports := func(m *machine) any { return m.Ports }
	lists := func(m *machine) any {
		var folders []string
		for _, user := range []string{"hypervisor-tui", "hypervisor-tui-serve"} {
			if m.Tmpfiles["/var/lib/"+user] != nil {
				folders = append(folders, user)
			}
		}
		return folders
	}
	nodes := []any{"192.0.2.12", "192.0.2.13", "2001:db8::14", "2001:db8::15"}
	mine := append([]any{"localhost"}, nodes...)
	for _, c := range []struct {
		configuration string
		value         func(m *machine) any
		want          any
	}{
		{"", setting("enable"), false},
		{"", copied, ""},
		{"", watched, nil},
		{"", lists, []string(nil)},
		{"", ports, []int(nil)},
		{asking, setting("enable"), true},
		{asking, setting("caFile"), "/run/hypervisor-tui/peers.caFile"},
		{asking, setting("path"), "/var/lib/hypervisor-tui/peers.json"},
		{asking, setting("nodes"), []any{
			map[string]any{"name": "hv2", "address": "192.0.2.12"}, map[string]any{"name": "hv3", "address": "192.0.2.13:9102"},
			map[string]any{"name": "hv4", "address": "[2001:db8::14]:9102"}, map[string]any{"name": "hv5", "address": "2001:db8::15"},
		}},
		{asking, copied, "Certificates and tokens for the hypervisor console"},
		{asking, watched, []any{"/p/ca.pem", "/p/cert.pem", "/p/key.pem"}},
		{asking, lists, []string{"hypervisor-tui", "hypervisor-tui-serve"}},
		{asking, service("hypervisor-tui@tty1", "IPAddressAllow"), mine},
		{asking, service("hypervisor-tui-serve", "IPAddressAllow"), mine},
		{asking, service("hypervisor-tui-recorder", "IPAddressAllow"), []any{"localhost"}}, // it asks nobody
		{asking, service("hypervisor-tui@tty1", "LoadCredential"), nil},
		{asking, service("hypervisor-tui-serve", "LoadCredential"), []any{"certFile:/p/cert.pem", "clientCAFile:/p/ca.pem", "keyFile:/p/key.pem"}},
		{asking, socket("IPAddressAllow"), mine},
		{asking, socket("ListenStream"), []any{"0.0.0.0:9101", "[::]:9101"}},
		{asking + "networking.enableIPv6 = false;", socket("ListenStream"), []any{"0.0.0.0:9101"}},
		{asking + `services.hypervisor-tui.peers.port = 9200;`, socket("ListenStream"), []any{"0.0.0.0:9200", "[::]:9200"}},
		{asking + `services.hypervisor-tui.peers.addresses = [ "192.0.2.0/24" ];`, service("hypervisor-tui@tty1", "IPAddressAllow"), []any{"localhost", "192.0.2.0/24"}},
		{asking + `services.hypervisor-tui.settings.kubeconfigPath = null;`, service("hypervisor-tui@tty1", "IPAddressAllow"), nodes},
		{asking, ports, []int{}},
		{asking + `services.hypervisor-tui.peers = { port = 9200; openFirewall = true; };`, ports, []int{9200}},
		{`services.hypervisor-tui.peers.openFirewall = true;`, ports, []int(nil)},
		{asking + rescued, setting("enable"), false},
		{asking + rescued, copied, ""},
		{asking + rescued, lists, []string(nil)},
		{asking + rescued, service("hypervisor-tui@tty1", "IPAddressAllow"), nil},
	} {
		m := evaluateModule(t, "imports = [ { "+strings.ReplaceAll(c.configuration, "; services.", "; } { services.")+" } ];")
		accepted(t, m.Settings)
		if got, want := fmt.Sprintf("%#v", c.value(m)), fmt.Sprintf("%#v", c.want); got != want || len(m.Failed) > 0 {
			t.Errorf("%s: %s, want %s; failed %q", c.configuration, got, want, m.Failed)
		}
	}
}

// TestPrometheusFollows: what is said of a Prometheus means for units and files.
func TestPrometheusFollows(t *testing.T) {
	const files = `prometheus.caFile = "/p/ca"; prometheus.tokenFile = "/p/token"; `
	for _, c := range []struct {
		configuration   string
		reaches, copied string
		failed          string
	}{
		{``, "[localhost]", "map[]", ""},
		{`prometheus.url = "http://192.0.2.5:9090"; `, "[localhost 192.0.2.5]", "map[url:http://192.0.2.5:9090]", ""},
		{`prometheus.url = "https://[2001:db8::5]/p"; `, "[localhost 2001:db8::5]", "map[url:https://[2001:db8::5]/p]", ""},
		{`prometheus.url = "http://localhost:9090"; `, "[localhost localhost]", "map[url:http://localhost:9090]", ""},
		{`prometheus.url = "http://192.0.2.5.example.org:9090"; `, "[localhost]", "map[url:http://192.0.2.5.example.org:9090]", "has a name"},
		{`prometheus.url = "http://prometheus:9090"; prometheus.addresses = [ "192.0.2.5" "192.0.2.53" ]; `, "[localhost 192.0.2.5 192.0.2.53]", "map[url:http://prometheus:9090]", ""},
		{`prometheus.url = "https://192.0.2.5"; ` + files, "[localhost 192.0.2.5]",
			"map[caFile:/run/hypervisor-tui/prometheus.caFile tokenFile:/run/hypervisor-tui/prometheus.tokenFile url:https://192.0.2.5] [/p/ca /p/token]", ""},
		{files, "[localhost]", "map[]", "has no url"},
		{`rescue.active = true; prometheus.url = "https://192.0.2.5"; ` + files, "<nil>", "map[]", ""},
	} {
		m := evaluateModule(t, "services.hypervisor-tui = { "+c.configuration+"};")
		accepted(t, m.Settings)
		copied := fmt.Sprint(m.Settings["prometheus"])
		if watched := m.Paths["hypervisor-tui-certificates"].PathConfig["PathChanged"]; watched != nil {
			copied += fmt.Sprint(" ", watched)
		}
		failed := strings.Join(m.Failed, " ")
		if got := fmt.Sprint(m.Services["hypervisor-tui@tty1"].ServiceConfig["IPAddressAllow"]); got != c.reaches || copied != c.copied ||
			(failed == "") != (c.failed == "") || !strings.Contains(failed, c.failed) {
			t.Errorf("%s: it reaches %s, want %s; it has %s, want %s; failed %q", c.configuration, got, c.reaches, copied, c.copied, failed)
		}
	}
}
