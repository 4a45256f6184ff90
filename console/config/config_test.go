package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"hypervisor-tui/alert"
	"hypervisor-tui/draw/tty"
	"hypervisor-tui/frame"
	"hypervisor-tui/internal/clean"
	"hypervisor-tui/plugin"
)

// configProblems parses text and returns the lines of its error, none for a good file.
func configProblems(t *testing.T, text string) []string {
	t.Helper()
	c, err := parseConfig("config.yaml", []byte(text))
	if err == nil {
		return nil
	}
	if !reflect.DeepEqual(c, Default()) {
		t.Errorf("a bad file gave %+v, want the defaults", c)
	}
	return strings.Split(err.Error(), "\n")
}

func TestConfigDefaults(t *testing.T) {
	rules := alert.DefaultRules()
	want := Config{
		Sampling: Sampling{
			RefreshInterval: 2 * time.Second,
			Profile:         "full",
			Filesystems:     Deny{[]string{}},
		},
		Logging: Logging{
			LogBufferSize: 10000,
			Logs: []Log{
				{"k3s", []string{"k3s", "k3s-agent"}, nil, "auto"},
				{"kubelet", []string{"kubelet"}, nil, "auto"},
				{"containerd", []string{"containerd"}, []string{"/var/lib/rancher/k3s/agent/containerd/containerd.log"}, "auto"},
				{"virt-handler", []string{"virt-handler"}, []string{"/var/log/pods/kubevirt_virt-handler-*/virt-handler/*.log"}, "auto"},
				{"kubevirt", nil, []string{
					"/var/log/pods/*_virt-launcher-*/compute/*.log",
					"/var/log/pods/kubevirt_virt-api-*/virt-api/*.log",
					"/var/log/pods/kubevirt_virt-controller-*/virt-controller/*.log",
					"/var/log/pods/kubevirt_virt-operator-*/virt-operator/*.log",
				}, "auto"},
				{"kernel", []string{"kernel"}, nil, "auto"},
			},
		},
		Judging: Judging{
			Interfaces: Deny{[]string{"veth*", "cali*", "lxc*"}},
			Thresholds: Thresholds{CPU: Threshold{90, 98, 0}, Memory: Threshold{90, 97, 5}, Filesystem: Threshold{85, 95, 2}},
		},
		Alerts: Alerts{Repeat: true, Rules: &rules},
		Display: Display{
			Screen: "dashboard",
			Theme:  "auto",
			Glyphs: "auto",
			Quit:   true,
		},
		History: History{Enable: true, Size: 64 << 20, Sync: time.Minute},
		Serve:   defaultServe(),
		Peers:   Peers{Port: 9101, Nodes: []PeerNode{}, Interval: 15 * time.Second},
		Actions: defaultActions(),
		Plugins: Plugins{Path: plugin.Directory, List: []plugin.Spec{}},
	}
	if got := Default(); !reflect.DeepEqual(got, want) {
		t.Errorf("DefaultConfig() =\n%+v\nwant\n%+v", got, want)
	}
}

