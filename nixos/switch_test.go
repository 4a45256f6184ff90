package nixos_test

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// systemds are the units of systemd's own that a machine has something to say about.
var systemds = map[string]bool{"getty@.service": true, "serial-getty@.service": true, "autovt@.service": true, "rescue.service": true}

// files are those of m below /etc, by path: of a link its target after a @. What NixOS has to say about a unit of systemd's
// is in a drop-in, which always has the same name.
func (m *machine) files() map[string]string {
	const folder = "systemd/system/"
	files := map[string]string{folder + "getty.target.wants/autovt@tty1.service": "@../autovt@tty1.service"}
	for ext, units := range map[string]map[string]unit{".service": m.Services, ".socket": m.Sockets, ".timer": m.Timers, ".path": m.Paths} {
		for name, u := range units {
			path := folder + name + ext
			switch {
			case u.Enable != nil && !*u.Enable:
				files[path] = "@/dev/null"
				continue
			case systemds[name+ext]:
				path += ".d/overrides.conf"
			case u.Description == "":
				continue // the conditions of all that is said of it are false
			}
			files[path] = u.text()
			for _, target := range u.WantedBy {
				files[folder+target+".wants/"+name+ext] = "@../" + name + ext
			}
			if u.Script != "" {
				script := "scripts/" + name
				files[script] = "set -e\n" + u.Script
				files[path] = strings.Replace(files[path], "/bin/sh script", "/bin/sh /etc/"+script, 1)
			}
		}
	}
	for path, text := range m.Etc {
		switch {
		case text == "/dev/null":
			files[path] = "@" + text
		case text == "":
			continue // so are those of this file
		case strings.HasPrefix(path, "hypervisor-tui/"):
			maps.DeleteFunc(m.Settings, func(_ string, v any) bool { return v == nil }) // what nothing defines
			settings, err := json.Marshal(m.Settings)
			if err != nil {
				panic(err)
			}
			files[path] = string(settings)
		default:
			files[path] = text
		}
	}
	return files
}

// template is the unit file that name is an instance of, or "".
func template(name string) string {
	prefix, instance, is := strings.Cut(name, "@")
	if ext := filepath.Ext(instance); is && instance != ext {
		return prefix + "@" + ext
	}
	return ""
}

// sections are the keys of a unit file and their values, by section.
func sections(text string) map[string]map[string][]string {
	all := map[string]map[string][]string{}
	var section map[string][]string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			if section = all[line]; section == nil {
				section = map[string][]string{}
				all[line] = section
			}
		} else if key, value, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
			section[key] = append(section[key], value)
		}
	}
	return all
}

// unread are the keys of [Unit] that NixOS' switch takes no notice of.
var unread = strings.Fields(`X-Reload-Triggers Description Documentation OnFailure OnSuccess OnFailureJobMode IgnoreOnIsolate
	StopWhenUnneeded RefuseManualStart RefuseManualStop AllowIsolate CollectMode SourcePath`)

// change is what NixOS' switch-to-configuration does to an active unit whose file was old and is new: "", reload, skip,
// restart, or stop for a unit that is gone. (It stops a service first and starts it later, which is a restart too.)
func change(name, old, new string) string {
	if old == new {
		return ""
	}
	if new == "" || new == "@/dev/null" {
		return "stop"
	}
	was, is := sections(old), sections(new)
	triggers := !slices.Equal(was["[Unit]"]["X-Reload-Triggers"], is["[Unit]"]["X-Reload-Triggers"])
	for _, key := range unread {
		delete(was["[Unit]"], key)
		delete(is["[Unit]"], key)
	}
	equal := func(a, b map[string][]string) bool { return maps.EqualFunc(a, b, slices.Equal) }
	yes := func(key string) bool { return slices.Equal(is["[Service]"][key], []string{"true"}) }
	switch ext := filepath.Ext(name); {
	case maps.EqualFunc(was, is, equal):
		if triggers {
			return "reload"
		}
		return ""
	case ext == ".path" || ext == ".slice" || ext == ".socket" || ext == ".target":
		return ""
	case yes("X-ReloadIfChanged"):
		return "reload"
	case slices.Equal(is["[Service]"]["X-RestartIfChanged"], []string{"false"}):
		return "skip"
	}
	return "restart"
}

// unitFile is all that files have to say about a unit.
func unitFile(files map[string]string, name string) string {
	var b strings.Builder
	for _, n := range []string{template(name), name} {
		if n != "" {
			b.WriteString(files["systemd/system/"+n] + files["systemd/system/"+n+".d/overrides.conf"])
		}
	}
	return b.String()
}

