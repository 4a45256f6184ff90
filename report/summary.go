package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math"
	"strings"
	"time"

	"hypervisor-tui/frame"
	"hypervisor-tui/internal/clean"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/kube"
	"hypervisor-tui/peer"
	"hypervisor-tui/sample"
)

// The longest texts of a summary, in bytes. In JSON each byte becomes two at most: all together stay below peer.MaxSummary.
const (
	summaryName  = 253 // of a DNS name
	summaryToken = 64
	summaryWords = 240
)

// Summarize returns what this host says of itself to the consoles of other nodes: what is fresh, and of the problems those
// that are its own. Its texts are clean and bounded, and it shares no memory with f. Its Time is that of the frame.
func Summarize(f *frame.Frame) peer.Summary {
	machine, host := machine(f), hostOf(f)
	s := peer.Summary{Node: bounded(machine.Hostname, summaryName), Time: f.Now.UTC(), Version: bounded(version(f), summaryToken), BootID: bounded(machine.BootID, summaryToken)}
	fresh := func(from sample.Source) bool { return host.Health[from].State == health.OK }
	if fresh(sample.Uptime) {
		s.Uptime = math.Floor(host.Uptime.Seconds())
	}
	if fresh(sample.Stat) {
		s.CPU = tenth(host.CPU.Busy)
	}
	if m := &host.Memory; fresh(sample.Meminfo) && m.Total > 0 {
		s.MemoryUsed, s.Memory = known(m.Used, true), known(m.Total, true)
	}
	if fullest := fullest(f); fullest != nil && fresh(sample.Filesystems) && fullest.Health.State == health.OK {
		s.Fullest = tenth(fullest.UsedPercent)
	}
	if f.VMs != nil && f.VMs.Health.State == health.OK {
		s.VMs = known(len(f.VMs.VMs), true)
	}
	if f.System != nil && f.System.NixOS.Health.State == health.OK {
		s.Generation = max(f.System.NixOS.Current, 0)
	}
	summarizeProblems(&s, f)
	summarizeAPI(&s, cluster(f))
	return s
}

// EncodeSummary returns s as a line of JSON, with now as its time. It fails when the clock has no date.
func EncodeSummary(s peer.Summary, now time.Time) ([]byte, error) {
	s.Time = now.UTC()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(&s)
	return b.Bytes(), err
}

// summarizeProblems tells of the problems of this host. Those of others are theirs to tell.
func summarizeProblems(s *peer.Summary, f *frame.Frame) {
	var worst *frame.Problem
	for i := range f.Problems {
		p := &f.Problems[i]
		if p.Elsewhere {
			continue
		}
		if s.Problems++; worst == nil {
			worst = p
		}
	}
	if worst == nil {
		return
	}
	s.Severity = worst.Severity.String()
	s.Worst = bounded(string(worst.AppendWhat(nil)), summaryWords)
	if !worst.Dated() {
		s.Since = f.Now.Add(min(worst.Since-f.Boot, 0)).UTC().Truncate(time.Second)
	}
}

// summarizeAPI tells whether this host reaches the API server, and what that says of it.
func summarizeAPI(s *peer.Summary, k *kube.State) {
	switch k.Health.State {
	case health.OK:
		s.API = "ok"
		if k.Local != nil && k.Kinds[kube.KindNode].State == health.OK {
			s.Ready = bounded(k.Local.Ready, summaryToken)
		}
	case health.Stale, health.Failed:
		s.API = bounded(cmp.Or(k.Health.Err, "it does not answer"), summaryWords)
	}
}

// tenth is v to a tenth, null for what is not known.
func tenth(v float64) *float64 { return number(math.Round(v*10) / 10) }

// bounded is text, clean, and cut to so many bytes.
func bounded(text string, bytes int) string {
	text = clean.String(text)
	if len(text) <= bytes {
		return text
	}
	const cut = "…"
	return strings.ToValidUTF8(text[:bytes-len(cut)], "") + cut
}
