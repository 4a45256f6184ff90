package nixos_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"hypervisor-tui/console/config"
)

// blocks returns the examples of docs/remote.md in one language, in their order, without the indentation of a list.
func blocks(t *testing.T, language string) (found []string) {
	t.Helper()
	for _, m := range regexp.MustCompile("(?ms)^( *)```"+language+"\n(.*?)^ *```$").FindAllStringSubmatch(read(t, "../docs/remote.md"), -1) {
		var b strings.Builder
		for line := range strings.Lines(m[2]) {
			b.WriteString(strings.TrimPrefix(line, m[1]))
		}
		found = append(found, b.String())
	}
	if len(found) == 0 {
		t.Fatalf("docs/remote.md has no example in %s", language)
	}
	return found
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
		if !strings.HasPrefix(example, "serve:") {
			continue
		}
		ours++
		path := filepath.Join(t.TempDir(), "config.yaml")
		if err := os.WriteFile(path, []byte(example), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := config.Load(path); err != nil {
			t.Errorf("%s: %v", example, err)
		}
	}
	if ours == 0 {
		t.Error("none is for the program")
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