func TestConfigEveryKeySet(t *testing.T) {
	got, err := parseConfig("config.yaml", []byte(`
refreshInterval: 2
logBufferSize: 100_000
screen: network
theme: mono
glyphs: ascii
size: 132x43
quit: false
profile: rescue
kubeconfigPath: /etc/rancher/k3s/k3s.yaml
logs:
  - name: storage
    journalUnits: [ceph.service, "mdmonitor"]
    files: [/var/log/ceph/*.log]
    format: plain
interfaces: {deny: []}
filesystems:
  deny: [/mnt/*, "/srv/[ab]"]
thresholds:
  cpu: {warn: 1}
  memory:
  filesystem: {warn: 50, critical: 60, margin: 7}
alerts:
  bell: err
  repeat: false
  quiet: 22:00-06:30
  big: true
  rules:
    unit-failed: {for: 30s, bell: false}
    no-carrier:
      keep: 300
baud: 9600
login: true
history: {enable: true, path: /srv/flight, size: 2GiB, sync: 5m}
`+everyServeKey+everyPeersKey+everyActionsKey+everyPluginsKey+`
prometheus: {url: "https://prometheus.example.org:9090/prefix/", tokenFile: /token, caFile: /ca}
palette: ["#000000", "#cc0000", "#4e9a06", "#c4a000", "#3465a4", "#75507b", "#06989a", "#d3d7cf",
  "#555753", "#ef2929", "#8ae234", "#fce94f", "#729fcf", "#ad7fa8", "#34e2e2", "#FFFFFF"]
`))
	rules := alert.DefaultRules()
	rules[frame.UnitFailed].For, rules[frame.UnitFailed].Bell = 30*time.Second, false
	rules[frame.NoCarrier].Keep = 5 * time.Minute
	want := Config{
		Sampling: Sampling{
			RefreshInterval: 2 * time.Second,
			Profile:         "rescue",
			KubeconfigPath:  "/etc/rancher/k3s/k3s.yaml",
			Filesystems:     Deny{[]string{"/mnt/*", "/srv/[ab]"}},
		},
		Logging: Logging{
			LogBufferSize: 100000,
			Logs:          []Log{{"storage", []string{"ceph", "mdmonitor"}, []string{"/var/log/ceph/*.log"}, "plain"}},
		},
		Judging: Judging{
			Interfaces: Deny{[]string{}},
			Thresholds: Thresholds{CPU: Threshold{1, 98, 0}, Memory: Threshold{90, 97, 5}, Filesystem: Threshold{50, 60, 7}},
		},
		Alerts: Alerts{Bell: "err", Quiet: Hours{22 * time.Hour, 6*time.Hour + 30*time.Minute}, Big: true, Rules: &rules},
		Display: Display{
			Screen: "network",
			Theme:  "mono",
			Glyphs: "ascii",
			Size:   Size{132, 43},
			Baud:   9600,
			Login:  true,
			Palette: &tty.Palette{0, 0xcc0000, 0x4e9a06, 0xc4a000, 0x3465a4, 0x75507b, 0x06989a, 0xd3d7cf,
				0x555753, 0xef2929, 0x8ae234, 0xfce94f, 0x729fcf, 0xad7fa8, 0x34e2e2, 0xffffff},
		},
		History:    History{Enable: true, Path: "/srv/flight", Size: 2 << 30, Sync: 5 * time.Minute},
		Serve:      everyServe(),
		Peers:      everyPeers(),
		Actions:    everyActions(),
		Plugins:    everyPlugins(),
		Prometheus: Prometheus{"https://prometheus.example.org:9090/prefix/", "/token", "/ca"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v, %v\nwant\n%+v", got, err, want)
	}
}

func TestConfigDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"1": time.Second, "60": time.Minute, "1.5": 1500 * time.Millisecond, "1m": time.Minute, `"2500ms"`: 2500 * time.Millisecond,
	} {
		c, err := parseConfig("config.yaml", []byte("refreshInterval: "+text))
		if err != nil || c.RefreshInterval != want {
			t.Errorf("%s: got %v, %v; want %v", text, c.RefreshInterval, err, want)
		}
	}
	for _, text := range []string{"0", "61", "999ms", "-2", "2 s", `"2"`, ".nan", ".inf", "1e300", "true", "[2s]", "", "{}"} {
		if configProblems(t, "refreshInterval: "+text) == nil {
			t.Errorf("refreshInterval: %s was taken", text)
		}
	}
}

func TestConfigRescueShrinksTheLogBuffer(t *testing.T) {
	for text, want := range map[string]int{
		"profile: rescue":                       2000,
		"profile: rescue\nlogBufferSize: 10000": 10000,
		"profile: full":                         10000,
	} {
		if c, err := parseConfig("config.yaml", []byte(text)); err != nil || c.LogBufferSize != want {
			t.Errorf("%q: got %d, %v; want %d", text, c.LogBufferSize, err, want)
		}
	}
}

func TestConfigRescueRecordsNothing(t *testing.T) {
	for text, want := range map[string]bool{
		"profile: rescue":                             false,
		"profile: rescue\nhistory: {size: 64MiB}":     false,
		"profile: rescue\nhistory: {enable: true}":    true,
		"history: {enable: false}":                    false,
		"profile: full\nhistory: {path: /srv/flight}": true,
	} {
		if c, err := parseConfig("config.yaml", []byte(text)); err != nil || c.History.Enable != want {
			t.Errorf("%q: got %v, %v; want %v", text, c.History.Enable, err, want)
		}
	}
}

