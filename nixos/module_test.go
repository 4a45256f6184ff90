package nixos_test

import (
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hypervisor-tui/console/config"
)

// machine is what the module makes of a configuration: see testdata/standin.nix.
type machine struct {
	Failed, Warnings        []string
	Refused                 []string // options with values that they do not take
	SSHD                    string
	Services, Timers, Paths map[string]unit
	Sockets                 map[string]unit
	Level                   int
	Settings                map[string]any
	Etc                     map[string]string
	Users                   map[string]struct {
		Group, Shell string
		ExtraGroups  []string
	}
	Groups   []string
	Ports    []int                     // that the firewall lets through
	Tmpfiles map[string]map[string]any // by path
	Own      map[string]string         // what the machine's owner has put there, by path; see boot
}

// evaluateModules gives what the module makes of each of some NixOS configurations that enable it.
func evaluateModules(t *testing.T, configurations ...string) []*machine {
	t.Helper()
	b := new(strings.Builder)
	for _, c := range configurations {
		fmt.Fprintf(b, " { services.hypervisor-tui.enable = true; %s }", c)
	}
	var machines []*machine
	evaluate(t, fmt.Sprintf("map (import ./testdata/standin.nix) [ %s ]", b), &machines)
	return machines
}

func evaluateModule(t *testing.T, configuration string) *machine {
	t.Helper()
	return evaluateModules(t, configuration)[0]
}

// folders are the rules of tmpfiles that make folders of the console's own.
func (m *machine) folders() string {
	b := new(strings.Builder)
	for path, rules := range m.Tmpfiles {
		if d, _ := rules["d"].(map[string]any); d != nil && strings.Contains(path, "/hypervisor-tui") {
			fmt.Fprintln(b, "d", path, d["mode"], d["user"], d["group"])
		}
	}
	return b.String()
}

func (m *machine) masked() (units []string) {
	for name, s := range m.Services {
		if s.Enable != nil && !*s.Enable {
			units = append(units, name)
		}
	}
	slices.Sort(units)
	return units
}

func (m *machine) consoles() (ttys []string) {
	for name := range m.Timers {
		ttys = append(ttys, strings.TrimPrefix(name, "hypervisor-tui@"))
	}
	slices.Sort(ttys)
	return ttys
}

// serial is a machine with two terminals that can be left for a login.
const serial = `services.hypervisor-tui.serial.ttys = [ "ttyS0" ]; services.hypervisor-tui.login.enable = true;`

// TestModuleTerminals: each console has a timer that starts it, no target wants the console itself, and the prompt that
// would be on its terminal is masked, whatever an image says of it.
func TestModuleTerminals(t *testing.T) {
	for configuration, want := range map[string]struct{ consoles, masked []string }{
		"": {[]string{"tty1"}, []string{"autovt@tty1"}},
		serial + `systemd.services."serial-getty@ttyS0".enable = true;`: {
			[]string{"tty1", "ttyS0"}, []string{"autovt@tty1", "serial-getty@ttyS0"},
		},
		serial + `services.hypervisor-tui.tty = null;`:                                          {[]string{"ttyS0"}, []string{"serial-getty@ttyS0"}},
		serial + `services.hypervisor-tui.rescue.active = true;`:                                {[]string{"tty1", "ttyS0"}, []string{"autovt@tty1", "serial-getty@ttyS0"}},
		serial + `services.hypervisor-tui = { rescue.active = true; rescue.login = "ttyS0"; };`: {[]string{"tty1"}, []string{"autovt@tty1"}},
	} {
		m := evaluateModule(t, configuration)
		if len(m.Failed) > 0 || !slices.Equal(m.consoles(), want.consoles) || !slices.Equal(m.masked(), want.masked) {
			t.Errorf("%q: failed %q, consoles %q, masked %q; want %q and %q", configuration, m.Failed, m.consoles(), m.masked(), want.consoles, want.masked)
		}
		for _, tty := range m.consoles() {
			if wanted := m.Services["hypervisor-tui@"+tty].WantedBy; len(wanted) > 0 {
				t.Errorf("%q: %q want the console on %s, and a switch would start it over a login", configuration, wanted, tty)
			}
			if wanted := m.Timers["hypervisor-tui@"+tty].WantedBy; !slices.Contains(wanted, "getty.target") {
				t.Errorf("%q: %q want the timer of %s", configuration, wanted, tty)
			}
		}
	}
}

