package nixos_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const foreign = "../docs/systemd/"

// foreignUnits are the units for other distributions, each with the module's unit that does the same.
var foreignUnits = map[string]string{
	"hypervisor-tui@.service":                   "login/hypervisor-tui@tty1.service",
	"hypervisor-tui@.timer":                     "hypervisor-tui@tty1.timer",
	"hypervisor-tui-login@.service":             "login/hypervisor-tui-getty@ttyS0.service",
	"hypervisor-tui-recorder.service":           "hypervisor-tui-recorder.service",
	"hypervisor-tui-serve.service":              "hypervisor-tui-serve.service",
	"hypervisor-tui-serve.socket":               "hypervisor-tui-serve.socket",
	"hypervisor-tui-attach.socket":              "hypervisor-tui-attach.socket",
	"hypervisor-tui-kubeconfig.service":         "hypervisor-tui-kubeconfig.service",
	"hypervisor-tui-kubeconfig.path":            "hypervisor-tui-kubeconfig.path",
	"hypervisor-tui-kubeconfig-changed.service": "hypervisor-tui-kubeconfig-changed.service",
	"actions/hypervisor-tui-act.service":        "hypervisor-tui-act.service",
	"actions/hypervisor-tui-act.socket":         "hypervisor-tui-act.socket",
	"actions/hypervisor-tui-undo@.service":      "act/hypervisor-tui-undo@.service",
	"actions/hypervisor-tui-undo@.timer":        "act/hypervisor-tui-undo@.timer",
	"actions/hypervisor-tui-blink@.service":     "act/hypervisor-tui-blink@.service",
	"plugins/hypervisor-tui-plugin@.service":    "plugins/hypervisor-tui-plugin@.service",
	"plugins/hypervisor-tui-plugin@.timer":      "plugins/hypervisor-tui-plugin@.timer",
}

// otherwise are the keys in which they may differ, with the reason.
var otherwise = map[string]string{
	"hypervisor-tui@.service ExecStart":                   "where the program is",
	"hypervisor-tui@.service Also":                        "NixOS enables the timer itself",
	"hypervisor-tui-recorder.service ExecStart":           "where the program is",
	"hypervisor-tui-serve.service ExecStart":              "where the program is",
	"hypervisor-tui-serve.service LoadCredential":         "there it reads files of its own user, again when it is reloaded",
	"hypervisor-tui-login@.service ExecStart":             "where the programs are",
	"hypervisor-tui-login@.service ExecStopPost":          "TestForeignLoginHandsBack runs it",
	"hypervisor-tui-login@.service RestartSec":            "of 0, as it is there, that of the console would be no shorter",
	"hypervisor-tui-login@.service TTYVTDisallocate":      "one unit for both kinds of terminal, where NixOS has two",
	"hypervisor-tui-kubeconfig.service ExecStart":         "TestForeignKubeconfig runs it",
	"hypervisor-tui-kubeconfig-changed.service ExecStart": "there it is a script",
	"actions/hypervisor-tui-act.service ExecStart":        "where the program is",
	"actions/hypervisor-tui-undo@.service ExecStart":      "where the program is",
	"actions/hypervisor-tui-undo@.service LoadCredential": "where the file is",
	"actions/hypervisor-tui-undo@.timer OnActiveSec":      "it is what somebody has chosen",
	"actions/hypervisor-tui-blink@.service ExecStart":     "where the program is",
	"plugins/hypervisor-tui-plugin@.service ExecStart":    "where the program is",
}

// keys returns what a unit says beside [Unit], by key: values in their order, of NixOS and systemd alike.
func keys(text string) map[string]string {
	all := map[string]string{}
	var section string
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", "")) {
		line = strings.TrimSpace(line)
		key, value, assigned := strings.Cut(line, "=")
		switch {
		case strings.HasPrefix(line, "["):
			section = line
		case !assigned || strings.HasPrefix(line, "#") || strings.HasPrefix(key, "X-") || section == "[Unit]":
		case value == "yes":
			all[key] = "true"
		case value == "no":
			all[key] = "false"
		case strings.Trim(value, `"`) == "TERM=linux" || strings.Trim(value, `"`) == "TERM=vt220": // systemd's own choice
		default:
			words := append(strings.Fields(all[key]), strings.Fields(strings.ReplaceAll(value, `"`, ""))...)
			if key == "Environment" {
				slices.Sort(words)
			}
			all[key] = strings.Join(words, " ")
		}
	}
	return all
}

// TestForeignUnits: the units for other distributions are hardened, bounded and restarted as the module's are.
func TestForeignUnits(t *testing.T) {
	terminal := strings.NewReplacer("tty1", "%I", "ttyS0", "%I")
	for name, of := range foreignUnits {
		got, want := keys(read(t, foreign+name)), keys(terminal.Replace(read(t, filepath.Join("testdata", of))))
		if len(want) == 0 {
			t.Fatalf("testdata/%s has no keys", of)
		}
		for key, value := range want {
			if mine, there := got[key]; (!there || mine != value) && otherwise[name+" "+key] == "" {
				t.Errorf("%s has %s=%s, the module %s", name, key, mine, value)
			}
		}
		for key, value := range got {
			if _, there := want[key]; !there && otherwise[name+" "+key] == "" {
				t.Errorf("%s has %s=%s, which the module has not", name, key, value)
			}
		}
	}
	limits := regexp.MustCompile(`(?m)^(StartLimit|RestartPrevent)\w+=.*$`)
	got := limits.FindAllString(read(t, foreign+"hypervisor-tui@.service"), -1)
	want := limits.FindAllString(read(t, "testdata/login/hypervisor-tui@tty1.service"), -1)
	slices.Sort(got)
	slices.Sort(want)
	if len(want) != 3 || !slices.Equal(got, want) {
		t.Errorf("the console ends for %q, the module's for %q", got, want)
	}
}

