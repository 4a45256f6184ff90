package nixos_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hypervisor-tui/console/config"
)

const (
	actRule = "polkit-1/rules.d/00-hypervisor-tui-act.rules"

	// allActions is a machine on which everything may be done by one-time codes, and nothing while it is off.
	allActions = `services.hypervisor-tui.actions = {
		units = [ "k3s" "multipathd.socket" ]; cluster = true; vms = true; reboot = true; blink = true; unlock = "totp";
		totpFile = "/var/lib/totp"; kubeconfigPath = "/var/lib/act.kubeconfig"; operators = [ "alice" ]; undoAfter = "45m"; idle = "5m";
	};`
	turnedOn = `services.hypervisor-tui.actions.enable = true; `
)

// TestActionsOff: while actions are off, whatever is said of them and in the rescue entry, the machine is the same to the byte as
// one that knows of none.
func TestActionsOff(t *testing.T) {
	const rescue = `services.hypervisor-tui.rescue.active = true;`
	all := evaluateModules(t, "", allActions, rescue, rescue+turnedOn+allActions, turnedOn+allActions)
	for i, what := range map[int]string{1: "off", 3: "in the rescue entry"} {
		if without := all[i-1]; !reflect.DeepEqual(all[i], without) {
			t.Errorf("%s:\n%+v\nwithout\n%+v", what, all[i], without)
		}
		there := fmt.Sprint(all[i].files(), all[i].Groups, all[i].Settings)
		for name, u := range all[i].Users {
			if u.Group != "" {
				there += name
			}
		}
		if found := regexp.MustCompile(`(?i)tui-act|operators|polkit|actions|undo|blink`).FindString(there); found != "" {
			t.Errorf("%s there is %s", what, found)
		}
	}
	if on := all[4]; len(on.Failed) > 0 || on.Etc[actRule] == "" {
		t.Errorf("on: failed %q, rule %q", on.Failed, on.Etc[actRule])
	}
}

// TestActions: what may be done is so in the configuration, in the units and in polkit's rule, and who may is in a group.
func TestActions(t *testing.T) {
	const settings = `services.hypervisor-tui.settings.actions.`
	all := evaluateModules(t,
		turnedOn+allActions,
		turnedOn+`services.hypervisor-tui.actions = { units = [ "k3s" ]; operators = [ "alice" "bob" ]; };`,
		turnedOn+`services.hypervisor-tui.actions = { units = [ "k3s" ]; kubeconfigPath = "/k"; };`+settings+`units = [ "a.b.mount" ]; `+settings+`blink = true;`,
	)
	for _, m := range all {
		if len(m.Failed)+len(m.Refused) > 0 {
			t.Errorf("failed %q, refused %q", m.Failed, m.Refused)
		}
		if strings.Contains(m.Etc["hypervisor-tui/ssh.yaml"], "actions") || !strings.Contains(m.Etc["hypervisor-tui/act.yaml"], "--check") {
			t.Errorf("files %q", m.Etc)
		}
		if got := m.Services["polkit"].RestartTriggers; !slices.Equal(got, []string{m.Etc[actRule]}) {
			t.Errorf("polkit starts anew for %q", got)
		}
		accepted(t, m.Settings)
	}
	codes, session, own := all[0], all[1], all[2]
	compare(t, "act/polkit.rules", codes.Etc[actRule])
	compare(t, "polkit.rules", session.Etc[actRule])
	if rule := own.Etc[actRule]; !strings.Contains(rule, `["a.b.mount"]`) || strings.Contains(rule, "k3s") || !strings.Contains(rule, "hypervisor-tui-blink@") {
		t.Errorf("the rule does not follow settings:\n%s", rule)
	}
	helper := func(m *machine) map[string]any { return m.Services["hypervisor-tui-act"].ServiceConfig }
	for what, pair := range map[string][2]any{
		"undo":                            {codes.Timers["hypervisor-tui-undo@"].TimerConfig["OnActiveSec"], "45m"},
		"undo in the configuration":       {codes.Settings["actions"].(map[string]any)["undoAfter"], "45m"},
		"credentials":                     {helper(codes)["LoadCredential"], []any{"totp:/var/lib/totp", "kubeconfig:/var/lib/act.kubeconfig"}},
		"the API server":                  {helper(codes)["IPAddressAllow"], []any{"localhost"}},
		"no API server":                   {helper(session)["PrivateNetwork"], true},
		"no kubeconfig without a cluster": {helper(own)["LoadCredential"], nil},
		"ports":                           {helper(own)["PrivateNetwork"], false},
		"group of codes":                  {codes.Sockets["hypervisor-tui-act-totp"].SocketConfig["SocketGroup"], "hypervisor-tui"},
		"group of sessions":               {session.Sockets["hypervisor-tui-act"].SocketConfig["SocketGroup"], "hypervisor-operators"},
		"sockets of codes":                {len(codes.Sockets), 1},
		"no undo without a cluster":       {session.Timers["hypervisor-tui-undo@"].TimerConfig["OnActiveSec"], nil},
		"no blinking":                     {session.Services["hypervisor-tui-blink@"].ServiceConfig["Type"], nil},
		"shell of an operator":            {session.Users["bob"].Shell, "/pkgs/hypervisor-tui/bin/hypervisor-tui"},
		"groups of an operator":           {session.Users["bob"].ExtraGroups, []string{"hypervisor-operators", "hypervisor-tui", "systemd-journal"}},
		"groups of the console":           {session.Users["hypervisor-tui"].ExtraGroups, []string{"systemd-journal"}},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s: %v, want %v", what, pair[0], pair[1])
		}
	}
}

