package nixos_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"hypervisor-tui/internal/await"
	"hypervisor-tui/plugin"
)

const (
	pluginUID = 995
	debian    = "/usr/lib/nagios/plugins/"
	checkDisk = debian + "check_disk"
)

// realChecks are run by their units and beside them, with the state that each has in here.
var realChecks = []struct {
	name, command string
	status        plugin.Status
	figures       int
}{
	{"disk", "check_disk -w 0% -c 0% -p /", plugin.OK, 1},
	{"full", "check_disk -w 100% -c 0% -p / -p /run", plugin.Warning, 2},
	{"load", "check_load -w 1000000,1000000,1000000 -c 1000000,1000000,1000000", plugin.OK, 3},
	{"swap", "check_swap -w 0% -c 0% -n ok", plugin.OK, 1},
	{"procs", "check_procs -w 1000000 -c 0:0", plugin.Critical, 1},
	{"users", "check_users -w 1000000 -c 2000000", plugin.OK, 1},
	{"ping", "check_ping -H 127.0.0.1 -w 100000,100% -c 200000,100% -p 1", plugin.OK, 2},
	{"tcp", "check_tcp -H 127.0.0.1 -p 1", plugin.Critical, 0},
	{"ssh", "check_ssh -p 1 127.0.0.1", plugin.Critical, 0},
	{"cluster", "check_cluster -s -d 0,0,1,2 -w 0 -c 1", plugin.Critical, 0},
	{"fine", "check_dummy 0 fine", plugin.OK, 0},
	{"dummy", "check_dummy 3", plugin.Unknown, 0},
}

// evil are plugins that do what they should not, and what F5 says of each.
var evil = []struct {
	name, script string
	says         string // a pattern of status and text
	failed       bool   // the runner could not write it down
}{
	{"hang", `trap "" TERM HUP INT; echo a; while :; do sleep 1000; done`, "^unknown killed after .*as it did not end: a$", false},
	{"flood", `yes flooded | head -c 1000000000`, "^unknown killed, as it printed more than 64 KiB", false},
	{"orphan", `setsid sh -c 'trap "" TERM HUP; exec sleep 1000001' & echo OK - left one; exit 0`, "^ok OK - left one$", false},
	{"deaf", `trap "" TERM HUP; setsid sh -c 'trap "" TERM HUP; while :; do sleep 1000002; done' >/dev/null 2>&1 </dev/null & echo OK; exit 0`, "^ok OK$", false},
	{"bomb", `b() { b | b & }; b; echo bombed; sleep 1000`, "^unknown ", false},
	{"missing", `exec /nonexistent/check`, "^unknown exit code 127: .*not found", false},
	{"escape", `printf 'OK \033[31mred\033]0;title\007\n'; echo "told $(id -u)" >&2; exit 0`, "^ok OK red", false},
	{"intruder", `for r in /run/hypervisor-tui-plugins/dummy/result /run/hypervisor-tui-plugins/dummy/new /run/hypervisor-tui-plugins/new /etc/new /var/lib/new; do
		if (echo a >$r) 2>/dev/null; then echo "CRITICAL - wrote $r"; exit 2; fi; done; echo OK - nothing written`, "^ok OK - nothing written$", false},
	{"squatter", `mkdir -p "$RUNTIME_DIRECTORY/result/a"; echo OK`, "^unknown it is no regular file .*/run/hypervisor-tui-plugins/squatter/result", true},
	{"linker", `ln -sfn /etc/shadow "$RUNTIME_DIRECTORY/result"; kill -9 $PPID; sleep 1000`, "^unknown it is a link .*/run/hypervisor-tui-plugins/linker/result", true},
	{"pipe", `mkfifo "$RUNTIME_DIRECTORY/result"; kill -9 $PPID; sleep 1000`, "^unknown it is no regular file .*/run/hypervisor-tui-plugins/pipe/result", true},
	{"hog", `head -c 200000000 /dev/zero | tail -n 1 | wc -c; exit 1`, "^(warning 0|unknown signal 9)", false},
}

// pluggedIn is a machine with the real checks, and these.
func pluggedIn(evil ...string) string {
	var b strings.Builder
	add := func(name, timeout string, command ...string) {
		fmt.Fprintf(&b, "%s = { interval = \"1h\"; timeout = %q; command = [", name, timeout)
		for _, word := range command {
			fmt.Fprintf(&b, " ''%s''", strings.ReplaceAll(word, "${", "''${"))
		}
		b.WriteString(" ]; };\n")
	}
	for _, c := range realChecks {
		words := strings.Fields(c.command)
		add(c.name, "2m", append([]string{debian + words[0]}, words[1:]...)...)
	}
	for i := 0; i < len(evil); i += 2 {
		timeout := "2m"
		if name := evil[i]; name == "hang" || name == "bomb" {
			timeout = "1s"
		}
		add(evil[i], timeout, "/bin/sh", "-c", evil[i+1])
	}
	return "services.hypervisor-tui.plugins = {\n" + b.String() + "};"
}

