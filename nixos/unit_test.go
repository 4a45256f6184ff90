package nixos_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// units are the services as nixos/*.nix make them, by the name of their file in testdata.
var units = map[string]string{
	"hypervisor-tui@tty1.service":               console("tty1", "linux", `logBufferSize = 10000; addresses = [ "localhost" ];`),
	"hypervisor-tui@ttyS0.service":              console("ttyS0", "vt220", `logBufferSize = 1000000; addresses = [ "localhost" "192.0.2.0/24" ];`),
	"rescue/hypervisor-tui@tty1.service":        console("tty1", "linux", "logBufferSize = 2000; rescue = true; addresses = [ ];"),
	"login/hypervisor-tui@tty1.service":         console("tty1", "linux", `logBufferSize = 10000; login = true; addresses = [ "localhost" ];`),
	"login/hypervisor-tui-getty@ttyS0.service":  `import ./getty.nix { tty = "ttyS0"; term = "vt220"; agetty = "/bin/agetty"; login = "/bin/login"; handBack = "-/bin/handback ttyS0"; }`,
	"hypervisor-tui-getty@ttyS0.service":        `import ./getty.nix { tty = "ttyS0"; term = "vt220"; agetty = "/bin/agetty"; login = "/bin/login"; }`,
	"hypervisor-tui@tty1.timer":                 `import ./start.nix { tty = "tty1"; }`,
	"rescue/hypervisor-tui@tty1.timer":          `import ./start.nix { tty = "tty1"; rescue = true; }`,
	"hypervisor-tui-recorder.service":           `import ./recorder.nix { exe = "/bin/hypervisor-tui"; configFile = "/etc/hypervisor-tui/config.yaml"; apiAddresses = [ "localhost" ]; }`,
	"hypervisor-tui-serve.service":              `(` + serveUnits + `).service`,
	"hypervisor-tui-serve.socket":               `(` + serveUnits + `).sockets.hypervisor-tui-serve`,
	"hypervisor-tui-attach.socket":              `(` + serveUnits + `).sockets.hypervisor-tui-attach`,
	"hypervisor-tui-serve.path":                 `(` + serveUnits + `).path`,
	"hypervisor-tui-serve-changed.service":      `(` + serveUnits + `).changed`,
	"peers/hypervisor-tui-serve.service":        strings.ReplaceAll(`(`+serveUnits+`).service`, ` addresses = [ "localhost" ]`, ` addresses = [ "localhost" "192.0.2.0/24" ]`),
	"peers/hypervisor-tui-certificates.service": `(` + certificates + `).service`,
	"peers/hypervisor-tui-certificates.path":    `(` + certificates + `).path`,
	"hypervisor-tui-kubeconfig.service":         `(` + kubeconfig + `).service`,
	"hypervisor-tui-kubeconfig.path":            `(` + kubeconfig + `).path`,
	"hypervisor-tui-kubeconfig-changed.service": `(` + kubeconfig + `).changed`,

	"hypervisor-tui-act.service":         `(` + actUnits + `).services.hypervisor-tui-act`,
	"hypervisor-tui-act.socket":          `(` + actUnits + `).sockets.hypervisor-tui-act`,
	"act/hypervisor-tui-act.service":     `(` + actAll + `).services.hypervisor-tui-act`,
	"act/hypervisor-tui-act-totp.socket": `(` + actAll + `).sockets.hypervisor-tui-act-totp`,
	"act/hypervisor-tui-undo@.service":   `(` + actAll + `).services."hypervisor-tui-undo@"`,
	"act/hypervisor-tui-undo@.timer":     `(` + actAll + `).timers."hypervisor-tui-undo@"`,
	"act/hypervisor-tui-blink@.service":  `(` + actAll + `).services."hypervisor-tui-blink@"`,

	"plugins/hypervisor-tui-plugin@.service":      pluginUnits("%i", "check", "60s", "10s", "") + `.service`,
	"plugins/hypervisor-tui-plugin@.timer":        pluginUnits("%i", "check", "60s", "10s", "") + `.timer`,
	"plugins/hypervisor-tui-plugin@smart.service": pluginUnits("smart", "scrape", "24h", "5m", `User = "root"; DeviceAllow = [ "/dev/sda r" ];`) + `.service`,
	"plugins/hypervisor-tui-plugin@smart.timer":   pluginUnits("smart", "scrape", "24h", "5m", "") + `.timer`,
}