// TestModuleKeepsDropIns: NixOS calls each drop-in overrides.conf, and one of an instance takes the place of the
// template's with the same name. Those templates have their ExecStart in such a file: without it upstream's /sbin/agetty
// counts, which NixOS has not.
func TestModuleKeepsDropIns(t *testing.T) {
	instance := regexp.MustCompile(`^(getty|serial-getty|autovt|container-getty)@.`)
	for _, configuration := range []string{"", serial, serial + `services.hypervisor-tui.rescue.active = true;`} {
		m := evaluateModule(t, configuration)
		for name, s := range m.Services {
			if instance.MatchString(name) && (s.Enable == nil || *s.Enable) {
				t.Errorf("%q: %s gets a drop-in of its own", configuration, name)
			}
		}
		var hooks []string
		for _, name := range []string{"getty@", "hypervisor-tui-getty@ttyS0"} {
			if hook := m.Services[name].ServiceConfig["ExecStopPost"]; hook != nil {
				hooks = append(hooks, fmt.Sprint(hook))
			}
		}
		handback := "-/pkgs/hypervisor-tui-handback/bin/hypervisor-tui-handback "
		want := []string{"[" + handback + "%i]", handback + "ttyS0"}
		if configuration != serial {
			want = nil
		}
		if !slices.Equal(hooks, want) {
			t.Errorf("%q: a prompt that ends runs %q, want %q", configuration, hooks, want)
		}
	}
}