func TestConfigByteSizes(t *testing.T) {
	for text, want := range map[string]int64{"8MiB": 8 << 20, "100MiB": 100 << 20, `"1GiB"`: 1 << 30, "64GiB": 64 << 30} {
		if c, err := parseConfig("config.yaml", []byte("history: {size: "+text+"}")); err != nil || c.History.Size != want {
			t.Errorf("%s: got %d, %v; want %d", text, c.History.Size, err, want)
		}
	}
	for _, text := range []string{"7MiB", "65GiB", "64", "67108864", "64MB", "64 MiB", "MiB", "-8MiB", "8.5MiB", "4294967296GiB", "99999999999999999999MiB", "null", "[64MiB]"} {
		if lines := configProblems(t, "history: {size: "+text+"}"); len(lines) != 1 {
			t.Errorf("history.size: %s says %q", text, lines)
		}
	}
}

// TestHistoryFile: a relative path in the environment names no place, as the specification has it.
func TestHistoryFile(t *testing.T) {
	for _, c := range []struct{ path, state, xdg, home, want string }{
		{"/srv/flight", "/var/lib/a", "/x", "/home/a", "/srv/flight"},
		{"", "/var/lib/a", "/x", "/home/a", "/var/lib/a/flight"},
		{"", "/var/lib/a:/var/lib/b", "", "", "/var/lib/a/flight"},
		{"", "", "/x", "/home/a", "/x/hypervisor-tui/flight"},
		{"", "", "", "/home/a", "/home/a/.local/state/hypervisor-tui/flight"},
		{"", "a", "x", "/home/a", "/home/a/.local/state/hypervisor-tui/flight"},
		{"", "", "", "home", ""},
		{"", "", "", "", ""},
	} {
		t.Setenv("STATE_DIRECTORY", c.state)
		t.Setenv("XDG_STATE_HOME", c.xdg)
		t.Setenv("HOME", c.home)
		if got := (&History{Path: c.path}).File(); got != c.want {
			t.Errorf("%+v: got %q", c, got)
		}
	}
}

// TestConfigTakesTheLongestTexts, by characters where they are shown.
func TestConfigTakesTheLongestTexts(t *testing.T) {
	for _, text := range []string{
		"logs: [{name: " + strings.Repeat("é", 20) + ", journalUnits: [a]}]",
		"interfaces: {deny: [" + strings.Repeat("x", 255) + "]}",
		"kubeconfigPath: /" + strings.Repeat("x", 4094),
	} {
		if lines := configProblems(t, text); lines != nil {
			t.Errorf("%.40q: %q", text, lines)
		}
	}
}

