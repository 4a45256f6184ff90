package nixos_test

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hypervisor-tui/console/config"
	"hypervisor-tui/plugin"
)

// somePlugins is a machine with a plugin of each way to be run.
const somePlugins = `services.hypervisor-tui.plugins = {
	disk.command = [ "${"/pkgs/monitoring-plugins"}/bin/check_disk" "-w" "10%" ];
	smart = { kind = "scrape"; url = "http://127.0.0.1:9633/metrics"; metrics = [ { metric = ''temperature{device="sda"}''; warn = "50"; } ]; interval = "5m"; };
	ceph = {
		kind = "screen"; command = [ "/bin/ceph-table" ]; timeout = "1m"; interval = "1h"; user = "ceph"; path = [ { outPath = "/pkgs/ceph"; } ];
		serviceConfig = { PrivateUsers = true; StateDirectory = "ceph-table"; };
	};
}; users.users.ceph.isSystemUser = true; `

// TestPluginsOff: where there are none, and in the rescue entry whatever is said of them, the machine is the same to the byte as one
// that knows of none.
func TestPluginsOff(t *testing.T) {
	const rescue, ceph = `services.hypervisor-tui.rescue.active = true;`, `users.users.ceph.isSystemUser = true;`
	all := evaluateModules(t, "", `services.hypervisor-tui.plugins = { };`, ceph+rescue, rescue+somePlugins, somePlugins)
	for i, what := range map[int]string{1: "without one", 3: "in the rescue entry"} {
		if without := all[i-1]; !reflect.DeepEqual(all[i], without) {
			t.Errorf("%s:\n%+v\nwithout\n%+v", what, all[i], without)
		}
		if found := regexp.MustCompile(`(?i)tui-plugin|plugins`).FindString(fmt.Sprint(all[i].files(), all[i].Groups, all[i].Settings)); found != "" {
			t.Errorf("%s there is %s", what, found)
		}
	}
	if on := all[4]; len(on.Failed)+len(on.Refused) > 0 || on.Etc["hypervisor-tui/plugins.yaml"] == "" {
		t.Errorf("on: failed %q, refused %q, files %q", on.Failed, on.Refused, on.Etc)
	}
}

// TestPlugins: the one list is in the configuration of all that shows plugins and of what runs them; each has a service and a timer.
func TestPlugins(t *testing.T) {
	m := evaluateModule(t, serial+serving+somePlugins)
	accepted(t, m.Settings)
	want := []any{
		map[string]any{"name": "ceph", "kind": "screen", "command": []any{"/bin/ceph-table"}, "interval": "1h", "timeout": "1m"},
		map[string]any{"name": "disk", "kind": "check", "command": []any{"/pkgs/monitoring-plugins/bin/check_disk", "-w", "10%"}, "interval": "60s", "timeout": "10s"},
		map[string]any{
			"name": "smart", "kind": "scrape", "url": "http://127.0.0.1:9633/metrics", "interval": "5m", "timeout": "10s",
			"metrics": []any{map[string]any{"metric": `temperature{device="sda"}`, "warn": "50"}},
		},
	}
	if got := m.Settings["plugins"].(map[string]any)["list"]; !reflect.DeepEqual(got, want) {
		t.Errorf("the list is\n%v\nwant\n%v", got, want)
	}
	for _, file := range []string{"tty1", "ttyS0", "config", "serve", "plugins"} {
		if built := m.Etc["hypervisor-tui/"+file+".yaml"]; !strings.Contains(built, "--check") {
			t.Errorf("%s.yaml is built by %q", file, built)
		}
	}
	service := func(name string) map[string]any { return m.Services["hypervisor-tui-plugin@"+name].ServiceConfig }
	timer := func(name string) map[string]any { return m.Timers["hypervisor-tui-plugin@"+name].TimerConfig }
	for what, pair := range map[string][2]any{
		"what runs":              {service("disk")["ExecStart"], "/pkgs/hypervisor-tui/bin/hypervisor-tui --plugin disk --config /etc/hypervisor-tui/plugins.yaml"},
		"whose":                  {service("disk")["User"], "hypervisor-tui-plugins"},
		"whose, by the option":   {service("ceph")["User"], "ceph"},
		"where":                  {service("ceph")["RuntimeDirectory"], "hypervisor-tui-plugins/ceph"},
		"packages":               {m.Services["hypervisor-tui-plugin@ceph"].Path, []string{"/pkgs/ceph"}},
		"what is said last":      {service("ceph")["PrivateUsers"], true},
		"what is said besides":   {service("ceph")["StateDirectory"], "ceph-table"},
		"time for a run":         {service("ceph")["TimeoutStartSec"], 70.0},
		"time until the next":    {timer("ceph")["OnUnitInactiveSec"], 3600.0},
		"network of a check":     {service("disk")["IPAddressDeny"], nil},
		"network of an exporter": {service("smart")["IPAddressAllow"], []any{"localhost"}},
		"the others' network":    {service("smart")["IPAddressDeny"], "any"},
		"the user":               {m.Users["hypervisor-tui-plugins"].Group, "hypervisor-tui-plugins"},
		"its groups":             {m.Users["hypervisor-tui-plugins"].ExtraGroups, []string(nil)},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s: %v, want %v", what, pair[0], pair[1])
		}
	}
}

