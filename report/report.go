// Package report is the screens for machines: a Frame as the JSON of --once --json, whose keys docs/json.md documents,
// and as the lines of --plain. It is pure.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample"
)

// Write writes f to w as one indented JSON object and a newline, in one call. The keys are a contract that scripts rely
// on: each is always there, and keys are only ever added. Sizes are bytes, times seconds, shares percent 0-100; what is
// not known is null, and lists are never null. f may lack Host, Net, Page, Kube and Settings.
func Write(w io.Writer, f *frame.Frame) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false) // it goes to jq and to people, not into a page
	if err := e.Encode(documentFigures.of(f)); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// Document hands each key of the report to row, in their order, as docs/json.md has it.
func Document(row func(path, kind, help, null string)) { documentFigures.document("", row) }

var documentFigures = figures[frame.Frame]{
	{key: "at", kind: "time", help: "When the snapshot was taken.", null: "the clock has no date",
		value: func(f *frame.Frame) any { return stamp(f.Now, time.RFC3339) }},
	{key: "version", kind: "text", help: "Version of this program.", null: "not known", value: func(f *frame.Frame) any { return text(version(f)) }},
	{key: "problems", kind: list, help: "What is wrong, the worst first.", inner: problemFigures,
		value: func(f *frame.Frame) any { return problemFigures.list(each(f, f.Problems)) }},
	{key: "alerts", kind: list, help: "Problems that somebody is called for, by how long they last: those that are not over first, the worst first. Of those that are over it has what this run has seen.",
		inner: alertFigures, value: func(f *frame.Frame) any { return alertFigures.list(each(f, f.Alerts)) }},
	{key: "alerts_omitted", kind: "integer", help: "Alerts that are not over and not in the list: there are too many.", value: func(f *frame.Frame) any { return f.MoreAlerts }},
	{key: "sources", kind: list, help: "Everything that is read: the host's sources, the logs', the cluster.", inner: sourceFigures,
		value: func(f *frame.Frame) any { return sourceFigures.list(each(f, f.Sources)) }},
	{key: "checks", kind: list, help: "What the plugins report, in the order of the configuration; empty while nothing is known of them.", inner: checkFigures,
		value: func(f *frame.Frame) any { return checkFigures.list(each(f, f.Checks.Known())) }},
	{key: "host", help: "The machine.", inner: hostFigures, value: func(f *frame.Frame) any { return hostFigures.of(f) }},
	{key: "network", help: "The host's own network namespace.", inner: networkFigures, value: func(f *frame.Frame) any { return networkFigures.of(f) }},
	{key: "kubernetes", help: "The cluster.", inner: kubernetesFigures, value: func(f *frame.Frame) any { return kubernetesFigures.of(f) }},
	{key: "nodes", kind: list, help: "The nodes one by one, those of the cluster and those that are asked themselves: those that are not ready first, then those that do not answer, those with another fault, those that are cordoned, and the others; empty of a time of the past.", inner: nodeRowFigures,
		value: func(f *frame.Frame) any { return nodeRowFigures.list(each(f, f.Nodes)) }},
	{key: "kubevirt", help: "Virtual machines in the cluster.", inner: kubevirtFigures, value: func(f *frame.Frame) any { return kubevirtFigures.of(f) }},
	{key: "logs", help: "The newest log entries that this run has read.", inner: logsFigures, value: func(f *frame.Frame) any { return logsFigures.of(f) }},
	{key: "self", help: "What this run has used.", inner: selfFigures, value: func(f *frame.Frame) any { return selfFigures.of(&f.Self) }},
}

var problemFigures = figures[of[frame.Problem]]{
	{key: "severity", kind: "severity", help: "How bad it is.", value: func(p *of[frame.Problem]) any { return p.v.Severity.String() }},
	{key: "kind", kind: "text", help: "What sort of problem it is: no-carrier, filesystem-full, vm-failing and the like. A name keeps its meaning; new ones come.", value: func(p *of[frame.Problem]) any { return p.v.Kind.String() }},
	{key: "what", kind: "text", help: "The problem in words.", value: func(p *of[frame.Problem]) any { return string(p.v.AppendWhat(nil)) }},
	{key: "reason", kind: "text", help: "Why, in the words of who says so.", null: "nobody says", value: func(p *of[frame.Problem]) any { return text(p.v.Reason) }},
	{key: "since", kind: "time", help: "Since when, as far as this run has seen it.", null: "the clock has no date",
		value: func(p *of[frame.Problem]) any { return wallClock(p.f, p.v.Since) }},
	{key: "where", kind: "text", help: "The screen to look at: logs, dashboard, network, nodes or checks.", value: func(p *of[frame.Problem]) any { return p.v.Where }},
}