// TestF48ConfigSaysWhatIsWrong holds the exact lines that an operator reads.
func TestF48ConfigSaysWhatIsWrong(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"\n\nrefreshIntervall: 2s", `:3: unknown key "refreshIntervall" (did you mean "refreshInterval"?)`},
		{"refresh_interval: 2s", `:1: unknown key "refresh_interval" (did you mean "refreshInterval"?)`},
		{"thresholds:\n  cpu: {wran: 3}", `:2: unknown key "wran" (did you mean "warn"?)`},
		{"thresholds:\n  cpu: {crit: 3}", `:2: unknown key (did you mean "critical"?)`},
		{"thresholds:\n  cpu: {warning: 3}", `:2: unknown key (did you mean "warn"?)`},
		{"thresholds: {bananas: {}}", `:1: unknown key (known here: cpu, memory, filesystem)`},
		{"interfaces.deny: []", `:1: unknown key (did you mean "interfaces"?)`},
		{"zzz: []", `:1: unknown key (known here: ` + strings.Join(children(new(Config).keys(), ""), ", ") + ")"},
		{"logBufferSize: 50", `:1: logBufferSize must be a whole number from 100 to 1000000`},
		{"logBufferSize: 100.5", `:1: logBufferSize must be a whole number from 100 to 1000000`},
		{"logBufferSize: many", `:1: logBufferSize must be a whole number from 100 to 1000000`},
		{"logBufferSize: 99999999999999999999", `:1: logBufferSize must be a whole number from 100 to 1000000`},
		{"screen:", `:1: screen must be logs, dashboard, network, nodes or checks, not nothing`},
		{"screen: [logs]", `:1: screen must be logs, dashboard, network, nodes or checks, not a list of 1`},
		{"quit: yes", `:1: quit must be true or false`},
		{"size: 0x24", `:1: size must be columns x rows from 1x1 to 400x150, such as 80x24, or null`},
		{"size: 401x24", `:1: size must be columns x rows from 1x1 to 400x150, such as 80x24, or null`},
		{"kubeconfigPath: ~/.kube/config", `:1: kubeconfigPath must be an absolute path, or null`},
		{"screen: logs\nscreen: network", `:2: screen is already set on line 1: remove one`},
		{"interfaces: {deny: veth*}", `:1: interfaces.deny must be a list of at most 64 globs, such as [veth*, tap?]`},
		{"interfaces: {deny: [a, '[']}", `:1: interfaces.deny must be a list of at most 64 globs, such as [veth*, tap?]`},
		{"interfaces: veth*", `:1: interfaces must be a mapping of deny`},
		{"thresholds: {cpu: {warn: 99}}", `:1: thresholds.cpu: warn (99) must be below critical (98)`},
		{"thresholds: {cpu: {warn: 98}}", `:1: thresholds.cpu: warn (98) must be below critical (98)`},
		{"thresholds: {memory: {critical: 90}}", `:1: thresholds.memory: warn (90) must be below critical (90)`},
		{"thresholds: {memory: {warn: 5, margin: 5}}", `:1: thresholds.memory: margin (5) must be below warn (5)`},
		{"thresholds: {filesystem: {warn: 7, critical: 7}}", `:1: thresholds.filesystem: warn (7) must be below critical (7)`},
		{"alerts: {bell: loud}", `:1: alerts.bell must be crit, err or off, or null`},
		{"alerts: {quiet: 22-6}", `:1: alerts.quiet must be two times of the day, such as 22:00-06:00, or null`},
		{"alerts: {quiet: 22:00-24:00}", `:1: alerts.quiet must be two times of the day, such as 22:00-06:00, or null`},
		{"alerts: {quiet: 22:00-22:00}", `:1: alerts.quiet must be two times of the day, such as 22:00-06:00, or null`},
		{"alerts: {rules: [no-carrier]}", `:1: alerts.rules must be a mapping of kinds of problem to {for, keep, bell}, not a list of 1`},
		{"alerts: {rules: {no-carier: {for: 1s}}}", `:1: unknown key "no-carier" (did you mean "no-carrier"?)`},
		{"alerts: {rules: {no-carrier: 1s}}", `:1: alerts.rules.no-carrier must be a mapping of for, keep, bell`},
		{"alerts: {rules: {no-carrier: {fore: 1s}}}", `:1: unknown key "fore" (did you mean "for"?)`},
		{"alerts: {rules: {no-carrier: {for: 2h}}}", `:1: alerts.rules.no-carrier.for must be a duration from 0s to 1h, or a number of seconds`},
		{"alerts: {rules: {no-carrier: {bell: off}}}", `:1: alerts.rules.no-carrier.bell must be true or false`},
		{"login: maybe", `:1: login must be true or false`},
		{"palette: [1]", `:1: palette must be a list of 16 colours, such as "#cc0000", or null, not a list of 1`},
		{"palette: [" + strings.Repeat(`"#000000", `, 15) + "red]", `:1: palette must be a list of 16 colours, such as "#cc0000", or null`},
		{"palette: [" + strings.Repeat(`"#000000", `, 15) + `"#12345"]`, `:1: palette must be a list of 16 colours, such as "#cc0000", or null`},
		{"logs: [{name: a, files: [x.log]}]", `:1: logs[0].files must be a list of 1 to 16 absolute paths or globs, such as [/var/log/pods/*/*/*.log], or null`},
		{"logs: [{name: a, files: [/x, '/[']}]", `:1: logs[0].files must be a list of 1 to 16 absolute paths or globs, such as [/var/log/pods/*/*/*.log], or null`},
		{"logs: [{name: a, files: [/]}]", `:1: logs[0].files must be a list of 1 to 16 absolute paths or globs, such as [/var/log/pods/*/*/*.log], or null`},
		{"logs: [{name: a, files: []}]", `:1: logs[0].files must be a list of 1 to 16 absolute paths or globs, such as [/var/log/pods/*/*/*.log], or null, not a list of 0`},
		{"logs: [{name: a, files: [/x], format: json}]", `:1: logs[0].format must be auto, cri or plain`},
		{"logs:\n- {name: a, journalUnits: [a]}\n- {name: b, format: cri}", `:3: logs[1] has neither journalUnits nor files: the tab would stay empty`},
		{"logs: [k3s]", `:1: logs[0] must be a mapping of name, journalUnits, files, format`},
		{"logs: [{name: a, journalUnits: ['k3s*']}]", `:1: logs[0].journalUnits must be a list of 1 to 64 unit names without blanks or globs, such as [k3s], or null`},
		{"logs: [{name: a, journalUnits: [.service]}]", `:1: logs[0].journalUnits must be a list of 1 to 64 unit names without blanks or globs, such as [k3s], or null`},
		{"interfaces: {deny: [" + strings.Repeat("x", 256) + "]}", `:1: interfaces.deny must be a list of at most 64 globs, such as [veth*, tap?]`},
		{"kubeconfigPath: /" + strings.Repeat("x", 4095), `:1: kubeconfigPath must be an absolute path, or null`},
		{"logs: [{name: " + strings.Repeat("é", 21) + ", journalUnits: [a]}]", `:1: logs[0].name must be a name of at most 20 plain characters other than All`},
		{"palette: [" + strings.Repeat(`"#000000", `, 15) + `"000000"]`, `:1: palette must be a list of 16 colours, such as "#cc0000", or null`},
		{"logs: [{name: All, journalUnits: [a]}]", `:1: logs[0].name must be a name of at most 20 plain characters other than All`},
		{"logs: [{name: a, journalUnits: [a]},\n {name: a, journalUnits: [b]}]", `:2: logs[1].name is already used on line 1`},
		{"logs: [{name: \"a\\e[31m\", journalUnits: [a]}]", `:1: logs[0].name must be a name of at most 20 plain characters other than All`},
		{"- a", `:1: the file must be a mapping of ` + strings.Join(children(new(Config).keys(), ""), ", ") + ", not a list of 1"},
		{"quit: true\n---\nquit: true", `:2: a second document starts here: it would not be read, remove it`},
		{"a: &x b", `:1: anchors (&), aliases (*) and tags (!) are not read here: write the value itself`},
		{"quit: !!bool true", `:1: anchors (&), aliases (*) and tags (!) are not read here: write the value itself`},
		{"quit: true\nscreen: \xff", `:2: holds a byte that is not UTF-8 text: save the file as UTF-8`},
		{"quit: true\nscreen: \x1b[2J", `:2: holds a byte that is not UTF-8 text: save the file as UTF-8`},
		{"screen: logs\n theme: dark", `:2: mapping values are not allowed in this context: look near here for a wrong indentation, quote or bracket`},
	} {
		lines := configProblems(t, test.text)
		if want := "config.yaml" + test.want; len(lines) == 0 || lines[0] != want {
			t.Errorf("%q:\n got %q\nwant %q", test.text, lines, want)
		}
	}
}