// TestPluginsRefuse: what cannot work ends the evaluation with a sentence. A name is one for the module when it is one for the program.
func TestPluginsRefuse(t *testing.T) {
	const misnamed, nobody = "a name is of letters", "which users.users does not have"
	cases := map[string]string{
		`x = { command = [ "/bin/true" ]; user = "nobody-else"; };`: nobody,
		`x = { command = [ "/bin/true" ]; user = "root"; };`:        "",
	}
	for _, name := range []string{"disk", "_a-B9", "-a", "a b", "a.b", "ä", "a/b", "a@b", strings.Repeat("a", plugin.MaxName), strings.Repeat("a", plugin.MaxName+1)} {
		cases[fmt.Sprintf("%q.command = [ %q ];", name, "/bin/true")] = map[bool]string{false: misnamed}[plugin.Nameable(name)]
	}
	var configurations, want []string
	for definition, why := range cases {
		configurations, want = append(configurations, `services.hypervisor-tui.plugins = { `+definition+` };`), append(want, why)
	}
	configurations = append(configurations, somePlugins+`services.hypervisor-tui.settings.plugins.path = "/var/lib/plugins";`)
	want = append(want, "settings.plugins has path")
	for i, m := range evaluateModules(t, configurations...) {
		said := strings.Join(strings.Fields(strings.Join(m.Failed, " | ")), " ")
		if (said == "") != (want[i] == "") || !strings.Contains(said, want[i]) || strings.Contains(said, " | ") {
			t.Errorf("%s\nsays %q, want %q", configurations[i], said, want[i])
		}
	}
	configurations = nil
	wrong := []string{`interval = "60";`, `interval = "1d";`, `timeout = "0s";`, `kind = "nagios";`, `user = "A";`, `command = [ 1 ];`, `metrics = [ { warn = 5; } ];`}
	for _, option := range wrong {
		// In the rescue entry nothing is made of them.
		configurations = append(configurations, `services.hypervisor-tui = { rescue.active = true; plugins.x = { `+option+` }; };`)
	}
	for i, m := range evaluateModules(t, configurations...) {
		if !slices.Equal(m.Refused, []string{"plugins"}) {
			t.Errorf("%s is taken", wrong[i])
		}
	}
}

// TestPluginsSwitch: a switch that changes a plugin, or its packages, starts its timer anew, ends and awaits no run, and leaves the
// others as they are.
func TestPluginsSwitch(t *testing.T) {
	const of = `services.hypervisor-tui.plugins.disk.`
	changes := []string{
		of + `interval = "30s";`, of + `timeout = "20s";`, of + `path = [ { outPath = "/pkgs/lvm2"; } ];`, of + `serviceConfig.Nice = 19;`,
		strings.Replace(somePlugins, "10%", "20%", 1),
	}
	configurations := []string{somePlugins}
	for _, c := range changes {
		if !strings.Contains(c, "smart") {
			c = somePlugins + c
		}
		configurations = append(configurations, c)
	}
	machines := evaluateModules(t, configurations...)
	before := machines[0].files()
	for i, m := range machines[1:] {
		after := m.files()
		for name, want := range map[string]string{"disk.timer": "restart", "smart.timer": "", "ceph.timer": "", "smart.service": "", "ceph.service": ""} {
			name = "hypervisor-tui-plugin@" + name
			if got := change(name, unitFile(before, name), unitFile(after, name)); got != want {
				t.Errorf("%s: a switch does %q to %s, want %q", changes[i], got, name, want)
			}
		}
		const service = "hypervisor-tui-plugin@disk.service"
		if got := change(service, unitFile(before, service), unitFile(after, service)); got != "" && got != "skip" {
			t.Errorf("%s: a switch does %q to a run", changes[i], got)
		}
	}
	without := evaluateModule(t, "").files()
	for _, ext := range []string{"timer", "service"} {
		name := "hypervisor-tui-plugin@disk." + ext
		if got := change(name, unitFile(before, name), unitFile(without, name)); got != "stop" {
			t.Errorf("without plugins a switch does %q to %s", got, name)
		}
	}
}

// TestPluginsForeign: users and settings for other distributions are the module's, and the program takes the settings.
func TestPluginsForeign(t *testing.T) {
	m := evaluateModule(t, somePlugins)
	_, users, _ := strings.Cut(read(t, foreign+"plugins/sysusers.conf"), "\n")
	if want := "u hypervisor-tui-plugins - \"Plugins of the hypervisor console\"\n"; users != want || !slices.Contains(m.Groups, "hypervisor-tui-plugins") {
		t.Errorf("sysusers.conf has %q, want %q; the module's groups are %q", users, want, m.Groups)
	}
	c, err := config.Load(foreign + "plugins/plugins.yaml")
	if err != nil || len(c.Plugins.List) != 1 {
		t.Errorf("plugins.yaml: %+v, %v", c, err)
	}
}
