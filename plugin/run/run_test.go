package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/plugin"
)

// playOrphan makes the test's program a plugin that leaves a process in a session of its own, which has its output.
const playOrphan = "play-orphan"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == playOrphan {
		orphan := exec.Command("sleep", "1000000")
		orphan.Stdout, orphan.SysProcAttr = os.Stdout, &syscall.SysProcAttr{Setsid: true}
		if err := orphan.Start(); err != nil {
			fmt.Println(err)
			os.Exit(9)
		}
		fmt.Println("OK")
		os.Exit(0)
	}
	os.Setenv("HTTP_PROXY", "http://127.0.0.1:9") // net/http reads it once
	os.Exit(m.Run())
}

// marker names in the environment the processes of one test.
const marker = "PLUGIN_RUN_TEST"

// marked lets the plugins that the test runs be found. When it ends none of them may be left.
func marked(t *testing.T) (processes func() []int) {
	t.Helper()
	mark := fmt.Sprintf("%s=%s-%d", marker, t.Name(), os.Getpid())
	name, value, _ := strings.Cut(mark, "=")
	t.Setenv(name, value)
	processes = func() (pids []int) {
		folders, err := os.ReadDir("/proc")
		if err != nil {
			t.Skip(err)
		}
		for _, f := range folders {
			pid, err := strconv.Atoi(f.Name())
			env, _ := os.ReadFile(filepath.Join("/proc", f.Name(), "environ"))
			if err == nil && pid != os.Getpid() && slices.Contains(strings.Split(string(env), "\x00"), mark) {
				pids = append(pids, pid)
			}
		}
		return pids
	}
	t.Cleanup(func() {
		await.Until(t, "the end of what the plugin has started", func() bool { return len(processes()) == 0 })
	})
	return processes
}

// sh is a plugin that is a script.
func sh(script string) []string { return []string{"/bin/sh", "-c", script} }

// result runs a plugin and returns how it ended and what it printed.
func result(t *testing.T, s *plugin.Spec) (plugin.End, string) {
	t.Helper()
	if s.Timeout == 0 {
		s.Timeout = await.Limit
	}
	file, _, err := Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	h, output, err := plugin.ParseHeader(file)
	if err != nil {
		t.Fatalf("%v in %q", err, file)
	}
	if h.Began == 0 || h.Took < 0 {
		t.Errorf("began %v, took %v", h.Began, h.Took)
	}
	return h.End, string(output)
}