// switchTo is nixos-rebuild switch, as far as units go. (Of sockets that are not active it stops and starts none, where this
// does.) It returns what was done to those that were active.
func (s *system) switchTo(m *machine) (done []string) {
	s.t.Helper()
	files := m.files()
	names := map[string][]string{}
	for line := range strings.Lines(s.ask("list-units", "--state=active,activating")) {
		name := strings.Fields(line)[0]
		if filepath.Ext(name) == ".target" && s.show("RefuseManualStart", name) == "no" {
			names["start"] = append(names["start"], name)
		}
		if act := change(name, unitFile(s.files, name), unitFile(files, name)); act != "" {
			done = append(done, act+" "+name)
			sockets := strings.Fields(strings.Join(sections(unitFile(files, name))["[Service]"]["Sockets"], " "))
			if act == "restart" && len(sockets) > 0 { // it starts with what wants it, when its sockets are there
				names["stop"] = append(append(names["stop"], name), sockets...)
				names["start"] = append(names["start"], sockets...)
				continue
			}
			names[act] = append(names[act], name)
		}
	}
	do := func(act string) {
		if len(names[act]) > 0 {
			s.do(append([]string{act}, names[act]...)...)
		}
	}
	do("stop")
	s.lay(s.root+"/etc", files)
	s.do("reset-failed")
	s.do("daemon-reload")
	do("reload")
	do("restart")
	do("start")
	slices.Sort(done)
	return done
}

// TestSwitchRule is what the tests below take NixOS to do.
func TestSwitchRule(t *testing.T) {
	const unit = "[Unit]\nDescription=a\nX-Restart-Triggers=1\n[Service]\nExecStart=/a\n"
	replaced := func(old, new string) string { return strings.Replace(unit, old, new, 1) }
	for _, c := range []struct{ name, new, want string }{
		{"a.service", unit, ""},
		{"a.service", replaced("=a", "=b"), ""},
		{"a.service", replaced("/a", "/b"), "restart"},
		{"a.service", replaced("Triggers=1", "Triggers=2"), "restart"},
		{"a.service", replaced("X-Restart", "X-Reload-Triggers=1\nX-Restart"), "reload"},
		{"a.service", replaced("/a", "/b\nX-ReloadIfChanged=true"), "reload"},
		{"a.service", replaced("/a", "/b\nX-RestartIfChanged=false"), "skip"},
		{"a.timer", replaced("/a", "/b"), "restart"},
		{"a.path", replaced("/a", "/b"), ""},
		{"a.service", "", "stop"},
		{"a.service", "@/dev/null", "stop"},
	} {
		if got := change(c.name, unit, c.new); got != c.want {
			t.Errorf("for %s it is %q, want %q, when it becomes\n%s", c.name, got, c.want, c.new)
		}
	}
}

// TestSwitchRestartsNothing: whatever option of the console is changed, the running one reads its configuration again, and
// neither what starts it nor a login prompt is touched.
func TestSwitchRestartsNothing(t *testing.T) {
	const base = `services.hypervisor-tui.serial.ttys = [ "ttyS0" ]; services.hypervisor-tui.`
	reloads := map[string]bool{
		`enable = true;`: false,
		`package = { outPath = "/other"; name = "x"; };`: true,
		`screen = "logs";`:                   true,
		`theme = "mono";`:                    true,
		`settings.thresholds.cpu.warn = 50;`: true,
		`logBufferSize = 20000;`:             true,
		`apiAddresses = [ "any" ];`:          true,
		`peers = { enable = true; caFile = "/a"; certFile = "/c"; keyFile = "/k"; nodes.hv2 = "192.0.2.12"; };`: true,
		`prometheus.url = "http://192.0.2.5:9090";`:                                                             true,
		`kubeconfigPath = "/root/other";`:                                                                       false,
		`login.enable = true;`:                                                                                  true,
		`rescue = { enable = true; login = "tty3"; };`:                                                          false,
		`kiosk.maskKeys = false;`:                                                                               false,
		`podLogs.enable = true;`:                                                                                false,
		`ssh = { enable = true; authorizedKeys = [ ]; };`:                                                       false,
	}
	all := slices.Sorted(maps.Keys(reloads))
	configurations := []string{base + "tty = \"tty1\";"}
	for _, option := range all {
		configurations = append(configurations, strings.ReplaceAll(base+option, "services.hypervisor-tui.enable = true;", ""))
	}
	machines := evaluateModules(t, configurations...)
	for i, option := range all {
		for _, way := range [][2]*machine{{machines[0], machines[i+1]}, {machines[i+1], machines[0]}} {
			old, new := way[0].files(), way[1].files()
			for _, name := range []string{"hypervisor-tui@tty1.service", "hypervisor-tui@ttyS0.service"} {
				want := map[bool]string{true: "reload"}[reloads[option]]
				if got := change(name, unitFile(old, name), unitFile(new, name)); got != want {
					t.Errorf("%s: a switch does %q to %s, want %q", option, got, name, want)
				}
			}
			for _, name := range []string{"hypervisor-tui@tty1.timer", "hypervisor-tui@ttyS0.timer"} {
				if got := change(name, unitFile(old, name), unitFile(new, name)); got != "" {
					t.Errorf("%s: a switch does %q to %s", option, got, name)
				}
			}
			for _, name := range []string{"hypervisor-tui-getty@ttyS0.service", "getty@tty1.service"} {
				if got := change(name, unitFile(old, name), unitFile(new, name)); got != "" && got != "skip" {
					t.Errorf("%s: a switch does %q to %s", option, got, name)
				}
			}
		}
	}
}
