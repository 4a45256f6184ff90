package nixos_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const vmScript = "tests/hypervisor-tui.py"

// TestVMSwitches: the script of the test in virtual machines switches to what they have, and to all of it.
func TestVMSwitches(t *testing.T) {
	var test struct {
		Script   string
		Switches []string
	}
	evaluate(t, `let test = import ./tests { lib.mkForce = x: x; }; in {
		script = test.testScript;
		switches = builtins.attrNames test.nodes.machine.specialisation;
	}`, &test)
	if test.Script != read(t, vmScript) {
		t.Errorf("its script is not %s", vmScript)
	}
	tried := map[string]bool{}
	for _, call := range regexp.MustCompile(`\b(?:switch|reloads|spares)\((?:PROMPT, )?"(\w+)"\)`).FindAllStringSubmatch(test.Script, -1) {
		tried[call[1]] = true
	}
	if got := slices.Sorted(maps.Keys(tried)); len(got) < 3 || !slices.Equal(got, test.Switches) {
		t.Errorf("it switches to %q, the machine has %q", got, test.Switches)
	}
}

// TestVMScriptCompiles: it is Python.
func TestVMScriptCompiles(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 in PATH")
	}
	script := filepath.Join(t.TempDir(), "script.py") // what it leaves behind lies beside it
	if err := os.WriteFile(script, []byte(read(t, vmScript)), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(python, "-m", "py_compile", script).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestVMEvaluates: the machines and their switches are what NixOS and its test driver take. The rest needs KVM.
func TestVMEvaluates(t *testing.T) {
	nixpkgs := os.Getenv("NIXPKGS")
	if nixpkgs == "" {
		t.Skip("NIXPKGS is not set: it names a folder with nixpkgs")
	}
	exe, err := exec.LookPath("nix-instantiate")
	if err != nil {
		t.Skip("no nix-instantiate in PATH; Debian has it in nix-bin")
	}
	cmd := nixCommand(t, exe, "--store", t.TempDir(), "--eval", "--strict", "--json", "--expr", fmt.Sprintf(`let
		test = ((import %s { }).callPackage ../default.nix { }).tests.hypervisor-tui;
		inherit (test) config;
		system = machine: builtins.unsafeDiscardStringContext machine.system.build.toplevel.drvPath;
	in {
		driver = builtins.unsafeDiscardStringContext test.drvPath;
		failed = map (node: map (a: a.message) (builtins.filter (a: !a.assertion) node.assertions)) (builtins.attrValues config.nodes);
		systems = map system (builtins.attrValues config.nodes
			++ map (s: s.configuration) (builtins.attrValues config.nodes.machine.specialisation));
	}`, nixpkgs))
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, complaint.Bytes())
	}
	if got := strings.Count(string(out), "nixos-system-"); got != 5 || !bytes.Contains(out, []byte(`"failed":[[],[]]`)) {
		t.Errorf("%d systems: %s", got, out)
	}
}