func pluginUnits(name, kind, interval, timeout, serviceConfig string) string {
	return fmt.Sprintf(`(import ./plugin.nix {
	exe = "/bin/hypervisor-tui"; configFile = "/etc/hypervisor-tui/plugins.yaml"; user = "hypervisor-tui-plugins";
	name = %q; kind = %q; interval = %q; timeout = %q; serviceConfig = { %s };
})`, name, kind, interval, timeout, serviceConfig)
}

// actUnits is a helper that operators ask to restart a unit, actAll one that codes let do everything.
const (
	actUnits = `import ./act.nix {
	exe = "/bin/hypervisor-tui"; configFile = "/etc/hypervisor-tui/act.yaml"; units = [ "k3s.service" ]; unlock = "session"; undoAfter = "30m";
	cluster = false; reboot = false; blink = false; totpFile = null; kubeconfig = null; apiAddresses = [ "localhost" ];
}`
	actAll = `import ./act.nix {
	exe = "/bin/hypervisor-tui"; configFile = "/etc/hypervisor-tui/act.yaml"; units = [ "k3s.service" "multipathd.socket" ]; unlock = "totp"; undoAfter = "45m";
	cluster = true; reboot = true; blink = true; totpFile = "/var/lib/totp.cred"; kubeconfig = "/var/lib/act.kubeconfig"; apiAddresses = [ "localhost" ];
}`
)

const kubeconfig = `import ./handover.nix {
	what = "kubeconfig"; title = "Kubeconfig";
	files."/run/hypervisor-tui/kubeconfig" = "/etc/rancher/k3s/k3s.yaml";
}`

const certificates = `import ./handover.nix {
	what = "certificates"; title = "Certificates and tokens";
	files = { "/run/hypervisor-tui/peers.caFile" = "/p/ca.pem"; "/run/hypervisor-tui/peers.keyFile" = "/p/key.pem"; };
}`

const serveUnits = `import ./serve.nix {
	exe = "/bin/hypervisor-tui"; configFile = "/etc/hypervisor-tui/serve.yaml"; logBufferSize = 10000; addresses = [ "localhost" ];
	listen = [ "127.0.0.1:9101" ]; clientAddresses = [ "localhost" ]; attach = true; group = "hypervisor-tui-viewers";
	credentials = { certFile = "/var/lib/acme/hv01/fullchain.pem"; tokenFile = "/var/lib/hypervisor-tui.token"; };
}`

func console(tty, term, more string) string {
	return fmt.Sprintf(`import ./console.nix { tty = %q; term = %q; exe = "/bin/hypervisor-tui"; configFile = "/etc/hypervisor-tui/%s.yaml"; %s }`,
		tty, term, tty, more)
}

// unit is a value of systemd.services or systemd.paths, as far as the module fills it.
type unit struct {
	Description                                                           string
	Documentation, WantedBy, Before, After, Conflicts, BindsTo, OnFailure []string
	Wants, PartOf                                                         []string
	UnitConfig, ServiceConfig, SocketConfig, PathConfig, TimerConfig      map[string]any
	StartLimitIntervalSec, StartLimitBurst                                *int
	Enable, RestartIfChanged, ReloadIfChanged                             *bool
	RestartTriggers, ReloadTriggers, Path                                 []string
	Environment                                                           map[string]string
	Script                                                                string
}

