// Package nixos_test checks the NixOS side as far as that goes without nixpkgs: that the files parse, that the units are
// those of testdata, that vendorHash is the one of go.mod, and that the documents say what the files say.
package nixos_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata and vendorHash instead of comparing them")

// nix runs nix-instantiate with a store that holds nothing, which works without a daemon, root or network.
func nix(t *testing.T, args ...string) []byte {
	t.Helper()
	exe, err := exec.LookPath("nix-instantiate")
	if err != nil {
		t.Skip("no nix-instantiate in PATH; Debian has it in nix-bin")
	}
	cmd := nixCommand(t, exe, args...)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		t.Fatalf("nix-instantiate %s: %v\n%s", strings.Join(args, " "), err, complaint.Bytes())
	}
	return out.Bytes()
}

// nixCommand is a command of nix, which has everything to itself.
func nixCommand(t *testing.T, exe string, args ...string) *exec.Cmd {
	t.Helper()
	home := t.TempDir()
	cmd := exec.Command(exe, append([]string{"--store", "dummy://"}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CACHE_HOME="+home, "NIX_STATE_DIR="+home)
	return cmd
}

// evaluate fills value with what a Nix expression is; ./ is this folder.
func evaluate(t *testing.T, expression string, value any) {
	t.Helper()
	if err := json.Unmarshal(nix(t, "--eval", "--strict", "--json", "--expr", expression), value); err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestNixFilesParse(t *testing.T) {
	files := slices.Concat(glob(t, "*.nix"), glob(t, "*/*.nix"), glob(t, "../*.nix"))
	if len(files) < 10 {
		t.Fatalf("only %q", files)
	}
	for _, file := range files {
		nix(t, "--parse", file)
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestModuleImportsWhatIsThere: each file that a Nix file names is in the tree, each file of the module is named by one.
func TestModuleImportsWhatIsThere(t *testing.T) {
	named := map[string]bool{"module.nix": true, "default.nix": true, "flake.nix": true, "reference.nix": true}
	for _, file := range slices.Concat(glob(t, "*.nix"), glob(t, "../*.nix")) {
		for _, path := range regexp.MustCompile(`\.{1,2}/[\w./-]+\.nix`).FindAllString(read(t, file), -1) {
			named[filepath.Base(path)] = true
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), path)); err != nil {
				t.Errorf("%s names %s: %v", file, path, err)
			}
		}
	}
	for _, file := range glob(t, "*.nix") {
		if !named[file] {
			t.Errorf("no file names %s", file)
		}
	}
}

const reference = "../docs/nixos-options.md"

// TestOptionReference holds the reference to the options that are declared, by name.
func TestOptionReference(t *testing.T) {
	var declared, documented []string
	for _, m := range regexp.MustCompile(`(?m)^    ([a-zA-Z.]+) = (?:lib\.)?mk(?:Enable)?Option`).FindAllStringSubmatch(read(t, "options.nix"), -1) {
		if m[1] != "rescue.active" { // internal
			declared = append(declared, m[1])
		}
	}
	for _, m := range regexp.MustCompile("(?m)^## `services\\.hypervisor-tui\\.([\\w.]+)`$").FindAllStringSubmatch(read(t, reference), -1) {
		documented = append(documented, m[1])
	}
	slices.Sort(declared)
	if len(declared) < 10 || !slices.Equal(declared, documented) {
		t.Errorf("options.nix declares\n%q\n%s has\n%q", declared, reference, documented)
	}
}

// TestOptionReferenceText holds every word of the reference. -update writes it. With NIXPKGS_LIB, the folder lib/ of
// nixpkgs, it holds that this lib says the same; but for the words of types, which differ between releases.
func TestOptionReferenceText(t *testing.T) {
	text := func(lib string) (text string) {
		evaluate(t, fmt.Sprintf("import ./reference.nix { lib = import %s; }", lib), &text)
		return text
	}
	want := text("./testdata/lib.nix")
	if *update {
		if err := os.WriteFile(reference, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(t, reference); got != want {
		t.Errorf("%s is\n%s\nwant\n%s", reference, got, want)
	}
	if lib := os.Getenv("NIXPKGS_LIB"); lib != "" {
		types := regexp.MustCompile(`(?m)^\* Type: .*$`)
		got := types.ReplaceAllString(want, "")
		if want := types.ReplaceAllString(text(lib), ""); got != want {
			t.Errorf("testdata/lib.nix makes\n%s\nnixpkgs' lib\n%s", got, want)
		}
	}
}
