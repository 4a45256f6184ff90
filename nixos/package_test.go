package nixos_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// standIn is what the package takes of nixpkgs, as far as that matters to what is asked of it here.
const standIn = `let
  lib = {
    optional = yes: x: if yes then [ x ] else [ ];
    optionalString = yes: x: if yes then x else "";
    mkDefault = x: x;
    fakeHash = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    licenses.mit = "MIT";
    platforms.linux = [ "x86_64-linux" "aarch64-linux" ];
    versionOlder = a: b: builtins.compareVersions a b < 0;
    throwIf = wrong: why: x: if wrong then throw why else x;
    fileset = {
      toSource = { root, fileset }: toString root;
      difference = a: b: a; unions = x: x; maybeMissing = x: x;
    };
  };
  goModule = version: make: let
    final = given // { passthru = given.passthru // { go = { inherit version; }; }; };
    given = make final;
  in final;
  pkgs = version: {
    inherit lib;
    buildGoModule = goModule version;
    buildGo126Module = goModule "1.26.3";
    callPackage = path: given: let
      f = import path;
      take = more: f (builtins.intersectAttrs (builtins.functionArgs f) (pkgs version) // given // more);
    in take { } // { override = take; };
    fetchFromGitHub = what: "${what.owner}/${what.repo} ${what.tag} ${what.hash}";
    testers.runNixOSTest = test: test;
    nixosTests.hypervisor-tui = "that of nixpkgs";
    nix-update-script = { }: "nix-update";
    installShellFiles = "installShellFiles";
    versionCheckHook = "versionCheckHook";
  };
  here = go: given: (pkgs go).callPackage ../default.nix given;
in `

// packaged fills value with what an expression is, in which here GO GIVEN is the package of this tree.
func packaged(t *testing.T, expression string, value any) {
	t.Helper()
	evaluate(t, standIn+expression, value)
}

func TestPackage(t *testing.T) {
	var got struct {
		Version, Dirty, Nokube, Src, Released string
		Ldflags, Tags, Check                  []string
		Meta                                  map[string]any
	}
	packaged(t, `{
		inherit (here "1.26.0" { }) version ldflags meta src;
		dirty = (here "1.26.0" { gitCommit = "0123abc-dirty"; }).version;
		nokube = ((here "1.26.0" { }).override { withKube = false; }).pname;
		tags = ((here "1.26.0" { }).override { withKube = false; }).tags;
		check = (here "1.26.0" { }).nativeInstallCheckInputs;
		released = ((pkgs "1.26.0").callPackage ./package.nix { }).src;
	}`, &got)
	if !regexp.MustCompile(`^\d+\.\d+\.\d+$`).MatchString(got.Version) || got.Dirty != got.Version+"+0123abc-dirty" {
		t.Errorf("versions %q and %q", got.Version, got.Dirty)
	}
	if last := got.Ldflags[len(got.Ldflags)-1]; last != "-X main.version="+got.Version {
		t.Errorf("the program's version is set by %q", last)
	}
	if got.Nokube != "hypervisor-tui-nokube" || fmt.Sprint(got.Tags) != "[tcell_minimal nokube]" {
		t.Errorf("without the cluster it is %s with the tags %q", got.Nokube, got.Tags)
	}
	if fmt.Sprint(got.Check) != "[versionCheckHook]" {
		t.Errorf("what is installed is checked by %q", got.Check)
	}
	if !strings.HasPrefix(got.Src, "/") || !strings.Contains(got.Released, " v"+got.Version+" sha256-") {
		t.Errorf("here %q is built, in nixpkgs %q", got.Src, got.Released)
	}
	for _, key := range []string{"description", "longDescription", "homepage", "changelog", "license", "mainProgram", "platforms", "maintainers"} {
		if _, there := got.Meta[key]; !there {
			t.Errorf("meta has no %s", key)
		}
	}
	if got.Meta["mainProgram"] != "hypervisor-tui" || !strings.HasSuffix(got.Meta["changelog"].(string), "/v"+got.Version+"/CHANGELOG.md") {
		t.Errorf("meta is %q", got.Meta)
	}
}

