package nixos_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/console/config"
	"hypervisor-tui/plugin"
)

const pluginsPage = "../docs/plugins.md"

// TestPluginDocsNix: the module takes each configuration of docs/plugins.md, and the program what it makes of them.
func TestPluginDocsNix(t *testing.T) {
	const pkgs = `let pkgs = builtins.listToAttrs (map (name: { inherit name; value = { outPath = "/pkgs/${name}"; }; }) [
		"monitoring-plugins" "smartmontools" "gawk" "ceph-client" "jq"
	]) // { writeShellScript = name: _: "/pkgs/${name}"; }; in `
	var configurations []string
	for _, example := range examples(t, read(t, pluginsPage), "nix") {
		example = regexp.MustCompile(`builtins\.readFile \./[\w-]+`).ReplaceAllString(example, `""`)
		configurations = append(configurations, "imports = [ ("+pkgs+"{ "+example+" }) ];")
	}
	if len(configurations) != 4 {
		t.Fatalf("there are %d", len(configurations))
	}
	for i, m := range evaluateModules(t, configurations...) {
		if len(m.Failed)+len(m.Refused) > 0 || m.Settings["plugins"] == nil {
			t.Errorf("%s\nfails with %q, refused are %q", configurations[i], m.Failed, m.Refused)
		}
		accepted(t, m.Settings)
	}
}

// TestPluginDocsYAML: the program takes the other ones, and says the same of the exporter in both.
func TestPluginDocsYAML(t *testing.T) {
	for _, example := range examples(t, read(t, pluginsPage), "yaml") {
		path := filepath.Join(t.TempDir(), "example.yaml")
		if err := os.WriteFile(path, []byte(example), 0o644); err != nil {
			t.Fatal(err)
		}
		if c, err := config.Load(path); err != nil || len(c.Plugins.List) != 1 || len(c.Plugins.List[0].Metrics) != 2 {
			t.Errorf("%s: %+v, %v", example, c, err)
		}
	}
	for _, example := range examples(t, read(t, pluginsPage), "json") {
		status, summary, page, err := plugin.ParseScreen([]byte(example))
		if err != nil || status != plugin.Warning || summary == "" || len(page.Blocks) != 4 {
			t.Errorf("%s: %v, %q, %+v, %v", example, status, summary, page, err)
		}
	}
}

// documented writes a script of docs/plugins.md into a folder, with programs that it finds there first, and returns what runs it.
func documented(t *testing.T, name string, programs map[string]string) func(environment []string, arguments ...string) plugin.Result {
	t.Helper()
	dir := t.TempDir()
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for program, text := range programs {
		put(program, "#!/bin/sh\n"+text)
	}
	for _, script := range examples(t, read(t, pluginsPage), "sh") {
		if strings.HasPrefix(script, "#!/bin/sh\n# "+name) {
			put(name, script)
		}
	}
	spec := plugin.Spec{Name: name}
	if name == "ceph-screen" {
		spec.Kind = plugin.Screen
	}
	return func(environment []string, arguments ...string) plugin.Result {
		t.Helper()
		cmd := exec.Command("sh", append([]string{filepath.Join(dir, name)}, arguments...)...)
		cmd.Env = append(os.Environ(), append(environment, "PATH="+dir+":"+os.Getenv("PATH"), "LC_ALL=C.UTF-8")...)
		out, err := cmd.Output()
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		h := plugin.Header{Began: time.Second, End: plugin.End{Code: uint8(cmd.ProcessState.ExitCode())}}
		return spec.Result(append(h.Append(nil), out...))
	}
}