// TestRun: how runs end, and what is taken of what they print. Nothing that they started is left.
func TestRun(t *testing.T) {
	marked(t)
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	exit := func(code uint8) plugin.End { return plugin.End{How: plugin.Exited, Code: code} }
	full := strings.Repeat("y\n", plugin.MaxOutput/2)
	for _, c := range []struct {
		name    string
		command []string
		end     plugin.End
		output  string
	}{
		{"says something", sh(`echo "OK | a=1"; exit 2`), exit(2), "OK | a=1\n"},
		{"all bytes", sh(`printf 'a\000\033[31m\200\377'`), exit(0), "a\x00\x1b[31m\x80\xff"},
		{"arguments are no shell's", []string{"/bin/sh", "-c", `echo "$1"`, "-", "$(id) *; |"}, exit(0), "$(id) *; |\n"},
		{"nothing", sh(`exit 1`), exit(1), ""},
		{"only an error", sh(`echo broken >&2; exit 3`), exit(3), "broken\n"},
		{"an error behind output", sh(`echo fine; echo broken >&2`), exit(0), "fine\n"},
		{"much of an error", sh(`yes | head -c 60000 >&2`), exit(0), full[:maxReason]},
		{"4", sh(`exit 4`), exit(4), ""},
		{"127", sh(`/nonexistent/program`), exit(127), "*/nonexistent/program"},
		{"255", sh(`exit 255`), exit(255), ""},
		{"killed", sh(`echo a; kill -KILL $$`), plugin.End{How: plugin.Signalled, Code: 9}, "a\n"},
		{"crashed", sh(`ulimit -c 0; kill -SEGV $$`), plugin.End{How: plugin.Signalled, Code: 11}, ""},
		{"64 KiB", sh(`yes | head -c 65536`), exit(0), full},
		{"64 KiB and a byte", sh(`yes | head -c 65537`), plugin.End{How: plugin.Flooded}, full},
		{"1 GB", sh(`yes | head -c 1000000000 && : > ` + dir + "/drained"), plugin.End{How: plugin.Flooded}, full},
		{"no end", []string{"/bin/sh", "-c", "exec yes"}, plugin.End{How: plugin.Flooded}, full},
		{"no end of errors", sh(`echo OK; trap "" PIPE; yes >&2; sleep 1000000`), plugin.End{How: plugin.Flooded}, "OK\n"},
		{"standard input", sh(`cat; echo end`), exit(0), "end\n"},
		{"output closed", sh(`echo OK; exec >&- 2>&-; exit 3`), exit(3), "OK\n"},
		{"a child has the output", sh(`sleep 1000000 & echo OK`), exit(0), "OK\n"},
		{"not there", []string{filepath.Join(dir, "nonexistent")}, plugin.End{How: plugin.Failed}, "*/nonexistent: no such file"},
		{"all in one text", []string{"/bin/sh hello"}, plugin.End{How: plugin.Failed}, "*/bin/sh hello: no such file or directory; the arguments belong behind the program, each as a text of its own"},
		{"not executable", []string{write("plain", "#!/bin/sh\n", 0o644)}, plugin.End{How: plugin.Failed}, "*/plain: it may not be run: it has no mode x"},
		{"a directory", []string{dir}, plugin.End{How: plugin.Failed}, "*it is a directory"},
		{"no #!", []string{write("script", "echo OK\n", 0o755)}, plugin.End{How: plugin.Failed}, "*begins with #!"},
		{"no interpreter", []string{write("python", "#!/nonexistent/python\n", 0o755)}, plugin.End{How: plugin.Failed}, "*what runs it is not there"},
	} {
		end, output := result(t, &plugin.Spec{Command: c.command})
		part, isPart := strings.CutPrefix(c.output, "*")
		if end != c.end || output != c.output && !(isPart && strings.Contains(output, part)) {
			t.Errorf("%s: %+v %q, want %+v %q", c.name, end, output, c.end, c.output)
		}
		if end.How == plugin.Failed && strings.Count(output, "\n") != 1 {
			t.Errorf("%s: %q is not a line", c.name, output)
		}
	}
	if _, err := os.Stat(dir + "/drained"); err == nil {
		t.Error("a flood was read to its end")
	}
}

// TestTimeout: what does not end is killed, though it takes no SIGTERM, has closed its output or has stopped.
func TestTimeout(t *testing.T) {
	marked(t)
	for _, script := range []string{
		`trap "" TERM INT HUP; while :; do sleep 1000000; done`,
		`exec >&- 2>&-; sleep 1000000`,
		`kill -STOP $$`,
		`sleep 1000000 & wait`,
	} {
		if end, output := result(t, &plugin.Spec{Command: sh(script), Timeout: 100 * time.Millisecond}); end.How != plugin.TimedOut || output != "" {
			t.Errorf("%s: %+v %q", script, end, output)
		}
	}
}

// TestOrphan: a process that has left the group, and has the output, does not hold up the result.
func TestOrphan(t *testing.T) {
	processes := marked(t)
	self, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	if end, output := result(t, &plugin.Spec{Command: []string{self, playOrphan}}); end != (plugin.End{}) || output != "OK\n" {
		t.Errorf("%+v %q", end, output)
	}
	orphans := processes()
	if len(orphans) != 1 {
		t.Errorf("%d processes are left, want the orphan, which is the unit's", len(orphans))
	}
	for _, pid := range orphans {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	}
}

