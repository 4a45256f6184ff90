package e2e

import (
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hypervisor-tui/screens/pages"
)

// completionFiles are the shells' completions, each with how it writes a flag.
var completionFiles = map[string]*regexp.Regexp{
	"bash": regexp.MustCompile(`-W '(--[^']*)'`),
	"zsh":  regexp.MustCompile(`(?m)^\t'(?:\([^)]*\))?(--\w+=?)\[`),
	"fish": regexp.MustCompile(`(?m)^complete -c hypervisor-tui -l (\w+)`),
}

func completionFile(shell string) string { return "docs/completions/hypervisor-tui." + shell }

// usage is what --help prints.
func usage(t *testing.T) string {
	t.Helper()
	return run(t, environment(t), "--help").out
}

// usageFlags returns the flags that the usage lists, and --help, each with what it takes, or "".
func usageFlags(t *testing.T) map[string]string {
	t.Helper()
	flags := map[string]string{"help": ""}
	for _, m := range regexp.MustCompile(`(?m)^  --(\w+) ?([A-Z]\w+)?`).FindAllStringSubmatch(usage(t), -1) {
		flags[m[1]] = m[2]
	}
	if len(flags) < 6 || flags["screen"] != "NAME" {
		t.Fatalf("the usage has only %q", flags)
	}
	return flags
}

// TestUsageCompletions: each shell's completion has the flags of the usage, and none that is not there; --screen takes
// the screens that there are.
func TestUsageCompletions(t *testing.T) {
	want := make([]string, 0, 10)
	for flag := range usageFlags(t) {
		want = append(want, flag)
	}
	slices.Sort(want)
	for shell, flags := range completionFiles {
		text := readText(t, completionFile(shell))
		var got []string
		for _, m := range flags.FindAllStringSubmatch(text, -1) {
			for _, flag := range strings.Fields(m[1]) {
				got = append(got, strings.Trim(flag, "-="))
			}
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s has %q, the usage %q", completionFile(shell), got, want)
		}
		if !strings.Contains(text, strings.Join(pages.Names(), " ")) {
			t.Errorf("%s does not name the screens %q", completionFile(shell), pages.Names())
		}
	}
}

// TestUsageCompletionsAnswer asks the shells themselves, those that are here.
func TestUsageCompletionsAnswer(t *testing.T) {
	t.Parallel()
	// The words after the program's name, the last one the one to complete; of bash's, = is a word of its own.
	const bash = `source "$1"; shift; COMP_WORDS=(hypervisor-tui "$@"); COMP_CWORD=$#; compopt() { :; }
_hypervisor_tui; printf '%s\n' "${COMPREPLY[@]}"`
	const fish = `source $argv[1]; complete -C "hypervisor-tui $argv[2..]" | string split -f1 \t; true`
	var flags []string
	for flag := range usageFlags(t) {
		flags = append(flags, "--"+flag)
	}
	slices.Sort(flags)
	for shell, script := range map[string]string{"bash": bash, "fish": fish} {
		t.Run(shell, func(t *testing.T) {
			exe, err := exec.LookPath(shell)
			if err != nil {
				t.Skipf("no %s in PATH", shell)
			}
			ask := func(words ...string) []string {
				cmd := exec.Command(exe, append([]string{"-c", script, shell, completionFile(shell)}, words...)...)
				if shell == "fish" {
					cmd.Args = slices.Delete(cmd.Args, 3, 4) // fish has no $0 there
				}
				cmd.Env = environment(t)
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("%q: %v\n%s", words, err, out)
				}
				answers := strings.Fields(string(out))
				slices.Sort(answers)
				return answers
			}
			screens := slices.Sorted(slices.Values(pages.Names()))
			if got := ask("--"); !slices.Equal(got, flags) {
				t.Errorf("of -- it makes %q, want %q", got, flags)
			}
			if got := ask("--screen", ""); !slices.Equal(got, screens) {
				t.Errorf("of --screen it makes %q, want %q", got, screens)
			}
			if got := ask("--config", "config.ex"); !slices.Equal(got, []string{"config.example.yaml"}) {
				t.Errorf("of --config config.ex it makes %q", got)
			}
			inline := []string{"--screen", "=", "da"}
			want := "dashboard"
			if shell == "fish" {
				inline, want = []string{"--screen=da"}, "--screen=dashboard"
			}
			if got := ask(inline...); !slices.Equal(got, []string{want}) {
				t.Errorf("of --screen=da it makes %q", got)
			}
		})
	}
}

// TestManualHasEveryFlag, and none that is not there.
func TestManualHasEveryFlag(t *testing.T) {
	var want, got []string
	for _, m := range regexp.MustCompile(`(?m)^  --(\w+)`).FindAllStringSubmatch(usage(t), -1) {
		want = append(want, m[1])
	}
	manual := readText(t, "docs/hypervisor-tui.1")
	for _, m := range regexp.MustCompile(`(?m)^\.It Fl -(\w+)`).FindAllStringSubmatch(manual, -1) {
		got = append(got, m[1])
	}
	if slices.Sort(want); len(want) < 5 {
		t.Fatalf("the usage has only %q", want)
	}
	got = slices.DeleteFunc(got, func(flag string) bool { return flag == "help" })
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("the manual has %q, the usage %q", got, want)
	}
	for code, what := range map[int]string{exitFine: "Fine", exitFailure: "A failure", exitUsage: "A bad option", exitLogin: "A login prompt was asked for"} {
		if !strings.Contains(manual, fmt.Sprintf(".It %d\n%s", code, what)) {
			t.Errorf("the manual does not say of exit status %d: %s", code, what)
		}
	}
}

// TestUsageInReadme: the README has what --help prints, as it prints it.
func TestUsageInReadme(t *testing.T) {
	t.Parallel()
	if text := usage(t); !strings.Contains(readText(t, "README.md"), "\n```\n"+text+"```\n") {
		t.Errorf("README.md has not this block:\n%s", text)
	}
}
