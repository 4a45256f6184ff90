package config

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"hypervisor-tui/plugin"
)

// Bounds of one entry of plugins.list.
const (
	maxArguments = 64
	maxArgument  = 4096 // bytes
)

// Plugins is which programs of others report here, and where their results are. None is read while the list is empty, or under
// profile rescue. Whoever reads them starts anew when it changes.
type Plugins struct {
	Path string // absolute
	List []plugin.Spec
}

func (p *Plugins) keys() []key {
	return []key{
		{"plugins.path", plugin.Directory, absolutePath(&p.Path),
			"Folder with a folder for each plugin, where its unit leaves the result. It must be root's, and nobody else may be able to write to it."},
		{"plugins.list", "[]", entries(&p.List, plugin.MaxPlugins, pluginKeys, func(s *plugin.Spec) string { return s.Name }, (*reader).reporting),
			"Programs of others whose results F5 shows. The console runs none: each has a unit and a timer of systemd (docs/plugins.md)."},
	}
}

// pluginKeys lists the keys of one entry of plugins.list.
func pluginKeys(s *plugin.Spec) []key {
	return []key{
		{"name", "", scalar(fmt.Sprintf("a name of at most %d letters, digits, - and _ that does not begin with -", plugin.MaxName), func(n *yaml.Node) bool {
			s.Name = n.Value
			return plugin.Nameable(s.Name)
		}), "Name of the plugin, and of the instance of its unit, hypervisor-tui-plugin@NAME.service."},
		{"kind", plugin.Check.String(), pluginKind(&s.Kind),
			"What it prints: check is a check for Nagios; metrics is Prometheus's text format; screen is JSON (docs/plugins.md); scrape runs nothing and asks url for metrics."},
		{"command", "null", orNull(arguments(&s.Command)), "The program and its arguments, of every kind but scrape. No shell reads them."},
		{"url", "null", orNull(scrapeAddress(&s.URL)), "Where kind scrape asks."},
		{"interval", "60s", duration(&s.Interval, 10*time.Second, 24*time.Hour),
			"Time between two runs. The timer of its unit must say the same: after three intervals and the timeout without a result the plugin counts as silent."},
		{"timeout", "10s", duration(&s.Timeout, time.Second, time.Hour), "How long a run may take, less than interval; then it is killed."},
		{"metrics", "[]", entries(&s.Metrics, plugin.MaxFigures, selectKeys, nil, nil), "Which metrics are shown, of the kinds metrics and scrape."},
	}
}

// selectKeys lists the keys of one entry of plugins.list[].metrics.
func selectKeys(s *plugin.Select) []key {
	const span = "a range as Nagios has it, such as \"50\", \"10:\", \"~:80\" or \"@10:20\""
	threshold := func(r *plugin.Range) value {
		return orNull(scalar(span, func(n *yaml.Node) bool {
			var err error
			*r, err = plugin.ParseRange(n.Value)
			return err == nil
		}))
	}
	return []key{
		{"metric", "", scalar(`a name, with labels or without, such as 'disk_temperature{device="sda"}'`, func(n *yaml.Node) bool {
			var err error
			s.Metric, s.Labels, err = plugin.ParseSelector(n.Value)
			return err == nil && len(n.Value) <= maxArgument
		}), "Name of the metric, and the labels that a series must have; it may have more."},
		{"label", "null", orNull(scalar(fmt.Sprintf("a text of at most %d bytes", maxText), func(n *yaml.Node) bool {
			s.Label = n.Value
			return shown(n) && len(n.Value) <= maxText
		})), "What its figures are called. null means the name of the metric."},
		{"unit", "null", orNull(scalar(fmt.Sprintf("a text of at most %d characters", plugin.MaxUnit), func(n *yaml.Node) bool {
			s.Unit = n.Value
			return shown(n) && utf8.RuneCountInString(n.Value) <= plugin.MaxUnit
		})), "Its unit as Nagios has it, such as s, %, B or c for a counter, or any other."},
		{"warn", "null", threshold(&s.Warn), "Which values make the plugin a warning: \"50\" is all that are not from 0 to 50, \"~:50\" those above 50, \"10:\" those below 10, \"@10:20\" those from 10 to 20."},
		{"critical", "null", threshold(&s.Critical), "Which values make it critical."},
	}
}

func pluginKind(k *plugin.Kind) value {
	names := make([]string, plugin.KindCount)
	for i := range names {
		names[i] = plugin.Kind(i).String()
	}
	return scalar(oneOf(nil, names...).must, func(n *yaml.Node) bool {
		at := slices.Index(names, n.Value)
		*k = plugin.Kind(max(at, 0))
		return at >= 0
	})
}

// arguments is a program, by its absolute path, and what it is given.
func arguments(list *[]string) value {
	must := fmt.Sprintf("a list of at most %d texts, the first of them an absolute path, such as [/usr/lib/nagios/plugins/check_load, -w, \"5\"]", maxArguments)
	return value{must, func(_ *reader, n *yaml.Node) *yaml.Node {
		if n.Kind != yaml.SequenceNode || len(n.Content) == 0 || len(n.Content) > maxArguments {
			return n
		}
		*list = make([]string, 0, len(n.Content))
		for i, e := range n.Content {
			if e.Kind != yaml.ScalarNode || e.ShortTag() == "!!null" || len(e.Value) > maxArgument || strings.ContainsRune(e.Value, 0) ||
				i == 0 && !(path.IsAbs(e.Value) && shown(e)) {
				return e
			}
			*list = append(*list, e.Value)
		}
		return nil
	}}
}

// scrapeAddress is a URL of this host that nobody must log in to.
func scrapeAddress(s *string) value {
	return scalar("an http URL of 127.0.0.1, [::1] or localhost without a user, such as http://127.0.0.1:9633/metrics", func(n *yaml.Node) bool {
		*s = n.Value
		u, err := url.Parse(n.Value)
		return err == nil && shown(n) && len(n.Value) <= maxText && u.Scheme == "http" && loopback(u.Hostname()) && u.User == nil && u.Fragment == "" && u.Opaque == ""
	})
}

// reporting finds what contradicts itself in an entry of plugins.list whose keys are each right.
func (r *reader) reporting(s *plugin.Spec, at string, line int) {
	scrapes := s.Kind == plugin.Scrape
	switch {
	case scrapes && s.URL == "":
		r.problem(line, "%s has no url: kind scrape asks there", at)
	case scrapes && len(s.Command) > 0:
		r.problem(r.lines[at+".command"], "%s.command is of no use: kind scrape runs nothing", at)
	case !scrapes && len(s.Command) == 0:
		r.problem(line, "%s has no command: kind %s runs one", at, s.Kind)
	case !scrapes && s.URL != "":
		r.problem(r.lines[at+".url"], "%s.url is of no use: only kind scrape asks there", at)
	}
	if len(s.Metrics) > 0 && !scrapes && s.Kind != plugin.Metrics {
		r.problem(r.lines[at+".metrics"], "%s.metrics is of no use: only the kinds metrics and scrape have any", at)
	}
	if s.Timeout >= s.Interval {
		r.problem(max(r.lines[at+".timeout"], r.lines[at+".interval"]), "%s: timeout (%s) must be below interval (%s)", at, span(s.Timeout), span(s.Interval))
	}
}