// shown is what --json says of a plugin.
type shown struct {
	Name, Kind, Status, Text string
	Silent                   bool
	Age                      *float64 `json:"age_seconds"`
	Figures                  []struct {
		Label, Unit string
		Value       *float64
	}
}

// checks returns what the console says of the plugins, as its own user sees it.
func (s *system) checks() map[string]shown {
	s.t.Helper()
	out, err := s.command(s.asUser(consoleUID, consoleUID, "/pkgs/hypervisor-tui/bin/hypervisor-tui", "--once", "--json", "--config", "/etc/hypervisor-tui/config.yaml")...).Output()
	if err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
	var told struct{ Checks []shown }
	if err := json.Unmarshal(out, &told); err != nil {
		s.t.Fatal(err)
	}
	all := map[string]shown{}
	for _, c := range told.Checks {
		all[c.Name] = c
	}
	return all
}

func pluginService(name string) string { return "hypervisor-tui-plugin@" + name + ".service" }

// runPlugin starts the unit of a plugin, waits until it has ended, and holds that nothing of it is left.
func (s *system) runPlugin(name string) {
	s.t.Helper()
	s.ask("start", pluginService(name)) // it says so where the unit fails
	s.await(name+" has ended", func() bool {
		state := s.state(pluginService(name))
		return state == "inactive/dead" || state == "failed/failed"
	})
	if left := s.run("ps", "-u", fmt.Sprint(pluginUID), "-o", "pid=,args="); strings.TrimSpace(strings.TrimSuffix(left, "(exit status 1)")) != "" {
		s.t.Errorf("of %s there is left\n%s", name, left)
	}
}

// plugins are run as the module's units run them.
func plugins(s *system) {
	digits := regexp.MustCompile(`[0-9.]+`)
	s.step("by their timers", func() {
		s.console()
		for _, c := range realChecks {
			s.await(c.name+" has run", func() bool { return exists(s.root + plugin.Directory + "/" + c.name + "/" + plugin.File) })
		}
		for path, want := range map[string]string{
			plugin.Directory: "drwxr-xr-x 0", plugin.Directory + "/dummy": "drwxr-xr-x 995", plugin.Directory + "/dummy/" + plugin.File: "-rw-r--r-- 995",
		} {
			if got := s.owner(path); got != want {
				s.t.Errorf("%s is %s, want %s", path, got, want)
			}
		}
		s.do("stop", "hypervisor-tui-plugin@*.timer") // from here on one at a time
		s.await("none runs", func() bool {
			return s.ask("list-units", "--state=activating,deactivating", "hypervisor-tui-plugin@*.service") == ""
		})
	})
	s.step("real checks", func() {
		for _, c := range realChecks {
			s.runPlugin(c.name)
		}
		all := s.checks()
		for _, c := range realChecks {
			words := strings.Fields(c.command)
			beside := s.command(s.asUser(pluginUID, pluginUID, append([]string{debian + words[0]}, words[1:]...)...)...)
			output, _ := beside.Output() // the exit code is the state
			h := plugin.Header{Began: time.Second, End: plugin.End{Code: uint8(beside.ProcessState.ExitCode())}}
			spec := plugin.Spec{Name: c.name}
			want, got := spec.Result(append(h.Append(nil), output...)), all[c.name]
			if got.Status != want.Status.String() || got.Status != c.status.String() || digits.ReplaceAllString(got.Text, "N") != digits.ReplaceAllString(want.Text, "N") ||
				got.Silent || got.Age == nil || len(got.Figures) != len(want.Figures) || len(got.Figures) != c.figures {
				s.t.Errorf("%s is %+v\nby itself it says, with exit code %d, %s", c.command, got, beside.ProcessState.ExitCode(), output)
				continue
			}
			for i, f := range got.Figures {
				w := want.Figures[i]
				if f.Label != w.Label || f.Unit != w.Unit || f.Value == nil || (*f.Value == 0) != (w.Value == 0) && c.name != "load" {
					s.t.Errorf("%s: %+v, by itself it says %s", c.command, f, output)
				}
			}
		}
		// Sizes are those of the host, not of what the sandbox has in their places.
		file, err := os.ReadFile(s.root + plugin.Directory + "/full/" + plugin.File)
		if err != nil {
			s.t.Fatal(err)
		}
		beside, _ := s.command(checkDisk, "-w", "100%", "-c", "0%", "-p", "/", "-p", "/run").Output()
		most := regexp.MustCompile(`B;[0-9]*;[0-9]*;0;[0-9]+`)
		if got, want := most.FindAllString(string(file), -1), most.FindAllString(string(beside), -1); len(want) != 2 || !reflect.DeepEqual(got, want) {
			s.t.Errorf("in the unit there are %q, and beside it %q", got, want)
		}
	})
	s.step("F5", func() {
		s.keys(s.tty1, "5")
		s.shows(s.tty1, "check_dummy"[6:])
		s.await("F5 has the checks", func() bool {
			text := s.tty1.text()
			return strings.Contains(text, "critical") && strings.Contains(text, "CLUSTER CRITICAL")
		})
		s.keys(s.tty1, "2")
	})
	s.step("the journal", func() {
		if said := s.run("journalctl", "-b", "--no-pager", "-o", "cat", "-u", pluginService("dummy")); strings.Trim(said, "\n") != "" && !strings.HasPrefix(said, "-- No entries") {
			s.t.Errorf("of a plugin that has nothing to say the journal has %s", said)
		}
	})
	s.step("evil", func() {
		bounded := s.boundTasks(200)
		var scripts []string
		for _, e := range evil {
			if e.name != "bomb" || bounded {
				scripts = append(scripts, e.name, e.script)
			}
		}
		s.switchTo(evaluateModule(s.t, pluggedIn(scripts...)))
		s.oneAtATime()
		for _, e := range evil {
			if !slices.Contains(scripts, e.name) {
				s.t.Logf("%s: no tasks can be bounded in here", e.name)
				continue
			}
			s.runPlugin(e.name)
			if failed := s.state(pluginService(e.name)) == "failed/failed"; failed != e.failed {
				s.t.Errorf("%s: failed is %v: %s", e.name, failed, s.run("journalctl", "-b", "--no-pager", "-o", "cat", "-n", "5", "-u", pluginService(e.name)))
			}
		}
		s.runPlugin("dummy")
		all := s.checks()
		for _, e := range evil {
			got := all[e.name]
			if !slices.Contains(scripts, e.name) {
				continue
			}
			if e.name == "hog" && s.show("MemoryPeak", pluginService("dummy")) == "[not set]" {
				s.t.Log("no memory can be bounded in here")
				continue
			}
			if said := got.Status + " " + got.Text; !regexp.MustCompile(e.says).MatchString(said) {
				s.t.Errorf("%s: %q, want %s", e.name, said, e.says)
			}
		}
		if got := all["dummy"]; got.Status != "unknown" || got.Age == nil || got.Text != "UNKNOWN" {
			s.t.Errorf("one beside them is %+v", got)
		}
		if said := s.run("journalctl", "-b", "--no-pager", "-o", "cat", "-u", pluginService("escape")); !strings.Contains(said, fmt.Sprint("told ", pluginUID)) {
			s.t.Errorf("what it says on standard error is not in the journal: %s", said)
		}
		s.do("reset-failed")
		s.console()
	})
	s.step("off", func() {
		s.switchTo(evaluateModule(s.t, ""))
		if all := s.checks(); len(all) > 0 {
			s.t.Errorf("there still are %v", all)
		}
		if got := s.ask("list-units", "--all", "hypervisor-tui-plugin@*.timer"); got != "" {
			s.t.Errorf("there still are %s", got)
		}
	})
}