var alertFigures = figures[of[frame.Alert]]{
	{key: "state", kind: "text", help: "`pending`: its problem is there, not for long enough yet; `firing`; `fading`: its problem is gone, not for long enough yet; `over`.",
		value: func(a *of[frame.Alert]) any { return a.v.State.String() }},
	{key: "severity", kind: "severity", help: "How bad it is; one that becomes worse is to be so for a while.", value: func(a *of[frame.Alert]) any { return a.v.Severity.String() }},
	{key: "kind", kind: "text", help: "The kind of its problem, as in `problems[].kind`.", value: func(a *of[frame.Alert]) any { return a.v.Kind.String() }},
	{key: "what", kind: "text", help: "Its problem in words, as it was seen last.", value: func(a *of[frame.Alert]) any { return string(a.v.AppendWhat(nil)) }},
	{key: "since", kind: "time", help: "Since when its problem is there, or was.", null: "the clock has no date",
		value: func(a *of[frame.Alert]) any { return wallClock(a.f, a.v.Since) }},
	{key: "seen", kind: "time", help: "When its problem was there last.", null: "the clock has no date",
		value: func(a *of[frame.Alert]) any { return wallClock(a.f, a.v.Seen) }},
	{key: "came", kind: "integer", help: "How often its problem has begun since the alert did.", value: func(a *of[frame.Alert]) any { return a.v.Came }},
	{key: "acknowledged", kind: "boolean", help: "Somebody has acknowledged it.", value: func(a *of[frame.Alert]) any { return a.v.Acked }},
	{key: "hidden", kind: "boolean", help: "It follows from another alert and calls nobody.", value: func(a *of[frame.Alert]) any { return a.v.Hidden }},
	{key: "unsure", kind: "boolean", help: "The source of its problem is stale: whether it is there still is not known.", value: func(a *of[frame.Alert]) any { return a.v.Unsure }},
}

var sourceFigures = figures[of[frame.Source]]{
	{key: "name", kind: "text", help: "Name of the source.", value: func(s *of[frame.Source]) any { return s.v.Name }},
	{key: "state", kind: "state", help: "How good its last value is.", value: func(s *of[frame.Source]) any { return s.v.Health.State.String() }},
	{key: "age_seconds", kind: "number", help: "Age of its last good value.", null: "it never had one",
		value: func(s *of[frame.Source]) any { return age(s.f, &s.v.Health) }},
	{key: "error", kind: "text", help: "Why it is stale, absent or failed; of one that is ok, what is worth knowing.", null: "there is nothing to say",
		value: func(s *of[frame.Source]) any { return text(s.v.Health.Err) }},
}

var selfFigures = figures[frame.Self]{
	{key: "rss_bytes", kind: "integer", help: "Resident memory.", null: "not known", value: func(s *frame.Self) any { return known(s.RSS, s.RSS > 0) }},
	{key: "cpu_seconds", kind: "number", help: "CPU time since its start.", null: "not known",
		value: func(s *frame.Self) any { return known(s.CPU, s.Goroutines > 0) }},
	{key: "goroutines", kind: "integer", help: "Goroutines.", null: "not known", value: func(s *frame.Self) any { return known(s.Goroutines, s.Goroutines > 0) }},
	{key: "frames", kind: "integer", help: "Pictures drawn: 0 with `--once --json`.", null: "not known",
		value: func(s *frame.Self) any { return known(s.Frames, s.Goroutines > 0) }},
	{key: "frames_skipped", kind: "integer", help: "Pictures not drawn because the terminal was busy.", null: "not known",
		value: func(s *frame.Self) any { return known(s.Skipped, s.Goroutines > 0) }},
}

func version(f *frame.Frame) string {
	if f.Settings == nil {
		return ""
	}
	return f.Settings.Version
}

// wallClock is a time of CLOCK_BOOTTIME that is over as one of the wall clock.
func wallClock(f *frame.Frame, at time.Duration) *string {
	return stamp(f.Now.Add(min(at-f.Boot, 0)), time.RFC3339)
}

// age is how old the last good value of a source is, in seconds, null when it never had one.
func age(f *frame.Frame, h *health.Health) *float64 { return known(h.Age(f.Boot).Seconds(), h.At != 0) }

// has reports whether a source of the host has a value to report, be it a stale one.
func has(f *frame.Frame, s sample.Source) bool { return f.Host != nil && f.Host.Health[s].Has() }