// TestModuleRefuses: what cannot work together ends the evaluation with a sentence; what only looks alike does not.
func TestModuleRefuses(t *testing.T) {
	const (
		nowhere = "has nowhere to draw"
		takes   = " takes too"
		noGetty = "has no login prompt there"
		shuts   = "shuts its user console out"
		small   = `services.hypervisor-tui.package = { name = "small"; outPath = "/pkgs/small"; meta.mainProgram = "hypervisor-tui"; withKube = false; override = _: { }; };`
		own     = `services.hypervisor-tui.attach.enable = false;`
		ssh     = `services.openssh.enable = true; services.hypervisor-tui.ssh = { enable = true; authorizedKeys = [ "ssh-ed25519 AAAA" ]; };`
	)
	cases := map[string]string{
		"services.hypervisor-tui.tty = null;":                                                                           nowhere,
		"services.greetd = { enable = true; settings.terminal.vt = 1; };":                                               "services.greetd" + takes,
		"services.greetd = { enable = true; settings.terminal.vt = 8; };":                                               "",
		"services.greetd.enable = true;":                                                                                "services.greetd" + takes,
		"services.greetd.enable = true; services.displayManager.enable = true; services.hypervisor-tui.tty = \"tty8\";": "",
		"services.greetd = { enable = true; settings.terminal.vt = 8; }; services.hypervisor-tui.tty = \"tty8\";":       "services.greetd" + takes,
		"services.displayManager.enable = true;":                                                                        "services.displayManager" + takes,
		"services.displayManager.gdm.enable = true;":                                                                    "services.displayManager" + takes,
		"services.displayManager.ly.enable = true;":                                                                     "services.displayManager" + takes,
		"services.displayManager.enable = true; services.xserver.displayManager.lightdm.enable = true;":                 "",
		"services.cage.enable = true;":                                                                                  "services.cage" + takes,
		"services.kmscon.enable = true;":                                                                                "services.kmscon" + takes,
		`systemd.services."getty@tty1".enable = false;`:                                                                 noGetty,
		`systemd.services."getty@".enable = false;`:                                                                     noGetty,
		`systemd.services."getty@tty1".enable = false; services.hypervisor-tui.tty = null; services.hypervisor-tui.serial.ttys = [ "ttyS0" ];`: "",
		`services.hypervisor-tui.serial.ttys = [ "ttyS0" "ttyS0" ];`:                                                                           "names a line twice",
		"services.hypervisor-tui.ssh = { enable = true; authorizedKeys = [ \"k\" ]; };":                                                        "needs the SSH server",
		ssh: "",
		ssh + `services.openssh.settings.AllowUsers = [ "admin" ];`:                   "AllowUsers " + shuts,
		ssh + `services.openssh.settings.AllowUsers = [ "admin" "console" ];`:         "",
		ssh + `services.openssh.settings.AllowUsers = [ "console@192.0.2.*" ];`:       "",
		ssh + `services.openssh.settings.AllowUsers = [ "con*" ];`:                    "",
		ssh + `services.openssh.settings.AllowGroups = [ "wheel" ];`:                  "AllowGroups " + shuts,
		ssh + `services.openssh.settings.AllowGroups = [ "hypervisor-tui-viewers" ];`: "",
		ssh + `services.openssh.settings.AllowGroups = [ "hypervisor-tui" ];`:         "AllowGroups " + shuts,
		ssh + own + `services.openssh.settings.AllowGroups = [ "hypervisor-tui" ];`:   "",
		ssh + `services.openssh.settings.DenyUsers = [ "console" ];`:                  "DenyUsers " + shuts,
		ssh + `services.openssh.settings.DenyGroups = [ "systemd-journal" ];`:         "",
		ssh + own + `services.openssh.settings.DenyGroups = [ "systemd-journal" ];`:   "DenyGroups " + shuts,
		small: "",
		small + `services.hypervisor-tui.plugins.a.command = [ "/a" ];`:                                                                        "cannot do plugins:",
		small + `services.hypervisor-tui.actions = { enable = true; units = [ "a.service" ]; }; services.hypervisor-tui.attach.enable = true;`: "cannot do attach, actions:",
		"services.hypervisor-tui.settings.login = true;":                                                                                       "differ",
		`services.hypervisor-tui = { rescue.enable = true; rescue.login = "tty1"; };`:                                                          "leaves no terminal",
	}
	configurations := slices.Collect(maps.Keys(cases))
	for i, m := range evaluateModules(t, configurations...) {
		configuration, want := configurations[i], cases[configurations[i]]
		said := strings.Join(strings.Fields(strings.Join(m.Failed, " | ")), " ")
		if want == "" && said != "" || !strings.Contains(said, want) || strings.Contains(said, " | ") && want != nowhere {
			t.Errorf("%s\nsays %q, want %q", configuration, said, want)
		}
	}
}

// TestModuleWarns of a login without a password.
func TestModuleWarns(t *testing.T) {
	const auto = `services.getty.autologinUser = "root";`
	for configuration, want := range map[string]int{serial + auto: 1, auto: 0, serial: 0} {
		if got := evaluateModule(t, configuration).Warnings; len(got) != want || want == 1 && !strings.Contains(got[0], "a shell of root") {
			t.Errorf("%q warns %q", configuration, got)
		}
	}
}

// TestModuleLogLevel: images for SD cards have a default of their own; what somebody says counts.
func TestModuleLogLevel(t *testing.T) {
	for definition, want := range map[string]int{
		"": 1, `boot.consoleLogLevel = { _type = "override"; priority = 1000; content = 7; };`: 1, "boot.consoleLogLevel = 4;": 4,
	} {
		if got := evaluateModule(t, definition).Level; got != want {
			t.Errorf("%q: level %d, want %d", definition, got, want)
		}
	}
}