// oneAtATime stops the timers of plugins, and waits until none runs.
func (s *system) oneAtATime() {
	s.t.Helper()
	s.do("stop", "hypervisor-tui-plugin@*.timer")
	s.await("none runs", func() bool {
		return s.ask("list-units", "--state=activating,deactivating", "hypervisor-tui-plugin@*.service") == ""
	})
}

// boundTasks reports whether a unit cannot have more tasks than it may. Where the kernel counts them in cgroups of version 1 alone,
// systemd can bound none, and all that PID 1 starts from now on is bounded together.
func (s *system) boundTasks(most int) bool {
	s.t.Helper()
	if controllers, err := os.ReadFile(s.root + "/sys/fs/cgroup/cgroup.controllers"); err == nil && strings.Contains(string(controllers), "pids") {
		return true
	}
	group, err := os.MkdirTemp("/sys/fs/cgroup/pids", "hypervisor-tui-test")
	if err != nil {
		return false
	}
	s.t.Cleanup(func() {
		_ = os.WriteFile("/sys/fs/cgroup/pids/cgroup.procs", []byte(fmt.Sprint(s.cmd.Process.Pid)), 0o644)
		await.Until(s.t, "removed: "+group, func() bool { return os.Remove(group) == nil })
	})
	return errors.Join(os.WriteFile(group+"/pids.max", []byte(fmt.Sprint(most)), 0o644),
		os.WriteFile(group+"/cgroup.procs", []byte(fmt.Sprint(s.cmd.Process.Pid)), 0o644)) == nil
}

// owner is the mode and the user of a file in the machine.
func (s *system) owner(path string) string {
	s.t.Helper()
	return strings.TrimSpace(strings.TrimSuffix(s.run("stat", "-c", "%A %u", filepath.Clean(path)), "\n"))
}
