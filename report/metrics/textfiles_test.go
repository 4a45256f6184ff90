package metrics

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"hypervisor-tui/frame/frametest"
	"hypervisor-tui/internal/health"
	"hypervisor-tui/sample/textfile"
)

// textfiles are what is in one file of two series.
func textfiles() *textfile.Figures {
	return &textfile.Figures{
		Health: frametest.OK(), Directory: "/var/lib/textfiles", Series: 2,
		Files:       []textfile.File{{Path: "/var/lib/textfiles/backup.prom", Modified: time.Unix(1_700_000_000, 5e8)}},
		Text:        []byte("# HELP backups_total Made.\n# TYPE backups_total counter\nbackups_total{of=\"a\"} 1\nbackups_total{of=\"b\"} 2\n"),
		OpenMetrics: []byte("# HELP backups Made.\n# TYPE backups counter\nbackups_total{of=\"a\"} 1\nbackups_total{of=\"b\"} 2\n"),
	}
}

// TestTextfiles: what others left is in both formats while the directory answers, or has not for less than five readings, and where
// there is room for all of it.
func TestTextfiles(t *testing.T) {
	const mtime = "node_textfile_mtime_seconds{file=/var/lib/textfiles/backup.prom}"
	there := map[string]float64{"backups_total{of=a}": 1, "backups_total{of=b}": 2, mtime: 1_700_000_000,
		"node_textfile_scrape_error": 0, "hypervisor_source_up{source=textfiles}": 1, "node_scrape_collector_success{collector=textfile}": 1}
	gone := map[string]float64{"backups_total{of=a}": absent, mtime: absent,
		"node_textfile_scrape_error": 1, "hypervisor_source_up{source=textfiles}": 0, "node_scrape_collector_success{collector=textfile}": 0}
	f := full()
	reads(t, f, Options{}, there)

	f.Textfiles.Health.State, f.Textfiles.Failed = health.Stale, true
	f.Textfiles.Health.At = f.Boot - keptSamples*slow
	frametest.Derive(f)
	there["node_textfile_scrape_error"] = 1
	reads(t, f, Options{}, there)
	f.Textfiles.Health.At--
	frametest.Derive(f)
	reads(t, f, Options{}, gone)
	f.Textfiles.Health = health.Health{State: health.Failed}
	frametest.Derive(f)
	reads(t, f, Options{}, gone)

	f = full()
	room := len(written(t, f, Options{}).values)
	e := written(t, f, Options{MaxSeries: 300})
	if _, in := e.values["backups_total{of=a}"]; in || e.values["hypervisor_exporter_series_omitted"] < 2 || room < 300 {
		t.Errorf("%v of %d series are left out, and those of files are not", e.values["hypervisor_exporter_series_omitted"], room)
	}
	f.Textfiles = nil
	frametest.Derive(f)
	var w Writer
	if text := w.Append(nil, f, Text, Options{}); bytes.Contains(text, []byte("textfile")) || strings.Contains(string(text), "backups") {
		t.Error("they are off, and there are series")
	}
}