// TestModuleChecksSettings: each configuration file is read by the program when it is built, which takes each key and value.
func TestModuleChecksSettings(t *testing.T) {
	m := evaluateModule(t, serial+serving+`services.openssh.enable = true; services.hypervisor-tui.ssh = { enable = true; authorizedKeys = [ "k" ]; };`)
	shell := map[string]any{"quit": true, "login": false} // whoever has a shell may leave it, and hands nothing over
	var files []string
	for _, name := range slices.Sorted(maps.Keys(m.Etc)) {
		base, isOurs := strings.CutPrefix(name, "hypervisor-tui/")
		if !isOurs {
			continue
		}
		files = append(files, base)
		settings := maps.Clone(m.Settings)
		if !strings.HasPrefix(base, "tty") {
			maps.Copy(settings, shell)
		}
		peers := maps.Clone(settings["peers"].(map[string]any))
		if settings["peers"] = peers; !strings.HasPrefix(base, "tty") {
			peers["path"] = nil // whoever types the command keeps a list of his own
		}
		if base == "serve.yaml" {
			peers["path"] = "/var/lib/hypervisor-tui-serve/peers.json"
		} else {
			delete(settings, "serve")
		}
		if base == "ssh.yaml" {
			delete(settings, "peers")
			delete(settings, "prometheus")
		}
		text, err := json.Marshal(settings)
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("hypervisor-tui --config /pkgs/%x-%s --check", md5.Sum(text), base); !strings.Contains(m.Etc[name], want) {
			t.Errorf("%s is built without %s of %s:\n%s", name, want, text, m.Etc[name])
		}
		accepted(t, settings)
	}
	if want := []string{"config.yaml", "serve.yaml", "ssh.yaml", "tty1.yaml", "ttyS0.yaml"}; !slices.Equal(files, want) {
		t.Errorf("files %q, want %q", files, want)
	}
}

// accepted holds that the program takes a configuration.
func accepted(t *testing.T, settings map[string]any) {
	t.Helper()
	maps.DeleteFunc(settings, func(_ string, v any) bool { return v == nil }) // what nothing defines
	text, err := json.Marshal(settings)
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := errors.Join(err, os.WriteFile(path, text, 0o644)); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Load(path); err != nil {
		t.Errorf("%s: %v", text, err)
	}
}

// TestModuleFollows: what a value means for units and files.
func TestModuleFollows(t *testing.T) {
	const rescued = "services.hypervisor-tui = { rescue.active = true; rescue.login = \"ttyS0\"; "
	console := func(m *machine) unit { return m.Services["hypervisor-tui@tty1"] }
	allowed := func(m *machine) any { return console(m).ServiceConfig["IPAddressAllow"] }
	recorder := func(m *machine) map[string]any { return m.Services["hypervisor-tui-recorder"].ServiceConfig }
	records := func(m *machine) any { return recorder(m)["ExecStart"] }
	reaches := func(m *machine) any { return recorder(m)["IPAddressAllow"] }
	history := func(key string) func(m *machine) any {
		return func(m *machine) any { return m.Settings["history"].(map[string]any)[key] }
	}
	cases := []struct {
		configuration string
		value         func(m *machine) any
		want          any
	}{
		{"", allowed, []any{"localhost"}},
		{"services.hypervisor-tui.settings.kubeconfigPath = null;", allowed, nil}, // there is nobody to talk to
		{"services.hypervisor-tui.settings.logBufferSize = 40960;", func(m *machine) any { return console(m).Environment["GOMEMLIMIT"] }, "74MiB"},
		{rescued + "};", func(m *machine) any { return strings.Fields(fmt.Sprint(console(m).ServiceConfig["ExecStart"]))[0] }, "/pkgs/hypervisor-tui-nokube/bin/hypervisor-tui"},
		{rescued + "};", func(m *machine) any { return m.Services["rescue"].ServiceConfig["TTYPath"] }, "/dev/ttyS0"},
		{rescued + "};", func(m *machine) any { return m.Services["hypervisor-tui-kubeconfig"].ServiceConfig["Type"] }, nil},
		{"", func(m *machine) any { return m.Services["hypervisor-tui-kubeconfig"].ServiceConfig["Type"] }, "oneshot"},
		{rescued + "login.enable = true; settings.login = true; };", func(m *machine) any { return m.Settings["login"] }, false},
		{serial, func(m *machine) any { return m.Settings["login"] }, true},
		{"", records, "/pkgs/hypervisor-tui/bin/hypervisor-tui --record --config /etc/hypervisor-tui/config.yaml"},
		{"", reaches, []any{"localhost"}},
		{"services.hypervisor-tui.settings.kubeconfigPath = null;", reaches, nil},
		{"services.hypervisor-tui.history.enable = false;", records, nil},
		{"services.hypervisor-tui.history.enable = false;", history("enable"), false},
		{"services.hypervisor-tui.settings.history.enable = false;", records, nil},
		{rescued + "};", records, nil},
		{rescued + "};", history("enable"), false},
		{"services.hypervisor-tui.history.size = \"1GiB\";", history("size"), "1GiB"},
		{"services.hypervisor-tui.settings.history.sync = 30;", history("sync"), 30.0},
		{"services.hypervisor-tui.settings.history.sync = 30;", history("path"), "/var/lib/hypervisor-tui/flight"},
		{"", func(m *machine) any { return m.Etc["systemd/system.control/ctrl-alt-del.target"] }, "/dev/null"},
		{"", func(m *machine) any { return m.Etc["systemd/system.control/kbrequest.target"] }, "/dev/null"},
	}
	var configurations []string
	for _, c := range cases {
		configurations = append(configurations, c.configuration)
	}
	for i, m := range evaluateModules(t, configurations...) {
		c := cases[i]
		accepted(t, m.Settings)
		if got := c.value(m); len(m.Failed) > 0 || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: %v, want %v; failed %q", c.configuration, got, c.want, m.Failed)
		}
	}
}

