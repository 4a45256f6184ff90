package report

import (
	"strconv"

	"hypervisor-tui/frame"
	"hypervisor-tui/plugin"
)

// reported is v where a plugin has left a result that can be read.
func reported[T any](r *of[plugin.Result], v T) *T { return known(v, r.v.At != 0) }

var checkFigures = figures[of[plugin.Result]]{
	{key: "name", kind: "text", help: "Name of the plugin.", value: func(r *of[plugin.Result]) any { return r.v.Name }},
	{key: "kind", kind: "text", help: "What it prints: check, metrics, screen or scrape.", value: func(r *of[plugin.Result]) any { return r.v.Kind.String() }},
	{key: "status", kind: "text", help: "How things are by its last word: ok, warning, critical or unknown, which it is, too, where its result cannot be read. Of one that is silent it is old.", null: "it has not run yet",
		value: func(r *of[plugin.Result]) any { return known(r.v.Status.String(), !r.v.Pending()) }},
	{key: "silent", kind: "boolean", help: "Whether it has not reported for three intervals and the time that a run may take.", value: func(r *of[plugin.Result]) any { return r.f.Checks.Silent(r.v) }},
	{key: "age_seconds", kind: "number", help: "Since it has reported.", null: "it has not reported, or not what can be read",
		value: func(r *of[plugin.Result]) any { return reported(r, max(r.f.Boot-r.v.At, 0).Seconds()) }},
	{key: "took_seconds", kind: "number", help: "How long its run took.", null: "it has not reported, or not what can be read",
		value: func(r *of[plugin.Result]) any { return reported(r, r.v.Took.Seconds()) }},
	{key: "interval_seconds", kind: "number", help: "Between two runs, by the configuration.", value: func(r *of[plugin.Result]) any { return r.v.Interval.Seconds() }},
	{key: "text", kind: "text", help: "What it says in one line, or why nothing is known.", null: "it says nothing", value: func(r *of[plugin.Result]) any { return text(r.v.Text) }},
	{key: "lines", kind: list, help: "The lines behind it.", value: func(r *of[plugin.Result]) any { return plain(r.v.More) }},
	{key: "figures", kind: list, help: "Its figures.", inner: checkedFigures, value: func(r *of[plugin.Result]) any { return checkedFigures.list(r.v.Figures) }},
	{key: "figures_omitted", kind: "integer", help: "Its figures that are not in the list: there are too many.", value: func(r *of[plugin.Result]) any { return r.v.Left }},
}

var checkedFigures = figures[plugin.Figure]{
	{key: "label", kind: "text", help: "What it is called.", value: func(g *plugin.Figure) any { return g.Label }},
	{key: "value", kind: "number", help: "Its value, in its unit.", null: "not known, or not finite", value: func(g *plugin.Figure) any { return number(g.Value) }},
	{key: "unit", kind: "text", help: "Its unit as the plugin writes it; c is a counter.", null: "a plain number", value: func(g *plugin.Figure) any { return text(g.Unit) }},
	{key: "warning", kind: "text", help: "For which values it is a warning, as Nagios writes ranges: `10` is outside of 0 to 10, `10:` below 10, `@5:10` from 5 to 10.", null: "not said",
		value: func(g *plugin.Figure) any { return text(g.Warn.String()) }},
	{key: "critical", kind: "text", help: "For which values it is critical, written likewise.", null: "not said", value: func(g *plugin.Figure) any { return text(g.Critical.String()) }},
	{key: "min", kind: "number", help: "The least value that it can have.", null: "not said", value: func(g *plugin.Figure) any { return number(g.Min) }},
	{key: "max", kind: "number", help: "The greatest.", null: "not said", value: func(g *plugin.Figure) any { return number(g.Max) }},
}

// appendChecks appends how many plugins say that all is well, of those that there are; nothing while nothing is known of them.
// One that is silent says nothing.
func appendChecks(dst []byte, f *frame.Frame) []byte {
	all := f.Checks.Known()
	if len(all) == 0 {
		return dst
	}
	good := 0
	for i := range all {
		if r := &all[i]; r.Status == plugin.OK && !f.Checks.Silent(r) {
			good++
		}
	}
	dst = strconv.AppendInt(append(dst, "checks "...), int64(good), 10)
	return strconv.AppendInt(append(dst, '/'), int64(len(all)), 10)
}
