package config

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/alert"
	"hypervisor-tui/frame"
	"hypervisor-tui/plugin"
)

// readText is a file of the tree.
func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile("../../" + path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// uncommented makes settings of an example's "# key: value"; "## " is prose and stays a comment.
func uncommented(example string) string {
	return regexp.MustCompile(`(?m)^# `).ReplaceAllString(example, "")
}

func TestConfigExampleIsTheDefaults(t *testing.T) {
	example := readText(t, "config.example.yaml")
	for _, text := range []string{example, uncommented(example)} {
		c, err := parseConfig("config.example.yaml", []byte(text))
		if err != nil || !reflect.DeepEqual(c, Default()) {
			t.Errorf("got %+v, %v, want the defaults from\n%s", c, err, text)
		}
	}
}

func TestConfigExampleHasEveryKey(t *testing.T) {
	example := readText(t, "config.example.yaml")
	r := reader{file: "config.example.yaml", lines: map[string]int{}}
	r.mapping(r.parse([]byte(uncommented(example))), "", "", new(Config).keys())
	for _, k := range new(Config).keys() {
		if r.lines[k.name] == 0 {
			t.Errorf("%s is not in config.example.yaml", k.name)
		}
		if !strings.Contains(example, "## "+k.doc) {
			t.Errorf("config.example.yaml does not say of %s: %s", k.name, k.doc)
		}
	}
	for _, k := range slices.Concat(new(Log).keys(), new(PeerNode).keys(), pluginKeys(new(plugin.Spec)), selectKeys(new(plugin.Select))) {
		if !strings.Contains(example, k.name+":") {
			t.Errorf("%s of an entry is not in config.example.yaml", k.name)
		}
	}
}

// TestConfigDocs holds the tables of docs/config.md to the rows of the code, in both directions.
func TestConfigDocs(t *testing.T) {
	var want []string
	for _, k := range new(Config).keys() {
		want = append(want, docRow(k, ""))
	}
	for _, k := range new(Log).keys() {
		want = append(want, docRow(k, "logs[]."))
	}
	for _, k := range new(PeerNode).keys() {
		want = append(want, docRow(k, "peers.nodes[]."))
	}
	for _, k := range pluginKeys(new(plugin.Spec)) {
		want = append(want, docRow(k, "plugins.list[]."))
	}
	for _, k := range selectKeys(new(plugin.Select)) {
		want = append(want, docRow(k, "plugins.list[].metrics[]."))
	}
	rules := alert.DefaultRules()
	for _, k := range ruleKeys(&rules[0]) {
		want = append(want, docRow(k, "alerts.rules.KIND."))
	}
	for k := range frame.KindCount {
		want = append(want, fmt.Sprintf("| `%s` | %s | %s | %t |", k, short(rules[k].For), short(rules[k].Keep), rules[k].Bell))
	}
	var got []string
	for line := range strings.Lines(readText(t, "docs/config.md")) {
		if strings.HasPrefix(line, "| `") {
			got = append(got, strings.TrimSuffix(line, "\n"))
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the rows of docs/config.md should be\n%s", strings.Join(want, "\n"))
	}
}

// short is a duration without the parts that are 0.
func short(d time.Duration) string {
	text := strings.TrimSuffix(d.String(), "m0s")
	if text != d.String() {
		text += "m"
	}
	return text
}

func docRow(k key, at string) string {
	fallback := "must be given"
	if k.fallback != "" {
		fallback = "`" + k.fallback + "`"
	}
	if strings.HasPrefix(at, "alerts.rules.") {
		fallback = "see below"
	}
	if k.name == "logs" {
		fallback = "six tabs, see config.example.yaml"
	}
	return fmt.Sprintf("| `%s%s` | %s | %s | %s |", at, k.name, fallback, k.value.must, k.doc)
}