// TestFlakeVersion: the flake's packages have the commit in their version, that of a dirty tree as well.
func TestFlakeVersion(t *testing.T) {
	for given, want := range map[string]string{
		`shortRev = "0123abc";`:            "+0123abc",
		`dirtyShortRev = "0123abc-dirty";`: "+0123abc-dirty",
		"":                                 "", // no git
	} {
		var got []string
		packaged(t, `let
			flake = (import ../flake.nix).outputs {
				self = { `+given+` };
				nixpkgs = {
					lib.genAttrs = names: make: builtins.listToAttrs (map (name: { inherit name; value = make name; }) names);
					legacyPackages = { x86_64-linux = pkgs "1.26.0"; aarch64-linux = pkgs "1.26.0"; };
				};
			};
		in [ flake.packages.x86_64-linux.default.version flake.packages.aarch64-linux.nokube.version ]`, &got)
		for _, version := range got {
			if !regexp.MustCompile(`^\d+\.\d+\.\d+` + regexp.QuoteMeta(want) + "$").MatchString(version) {
				t.Errorf("of a tree with %q the version is %s", given, version)
			}
		}
		if len(got) != 2 {
			t.Errorf("versions %q", got)
		}
	}
}

// TestPackageWantsGo: with an older Go than that of go.mod the evaluation ends in a sentence, and a newer
// buildGoModule mends it.
func TestPackageWantsGo(t *testing.T) {
	wanted := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "../go.mod"))
	if wanted == nil || !strings.Contains(read(t, "package.nix"), `goVersion = "`+wanted[1]+`";`) {
		t.Fatalf("package.nix wants another Go than go.mod, which has %q", wanted)
	}
	var src string
	packaged(t, `((here "1.24.3" { }).override { buildGoModule = (pkgs "1.24.3").buildGo126Module; }).src`, &src)
	exe, err := exec.LookPath("nix-instantiate")
	if err != nil {
		t.Skip("no nix-instantiate in PATH; Debian has it in nix-bin")
	}
	for _, version := range []string{"1.24.3", "1.25.12", "1.9"} {
		out, err := nixCommand(t, exe, "--eval", "--strict", "--expr", standIn+`(here "`+version+`" { }).src`).CombinedOutput()
		for _, want := range []string{"needs Go " + wanted[1] + ", and buildGoModule here has Go " + version + ".", "buildGo126Module"} {
			if err == nil || !strings.Contains(string(out), want) {
				t.Errorf("with Go %s it does not say %q: %v\n%s", version, want, err, out)
			}
		}
	}
}

// TestPackageInstallsWhatIsThere: each file that postInstall names is in the tree, the completions of all three shells
// among them.
func TestPackageInstallsWhatIsThere(t *testing.T) {
	var script string
	packaged(t, `(here "1.26.0" { }).postInstall`, &script)
	names := exec.Command("bash", "-euc", `installManPage() { printf '%s\n' "$@"; }; installShellCompletion() { printf '%s\n' "$@"; }
install() { shift 3; printf '%s\n' "$@"; }; out=/nowhere
`+script)
	out, err := names.Output()
	if err != nil {
		t.Skipf("no bash: %v", err)
	}
	files := strings.Fields(string(out))
	if len(files) < 8 {
		t.Fatalf("only %q", files)
	}
	for _, file := range files {
		read(t, "../"+file)
	}
}

// TestPackagePrograms: of all programs in this tree, those of the tests and of other modules among them, the package builds
// what is installed. As buildGoModule finds them: each folder with Go files whose path has none of some words in it.
func TestPackagePrograms(t *testing.T) {
	var excluded []string
	packaged(t, `(here "1.26.0" { }).excludedPackages`, &excluded)
	leftOut := regexp.MustCompile(`/_|examples|Godeps|testdata|` + strings.Join(excluded, "|"))
	main := regexp.MustCompile(`(?m)^package main$`)
	programs := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if folder := filepath.Dir(path); err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") &&
			!leftOut.MatchString(folder) && main.MatchString(read(t, path)) {
			programs[folder] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := slices.Sorted(maps.Keys(programs)), []string{"..", "../cmd/hypervisor-attach"}; !slices.Equal(got, want) {
		t.Errorf("it builds %q, want %q", got, want)
	}
}
