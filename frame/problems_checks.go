package frame

import (
	"strings"
	"unicode/utf8"

	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/plugin"
)

// What Problem.Ended says of a plugin that reports no more: one that never did, and one whose last word is Problem.Detail.
const (
	neverSaid = "silent"
	lastSaid  = "silent, was"
)

// findChecks tells of plugins whose last word was not ok, or that are silent. One that has not run yet is given its time. Of one that
// is silent nobody knows how it is now: what was critical stays so until somebody says otherwise.
func findChecks(dst []Problem, f *Snapshot) []Problem {
	for i := range f.Checks.Results {
		r := &f.Checks.Results[i]
		silent, well := f.Checks.Silent(r), r.Pending() || r.Status == plugin.OK
		if well && !silent {
			continue
		}
		p := Problem{Severity: journal.Warning, Kind: CheckFailed, Subject: r.Name, Detail: r.Text, Where: Checks, Since: min(r.At, f.Boot), atLeast: true}
		if r.Status == plugin.Critical {
			p.Severity = journal.Crit
		}
		if well { // that it is silent is all that is wrong
			p.Since, p.atLeast = r.SilentSince(), false
		}
		switch {
		case silent && r.Pending():
			p.Ended = neverSaid
		case silent:
			p.Ended = lastSaid
		}
		if short := firstRunes(r.Text, maxDetail); short != r.Text {
			p.Detail, p.Reason = strings.TrimRight(short, " ;,:"), r.Text
		} else if p.Detail == "" && !r.Pending() {
			p.Detail = r.Status.String()
		}
		dst = append(dst, p)
	}
	return dst
}

// maxDetail is how many characters a plugin may say in a line among others.
const maxDetail = 100

// firstRunes is as much of text as has n characters at most.
func firstRunes(text string, n int) string {
	at := 0
	for ; n > 0 && at < len(text); n-- {
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
	}
	return text[:at]
}

// markChecks makes what plugins say stale where nobody looks any more.
func (t *Tracker) markChecks(f *Snapshot) {
	if f.Checks == nil || f.Checks.Health.State == health.Absent {
		t.checks = arrival{tick: f.Tick} // those that come with another configuration have their time from then on
		return
	}
	if outdated(f.Checks.Health, &t.checks, lateChecks, f) {
		t.staleChecks = *f.Checks
		f.Checks = &t.staleChecks
		f.Checks.Health.Bad(f.Boot, notAnswering)
	}
}
