//go:build !nokube

package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/plugin"
)

// pluginHost has a configuration with plugins, and the folder that systemd makes for the unit of each.
type pluginHost struct {
	t           *testing.T
	dir, config string
}

// newPluginHost has these entries of plugins.list.
func newPluginHost(t *testing.T, entries ...string) *pluginHost {
	t.Helper()
	config := "plugins:\n  list:\n"
	for _, e := range entries {
		config += "  - " + e + "\n"
	}
	return &pluginHost{t, t.TempDir(), writeFile(t, "config.yaml", config)}
}

// shell is an entry of plugins.list that runs a script.
func shell(name, kind, script string) string {
	return fmt.Sprintf("{name: %s, kind: %s, command: [/bin/sh, -c, %q]}", name, kind, script)
}

// folder returns that of a plugin.
func (h *pluginHost) folder(name string) string {
	h.t.Helper()
	dir := filepath.Join(h.dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		h.t.Fatal(err)
	}
	return dir
}

// try runs a plugin as in a shell.
func (h *pluginHost) try(name string) ran {
	h.t.Helper()
	return run(h.t, environment(h.t), "--plugin", name, "--config", h.config)
}

// unit runs a plugin as its unit does. The result is what a console reads of it.
func (h *pluginHost) unit(name string) (ran, plugin.Result) {
	h.t.Helper()
	r := run(h.t, environment(h.t, "RUNTIME_DIRECTORY="+h.folder(name)), "--plugin", name, "--config", h.config)
	return r, h.result(name)
}

func (h *pluginHost) result(name string) plugin.Result {
	h.t.Helper()
	return (&plugin.Spec{Name: name}).Result([]byte(readText(h.t, filepath.Join(h.folder(name), plugin.File))))
}

// TestPluginInUnit: the runner says nothing of its own, and is well when it could write down how the plugin is.
func TestPluginInUnit(t *testing.T) {
	t.Parallel()
	h := newPluginHost(t,
		shell("disk", "check", `echo "DISK CRITICAL | /=81%;80;90"; echo careful >&2; exit 2`),
		shell("odd", "check", `echo what; exit 127`),
		"{name: gone, command: [/nonexistent/check]}",
		`{name: slow, timeout: 1s, command: [/bin/sh, -c, "trap '' TERM; while :; do sleep 1000000; done"]}`,
		shell("flood", "check", `exec yes`))
	for _, c := range []struct {
		name, stderr, text string
		status             plugin.Status
	}{
		{"disk", "careful\n", "DISK CRITICAL", plugin.Critical},
		{"odd", "", "exit code 127: what", plugin.Unknown},
		{"gone", "", "/nonexistent/check: no such file or directory", plugin.Unknown},
		{"slow", "", "killed after ", plugin.Unknown},
		{"flood", "", "killed, as it printed more than 64 KiB", plugin.Unknown},
	} {
		r, result := h.unit(c.name)
		if r.code != exitFine || r.out != "" || r.stderr != c.stderr {
			t.Errorf("%s: exit code %d, %q, %q", c.name, r.code, r.out, r.stderr)
		}
		if result.Status != c.status || !strings.HasPrefix(result.Text, c.text) || result.At == 0 {
			t.Errorf("%s: %+v", c.name, result)
		}
	}
}