// text writes a unit as NixOS does: sections, then key=value, lists as several lines or words.
func (u *unit) text() string {
	section := map[string]any{"Description": u.Description}
	for key, words := range map[string][]string{
		"Documentation": u.Documentation, "Before": u.Before, "After": u.After, "Conflicts": u.Conflicts,
		"BindsTo": u.BindsTo, "Wants": u.Wants, "PartOf": u.PartOf, "OnFailure": u.OnFailure, "X-Restart-Triggers": u.RestartTriggers, "X-Reload-Triggers": u.ReloadTriggers,
	} {
		if len(words) > 0 {
			section[key] = strings.Join(words, " ")
		}
	}
	for key, n := range map[string]*int{"StartLimitIntervalSec": u.StartLimitIntervalSec, "StartLimitBurst": u.StartLimitBurst} {
		if n != nil {
			section[key] = *n
		}
	}
	maps.Copy(section, u.UnitConfig)
	b := new(strings.Builder)
	write(b, "[Unit]", section)
	if u.PathConfig != nil {
		write(b, "\n[Path]", u.PathConfig)
	}
	if u.SocketConfig != nil {
		write(b, "\n[Socket]", u.SocketConfig)
	}
	if u.TimerConfig != nil {
		write(b, "\n[Timer]", u.TimerConfig)
	}
	if u.ServiceConfig != nil {
		b.WriteString("\n[Service]\n")
		for _, name := range slices.Sorted(maps.Keys(u.Environment)) {
			fmt.Fprintf(b, "Environment=%s\n", strconv.Quote(name+"="+u.Environment[name]))
		}
		if u.ReloadIfChanged != nil && *u.ReloadIfChanged {
			b.WriteString("X-ReloadIfChanged=true\n")
		} else if u.RestartIfChanged != nil && !*u.RestartIfChanged {
			b.WriteString("X-RestartIfChanged=false\n")
		}
		writeScript(b, "ExecStart", u.Script)
		write(b, "", u.ServiceConfig)
	}
	if len(u.WantedBy) > 0 {
		write(b, "\n[Install]", map[string]any{"WantedBy": strings.Join(u.WantedBy, " ")})
	}
	return b.String()
}

func writeScript(b *strings.Builder, key, script string) {
	if script == "" {
		return
	}
	b.WriteString(key + "=/bin/sh script\n")
	for line := range strings.Lines(script) {
		b.WriteString("# " + line)
	}
}

func write(b *strings.Builder, title string, section map[string]any) {
	if title != "" {
		b.WriteString(title + "\n")
	}
	for _, key := range slices.Sorted(maps.Keys(section)) {
		values, many := section[key].([]any)
		if v := section[key]; !many && v != nil {
			values = []any{v}
		}
		for _, v := range values {
			fmt.Fprintf(b, "%s=%v\n", key, v)
		}
	}
}

// TestUnitTexts compares the units with testdata; go test ./nixos -update writes it.
func TestUnitTexts(t *testing.T) {
	for name, expression := range units {
		var u unit
		evaluate(t, expression, &u)
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(u.text()), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if want := read(t, path); u.text() != want {
			t.Errorf("%s is\n%s\nwant\n%s", name, u.text(), want)
		}
	}
}

// TestLoginHandsBack runs what a login prompt runs when it ends, with a systemctl that says how the console ended.
func TestLoginHandsBack(t *testing.T) {
	var script string
	evaluate(t, `import ./handback.nix`, &script)
	handsBack(t, func() *exec.Cmd { return exec.Command("sh", "-euc", script, "handback", "ttyS0") })
}

// handsBack runs what is said to hand ttyS0 back, after each way in which a console ends.
func handsBack(t *testing.T, command func() *exec.Cmd) {
	t.Helper()
	for status, want := range map[string]string{
		"3": "reset-failed hypervisor-tui@ttyS0.service\nstart --no-block --job-mode=fail hypervisor-tui@ttyS0.service\n",
		"0": "", "1": "", "9": "", "": "",
	} {
		dir := t.TempDir()
		systemctl := "#!/bin/sh\n" +
			`[ "$*" != "show -P ExecMainStatus hypervisor-tui@ttyS0.service" ] || { echo ` + status + "; exit; }\n" +
			`echo "$*" >>"$0".asked` + "\n"
		exe := filepath.Join(dir, "systemctl")
		if err := os.WriteFile(exe, []byte(systemctl), 0o755); err != nil {
			t.Fatal(err)
		}
		cmd := command()
		cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("after status %s: %v\n%s", status, err, out)
		}
		asked, err := os.ReadFile(exe + ".asked")
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if string(asked) != want {
			t.Errorf("after status %s it runs\n%swant\n%s", status, asked, want)
		}
	}
}

