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

type logs struct {
	Source     *string         `json:"source"`
	Entries    *int            `json:"entries"`
	Dropped    *uint64         `json:"dropped"`
	Truncated  *uint64         `json:"truncated"`
	BySeverity map[string]*int `json:"by_severity"`
	Tail       []entry         `json:"tail"`
}

type entry struct {
	Time     *string `json:"time"`
	Severity string  `json:"severity"`
	Unit     *string `json:"unit"`
	PID      *int    `json:"pid"`
	Message  string  `json:"message"`
}

func newLogs(f *frame.Frame) logs {
	p := f.Page
	there := p != nil
	if !there {
		p = &journal.Page{}
	}
	l := logs{
		Source:     text(sourceInUse(p)),
		Entries:    known(p.Entries, there),
		Dropped:    known(p.Dropped, there),
		Truncated:  known(p.Truncated, there),
		BySeverity: make(map[string]*int, journal.SeverityCount),
		Tail:       newTail(p, f.Now.Location()),
	}
	for s := range journal.SeverityCount {
		l.BySeverity[s.String()] = known(p.Counts[s], there)
	}
	return l
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

func newTail(p *journal.Page, zone *time.Location) []entry {
	rows := p.Rows[max(len(p.Rows)-tailRows, 0):]
	tail := make([]entry, 0, len(rows))
	for i := range rows {
		r := &rows[i]
		tail = append(tail, entry{
			Time:     stamp(time.UnixMicro(r.Time).In(zone), microLayout),
			Severity: r.Severity.String(),
			Unit:     text(r.Unit),
			PID:      known(r.PID, r.PID > 0),
			Message:  string(p.Message(r)),
		})
	}
	return tail
}