// TestForeignTmpfiles: the same is handed to the console's group.
func TestForeignTmpfiles(t *testing.T) {
	var rules map[string]map[string]struct{ Mode, User, Group, Argument string }
	evaluate(t, `import ./tmpfiles.nix {
		lib.optionalAttrs = yes: set: if yes then set else { };
		group = "hypervisor-tui"; runtime = "/run/hypervisor-tui"; podLogs = true;
	}`, &rules)
	var want []string
	for path, types := range rules {
		for kind, r := range types {
			line := []string{kind, path, r.Mode, r.User, r.Group, "", r.Argument}
			want = append(want, strings.TrimRight(strings.Join(line, " "), " "))
		}
	}
	var got []string
	for _, file := range []string{"tmpfiles.conf", "tmpfiles-k3s.conf"} {
		for line := range strings.Lines(read(t, foreign+file)) {
			fields := strings.Fields(line)
			if len(fields) == 0 || fields[0] == "#" {
				continue
			}
			for i := range fields {
				fields[i] = strings.TrimPrefix(fields[i], "-")
			}
			got = append(got, strings.Join(fields, " "))
		}
	}
	slices.Sort(got)
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Errorf("%stmpfiles*.conf have\n%s\nthe module\n%s", foreign, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestForeignUser: the user and the groups of the module.
func TestForeignUser(t *testing.T) {
	module := read(t, "module.nix")
	for _, want := range []string{
		"users.users.hypervisor-tui = {", "users.users.hypervisor-tui-serve = {", "users.groups.hypervisor-tui-viewers = { };",
		`extraGroups = [ "systemd-journal" ];`,
	} {
		if !strings.Contains(module, want) {
			t.Fatalf("the module has no %s: sysusers.conf and this test want to know", want)
		}
	}
	var lines []string
	for line := range strings.Lines(read(t, foreign+"sysusers.conf")) {
		if !strings.HasPrefix(line, "#") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	want := []string{
		`u hypervisor-tui - "Hypervisor console"`, "m hypervisor-tui systemd-journal",
		`u hypervisor-tui-serve - "Hypervisor console for others"`, "m hypervisor-tui-serve systemd-journal",
		"g hypervisor-tui-viewers -",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("sysusers.conf has %q, want %q", lines, want)
	}
}

// execLine returns a command line of a unit, its arguments unquoted as far as ours are quoted.
func execLine(t *testing.T, name, key string, specifiers *strings.Replacer) []string {
	t.Helper()
	text := strings.ReplaceAll(read(t, foreign+name), "\\\n", "")
	m := regexp.MustCompile(`(?m)^` + key + `=-?(/bin/sh) (-\w+) '([^']*)'$`).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("%s has no %s of the form /bin/sh -c '...'", name, key)
	}
	return []string{m[1], m[2], specifiers.Replace(m[3])}
}

// TestForeignLoginHandsBack runs what the login prompt runs when it ends.
func TestForeignLoginHandsBack(t *testing.T) {
	line := execLine(t, "hypervisor-tui-login@.service", "ExecStopPost", strings.NewReplacer("%i", "ttyS0"))
	handsBack(t, func() *exec.Cmd { return exec.Command(line[0], line[1:]...) })
}

// TestForeignKubeconfig runs what copies the kubeconfig.
func TestForeignKubeconfig(t *testing.T) {
	dir := t.TempDir()
	source, copied := filepath.Join(dir, "k3s.yaml"), filepath.Join(dir, "kubeconfig")
	line := execLine(t, "hypervisor-tui-kubeconfig.service", "ExecStart",
		strings.NewReplacer("/etc/rancher/k3s/k3s.yaml", source, "/run/hypervisor-tui/kubeconfig", copied))
	run := func() {
		t.Helper()
		if out, err := exec.Command(line[0], line[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", line, err, out)
		}
	}
	for _, text := range []string{"one", "two"} {
		if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		run()
		if got := read(t, copied); got != text {
			t.Errorf("of %q it makes %q", text, got)
		}
	}
	if err := os.Remove(source); err != nil {
		t.Fatal(err)
	}
	run()
	if files, _ := filepath.Glob(filepath.Join(dir, "*")); len(files) > 0 {
		t.Errorf("without a source there is %q", files)
	}
}

// TestForeignInstructions: what the instructions name is there, and they name all that is there.
func TestForeignInstructions(t *testing.T) {
	all := slices.Concat(glob(t, foreign+"*.*"), glob(t, foreign+"*/*"))
	if len(all) < 8 {
		t.Fatalf("only %q", all)
	}
	named := map[string]bool{}
	var instructions string
	for _, page := range []string{"terminals", "remote", "actions", "plugins"} {
		instructions += read(t, "../docs/"+page+".md")
	}
	for _, pattern := range regexp.MustCompile(`docs/systemd/[\w@.*/-]+`).FindAllString(instructions, -1) {
		pattern = "../" + strings.TrimRight(pattern, ".")
		found := glob(t, pattern)
		if len(found) == 0 {
			t.Errorf("the pages of docs name %s", pattern)
		}
		for _, file := range found {
			named[file] = true
		}
	}
	for _, file := range all {
		if !named[file] {
			t.Errorf("no page of docs names %s", file)
		}
	}
}