// TestModuleSSH: sshd gives the console's user the console and nothing else, and what comes after it is for all again. A user
// whose console is that of the server is in no group but that of its socket.
func TestModuleSSH(t *testing.T) {
	const own = "/pkgs/hypervisor-tui/bin/hypervisor-tui --config /etc/hypervisor-tui/ssh.yaml"
	for attach, want := range map[string]struct{ command, groups string }{
		"":                        {"/pkgs/hypervisor-tui/bin/hypervisor-attach --fallback -- " + own, "hypervisor-tui-viewers []"},
		"attach.enable = false; ": {own, "hypervisor-tui [systemd-journal]"},
	} {
		m := evaluateModule(t, `services.openssh.enable = true; services.hypervisor-tui = {`+attach+`ssh = { enable = true; user = "ops"; authorizedKeys = [ "k" ]; }; };`)
		sshd := "Match User ops ForceCommand " + want.command + " PermitTTY yes DisableForwarding yes PermitUserRC no ClientAliveInterval 30 Match All"
		if got := strings.Join(strings.Fields(m.SSHD), " "); got != sshd {
			t.Errorf("%q: %q, want %q", attach, got, sshd)
		}
		if got := fmt.Sprint(m.Users["ops"].Group, " ", m.Users["ops"].ExtraGroups); got != want.groups {
			t.Errorf("%q: its groups are %s, want %s", attach, got, want.groups)
		}
	}
}