// TestPluginDocsBackup runs the ten lines of shell.
func TestPluginDocsBackup(t *testing.T) {
	run := documented(t, "check-backup", nil)
	empty, young, old := t.TempDir(), t.TempDir(), t.TempDir()
	for path, age := range map[string]time.Duration{young + "/a": 90 * time.Minute, young + "/b": 100 * time.Hour, old + "/a b": 30*time.Hour + time.Minute} {
		at := time.Now().Add(-age)
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	for dir, want := range map[string]string{
		young:          "ok BACKUP OK - the newest file is 1 hours old [age=1h over 24]",
		old:            "critical BACKUP CRITICAL - the newest file is 30 hours old [age=30h over 24]",
		empty:          "critical BACKUP CRITICAL - nothing is in " + empty + " []",
		empty + "/not": "unknown BACKUP UNKNOWN - " + empty + "/not cannot be read []",
	} {
		r := run(nil, dir, "24")
		var figures []string
		for _, f := range r.Figures {
			figures = append(figures, fmt.Sprintf("%s=%v%s over %v", f.Label, f.Value, f.Unit, f.Critical.High))
		}
		if got := fmt.Sprint(r.Status, " ", r.Text, " ", figures); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
	for _, arguments := range [][]string{nil, {old}, {old, ""}, {old, "1d"}} { // no backup is too old because somebody made a mistake here
		if r := run(nil, arguments...); r.Status != plugin.Unknown || !strings.Contains(r.Text, "FOLDER HOURS") {
			t.Errorf("%q: %v %s", arguments, r.Status, r.Text)
		}
	}
}

// TestPluginDocsSmart runs the check of disks with each way in which smartctl(8) ends; what that prints here is made up.
func TestPluginDocsSmart(t *testing.T) {
	const table = `echo "ID# ATTRIBUTE_NAME FLAG VALUE WORST THRESH TYPE UPDATED WHEN_FAILED RAW_VALUE"
echo "194 Temperature_Celsius 0x0022 069 057 000 Old_age Always - 31 (Min/Max 20/43)"`
	for code, want := range map[int]plugin.Status{
		0: plugin.OK, 1: plugin.Unknown, 2: plugin.Unknown, 4: plugin.Unknown, 8: plugin.Critical, 12: plugin.Critical,
		16: plugin.Warning, 32: plugin.Warning, 64: plugin.Warning, 128: plugin.Warning, 68: plugin.Unknown, 72: plugin.Critical,
	} {
		r := documented(t, "check-smart", map[string]string{"smartctl": fmt.Sprintf("%s\nexit %d\n", table, code)})(nil, "/dev/sda")
		if r.Status != want || !strings.HasPrefix(r.Text, "SMART "+strings.ToUpper(want.String())) {
			t.Errorf("smartctl ends with %d: %v, %s", code, r.Status, r.Text)
		}
		if heat := want != plugin.Unknown; heat != (len(r.Figures) == 1) || heat && (r.Figures[0].Value != 31 || r.Figures[0].Unit != "C") {
			t.Errorf("smartctl ends with %d: %+v", code, r.Figures)
		}
	}
	r := documented(t, "check-smart", map[string]string{"smartctl": "echo 'open failed: Permission denied | x=1'; exit 2\n"})(nil, "/dev/sda")
	if len(r.Figures) > 0 || !strings.Contains(strings.Join(r.More, "\n"), "Permission denied") {
		t.Errorf("of a disk that may not be opened: %+v", r)
	}
}

// TestPluginDocsCeph runs the screen of Ceph's disks, of JSON that is made up by the shape that Ceph documents.
func TestPluginDocsCeph(t *testing.T) {
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip(err)
	}
	osds := func(more string) map[string]string {
		return map[string]string{"ceph": `echo '{"nodes": [
			{"id": 0, "name": "osd.0", "device_class": "ssd", "status": "up", "utilization": 47.346, "pgs": 120},
			{"id": 1, "name": "osd.1", "device_class": "hdd", "status": "up", "utilization": 60, "pgs": 99}` + more + `
		], "stray": [], "summary": {"average_utilization": 51.9}}'`}
	}
	for more, want := range map[string]string{
		"": "ok 2 of 2 OSDs up [osd.1 hdd up 60 99]=ok",
		`, {"id": 2, "name": "osd.2", "device_class": "ssd", "status": "up", "utilization": 84.04, "pgs": 7}`: "warning 3 of 3 OSDs up [osd.2 ssd up 84 7]=warning",
		`, {"id": 2, "name": "osd.2", "device_class": "ssd", "status": "down", "utilization": 0, "pgs": 0}`:   "critical 2 of 3 OSDs up [osd.1 hdd up 60 99]=ok",
	} {
		r := documented(t, "ceph-screen", osds(more))([]string{"CREDENTIALS_DIRECTORY=/c"})
		if r.Page == nil {
			t.Fatalf("%+v", r)
		}
		row := r.Page.Blocks[1].Table.Rows[0]
		if got := fmt.Sprint(r.Status, " ", r.Text, " ", row.Cells, "=", row.Status); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
	if r := documented(t, "ceph-screen", map[string]string{"ceph": "exit 1"})(nil); r.Status != plugin.Unknown {
		t.Errorf("of a Ceph that does not answer: %+v", r)
	}
}