// TestActionsRefuse: what cannot work ends the evaluation with a sentence.
func TestActionsRefuse(t *testing.T) {
	cases := map[string]string{
		``: "nothing may be done",
		`services.hypervisor-tui.actions.unlock = "totp"; services.hypervisor-tui.actions.reboot = true;`:                "there is no secret",
		`services.hypervisor-tui.actions.cluster = true;`:                                                                "kubeconfig of the helper's own",
		`services.hypervisor-tui.actions.vms = true;`:                                                                    "kubeconfig of the helper's own",
		`services.hypervisor-tui.actions.reboot = true;`:                                                                 "",
		`services.hypervisor-tui.actions.blink = true;`:                                                                  "",
		`services.hypervisor-tui.actions.blink = true; services.hypervisor-tui.settings.actions.socket = "/run/a.sock";`: "machines without this module",
	}
	var configurations, want []string
	for configuration, why := range cases {
		configurations, want = append(configurations, turnedOn+configuration), append(want, why)
	}
	for i, m := range evaluateModules(t, configurations...) {
		said := strings.Join(strings.Fields(strings.Join(m.Failed, " | ")), " ")
		if want[i] == "" && said != "" || !strings.Contains(said, want[i]) || strings.Contains(said, " | ") {
			t.Errorf("%s\nsays %q, want %q", configurations[i], said, want[i])
		}
	}
	types := map[string][]string{
		`units = [ "a b.service" ];`:                          {"units"},
		`units = [ "*" ];`:                                    {"units"},
		`units = [ "a/../b.service" ];`:                       {"units"},
		`units = [ ".service" ];`:                             {"units"},
		`units = [ "a\";b.service" ];`:                        {"units"},
		`units = [ "a@b\\x2dc.mount" ];`:                      nil,
		`undoAfter = "30";`:                                   {"undoAfter"},
		`undoAfter = "1M";`:                                   {"undoAfter"},
		`operators = [ "Alice" ];`:                            {"operators"},
		`totpFile = "${builtins.storeDir}/x-totp";`:           {"totpFile"},
		`kubeconfigPath = "${builtins.storeDir}/x-k3s.yaml";`: {"kubeconfigPath"},
	}
	configurations = nil
	var refused [][]string
	for options, wrong := range types {
		configurations, refused = append(configurations, "services.hypervisor-tui.actions = { "+options+" };"), append(refused, wrong)
	}
	for i, m := range evaluateModules(t, configurations...) {
		if !slices.Equal(m.Refused, refused[i]) {
			t.Errorf("%s: refused %q, want %q", configurations[i], m.Refused, refused[i])
		}
	}
}

// TestActionsSwitch: a switch that changes who may ask takes the old socket away, which it would leave as it is under its old name;
// one that changes what may be done ends no drain.
func TestActionsSwitch(t *testing.T) {
	all := evaluateModules(t, turnedOn+allActions, turnedOn+allActions+`services.hypervisor-tui.settings.actions.unlock = "session";`,
		turnedOn+allActions+`services.hypervisor-tui.settings.actions.units = [ ];`)
	before, session, fewer := all[0].files(), all[1].files(), all[2].files()
	for _, c := range []struct {
		name string
		new  map[string]string
		want string
	}{
		{"hypervisor-tui-act-totp.socket", session, "stop"},
		{"hypervisor-tui-act-totp.socket", fewer, ""},
		{"hypervisor-tui-act.service", fewer, ""},
		{"hypervisor-tui-act.service", session, "skip"}, // it ends with its socket
	} {
		if got := change(c.name, unitFile(before, c.name), unitFile(c.new, c.name)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	for files, socket := range map[*map[string]string]string{&before: "hypervisor-tui-act-totp.socket", &session: "hypervisor-tui-act.socket"} {
		if got := sections(unitFile(*files, "hypervisor-tui-act.service"))["[Unit]"]["PartOf"]; !slices.Equal(got, []string{socket}) {
			t.Errorf("the helper ends with %q, want %s", got, socket)
		}
	}
}

// TestActionsForeign: polkit's rule, users and settings for other distributions are the module's, and the program takes the settings.
func TestActionsForeign(t *testing.T) {
	m := evaluateModule(t, turnedOn+allActions+`services.hypervisor-tui.settings.actions.units = [ "k3s.service" ];`)
	head, rule, _ := strings.Cut(read(t, foreign+"actions/hypervisor-tui-act.rules"), "\n")
	if !strings.Contains(head, "/"+actRule) || rule != m.Etc[actRule] {
		t.Errorf("hypervisor-tui-act.rules is, after %q,\n%s\nwant\n%s", head, rule, m.Etc[actRule])
	}
	_, users, _ := strings.Cut(read(t, foreign+"actions/sysusers.conf"), "\n")
	if want := "u hypervisor-tui-act - \"Helper of the hypervisor console\"\ng hypervisor-operators -\n"; users != want || !slices.Contains(m.Groups, "hypervisor-operators") {
		t.Errorf("sysusers.conf has %q, want %q; the module's groups are %q", users, want, m.Groups)
	}
	if c, err := config.Load(foreign + "actions/act.yaml"); err != nil || !c.Actions.Enable || !slices.Equal(c.Actions.Units, []string{"k3s.service"}) {
		t.Errorf("act.yaml: %+v, %v", c, err)
	}
}

// compare compares text with testdata; go test ./nixos -update writes it.
func compare(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := read(t, path); text != want {
		t.Errorf("%s is\n%s\nwant\n%s", name, text, want)
	}
}