// TestModuleTypes: names that are no terminal, and a kubeconfig that everyone may read.
func TestModuleTypes(t *testing.T) {
	cases := map[string][]string{
		`tty = "tty63"; serial.ttys = [ "ttyS0" "hvc1" "ttyAMA0" ]; kubeconfigPath = "/etc/k3s.yaml"; rescue.login = "ttyS1"; ssh.user = "_a-1";`: nil,
		`tty = "tty64";`:                                      {"tty"},
		`tty = "ttyS0";`:                                      {"tty"},
		`tty = "/dev/tty1";`:                                  {"tty"},
		`serial.ttys = [ "tty1" ];`:                           {"ttys"},
		`rescue.login = "console";`:                           {"login"},
		`kubeconfigPath = "k3s.yaml";`:                        {"kubeconfigPath"},
		`kubeconfigPath = "/a b";`:                            {"kubeconfigPath"},
		`kubeconfigPath = "/a'b";`:                            {"kubeconfigPath"},
		`kubeconfigPath = "/a$b";`:                            {"kubeconfigPath"},
		`kubeconfigPath = "/a%b";`:                            {"kubeconfigPath"},
		`kubeconfigPath = "${builtins.storeDir}/x-k3s.yaml";`: {"kubeconfigPath"},
		`ssh.user = "Admin";`:                                 {"user"},
		`history.size = "64MB";`:                              {"size"},
		`serve.listen = [ "127.0.0.1:9101" "[::1]:80" "/run/a.sock" ]; serve.tls.certFile = "${builtins.storeDir}/x-cert.pem";`: nil,
		`serve.listen = [ "localhost:9101" ];`:                   {"listen"},
		`serve.listen = [ "127.0.0.1" ];`:                        {"listen"},
		`serve.listen = [ "127.0.0.1:0" ];`:                      {"listen"},
		`serve.tls.keyFile = "${builtins.storeDir}/x-key.pem";`:  {"keyFile"},
		`serve.auth.tokenFile = "${builtins.storeDir}/x-token";`: {"tokenFile"},
		`serve.auth.webConfigFile = "web.yml";`:                  {"webConfigFile"},
		`web.names = [ "https://a" ];`:                           {"names"},
		`history.size = "1GiB";`:                                 nil,
	}
	written := slices.Collect(maps.Keys(cases))
	var configurations []string
	for _, c := range written {
		configurations = append(configurations, "services.hypervisor-tui = { "+c+" };")
	}
	for i, m := range evaluateModules(t, configurations...) {
		if want := cases[written[i]]; !slices.Equal(m.Refused, want) {
			t.Errorf("%s: refused %q, want %q", written[i], m.Refused, want)
		}
	}
}

// TestSettingsAreReadWhenBuilt runs what builds a file: what the program says of one that it does not take ends the build.
func TestSettingsAreReadWhenBuilt(t *testing.T) {
	dir := t.TempDir()
	generated := filepath.Join(dir, "settings")
	if err := os.WriteFile(generated, []byte("quit: true\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, status := range map[string]string{"good": "0", "bad": "1"} {
		exe := filepath.Join(dir, name)
		if err := os.WriteFile(exe, []byte("#!/bin/sh\necho line 1: $3\necho more\nexit "+status+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	build := func(here bool, exe string) (script string) {
		evaluate(t, fmt.Sprintf(`import ./settings.nix {
			exe = %q;
			pkgs = {
				stdenv = { hostPlatform = { }; buildPlatform.canExecute = _: %v; };
				formats.yaml = _: { generate = _: _: %q; };
				runCommand = _: _: script: script;
			};
		} "settings" { }`, filepath.Join(dir, exe), here, generated), &script)
		return script
	}
	run := func(exe string) (string, error) {
		cmd := exec.Command("sh", "-euc", build(true, exe))
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "out="+filepath.Join(dir, "out"))
		said, err := cmd.Output()
		return string(said), err
	}
	if said, err := run("bad"); err == nil || said != "line 1: --check\n" {
		t.Errorf("of a bad file: %v, %q", err, said)
	}
	if _, err := os.Stat(filepath.Join(dir, "out")); err == nil {
		t.Error("a bad file is built")
	}
	if said, err := run("good"); err != nil || said != "" {
		t.Errorf("of a good file: %v, %q", err, said)
	}
	if got := read(t, filepath.Join(dir, "out")); got != "quit: true\n" {
		t.Errorf("a good file becomes %s", got)
	}
	if file := build(false, "bad"); file != generated {
		t.Errorf("of a program for another processor: %s", file)
	}
}

// TestKubeconfigOfAnyName runs what copies the kubeconfig with a path that a shell would read as more than a path.
func TestKubeconfigOfAnyName(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "it's $HOME")
	source, copied := filepath.Join(dir, "k3s.yaml"), filepath.Join(dir, "kubeconfig")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(source, []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	var script string
	evaluate(t, fmt.Sprintf(`(import ./handover.nix { what = "w"; title = "W"; files.${''%s''} = ''%s''; }).service.script`, copied, source), &script)
	if out, err := exec.Command("sh", "-euc", script).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, script, out)
	}
	if got := read(t, copied); got != "one" {
		t.Errorf("a copy of %q", got)
	}
}