// TestQuietHours may begin the evening before.
func TestQuietHours(t *testing.T) {
	for _, c := range []struct {
		h    Hours
		at   string
		want bool
	}{
		{Hours{22 * time.Hour, 6 * time.Hour}, "21:59", false}, {Hours{22 * time.Hour, 6 * time.Hour}, "22:00", true},
		{Hours{22 * time.Hour, 6 * time.Hour}, "00:00", true}, {Hours{22 * time.Hour, 6 * time.Hour}, "05:59", true},
		{Hours{22 * time.Hour, 6 * time.Hour}, "06:00", false}, {Hours{12 * time.Hour, 14 * time.Hour}, "13:00", true},
		{Hours{12 * time.Hour, 14 * time.Hour}, "14:00", false}, {Hours{12 * time.Hour, 14 * time.Hour}, "11:59", false},
		{Hours{}, "00:00", false}, {Hours{}, "12:00", false},
	} {
		at, err := time.Parse("15:04", c.at)
		if got := c.h.Contain(at); err != nil || got != c.want {
			t.Errorf("%s in %v: %v, %v", c.at, c.h, got, err)
		}
	}
}

// TestMarginFitsALowLimit: the default is less than a limit that somebody has set low.
func TestMarginFitsALowLimit(t *testing.T) {
	c, err := parseConfig("config.yaml", []byte("thresholds: {memory: {warn: 3}, filesystem: {warn: 1}}"))
	if err != nil || c.Thresholds.Memory.Margin != 2 || c.Thresholds.Filesystem.Margin != 0 {
		t.Errorf("%+v, %v", c.Thresholds, err)
	}
}

