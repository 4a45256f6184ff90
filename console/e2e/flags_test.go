package e2e

import (
	"regexp"
	"strings"
	"testing"
)

// TestUsageErrors: one line that says what to mend, nothing on standard output, exit code 2.
func TestUsageErrors(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--nonsense":                    "-nonsense",
		"extra":                         `"extra"`,
		"--once --plain":                "exclude each other",
		"--once --check":                "exclude each other",
		"--plain --check":               "exclude each other",
		"--json":                        "--once",
		"--size 80x24":                  "--once",
		"--once --json --size 80x24":    "--size",
		"--once --size 80":              "--size",
		"--once --size 0x0":             "--size",
		"--once --size 99999x24":        "--size",
		"--once --tty /dev/null":        "--tty",
		"--check --tty /dev/null":       "--tty",
		"--screen nowhere":              "logs, dashboard, network, nodes, checks",
		"--once --screen LOGS":          "logs, dashboard, network, nodes, checks",
		"--config":                      "-config",
		"--once --once=maybe":           "once",
		"--plain --json":                "--once",
		"--metrics":                     "--once",
		"--check --metrics":             "--once",
		"--once --metrics --json":       "--json",
		"--once --metrics --size 80x24": "--size",
		"--once --metrics --at -1h":     "--at",
		"--check --json --size 80x24 ":  "--once",
		"--serve --once":                "exclude each other",
		"--plugin disk --check":         "exclude each other",
		"--plugin":                      "-plugin",
		"--plugin disk --json":          "--once",
		"--listen 127.0.0.1:9101":       "--serve",
		"--serve --listen localhost:1":  "IP address",
		"--serve --tty /dev/null":       "--tty",
	} {
		r := run(t, environment(t), strings.Fields(args)...)
		if r.code != exitUsage {
			t.Errorf("%s: exit code %d, want %d", args, r.code, exitUsage)
		}
		if strings.Count(r.stderr, "\n") != 1 || !strings.HasPrefix(r.stderr, "hypervisor-tui: ") || !strings.Contains(r.stderr, want) {
			t.Errorf("%s: says %q, want one line with %q", args, r.stderr, want)
		}
		if r.out != "" {
			t.Errorf("%s: prints %q", args, r.out)
		}
	}
}

func TestVersionAndHelp(t *testing.T) {
	t.Parallel()
	if r := run(t, environment(t), "--version"); r.code != 0 || r.out != "hypervisor-tui "+testVersion+"\n" || r.stderr != "" {
		t.Errorf("--version: exit code %d, %q, %q", r.code, r.out, r.stderr)
	}
	for _, flag := range []string{"--help", "-h"} {
		r := run(t, environment(t), flag)
		if r.code != 0 || r.stderr != "" {
			t.Errorf("%s: exit code %d, %q", flag, r.code, r.stderr)
		}
		for _, want := range []string{"--config PATH", "--screen NAME", "--tty PATH", "--once", "--size WxH", "--json", "--plain", "--check", "--version"} {
			if !strings.Contains(r.out, want) {
				t.Errorf("%s does not tell of %s", flag, want)
			}
		}
		for line := range strings.Lines(r.out) {
			if len(line) > 81 {
				t.Errorf("%s: wider than a terminal: %q", flag, line)
			}
		}
	}
}

// TestNoTerminal: without a terminal the program says what to give it.
func TestNoTerminal(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--tty", "/dev/null"}, {"--tty", "/nonexistent"}, {"--tty", "/"}} {
		r := run(t, environment(t), args...)
		if r.code != exitFailure || strings.Count(r.stderr, "\n") != 1 || !strings.Contains(r.stderr, args[1]) {
			t.Errorf("%s: exit code %d, %q", args, r.code, r.stderr)
		}
	}
}

// TestCheck: the exit code is the configuration's, whatever the sources answer.
func TestCheck(t *testing.T) {
	t.Parallel()
	for config, want := range map[string]int{
		"refreshInterval: 5s\n":    exitFine,
		"":                         exitFine,
		"refreshIntervall: 5s\n":   exitFailure,
		"refreshInterval: never\n": exitFailure,
		": : :\n":                  exitFailure,
	} {
		r := run(t, environment(t), "--check", "--config", writeFile(t, "config.yaml", config))
		if r.code != want {
			t.Errorf("%q: exit code %d, want %d\n%s%s", config, r.code, want, r.out, r.stderr)
		}
		for _, source := range []string{"config ", "uptime ", "cpu ", "memory ", "filesystems ", "links ", "kubernetes ", "terminal "} {
			if !strings.Contains("\n"+r.out, "\n"+source) {
				t.Errorf("%q: nothing about %s in\n%s", config, source, r.out)
			}
		}
		if line := regexp.MustCompile(`(?m)^.{20} (absent|failed) *$`).FindString(r.out); line != "" {
			t.Errorf("%q: %q does not say why", config, line)
		}
		if want == exitFailure && (!strings.Contains(r.out, "config       failed  config.yaml:") || strings.Count(r.stderr, "\n") != 1) {
			t.Errorf("%q: does not say what is wrong where\n%s%s", config, r.out, r.stderr)
		}
	}
	if r := run(t, environment(t), "--check", "--config", "/nonexistent/config.yaml"); r.code != exitFailure {
		t.Errorf("a missing config: exit code %d\n%s%s", r.code, r.out, r.stderr)
	}
}

// TestWithoutJournald: where there is no journal to follow, what is read instead is said, and why.
func TestWithoutJournald(t *testing.T) {
	t.Parallel()
	needRoot(t)
	const script = `mount -t tmpfs none /run && exec "$@"`
	s := start(t, setup{w: 132, h: tall, unshared: true, script: script, args: []string{"--screen", "logs"}})
	s.await(" All ", "kmsg")
	s.sources("no journald runs here")
}

// TestJournaldWithoutJournalctl: a journald runs, and nothing of systemd is in PATH.
func TestJournaldWithoutJournalctl(t *testing.T) {
	t.Parallel()
	needRoot(t)
	const script = `mount -t tmpfs none /run && mkdir -p /run/systemd/journal /run/log/journal && : > /run/systemd/journal/socket && PATH=/nonexistent exec "$@"`
	s := start(t, setup{w: 132, h: tall, unshared: true, script: script})
	s.sources("no journal files were found")
}
