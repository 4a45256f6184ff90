package config

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/plugin"
)

const everyPluginsKey = `
plugins:
  path: /run/plugins
  list:
  - {name: disk-1, command: [/bin/check_disk, -w, 10, "a b\n"]}
  - name: smart
    kind: scrape
    url: http://[::1]:9633/metrics?a=b
    interval: 24h
    timeout: 1h
    metrics:
    - {metric: 'temperature{device="sda"}', label: sda, unit: C, warn: 50, critical: "@60:70"}
    - metric: up
`

func everyPlugins() Plugins {
	return Plugins{"/run/plugins", []plugin.Spec{
		{Name: "disk-1", Command: []string{"/bin/check_disk", "-w", "10", "a b\n"}, Interval: time.Minute, Timeout: 10 * time.Second, Metrics: []plugin.Select{}},
		{Name: "smart", Kind: plugin.Scrape, URL: "http://[::1]:9633/metrics?a=b", Interval: 24 * time.Hour, Timeout: time.Hour, Metrics: []plugin.Select{
			{Metric: "temperature", Labels: map[string]string{"device": "sda"}, Label: "sda", Unit: "C",
				Warn: plugin.Range{Set: true, High: 50}, Critical: plugin.Range{Set: true, Inside: true, Low: 60, High: 70}},
			{Metric: "up"},
		}},
	}}
}

// pluginProblems reads one entry of plugins.list, which begins on line 2 of the file.
func pluginProblems(t *testing.T, entry string) []string {
	t.Helper()
	return configProblems(t, "plugins: {list: [\n{"+entry+"}]}")
}