// TestPluginTried: in a shell it says what the console understands, and what is wrong, and writes nothing.
func TestPluginTried(t *testing.T) {
	t.Parallel()
	exporter := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "disk_temperature{device=\"sda\"} 51\ndisk_temperature{device=\"sdb\"} 42\n")
	}))
	defer exporter.Close()
	const screen = `{"v":1,"title":"Ceph","status":"warning","summary":"1 osd down","blocks":[{"kv":[["health","HEALTH_WARN"]]},` +
		`{"table":{"columns":["osd","used"],"rows":[["osd.3","81 %"]]}},{"gauge":{"label":"used","value":81,"of":100,"unit":"%"}},{"series":{"label":"iops","points":[1,2.5,3]}}]}`
	h := newPluginHost(t,
		shell("disk", "check", `printf 'DISK WARNING \033[31m| /=81%%;80;90;0;100 time=1.5s\nbehind\n'; echo careful >&2; exit 1`),
		shell("four", "check", `exit 4`),
		shell("mute", "check", `exit 0`),
		shell("nagios", "screen", `echo '{"v":1,"status":"critical"}'; exit 2`),
		shell("words", "metrics", `echo 'cannot connect'; exit 1`),
		fmt.Sprintf("{name: ceph, kind: screen, command: [/bin/sh, -c, %q]}", "echo '"+screen+"'"),
		shell("broken", "screen", `echo '{"v":1,'`),
		fmt.Sprintf(`{name: smart, kind: scrape, url: %s/metrics, metrics: [{metric: disk_temperature, label: disk, unit: C, warn: "50"}]}`, exporter.URL))
	for name, want := range map[string][]string{
		"disk":   {"status  warning\n", "text    DISK WARNING", "        behind\n", ", exit code 1\n", "figure  value  unit  warning  critical  min  max\n", "/       81     %     80       90        0    100\n", "standard error:\n  careful\n"},
		"four":   {"status  unknown\n", "text    exit code 4\n", "mend    a check ends with exit code 0"},
		"ceph":   {"status  warning\n", "text    1 osd down\n", "screen: Ceph\n", "health  HEALTH_WARN\n", "osd    used\n", "osd.3  81 %\n", "used  81 of 100 %\n", "iops    1 2.5 3"},
		"nagios": {"status  unknown\n", "text    exit code 2\n", "mend    a screen ends with exit code 0, however things are: that is its status\n"},
		"words":  {"status  unknown\n", "text    exit code 1: cannot connect\n", "mend    metrics end with exit code 0, however things are: warn and critical of the configuration say that\n"},
		"mute":   {"status  ok\n", "text    (it printed nothing)\n"},
		"broken": {"status  unknown\n"},
		"smart":  {"status  warning\n", "51 ", "42 ", " 50 "},
	} {
		r := h.try(name)
		if r.code != exitFine || strings.ContainsRune(r.out, '\x1b') {
			t.Errorf("%s: exit code %d, %q", name, r.code, r.out)
		}
		if note := os.Geteuid() == 0; note != strings.Contains(r.stderr, "it ran as root") || !note && r.stderr != "" {
			t.Errorf("%s: %q", name, r.stderr)
		}
		lines := strings.ReplaceAll(r.out, " \n", "\n")
		for strings.Contains(lines, " \n") {
			lines = strings.ReplaceAll(lines, " \n", "\n")
		}
		if name == "nagios" && strings.Contains(lines, "screen:") {
			t.Errorf("a screen of nothing is shown:\n%s", r.out)
		}
		for _, w := range want {
			if !strings.Contains(lines, w) {
				t.Errorf("%s: no %q in\n%s", name, w, r.out)
			}
		}
	}
	if files, err := os.ReadDir(h.dir); err != nil || len(files) > 0 {
		t.Errorf("%v, %v", files, err)
	}
}

// TestPluginNotConfigured: what is wrong is said, and where a console looks for a result.
func TestPluginNotConfigured(t *testing.T) {
	t.Parallel()
	h := newPluginHost(t, shell("load", "check", "exit 0"), shell("disk", "check", "exit 0"))
	bad := newPluginHost(t, "{name: disk, command: [check_disk]}")
	empty := &pluginHost{t, t.TempDir(), writeFile(t, "config.yaml", "")}
	missing := &pluginHost{t, t.TempDir(), "/nonexistent/config.yaml"}
	for _, c := range []struct {
		h          *pluginHost
		name, want string
	}{
		{h, "dusk", `there is no plugin "dusk": plugins.list of ` + h.config + ` has disk, load`},
		{empty, "disk", `there is no plugin "disk": plugins.list of ` + empty.config + ` is empty`},
		{bad, "disk", "config.yaml:3: "},
		{missing, "disk", "/nonexistent/config.yaml: no such file"},
	} {
		tried := c.h.try(c.name)
		r, result := c.h.unit(c.name)
		for _, r := range []ran{tried, r} {
			if r.code != exitFailure || r.out != "" || !strings.HasPrefix(r.stderr, "hypervisor-tui: ") || !strings.Contains(r.stderr, c.want) {
				t.Errorf("%s: exit code %d, %q, %q, want %q", c.name, r.code, r.out, r.stderr, c.want)
			}
		}
		if result.Status != plugin.Unknown || result.At == 0 || !strings.Contains(result.Text, c.want) {
			t.Errorf("%s: the console reads %q, want %q", c.name, result.Text, c.want)
		}
	}
	for _, folder := range []string{h.dir, "/nonexistent/disk", "/dev/null/disk"} {
		r := run(t, environment(t, "RUNTIME_DIRECTORY="+folder), "--plugin", "disk", "--config", h.config)
		if r.code != exitFailure || r.out != "" || !strings.Contains(r.stderr, folder) {
			t.Errorf("%s: exit code %d, %q, %q", folder, r.code, r.out, r.stderr)
		}
	}
	if r := run(t, environment(t, "RUNTIME_DIRECTORY=/run/other:"+h.folder("disk")), "--plugin", "disk", "--config", h.config); r.code != exitFine {
		t.Errorf("of two folders: exit code %d, %q", r.code, r.stderr)
	}
	if result := h.result("disk"); result.Status != plugin.OK {
		t.Errorf("%+v", result)
	}
}

