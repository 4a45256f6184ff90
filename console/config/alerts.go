package config

import (
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"hypervisor-tui/alert"
	"hypervisor-tui/frame"
)

// Alerts is who is called for what is wrong, and when.
type Alerts struct {
	Bell   string // crit, err or off; empty: crit on a console of the kernel, off elsewhere
	Repeat bool
	Quiet  Hours
	Big    bool
	Rules  *alert.Rules
}

// Hours are a part of each day, in the zone that is shown, that may begin the evening before. The zero Hours are none.
type Hours struct {
	From, To time.Duration // since midnight
}

func (a *Alerts) keys() []key {
	return []key{
		{"alerts.bell", "null", orNull(oneOf(&a.Bell, "crit", "err", "off")),
			"How bad an alert must be to ring the terminal's bell. null: crit on a Linux console, off elsewhere."},
		{"alerts.repeat", "true", truth(&a.Repeat),
			"Whether it rings again after 1, 5 and 15 minutes, then each 30, until somebody acknowledges it or mutes the terminal."},
		{"alerts.quiet", "null", orNull(hours(&a.Quiet)),
			"Hours of each day in which nothing rings; the alerts are shown."},
		{"alerts.big", "false", truth(&a.Big),
			"Whether what is critical fills the screen in big letters when nobody has touched a key for 10 minutes."},
		{"alerts.rules", "{}", ruleMap(&a.Rules),
			"By kind of problem, what differs from its rule in docs/config.md: for, keep and bell."},
	}
}

// ruleKeys are what may be said of one kind.
func ruleKeys(r *alert.Rule) []key {
	return []key{
		{"for", "", duration(&r.For, 0, time.Hour), "How long the problem must be there until it is an alert."},
		{"keep", "", duration(&r.Keep, 0, time.Hour), "How long the alert lasts after the problem has gone."},
		{"bell", "", truth(&r.Bell), "Whether it rings, where it is bad enough for `alerts.bell`."},
	}
}

// ruleMap is a mapping of kinds of problem to what is said of them. The rest is as it is without a configuration.
func ruleMap(rules **alert.Rules) value {
	const must = "a mapping of kinds of problem to {for, keep, bell}"
	names := make([]string, frame.KindCount)
	for k := range names {
		names[k] = frame.Kind(k).String()
	}
	return value{must, func(r *reader, n *yaml.Node) *yaml.Node {
		all := alert.DefaultRules()
		*rules = &all
		keys := make([]key, len(names))
		for k, name := range names {
			keys[k] = key{name: name, value: value{"a mapping of for, keep, bell", func(r *reader, n *yaml.Node) *yaml.Node {
				if n.Kind != yaml.MappingNode {
					return n
				}
				r.mapping(n, "alerts.rules."+name+".", "", ruleKeys(&all[k]))
				return nil
			}}}
		}
		if n.Kind != yaml.MappingNode {
			return n
		}
		r.mapping(n, "alerts.rules.", "", keys)
		return nil
	}}
}

func hours(h *Hours) value {
	return scalar("two times of the day, such as 22:00-06:00", func(n *yaml.Node) bool {
		from, to, _ := strings.Cut(n.Value, "-")
		var okFrom, okTo bool
		h.From, okFrom = timeOfDay(from)
		h.To, okTo = timeOfDay(to)
		return okFrom && okTo && h.From != h.To
	})
}

// timeOfDay reads hh:mm.
func timeOfDay(text string) (_ time.Duration, ok bool) {
	t, err := time.Parse("15:04", strings.TrimSpace(text))
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, err == nil
}

// Contain reports whether a time is in them, by its own zone's clock.
func (h Hours) Contain(t time.Time) bool {
	at := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	if h.From <= h.To {
		return h.From <= at && at < h.To
	}
	return at >= h.From || at < h.To
}
