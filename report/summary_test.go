package report

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"hypervisor-tui/frame"
	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/journal"
	"hypervisor-tui/kube"
	"hypervisor-tui/peer"
)

// line is the summary of f as it is sent.
func line(t testing.TB, f *frame.Frame) string {
	t.Helper()
	text, err := EncodeSummary(Summarize(f), f.Now)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// freshFrame is a host in a cluster, of which all is fresh.
func freshFrame() *frame.Frame {
	f := clusterFrame()
	for i := range f.Host.Health {
		f.Host.Health[i].State = health.OK
	}
	return f
}

// TestGoldenSummary: consoles of other versions read it. Keys are only ever added.
func TestGoldenSummary(t *testing.T) {
	alone := clusterFrame()
	alone.Kube.Health = health.Health{State: health.Stale, Err: "connection refused"}
	frametest.Derive(alone)
	var b strings.Builder
	for _, f := range []*frame.Frame{freshFrame(), alone, richFrame(), emptyFrame()} {
		b.WriteString(line(t, f))
	}
	golden := filepath.Join("testdata", "summary.jsonl")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || b.String() != string(want) {
		t.Errorf("%v\n%swant\n%s", err, &b, want)
	}
	for at := range strings.Lines(b.String()) {
		if len(at) > 380 {
			t.Errorf("%d bytes: %s", len(at), at)
		}
	}
}

// TestSummaryLeavesOutWhatIsNotFresh: a figure has no age there, so an old one would be taken for one of now.
func TestSummaryLeavesOutWhatIsNotFresh(t *testing.T) {
	f := clusterFrame()
	for i := range f.Host.Health {
		f.Host.Health[i].State = health.Stale
	}
	f.VMs.Health.State, f.System.NixOS.Health.State, f.Kube.Kinds[kube.KindNode].State = health.Stale, health.Stale, health.Stale
	f.Problems = nil
	if got, want := Summarize(f), (peer.Summary{Node: "hypervisor-01", Time: f.Now.UTC(), Version: "1.0.0", BootID: f.Host.Machine.BootID, API: "ok"}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if s := Summarize(freshFrame()); s.CPU == nil || s.Memory == nil || s.MemoryUsed == nil || s.Fullest == nil || s.VMs == nil || s.Ready == "" || s.Generation == 0 || s.Uptime == 0 {
		t.Errorf("of a fresh one something is left out: %+v", s)
	}
	f = freshFrame()
	f.Host.CPU.Busy, f.Host.Memory.Total = math.NaN(), 0
	for i := range f.Host.Filesystems {
		f.Host.Filesystems[i].UsedPercent = math.NaN()
	}
	f.VMs.VMs = nil
	if s := Summarize(f); s.CPU != nil || s.Memory != nil || s.MemoryUsed != nil || s.Fullest != nil || s.VMs == nil || *s.VMs != 0 {
		t.Errorf("%+v", s)
	}
}

// TestSummaryIsOfThisHost: what is wrong with another node is for that one to say, and for the API server.
func TestSummaryIsOfThisHost(t *testing.T) {
	f := clusterFrame()
	own := frame.Problem{Severity: journal.Warning, Kind: frame.NoCarrier, Subject: "br0", Since: f.Boot - time.Minute}
	f.Problems = []frame.Problem{{Severity: journal.Err, Kind: frame.NodeFault, Subject: "hv-2", Elsewhere: true}, own, own}
	if s := Summarize(f); s.Problems != 2 || s.Severity != "warning" || !strings.HasPrefix(s.Worst, "br0 ") || !s.Since.Equal(f.Now.Add(-time.Minute)) {
		t.Errorf("%+v", s)
	}
	f.Problems = f.Problems[:1]
	if s := Summarize(f); s.Problems != 0 || s.Severity != "" || s.Worst != "" || !s.Since.IsZero() {
		t.Errorf("%+v", s)
	}
	f.Problems = []frame.Problem{{Severity: journal.Warning, Kind: frame.CertificateExpires, Subject: "client", N: 5, Since: f.Boot - time.Hour}}
	if s := Summarize(f); !s.Since.IsZero() || !strings.Contains(s.Worst, "5 days") {
		t.Errorf("a problem that says itself when: %+v", s)
	}
}

// TestSummaryHasADate: without one it is no summary.
func TestSummaryHasADate(t *testing.T) {
	if text, err := EncodeSummary(peer.Summary{}, time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)); err == nil {
		t.Errorf("%s", text)
	}
	if text, err := EncodeSummary(peer.Summary{}, time.Date(2026, 1, 1, 0, 0, 0, 0, time.FixedZone("odd", 30*3600))); err != nil || !strings.Contains(string(text), `"2025-12-30T18:00:00Z"`) {
		t.Errorf("%s, %v", text, err)
	}
}

// FuzzSummary: whatever a host is called and says, a summary is one clean line that its readers take.
func FuzzSummary(f *testing.F) {
	f.Add("hv1", "1.0", "br0", "no carrier", "refused", 12.5, uint64(1))
	f.Add(strings.Repeat(`"\`, 500), strings.Repeat("\x00\n", 500), strings.Repeat("\u2028", 500), strings.Repeat("\xff", 500), strings.Repeat("<&>", 500), math.NaN(), uint64(math.MaxUint64))
	f.Add("漢"+strings.Repeat("字", 500), strings.Repeat("😀", 300), "", "", "", math.Inf(-1), uint64(0))
	f.Fuzz(func(t *testing.T, name, version, subject, detail, why string, percent float64, bytes uint64) {
		f := freshFrame()
		f.Host.Machine.Hostname, f.Host.Machine.BootID, f.Settings.Version = name, version, version
		f.Host.CPU.Busy, f.Host.Memory.Total, f.Host.Memory.Used = percent, bytes, bytes
		for i := range f.Host.Filesystems {
			f.Host.Filesystems[i].UsedPercent = percent
		}
		f.Kube.Health = health.Health{State: health.Stale, Err: why}
		f.Problems = []frame.Problem{{Severity: journal.Crit, Kind: frame.SourceFailed, Subject: subject, Detail: detail}}
		text := line(t, f)
		if len(text) > peer.MaxSummary || strings.Count(text, "\n") != 1 || !utf8.ValidString(text) || strings.ContainsFunc(text[:len(text)-1], func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("%d bytes: %q", len(text), text)
		}
		var s peer.Summary
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			t.Fatal(err)
		}
		if known := !math.IsNaN(percent) && !math.IsInf(percent, 0); (s.CPU != nil) != known || s.Problems != 1 || s.Severity != "crit" {
			t.Errorf("%q", text)
		}
	})
}