// TestLateOutput: what a plugin's children print a moment after its end is taken, as of a script that writes through another program.
func TestLateOutput(t *testing.T) {
	marked(t)
	grace = await.Limit
	defer func() { grace = time.Second }()
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	// The child goes on when nobody has the FIFO open to write any more: when the script is gone.
	script := `exec 3<>` + fifo + `; { exec 4<` + fifo + ` 3>&-; cat <&4; echo late; } & exec 5>` + fifo + `; exec 3>&-; echo first`
	if end, output := result(t, &plugin.Spec{Command: sh(script)}); end != (plugin.End{}) || output != "first\nlate\n" {
		t.Errorf("%+v %q", end, output)
	}
}

// TestEndedBefore: a run that is ended from outside has no result, and is killed.
func TestEndedBefore(t *testing.T) {
	processes := marked(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for len(processes()) == 0 && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	file, _, err := Run(ctx, &plugin.Spec{Name: "disk", Command: sh(`trap "" TERM; echo half; sleep 1000000`), Timeout: await.Limit})
	if file != nil || !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "plugin disk was ended") {
		t.Errorf("%q, %v", file, err)
	}
}

// TestStandardError: it is returned as it came, no more of it than of output.
func TestStandardError(t *testing.T) {
	marked(t)
	for script, want := range map[string]string{
		`echo OK; printf 'a\033\n' >&2; echo b >&2`: "a\x1b\nb\n",
		`yes >&2`: strings.Repeat("y\n", plugin.MaxOutput/2),
	} {
		if _, stderr, err := Run(t.Context(), &plugin.Spec{Command: sh(script), Timeout: await.Limit}); err != nil || string(stderr) != want {
			t.Errorf("%s: %q, %v", script, stderr, err)
		}
	}
}

// TestEnvironment: a plugin has what its unit sets, speaks English, and cannot speak for the runner to systemd.
func TestEnvironment(t *testing.T) {
	marked(t)
	for name, value := range map[string]string{"NOTIFY_SOCKET": "/run/a", "LISTEN_FDS": "1", "LISTEN_PID": "1", "LISTEN_FDNAMES": "a", "WATCHDOG_USEC": "1",
		"LANG": "de_DE.UTF-8", "LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de", "TMPDIR": "/tmp/a", "HOME": "/var/empty", "CREDENTIALS_DIRECTORY": "/run/c", "OWN": "x y"} {
		t.Setenv(name, value)
	}
	_, output := result(t, &plugin.Spec{Command: sh(`cat /proc/self/environ`)})
	env := strings.Split(output, "\x00")
	for _, want := range []string{"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "TMPDIR=/tmp/a", "HOME=/var/empty", "CREDENTIALS_DIRECTORY=/run/c", "OWN=x y"} {
		if !slices.Contains(env, want) {
			t.Errorf("no %s in %q", want, env)
		}
	}
	for _, v := range env {
		if name, _, _ := strings.Cut(v, "="); slices.Contains(notPassedOn, name) {
			t.Errorf("it has %s", v)
		}
	}
}

// TestDescriptors: a plugin has the three that it is given, whatever the runner has been started with.
func TestDescriptors(t *testing.T) {
	marked(t)
	inherited, err := unix.FcntlInt(uintptr(2), unix.F_DUPFD, 50) // not close-on-exec
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(inherited)
	script := fmt.Sprintf(`for fd in 0 1 2 %d; do [ -e /proc/self/fd/$fd ] && echo $fd; done; :`, inherited)
	if _, output := result(t, &plugin.Spec{Command: sh(script)}); output != "0\n1\n2\n" {
		t.Errorf("open: %q", output)
	}
}

// TestFailure: what could not be run is a result of one line.
func TestFailure(t *testing.T) {
	s := plugin.Spec{Name: "disk", Interval: time.Minute}
	r := s.Result(Failure(errors.New("the configuration\nis wrong")))
	if r.Status != plugin.Unknown || r.At == 0 || r.Text != "the configuration is wrong" || len(r.More) > 0 {
		t.Errorf("%+v", r)
	}
}
