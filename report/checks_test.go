package report

import (
	"math"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/plugin"
)

// TestChecks: each plugin says what it said last and how old that is; what is not known is null, and so is all of one that has
// not reported.
func TestChecks(t *testing.T) {
	f := emptyFrame()
	reads(t, f, map[string]any{"checks": []any{}})
	f.Checks = &plugin.State{Health: ok()}
	reads(t, f, map[string]any{"checks": []any{}})
	f.Checks.Results = []plugin.Result{
		{Name: "load", Status: plugin.Warning, At: f.Boot - 5*time.Second, Took: 12 * time.Millisecond, Interval: time.Minute, Text: "17.3", More: []string{"a", "b"}, Left: 7, Figures: []plugin.Figure{
			{Label: "load1", Value: 17.25, Warn: plugin.Range{Set: true, High: 15}, Critical: plugin.Range{Set: true, Inside: true, Low: math.Inf(-1), High: 3.5}, Min: 0, Max: math.NaN()},
			{Label: "load5", Value: math.NaN(), Unit: "c", Min: math.NaN(), Max: 9},
			{Label: "load15", Value: math.Inf(1), Min: math.NaN(), Max: math.NaN()}}},
		{Name: "late", Kind: plugin.Screen, At: f.Boot - time.Hour, Interval: time.Minute},
		{Name: "never", Kind: plugin.Scrape, Status: plugin.Unknown, Begun: f.Boot - 10*time.Second, Interval: time.Hour},
		{Name: "refused", Status: plugin.Unknown, Interval: time.Minute, Text: "belongs to user 1000"},
	}
	reads(t, f, map[string]any{
		"checks.0.name": "load", "checks.0.kind": "check", "checks.0.status": "warning", "checks.0.silent": false, "checks.0.age_seconds": 5.0, "checks.0.took_seconds": 0.012,
		"checks.0.interval_seconds": 60.0, "checks.0.text": "17.3", "checks.0.lines": []any{"a", "b"}, "checks.0.figures_omitted": 7.0,
		"checks.0.figures.0.label": "load1", "checks.0.figures.0.value": 17.25, "checks.0.figures.0.unit": nil, "checks.0.figures.0.warning": "15", "checks.0.figures.0.critical": "@~:3.5",
		"checks.0.figures.0.min": 0.0, "checks.0.figures.0.max": nil,
		"checks.0.figures.1.value": nil, "checks.0.figures.1.unit": "c", "checks.0.figures.1.warning": nil, "checks.0.figures.1.min": nil, "checks.0.figures.1.max": 9.0,
		"checks.0.figures.2.value": nil,
		"checks.1.kind":            "screen", "checks.1.status": "ok", "checks.1.silent": true, "checks.1.age_seconds": 3600.0, "checks.1.text": nil, "checks.1.lines": []any{}, "checks.1.figures": []any{},
		"checks.2.kind": "scrape", "checks.2.status": nil, "checks.2.silent": false, "checks.2.age_seconds": nil, "checks.2.took_seconds": nil, "checks.2.text": nil,
		"checks.3.status": "unknown", "checks.3.silent": false, "checks.3.age_seconds": nil, "checks.3.text": "belongs to user 1000",
	})
	f.Checks.Health = health.Health{} // before the first reading
	reads(t, f, map[string]any{"checks": []any{}})
	if got := appendChecks(nil, f); len(got) != 0 {
		t.Errorf("--plain says %q of what nobody knows", got)
	}
}

// TestPeersKnowOfChecks: what a plugin says is wrong with this host is what it says of itself to other nodes.
func TestPeersKnowOfChecks(t *testing.T) {
	f := frametest.Fixed()
	frametest.Healthy(f)
	f.Checks = &plugin.State{Health: frametest.OK(), Results: []plugin.Result{{Name: "raid", Status: plugin.Critical, At: f.Boot - time.Second, Interval: time.Minute, Text: "md0 is degraded"}}}
	frametest.Derive(f)
	if s := Summarize(f); s.Worst != "check raid: md0 is degraded" || s.Severity != "crit" {
		t.Errorf("%+v", s)
	}
	f.Checks.Results[0].Status = plugin.OK
	frametest.Derive(f)
	if s := Summarize(f); strings.Contains(s.Worst, "raid") {
		t.Errorf("it is over: %+v", s)
	}
}
