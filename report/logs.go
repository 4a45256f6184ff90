package report

import (
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
)

const (
	tailRows    = 50
	microLayout = "2006-01-02T15:04:05.000000Z07:00" // RFC 3339, always to the microsecond: it sorts as text
)

var logsFigures = figures[frame.Frame]{
	{key: "source", kind: "text", help: "Where they come from: the first source that works.", null: "none works",
		value: func(f *frame.Frame) any { return text(sourceInUse(pageOf(f))) }},
	{key: "entries", kind: "integer", help: "Entries in memory.", null: "not known",
		value: func(f *frame.Frame) any { return known(pageOf(f).Entries, f.Page != nil) }},
	{key: "dropped", kind: "integer", help: "Entries lost before that.", null: "not known",
		value: func(f *frame.Frame) any { return known(pageOf(f).Dropped, f.Page != nil) }},
	{key: "truncated", kind: "integer", help: "Messages that were cut because they were too long.", null: "not known",
		value: func(f *frame.Frame) any { return known(pageOf(f).Truncated, f.Page != nil) }},
	{key: "by_severity", kind: perName, help: "Entries in memory by severity: the eight keys are always there, each null when not known.",
		value: func(f *frame.Frame) any { return bySeverity(f) }},
	{key: "tail", kind: list, help: "The newest entries, 50 at most, the newest last.", inner: entryFigures,
		value: func(f *frame.Frame) any { return entryFigures.list(tail(f)) }},
}

var entryFigures = figures[of[journal.Row]]{
	{key: "time", kind: "time", help: "Its stamp, to the microsecond.", null: "it is no date", value: func(r *of[journal.Row]) any {
		return stamp(time.UnixMicro(r.v.Time).In(r.f.Now.Location()), microLayout)
	}},
	{key: "severity", kind: "severity", help: "What the message says of itself, else what the journal says.",
		value: func(r *of[journal.Row]) any { return r.v.Severity.String() }},
	{key: "unit", kind: "text", help: "systemd unit without .service, or identifier; kernel; self for this program.", null: "not known",
		value: func(r *of[journal.Row]) any { return text(r.v.Unit) }},
	{key: "pod", kind: "text", help: "namespace/name of the pod whose log file it is from.", null: "it is from none",
		value: func(r *of[journal.Row]) any { return text(r.v.Pod) }},
	{key: "pid", kind: "integer", help: "Process.", null: "not known", value: func(r *of[journal.Row]) any { return positive(r.v.PID) }},
	{key: "message", kind: "text", help: "The message; several lines stay several lines. Secrets are masked.",
		value: func(r *of[journal.Row]) any { return string(r.f.Page.Message(r.v)) }},
}

func pageOf(f *frame.Frame) *journal.Page {
	if f.Page == nil {
		return &journal.Page{}
	}
	return f.Page
}

func bySeverity(f *frame.Frame) map[string]*int {
	counts := make(map[string]*int, journal.SeverityCount)
	for s := range journal.SeverityCount {
		counts[s.String()] = known(pageOf(f).Counts[s], f.Page != nil)
	}
	return counts
}

func tail(f *frame.Frame) []of[journal.Row] {
	rows := pageOf(f).Rows
	return each(f, rows[max(len(rows)-tailRows, 0):])
}

// sourceInUse is the first source that works, not counting this program's own lines; empty: none does.
func sourceInUse(p *journal.Page) string {
	for i := range p.Sources {
		if s := &p.Sources[i]; s.Name != "self" && s.Health.State == health.OK {
			return s.Name
		}
	}
	return ""
}