// startPlugin starts the runner of the plugin slow, which a script is, and returns it with the pid that the script has written down.
func startPlugin(t *testing.T, h *pluginHost) (runner *exec.Cmd, stderr *bytes.Buffer, pid int) {
	t.Helper()
	stderr = new(bytes.Buffer)
	runner = exec.Command(program(t, ""), "--plugin", "slow", "--config", h.config)
	runner.Env, runner.Stderr, runner.WaitDelay = environment(t, "RUNTIME_DIRECTORY="+h.folder("slow"), "PID_FILE="+h.dir+"/pid"), stderr, await.Limit
	if err := runner.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = runner.Process.Kill() })
	await.Until(t, "the plugin", func() bool {
		text, _ := os.ReadFile(h.dir + "/pid")
		n, _ := fmt.Sscanf(string(text), "%d\n", &pid)
		return n == 1 && bytes.HasSuffix(text, []byte("\n"))
	})
	return runner, stderr, pid
}

// gone reports whether a process has ended.
func gone(pid int) bool { return syscall.Kill(pid, 0) == syscall.ESRCH }

// TestPluginRunnerEnded: a runner that is ended takes its plugin with it; the result of before stays.
func TestPluginRunnerEnded(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT} {
		h := newPluginHost(t, shell("slow", "check", `trap "" TERM INT HUP QUIT; echo half; echo $$ > "$PID_FILE"; while :; do sleep 1000000; done`))
		before := filepath.Join(h.folder("slow"), plugin.File)
		if err := os.WriteFile(before, []byte("before"), 0o600); err != nil {
			t.Fatal(err)
		}
		runner, stderr, pid := startPlugin(t, h)
		if err := runner.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		err := runner.Wait()
		if code := runner.ProcessState.ExitCode(); code != exitFailure || !strings.Contains(stderr.String(), "was ended before it was done") {
			t.Errorf("%v: exit code %d, %v, %q", signal, code, err, stderr)
		}
		await.Until(t, "the end of the plugin", func() bool { return gone(pid) })
		if files, err := os.ReadDir(h.folder("slow")); err != nil || len(files) != 1 || readText(t, before) != "before" {
			t.Errorf("%v: %v, %v", signal, files, err)
		}
	}
}

// TestPluginCannotBeKilled: one that the kernel does not let die, as on a network disk that is gone, is a timeout and not waited for.
func TestPluginCannotBeKilled(t *testing.T) {
	t.Parallel()
	h := newPluginHost(t, `{name: slow, timeout: 5s, command: [/bin/sh, -c, "echo half; echo $$ > $PID_FILE; while :; do sleep 1000000; done"]}`)
	runner, _, pid := startPlugin(t, h)
	// Nobody is told of the end of a process that is traced before its tracer has taken note of it. A tracer is a thread.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := syscall.PtraceAttach(pid); err != nil {
		_ = runner.Process.Kill()
		_ = syscall.Kill(-pid, syscall.SIGKILL)
		t.Skip("no process can be traced here: ", err)
	}
	if err := runner.Wait(); err != nil {
		t.Error(err)
	}
	if gone(pid) {
		t.Error("it could be killed")
	}
	if r := h.result("slow"); r.Status != plugin.Unknown || !strings.HasPrefix(r.Text, "killed after ") || !strings.HasSuffix(r.Text, "half") {
		t.Errorf("%+v", r)
	}
	await.Until(t, "the end of the plugin", func() bool {
		var status unix.WaitStatus // it is ours to take note of; whoever it was left to may never
		ended, err := unix.Wait4(pid, &status, unix.WNOHANG, nil)
		return err == nil && ended == pid && status.Signaled()
	})
}