// TestPluginsThatAreNone: each is refused in one line that names the place and quotes nothing.
func TestPluginsThatAreNone(t *testing.T) {
	long := strings.Repeat("x", 5000)
	for entry, want := range map[string]string{
		"command: [/x]":                                                                    "plugins.list[0].name is missing: it must be a name",
		"name: -x, command: [/x]":                                                          "plugins.list[0].name must be a name",
		"name: ../x, command: [/x]":                                                        "plugins.list[0].name must be a name",
		"name: a.b, command: [/x]":                                                         "plugins.list[0].name must be a name",
		"name: " + long[:41] + ", command: [/]":                                            "plugins.list[0].name must be a name of at most 40",
		"name: x":                                                                          "plugins.list[0] has no command: kind check runs one",
		"name: x, kind: scrape":                                                            "plugins.list[0] has no url: kind scrape asks there",
		"name: x, kind: chek":                                                              "plugins.list[0].kind must be check, metrics, screen or scrape",
		"name: x, comand: [/x]":                                                            `unknown key "comand" (did you mean "command"?)`,
		"name: x, command: /bin/x":                                                         "plugins.list[0].command must be a list",
		"name: x, command: []":                                                             "plugins.list[0].command must be a list",
		"name: x, command: [x]":                                                            "plugins.list[0].command must be a list",
		"name: x, command: [/x, null]":                                                     "plugins.list[0].command must be a list",
		"name: x, command: [/x, [y]]":                                                      "plugins.list[0].command must be a list",
		`name: x, command: [/x, "a\0b"]`:                                                   "plugins.list[0].command must be a list",
		`name: x, command: ["/x\e[2J"]`:                                                    "plugins.list[0].command must be a list",
		"name: x, command: [/x, " + long + "]":                                             "plugins.list[0].command must be a list",
		"name: x, command: [/x" + strings.Repeat(", y", 64) + "]":                          "plugins.list[0].command must be a list",
		"name: x, command: [/x], url: http://localhost/":                                   "plugins.list[0].url is of no use",
		"name: x, kind: scrape, command: [/x], url: http://localhost/":                     "plugins.list[0].command is of no use",
		"name: x, kind: scrape, url: http://10.0.0.1/":                                     "plugins.list[0].url must be an http URL of 127.0.0.1, [::1] or localhost",
		"name: x, kind: scrape, url: http://localhost.example/":                            "plugins.list[0].url must be an http URL of 127.0.0.1, [::1] or localhost",
		"name: x, kind: scrape, url: https://127.0.0.1/":                                   "plugins.list[0].url must be an http URL of 127.0.0.1, [::1] or localhost",
		"name: x, kind: scrape, url: http://u:p@127.0.0.1/":                                "plugins.list[0].url must be an http URL of 127.0.0.1, [::1] or localhost",
		"name: x, kind: scrape, url: http://127.0.0.1/#x":                                  "plugins.list[0].url must be an http URL of 127.0.0.1, [::1] or localhost",
		"name: x, kind: scrape, url: http://0.0.0.0/":                                      "plugins.list[0].url must be an http URL of 127.0.0.1, [::1] or localhost",
		"name: x, command: [/x], metrics: [{metric: up}]":                                  "plugins.list[0].metrics is of no use",
		"name: x, kind: screen, command: [/x], metrics: [{metric: up}]":                    "plugins.list[0].metrics is of no use",
		"name: x, kind: metrics, command: [/x], metrics: [{}]":                             "plugins.list[0].metrics[0].metric is missing",
		"name: x, kind: metrics, command: [/x], metrics: [{metric: 'a{'}]":                 "plugins.list[0].metrics[0].metric must be a name",
		"name: x, kind: metrics, command: [/x], metrics: [{metric: a, warn: hot}]":         "plugins.list[0].metrics[0].warn must be a range",
		"name: x, kind: metrics, command: [/x], metrics: [{metric: a, unit: elevenrunes}]": "plugins.list[0].metrics[0].unit must be a text",
		"name: x, kind: metrics, command: [/x], metrics: [{metric: a, label: ''}]":         "plugins.list[0].metrics[0].label must be a text",
		"name: x, command: [/x], interval: 9s":                                             "plugins.list[0].interval must be a duration",
		"name: x, command: [/x], timeout: 0":                                               "plugins.list[0].timeout must be a duration",
		"name: x, command: [/x], interval: 10s":                                            "plugins.list[0]: timeout (10s) must be below interval (10s)",
		"name: x, command: [/x], timeout: 90":                                              "plugins.list[0]: timeout (90s) must be below interval (1m)",
		"name: x, command: [/x], interval: 100000":                                         "plugins.list[0].interval must be a duration from 10s to 24h, or a number of seconds",
	} {
		if lines := pluginProblems(t, entry); len(lines) != 1 || !strings.HasPrefix(lines[0], "config.yaml:2: "+want) {
			t.Errorf("%.100s: %q, want %q", entry, lines, want)
		}
	}
	if lines := configProblems(t, "plugins:\n  list:\n  - {name: x, command: [/x]}\n  - {name: x, command: [/x]}"); len(lines) != 1 ||
		lines[0] != "config.yaml:4: plugins.list[1].name is already used on line 3" {
		t.Errorf("twice: %q", lines)
	}
	var many strings.Builder
	for i := range plugin.MaxPlugins + 1 {
		fmt.Fprintf(&many, "{name: x%d, command: [/x]}, ", i)
	}
	if lines := configProblems(t, "plugins:\n  list: ["+many.String()+"]"); len(lines) != 1 || !strings.HasPrefix(lines[0], "config.yaml:2: plugins.list must be a list of at most 64") {
		t.Errorf("too many: %q", lines)
	}
}

// TestPluginRanges: a threshold is taken as Nagios has it, as a text or a number; null is none.
func TestPluginRanges(t *testing.T) {
	for text, want := range map[string]plugin.Range{
		"null":    {},
		"50":      {Set: true, High: 50},
		"'~:0.5'": {Set: true, Low: math.Inf(-1), High: 0.5},
		"'10:'":   {Set: true, Low: 10, High: math.Inf(1)},
	} {
		c, err := parseConfig("x", []byte("plugins: {list: [{name: x, kind: metrics, command: [/x], metrics: [{metric: a, warn: "+text+"}]}]}"))
		if err != nil || c.Plugins.List[0].Metrics[0].Warn != want {
			t.Errorf("%s: %+v, %v", text, c.Plugins, err)
		}
	}
}

// TestIntervalInSeconds: a number of seconds may be as large as the span itself.
func TestIntervalInSeconds(t *testing.T) {
	for text, want := range map[string]time.Duration{"7200": 2 * time.Hour, "86400": 24 * time.Hour, "2h": 2 * time.Hour, "90.5": 90500 * time.Millisecond} {
		c, err := parseConfig("x", []byte("plugins: {list: [{name: x, command: [/x], interval: "+text+"}]}"))
		if err != nil || c.Plugins.List[0].Interval != want {
			t.Errorf("%s: %+v, %v", text, c.Plugins, err)
		}
	}
}
