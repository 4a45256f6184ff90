package config

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

const everyPeersKey = `
peers:
  enable: true
  nodes:
    - {name: hv2, address: 10.0.0.2}
    - {name: hv3, address: "10.0.0.3:9200"}
    - {name: hv4.example.org, address: "fd00::4"}
    - {name: hv5, address: "[fd00::5]:9201"}
  port: 9102
  caFile: /ca
  certFile: /c
  keyFile: /k
  interval: 1m
  path: /srv/peers.json
`

func everyPeers() Peers {
	return Peers{
		Enable: true, Port: 9102, CAFile: "/ca", CertFile: "/c", KeyFile: "/k", Interval: time.Minute, Path: "/srv/peers.json",
		Nodes: []PeerNode{
			{"hv2", netip.MustParseAddrPort("10.0.0.2:9102")},
			{"hv3", netip.MustParseAddrPort("10.0.0.3:9200")},
			{"hv4.example.org", netip.MustParseAddrPort("[fd00::4]:9102")},
			{"hv5", netip.MustParseAddrPort("[fd00::5]:9201")},
		},
	}
}

// TestPeersNeedCertificates: who asks without a certificate, or would take any, is refused.
func TestPeersNeedCertificates(t *testing.T) {
	for _, missing := range []string{"caFile", "certFile", "keyFile"} {
		text := "peers:\n  enable: true\n"
		for _, file := range []string{"caFile", "certFile", "keyFile"} {
			if file != missing {
				text += "  " + file + ": /f\n"
			}
		}
		lines := configProblems(t, text)
		if len(lines) != 1 || !strings.HasPrefix(lines[0], "config.yaml:2: peers.enable is true without peers."+missing) {
			t.Errorf("without %s: %q", missing, lines)
		}
		if lines := configProblems(t, strings.Replace(text, "true", "false", 1)); lines != nil {
			t.Errorf("off and without %s: %q", missing, lines)
		}
	}
}

// TestPeerNodesAreAddresses: a name that somebody would have to look up, and one that is no node's, is refused in one line.
func TestPeerNodesAreAddresses(t *testing.T) {
	for _, node := range []string{
		"{name: hv2, address: hv2.example.org}", `{name: hv2, address: "hv2:9101"}`, `{name: hv2, address: "10.0.0.2:0"}`,
		`{name: hv2, address: "10.0.0.2:70000"}`, `{name: hv2, address: ":9101"}`, `{name: hv2, address: "https://10.0.0.2"}`, "{name: hv2}",
		"{address: 10.0.0.2}", `{name: "h v", address: 10.0.0.2}`, `{name: "hv/2", address: 10.0.0.2}`, `{name: hv2, address: 10.0.0.2, port: 1}`,
		"{name: " + strings.Repeat("x", 254) + ", address: 10.0.0.2}", "{name: \"hv\u202e2\", address: 10.0.0.2}",
	} {
		lines := configProblems(t, "peers:\n  nodes:\n    - {name: hv1, address: 10.0.0.1}\n    - "+node)
		if len(lines) != 1 || !strings.HasPrefix(lines[0], "config.yaml:4: ") {
			t.Errorf("%s: %q", node, lines)
		}
	}
	lines := configProblems(t, "peers:\n  nodes:\n    - {name: hv1, address: 10.0.0.1}\n    - {name: hv1, address: 10.0.0.2}")
	if len(lines) != 1 || !strings.Contains(lines[0], "peers.nodes[1].name is already used on line 3") {
		t.Errorf("a name twice: %q", lines)
	}
}

// TestPeersFile: the list lies beside the recording.
func TestPeersFile(t *testing.T) {
	t.Setenv("STATE_DIRECTORY", "/var/lib/hypervisor-tui:/other")
	for path, want := range map[string]string{"": "/var/lib/hypervisor-tui/peers.json", "/srv/list": "/srv/list"} {
		if got := (&Peers{Path: path}).File(); got != want {
			t.Errorf("path %q: %q, want %q", path, got, want)
		}
	}
}
