package config

import (
	"regexp"
	"strings"
	"testing"
)

// TestNixOptionsAreKeys: each option that feeds a key of the same name has the key's default and the values that the
// key takes. Every other key goes through the option settings, which takes any.
func TestNixOptionsAreKeys(t *testing.T) {
	keys := map[string]key{}
	for _, k := range new(Config).keys() {
		keys[k.name] = k
	}
	options := readText(t, "nixos/options.nix")
	names := regexp.MustCompile(`(?m)^  "(\w+)"$`).FindAllStringSubmatch(readText(t, "nixos/keys.nix"), -1)
	if len(names) < 5 {
		t.Fatalf("nixos/keys.nix has %q", names)
	}
	for _, m := range names {
		name := m[1]
		k, known := keys[name]
		if !known {
			t.Errorf("nixos/keys.nix names %s, which is no key of the configuration", name)
			continue
		}
		_, option, declared := strings.Cut(options, "\n    "+name+" = mkOption {")
		option, _, _ = strings.Cut(option, "\n    };")
		if !declared {
			t.Errorf("nixos/options.nix has no option %s", name)
			continue
		}
		checkOption(t, k, option)
	}
}

// checkOption compares the declaration of an option with its key. The module's own defaults are those that a console
// without anybody before it wants, and the kubeconfig is the copy that the module makes.
func checkOption(t *testing.T, k key, option string) {
	t.Helper()
	want := map[string]string{"quit": "false", "kubeconfigPath": `"/etc/rancher/k3s/k3s.yaml"`, "refreshInterval": "2"}[k.name]
	if want == "" {
		want = k.fallback
	}
	found := regexp.MustCompile(`(?m)^      default = (.*);$`).FindStringSubmatch(option)
	if found == nil || found[1] != want && found[1] != `"`+want+`"` {
		t.Errorf("option %s: default %q, want %s", k.name, found, want)
	}
	if bounds := regexp.MustCompile(`ints\.between (\d+) (\d+)`).FindStringSubmatch(option); bounds != nil {
		accepts(t, k.name, true, bounds[1], bounds[2])
	}
	if enum := regexp.MustCompile(`(?s)types\.enum \[(.*?)\]`).FindStringSubmatch(option); enum != nil {
		values := strings.Fields(strings.ReplaceAll(enum[1], `"`, ""))
		accepts(t, k.name, true, values...)
		if must := strings.Join(values[:len(values)-1], ", ") + " or " + values[len(values)-1]; must != k.value.must {
			t.Errorf("option %s takes %s, the key %s", k.name, must, k.value.must)
		}
	}
}

func accepts(t *testing.T, name string, want bool, values ...string) {
	t.Helper()
	for _, v := range values {
		if _, err := parseConfig("option", []byte(name+": "+v)); (err == nil) != want {
			t.Errorf("%s: %s: %v", name, v, err)
		}
	}
}

// TestDocsSystemdConfig: the configurations for other distributions are read, and do what their units count on.
func TestDocsSystemdConfig(t *testing.T) {
	c, err := Load("../../docs/systemd/config.yaml")
	if err != nil || c.Quit || !c.Login || c.KubeconfigPath != "/run/hypervisor-tui/kubeconfig" {
		t.Errorf("docs/systemd/config.yaml: quit %v, login %v, kubeconfigPath %q: %v", c.Quit, c.Login, c.KubeconfigPath, err)
	}
	c, err = Load("../../docs/systemd/serve.yaml")
	if err != nil || c.Login || c.History.Path == "" || !c.Serve.Exporter.Enable || !c.Serve.Attach.Enable || c.Serve.Web.Enable {
		t.Errorf("docs/systemd/serve.yaml: login %v, history.path %q, serve %+v: %v", c.Login, c.History.Path, c.Serve, err)
	}
}