// TestB17NothingOfTheFileIsQuoted: --config may name any file, by a link too, and what is said of it is on a screen.
func TestB17NothingOfTheFileIsQuoted(t *testing.T) {
	const planted = "S3CR3T"
	for _, text := range []string{
		"root:$6$S3CR3T$hash:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n",
		"S3CR3T: 1\nuser: S3CR3T\n",
		"password: S3CR3T\ntoken: [S3CR3T]\n",
		"theme: S3CR3T\nsize: S3CR3T\nbaud: S3CR3T\nlogs: [{name: S3CR3TS3CR3TS3CR3TS3CR3T, files: [S3CR3T]}]\n",
		"logs: [{name: S3CR3T, journalUnits: [a]}, {name: S3CR3T, journalUnits: [S3CR3T]}]\n",
		"interfaces: S3CR3T\nthresholds: {S3CR3T: 1}\n",
		"a: *S3CR3T\n",
		"a: &S3CR3T b\n",
		"a: !S3CR3T b\n",
		"%S3CR3T 1\n---\na\n",
		"!S3CR3T!x a: 1\n",
		"[S3CR3T\n",
		"'S3CR3T\n",
		"\"S3CR3T\\q\"\n",
		"machine S3CR3T\nlogin: a\n b: S3CR3T\n",
		"-----BEGIN PRIVATE KEY-----\nS3CR3T\n-----END PRIVATE KEY-----\n",
		"S3CR3T\n",
		"theme: dark\n---\nS3CR3T: 1\n",
		"? S3CR3T\n: S3CR3T\n",
	} {
		lines := configProblems(t, text)
		if len(lines) == 0 {
			t.Errorf("%q is a good configuration", text)
		}
		if said := strings.Join(lines, "\n"); strings.Contains(said, planted) {
			t.Errorf("of %q it says %s", text, said)
		}
	}
}

func TestF48ConfigTellsEveryProblem(t *testing.T) {
	lines := configProblems(t, "screen: log\nthem: dark\nquit: 1\nlogs:\n  - name: a\n")
	want := []string{
		`config.yaml:1: screen must be logs, dashboard, network, nodes or checks`,
		`config.yaml:2: unknown key "them" (did you mean "theme"?)`,
		`config.yaml:3: quit must be true or false`,
		`config.yaml:5: logs[0] has neither journalUnits nor files: the tab would stay empty`,
	}
	if !reflect.DeepEqual(lines, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

func TestF48ConfigCountsWhatItDoesNotTell(t *testing.T) {
	lines := configProblems(t, strings.Repeat("x: 1\n", 1000))
	if len(lines) != maxProblems+1 || lines[maxProblems] != "config.yaml: and 980 more problems" {
		t.Errorf("got %d lines, the last %q", len(lines), lines[len(lines)-1])
	}
}

func TestF48ConfigNameOfTheFileIsCleaned(t *testing.T) {
	_, err := parseConfig("a\x1b[2J\u202e.yaml", []byte("x: 1"))
	if err == nil || !strings.HasPrefix(err.Error(), "a\ufffd\ufffd.yaml:1: ") {
		t.Errorf("got %q", err)
	}
}

func TestConfigDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0}, {"abc", "abd", 1}, {"abc", "bc", 1}, {"kitten", "sitting", 3}} {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("distance(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

func TestF48ConfigFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	huge := write("huge.yaml", "screen: logs\n")
	if err := os.Truncate(huge, 100<<20); err != nil {
		t.Fatal(err)
	}
	bomb := "a: &a [x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'i'; c++ {
		was := string(c - 1)
		bomb += string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat("*"+was+", ", 9), ", ") + "]\n"
	}
	for name, test := range map[string]struct{ path, want string }{
		"missing":   {filepath.Join(dir, "none.yaml"), "no such file"},
		"empty":     {write("empty.yaml", ""), ""},
		"comments":  {write("comments.yaml", "# nothing\n---\n"), ""},
		"bom":       {write("bom.yaml", "\uFEFFscreen: dashboard\r\n"), ""},
		"100 MB":    {huge, "larger than 64 KiB"},
		"bomb":      {write("bomb.yaml", bomb), "anchors"},
		"bad UTF-8": {write("latin.yaml", "# caf\xe9\n"), "UTF-8"},
		"UTF-16":    {write("utf16.yaml", "\xff\xfes\x00"), "UTF-8"},
		"directory": {dir, "not a regular file"},
		"fifo":      {fifo, "not a regular file"},
		"device":    {"/dev/zero", "not a regular file"},
	} {
		c, err := Load(test.path)
		if !reflect.DeepEqual(c, Default()) {
			t.Errorf("%s: got %+v, want the defaults", name, c)
		}
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

func TestF48ConfigReadsNoMoreThanItTakes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sparse.yaml")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 1<<40); err != nil {
		t.Skipf("no sparse file of 1 TiB here: %v", err)
	}
	if text, err := readConfig(path); err == nil || len(text) > maxConfig+1 {
		t.Errorf("got %d bytes, %v", len(text), err)
	}
}