func analyze(t *testing.T) string {
	t.Helper()
	exe, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd-analyze in PATH")
	}
	return exe
}

// TestUnitsAreHardened: systemd's own score, 0 to 10, of what an attacker could reach. It counts what the console may
// not give up for its purpose: the network, other users' processes and a view of the file systems as they are. The addresses
// of the API are 0.1 of the recorder's, which would have 1.5 without.
func TestUnitsAreHardened(t *testing.T) {
	exe := analyze(t)
	for name, most := range map[string]float64{
		"hypervisor-tui@tty1.service": 2, "hypervisor-tui@ttyS0.service": 2, "rescue/hypervisor-tui@tty1.service": 2,
		"hypervisor-tui-kubeconfig.service":                 2,
		"peers/hypervisor-tui-certificates.service":         2,
		"peers/hypervisor-tui-serve.service":                2.1, // the networks of the nodes are 0.1
		"hypervisor-tui-recorder.service":                   1.6,
		"hypervisor-tui-serve.service":                      2,
		"../" + foreign + "hypervisor-tui-recorder.service": 1.6,
		"../" + foreign + "hypervisor-tui-serve.service":    2,
		"login/hypervisor-tui@tty1.service":                 2,
		"hypervisor-tui-act.service":                        0.5,
		"act/hypervisor-tui-act.service":                    1.3, // the API server and the names of ports are 0.9
		"act/hypervisor-tui-undo@.service":                  1,
		"act/hypervisor-tui-blink@.service":                 1.5, // CAP_NET_ADMIN and the host's network, which it is for
		"plugins/hypervisor-tui-plugin@.service":            1.9, // the network is 0.5 of it
		"plugins/hypervisor-tui-plugin@smart.service":       2.2, // root is 0.4 of it
		"../" + foreign + "hypervisor-tui@.service":         2, "../" + foreign + "hypervisor-tui-kubeconfig.service": 2,
	} {
		out, err := exec.Command(exe, "security", "--no-pager", "--offline=true", filepath.Join("testdata", name)).CombinedOutput()
		score := regexp.MustCompile(`exposure level for .*: ([0-9.]+)`).FindSubmatch(out)
		if score == nil {
			t.Fatalf("systemd-analyze security %s: %v\n%s", name, err, out)
		}
		if got, err := strconv.ParseFloat(string(score[1]), 64); err != nil || got > most {
			t.Errorf("%s has %s, at most %v\n%s", name, score[1], most, out)
		}
	}
}

// TestUnitsVerify: systemd finds nothing to complain about.
func TestUnitsVerify(t *testing.T) {
	exe := analyze(t)
	version, err := exec.Command(exe, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	var major int
	if _, err := fmt.Sscanf(string(version), "systemd %d", &major); err != nil || major < 254 {
		t.Skipf("systemd %d does not know Type=notify-reload and RestartMode", major)
	}
	dir := t.TempDir()
	files := slices.Collect(maps.Keys(units))
	for name := range foreignUnits {
		files = append(files, "../"+foreign+name)
	}
	for _, name := range files {
		text := regexp.MustCompile(`(?m)^(ExecStart=)\S+`).ReplaceAllString(read(t, filepath.Join("testdata", name)), "${1}/bin/sh")
		// Manual pages and conflicting units are those of an installed system.
		text = regexp.MustCompile(`(?m)^Documentation=.*\n`).ReplaceAllString(text, "")
		path := filepath.Join(dir, filepath.Base(name))
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(exe, "verify", "--man=no", "--recursive-errors=no", path).CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("systemd-analyze verify %s: %v\n%s", name, err, out)
		}
	}
}