// TestF48ConfigThatCostsAParser holds that the worst files of full size come back; a hang shows as the test's deadline.
func TestF48ConfigThatCostsAParser(t *testing.T) {
	for _, piece := range []string{"[", "{a: ", "- ", "? ", "-\n", "a:\n", "a: #x\n", "&a ", "*a ", "!a ", "\n", "'", "a: |\n  b\n", "---\n", "é"} {
		text := strings.Repeat(piece, maxConfig/len(piece))
		for _, text := range []string{text, "logs: " + text, "logs:\n" + text} {
			if n := len(configProblems(t, text)); n > maxProblems+1 {
				t.Errorf("%q: %d lines", piece, n)
			}
		}
	}
}

func TestJournalTabs(t *testing.T) {
	var names []string
	tabs := Tabs(Default())
	for _, tab := range tabs {
		names = append(names, tab.Name)
	}
	if got := strings.Join(names, " "); got != "All k3s kubelet containerd virt-handler kubevirt kernel" {
		t.Errorf("tabs are %s", got)
	}
	if tabs[0].Units != nil || !reflect.DeepEqual(tabs[1].Units, []string{"k3s", "k3s-agent"}) {
		t.Errorf("units are %v, %v", tabs[0].Units, tabs[1].Units)
	}
	if !reflect.DeepEqual(tabs[3].Units, []string{"containerd"}) || !reflect.DeepEqual(tabs[5].Units, []string{"kubevirt"}) {
		t.Errorf("files are under %v, %v", tabs[3].Units, tabs[5].Units)
	}
}

// TestPodLog: a pod's files are followed once, and no name leads out of the folder of pods' logs.
func TestPodLog(t *testing.T) {
	for pod, want := range map[[2]string]string{
		{"default", "web-7d4f9"}:             "/var/log/pods/default_web-7d4f9_*/*/*.log",
		{"default", "a.b"}:                   "/var/log/pods/default_a.b_*/*/*.log",
		{"vms", "virt-launcher-vm-01-x7k2p"}: "", // kubevirt has it
		{"kubevirt", "virt-handler-x7k2p"}:   "", // virt-handler has it
		{"default", "virt-handler-x7k2p"}:    "/var/log/pods/default_virt-handler-x7k2p_*/*/*.log",
		{"..", "/../etc"}:                    "",
		{"default", "*"}:                     "",
		{"default", "web_"}:                  "",
		{"", "web"}:                          "",
		{"default", ""}:                      "",
	} {
		l, ok := PodLog(Default(), pod[0], pod[1])
		if ok != (want != "") || ok && (len(l.Files) != 1 || l.Files[0] != want) {
			t.Errorf("%q: %v %+v, want %q", pod, ok, l, want)
		}
	}
}

func FuzzConfig(f *testing.F) {
	example, err := os.ReadFile("../../config.example.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	f.Add([]byte(uncommented(string(example))))
	f.Add([]byte("a: &a [*a, !!x y]\n---\n? [k]\n: v\n"))
	f.Add([]byte("logs: [{name: \"\\e[2J\u202e\", journalUnits: [x.service]}, {}]\nsize: 80x24\nthresholds: {cpu: {warn: 101}}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := parseConfig("config.yaml", text)
		if err == nil {
			if c.RefreshInterval < time.Second || c.LogBufferSize < 100 || c.Thresholds.CPU.Warn >= c.Thresholds.CPU.Critical {
				t.Errorf("out of bounds: %+v", c)
			}
			for _, l := range c.Logs {
				if l.Name == "" || len(l.JournalUnits)+len(l.Files) == 0 || l.Format == "" || clean.String(l.Name) != l.Name {
					t.Errorf("log %+q", l)
				}
			}
			return
		}
		lines := strings.Split(err.Error(), "\n")
		if len(lines) > maxProblems+1 {
			t.Errorf("%d lines", len(lines))
		}
		for _, line := range lines {
			if !strings.HasPrefix(line, "config.yaml:") || clean.String(line) != line {
				t.Errorf("line %+q", line)
			}
		}
	})
}
